//! Where the bytes of a download go when their order does not matter: a temporary file or one buffer, cut
//! into ranges.
//!
//! Invariants: memory is allocated once and filled in place; nothing is copied together in the end. A file's
//! bytes are written where they belong. Each range sums the bytes that it is given, and takes none that
//! another stream took over.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::unwritten::Unwritten;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::{GATHER, Stretch, populate};
use crate::transfer::spans::Span;
use crate::transfer::transform::{DownloadTransform, SegmentTransform};
use crate::transfer::verify::{Expected, Sum};

/// Bytes that a range of a buffer has in hand: what one read of a socket returns.
const IN_HAND: u64 = 256 << 10;

/// Bytes that all ranges of a file gather together, and what one gathers at least.
const MANY_GATHER: usize = 8 << 20;
const LITTLE: usize = 128 << 10;

/// A larger buffer may exceed the machine's memory.
const LARGE: usize = 64 << 20;

/// Fewer bytes are not worth a system call before they are written.
const SEVERAL_PAGES: usize = 64 << 10;

/// The part of the target that no range has taken yet.
pub(crate) enum DownloadTarget {
    /// A file, and the object's byte that is its first. The file's owner closes it: what fills it may outlive
    /// the call a little.
    File(Stretch, u64),
    Memory(BytesMut),
    /// One of these, for bytes that are transformed on the way.
    Transformed(Box<DownloadTarget>, Arc<dyn DownloadTransform>),
}

impl DownloadTarget {
    /// A buffer for so many bytes. Pages that nothing is written to cost no memory, so a server's length
    /// alone fills none.
    pub(crate) fn memory(length: u64) -> Result<DownloadTarget> {
        let refused = || {
            Error::new(
                ErrorKind::Io,
                format!("there is no memory for {length} bytes; fetch to a file or as a stream"),
            )
        };
        let length = usize::try_from(length).map_err(|_| refused())?;
        if length > LARGE {
            // `BytesMut` would end the process where this can say no.
            Vec::<u8>::new().try_reserve_exact(length).map_err(|_| refused())?;
        }
        Ok(DownloadTarget::Memory(BytesMut::with_capacity(length)))
    }

    /// Bytes of memory that one of so many ranges holds while it is filled.
    pub(crate) fn holds(&self, streams: usize) -> u64 {
        match self {
            // One lot is gathered while another is written.
            DownloadTarget::File(..) => 2 * gathered(streams) as u64,
            DownloadTarget::Memory(_) => IN_HAND,
            DownloadTarget::Transformed(target, _) => target.holds(streams) + IN_HAND,
        }
    }

    /// Cuts the range off at the front.
    pub(crate) fn front(&mut self, span: Span, streams: usize, expected: &Expected) -> TargetRange {
        let room = self.memory_of(|rest| {
            let behind = rest.split_off(span.length as usize);
            std::mem::replace(rest, behind)
        });
        self.range(span, room, streams, expected)
    }

    /// Cuts the range off at the back, behind the `left` bytes that stay.
    pub(crate) fn back(&mut self, span: Span, left: u64, streams: usize, expected: &Expected) -> TargetRange {
        let room = self.memory_of(|rest| rest.split_off(left as usize));
        self.range(span, room, streams, expected)
    }

    fn memory_of(&mut self, cut: impl FnOnce(&mut BytesMut) -> BytesMut) -> Option<BytesMut> {
        match self {
            DownloadTarget::Transformed(target, _) => target.memory_of(cut),
            DownloadTarget::File(..) => None,
            DownloadTarget::Memory(rest) => Some(cut(rest)),
        }
    }

    /// A range of the target, with the room for it if it goes to memory.
    pub(crate) fn range(
        &self,
        span: Span,
        room: Option<BytesMut>,
        streams: usize,
        expected: &Expected,
    ) -> TargetRange {
        let out = match self {
            DownloadTarget::Transformed(target, transform) => {
                let mut range = target.range(span, room, streams, expected);
                range.segment = Some(transform.clone().segment(span.first));
                return range;
            }
            DownloadTarget::File(file, first) => {
                RangeOutput::File(file.another(span.first - *first).gathering(gathered(streams)))
            }
            DownloadTarget::Memory(_) => RangeOutput::Memory(BytesMut::new()),
        };
        TargetRange {
            first: span.first,
            unwritten: Unwritten::new(span, room),
            rooms: VecDeque::new(),
            out,
            sum: expected.sum(),
            segment: None,
        }
    }
}

