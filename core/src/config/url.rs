//! Reads `s3://bucket/prefix?setting=value` and `file:///directory?setting=value`, as Nix, RubyGems and DVC
//! write them.
//!
//! Invariant: nothing is guessed; a URL that could mean two things is an error. Userinfo and values never
//! reach a message, not even where a badly written URL puts a part of the secret in another place. A prefix
//! is kept as typed, since keys are not URLs; userinfo, the query and a directory's path are percent-decoded.

use std::ffi::OsString;
use std::net::IpAddr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::Target;
use crate::error::{Result, fail};
use crate::value::Value;

/// The place a URL names, and the settings in its userinfo and query, in that order.
pub(super) fn parse(url: &str) -> Result<(Target, Vec<(String, Value)>)> {
    if url.contains(|c: char| c.is_ascii_control()) {
        fail!(Config, "the URL contains a control character");
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        fail!(Config, "the URL must begin with s3:// or file://")
    };
    if rest.contains('#') {
        fail!(
            Config,
            "the URL contains a `#`, but names no part of a document; in a directory, a secret or a setting \
             write it as %23"
        );
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (target, mut settings) = match scheme.to_ascii_lowercase().as_str() {
        "s3" => bucket(rest)?,
        "file" => (directory(rest)?, Vec::new()),
        _ => fail!(Config, "the URL must begin with s3:// or file://"),
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            fail!(Config, "a setting in the URL has no value; write `?name=value`")
        };
        let Some(name) = decoded_text(name) else {
            fail!(Config, "the name of a setting in the URL has a malformed percent escape")
        };
        let Some(value) = decoded_text(value) else {
            fail!(Config, "setting `{name}` in the URL has a malformed percent escape")
        };
        settings.push((name, Value::Str(value)));
    }
    Ok((target, settings))
}

/// `[id:secret@]bucket[/prefix]`.
fn bucket(rest: &str) -> Result<(Target, Vec<(String, Value)>)> {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (userinfo, bucket) = match authority.rsplit_once('@') {
        Some((userinfo, bucket)) => (Some(userinfo), bucket),
        None => (None, authority),
    };
    let mut settings = Vec::new();
    if let Some(userinfo) = userinfo {
        let decoded = match userinfo.split_once(':') {
            Some(("", _)) | Some((_, "")) | None => {
                fail!(
                    Config,
                    "the URL has only a half of a key pair; write s3://ID:SECRET@bucket, or neither"
                )
            }
            Some((id, secret)) => decoded_text(id).zip(decoded_text(secret)),
        };
        let Some((id, secret)) = decoded else {
            fail!(Config, "the key pair in the URL has a malformed percent escape; write a `%` as %25")
        };
        settings.push(("access_key_id".to_owned(), Value::Str(id)));
        settings.push(("secret_access_key".to_owned(), Value::Str(secret)));
    }
    let (bucket, prefix) = if bucket.starts_with("arn:") {
        access_point(&rest[authority.len() - bucket.len()..])?
    } else {
        (plain(bucket)?.to_owned(), path)
    };
    Ok((Target::Bucket { bucket, prefix: prefix.to_owned() }, settings))
}

/// The name by which requests call a bucket that an option names: an access point's ARN in its one spelling.
pub(crate) fn bucket_name(name: &str) -> Result<String> {
    if !name.starts_with("arn:") {
        return Ok(name.to_owned());
    }
    match access_point(name) {
        Ok((bucket, "")) => Ok(bucket),
        _ => fail!(InvalidInput, "the bucket {name:?} is no name and no ARN of an access point"),
    }
}

