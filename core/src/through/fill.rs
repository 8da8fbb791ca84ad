//! One fetch from an upstream, for all readers of the process that want the object while it runs.
//!
//! Invariant: a fetch belongs to no caller: nobody who reads slowly, fails or leaves holds it up, as long as
//! its bytes find a place on the disk. The object is stored only after the upstream ended in order and its
//! length and checksum held. A fetch that stores goes on without readers; another ends with its last one.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::sync::{Notify, SemaphorePermit, oneshot, watch};

use super::digest::Digest;
use super::keep::keep;
use super::upstream::{Piece, Upstream, UpstreamBody, UpstreamMeta};
use super::web::Validators;
use super::window::{FillSlots, FillWindow, WindowReader};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::keys::Key;
use crate::question::Question;
use crate::runtime;
use crate::store::Backend;
use crate::tally::{Share, Tally};

/// Fetches at a time in a process; more wait for their turn. Each may take three descriptors.
const FETCHES: u32 = 256;

/// Bytes that are gathered for one notice to the readers, if they come at once. The first come without delay.
const GATHER: u64 = 256 << 10;

/// How long a fetch that ended is remembered, for callers who looked into the store before its end.
const REMEMBERED: Duration = Duration::from_secs(60);

/// What makes two calls share a fetch: store, key and upstream.
pub(super) type FillKey = [u8; 32];

/// What a fetch does besides reading its upstream.
pub(super) struct Job {
    pub(super) backend: Backend,
    pub(super) key: Key,
    /// Whether the bytes are stored.
    pub(super) retain: bool,
    pub(super) max_size: Option<u64>,
    pub(super) metadata: BTreeMap<String, String>,
    /// The upstream's state that the store holds, and the ETag of the object that holds it.
    pub(super) known: Validators,
    pub(super) replaces: Option<String>,
    pub(super) share: Option<Share>,
}

/// A fetch under way.
pub(super) struct Fill {
    key: FillKey,
    retain: bool,
    pub(super) window: Arc<FillWindow>,
    state: watch::Sender<FillState>,
    /// Questions of the store to the host, which a reader's thread answers.
    pub(super) question: watch::Sender<Option<Arc<Question>>>,
    readers: AtomicUsize,
    abandoned: Notify,
}

/// How far a fetch is.
#[derive(Clone, Default)]
pub(super) struct FillState {
    pub(super) meta: Option<Arc<UpstreamMeta>>,
    /// Bytes that readers may have.
    pub(super) written: u64,
    /// The end of the upstream's bytes: whole and checked, or why not.
    pub(super) end: Option<Result<()>>,
    /// Whether the object was stored, or why not.
    pub(super) kept: Option<Result<bool>>,
    /// The leader left before it had named the upstream: another caller may lead.
    pub(super) has_no_leader: bool,
}

/// The fetches of a process.
struct Fills {
    running: Mutex<HashMap<FillKey, Arc<Fill>>>,
    ended: Mutex<HashMap<FillKey, Instant>>,
    slots: Arc<FillSlots>,
}

impl Default for Fills {
    fn default() -> Fills {
        let most = (runtime::descriptors() / 8).clamp(1, FETCHES) as usize;
        let slots = Arc::new(FillSlots::new(most));
        Fills { running: Mutex::default(), ended: Mutex::default(), slots }
    }
}

