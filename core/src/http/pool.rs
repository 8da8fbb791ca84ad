//! The connections of the process: how many there may be, which are idle, and who gets the next one.
//!
//! Invariants: at most half as many are open as the process may have descriptors. Above that requests wait in
//! order, and an idle connection is closed for them. A connection whose response nobody reads on is given up
//! while others wait, so a call that holds one may wait for another. An idle one is closed within a minute.
//! Must not depend on HTTP.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use once_cell::race::OnceNonZeroUsize;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::error::Result;
use crate::runtime;

/// How long a connection may be idle, and how often that is checked. Together they are less than a minute.
const IDLE: Duration = Duration::from_secs(30);
const SWEEP: Duration = Duration::from_secs(10);

/// How long a response must have been left unread before its connection is given up for a waiting call.
const UNREAD: Duration = Duration::from_secs(1);

/// How many connections may be open at a time. The limit of descriptors is read once.
pub(crate) fn most_connections() -> usize {
    static MOST: OnceNonZeroUsize = OnceNonZeroUsize::new();
    let half = || NonZeroUsize::MIN.saturating_add((runtime::descriptors() / 2).saturating_sub(1) as usize);
    MOST.get_or_init(half).get()
}

/// What a pool keeps.
pub(super) trait Pooled: Send + Sync + 'static {
    /// Where it leads to, and which runtime drives it.
    type Target: PartialEq + Clone + Send + Sync + 'static;

    /// Closes it and drops its permit.
    fn close(&self);

    /// Since when the response it carries was not read on, if it carries one.
    fn unread(&self) -> Option<Instant>;
}

pub(super) struct Pool<C: Pooled> {
    most: usize,
    state: Mutex<PoolState<C>>,
}

struct PoolState<C: Pooled> {
    /// Permits that exist.
    open: usize,
    /// The one that has been idle for longest comes first.
    idle: VecDeque<IdleConnection<C>>,
    waiting: VecDeque<(C::Target, oneshot::Sender<Turn<C>>)>,
    /// Every open connection, idle or in use.
    all: Vec<Weak<C>>,
    is_swept: bool,
}

struct IdleConnection<C: Pooled> {
    target: C::Target,
    since: Instant,
    connection: Arc<C>,
}

/// What a request gets to send on.
pub(super) enum Turn<C: Pooled> {
    Idle(Arc<C>),
    /// It may open a connection.
    New(OpenPermit<C>),
}

/// The right to have one connection open.
pub(super) struct OpenPermit<C: Pooled>(Option<Arc<Pool<C>>>);

impl<C: Pooled> Drop for OpenPermit<C> {
    fn drop(&mut self) {
        if let Some(pool) = self.0.take() {
            pool.pass_on();
        }
    }
}

impl<C: Pooled> Pool<C> {
    /// The pool of the process.
    pub(super) fn current() -> Result<Arc<Pool<C>>> {
        let made = || Arc::new(Pool::new(most_connections()));
        Ok((*runtime::current()?.shared("connections", made)).clone())
    }

    fn new(most: usize) -> Pool<C> {
        let state = PoolState {
            open: 0,
            idle: VecDeque::new(),
            waiting: VecDeque::new(),
            all: Vec::new(),
            is_swept: false,
        };
        Pool { most, state: Mutex::new(state) }
    }

    /// No connection is closed and no permit dropped while this is locked: both lock it themselves.
    fn state(&self) -> MutexGuard<'_, PoolState<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle connection to the target, or a permit to open one, once there may be one more.
    pub(super) async fn place(self: &Arc<Self>, target: &C::Target) -> Turn<C> {
        let mut turn = match self.enter(target) {
            Ok(place) => return place,
            Err(turn) => turn,
        };
        loop {
            match timeout(UNREAD / 2, &mut turn).await {
                Ok(Ok(place)) => return place,
                // The pool never drops a sender: it is held here.
                Ok(Err(_)) => turn = self.queue(target),
                Err(_) => self.give_up_unread(),
            }
        }
    }

