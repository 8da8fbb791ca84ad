//! One fetch from an upstream, for all readers of the process that want the object while it runs.
//!
//! Invariant: a fetch belongs to no caller: nobody who reads slowly, fails or leaves holds it up. Bytes go to
//! the spool first; the object is stored only after the upstream ended in order and its length and checksum
//! held. A fetch that stores goes on without readers; one that does not ends with its last reader.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use tokio::sync::{Notify, OnceCell, Semaphore, oneshot, watch};

use super::digest::Digest;
use super::keep::keep;
use super::spool::FillSpool;
use super::upstream::{Piece, Upstream, UpstreamBody, UpstreamMeta};
use super::web::Validators;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::keys::Key;
use crate::question::Question;
use crate::runtime;
use crate::store::Backend;
use crate::tally::{Share, Tally};

/// Fetches at a time in a process; more wait for their turn. Each may take three descriptors.
const FETCHES: u32 = 256;

/// Bytes that are gathered for one write to the spool.
const GATHER: usize = 1 << 20;

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
    spool: OnceCell<FillSpool>,
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
    /// Bytes in the spool.
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
    slots: Semaphore,
}

impl Default for Fills {
    fn default() -> Fills {
        let most = (runtime::descriptors() / 8).clamp(1, FETCHES);
        Fills { running: Mutex::default(), ended: Mutex::default(), slots: Semaphore::new(most as usize) }
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

/// Joins the fetch of this key, or starts it.
pub(super) fn join(key: FillKey, since: Instant, job: impl FnOnce() -> Job) -> Result<Joined> {
    let fills = fills()?;
    let mut running = locked(&fills.running);
    if let Some(fill) = running.get(&key) {
        fill.readers.fetch_add(1, Ordering::Relaxed);
        let fill = fill.clone();
        drop(running);
        return Ok(Joined::Follows(FillReader { fill, fills }));
    }
    if locked(&fills.ended).get(&key).is_some_and(|ended| *ended >= since) {
        return Ok(Joined::LooksAgain);
    }
    let job = job();
    let fill = Arc::new(Fill {
        key,
        retain: job.retain,
        spool: OnceCell::new(),
        state: watch::Sender::default(),
        question: watch::Sender::default(),
        readers: AtomicUsize::new(1),
        abandoned: Notify::new(),
    });
    running.insert(key, fill.clone());
    drop(running);
    let (sender, upstream) = oneshot::channel();
    let current = runtime::current()?;
    let (of, all) = (fill.clone(), fills.clone());
    runtime::workers().spawn(current.counted(async move {
        let failed = tokio::select! {
            biased;
            () = of.abandoned.notified() => Error::new(ErrorKind::Cancelled, "every reader left"),
            () = current.exits() => Error::new(ErrorKind::Cancelled, "the process exits"),
            outcome = Box::pin(of.run(&all, &job, upstream)) => match outcome {
                Ok(()) => Error::new(ErrorKind::Internal, "the fetch has no end"),
                Err(error) => error,
            },
        };
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
    }));
    Ok(Joined::Leads(FillReader { fill, fills }, sender))
}

impl Fill {
    pub(super) fn watch(&self) -> watch::Receiver<FillState> {
        self.state.subscribe()
    }

    pub(super) fn spool(&self) -> Result<&FillSpool> {
        match self.spool.get() {
            Some(spool) => Ok(spool),
            None => fail!(Internal, "a fetch has bytes and no spool; please report it"),
        }
    }

    pub(super) fn has_readers(&self) -> bool {
        self.readers.load(Ordering::Relaxed) > 0
    }

    async fn run(
        &self,
        fills: &Fills,
        job: &Job,
        upstream: oneshot::Receiver<Result<Upstream>>,
    ) -> Result<()> {
        let Ok(upstream) = upstream.await else {
            self.state.send_modify(|state| state.has_no_leader = true);
            fail!(Cancelled, "the call that led the fetch left");
        };
        let mut upstream = upstream?;
        let _slot = fills.slots.acquire().await;
        let media = upstream.content_type.take();
        let (size, digest) = (upstream.size, upstream.digest.take());
        let (mut meta, body) = upstream.open(&job.backend, &job.known).await?;
        meta.content_type = media.or(meta.content_type);
        check_size(size, meta.size, job.max_size)?;
        let is_encrypted = matches!(&job.backend, Backend::S3(s3) if s3.encryption().is_some());
        let spool = FillSpool::new(is_encrypted).await?;
        // The cell is this fetch's own and was empty.
        let _ = self.spool.set(spool);
        let meta = Arc::new(UpstreamMeta { size: meta.size.or(size), ..meta });
        self.state.send_modify(|state| state.meta = Some(meta.clone()));
        let fetching = async {
            let outcome = self.fetch(job, body, &meta, size, digest).await;
            self.state.send_modify(|state| state.end = Some(outcome));
        };
        let kept = if job.retain {
            let ((), kept) = tokio::join!(fetching, keep(self, job, &meta));
            kept
        } else {
            fetching.await;
            Ok(false)
        };
        self.state.send_modify(|state| state.kept = Some(kept));
        Ok(())
    }

    /// Moves the upstream's bytes to the spool and checks them.
    async fn fetch(
        &self,
        job: &Job,
        mut body: UpstreamBody,
        meta: &UpstreamMeta,
        size: Option<u64>,
        mut digest: Option<Digest>,
    ) -> Result<()> {
        let spool = self.spool()?;
        // The upstream's next byte, and the spool's.
        let (mut at, mut written) = (0, 0);
        loop {
            let mut bytes = match body.next().await? {
                Piece::Bytes(bytes) => bytes,
                Piece::Restart => {
                    at = 0;
                    continue;
                }
                Piece::End => break,
            };
            let repeated = bytes.len().min(usize::try_from(written - at).unwrap_or(usize::MAX));
            if repeated > 0 {
                let again = bytes.split_to(repeated);
                if spool.read(at, repeated).await? != again {
                    fail!(Changed, "the upstream's bytes changed while they were fetched");
                }
                at += repeated as u64;
            }
            if bytes.is_empty() {
                continue;
            }
            let (more, next) = gather(&mut body, bytes)?;
            if job.max_size.is_some_and(|most| written + more.len() as u64 > most) {
                return Err(too_large(job.max_size));
            }
            if let Some(digest) = &mut digest {
                digest.update(&more);
            }
            let length = more.len() as u64;
            spool.write(written, more).await?;
            written += length;
            at = written;
            count(job, |tally| tally.upstream_bytes(length));
            self.state.send_modify(|state| state.written = written);
            match next {
                Some(Piece::Restart) => at = 0,
                Some(Piece::End) => break,
                _ => {}
            }
        }
        let expected = size.or(meta.size);
        if at < written || expected.is_some_and(|size| size != written) {
            let expected = expected.unwrap_or(written);
            fail!(Corrupt, "the upstream sent {at} bytes, expected {expected}; they were not kept");
        }
        digest.map_or(Ok(()), Digest::check)
    }
}

/// Adds what has arrived meanwhile, up to a limit; returns what it is followed by, if that is no byte.
fn gather(body: &mut UpstreamBody, first: Bytes) -> Result<(Bytes, Option<Piece>)> {
    let mut all: Option<BytesMut> = None;
    let mut length = first.len();
    while length < GATHER {
        match body.next().now_or_never().transpose()? {
            Some(Piece::Bytes(bytes)) => {
                length += bytes.len();
                all.get_or_insert_with(|| BytesMut::from(&first[..])).extend_from_slice(&bytes);
            }
            other => return Ok((all.map_or(first, BytesMut::freeze), other)),
        }
    }
    Ok((all.map_or(first, BytesMut::freeze), None))
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
