//! The bytes of a fetch in memory and behind it: bounds, gaps, and whom it waits for.

use std::task::{Context, Poll, Waker};

use super::*;
use crate::error::ErrorKind;

const PIECE: usize = 1 << 20;

fn window() -> Arc<FillWindow> {
    Arc::new(FillWindow::new(Arc::new(FillSlots::new(1))))
}

/// A window whose disk is full.
fn without_spool() -> Arc<FillWindow> {
    let window = window();
    window.locked().lost = Some(Error::new(ErrorKind::StorageFull, "no space left"));
    window
}

fn piece(number: u8) -> Bytes {
    vec![number; PIECE].into()
}

fn fill(window: &FillWindow) -> u8 {
    (0..=255).find(|number| !window.push(&piece(*number))).unwrap()
}

#[tokio::test]
async fn bytes_come_from_memory_then_from_the_spool() {
    for is_encrypted in [false, true] {
        let window = window();
        let late = window.enter(true, true).unwrap();
        let fetching = async {
            for number in 0..20 {
                window.push_late(&piece(number)).await;
            }
            window.settle().await;
        };
        tokio::select! {
            () = fetching => {}
            () = window.spool(is_encrypted) => {}
        }
        assert_eq!(window.locked().in_memory, 0);
        for number in 0..20_u8 {
            let at = u64::from(number) * PIECE as u64 + 7;
            assert_eq!(late.read(at, 3).await.unwrap(), vec![number; 3]);
        }
    }
}

#[tokio::test]
async fn memory_is_bounded_and_a_little_needs_no_spool() {
    let window = window();
    assert_eq!(fill(&window) as usize, MOST / PIECE);
    assert!(window.spool.get().is_none());
    let many = Arc::new(FillSlots::new(1000));
    let _slots: Vec<_> = (0..1000).map(|_| many.slots.try_acquire().unwrap()).collect();
    assert_eq!(many.share(), LEAST);
}

#[tokio::test]
async fn without_a_spool_the_slowest_reader_sets_the_pace() {
    let window = without_spool();
    let (slow, quick) = (window.enter(true, true).unwrap(), window.enter(true, true).unwrap());
    let first = fill(&window);
    for number in 0..first {
        let at = u64::from(number) * PIECE as u64;
        assert_eq!(quick.read(at, PIECE).await.unwrap(), piece(number));
    }
    assert!(!window.push(&piece(first)));
    slow.read(0, PIECE).await.unwrap();
    assert!(window.push(&piece(first)));
    // The first piece is gone: another reader comes too late.
    assert!(window.enter(true, true).is_none());
    drop(slow);
    assert!(window.push(&piece(first + 1)));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stands_still_is_left_behind_for_another_only() {
    let window = without_spool();
    let still = window.enter(true, true).unwrap();
    let end = u64::from(fill(&window)) * PIECE as u64;
    let last = piece(9);
    let mut late = Box::pin(window.push_late(&last));
    let alone = tokio::time::timeout(100 * PATIENCE, late.as_mut()).await;
    assert!(alone.is_err());
    let quick = window.enter(true, true).unwrap();
    let mut at = 0;
    while at < end {
        at += quick.read(at, PIECE).await.unwrap().len() as u64;
    }
    assert!(tokio::time::timeout(2 * PATIENCE, late).await.is_ok());
    assert_eq!(still.read(0, 1).await.unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(quick.read(at, 1).await.unwrap(), vec![9]);
}

#[tokio::test(start_paused = true)]
async fn a_store_is_waited_for() {
    let window = without_spool();
    let keeper = window.enter(true, false).unwrap();
    let reader = window.enter(true, true).unwrap();
    fill(&window);
    reader.read(0, PIECE).await.unwrap();
    let last = piece(9);
    let late = window.push_late(&last);
    assert!(tokio::time::timeout(100 * PATIENCE, late).await.is_err());
    keeper.read(0, PIECE).await.unwrap();
    assert!(window.push(&piece(9)));
}

#[tokio::test]
async fn what_slow_readers_need_stays_while_there_is_no_spool() {
    let window = without_spool();
    let slow = window.enter(true, true).unwrap();
    let waits = window.enter(false, true).unwrap();
    window.push(&piece(1));
    let mut settles = Box::pin(window.settle());
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(settles.as_mut().poll(&mut context), Poll::Pending);
    slow.read_lot(0, 2 * PIECE).await.unwrap();
    assert_eq!(settles.as_mut().poll(&mut context), Poll::Pending);
    waits.read(0, PIECE).await.unwrap();
    assert_eq!(settles.as_mut().poll(&mut context), Poll::Ready(()));
}
