//! Signature version 4: who signed this request, and is the signature true.
//!
//! Invariant: a pure function of request, time and credentials; the canonical form is rebuilt from what
//! arrived on the wire, with S3's rule that the path is encoded once. It must not know buckets or objects.

use crate::claim::{ALGORITHM, Claim};
use crate::clock::{self, Millis};
use crate::encoding::{hex, hmac_sha256, percent, sha256_hex};
use crate::error::{Result, S3Error};
use crate::request::Request;

const MAX_SKEW: Millis = 15 * 60 * 1000;

#[derive(Debug, Clone)]
pub struct Credential {
    pub access_key: String,
    pub secret_key: String,
    pub session_token: Option<String>,
    /// Set by the `expire_token` fault.
    pub expired: bool,
}

/// The sender of the request, and how its body is protected.
#[derive(Debug)]
pub struct Caller {
    /// None when the request was not signed.
    pub signed: Option<Signed>,
    pub payload: PayloadHash,
}

#[derive(Debug)]
pub struct Signed {
    pub region: String,
    /// The chain that chunk signatures continue.
    pub chain: Chain,
}

#[derive(Debug, Clone)]
pub struct Chain {
    pub key: [u8; 32],
    pub date: String,
    pub scope: String,
    pub previous: String,
}

#[derive(Debug, PartialEq, Eq)]
pub enum PayloadHash {
    Unsigned,
    Exact(String),
    Streaming { signed: bool, trailer: bool },
}

/// `regions` are those that may be signed for, the bucket's own first; empty means any.
pub fn verify(
    request: &Request,
    now: Millis,
    credentials: &[Credential],
    regions: &[&str],
) -> Result<Caller> {
    let header = request.headers.get("authorization");
    let in_query = request.has("X-Amz-Algorithm") || request.has("X-Amz-Signature");
    let found = match (header, in_query) {
        (Some(header), true) => {
            let message = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, \
                           Signature query string parameter or the Authorization header should be specified";
            return Err(S3Error::invalid_argument(message, "Authorization", header));
        }
        (Some(header), false) => Claim::from_header(request, header)?,
        (None, true) => Claim::from_query(request)?,
        (None, false) if request.has("AWSAccessKeyId") => return Err(only_v4()),
        (None, false) => {
            return Ok(Caller {
                signed: None,
                payload: payload_hash(request.header("x-amz-content-sha256"))?,
            });
        }
    };
    found.check_region(regions)?;
    let credential = find_credential(credentials, &found.access_key, request.header("x-amz-security-token"))?;
    found.check_time(now)?;
    found.check_coverage(request)?;
    let payload = match found.content_hash(request) {
        None if found.expires.is_some() => PayloadHash::Unsigned,
        None => {
            return Err(S3Error::invalid_request(
                "Missing required header for this request: x-amz-content-sha256",
            ));
        }
        hash => payload_hash(hash)?,
    };
    let chain = found.check_signature(request, &credential.secret_key)?;
    if credential.expired {
        return Err(S3Error::new(400, "ExpiredToken", "The provided token has expired."));
    }
    Ok(Caller { signed: Some(Signed { region: found.region, chain }), payload })
}

fn payload_hash(header: Option<&str>) -> Result<PayloadHash> {
    Ok(match header {
        None | Some("UNSIGNED-PAYLOAD") => PayloadHash::Unsigned,
        Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER") => PayloadHash::Streaming { signed: false, trailer: true },
        Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD") => PayloadHash::Streaming { signed: true, trailer: false },
        Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") => {
            PayloadHash::Streaming { signed: true, trailer: true }
        }
        Some(hash) if hash.len() == 64 && hash.bytes().all(|c| c.is_ascii_hexdigit()) => {
            PayloadHash::Exact(hash.to_ascii_lowercase())
        }
        Some(other) => {
            let message = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, \
                           STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, \
                           STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.";
            return Err(S3Error::invalid_argument(message, "x-amz-content-sha256", other));
        }
    })
}

fn find_credential<'a>(
    all: &'a [Credential],
    access_key: &str,
    token: Option<&str>,
) -> Result<&'a Credential> {
    if let Some(exact) =
        all.iter().find(|c| c.access_key == access_key && c.session_token.as_deref() == token)
    {
        return Ok(exact);
    }
    // A temporary key without its token looks to S3 like a key it never issued.
    if token.is_some() && all.iter().any(|c| c.access_key == access_key) {
        return Err(S3Error::new(
            400,
            "InvalidToken",
            "The provided token is malformed or otherwise invalid.",
        ));
    }
    let message = "The AWS Access Key Id you provided does not exist in our records.";
    Err(S3Error::new(403, "InvalidAccessKeyId", message).with("AWSAccessKeyId", access_key))
}

impl Claim {
    fn check_region(&self, regions: &[&str]) -> Result<()> {
        let Some(expected) = regions.first() else {
            return Ok(());
        };
        if regions.contains(&self.region.as_str()) {
            return Ok(());
        }
        let why = format!("the region '{}' is wrong; expecting '{expected}'", self.region);
        let error = if self.expires.is_some() {
            let message = format!("Error parsing the X-Amz-Credential parameter; {why}");
            S3Error::new(400, "AuthorizationQueryParametersError", message)
        } else {
            let message = format!("The authorization header is malformed; {why}");
            S3Error::new(400, "AuthorizationHeaderMalformed", message)
        };
        Err(error.with("Region", expected).header("x-amz-bucket-region", expected))
    }

