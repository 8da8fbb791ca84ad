//! Translates what a server answers and the SDK reports into `Error`: kind, sentence, status, code, request
//! id; and what it means for a retry.
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
use super::foreign::foreign;
use super::retry::{Cause, Failure};
use super::sentence::told;
use crate::error::{Error, ErrorKind};
use crate::http::NoResponse;

/// Why a response with a success status could not be used.
pub(super) const UNREADABLE: &str = "it is not the XML that was asked for";

/// A server's refusal, whoever read it.
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
    /// The region that the server says the bucket lives in, if that is why it refused.
    fn right_region(&self) -> Option<String> {
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
    fn date(&self) -> Option<SystemTime> {
        let by_header = || DateTime::from_str((self.header)("date")?, Format::HttpDate).ok();
        let by_body = || {
            let (text, _) = self.body.split_once("<ServerTime>")?.1.split_once('<')?;
            DateTime::from_str(text, Format::DateTime).ok()
        };
        by_header().or_else(by_body).and_then(|date| SystemTime::try_from(date).ok())
    }

    /// How long the server asks to be left alone: in seconds, or in AWS's own header in milliseconds.
    fn after(&self) -> Option<Duration> {
        let number = |name| (self.header)(name)?.trim().parse().ok();
        number("x-amz-retry-after")
            .map(Duration::from_millis)
            .or_else(|| number("retry-after").map(Duration::from_secs))
    }
}

/// The failure that a refusal is.
pub(super) fn refused(refusal: Refusal<'_>) -> Failure {
    let region = refusal.right_region();
    // The answer to a HEAD has no body to say so.
    let code = refusal
        .code
        .clone()
        .or_else(|| (refusal.status == 404 && refusal.body.is_empty()).then(|| "NotFound".to_owned()));
    let (kind, cause) = meaning(refusal.status, code.as_deref(), region.clone());
    let date = refusal.date();
    let error = match foreign(&refusal) {
        Some(foreign) => Error::new(foreign.kind, foreign.why).lasting().with_advice(&foreign.advice),
        None => told(&refusal, kind, code.as_deref(), region.as_deref(), date),
    };
    let error =
        error.with_answer(Some(refusal.status), code.as_deref(), (refusal.header)("x-amz-request-id"));
    Failure {
        error: if matches!(cause, Cause::Transient | Cause::Throttled) { error.passing() } else { error },
        cause,
        date,
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
            let shown = if cause == Cause::Final { shown.lasting() } else { shown };
            Failure { cause, sent: found.is_sent, ..shown.into() }
        }
        None => Failure {
            cause,
            ..Error::new(kind, format!("the server could not be reached: {}", root(error))).into()
        },
    }
}

/// The failure that the SDK reports.
pub(super) fn failure<E>(server: &str, error: SdkError<E, Response>) -> Failure
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let answer = error.raw_response();
    let status = answer.map(|answer| answer.status().as_u16());
    let refused = |code: Option<&str>, message: Option<&str>| {
        let body =
            answer.and_then(|answer| answer.body().bytes()).and_then(|body| std::str::from_utf8(body).ok());
        refused(Refusal {
            server,
            status: status.unwrap_or(0),
            header: &|name| answer.and_then(|answer| answer.headers().get(name)),
            code: code.map(str::to_owned),
            message: message.map(str::to_owned),
            body: body.unwrap_or_default(),
        })
    };
    match &error {
        SdkError::ServiceError(context)
            if context.err().code().is_some() || status.is_none_or(|status| status >= 300) =>
        {
            refused(context.err().code(), context.err().message())
        }
        // A success that the SDK can't read: an error sent after the status, or no answer to what was asked.
        SdkError::ServiceError(_) => {
            match answer.and_then(|answer| answer.body().bytes()).and_then(documents::refusal) {
                Some((code, message)) => refused(code.as_deref(), message.as_deref()),
                None if answer.is_some_and(|answer| is_foreign(server, answer)) => refused(None, None),
                None => {
                    let request_id = answer.and_then(|answer| answer.headers().request_id());
                    let error = Error::new(
                        ErrorKind::Network,
                        format!("the answer broke off or can't be read: {UNREADABLE}"),
                    );
                    Failure { cause: Cause::Transient, ..error.with_answer(status, None, request_id).into() }
                }
            }
        }
        SdkError::TimeoutError(_) => Failure {
            cause: Cause::Timeout,
            ..Error::new(ErrorKind::Timeout, "the server did not answer in time").into()
        },
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(error) => unreachable(error),
            None => Error::new(ErrorKind::Network, "the server could not be reached").into(),
        },
        SdkError::ResponseError(_) if status.is_some_and(|status| status >= 300) => refused(None, None),
        SdkError::ResponseError(_) if answer.is_some_and(|answer| is_foreign(server, answer)) => {
            refused(None, None)
        }
        other => {
            let (kind, what, cause) = match status {
                Some(_) => (ErrorKind::Network, "the answer broke off or can't be read", Cause::Transient),
                None => (ErrorKind::InvalidInput, "the request can't be sent", Cause::Final),
            };
            let request_id = answer.and_then(|answer| answer.headers().request_id());
            let told =
                || Error::new(kind, format!("{what}: {}", root(other))).with_answer(status, None, request_id);
            Failure { cause, ..credentials(other).unwrap_or_else(told).into() }
        }
    }
}

/// Whether a response that says that all went well is not S3's.
fn is_foreign(server: &str, answer: &Response) -> bool {
    let body = answer.body().bytes().and_then(|body| std::str::from_utf8(body).ok()).unwrap_or_default();
    let header = |name: &str| answer.headers().get(name);
    foreign(&Refusal {
        server,
        status: answer.status().as_u16(),
        header: &header,
        code: None,
        message: None,
        body,
    })
    .is_some()
}

/// The error to show for a failed request.
pub(super) fn translate<E>(error: SdkError<E, Response>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    failure("the server", error).error
}

/// A server's own words, held to one line that a log can carry.
pub(super) fn crop(said: &str) -> String {
    let line: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.trim_end_matches('.').to_owned()
}

/// A failure to get credentials, wherever it hides in the chain of causes.
fn credentials(error: &(dyn StdError + 'static)) -> Option<Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<CredentialsError>() {
            let ours = found.source().and_then(|cause| cause.downcast_ref::<Error>());
            return Some(ours.cloned().unwrap_or_else(|| {
                Error::new(
                    ErrorKind::Credentials,
                    format!("the credentials could not be loaded: {}", root(found)),
                )
            }));
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
