//! How long a transfer waited for the network while nothing was done for it.
//!
//! Invariant: neither a thread that drives its own call and was busy, nor workers that were, did wait: more
//! requests would only make them busier.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::runtime;

/// When a wait began.
pub(crate) struct Since {
    begun: Instant,
    worked: Duration,
    busy: Duration,
}

impl Since {
    pub(crate) fn now() -> Since {
        Since { begun: Instant::now(), worked: worked(), busy: runtime::workers_busy() }
    }

    /// The time since then.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The time since then in which nothing was done.
    pub(crate) fn idle(&self) -> Duration {
        let worked = worked().saturating_sub(self.worked);
        let busy = runtime::workers_busy().saturating_sub(self.busy);
        self.elapsed().saturating_sub(worked.max(busy))
    }
}

/// What the thread worked so far, if it drives its call.
fn worked() -> Duration {
    if !runtime::drives() {
        return Duration::ZERO;
    }
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll};

    use super::*;

    #[test]
    fn who_drives_and_works_does_not_wait() {
        let work = Duration::from_millis(20);
        let driver = runtime::current().unwrap().driver().unwrap();
        let mut driven = driver.start(Box::pin(async {})).unwrap();
        let mut work = |_: &mut Context<'_>| {
            let since = Since::now();
            while worked() < since.worked + work {}
            Poll::Ready(since.idle() + work <= since.begun.elapsed())
        };
        // A beat may be over before it begins.
        let told = std::iter::repeat_with(|| driven.run(Duration::from_secs(60), &mut work)).flatten().next();
        assert_eq!((told, worked()), (Some(true), Duration::ZERO));
    }
}
