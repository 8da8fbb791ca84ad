//! The body of a request, opened and verified: hash, chunks, Content-MD5, additional checksum.
//!
//! Invariant: no operation sees a byte before everything the request states about its body was verified.
//! It must not know where the bytes go.

use bytes::Bytes;

use crate::auth::{Caller, PayloadHash};
use crate::checksum::{self, Algorithm, Checksum};
use crate::chunked;
use crate::data::Data;
use crate::encoding::{md5, sha256_hex, unbase64};
use crate::error::{Result, S3Error};
use crate::request::{Op, Request};

pub struct Payload {
    pub data: Data,
    pub bytes: Bytes,
    /// The additional checksum that the request carried, found true.
    pub checksum: Option<Checksum>,
    pub has_md5: bool,
    pub sha256: String,
}

/// The largest body of one request.
pub const MAX_BODY: u64 = 5 << 30;

/// What can be refused before the body is read.
pub fn check_length(request: &Request) -> Result<()> {
    let length = request.headers.get("content-length").and_then(|text| text.parse::<u64>().ok());
    let decoded = request.header("x-amz-decoded-content-length").and_then(|text| text.parse::<u64>().ok());
    if let Some(size) = decoded.or(length).filter(|size| *size > MAX_BODY) {
        return Err(S3Error::new(
            400,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
        )
        .with("ProposedSize", size)
        .with("MaxSizeAllowed", MAX_BODY));
    }
    let needs_length = matches!(request.op, Op::PutObject | Op::UploadPart);
    if needs_length && length.is_none() && decoded.is_none() {
        return Err(if request.headers.contains_key("transfer-encoding") {
            S3Error::not_implemented("Transfer-Encoding")
        } else {
            S3Error::new(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        });
    }
    Ok(())
}

pub fn open(request: &Request, caller: &Caller, raw: Bytes) -> Result<Payload> {
    let mut trailers = vec![];
    let mut sha256 = None;
    let bytes = match &caller.payload {
        PayloadHash::Unsigned => raw,
        PayloadHash::Exact(expected) => {
            let found = sha256_hex(&raw);
            if found != *expected {
                let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
                return Err(S3Error::new(400, "XAmzContentSHA256Mismatch", message)
                    .with("ClientComputedContentSHA256", expected)
                    .with("S3ComputedContentSHA256", found));
            }
            sha256 = Some(found);
            raw
        }
        PayloadHash::Streaming { signed, trailer } => {
            let length = request
                .header("x-amz-decoded-content-length")
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| {
                    S3Error::new(
                        411,
                        "MissingContentLength",
                        "You must provide the Content-Length HTTP header.",
                    )
                })?;
            let chain = match (&caller.signed, signed) {
                (Some(signed), true) => Some(signed.chain.clone()),
                _ => None,
            };
            let decoded = chunked::decode(&raw, chain, *trailer, length)?;
            trailers = decoded.trailers;
            decoded.bytes.into()
        }
    };
    let has_md5 = check_md5(request, &bytes)?;
    let data = Data::from(bytes.clone());
    // On completion the checksum headers speak of the object, not of this body.
    let checksum =
        if request.op == Op::CompleteMultipartUpload { None } else { check(request, &trailers, &data)? };
    let sha256 = sha256.unwrap_or_else(|| sha256_hex(&bytes));
    Ok(Payload { data, bytes, checksum, has_md5, sha256 })
}

fn check_md5(request: &Request, bytes: &[u8]) -> Result<bool> {
    let Some(header) = request.headers.get("content-md5") else {
        return Ok(false);
    };
    let given = unbase64(header).filter(|raw| raw.len() == 16).ok_or_else(|| {
        S3Error::new(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
            .with("Content-MD5", header)
    })?;
    if given != md5(bytes) {
        let message = "The Content-MD5 you specified did not match what we received.";
        return Err(S3Error::new(400, "BadDigest", message)
            .with("ExpectedDigest", header)
            .with("CalculatedDigest", crate::encoding::base64(&md5(bytes))));
    }
    Ok(true)
}

/// The checksum that headers or trailers carry about `data`.
fn check(request: &Request, trailers: &[(String, String)], data: &Data) -> Result<Option<Checksum>> {
    for name in request.header("x-amz-trailer").iter().flat_map(|names| names.split(',')) {
        let name = name.trim().to_ascii_lowercase();
        if !trailers.iter().any(|(sent, _)| *sent == name) {
            let message = "The request contained trailing data that was not well-formed or did not conform \
                           to our published schema.";
            return Err(S3Error::new(400, "MalformedTrailerError", message));
        }
    }
    let given: Vec<(Algorithm, &str)> = checksum::ALL
        .into_iter()
        .filter_map(|algorithm| {
            let name = algorithm.header();
            let trailer = trailers.iter().find(|(sent, _)| *sent == name).map(|(_, value)| value.as_str());
            Some((algorithm, request.header(&name).or(trailer)?))
        })
        .collect();
    let announced = request.header("x-amz-sdk-checksum-algorithm");
    let (algorithm, value) = match (given.as_slice(), announced) {
        ([], None) => return Ok(None),
        ([], Some(_))
            if data.len() == 0
                && !request.headers.contains_key("x-amz-trailer")
                && !takes_body(request.op) =>
        {
            return Ok(None);
        }
        ([], Some(_)) => {
            return Err(S3Error::invalid_request(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or \
                 x-amz-trailer headers were found.",
            ));
        }
        ([one], announced) => {
            if announced.is_some_and(|name| Algorithm::from_name(name) != Some(one.0)) {
                return Err(S3Error::invalid_request(format!(
                    "Value for x-amz-sdk-checksum-algorithm header is invalid: it does not name {}.",
                    one.0.name()
                )));
            }
            *one
        }
        (_, _) => {
            return Err(S3Error::invalid_request(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
            ));
        }
    };
    if unbase64(value).is_none_or(|raw| raw.len() != algorithm.len()) {
        return Err(S3Error::invalid_request(format!("Value for {} header is invalid.", algorithm.header())));
    }
    let found = algorithm.compute(data);
    if found.value != value {
        return Err(S3Error::bad_digest(algorithm.name()));
    }
    Ok(Some(found))
}

fn takes_body(op: Op) -> bool {
    matches!(
        op,
        Op::PutObject
            | Op::UploadPart
            | Op::DeleteObjects
            | Op::PutObjectTagging
            | Op::PutBucketAcl
            | Op::PutObjectAcl
            | Op::PutBucketVersioning
    )
}
