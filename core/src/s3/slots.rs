//! The parts of transfers that may move at a time: by the store's setting, and in the whole process.
//!
//! Invariants: each part that moves takes a connection, so the process keeps three quarters of its
//! descriptors for everything else. Slots are given in the order of the requests, so that no call starves
//! another.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, ErrorKind, Result, fail};
use crate::runtime;

/// The environment variable that sets how many parts of all stores move at a time.
const VARIABLE: &str = "OARLOCK_MAX_STREAMS";

/// So many without it.
const DEFAULT: u32 = 64;

/// Lets one part move.
pub(crate) struct PartSlot {
    _of_store: OwnedSemaphorePermit,
    _of_process: OwnedSemaphorePermit,
}

/// The slots of the process. The variable is read once, at the first transfer.
struct ProcessSlots {
    most: u32,
    free: Arc<Semaphore>,
}

fn of_process() -> Result<ProcessSlots> {
    let made = || {
        let most = most(std::env::var(VARIABLE).ok().as_deref())?.min(runtime::descriptors() / 4).max(1);
        Ok((most, Arc::new(Semaphore::new(most as usize))))
    };
    let slots: Arc<Result<(u32, Arc<Semaphore>)>> = runtime::current()?.shared("slots", made);
    let (most, free) = (*slots).clone()?;
    Ok(ProcessSlots { most, free })
}

/// Waits for a slot of the store and of the process.
pub(super) async fn acquire(of_store: &Arc<Semaphore>) -> Result<PartSlot> {
    let gone = |_| Error::new(ErrorKind::Internal, "the slots of parts are gone; please report it");
    let of_process = of_process()?.free;
    let of_store = of_store.clone().acquire_owned().await.map_err(gone)?;
    let of_process = of_process.acquire_owned().await.map_err(gone)?;
    Ok(PartSlot { _of_store: of_store, _of_process: of_process })
}

/// How many parts may move at a time where the store's setting wants so many.
pub(super) fn limited(wanted: Option<u32>) -> Result<u32> {
    let most = of_process()?.most;
    Ok(wanted.unwrap_or(most).min(most).max(1))
}

fn most(variable: Option<&str>) -> Result<u32> {
    let Some(text) = variable.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(DEFAULT) };
    match text.parse() {
        Ok(most @ 1..=1000) => Ok(most),
        _ => fail!(Config, "{VARIABLE} takes 1 to 1000, not {text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_checked() {
        for (text, expected) in [(None, DEFAULT), (Some(" "), DEFAULT), (Some("1"), 1), (Some("1000"), 1000)]
        {
            assert_eq!(most(text).unwrap(), expected);
        }
        for bad in ["0", "1001", "-1", "many", "1.5"] {
            let error = most(Some(bad)).unwrap_err();
            assert!(error.kind() == ErrorKind::Config && error.message().contains(VARIABLE), "{error}");
        }
    }

    #[test]
    fn a_store_may_have_fewer() {
        assert_eq!(limited(Some(3)).unwrap(), 3);
        assert!(limited(Some(1000)).unwrap() <= DEFAULT);
    }
}
