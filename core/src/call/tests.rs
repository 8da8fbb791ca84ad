//! What a call promises whoever waits for it, awaits it, polls it, feeds it or leaves it.

use super::*;

fn ready<T: Send + 'static>(value: T) -> Call<T> {
    Call::spawn(|_| async move { Ok(value) })
}

#[test]
fn a_result_is_taken_once() {
    let mut call = ready(7);
    while !matches!(call.step(None), Ok(Some(Step::Done))) {}
    assert_eq!(call.take().unwrap(), 7);
    assert_eq!(call.take().unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn chunks_come_in_order_and_wait_for_the_host() {
    let mut call = Call::spawn(|mailbox| async move {
        for number in 0..100u8 {
            mailbox.send(Bytes::from(vec![number; 1 << 20])).await;
        }
        Ok(())
    });
    let mut next = 0;
    loop {
        match call.step(None).unwrap() {
            Some(Step::Chunk(chunk)) => {
                assert_eq!((chunk.len(), chunk[0]), (1 << 20, next));
                next += 1;
            }
            Some(Step::Done) => break,
            _ => {}
        }
    }
    assert_eq!(next, 100);
}

#[test]
fn wants_are_answered() {
    let mut call = Call::spawn(|mailbox| async move {
        let mut all = Vec::new();
        while let Some(bytes) = mailbox.pull(10).await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    });
    let mut answers = ["one", "two"].into_iter();
    loop {
        match call.step(None).unwrap() {
            Some(Step::Want(10)) => match answers.next() {
                Some(answer) => call.feed(Bytes::from_static(answer.as_bytes())),
                None => call.feed_end(),
            },
            Some(Step::Done) => break,
            _ => {}
        }
    }
    assert_eq!(call.take().unwrap(), b"onetwo");
}

#[test]
fn cancelling_drops_the_work_and_then_cleans_up() {
    let order = Arc::new(Mutex::new(Vec::new()));
    struct DropLog(Arc<Mutex<Vec<&'static str>>>);
    impl Drop for DropLog {
        fn drop(&mut self) {
            self.0.lock().unwrap().push("dropped");
        }
    }
    let (dropped, cleaned) = (DropLog(order.clone()), order.clone());
    let mut call: Call<()> = Call::spawn(|mailbox| async move {
        let _dropped = dropped;
        mailbox.on_abandon(async move { cleaned.lock().unwrap().push("cleaned") });
        mailbox.send(Bytes::from_static(b"begun")).await;
        std::future::pending().await
    });
    assert!(matches!(call.step(None), Ok(Some(Step::Chunk(_)))));
    call.cancel();
    while !matches!(call.step(None), Ok(Some(Step::Done))) {}
    assert_eq!(call.take().unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(*order.lock().unwrap(), ["dropped", "cleaned"]);
}

#[test]
fn a_panic_in_a_verb_is_an_error() {
    let call: Call<()> = Call::spawn(|_| async move { panic!("on purpose") });
    assert_eq!(call.wait(None).unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn the_descriptor_is_readable_while_there_is_something() {
    let readable = |fd| {
        let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid pollfd.
        unsafe { libc::poll(&mut poll, 1, 0) == 1 }
    };
    let mut call = Call::spawn(|mailbox| async move {
        mailbox.pull(1).await?;
        Ok(())
    });
    let fd = call.fd().unwrap();
    assert!(matches!(call.step(None), Ok(Some(Step::Want(1)))));
    assert!(!readable(fd));
    call.feed_end();
    while !readable(fd) {
        std::thread::yield_now();
    }
    assert!(matches!(call.try_step(), Some(Step::Done)));
    assert!(readable(fd), "an ended call stays readable");
}

#[test]
fn a_time_limit_cancels() {
    let call: Call<()> = Call::spawn(|_| std::future::pending());
    assert_eq!(call.wait(Some(Duration::from_millis(1))).unwrap_err().kind(), ErrorKind::Timeout);
}

/// A call whose work is done by whoever waits for it.
fn inline<F: Future<Output = Result<()>> + Send + 'static>(verb: impl FnOnce(Arc<Mailbox>) -> F) -> Call<()> {
    Call::begin(true, verb)
}

fn thread() -> Option<String> {
    std::thread::current().name().map(str::to_owned)
}

#[test]
fn short_work_is_done_by_the_thread_that_waits() {
    let (here, reported) = (std::thread::current().id(), Arc::new(Mutex::new(Vec::new())));
    let seen = reported.clone();
    let call = inline(|_| async move {
        seen.lock().unwrap().push(std::thread::current().id());
        tokio::time::sleep(Duration::from_millis(1)).await;
        seen.lock().unwrap().push(std::thread::current().id());
        Ok(())
    });
    assert!(reported.lock().unwrap().is_empty(), "nothing moves before somebody waits");
    call.wait(None).unwrap();
    assert_eq!(*reported.lock().unwrap(), [here, here]);
}

#[test]
fn long_work_goes_on_elsewhere() {
    let reported = Arc::new(Mutex::new(None));
    let seen = reported.clone();
    let call = inline(|_| async move {
        tokio::time::sleep(3 * HERE).await;
        *seen.lock().unwrap() = thread();
        Ok(())
    });
    call.wait(None).unwrap();
    assert_eq!(reported.lock().unwrap().as_deref(), Some("oarlock"));
}

#[test]
fn who_leaves_has_it_undone_elsewhere() {
    let (cleaned, undone) = std::sync::mpsc::channel();
    let mut call = inline(|mailbox| async move {
        mailbox.on_abandon(async move { cleaned.send(thread()).unwrap() });
        mailbox.send(Bytes::from_static(b"begun")).await;
        std::future::pending().await
    });
    assert!(matches!(call.step(None), Ok(Some(Step::Chunk(_)))));
    drop(call);
    assert_eq!(undone.recv_timeout(Duration::from_secs(10)).unwrap().as_deref(), Some("oarlock"));
}

#[test]
fn a_descriptor_moves_it_to_the_workers() {
    let mut call = inline(|_| async { Ok(()) });
    let mut poll = libc::pollfd { fd: call.fd().unwrap(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid pollfd.
    assert_eq!(unsafe { libc::poll(&mut poll, 1, 10_000) }, 1);
    assert!(matches!(call.try_step(), Some(Step::Done)));
}

#[tokio::test]
async fn awaited_it_is_work_of_the_task() {
    let (here, reported) = (std::thread::current().id(), Arc::new(Mutex::new(None)));
    let seen = reported.clone();
    let call = inline(|_| async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        *seen.lock().unwrap() = Some(std::thread::current().id());
        Ok(())
    });
    call.await.unwrap();
    assert_eq!(*reported.lock().unwrap(), Some(here));
}

#[test]
fn a_panic_in_inline_work_is_an_error() {
    let call = inline(|_| async { panic!("on purpose") });
    assert_eq!(call.wait(None).unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn inline_work_is_cancelled_from_another_thread() {
    let call = inline(|_| std::future::pending());
    let canceller = call.canceller();
    let waits = std::thread::spawn(move || call.wait(None));
    canceller.cancel();
    assert_eq!(waits.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
}

/// Many small pieces of work, each of which reports, logs and gives way.
async fn busy(mailbox: Arc<Mailbox>) -> Result<()> {
    use futures_util::StreamExt;
    let pieces = futures_util::stream::iter(0..2000).map(|_| async {
        tokio::task::consume_budget().await;
        mailbox.advance(1);
        crate::observe::event(crate::observe::Level::Debug, "one".to_owned());
        runtime::yield_now().await;
    });
    pieces.buffer_unordered(64).for_each(|()| async {}).await;
    Ok(())
}

/// Waits with these limits in turn, and fails if the call stands still.
fn ends(mut call: Call<()>, limits: &[u64]) {
    let begun = Instant::now();
    for limit in limits.iter().cycle() {
        if let Some(Step::Done) = call.step(Some(Duration::from_micros(*limit))).unwrap() {
            assert_eq!(call.progress().0, 2000);
            return call.take().unwrap();
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{} of 2000, then nothing more",
            call.progress().0
        );
    }
}

#[test]
fn a_call_that_reports_goes_on_whatever_the_limits() {
    for limits in [&[100_000][..], &[0], &[1, 50, 1000], &[5, 30_000]] {
        let call = inline(busy);
        call.listen();
        ends(call, limits);
        ends(inline(busy), limits);
    }
}

#[test]
fn while_the_hosts_code_runs_the_call_goes_on() {
    let (ended, has_ended) = std::sync::mpsc::channel();
    let mut call = inline(|mailbox| async move {
        mailbox.advance(1);
        tokio::time::sleep(Duration::from_millis(1)).await;
        ended.send(()).unwrap();
        Ok(())
    });
    call.listen();
    assert!(matches!(call.step(None), Ok(Some(Step::Progress(1, _)))));
    has_ended.recv_timeout(Duration::from_secs(10)).expect("the call stood still until the next step");
}

#[test]
fn a_hosts_runtime_that_returns_at_each_poll_loses_no_wake_up() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut call = inline(busy);
    call.listen();
    let begun = Instant::now();
    while !matches!(
        runtime.block_on(std::future::poll_fn(|context| Poll::Ready(call.poll_step(context)))),
        Poll::Ready(Step::Done)
    ) {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{} of 2000, then nothing more",
            call.progress().0
        );
    }
    assert_eq!(call.progress().0, 2000);
}
