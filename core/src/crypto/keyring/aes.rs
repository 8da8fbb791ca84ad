//! Data keys wrapped with an AES key of the host's own: AES-GCM, and two old ways that are only read.
//!
//! Invariant: what the wrap is bound to (the content's cipher) is checked with it. Every failure is one and
//! the same error.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aws_lc_rs::cipher::{AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::key_wrap::{self, KeyEncryptionKey, KeyWrap};
use zeroize::{Zeroize, Zeroizing};

use super::{PlainKey, random};
use crate::crypto::cbc::unpad;
use crate::crypto::refused;
use crate::error::{Error, ErrorKind, Result};

const IV: usize = 12;

/// An AES-256 key that wraps data keys. It has no `Debug`, and is wiped when it goes.
pub(crate) struct Aes(Zeroizing<[u8; 32]>);

impl Aes {
    pub(crate) fn new(key: &[u8]) -> Option<Aes> {
        let mut own = Zeroizing::new([0; 32]);
        if key.len() != own.len() {
            return None;
        }
        own.copy_from_slice(key);
        Some(Aes(own))
    }

    fn gcm(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*self.0).into())
    }

    /// IV, wrapped key and tag.
    pub(super) fn wrap(&self, key: &PlainKey, bound: &str) -> Result<Vec<u8>> {
        let iv: [u8; IV] = random()?;
        let payload = Payload { msg: key, aad: bound.as_bytes() };
        let encrypted = self.gcm().encrypt(&iv.into(), payload).map_err(|_| failed())?;
        Ok([&iv[..], &encrypted].concat())
    }

    pub(super) fn unwrap(&self, wrapped: &[u8], bound: &str) -> Result<PlainKey> {
        let (iv, encrypted) = wrapped.split_first_chunk::<IV>().ok_or_else(refused)?;
        let payload = Payload { msg: encrypted, aad: bound.as_bytes() };
        self.gcm().decrypt(iv.into(), payload).map(Zeroizing::new).map_err(|_| refused())
    }

    /// RFC 3394.
    pub(super) fn unwrap_rfc3394(&self, wrapped: &[u8]) -> Result<PlainKey> {
        let mut key = Zeroizing::new(vec![0; wrapped.len()]);
        let kek = KeyEncryptionKey::new(&key_wrap::AES_256, &self.0[..]).map_err(|_| failed())?;
        let length = kek.unwrap(wrapped, &mut key).map_err(|_| refused())?.len();
        key[length..].zeroize();
        key.truncate(length);
        Ok(key)
    }

    /// Block by block, padded: nothing proves that the key is right.
    pub(super) fn unwrap_ecb(&self, wrapped: &[u8]) -> Result<PlainKey> {
        let mut key = Zeroizing::new(wrapped.to_vec());
        let cipher = UnboundCipherKey::new(&AES_256, &self.0[..])
            .and_then(DecryptingKey::ecb)
            .map_err(|_| failed())?;
        cipher.decrypt(&mut key, DecryptionContext::None).map_err(|_| refused())?;
        let length = unpad(&key).ok_or_else(refused)?;
        key.truncate(length);
        Ok(key)
    }
}

fn failed() -> Error {
    Error::new(ErrorKind::Internal, "the cipher could not be set up; please report it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrap_is_bound_to_its_cipher() {
        let aes = Aes::new(&[7; 32]).unwrap();
        let key: PlainKey = Zeroizing::new(vec![9; 32]);
        let wrapped = aes.wrap(&key, "115").unwrap();
        assert_eq!(wrapped.len(), 60);
        assert_eq!(*aes.unwrap(&wrapped, "115").unwrap(), *key);
        let mut flipped = wrapped.clone();
        flipped[20] ^= 1;
        let other = Aes::new(&[8; 32]).unwrap();
        let failures = [
            aes.unwrap(&wrapped, "AES/GCM/NoPadding"),
            aes.unwrap(&flipped, "115"),
            aes.unwrap(&wrapped[..20], "115"),
            aes.unwrap(&[], "115"),
            other.unwrap(&wrapped, "115"),
            aes.unwrap_rfc3394(&wrapped[..40]),
            aes.unwrap_rfc3394(&[]),
            aes.unwrap_ecb(&[0; 48]),
            aes.unwrap_ecb(&[0; 47]),
        ];
        for failure in failures {
            assert_eq!(failure.unwrap_err().to_string(), refused().to_string());
        }
        assert!(Aes::new(&[0; 16]).is_none());
    }
}
