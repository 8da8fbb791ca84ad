//! What a store's calls have done so far, counted verb by verb.
//!
//! Invariant: counting takes no lock, so that a fork finds none held, and costs a request a few atomic
//! additions. A call that is under way is counted as far as it is. Must not know any verb: a verb is a number
//! here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The counters of one verb of one store.
#[derive(Default)]
pub(crate) struct Tally {
    calls: AtomicU64,
    failures: AtomicU64,
    busy: AtomicU64,
    requests: AtomicU64,
    answers: AtomicU64,
    retries: AtomicU64,
    throttled: AtomicU64,
    bytes: AtomicU64,
    waited: AtomicU64,
    longest: AtomicU64,
    streams: AtomicU64,
    rate: AtomicU64,
    limit: AtomicU64,
    arrivals: [AtomicU64; 4],
    unkept: AtomicU64,
    upstream_errors: AtomicU64,
    upstream_bytes: AtomicU64,
}

/// Where the object of a read-through came from.
#[derive(Clone, Copy)]
pub(crate) enum Arrival {
    Stored,
    Fetched,
    Joined,
    Passed,
}

impl Arrival {
    /// Its name in replies.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Arrival::Stored => "stored",
            Arrival::Fetched => "fetched",
            Arrival::Joined => "joined",
            Arrival::Passed => "passed",
        }
    }
}

/// What a tally holds at one moment.
pub(crate) struct TallySnapshot {
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) microseconds: u64,
    pub(crate) requests: u64,
    pub(crate) retries: u64,
    pub(crate) throttled: u64,
    pub(crate) bytes: u64,
    /// Microseconds, on average and at most, from a request to the beginning of its answer; none without an
    /// answer.
    pub(crate) first_byte: Option<(u64, u64)>,
    /// Of the last transfer that chose its requests: how many at a time, bytes a second, and the number of
    /// the reason.
    pub(crate) chosen: Option<(u64, u64, u64)>,
    /// Objects by where they came from, in the order of `Arrival`.
    pub(crate) arrivals: [u64; 4],
    pub(crate) unkept: u64,
    pub(crate) upstream_errors: u64,
    pub(crate) upstream_bytes: u64,
}

fn add(to: &AtomicU64, more: u64) {
    to.fetch_add(more, Ordering::Relaxed);
}

/// 584 years fit.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Tally {
    /// A call ended, after so long.
    pub(crate) fn call(&self, took: Duration, failed: bool) {
        add(&self.calls, 1);
        add(&self.failures, failed.into());
        add(&self.busy, nanoseconds(took));
    }

    /// A request is sent, for the how manieth time.
    pub(crate) fn request(&self, attempt: u32) {
        add(&self.requests, 1);
        add(&self.retries, (attempt > 1).into());
    }

    /// The answer to a request began after so long.
    pub(crate) fn answer(&self, after: Duration) {
        let after = nanoseconds(after);
        add(&self.answers, 1);
        add(&self.waited, after);
        self.longest.fetch_max(after, Ordering::Relaxed);
    }

    /// A server asked to slow down.
    pub(crate) fn throttled(&self) {
        add(&self.throttled, 1);
    }

    /// A transfer keeps so many requests going, at so many bytes a second, for this reason.
    pub(crate) fn chose(&self, streams: u64, rate: u64, limit: u64) {
        self.streams.store(streams, Ordering::Relaxed);
        self.rate.store(rate, Ordering::Relaxed);
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// So many bytes of objects moved.
    pub(crate) fn bytes(&self, moved: u64) {
        add(&self.bytes, moved);
    }

    /// An object was read through the store.
    pub(crate) fn arrived(&self, from: Arrival) {
        add(&self.arrivals[from as usize], 1);
    }

    /// An object was fetched and could not be stored.
    pub(crate) fn unkept(&self) {
        add(&self.unkept, 1);
    }

    /// A caller got an error instead of an upstream's object.
    pub(crate) fn upstream_error(&self) {
        add(&self.upstream_errors, 1);
    }

    /// So many bytes came from an upstream.
    pub(crate) fn upstream_bytes(&self, came: u64) {
        add(&self.upstream_bytes, came);
    }

    pub(crate) fn counted(&self) -> TallySnapshot {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let answers = load(&self.answers);
        let mean = load(&self.waited).checked_div(answers);
        TallySnapshot {
            calls: load(&self.calls),
            failures: load(&self.failures),
            microseconds: load(&self.busy) / 1000,
            requests: load(&self.requests),
            retries: load(&self.retries),
            throttled: load(&self.throttled),
            bytes: load(&self.bytes),
            first_byte: mean.map(|mean| (mean / 1000, load(&self.longest) / 1000)),
            chosen: Some((load(&self.streams), load(&self.rate), load(&self.limit)))
                .filter(|(streams, ..)| *streams > 0),
            arrivals: std::array::from_fn(|from| load(&self.arrivals[from])),
            unkept: load(&self.unkept),
            upstream_errors: load(&self.upstream_errors),
            upstream_bytes: load(&self.upstream_bytes),
        }
    }
}

