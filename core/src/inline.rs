//! The work of a call on the thread that waits for it: no worker is woken for a small request, and none wakes
//! the caller.
//!
//! Invariant: the work advances while the caller waits; when the caller leaves, a thread of ours drives it to
//! its end. Requests beside the first, and work that outlives the call, are spawned on the workers by the
//! code that starts them. Must not know any verb.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::mailbox::Mailbox;
use crate::runtime::{Driven, Generation, Work};

/// Work that runs where the caller waits.
pub(crate) struct Inline {
    stage: InlineState,
    on: &'static Generation,
}

enum InlineState {
    /// Nobody has waited yet.
    New(Work),
    /// The thread that waits drives it, since this moment.
    Driven(Driven, Instant),
    /// The task that awaits polls it.
    Awaited(Work),
    Done,
}

impl Inline {
    pub(crate) fn new(work: Work, on: &'static Generation) -> Inline {
        Inline { stage: InlineState::New(work), on }
    }

    /// Works until the mailbox has a step, or a beat of the driver or `limit` has passed. Returns how long
    /// this call has been driven, or `None` if no driver is free.
    pub(crate) fn advance(&mut self, mailbox: &Mailbox, limit: Duration) -> Option<Duration> {
        self.stage = match std::mem::replace(&mut self.stage, InlineState::Done) {
            // A thread that runs an async runtime can't drive a second one.
            InlineState::New(work) if Handle::try_current().is_err() => match self.on.driver() {
                Some(driver) => driver
                    .start(work)
                    .map_or(InlineState::Done, |driven| InlineState::Driven(driven, Instant::now())),
                None => InlineState::New(work),
            },
            stage => stage,
        };
        let InlineState::Driven(driven, since) = &mut self.stage else { return None };
        driven.run(limit, |context| mailbox.poll_told(context));
        let elapsed = since.elapsed();
        if driven.is_finished() {
            self.stage = InlineState::Done;
        }
        Some(elapsed)
    }

    /// Works within the task that awaits, if its runtime is tokio's.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> bool {
        self.stage = match std::mem::replace(&mut self.stage, InlineState::Done) {
            InlineState::New(work) if Handle::try_current().is_ok() => InlineState::Awaited(work),
            stage => stage,
        };
        if let InlineState::Awaited(work) = &mut self.stage {
            // Without tokio's budget: a spent one defers wake-ups, which the host's `block_on` may drop (see
            // `Driven`).
            let mut free = pin!(tokio::task::unconstrained(work.as_mut()));
            // A panic ends the work; `call::Finish` reports it.
            if !matches!(catch_unwind(AssertUnwindSafe(|| free.as_mut().poll(context))), Ok(Poll::Pending)) {
                self.stage = InlineState::Done;
            }
            return true;
        }
        matches!(self.stage, InlineState::Done)
    }

    /// Leaves the work to a thread of ours.
    pub(crate) fn hand_over(self) {
        match self.stage {
            InlineState::New(work) | InlineState::Awaited(work) => self.on.spawn(work),
            InlineState::Driven(driven, _) => self.on.aside(move || driven.finish()),
            InlineState::Done => {}
        }
    }

    /// Whether the work has started and has not ended.
    pub(crate) fn is_under_way(&self) -> bool {
        matches!(self.stage, InlineState::Driven(..) | InlineState::Awaited(_))
    }
}
