//! The bandwidth that a store may use: so many bytes a second for all its bodies, both ways together.
//!
//! Invariant: bytes count when they pass; who comes to a line that is used up waits until those before have
//! had their time. Without a limit nothing here is made or asked.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::connector::BoxError;

/// The most bytes that leave at once.
const PIECE: u64 = 64 << 10;

/// The same without a limit: small enough to count by.
const COUNTED: usize = 512 << 10;

/// What all bodies of a store pass.
pub(crate) struct Meter {
    /// Bytes a second.
    rate: u64,
    /// When the bytes that have passed will have had their time.
    free: Mutex<Instant>,
}

impl Meter {
    pub(crate) fn new(rate: u64) -> Arc<Meter> {
        Arc::new(Meter { rate, free: Mutex::new(Instant::now()) })
    }

    fn free(&self) -> Instant {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn passed(&self, bytes: u64) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = (*free).max(Instant::now()) + Duration::from_secs_f64(bytes as f64 / self.rate as f64);
    }
}

/// One body that the meter limits.
pub(super) struct Passage {
    meter: Arc<Meter>,
    wait: Option<Pin<Box<Sleep>>>,
}

impl Passage {
    pub(super) fn new(meter: Arc<Meter>) -> Passage {
        Passage { meter, wait: None }
    }

    /// Waits until more may pass.
    pub(super) fn poll_free(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.wait.is_none() {
            let free = self.meter.free();
            if free <= Instant::now() {
                return Poll::Ready(());
            }
            self.wait = Some(Box::pin(sleep_until(free)));
        }
        if let Some(wait) = &mut self.wait {
            ready!(wait.as_mut().poll(context));
        }
        self.wait = None;
        Poll::Ready(())
    }

    pub(super) fn passed(&self, bytes: usize) {
        self.meter.passed(bytes as u64);
    }
}

/// The body of a request that leaves in pieces: past a meter, in pieces that take no more than an eighth of a
/// second, or counted as they leave.
pub(crate) struct InPieces {
    left: Bytes,
    passage: Option<Passage>,
    moved: Option<Arc<AtomicU64>>,
}

impl InPieces {
    pub(crate) fn new(bytes: Bytes, meter: Option<Arc<Meter>>, moved: Option<Arc<AtomicU64>>) -> InPieces {
        InPieces { left: bytes, passage: meter.map(Passage::new), moved }
    }
}

impl Body for InPieces {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if this.left.is_empty() {
            return Poll::Ready(None);
        }
        let mut most = COUNTED;
        if let Some(passage) = &mut this.passage {
            ready!(passage.poll_free(context));
            most = (passage.meter.rate / 8).clamp(1, PIECE) as usize;
        }
        let piece = this.left.split_to(this.left.len().min(most));
        if let Some(passage) = &this.passage {
            passage.passed(piece.len());
        }
        if let Some(moved) = &this.moved {
            moved.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn drained(mut body: InPieces) -> usize {
        let mut bytes = 0;
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            bytes += frame.unwrap().into_data().unwrap().len();
        }
        bytes
    }

    // The clock stands still but for those who wait for it.
    #[tokio::test(start_paused = true)]
    async fn two_bodies_share_the_line() {
        let (meter, begin) = (Meter::new(100_000), Instant::now());
        let body = || InPieces::new(Bytes::from(vec![7; 250_000]), Some(meter.clone()), None);
        let (one, other) = tokio::join!(drained(body()), drained(body()));
        assert_eq!((one, other), (250_000, 250_000));
        let took = begin.elapsed().as_secs_f64();
        assert!((4.5..5.5).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn many_small_bodies_wait_for_each_other() {
        let (meter, begin) = (Meter::new(100_000), Instant::now());
        for _ in 0..50 {
            drained(InPieces::new(Bytes::from(vec![7; 10_000]), Some(meter.clone()), None)).await;
        }
        assert!(begin.elapsed().as_secs_f64() > 4.5, "{:?}", begin.elapsed());
    }
}