    fn check_time(&self, now: Millis) -> Result<()> {
        let signed_at = clock::parse_amz(&self.time).unwrap_or(0);
        match self.expires {
            Some(_) if signed_at > now + MAX_SKEW => {
                Err(S3Error::access_denied("Request is not yet valid").with("ServerTime", clock::iso(now)))
            }
            Some(seconds) if now > signed_at + seconds * 1000 => {
                Err(S3Error::access_denied("Request has expired")
                    .with("X-Amz-Expires", seconds)
                    .with("Expires", clock::iso(signed_at + seconds * 1000))
                    .with("ServerTime", clock::iso(now)))
            }
            None if (signed_at - now).abs() > MAX_SKEW => {
                let message = "The difference between the request time and the current time is too large.";
                Err(S3Error::new(403, "RequestTimeTooSkewed", message)
                    .with("RequestTime", &self.time)
                    .with("ServerTime", clock::iso(now))
                    .with("MaxAllowedSkewMilliseconds", MAX_SKEW))
            }
            _ => Ok(()),
        }
    }

    /// Host and every `x-amz-` header sent must be among the signed ones.
    fn check_coverage(&self, request: &Request) -> Result<()> {
        let presigned = self.expires.is_some();
        let must = |name: &str| {
            name == "host" || (name.starts_with("x-amz-") && !(presigned && name == "x-amz-content-sha256"))
        };
        let unsigned: Vec<&str> = request
            .headers
            .keys()
            .map(String::as_str)
            .filter(|name| must(name) && !self.signed_headers.iter().any(|signed| signed == name))
            .collect();
        if unsigned.is_empty() {
            return Ok(());
        }
        Err(S3Error::access_denied("There were headers present in the request which were not signed")
            .with("HeadersNotSigned", unsigned.join(", ")))
    }

    fn check_signature(&self, request: &Request, secret_key: &str) -> Result<Chain> {
        let scope = format!("{}/{}/s3/aws4_request", self.date, self.region);
        let canonical = self.canonical_request(request);
        let to_sign = format!("{ALGORITHM}\n{}\n{scope}\n{}", self.time, sha256_hex(canonical.as_bytes()));
        let key = signing_key(secret_key, &self.date, &self.region);
        let expected = hex(&hmac_sha256(&key, to_sign.as_bytes()));
        if expected != self.signature {
            return Err(signature_mismatch()
                .with("AWSAccessKeyId", &self.access_key)
                .with("StringToSign", to_sign)
                .with("SignatureProvided", &self.signature)
                .with("CanonicalRequest", canonical));
        }
        Ok(Chain { key, date: self.time.clone(), scope, previous: expected })
    }

    /// What stands for the body in the canonical request. A presigned URL was made without knowing the body,
    /// so there the header counts only if it was signed or stands in the query.
    fn content_hash<'r>(&self, request: &'r Request) -> Option<&'r str> {
        let name = "x-amz-content-sha256";
        let signed = self.expires.is_none() || self.signed_headers.iter().any(|signed| signed == name);
        let header = request.headers.get(name).filter(|_| signed).map(String::as_str);
        let in_query = request.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        header.or(in_query.map(|(_, value)| value.as_str()))
    }

    fn canonical_request(&self, request: &Request) -> String {
        let path = crate::encoding::unpercent(&request.raw_path, false).unwrap_or_default();
        let mut query: Vec<(String, String)> = request
            .query
            .iter()
            .filter(|(name, _)| name != "X-Amz-Signature")
            .map(|(name, value)| (percent(name.as_bytes(), b""), percent(value.as_bytes(), b"")))
            .collect();
        query.sort();
        let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut headers = String::new();
        for name in &self.signed_headers {
            let value = request.headers.get(name).map(String::as_str).unwrap_or("");
            let collapsed: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
            headers.push_str(&format!("{name}:{}\n", collapsed.join(" ")));
        }
        let hash = self.content_hash(request).unwrap_or("UNSIGNED-PAYLOAD");
        format!(
            "{}\n{}\n{}\n{headers}\n{}\n{hash}",
            request.method,
            percent(path.as_bytes(), b"/"),
            query.join("&"),
            self.signed_headers.join(";"),
        )
    }
}

/// Signature version 2, in either form.
pub fn only_v4() -> S3Error {
    let message =
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
    S3Error::invalid_request(message)
}

pub fn signature_mismatch() -> S3Error {
    let message = "The request signature we calculated does not match the signature you provided. Check your \
                   key and signing method.";
    S3Error::new(403, "SignatureDoesNotMatch", message)
}

pub fn signing_key(secret_key: &str, date: &str, region: &str) -> [u8; 32] {
    let key = hmac_sha256(format!("AWS4{secret_key}").as_bytes(), date.as_bytes());
    let key = hmac_sha256(&key, region.as_bytes());
    let key = hmac_sha256(&key, b"s3");
    hmac_sha256(&key, b"aws4_request")
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
