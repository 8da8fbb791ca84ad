//! A `Call`: a verb under way. Wait for it, await it, poll its descriptor, feed it, cancel it, read its progress.
//!
//! Law of threads: what belongs to the host (its readers, sinks, progress and log handlers) runs on the thread that waits,
//! fed from the call's mailbox; a worker thread only fills and empties the mailbox. Blocking, async, cancel and fork live here
//! and in `runtime`, nowhere else. Must not know any verb.

use std::collections::VecDeque;
use std::fmt;
use std::os::fd::RawFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::error::{Error, ErrorKind, Result};
use crate::observe::Event;
use crate::runtime;
use crate::wake::Wake;

/// Bytes that may lie in a mailbox before the worker waits for the host to take them.
const MAILBOX_BYTES: usize = 4 << 20;

/// How long a cancelled or failed call may take to undo what it began on the server.
const CLEANUP_LIMIT: Duration = Duration::from_secs(10);

/// What a call tells the thread that waits for it.
#[derive(Debug)]
pub enum Step {
    /// Bytes for the host's sink, in order.
    Chunk(Bytes),
    /// The call wants up to this many more bytes: answer with `feed`, `feed_end` or `feed_error`.
    Want(usize),
    /// Bytes moved so far, and the total if it is known.
    Progress(u64, Option<u64>),
    /// Something for the host's log.
    Event(Event),
    /// The call has ended; take the result.
    Done,
}

enum Feed {
    Data(Bytes),
    End,
    Failed(Error),
}

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    chunks: VecDeque<Bytes>,
    chunk_bytes: usize,
    want: Option<usize>,
    fed: Option<Feed>,
    progress: bool,
    finished: bool,
    raised: bool,
    wake: Option<Wake>,
    waker: Option<Waker>,
}

