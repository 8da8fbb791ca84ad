//! Listings, one page a call: objects (V2, and V1 for old servers) and versions.
//!
//! Invariant: keys travel URL-encoded, because XML can't carry every key; they are decoded here. A
//! continuation is opaque to callers. Each row is made in the form of the reply, with one allocation for each
//! text that it holds. A page is believed only if its keys are under the prefix and, where it is not the
//! last, if it leads on (`pages`).

use http::Method;

use super::client::S3;
use super::date::read_timestamp;
use super::etag::bare;
use super::pages::{PageHistory, Shown, ended};
use crate::error::{Result, fail};
use crate::keys::Prefix;
use crate::mailbox::Mailbox;
use crate::options::{List, ListVersions};
use crate::reply::{Entry, Page};
use crate::xml::{Document, Malformed, Root, truth};

const OBJECTS: Root = Root {
    name: "ListBucketResult",
    operation: "ListObjectsV2",
    elements: &["Contents", "CommonPrefixes", "IsTruncated", "MaxKeys"],
};
const VERSIONS: Root = Root {
    name: "ListVersionsResult",
    operation: "ListObjectVersions",
    elements: &["Version", "DeleteMarker", "IsTruncated", "MaxKeys"],
};

/// The page size for the request, checked.
pub(super) fn page_size(size: Option<u32>) -> Result<Option<i32>> {
    match size {
        Some(size @ 1..=1000) => Ok(Some(size.cast_signed())),
        Some(size) => fail!(InvalidInput, "option `page_size` takes 1 to 1000, not {size}"),
        None => Ok(None),
    }
}

/// A key or prefix without the store's prefix, decoded if the server encoded it.
pub(super) fn decoded(at: &S3, text: String, encoded: bool) -> String {
    let mut text = if encoded { unescaped(text) } else { text };
    if !at.prefix().is_empty() && text.starts_with(at.prefix()) {
        text.drain(..at.prefix().len());
    }
    text
}

/// The key of a row, without the store's prefix. A key that is not under the requested prefix is an error.
pub(super) fn listed(at: &S3, text: String, encoded: bool, prefix: &str) -> Result<String> {
    let mut key = if encoded { unescaped(text) } else { text };
    // A row without a key names nothing.
    if key.is_empty() {
        return Ok(key);
    }
    if !key.starts_with(prefix) {
        fail!(
            Service,
            "the server listed the key {key:?}, which does not begin with the prefix {prefix:?}; the list is \
             not believed"
        );
    }
    key.drain(..at.prefix().len());
    Ok(key)
}

/// The text without its percent signs, in its own place. Servers differ in `+` for a space; a plus itself
/// always comes as %2B.
pub(super) fn unescaped(text: String) -> String {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return text;
    }
    let mut bytes = text.into_bytes();
    let (mut from, mut to) = (0, 0);
    while from < bytes.len() {
        let digit = |place: usize| bytes.get(place).and_then(|digit| char::from(*digit).to_digit(16));
        let (byte, length) = match (bytes[from], digit(from + 1), digit(from + 2)) {
            (b'%', Some(high), Some(low)) => ((high * 16 + low) as u8, 3),
            (b'+', ..) => (b' ', 1),
            (byte, ..) => (byte, 1),
        };
        bytes[to] = byte;
        (from, to) = (from + length, to + 1);
    }
    bytes.truncate(to);
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// A page as the server lists it.
#[derive(Default)]
struct Listing {
    entries: Vec<Entry>,
    encoded: bool,
    /// Absent if the server does not say.
    truncated: Option<bool>,
    token: Option<String>,
    marker: Option<String>,
    key_marker: Option<String>,
    version_marker: String,
}

impl Listing {
    fn read(body: &[u8], root: &Root) -> std::result::Result<Listing, Malformed> {
        let mut listing = Listing::default();
        Document::open(body, root)?.children(|document, name| {
            match name {
                "Contents" | "Version" | "DeleteMarker" => listing.entries.push(entry(document, name)?),
                "CommonPrefixes" => document.children(|document, name| {
                    match name {
                        "Prefix" => {
                            let key = document.text()?.into_owned();
                            listing.entries.push(Entry { key, is_prefix: true, ..Entry::default() });
                        }
                        _ => document.skip()?,
                    }
                    Ok(())
                })?,
                "EncodingType" => listing.encoded = document.text()? == "url",
                "IsTruncated" => listing.truncated = Some(truth(&document.text()?)),
                "NextContinuationToken" => listing.token = document.filled()?,
                "NextMarker" => listing.marker = document.filled()?,
                "NextKeyMarker" => listing.key_marker = document.filled()?,
                "NextVersionIdMarker" => listing.version_marker = document.text()?.into_owned(),
                _ => document.skip()?,
            }
            Ok(())
        })?;
        Ok(listing)
    }
}

