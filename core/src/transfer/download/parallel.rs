//! A download whose ranges are written in any order: the first response is read from the front, further
//! requests fetch from the back, until they meet.
//!
//! Invariants: every byte is fetched by exactly one request and written once. Further requests start only
//! while they help (`concurrency`), within the store's slots and the process's budget. The first error ends
//! them all.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::Download;
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

/// Bytes that one further request fetches at most, unless the store sets another limit.
const MOST: u64 = 64 << 20;

/// Fills the target and checks it; returns the bytes, if they went to memory.
pub(super) async fn fill(download: Download, target: DownloadTarget) -> Result<Bytes> {
    let Download { object, mailbox, reader, expected, latency, streams, transform, .. } = download;
    let target = match transform {
        Some(transform) => DownloadTarget::Transformed(Box::new(target), transform),
        None => target,
    };
    let fill = Arc::new(ParallelFill {
        expected,
        holds: target.holds(),
        most: object.at.completed().await?.multipart_chunksize.unwrap_or(MOST),
        rest: Mutex::new(Rest { untaken: Untaken::new(reader.left()), target, open: 0, filled: Vec::new() }),
        object,
        mailbox,
        streams: AtomicUsize::new(1),
        changed: Notify::new(),
    });
    let concurrency = Concurrency::new(latency, streams);
    if streams == 1 || reader.left().length < 2 * LEAST {
        fill.front(reader, concurrency).await?;
    } else {
        Box::pin(fill.run(reader, concurrency)).await?;
    }
    let Some(fill) = Arc::into_inner(fill) else {
        fail!(Internal, "a part's task outlived its download; please report it")
    };
    let rest = fill.rest.into_inner().unwrap_or_else(PoisonError::into_inner);
    join(&rest.target, rest.filled, &fill.expected)
}

struct ParallelFill {
    object: Arc<ObjectHandle>,
    mailbox: Arc<Mailbox>,
    expected: Expected,
    holds: u64,
    most: u64,
    rest: Mutex<Rest>,
    /// Requests to keep going.
    streams: AtomicUsize,
    /// There should be more requests, or a range is full.
    changed: Notify,
}

struct Rest {
    untaken: Untaken,
    target: DownloadTarget,
    /// SourceParts that were taken and are not full yet.
    open: usize,
    filled: Vec<FilledRange>,
}

impl ParallelFill {
    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next range at the front, and how far no other request has taken any.
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

    async fn run(self: &Arc<ParallelFill>, reader: RangeReader, concurrency: Concurrency) -> Result<()> {
        let mut tasks = JoinSet::new();
        self.rest().open = 1;
        // Read here, on the thread that drives its connection: handing each chunk to another thread would
        // cost more than everything else.
        let mut front = pin!(self.front(reader, concurrency));
        let mut reading = true;
        while !self.is_full() {
            if !reading && tasks.is_empty() {
                // No task is left to fill the rest.
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
                        let fill = self.clone();
                        let work = async move { fill.back().await };
                        tasks.spawn_on(observe::within(self.mailbox.clone(), work), &workers());
                    }
                }
            }
        }
        // Cancel tasks that still wait for a slot.
        tasks.shutdown().await;
        Ok(())
    }

    fn is_full(&self) -> bool {
        let rest = self.rest();
        rest.open == 0 && rest.untaken.left() == 0
    }

    /// Reads the first response until it meets what others have taken.
    async fn front(&self, mut reader: RangeReader, mut concurrency: Concurrency) -> Result<()> {
        let _permit = acquire(self.holds.min(reader.left().length)).await?;
        let Some((mut range, reach)) = self.take_front() else {
            // Nothing is to come; the response is read to its end all the same.
            return reader.next().await.map(drop);
        };
        reader.until(range.span.end(), reach);
        self.grow(&concurrency);
        let begun = Instant::now();
        let mut seen = Measured::default();
        loop {
            // Not for a small object, which costs less than reading the clocks.
            let asked = concurrency.may_grow().then(Since::now);
            match reader.next().await? {
                Some(chunk) => {
                    seen.waited += asked.map_or(Duration::ZERO, |asked| asked.idle());
                    seen.bytes += chunk.len() as u64;
                    self.mailbox.advance(chunk.len() as u64);
                    range.write(chunk).await?;
                }
                None => match self.take_front() {
                    Some((next, reach)) => {
                        range.grow(next).await?;
                        reader.until(range.span.end(), reach);
                    }
                    None => return self.done(range).await,
                },
            }
            seen.elapsed = begun.elapsed();
            if concurrency.look(seen) {
                self.grow(&concurrency);
            }
        }
    }

    /// Fetches ranges from the back as long as there are any.
    async fn back(&self) -> Result<()> {
        loop {
            let _slot = self.object.at.slot().await?;
            let _permit = acquire(self.holds).await?;
            let Some(mut range) = self.take_back() else { return Ok(()) };
            let mut reader = RangeReader::open(self.object.clone(), range.span).await?;
            while let Some(chunk) = reader.next().await? {
                self.mailbox.advance(chunk.len() as u64);
                range.write(chunk).await?;
            }
            self.done(range).await?;
        }
    }

    async fn done(&self, range: TargetRange) -> Result<()> {
        let filled = range.finish().await?;
        {
            let mut rest = self.rest();
            rest.filled.push(filled);
            rest.open = rest.open.saturating_sub(1);
        }
        self.changed.notify_one();
        Ok(())
    }

    /// Sets how many requests there should be.
    fn grow(&self, concurrency: &Concurrency) {
        self.streams.store(concurrency.streams(), Ordering::Relaxed);
        if concurrency.streams() > 1 {
            self.changed.notify_one();
        }
    }
}
