//! The part of crc-fast's interface that aws-smithy-checksums calls, by the engines of `oarlock-crc`.
//!
//! Invariant: names, arguments and results are crc-fast's. No C function is exported.

use oarlock_crc::{CRC32, CRC32C, CRC64_NVME, Crc};

/// The algorithms, by crc-fast's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// CRC-32C.
    Crc32Iscsi,
    /// CRC-32.
    Crc32IsoHdlc,
    /// CRC-64/NVME.
    Crc64Nvme,
}

impl CrcAlgorithm {
    fn engine(self) -> &'static Crc {
        match self {
            CrcAlgorithm::Crc32Iscsi => &CRC32C,
            CrcAlgorithm::Crc32IsoHdlc => &CRC32,
            CrcAlgorithm::Crc64Nvme => &CRC64_NVME,
        }
    }
}

/// A checksum in progress.
#[derive(Clone, Copy, Debug)]
pub struct Digest {
    algorithm: CrcAlgorithm,
    checksum: u64,
}

impl Digest {
    /// The checksum of no bytes.
    pub fn new(algorithm: CrcAlgorithm) -> Digest {
        Digest { algorithm, checksum: Crc::EMPTY }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.checksum = self.algorithm.engine().append(self.checksum, bytes);
    }

    /// The checksum so far.
    pub fn finalize(&self) -> u64 {
        self.checksum
    }
}

/// The checksum of these bytes.
pub fn checksum(algorithm: CrcAlgorithm, bytes: &[u8]) -> u64 {
    algorithm.engine().append(Crc::EMPTY, bytes)
}
