//! Events of a call, reported twice: to `tracing`, for Rust programs, and to the call's mailbox, for the
//! other languages' logs.
//!
//! Invariant: an event never holds a secret, a signed URL or a body. An event reaches the host on the thread
//! that waits, never on a worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

pub use crate::event::{Event, Level};
use crate::mailbox::Mailbox;
use crate::tally::Tally;

tokio::task_local! {
    static CURRENT: Arc<Mailbox>;
}

/// Runs `work` for the call of this mailbox: its events and its questions go there.
pub(crate) fn within<F: Future>(mailbox: Arc<Mailbox>, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(mailbox, work)
}

/// The mailbox of the call that this task works for.
pub(crate) fn current() -> Option<Arc<Mailbox>> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Counts for the call that runs on this task.
pub(crate) fn count(how: impl FnOnce(&Tally)) {
    let _ = CURRENT.try_with(|mailbox| mailbox.count(how));
}

/// `work`, to be spawned, for the call that spawns it.
pub(crate) fn inherited<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let mailbox = current();
    async move {
        match mailbox {
            Some(mailbox) => within(mailbox, work).await,
            None => work.await,
        }
    }
}

static LEVEL: AtomicI32 = AtomicI32::new(Level::Warning as i32);

/// Sets from which level on events go to the mailboxes of calls (and so to the host's log); default:
/// warnings.
pub fn set_level(level: i32) {
    LEVEL.store(level, Ordering::Relaxed);
}

/// Whether anyone would hear an event of this level: asked before a message is made.
pub(crate) fn heard(level: Level) -> bool {
    level as i32 >= LEVEL.load(Ordering::Relaxed)
        || tracing::enabled!(target: "oarlock", tracing::Level::DEBUG)
}

/// Reports an event of the call that runs on this task.
pub(crate) fn event(level: Level, message: String) {
    match level {
        Level::Debug => tracing::debug!(target: "oarlock", "{message}"),
        Level::Info => tracing::info!(target: "oarlock", "{message}"),
        Level::Warning => tracing::warn!(target: "oarlock", "{message}"),
    }
    if (level as i32) < LEVEL.load(Ordering::Relaxed) {
        return;
    }
    let _ = CURRENT.try_with(|mailbox| mailbox.event(Event { level, message }));
}