fn fills() -> Result<Arc<Fills>> {
    Ok(runtime::current()?.shared("fetches through stores", Fills::default))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a call takes part in a fetch.
pub(super) enum Joined {
    /// It started the fetch, and has to name the upstream.
    Leads(FillReader, oneshot::Sender<Result<Upstream>>),
    Follows(FillReader),
    /// A fetch ended since `since`: the object may be in the store now.
    LooksAgain,
}

/// A reader's share of a fetch.
pub(super) struct FillReader {
    pub(super) fill: Arc<Fill>,
    pub(super) place: WindowReader,
    fills: Arc<Fills>,
}

impl Drop for FillReader {
    fn drop(&mut self) {
        let mut running = locked(&self.fills.running);
        let is_last = self.fill.readers.fetch_sub(1, Ordering::Relaxed) == 1;
        if is_last && !self.fill.retain {
            forget(&mut running, &self.fill);
            self.fill.abandoned.notify_one();
        }
    }
}

fn forget(running: &mut HashMap<FillKey, Arc<Fill>>, fill: &Arc<Fill>) {
    if running.get(&fill.key).is_some_and(|other| Arc::ptr_eq(other, fill)) {
        running.remove(&fill.key);
    }
}

/// Joins the fetch of this key, or starts it. A reader that waits reads nothing before the checks.
pub(super) fn join(key: FillKey, since: Instant, waits: bool, job: impl FnOnce() -> Job) -> Result<Joined> {
    let fills = fills()?;
    let mut running = locked(&fills.running);
    // A fetch whose first bytes are gone, since the disk is full, serves those who came in time.
    if let Some((fill, place)) =
        running.get(&key).and_then(|fill| Some((fill, fill.window.enter(!waits, true)?)))
    {
        fill.readers.fetch_add(1, Ordering::Relaxed);
        let fill = fill.clone();
        drop(running);
        return Ok(Joined::Follows(FillReader { fill, place, fills }));
    }
    if locked(&fills.ended).get(&key).is_some_and(|ended| *ended >= since) {
        return Ok(Joined::LooksAgain);
    }
    let job = job();
    let fill = Arc::new(Fill {
        key,
        retain: job.retain,
        window: Arc::new(FillWindow::new(fills.slots.clone())),
        state: watch::Sender::default(),
        question: watch::Sender::default(),
        readers: AtomicUsize::new(1),
        abandoned: Notify::new(),
    });
    let Some(place) = fill.window.enter(!waits, true) else { fail!(Internal, "a new fetch has lost bytes") };
    running.insert(key, fill.clone());
    drop(running);
    let (sender, upstream) = oneshot::channel();
    let current = runtime::current()?;
    let (of, all) = (fill.clone(), fills.clone());
    runtime::workers().spawn(current.counted(async move {
        let (outcome, slot) = tokio::select! {
            biased;
            () = of.abandoned.notified() => (Err(cancelled("every reader left")), None),
            () = current.exits() => (Err(cancelled("the process exits")), None),
            (outcome, slot) = Box::pin(of.run(&all.slots, &job, upstream)) => (outcome, slot),
        };
        let failed = outcome.err().unwrap_or_else(|| Error::new(ErrorKind::Internal, "the fetch has no end"));
        {
            let mut running = locked(&all.running);
            of.state.send_modify(|state| {
                state.end.get_or_insert(Err(failed.clone()));
                state.kept.get_or_insert(Err(failed));
            });
            forget(&mut running, &of);
            let mut ended = locked(&all.ended);
            ended.retain(|_, at| at.elapsed() < REMEMBERED);
            if matches!(of.state.borrow().kept, Some(Ok(true))) {
                ended.insert(key, Instant::now());
            }
        }
        if slot.is_some() && matches!(of.state.borrow().end, Some(Ok(()))) {
            // What slow readers need is on the disk, not in memory, before another fetch starts.
            tokio::select! {
                () = of.window.settle() => {}
                () = of.window.spool(is_encrypted(&job)) => {}
                () = current.exits() => {}
            }
        }
        drop(slot);
    }));
    Ok(Joined::Leads(FillReader { fill, place, fills }, sender))
}

impl Fill {
    pub(super) fn watch(&self) -> watch::Receiver<FillState> {
        self.state.subscribe()
    }

    pub(super) fn has_readers(&self) -> bool {
        self.readers.load(Ordering::Relaxed) > 0
    }

    /// Fetches, and stores if that is wanted. The slot is given back once the bytes have settled.
    async fn run<'a>(
        &self,
        slots: &'a FillSlots,
        job: &Job,
        upstream: oneshot::Receiver<Result<Upstream>>,
    ) -> (Result<()>, Option<SemaphorePermit<'a>>) {
        let upstream = match upstream.await {
            Ok(Ok(upstream)) => upstream,
            Ok(Err(error)) => return (Err(error), None),
            Err(_) => {
                self.state.send_modify(|state| state.has_no_leader = true);
                return (Err(cancelled("the call that led the fetch left")), None);
            }
        };
        let slot = slots.acquire().await;
        (self.run_in_slot(job, upstream).await, slot)
    }

    async fn run_in_slot(&self, job: &Job, mut upstream: Upstream) -> Result<()> {
        let media = upstream.content_type.take();
        let (size, digest) = (upstream.size, upstream.digest.take());
        let (mut meta, body) = upstream.open(&job.backend, &job.known).await?;
        meta.content_type = media.or(meta.content_type);
        check_size(size, meta.size, job.max_size)?;
        let meta = Arc::new(UpstreamMeta { size: meta.size.or(size), ..meta });
        // Stands at byte 0 before the first byte comes.
        let keeper = if job.retain { self.window.enter(true, false) } else { None };
        self.state.send_modify(|state| state.meta = Some(meta.clone()));
        let fetching = async {
            let outcome = self.fetch(job, body, &meta, size, digest).await;
            self.state.send_modify(|state| state.end = Some(outcome));
        };
        let working = async {
            match keeper {
                Some(keeper) => tokio::join!(fetching, keep(self, keeper, job, &meta)).1,
                None => {
                    fetching.await;
                    Ok(false)
                }
            }
        };
        let kept = tokio::select! {
            kept = working => kept,
            () = self.window.spool(is_encrypted(job)) => fail!(Internal, "the temporary file has no end"),
        };
        self.state.send_modify(|state| state.kept = Some(kept));
        Ok(())
    }

    /// Moves the upstream's bytes to the readers and checks them.
    async fn fetch(
        &self,
        job: &Job,
        mut body: UpstreamBody,
        meta: &UpstreamMeta,
        size: Option<u64>,
        mut digest: Option<Digest>,
    ) -> Result<()> {
        // The upstream's next byte, and the readers'; and how many of theirs they know of.
        let (mut at, mut written, mut shown) = (0, 0, 0);
        let show = |written: u64, shown: &mut u64| {
            if written > *shown {
                count(job, |tally| tally.upstream_bytes(written - *shown));
                *shown = written;
                self.state.send_modify(|state| state.written = written);
            }
        };
        loop {
            let arrived = if written - shown < GATHER.min(shown) { body.next().now_or_never() } else { None };
            let piece = match arrived {
                Some(piece) => piece?,
                None => {
                    show(written, &mut shown);
                    body.next().await?
                }
            };
            let mut bytes = match piece {
                Piece::Bytes(bytes) => bytes,
                Piece::Restart => {
                    at = 0;
                    continue;
                }
                Piece::End => break,
            };
            if at < written {
                let repeated = bytes.len().min(usize::try_from(written - at).unwrap_or(usize::MAX));
                self.compare(at, bytes.split_to(repeated)).await?;
                at += repeated as u64;
            }
            if bytes.is_empty() {
                continue;
            }
            if job.max_size.is_some_and(|most| written + bytes.len() as u64 > most) {
                return Err(too_large(job.max_size));
            }
            if let Some(digest) = &mut digest {
                digest.update(&bytes);
            }
            if !self.window.push(&bytes) {
                show(written, &mut shown);
                self.window.push_late(&bytes).await;
            }
            written += bytes.len() as u64;
            at = written;
        }
        show(written, &mut shown);
        let expected = size.or(meta.size);
        if at < written || expected.is_some_and(|size| size != written) {
            let expected = expected.unwrap_or(written);
            fail!(Corrupt, "the upstream sent {at} bytes, expected {expected}; they were not kept");
        }
        digest.map_or(Ok(()), Digest::check)
    }

    /// Checks that an upstream which restarted sends the bytes that readers have.
    async fn compare(&self, mut at: u64, mut again: Bytes) -> Result<()> {
        while !again.is_empty() {
            let before = self.window.read(at, again.len()).await?;
            if again.split_to(before.len()) != before {
                fail!(Changed, "the upstream's bytes changed while they were fetched");
            }
            at += before.len() as u64;
        }
        Ok(())
    }
}

fn cancelled(why: &str) -> Error {
    Error::new(ErrorKind::Cancelled, why)
}

fn is_encrypted(job: &Job) -> bool {
    matches!(&job.backend, Backend::S3(s3) if s3.encryption().is_some())
}

pub(super) fn count(job: &Job, how: impl FnOnce(&Tally)) {
    if let Some(share) = &job.share {
        how(share);
    }
}

fn check_size(size: Option<u64>, announced: Option<u64>, most: Option<u64>) -> Result<()> {
    if let (Some(size), Some(announced)) = (size, announced)
        && size != announced
    {
        fail!(Corrupt, "the upstream announces {announced} bytes, option `size` expects {size}");
    }
    if announced.or(size).zip(most).is_some_and(|(size, most)| size > most) {
        return Err(too_large(most));
    }
    Ok(())
}

fn too_large(most: Option<u64>) -> Error {
    let message = format!("the upstream has more than the {} bytes of option `max_size`", most.unwrap_or(0));
    Error::new(ErrorKind::Service, message)
}
