//! The one table of S3's error codes and statuses: which kind of error each is, and what a retry may do about
//! it.
//!
//! Invariant: kind and retry come from the same row, for requests that we send ourselves and for those of the
//! SDK alike.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use std::time::{Duration, SystemTime};

use super::date::{read_http_date, read_timestamp};
use crate::error::Error;
use crate::error::ErrorKind::{self, *};
use crate::http::is_throttled;

/// What a retry may do.
#[derive(Clone, Copy)]
enum Retry {
    /// Nothing: the request would fail again.
    No,
    /// A later attempt may succeed.
    Later,
    /// An attempt with fresh credentials may succeed.
    WithFreshCredentials,
}

const BY_CODE: &[(&[&str], ErrorKind, Retry)] = &[
    (&["NoSuchBucket"], NoSuchBucket, Retry::No),
    (&["NoSuchKey", "NoSuchVersion", "NoSuchUpload", "NotFound", "NoSuchTagSet"], NotFound, Retry::No),
    (
        &["AccessDenied", "AllAccessDisabled", "InvalidAccessKeyId", "SignatureDoesNotMatch"],
        PermissionDenied,
        Retry::No,
    ),
    (&["RequestTimeTooSkewed", "Forbidden"], PermissionDenied, Retry::No),
    (
        &["InvalidClientTokenId", "UnrecognizedClientException", "InvalidSecurity"],
        PermissionDenied,
        Retry::No,
    ),
    (&["NotSignedUp", "AccountProblem"], PermissionDenied, Retry::No),
    // Refused as a condition that does not hold: what the object is lets it be read only later.
    (&["InvalidObjectState"], Precondition, Retry::No),
    (&["ExpiredToken", "TokenRefreshRequired"], Credentials, Retry::WithFreshCredentials),
    (&["InvalidToken"], Credentials, Retry::No),
    (&["PreconditionFailed", "ConditionalRequestConflict", "BucketNotEmpty"], Precondition, Retry::No),
    (&["NotModified"], NotModified, Retry::No),
    (&["InvalidRange"], Range, Retry::No),
    (&["RequestTimeout", "RequestTimeoutException"], Timeout, Retry::Later),
    (&["InternalError"], Service, Retry::Later),
    (&["PermanentRedirect", "IllegalLocationConstraintException"], WrongRegion, Retry::No),
    (&["BucketAlreadyExists", "BucketAlreadyOwnedByYou"], AlreadyExists, Retry::No),
    (&["BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"], Corrupt, Retry::No),
    (&["NotImplemented"], Unsupported, Retry::No),
    // MinIO's and Ceph's words for a full disk and a full quota.
    (
        &["XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientStorage"],
        StorageFull,
        Retry::No,
    ),
];

/// For a code that the table above does not know, or none.
const BY_STATUS: &[(&[u16], ErrorKind, Retry)] = &[
    (&[301, 307], WrongRegion, Retry::No),
    (&[304], NotModified, Retry::No),
    (&[400], InvalidInput, Retry::No),
    (&[401, 403], PermissionDenied, Retry::No),
    (&[404], NotFound, Retry::No),
    (&[408], Timeout, Retry::Later),
    (&[409, 412], Precondition, Retry::No),
    (&[416], Range, Retry::No),
    (&[501], Unsupported, Retry::No),
    (&[507], StorageFull, Retry::No),
    (&[503], Throttled, Retry::Later),
    (&[500, 502, 504], Service, Retry::Later),
];

/// Codes about the identity itself. Other codes about access prove that the server accepts the identity.
const OF_IDENTITY: &[&str] = &[
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "RequestTimeTooSkewed",
    "ExpiredToken",
    "TokenRefreshRequired",
    "InvalidToken",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidSecurity",
    "NotSignedUp",
    "AccountProblem",
];

/// Whether the server does not accept the identity, by the code of its error, so that no permission would
/// help.
pub(crate) fn is_of_identity(code: Option<&str>) -> bool {
    code.is_some_and(|code| OF_IDENTITY.contains(&code))
}

/// The kind of an error response, and why it failed in the terms of a retry. `region` is the bucket's, if the
/// server named it.
pub(super) fn meaning(status: u16, code: Option<&str>, region: Option<String>) -> (ErrorKind, Cause) {
    if is_throttled(status, code) {
        return (Throttled, Cause::Throttled);
    }
    let by_code = || {
        BY_CODE
            .iter()
            .find(|(codes, ..)| code.is_some_and(|code| codes.contains(&code)))
            .map(|row| (row.1, row.2))
    };
    let by_status =
        || BY_STATUS.iter().find(|(statuses, ..)| statuses.contains(&status)).map(|row| (row.1, row.2));
    let (kind, retry) = by_code().or_else(by_status).unwrap_or((Service, Retry::No));
    match (retry, region) {
        (Retry::WithFreshCredentials, _) => (kind, Cause::Expired),
        // A 403 may come from another region and be one about permissions all the same.
        (_, Some(region)) => {
            (if matches!(status, 301 | 307 | 400) { WrongRegion } else { kind }, Cause::Elsewhere(region))
        }
        (Retry::Later, None) => (kind, Cause::Transient),
        // A server in trouble may send a code that does not fit.
        (Retry::No, None) if matches!(status, 500 | 502 | 503 | 504) => (kind, Cause::Transient),
        (Retry::No, None) => (kind, Cause::Final),
    }
}

/// Why an attempt failed, in the terms that decide what follows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cause {
    /// It would fail again.
    Final,
    /// The server is in trouble, or the connection broke.
    Transient,
    Timeout,
    /// The server asks to slow down.
    Throttled,
    /// The credentials have expired.
    Expired,
    /// The server gave no reason, and expired credentials may be it.
    Unexplained,
    /// The bucket lives in this region.
    Elsewhere(String),
}

