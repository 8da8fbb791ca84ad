//! The five checksum algorithms of S3: of a body, of a whole object, and composed from parts.
//!
//! Invariant: a checksum stored with an object was computed here from its bytes, never copied from a header.
//! It must not know requests.

use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, CRC_64_NVME, Crc, Table};
use sha2::Digest as _;

use crate::data::Data;
use crate::encoding::{base64, unbase64};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

pub const ALL: [Algorithm; 5] =
    [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme, Algorithm::Sha1, Algorithm::Sha256];

impl Algorithm {
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "CRC32",
            Algorithm::Crc32c => "CRC32C",
            Algorithm::Crc64Nvme => "CRC64NVME",
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    pub fn header(self) -> String {
        format!("x-amz-checksum-{}", self.name().to_ascii_lowercase())
    }

    pub fn element(self) -> String {
        format!("Checksum{}", self.name())
    }

    pub fn is_crc(self) -> bool {
        !matches!(self, Algorithm::Sha1 | Algorithm::Sha256)
    }

    pub fn len(self) -> usize {
        match self {
            Algorithm::Crc32 | Algorithm::Crc32c => 4,
            Algorithm::Crc64Nvme => 8,
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
        }
    }

    pub fn compute(self, data: &Data) -> Checksum {
        let raw = match self {
            Algorithm::Crc32 => crc32(&CRC32, data),
            Algorithm::Crc32c => crc32(&CRC32C, data),
            Algorithm::Crc64Nvme => crc64(&CRC64_NVME, data),
            Algorithm::Sha1 => digest::<sha1::Sha1>(data),
            Algorithm::Sha256 => digest::<sha2::Sha256>(data),
        };
        Checksum { algorithm: self, value: base64(&raw), composite: false }
    }
}

static CRC32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);
static CRC32C: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);
static CRC64_NVME: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_NVME);

fn crc32(crc: &'static Crc<u32, Table<16>>, data: &Data) -> Vec<u8> {
    let mut digest = crc.digest();
    data.segments().iter().for_each(|segment| digest.update(segment));
    digest.finalize().to_be_bytes().to_vec()
}

fn crc64(crc: &'static Crc<u64, Table<16>>, data: &Data) -> Vec<u8> {
    let mut digest = crc.digest();
    data.segments().iter().for_each(|segment| digest.update(segment));
    digest.finalize().to_be_bytes().to_vec()
}

fn digest<D: sha2::Digest>(data: &Data) -> Vec<u8> {
    let mut digest = D::new();
    data.segments().iter().for_each(|segment| digest.update(segment));
    digest.finalize().to_vec()
}

/// A checksum as it travels: base64, and `-N` behind it when composed from N parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    pub algorithm: Algorithm,
    pub value: String,
    pub composite: bool,
}

impl Checksum {
    pub fn kind(&self) -> &'static str {
        if self.composite { "COMPOSITE" } else { "FULL_OBJECT" }
    }

    /// The checksum of the parts' checksums.
    pub fn compose(algorithm: Algorithm, parts: &[Checksum]) -> Checksum {
        let joined: Vec<u8> =
            parts.iter().flat_map(|part| unbase64(&part.value).unwrap_or_default()).collect();
        let whole = algorithm.compute(&Data::from(bytes::Bytes::from(joined)));
        Checksum { algorithm, value: format!("{}-{}", whole.value, parts.len()), composite: true }
    }
}

/// The ETag of an object put at once: the MD5 of its bytes.
pub fn md5_of(data: &Data) -> [u8; 16] {
    let mut md5 = md5::Md5::new();
    data.segments().iter().for_each(|segment| md5.update(segment));
    md5.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values() {
        let data = Data::from(bytes::Bytes::from_static(b"123456789"));
        for (algorithm, expected) in [
            (Algorithm::Crc32, "y/Q5Jg=="),
            (Algorithm::Crc32c, "4waSgw=="),
            (Algorithm::Crc64Nvme, "rosUhgp5mIg="),
            (Algorithm::Sha1, "98O8HYCOBHMq32eZZczDTKeuNEE="),
            (Algorithm::Sha256, "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
        ] {
            assert_eq!(algorithm.compute(&data).value, expected, "{}", algorithm.name());
            assert_eq!(unbase64(expected).unwrap().len(), algorithm.len());
        }
    }

    #[test]
    fn composite_counts_its_parts() {
        let parts: Vec<_> = [b"a", b"b"]
            .map(|part| Algorithm::Crc32.compute(&Data::from(bytes::Bytes::from_static(part))))
            .into();
        let whole = Checksum::compose(Algorithm::Crc32, &parts);
        assert!(whole.value.ends_with("-2"));
        assert_eq!(whole.kind(), "COMPOSITE");
    }
}
