//! `copy`: on the server, in one request up to 5 GiB and in copied parts above.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::plan::{Cut, MAX_PART, MAX_PARTS, parts};
use super::tasks::each;
use super::upload::{start, with_etag};
use crate::config::bucket_name;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{Copy, Head, Tags};
use crate::reply::{ObjectMeta, PutReply};
use crate::s3::{
    As, S3, Whole, complete, copy_part, copy_whole, create, encoded, get_tags, head, is_weak, part, quoted,
};

/// Bytes in a copied part: the server moves them, so they may be large.
pub(super) const COPY_PART: u64 = 512 << 20;

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
        let preserved = options.preserve_etag.unwrap_or_default().then(|| meta.etag.clone()).flatten();
        let is_in_parts = preserved.as_deref().is_some_and(|etag| etag.contains('-'));
        if size <= MAX_PART && !is_in_parts {
            let reply = copy_whole(at, &source, &key, &options, size).await?;
            mailbox.advance(size);
            return kept(preserved, reply);
        }
        let pieces: Vec<_> = if is_in_parts {
            stored_parts(&from, &source_key, &options, size).await?
        } else {
            let settings = at.completed().await?;
            let max_parts = settings.max_parts.unwrap_or(MAX_PARTS);
            parts(size, Cut { wanted: COPY_PART, fixed: true, max_parts }.part_size(Some(size), 1)).collect()
        };
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
        let copies = pieces.into_iter().zip(1..).map(|(range, number)| {
            let (at, key, upload_id, source, etag) =
                (at.clone(), key.clone(), upload_id.clone(), source.clone(), etag.clone());
            let (options, mailbox) = (options.clone(), mailbox.clone());
            async move {
                let is = (etag.as_deref(), unchanged);
                // The first waits for no slot.
                let _slot = if number > 1 { Some(at.slot().await?) } else { None };
                let part = copy_part(&at, &key, &upload_id, number, &source, is, range, &options).await?;
                mailbox.advance(range.1);
                Ok(part)
            }
        });
        let done = each(at, copies).await?;
        let reply = complete(at, &key, &upload_id, &done, Whole::Unknown, As::Copy(&options)).await?;
        mailbox.keep(cleanup);
        kept(preserved, with_etag(at, &key, reply, options.sse_customer_key.as_ref()).await)
    }
}

/// The first byte and length of each part that an object was stored in.
async fn stored_parts(from: &S3, key: &Key, options: &Copy, size: u64) -> Result<Vec<(u64, u64)>> {
    let asked = Head {
        version_id: options.source_version_id.clone(),
        sse_customer_key: options.source_sse_customer_key.clone(),
        ..Head::default()
    };
    let (first, count) = part(from, key, 1, &asked).await?;
    let others = (2..=count.min(MAX_PARTS)).map(|number| {
        let (from, key, asked) = (from.clone(), key.clone(), asked.clone());
        async move { Ok(part(&from, &key, number, &asked).await?.0) }
    });
    let mut pieces = vec![(0, first)];
    for length in each(from, others).await? {
        let end = pieces.last().map_or(0, |(first, length): &(u64, u64)| first.saturating_add(*length));
        pieces.push((end, length));
    }
    let total = pieces.iter().fold(0u64, |total, (_, length)| total.saturating_add(*length));
    if total != size || pieces.iter().any(|(_, length)| *length == 0) {
        fail!(
            Unsupported,
            "`preserve_etag` needs the sizes of the source's parts; those that the server returns make up \
             {total} of {size} bytes"
        );
    }
    Ok(pieces)
}

/// The reply, if the copy has the ETag that it was to have.
fn kept(preserved: Option<String>, reply: PutReply) -> Result<PutReply> {
    match preserved {
        Some(etag) if reply.etag.as_ref() != Some(&etag) => fail!(
            Unsupported,
            "the copy is there, but its ETag is {}, not the source's {etag}: `preserve_etag` needs a server \
             and an encryption that make the same ETag of the same parts",
            reply.etag.as_deref().unwrap_or("not known")
        ),
        _ => Ok(reply),
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
