//! Where the bytes of a missing object come from: a web address, an object of another bucket, or a file.
//!
//! Invariant: every upstream gives metadata first, then bytes in order to an end that it announces. Its
//! address is shown without userinfo, query and settings; its headers and settings are never shown.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::digest::Digest;
use super::web::{Validators, WebDownload};
use super::{at, complete};
use crate::call::{Call, Step};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::http::{PlainTarget, percent_decoded};
use crate::io::Sink;
use crate::keys::Key;
use crate::options::{Get, Head, SecretMap, UpstreamAnswer};
use crate::reply::{GetReply, ObjectMeta};
use crate::store::{Backend, Store};
use crate::value::{Field, Value};

/// What an upstream reports before its bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct UpstreamMeta {
    pub(super) size: Option<u64>,
    /// What a later refresh names.
    pub(super) known: Validators,
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
}

impl UpstreamMeta {
    /// As the metadata of an object that is not stored.
    pub(super) fn shown(&self, key: &Key) -> ObjectMeta {
        let date = self.known.last_modified.clone().map(Value::Str);
        let etag = self.known.etag.as_deref().map(|etag| etag.trim_start_matches("W/").trim_matches('"'));
        ObjectMeta {
            key: key.0.clone(),
            size: self.size,
            etag: etag.map(str::to_owned),
            // A date that can't be read is none.
            last_modified: date.and_then(|date| Field::from_value(date).ok()),
            content_type: self.content_type.clone(),
            content_encoding: self.content_encoding.clone(),
            ..ObjectMeta::default()
        }
    }
}

/// The next part of an upstream's bytes.
pub(super) enum Piece {
    Bytes(Bytes),
    /// The next byte is byte 0 again.
    Restart,
    End,
}

/// One upstream, and what its bytes must be.
pub(super) struct Upstream {
    address: Address,
    pub(super) size: Option<u64>,
    pub(super) digest: Option<Digest>,
    pub(super) content_type: Option<String>,
}

enum Address {
    Web(PlainTarget),
    Object { store: Store, key: Key },
}

impl Upstream {
    /// Reads the address and everything else that the caller, or its function, gave.
    pub(super) fn new(answer: UpstreamAnswer, settings: Option<SecretMap>) -> Result<Upstream> {
        let UpstreamAnswer { url, headers, size, checksum, content_type } = answer;
        let headers = headers.unwrap_or_default();
        let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        let address = match scheme.as_deref() {
            Some("http" | "https") => {
                if settings.is_some() {
                    fail!(InvalidInput, "option `upstream_settings` is for s3:// and file:// upstreams");
                }
                let pairs = headers.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                Address::Web(PlainTarget::new(&url, pairs)?)
            }
            Some("s3" | "file") => {
                if !headers.0.is_empty() {
                    fail!(InvalidInput, "headers are for http:// and https:// upstreams");
                }
                object(&url, settings.unwrap_or_default())?
            }
            _ => fail!(InvalidInput, "the upstream's URL begins with https://, http://, s3:// or file://"),
        };
        let digest = checksum.as_deref().map(Digest::parse).transpose()?;
        Ok(Upstream { address, size, digest, content_type })
    }

    /// The metadata, without the bytes.
    pub(super) async fn head(self, backend: &Backend) -> Result<UpstreamMeta> {
        match self.address {
            Address::Web(target) => WebDownload::head(&complete(backend).await?, &target).await,
            Address::Object { store, key } => head(&store, &key, &Validators::default()).await,
        }
    }

    /// Sends the first request. `NotModified` if the store's copy is the upstream's.
    pub(super) async fn open(
        self,
        backend: &Backend,
        known: &Validators,
    ) -> Result<(UpstreamMeta, UpstreamBody)> {
        match self.address {
            Address::Web(target) => {
                let (meta, body) = WebDownload::open(complete(backend).await?, target, known).await?;
                Ok((meta, UpstreamBody::Web(Box::new(body))))
            }
            Address::Object { store, key } => {
                let meta = head(&store, &key, known).await?;
                let (of, options) =
                    (store.clone(), Get { if_match: meta.known.etag.clone(), ..Get::default() });
                let from = key.clone();
                let call = Call::begin(false, |mailbox| async move {
                    at(of.backend()).get(&mailbox, from, Sink::Stream, options).await
                });
                Ok((meta, UpstreamBody::Object { call, named: shown(&store, &key) }))
            }
        }
    }
}

/// The bytes of an upstream, on their way.
pub(super) enum UpstreamBody {
    Web(Box<WebDownload>),
    Object { call: Call<GetReply>, named: String },
}