impl State {
    fn take(&mut self) -> Option<Step> {
        if let Some(event) = self.events.pop_front() {
            return Some(Step::Event(event));
        }
        if let Some(chunk) = self.chunks.pop_front() {
            self.chunk_bytes -= chunk.len();
            return Some(Step::Chunk(chunk));
        }
        if let Some(size) = self.want.take() {
            return Some(Step::Want(size));
        }
        if std::mem::take(&mut self.progress) {
            return Some(Step::Progress(0, None));
        }
        self.finished.then_some(Step::Done)
    }

    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.chunks.is_empty() && self.want.is_none() && !self.progress && !self.finished
    }

    /// Makes descriptor and waker tell the truth after a change.
    fn settle(&mut self) {
        let something = !self.is_empty();
        if let Some(wake) = &self.wake
            && something != self.raised
        {
            if something { wake.raise() } else { wake.lower() }
            self.raised = something;
        }
        if something && let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// The mailbox between a verb, which runs on a worker, and the thread that waits.
pub(crate) struct Mailbox {
    state: Mutex<State>,
    host_acted: Notify,
    cancelled: AtomicBool,
    cancel: Notify,
    done: AtomicU64,
    total: AtomicU64,
    listens: AtomicBool,
    cleanups: Mutex<Vec<(u64, Pin<Box<dyn Future<Output = ()> + Send>>)>>,
    next_cleanup: AtomicU64,
}

const UNKNOWN: u64 = u64::MAX;

impl Mailbox {
    fn new() -> Self {
        Mailbox {
            state: Mutex::default(),
            host_acted: Notify::new(),
            cancelled: AtomicBool::new(false),
            cancel: Notify::new(),
            done: AtomicU64::new(0),
            total: AtomicU64::new(UNKNOWN),
            listens: AtomicBool::new(false),
            cleanups: Mutex::default(),
            next_cleanup: AtomicU64::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        state.settle();
    }

    /// Hands bytes to the host; waits while it has more than enough.
    pub(crate) async fn send(&self, chunk: Bytes) {
        loop {
            let acted = self.host_acted.notified();
            {
                let mut state = self.state();
                if state.chunk_bytes == 0 || state.chunk_bytes + chunk.len() <= MAILBOX_BYTES {
                    state.chunk_bytes += chunk.len();
                    state.chunks.push_back(chunk);
                    state.settle();
                    return;
                }
            }
            acted.await;
        }
    }

    /// Asks the host for up to `size` bytes; `None` when its source has ended.
    pub(crate) async fn pull(&self, size: usize) -> Result<Option<Bytes>> {
        self.change(|state| state.want = Some(size));
        loop {
            let acted = self.host_acted.notified();
            match self.state().fed.take() {
                Some(Feed::Data(bytes)) => return Ok(Some(bytes)),
                Some(Feed::End) => return Ok(None),
                Some(Feed::Failed(error)) => return Err(error),
                None => {}
            }
            acted.await;
        }
    }

    /// The total number of bytes that will move.
    pub(crate) fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// So many more bytes have moved.
    pub(crate) fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        if self.listens.load(Ordering::Relaxed) {
            self.change(|state| state.progress = true);
        }
    }

    fn progress(&self) -> (u64, Option<u64>) {
        let total = self.total.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed), (total != UNKNOWN).then_some(total))
    }

    pub(crate) fn event(&self, event: Event) {
        self.change(|state| state.events.push_back(event));
    }

    /// Work to do if the call fails or is cancelled, for example to abort an upload; `keep` takes it back.
    pub(crate) fn on_abandon(&self, work: impl Future<Output = ()> + Send + 'static) -> u64 {
        let id = self.next_cleanup.fetch_add(1, Ordering::Relaxed);
        self.cleanups.lock().unwrap_or_else(PoisonError::into_inner).push((id, Box::pin(work)));
        id
    }

    /// The work registered under `id` is no longer needed.
    pub(crate) fn keep(&self, id: u64) {
        self.cleanups.lock().unwrap_or_else(PoisonError::into_inner).retain(|(other, _)| *other != id);
    }

    async fn cancelled(&self) {
        loop {
            let notified = self.cancel.notified();
            if self.cancelled.load(Ordering::SeqCst) {
                return;
            }
            notified.await;
        }
    }

    fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        self.cancel.notify_waiters();
    }
}

/// A verb under way, with a result of type `R`.
///
/// Dropping it cancels it: an upload is aborted, a temporary file removed. In a forked child a call of the parent answers `Forked`.
pub struct Call<R> {
    mailbox: Arc<Mailbox>,
    result: Arc<Mutex<Option<Result<R>>>>,
    generation: u64,
    taken: bool,
}

impl<R> fmt::Debug for Call<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("progress", &self.progress()).finish_non_exhaustive()
    }
}

/// Sets the result on every way out, a panic in the verb included.
struct Finish<R> {
    mailbox: Arc<Mailbox>,
    result: Arc<Mutex<Option<Result<R>>>>,
    outcome: Option<Result<R>>,
}

impl<R> Drop for Finish<R> {
    fn drop(&mut self) {
        let outcome = self.outcome.take().unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "a defect in oarlock stopped the call; please report it")));
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.mailbox.change(|state| state.finished = true);
    }
}

impl<R: Send + 'static> Call<R> {
    /// Runs the verb on the process's runtime.
    pub(crate) fn spawn<F>(verb: impl FnOnce(Arc<Mailbox>) -> F) -> Call<R>
    where
        F: Future<Output = Result<R>> + Send + 'static,
    {
        let current = match runtime::current() {
            Ok(current) => current,
            Err(error) => return Call::failed(error),
        };
        let mailbox = Arc::new(Mailbox::new());
        let result = Arc::new(Mutex::new(None));
        let work = verb(mailbox.clone());
        let mut finish = Finish { mailbox: mailbox.clone(), result: result.clone(), outcome: None };
        current.spawn(async move {
            let mailbox = finish.mailbox.clone();
            let outcome = crate::observe::within(mailbox.clone(), async {
                tokio::select! {
                    biased;
                    () = mailbox.cancelled() => Err(Error::new(ErrorKind::Cancelled, "the call was cancelled")),
                    outcome = work => outcome,
                }
            })
            .await;
            if outcome.is_err() {
                let cleanups = std::mem::take(&mut *mailbox.cleanups.lock().unwrap_or_else(PoisonError::into_inner));
                for (_, work) in cleanups {
                    let _ = tokio::time::timeout(CLEANUP_LIMIT, work).await;
                }
            }
            finish.outcome = Some(outcome);
            drop(finish);
        });
        Call { mailbox, result, generation: runtime::generation(), taken: false }
    }
}

