//! The pool by itself: who gets which connection, and when one is closed.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use super::*;

/// A connection to the server of that number.
struct NumberedConnection {
    permit: Mutex<Option<OpenPermit<NumberedConnection>>>,
    unread: Option<Instant>,
}

impl Pooled for NumberedConnection {
    type Target = u8;

    fn close(&self) {
        let permit = self.permit.lock().unwrap().take();
        drop(permit);
    }

    fn unread(&self) -> Option<Instant> {
        self.unread
    }
}

fn line(
    pool: &Arc<Pool<NumberedConnection>>,
    place: Option<Turn<NumberedConnection>>,
    unread: Option<Instant>,
) -> Arc<NumberedConnection> {
    let Some(Turn::New(permit)) = place else { panic!("no permit") };
    let line = Arc::new(NumberedConnection { permit: Mutex::new(Some(permit)), unread });
    pool.opened(&line);
    line
}

fn is_open(line: &NumberedConnection) -> bool {
    line.permit.lock().unwrap().is_some()
}

/// What the call has by now.
async fn now<F: Future>(mut call: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(place) => Poll::Ready(Some(place)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

fn is_idle(place: Option<Turn<NumberedConnection>>, line: &Arc<NumberedConnection>) -> bool {
    matches!(place, Some(Turn::Idle(found)) if Arc::ptr_eq(&found, line))
}

#[tokio::test]
async fn what_is_above_the_bound_waits_in_order() {
    let pool = Arc::new(Pool::<NumberedConnection>::new(2));
    let one = line(&pool, now(pin!(pool.place(&1))).await, None);
    let two = line(&pool, now(pin!(pool.place(&2))).await, None);
    let mut third = pin!(pool.place(&3));
    let mut fourth = pin!(pool.place(&1));
    assert!(now(third.as_mut()).await.is_none() && now(fourth.as_mut()).await.is_none());
    // Also not for the sake of the connection that the fourth could use.
    pool.put_back(&1, one.clone());
    assert!(!is_open(&one));
    let three = line(&pool, now(third).await, None);
    assert!(now(fourth.as_mut()).await.is_none());
    two.close();
    let four = line(&pool, now(fourth).await, None);
    assert!(is_open(&three) && is_open(&four));
}

#[tokio::test]
async fn the_first_that_waits_gets_a_connection_it_can_use() {
    let pool = Arc::new(Pool::<NumberedConnection>::new(1));
    let one = line(&pool, now(pin!(pool.place(&1))).await, None);
    let mut gone = Box::pin(pool.place(&1));
    assert!(now(gone.as_mut()).await.is_none());
    let mut next = pin!(pool.place(&1));
    assert!(now(next.as_mut()).await.is_none());
    drop(gone);
    pool.put_back(&1, one.clone());
    assert!(is_idle(now(next).await, &one) && is_open(&one));
}

#[tokio::test]
async fn a_place_that_nobody_takes_goes_to_the_next() {
    let pool = Arc::new(Pool::<NumberedConnection>::new(1));
    let one = line(&pool, now(pin!(pool.place(&1))).await, None);
    let mut gone = Box::pin(pool.place(&2));
    let mut next = pin!(pool.place(&3));
    assert!(now(gone.as_mut()).await.is_none() && now(next.as_mut()).await.is_none());
    one.close();
    drop(gone);
    assert!(matches!(now(next).await, Some(Turn::New(_))));
    assert_eq!(pool.state().open, 0);
}

#[tokio::test]
async fn idle_ones_are_used_again_and_closed_for_others() {
    let pool = Arc::new(Pool::<NumberedConnection>::new(2));
    let old = line(&pool, now(pin!(pool.place(&1))).await, None);
    let new = line(&pool, now(pin!(pool.place(&1))).await, None);
    pool.put_back(&1, old.clone());
    pool.put_back(&1, new.clone());
    assert!(is_idle(now(pin!(pool.place(&1))).await, &new));
    let other = line(&pool, now(pin!(pool.place(&2))).await, None);
    assert!(!is_open(&old) && is_open(&new) && is_open(&other));
}

#[tokio::test]
async fn what_is_idle_too_long_is_closed() {
    let pool = Arc::new(Pool::<NumberedConnection>::new(2));
    let old = line(&pool, now(pin!(pool.place(&1))).await, None);
    let new = line(&pool, now(pin!(pool.place(&1))).await, None);
    pool.put_back(&1, old.clone());
    pool.put_back(&1, new.clone());
    pool.state().idle[0].since = Instant::now().checked_sub(IDLE).unwrap();
    assert!(pool.close_expired());
    assert!(!is_open(&old) && is_open(&new));
    assert!(IDLE + SWEEP < Duration::from_secs(60));
}

// The clock stands still but for those who wait for it; a response's own age is of the real one.
#[tokio::test(start_paused = true)]
async fn who_holds_a_connection_and_waits_for_another_gets_one() {
    let pool = Arc::new(Pool::<NumberedConnection>::new(2));
    let long = Instant::now().checked_sub(UNREAD);
    let read = line(&pool, now(pin!(pool.place(&1))).await, None);
    let unread = line(&pool, now(pin!(pool.place(&1))).await, long);
    assert!(matches!(pool.place(&2).await, Turn::New(_)));
    assert!(is_open(&read) && !is_open(&unread));
}