/// Bytes that each of so many ranges gathers before it writes to a file.
fn gathered(streams: usize) -> usize {
    (MANY_GATHER / streams.max(1)).clamp(LITTLE, GATHER)
}

enum RangeOutput {
    File(Stretch),
    Memory(BytesMut),
}

/// A range of the target, to be filled from its first byte to its last.
pub(crate) struct TargetRange {
    first: u64,
    pub(crate) unwritten: Unwritten,
    /// The rooms for bytes that were claimed and are not written, as a transform holds them back.
    rooms: VecDeque<BytesMut>,
    out: RangeOutput,
    sum: Sum,
    segment: Option<Box<dyn SegmentTransform>>,
}

impl TargetRange {
    /// Takes in the range right behind this one, which is full.
    pub(crate) async fn grow(&mut self, next: TargetRange) -> Result<()> {
        // Bytes that the transform holds back are written first: two buffers are joined where they meet.
        self.drain().await?;
        self.unwritten.join(&next.unwritten);
        Ok(())
    }

    /// Writes what the transform holds back.
    async fn drain(&mut self) -> Result<()> {
        let Some(segment) = &mut self.segment else { return Ok(()) };
        let rest = segment.flush()?;
        if rest.is_empty() { Ok(()) } else { self.put(rest).await }
    }

    /// Writes what of the chunk is still this range's: another stream may have taken over the rest. Returns
    /// how many bytes that were.
    pub(crate) async fn write(&mut self, mut chunk: Bytes) -> Result<usize> {
        let (claimed, room) = self.unwritten.claim(chunk.len());
        chunk.truncate(claimed);
        self.rooms.extend(room);
        if chunk.is_empty() {
            return Ok(0);
        }
        self.sum.update(&chunk);
        match &mut self.segment {
            Some(segment) => {
                let lot = segment.take(&chunk)?;
                if !lot.is_empty() {
                    self.put(lot).await?;
                }
            }
            None => self.put(chunk).await?,
        }
        Ok(claimed)
    }

    async fn put(&mut self, mut chunk: Bytes) -> Result<()> {
        let written = match &mut self.out {
            RangeOutput::File(stretch) => return stretch.write(chunk).await,
            RangeOutput::Memory(written) => written,
        };
        while !chunk.is_empty() {
            let Some(mut room) = self.rooms.pop_front() else {
                fail!(Internal, "a range was given more bytes than it has room for; please report it")
            };
            let piece = chunk.split_to(chunk.len().min(room.capacity()));
            if room.capacity() > piece.len() {
                self.rooms.push_front(room.split_off(piece.len()));
            }
            let memory = room.spare_capacity_mut();
            if memory.len() >= SEVERAL_PAGES {
                populate(memory);
            }
            room.extend_from_slice(&piece);
            written.unsplit(room);
        }
        Ok(())
    }

    /// Ends the range, to which everything has been written.
    pub(crate) async fn finish(mut self) -> Result<FilledRange> {
        self.drain().await?;
        let left = self.unwritten.left();
        let span = Span { first: self.first, length: left.first - self.first };
        let length = span.length - self.segment.as_ref().map_or(0, |segment| segment.withheld());
        if let Some(segment) = self.segment.take() {
            segment.finish()?;
        }
        match self.out {
            RangeOutput::File(mut stretch) if left.length == 0 => {
                stretch.flush().await?;
                Ok(FilledRange { span, sum: self.sum, bytes: BytesMut::new() })
            }
            RangeOutput::Memory(bytes) if left.length == 0 && bytes.len() as u64 == length => {
                Ok(FilledRange { span, sum: self.sum, bytes })
            }
            _ => fail!(Internal, "a range was left with a hole; please report it"),
        }
    }
}

/// A range that has all its bytes.
pub(crate) struct FilledRange {
    span: Span,
    sum: Sum,
    bytes: BytesMut,
}

