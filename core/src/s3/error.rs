//! Translates what a server answers and the SDK reports into `Error`: kind, sentence, status, code, request id; and what it means for a retry.
//!
//! Law: the only place that knows the SDK's error types. No URL and no header reaches a message.

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::documents;
use super::failure::meaning;
use super::retry::{Cause, Failure};
use crate::error::{Error, ErrorKind};
use crate::http::NoResponse;

/// Why a response with a success status could not be used.
pub(super) const UNREADABLE: &str = "it is not the XML that was asked for";

/// A server's refusal, whoever read it.
pub(super) struct Refusal<'a> {
    pub(super) status: u16,
    pub(super) header: &'a dyn Fn(&str) -> Option<&'a str>,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) body: &'a str,
}

impl Refusal<'_> {
    /// The region that the server says the bucket lives in, if that is why it refused.
    fn right_region(&self) -> Option<String> {
        if !matches!(self.status, 301 | 307 | 400 | 403) {
            return None;
        }
        if let Some(region) = (self.header)("x-amz-bucket-region") {
            return Some(region.to_owned());
        }
        // AuthorizationHeaderMalformed and some servers' redirects name it in the body alone.
        let (_, rest) = self.body.split_once("<Region>")?;
        let (region, _) = rest.split_once("</Region>")?;
        Some(region.to_owned()).filter(|region| !region.is_empty() && region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
    }

    /// How long the server asks to be left alone: in seconds, or in AWS's own header in milliseconds.
    fn after(&self) -> Option<Duration> {
        let number = |name| (self.header)(name)?.trim().parse().ok();
        number("x-amz-retry-after").map(Duration::from_millis).or_else(|| number("retry-after").map(Duration::from_secs))
    }
}

/// The failure that a refusal is.
pub(super) fn refused(refusal: Refusal<'_>) -> Failure {
    let region = refusal.right_region();
    // The answer to a HEAD has no body to say so.
    let code = refusal.code.clone().or_else(|| (refusal.status == 404 && refusal.body.is_empty()).then(|| "NotFound".to_owned()));
    let (kind, cause) = meaning(refusal.status, code.as_deref(), region.clone());
    let said = refusal.message.as_deref().filter(|message| !message.is_empty());
    let request_id = (refusal.header)("x-amz-request-id");
    let date = (refusal.header)("date").and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
    let message = sentence(kind, code.as_deref(), said, Some(refusal.status), region.as_deref());
    let error = Error::new(kind, message).with_answer(Some(refusal.status), code.as_deref(), request_id);
    Failure {
        error: if matches!(cause, Cause::Transient | Cause::Throttled) { error.passing() } else { error },
        cause,
        date: date.and_then(|date| SystemTime::try_from(date).ok()),
        after: refusal.after(),
        sent: true,
    }
}

/// The failure to get a response.
pub(super) fn unreachable(error: &ConnectorError) -> Failure {
    if let Some(error) = credentials(error) {
        return error.into();
    }
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Network };
    let cause = match kind {
        ErrorKind::Timeout => Cause::Timeout,
        _ if error.is_io() || error.as_other().is_some() => Cause::Transient,
        _ => Cause::Final,
    };
    match NoResponse::of(error) {
        Some(found) => {
            let shown = Error::new(kind, &*found.why);
            let shown = found.advice.iter().fold(shown, |shown, advice| shown.with_advice(advice));
            Failure { cause, sent: found.is_sent, ..shown.into() }
        }
        None => Failure { cause, ..Error::new(kind, format!("the server could not be reached: {}", root(error))).into() },
    }
}

/// The failure that the SDK reports.
pub(super) fn failure<E>(error: SdkError<E, Response>) -> Failure
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let answer = error.raw_response();
    let status = answer.map(|answer| answer.status().as_u16());
    let refused = |code: Option<&str>, message: Option<&str>| {
        let body = answer.and_then(|answer| answer.body().bytes()).and_then(|body| std::str::from_utf8(body).ok());
        refused(Refusal {
            status: status.unwrap_or(0),
            header: &|name| answer.and_then(|answer| answer.headers().get(name)),
            code: code.map(str::to_owned),
            message: message.map(str::to_owned),
            body: body.unwrap_or_default(),
        })
    };
    match &error {
        SdkError::ServiceError(context) if context.err().code().is_some() || status.is_none_or(|status| status >= 300) => {
            refused(context.err().code(), context.err().message())
        }
        // A success that the SDK can't read: an error sent after the status, or no answer to what was asked.
        SdkError::ServiceError(_) => match answer.and_then(|answer| answer.body().bytes()).and_then(documents::refusal) {
            Some((code, message)) => refused(code.as_deref(), message.as_deref()),
            None => {
                let request_id = answer.and_then(|answer| answer.headers().request_id());
                let error = Error::new(ErrorKind::Network, format!("the answer broke off or can't be read: {UNREADABLE}"));
                Failure { cause: Cause::Transient, ..error.with_answer(status, None, request_id).into() }
            }
        },
        SdkError::TimeoutError(_) => {
            Failure { cause: Cause::Timeout, ..Error::new(ErrorKind::Timeout, "the server did not answer in time").into() }
        }
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(error) => unreachable(error),
            None => Error::new(ErrorKind::Network, "the server could not be reached").into(),
        },
        SdkError::ResponseError(_) if status.is_some_and(|status| status >= 300) => refused(None, None),
        other => {
            let (kind, what, cause) = match status {
                Some(_) => (ErrorKind::Network, "the answer broke off or can't be read", Cause::Transient),
                None => (ErrorKind::InvalidInput, "the request can't be sent", Cause::Final),
            };
            let request_id = answer.and_then(|answer| answer.headers().request_id());
            let told = || Error::new(kind, format!("{what}: {}", root(other))).with_answer(status, None, request_id);
            Failure { cause, ..credentials(other).unwrap_or_else(told).into() }
        }
    }
}

/// The error to show for a failed request.
pub(super) fn translate<E>(error: SdkError<E, Response>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    failure(error).error
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