    /// A place at once, or a turn in the queue.
    fn enter(
        self: &Arc<Self>,
        target: &C::Target,
    ) -> std::result::Result<Turn<C>, oneshot::Receiver<Turn<C>>> {
        let mut state = self.state();
        if let Some(at) = state.idle.iter().rposition(|idle| idle.target == *target)
            && let Some(idle) = state.idle.remove(at)
        {
            return Ok(Turn::Idle(idle.connection));
        }
        if state.open < self.most {
            state.open += 1;
            return Ok(Turn::New(OpenPermit(Some(self.clone()))));
        }
        drop(state);
        Err(self.queue(target))
    }

    /// A turn in the queue. One idle connection is closed for it.
    fn queue(&self, target: &C::Target) -> oneshot::Receiver<Turn<C>> {
        let (sender, turn) = oneshot::channel();
        let mut state = self.state();
        state.waiting.push_back((target.clone(), sender));
        let idle = state.idle.pop_front();
        drop(state);
        if let Some(idle) = idle {
            idle.connection.close();
        }
        turn
    }

    /// A connection was opened.
    pub(super) fn opened(&self, connection: &Arc<C>) {
        let mut state = self.state();
        state.all.retain(|open| open.strong_count() > 0);
        state.all.push(Arc::downgrade(connection));
    }

    /// A connection is free for the next request.
    pub(super) fn put_back(self: &Arc<Self>, target: &C::Target, connection: Arc<C>) {
        let mut state = self.state();
        let mut grant = Turn::Idle(connection);
        while let Some((wanted, sender)) = state.waiting.pop_front() {
            if sender.is_closed() {
                continue;
            }
            if wanted != *target {
                // The first that waits can't use the connection: it gets the permit.
                state.waiting.push_front((wanted, sender));
                drop(state);
                if let Turn::Idle(connection) = grant {
                    connection.close();
                }
                return;
            }
            match sender.send(grant) {
                Ok(()) => return,
                Err(refused) => grant = refused,
            }
        }
        let Turn::Idle(connection) = grant else { return };
        state.idle.push_back(IdleConnection { target: target.clone(), since: Instant::now(), connection });
        if !std::mem::replace(&mut state.is_swept, true) {
            drop(state);
            self.sweep();
        }
    }

    /// A permit was dropped: the first that waits gets it.
    fn pass_on(self: &Arc<Self>) {
        let mut state = self.state();
        let mut grant = Turn::New(OpenPermit(Some(self.clone())));
        while let Some((_, sender)) = state.waiting.pop_front() {
            match sender.send(grant) {
                Ok(()) => return,
                Err(refused) => grant = refused,
            }
        }
        state.open -= 1;
        if let Turn::New(mut permit) = grant {
            permit.0 = None;
        }
    }

    /// Closes the connection whose response has been left unread for longest, if that is long enough.
    fn give_up_unread(&self) {
        let open: Vec<Arc<C>> = self.state().all.iter().filter_map(Weak::upgrade).collect();
        let unread = open.iter().filter_map(|connection| Some((connection.unread()?, connection)));
        if let Some((since, connection)) = unread.min_by_key(|(since, _)| *since)
            && since.elapsed() >= UNREAD
        {
            connection.close();
        }
    }

    /// Closes what is idle for too long, until nothing is idle.
    fn sweep(self: &Arc<Self>) {
        let pool = self.clone();
        let sweep = async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                if !pool.close_expired() {
                    return;
                }
            }
        };
        runtime::workers().spawn(sweep);
    }

    /// Returns whether anything is still idle.
    fn close_expired(&self) -> bool {
        let mut state = self.state();
        let expired = state.idle.iter().take_while(|idle| idle.since.elapsed() >= IDLE).count();
        let expired: Vec<_> = state.idle.drain(..expired).collect();
        state.is_swept = !state.idle.is_empty();
        let is_swept = state.is_swept;
        drop(state);
        expired.iter().for_each(|idle| idle.connection.close());
        is_swept
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
