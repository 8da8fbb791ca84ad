//! A checksum that an index promised, such as `sha256:HEX`, computed while the bytes come.
//!
//! Invariant: a promise in an algorithm or a form that is not known is an error before anything is fetched.

use md5::Md5;
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Sha256, Sha512};

use crate::error::{Result, fail};

/// The promised checksum, and the sum of the bytes so far.
pub(super) struct Digest {
    name: &'static str,
    expected: String,
    running: Box<dyn DynDigest + Send>,
}

impl Digest {
    /// Reads `ALGORITHM:HEX`.
    pub(super) fn parse(text: &str) -> Result<Digest> {
        let (name, expected) = text.split_once(':').unwrap_or(("", text));
        let (name, bytes, running): (_, _, Box<dyn DynDigest + Send>) = match name.to_lowercase().as_str() {
            "sha256" => ("SHA256", 32, Box::new(Sha256::default())),
            "sha512" => ("SHA512", 64, Box::new(Sha512::default())),
            "sha1" => ("SHA1", 20, Box::new(Sha1::default())),
            "md5" => ("MD5", 16, Box::new(Md5::default())),
            _ => fail!(
                InvalidInput,
                "option `checksum` takes md5:HEX, sha1:HEX, sha256:HEX or sha512:HEX, not {text:?}"
            ),
        };
        if expected.len() != 2 * bytes || !expected.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            fail!(
                InvalidInput,
                "option `checksum`: {name} has {} hexadecimal digits, not {expected:?}",
                2 * bytes
            );
        }
        Ok(Digest { name, expected: expected.to_lowercase(), running })
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.running.update(bytes);
    }

    /// Compares the sum of all bytes with the promise.
    pub(super) fn check(self) -> Result<()> {
        let actual: String = self.running.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        if actual != self.expected {
            fail!(
                Corrupt,
                "the upstream's bytes: {} is {actual}, expected {}; they were not kept",
                self.name,
                self.expected
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;
    use crate::error::ErrorKind;

    #[test]
    fn sums_are_compared() {
        let sums = [
            "md5:900150983CD24FB0D6963F7D28E17F72",
            "sha1:a9993e364706816aba3e25717850c26c9cd0d89d",
            "SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ];
        for sum in sums {
            let mut digest = Digest::parse(sum).unwrap();
            digest.update(b"a");
            digest.update(b"bc");
            digest.check().unwrap();
            assert_eq!(Digest::parse(sum).unwrap().check().unwrap_err().kind(), ErrorKind::Corrupt, "{sum}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for sum in ["", "abc", "crc32:00000000", "md5:00", "md5:zz0150983cd24fb0d6963f7d28e17f72"] {
            assert_eq!(Digest::parse(sum).err().unwrap().kind(), ErrorKind::InvalidInput, "{sum}");
        }
    }
}
