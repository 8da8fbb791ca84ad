//! Tasks that move the parts of a transfer.

use tokio::task::{JoinError, JoinSet};

use crate::error::{Error, ErrorKind, Result};
use crate::observe::inherited;
use crate::runtime::workers;
use crate::s3::S3;

/// The outcome of a part's task, which ended or was to be waited for.
pub(crate) fn joined<T>(outcome: Option<std::result::Result<Result<T>, JoinError>>) -> Result<T> {
    match outcome {
        Some(Ok(result)) => result,
        _ => Err(Error::new(ErrorKind::Internal, "a part's task stopped; please report it")),
    }
}

/// Runs work of which the server does most, as much at a time as the store's settings allow: nothing here is
/// measured, and as many requests as may be cost nothing. Returns the outcomes in order. The work takes a
/// slot itself where it sends a request that waits for one.
pub(super) async fn each<F, T>(at: &S3, work: impl Iterator<Item = F>) -> Result<Vec<T>>
where
    F: Future<Output = Result<T>> + Send + 'static,
    T: Send + 'static,
{
    let most = at.concurrency().await? as usize;
    let (mut running, mut done) = (JoinSet::new(), Vec::new());
    for (place, work) in work.enumerate() {
        while running.len() >= most {
            done.push(joined(running.join_next().await)?);
        }
        running.spawn_on(inherited(async move { Ok((place, work.await?)) }), &workers());
    }
    while !running.is_empty() {
        done.push(joined(running.join_next().await)?);
    }
    done.sort_by_key(|(place, _)| *place);
    Ok(done.into_iter().map(|(_, outcome)| outcome).collect())
}
