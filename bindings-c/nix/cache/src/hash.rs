//! SHA-256 as Nix writes it: base 32 with an alphabet and an order of its own, base 16, and base 64.
//!
//! Invariant: what is printed here is read back as the same hash. Must not depend on stores and files.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Nix's digits: no e, o, u, t.
pub const DIGITS: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";

/// The length of a SHA-256 in base 32.
const LENGTH: usize = 52;

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    #[cfg(test)]
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(Sha256::digest(bytes).into())
    }

    /// The hash that was computed piece by piece.
    pub fn finish(state: Sha256) -> Hash {
        Hash(state.finalize().into())
    }

    /// Reads `sha256:` with base 32 or base 16, or `sha256-` with base 64.
    pub fn parse(text: &str) -> Result<Hash, String> {
        let wrong = || format!("{text:?} is no SHA-256 as Nix writes it");
        let (written, padded) = match (text.strip_prefix("sha256:"), text.strip_prefix("sha256-")) {
            (Some(written), _) => (written, false),
            (_, Some(written)) => (written, true),
            _ => return Err(wrong()),
        };
        let bytes = match (padded, written.len()) {
            (false, LENGTH) => from_base32(written),
            (false, 64) => from_base16(written),
            _ => STANDARD.decode(written).ok().and_then(|bytes| bytes.try_into().ok()),
        };
        bytes.map(Hash).ok_or_else(wrong)
    }

    /// The digits alone, as in the name of a NAR.
    pub fn base32(&self) -> String {
        to_base32(&self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.base32())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn to_base32(bytes: &[u8; 32]) -> String {
    let digit = |at: usize| {
        let (byte, shift) = (at * 5 / 8, at * 5 % 8);
        let low = u16::from(bytes[byte]) >> shift;
        let high = bytes.get(byte + 1).map_or(0, |next| u16::from(*next) << (8 - shift));
        char::from(DIGITS[usize::from((low | high) & 31)])
    };
    (0..LENGTH).rev().map(digit).collect()
}

fn from_base32(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0u8; 32];
    for (at, digit) in text.bytes().rev().enumerate() {
        let value = DIGITS.iter().position(|known| *known == digit)? as u16;
        let (byte, shift) = (at * 5 / 8, at * 5 % 8);
        bytes[byte] |= (value << shift) as u8;
        let carried = (value >> (8 - shift)) as u8;
        match bytes.get_mut(byte + 1) {
            Some(next) => *next |= carried,
            None if carried != 0 => return None,
            None => {}
        }
    }
    Some(bytes)
}

fn from_base16(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0u8; 32];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_nothing_in_each_base() {
        let nothing = Hash::of(b"");
        assert_eq!(nothing.to_string(), "sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73");
        for text in [
            "sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        ] {
            assert_eq!(Hash::parse(text), Ok(nothing), "{text}");
        }
    }

    #[test]
    fn each_hash_is_read_back() {
        for number in 0..500u32 {
            let hash = Hash::of(&number.to_le_bytes());
            assert_eq!(Hash::parse(&hash.to_string()), Ok(hash));
        }
    }

    #[test]
    fn others_are_refused() {
        for text in
            ["", "sha256:", "sha1:aaaa", "sha256:zzzz", "sha256-aaaa", &format!("sha256:{}", "e".repeat(52))]
        {
            assert!(Hash::parse(text).is_err(), "{text}");
        }
        // More than 256 bits.
        assert!(Hash::parse(&format!("sha256:z{}", "0".repeat(51))).is_err());
    }
}
