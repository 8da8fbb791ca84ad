//! The failure of a request: the error that a server's refusal, or a missing response, becomes.
//!
//! Invariant: no URL and no header reaches a message.

use std::error::Error as StdError;

use aws_smithy_runtime_api::client::result::ConnectorError;

use super::failure::{Cause, Failure, Refusal, crop, meaning};
use super::foreign::foreign;
use super::sentence::told;
use crate::error::{Error, ErrorKind};
use crate::http::NoResponse;

/// Why a response with a success status could not be used.
pub(super) const UNREADABLE: &str = "it is not the expected XML";

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

/// The innermost cause, which is the shortest and most exact.
fn root(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    crop(&cause.to_string())
}