impl UpstreamBody {
    /// The next bytes. Dropping the future loses none.
    pub(super) async fn next(&mut self) -> Result<Piece> {
        match self {
            UpstreamBody::Web(download) => download.next().await,
            UpstreamBody::Object { call, named } => loop {
                match call.next().await {
                    Step::Chunk(bytes) => return Ok(Piece::Bytes(bytes)),
                    Step::Done => break call.take().map(|_| Piece::End).map_err(|error| of(named, &error)),
                    // Settings of an upstream are texts: none of them is a function to ask.
                    _ => {}
                }
            },
        }
    }
}

/// The object that a URL names: everything up to the last slash is its store.
fn object(url: &str, mut settings: SecretMap) -> Result<Address> {
    let (path, query) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
    let scheme = path.find("://").map_or(0, |at| at + 3);
    let Some((place, name)) = path[scheme..].rsplit_once('/').filter(|(_, name)| !name.is_empty()) else {
        fail!(InvalidInput, "the upstream's URL names no object; it is written s3://bucket/key")
    };
    let (scheme, is_file) = (&path[..scheme], path.starts_with("file"));
    let key = if is_file { percent_decoded(name) } else { name.to_owned() };
    let slash = if is_file { "" } else { "/" };
    let url = format!("{scheme}{place}{slash}{}", query.map(|query| format!("?{query}")).unwrap_or_default());
    let pairs = std::mem::take(&mut settings.0).into_iter().map(|(name, value)| (name, Value::Str(value)));
    let store = Store::open(&url, pairs.collect())
        .map_err(|error| Error::new(ErrorKind::InvalidInput, format!("the upstream: {}", error.message())))?;
    Ok(Address::Object { store, key: Key(key) })
}

async fn head(store: &Store, key: &Key, known: &Validators) -> Result<UpstreamMeta> {
    let (of_store, of_key) = (store.clone(), key.clone());
    let options = Head { if_none_match: known.etag.clone(), ..Head::default() };
    let call =
        Call::begin(
            false,
            |mailbox| async move { at(of_store.backend()).head(&mailbox, of_key, options).await },
        );
    let meta = call.await.map_err(|error| of(&shown(store, key), &error))?;
    Ok(UpstreamMeta {
        size: meta.size,
        known: Validators { etag: meta.etag, last_modified: None },
        content_type: meta.content_type,
        content_encoding: meta.content_encoding,
    })
}

fn shown(store: &Store, key: &Key) -> String {
    format!("{}/{}", store.url().trim_end_matches('/'), key.0)
}

/// An error of the upstream's store, which is not the caller's.
fn of(named: &str, error: &Error) -> Error {
    let said = Error::new(error.kind(), format!("upstream {named}: {}", error.message()));
    said.with_answer(error.status(), error.code(), error.request_id())
}

/// What two callers of one fetch have in common: also headers and settings.
pub(super) fn identity(answer: &UpstreamAnswer, settings: Option<&SecretMap>) -> [u8; 32] {
    let mut sum = Sha256::new();
    let mut add = |text: &str| {
        sum.update((text.len() as u64).to_le_bytes());
        sum.update(text);
    };
    add(&answer.url);
    for map in [answer.headers.as_ref(), settings] {
        add(if map.is_some() { "map" } else { "none" });
        for (name, value) in map.iter().flat_map(|map| &map.0) {
            add(name);
            add(value);
        }
    }
    add(answer.checksum.as_deref().unwrap_or_default());
    sum.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(url: &str) -> Result<Upstream> {
        Upstream::new(UpstreamAnswer { url: url.to_owned(), ..UpstreamAnswer::default() }, None)
    }

    #[test]
    fn objects_are_named_by_the_last_part_of_their_url() {
        for (url, place, name) in [
            ("s3://bucket/a/b.tar.gz?region=eu-west-1", "s3://bucket/a/", "b.tar.gz"),
            ("s3://bucket/k", "s3://bucket/", "k"),
            ("file:///tmp/a%20b/c%20d", "file:///tmp/a%20b", "c d"),
        ] {
            let Address::Object { store, key } = new(url).unwrap().address else { panic!("{url}") };
            assert_eq!((store.url().as_str(), key.0.as_str()), (place, name));
        }
    }

    #[test]
    fn other_urls_are_refused() {
        for url in ["", "ftp://h/a", "s3://bucket", "s3://bucket/", "file:///", "/etc/passwd", "s3:///a"] {
            assert_eq!(new(url).err().map(|error| error.kind()), Some(ErrorKind::InvalidInput), "{url}");
        }
    }
}
