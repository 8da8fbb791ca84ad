//! The bytes of an object: a list of shared segments, so that copies, parts and ranges move no byte.
//!
//! Invariant: immutable and cheap to clone; a seeded object of many gigabytes costs one segment.
//! It must not know S3.

use std::ops::Range;

use bytes::Bytes;

/// One period of the bytes that `pattern` repeats: byte *i* of a seeded object is `i % 251`.
const PERIOD: usize = 251;
const PATTERN_SEGMENT: usize = PERIOD * 4096;

#[derive(Clone, Default)]
pub struct Data {
    segments: Vec<Bytes>,
    len: u64,
}

impl From<Bytes> for Data {
    fn from(bytes: Bytes) -> Self {
        Data { len: bytes.len() as u64, segments: if bytes.is_empty() { vec![] } else { vec![bytes] } }
    }
}

impl Data {
    /// `size` bytes whose byte *i* is `i % 251`, in constant memory.
    pub fn pattern(size: u64) -> Self {
        let one: Bytes = (0..PATTERN_SEGMENT).map(|i| (i % PERIOD) as u8).collect::<Vec<u8>>().into();
        let whole = usize::try_from(size / PATTERN_SEGMENT as u64).unwrap_or(usize::MAX);
        let rest = (size % PATTERN_SEGMENT as u64) as usize;
        let mut segments = vec![one.clone(); whole];
        if rest > 0 {
            segments.push(one.slice(..rest));
        }
        Data { segments, len: size }
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn append(&mut self, other: &Data) {
        self.segments.extend(other.segments.iter().cloned());
        self.len += other.len;
    }

    /// The bytes of `range`, which lies within the data.
    pub fn slice(&self, range: Range<u64>) -> Self {
        let mut out = Data::default();
        let mut at = 0;
        for segment in &self.segments {
            let end = at + segment.len() as u64;
            let (from, to) = (range.start.max(at), range.end.min(end));
            if from < to {
                out.segments.push(segment.slice((from - at) as usize..(to - at) as usize));
                out.len += to - from;
            }
            at = end;
        }
        out
    }

    pub fn segments(&self) -> &[Bytes] {
        &self.segments
    }

    pub fn into_segments(self) -> Vec<Bytes> {
        self.segments
    }

    /// The same data with each byte passed through `change`, which also sees its offset.
    pub fn map(&self, change: impl Fn(u64, u8) -> u8) -> Self {
        let mut at = 0;
        let segments = self.segments.iter().map(|segment| {
            let changed: Vec<u8> =
                segment.iter().enumerate().map(|(i, b)| change(at + i as u64, *b)).collect();
            at += segment.len() as u64;
            Bytes::from(changed)
        });
        Data { segments: segments.collect(), len: self.len }
    }

    /// The same data with the lowest bit of the byte at `offset` flipped.
    pub fn flip(&self, offset: u64) -> Self {
        let mut out = self.slice(0..offset);
        out.append(&self.slice(offset..offset + 1).map(|_, byte| byte ^ 1));
        out.append(&self.slice(offset + 1..self.len));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(data: &Data) -> Vec<u8> {
        data.segments().concat()
    }

    #[test]
    fn slices_cross_segments() {
        let mut data = Data::from(Bytes::from_static(b"hello "));
        data.append(&Data::from(Bytes::from_static(b"world")));
        assert_eq!(flat(&data.slice(3..8)), b"lo wo");
        assert_eq!(data.slice(3..8).len(), 5);
        assert_eq!(flat(&data.slice(4..4)), b"");
        assert_eq!(flat(&data.flip(6)), b"hello vorld");
    }

    #[test]
    fn the_pattern_follows_the_offset() {
        let data = Data::pattern(3 * PATTERN_SEGMENT as u64 + 5);
        let from = 2 * PATTERN_SEGMENT as u64 - 3;
        let expected: Vec<u8> = (from..from + 9).map(|i| (i % 251) as u8).collect();
        assert_eq!(flat(&data.slice(from..from + 9)), expected);
        assert_eq!(Data::pattern(6 << 30).len(), 6 << 30);
    }
}
