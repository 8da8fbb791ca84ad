//! Sending bytes: an object in one request, or a part of a multipart upload.
//!
//! Invariant: the server's checksum of what it stored is compared with what was sent.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::checksums::{header, same};
use super::client::S3;
use super::echo::{Echo, withdraw};
use super::etag::bare;
use super::headers::{ObjectHeaders, customer};
use super::uploads::Part;
use super::wire::{Request, text};
use crate::checksum::Checksum;
use crate::error::Result;
use crate::keys::Key;
use crate::options::Put;
use crate::reply::PutReply;

/// Stores an object in one request.
pub(crate) async fn put_whole(
    at: &S3,
    key: &Key,
    body: Bytes,
    checksum: Option<Checksum>,
    options: &Put,
) -> Result<PutReply> {
    let headers = ObjectHeaders::of_put(options, at.settings())?;
    let size = body.len() as u64;
    let request = at.object("PutObject", Method::PUT, &key.0).await?.query("x-id", Some("PutObject"));
    let request = headers.add_conditions_to(headers.add_to(request)?)?;
    let answer = send(at, request, body, checksum).await?;
    let told = |name| text(&answer, name);
    let reply =
        PutReply { etag: bare(told("etag")), version_id: told("x-amz-version-id").map(str::to_owned), size };
    match headers.ignored(&Echo::of(&answer)) {
        None => Ok(reply),
        Some(option) => Err(Box::pin(withdraw(at, key, option, &reply, &headers, true)).await),
    }
}

/// Sends the bytes, and compares the server's checksum with theirs.
async fn send(at: &S3, request: Request, body: Bytes, checksum: Option<Checksum>) -> Result<HeaderMap> {
    let content_md5 = at.content_md5(checksum.as_ref(), &body);
    let request = request.header("content-md5", content_md5)?.body(body)?;
    let request = match checksum {
        Some(sum) => request.header(header(sum.algorithm), Some(sum.text()))?,
        None => request,
    };
    let answer = at.ask(&request).await?.into_parts().0.headers;
    same(checksum, |algorithm| text(&answer, header(algorithm)))?;
    Ok(answer)
}

/// A part by its upload and its number.
#[derive(Clone, Copy)]
pub(crate) struct PartName<'a> {
    pub(crate) upload_id: &'a str,
    pub(crate) number: i32,
}

/// Sends one part. `moved` counts its bytes as they leave.
pub(crate) async fn put_part(
    at: &S3,
    key: &Key,
    part: PartName<'_>,
    body: Bytes,
    checksum: Option<Checksum>,
    options: &Put,
    moved: Option<Arc<AtomicU64>>,
) -> Result<Part> {
    let size = body.len() as u64;
    let request = at
        .object("UploadPart", Method::PUT, &key.0)
        .await?
        .query("partNumber", Some(&part.number.to_string()))
        .query("uploadId", Some(part.upload_id))
        .query("x-id", Some("UploadPart"));
    let request = customer(options.sse_customer_key.as_ref(), at.settings()).add_to(request)?.counted(moved);
    let answer = send(at, request, body, checksum).await?;
    Ok(Part { number: part.number, size, etag: text(&answer, "etag").map(str::to_owned), checksum })
}