/// A bucket's name: what S3 gives today, and the capitals and underscores of old buckets and of other
/// servers.
fn plain(bucket: &str) -> Result<&str> {
    if bucket.contains(':') {
        // What stands here may be the beginning of a key pair whose secret has a slash: it is not shown.
        fail!(
            Config,
            "the bucket's name contains a `:`; a port belongs into the setting `endpoint`, and a `/` in a \
             secret is written as %2F"
        );
    }
    if bucket.is_empty() {
        fail!(Config, "the URL names no bucket; write s3://bucket or s3://bucket/prefix");
    }
    if bucket.parse::<IpAddr>().is_ok() {
        fail!(Config, "{bucket} is an address, not a bucket; name the server in the setting `endpoint`");
    }
    if let Some(wrong) = bucket.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
    {
        fail!(
            Config,
            "the bucket's name contains {wrong:?}; it takes letters, digits, dots, underscores and hyphens"
        );
    }
    if !(3..=255).contains(&bucket.len()) {
        fail!(
            Config,
            "the bucket's name has {} characters; it takes 3 to 63, or up to 255 on some servers",
            bucket.len()
        );
    }
    Ok(bucket)
}

/// An access point's ARN in a bucket's place, and the prefix after it. Slashes or colons separate the parts
/// of its resource; the name gets slashes, so that one access point has one name.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html>,
/// <https://docs.aws.amazon.com/AmazonS3/latest/s3-outposts/S3OutpostsARN.html>
fn access_point(text: &str) -> Result<(String, &str)> {
    let wrong = || {
        crate::error::Error::new(
            crate::error::ErrorKind::Config,
            "the ARN in the URL is none of an access point; write \
             s3://arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/prefix",
        )
    };
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let &[_, partition, service, region, account, resource] = fields.as_slice() else { return Err(wrong()) };
    let word = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
    };
    if !partition.starts_with("aws")
        || ![partition, region].into_iter().all(word)
        || account.len() != 12
        || !account.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(wrong());
    }
    let kinds: &[&str] = match service {
        "s3" => &["accesspoint", ""],
        // Only the access points of S3 itself span regions.
        "s3-object-lambda" if !region.is_empty() => &["accesspoint", ""],
        "s3-outposts" if !region.is_empty() => &["outpost", "", "accesspoint", ""],
        _ => return Err(wrong()),
    };
    let mut rest = resource;
    let mut names = Vec::with_capacity(kinds.len());
    for kind in kinds {
        if !names.is_empty() {
            rest = rest.strip_prefix([':', '/']).ok_or_else(wrong)?;
        }
        let (name, after) = rest.split_at(rest.find([':', '/']).unwrap_or(rest.len()));
        if name.is_empty() || !word(name) || !(kind.is_empty() || name == *kind) {
            return Err(wrong());
        }
        names.push(name);
        rest = after;
    }
    let prefix = match rest.strip_prefix('/') {
        Some(prefix) => prefix,
        None if rest.is_empty() => rest,
        None => return Err(wrong()),
    };
    Ok((format!("arn:{partition}:{service}:{region}:{account}:{}", names.join("/")), prefix))
}

/// `/absolute/path`, or the same after `localhost`.
fn directory(rest: &str) -> Result<Target> {
    let (host, _) = rest.split_once('/').unwrap_or((rest, ""));
    if !host.is_empty() && host != "localhost" {
        fail!(Config, "a file:// URL takes an absolute path on this machine: file:///directory");
    }
    let Some(path) = decoded(&rest[host.len()..]) else {
        fail!(Config, "the directory in the URL has a malformed percent escape; write a `%` as %25")
    };
    if path.contains(&0) {
        fail!(Config, "the directory in the URL contains a NUL");
    }
    let end = path.iter().rposition(|byte| *byte != b'/');
    match end {
        None => {
            fail!(Config, "the URL names no directory, or the whole file system; write file:///directory")
        }
        Some(end) => Ok(Target::Directory(PathBuf::from(OsString::from_vec(path[..=end].to_vec())))),
    }
}

/// The URL of a directory.
pub(crate) fn of_directory(directory: &Path) -> String {
    let mut url = String::from("file://");
    for byte in directory.as_os_str().as_bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'/'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'+'
            | b'@'
            | b','
            | b'='
            | b':' => url.push(char::from(*byte)),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url
}

/// Undoes percent escapes; none for a malformed one.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    Some(bytes)
}

fn decoded_text(text: &str) -> Option<String> {
    String::from_utf8(decoded(text)?).ok()
}