/// Verbs that a store has room to count: more than there are.
pub(crate) const VERBS: usize = 64;

/// The tallies of a store, one a verb.
#[derive(Clone)]
pub(crate) struct Tallies(Arc<[Tally; VERBS]>);

impl Default for Tallies {
    fn default() -> Self {
        Tallies(Arc::new(std::array::from_fn(|_| Tally::default())))
    }
}

impl Tallies {
    pub(crate) fn of(&self, verb: usize) -> &Tally {
        &self.0[verb]
    }

    /// A call of the verb begins.
    pub(crate) fn begin(&self, verb: usize) -> Counting {
        Counting { share: Share { tallies: self.clone(), verb }, begun: Instant::now(), failed: true }
    }
}

/// One of a store's tallies, in the hands of a call.
#[derive(Clone)]
pub(crate) struct Share {
    tallies: Tallies,
    verb: usize,
}

impl Share {
    /// The tallies that this is one of.
    pub(crate) fn all(&self) -> &Tallies {
        &self.tallies
    }
}

impl std::ops::Deref for Share {
    type Target = Tally;
    fn deref(&self) -> &Tally {
        self.tallies.of(self.verb)
    }
}

/// A call under way, which is counted when this is dropped: as failed, unless it succeeded.
pub(crate) struct Counting {
    share: Share,
    begun: Instant,
    failed: bool,
}

impl Counting {
    pub(crate) fn share(&self) -> Share {
        self.share.clone()
    }

    pub(crate) fn end(mut self, failed: bool) {
        self.failed = failed;
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.share.call(self.begun.elapsed(), self.failed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let tallies = Tallies::default();
        let counting = tallies.begin(1);
        let share = counting.share();
        assert!(share.counted().first_byte.is_none());
        share.request(1);
        share.throttled();
        share.request(2);
        share.answer(Duration::from_millis(10));
        share.answer(Duration::from_millis(30));
        share.bytes(7);
        assert!(share.counted().chosen.is_none());
        share.chose(4, 1000, 2);
        assert_eq!(share.counted().chosen, Some((4, 1000, 2)));
        drop(counting);
        let counted = tallies.of(1).counted();
        assert_eq!(
            (
                counted.calls,
                counted.failures,
                counted.requests,
                counted.retries,
                counted.throttled,
                counted.bytes
            ),
            (1, 1, 2, 1, 1, 7)
        );
        assert_eq!(counted.first_byte, Some((20_000, 30_000)));
        tallies.begin(1).end(false);
        assert_eq!((tallies.of(1).counted().calls, tallies.of(1).counted().failures), (2, 1));
        assert_eq!(tallies.of(0).counted().calls, 0);
    }
}
