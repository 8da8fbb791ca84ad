//! Storing in one request, and the steps of a multipart upload: create, part, copied part, complete, abort.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;

use super::client::S3;
use super::settings::{Keep, bare, customer};
use crate::error::{Error, ErrorKind, Result};
use crate::keys::Key;
use crate::options::{Copy, Put};
use crate::reply::PutReply;
use crate::value::ByteRange;

/// How a new object is to be kept, as `put` or `copy` asks.
pub(crate) enum As<'a> {
    Put(&'a Put),
    Copy(&'a Copy),
}

impl As<'_> {
    fn keep(&self, at: &S3) -> Result<Keep> {
        match self {
            As::Put(options) => Keep::of_put(options, at.settings()),
            As::Copy(options) => Keep::of_copy(options, at.settings()),
        }
    }
}

/// An uploaded part, as completion needs it.
pub(crate) struct Part {
    pub(crate) number: i32,
    completed: CompletedPart,
}

/// Stores an object in one request.
pub(crate) async fn put_whole(at: &S3, key: &Key, body: Bytes, options: &Put) -> Result<PutReply> {
    let keep = Keep::of_put(options, at.settings())?;
    let output = at
        .send(|client| {
            let keep = keep.clone();
            client
                .put_object()
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .body(ByteStream::from(body.clone()))
                .set_content_type(keep.content_type)
                .set_content_encoding(keep.content_encoding)
                .set_content_language(keep.content_language)
                .set_content_disposition(keep.content_disposition)
                .set_cache_control(keep.cache_control)
                .set_expires(keep.expires)
                .set_metadata(keep.metadata)
                .set_tagging(keep.tagging)
                .set_storage_class(keep.storage_class)
                .set_acl(keep.acl)
                .set_grant_read(keep.grant_read)
                .set_grant_read_acp(keep.grant_read_acp)
                .set_grant_write_acp(keep.grant_write_acp)
                .set_grant_full_control(keep.grant_full_control)
                .set_server_side_encryption(keep.sse)
                .set_ssekms_key_id(keep.sse_kms_key_id)
                .set_sse_customer_algorithm(keep.customer.algorithm)
                .set_sse_customer_key(keep.customer.key)
                .set_sse_customer_key_md5(keep.customer.md5)
                .set_if_match(keep.if_match)
                .set_if_none_match(keep.if_none_match)
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    Ok(PutReply { etag: bare(output.e_tag()), version_id: output.version_id, size: body.len() as u64 })
}

/// Begins a multipart upload and tells its id.
pub(crate) async fn create(at: &S3, key: &Key, options: As<'_>) -> Result<String> {
    let keep = options.keep(at)?;
    let output = at
        .send(|client| {
            let keep = keep.clone();
            client
                .create_multipart_upload()
                .bucket(at.bucket())
                .key(at.full(&key.0))
                // The parts carry CRC32, which the server must know from the beginning.
                .set_checksum_algorithm(at.checksums().then_some(ChecksumAlgorithm::Crc32))
                .set_content_type(keep.content_type)
                .set_content_encoding(keep.content_encoding)
                .set_content_language(keep.content_language)
                .set_content_disposition(keep.content_disposition)
                .set_cache_control(keep.cache_control)
                .set_expires(keep.expires)
                .set_metadata(keep.metadata)
                .set_tagging(keep.tagging)
                .set_storage_class(keep.storage_class)
                .set_acl(keep.acl)
                .set_grant_read(keep.grant_read)
                .set_grant_read_acp(keep.grant_read_acp)
                .set_grant_write_acp(keep.grant_write_acp)
                .set_grant_full_control(keep.grant_full_control)
                .set_server_side_encryption(keep.sse)
                .set_ssekms_key_id(keep.sse_kms_key_id)
                .set_sse_customer_algorithm(keep.customer.algorithm)
                .set_sse_customer_key(keep.customer.key)
                .set_sse_customer_key_md5(keep.customer.md5)
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    output.upload_id.ok_or_else(|| Error::new(ErrorKind::Service, "the server began an upload without telling its id"))
}

/// Sends one part.
pub(crate) async fn put_part(at: &S3, key: &Key, upload_id: &str, number: i32, body: Bytes, options: &Put) -> Result<Part> {
    let customer = customer(options.sse_customer_key.as_ref(), at.settings());
    let output = at
        .send(|client| {
            client
                .upload_part()
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .set_checksum_algorithm(at.checksums().then_some(ChecksumAlgorithm::Crc32))
                .upload_id(upload_id)
                .part_number(number)
                .body(ByteStream::from(body.clone()))
                .set_sse_customer_algorithm(customer.algorithm.clone())
                .set_sse_customer_key(customer.key.clone())
                .set_sse_customer_key_md5(customer.md5.clone())
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    let completed = CompletedPart::builder().part_number(number).set_e_tag(output.e_tag).set_checksum_crc32(output.checksum_crc32).build();
    Ok(Part { number, completed })
}

/// Copies a range of another object into a part, on the server.
#[allow(clippy::too_many_arguments)]
pub(crate) async fn copy_part(
    at: &S3,
    key: &Key,
    upload_id: &str,
    number: i32,
    source: &str,
    etag: &str,
    range: ByteRange,
    options: &Copy,
) -> Result<Part> {
    let to = customer(options.sse_customer_key.as_ref(), at.settings());
    let from = customer(options.source_sse_customer_key.as_ref(), at.settings());
    let output = at
        .send(|client| {
            client
                .upload_part_copy()
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .upload_id(upload_id)
                .part_number(number)
                .copy_source(source)
                .copy_source_range(range.header())
                .copy_source_if_match(etag)
                .set_copy_source_sse_customer_algorithm(from.algorithm.clone())
                .set_copy_source_sse_customer_key(from.key.clone())
                .set_copy_source_sse_customer_key_md5(from.md5.clone())
                .set_sse_customer_algorithm(to.algorithm.clone())
                .set_sse_customer_key(to.key.clone())
                .set_sse_customer_key_md5(to.md5.clone())
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    let result = output.copy_part_result();
    let completed = CompletedPart::builder()
        .part_number(number)
        .set_e_tag(result.and_then(|result| result.e_tag().map(str::to_owned)))
        .set_checksum_crc32(result.and_then(|result| result.checksum_crc32().map(str::to_owned)))
        .build();
    Ok(Part { number, completed })
}

/// Makes the object of its parts; conditions are checked by the server at this moment.
pub(crate) async fn complete(at: &S3, key: &Key, upload_id: &str, mut parts: Vec<Part>, options: As<'_>, size: u64) -> Result<PutReply> {
    let keep = options.keep(at)?;
    parts.sort_by_key(|part| part.number);
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.into_iter().map(|part| part.completed).collect())).build();
    let output = at
        .send(|client| {
            let keep = keep.clone();
            client
                .complete_multipart_upload()
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .upload_id(upload_id)
                .multipart_upload(parts.clone())
                .set_sse_customer_algorithm(keep.customer.algorithm)
                .set_sse_customer_key(keep.customer.key)
                .set_sse_customer_key_md5(keep.customer.md5)
                .set_if_match(keep.if_match)
                .set_if_none_match(keep.if_none_match)
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    Ok(PutReply { etag: bare(output.e_tag()), version_id: output.version_id, size })
}

/// Frees an upload's parts.
pub(crate) async fn abort(at: &S3, key: &Key, upload_id: &str) -> Result<()> {
    at.send(|client| {
        client.abort_multipart_upload().bucket(at.bucket()).key(at.full(&key.0)).upload_id(upload_id).set_request_payer(at.payer()).send()
    })
    .await
    .map(drop)
}
