//! A download whose pieces go to their places in any order: one answer runs on from the front, further
//! requests fetch from the back, until they meet.
//!
//! Law: every byte is fetched by exactly one request and written once; further requests are begun only while
//! they help (`concurrency`), within the store's slots and the process's budget; the first error ends them all.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::concurrency::{Concurrency, Measured};
use super::idle::Since;
use super::reader::{ObjectHandle, RangeReader};
use super::target::{DownloadTarget, FilledRange, TargetRange, join};
use crate::error::{Result, fail};
use crate::mailbox::Mailbox;
use crate::observe;
use crate::runtime::workers;
use crate::transfer::budget::acquire;
use crate::transfer::spans::{LEAST, Untaken};
use crate::transfer::tasks::joined;
use crate::transfer::verify::Expected;

/// Bytes that one further request fetches at most, unless the store says otherwise.
const MOST: u64 = 64 << 20;

/// Fills the target with what the reader is to bring, and judges it; answers the bytes, if they went to
/// memory. `latency` is what the first answer took to begin, `most` the requests there may be.
pub(crate) async fn fill(
    reader: RangeReader,
    target: DownloadTarget,
    expected: Expected,
    how: How<'_>,
) -> Result<Bytes> {
    let job = Arc::new(Job {
        found: how.found.clone(),
        mailbox: how.mailbox.clone(),
        expected,
        holds: target.holds(),
        most: how.found.at.completed().await?.multipart_chunksize.unwrap_or(MOST),
        rest: Mutex::new(Rest { untaken: Untaken::new(reader.left()), target, open: 0, filled: Vec::new() }),
        streams: AtomicUsize::new(1),
        changed: Notify::new(),
    });
    let concurrency = Concurrency::new(how.latency, how.streams);
    if how.streams == 1 || reader.left().length < 2 * LEAST {
        job.front(reader, concurrency).await?;
    } else {
        Box::pin(job.run(reader, concurrency)).await?;
    }
    let Some(job) = Arc::into_inner(job) else {
        fail!(Internal, "a part's task outlived its download; please report it")
    };
    let rest = job.rest.into_inner().unwrap_or_else(PoisonError::into_inner);
    join(rest.filled, &job.expected)
}

/// What is known when the first answer has begun.
pub(crate) struct How<'a> {
    pub(crate) found: &'a Arc<ObjectHandle>,
    pub(crate) mailbox: &'a Arc<Mailbox>,
    /// What the answer took to begin.
    pub(crate) latency: Duration,
    /// Requests there may be at a time.
    pub(crate) streams: usize,
}

struct Job {
    found: Arc<ObjectHandle>,
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
    target: DownloadTarget,
    /// SourceParts that were taken and are not full yet.
    open: usize,
    filled: Vec<FilledRange>,
}

impl Job {
    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next piece at the front, and how far nobody else has taken any.
    fn take_front(&self) -> Option<(TargetRange, u64)> {
        let rest = &mut *self.rest();
        let span = rest.untaken.front()?;
        Some((rest.target.front(span, &self.expected), span.end() + rest.untaken.left()))
    }

    fn take_back(&self) -> Option<TargetRange> {
        let rest = &mut *self.rest();
        let span = rest.untaken.back(self.streams.load(Ordering::Relaxed) as u64, self.most)?;
        rest.open += 1;
        Some(rest.target.back(span, rest.untaken.left(), &self.expected))
    }

    async fn run(self: &Arc<Job>, reader: RangeReader, concurrency: Concurrency) -> Result<()> {
        let mut tasks = JoinSet::new();
        self.rest().open = 1;
        // Here, where its connection is driven: bytes that go to another thread one by one cost more than all
        // else.
        let mut front = pin!(self.front(reader, concurrency));
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
    async fn front(&self, mut reader: RangeReader, mut concurrency: Concurrency) -> Result<()> {
        let _permit = acquire(self.holds.min(reader.left().length)).await?;
        let Some((mut piece, reach)) = self.take_front() else {
            // Nothing is to come; the answer's end is looked at all the same.
            return reader.next().await.map(drop);
        };
        reader.until(piece.span.end(), reach);
        self.grow(&concurrency);
        let begun = Instant::now();
        let mut seen = Measured::default();
        loop {
            // Not for a small object, which costs less than to look at the clocks.
            let asked = concurrency.may_grow().then(Since::now);
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
            if concurrency.look(seen) {
                self.grow(&concurrency);
            }
        }
    }

    /// Fetches pieces from the back as long as there are any.
    async fn back(&self) -> Result<()> {
        loop {
            let _slot = self.found.at.slot().await?;
            let _permit = acquire(self.holds).await?;
            let Some(mut piece) = self.take_back() else { return Ok(()) };
            let mut reader = RangeReader::open(self.found.clone(), piece.span).await?;
            while let Some(chunk) = reader.next().await? {
                self.mailbox.advance(chunk.len() as u64);
                piece.write(chunk).await?;
            }
            self.done(piece).await?;
        }
    }

    async fn done(&self, piece: TargetRange) -> Result<()> {
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
    fn grow(&self, concurrency: &Concurrency) {
        self.streams.store(concurrency.streams(), Ordering::Relaxed);
        if concurrency.streams() > 1 {
            self.changed.notify_one();
        }
    }
}
