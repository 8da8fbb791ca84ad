//! The parts of transfers that may move at a time: by the store's setting, and in the whole process.
//!
//! Invariants: each part that moves takes a connection and often a file, so the parts take at most a quarter
//! of the process's descriptors; `http` bounds the connections themselves. Slots are given in the order of
//! the requests, so that no call starves another.

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
#[derive(Clone)]
struct ProcessSlots {
    most: u32,
    /// Why there are not more.
    source: &'static str,
    free: Arc<Semaphore>,
}

fn of_process() -> Result<ProcessSlots> {
    let made = || {
        let variable = std::env::var(VARIABLE).ok();
        let (wanted, descriptors) = (most(variable.as_deref())?, (runtime::descriptors() / 4).max(1));
        let source = match variable {
            _ if descriptors < wanted => "a quarter of `ulimit -n`",
            Some(text) if !text.trim().is_empty() => "environment variable OARLOCK_MAX_STREAMS",
            _ => "default",
        };
        let most = wanted.min(descriptors);
        Ok(ProcessSlots { most, source, free: Arc::new(Semaphore::new(most as usize)) })
    };
    let slots: Arc<Result<ProcessSlots>> = runtime::current()?.shared("slots", made);
    (*slots).clone()
}

/// Waits for a slot of the store and of the process.
pub(super) async fn acquire(of_store: &Arc<Semaphore>) -> Result<PartSlot> {
    let gone = |_| Error::new(ErrorKind::Internal, "the slots of parts are gone; please report it");
    let of_process = of_process()?.free;
    let of_store = of_store.clone().acquire_owned().await.map_err(gone)?;
    let of_process = of_process.acquire_owned().await.map_err(gone)?;
    Ok(PartSlot { _of_store: of_store, _of_process: of_process })
}

/// A slot if there is one at once and nobody waits.
pub(super) fn try_acquire(of_store: &Arc<Semaphore>) -> Result<Option<PartSlot>> {
    let of_process = of_process()?.free.try_acquire_owned();
    let of_store = of_store.clone().try_acquire_owned();
    Ok(match (of_store, of_process) {
        (Ok(of_store), Ok(of_process)) => Some(PartSlot { _of_store: of_store, _of_process: of_process }),
        _ => None,
    })
}

/// How many parts may move at a time where the store's setting wants so many.
pub(super) fn limited(wanted: Option<u32>) -> Result<u32> {
    Ok(stream_limit(wanted)?.0)
}

/// The same, and the source of that number where it is not the setting.
pub(crate) fn stream_limit(wanted: Option<u32>) -> Result<(u32, Option<&'static str>)> {
    let process = of_process()?;
    Ok(match wanted {
        Some(wanted) if wanted <= process.most => (wanted, None),
        _ => (process.most, Some(process.source)),
    })
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
        assert_eq!(stream_limit(Some(3)).unwrap(), (3, None));
        assert!(stream_limit(Some(1000)).unwrap().1.is_some());
    }
}
