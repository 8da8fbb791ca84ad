//! How many requests one download keeps going at a time: pure arithmetic over what was measured.
//!
//! Invariant: another request starts only if the network, and not this machine, holds the bytes up, and only
//! while the last ones made the download faster. A busy machine would only be made busier.

use std::time::Duration;

/// A server that takes longer to begin its answer is far away: one connection will not fill the line.
const FAR: Duration = Duration::from_millis(4);

/// Bytes to see before the concurrency is judged again.
const WINDOW: u64 = 4 << 20;

/// What of a download has happened so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    /// Time since its first answer began.
    pub(crate) elapsed: Duration,
    /// Of that, the time in which nothing was done but to wait for bytes.
    pub(crate) waited: Duration,
    /// Bytes that came.
    pub(crate) bytes: u64,
}

#[derive(Debug)]
pub(crate) struct Concurrency {
    streams: usize,
    most: usize,
    last: Measured,
    /// Bytes a second, in the window before.
    rate: f64,
}

impl Concurrency {
    /// The concurrency of a download whose first answer took `latency` to begin; never more than `most`
    /// requests at a time.
    pub(crate) fn new(latency: Duration, most: usize) -> Concurrency {
        let most = most.max(1);
        Concurrency {
            streams: if latency >= FAR { most } else { 1 },
            most,
            last: Measured::default(),
            rate: 0.0,
        }
    }

    /// Requests to keep going.
    pub(crate) fn streams(&self) -> usize {
        self.streams
    }

    /// Whether there may be more requests than there are.
    pub(crate) fn may_grow(&self) -> bool {
        self.streams < self.most
    }

    /// Takes in what was measured; returns whether there should be more requests now.
    pub(crate) fn look(&mut self, seen: Measured) -> bool {
        let bytes = seen.bytes - self.last.bytes;
        if !self.may_grow() || bytes < WINDOW {
            return false;
        }
        let elapsed = (seen.elapsed - self.last.elapsed).as_secs_f64().max(1e-9);
        let waited = (seen.waited - self.last.waited).as_secs_f64();
        let rate = bytes as f64 / elapsed;
        let more = waited > elapsed / 2.0 && rate > self.rate * 1.2;
        self.last = seen;
        self.rate = rate.max(self.rate);
        if more {
            self.streams = (self.streams * 2).min(self.most);
        }
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(elapsed: u64, waited: u64, mib: u64) -> Measured {
        Measured {
            elapsed: Duration::from_millis(elapsed),
            waited: Duration::from_millis(waited),
            bytes: mib << 20,
        }
    }

    #[test]
    fn a_far_server_gets_all_at_once() {
        assert_eq!(Concurrency::new(Duration::from_millis(20), 8).streams(), 8);
        assert_eq!(Concurrency::new(Duration::from_millis(1), 8).streams(), 1);
        assert_eq!(Concurrency::new(Duration::from_millis(1), 0).streams(), 1);
    }

    #[test]
    fn a_busy_machine_gets_no_more() {
        let mut concurrency = Concurrency::new(Duration::ZERO, 8);
        assert!(!concurrency.look(seen(10, 1, 8)));
        assert!(!concurrency.look(seen(20, 3, 16)));
        assert_eq!(concurrency.streams(), 1);
    }

    #[test]
    fn a_slow_line_gets_more_while_it_helps() {
        let mut concurrency = Concurrency::new(Duration::ZERO, 8);
        assert!(!concurrency.look(seen(5, 5, 1)), "too little to judge by");
        assert!(concurrency.look(seen(100, 90, 8)));
        assert!(concurrency.look(seen(150, 130, 16)));
        assert_eq!(concurrency.streams(), 4);
        assert!(!concurrency.look(seen(200, 180, 24)), "the last ones did not help");
        assert_eq!(concurrency.streams(), 4);
    }
}