/// Checks the ranges, which cover the target, and joins those in memory again.
pub(crate) fn join(
    target: &DownloadTarget,
    mut ranges: Vec<FilledRange>,
    expected: &Expected,
) -> Result<Bytes> {
    ranges.sort_by_key(|range| (range.span.first, range.span.length));
    let mut whole = BytesMut::new();
    let mut sums = Vec::with_capacity(ranges.len());
    for range in ranges {
        // They are adjacent, so this copies no byte.
        whole.unsplit(range.bytes);
        sums.push(range.sum);
    }
    expected.judge(sums)?;
    if let DownloadTarget::Transformed(_, transform) = target {
        transform.verify()?;
    }
    Ok(whole.freeze())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn ranges_of_a_buffer_are_joined_without_a_copy() {
        let mut target = DownloadTarget::memory(12).unwrap();
        let DownloadTarget::Memory(buffer) = &target else { panic!() };
        let address = buffer.as_ptr();
        let expected = Expected::Nothing;
        let mut front = target.front(Span { first: 100, length: 4 }, 1, &expected);
        let mut back = target.back(Span { first: 109, length: 3 }, 5, 1, &expected);
        back.write(Bytes::from_static(b"JKL")).await.unwrap();
        front.write(Bytes::from_static(b"ABCD")).await.unwrap();
        front.grow(target.front(Span { first: 104, length: 5 }, 1, &expected)).await.unwrap();
        front.write(Bytes::from_static(b"EF")).await.unwrap();
        front.write(Bytes::from_static(b"GHI")).await.unwrap();
        assert_eq!(front.write(Bytes::from_static(b"!")).await.unwrap(), 0, "it is full");
        let filled = vec![back.finish().await.unwrap(), front.finish().await.unwrap()];
        let whole = join(&target, filled, &expected).unwrap();
        assert_eq!(whole, "ABCDEFGHIJKL");
        assert_eq!(whole.as_ptr(), address);
    }

    #[tokio::test]
    async fn a_hole_is_not_passed_over() {
        let mut target = DownloadTarget::memory(4).unwrap();
        let range = target.front(Span { first: 0, length: 4 }, 1, &Expected::Nothing);
        assert!(range.finish().await.is_err());
        assert_eq!(DownloadTarget::memory(1 << 62).err().unwrap().kind(), ErrorKind::Io);
    }

    /// Turns bytes around, and takes the object's last byte for their number.
    struct Inverted {
        size: u64,
        count: Arc<Mutex<Vec<u8>>>,
    }

    struct InvertedSegment {
        at: u64,
        last: u64,
        held: Vec<u8>,
        count: Arc<Mutex<Vec<u8>>>,
        withheld: u64,
    }

    impl DownloadTransform for Inverted {
        fn length(&self) -> u64 {
            self.size - 1
        }

        fn segment(self: Arc<Self>, first: u64) -> Box<dyn SegmentTransform> {
            let (last, count) = (self.size - 1, self.count.clone());
            Box::new(InvertedSegment { at: first, last, held: Vec::new(), count, withheld: 0 })
        }

        fn verify(&self) -> Result<()> {
            if *self.count.lock().unwrap() != [self.size as u8 - 1] {
                fail!(Decrypt, "the count is wrong");
            }
            Ok(())
        }
    }

    impl SegmentTransform for InvertedSegment {
        fn take(&mut self, chunk: &[u8]) -> Result<Bytes> {
            for byte in chunk {
                if self.at == self.last {
                    self.count.lock().unwrap().push(*byte);
                    self.withheld = 1;
                } else {
                    self.held.push(!byte);
                }
                self.at += 1;
            }
            Ok(Bytes::new())
        }

        fn flush(&mut self) -> Result<Bytes> {
            Ok(std::mem::take(&mut self.held).into())
        }

        fn withheld(&self) -> u64 {
            self.withheld
        }

        fn finish(self: Box<Self>) -> Result<()> {
            if self.held.is_empty() { Ok(()) } else { fail!(Internal, "it was not flushed") }
        }
    }

    #[tokio::test]
    async fn a_transform_takes_every_range_and_verifies_the_whole() {
        for (count, is_sound) in [(6, true), (5, false)] {
            let transform = Arc::new(Inverted { size: 7, count: Arc::default() });
            let memory = Box::new(DownloadTarget::memory(7).unwrap());
            let mut target = DownloadTarget::Transformed(memory, transform);
            let expected = Expected::Nothing;
            let mut front = target.front(Span { first: 0, length: 2 }, 1, &expected);
            let mut back = target.back(Span { first: 4, length: 3 }, 2, 1, &expected);
            back.write(Bytes::from(vec![!b'e', !b'f', count])).await.unwrap();
            front.write(Bytes::from(vec![!b'a', !b'b'])).await.unwrap();
            front.grow(target.front(Span { first: 2, length: 2 }, 1, &expected)).await.unwrap();
            front.write(Bytes::from(vec![!b'c', !b'd'])).await.unwrap();
            let filled = vec![back.finish().await.unwrap(), front.finish().await.unwrap()];
            let whole = join(&target, filled, &expected);
            match whole {
                Ok(whole) => assert!(is_sound && whole == "abcdef"),
                Err(error) => assert!(!is_sound && error.kind() == ErrorKind::Decrypt, "{error}"),
            }
        }
    }
}
