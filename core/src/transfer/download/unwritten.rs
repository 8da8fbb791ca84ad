//! What a stream has not written yet of the range that it took. Another stream may take its end.
//!
//! Invariant: every byte belongs to one stream: it claims bytes before it writes them, and another takes over
//! only what was not claimed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;

use crate::transfer::spans::{Span, middle};

/// The rest of a range, shared by the stream that fills it and by those that have nothing left to do.
#[derive(Clone)]
pub(crate) struct Unwritten(Arc<Mutex<UnwrittenBytes>>);

struct UnwrittenBytes {
    /// The next byte of the object that is claimed.
    at: u64,
    end: u64,
    /// The room for these bytes, if they go to memory.
    room: Option<BytesMut>,
}

impl Unwritten {
    pub(crate) fn new(span: Span, room: Option<BytesMut>) -> Unwritten {
        Unwritten(Arc::new(Mutex::new(UnwrittenBytes { at: span.first, end: span.end(), room })))
    }

    fn state(&self) -> MutexGuard<'_, UnwrittenBytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is still to be written.
    pub(crate) fn left(&self) -> Span {
        let state = self.state();
        Span { first: state.at, length: state.end - state.at }
    }

    /// Claims the next bytes, at most so many: how many, and the room for them in memory.
    pub(crate) fn claim(&self, wanted: usize) -> (usize, Option<BytesMut>) {
        let mut state = self.state();
        let claimed = wanted.min(usize::try_from(state.end - state.at).unwrap_or(usize::MAX));
        state.at += claimed as u64;
        let room = state.room.as_mut().map(|room| {
            let behind = room.split_off(claimed);
            std::mem::replace(room, behind)
        });
        (claimed, room)
    }

    /// Takes the second half of what is left, if it is worth a request of its own.
    pub(crate) fn take_over(&self, least: u64) -> Option<(Span, Option<BytesMut>)> {
        let mut state = self.state();
        let first = middle(state.at, state.end, least)?;
        let offset = (first - state.at) as usize;
        let span = Span { first, length: state.end - first };
        state.end = first;
        Some((span, state.room.as_mut().map(|room| room.split_off(offset))))
    }

    /// Takes in the range right behind this one, of which nothing was claimed.
    pub(crate) fn join(&self, next: &Unwritten) {
        let mut next = next.state();
        let mut state = self.state();
        state.end = next.end;
        next.end = next.at;
        // Nothing of its own is left, so the room begins where its last byte lies.
        state.room = next.room.take();
    }

    pub(crate) fn is(&self, other: &Unwritten) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn who_takes_over_gets_what_was_not_claimed() {
        let room = BytesMut::with_capacity(8 << 20);
        let unwritten = Unwritten::new(Span { first: 16, length: 8 * MIB }, Some(room));
        let (claimed, room) = unwritten.claim(2 << 20);
        assert_eq!((claimed, room.unwrap().capacity()), (2 << 20, 2 << 20));
        let (taken, room) = unwritten.take_over(MIB).unwrap();
        assert_eq!(taken, Span { first: 16 + 5 * MIB, length: 3 * MIB });
        assert_eq!(room.unwrap().capacity(), 3 << 20);
        assert_eq!(unwritten.left(), Span { first: 16 + 2 * MIB, length: 3 * MIB });
        assert_eq!(unwritten.claim(usize::MAX).0, 3 << 20);
        assert_eq!(unwritten.claim(1).0, 0);
        assert!(unwritten.take_over(MIB).is_none());
    }

    #[test]
    fn a_little_is_not_halved() {
        let unwritten = Unwritten::new(Span { first: 0, length: 2 * MIB - 1 }, None);
        assert!(unwritten.take_over(0).is_none());
    }
}
