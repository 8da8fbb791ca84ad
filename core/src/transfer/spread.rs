//! A download whose pieces go to their places in any order: one answer runs on from the front, further
//! requests fetch from the back, until they meet.
//!
//! Law: every byte is fetched by exactly one request and written once; further requests are begun only while
//! they help (`pace`), within the store's slots and the process's budget; the first error ends them all.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::budget::room;
use super::idle::Since;
use super::pace::{Pace, Seen};
use super::place::{Filled, Piece, Place, join};
use super::reader::{Found, Reader};
use super::spans::{LEAST, Untaken};
use super::upload::joined;
use super::verify::Expected;
use crate::error::{Result, fail};
use crate::mailbox::Mailbox;
use crate::observe;
use crate::runtime::workers;

/// Bytes that one further request fetches at most, unless the store says otherwise.
const MOST: u64 = 64 << 20;

/// Fills the place with what the reader is to bring, and judges it; answers the bytes, if they went to
/// memory. `latency` is what the first answer took to begin, `most` the requests there may be.
pub(super) async fn fill(reader: Reader, place: Place, expected: Expected, how: How<'_>) -> Result<Bytes> {
    let job = Arc::new(Job {
        found: how.found.clone(),
        mailbox: how.mailbox.clone(),
        expected,
        holds: place.holds(),
        most: how.found.at.completed().await?.multipart_chunksize.unwrap_or(MOST),
        rest: Mutex::new(Rest { untaken: Untaken::new(reader.left()), place, open: 0, filled: Vec::new() }),
        streams: AtomicUsize::new(1),
        changed: Notify::new(),
    });
    let pace = Pace::new(how.latency, how.streams);
    if how.streams == 1 || reader.left().length < 2 * LEAST {
        job.front(reader, pace).await?;
    } else {
        Box::pin(job.spread(reader, pace)).await?;
    }
    let Some(job) = Arc::into_inner(job) else {
        fail!(Internal, "a part's task outlived its download; please report it")
    };
    let rest = job.rest.into_inner().unwrap_or_else(PoisonError::into_inner);
    join(rest.filled, &job.expected)
}

/// What is known when the first answer has begun.
pub(super) struct How<'a> {
    pub(super) found: &'a Arc<Found>,
    pub(super) mailbox: &'a Arc<Mailbox>,
    /// What the answer took to begin.
    pub(super) latency: Duration,
    /// Requests there may be at a time.
    pub(super) streams: usize,
}

struct Job {
    found: Arc<Found>,
    mailbox: Arc<Mailbox>,
    expected: Expected,
    holds: u64,
    most: u64,
    rest: Mutex<Rest>,
    /// Requests to keep going.
    streams: AtomicUsize,
    /// There should be more requests, or a piece is full.
    changed: Notify,
}

struct Rest {
    untaken: Untaken,
    place: Place,
    /// Pieces that were taken and are not full yet.
    open: usize,
    filled: Vec<Filled>,
}

impl Job {
    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next piece at the front, and how far nobody else has taken any.
    fn take_front(&self) -> Option<(Piece, u64)> {
        let rest = &mut *self.rest();
        let span = rest.untaken.front()?;
        Some((rest.place.front(span, &self.expected), span.end() + rest.untaken.left()))
    }

    fn take_back(&self) -> Option<Piece> {
        let rest = &mut *self.rest();
        let span = rest.untaken.back(self.streams.load(Ordering::Relaxed) as u64, self.most)?;
        rest.open += 1;
        Some(rest.place.back(span, rest.untaken.left(), &self.expected))
    }

    async fn spread(self: &Arc<Job>, reader: Reader, pace: Pace) -> Result<()> {
        let mut tasks = JoinSet::new();
        self.rest().open = 1;
        // Here, where its connection is driven: bytes that go to another thread one by one cost more than all
        // else.
        let mut front = pin!(self.front(reader, pace));
        let mut reading = true;
        while !self.is_full() {
            if !reading && tasks.is_empty() {
                // Nobody is left to fill the rest.
                return joined(None);
            }
            tokio::select! {
                ended = &mut front, if reading => {
                    reading = false;
                    ended?;
                }
                ended = tasks.join_next(), if !tasks.is_empty() => joined(ended)?,
                () = self.changed.notified() => {
                    while tasks.len() + usize::from(reading) < self.streams.load(Ordering::Relaxed) {
                        let job = self.clone();
                        tasks.spawn_on(observe::within(self.mailbox.clone(), async move { job.back().await }), &workers());
                    }
                }
            }
        }
        // Who still waits for a slot has nothing to do.
        tasks.shutdown().await;
        Ok(())
    }

    fn is_full(&self) -> bool {
        let rest = self.rest();
        rest.open == 0 && rest.untaken.left() == 0
    }

    /// Reads on in the first answer until it meets what others have taken.
    async fn front(&self, mut reader: Reader, mut pace: Pace) -> Result<()> {
        let _room = room(self.holds.min(reader.left().length)).await?;
        let Some((mut piece, reach)) = self.take_front() else {
            // Nothing is to come; the answer's end is looked at all the same.
            return reader.next().await.map(drop);
        };
        reader.until(piece.span.end(), reach);
        self.grow(&pace);
        let begun = Instant::now();
        let mut seen = Seen::default();
        loop {
            // Not for a small object, which costs less than to look at the clocks.
            let asked = pace.may_grow().then(Since::now);
            match reader.next().await? {
                Some(chunk) => {
                    seen.waited += asked.map_or(Duration::ZERO, |asked| asked.idle());
                    seen.bytes += chunk.len() as u64;
                    self.mailbox.advance(chunk.len() as u64);
                    piece.write(chunk).await?;
                }
                None => match self.take_front() {
                    Some((next, reach)) => {
                        piece.grow(next).await?;
                        reader.until(piece.span.end(), reach);
                    }
                    None => return self.done(piece).await,
                },
            }
            seen.elapsed = begun.elapsed();
            if pace.look(seen) {
                self.grow(&pace);
            }
        }
    }

    /// Fetches pieces from the back as long as there are any.
    async fn back(&self) -> Result<()> {
        loop {
            let _slot = self.found.at.slot().await?;
            let _room = room(self.holds).await?;
            let Some(mut piece) = self.take_back() else { return Ok(()) };
            let mut reader = Reader::open(self.found.clone(), piece.span).await?;
            while let Some(chunk) = reader.next().await? {
                self.mailbox.advance(chunk.len() as u64);
                piece.write(chunk).await?;
            }
            self.done(piece).await?;
        }
    }

    async fn done(&self, piece: Piece) -> Result<()> {
        let filled = piece.finish().await?;
        {
            let mut rest = self.rest();
            rest.filled.push(filled);
            rest.open = rest.open.saturating_sub(1);
        }
        self.changed.notify_one();
        Ok(())
    }

    /// Tells how many requests there should be.
    fn grow(&self, pace: &Pace) {
        self.streams.store(pace.streams(), Ordering::Relaxed);
        if pace.streams() > 1 {
            self.changed.notify_one();
        }
    }
}
