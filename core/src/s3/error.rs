//! Translates what the SDK reports into `Error`: kind, sentence, status, code, request id.
//!
//! Law: the only place that knows the SDK's error types. No URL and no header reaches a message.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;
use aws_smithy_runtime_api::http::Response;

use crate::error::{Error, ErrorKind};

/// The region that the server says the bucket lives in, if that is why it refused.
pub(super) fn right_region<E>(error: &SdkError<E, Response>) -> Option<String> {
    let response = error.raw_response()?;
    if !matches!(response.status().as_u16(), 301 | 307 | 400 | 403) {
        return None;
    }
    if let Some(region) = response.headers().get("x-amz-bucket-region") {
        return Some(region.to_owned());
    }
    // AuthorizationHeaderMalformed and some servers' redirects name it in the body alone.
    let body = std::str::from_utf8(response.body().bytes()?).ok()?;
    let (_, rest) = body.split_once("<Region>")?;
    let (region, _) = rest.split_once("</Region>")?;
    Some(region.to_owned()).filter(|region| !region.is_empty() && region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
}

/// The error to show for a failed request.
pub(super) fn translate<E>(error: SdkError<E, Response>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    let region = right_region(&error);
    let request_id = error.raw_response().and_then(|response| response.headers().request_id()).map(str::to_owned);
    match &error {
        SdkError::ServiceError(context) => {
            let code = context.err().code().map(str::to_owned);
            let kind = kind(code.as_deref(), status.unwrap_or(0), region.is_some());
            let said = context.err().message().filter(|message| !message.is_empty());
            Error::new(kind, sentence(kind, code.as_deref(), said, status, region.as_deref())).with_answer(
                status,
                code.as_deref(),
                request_id.as_deref(),
            )
        }
        SdkError::TimeoutError(_) => Error::new(
            ErrorKind::Timeout,
            "the server did not answer in time; see the settings connect_timeout, read_timeout and operation_timeout",
        ),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            Error::new(ErrorKind::Timeout, "the server could not be reached in time; see the settings connect_timeout and read_timeout")
        }
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(cause) => credentials(cause)
                .unwrap_or_else(|| Error::new(ErrorKind::Network, format!("the server could not be reached: {}", root(cause)))),
            None => Error::new(ErrorKind::Network, "the server could not be reached"),
        },
        SdkError::ResponseError(_) if status.is_some_and(|status| status >= 300) => {
            let kind = kind(None, status.unwrap_or(0), region.is_some());
            Error::new(kind, sentence(kind, None, None, status, region.as_deref())).with_answer(status, None, request_id.as_deref())
        }
        other => credentials(other).unwrap_or_else(|| {
            let kind = if status.is_some() { ErrorKind::Network } else { ErrorKind::InvalidInput };
            let verb = if status.is_some() { "the answer broke off or can't be read" } else { "the request can't be sent" };
            Error::new(kind, format!("{verb}: {}", root(other))).with_answer(status, None, request_id.as_deref())
        }),
    }
}

fn kind(code: Option<&str>, status: u16, elsewhere: bool) -> ErrorKind {
    use ErrorKind::*;
    if elsewhere && matches!(status, 301 | 307 | 400) {
        return WrongRegion;
    }
    match code.unwrap_or("") {
        "NoSuchBucket" => NoSuchBucket,
        "NoSuchKey" | "NoSuchVersion" | "NoSuchUpload" | "NotFound" | "NoSuchTagSet" => NotFound,
        "AccessDenied" | "AllAccessDisabled" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "RequestTimeTooSkewed" | "Forbidden" => {
            PermissionDenied
        }
        "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" => Credentials,
        "PreconditionFailed" | "ConditionalRequestConflict" | "BucketNotEmpty" => Precondition,
        "NotModified" => NotModified,
        "InvalidRange" => Range,
        "SlowDown" | "Throttling" | "ThrottlingException" | "TooManyRequests" | "RequestLimitExceeded" => Throttled,
        "RequestTimeout" => Timeout,
        "PermanentRedirect" | "IllegalLocationConstraintException" => WrongRegion,
        "BucketAlreadyExists" | "BucketAlreadyOwnedByYou" => AlreadyExists,
        "BadDigest" | "InvalidDigest" | "XAmzContentSHA256Mismatch" | "IncompleteBody" => Corrupt,
        "NotImplemented" => Unsupported,
        _ => match status {
            301 | 307 => WrongRegion,
            304 => NotModified,
            400 => InvalidInput,
            401 | 403 => PermissionDenied,
            404 => NotFound,
            408 => Timeout,
            409 | 412 => Precondition,
            416 => Range,
            429 => Throttled,
            501 => Unsupported,
            503 => Throttled,
            _ => Service,
        },
    }
}

fn sentence(kind: ErrorKind, code: Option<&str>, said: Option<&str>, status: Option<u16>, region: Option<&str>) -> String {
    let ours = match kind {
        ErrorKind::NotFound => "there is no such object, version or upload",
        ErrorKind::NoSuchBucket => "there is no such bucket",
        ErrorKind::NotModified => return "the object is as you have it".to_owned(),
        ErrorKind::Precondition if code == Some("BucketNotEmpty") => "the bucket is not empty",
        ErrorKind::Precondition => "a condition of the request does not hold: the object there is another one",
        ErrorKind::Range => "the range lies outside the object",
        ErrorKind::Credentials => "the credentials have expired or are not valid; renew them",
        ErrorKind::PermissionDenied => match code {
            Some("InvalidAccessKeyId") => "the server does not know this access key id",
            Some("SignatureDoesNotMatch") => "the server refused the signature; check the secret access key",
            Some("RequestTimeTooSkewed") => "this machine's clock is too far from the server's",
            _ => "the server refused access; check the identity and its permissions",
        },
        ErrorKind::Throttled => "the server asks to slow down, and retries did not help",
        ErrorKind::WrongRegion => match region {
            Some(region) => return format!("the bucket lives in the region {region}; set `region` to it"),
            None => "the bucket lives in another region; set `region` to it",
        },
        ErrorKind::AlreadyExists => "it exists already",
        ErrorKind::Corrupt => "the server received other bytes than were sent",
        ErrorKind::Unsupported => "this server can't do that",
        _ => "the server refused the request",
    };
    match (said, status) {
        (Some(said), _) => format!("{ours} ({})", crop(said)),
        (None, Some(status)) if matches!(kind, ErrorKind::Service | ErrorKind::InvalidInput) => format!("{ours} (status {status})"),
        _ => ours.to_owned(),
    }
}

/// A server's own words, held to one line that a log can carry.
fn crop(said: &str) -> String {
    let line: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.trim_end_matches('.').to_owned()
}

/// A failure to get credentials, wherever it hides in the chain of causes.
fn credentials(error: &(dyn StdError + 'static)) -> Option<Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<CredentialsError>() {
            let ours = found.source().and_then(|cause| cause.downcast_ref::<Error>());
            return Some(
                ours.cloned()
                    .unwrap_or_else(|| Error::new(ErrorKind::Credentials, format!("the credentials could not be loaded: {}", root(found)))),
            );
        }
        cause = error.source();
    }
    None
}

/// The innermost cause, which says most in fewest words.
fn root(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    crop(&cause.to_string())
}
