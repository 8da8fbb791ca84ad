//! Sending bytes: an object in one request, or a part of a multipart upload.
//!
//! Law: what the server says it stored is held against what was sent.

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use super::client::S3;
use super::settings::{Keep, bare, customer, kept};
use super::unsure::Unsure;
use crate::checksum::{Algorithm, Checksum};
use crate::error::{Error, ErrorKind, Result};
use crate::keys::Key;
use crate::options::Put;
use crate::reply::PutReply;

/// An uploaded part, as completion needs it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) number: i32,
    pub(crate) size: u64,
    /// The entity tag as the server wrote it.
    pub(crate) etag: Option<String>,
    pub(crate) checksum: Option<Checksum>,
}

/// Sets a request's checksum header, whatever the algorithm.
macro_rules! summed {
    ($request:expr, $checksum:expr) => {{
        let text = |algorithm| $checksum.filter(|sum| sum.algorithm == algorithm).map(|sum| sum.text());
        $request
            .set_checksum_crc64_nvme(text(Algorithm::Crc64Nvme))
            .set_checksum_crc32(text(Algorithm::Crc32))
            .set_checksum_crc32_c(text(Algorithm::Crc32c))
    }};
}
pub(super) use summed;

/// Refuses an answer that tells another checksum than the one sent; no word of it, or a composite one, says nothing.
macro_rules! agrees {
    ($output:expr, $checksum:expr) => {
        $crate::s3::put::same($checksum, |algorithm| match algorithm {
            Algorithm::Crc64Nvme => $output.checksum_crc64_nvme(),
            Algorithm::Crc32 => $output.checksum_crc32(),
            Algorithm::Crc32c => $output.checksum_crc32_c(),
        })
    };
}
pub(super) use agrees;

pub(super) fn same<'a>(sent: Option<Checksum>, told: impl Fn(Algorithm) -> Option<&'a str>) -> Result<()> {
    let Some(sent) = sent else { return Ok(()) };
    match told(sent.algorithm).filter(|told| !told.contains('-')) {
        Some(told) if told != sent.text() => Err(Error::new(
            ErrorKind::Corrupt,
            format!("the server stored other bytes than were sent: it tells the {} {told}, not {}", sent.algorithm.name(), sent.text()),
        )),
        _ => Ok(()),
    }
}

/// Stores an object in one request.
pub(crate) async fn put_whole(at: &S3, key: &Key, body: Bytes, checksum: Option<Checksum>, options: &Put) -> Result<PutReply> {
    let keep = Keep::of_put(options, at.settings())?;
    let unsure = Unsure::default();
    let content_md5 = at.content_md5(checksum.as_ref(), &body);
    let output = at
        .send(|client| {
            summed!(kept!(client.put_object(), keep), checksum)
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .body(ByteStream::from(body.clone()))
                .set_content_md5(content_md5.clone())
                .set_if_match(keep.if_match.clone())
                .set_if_none_match(keep.if_none_match.clone())
                .set_request_payer(at.payer())
                .customize()
                .interceptor(unsure.clone())
                .send()
        })
        .await
        .map_err(|error| unsure.mark(error))?;
    agrees!(output, checksum)?;
    Ok(PutReply { etag: bare(output.e_tag()), version_id: output.version_id, size: body.len() as u64 })
}

/// Sends one part.
pub(crate) async fn put_part(
    at: &S3,
    key: &Key,
    upload_id: &str,
    number: i32,
    body: Bytes,
    checksum: Option<Checksum>,
    options: &Put,
) -> Result<Part> {
    let customer = customer(options.sse_customer_key.as_ref(), at.settings());
    let content_md5 = at.content_md5(checksum.as_ref(), &body);
    let output = at
        .send(|client| {
            summed!(client.upload_part(), checksum)
                .bucket(at.bucket())
                .key(at.full(&key.0))
                .upload_id(upload_id)
                .part_number(number)
                .body(ByteStream::from(body.clone()))
                .set_content_md5(content_md5.clone())
                .set_sse_customer_algorithm(customer.algorithm.clone())
                .set_sse_customer_key(customer.key.clone())
                .set_sse_customer_key_md5(customer.md5.clone())
                .set_request_payer(at.payer())
                .send()
        })
        .await?;
    agrees!(output, checksum)?;
    Ok(Part { number, size: body.len() as u64, etag: output.e_tag, checksum })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_tells_another_checksum_is_corrupt() {
        let sent = Some(Algorithm::Crc64Nvme.of(b"123456789"));
        for (told, fits) in [(None, true), (Some("rosUhgp5mIg="), true), (Some("AAAAAAAAAAA=-2"), true), (Some("AAAAAAAAAAA="), false)] {
            assert_eq!(same(sent, |_| told).is_ok(), fits, "{told:?}");
            assert!(same(None, |_| told).is_ok());
        }
        assert_eq!(same(sent, |_| Some("AAAAAAAAAAA=")).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
