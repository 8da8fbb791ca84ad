//! The mailbox between a verb, which runs on a worker, and the thread that waits for it.
//!
//! Invariant: bounded in bytes, so a slow host slows the transfer instead of filling the memory; the
//! descriptor and the waker have its state after every change. Must not depend on a verb or on how a thread
//! waits.

use std::collections::VecDeque;
use std::os::fd::RawFd;
use std::pin::Pin;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;

use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::question::Question;
use crate::sync::{AtomicBool, Mutex, MutexGuard, Notify, Ordering};
use crate::tally::{Share, Tallies, Tally};
use crate::value::{Callback, Value};
use crate::wake::Wake;

/// Bytes that may lie in a mailbox before the worker waits for the host to take them.
const MAILBOX_BYTES: usize = 4 << 20;

/// A step of a call, for the thread that waits for it.
#[derive(Debug)]
pub enum Step {
    /// Bytes for the host's sink, in order.
    Chunk(Bytes),
    /// The call wants up to this many more bytes: answer with `feed`, `feed_end` or `feed_error`.
    Want(usize),
    /// The call needs the result of a function of the host: run it and pass the result to `answer` or
    /// `answer_error`.
    Ask {
        /// Which function, as the setting named it.
        callback: Callback,
        /// Its argument, a map.
        question: Value,
    },
    /// Bytes moved so far, and the total if it is known.
    Progress(u64, Option<u64>),
    /// Something for the host's log.
    Event(Event),
    /// The call has ended; take the result.
    Done,
}

/// The host's answer to `Step::Want`.
pub(crate) enum Feed {
    Data(Bytes),
    End,
    Failed(Error),
}

#[derive(Default)]
struct MailboxState {
    events: VecDeque<Event>,
    chunks: VecDeque<Bytes>,
    chunk_bytes: usize,
    want: Option<usize>,
    fed: Option<Feed>,
    /// What this call would have answered; the same may be there several times.
    questions: Vec<Arc<Question>>,
    /// What the host is answering.
    asked: Option<Arc<Question>>,
    cancelled: bool,
    progress: bool,
    finished: bool,
    raised: bool,
    wake: Option<Arc<Wake>>,
    waker: Option<Waker>,
}

