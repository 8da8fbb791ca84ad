//! A `Call`: a verb under way. Wait for it, await it, poll its descriptor, feed it, cancel it, read its
//! progress.
//!
//! Law of threads: what belongs to the host (its readers, sinks, progress and log handlers) runs on the
//! thread that waits, fed from the call's mailbox; a worker thread only fills and empties the mailbox.
//! Blocking, async, cancel and fork live here and in `runtime`, nowhere else. Must not know any verb.

use std::fmt;
use std::os::fd::RawFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::error::{Error, ErrorKind, Result};
use crate::inline::Inline;
pub use crate::mailbox::Step;
use crate::mailbox::{Feed, Mailbox};
use crate::runtime;
use crate::value::{Callback, Value};

/// How long a cancelled or failed call may take to undo what it began on the server.
const CLEANUP_LIMIT: Duration = Duration::from_secs(10);

/// How long the waiting thread does a call's work itself; it hears no signal meanwhile.
const HERE: Duration = Duration::from_millis(100);

/// A verb under way, with a result of type `R`.
///
/// Dropping it cancels it: an upload is aborted, a temporary file removed. In a forked child a call of the
/// parent answers `Forked`.
pub struct Call<R> {
    mailbox: Arc<Mailbox>,
    result: Arc<Mutex<Option<Result<R>>>>,
    generation: u64,
    taken: bool,
    /// The work, if it is done here.
    inline: Option<Inline>,
}

impl<R> fmt::Debug for Call<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("progress", &self.progress()).finish_non_exhaustive()
    }
}

/// Sets the result at every exit, a panic in the verb included.
struct Finish<R> {
    mailbox: Arc<Mailbox>,
    result: Arc<Mutex<Option<Result<R>>>>,
    outcome: Option<Result<R>>,
}

impl<R> Drop for Finish<R> {
    fn drop(&mut self) {
        let outcome = self.outcome.take().unwrap_or_else(|| {
            Err(Error::new(ErrorKind::Internal, "a defect in oarlock stopped the call; please report it"))
        });
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.mailbox.finish();
    }
}

impl<R: Send + 'static> Call<R> {
    #[cfg(test)]
    pub(crate) fn spawn<F>(verb: impl FnOnce(Arc<Mailbox>) -> F) -> Call<R>
    where
        F: Future<Output = Result<R>> + Send + 'static,
    {
        Call::begin(false, verb)
    }

    /// Runs the verb on the process's runtime, or where it is waited for.
    pub(crate) fn begin<F>(inline: bool, verb: impl FnOnce(Arc<Mailbox>) -> F) -> Call<R>
    where
        F: Future<Output = Result<R>> + Send + 'static,
    {
        let mailbox = Arc::new(Mailbox::new());
        let work = Box::pin(verb(mailbox.clone()));
        Call::run(mailbox, work, inline)
    }

    // Behind a box, so that what follows exists once and not for every verb: that is a tenth of the library's
    // size.
    fn run(
        mailbox: Arc<Mailbox>,
        work: Pin<Box<dyn Future<Output = Result<R>> + Send>>,
        inline: bool,
    ) -> Call<R> {
        let current = match runtime::current() {
            Ok(current) => current,
            Err(error) => return Call::failed(error),
        };
        let result = Arc::new(Mutex::new(None));
        let mut finish = Finish { mailbox: mailbox.clone(), result: result.clone(), outcome: None };
        let work = current.counted(async move {
            let mailbox = finish.mailbox.clone();
            let all = async {
                let outcome = tokio::select! {
                    biased;
                    () = mailbox.cancelled() => {
                        Err(Error::new(ErrorKind::Cancelled, "the call was cancelled"))
                    }
                    outcome = work => outcome,
                };
                if outcome.is_err() {
                    for work in mailbox.take_cleanups() {
                        let _ = tokio::time::timeout(CLEANUP_LIMIT, work).await;
                    }
                    // Time for a connection that was left in the middle of an answer to close, where nobody
                    // may drive it after this.
                    runtime::yield_now().await;
                    runtime::yield_now().await;
                }
                outcome
            };
            finish.outcome = Some(crate::observe::within(mailbox.clone(), all).await);
            drop(finish);
        });
        let inline = if inline {
            Some(Inline::new(Box::pin(work), current))
        } else {
            current.spawn(work);
            None
        };
        Call { mailbox, result, generation: runtime::generation(), taken: false, inline }
    }
}

impl<R> Call<R> {
    /// A call that failed before it began.
    pub(crate) fn failed(error: Error) -> Call<R> {
        let mailbox = Arc::new(Mailbox::new());
        mailbox.finish();
        Call {
            mailbox,
            result: Arc::new(Mutex::new(Some(Err(error)))),
            generation: runtime::generation(),
            taken: false,
            inline: None,
        }
    }

    fn forked(&self) -> bool {
        self.generation != runtime::generation()
    }

    /// A descriptor that is readable while the call has a step to tell; it stays the call's own.
    ///
    /// # Errors
    /// `Forked` in a child of the process that began the call; `Io` when the process is out of descriptors.
    pub fn fd(&mut self) -> Result<RawFd> {
        if self.forked() {
            return Err(forked());
        }
        self.hand_over();
        self.mailbox.fd()
    }

    /// Leaves the work to our threads.
    fn hand_over(&mut self) {
        if let Some(inline) = self.inline.take() {
            inline.hand_over();
        }
    }

