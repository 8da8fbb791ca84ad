//! How the bytes of a download are shared out: pure arithmetic, without requests.
//!
//! Invariant: every byte is given out exactly once, whoever takes first; ranges that lie close together
//! become one.

use crate::error::Result;
use crate::value::ByteRange;

/// An object of fewer than two pieces of this size is fetched by one request.
pub(crate) const LEAST: u64 = 4 << 20;

/// The smallest piece that is ever worth a request of its own.
pub(crate) const SMALLEST: u64 = 1 << 20;

/// A range begins at a multiple of this, so that writes fall on whole pages.
const ALIGN: u64 = 1 << 20;

/// And always at a multiple of this: ciphers work on blocks.
const BLOCK: u64 = 16;

/// Bytes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: u64,
    pub(crate) length: u64,
}

impl Span {
    /// The bytes of an object of this size that a range names.
    pub(crate) fn of(range: Option<ByteRange>, size: u64) -> Result<Span> {
        let (first, length) = range.map_or(Ok((0, size)), |range| range.within(size))?;
        Ok(Span { first, length })
    }

    pub(crate) fn end(self) -> u64 {
        self.first.saturating_add(self.length)
    }

    /// As a request names it; a span is never empty.
    pub(crate) fn range(self) -> ByteRange {
        ByteRange::FromTo(self.first, self.end() - 1)
    }
}

/// What nobody has taken yet. One reader takes from the front, for its answer goes on anyway; the others take
/// from the back.
#[derive(Debug)]
pub(crate) struct Untaken {
    first: u64,
    end: u64,
}

impl Untaken {
    pub(crate) fn new(span: Span) -> Untaken {
        Untaken { first: span.first, end: span.end() }
    }

    pub(crate) fn left(&self) -> u64 {
        self.end - self.first
    }

    /// The next piece at the front, at most so many bytes, and at least a block; `None` when all is taken. It
    /// ends where a block or the object ends: a cipher goes on from there.
    pub(crate) fn front(&mut self, most: u64) -> Option<Span> {
        let reach = self.first.saturating_add(most) / BLOCK * BLOCK;
        let end = reach.max((self.first + 1).next_multiple_of(BLOCK)).min(self.end);
        let piece = Span { first: self.first, length: end - self.first };
        self.first = end;
        (piece.length > 0).then_some(piece)
    }

    /// A piece at the back for one of `streams` requests, `least` to `most` bytes: large at first and smaller
    /// towards the end, so that all end together. `None` when the rest is not worth another request.
    pub(crate) fn back(&mut self, streams: u64, least: u64, most: u64) -> Option<Span> {
        let (left, least) = (self.left(), least.max(SMALLEST));
        if left < 2 * least {
            return None;
        }
        let length = (left / (2 * streams.max(1))).clamp(least, most.max(least));
        let first = (self.end - length).next_multiple_of(ALIGN).min((self.end - least) / BLOCK * BLOCK);
        let piece = Span { first, length: self.end - first };
        self.end = first;
        Some(piece)
    }

    /// All that is left from the next block on, for a stream that has nothing else to do; `None` where that
    /// is not worth a request.
    pub(crate) fn rest(&mut self) -> Option<Span> {
        if !self.has_rest() {
            return None;
        }
        let first = self.first.next_multiple_of(BLOCK);
        let piece = Span { first, length: self.end - first };
        self.end = first;
        Some(piece)
    }

    /// Whether there is anything to take at the back.
    pub(crate) fn has_rest(&self) -> bool {
        self.left() >= SMALLEST + BLOCK
    }
}

/// Where a stream that has come to `at` gives up the rest of its piece up to `end` to another one: in the
/// middle, unless a half is not worth a request.
pub(crate) fn middle(at: u64, end: u64, least: u64) -> Option<u64> {
    let half = end.saturating_sub(at) / 2;
    let middle = (at + half).next_multiple_of(BLOCK);
    (half >= least.max(SMALLEST) && middle < end).then_some(middle)
}

/// Neighbours that one request fetches, and who asked for which of its bytes.
#[derive(Debug, PartialEq)]
pub(crate) struct Group {
    pub(crate) span: Span,
    pub(crate) members: Vec<usize>,
}

