//! AES-256-GCM of one message whose segments are encrypted, decrypted and authenticated at any offset and in
//! any order.
//!
//! Invariant: the segments' shares, joined in order, give the tag of encrypting the whole message at once;
//! every engine returns the same bytes. Pure arithmetic, without objects and key management. It is a package
//! of its own because it is built for speed and the rest of the core for size.
//!
//! GCM's tag is a sum of shares over GF(2^128): `E(J0) + share(aad) * H^n + share(ciphertext) + lengths * H`,
//! where the share of n blocks x1..xn is `x1 * H^(n+1) + ... + xn * H^2`. Shares of neighbours join by one
//! multiplication: `first * H^blocks(next) + next`.

#[cfg(feature = "aws-lc")]
mod fast;
#[cfg(any(test, feature = "fuzz"))]
#[doc(hidden)]
pub mod laws;
#[cfg(any(test, feature = "fuzz", not(feature = "aws-lc")))]
mod portable;
mod powers;
#[cfg(test)]
mod tests;

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use powers::Powers;

#[cfg(feature = "aws-lc")]
use fast::AwsLc as ChosenEngine;
#[cfg(not(feature = "aws-lc"))]
use portable::RustCrypto as ChosenEngine;

/// What can't be with keys, counters and segments as they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GcmError(&'static str);

impl fmt::Display for GcmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for GcmError {}

type Result<T> = std::result::Result<T, GcmError>;

/// A message under the engine that this build was given.
pub type Gcm = Message<ChosenEngine>;

/// That engine's name.
pub const ENGINE: &str = ChosenEngine::NAME;

/// Bytes that a message may have: the counter has 32 bits and begins with 2.
pub const MAX_SIZE: u64 = (1 << 36) - 32;

/// Bytes of the tag.
pub const TAG: usize = 16;

/// An element of GF(2^128) or a block of AES: secret, and gone when dropped.
pub type Block = Zeroizing<[u8; 16]>;

/// What does the work on bytes under one key.
pub trait Engine: Sized + Send + Sync {
    /// Its name.
    const NAME: &'static str;

    /// The engine under a key.
    fn new(key: &[u8; 32]) -> Result<Self>;

    /// AES-CTR in place, the first block under this counter block.
    fn cipher(&self, counter: &Block, bytes: &mut [u8]) -> Result<()>;

    /// The share of a tag of these bytes; a last block that is not whole is filled up with zeros.
    fn share(&self, bytes: &[u8]) -> Result<Block>;

    /// Encrypts in place, and returns the ciphertext's share.
    fn encrypt(&self, counter: &Block, bytes: &mut [u8]) -> Result<Block>;

    /// Decrypts in place, and returns the ciphertext's share.
    fn decrypt(&self, counter: &Block, bytes: &mut [u8]) -> Result<Block>;
}

/// What is known of a segment, or of several that follow each other: their share of the message's tag. As
/// secret as the key.
pub struct SegMac {
    share: Block,
    bytes: u64,
}

impl SegMac {
    /// Of no bytes.
    pub fn empty() -> SegMac {
        SegMac { share: Block::default(), bytes: 0 }
    }

    /// Bytes that it speaks of.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// One message: the key, the counter block it begins after, and what of its tag is known before any byte.
pub struct Message<E> {
    engine: E,
    powers: Powers,
    iv: [u8; 12],
    /// E(J0).
    mask: Block,
    /// The share of the additional data, and how many bytes they have.
    aad: SegMac,
}

impl<E: Engine> Message<E> {
    /// The message of this key, nonce and additional data.
    pub fn new(key: &[u8; 32], iv: [u8; 12], aad: &[u8]) -> Result<Message<E>> {
        let engine = E::new(key)?;
        let mut hash_key = Block::default();
        engine.cipher(&Block::default(), hash_key.as_mut())?;
        let mut mask = Block::default();
        engine.cipher(&counter(&iv, 1), mask.as_mut())?;
        let aad = SegMac { share: engine.share(aad)?, bytes: aad.len() as u64 };
        Ok(Message { engine, powers: Powers::of(&hash_key), iv, mask, aad })
    }

