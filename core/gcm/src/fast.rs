//! The engine of AWS-LC, which TLS links already: its GCM, begun at any block of the message.
//!
//! GCM with a nonce of 16 bytes starts after the block `J = ((nonce * H) + 128) * H`; solving this for the
//! nonce starts it after any block. Its tag is the segment's share plus a mask and the segment's length,
//! which are subtracted again: such a tag never leaves this file.

use std::ffi::c_int;
use std::ptr::{NonNull, null, null_mut};
use std::sync::OnceLock;

use aws_lc_sys::{
    EVP_CIPHER, EVP_CIPHER_CTX, EVP_CIPHER_CTX_ctrl, EVP_CIPHER_CTX_free, EVP_CIPHER_CTX_new,
    EVP_CTRL_AEAD_GET_TAG, EVP_CTRL_AEAD_SET_IVLEN, EVP_CipherFinal_ex, EVP_CipherInit_ex, EVP_CipherUpdate,
    EVP_aes_256_ctr, EVP_aes_256_gcm,
};
use ghash::GHash;
use zeroize::Zeroizing;

use super::powers::{inverse, times};
use super::{Block, Engine, Result, add, broken, counter, lengths};

/// Bytes that one call of AWS-LC takes: lengths are C's `int` there.
const AT_ONCE: usize = 1 << 30;

/// Bytes from which on one pass of GCM is worth the inverse; fewer are ciphered and hashed in turn.
const LARGE: usize = 64 << 10;

const DECRYPT: c_int = 0;
const ENCRYPT: c_int = 1;

/// AES-GCM of AWS-LC.
pub struct AwsLc {
    key: Zeroizing<[u8; 32]>,
    hash_key: Block,
    ghash: GHash,
    /// One over the hash key: made for the first segment that is large enough to be worth it.
    inverse: OnceLock<GHash>,
}

impl Engine for AwsLc {
    const NAME: &'static str = "aws-lc";

    fn new(key: &[u8; 32]) -> Result<AwsLc> {
        let mut hash_key = Block::default();
        CipherContext::counter(key, &Block::default())?.update(hash_key.as_mut())?;
        Ok(AwsLc {
            key: Zeroizing::new(*key),
            ghash: GHash::new((&*hash_key).into()),
            hash_key,
            inverse: OnceLock::new(),
        })
    }

    fn cipher(&self, counter: &Block, bytes: &mut [u8]) -> Result<()> {
        CipherContext::counter(&self.key, counter)?.update(bytes)
    }

    fn share(&self, bytes: &[u8]) -> Result<Block> {
        let nonce = Block::default();
        let mut context = CipherContext::galois(&self.key, &nonce[..12], ENCRYPT)?;
        context.additional(bytes)?;
        self.unmasked(context.tag()?, &counter(&[0; 12], 1), &lengths(bytes.len() as u64, 0))
    }

    fn encrypt(&self, counter: &Block, bytes: &mut [u8]) -> Result<Block> {
        if bytes.len() < LARGE {
            self.cipher(counter, bytes)?;
            return self.share(bytes);
        }
        self.run(counter, bytes, ENCRYPT)
    }

    fn decrypt(&self, counter: &Block, bytes: &mut [u8]) -> Result<Block> {
        if bytes.len() < LARGE {
            let share = self.share(bytes)?;
            self.cipher(counter, bytes)?;
            return Ok(share);
        }
        self.run(counter, bytes, DECRYPT)
    }
}

impl AwsLc {
    fn run(&self, counter: &Block, bytes: &mut [u8], direction: c_int) -> Result<Block> {
        let before = before(counter);
        let mut context = CipherContext::galois(&self.key, self.nonce(&before).as_slice(), direction)?;
        context.update(bytes)?;
        self.unmasked(context.tag()?, &before, &lengths(0, bytes.len() as u64))
    }

    /// The nonce with which GCM begins after this block.
    fn nonce(&self, block: &Block) -> Block {
        let inverse = self.inverse.get_or_init(|| GHash::new((&*inverse(&self.hash_key)).into()));
        times(inverse, &add(times(inverse, block), &lengths(0, 16)))
    }

    /// The part of a tag that depends on the bytes alone.
    fn unmasked(&self, tag: Block, before: &Block, lengths: &Block) -> Result<Block> {
        let mut mask = Block::default();
        self.cipher(before, mask.as_mut())?;
        Ok(add(add(tag, &mask), &times(&self.ghash, lengths)))
    }
}

/// The counter block before this one.
fn before(counter: &Block) -> Block {
    let mut block = counter.clone();
    let [.., a, b, c, d] = **counter;
    block[12..].copy_from_slice(&u32::from_be_bytes([a, b, c, d]).wrapping_sub(1).to_be_bytes());
    block
}

