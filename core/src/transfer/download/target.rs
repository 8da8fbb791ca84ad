//! Where the bytes of a download go when their order does not matter: a file in the making, or one buffer,
//! cut into pieces.
//!
//! Law: memory is set aside once and filled in place, nothing is copied together in the end; a file's bytes
//! are written where they belong. Each piece sums up what it is given.

use std::mem::MaybeUninit;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rustix::mm::{Advice, madvise};
use rustix::param::page_size;

use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::{GATHER, Stretch};
use crate::transfer::cipher::{Ciphertext, Segment};
use crate::transfer::spans::Span;
use crate::transfer::verify::{Expected, Sum};

/// Bytes that a piece of a buffer has in hand: what one read of a socket brings.
const IN_HAND: u64 = 256 << 10;

/// What may be more than the machine has.
const LARGE: usize = 64 << 20;

/// Fewer bytes are not worth a system call before they are written.
const SEVERAL_PAGES: usize = 64 << 10;

/// What nobody has taken yet of the place.
pub(crate) enum DownloadTarget {
    /// A file, and the object's byte that is its first. Whose file it is sees to its end: what fills it may
    /// outlive the call a little.
    File(Stretch, u64),
    Memory(BytesMut),
    /// One of these for an encrypted object, whose bytes go through the cipher on the way. The tag is kept
    /// apart.
    Sealed(Box<DownloadTarget>, Arc<Ciphertext>),
}

impl DownloadTarget {
    /// A buffer for so many bytes. What nobody writes to costs no memory, so a server's word alone fills
    /// none.
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

    /// Bytes of memory that one piece holds while it is filled.
    pub(crate) fn holds(&self) -> u64 {
        match self {
            // One lot is gathered while another is written.
            DownloadTarget::File(..) => 2 * GATHER as u64,
            DownloadTarget::Memory(_) => IN_HAND,
            DownloadTarget::Sealed(place, _) => place.holds() + IN_HAND,
        }
    }

    /// Cuts the piece off at the front.
    pub(crate) fn front(&mut self, span: Span, expected: &Expected) -> TargetRange {
        let out = match self {
            DownloadTarget::Sealed(place, ciphertext) => {
                return place.front(span, expected).through(ciphertext);
            }
            DownloadTarget::File(file, first) => RangeOutput::File(file.another(span.first - *first)),
            DownloadTarget::Memory(rest) => {
                let back = rest.split_off(span.length as usize);
                RangeOutput::Memory(std::mem::replace(rest, back))
            }
        };
        TargetRange { span, out, sum: expected.sum(), segment: None }
    }

    /// Cuts the piece off at the back, behind the `left` bytes that stay.
    pub(crate) fn back(&mut self, span: Span, left: u64, expected: &Expected) -> TargetRange {
        let out = match self {
            DownloadTarget::Sealed(place, ciphertext) => {
                return place.back(span, left, expected).through(ciphertext);
            }
            DownloadTarget::File(file, first) => RangeOutput::File(file.another(span.first - *first)),
            DownloadTarget::Memory(rest) => RangeOutput::Memory(rest.split_off(left as usize)),
        };
        TargetRange { span, out, sum: expected.sum(), segment: None }
    }
}

/// Has the kernel bring the pages of so many bytes that are written next, at one go: to come upon them one by
/// one costs twice as much.
fn bring(memory: &mut [MaybeUninit<u8>]) {
    if memory.len() < SEVERAL_PAGES {
        return;
    }
    let before = memory.as_ptr() as usize % page_size();
    // SAFETY: every page of the range holds a byte of ours, and the advice changes none. That a kernel does
    // not take it does no harm.
    let _ = unsafe {
        madvise(
            memory.as_mut_ptr().byte_sub(before).cast(),
            before + memory.len(),
            Advice::LinuxPopulateWrite,
        )
    };
}

enum RangeOutput {
    File(Stretch),
    Memory(BytesMut),
}

/// A piece of the place, to be filled from its first byte to its last.
pub(crate) struct TargetRange {
    pub(crate) span: Span,
    out: RangeOutput,
    sum: Sum,
    segment: Option<Segment>,
}

impl TargetRange {
    fn through(mut self, ciphertext: &Arc<Ciphertext>) -> TargetRange {
        self.segment = Some(ciphertext.segment(self.span.first));
        self
    }

    /// Takes in the piece right behind this one, which is full.
    pub(crate) async fn grow(&mut self, next: TargetRange) -> Result<()> {
        // What the cipher holds back is written first: two buffers are joined where they meet.
        self.drain().await?;
        self.span.length += next.span.length;
        if let (RangeOutput::Memory(bytes), RangeOutput::Memory(more)) = (&mut self.out, next.out) {
            bytes.unsplit(more);
        }
        Ok(())
    }

