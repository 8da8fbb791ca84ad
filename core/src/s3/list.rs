//! Listings, one page a call: objects (V2, and V1 for old servers) and versions.
//!
//! Law: keys travel URL-encoded, because XML can't carry every key; they are decoded here. A continuation is opaque to callers.

use aws_sdk_s3::types::{CommonPrefix, EncodingType, Object, ObjectVersion};

use super::client::S3;
use super::settings::{bare, time};
use crate::error::{Result, fail};
use crate::keys::Prefix;
use crate::mailbox::Mailbox;
use crate::options::{List, ListVersions};
use crate::reply::{Entry, Page};

/// The page size for the request, checked.
pub(super) fn page_size(size: Option<u32>) -> Result<Option<i32>> {
    match size {
        Some(size @ 1..=1000) => Ok(Some(size.cast_signed())),
        Some(size) => fail!(InvalidInput, "option `page_size` takes 1 to 1000, not {size}"),
        None => Ok(None),
    }
}

/// A key or prefix as the caller knows it, decoded if the server says that it encoded it.
pub(super) fn decoded(at: &S3, text: Option<&str>, encoded: bool) -> String {
    let text = text.unwrap_or_default();
    if !encoded {
        return at.short(text);
    }
    // Servers differ in `+` for a space; a plus itself always comes as %2B.
    let plus = text.replace('+', "%20");
    let pairs = url::form_urlencoded::parse(plus.as_bytes()).next();
    at.short(&pairs.map_or_else(String::new, |(key, _)| key.into_owned()))
}

pub(crate) async fn list(at: &S3, _: &Mailbox, prefix: Prefix, options: List) -> Result<Page> {
    let size = page_size(options.page_size)?;
    let start_after = options.start_after.as_ref().map(|key| at.full(key));
    if at.settings().list_version == Some(1) {
        let marker = options.continuation.clone().or(start_after);
        let output = at
            .send(|client| {
                client
                    .list_objects()
                    .bucket(at.bucket())
                    .prefix(at.full(&prefix.0))
                    .encoding_type(EncodingType::Url)
                    .set_delimiter(options.delimiter.clone())
                    .set_marker(marker.clone())
                    .set_max_keys(size)
                    .set_request_payer(at.payer())
                    .send()
            })
            .await?;
        let encoded = output.encoding_type() == Some(&EncodingType::Url);
        let entries = merge(at, output.contents(), output.common_prefixes(), encoded);
        // NextMarker comes only with a delimiter; without one the last key is where to go on.
        let next = output.is_truncated().unwrap_or(false).then(|| match output.next_marker() {
            Some(marker) if !marker.is_empty() => at.full(&decoded(at, Some(marker), encoded)),
            _ => at.full(entries.last().map_or("", |entry| &entry.key)),
        });
        return Ok(Page { entries, next });
    }
    let output = at
        .send(|client| {
            client
                .list_objects_v2()
                .bucket(at.bucket())
                .prefix(at.full(&prefix.0))
                .encoding_type(EncodingType::Url)
                .set_delimiter(options.delimiter.clone())
                .set_start_after(start_after.clone())
                .set_continuation_token(options.continuation.clone())
                .set_max_keys(size)
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    let encoded = output.encoding_type() == Some(&EncodingType::Url);
    let entries = merge(at, output.contents(), output.common_prefixes(), encoded);
    let next = output.next_continuation_token.filter(|_| output.is_truncated.unwrap_or(false));
    Ok(Page { entries, next })
}

/// Objects and prefixes of one page in the order of their keys.
fn merge(at: &S3, objects: &[Object], prefixes: &[CommonPrefix], encoded: bool) -> Vec<Entry> {
    let mut entries: Vec<Entry> = objects
        .iter()
        .map(|object| Entry {
            key: decoded(at, object.key(), encoded),
            size: u64::try_from(object.size().unwrap_or(0)).unwrap_or(0),
            etag: bare(object.e_tag()),
            last_modified: time(object.last_modified()),
            storage_class: object.storage_class().map(|class| class.as_str().to_owned()),
            ..Entry::default()
        })
        .chain(common(at, prefixes, encoded))
        .collect();
    entries.sort_by(|one, other| one.key.cmp(&other.key));
    entries
}

fn common(at: &S3, prefixes: &[CommonPrefix], encoded: bool) -> impl Iterator<Item = Entry> {
    prefixes.iter().map(move |prefix| Entry { key: decoded(at, prefix.prefix(), encoded), is_prefix: true, ..Entry::default() })
}

pub(crate) async fn list_versions(at: &S3, _: &Mailbox, prefix: Prefix, options: ListVersions) -> Result<Page> {
    let size = page_size(options.page_size)?;
    let (key_marker, version_marker) = match &options.continuation {
        Some(continuation) => match continuation.split_once('\n') {
            Some((version, key)) => (Some(key.to_owned()), Some(version.to_owned()).filter(|version| !version.is_empty())),
            None => fail!(InvalidInput, "option `continuation` takes the `next` of the page before"),
        },
        None => (None, None),
    };
    let output = at
        .send(|client| {
            client
                .list_object_versions()
                .bucket(at.bucket())
                .prefix(at.full(&prefix.0))
                .encoding_type(EncodingType::Url)
                .set_delimiter(options.delimiter.clone())
                .set_key_marker(key_marker.clone())
                .set_version_id_marker(version_marker.clone())
                .set_max_keys(size)
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    let encoded = output.encoding_type() == Some(&EncodingType::Url);
    let mut entries: Vec<Entry> = output.versions().iter().map(|version| version_entry(at, version, encoded)).collect();
    entries.extend(output.delete_markers().iter().map(|marker| Entry {
        key: decoded(at, marker.key(), encoded),
        last_modified: time(marker.last_modified()),
        version_id: marker.version_id().map(str::to_owned),
        is_latest: Some(marker.is_latest().unwrap_or(false)),
        is_delete_marker: Some(true),
        ..Entry::default()
    }));
    entries.extend(common(at, output.common_prefixes(), encoded));
    // By key, then the newest first: the server tells versions and markers apart, the caller wants one history. The sort is stable.
    entries.sort_by(|one, other| {
        one.key.cmp(&other.key).then(other.is_latest.cmp(&one.is_latest)).then(other.last_modified.cmp(&one.last_modified))
    });
    let next = output.is_truncated().unwrap_or(false).then(|| {
        let key = at.full(&decoded(at, output.next_key_marker(), encoded));
        format!("{}\n{key}", output.next_version_id_marker().unwrap_or(""))
    });
    Ok(Page { entries, next })
}

fn version_entry(at: &S3, version: &ObjectVersion, encoded: bool) -> Entry {
    Entry {
        key: decoded(at, version.key(), encoded),
        size: u64::try_from(version.size().unwrap_or(0)).unwrap_or(0),
        etag: bare(version.e_tag()),
        last_modified: time(version.last_modified()),
        storage_class: version.storage_class().map(|class| class.as_str().to_owned()),
        version_id: version.version_id().map(str::to_owned),
        is_latest: Some(version.is_latest().unwrap_or(false)),
        is_delete_marker: Some(false),
        is_prefix: false,
    }
}