/// A cipher at work. AWS-LC wipes what it frees.
struct CipherContext(NonNull<EVP_CIPHER_CTX>);

impl CipherContext {
    /// Nothing but the key stream, from this counter block on.
    fn counter(key: &[u8; 32], counter: &Block) -> Result<CipherContext> {
        // SAFETY: the function has no preconditions; the cipher it returns is static.
        let cipher = unsafe { EVP_aes_256_ctr() };
        let mut context = CipherContext::new()?;
        context.init(cipher, key.as_ptr(), counter.as_ptr(), ENCRYPT)?;
        Ok(context)
    }

    /// GCM with a nonce of 12 or 16 bytes.
    fn galois(key: &[u8; 32], nonce: &[u8], direction: c_int) -> Result<CipherContext> {
        // SAFETY: the function has no preconditions; the cipher it returns is static.
        let cipher = unsafe { EVP_aes_256_gcm() };
        let mut context = CipherContext::new()?;
        context.init(cipher, null(), null(), direction)?;
        // SAFETY: the context lives and has its cipher; this control reads no memory.
        done(unsafe {
            EVP_CIPHER_CTX_ctrl(context.0.as_ptr(), EVP_CTRL_AEAD_SET_IVLEN, nonce.len() as c_int, null_mut())
        })?;
        context.init(null(), key.as_ptr(), nonce.as_ptr(), direction)?;
        Ok(context)
    }

    fn new() -> Result<CipherContext> {
        // SAFETY: the function has no preconditions.
        NonNull::new(unsafe { EVP_CIPHER_CTX_new() }).map(CipherContext).ok_or_else(|| broken(()))
    }

    /// `key` and `nonce` are null, or point to as many bytes as the cipher takes: 32, and 16 or what was set.
    fn init(
        &mut self,
        cipher: *const EVP_CIPHER,
        key: *const u8,
        nonce: *const u8,
        direction: c_int,
    ) -> Result<()> {
        // SAFETY: the context lives; the cipher is static or null; both callers keep what `key` and `nonce`
        // ask, and it is copied.
        done(unsafe { EVP_CipherInit_ex(self.0.as_ptr(), cipher, null_mut(), key, nonce, direction) })
    }

    /// Ciphers in place.
    fn update(&mut self, bytes: &mut [u8]) -> Result<()> {
        for bytes in bytes.chunks_mut(AT_ONCE) {
            let (text, mut written) = (bytes.as_mut_ptr(), 0);
            // SAFETY: the context is set up; input and output are the same slice, which these ciphers allow,
            // and neither writes more than it reads. The length fits.
            done(unsafe {
                EVP_CipherUpdate(self.0.as_ptr(), text, &mut written, text, bytes.len() as c_int)
            })?;
        }
        Ok(())
    }

    /// Hashes additional data.
    fn additional(&mut self, bytes: &[u8]) -> Result<()> {
        for bytes in bytes.chunks(AT_ONCE) {
            let mut read = 0;
            // SAFETY: the context is set up; without an output the bytes are only read. The length fits.
            done(unsafe {
                EVP_CipherUpdate(self.0.as_ptr(), null_mut(), &mut read, bytes.as_ptr(), bytes.len() as c_int)
            })?;
        }
        Ok(())
    }

    /// The tag of the processed bytes. AWS-LC returns it only when encrypting, so the direction changes here:
    /// the tag covers the ciphertext alone.
    fn tag(mut self) -> Result<Block> {
        self.init(null(), null(), null(), ENCRYPT)?;
        let (mut tag, mut written) = (Block::default(), 0);
        // SAFETY: the context is set up; at the end of GCM no bytes are written to the output, which has room
        // for a block all the same.
        done(unsafe { EVP_CipherFinal_ex(self.0.as_ptr(), tag.as_mut_ptr(), &mut written) })?;
        // SAFETY: GCM has ended, and the buffer holds the 16 bytes of the tag.
        done(unsafe {
            EVP_CIPHER_CTX_ctrl(self.0.as_ptr(), EVP_CTRL_AEAD_GET_TAG, 16, tag.as_mut_ptr().cast())
        })?;
        Ok(tag)
    }
}

impl Drop for CipherContext {
    fn drop(&mut self) {
        // SAFETY: the context came from `EVP_CIPHER_CTX_new` and nobody else holds it.
        unsafe { EVP_CIPHER_CTX_free(self.0.as_ptr()) }
    }
}

fn done(status: c_int) -> Result<()> {
    if status == 1 { Ok(()) } else { Err(broken(())) }
}