    /// Encrypts a segment in place. `offset` is a multiple of 16.
    pub fn encrypt(&self, offset: u64, bytes: &mut [u8]) -> Result<SegMac> {
        let share = self.engine.encrypt(&self.counter(offset, bytes.len())?, bytes)?;
        Ok(SegMac { share, bytes: bytes.len() as u64 })
    }

    /// Decrypts a segment in place: nothing of it may be used before the tag of the whole is verified.
    pub fn decrypt(&self, offset: u64, bytes: &mut [u8]) -> Result<SegMac> {
        let share = self.engine.decrypt(&self.counter(offset, bytes.len())?, bytes)?;
        Ok(SegMac { share, bytes: bytes.len() as u64 })
    }

    /// What decrypting a segment of ciphertext would tell, wherever it stands.
    pub fn authenticate(&self, bytes: &[u8]) -> Result<SegMac> {
        Ok(SegMac { share: self.engine.share(bytes)?, bytes: bytes.len() as u64 })
    }

    /// Decrypts a segment in place that was authenticated before, or for a caller who does without.
    pub fn cipher(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        self.engine.cipher(&self.counter(offset, bytes.len())?, bytes)
    }

    /// Neighbours as one segment: the first has whole blocks, unless nothing follows.
    pub fn join(&self, first: SegMac, next: SegMac) -> Result<SegMac> {
        if !first.bytes.is_multiple_of(16) && next.bytes > 0 {
            return Err(GcmError("a segment that ends within a block is followed by another"));
        }
        let share = add(self.powers.raise(first.share, next.bytes.div_ceil(16)), &next.share);
        Ok(SegMac { share, bytes: first.bytes + next.bytes })
    }

    /// The tag of the message that is this segment.
    pub fn tag(&self, whole: &SegMac) -> [u8; TAG] {
        let lengths = lengths(self.aad.bytes, whole.bytes);
        let aad = self.powers.raise(self.aad.share.clone(), whole.bytes.div_ceil(16));
        *add(add(add(aad, &whole.share), &self.powers.raise(lengths, 1)), &self.mask)
    }

    /// Whether the message that is this segment has this tag, in a time that does not depend on where they
    /// differ.
    #[must_use]
    pub fn verify(&self, whole: &SegMac, tag: &[u8]) -> bool {
        self.tag(whole).ct_eq(tag).into()
    }

    /// The counter block of the segment at an offset; what the counter can't count is refused.
    fn counter(&self, offset: u64, bytes: usize) -> Result<Block> {
        let fits = offset.checked_add(bytes as u64).is_some_and(|end| end <= MAX_SIZE);
        if !fits || !offset.is_multiple_of(16) {
            return Err(GcmError("a segment stands where none can be"));
        }
        Ok(counter(&self.iv, (offset / 16) as u32 + 2))
    }
}

fn counter(iv: &[u8; 12], count: u32) -> Block {
    let mut block = Block::default();
    block[..12].copy_from_slice(iv);
    block[12..].copy_from_slice(&count.to_be_bytes());
    block
}

/// How many bits the additional data and the text have, as the tag covers them.
fn lengths(aad: u64, text: u64) -> Block {
    let mut block = Block::default();
    block[..8].copy_from_slice(&(aad * 8).to_be_bytes());
    block[8..].copy_from_slice(&(text * 8).to_be_bytes());
    block
}

/// The sum of two elements.
fn add(mut one: Block, other: &Block) -> Block {
    one.iter_mut().zip(other.iter()).for_each(|(one, other)| *one ^= other);
    one
}

/// An engine that failed: none does, with keys and counters of these lengths.
fn broken<T>(_: T) -> GcmError {
    GcmError("the cipher failed")
}
