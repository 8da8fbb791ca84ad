//! Limits the requests in flight to one bucket or service, and their rate. There is no limit until the server
//! throttles.
//!
//! Invariant: if the server throttles, the limit halves, once for all requests in flight at that moment; each
//! successful round adds one. An adaptive store also spaces its requests. The limit is at least one, so that
//! no request waits for ever.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// So many at a time are as good as no limit.
const RECOVERED: f64 = 256.0;
/// Answers that ask to slow down within this time are one wish.
const ROUND: Duration = Duration::from_millis(250);

/// The limiter of a bucket's requests.
pub(crate) struct RequestLimiter {
    state: Mutex<LimiterState>,
    left: Notify,
}

struct LimiterState {
    in_flight: u32,
    /// Infinite until the server throttles.
    limit: f64,
    slowed: Option<Instant>,
    rate: Rate,
}

/// The permit of one request in flight.
pub(crate) struct RequestPermit<'a>(&'a RequestLimiter);

impl Default for RequestLimiter {
    fn default() -> Self {
        RequestLimiter {
            state: Mutex::new(LimiterState {
                in_flight: 0,
                limit: f64::INFINITY,
                slowed: None,
                rate: Rate::new(Instant::now()),
            }),
            left: Notify::new(),
        }
    }
}

impl RequestLimiter {
    fn state(&self) -> MutexGuard<'_, LimiterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place.
    pub(crate) async fn enter(&self, adaptive: bool) -> RequestPermit<'_> {
        loop {
            let left = self.left.notified();
            if let Some(place) = self.try_enter() {
                if adaptive && let Some(wait) = { self.state().rate.wait(Instant::now()) } {
                    tokio::time::sleep(wait).await;
                }
                return place;
            }
            left.await;
        }
    }

    fn try_enter(&self) -> Option<RequestPermit<'_>> {
        let mut state = self.state();
        if f64::from(state.in_flight) >= state.limit {
            return None;
        }
        state.in_flight += 1;
        // The limit may have grown by more than one place.
        if state.limit.is_finite() && f64::from(state.in_flight) < state.limit {
            self.left.notify_one();
        }
        Some(RequestPermit(self))
    }

    /// A request was answered as it should be.
    pub(crate) fn went_well(&self, adaptive: bool) {
        let mut state = self.state();
        if state.limit.is_finite() {
            state.limit += state.limit.recip();
            if state.limit >= RECOVERED {
                state.limit = f64::INFINITY;
            }
        }
        if adaptive {
            state.rate.answered(Instant::now(), false);
        }
    }

    /// The server asks to slow down.
    pub(crate) fn slow_down(&self, adaptive: bool) {
        let (mut state, now) = (self.state(), Instant::now());
        if state.slowed.is_none_or(|before| now - before > ROUND) {
            // The throttled request has released its permit already.
            state.limit = (f64::from(state.in_flight + 1).min(state.limit) / 2.0).max(1.0);
            state.slowed = Some(now);
        }
        if adaptive {
            state.rate.answered(now, true);
        }
    }
}

impl Drop for RequestPermit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_flight -= 1;
        if state.limit.is_finite() {
            self.0.left.notify_one();
        }
    }
}

/// Requests in a second, for a store that adapts: cut by a third when the server asks to slow down, then back
/// along a cubic curve that lingers below the rate of before.
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>
struct Rate {
    measured: f64,
    since: Instant,
    count: u32,
    limit: Option<f64>,
    before: f64,
    cut: Instant,
    next: Instant,
}

impl Rate {
    const BETA: f64 = 0.7;
    const SCALE: f64 = 0.4;
    const LEAST: f64 = 0.5;

    fn new(now: Instant) -> Rate {
        Rate { measured: 0.0, since: now, count: 0, limit: None, before: 0.0, cut: now, next: now }
    }

    /// How long the next request has to wait.
    fn wait(&mut self, now: Instant) -> Option<Duration> {
        let turn = self.next.max(now);
        self.next = turn + Duration::from_secs_f64(self.limit?.recip());
        Some(turn - now).filter(|wait| !wait.is_zero())
    }

    fn answered(&mut self, now: Instant, slow_down: bool) {
        self.count += 1;
        let elapsed = (now - self.since).as_secs_f64();
        if elapsed >= 0.5 {
            self.measured = 0.8 * f64::from(self.count) / elapsed + 0.2 * self.measured;
            (self.since, self.count) = (now, 0);
        }
        if slow_down {
            self.before = self.limit.map_or(self.measured, |limit| limit.min(self.measured)).max(Self::LEAST);
            self.cut = now;
            self.limit = Some((self.before * Self::BETA).max(Self::LEAST));
        } else if self.limit.is_some() {
            let turn = (self.before * (1.0 - Self::BETA) / Self::SCALE).cbrt();
            let cubic = Self::SCALE * ((now - self.cut).as_secs_f64() - turn).powi(3) + self.before;
            self.limit = Some(cubic.min(2.0 * self.measured).max(Self::LEAST));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_once_a_round_and_recovers() {
        let pace = RequestLimiter::default();
        let places: Vec<_> = (0..16).map(|_| pace.try_enter().unwrap()).collect();
        for _ in 0..16 {
            pace.slow_down(false);
        }
        assert_eq!(pace.state().limit, 8.5);
        assert!(pace.try_enter().is_none());
        drop(places);
        assert_eq!((0..20).filter_map(|_| pace.try_enter()).map(std::mem::forget).count(), 9);
        for _ in 0..40_000 {
            pace.went_well(false);
        }
        assert!(pace.state().limit.is_infinite());
    }

    #[test]
    fn one_always_goes() {
        let pace = RequestLimiter::default();
        for _ in 0..10 {
            pace.state().slowed = None;
            pace.slow_down(false);
        }
        assert!(pace.try_enter().is_some());
    }

    #[tokio::test]
    async fn who_waits_is_let_in() {
        let pace = std::sync::Arc::new(RequestLimiter::default());
        pace.slow_down(false);
        let place = pace.enter(false).await;
        let waiting = tokio::spawn({
            let pace = pace.clone();
            async move { drop(pace.enter(false).await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(place);
        waiting.await.unwrap();
    }

    #[test]
    fn an_adaptive_store_sends_slower_and_comes_back() {
        let begin = Instant::now();
        let mut rate = Rate::new(begin);
        let at = |milliseconds| begin + Duration::from_millis(milliseconds);
        assert_eq!(rate.wait(begin), None);
        for request in 0..1000 {
            rate.answered(at(request), false);
        }
        rate.answered(at(1000), true);
        let cut = rate.limit.unwrap();
        assert!(cut < rate.before && cut > 0.6 * rate.before, "{cut}");
        assert!(rate.wait(at(1001)).is_none() && rate.wait(at(1001)).unwrap() > Duration::from_micros(900));
        for request in 1001..20_000 {
            rate.answered(at(request), false);
        }
        assert!(rate.limit.unwrap() > rate.before);
    }
}
