//! How many requests one transfer keeps going at a time: pure arithmetic over what was measured.
//!
//! Invariants: more requests are tried only while this machine waits for the network, and kept only as far as
//! they made the transfer faster. What was measured long ago counts for nothing: a rate that changes is
//! measured anew. There is at least one request, and never more than allowed.

use std::time::Duration;

/// A server that takes longer to begin its response is far away: one connection will not fill the line.
const FAR: Duration = Duration::from_millis(4);

/// Requests that a far server gets at once: one for each millisecond of its latency, within these. What one
/// connection moves falls as its latency grows.
const AT_ONCE: std::ops::RangeInclusive<usize> = 8..=32;

/// A window is at least so long, and holds so many bytes unless it is `LONG`.
const SHORT: Duration = Duration::from_millis(25);
const LONG: Duration = Duration::from_millis(250);
const WORTH: u64 = 512 << 10;

/// A window in which nothing is tried.
const CALM: Duration = Duration::from_millis(100);

/// Pauses between two trials while nothing changes. After trials in vain they double from the shortest to the
/// longest.
const PAUSE: Duration = Duration::from_millis(500);
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(4);

/// A trial that gains less than a tenth is undone.
const GAIN: f64 = 1.1;

/// With a quarter fewer requests, a rate above this part of the one before is the same.
const SAME: f64 = 0.96;

/// This machine waits for the network if it has nothing to do for so much of the time.
const IDLE: f64 = 0.6;

/// Bytes a second that any machine can move: up to there the requests may grow by more than twice.
const ABLE: f64 = 5e8;

/// A rate outside of these, relative to the one that is held, has changed.
const CHANGED: std::ops::Range<f64> = 0.7..1.4;

/// What of a transfer has happened so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    /// Time since it began.
    pub(crate) elapsed: Duration,
    /// Of that, the time in which this machine had nothing to do for it.
    pub(crate) waited: Duration,
    /// Bytes that were moved.
    pub(crate) bytes: u64,
    /// Requests whose bytes are coming or going now; none where that is not known.
    pub(crate) active: Option<usize>,
}

/// Why there are not more requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Nothing was tried yet.
    Measuring,
    /// More are being tried, or were a moment ago.
    Growing,
    /// This machine is busy with those that there are.
    Busy,
    /// More did not make it faster.
    NoGain,
    /// There may be no more.
    Most,
    /// The server asked for less, or did not answer in time.
    Throttled,
}

/// The name of a limit, as `stats` shows it.
pub(crate) fn limit_name(number: u64) -> &'static str {
    const NAMES: [&str; 6] = ["measuring", "growing", "busy", "no gain", "most", "throttled"];
    NAMES.get(number as usize).copied().unwrap_or("unknown")
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// The rate is measured, to compare a trial with.
    Measuring,
    /// Another number of requests is tried, instead of `from`. The rate `before` was that of so many
    /// `running`.
    Trying { from: usize, running: usize, before: f64 },
    /// The rate is watched. With `down`, fewer are tried next.
    Holding { since: Duration, pause: Duration, rate: f64, strange: u32, down: bool },
}

#[derive(Debug)]
pub(crate) struct Concurrency {
    streams: usize,
    most: usize,
    latency: Duration,
    phase: Phase,
    /// Where the window began.
    last: Measured,
    /// New requests have come into their own by then, or when nearly all are active.
    settled: Duration,
    unsettled: Duration,
    /// How long that takes at least.
    settling: Duration,
    /// Bytes a second in the last window.
    rate: f64,
    limit: Limit,
    /// The next trials' pause.
    pause: Duration,
    /// The last trial gained all that it could.
    is_steep: bool,
}

impl Concurrency {
    /// The concurrency of a transfer whose first response took `latency` to begin; never more than `most`
    /// requests at a time.
    pub(crate) fn new(latency: Duration, most: usize) -> Concurrency {
        Concurrency::from(1, latency, most)
    }

    /// One that begins with at least so many requests.
    pub(crate) fn from(least: usize, latency: Duration, most: usize) -> Concurrency {
        let most = most.max(1);
        let far = (latency.as_millis() as usize).clamp(*AT_ONCE.start(), *AT_ONCE.end());
        let streams = if latency >= FAR { far.max(least) } else { least };
        Concurrency {
            streams: streams.clamp(1, most),
            most,
            latency,
            phase: Phase::Measuring,
            last: Measured::default(),
            settled: latency.min(LONG),
            unsettled: Duration::ZERO,
            settling: SHORT / 5,
            rate: 0.0,
            limit: Limit::Measuring,
            pause: SHORTEST,
            is_steep: true,
        }
    }

    /// The same for a transfer whose new requests first fill buffers, which takes so long. Each of them holds
    /// a part in memory, so the first trial is a small one.
    pub(crate) fn settling(self, settling: Duration) -> Concurrency {
        Concurrency { settled: self.settled.max(settling), settling, is_steep: false, ..self }
    }

    /// Requests to keep going.
    pub(crate) fn streams(&self) -> usize {
        self.streams
    }

    /// Whether their number may ever change.
    pub(crate) fn is_fixed(&self) -> bool {
        self.most == 1
    }

    /// Bytes a second, lately.
    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    pub(crate) fn limit(&self) -> Limit {
        self.limit
    }