/// What one attempt of a request comes to.
pub(super) type Attempt<T> = Result<T, Failure>;

/// A failed attempt.
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) cause: Cause,
    /// The server's time, and how long it asks to wait.
    pub(super) date: Option<SystemTime>,
    pub(super) after: Option<Duration>,
    /// Whether the server may have received the request.
    pub(super) sent: bool,
}

impl Failure {
    /// Whether the server may have done the work all the same: it gave no answer, or failed within one.
    pub(super) fn unsure(&self) -> bool {
        let status = self.error.status();
        self.sent
            && !status.is_some_and(|status| (300..500).contains(&status))
            && (status.is_some() || self.cause != Cause::Final)
    }

    /// Whether the server refused the request and gave no reason.
    pub(super) fn is_unexplained(&self) -> bool {
        self.cause == Cause::Final && self.error.status() == Some(400) && self.error.code().is_none()
    }
}

impl From<Error> for Failure {
    /// What failed before anything was sent.
    fn from(error: Error) -> Self {
        Failure { error, cause: Cause::Final, date: None, after: None, sent: true }
    }
}

/// An error response of a server.
pub(super) struct Refusal<'a> {
    /// Host and port of the server.
    pub(super) server: &'a str,
    pub(super) status: u16,
    pub(super) header: &'a dyn Fn(&str) -> Option<&'a str>,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) body: &'a str,
}

impl Refusal<'_> {
    /// The region that the server names as the bucket's, if that is why it refused.
    pub(super) fn right_region(&self) -> Option<String> {
        if !matches!(self.status, 301 | 307 | 400 | 403) {
            return None;
        }
        if let Some(region) = (self.header)("x-amz-bucket-region") {
            return Some(region.to_owned());
        }
        // AuthorizationHeaderMalformed and some servers' redirects name it in the body alone.
        self.element("Region").map(str::to_owned)
    }

    /// A word that the body holds in an element of this name.
    pub(super) fn element(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
        let (text, _) = rest.split_once('<')?;
        Some(text).filter(|text| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        })
    }

    /// The server's time, by the header or, if there is none, by the body.
    pub(super) fn date(&self) -> Option<SystemTime> {
        let by_header = || read_http_date((self.header)("date")?);
        let by_body = || {
            let (text, _) = self.body.split_once("<ServerTime>")?.1.split_once('<')?;
            read_timestamp(text)
        };
        by_header().or_else(by_body)
    }

    /// How long the server asks to be left alone: in seconds, or in AWS's own header in milliseconds.
    pub(super) fn after(&self) -> Option<Duration> {
        let number = |name| (self.header)(name)?.trim().parse().ok();
        number("x-amz-retry-after")
            .map(Duration::from_millis)
            .or_else(|| number("retry-after").map(Duration::from_secs))
    }
}

/// A server's own words, held to one line that a log can carry.
pub(super) fn crop(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_asks_to_slow_down_is_throttled_whatever_the_status() {
        for code in [
            "SlowDown",
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "TooManyRequestsException",
            "TooManyRequests",
            "RequestLimitExceeded",
            "BandwidthLimitExceeded",
            "LimitExceededException",
            "PriorRequestNotComplete",
        ] {
            for status in [200, 400, 403, 409, 429, 500, 503, 509] {
                assert_eq!(
                    meaning(status, Some(code), None),
                    (Throttled, Cause::Throttled),
                    "{status} {code}"
                );
                let region = Some("eu-west-1".to_owned());
                assert_eq!(
                    meaning(status, Some(code), region),
                    (Throttled, Cause::Throttled),
                    "{status} {code}"
                );
            }
        }
        assert_eq!(meaning(429, None, None), (Throttled, Cause::Throttled));
        assert_eq!(meaning(429, Some("Whatever"), None), (Throttled, Cause::Throttled));
    }

    #[test]
    fn kind_and_retry_come_from_one_row() {
        for (status, code, expected) in [
            (400, Some("RequestTimeout"), (Timeout, Cause::Transient)),
            (408, None, (Timeout, Cause::Transient)),
            (200, Some("InternalError"), (Service, Cause::Transient)),
            (503, None, (Throttled, Cause::Transient)),
            (502, None, (Service, Cause::Transient)),
            (500, Some("NoSuchKey"), (NotFound, Cause::Transient)),
            (501, None, (Unsupported, Cause::Final)),
            (501, Some("NotImplemented"), (Unsupported, Cause::Final)),
            (404, Some("NoSuchKey"), (NotFound, Cause::Final)),
            (200, Some("AccessDenied"), (PermissionDenied, Cause::Final)),
            (200, None, (Service, Cause::Final)),
            (400, Some("ExpiredToken"), (Credentials, Cause::Expired)),
            (400, Some("InvalidToken"), (Credentials, Cause::Final)),
        ] {
            assert_eq!(meaning(status, code, None), expected, "{status} {code:?}");
        }
        let elsewhere = || Some("eu-west-1".to_owned());
        let to = Cause::Elsewhere("eu-west-1".to_owned());
        assert_eq!(meaning(301, None, elsewhere()), (WrongRegion, to.clone()));
        assert_eq!(
            meaning(400, Some("AuthorizationHeaderMalformed"), elsewhere()),
            (WrongRegion, to.clone())
        );
        assert_eq!(meaning(403, None, elsewhere()), (PermissionDenied, to));
        assert_eq!(meaning(400, Some("ExpiredToken"), elsewhere()), (Credentials, Cause::Expired));
    }
}
