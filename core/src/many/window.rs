//! How many objects are under way at a time: more while that makes them come faster.
//!
//! Invariant: never more than the limit, and no fewer than at first.

use std::time::{Duration, Instant};

use super::InFlight;
use crate::transfer::{Concurrency, Measured, Since};

/// What an object counts for the arithmetic of bytes: a few of them make a window.
const WEIGHT: u64 = 64 << 10;

/// How often it is measured at most.
const OFTEN: Duration = Duration::from_millis(10);

/// A server whose first object comes sooner is so near that no more would help.
const FAR: Duration = Duration::from_millis(10);

pub(super) struct Window {
    limit: InFlight,
    since: Since,
    looked: Instant,
    done: u64,
    /// None before the first object was done, whose time is the server's latency, and where there is nothing
    /// to choose.
    concurrency: Option<Concurrency>,
}

impl Window {
    pub(super) fn new(limit: InFlight) -> Window {
        Window { limit, since: Since::now(), looked: Instant::now(), done: 0, concurrency: None }
    }

    pub(super) fn objects(&self) -> usize {
        let chosen = self.concurrency.as_ref().map_or(self.limit.first, Concurrency::streams);
        chosen.max(self.limit.first)
    }

    /// An object is done.
    pub(super) fn done(&mut self) {
        self.done += 1;
        if self.limit.first == self.limit.most || (self.done > 1 && self.looked.elapsed() < OFTEN) {
            return;
        }
        self.looked = Instant::now();
        let elapsed = self.since.elapsed();
        if self.done == 1 && elapsed < FAR {
            self.limit.most = self.limit.first;
            return;
        }
        let InFlight { first, most } = self.limit;
        let concurrency = self.concurrency.get_or_insert_with(|| Concurrency::from(first, elapsed, most));
        concurrency.look(Measured {
            elapsed,
            waited: self.since.idle(),
            bytes: self.done * WEIGHT,
            active: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_limit_is_kept() {
        let mut window = Window::new(InFlight { first: 3, most: 3 });
        (0..100).for_each(|_| window.done());
        assert_eq!(window.objects(), 3);
    }

    #[test]
    fn without_one_there_are_never_fewer_than_at_first() {
        let mut window = Window::new(InFlight { first: 8, most: 32 });
        std::thread::sleep(FAR);
        for _ in 0..50 {
            std::thread::sleep(Duration::from_millis(2));
            window.done();
            assert!((8..=32).contains(&window.objects()));
        }
    }
}
