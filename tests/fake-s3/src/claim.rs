//! What a request claims about its signature, read from the Authorization header or the query.
//!
//! Invariant: reading is strict and names what is wrong with the form; whether the claim is true is for
//! `auth`.

use crate::auth::only_v4;
use crate::clock;
use crate::error::{Result, S3Error};
use crate::request::Request;

pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const MAX_EXPIRES: i64 = 7 * 24 * 3600;

/// What the request claims about its signature.
pub struct Claim {
    pub access_key: String,
    pub date: String,
    pub region: String,
    pub signed_headers: Vec<String>,
    pub signature: String,
    /// When it was signed, as `20130524T000000Z`.
    pub time: String,
    /// Seconds, for a presigned URL.
    pub expires: Option<i64>,
}

impl Claim {
    pub fn from_header(request: &Request, header: &str) -> Result<Claim> {
        let malformed = |why: &str| {
            let message = format!("The authorization header is malformed; {why}");
            S3Error::new(400, "AuthorizationHeaderMalformed", message)
        };
        let Some(rest) = header.strip_prefix(ALGORITHM) else {
            return Err(if header.starts_with("AWS ") {
                only_v4()
            } else {
                S3Error::invalid_argument("Unsupported Authorization Type", "Authorization", header)
            });
        };
        let field = |name: &str| {
            rest.split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
                .ok_or_else(|| malformed(&format!("{name} is missing.")))
        };
        let (access_key, date, region) = parse_scope(field("Credential")?).map_err(|why| malformed(&why))?;
        let time = match (request.headers.get("x-amz-date"), request.headers.get("date")) {
            (Some(time), _) => Some(time.clone()),
            (None, Some(date)) => clock::parse_http_date(date).map(clock::amz),
            (None, None) => None,
        };
        let time = time.filter(|t| clock::parse_amz(t).is_some()).ok_or_else(|| {
            S3Error::access_denied("AWS authentication requires a valid Date or x-amz-date header")
        })?;
        if !time.starts_with(&date) {
            return Err(malformed(&format!(
                "Invalid credential date \"{date}\". This date is not the same as X-Amz-Date: \"{}\".",
                &time[..8]
            )));
        }
        Ok(Claim {
            access_key,
            date,
            region,
            signed_headers: field("SignedHeaders")?.split(';').map(str::to_string).collect(),
            signature: field("Signature")?.to_string(),
            time,
            expires: None,
        })
    }

    pub fn from_query(request: &Request) -> Result<Claim> {
        let wrong = |why: &str| S3Error::new(400, "AuthorizationQueryParametersError", why);
        let param =
            |name: &str| {
                request.param(name).filter(|value| !value.is_empty()).ok_or_else(|| {
                wrong("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
                       X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
            })
            };
        if param("X-Amz-Algorithm")? != ALGORITHM {
            return Err(wrong(
                "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"",
            ));
        }
        let (access_key, date, region) = parse_scope(param("X-Amz-Credential")?)
            .map_err(|why| wrong(&format!("Error parsing the X-Amz-Credential parameter; {why}")))?;
        let time = param("X-Amz-Date")?.to_string();
        if clock::parse_amz(&time).is_none() {
            return Err(wrong("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""));
        }
        if !time.starts_with(&date) {
            return Err(wrong(&format!(
                "Invalid credential date \"{date}\". This date is not the same as X-Amz-Date: \"{}\".",
                &time[..8]
            )));
        }
        let expires: i64 =
            param("X-Amz-Expires")?.parse().map_err(|_| wrong("X-Amz-Expires should be a number"))?;
        if expires < 0 {
            return Err(wrong("X-Amz-Expires must be non-negative"));
        }
        if expires > MAX_EXPIRES {
            return Err(wrong(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must \
                 be less than 604800 seconds",
            ));
        }
        Ok(Claim {
            access_key,
            date,
            region,
            signed_headers: param("X-Amz-SignedHeaders")?.split(';').map(str::to_string).collect(),
            signature: param("X-Amz-Signature")?.to_string(),
            time,
            expires: Some(expires),
        })
    }
}

/// `AKID/20130524/us-east-1/s3/aws4_request` as access key, date and region.
fn parse_scope(text: &str) -> std::result::Result<(String, String, String), String> {
    let parts: Vec<&str> = text.split('/').collect();
    let [access_key, date, region, service, terminal] = parts[..] else {
        return Err(
            "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."
                .into(),
        );
    };
    if service != "s3" {
        return Err(format!("incorrect service \"{service}\". This endpoint belongs to \"s3\"."));
    }
    if terminal != "aws4_request" {
        return Err(format!("incorrect terminal \"{terminal}\". This endpoint uses \"aws4_request\"."));
    }
    Ok((access_key.into(), date.into(), region.into()))
}
