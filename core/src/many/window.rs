//! How many objects are under way at a time: few if the server is near, else more while that makes them come
//! faster.
//!
//! Invariant: never more than the limit. Once a server is known to be far, there are no fewer than at first.

use std::pin::Pin;
use std::task::Context;
use std::time::{Duration, Instant};

use tokio::time::{Sleep, sleep};

use super::InFlight;
use crate::transfer::{Concurrency, Measured, Since};

/// What an object counts for the arithmetic of bytes: a few of them make a window.
const WEIGHT: u64 = 64 << 10;

/// How often it is measured at most.
const OFTEN: Duration = Duration::from_millis(10);

/// A server whose first object comes sooner is so near that no more would help.
const FAR: Duration = Duration::from_millis(10);

/// If it comes sooner than this, so many keep the server busy, and more would only cost connections.
const NEAR: Duration = Duration::from_millis(2);
const FEW: usize = 8;

pub(super) struct Window {
    limit: InFlight,
    since: Since,
    looked: Instant,
    done: u64,
    /// None before the first object was done, whose time is the server's latency, and where there is nothing
    /// to choose.
    concurrency: Option<Concurrency>,
    /// Until it is known whether the server is near.
    near: Option<Pin<Box<Sleep>>>,
}

impl Window {
    pub(super) fn new(limit: InFlight) -> Window {
        let near = (limit.first < limit.most).then(|| Box::pin(sleep(NEAR)));
        Window { limit, since: Since::now(), looked: Instant::now(), done: 0, concurrency: None, near }
    }

    /// Wakes the task when there may be more.
    pub(super) fn objects(&mut self, context: &mut Context<'_>) -> usize {
        if let Some(near) = &mut self.near {
            if near.as_mut().poll(context).is_pending() {
                return FEW.min(self.limit.first);
            }
            self.near = None;
        }
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
            if self.near.take().is_some() {
                self.limit.first = FEW.min(self.limit.first);
            }
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
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    async fn objects(window: &mut Window) -> usize {
        poll_fn(|context| Poll::Ready(window.objects(context))).await
    }

    #[tokio::test]
    async fn a_given_limit_is_kept() {
        let mut window = Window::new(InFlight { first: 30, most: 30 });
        (0..100).for_each(|_| window.done());
        assert_eq!(objects(&mut window).await, 30);
    }

    #[tokio::test]
    async fn a_near_server_gets_few() {
        let mut window = Window::new(InFlight { first: 64, most: 256 });
        assert_eq!(objects(&mut window).await, FEW);
        window.done();
        sleep(2 * NEAR).await;
        assert_eq!(objects(&mut window).await, FEW);
    }

    #[tokio::test]
    async fn a_far_server_never_gets_fewer_than_at_first() {
        let mut window = Window::new(InFlight { first: 16, most: 32 });
        assert_eq!(objects(&mut window).await, FEW);
        sleep(FAR).await;
        for _ in 0..50 {
            assert!((16..=32).contains(&objects(&mut window).await));
            sleep(Duration::from_millis(2)).await;
            window.done();
        }
    }
}
