//! The CRCs that S3 keeps of an object: of a piece of bytes, and of a whole joined from its pieces.
//!
//! Invariant: pieces that are summed one by one and joined in order give the sum of the whole, so that no
//! byte is read twice. Pure arithmetic, without requests.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oarlock_crc::{CRC32, CRC32C, CRC64_NVME, Crc};

/// The algorithms whose sums can be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Algorithm {
    Crc64Nvme,
    Crc32,
    Crc32c,
}

impl Algorithm {
    pub(crate) const ALL: [Algorithm; 3] = [Algorithm::Crc64Nvme, Algorithm::Crc32, Algorithm::Crc32c];

    /// S3's name for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Algorithm::Crc64Nvme => "CRC64NVME",
            Algorithm::Crc32 => "CRC32",
            Algorithm::Crc32c => "CRC32C",
        }
    }

    /// The algorithm of this name, in any case.
    pub(crate) fn named(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    fn crc(self) -> &'static Crc {
        match self {
            Algorithm::Crc64Nvme => &CRC64_NVME,
            Algorithm::Crc32 => &CRC32,
            Algorithm::Crc32c => &CRC32C,
        }
    }

    /// The sum of these bytes.
    pub(crate) fn of(self, bytes: &[u8]) -> Checksum {
        let mut running = Running::new(self);
        running.update(bytes);
        running.finish()
    }
}

/// The sum of so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checksum {
    pub(crate) algorithm: Algorithm,
    value: u64,
    length: u64,
}

impl Checksum {
    /// The sum of these bytes and the next ones after them; both have one algorithm.
    pub(crate) fn then(self, next: Checksum) -> Checksum {
        let value = self.algorithm.crc().join(self.value, next.value, next.length);
        Checksum { value, length: self.length + next.length, ..self }
    }

    /// How many bytes it is of.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// As S3 writes it: big-endian, in base64.
    pub(crate) fn text(&self) -> String {
        let bytes = self.value.to_be_bytes();
        match self.algorithm {
            Algorithm::Crc64Nvme => STANDARD.encode(bytes),
            Algorithm::Crc32 | Algorithm::Crc32c => STANDARD.encode(&bytes[4..]),
        }
    }

    /// What S3 wrote of so many bytes; nothing for a text that is no such sum, a composite one (`…-3`)
    /// included.
    pub(crate) fn read(algorithm: Algorithm, text: &str, length: u64) -> Option<Checksum> {
        let bytes = STANDARD.decode(text).ok()?;
        let wide = if algorithm == Algorithm::Crc64Nvme { 8 } else { 4 };
        let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        (bytes.len() == wide).then_some(Checksum { algorithm, value, length })
    }
}

/// The checksum of the bytes so far.
#[derive(Debug)]
pub(crate) struct Running(Checksum);

impl Running {
    pub(crate) fn new(algorithm: Algorithm) -> Running {
        Running(Checksum { algorithm, value: Crc::EMPTY, length: 0 })
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.value = self.0.algorithm.crc().append(self.0.value, bytes);
        self.0.length += bytes.len() as u64;
    }

    pub(crate) fn finish(&self) -> Checksum {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_are_those_of_the_catalogue() {
        for (algorithm, expected) in [
            (Algorithm::Crc64Nvme, "rosUhgp5mIg="),
            (Algorithm::Crc32, "y/Q5Jg=="),
            (Algorithm::Crc32c, "4waSgw=="),
        ] {
            let sum = algorithm.of(b"123456789");
            assert_eq!(sum.text(), expected, "{}", algorithm.name());
            assert_eq!(Checksum::read(algorithm, expected, 9), Some(sum));
            assert_eq!(Checksum::read(algorithm, &format!("{expected}-3"), 9), None);
            assert_eq!(Algorithm::named(&algorithm.name().to_lowercase()), Some(algorithm));
        }
    }

    #[test]
    fn joined_pieces_give_the_whole() {
        let bytes: Vec<u8> = (0..100_000u32).map(|index| (index * 7 % 251) as u8).collect();
        for algorithm in Algorithm::ALL {
            for cut in [0, 1, 4096, 99_999, 100_000] {
                let (first, second) = bytes.split_at(cut);
                assert_eq!(
                    algorithm.of(first).then(algorithm.of(second)),
                    algorithm.of(&bytes),
                    "{} at {cut}",
                    algorithm.name()
                );
            }
        }
    }
}
