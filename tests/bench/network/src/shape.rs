//! The arithmetic of a network: when bytes may pass, and how long they are under way.
//!
//! Invariant: pure. Times are passed in, nothing here sleeps or reads a clock.

use std::time::{Duration, Instant};

/// One turn of a limit. Longer turns wake the processor less often, shorter ones are finer. A limit lets
/// this much time's bytes pass late, so that a thread that woke late loses no rate.
pub const TURN: Duration = Duration::from_millis(4);

/// Bytes each second, and when that changes: `100,0.3:10,2.3:100` is 100 MB/s, from 0.3 s on 10 MB/s, from
/// 2.3 s on 100 MB/s. Megabytes are of 10^6 bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate(Vec<(Duration, f64)>);

impl Rate {
    pub fn parse(text: &str) -> Option<Rate> {
        let steps: Option<Vec<_>> = text
            .split(',')
            .map(|step| {
                let (from, megabytes) = step.split_once(':').unwrap_or(("0", step));
                Some((
                    Duration::try_from_secs_f64(from.parse().ok()?).ok()?,
                    megabytes.parse::<f64>().ok()? * 1e6,
                ))
            })
            .collect();
        let steps = steps?;
        let is_valid = steps[0].0.is_zero()
            && steps.is_sorted_by_key(|step| step.0)
            && steps.iter().all(|step| step.1 > 0.0);
        is_valid.then_some(Rate(steps))
    }

    /// The rate at this time since the network's clock started.
    pub fn at(&self, time: Duration) -> f64 {
        self.0.iter().rev().find(|(from, _)| *from <= time).map_or(f64::INFINITY, |(_, rate)| *rate)
    }

    /// Bytes to move at once: one turn's, and no more than a buffer.
    pub fn chunk(&self) -> usize {
        let slowest = self.0.iter().map(|(_, rate)| *rate).fold(f64::INFINITY, f64::min);
        ((slowest * TURN.as_secs_f64()) as usize).clamp(16 << 10, 256 << 10)
    }
}

/// A token bucket: so many bytes at once, then the rate. It holds one time, when the bucket would be full
/// again, and so hands out turns in the order in which they are requested.
#[derive(Debug)]
pub struct Bucket {
    rate: Rate,
    burst: f64,
    start: Instant,
    full_at: Instant,
}

impl Bucket {
    pub fn new(rate: Rate, burst: f64, start: Instant) -> Bucket {
        Bucket { rate, burst, start, full_at: start }
    }

    /// Takes these bytes out of the bucket and returns when they may pass.
    pub fn take(&mut self, bytes: usize, now: Instant) -> Instant {
        let from = self.full_at.max(now);
        let rate = self.rate.at(now.saturating_duration_since(self.start));
        let burst = TURN.max(Duration::from_secs_f64(self.burst / rate));
        self.full_at = from + Duration::from_secs_f64(bytes as f64 / rate);
        from.checked_sub(burst).map_or(now, |passes| passes.max(now))
    }
}

/// One way of a connection with a delay: bytes arrive in order, each so long under way.
#[derive(Debug)]
pub struct Delay {
    one_way: Duration,
    jitter: Duration,
    random: u64,
    last: Option<Instant>,
}

impl Delay {
    pub fn new(one_way: Duration, jitter: Duration, seed: u64) -> Delay {
        Delay { one_way, jitter, random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, last: None }
    }

