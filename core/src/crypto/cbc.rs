//! Content in AES-CBC, which old clients wrote: read in order, and only where the store allows it.
//!
//! Invariant: nothing authenticates it, so nothing is handed out before its padding was seen, and a wrong
//! padding, a wrong length and a wrong key are one and the same error.

use aws_lc_rs::cipher::{AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use subtle::{Choice, ConstantTimeEq, ConstantTimeGreater, ConstantTimeLess};
use zeroize::Zeroizing;

use super::refused;
use crate::error::Result;

const BLOCK: usize = 16;

/// A body in AES-CBC.
pub(crate) struct Cbc {
    key: Zeroizing<Vec<u8>>,
    iv: [u8; BLOCK],
    /// Whether the unwrapped key is valid; reported only at the end, together with every other error.
    sound: bool,
}

impl Cbc {
    pub(super) fn new(key: Zeroizing<Vec<u8>>, iv: [u8; BLOCK], sound: bool) -> Cbc {
        Cbc { key, iv, sound }
    }

    /// Decrypts the whole body in place and returns how many of its bytes are content.
    pub(crate) fn decrypt(&self, body: &mut [u8]) -> Result<usize> {
        let algorithm = match self.key.len() {
            16 => &AES_128,
            24 => &AES_192,
            32 => &AES_256,
            _ => return Err(refused()),
        };
        if body.is_empty() || !body.len().is_multiple_of(BLOCK) {
            return Err(refused());
        }
        let cipher = UnboundCipherKey::new(algorithm, &self.key)
            .and_then(DecryptingKey::cbc)
            .map_err(|_| refused())?;
        let context = DecryptionContext::Iv128(FixedLength::from(self.iv));
        cipher.decrypt(body, context).map_err(|_| refused())?;
        unpad(body).filter(|_| self.sound).ok_or_else(refused)
    }
}

/// How many bytes precede a PKCS #7 padding, found in a time that does not depend on which byte is wrong.
pub(super) fn unpad(padded: &[u8]) -> Option<usize> {
    let last = padded.last_chunk::<BLOCK>()?;
    let length = last[BLOCK - 1];
    let mut sound = length.ct_gt(&0) & !length.ct_gt(&(BLOCK as u8));
    for (from_end, byte) in (0u8..).zip(last.iter().rev()) {
        let inside: Choice = from_end.ct_lt(&length);
        sound &= !inside | byte.ct_eq(&length);
    }
    bool::from(sound).then(|| padded.len() - usize::from(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paddings() {
        let padded = |length: u8, wrong: usize| {
            let mut block = [0xAA; 32];
            block[32 - usize::from(length.min(32))..].fill(length);
            block[wrong] ^= 1;
            unpad(&block)
        };
        assert_eq!(padded(1, 0), Some(31));
        assert_eq!(padded(16, 0), Some(16));
        for (length, wrong) in [(0, 0), (17, 0), (32, 0), (2, 31), (2, 30), (16, 16)] {
            assert_eq!(padded(length, wrong), None, "{length} {wrong}");
        }
        assert_eq!(unpad(&[]), None);
        assert_eq!(unpad(&[1; 15]), None);
    }
}
