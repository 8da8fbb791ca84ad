//! One object without its body: head, exists, delete.

use http::Method;

use super::checksums::header;
use super::client::S3;
use super::etag::quoted;
use super::headers::customer;
use super::wire::{header_is, meta, text};
use crate::checksum::{Algorithm, Checksum};
use crate::error::{ErrorKind, Result};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{Delete, Exists, Head};
use crate::reply::{DeleteReply, ObjectMeta};

pub(crate) async fn head(at: &S3, _: &Mailbox, key: Key, options: Head) -> Result<ObjectMeta> {
    let request = at
        .object("HeadObject", Method::HEAD, &key.0)
        .await?
        .query("versionId", options.version_id.as_deref())
        .header("if-match", options.if_match.as_deref().map(quoted))?
        .header("if-none-match", options.if_none_match.as_deref().map(quoted))?
        .date("if-modified-since", options.if_modified_since)?
        .date("if-unmodified-since", options.if_unmodified_since)?;
    let request = customer(options.sse_customer_key.as_ref(), at.settings()).add_to(request)?;
    let answer = at.ask(&request).await?;
    let size = text(answer.headers(), "content-length").and_then(|length| length.parse().ok());
    Ok(meta(key.0, size, answer.headers()))
}

/// The bytes of one part that an object was stored in, and how many parts it has.
pub(crate) async fn part(at: &S3, key: &Key, number: u64, options: &Head) -> Result<(u64, u64)> {
    let request = at
        .object("HeadObject", Method::HEAD, &key.0)
        .await?
        .query("partNumber", Some(&number.to_string()))
        .query("versionId", options.version_id.as_deref());
    let request = customer(options.sse_customer_key.as_ref(), at.settings()).add_to(request)?;
    let answer = at.ask(&request).await?;
    let number = |name| text(answer.headers(), name).and_then(|text| text.parse().ok());
    Ok((number("content-length").unwrap_or(0), number("x-amz-mp-parts-count").unwrap_or(1)))
}

/// The checksum of a whole object of this size, if the server returns one.
pub(crate) async fn checksum(at: &S3, key: &str, size: u64) -> Result<Option<Checksum>> {
    let request = at.object("HeadObject", Method::HEAD, key).await?;
    let request =
        customer(None, at.settings()).add_to(request)?.header("x-amz-checksum-mode", Some("ENABLED"))?;
    let answer = at.ask(&request).await?;
    let told = |algorithm| Checksum::read(algorithm, text(answer.headers(), header(algorithm))?, size);
    Ok(Algorithm::ALL.into_iter().find_map(told))
}

pub(crate) async fn exists(at: &S3, mailbox: &Mailbox, key: Key, options: Exists) -> Result<bool> {
    let options = Head {
        version_id: options.version_id,
        sse_customer_key: options.sse_customer_key,
        ..Head::default()
    };
    match head(at, mailbox, key, options).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        // HEAD carries no body, so a missing bucket looks like a missing key here; both mean that the object
        // is not there.
        Err(error) => Err(error),
    }
}

pub(crate) async fn delete(at: &S3, _: &Mailbox, key: Key, options: Delete) -> Result<DeleteReply> {
    delete_one(at, &key, &options).await
}

pub(crate) async fn delete_one(at: &S3, key: &Key, options: &Delete) -> Result<DeleteReply> {
    let request = at
        .object("DeleteObject", Method::DELETE, &key.0)
        .await?
        .query("versionId", options.version_id.as_deref())
        .query("x-id", Some("DeleteObject"))
        .header("if-match", options.if_match.as_deref().map(quoted))?;
    let answer = at.ask(&request).await?;
    let told = |name| text(answer.headers(), name);
    Ok(DeleteReply {
        version_id: told("x-amz-version-id").map(str::to_owned),
        delete_marker: header_is(answer.headers(), "x-amz-delete-marker", "true"),
    })
}
