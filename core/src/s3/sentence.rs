//! The sentence of a refusal: why, with the server's own words, and what to do.
//!
//! Invariant: a sentence claims no more than the response does. Only a code shows that a permission is
//! missing or that an object is not there; a response without text (to a HEAD) leaves that open.

use std::time::{Duration, SystemTime};

use super::failure::{Refusal, crop};
use crate::error::{Error, ErrorKind};

/// A clock that is off by more than this may be why a server refuses. AWS allows 5 to 15 minutes.
pub(super) const SKEW: Duration = Duration::from_secs(240);

/// The error to show for a refusal that is S3's. `date` is the server's time.
pub(super) fn told(
    refusal: &Refusal<'_>,
    kind: ErrorKind,
    code: Option<&str>,
    region: Option<&str>,
    date: Option<SystemTime>,
) -> Error {
    let (why, advice) = ours(refusal, kind, code, region, date);
    let said = refusal.message.as_deref().filter(|message| !message.is_empty());
    let error = Error::new(kind, why);
    let error = match (said, refusal.status) {
        _ if kind == ErrorKind::NotModified => error,
        (Some(said), _) => error.with_detail(&crop(said)),
        (None, status) if matches!(kind, ErrorKind::Service | ErrorKind::InvalidInput) => {
            error.with_detail(&format!("status {status}"))
        }
        (None, _) => error,
    };
    let far = date
        .filter(|_| matches!(refusal.status, 400 | 403) && code != Some("RequestTimeTooSkewed"))
        .and_then(off);
    let error = match far {
        Some((distance, text)) if distance > SKEW => error.with_detail(&text),
        _ => error,
    };
    advice.iter().fold(error, |error, advice| error.with_advice(advice))
}

/// Why, in our words, and what to do.
fn ours(
    refusal: &Refusal<'_>,
    kind: ErrorKind,
    code: Option<&str>,
    region: Option<&str>,
    date: Option<SystemTime>,
) -> (String, Option<String>) {
    // The SDK names the code of a 404 to HEAD itself.
    let is_bare = matches!(refusal.code.as_deref(), None | Some("NotFound")) && refusal.body.is_empty();
    let (why, advice) = match (kind, code.unwrap_or_default()) {
        (_, "InvalidObjectState") => return archived(refusal),
        (_, "RequestTimeTooSkewed") => {
            let why = date.and_then(off).filter(|(distance, _)| distance.as_secs() > 0).map(|(_, text)| text);
            let why = why.unwrap_or_else(|| {
                "this machine's clock is too far from the server's, which does not say how far".to_owned()
            });
            return (why, Some("set this machine's clock".to_owned()));
        }
        (ErrorKind::WrongRegion, _) => match region {
            Some(region) => {
                return (
                    format!("the bucket lives in the region {region}"),
                    Some(format!("set `region` to {region}")),
                );
            }
            None => ("the bucket lives in another region", Some("set `region` to it")),
        },
        (_, "AuthorizationHeaderMalformed") => {
            ("the server refused the signature's form", Some("set `region` to the server's region"))
        }
        (_, "InvalidAccessKeyId") => {
            ("the server does not know this access key id", Some("check `access_key_id` and `endpoint`"))
        }
        (_, "SignatureDoesNotMatch") => {
            ("the server refused the signature", Some("check the secret access key"))
        }
        (_, "InvalidToken") => (
            "the server does not accept the session token",
            Some("renew the credentials; `session_token` must be the one of `access_key_id`"),
        ),
        (ErrorKind::Credentials, _) => ("the credentials have expired or are not valid", Some("renew them")),
        (ErrorKind::NotFound, _) if is_bare => (
            "there is no such object, version or upload, or no such bucket: the response does not say which",
            None,
        ),
        (ErrorKind::NotFound, _) => ("there is no such object, version or upload", None),
        (ErrorKind::NoSuchBucket, _) => ("there is no such bucket", None),
        (ErrorKind::NotModified, _) => ("the object is as you have it", None),
        (ErrorKind::Precondition, "BucketNotEmpty") => ("the bucket is not empty", None),
        (ErrorKind::Precondition, _) => {
            ("a condition of the request does not hold: the object there is another one", None)
        }
        (ErrorKind::Range, _) => ("the range lies outside the object", None),
        (ErrorKind::PermissionDenied, _) if is_bare => (
            "the server refused access without a reason",
            Some(
                "a permission may be missing, or the server may not know the access key or its secret; check \
                 the identity",
            ),
        ),
        (ErrorKind::PermissionDenied, _) => {
            ("the server refused access", Some("check the identity and its permissions"))
        }
        (ErrorKind::Throttled, _) => ("the server asks to slow down, and retries did not help", None),
        (ErrorKind::AlreadyExists, _) => ("it exists already", None),
        (ErrorKind::Corrupt, _) => ("the server received other bytes than were sent", None),
        (ErrorKind::Unsupported, _) => ("this server can't do that", None),
        _ => ("the server refused the request", None),
    };
    (why.to_owned(), advice.map(str::to_owned))
}

