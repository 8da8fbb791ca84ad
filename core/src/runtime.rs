//! One tokio runtime per process generation, made at first use and remade in a forked child.
//!
//! Invariant: nothing starts at load time; after a fork the old runtime and all that lives on it is leaked,
//! never dropped, because its threads do not exist in the child. Must not depend on S3 or of verbs.

use std::any::Any;
use std::cell::Cell;
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use once_cell::race::OnceBox;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Sleep;

use crate::error::{Error, ErrorKind, Result};

static FORKS: AtomicU64 = AtomicU64::new(0);
static WATCHING: AtomicBool = AtomicBool::new(false);
static CURRENT: PerGeneration<Generation> = PerGeneration::new();

extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::SeqCst);
}

/// How many times the process forked since the library's first use.
pub(crate) fn generation() -> u64 {
    if !WATCHING.load(Ordering::Acquire) {
        // Two threads may both register: the counter then moves by two at a fork, which is as good as one.
        // No lock here: one that another thread holds at the fork would never be released in the child.
        // SAFETY: `in_child` only adds to an atomic, which is allowed between fork and exec.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        WATCHING.store(true, Ordering::Release);
    }
    FORKS.load(Ordering::SeqCst)
}

/// What the whole process shares between two forks.
pub(crate) struct Generation {
    runtime: ManuallyDrop<tokio::runtime::Runtime>,
    shared: Mutex<HashMap<String, Arc<dyn Any + Send + Sync>>>,
    unfinished: AtomicUsize,
    finished: (Mutex<()>, Condvar),
    /// Whether somebody waits for `finished`: to tell nobody would cost a system call for each request.
    draining: AtomicBool,
    /// Ends work that belongs to no call.
    exit: Notify,
    drivers: Mutex<Drivers>,
}

impl Generation {
    fn start() -> Result<Self> {
        let signals = BlockedSignals::new();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            // More workers cost CPU in hand-offs (one request per worker wake-up) and win nothing until a
            // core is full.
            .worker_threads(
                std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).clamp(1, 4)),
            )
            .max_blocking_threads(16)
            .thread_name("oarlock")
            .on_thread_start(|| _ = block_signals())
            .enable_all()
            .build();
        drop(signals);
        let runtime = runtime
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot start oarlock's threads: {error}")))?;
        Ok(Generation {
            runtime: ManuallyDrop::new(runtime),
            shared: Mutex::default(),
            unfinished: AtomicUsize::new(0),
            finished: Default::default(),
            draining: AtomicBool::new(false),
            exit: Notify::new(),
            drivers: Mutex::default(),
        })
    }

    /// Work that `drain` waits for.
    pub(crate) fn counted<F: Future<Output = ()>>(
        &'static self,
        work: F,
    ) -> impl Future<Output = ()> + use<F> {
        let counted = self.count();
        async move {
            let _counted = counted;
            work.await;
        }
    }

    /// Counts as work that `drain` waits for, until it is dropped.
    pub(crate) fn count(&'static self) -> UnfinishedWork {
        self.unfinished.fetch_add(1, Ordering::SeqCst);
        UnfinishedWork(self)
    }

    /// Completes when the host drains the process's work.
    pub(crate) async fn exits(&self) {
        self.exit.notified().await;
    }

    /// Spawns work that outlives its caller.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(work);
    }

    /// Runs work that needs a thread until it is done.
    pub(crate) fn aside(&self, work: impl FnOnce() + Send + 'static) {
        let _signals = BlockedSignals::new();
        // What can't have a thread is dropped here, and so comes to its end.
        let _ = std::thread::Builder::new().name("oarlock".to_owned()).spawn(work);
    }

    /// An idle driver; none when there are enough, or the process is out of descriptors.
    pub(crate) fn driver(&'static self) -> Option<Driver> {
        let mut drivers = self.drivers.lock().unwrap_or_else(PoisonError::into_inner);
        let runtime = match drivers.idle.pop() {
            Some(runtime) => runtime,
            None if drivers.made == DRIVERS => return None,
            None => {
                let made = tokio::runtime::Builder::new_current_thread()
                    .max_blocking_threads(1)
                    .thread_name("oarlock")
                    // A thread inherits the mask of the thread that starts it: here the host's own.
                    .on_thread_start(|| _ = block_signals())
                    .enable_all()
                    .build()
                    .ok()?;
                drivers.made += 1;
                let beat = {
                    let _here = made.enter();
                    Box::pin(tokio::time::sleep(BEAT))
                };
                (made, beat)
            }
        };
        Some(Driver { runtime: Some(runtime), of: self })
    }

    /// The value that the process shares under this key, made at first use.
    pub(crate) fn shared<T: Send + Sync + 'static>(&self, key: &str, make: impl FnOnce() -> T) -> Arc<T> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Ok(value)) = shared.get(key).map(|value| value.clone().downcast::<T>()) {
            return value;
        }
        let value = Arc::new(make());
        shared.insert(key.to_owned(), value.clone());
        value
    }
}

