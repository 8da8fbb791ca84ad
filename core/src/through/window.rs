//! The bytes of one fetch: the latest in memory, all of them in the spool behind it.
//!
//! Invariants: memory is bounded, for one fetch and for all of them. While the spool can be written, no
//! reader holds up the fetch. If its disk fails, the fetch goes on in memory at the pace of its slowest
//! reader, and nobody is given the bytes that come after a gap.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::{Notify, OnceCell, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::spool::FillSpool;
use crate::error::{Error, ErrorKind, Result};
use crate::observe::{Level, event};

/// Memory of all fetches that run, shared evenly, and the bounds of one share.
const MEMORY: usize = 64 << 20;
const LEAST: usize = 256 << 10;
const MOST: usize = 4 << 20;

/// Bytes that are read from memory or the spool at a time, at most.
const LOT: usize = 1 << 20;

/// How long a reader may stand still while others wait for it, which they do only without a spool.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many fetches may run at a time.
pub(super) struct FillSlots {
    slots: Semaphore,
    count: usize,
}

impl FillSlots {
    pub(super) fn new(count: usize) -> FillSlots {
        FillSlots { slots: Semaphore::new(count), count }
    }

    pub(super) async fn acquire(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.acquire().await.ok()
    }

    /// The memory that one fetch may take now.
    fn share(&self) -> usize {
        let running = self.count.saturating_sub(self.slots.available_permits());
        (MEMORY / running.max(1)).clamp(LEAST, MOST)
    }
}

/// The bytes of one fetch.
pub(super) struct FillWindow {
    slots: Arc<FillSlots>,
    spool: OnceCell<FillSpool>,
    state: Mutex<WindowState>,
    /// The spool has more bytes, or a reader moved or left.
    moved: Notify,
    /// There may be bytes for the spool.
    grew: Notify,
}

#[derive(Default)]
struct WindowState {
    /// The bytes in memory, each piece with the offset of its first, without a gap.
    pieces: VecDeque<(u64, Bytes)>,
    in_memory: usize,
    end: u64,
    /// So many of the first bytes are in the spool.
    spooled: u64,
    /// Why the spool takes no more.
    lost: Option<Error>,
    /// Whether all that is in memory goes to the spool, however little it is.
    flushes: bool,
    readers: HashMap<u64, ReaderStand>,
    next_id: u64,
}

/// Where a reader stands.
struct ReaderStand {
    at: u64,
    since: Instant,
    /// Whether the fetch waits for it if there is no spool.
    holds: bool,
    /// Whether it may be left behind for others.
    may_lose: bool,
}

impl WindowState {
    /// The first byte that is in memory.
    fn first(&self) -> u64 {
        self.pieces.front().map_or(self.end, |(first, _)| *first)
    }

    /// The first byte that somebody would miss if it left memory.
    fn needed(&self) -> u64 {
        match self.lost {
            None => self.spooled,
            Some(_) => self.slowest().unwrap_or(self.end),
        }
    }

    /// Where the slowest reader stands of those that the fetch waits for.
    fn slowest(&self) -> Option<u64> {
        self.readers.values().filter(|reader| reader.holds).map(|reader| reader.at).min()
    }

    /// Whether bytes that a reader at this offset needs are gone.
    fn misses(&self, at: u64) -> bool {
        at < self.first() && self.spooled < self.first()
    }

    /// Makes room for a piece of this length; false if that has to wait.
    fn makes_room(&mut self, length: usize, share: usize) -> bool {
        let needed = self.needed();
        while self.in_memory + length > share {
            match self.pieces.front() {
                None => return true,
                Some((first, piece)) if first + piece.len() as u64 <= needed => {
                    self.in_memory -= piece.len();
                    self.pieces.pop_front();
                }
                Some(_) => return false,
            }
        }
        true
    }

    /// The bytes in memory from there on: what is left of one piece.
    fn recent(&self, at: u64, most: usize) -> Option<Bytes> {
        let behind = self.pieces.partition_point(|(first, _)| *first <= at);
        let (first, piece) = self.pieces.get(behind.checked_sub(1)?)?;
        let from = usize::try_from(at - first).ok()?;
        (from < piece.len()).then(|| piece.slice(from..piece.len().min(from + most)))
    }

