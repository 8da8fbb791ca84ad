//! A download whose ranges are written in any order: the first response is read from the front, further
//! requests fetch from the back, until they meet. A stream that then has nothing left to do takes over half
//! of what the slowest has.
//!
//! Invariants: every byte is fetched for exactly one range and written once. There are as many requests as
//! help (`concurrency`), within the process's slots and its budget. The first error ends them all.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Download;
use super::reader::{NextChunk, ObjectHandle, RangeReader};
use super::target::{DownloadTarget, FilledRange, TargetRange, join};
use super::unwritten::Unwritten;
use crate::error::{Result, fail};
use crate::mailbox::Mailbox;
use crate::observe;
use crate::runtime::workers;
use crate::transfer::budget::acquire;
use crate::transfer::concurrency::Concurrency;
use crate::transfer::pace::{CountedRequest, Pace};
use crate::transfer::spans::{LEAST, SMALLEST, Untaken};
use crate::transfer::tasks::joined;
use crate::transfer::verify::Expected;

/// Bytes that one further request fetches at most, unless the store sets another limit.
const MOST: u64 = 64 << 20;

/// Bytes that the first response's reader takes at a time while it is alone.
const STEP: u64 = 8 << 20;

/// How often a stream's rate is compared with its siblings', and how many times slower it may be.
const CHECK: Duration = Duration::from_millis(500);
const SLOWER: u64 = 8;

/// Fills the target and checks it; returns the bytes, if they went to memory.
pub(super) async fn fill(download: Download, target: DownloadTarget) -> Result<Bytes> {
    let Download { object, mailbox, reader, expected, latency, streams, transform, .. } = download;
    let target = match transform {
        Some(transform) => DownloadTarget::Transformed(Box::new(target), transform),
        None => target,
    };
    let concurrency = Concurrency::new(latency, streams);
    let fill = Arc::new(ParallelFill {
        expected,
        most: object.at.completed().await?.multipart_chunksize.unwrap_or(MOST),
        latency,
        streams: AtomicUsize::new(concurrency.streams()),
        running: AtomicUsize::new(1),
        moved: Arc::default(),
        active: Arc::default(),
        each: AtomicU64::new(0),
        ranges: Mutex::new(Ranges {
            untaken: Untaken::new(reader.left()),
            target,
            open: Vec::new(),
            filled: Vec::new(),
        }),
        object,
        mailbox,
        changed: Notify::new(),
    });
    if concurrency.is_fixed() || reader.left().length < 2 * LEAST {
        fill.streams.store(1, Ordering::Relaxed);
        fill.front(reader).await?;
    } else {
        Box::pin(fill.run(reader, concurrency)).await?;
    }
    let Some(fill) = Arc::into_inner(fill) else {
        fail!(Internal, "a part's task outlived its download; please report it")
    };
    let ranges = fill.ranges.into_inner().unwrap_or_else(PoisonError::into_inner);
    join(&ranges.target, ranges.filled, &fill.expected)
}

struct ParallelFill {
    object: Arc<ObjectHandle>,
    mailbox: Arc<Mailbox>,
    expected: Expected,
    most: u64,
    latency: Duration,
    ranges: Mutex<Ranges>,
    /// Requests to keep going, and those that are.
    streams: AtomicUsize,
    running: AtomicUsize,
    /// Bytes that came, and requests whose bytes are coming.
    moved: Arc<AtomicU64>,
    active: Arc<AtomicUsize>,
    /// Bytes a second of one stream, on average.
    each: AtomicU64,
    /// There should be more requests, or a range is full.
    changed: Notify,
}

struct Ranges {
    untaken: Untaken,
    target: DownloadTarget,
    /// What was taken and is not full yet.
    open: Vec<Unwritten>,
    filled: Vec<FilledRange>,
}

/// One stream, watched for a rate far below that of the others.
struct Watch {
    checked: Instant,
    /// Bytes since then.
    bytes: u64,
    is_replaced: bool,
    /// Since its first byte.
    active: Option<CountedRequest>,
}