/// At most so many threads at a time run their calls themselves: each has connections of its own.
const DRIVERS: usize = 32;

#[derive(Default)]
struct Drivers {
    idle: Vec<(tokio::runtime::Runtime, Pin<Box<Sleep>>)>,
    made: usize,
}

/// The longest a thread drives before it checks for signals. Default: 20 ms.
const BEAT: Duration = Duration::from_millis(20);

/// What a call does, from its first poll to its end.
pub(crate) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A runtime that only the thread which waits on it drives.
pub(crate) struct Driver {
    /// None only while it is dropped. The timer is set anew only when it has fired: a reset costs more than a
    /// look.
    runtime: Option<(tokio::runtime::Runtime, Pin<Box<Sleep>>)>,
    of: &'static Generation,
}

impl Driver {
    /// Makes `work` a task of this runtime; it advances only while `Driven::run` or `Driven::finish` runs.
    pub(crate) fn start(self, work: Work) -> Option<Driven> {
        let task = self.runtime.as_ref()?.0.spawn(work);
        Some(Driven { driver: self, task })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            self.of.drivers.lock().unwrap_or_else(PoisonError::into_inner).idle.push(runtime);
        }
    }
}

/// Work under way on a driver.
///
/// The work is a task of the runtime, never the future that `block_on` polls. tokio keeps the wake-ups of
/// tasks between two `block_on` calls. It drops those that the blocked-on future deferred in its last poll
/// (`yield_now`, a spent budget), and the futures that waited for them would never be polled again.
pub(crate) struct Driven {
    driver: Driver,
    task: JoinHandle<()>,
}

impl Driven {
    /// Drives the work until `ready` returns a value, or a beat or `limit` has passed. `ready` must defer no
    /// wake-up.
    ///
    /// The reactor is polled first, so events that arrived while no thread was driving come before the work.
    pub(crate) fn run<T>(
        &mut self,
        limit: Duration,
        ready: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Option<T> {
        let (runtime, beat) = self.driver.runtime.as_mut()?;
        let ready = std::future::poll_fn(ready);
        let _driving = Driving::begin();
        runtime.block_on(async {
            tokio::task::yield_now().await;
            if limit < BEAT {
                return tokio::time::timeout(limit, ready).await.ok();
            }
            tokio::select! {
                biased;
                () = beat.as_mut() => {
                    beat.as_mut().reset(tokio::time::Instant::now() + BEAT);
                    None
                }
                value = ready => Some(value),
            }
        })
    }

    /// Drives the work to its end.
    pub(crate) fn finish(mut self) {
        if let Some((runtime, _)) = &self.driver.runtime {
            let _driving = Driving::begin();
            // A panic within the work has ended it; `call::Finish` has reported it.
            let _ = runtime.block_on(&mut self.task);
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        // No thread will drive the rest, so the runtime goes with its tasks. Returned to the pool, it would
        // run them in another call.
        if !self.task.is_finished()
            && let Some((runtime, beat)) = self.driver.runtime.take()
        {
            drop(beat);
            runtime.shutdown_background();
            self.driver.of.drivers.lock().unwrap_or_else(PoisonError::into_inner).made -= 1;
        }
    }
}

thread_local! {
    static DRIVES: Cell<bool> = const { Cell::new(false) };
}

/// Marks the thread as one that drives its call itself.
struct Driving;

impl Driving {
    fn begin() -> Driving {
        DRIVES.set(true);
        Driving
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        DRIVES.set(false);
    }
}

/// Lets other tasks run before the caller goes on.
///
/// tokio's own `yield_now` defers its wake-up, which a `block_on` of the host's drops when it returns in the
/// same poll.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The workers: for what is more than one request at a time, or outlives the call that began it.
pub(crate) fn workers() -> Handle {
    current().map_or_else(|_| Handle::current(), |current| current.runtime.handle().clone())
}

/// How long the workers were busy so far, on average.
pub(crate) fn workers_busy() -> Duration {
    let metrics = workers().metrics();
    let count = metrics.num_workers().max(1);
    let busy: Duration = (0..count).map(|worker| metrics.worker_total_busy_duration(worker)).sum();
    busy / count as u32
}

/// Whether this thread has nothing to do but the call that it drives, and may block for a moment.
pub(crate) fn drives() -> bool {
    DRIVES.get()
}

/// Runs what blocks on a thread for that.
pub(crate) fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    workers().spawn_blocking(work)
}

/// Work that `drain` waits for.
pub(crate) struct UnfinishedWork(&'static Generation);

impl Drop for UnfinishedWork {
    fn drop(&mut self) {
        if self.0.unfinished.fetch_sub(1, Ordering::SeqCst) == 1 && self.0.draining.load(Ordering::SeqCst) {
            let _guard = self.0.finished.0.lock().unwrap_or_else(PoisonError::into_inner);
            self.0.finished.1.notify_all();
        }
    }
}

/// Keeps every signal away from the threads that are born meanwhile: a host's handlers belong on the host's
/// threads.
struct BlockedSignals(libc::sigset_t);

impl BlockedSignals {
    fn new() -> Self {
        BlockedSignals(block_signals())
    }
}

/// Blocks all signals on this thread, since they are for the host's, and returns what was blocked before.
fn block_signals() -> libc::sigset_t {
    // SAFETY: both sets are plain data that the calls fill; only this thread's mask changes.
    unsafe {
        let mut all = std::mem::zeroed();
        let mut before = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        before
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: restores the mask that `new` found on this thread.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, ptr::null_mut()) };
    }
}

