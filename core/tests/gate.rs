//! The gate of the budget under a model checker: every order in which threads can meet at it.
//!
//! Invariant: the source under test is the one that the library is built from; only its lock is the model's.

mod sync {
    pub(crate) use loom::sync::{Arc, Mutex};
}

#[allow(dead_code)]
#[path = "../src/transfer/gate.rs"]
mod gate;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use gate::{Gate, acquire, try_acquire_ahead};
use loom::future::block_on;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;
use sync::Arc;

/// Every order with at most two preemptions: more find nothing that two do not, and take minutes.
fn model(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(run);
}

/// Enters with so many bytes and sees that no more are inside than the gate lets in.
fn pass(gate: &Arc<Gate>, inside: &AtomicU64, bytes: u64, size: u64) {
    let permit = block_on(acquire(gate, bytes));
    let now = inside.fetch_add(bytes.min(size), Ordering::SeqCst) + bytes.min(size);
    assert!(now <= size, "{now} of {size} bytes are inside");
    inside.fetch_sub(bytes.min(size), Ordering::SeqCst);
    drop(permit);
}

/// All is let out again: the whole gate is free.
fn empty(gate: &Arc<Gate>, size: u64) {
    let mut all = pin!(acquire(gate, size));
    assert!(all.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

#[test]
fn no_more_are_inside_than_fit_and_all_get_in() {
    model(|| {
        let (gate, inside) = (Gate::new(4), Arc::new(AtomicU64::new(0)));
        // The last is larger than the gate: it gets in alone.
        let threads: Vec<_> = [3, 9]
            .into_iter()
            .map(|bytes| {
                let (gate, inside) = (gate.clone(), inside.clone());
                thread::spawn(move || pass(&gate, &inside, bytes, 4))
            })
            .collect();
        pass(&gate, &inside, 2, 4);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        empty(&gate, 4);
    });
}

#[test]
fn who_gives_up_leaves_nothing_behind() {
    model(|| {
        let gate = Gate::new(4);
        let held = block_on(acquire(&gate, 3));
        let other = {
            let gate = gate.clone();
            thread::spawn(move || drop(block_on(acquire(&gate, 2))))
        };
        {
            let mut waiter = pin!(acquire(&gate, 4));
            let _ = waiter.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            drop(held);
            // Given up while it waits, or just when it is let in.
        }
        other.join().unwrap();
        empty(&gate, 4);
    });
}

#[test]
fn what_is_read_ahead_never_shuts_the_gate() {
    model(|| {
        let gate = Gate::new(4);
        let reader = {
            let gate = gate.clone();
            // Kept until the end, as a host does that does not read on.
            thread::spawn(move || [try_acquire_ahead(&gate, 2), try_acquire_ahead(&gate, 2)])
        };
        drop(block_on(acquire(&gate, 2)));
        let kept = reader.join().unwrap();
        assert!(kept.iter().flatten().count() <= 1);
        drop(block_on(acquire(&gate, 2)));
        drop(kept);
        empty(&gate, 4);
    });
}

#[test]
fn first_come_first_served() {
    model(|| {
        let gate = Gate::new(4);
        let held = block_on(acquire(&gate, 1));
        let mut large = pin!(acquire(&gate, 4));
        let mut small = pin!(acquire(&gate, 1));
        let mut context = Context::from_waker(Waker::noop());
        assert!(large.as_mut().poll(&mut context).is_pending());
        // There is room for it, but it came second; and what is read ahead comes last of all.
        assert!(small.as_mut().poll(&mut context).is_pending());
        assert!(try_acquire_ahead(&gate, 1).is_none());
        drop(held);
        let Poll::Ready(large) = large.as_mut().poll(&mut context) else {
            panic!("the large one was overtaken")
        };
        assert!(small.as_mut().poll(&mut context).is_pending());
        drop(large);
        assert!(small.as_mut().poll(&mut context).is_ready());
    });
}
