//! Wake-ups that a driver must not lose, however early it returns.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Semaphore;

use super::*;

/// Futures that need no event from outside, yet give way in every manner that tokio has.
fn restless(ended: Arc<AtomicUsize>) -> Work {
    let permits = Arc::new(Semaphore::new(3));
    Box::pin(async move {
        let all: FuturesUnordered<_> = (0..300)
            .map(|number: usize| {
                let permits = permits.clone();
                async move {
                    for turn in 0..8 {
                        let _permit = permits.acquire().await;
                        match (number + turn) % 4 {
                            0 => tokio::task::yield_now().await,
                            1 => tokio::task::consume_budget().await,
                            2 => super::yield_now().await,
                            _ => tokio::time::sleep(Duration::from_micros(10)).await,
                        }
                    }
                }
            })
            .collect();
        all.for_each(|()| async { _ = ended.fetch_add(1, Ordering::SeqCst) }).await;
    })
}

/// Drives restless work, with `run` for each turn, and fails if it stands still.
fn drive(mut run: impl FnMut(&mut Driven, usize)) {
    let ended = Arc::new(AtomicUsize::new(0));
    let mut driven = current().unwrap().driver().unwrap().start(restless(ended.clone())).unwrap();
    let (begun, mut turn) = (Instant::now(), 0);
    while !driven.is_finished() {
        run(&mut driven, turn);
        turn += 1;
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{} of 300 ended, then nothing more",
            ended.load(Ordering::SeqCst)
        );
    }
    assert_eq!(ended.load(Ordering::SeqCst), 300);
}

#[test]
fn a_driver_that_returns_at_each_poll_loses_no_wake_up() {
    for most in [1, 2, 3, 7] {
        drive(|driven, turn| {
            let mut polls = 0;
            driven.run(BEAT, |context| {
                polls += 1;
                if polls > turn % most {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            });
        });
    }
}

#[test]
fn limits_that_pass_at_any_moment_lose_no_wake_up() {
    drive(|driven, turn| {
        driven.run(Duration::from_micros((turn * 37 % 400) as u64), |_| Poll::<()>::Pending);
    });
}

#[test]
fn work_that_is_left_ends_elsewhere() {
    let ended = Arc::new(AtomicUsize::new(0));
    let mut driven = current().unwrap().driver().unwrap().start(restless(ended.clone())).unwrap();
    driven.run(BEAT, |_| Poll::Ready(()));
    std::thread::spawn(move || driven.finish()).join().unwrap();
    assert_eq!(ended.load(Ordering::SeqCst), 300);
}

#[test]
fn work_that_nobody_can_drive_is_dropped() {
    struct DropSignal(std::sync::mpsc::Sender<()>);
    impl Drop for DropSignal {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let (sender, dropped) = std::sync::mpsc::channel();
    let guard = DropSignal(sender);
    let work = Box::pin(async move {
        let _guard = guard;
        std::future::pending().await
    });
    let mut driven = current().unwrap().driver().unwrap().start(work).unwrap();
    driven.run(BEAT, |_| Poll::Ready(()));
    drop(driven);
    dropped.recv_timeout(Duration::from_secs(10)).unwrap();
}

#[test]
fn a_value_that_many_threads_make_at_once_is_one() {
    static MADE: PerGeneration<usize> = PerGeneration::new();
    let start = std::sync::Barrier::new(8);
    let found: Vec<&usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    MADE.get(|| Ok(number)).unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(found.iter().all(|value| std::ptr::eq(*value, found[0])));
    assert_eq!(MADE.made(), Some(found[0]));
}

#[test]
fn a_value_that_could_not_be_made_is_tried_again() {
    let cell = PerGeneration::new();
    assert!(cell.get(|| Err::<u8, _>(Error::new(ErrorKind::Io, "not yet"))).is_err());
    assert!(cell.made().is_none());
    assert_eq!(*cell.get(|| Ok(7)).unwrap(), 7);
    assert_eq!(*cell.get(|| Err(Error::new(ErrorKind::Io, "not asked"))).unwrap(), 7);
}

#[test]
fn only_a_value_of_this_generation_is_dropped() {
    let value = Arc::new(());
    let slot =
        |generation| Slot { generation, value: ManuallyDrop::new(value.clone()), next: OnceBox::new() };
    drop(slot(generation()));
    assert_eq!(Arc::strong_count(&value), 1);
    drop(slot(generation().wrapping_sub(1)));
    assert_eq!(Arc::strong_count(&value), 2);
}
