//! The mailbox of a call under a model checker: every order in which the worker, the thread that waits and
//! one that cancels can meet.
//!
//! Invariant: the source under test is the one that the library is built from; only its locks and what it
//! waits by are the model's.

#![allow(dead_code)]

#[path = "../src/mailbox.rs"]
mod mailbox;
#[path = "../src/question.rs"]
mod question;
#[path = "../src/tally.rs"]
mod tally;

mod error {
    pub(crate) use oarlock::{Error, ErrorKind, Result};
}

mod event {
    pub(crate) use oarlock::observe::Event;
}

mod value {
    pub(crate) use oarlock::{Callback, Value};
}

mod sync {
    use std::collections::VecDeque;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering};
    pub(crate) use loom::sync::{Mutex, MutexGuard};

    /// tokio's documented `Notify`: a permit that waits for a task, or wakes one; `notify_waiters` wakes all
    /// futures that exist by then.
    pub(crate) struct Notify(Mutex<Waiting>);

    #[derive(Default)]
    struct Waiting {
        permit: bool,
        calls: usize,
        next: usize,
        wakers: VecDeque<(usize, Waker)>,
        let_in: Vec<usize>,
    }

    pub(crate) struct Notified<'a> {
        of: &'a Notify,
        calls: usize,
        number: usize,
    }

    impl Notify {
        pub(crate) fn new() -> Notify {
            Notify(Mutex::new(Waiting::default()))
        }

        pub(crate) fn notified(&self) -> Notified<'_> {
            let mut waiting = self.0.lock().unwrap();
            waiting.next += 1;
            Notified { of: self, calls: waiting.calls, number: waiting.next }
        }

        pub(crate) fn notify_one(&self) {
            let mut waiting = self.0.lock().unwrap();
            match waiting.wakers.pop_front() {
                None => waiting.permit = true,
                Some((number, waker)) => {
                    waiting.let_in.push(number);
                    waker.wake();
                }
            }
        }

        pub(crate) fn notify_waiters(&self) {
            let mut waiting = self.0.lock().unwrap();
            waiting.calls += 1;
            waiting.wakers.drain(..).for_each(|(_, waker)| waker.wake());
        }
    }

    impl Waiting {
        fn forget(&mut self, number: usize) -> bool {
            self.wakers.retain(|(other, _)| *other != number);
            let before = self.let_in.len();
            self.let_in.retain(|other| *other != number);
            self.let_in.len() < before
        }
    }

    impl Future for Notified<'_> {
        type Output = ();

        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            let mut waiting = self.of.0.lock().unwrap();
            let let_in = waiting.forget(self.number);
            if let_in || waiting.calls > self.calls || std::mem::take(&mut waiting.permit) {
                return Poll::Ready(());
            }
            waiting.wakers.push_back((self.number, context.waker().clone()));
            Poll::Pending
        }
    }

    impl Drop for Notified<'_> {
        fn drop(&mut self) {
            let let_in = self.of.0.lock().unwrap().forget(self.number);
            if let_in {
                self.of.notify_one();
            }
        }
    }
}

mod wake {
    use std::os::fd::RawFd;
    use std::time::Duration;

    use loom::sync::atomic::{AtomicBool, Ordering};

    /// A descriptor that is only readable or not, as its number shows.
    pub(crate) struct Wake(AtomicBool);

    impl Wake {
        pub(crate) fn new() -> crate::error::Result<Wake> {
            Ok(Wake(AtomicBool::new(false)))
        }

        pub(crate) fn fd(&self) -> RawFd {
            self.0.load(Ordering::SeqCst).into()
        }

        pub(crate) fn raise(&self) {
            assert!(!self.0.swap(true, Ordering::SeqCst), "raised twice");
        }

        pub(crate) fn lower(&self) {
            assert!(self.0.swap(false, Ordering::SeqCst), "lowered twice");
        }

        pub(crate) fn wait(&self, _: Option<Duration>) {
            while self.fd() == 0 {
                loom::thread::yield_now();
            }
        }
    }
}

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use loom::future::block_on;
use loom::thread;
use mailbox::{Feed, Mailbox, Step};

static LARGE: [u8; 3 << 20] = [0; 3 << 20];

/// Every order with at most two preemptions: more find nothing that two do not, and take minutes.
fn model(run: impl Fn(Arc<Mailbox>) + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(move || run(Arc::new(Mailbox::new())));
}

/// The thread that does the call's work, to its end.
fn worker(mailbox: &Arc<Mailbox>, work: impl FnOnce(&Mailbox) + Send + 'static) -> thread::JoinHandle<()> {
    let mailbox = mailbox.clone();
    thread::spawn(move || {
        work(&mailbox);
        mailbox.finish();
    })
}

fn next(mailbox: &Mailbox) -> Step {
    block_on(poll_fn(|context| mailbox.poll_step(context)))
}

#[test]
fn a_worker_waits_for_a_slow_host_and_all_arrives_in_order() {
    model(|mailbox| {
        // Two of them are more than a mailbox holds.
        let worker = worker(&mailbox, |mailbox| {
            block_on(mailbox.send(Bytes::from_static(&LARGE)));
            block_on(mailbox.send(Bytes::from_static(&LARGE[1..])));
        });
        for length in [LARGE.len(), LARGE.len() - 1] {
            let Step::Chunk(chunk) = next(&mailbox) else { panic!("a chunk was expected") };
            assert_eq!(chunk.len(), length);
        }
        assert!(matches!(next(&mailbox), Step::Done));
        worker.join().unwrap();
    });
}

#[test]
fn what_the_host_feeds_is_heard() {
    model(|mailbox| {
        let worker = worker(&mailbox, |mailbox| {
            assert_eq!(block_on(mailbox.pull(4)).unwrap().unwrap(), "food");
            assert!(block_on(mailbox.pull(4)).unwrap().is_none());
        });
        for feed in [Feed::Data(Bytes::from_static(b"food")), Feed::End] {
            assert!(matches!(next(&mailbox), Step::Want(4)));
            mailbox.feed(feed);
        }
        assert!(matches!(next(&mailbox), Step::Done));
        worker.join().unwrap();
    });
}

#[test]
fn who_is_cancelled_hears_it_whenever_that_is() {
    model(|mailbox| {
        let worker = worker(&mailbox, |mailbox| block_on(mailbox.cancelled()));
        let other = {
            let mailbox = mailbox.clone();
            thread::spawn(move || mailbox.cancel())
        };
        assert!(matches!(next(&mailbox), Step::Done));
        worker.join().unwrap();
        other.join().unwrap();
    });
}

#[test]
fn the_descriptor_tells_the_truth() {
    model(|mailbox| {
        let worker = worker(&mailbox, |mailbox| block_on(mailbox.send(Bytes::from_static(b"one"))));
        // Created before, between or after: it reports the present state.
        for _ in 0..2 {
            mailbox.wait(None).unwrap();
            assert!(mailbox.try_step().is_some(), "readable, and nothing to tell");
        }
        worker.join().unwrap();
        assert_eq!(mailbox.fd().unwrap(), 1, "the end stays to be told");
    });
}