/// A row of a listing of objects (`Contents`) or of versions.
fn entry(document: &mut Document<'_>, kind: &str) -> std::result::Result<Entry, Malformed> {
    let versions = kind != "Contents";
    let mut entry = Entry {
        is_latest: versions.then_some(false),
        is_delete_marker: versions.then_some(kind == "DeleteMarker"),
        ..Entry::default()
    };
    document.children(|document, name| {
        match name {
            "Key" => entry.key = document.text()?.into_owned(),
            "Size" => entry.size = document.text()?.trim().parse().unwrap_or(0),
            "ETag" => entry.etag = bare(Some(&document.text()?)),
            "LastModified" => entry.last_modified = read_timestamp(&document.text()?),
            "StorageClass" => entry.storage_class = Some(document.text()?.into_owned()),
            "VersionId" => entry.version_id = Some(document.text()?.into_owned()),
            "IsLatest" => entry.is_latest = Some(truth(&document.text()?)),
            _ => document.skip()?,
        }
        Ok(())
    })?;
    Ok(entry)
}

pub(crate) async fn list(at: &S3, _: &Mailbox, prefix: Prefix, options: List) -> Result<Page> {
    let size = page_size(options.page_size)?.map(|size| size.to_string());
    let start_after = options.start_after.as_ref().map(|key| at.full(key));
    let first = at.settings().list_version == Some(1);
    let (history, token) = PageHistory::split(options.continuation.as_deref());
    let (delimiter, prefix) = (options.delimiter.as_deref(), at.full(&prefix.0));
    let request = if first {
        at.bucket_request("ListObjects", Method::GET)
            .await?
            .query("delimiter", delimiter)
            .query("encoding-type", Some("url"))
            .query("marker", token.or(start_after.as_deref()))
            .query("max-keys", size.as_deref())
            .query("prefix", Some(&prefix))
    } else {
        at.bucket_request("ListObjectsV2", Method::GET)
            .await?
            .query("continuation-token", token)
            .query("delimiter", delimiter)
            .query("encoding-type", Some("url"))
            .query("list-type", Some("2"))
            .query("max-keys", size.as_deref())
            .query("prefix", Some(&prefix))
            .query("start-after", start_after.as_deref())
    };
    let mut page = at.ask_document(&request, |_, body| Listing::read(body, &OBJECTS)).await?;
    for entry in &mut page.entries {
        entry.key = listed(at, std::mem::take(&mut entry.key), page.encoded, &prefix)?;
    }
    page.entries.sort_by(|one, other| one.key.cmp(&other.key));
    let next = if first { page.marker.take() } else { page.token.take() };
    let next = match (page.truncated, first, next) {
        (Some(false), ..) | (None, _, None) => None,
        (_, false, Some(token)) => Some(token),
        (Some(true), false, None) => {
            return Err(ended("; if it supports only the first list request, set `list_version` to 1"));
        }
        (_, true, Some(marker)) => Some(at.full(&decoded(at, marker, page.encoded))),
        // NextMarker comes only with a delimiter; without one the last key is where to go on.
        (Some(true), true, None) => match page.entries.last() {
            Some(last) => Some(at.full(&last.key)),
            None => return Err(ended("")),
        },
    };
    let next = history.next(&Shown::of(&page.entries), next)?;
    Ok(Page { entries: page.entries, next })
}

pub(crate) async fn list_versions(
    at: &S3,
    _: &Mailbox,
    prefix: Prefix,
    options: ListVersions,
) -> Result<Page> {
    let size = page_size(options.page_size)?.map(|size| size.to_string());
    let (history, continuation) = PageHistory::split(options.continuation.as_deref());
    let prefix = at.full(&prefix.0);
    let (key_marker, version_marker) = match continuation {
        Some(continuation) => match continuation.split_once('\n') {
            Some((version, key)) => (Some(key), Some(version).filter(|version| !version.is_empty())),
            None => fail!(InvalidInput, "option `continuation` takes the `next` of the page before"),
        },
        None => (None, None),
    };
    let request = at
        .bucket_request("ListObjectVersions", Method::GET)
        .await?
        .query("delimiter", options.delimiter.as_deref())
        .query("encoding-type", Some("url"))
        .query("key-marker", key_marker)
        .query("max-keys", size.as_deref())
        .query("prefix", Some(&prefix))
        .query("version-id-marker", version_marker)
        .query("versions", Some(""));
    let mut page = at.ask_document(&request, |_, body| Listing::read(body, &VERSIONS)).await?;
    for entry in &mut page.entries {
        entry.key = listed(at, std::mem::take(&mut entry.key), page.encoded, &prefix)?;
    }
    // By key, then the newest first, whatever the order of the server's rows. The sort is
    // stable.
    page.entries.sort_by(|one, other| {
        one.key
            .cmp(&other.key)
            .then(other.is_latest.cmp(&one.is_latest))
            .then(other.last_modified.cmp(&one.last_modified))
    });
    let next = match (page.truncated, page.key_marker) {
        (Some(false), _) | (None, None) => None,
        (_, Some(marker)) => {
            Some(format!("{}\n{}", page.version_marker, at.full(&decoded(at, marker, page.encoded))))
        }
        (Some(true), None) => return Err(ended("")),
    };
    let next = history.next(&Shown::of(&page.entries), next)?;
    Ok(Page { entries: page.entries, next })
}
