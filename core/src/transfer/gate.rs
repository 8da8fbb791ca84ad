//! A gate that lets a limited number of bytes through at a time, in the order of the requests.
//!
//! Invariants: first come, first served, so neither many small requests nor a few large ones starve the
//! others. A request larger than the gate takes all of it and passes alone. A waiter that is dropped leaves
//! nothing behind. Bytes that need somebody else to move on are let in only while nobody waits, and never
//! fill more than half, so they cannot shut the gate. Must not depend on a request or a clock.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use crate::sync::{Arc, Mutex};

pub(crate) struct Gate {
    size: u64,
    state: Mutex<GateState>,
}

struct GateState {
    free: u64,
    /// Bytes that `try_acquire_ahead` has let in.
    ahead: u64,
    waiting: VecDeque<Waiter>,
    next: u64,
}

struct Waiter {
    number: u64,
    bytes: u64,
    waker: Waker,
}

/// Bytes that were let in; they leave when this is dropped.
pub(crate) struct Permit {
    gate: Arc<Gate>,
    bytes: u64,
    ahead: bool,
}

impl Gate {
    pub(crate) fn new(size: u64) -> Arc<Gate> {
        Arc::new(Gate {
            size,
            state: Mutex::new(GateState { free: size, ahead: 0, waiting: VecDeque::new(), next: 0 }),
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut GateState) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = change(&mut state);
        // The next waiters are let in here, so that nobody overtakes them before they wake.
        let mut due = Vec::new();
        while state.waiting.front().is_some_and(|waiter| waiter.bytes <= state.free)
            && let Some(waiter) = state.waiting.pop_front()
        {
            state.free -= waiter.bytes;
            due.push(waiter.waker);
        }
        drop(state);
        due.into_iter().for_each(Waker::wake);
        outcome
    }
}

/// Waits until so many bytes may pass.
pub(crate) fn acquire(gate: &Arc<Gate>, bytes: u64) -> Acquire {
    Acquire { gate: gate.clone(), bytes: bytes.min(gate.size), number: None }
}

/// A permit for bytes that wait for somebody else, such as a host that reads on when it likes; `None` if
/// there is none at once.
pub(crate) fn try_acquire_ahead(gate: &Arc<Gate>, bytes: u64) -> Option<Permit> {
    let let_in = gate.change(|state| {
        let fits = state.waiting.is_empty() && bytes <= state.free && state.ahead + bytes <= gate.size / 2;
        if fits {
            state.free -= bytes;
            state.ahead += bytes;
        }
        fits
    });
    let_in.then(|| Permit { gate: gate.clone(), bytes, ahead: true })
}

impl Permit {
    /// The same bytes, which no longer wait for somebody else.
    pub(crate) fn settled(mut self) -> Permit {
        if std::mem::take(&mut self.ahead) {
            self.gate.change(|state| state.ahead -= self.bytes);
        }
        self
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.change(|state| {
            state.free += self.bytes;
            if self.ahead {
                state.ahead -= self.bytes;
            }
        });
    }
}

/// A request that waits for its permit.
pub(crate) struct Acquire {
    gate: Arc<Gate>,
    bytes: u64,
    /// The waiter's number, once it has had to wait.
    number: Option<u64>,
}

impl Future for Acquire {
    type Output = Permit;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Permit> {
        let (bytes, number) = (self.bytes, self.number);
        let waits = self.gate.change(|state| match number {
            None if state.waiting.is_empty() && bytes <= state.free => {
                state.free -= bytes;
                None
            }
            None => {
                let number = state.next;
                state.next += 1;
                state.waiting.push_back(Waiter { number, bytes, waker: context.waker().clone() });
                Some(number)
            }
            // A waiter that is no longer queued has been let in.
            Some(number) => state.waiting.iter_mut().find(|waiter| waiter.number == number).map(|waiter| {
                waiter.waker.clone_from(context.waker());
                number
            }),
        });
        self.number = waits;
        match waits {
            Some(_) => Poll::Pending,
            None => {
                // Nothing is left for `drop` to give back.
                let bytes = std::mem::take(&mut self.bytes);
                Poll::Ready(Permit { gate: self.gate.clone(), bytes, ahead: false })
            }
        }
    }
}

impl Drop for Acquire {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        self.gate.change(|state| match state.waiting.iter().position(|waiter| waiter.number == number) {
            Some(at) => drop(state.waiting.remove(at)),
            None => state.free += self.bytes,
        });
    }
}
