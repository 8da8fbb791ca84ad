//! The steps of a multipart upload around its parts' bytes: create, complete, abort; and a look at what is
//! stored afterwards.
//!
//! Invariant: an object's parts are those that completion names, in their order, and its checksum covers them
//! all. Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>

use http::Method;
use md5::{Digest, Md5};

use super::checksums::{element, header, same};
use super::client::S3;
use super::conditions::{learn, look};
use super::creation::Creation;
use super::echo::{Echo, check_upload, withdraw};
use super::etag::bare;
use super::headers::{ObjectHeaders, customer};
use super::open_uploads::forget;
use super::uploads::Part;
use super::wire::text;
use crate::checksum::{Algorithm, Checksum};
use crate::error::{Result, fail};
use crate::keys::Key;
use crate::options::{Copy, CustomerKey, Put};
use crate::reply::PutReply;
use crate::xml::{Document, Element, Malformed, Root};

const CREATED: Root = Root {
    name: "InitiateMultipartUploadResult",
    operation: "CreateMultipartUpload",
    elements: &["UploadId"],
};
const COMPLETED: Root = Root {
    name: "CompleteMultipartUploadResult",
    operation: "CompleteMultipartUpload",
    elements: &["ETag", "Location", "Key"],
};

/// The options of the call that makes the object.
pub(crate) enum As<'a> {
    Put(&'a Put),
    Copy(&'a Copy),
}

impl As<'_> {
    fn headers(&self, at: &S3) -> Result<ObjectHeaders> {
        match self {
            As::Put(options) => ObjectHeaders::of_put(options, at.settings()),
            As::Copy(options) => ObjectHeaders::of_copy(options, at.settings()),
        }
    }
}

/// Creates a multipart upload and returns its id. The parts carry this checksum, which the server must know
/// from the beginning.
pub(crate) async fn create(
    at: &S3,
    key: &Key,
    options: As<'_>,
    algorithm: Option<Algorithm>,
    creation: &Creation,
) -> Result<String> {
    let headers = options.headers(at)?;
    Box::pin(look(at, key, &headers)).await?;
    let request = at
        .object("CreateMultipartUpload", Method::POST, &key.0)
        .await?
        .query("uploads", Some(""))
        .header("x-amz-checksum-algorithm", algorithm.map(Algorithm::name))?
        .header("x-amz-checksum-type", algorithm.map(|_| "FULL_OBJECT"))?;
    let request = headers.add_to(request)?;
    let (upload_id, response) = creation
        .ask(&request, |response, body| {
            let mut upload_id = None;
            Document::open(body, &CREATED)?.children(|document, name| {
                match name {
                    "UploadId" => upload_id = document.filled()?,
                    _ => document.skip()?,
                }
                Ok(())
            })?;
            Ok((upload_id, response.clone()))
        })
        .await?;
    let Some(upload_id) = upload_id else {
        creation.told_no_id();
        fail!(Service, "the server began an upload without telling its id");
    };
    creation.begun(&upload_id);
    Box::pin(check_upload(at, key, &upload_id, &headers, &Echo::of(&response), algorithm)).await?;
    Ok(upload_id)
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
    let headers = options.headers(at)?;
    let size = parts.iter().map(|part| part.size).sum::<u64>();
    let mut request = at
        .object("CompleteMultipartUpload", Method::POST, &key.0)
        .await?
        .query("uploadId", Some(upload_id))
        .header("x-amz-checksum-type", checksum.map(|_| "FULL_OBJECT"))?
        .header("x-amz-mp-object-size", known.map(|_| size.to_string()))?;
    if let Some(sum) = checksum {
        request = request.header(header(sum.algorithm), Some(sum.text()))?;
    }
    let request = headers.add_conditions_to(headers.customer.add_to(request)?)?;
    let request = request.document(parts.iter().fold(Element::new("CompleteMultipartUpload"), list_part))?;
    Box::pin(look(at, key, &headers)).await?;
    let completed = at
        .ask_document(&request, |response, body| {
            let completed = Completion::read(body)?;
            Ok((completed, text(response, "x-amz-version-id").map(str::to_owned)))
        })
        .await;
    if let Err(error) = &completed {
        learn(at, &headers, error).await?;
    }
    let (completed, version_id) = completed?;
    forget(upload_id);
    let is_composite = completed.checksum_type.as_deref() == Some("COMPOSITE");
    same(known.filter(|_| !is_composite), |algorithm| {
        let told = completed.checksums.iter().find(|(of, _)| *of == algorithm);
        told.map(|(_, text)| text.as_str())
    })?;
    Ok(PutReply { etag: bare(completed.etag.as_deref()), version_id, size })
}

