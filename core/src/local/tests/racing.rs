//! Writers and readers at the same time, and calls that are cancelled.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::*;

/// Runs `work` on so many threads, all begun together, and counts those that tell true.
fn winners(threads: usize, work: impl Fn(usize) -> bool + Sync) -> usize {
    let (start, won) = (Barrier::new(threads), AtomicUsize::new(0));
    thread::scope(|scope| {
        for number in 0..threads {
            let (start, won, work) = (&start, &won, &work);
            scope.spawn(move || {
                start.wait();
                won.fetch_add(usize::from(work(number)), Ordering::SeqCst);
            });
        }
    });
    won.into_inner()
}

fn won(call: Call<crate::reply::PutReply>) -> bool {
    match call.wait(None) {
        Ok(_) => true,
        Err(error) if error.kind() == Precondition => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn of_racing_writers_exactly_one_wins() {
    let at = fresh();
    for round in 0..12 {
        let key = format!("d{round}/a");
        let new = winners(6, |_| {
            won(at.store.put(key.as_str(), "new", Put { if_none_match: text("*"), ..described() }))
        });
        assert_eq!(new, 1, "if_none_match, round {round}");
        let etag = at.store.head(key.as_str(), Head::default()).wait(None).unwrap().etag;
        // Each with a store of its own: the lock is the directory's, not the object's in memory.
        let replaced = winners(6, |_| {
            won(open(at.directory.path()).put(
                key.as_str(),
                "newer",
                Put { if_match: etag.clone(), ..described() },
            ))
        });
        assert_eq!(replaced, 1, "if_match, round {round}");
    }
    assert_eq!((at.reserved("tmp"), at.reserved("meta")), (0, 12));
}

#[test]
fn no_two_writes_share_an_etag() {
    let at = fresh();
    let mut etags: Vec<String> = (0..200).map(|_| at.put("a", "same")).collect();
    etags.sort_unstable();
    etags.dedup();
    assert_eq!(etags.len(), 200);
}

#[test]
fn body_and_metadata_are_of_one_state() {
    let at = fresh();
    let write = |number: usize| {
        let metadata = Some([("number".to_owned(), number.to_string())].into());
        at.store
            .put("a", number.to_string().into_bytes(), Put { metadata, ..Put::default() })
            .wait(None)
            .unwrap();
    };
    write(0);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            (1..150).for_each(write);
            done.store(true, Ordering::SeqCst);
        });
        while !done.load(Ordering::SeqCst) {
            let reply = at.store.get("a", Sink::Memory, Get::default()).wait(None).unwrap();
            assert_eq!(reply.body.unwrap(), reply.meta.metadata["number"].as_bytes());
        }
    });
    assert_eq!(at.reserved("meta"), 1);
}

#[test]
fn directories_that_come_and_go_lose_no_object() {
    let at = fresh();
    let all = winners(4, |number| {
        let key = format!("shared/deep/{number}");
        (0..40).all(|_| {
            at.store.put(key.as_str(), "x", Put::default()).wait(None).unwrap();
            let there = at.exists(&key);
            at.store.delete(key.as_str(), Delete::default()).wait(None).unwrap();
            there
        })
    });
    assert_eq!(all, 4);
    assert!(!at.path("shared").exists());
}

/// A put whose source has sent one chunk and has more to send.
fn half_fed(at: &Fresh, options: Put) -> Call<crate::reply::PutReply> {
    let mut call = at.store.put("dir/a", Source::Fed(Some(10)), options);
    let mut wants = 0;
    while wants < 2 {
        if let Some(Step::Want(_)) = call.step(None).unwrap() {
            wants += 1;
            if wants == 1 {
                call.feed("hello".into());
            }
        }
    }
    assert_eq!(at.reserved("tmp"), 1);
    call
}

fn end(mut call: Call<crate::reply::PutReply>) -> ErrorKind {
    while !matches!(call.step(None).unwrap(), Some(Step::Done)) {}
    call.take().unwrap_err().kind()
}

#[test]
fn a_call_that_ends_badly_leaves_nothing() {
    let at = fresh();
    let call = half_fed(&at, described());
    call.cancel();
    assert_eq!(end(call), Cancelled);
    let untouched =
        || assert_eq!((at.reserved("tmp"), at.reserved("meta"), at.path("dir").exists()), (0, 0, false));
    untouched();
    let call = half_fed(&at, described());
    call.feed_error("the disk of the host is gone");
    assert_eq!(end(call), Io);
    untouched();
    let call = half_fed(&at, described());
    call.feed_end();
    assert_eq!(end(call), Changed);
    untouched();
    // What was there stays, and the condition is weighed again at the end.
    let call = half_fed(&at, Put { if_none_match: text("*"), ..described() });
    at.put("dir/a", "winner");
    call.feed("world".into());
    let mut call = call;
    loop {
        match call.step(None).unwrap() {
            Some(Step::Want(_)) => call.feed_end(),
            Some(Step::Done) => break,
            _ => {}
        }
    }
    assert_eq!(call.take().unwrap_err().kind(), Precondition);
    assert_eq!(at.body("dir/a"), "winner");
    assert_eq!((at.reserved("tmp"), at.reserved("meta")), (0, 0));
}
