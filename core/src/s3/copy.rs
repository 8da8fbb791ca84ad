//! Copies on the server: a whole object, or a range of it into a part.

use std::time::SystemTime;

use http::Method;

use super::client::S3;
use super::date::http_date;
use super::echo::{Echo, withdraw};
use super::etag::{bare, quoted};
use super::headers::{ObjectHeaders, customer};
use super::list::unescaped;
use super::uploads::Part;
use super::wire::text;
use crate::error::Result;
use crate::keys::Key;
use crate::options::Copy;
use crate::reply::PutReply;
use crate::value::ByteRange;
use crate::xml::{Document, Malformed, Root};

const OBJECT: Root =
    Root { name: "CopyObjectResult", operation: "CopyObject", elements: &["ETag", "LastModified"] };
const PART: Root = Root { name: "CopyPartResult", operation: "UploadPartCopy", elements: &["ETag"] };

/// Copies an object in one request. `source` is `bucket/key?versionId=…`, already encoded.
pub(crate) async fn copy_whole(
    at: &S3,
    source: &str,
    key: &Key,
    options: &Copy,
    size: u64,
) -> Result<PutReply> {
    let headers = ObjectHeaders::of_copy(options, at.settings())?;
    let request = at
        .object("CopyObject", Method::PUT, &key.0)
        .await?
        .query("x-id", Some("CopyObject"))
        .header("x-amz-copy-source", Some(source))?
        .header("x-amz-copy-source-if-match", options.source_if_match.as_deref().map(quoted))?
        .header("x-amz-copy-source-if-none-match", options.source_if_none_match.as_deref().map(quoted))?
        .header("x-amz-metadata-directive", headers.describes().then_some("REPLACE"))?
        .header("x-amz-tagging-directive", headers.tagging.is_some().then_some("REPLACE"))?;
    let request = headers.add_conditions_to(headers.add_to(request)?)?;
    let from = customer(options.source_sse_customer_key.as_ref(), at.settings());
    let request = from.add_as_source_to(request)?;
    let (etag, version_id, ignored) = at
        .ask_document(&request, |response, body| {
            let version_id = text(response, "x-amz-version-id").map(str::to_owned);
            Ok((etag(body, &OBJECT)?, version_id, headers.ignored(&Echo::of(response))))
        })
        .await?;
    let reply = PutReply { etag: bare(etag.as_deref()), version_id, size };
    let Some(option) = ignored else { return Ok(reply) };
    // A bucket has several names, so the same key may be the same object.
    let path = unescaped(source.split_once('?').map_or(source, |(path, _)| path).to_owned());
    let full = at.full(&key.0);
    let is_itself = match path.strip_prefix("arn:") {
        Some(path) => path.ends_with(&format!("/{full}")),
        None => path.split_once('/').is_some_and(|(_, of)| of == full),
    };
    let is_ours = !is_itself || reply.version_id.as_deref().is_some_and(|version| version != "null");
    Err(Box::pin(withdraw(at, key, option, &reply, &headers, is_ours)).await)
}

/// Copies a range of another object into a part.
#[allow(clippy::too_many_arguments)]
pub(crate) async fn copy_part(
    at: &S3,
    key: &Key,
    upload_id: &str,
    number: i32,
    source: &str,
    (source_etag, unchanged_since): (Option<&str>, Option<SystemTime>),
    (first, length): (u64, u64),
    options: &Copy,
) -> Result<Part> {
    let request = at
        .object("UploadPartCopy", Method::PUT, &key.0)
        .await?
        .query("partNumber", Some(&number.to_string()))
        .query("uploadId", Some(upload_id))
        .query("x-id", Some("UploadPartCopy"))
        .header("x-amz-copy-source", Some(source))?
        .header("x-amz-copy-source-range", Some(ByteRange::FromTo(first, first + length - 1).header()))?
        .header("x-amz-copy-source-if-match", source_etag)?
        .header("x-amz-copy-source-if-unmodified-since", unchanged_since.and_then(http_date))?;
    let request = customer(options.sse_customer_key.as_ref(), at.settings()).add_to(request)?;
    let from = customer(options.source_sse_customer_key.as_ref(), at.settings());
    let request = from.add_as_source_to(request)?;
    let etag = at.ask_document(&request, |_, body| etag(body, &PART)).await?;
    Ok(Part { number, size: length, etag, checksum: None })
}

/// The ETag in a copy's document, as the server wrote it.
fn etag(body: &[u8], root: &Root) -> std::result::Result<Option<String>, Malformed> {
    let mut etag = None;
    Document::open(body, root)?.children(|document, name| {
        match name {
            "ETag" => etag = document.filled()?,
            _ => document.skip()?,
        }
        Ok(())
    })?;
    Ok(etag)
}
