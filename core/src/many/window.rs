//! How many objects are under way at a time: enough to hide the server's latency, and no more.
//!
//! Invariants: never more than the limit, never fewer than before. A number that the caller gave stays.

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::InFlight;

/// Objects for each millisecond that the first one takes, or has taken so far.
const EACH_MILLISECOND: f64 = 4.0;

/// A server without latency gets so many. More would only cost connections.
const FEW: usize = 16;

/// How often it is looked whether the first object is still missing.
const OFTEN: Duration = Duration::from_millis(1);

/// The rate is that of so many latencies, and of this time at least.
const LATENCIES: u32 = 2;
const SHORT: Duration = Duration::from_millis(5);

/// By Little's law, rate × latency objects are under way. If twice as many made it no faster, it stays there.
const GAIN: f64 = 2.0;

pub(super) struct Window {
    limit: InFlight,
    objects: usize,
    /// When the rate's time began, and the objects that were done since.
    since: Instant,
    done: u32,
    /// The time of the fastest object so far, which is the server's latency.
    latency: Option<Duration>,
    /// Until the first object is done, or so many are under way as may be before that.
    next: Option<Pin<Box<Sleep>>>,
}

impl Window {
    pub(super) fn new(limit: InFlight) -> Window {
        let objects = if limit.is_given { limit.most } else { limit.first.min(FEW) };
        let next = (objects < limit.first).then(|| Box::pin(sleep(OFTEN)));
        Window { limit, objects, since: Instant::now(), done: 0, latency: None, next }
    }

    /// Wakes the task when there may be more.
    pub(super) fn objects(&mut self, context: &mut Context<'_>) -> usize {
        while let Some(next) = &mut self.next
            && next.as_mut().poll(context).is_ready()
        {
            let first = self.limit.first;
            self.grow(by_time(self.since.elapsed()), first);
            self.next = (self.objects < first).then(|| Box::pin(sleep(OFTEN)));
        }
        self.objects
    }

    /// An object is done, which took so long.
    pub(super) fn done(&mut self, took: Duration) {
        if self.limit.is_given {
            return;
        }
        let most = self.limit.most;
        let Some(latency) = &mut self.latency else {
            self.next = None;
            self.grow(by_time(took), most);
            (self.latency, self.since) = (Some(took), Instant::now());
            return;
        };
        *latency = took.min(*latency);
        self.done += 1;
        let elapsed = self.since.elapsed();
        if elapsed < SHORT.max(LATENCIES * *latency) {
            return;
        }
        let under_way = f64::from(self.done) * latency.as_secs_f64() / elapsed.as_secs_f64();
        (self.done, self.since) = (0, Instant::now());
        self.grow((GAIN * under_way) as usize, most);
    }

    fn grow(&mut self, objects: usize, most: usize) {
        self.objects = objects.min(most).max(self.objects);
    }
}

fn by_time(time: Duration) -> usize {
    (time.as_secs_f64() * 1000.0 * EACH_MILLISECOND) as usize
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use tokio::time::advance;

    use super::*;

    const FREE: InFlight = InFlight { first: 64, most: 256, is_given: false };

    async fn objects(window: &mut Window) -> usize {
        poll_fn(|context| Poll::Ready(window.objects(context))).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_given_limit_is_kept() {
        let mut window = Window::new(InFlight { first: 30, most: 30, is_given: true });
        (0..100).for_each(|number| window.done(Duration::from_millis(number)));
        assert_eq!(objects(&mut window).await, 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_near_server_gets_few() {
        let mut window = Window::new(FREE);
        assert_eq!(objects(&mut window).await, FEW);
        window.done(Duration::from_micros(300));
        sleep(2 * OFTEN).await;
        assert_eq!(objects(&mut window).await, FEW);
    }

    #[tokio::test(start_paused = true)]
    async fn a_far_server_gets_many_at_once() {
        let mut window = Window::new(FREE);
        window.done(Duration::from_millis(20));
        assert_eq!(objects(&mut window).await, 80);
        window.done(Duration::from_millis(500));
        assert_eq!(objects(&mut window).await, 80);
    }

    /// Runs rounds of a server with a latency, which does at most so many objects in a round.
    async fn after(rounds: usize, each_round: usize) -> usize {
        let mut window = Window::new(FREE);
        let latency = Duration::from_millis(4);
        for _ in 0..rounds {
            let done = objects(&mut window).await.min(each_round);
            advance(latency).await;
            (0..done).for_each(|_| window.done(latency));
        }
        objects(&mut window).await
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_more_as_long_as_that_is_faster() {
        assert_eq!(after(20, usize::MAX).await, FREE.most);
        let bounded = after(20, 20).await;
        assert!((FEW..=45).contains(&bounded), "{bounded}");
    }

    #[tokio::test(start_paused = true)]
    async fn until_the_first_is_done_there_are_more_by_and_by() {
        let mut window = Window::new(FREE);
        let mut before = objects(&mut window).await;
        // The window itself wakes the task.
        while before < FREE.first {
            before = poll_fn(|context| match window.objects(context) {
                more if more > before => Poll::Ready(more),
                _ => Poll::Pending,
            })
            .await;
        }
        sleep(10 * OFTEN).await;
        assert_eq!(objects(&mut window).await, FREE.first);
    }
}
