//! The decryption of one download: its segments are decrypted, or only authenticated, as they come, in any
//! order, and are verified together.
//!
//! Invariants: bytes from here must not be seen by anybody before `verify` has succeeded, unless the caller
//! asked for that by name. A segment begins at a multiple of a block; only the last may end within one. Must
//! not depend on a request or a file.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};

use crate::crypto::content::{Content, SegMac, TAG};
use crate::crypto::refused;
use crate::error::{Result, fail};
use crate::transfer::{DownloadTransform, SegmentTransform};

/// Bytes that go through the cipher at a time.
const LOT: usize = 128 << 10;

const BLOCK: usize = 16;

/// What decrypts one object.
pub(super) struct Decryptor {
    content: Box<Content>,
    /// How many of the object's bytes are content; the tag follows.
    length: u64,
    /// Whether the bytes are decrypted, or authenticated and passed on as they are.
    decrypts: bool,
    /// The segments that have all their bytes, by their first byte.
    finished: Mutex<BTreeMap<u64, AuthenticatedSegment>>,
}

/// What a segment adds to the authentication of the whole.
struct AuthenticatedSegment {
    mac: Option<SegMac>,
    /// Bytes of the tag that were among the segment's.
    tag: Vec<u8>,
}

impl Decryptor {
    /// Decrypts an object of this size.
    pub(super) fn new(content: Box<Content>, size: u64, decrypts: bool) -> Result<Arc<Decryptor>> {
        let length = size.checked_sub(TAG as u64).ok_or_else(refused)?;
        Ok(Arc::new(Decryptor { content, length, decrypts, finished: Mutex::default() }))
    }

    /// Bytes of the content.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Decrypts bytes that were authenticated before, or are not to be.
    pub(super) fn decrypt_unverified(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        self.content.cipher(offset, bytes)
    }
}

impl DownloadTransform for Decryptor {
    fn length(&self) -> u64 {
        self.length
    }

    fn segment(self: Arc<Self>, first: u64) -> Box<dyn SegmentTransform> {
        Box::new(DecryptedSegment {
            of: self,
            first,
            next: first,
            held: BytesMut::new(),
            mac: None,
            tag: Vec::new(),
        })
    }

    fn verify(&self) -> Result<()> {
        let finished = std::mem::take(&mut *self.finished.lock().unwrap_or_else(PoisonError::into_inner));
        let mut whole: Option<SegMac> = None;
        let mut tag = Vec::with_capacity(TAG);
        for segment in finished.into_values() {
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
struct DecryptedSegment {
    of: Arc<Decryptor>,
    first: u64,
    /// Where `held` begins in the object.
    next: u64,
    /// Bytes that came and did not go through the cipher yet.
    held: BytesMut,
    mac: Option<SegMac>,
    /// The bytes of the tag that came.
    tag: Vec<u8>,
}

impl DecryptedSegment {
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

impl SegmentTransform for DecryptedSegment {
    fn take(&mut self, chunk: &[u8]) -> Result<Bytes> {
        let left = self.of.length.saturating_sub(self.next + self.held.len() as u64);
        let (body, tag) = chunk.split_at(chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
        self.held.extend_from_slice(body);
        self.tag.extend_from_slice(tag);
        if self.held.len() < LOT { Ok(Bytes::new()) } else { self.through(self.held.len() / BLOCK * BLOCK) }
    }

    fn flush(&mut self) -> Result<Bytes> {
        self.through(self.held.len())
    }

    fn withheld(&self) -> u64 {
        self.tag.len() as u64
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let DecryptedSegment { of, first, mac, tag, .. } = *self;
        if mac.is_none() && tag.is_empty() {
            return Ok(());
        }
        let mut finished = of.finished.lock().unwrap_or_else(PoisonError::into_inner);
        match finished.insert(first, AuthenticatedSegment { mac, tag }) {
            None => Ok(()),
            Some(_) => fail!(Internal, "a segment at {first} was decrypted twice; please report it"),
        }
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
        let whole = Decryptor::new(Box::new(content()), body.len() as u64, true)?;
        let mut edges: Vec<usize> =
            cuts.iter().map(|cut| cut * 16 % (body.len() + 1) / 16 * 16).chain([0, body.len()]).collect();
        edges.sort_unstable();
        let mut out = Vec::new();
        for pair in edges.windows(2) {
            let mut segment = whole.clone().segment(pair[0] as u64);
            for chunk in body[pair[0]..pair[1]].chunks(chunk) {
                out.extend_from_slice(&segment.take(chunk)?);
            }
            out.extend_from_slice(&segment.flush()?);
            segment.finish()?;
        }
        whole.verify().map(|()| out)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn threat_11_pieces_come_in_any_cut_and_are_judged_together(
            length in 0usize..600_000,
            cuts in prop::collection::vec(0usize..40_000, 0..6),
            chunk in 1usize..300_000,
            flip in any::<usize>(),
        ) {
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
            assert!(Decryptor::new(Box::new(content()), size, true).is_err());
        }
        let (_, body) = object(40);
        assert!(read(&body[..body.len() - 1], &[], 7).is_err());
        assert_eq!(read(&object(0).1, &[], 7).unwrap(), b"");
    }
}
