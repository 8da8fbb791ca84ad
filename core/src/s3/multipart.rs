//! The steps of a multipart upload around its parts' bytes: create, copy a part, list the parts, complete,
//! abort; and the look at what came of it.
//!
//! Law: an object's parts are those that completion names, in their order, and its checksum covers them all.

use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart,
};

use md5::{Digest, Md5};
use std::time::SystemTime;

use http::Method;

use super::client::S3;
use super::conditions::{learn, look};
use super::creation::Creation;
use super::direct::{Request, text};
use super::echo::{check_upload, echo, withdraw};
use super::put::{Part, agrees, summed};
use super::settings::{Keep, bare, customer, date, kept};
use crate::checksum::{Algorithm, Checksum};
use crate::error::{Result, fail};
use crate::keys::Key;
use crate::options::{Copy, CustomerKey, Put};
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

/// Begins a multipart upload and tells its id. The parts carry this checksum, which the server must know from
/// the beginning.
pub(crate) async fn create(
    at: &S3,
    key: &Key,
    options: As<'_>,
    algorithm: Option<Algorithm>,
    creation: &Creation,
) -> Result<String> {
    let keep = options.keep(at)?;
    Box::pin(look(at, key, &keep)).await?;
    let output = at
        .send(|client| {
            let request = kept!(client.create_multipart_upload(), keep)
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .set_checksum_algorithm(algorithm.map(|algorithm| ChecksumAlgorithm::from(algorithm.name())))
                .set_checksum_type(algorithm.map(|_| ChecksumType::FullObject))
                .set_request_payer(at.payer());
            creation.attempt(request.send())
        })
        .await?;
    let Some(upload_id) = output.upload_id().filter(|upload_id| !upload_id.is_empty()) else {
        creation.told_no_id();
        fail!(Service, "the server began an upload without telling its id");
    };
    creation.begun(upload_id);
    Box::pin(check_upload(at, key, upload_id, &keep, &echo!(output), algorithm)).await?;
    Ok(upload_id.to_owned())
}

/// Copies a range of another object into a part, on the server.
#[allow(clippy::too_many_arguments)]
pub(crate) async fn copy_part(
    at: &S3,
    key: &Key,
    upload_id: &str,
    number: i32,
    source: &str,
    (etag, unchanged_since): (Option<&str>, Option<SystemTime>),
    (first, length): (u64, u64),
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
                .copy_source_range(ByteRange::FromTo(first, first + length - 1).header())
                .set_copy_source_if_match(etag.map(str::to_owned))
                .set_copy_source_if_unmodified_since(unchanged_since.map(date))
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
    let etag = output.copy_part_result().and_then(|result| result.e_tag().map(str::to_owned));
    Ok(Part { number, size: length, etag, checksum: None })
}

/// The checksum of an object made of parts.
#[derive(Clone, Copy)]
pub(crate) enum Whole {
    /// It is not known.
    Unknown,
    /// The server checks it at completion, and what it reports afterwards is compared.
    Sent(Checksum),
    /// What the server reports is compared; at completion it checks those of the parts.
    Compared(Checksum),
}

/// Makes the object of its parts; conditions are checked by the server at this moment, and by a look before
/// where it may ignore them.
pub(crate) async fn complete(
    at: &S3,
    key: &Key,
    upload_id: &str,
    parts: &[Part],
    whole: Whole,
    options: As<'_>,
) -> Result<PutReply> {
    let (checksum, known) = match whole {
        Whole::Unknown => (None, None),
        Whole::Sent(sum) => (Some(sum), Some(sum)),
        Whole::Compared(sum) => (None, Some(sum)),
    };
    let keep = options.keep(at)?;
    let size = parts.iter().map(|part| part.size).sum::<u64>();
    let named = parts.iter().map(|part| {
        summed!(CompletedPart::builder(), part.checksum)
            .part_number(part.number)
            .set_e_tag(part.etag.clone())
            .build()
    });
    let named = CompletedMultipartUpload::builder().set_parts(Some(named.collect())).build();
    Box::pin(look(at, key, &keep)).await?;
    let completed = at
        .send(|client| {
            summed!(client.complete_multipart_upload(), checksum)
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .upload_id(upload_id)
                .multipart_upload(named.clone())
                .set_checksum_type(checksum.map(|_| ChecksumType::FullObject))
                .set_mpu_object_size(known.and_then(|_| i64::try_from(size).ok()))
                .set_sse_customer_algorithm(keep.customer.algorithm.clone())
                .set_sse_customer_key(keep.customer.key.clone())
                .set_sse_customer_key_md5(keep.customer.md5.clone())
                .set_if_match(keep.if_match.clone())
                .set_if_none_match(keep.if_none_match.clone())
                .set_request_payer(at.payer())
                .send()
        })
        .await;
    if let Err(error) = &completed {
        learn(at, &keep, error).await?;
    }
    let output = completed?;
    super::creation::ended(upload_id);
    let is_composite = output.checksum_type() == Some(&ChecksumType::Composite);
    agrees!(output, known.filter(|_| !is_composite))?;
    Ok(PutReply { etag: bare(output.e_tag()), version_id: output.version_id, size })
}