    /// The pieces that the spool gets next.
    fn unspooled(&self, share: usize) -> Vec<Bytes> {
        let waiting = self.end - self.spooled;
        if waiting == 0 || self.lost.is_some() || (waiting < (share / 4) as u64 && !self.flushes) {
            return Vec::new();
        }
        let mut length = 0;
        let from = self.pieces.partition_point(|(first, _)| *first < self.spooled);
        let wanted = self.pieces.range(from..).take_while(|(_, piece)| {
            let is_first = length == 0;
            length += piece.len();
            is_first || length <= LOT
        });
        wanted.map(|(_, piece)| piece.clone()).collect()
    }

    /// Leaves readers behind that have not moved for long, if another one could go on. Returns when to look
    /// again: now, if there may be room.
    fn leave_behind(&mut self) -> Instant {
        let now = Instant::now();
        let Some(slowest) = self.slowest() else { return now + PATIENCE };
        let others =
            self.readers.values().any(|reader| reader.holds && reader.may_lose && reader.at > slowest);
        let mut next = now + PATIENCE;
        for reader in self.readers.values_mut().filter(|reader| reader.at == slowest && reader.holds) {
            if others && reader.may_lose && reader.since + PATIENCE <= now {
                reader.holds = false;
                next = now;
            } else {
                next = next.min((reader.since + PATIENCE).max(now + PATIENCE / 100));
            }
        }
        next
    }
}

impl FillWindow {
    pub(super) fn new(slots: Arc<FillSlots>) -> FillWindow {
        FillWindow {
            slots,
            spool: OnceCell::new(),
            state: Mutex::default(),
            moved: Notify::new(),
            grew: Notify::new(),
        }
    }

    fn locked(&self) -> MutexGuard<'_, WindowState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a reader at byte 0; none if that byte is gone. One that does not hold reads when all is
    /// there; one that may not lose is waited for however long it takes.
    pub(super) fn enter(self: &Arc<Self>, holds: bool, may_lose: bool) -> Option<WindowReader> {
        let mut state = self.locked();
        if state.misses(0) {
            return None;
        }
        let id = state.next_id;
        state.next_id += 1;
        state.readers.insert(id, ReaderStand { at: 0, since: Instant::now(), holds, may_lose });
        Some(WindowReader { window: self.clone(), id })
    }

    /// Appends the piece if there is room for it now.
    pub(super) fn push(&self, piece: &Bytes) -> bool {
        let share = self.slots.share();
        let mut state = self.locked();
        if !state.makes_room(piece.len(), share) {
            // A spool that waits for a larger lot would wait for ever.
            state.flushes = true;
            self.grew.notify_one();
            return false;
        }
        let first = state.end;
        state.pieces.push_back((first, piece.clone()));
        state.in_memory += piece.len();
        state.end += piece.len() as u64;
        let is_lot = state.end - state.spooled >= (share / 4) as u64;
        drop(state);
        if is_lot {
            self.grew.notify_one();
        }
        true
    }

    /// Waits until there is room for the piece, and appends it.
    pub(super) async fn push_late(&self, piece: &Bytes) {
        loop {
            let moved = self.moved.notified();
            if self.push(piece) {
                self.locked().flushes = false;
                return;
            }
            let look_again = {
                let mut state = self.locked();
                match state.lost {
                    Some(_) => state.leave_behind(),
                    None => Instant::now() + PATIENCE,
                }
            };
            tokio::select! {
                () = moved => {}
                () = tokio::time::sleep_until(look_again) => {}
            }
        }
    }