/// An object that has to be restored before it can be read.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html>
fn archived(refusal: &Refusal<'_>) -> (String, Option<String>) {
    let class = refusal.element("StorageClass").or_else(|| (refusal.header)("x-amz-storage-class"));
    let class = match (class, refusal.element("AccessTier")) {
        (Some(class), Some(tier)) => format!("{} ({tier})", crop(class)),
        (Some(class), None) => crop(class),
        (None, _) => "an archive (GLACIER, DEEP_ARCHIVE or a tier of INTELLIGENT_TIERING)".to_owned(),
    };
    let why = format!("the object's storage class is {class}, and it must be restored before it can be read");
    let advice = match (refusal.header)("x-amz-restore") {
        Some(state) if state.contains("ongoing-request=\"true\"") => {
            "restoring it is under way; read it once that is done"
        }
        _ => "restore it (`aws s3api restore-object`), then read it",
    };
    (why, Some(advice.to_owned()))
}

/// How far this machine's clock is from the server's, as a time and in words.
fn off(date: SystemTime) -> Option<(Duration, String)> {
    let now = SystemTime::now();
    let (distance, which) = match date.duration_since(now) {
        Ok(distance) => (distance, "behind"),
        Err(ahead) => (ahead.duration(), "ahead of"),
    };
    Some((distance, format!("this machine's clock is {} {which} the server's", span(distance.as_secs()))))
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} days {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_readable() {
        for (seconds, text) in [(90, "90 s"), (1200, "20 min"), (7500, "2 h 5 min"), (200_000, "2 days 7 h")]
        {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn a_bare_refusal_claims_nothing() {
        let bare = |status| Refusal {
            server: "h:1",
            status,
            header: &|_| None,
            code: None,
            message: None,
            body: "",
        };
        let denied = told(&bare(403), ErrorKind::PermissionDenied, None, None, None);
        assert!(
            denied.message().contains("without a reason") && denied.message().contains("access key"),
            "{denied}"
        );
        let missing = told(&bare(404), ErrorKind::NotFound, Some("NotFound"), None, None);
        assert!(missing.message().contains("or no such bucket"), "{missing}");
    }

    #[test]
    fn the_clock_s_distance_is_told() {
        let refusal =
            Refusal { server: "h:1", status: 403, header: &|_| None, code: None, message: None, body: "" };
        let at = |seconds| Some(SystemTime::now() + Duration::from_secs(seconds));
        let skewed =
            told(&refusal, ErrorKind::PermissionDenied, Some("RequestTimeTooSkewed"), None, at(1230));
        assert!(skewed.message().contains("20 min behind the server's"), "{skewed}");
        let other = told(&refusal, ErrorKind::PermissionDenied, Some("AccessDenied"), None, at(1230));
        assert!(other.message().contains("20 min behind the server's"), "{other}");
        let near = told(&refusal, ErrorKind::PermissionDenied, Some("AccessDenied"), None, at(30));
        assert!(!near.message().contains("clock"), "{near}");
    }
}