/// This process's generation, started now if it has not been.
pub(crate) fn current() -> Result<&'static Generation> {
    CURRENT.get(Generation::start)
}

/// Waits at most `limit` until no call of this process is in progress; returns whether none is.
///
/// For a host's exit: a cancelled call may still be aborting its upload. Fetches from an upstream, which
/// belong to no call, are cancelled here.
pub fn drain(limit: Duration) -> bool {
    let Some(current) = CURRENT.made() else { return true };
    let end = Instant::now() + limit;
    current.draining.store(true, Ordering::SeqCst);
    current.exit.notify_waiters();
    let mut guard = current.finished.0.lock().unwrap_or_else(PoisonError::into_inner);
    while current.unfinished.load(Ordering::SeqCst) > 0 {
        let Some(left) = end.checked_duration_since(Instant::now()) else { return false };
        guard = current.finished.1.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0;
    }
    true
}

/// How many descriptors this process may have.
pub(crate) fn descriptors() -> u32 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: one valid place to fill.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } == 0;
    if known { u32::try_from(limit.rlim_cur).unwrap_or(u32::MAX) } else { 1024 }
}

/// A value that belongs to one generation (an HTTP client, say): made at first use, made anew after a fork.
///
/// Each generation has a cell of its own, behind the cells of its parents, which stay as they are: nothing of
/// them is dropped. The cells take no lock. A lock that another thread holds at the fork would stay locked in
/// the child. Threads that make a value at the same time all make one, and the first to finish wins.
pub(crate) struct PerGeneration<T>(OnceBox<Slot<T>>);

struct Slot<T> {
    generation: u64,
    value: ManuallyDrop<T>,
    /// The cell of the next generation that uses the value.
    next: OnceBox<Slot<T>>,
}

impl<T> PerGeneration<T> {
    pub(crate) const fn new() -> Self {
        PerGeneration(OnceBox::new())
    }

    /// The value of this generation.
    pub(crate) fn get(&self, make: impl FnOnce() -> Result<T>) -> Result<&T> {
        let generation = generation();
        let cell = match self.find(generation) {
            Ok(value) => return Ok(value),
            Err(cell) => cell,
        };
        let slot = cell.get_or_try_init(|| {
            let value = ManuallyDrop::new(make()?);
            Ok::<_, Error>(Box::new(Slot { generation, value, next: OnceBox::new() }))
        })?;
        Ok(&slot.value)
    }

    /// The value of this generation, if it was made.
    pub(crate) fn made(&self) -> Option<&T> {
        self.find(generation()).ok()
    }

    /// The generation's value, or the empty cell that it goes into.
    fn find(&self, generation: u64) -> std::result::Result<&T, &OnceBox<Slot<T>>> {
        let mut cell = &self.0;
        while let Some(slot) = cell.get() {
            if slot.generation == generation {
                return Ok(&slot.value);
            }
            cell = &slot.next;
        }
        Err(cell)
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        // A parent's value is leaked: its threads are not in this process.
        if self.generation == generation() {
            // SAFETY: the slot goes, so nothing uses the value after this.
            unsafe { ManuallyDrop::drop(&mut self.value) }
        }
    }
}

#[cfg(test)]
mod tests;
