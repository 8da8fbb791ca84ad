//! Tasks that move the parts of a transfer.

use tokio::task::JoinError;

use crate::error::{Error, ErrorKind, Result};

/// The outcome of a part's task, which ended or was to be waited for.
pub(crate) fn joined<T>(outcome: Option<std::result::Result<Result<T>, JoinError>>) -> Result<T> {
    match outcome {
        Some(Ok(result)) => result,
        _ => Err(Error::new(ErrorKind::Internal, "a part's task stopped; please report it")),
    }
}
