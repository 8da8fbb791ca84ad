//! The concurrency of a transfer under way: what is measured of it, and what becomes of that.
//!
//! Invariant: looked at by the task that runs the transfer, at each tick.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::concurrency::{Concurrency, Measured};
use super::idle::Since;
use crate::observe::count;
use crate::s3::S3;

/// How often a transfer is looked at.
const TICK: Duration = Duration::from_millis(25);

pub(crate) struct Pace {
    concurrency: Concurrency,
    at: S3,
    since: Since,
    tick: Interval,
    /// When `pass` measures again.
    next: Duration,
    /// Bytes that were moved, by all of the transfer's requests.
    moved: Arc<AtomicU64>,
    /// Requests whose bytes are coming or going now, where that is counted.
    active: Option<Arc<AtomicUsize>>,
    /// How often the server had complained before.
    complaints: u64,
}

impl Pace {
    pub(crate) fn new(
        concurrency: Concurrency,
        at: &S3,
        moved: Arc<AtomicU64>,
        active: Option<Arc<AtomicUsize>>,
    ) -> Pace {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let complaints = at.complaints();
        Pace { concurrency, at: at.clone(), since: Since::now(), tick, next: TICK, moved, active, complaints }
    }

    /// Requests to keep going.
    pub(crate) fn streams(&self) -> usize {
        self.concurrency.streams()
    }

    /// Bytes a second of one stream, lately.
    pub(crate) fn each(&self) -> u64 {
        self.concurrency.rate() as u64 / self.streams() as u64
    }

    /// Waits for the next tick, and takes in what was moved since the last. May be dropped at any time.
    pub(crate) async fn tick(&mut self) {
        self.tick.tick().await;
        self.look();
    }

    /// The same, called as often as the caller likes: it measures once a tick.
    pub(crate) fn pass(&mut self) {
        if self.since.elapsed() >= self.next {
            self.next = self.since.elapsed() + TICK;
            self.look();
        }
    }

    fn look(&mut self) {
        let bytes = self.moved.load(Ordering::Relaxed);
        let active = self.active.as_ref().map(|active| active.load(Ordering::Relaxed));
        let now = Measured { elapsed: self.since.elapsed(), waited: self.since.idle(), bytes, active };
        let complaints = self.at.complaints();
        if complaints != self.complaints {
            self.complaints = complaints;
            self.concurrency.throttled(now);
        } else {
            self.concurrency.look(now);
        }
        let (streams, rate) = (self.streams() as u64, self.concurrency.rate() as u64);
        count(|tally| tally.chose(streams, rate, self.concurrency.limit() as u64));
    }
}

/// A request that is counted as long as this is there.
pub(crate) struct CountedRequest(Arc<AtomicUsize>);

impl CountedRequest {
    pub(crate) fn of(count: &Arc<AtomicUsize>) -> CountedRequest {
        count.fetch_add(1, Ordering::Relaxed);
        CountedRequest(count.clone())
    }
}

impl Drop for CountedRequest {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
