//! `Sidecar`: what S3 keeps with an object and a file can't: content headers, user metadata and tags, as JSON
//! beside the object.
//!
//! Invariant: a sidecar's name is made of the key *and* the etag, so it belongs to one state of one object:
//! it is written before the object appears and removed after it is gone, and no reader ever sees the one with
//! the other's. An object without any of these has no sidecar. A file changed by another program loses its
//! own: it is another object then.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::time::SystemTime;

use md5::{Digest, Md5};
use serde_json::{Map, Value as Json, json};

use super::dir::{ObjectStat, os};
use super::reserved::Reserved;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::options;
use crate::reply::ObjectMeta;
use crate::value::{from_unix, to_unix};

/// S3's limits, kept here too so that what a directory takes a bucket takes as well.
const METADATA_BYTES: usize = 2048;
const TAGS: usize = 10;

/// What is kept beside one object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sidecar {
    /// Content headers by the name of their option.
    headers: BTreeMap<String, String>,
    expires: Option<SystemTime>,
    metadata: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
}

/// `Put` and `Copy` name these options alike.
macro_rules! of_options {
    ($options:ident) => {{
        let headers = [
            ("content_type", $options.content_type),
            ("content_encoding", $options.content_encoding),
            ("content_language", $options.content_language),
            ("content_disposition", $options.content_disposition),
            ("cache_control", $options.cache_control),
        ];
        let sidecar = Sidecar {
            headers: headers
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect(),
            expires: $options.expires,
            metadata: $options
                .metadata
                .unwrap_or_default()
                .into_iter()
                .map(|(name, value)| (name.to_lowercase(), value))
                .collect(),
            tags: $options.tags.unwrap_or_default(),
        };
        sidecar.check()?;
        Ok(sidecar)
    }};
}

impl Sidecar {
    pub(super) fn of_put(options: options::Put) -> Result<Sidecar> {
        of_options!(options)
    }

    /// What the copy gets in place of the source's: headers and metadata together, tags on their own.
    pub(super) fn of_copy(options: options::Copy) -> Result<impl FnOnce(Sidecar) -> Sidecar> {
        let new_tags = options.tags.is_some();
        let new_metadata = options.metadata.is_some();
        let given: Result<Sidecar> = of_options!(options);
        let given = given?;
        Ok(move |source: Sidecar| {
            let described = new_metadata || !given.headers.is_empty() || given.expires.is_some();
            let tags = if new_tags { given.tags.clone() } else { source.tags.clone() };
            Sidecar { tags, ..if described { given } else { source } }
        })
    }

    fn check(&self) -> Result<()> {
        for (name, value) in &self.headers {
            if value.contains(|c: char| c.is_ascii_control()) {
                fail!(InvalidInput, "option `{name}` contains a control character");
            }
        }
        for (name, value) in &self.metadata {
            // What a header can carry (RFC 9110 section 5.1), as S3 sends each as one.
            let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if name.is_empty()
                || !name.bytes().all(token)
                || !value.bytes().all(|byte| (b' '..=b'~').contains(&byte))
            {
                fail!(
                    InvalidInput,
                    "user metadata takes names of letters, digits and hyphens, and values of printable \
                     ASCII, not {name:?}: {value:?}"
                );
            }
        }
        let bytes: usize = self.metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > METADATA_BYTES {
            fail!(InvalidInput, "the user metadata has {bytes} bytes; S3 allows {METADATA_BYTES}");
        }
        check_tags(&self.tags)
    }

    /// The object's metadata as `head` and `get` tell it.
    pub(super) fn describe(mut self, key: &str, facts: &ObjectStat) -> ObjectMeta {
        let mut header = |name: &str| self.headers.remove(name);
        ObjectMeta {
            key: key.to_owned(),
            size: Some(facts.size),
            etag: Some(facts.etag.clone()),
            last_modified: Some(facts.modified),
            content_type: header("content_type"),
            content_encoding: header("content_encoding"),
            content_language: header("content_language"),
            content_disposition: header("content_disposition"),
            cache_control: header("cache_control"),
            expires: self.expires,
            metadata: self.metadata,
            ..ObjectMeta::default()
        }
    }

    /// The sidecar of this state of the object, if it has one.
    pub(super) fn read(reserved: &Reserved, key: &str, etag: &str) -> Result<Option<Sidecar>> {
        let Some(dir) = reserved.find_beside()? else { return Ok(None) };
        let mut text = String::new();
        match dir.open(&name(key, etag)).and_then(|mut file| file.read_to_string(&mut text)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(os("read what is kept beside the object")(error)),
        }
        let json = serde_json::from_str::<Json>(&text).ok().filter(|json| json["key"] == key);
        let json = json.ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "what is kept beside the object is damaged; store the object anew")
        })?;
        let texts = |name: &str| -> BTreeMap<String, String> {
            let pairs = json[name].as_object().into_iter().flatten();
            pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
        };
        let expires = json["expires"].as_i64().map(|seconds| from_unix(seconds, 0));
        Ok(Some(Sidecar {
            headers: texts("headers"),
            expires,
            metadata: texts("metadata"),
            tags: texts("tags"),
        }))
    }

    /// Keeps this beside a state of the object; nothing to keep means no sidecar.
    pub(super) fn write(&self, reserved: &Reserved, key: &str, etag: &str) -> Result<()> {
        if *self == Sidecar::default() {
            return remove(reserved, key, etag);
        }
        let texts = |map: &BTreeMap<String, String>| {
            map.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>()
        };
        let json = json!({
            "key": key,
            "headers": texts(&self.headers),
            "expires": self.expires.map(|time| to_unix(time).0),
            "metadata": texts(&self.metadata),
            "tags": texts(&self.tags),
        });
        let doing = || os("keep metadata beside the object");
        let (temp, mut file) = reserved.temp()?;
        file.write_all(json.to_string().as_bytes()).map_err(doing())?;
        let place = temp.place();
        place.dir.rename(&place.name, &reserved.make_beside()?, &name(key, etag)).map_err(doing())
    }
}

/// Removes the sidecar of a state of the object, if it has one.
pub(super) fn remove(reserved: &Reserved, key: &str, etag: &str) -> Result<()> {
    match reserved.find_beside()? {
        Some(dir) => dir.unlink(&name(key, etag)).map_err(os("remove what is kept beside the object")),
        None => Ok(()),
    }
}

/// Refuses tags that S3 would refuse.
pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<()> {
    if tags.len() > TAGS {
        fail!(InvalidInput, "{} tags are too many; S3 allows {TAGS}", tags.len());
    }
    for (name, value) in tags {
        if name.is_empty() || name.chars().count() > 128 || value.chars().count() > 256 {
            fail!(
                InvalidInput,
                "a tag takes a name of 1 to 128 characters and a value of at most 256, not {name:?}: \
                 {value:?}"
            );
        }
    }
    Ok(())
}

/// A key may be longer than a file's name, so its digest is the name; the key within distinguishes two with
/// one digest.
fn name(key: &str, etag: &str) -> String {
    let digest = u128::from_be_bytes(Md5::digest(key.as_bytes()).into());
    format!("{digest:032x}-{etag}.json")
}
