//! A gate that lets so many bytes through at a time, in the order in which room was asked for.
//!
//! Law: first come, first served, so neither many small wishes nor a few large ones starve the others; a wish
//! larger than the gate takes all of it, so that it passes alone instead of never; who stops waiting leaves
//! nothing behind. Bytes that depend on somebody else to move on are let in only while nobody waits, and
//! never fill more than half, so they can't shut the gate. Knows no request and no clock.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use crate::sync::{Arc, Mutex};

pub(super) struct Gate {
    size: u64,
    state: Mutex<State>,
}

struct State {
    free: u64,
    /// What `ahead` has let in.
    ahead: u64,
    waiting: VecDeque<Wish>,
    next: u64,
}

struct Wish {
    number: u64,
    bytes: u64,
    waker: Waker,
}

/// Bytes that were let in; they leave when this is dropped.
pub(super) struct Room {
    gate: Arc<Gate>,
    bytes: u64,
    ahead: bool,
}

impl Gate {
    pub(super) fn new(size: u64) -> Arc<Gate> {
        Arc::new(Gate {
            size,
            state: Mutex::new(State { free: size, ahead: 0, waiting: VecDeque::new(), next: 0 }),
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = change(&mut state);
        // Those whose turn it is are let in here, so that nobody overtakes them before they wake.
        let mut due = Vec::new();
        while state.waiting.front().is_some_and(|wish| wish.bytes <= state.free)
            && let Some(wish) = state.waiting.pop_front()
        {
            state.free -= wish.bytes;
            due.push(wish.waker);
        }
        drop(state);
        due.into_iter().for_each(Waker::wake);
        outcome
    }
}

/// Waits for room.
pub(super) fn room(gate: &Arc<Gate>, bytes: u64) -> Waiting {
    Waiting { gate: gate.clone(), bytes: bytes.min(gate.size), number: None }
}

/// Room for bytes that wait for somebody else, such as a host that reads on when it likes; `None` if there is
/// none at once.
pub(super) fn ahead(gate: &Arc<Gate>, bytes: u64) -> Option<Room> {
    let let_in = gate.change(|state| {
        let fits = state.waiting.is_empty() && bytes <= state.free && state.ahead + bytes <= gate.size / 2;
        if fits {
            state.free -= bytes;
            state.ahead += bytes;
        }
        fits
    });
    let_in.then(|| Room { gate: gate.clone(), bytes, ahead: true })
}

impl Drop for Room {
    fn drop(&mut self) {
        self.gate.change(|state| {
            state.free += self.bytes;
            if self.ahead {
                state.ahead -= self.bytes;
            }
        });
    }
}

/// A wish for room.
pub(super) struct Waiting {
    gate: Arc<Gate>,
    bytes: u64,
    /// The wish's number, from its first refusal to its fulfilment.
    number: Option<u64>,
}

impl Future for Waiting {
    type Output = Room;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Room> {
        let (bytes, number) = (self.bytes, self.number);
        let waits = self.gate.change(|state| match number {
            None if state.waiting.is_empty() && bytes <= state.free => {
                state.free -= bytes;
                None
            }
            None => {
                let number = state.next;
                state.next += 1;
                state.waiting.push_back(Wish { number, bytes, waker: context.waker().clone() });
                Some(number)
            }
            // Who is no longer among the waiting has been let in.
            Some(number) => state.waiting.iter_mut().find(|wish| wish.number == number).map(|wish| {
                wish.waker.clone_from(context.waker());
                number
            }),
        });
        self.number = waits;
        match waits {
            Some(_) => Poll::Pending,
            None => {
                // Nothing is left for `drop` to give back.
                let bytes = std::mem::take(&mut self.bytes);
                Poll::Ready(Room { gate: self.gate.clone(), bytes, ahead: false })
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        self.gate.change(|state| match state.waiting.iter().position(|wish| wish.number == number) {
            Some(at) => drop(state.waiting.remove(at)),
            None => state.free += self.bytes,
        });
    }
}
