//! A question to the host's code: offered to every call that waits for its answer, and run by the first
//! thread that comes by.
//!
//! Invariant: one thread at a time has the question. If its call is cancelled, another call takes it; the
//! first answer counts. So a call without a waiting thread blocks no other. Independent of mailboxes and of
//! the question's content.

use tokio::sync::watch;

use crate::error::{Error, ErrorKind, Result};
use crate::value::{Callback, Value};

#[derive(Clone)]
enum AnswerState {
    Free,
    Taken,
    Answered(Result<Value>),
}

/// A question, its function, and its state.
pub(crate) struct Question {
    pub(crate) callback: Callback,
    pub(crate) value: Value,
    stage: watch::Sender<AnswerState>,
}

impl Question {
    pub(crate) fn new(callback: Callback, value: Value) -> Self {
        Question { callback, value, stage: watch::Sender::new(AnswerState::Free) }
    }

    pub(crate) fn free(&self) -> bool {
        matches!(*self.stage.borrow(), AnswerState::Free)
    }

    pub(crate) fn open(&self) -> bool {
        !matches!(*self.stage.borrow(), AnswerState::Answered(_))
    }

    /// Takes the question, unless another thread has it.
    pub(crate) fn take(&self) -> bool {
        self.turn(|stage| matches!(stage, AnswerState::Free), AnswerState::Taken)
    }

    /// Leaves the question to another thread.
    pub(crate) fn give_up(&self) {
        self.turn(|stage| matches!(stage, AnswerState::Taken), AnswerState::Free);
    }

    pub(crate) fn answer(&self, answer: Result<Value>) {
        self.turn(|stage| !matches!(stage, AnswerState::Answered(_)), AnswerState::Answered(answer));
    }

    fn turn(&self, from: impl Fn(&AnswerState) -> bool, to: AnswerState) -> bool {
        self.stage.send_if_modified(|stage| {
            let turns = from(stage);
            if turns {
                *stage = to;
            }
            turns
        })
    }

    /// Waits until some thread may take it, or until none may any more.
    pub(crate) async fn until_free(&self, free: bool) {
        // The sender is this question's own, so it is there.
        let _ = self
            .stage
            .subscribe()
            .wait_for(|stage| matches!(stage, AnswerState::Free) == free)
            .await
            .map(drop);
    }

    /// Waits for the answer.
    pub(crate) async fn answered(&self) -> Result<Value> {
        let mut stage = self.stage.subscribe();
        match stage
            .wait_for(|stage| matches!(stage, AnswerState::Answered(_)))
            .await
            .map(|stage| stage.clone())
        {
            Ok(AnswerState::Answered(answer)) => answer,
            _ => Err(Error::new(ErrorKind::Internal, "a question to the host was lost")),
        }
    }
}