impl<R> Call<R> {
    /// A call that failed before it began.
    pub(crate) fn failed(error: Error) -> Call<R> {
        let mailbox = Arc::new(Mailbox::new());
        mailbox.change(|state| state.finished = true);
        Call { mailbox, result: Arc::new(Mutex::new(Some(Err(error)))), generation: runtime::generation(), taken: false }
    }

    fn forked(&self) -> bool {
        self.generation != runtime::generation()
    }

    /// A descriptor that is readable while the call has a step to tell; it stays the call's own.
    ///
    /// # Errors
    /// `Forked` in a child of the process that began the call; `Io` when the process is out of descriptors.
    pub fn fd(&self) -> Result<RawFd> {
        if self.forked() {
            return Err(forked());
        }
        let mut state = self.mailbox.state();
        if state.wake.is_none() {
            state.wake = Some(Wake::new()?);
            state.settle();
        }
        Ok(state.wake.as_ref().map_or(-1, Wake::fd))
    }

    /// Asks for `Step::Progress` while bytes move.
    pub fn listen(&self) {
        self.mailbox.listens.store(true, Ordering::Relaxed);
    }

    /// The next step, if there is one now.
    pub fn try_step(&mut self) -> Option<Step> {
        if self.forked() {
            return Some(Step::Done);
        }
        let mut state = self.mailbox.state();
        let step = state.take();
        state.settle();
        drop(state);
        Some(match step? {
            Step::Progress(..) => self.progress_step(),
            step => {
                if let Step::Chunk(_) = step {
                    self.mailbox.host_acted.notify_one();
                }
                step
            }
        })
    }

    fn progress_step(&self) -> Step {
        let (done, total) = self.progress();
        Step::Progress(done, total)
    }

    /// Waits for the next step, at most `limit`; `None` when the time is over or a signal came.
    ///
    /// # Errors
    /// `Io` when the process is out of descriptors.
    pub fn step(&mut self, limit: Option<Duration>) -> Result<Option<Step>> {
        if let Some(step) = self.try_step() {
            return Ok(Some(step));
        }
        self.fd()?;
        let wake: *const Wake = match &self.mailbox.state().wake {
            Some(wake) => wake,
            None => return Ok(None),
        };
        // SAFETY: once made, `wake` is neither moved nor dropped before the mailbox, which `self` keeps alive.
        unsafe { &*wake }.wait(limit);
        Ok(self.try_step())
    }

