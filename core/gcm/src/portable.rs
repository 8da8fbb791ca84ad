//! The engine for every machine: the aes, ctr and ghash crates, which use the processor's own instructions
//! where it has them.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper};
use ctr::CtrCore;
use ctr::flavors::Ctr32BE;
use ghash::GHash;
use ghash::universal_hash::UniversalHash;

use super::powers::times;
use super::{Block, Engine, Result, broken};

/// Bytes that are ciphered and hashed at one go: they stay in the processor's cache between the two.
const STEP: usize = 16 << 10;

/// AES and GHASH in Rust.
pub struct RustCrypto {
    aes: Aes256,
    ghash: GHash,
}

impl RustCrypto {
    fn stream(&self, counter: &Block) -> StreamCipherCoreWrapper<CtrCore<&Aes256, Ctr32BE>> {
        StreamCipherCoreWrapper::from_core(CtrCore::inner_iv_init(&self.aes, (&**counter).into()))
    }

    /// A hash is a share without its last multiplication.
    fn multiplied(&self, hash: GHash) -> Block {
        times(&self.ghash, &Block::new(hash.finalize().into()))
    }
}

impl Engine for RustCrypto {
    const NAME: &'static str = "portable";

    fn new(key: &[u8; 32]) -> Result<RustCrypto> {
        let aes = Aes256::new(key.into());
        let mut hash_key = Block::default();
        aes.encrypt_block((&mut *hash_key).into());
        Ok(RustCrypto { aes, ghash: GHash::new((&*hash_key).into()) })
    }

    fn cipher(&self, counter: &Block, bytes: &mut [u8]) -> Result<()> {
        self.stream(counter).try_apply_keystream(bytes).map_err(broken)
    }

    fn share(&self, bytes: &[u8]) -> Result<Block> {
        let mut hash = self.ghash.clone();
        hash.update_padded(bytes);
        Ok(self.multiplied(hash))
    }

    fn encrypt(&self, counter: &Block, bytes: &mut [u8]) -> Result<Block> {
        let (mut stream, mut hash) = (self.stream(counter), self.ghash.clone());
        for step in bytes.chunks_mut(STEP) {
            stream.try_apply_keystream(step).map_err(broken)?;
            hash.update_padded(step);
        }
        Ok(self.multiplied(hash))
    }

    fn decrypt(&self, counter: &Block, bytes: &mut [u8]) -> Result<Block> {
        let (mut stream, mut hash) = (self.stream(counter), self.ghash.clone());
        for step in bytes.chunks_mut(STEP) {
            hash.update_padded(step);
            stream.try_apply_keystream(step).map_err(broken)?;
        }
        Ok(self.multiplied(hash))
    }
}