/// Adds a part to the list that completion sends.
fn list_part(list: Element, part: &Part) -> Element {
    let checksum = |algorithm| part.checksum.filter(|sum| sum.algorithm == algorithm).map(|sum| sum.text());
    let mut listed = Element::new("Part").text("ETag", part.etag.as_deref());
    for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
        listed = listed.text(element(algorithm), checksum(algorithm).as_deref());
    }
    list.child(listed.text("PartNumber", Some(&part.number.to_string())))
}

/// What a completion returns.
#[derive(Default)]
struct Completion {
    etag: Option<String>,
    checksums: Vec<(Algorithm, String)>,
    checksum_type: Option<String>,
}

impl Completion {
    fn read(body: &[u8]) -> std::result::Result<Completion, Malformed> {
        let mut completed = Completion::default();
        Document::open(body, &COMPLETED)?.children(|document, name| {
            match (name, Algorithm::ALL.into_iter().find(|algorithm| element(*algorithm) == name)) {
                (_, Some(algorithm)) => completed.checksums.push((algorithm, document.text()?.into_owned())),
                ("ETag", _) => completed.etag = document.filled()?,
                ("ChecksumType", _) => completed.checksum_type = document.filled()?,
                _ => document.skip()?,
            }
            Ok(())
        })?;
        Ok(completed)
    }
}

/// The ETag of an object that is there, for a server that did not tell it when it stored the object.
pub(crate) async fn etag(
    at: &S3,
    key: &Key,
    stored: &PutReply,
    customer_key: Option<&CustomerKey>,
) -> Result<Option<String>> {
    let request =
        at.object("HeadObject", Method::HEAD, &key.0).await?.query("versionId", stored.version_id.as_deref());
    let response = at.ask(&customer(customer_key, at.settings()).add_to(request)?).await?;
    let size = text(response.headers(), "content-length").and_then(|length| length.parse::<u64>().ok());
    // Of another size it is another object, stored since.
    Ok(bare(text(response.headers(), "etag")).filter(|_| size.is_none_or(|size| size == stored.size)))
}

/// The object at the key, if it is what was sent: of this size, and with this checksum or, where the server
/// returns none, this ETag.
pub(crate) async fn stored(
    at: &S3,
    key: &Key,
    size: u64,
    checksum: Option<Checksum>,
    etag: Option<&str>,
    options: &Put,
) -> Result<Option<PutReply>> {
    let request = at.object("HeadObject", Method::HEAD, &key.0).await?;
    let request = customer(options.sse_customer_key.as_ref(), at.settings())
        .add_to(request)?
        .header("x-amz-checksum-mode", Some("ENABLED"))?;
    let response = at.ask(&request).await?;
    let told = |name| text(response.headers(), name);
    let found_sum =
        checksum.and_then(|sum| Checksum::read(sum.algorithm, told(header(sum.algorithm))?, size));
    let length = told("content-length").and_then(|length| length.parse::<u64>().ok());
    let found = bare(told("etag"));
    let has_sum = found_sum.is_some() && found_sum == checksum;
    if length != Some(size) || !(has_sum || etag.is_some() && etag == found.as_deref()) {
        return Ok(None);
    }
    let reply = PutReply { etag: found, version_id: told("x-amz-version-id").map(str::to_owned), size };
    let headers = ObjectHeaders::of_put(options, at.settings())?;
    match headers.ignored(&Echo::of(response.headers())) {
        None => Ok(Some(reply)),
        Some(option) => Err(Box::pin(withdraw(at, key, option, &reply, &headers, true)).await),
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