    /// The server asked for less, or did not answer in time.
    pub(crate) fn throttled(&mut self, now: Measured) {
        self.limit = Limit::Throttled;
        self.set(self.streams.div_ceil(2), now);
        self.hold(now, self.rate / 2.0, LONGEST / 4);
    }

    /// Takes in what was measured; returns whether the number of requests changed.
    pub(crate) fn look(&mut self, now: Measured) -> bool {
        if self.is_fixed() {
            return false;
        }
        let are_active = now.active.is_none_or(|active| 10 * active >= 9 * self.streams);
        if now.elapsed < self.settled || (now.elapsed < self.unsettled && !are_active) {
            self.last = now;
            return false;
        }
        self.unsettled = Duration::ZERO;
        let elapsed = now.elapsed.saturating_sub(self.last.elapsed);
        let bytes = now.bytes.saturating_sub(self.last.bytes);
        let least = match self.phase {
            Phase::Holding { .. } => CALM.max(2 * self.latency),
            _ => SHORT.max(2 * self.latency),
        };
        if elapsed < least.min(LONG) || (bytes < WORTH && elapsed < LONG) {
            return false;
        }
        let waited = now.waited.saturating_sub(self.last.waited);
        self.rate = bytes as f64 / elapsed.as_secs_f64();
        self.last = now;
        let before = self.streams;
        self.judge(now, waited > elapsed.mul_f64(IDLE));
        self.streams != before
    }

    fn judge(&mut self, now: Measured, is_idle: bool) {
        match self.phase {
            Phase::Measuring if !is_idle => self.limit = Limit::Busy,
            Phase::Measuring => self.grow(now),
            Phase::Trying { from, before, .. } if self.streams < from => {
                let kept = self.rate >= before * SAME;
                self.limit = Limit::NoGain;
                if !kept {
                    self.set(from, now);
                }
                let (rate, pause) = if kept { (self.rate, PAUSE) } else { (before, self.longer()) };
                self.hold(now, rate, pause);
            }
            Phase::Trying { from, running, before } => {
                let tried = self.streams;
                let gain = self.rate / before.max(1.0);
                let useful = (running as f64 * gain * GAIN).ceil() as usize;
                if gain < GAIN {
                    self.limit = Limit::NoGain;
                    self.set(from, now);
                    let pause = self.longer();
                    self.hold(now, before, pause);
                } else if useful < tried {
                    self.limit = Limit::NoGain;
                    self.set(useful.max(running), now);
                    self.hold(now, self.rate, PAUSE);
                } else {
                    self.is_steep = useful as f64 >= tried as f64 * GAIN * 0.85;
                    self.grow(now);
                }
            }
            Phase::Holding { since, pause, rate, strange, down: next_down } => {
                let is_strange = !CHANGED.contains(&(self.rate / rate.max(1.0)));
                let strange = if is_strange { strange + 1 } else { 0 };
                // Those that are too many first have to end.
                let down = next_down && self.streams > 2 && self.running(now) == self.streams;
                let due = if down { pause.max(PAUSE) } else { pause };
                if strange > 1 {
                    self.pause = SHORTEST;
                    self.is_steep = true;
                    self.phase = Phase::Measuring;
                    self.judge(now, is_idle);
                } else if now.elapsed.saturating_sub(since) < due || is_strange {
                    let rate = if is_strange { rate } else { 0.8 * rate + 0.2 * self.rate };
                    self.phase = Phase::Holding { since, pause, rate, strange, down: next_down };
                } else if down {
                    let (from, before) = (self.streams, self.rate);
                    self.phase = Phase::Trying { from, running: from, before };
                    self.set(from * 3 / 4, now);
                } else if is_idle {
                    self.is_steep = false;
                    self.grow(now);
                } else {
                    self.hold(now, self.rate, pause);
                }
            }
        }
    }

    /// Tries more requests, or holds what there are if there may be no more.
    fn grow(&mut self, now: Measured) {
        if self.streams == self.most {
            self.limit = Limit::Most;
            self.hold(now, self.rate, PAUSE);
            return;
        }
        self.limit = Limit::Growing;
        let running = self.running(now);
        self.phase = Phase::Trying { from: self.streams, running, before: self.rate };
        let each = (self.rate / running as f64).max(1.0);
        let steep = if self.is_steep { (ABLE / each) as usize } else { 0 };
        self.set(steep.clamp(2 * running, 4 * running), now);
    }

    /// Requests that made up the rate: one that is not wanted any more still moves its last bytes.
    fn running(&self, now: Measured) -> usize {
        now.active.unwrap_or(0).clamp(self.streams, self.most)
    }

    fn hold(&mut self, now: Measured, rate: f64, pause: Duration) {
        let down = match self.phase {
            // After a trial without gain in one direction, the other is tried.
            Phase::Trying { from, .. } => self.limit == Limit::NoGain && self.streams == from,
            _ => false,
        };
        self.phase = Phase::Holding { since: now.elapsed, pause, rate, strange: 0, down };
    }

    /// The pause after one more vain trial.
    fn longer(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (2 * pause).min(LONGEST);
        pause
    }

    fn set(&mut self, streams: usize, now: Measured) {
        let streams = streams.clamp(1, self.most);
        if streams > self.streams {
            // A new connection first has to be made, and its first bytes to come.
            self.settled = now.elapsed + (3 * self.latency).clamp(self.settling, LONG);
            self.unsettled = now.elapsed + LONG;
        }
        self.streams = streams;
    }
}

#[cfg(test)]
#[path = "concurrency_tests.rs"]
mod tests;