impl MailboxState {
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
        if self.asks()
            && let Some(question) = self.questions.iter().find(|question| question.take()).cloned()
        {
            let step = Step::Ask { callback: question.callback.clone(), question: question.value.clone() };
            self.asked = Some(question);
            return Some(step);
        }
        if std::mem::take(&mut self.progress) {
            return Some(Step::Progress(0, None));
        }
        self.finished.then_some(Step::Done)
    }

    fn is_empty(&self) -> bool {
        let asks = self.asks() && self.questions.iter().any(|question| question.free());
        self.events.is_empty()
            && self.chunks.is_empty()
            && self.want.is_none()
            && !asks
            && !self.progress
            && !self.finished
    }

    /// Whether a question may be put to the host now: one at a time, and none once the call is to stop.
    fn asks(&self) -> bool {
        self.asked.is_none() && !self.cancelled
    }

    /// Sets descriptor and waker to the state after a change.
    fn settle(&mut self) {
        let something = !self.is_empty();
        if let Some(wake) = &self.wake
            && something != self.raised
        {
            if something {
                wake.raise()
            } else {
                wake.lower()
            }
            self.raised = something;
        }
        if something && let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// Work that undoes what a verb began.
pub(crate) type Cleanup = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The mailbox between a verb, which runs on a worker, and the thread that waits.
pub(crate) struct Mailbox {
    state: Mutex<MailboxState>,
    host_acted: Notify,
    cancelled: AtomicBool,
    cancel: Notify,
    done: AtomicU64,
    total: AtomicU64,
    tally: OnceLock<Share>,
    listens: AtomicBool,
    /// Whether progress counts objects: bytes that move for them are then counted in the tally only.
    by_objects: AtomicBool,
    cleanups: Mutex<Vec<(u64, Cleanup)>>,
    next_cleanup: AtomicU64,
    /// The call's own mailbox, if this one is for a part of its work.
    whole: Option<Arc<Mailbox>>,
    /// Which of the whole's cleanups are this part's.
    own_cleanups: Mutex<Vec<u64>>,
}

const UNKNOWN: u64 = u64::MAX;

impl Mailbox {
    pub(crate) fn new() -> Self {
        Mailbox {
            state: Mutex::new(MailboxState::default()),
            host_acted: Notify::new(),
            cancelled: AtomicBool::new(false),
            cancel: Notify::new(),
            done: AtomicU64::new(0),
            total: AtomicU64::new(UNKNOWN),
            tally: OnceLock::new(),
            listens: AtomicBool::new(false),
            by_objects: AtomicBool::new(false),
            cleanups: Mutex::new(Vec::new()),
            next_cleanup: AtomicU64::new(0),
            whole: None,
            own_cleanups: Mutex::new(Vec::new()),
        }
    }

    /// A mailbox for one of many pieces of work in a call, which may fail and be undone alone. Its bytes
    /// count for the call, which has the total; nothing else is reported.
    pub(crate) fn of_part(whole: &Arc<Mailbox>) -> Self {
        Mailbox { whole: Some(whole.clone()), ..Mailbox::new() }
    }

    fn state(&self) -> MutexGuard<'_, MailboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut MailboxState)) {
        let mut state = self.state();
        change(&mut state);
        state.settle();
    }

    /// Hands bytes to the host; waits while it has more than enough.
    pub(crate) async fn send(&self, chunk: Bytes) {
        self.send_within(chunk, MAILBOX_BYTES).await;
    }

    /// The same for a call that is one of many: so many bytes wait for the host at most.
    pub(crate) async fn send_within(&self, chunk: Bytes, most: usize) {
        loop {
            let acted = self.host_acted.notified();
            {
                let mut state = self.state();
                if state.chunk_bytes == 0 || state.chunk_bytes + chunk.len() <= most {
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

    /// Has the thread that waits for this call run a function of the host's.
    pub(crate) async fn ask(&self, callback: Callback, value: Value) -> Result<Value> {
        let question = Arc::new(Question::new(callback, value));
        tokio::select! {
            biased;
            answer = question.answered() => answer,
            () = self.offer(&question) => Err(Error::new(ErrorKind::Cancelled, "the call was cancelled")),
        }
    }

    /// Offers a question to the thread that waits for this call, for as long as this is polled; ends once the
    /// call is cancelled.
    pub(crate) async fn offer(&self, question: &Arc<Question>) {
        struct Offer<'a>(&'a Mailbox, &'a Arc<Question>);
        impl Drop for Offer<'_> {
            fn drop(&mut self) {
                self.0.change(|state| {
                    if let Some(at) =
                        state.questions.iter().position(|question| Arc::ptr_eq(question, self.1))
                    {
                        state.questions.swap_remove(at);
                    }
                });
            }
        }

        let offering = async {
            loop {
                question.until_free(true).await;
                let _offer = Offer(self, question);
                self.change(|state| state.questions.push(question.clone()));
                question.until_free(false).await;
            }
        };
        tokio::select! {
            () = self.cancelled() => {}
            () = offering => {}
        }
    }

    /// The total number of bytes that will move.
    pub(crate) fn set_total(&self, total: u64) {
        if !self.by_objects.load(Ordering::Relaxed) {
            self.total.store(total, Ordering::Relaxed);
        }
    }

    /// Counts objects from now on, not bytes; the total is reported as soon as it is known.
    pub(crate) fn count_objects(&self, total: Option<u64>) {
        self.by_objects.store(true, Ordering::Relaxed);
        self.total.store(total.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    /// So many more objects are done.
    pub(crate) fn advance_objects(&self, objects: u64) {
        self.done.fetch_add(objects, Ordering::Relaxed);
        self.tell_progress();
    }

    fn tell_progress(&self) {
        if self.listens.load(Ordering::Relaxed) {
            self.change(|state| state.progress = true);
        }
    }

    /// So many more bytes have moved.
    pub(crate) fn advance(&self, bytes: u64) {
        if let Some(whole) = &self.whole {
            return whole.advance(bytes);
        }
        self.count(|tally| tally.bytes(bytes));
        if !self.by_objects.load(Ordering::Relaxed) {
            self.done.fetch_add(bytes, Ordering::Relaxed);
            self.tell_progress();
        }
    }

    /// Where the call is counted, from now on.
    pub(crate) fn counts_in(&self, tally: Share) {
        // A call is of one verb only.
        let _ = self.tally.set(tally);
    }

    /// Counts for the call.
    pub(crate) fn count(&self, how: impl FnOnce(&Tally)) {
        if let Some(tally) = self.tally.get() {
            how(tally);
        }
    }

    /// Where the call is counted.
    pub(crate) fn share(&self) -> Option<Share> {
        self.tally.get().cloned()
    }

    /// What the store of the call counts.
    pub(crate) fn tallies(&self) -> Option<&Tallies> {
        self.tally.get().map(Share::all)
    }

    pub(crate) fn event(&self, event: Event) {
        self.change(|state| state.events.push_back(event));
    }

    /// Work to do if the call fails or is cancelled, for example to abort an upload; `keep` takes it back.
    pub(crate) fn on_abandon(&self, work: impl Future<Output = ()> + Send + 'static) -> u64 {
        if let Some(whole) = &self.whole {
            // The whole keeps it, so that a call that is cancelled finds it there.
            let id = whole.on_abandon(work);
            self.own_cleanups.lock().unwrap_or_else(PoisonError::into_inner).push(id);
            return id;
        }
        let id = self.next_cleanup.fetch_add(1, Ordering::Relaxed);
        self.cleanups.lock().unwrap_or_else(PoisonError::into_inner).push((id, Box::pin(work)));
        id
    }

    /// The work registered under `id` is no longer needed.
    pub(crate) fn keep(&self, id: u64) {
        if let Some(whole) = &self.whole {
            return whole.keep(id);
        }
        self.cleanups.lock().unwrap_or_else(PoisonError::into_inner).retain(|(other, _)| *other != id);
    }

    /// What was registered with `on_abandon` and not kept.
    pub(crate) fn take_cleanups(&self) -> Vec<Cleanup> {
        let of = self.whole.as_deref().unwrap_or(self);
        let own = self.own_cleanups.lock().unwrap_or_else(PoisonError::into_inner);
        let mut cleanups = of.cleanups.lock().unwrap_or_else(PoisonError::into_inner);
        let (taken, left) = std::mem::take(&mut *cleanups)
            .into_iter()
            .partition(|(id, _)| self.whole.is_none() || own.contains(id));
        *cleanups = left;
        let taken: Vec<(u64, Cleanup)> = taken;
        taken.into_iter().map(|(_, work)| work).collect()
    }

    /// Nothing more will come from the verb.
    pub(crate) fn finish(&self) {
        self.change(|state| state.finished = true);
    }

    /// Completes once the call is cancelled.
    pub(crate) async fn cancelled(&self) {
        loop {
            let notified = self.cancel.notified();
            if self.cancelled.load(Ordering::SeqCst) {
                return;
            }
            notified.await;
        }
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        self.cancel.notify_waiters();
        let mut asked = None;
        self.change(|state| {
            state.cancelled = true;
            asked = state.asked.take();
        });
        // The host may never come to its end with it now.
        if let Some(question) = asked {
            question.give_up();
        }
    }
}

/// The side of the thread that waits.
impl Mailbox {
    pub(crate) fn listen(&self) {
        self.listens.store(true, Ordering::Relaxed);
        // A worker may have been quicker than the host.
        if self.done.load(Ordering::Relaxed) > 0 {
            self.change(|state| state.progress = true);
        }
    }

    pub(crate) fn progress(&self) -> (u64, Option<u64>) {
        let total = self.total.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed), (total != UNKNOWN).then_some(total))
    }

    pub(crate) fn try_step(&self) -> Option<Step> {
        let step = {
            let mut state = self.state();
            let step = state.take();
            state.settle();
            step?
        };
        Some(match step {
            Step::Progress(..) => {
                let (done, total) = self.progress();
                Step::Progress(done, total)
            }
            Step::Chunk(chunk) => {
                self.host_acted.notify_one();
                Step::Chunk(chunk)
            }
            step => step,
        })
    }

    fn wake(&self) -> Result<Arc<Wake>> {
        let mut state = self.state();
        if let Some(wake) = &state.wake {
            return Ok(wake.clone());
        }
        let wake = Arc::new(Wake::new()?);
        state.wake = Some(wake.clone());
        state.settle();
        Ok(wake)
    }

    pub(crate) fn fd(&self) -> Result<RawFd> {
        self.wake().map(|wake| wake.fd())
    }

    /// Waits for an event of the call, a signal, or the end of the time.
    pub(crate) fn wait(&self, limit: Option<Duration>) -> Result<()> {
        self.wake()?.wait(limit);
        Ok(())
    }

    pub(crate) fn poll_step(&self, context: &Context<'_>) -> Poll<Step> {
        loop {
            if let Some(step) = self.try_step() {
                return Poll::Ready(step);
            }
            if self.poll_told(context).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Ready while there is an event to deliver.
    pub(crate) fn poll_told(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if !state.is_empty() {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    pub(crate) fn feed(&self, feed: Feed) {
        self.state().fed = Some(feed);
        self.host_acted.notify_one();
    }

    /// The host's answer to the question it has; one that came too late counts for nothing.
    pub(crate) fn answer(&self, answer: Result<Value>) {
        let mut asked = None;
        self.change(|state| asked = state.asked.take());
        if let Some(question) = asked {
            question.answer(answer);
        }
    }
}