    /// Writes what comes to the spool, until its disk fails. Belongs beside the fetch.
    pub(super) async fn spool(&self, is_encrypted: bool) {
        let error = loop {
            let grew = self.grew.notified();
            let (at, pieces) = {
                let state = self.locked();
                (state.spooled, state.unspooled(self.slots.share()))
            };
            if pieces.is_empty() {
                grew.await;
                continue;
            }
            let length: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
            let written = async {
                let spool = self.spool.get_or_try_init(|| FillSpool::new(is_encrypted)).await?;
                spool.write(at, pieces).await
            };
            match written.await {
                Ok(()) => self.locked().spooled += length,
                Err(error) => break error,
            }
            self.moved.notify_one();
        };
        event(Level::Warning, format!("the fetch goes on without a temporary file: {}", error.message()));
        self.locked().lost = Some(error);
        self.moved.notify_one();
        std::future::pending().await
    }

    /// Waits until no byte has to stay in memory: the spool has all, or every reader does. Gives the memory
    /// back.
    pub(super) async fn settle(&self) {
        loop {
            let moved = self.moved.notified();
            {
                let mut state = self.locked();
                let mut readers = state.readers.values();
                let is_read = readers.all(|reader| reader.at == state.end || state.misses(reader.at));
                if is_read || state.spooled == state.end {
                    state.pieces = VecDeque::new();
                    state.in_memory = 0;
                    return;
                }
                state.flushes = true;
            }
            self.grew.notify_one();
            moved.await;
        }
    }

    /// Bytes from there on, at most so many: from memory, else from the spool.
    pub(super) async fn read(&self, at: u64, most: usize) -> Result<Bytes> {
        let spooled = {
            let state = self.locked();
            if let Some(bytes) = state.recent(at, most) {
                return Ok(bytes);
            }
            if at >= state.spooled {
                return Err(gone(state.lost.as_ref()));
            }
            state.spooled
        };
        let length = most.min(LOT).min(usize::try_from(spooled - at).unwrap_or(most));
        match self.spool.get() {
            Some(spool) => spool.read(at, length).await,
            None => Err(gone(None)),
        }
    }
}

fn gone(lost: Option<&Error>) -> Error {
    match lost {
        Some(error) => Error::new(
            error.kind(),
            format!(
                "bytes of the fetch are gone: its temporary file could not be written, and this reader was \
                 too far behind: {}",
                error.message()
            ),
        ),
        None => Error::new(ErrorKind::Internal, "bytes of a fetch are gone; please report it"),
    }
}

/// A reader's place in the bytes of a fetch.
pub(super) struct WindowReader {
    window: Arc<FillWindow>,
    id: u64,
}

impl WindowReader {
    /// The bytes from there on; those before are not needed any more.
    pub(super) async fn read(&self, at: u64, most: usize) -> Result<Bytes> {
        self.stand(at);
        let bytes = self.window.read(at, most).await?;
        self.stand(at + bytes.len() as u64);
        Ok(bytes)
    }

    /// Bytes from there on as one lot of many pieces.
    pub(super) async fn read_lot(&self, at: u64, most: usize) -> Result<Bytes> {
        let first = self.read(at, most).await?;
        let mut next = at + first.len() as u64;
        if first.len() == most || self.window.locked().recent(next, 1).is_none() {
            return Ok(first);
        }
        let mut lot = BytesMut::with_capacity(most);
        lot.extend_from_slice(&first);
        while lot.len() < most {
            let Some(piece) = self.window.locked().recent(next, most - lot.len()) else { break };
            next += piece.len() as u64;
            lot.extend_from_slice(&piece);
        }
        self.stand(next);
        Ok(lot.freeze())
    }

    fn stand(&self, at: u64) {
        let mut state = self.window.locked();
        let is_waited_for = state.lost.is_some() || state.flushes;
        if let Some(stand) = state.readers.get_mut(&self.id)
            && stand.at != at
        {
            (stand.at, stand.since) = (at, Instant::now());
        }
        drop(state);
        if is_waited_for {
            self.window.moved.notify_one();
        }
    }
}

impl Drop for WindowReader {
    fn drop(&mut self) {
        self.window.locked().readers.remove(&self.id);
        self.window.moved.notify_one();
    }
}

#[cfg(test)]
#[path = "window_tests.rs"]
mod tests;