    /// Moves started work to another thread: the host's code runs next, and the work must continue meanwhile.
    fn leave(&mut self) {
        if self.inline.as_ref().is_some_and(Inline::is_under_way) {
            self.hand_over();
        }
    }

    /// Asks for `Step::Progress` while bytes move.
    pub fn listen(&self) {
        self.mailbox.listen();
    }

    /// The next step, if there is one now.
    pub fn try_step(&mut self) -> Option<Step> {
        if self.forked() {
            return Some(Step::Done);
        }
        let step = self.mailbox.try_step();
        if !matches!(step, None | Some(Step::Done)) {
            self.leave();
        }
        step
    }

    /// Waits for the next step, at most `limit`; `None` when the time is over or a signal came.
    ///
    /// # Errors
    /// `Io` when the process is out of descriptors.
    pub fn step(&mut self, limit: Option<Duration>) -> Result<Option<Step>> {
        if let Some(step) = self.try_step() {
            return Ok(Some(step));
        }
        let begun = Instant::now();
        let left = || limit.map(|limit| limit.saturating_sub(begun.elapsed()));
        while let Some(inline) = &mut self.inline {
            let driven = inline.advance(&self.mailbox, left().unwrap_or(HERE).min(HERE));
            if let Some(step) = self.try_step() {
                return Ok(Some(step));
            }
            if driven.is_none_or(|driven| driven >= HERE) || left() == Some(Duration::ZERO) {
                self.hand_over();
            }
        }
        self.mailbox.wait(left())?;
        Ok(self.try_step())
    }

    /// The next step, awaited on any executor.
    pub async fn next(&mut self) -> Step {
        std::future::poll_fn(|context| self.poll_step(context)).await
    }

    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        if self.forked() {
            return Poll::Ready(Step::Done);
        }
        if let Some(inline) = &mut self.inline
            && !inline.poll(context)
        {
            self.hand_over();
        }
        self.mailbox.poll_step(context)
    }

    /// Answers `Step::Want` with bytes; more or fewer than wanted are fine, none at all means the end.
    pub fn feed(&self, bytes: Bytes) {
        self.supply(if bytes.is_empty() { Feed::End } else { Feed::Data(bytes) });
    }

    /// Answers `Step::Want`: the source has ended.
    pub fn feed_end(&self) {
        self.supply(Feed::End);
    }

    /// Answers `Step::Want`: the host's source failed, and so does the call, with `Io`.
    pub fn feed_error(&self, why: &str) {
        self.supply(Feed::Failed(Error::new(ErrorKind::Io, format!("the source failed: {why}"))));
    }

    fn supply(&self, feed: Feed) {
        if !self.forked() {
            self.mailbox.feed(feed);
        }
    }

    /// Answers `Step::Ask` with the result of the host's function.
    pub fn answer(&self, answer: Value) {
        self.reply(Ok(answer));
    }

    /// Answers `Step::Ask`: the host's function failed, and so do the calls that need its answer, with
    /// `Credentials`.
    pub fn answer_error(&self, why: &str) {
        self.reply(Err(Error::new(ErrorKind::Credentials, why)));
    }

    fn reply(&self, answer: Result<Value>) {
        if !self.forked() {
            self.mailbox.answer(answer);
        }
    }

    /// Runs the requested function on this thread.
    fn ask(&self, callback: &Callback, question: Value) {
        match callback.run(question) {
            Ok(answer) => self.answer(answer),
            Err(why) => self.answer_error(&why),
        }
    }

    /// Bytes moved so far, and the total if it is known.
    pub fn progress(&self) -> (u64, Option<u64>) {
        self.mailbox.progress()
    }

    /// Asks the call to stop; it ends with `Cancelled` once it has undone what it began. May be called from
    /// any thread.
    pub fn cancel(&self) {
        if !self.forked() {
            self.mailbox.cancel();
        }
    }

    /// A handle that cancels from another thread.
    pub fn canceller(&self) -> Canceller {
        Canceller { mailbox: Arc::downgrade(&self.mailbox), generation: self.generation }
    }

    /// The result, after `Step::Done`.
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
                Some(Step::Ask { callback, question }) => self.ask(&callback, question),
                Some(_) => {}
                None if left == Some(Duration::ZERO) => {
                    return Err(Error::new(
                        ErrorKind::Timeout,
                        "the call did not end in time and was cancelled",
                    ));
                }
                None => {}
            }
        }
    }
}

fn forked() -> Error {
    Error::new(ErrorKind::Forked, "the call was started before this process was forked; start it again here")
}

impl<R> Drop for Call<R> {
    fn drop(&mut self) {
        self.cancel();
        if self.forked() {
            // A parent's worker may have held the mailbox's lock at the fork, and its futures belong to the
            // parent's runtime.
            std::mem::forget(self.mailbox.clone());
            std::mem::forget(self.result.clone());
            std::mem::forget(self.inline.take());
        } else {
            self.leave();
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
                Poll::Ready(Step::Ask { callback, question }) => self.ask(&callback, question),
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

    /// Whether the call was started in the parent of this process.
    pub fn forked(&self) -> bool {
        self.generation != runtime::generation()
    }

    /// Bytes moved so far, and the total if it is known; nothing once the call is gone.
    pub fn progress(&self) -> Option<(u64, Option<u64>)> {
        self.mailbox.upgrade().map(|mailbox| mailbox.progress())
    }
}

#[cfg(test)]
mod tests;
