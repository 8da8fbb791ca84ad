//! Sending bytes: an object in one request, or a part of a multipart upload.
//!
//! Law: what the server says it stored is held against what was sent.

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::client::S3;
use super::direct::{Request, text};
use super::echo::{Echo, withdraw};
use super::settings::{Keep, bare, customer};
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

/// Refuses an answer that tells another checksum than the one sent; no word of it, or a composite one, says
/// nothing.
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
            format!(
                "the server stored other bytes than were sent: it tells the {} {told}, not {}",
                sent.algorithm.name(),
                sent.text()
            ),
        )),
        _ => Ok(()),
    }
}

/// Stores an object in one request.
pub(crate) async fn put_whole(
    at: &S3,
    key: &Key,
    body: Bytes,
    checksum: Option<Checksum>,
    options: &Put,
) -> Result<PutReply> {
    let keep = Keep::of_put(options, at.settings())?;
    let size = body.len() as u64;
    let request = Request::new("PutObject", Method::PUT, &at.full(&key.0))?
        .query("x-id", Some("PutObject"))
        .keep(&keep)?
        .header("if-match", keep.if_match.as_deref())?
        .header("if-none-match", keep.if_none_match.as_deref())?;
    let answer = send(at, request, body, checksum).await?;
    let told = |name| text(&answer, name);
    let reply =
        PutReply { etag: bare(told("etag")), version_id: told("x-amz-version-id").map(str::to_owned), size };
    match keep.ignored(&Echo::of(&answer)) {
        None => Ok(reply),
        Some(option) => Err(Box::pin(withdraw(at, key, option, &reply, &keep, true)).await),
    }
}

/// Sends the bytes, and holds what the server says of them against what was sent.
async fn send(at: &S3, request: Request, body: Bytes, checksum: Option<Checksum>) -> Result<HeaderMap> {
    let content_md5 = at.content_md5(checksum.as_ref(), &body);
    let request = request.header("content-md5", content_md5)?.payer(at).await?.body(body)?;
    let request = match checksum {
        Some(sum) => request.header(header(sum.algorithm), Some(sum.text()))?,
        None => request,
    };
    let answer = at.ask(&request).await?.into_parts().0.headers;
    same(checksum, |algorithm| text(&answer, header(algorithm)))?;
    Ok(answer)
}

/// The header that carries a checksum.
pub(super) fn header(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
        Algorithm::Crc32 => "x-amz-checksum-crc32",
        Algorithm::Crc32c => "x-amz-checksum-crc32c",
    }
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
    let size = body.len() as u64;
    let request = Request::new("UploadPart", Method::PUT, &at.full(&key.0))?
        .query("partNumber", Some(&number.to_string()))
        .query("uploadId", Some(upload_id))
        .query("x-id", Some("UploadPart"))
        .customer_key(&customer(options.sse_customer_key.as_ref(), at.settings()))?;
    let answer = send(at, request, body, checksum).await?;
    Ok(Part { number, size, etag: text(&answer, "etag").map(str::to_owned), checksum })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_tells_another_checksum_is_corrupt() {
        let sent = Some(Algorithm::Crc64Nvme.of(b"123456789"));
        for (told, fits) in [
            (None, true),
            (Some("rosUhgp5mIg="), true),
            (Some("AAAAAAAAAAA=-2"), true),
            (Some("AAAAAAAAAAA="), false),
        ] {
            assert_eq!(same(sent, |_| told).is_ok(), fits, "{told:?}");
            assert!(same(None, |_| told).is_ok());
        }
        assert_eq!(same(sent, |_| Some("AAAAAAAAAAA=")).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