impl Watch {
    fn new() -> Watch {
        Watch { checked: Instant::now(), bytes: 0, is_replaced: false, active: None }
    }
}

impl Ranges {
    fn open(&mut self, range: TargetRange) -> TargetRange {
        self.open.push(range.unwritten.clone());
        range
    }
}

impl ParallelFill {
    fn ranges(&self) -> MutexGuard<'_, Ranges> {
        self.ranges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// The bytes that one stream moves while so many responses begin.
    fn during(&self, latencies: u64) -> u64 {
        let latency = self.latency.as_micros().min(1_000_000) as u64;
        self.each.load(Ordering::Relaxed).saturating_mul(latencies * latency) / 1_000_000
    }

    /// The fewest bytes that are worth a request.
    fn least(&self) -> u64 {
        self.during(5).clamp(SMALLEST, 2 * LEAST).min(self.most.max(SMALLEST))
    }

    /// The most bytes of a request: so many that its beginning does not matter, and no more, so that a
    /// stream that does not help is soon given back.
    fn largest(&self) -> u64 {
        self.during(20).clamp(2 * LEAST, MOST).min(self.most)
    }

    /// The next range at the front, and how far no other request has taken any.
    fn take_front(&self) -> Option<(TargetRange, u64)> {
        let streams = self.streams();
        let step = if streams == 1 { STEP } else { self.least() };
        let ranges = &mut *self.ranges();
        let span = ranges.untaken.front(step)?;
        let reach = span.end() + ranges.untaken.left();
        Some((ranges.target.front(span, streams, &self.expected), reach))
    }

    /// A range at the back, or what is left of them, or half of the largest that another stream has.
    fn take_back(&self) -> Option<TargetRange> {
        let (streams, least, largest) = (self.streams(), self.least(), self.largest());
        let ranges = &mut *self.ranges();
        let span = ranges.untaken.back(streams as u64, least, largest).or_else(|| ranges.untaken.rest());
        let range = match span {
            Some(span) => {
                let left = ranges.untaken.left();
                ranges.target.back(span, left, streams, &self.expected)
            }
            // Only when nothing is untaken: the reader at the front goes on where its range ends.
            None if ranges.untaken.left() > 0 => return None,
            None => {
                let open = ranges.open.iter().max_by_key(|unwritten| unwritten.left().length)?;
                let (span, room) = open.take_over(least)?;
                ranges.target.range(span, room, streams, &self.expected)
            }
        };
        Some(ranges.open(range))
    }

    /// Whether another request would find anything to fetch.
    fn has_work(&self) -> bool {
        let least = self.least();
        let ranges = self.ranges();
        let is_worth = |unwritten: &Unwritten| unwritten.left().length >= 2 * least;
        match ranges.untaken.left() {
            0 => ranges.open.iter().any(is_worth),
            _ => ranges.untaken.has_rest(),
        }
    }

    async fn run(self: &Arc<ParallelFill>, reader: RangeReader, concurrency: Concurrency) -> Result<()> {
        let mut tasks = JoinSet::new();
        let mut pace = Pace::new(concurrency, &self.object.at, self.moved.clone(), Some(self.active.clone()));
        // Read here, on the thread that drives its connection: handing each chunk to another thread would
        // cost more than everything else.
        let mut front = pin!(self.front(reader));
        let mut reading = true;
        self.changed.notify_one();
        while reading || !self.is_full() {
            if !reading && tasks.is_empty() && !self.has_work() {
                // No task is left to fill the rest.
                return joined(None);
            }
            tokio::select! {
                ended = &mut front, if reading => {
                    reading = false;
                    self.running.fetch_sub(1, Ordering::Relaxed);
                    ended?;
                }
                ended = tasks.join_next(), if !tasks.is_empty() => joined(ended)?,
                () = self.changed.notified() => {}
                () = pace.tick() => {
                    self.streams.store(pace.streams(), Ordering::Relaxed);
                    self.each.store(pace.each(), Ordering::Relaxed);
                }
            }
            while self.running.load(Ordering::Relaxed) < self.streams() && self.has_work() {
                self.running.fetch_add(1, Ordering::Relaxed);
                let fill = self.clone();
                let work = async move {
                    let ended = fill.back().await;
                    fill.running.fetch_sub(1, Ordering::Relaxed);
                    ended
                };
                tasks.spawn_on(observe::within(self.mailbox.clone(), work), &workers());
            }
        }
        // Cancel tasks that still wait for a slot.
        tasks.shutdown().await;
        Ok(())
    }

