//! `copy`: on the server, in one request up to 5 GiB and in copied parts above.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::plan::{Cut, MAX_PART, MAX_PARTS, parts};
use super::tasks::joined;
use super::upload::{start, with_etag};
use crate::config::bucket_name;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::observe::inherited;
use crate::options::{Copy, Head, Tags};
use crate::reply::{ObjectMeta, PutReply};
use crate::runtime::workers;
use crate::s3::{
    As, S3, Whole, complete, copy_part, copy_whole, create, encoded, get_tags, head, is_weak, quoted,
};

/// Bytes in a copied part: the server moves them, so they may be large.
const COPY_PART: u64 = 512 << 20;

pub(crate) async fn copy(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    source_key: Key,
    key: Key,
    options: Copy,
) -> Result<PutReply> {
    ServerCopy::open(at, mailbox, source_key, key, options).await?.run().await
}

/// A copy whose source was found.
pub(crate) struct ServerCopy<'a> {
    pub(crate) at: &'a S3,
    pub(crate) mailbox: &'a Arc<Mailbox>,
    /// The bucket of the source.
    pub(crate) from: S3,
    pub(crate) source_key: Key,
    pub(crate) key: Key,
    pub(crate) options: Copy,
    /// The metadata of the source.
    pub(crate) meta: ObjectMeta,
}

impl<'a> ServerCopy<'a> {
    /// Looks up the source.
    pub(crate) async fn open(
        at: &'a S3,
        mailbox: &'a Arc<Mailbox>,
        source_key: Key,
        key: Key,
        options: Copy,
    ) -> Result<ServerCopy<'a>> {
        let from = match &options.source_bucket {
            Some(bucket) => at.elsewhere(&bucket_name(bucket)?),
            None => at.clone(),
        };
        from.check_copy_source()?;
        let asked = Head {
            version_id: options.source_version_id.clone(),
            sse_customer_key: options.source_sse_customer_key.clone(),
            if_match: options.source_if_match.clone(),
            if_none_match: options.source_if_none_match.clone(),
            ..Head::default()
        };
        let meta =
            head(&from, mailbox, source_key.clone(), asked).await.map_err(|error| match error.kind() {
                // To the caller of a copy, "not modified" is a condition that does not hold.
                ErrorKind::NotModified => {
                    Error::new(ErrorKind::Precondition, "the source has the ETag that it must not have")
                        .with_answer(error.status(), error.code(), error.request_id())
                }
                _ => error,
            })?;
        Ok(ServerCopy { at, mailbox, from, source_key, key, options, meta })
    }

    /// Whether the copy's headers and metadata are not those of the source.
    pub(crate) fn replaces_metadata(&self) -> bool {
        replaces(&self.options)
    }

    /// Copies the object, whatever its size.
    pub(crate) async fn run(self) -> Result<PutReply> {
        let ServerCopy { at, mailbox, from, source_key, key, options, meta } = self;
        let source = copy_source(&from, &source_key, options.source_version_id.as_deref());
        let size = meta.known_size()?;
        mailbox.set_total(size);
        if size <= MAX_PART {
            let reply = copy_whole(at, &source, &key, &options, size).await?;
            mailbox.advance(size);
            return Ok(reply);
        }
        let options = Arc::new(inherit(&from, mailbox, &source_key, options, &meta).await?);
        let key = Arc::new(key);
        let source: Arc<str> = source.into();
        // A weak ETag holds for several states of the source, so that parts under it need not be of one.
        let etag: Option<Arc<str>> =
            meta.etag.as_deref().filter(|etag| !is_weak(etag)).map(|etag| quoted(etag).into());
        let unchanged = if etag.is_none() { meta.last_modified } else { None };
        let algorithm = at.algorithm().await?;
        let (upload_id, cleanup) = start(at, mailbox, &key, {
            let (at, key, options) = (at.clone(), key.clone(), options.clone());
            move |creation| async move { create(&at, &key, As::Copy(&options), algorithm, &creation).await }
        })
        .await?;
        let mut sending = JoinSet::new();
        let mut done = Vec::new();
        let settings = at.completed().await?;
        let cut = Cut { wanted: COPY_PART, fixed: true, max_parts: settings.max_parts.unwrap_or(MAX_PARTS) };
        // The server moves the bytes: nothing here is measured, and as many requests as may be cost nothing.
        for (range, number) in parts(size, cut.part_size(Some(size), 1)).zip(1..) {
            while sending.len() >= at.concurrency().await? as usize {
                done.push(joined(sending.join_next().await)?);
            }
            let slot = if number > 1 { Some(at.slot().await?) } else { None };
            let (at, key, upload_id, source, etag) =
                (at.clone(), key.clone(), upload_id.clone(), source.clone(), etag.clone());
            let (options, mailbox) = (options.clone(), mailbox.clone());
            sending.spawn_on(
                inherited(async move {
                    let is = (etag.as_deref(), unchanged);
                    let part = copy_part(&at, &key, &upload_id, number, &source, is, range, &options).await?;
                    mailbox.advance(range.1);
                    drop(slot);
                    Ok(part)
                }),
                &workers(),
            );
        }
        while !sending.is_empty() {
            done.push(joined(sending.join_next().await)?);
        }
        done.sort_by_key(|part| part.number);
        let reply = complete(at, &key, &upload_id, &done, Whole::Unknown, As::Copy(&options)).await?;
        mailbox.keep(cleanup);
        Ok(with_etag(at, &key, reply, options.sse_customer_key.as_ref()).await)
    }
}