/// Joins spans that overlap or lie at most `gap` bytes apart; members are numbered by their place in the
/// list.
pub(crate) fn join(spans: &[(usize, Span)], gap: u64) -> Vec<Group> {
    let mut sorted = spans.to_vec();
    sorted.sort_by_key(|(_, span)| span.first);
    let mut groups: Vec<Group> = Vec::new();
    for (member, span) in sorted {
        match groups.last_mut() {
            Some(group) if span.first <= group.span.end().saturating_add(gap) => {
                group.span.length = group.span.length.max(span.end() - group.span.first);
                group.members.push(member);
            }
            _ => groups.push(Group { span, members: vec![member] }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_span_is_the_range_within_the_object() {
        for (range, first, length) in [
            (None, 0, 10),
            (Some(ByteRange::FromTo(2, 4)), 2, 3),
            (Some(ByteRange::FromTo(2, 99)), 2, 8),
            (Some(ByteRange::From(7)), 7, 3),
            (Some(ByteRange::Suffix(4)), 6, 4),
        ] {
            assert_eq!(Span::of(range, 10).unwrap(), Span { first, length });
        }
        assert!(Span::of(Some(ByteRange::From(10)), 10).is_err());
    }

    proptest! {
        #[test]
        fn every_byte_is_taken_once(
            first in 0u64..1 << 30,
            length in 0u64..1 << 40,
            most in 0u64..1 << 28,
            turns in any::<u64>(),
            streams in 0u64..64,
            least in 0u64..1 << 24,
            step in 1u64..1 << 24,
        ) {
            let whole = Span { first, length };
            let mut untaken = Untaken::new(whole);
            let mut pieces = Vec::new();
            // The readers come in any order; in the end the one at the front takes what is left.
            for turn in 0..64 {
                let is_front = turns >> turn & 1 == 1;
                let piece = match is_front {
                    true => untaken.front(step),
                    false => untaken.back(streams, least, most),
                };
                pieces.extend(piece);
            }
            pieces.extend(untaken.rest());
            prop_assert!(!untaken.has_rest());
            pieces.push(Span { first: untaken.first, length: untaken.left() });
            pieces.sort_by_key(|piece| (piece.first, piece.end()));
            let mut next = first;
            for piece in &pieces {
                prop_assert_eq!(piece.first, next);
                next = piece.end();
            }
            prop_assert_eq!(next, whole.end());
        }

        #[test]
        fn the_front_ends(first in 0u64..100, length in 0u64..1 << 32, most in SMALLEST..8 << 20) {
            let whole = Span { first, length };
            let mut untaken = Untaken::new(whole);
            let mut next = first;
            while let Some(piece) = untaken.front(most) {
                prop_assert_eq!(piece.first, next);
                next = piece.end();
                prop_assert!(piece.length <= most && (next % BLOCK == 0 || next == whole.end()), "{piece:?}");
            }
            prop_assert_eq!(next, whole.end());
        }

        #[test]
        fn pieces_at_the_back_are_neither_tiny_nor_huge(
            length in 0u64..1 << 40,
            streams in 0u64..64,
            least in SMALLEST..1 << 23,
            most in LEAST..1 << 30,
        ) {
            let (mut untaken, most) = (Untaken::new(Span { first: 0, length }), most.max(least));
            while let Some(piece) = untaken.back(streams, least, most) {
                let is_sound = (least..most + BLOCK).contains(&piece.length) && piece.first % BLOCK == 0;
                prop_assert!(is_sound, "{piece:?}");
            }
            prop_assert!(untaken.left() < 2 * least);
        }

        #[test]
        fn a_piece_is_halved_at_a_block(
            at in 0u64..1 << 40,
            length in 0u64..1 << 30,
            least in 0u64..1 << 23,
        ) {
            let end = at + length;
            if let Some(middle) = middle(at, end, least) {
                prop_assert!(at + SMALLEST <= middle && middle < end && middle % BLOCK == 0);
            } else {
                prop_assert!(length < 2 * least.max(SMALLEST) + 2 * BLOCK);
            }
        }

        #[test]
        fn joined_spans_hold_their_members(
            asked in prop::collection::vec((0u64..10_000, 1u64..500), 0..40),
            gap in 0u64..300,
        ) {
            let spans = asked.iter().map(|&(first, length)| Span { first, length });
            let spans: Vec<_> = spans.enumerate().collect();
            let groups = join(&spans, gap);
            let mut members: Vec<_> = groups.iter().flat_map(|group| group.members.clone()).collect();
            for group in &groups {
                for member in &group.members {
                    let span = spans[*member].1;
                    prop_assert!(group.span.first <= span.first && span.end() <= group.span.end());
                }
            }
            for pair in groups.windows(2) {
                prop_assert!(pair[1].span.first > pair[0].span.end() + gap);
            }
            members.sort_unstable();
            prop_assert_eq!(members, (0..spans.len()).collect::<Vec<_>>());
        }
    }
}
