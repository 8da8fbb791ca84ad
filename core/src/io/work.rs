//! Blocking file work for async callers: on a thread made for it, or on the caller's own where that is short.
//!
//! Invariant: `owned` work never outlives its caller unseen. A dropped caller either prevents the work or
//! drops its result.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::runtime;

/// Runs blocking file work on a thread made for it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    runtime::blocking(work).await.unwrap_or_else(|_| Err(io::Error::other("a worker thread stopped")))
}

/// Runs short work that makes, renames or removes files, with a result that undoes it when dropped.
///
/// A caller that is dropped meanwhile waits for started work and drops its result; other work never starts.
/// So nothing happens to the file system after the drop. On a thread that drives its own call, the work runs
/// in place: two hand-offs cost more than the work does.
pub(crate) async fn owned<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    if runtime::drives() {
        return work();
    }
    let caller = Caller(Arc::new(Mutex::new(WorkState::Waiting(Box::new(work)))));
    let stage = caller.0.clone();
    blocking(move || {
        // Locked while the work runs: this is what a dropped caller waits for.
        let mut stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
        if let WorkState::Waiting(work) = std::mem::replace(&mut *stage, WorkState::Ended) {
            *stage = WorkState::Done(work());
        }
        Ok(())
    })
    .await?;
    match caller.take() {
        WorkState::Done(outcome) => outcome,
        _ => Err(io::Error::other("a worker thread stopped")),
    }
}

enum WorkState<T> {
    Waiting(Box<dyn FnOnce() -> io::Result<T> + Send>),
    Done(io::Result<T>),
    /// The work or its result was taken, or panicked.
    Ended,
}

/// The caller's share of the work.
struct Caller<T>(Arc<Mutex<WorkState<T>>>);

impl<T> Caller<T> {
    fn take(&self) -> WorkState<T> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), WorkState::Ended)
    }
}

impl<T> Drop for Caller<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::channel;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Removes what the work made.
    struct RemovesFlag(Arc<AtomicBool>);

    impl Drop for RemovesFlag {
        fn drop(&mut self) {
            self.0.store(false, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_dropped_caller_waits_for_work_that_has_begun_and_undoes_it() {
        let there = Arc::new(AtomicBool::new(false));
        let (begun, has_begun) = channel();
        let (release, is_released) = channel();
        let made = there.clone();
        let mut call = Box::pin(owned(move || {
            begun.send(()).unwrap();
            is_released.recv().unwrap();
            made.store(true, Ordering::SeqCst);
            Ok(RemovesFlag(made))
        }));
        assert!(matches!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
        has_begun.recv().unwrap();
        release.send(()).unwrap();
        drop(call);
        assert!(!there.load(Ordering::SeqCst));
    }

    #[test]
    fn the_result_is_the_caller_s() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(owned(|| Ok(3))).unwrap(), 3);
        assert!(runtime.block_on(owned(|| Err::<(), _>(io::Error::other("no")))).is_err());
    }
}