/// Whether the copy's headers and metadata are not those of the source.
pub(crate) fn replaces(options: &Copy) -> bool {
    options.content_type.is_some()
        || options.content_encoding.is_some()
        || options.content_language.is_some()
        || options.content_disposition.is_some()
        || options.cache_control.is_some()
        || options.expires.is_some()
        || options.metadata.is_some()
}

/// Adds what a multipart copy must name: a copy in one request carries it over by itself.
async fn inherit(
    from: &S3,
    mailbox: &Arc<Mailbox>,
    source_key: &Key,
    mut options: Copy,
    meta: &ObjectMeta,
) -> Result<Copy> {
    if !replaces(&options) {
        options.content_type = meta.content_type.clone();
        options.content_encoding = meta.content_encoding.clone();
        options.content_language = meta.content_language.clone();
        options.content_disposition = meta.content_disposition.clone();
        options.cache_control = meta.cache_control.clone();
        options.expires = meta.expires;
        options.metadata = Some(meta.metadata.clone());
    }
    if options.tags.is_none() {
        let tags: BTreeMap<String, String> = get_tags(
            from,
            mailbox,
            source_key.clone(),
            Tags { version_id: options.source_version_id.clone() },
        )
        .await?;
        options.tags = Some(tags).filter(|tags| !tags.is_empty());
    }
    Ok(options)
}

/// The `x-amz-copy-source` header of an object.
pub(crate) fn copy_source(at: &S3, key: &Key, version_id: Option<&str>) -> String {
    encode(at.bucket(), &at.full(&key.0), version_id)
}

/// The header's text: bucket and key, percent-encoded but for the slashes. After an access
/// point's ARN the key stands behind `/object/`.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
fn encode(bucket: &str, key: &str, version_id: Option<&str>) -> String {
    let mut source = String::with_capacity(bucket.len() + key.len() + 8);
    let separator = if bucket.starts_with("arn:") { "/object/" } else { "/" };
    for byte in bucket.bytes().chain(separator.bytes()).chain(key.bytes()) {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' | b':' => {
                source.push(byte as char)
            }
            other => source.push_str(&format!("%{other:02X}")),
        }
    }
    if let Some(version_id) = version_id {
        source.push_str("?versionId=");
        source.push_str(&encoded(version_id));
    }
    source
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn copy_sources_are_encoded() {
        assert_eq!(encode("b", "a b/ü+%", None), "b/a%20b/%C3%BC%2B%25");
        let point = "arn:aws:s3:us-west-2:123456789012:accesspoint/p";
        assert_eq!(encode(point, "a b", None), format!("{point}/object/a%20b"));
        assert_eq!(encode("b", "k", Some("v+1 *")), "b/k?versionId=v%2B1%20%2A");
    }
}
