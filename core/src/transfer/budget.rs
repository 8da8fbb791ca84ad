//! The process's budget of bytes in flight: parts wait for room, whatever the number of calls.
//!
//! Law: a part larger than the whole budget takes all of it, so that it moves alone instead of never.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, ErrorKind, Result};
use crate::runtime;

/// Bytes that the process keeps in flight at most: 256 MiB.
const BUDGET: u64 = 256 << 20;

/// The unit that is counted: 64 KiB.
const UNIT: u64 = 64 << 10;

/// Waits for room for so many bytes; they count until the permit is dropped.
pub(super) async fn room(bytes: u64) -> Result<OwnedSemaphorePermit> {
    let budget: Arc<Arc<Semaphore>> = runtime::current()?.shared("budget", || Arc::new(Semaphore::new((BUDGET / UNIT) as usize)));
    let units = bytes.clamp(1, BUDGET).div_ceil(UNIT) as u32;
    (*budget).clone().acquire_many_owned(units).await.map_err(|_| Error::new(ErrorKind::Internal, "the budget of bytes is gone"))
}
