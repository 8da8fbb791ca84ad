//! The cipher's side of a download: the pieces of an encrypted object are decrypted, or only authenticated,
//! as they come, in whatever order, and are judged together.
//!
//! Law: nothing that comes out of here may be seen by anybody before `verify` has said that the whole is
//! sound, unless the caller asked for that by name. A piece begins at a multiple of a block; only the last
//! may end within one. Knows no request and no file.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::crypto::content::{Content, SegMac, TAG};
use crate::crypto::refused;
use crate::error::Result;

/// Bytes that go through the cipher at a time.
const LOT: usize = 128 << 10;

const BLOCK: usize = 16;

/// An encrypted object under way.
pub(crate) struct Ciphertext {
    content: Box<Content>,
    /// How many of its bytes are content; the tag follows.
    length: u64,
    /// Whether what comes is decrypted, or goes on as it is.
    decrypts: bool,
}

impl Ciphertext {
    /// The ciphertext of an object of this size.
    pub(crate) fn new(content: Box<Content>, size: u64, decrypts: bool) -> Result<Arc<Ciphertext>> {
        let length = size.checked_sub(TAG as u64).ok_or_else(refused)?;
        Ok(Arc::new(Ciphertext { content, length, decrypts }))
    }

    /// How many bytes it holds when it is decrypted.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The segment that begins at this byte.
    pub(crate) fn segment(self: &Arc<Ciphertext>, first: u64) -> Segment {
        Segment { of: self.clone(), next: first, held: BytesMut::new(), mac: None, tag: Vec::new() }
    }

    /// Decrypts bytes that were authenticated before, or are not to be.
    pub(crate) fn cipher(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        self.content.cipher(offset, bytes)
    }

    /// Judges the segments, in their order, which cover the object.
    pub(crate) fn verify(&self, segments: Vec<Segment>) -> Result<()> {
        let mut whole: Option<SegMac> = None;
        let mut tag = Vec::with_capacity(TAG);
        for segment in segments {
            tag.extend_from_slice(&segment.tag);
            whole = joined(&self.content, whole, segment.mac)?;
        }
        let whole = match whole {
            Some(whole) => whole,
            None => self.content.authenticate(&[])?,
        };
        if self.content.verify(&whole, &tag) { Ok(()) } else { Err(refused()) }
    }
}

fn joined(content: &Content, first: Option<SegMac>, next: Option<SegMac>) -> Result<Option<SegMac>> {
    Ok(match (first, next) {
        (Some(first), Some(next)) => Some(content.join(first, next)?),
        (one, other) => one.or(other),
    })
}

/// Some of the object's bytes, given in their order.
pub(crate) struct Segment {
    pub(crate) of: Arc<Ciphertext>,
    /// Where `held` begins in the object.
    next: u64,
    /// What has come and did not go through the cipher yet.
    held: BytesMut,
    mac: Option<SegMac>,
    /// What has come of the tag.
    tag: Vec<u8>,
}

impl Segment {
    /// Takes in more of the object; answers what has gone through the cipher, if anything has.
    pub(crate) fn take(&mut self, chunk: &[u8]) -> Result<Bytes> {
        let room = self.of.length.saturating_sub(self.next + self.held.len() as u64);
        let (body, tag) = chunk.split_at(chunk.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
        self.held.extend_from_slice(body);
        self.tag.extend_from_slice(tag);
        if self.held.len() < LOT { Ok(Bytes::new()) } else { self.through(self.held.len() / BLOCK * BLOCK) }
    }

    /// What is left, when the segment has all its bytes up to the end of a block or of the object.
    pub(crate) fn finish(&mut self) -> Result<Bytes> {
        self.through(self.held.len())
    }

    /// Bytes of the tag that are among the segment's.
    pub(crate) fn of_tag(&self) -> u64 {
        self.tag.len() as u64
    }

    fn through(&mut self, length: usize) -> Result<Bytes> {
        let mut lot = self.held.split_to(length);
        if lot.is_empty() {
            return Ok(Bytes::new());
        }
        let mac = match self.of.decrypts {
            true => self.of.content.decrypt(self.next, &mut lot)?,
            false => self.of.content.authenticate(&lot)?,
        };
        self.mac = joined(&self.of.content, self.mac.take(), Some(mac))?;
        self.next += length as u64;
        Ok(lot.freeze())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content() -> Content {
        Content::plain(&zeroize::Zeroizing::new([7; 32]), [9; 12]).unwrap()
    }

    /// What was encrypted, and what it came to.
    fn object(length: usize) -> (Vec<u8>, Vec<u8>) {
        let plain: Vec<u8> = (0..length).map(|at| ((at * 31) >> 3) as u8).collect();
        let mut body = plain.clone();
        let mac = content().encrypt(0, &mut body).unwrap();
        body.extend_from_slice(&content().tag(&mac));
        (plain, body)
    }

    /// Reads it in pieces cut at blocks, each in chunks of this many bytes.
    fn read(body: &[u8], cuts: &[usize], chunk: usize) -> Result<Vec<u8>> {
        let whole = Ciphertext::new(Box::new(content()), body.len() as u64, true)?;
        let mut edges: Vec<usize> =
            cuts.iter().map(|cut| cut * 16 % (body.len() + 1) / 16 * 16).chain([0, body.len()]).collect();
        edges.sort_unstable();
        let (mut out, mut segments) = (Vec::new(), Vec::new());
        for pair in edges.windows(2) {
            let mut segment = whole.segment(pair[0] as u64);
            for chunk in body[pair[0]..pair[1]].chunks(chunk) {
                out.extend_from_slice(&segment.take(chunk)?);
            }
            out.extend_from_slice(&segment.finish()?);
            segments.push(segment);
        }
        whole.verify(segments).map(|()| out)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn threat_11_pieces_come_in_any_cut_and_are_judged_together(length in 0usize..600_000, cuts in prop::collection::vec(0usize..40_000, 0..6), chunk in 1usize..300_000, flip in any::<usize>()) {
            let chunk = chunk.max(length / 2000 + 1);
            let (plain, mut body) = object(length);
            prop_assert!(read(&body, &cuts, chunk).unwrap() == plain);
            let at = flip % body.len();
            body[at] ^= 1;
            prop_assert_eq!(read(&body, &cuts, chunk).unwrap_err().to_string(), refused().to_string());
        }
    }

    #[test]
    fn threat_2_what_is_shorter_than_a_tag_is_refused() {
        for size in 0..16 {
            assert!(Ciphertext::new(Box::new(content()), size, true).is_err());
        }
        let (_, body) = object(40);
        assert!(read(&body[..body.len() - 1], &[], 7).is_err());
        assert_eq!(read(&object(0).1, &[], 7).unwrap(), b"");
    }
}