    /// The next step, awaited on any executor.
    pub async fn next(&mut self) -> Step {
        std::future::poll_fn(|context| self.poll_step(context)).await
    }

    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        match self.try_step() {
            Some(step) => Poll::Ready(step),
            None => {
                let mut state = self.mailbox.state();
                if state.is_empty() {
                    state.waker = Some(context.waker().clone());
                    return Poll::Pending;
                }
                drop(state);
                self.poll_step(context)
            }
        }
    }

    /// Answers `Step::Want` with bytes; more or fewer than wanted are fine, none at all means the end.
    pub fn feed(&self, bytes: Bytes) {
        self.answer(if bytes.is_empty() { Feed::End } else { Feed::Data(bytes) });
    }

    /// Answers `Step::Want`: the source has ended.
    pub fn feed_end(&self) {
        self.answer(Feed::End);
    }

    /// Answers `Step::Want`: the host's source failed, and so does the call, with `Io`.
    pub fn feed_error(&self, why: &str) {
        self.answer(Feed::Failed(Error::new(ErrorKind::Io, format!("the source failed: {why}"))));
    }

    fn answer(&self, feed: Feed) {
        if !self.forked() {
            self.mailbox.state().fed = Some(feed);
            self.mailbox.host_acted.notify_one();
        }
    }

    /// Bytes moved so far, and the total if it is known.
    pub fn progress(&self) -> (u64, Option<u64>) {
        self.mailbox.progress()
    }

    /// Asks the call to stop; it ends with `Cancelled` once it has undone what it began. May be called from any thread.
    pub fn cancel(&self) {
        if !self.forked() {
            self.mailbox.cancel();
        }
    }

    /// A handle that cancels from another thread.
    pub fn canceller(&self) -> Canceller {
        Canceller { mailbox: Arc::downgrade(&self.mailbox), generation: self.generation }
    }

    /// The result, once `Step::Done` was told.
    ///
    /// # Errors
    /// The call's own error; `Forked` in a child; `InvalidInput` before the end or the second time.
    pub fn take(&mut self) -> Result<R> {
        if self.forked() {
            return Err(forked());
        }
        if std::mem::replace(&mut self.taken, true) {
            return Err(Error::new(ErrorKind::InvalidInput, "the call's result was taken already"));
        }
        let result = self.result.lock().unwrap_or_else(PoisonError::into_inner).take();
        result.unwrap_or_else(|| {
            self.taken = false;
            Err(Error::new(ErrorKind::InvalidInput, "the call has not ended yet"))
        })
    }

    /// Waits for the end and takes the result; chunks and wants are not served, so not for streams.
    ///
    /// # Errors
    /// The call's own error; `Timeout` when `limit` passes, and the call is cancelled.
    pub fn wait(mut self, limit: Option<Duration>) -> Result<R> {
        let end = limit.map(|limit| Instant::now() + limit);
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            match self.step(left)? {
                Some(Step::Done) => return self.take(),
                Some(Step::Want(_)) => self.feed_error("the call was given no source to read"),
                Some(_) => {}
                None if left == Some(Duration::ZERO) => {
                    return Err(Error::new(ErrorKind::Timeout, "the call did not end in time and was cancelled"));
                }
                None => {}
            }
        }
    }
}

fn forked() -> Error {
    Error::new(ErrorKind::Forked, "the call was begun before this process was forked; begin it again here")
}

impl<R> Drop for Call<R> {
    fn drop(&mut self) {
        self.cancel();
        if self.forked() {
            // A parent's worker may have held the mailbox's lock at the fork, and its futures belong to the parent's runtime.
            std::mem::forget(self.mailbox.clone());
            std::mem::forget(self.result.clone());
        }
    }
}

impl<R> Unpin for Call<R> {}

impl<R> Future for Call<R> {
    type Output = Result<R>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match self.poll_step(context) {
                Poll::Ready(Step::Done) => return Poll::Ready(self.take()),
                Poll::Ready(Step::Want(_)) => self.feed_error("the call was given no source to read"),
                Poll::Ready(_) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Cancels and watches a call from any thread; does nothing once the call is gone.
#[derive(Clone)]
pub struct Canceller {
    mailbox: std::sync::Weak<Mailbox>,
    generation: u64,
}

impl Canceller {
    /// Asks the call to stop.
    pub fn cancel(&self) {
        if !self.forked()
            && let Some(mailbox) = self.mailbox.upgrade()
        {
            mailbox.cancel();
        }
    }

    /// Whether the call was begun in the parent of this process.
    pub fn forked(&self) -> bool {
        self.generation != runtime::generation()
    }

    /// Bytes moved so far, and the total if it is known; nothing once the call is gone.
    pub fn progress(&self) -> Option<(u64, Option<u64>)> {
        self.mailbox.upgrade().map(|mailbox| mailbox.progress())
    }
}