    fn is_full(&self) -> bool {
        let ranges = self.ranges();
        ranges.open.is_empty() && ranges.untaken.left() == 0
    }

    /// Reads the first response until it meets what others have taken.
    async fn front(&self, mut reader: RangeReader) -> Result<()> {
        let holds = self.ranges().target.holds(self.streams());
        let _permit = acquire(holds.min(reader.left().length)).await?;
        let Some((range, reach)) = self.take_front() else {
            // Nothing is to come; the response is read to its end all the same.
            return reader.next().await.map(drop);
        };
        let mut range = self.ranges().open(range);
        reader.until(range.unwritten.left().end(), reach);
        let mut watch = Watch::new();
        loop {
            self.receive(&mut reader, &mut range, &mut watch).await?;
            let Some((next, reach)) = self.take_front() else { return self.done(range).await };
            range.grow(next).await?;
            reader.until(range.unwritten.left().end(), reach);
        }
    }

    /// Fetches ranges from the back as long as there are any.
    async fn back(&self) -> Result<()> {
        while self.running.load(Ordering::Relaxed) <= self.streams() {
            let _slot = self.object.at.slot().await?;
            let holds = self.ranges().target.holds(self.streams());
            let _permit = acquire(holds).await?;
            let Some(mut range) = self.take_back() else { return Ok(()) };
            let mut reader = RangeReader::open(self.object.clone(), range.unwritten.left()).await?;
            self.receive(&mut reader, &mut range, &mut Watch::new()).await?;
            self.done(range).await?;
        }
        Ok(())
    }

    /// Fills the range as far as it is still this stream's. If the stream is far slower than the others,
    /// another request takes its place, once.
    async fn receive(
        &self,
        reader: &mut RangeReader,
        range: &mut TargetRange,
        watch: &mut Watch,
    ) -> Result<()> {
        loop {
            let is_watched = !watch.is_replaced && self.streams() > 1;
            match reader.next_by(is_watched.then(|| watch.checked + CHECK)).await? {
                NextChunk::End => return Ok(()),
                NextChunk::Chunk(chunk) => {
                    watch.active.get_or_insert_with(|| CountedRequest::of(&self.active));
                    let written = range.write(chunk).await?;
                    watch.bytes += written as u64;
                    self.moved.fetch_add(written as u64, Ordering::Relaxed);
                    self.mailbox.advance(written as u64);
                    let end = range.unwritten.left().end();
                    if end < reader.left().end() {
                        // Another stream has taken over the rest.
                        reader.until(end, end);
                    }
                }
                NextChunk::Late => {
                    let lasted = watch.checked.elapsed().as_millis().max(1) as u64;
                    if watch.bytes * 1000 / lasted < self.each.load(Ordering::Relaxed) / SLOWER {
                        watch.is_replaced = true;
                        reader.replace().await;
                    }
                    (watch.checked, watch.bytes) = (Instant::now(), 0);
                }
            }
        }
    }

    async fn done(&self, range: TargetRange) -> Result<()> {
        let unwritten = range.unwritten.clone();
        let filled = range.finish().await?;
        {
            let mut ranges = self.ranges();
            ranges.filled.push(filled);
            ranges.open.retain(|open| !open.is(&unwritten));
        }
        self.changed.notify_one();
        Ok(())
    }
}
