//! A server's clock, if it differs from ours: requests are signed with its time.
//!
//! Invariant: a server's time is used only if the difference is why it rejected a request.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that is off by more seconds than this is why a server refuses; AWS allows 5 to 15 minutes.
const SKEW: i64 = 240;

/// A server's clock, ours until it is corrected.
#[derive(Default)]
pub(crate) struct Clock {
    /// Seconds that the server's clock is ahead of ours.
    ahead: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> SystemTime {
        let ahead = self.ahead.load(Ordering::Relaxed);
        let (now, distance) = (SystemTime::now(), Duration::from_secs(ahead.unsigned_abs()));
        if ahead < 0 { now - distance } else { now + distance }
    }

    /// Sets it by the date of a refusal, if it is so far off: the seconds that the server is ahead of this
    /// machine.
    pub(crate) fn correct(&self, date: SystemTime) -> Option<i64> {
        let seconds =
            |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs().cast_signed());
        if (seconds(date) - seconds(self.now())).abs() < SKEW {
            return None;
        }
        let ahead = seconds(date) - seconds(SystemTime::now());
        self.ahead.store(ahead, Ordering::Relaxed);
        Some(ahead)
    }
}