    /// Writes what the cipher holds back.
    async fn drain(&mut self) -> Result<()> {
        let Some(segment) = &mut self.segment else { return Ok(()) };
        let rest = segment.finish()?;
        if rest.is_empty() { Ok(()) } else { self.put(rest).await }
    }

    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.sum.update(&chunk);
        match &mut self.segment {
            Some(segment) => {
                let lot = segment.take(&chunk)?;
                if lot.is_empty() { Ok(()) } else { self.put(lot).await }
            }
            None => self.put(chunk).await,
        }
    }

    async fn put(&mut self, chunk: Bytes) -> Result<()> {
        match &mut self.out {
            RangeOutput::File(stretch) => stretch.write(chunk).await,
            RangeOutput::Memory(bytes) if bytes.capacity() - bytes.len() >= chunk.len() => {
                bring(&mut bytes.spare_capacity_mut()[..chunk.len()]);
                bytes.extend_from_slice(&chunk);
                Ok(())
            }
            RangeOutput::Memory(_) => {
                fail!(Internal, "a piece was given more bytes than it has room for; please report it")
            }
        }
    }

    /// Says that all has been written.
    pub(crate) async fn finish(mut self) -> Result<FilledRange> {
        self.drain().await?;
        let length = self.span.length - self.segment.as_ref().map_or(0, Segment::of_tag);
        let (span, sum, segment) = (self.span, self.sum, self.segment);
        match self.out {
            RangeOutput::File(mut stretch) => {
                stretch.flush().await?;
                Ok(FilledRange { span, sum, segment, bytes: BytesMut::new() })
            }
            RangeOutput::Memory(bytes) if bytes.len() as u64 == length => {
                Ok(FilledRange { span, sum, segment, bytes })
            }
            RangeOutput::Memory(_) => fail!(Internal, "a piece was left with a hole; please report it"),
        }
    }
}

/// A piece that has all its bytes.
pub(crate) struct FilledRange {
    span: Span,
    sum: Sum,
    segment: Option<Segment>,
    bytes: BytesMut,
}

/// Judges the pieces, which cover the place, and joins those in memory again.
pub(crate) fn join(mut pieces: Vec<FilledRange>, expected: &Expected) -> Result<Bytes> {
    pieces.sort_by_key(|piece| (piece.span.first, piece.span.length));
    let mut whole = BytesMut::new();
    let mut sums = Vec::with_capacity(pieces.len());
    let mut segments = Vec::new();
    for piece in pieces {
        // They lie side by side, so this moves no byte.
        whole.unsplit(piece.bytes);
        sums.push(piece.sum);
        segments.extend(piece.segment);
    }
    expected.judge(sums)?;
    if let Some(ciphertext) = segments.first().map(|segment| segment.of.clone()) {
        ciphertext.verify(segments)?;
    }
    Ok(whole.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_of_a_buffer_are_joined_without_a_copy() {
        let mut place = DownloadTarget::memory(12).unwrap();
        let DownloadTarget::Memory(buffer) = &place else { panic!() };
        let address = buffer.as_ptr();
        let expected = Expected::Nothing;
        let mut front = place.front(Span { first: 100, length: 4 }, &expected);
        let mut back = place.back(Span { first: 109, length: 3 }, 5, &expected);
        back.write(Bytes::from_static(b"JKL")).await.unwrap();
        front.write(Bytes::from_static(b"ABCD")).await.unwrap();
        front.grow(place.front(Span { first: 104, length: 5 }, &expected)).await.unwrap();
        front.write(Bytes::from_static(b"EF")).await.unwrap();
        front.write(Bytes::from_static(b"GHI")).await.unwrap();
        assert!(front.write(Bytes::from_static(b"!")).await.is_err());
        let filled = vec![back.finish().await.unwrap(), front.finish().await.unwrap()];
        let whole = join(filled, &expected).unwrap();
        assert_eq!(whole, "ABCDEFGHIJKL");
        assert_eq!(whole.as_ptr(), address);
    }

    #[tokio::test]
    async fn a_hole_is_not_passed_over() {
        let mut place = DownloadTarget::memory(4).unwrap();
        let piece = place.front(Span { first: 0, length: 4 }, &Expected::Nothing);
        assert!(piece.finish().await.is_err());
        assert_eq!(DownloadTarget::memory(1 << 62).err().unwrap().kind(), ErrorKind::Io);
    }
}