    /// When bytes arrive that are sent now: a delay up to `jitter` longer or shorter, and never before those
    /// that were sent earlier.
    pub fn arrival(&mut self, now: Instant) -> Instant {
        // xorshift64: the same delays in each run.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let part = (self.random >> 11) as f64 / (1u64 << 53) as f64;
        let delay = (self.one_way + self.jitter.mul_f64(2.0 * part)).saturating_sub(self.jitter);
        let arrival = self.last.map_or(now + delay, |last| last.max(now + delay));
        self.last = Some(arrival);
        arrival
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(value: f64) -> Duration {
        Duration::from_secs_f64(value)
    }

    /// Moves bytes in chunks, each as soon as it may pass, and returns the seconds that the last one waited.
    fn moved(bucket: &mut Bucket, start: Instant, bytes: usize, chunk: usize) -> f64 {
        let mut now = start;
        for _ in 0..bytes / chunk {
            now = bucket.take(chunk, now);
        }
        (now - start).as_secs_f64()
    }

    #[test]
    fn a_rate_is_read_with_its_changes() {
        let rate = Rate::parse("100,0.5:10,2.5:100").unwrap();
        assert_eq!([0.0, 0.49, 0.5, 2.4, 9.0].map(|time| rate.at(seconds(time))), [1e8, 1e8, 1e7, 1e7, 1e8]);
        for wrong in ["", "fast", "0", "-1", "1:5", "5,2:1,1:7", "5,-1:3"] {
            assert_eq!(Rate::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_chunk_is_one_turn_of_the_slowest_rate() {
        assert_eq!(Rate::parse("25").unwrap().chunk(), 100_000);
        assert_eq!(Rate::parse("250").unwrap().chunk(), 256 << 10);
        assert_eq!(Rate::parse("100,1:0.1").unwrap().chunk(), 16 << 10);
    }

    #[test]
    fn bytes_take_the_time_of_their_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate::parse("20").unwrap(), 0.0, start);
        let took = moved(&mut bucket, start, 100_000_000, 50_000);
        assert!((took - 5.0).abs() < 0.01, "{took}");
    }

    #[test]
    fn a_burst_passes_at_once_and_fills_up_again_while_nobody_sends() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate::parse("40").unwrap(), 64e6, start);
        assert_eq!(moved(&mut bucket, start, 64_000_000, 64_000), 0.0);
        let took = moved(&mut bucket, start, 80_000_000, 64_000);
        assert!((took - 2.0).abs() < 0.01, "{took}");
        let later = start + seconds(2.0 + 0.8);
        assert!(moved(&mut bucket, later, 32_000_000, 64_000) < 0.01);
        let took = moved(&mut bucket, later, 40_000_000, 64_000);
        assert!((took - 1.0).abs() < 0.01, "{took}");
    }

    #[test]
    fn a_pause_saves_up_no_more_than_the_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate::parse("10").unwrap(), 0.0, start);
        let later = start + seconds(100.0);
        let took = moved(&mut bucket, later, 10_000_000, 10_000);
        assert!((took - 1.0).abs() < 0.01, "{took}");
    }

    #[test]
    fn those_who_share_a_bucket_share_its_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate::parse("100").unwrap(), 0.0, start);
        let mut clocks = [start; 4];
        let mut passed = [0; 4];
        while let Some(next) =
            (0..4).min_by_key(|at| clocks[*at]).filter(|at| clocks[*at] < start + seconds(1.0))
        {
            clocks[next] = bucket.take(50_000, clocks[next]);
            passed[next] += 50_000;
        }
        assert!(passed.iter().all(|bytes| (*bytes as f64 / 25e6 - 1.0).abs() < 0.03), "{passed:?}");
    }

    #[test]
    fn a_change_of_rate_counts_from_its_moment() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate::parse("100,1:10,3:100").unwrap(), 0.0, start);
        // 100 MB in the first second, 20 in the next two, 80 after them.
        let took = moved(&mut bucket, start, 200_000_000, 40_000);
        assert!((took - 3.8).abs() < 0.02, "{took}");
    }

    #[test]
    fn bytes_arrive_late_and_in_order() {
        let now = Instant::now();
        let mut steady = Delay::new(seconds(0.01), Duration::ZERO, 1);
        assert_eq!(steady.arrival(now), now + seconds(0.01));
        let mut delay = Delay::new(seconds(0.01), seconds(0.002), 1);
        let mut last = now;
        let mut sum = 0.0;
        for step in 0..1000 {
            let sent = now + seconds(f64::from(step) * 0.005);
            let arrival = delay.arrival(sent);
            let under_way = (arrival - sent).as_secs_f64();
            assert!(arrival >= last && (0.008..=0.0121).contains(&under_way), "{under_way}");
            (last, sum) = (arrival, sum + under_way);
        }
        assert!((sum / 1000.0 - 0.01).abs() < 0.0002, "{sum}");
    }
}