/// The ETag of an object that is there, for a server that did not tell it when it stored the object.
pub(crate) async fn etag(
    at: &S3,
    key: &Key,
    stored: &PutReply,
    customer_key: Option<&CustomerKey>,
) -> Result<Option<String>> {
    let request = Request::new("HeadObject", Method::HEAD, &at.full(&key.0))?
        .query("versionId", stored.version_id.as_deref())
        .customer_key(&customer(customer_key, at.settings()))?
        .payer(at)
        .await?;
    let answer = at.ask(&request).await?;
    let size = text(answer.headers(), "content-length").and_then(|length| length.parse::<u64>().ok());
    // Of another size it is another object, stored since.
    Ok(bare(text(answer.headers(), "etag")).filter(|_| size.is_none_or(|size| size == stored.size)))
}

/// The object at the key, if it is what was sent: of this size, and with this checksum or, where the server
/// tells none, this ETag.
pub(crate) async fn stored(
    at: &S3,
    key: &Key,
    size: u64,
    checksum: Option<Checksum>,
    etag: Option<&str>,
    options: &Put,
) -> Result<Option<PutReply>> {
    let customer = customer(options.sse_customer_key.as_ref(), at.settings());
    let output = at
        .send(|client| {
            client
                .head_object()
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .checksum_mode(ChecksumMode::Enabled)
                .set_sse_customer_algorithm(customer.algorithm.clone())
                .set_sse_customer_key(customer.key.clone())
                .set_sse_customer_key_md5(customer.md5.clone())
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    let told = checksum.and_then(|sum| match sum.algorithm {
        Algorithm::Crc64Nvme => Checksum::read(sum.algorithm, output.checksum_crc64_nvme()?, size),
        Algorithm::Crc32 => Checksum::read(sum.algorithm, output.checksum_crc32()?, size),
        Algorithm::Crc32c => Checksum::read(sum.algorithm, output.checksum_crc32_c()?, size),
    });
    let length = output.content_length().and_then(|length| u64::try_from(length).ok());
    let found = bare(output.e_tag());
    let same = length == Some(size)
        && (told.is_some() && told == checksum || etag.is_some() && etag == found.as_deref());
    if !same {
        return Ok(None);
    }
    let reply = PutReply { etag: found, version_id: output.version_id().map(str::to_owned), size };
    let keep = Keep::of_put(options, at.settings())?;
    match keep.ignored(&echo!(output)) {
        None => Ok(Some(reply)),
        Some(option) => Err(Box::pin(withdraw(at, key, option, &reply, &keep, true)).await),
    }
}

/// The ETag of an object that holds these bytes, where S3 makes it their MD5.
pub(crate) fn etag_of(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

/// The ETag of an object made of these parts, where S3 makes it of their MD5s.
pub(crate) fn etag_of_parts(parts: &[Part]) -> Option<String> {
    let mut all = Md5::new();
    for part in parts {
        let etag = part.etag.as_deref()?.trim_matches('"');
        let digits = etag.as_bytes().as_chunks::<2>().0.iter();
        let bytes: Option<Vec<u8>> =
            digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
        all.update(bytes.filter(|bytes| bytes.len() == 16 && etag.len() == 32)?);
    }
    Some(format!("{}-{}", hex(&all.finalize()), parts.len()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Frees an upload's parts.
pub(crate) async fn abort(at: &S3, key: &Key, upload_id: &str) -> Result<()> {
    super::creation::ended(upload_id);
    at.send(|client| {
        client
            .abort_multipart_upload()
            .bucket(at.bucket())
            .key(at.full(&key.0))
            .upload_id(upload_id)
            .set_request_payer(at.payer())
            .send()
    })
    .await
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags_of_parts_are_made_of_their_md5s() {
        let part = |etag: &str| Part { number: 1, size: 1, etag: Some(etag.to_owned()), checksum: None };
        let one = format!("\"{}\"", etag_of(b"a"));
        assert_eq!(etag_of(b"a"), "0cc175b9c0f1b6a831c399e269772661");
        // printf '%s' a | md5sum, twice, as bytes, through md5sum again.
        assert_eq!(etag_of_parts(&[part(&one), part(&one)]).unwrap(), "7b3c799ee8b11a11c798c8b41bed8502-2");
        assert_eq!(etag_of_parts(&[part("\"no-md5\"")]), None);
        assert_eq!(etag_of_parts(&[Part { etag: None, ..part("") }]), None);
    }
}
