//! Compares the bytes that came with the checksum that the server keeps of the whole object.
//!
//! Invariants: no byte is read twice: ranges that came in any order are summed one by one and joined. Only a
//! checksum of the whole object is one. A composite (`…-3`, the sum of the parts' sums) cannot be computed
//! without the parts and is ignored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::checksum::{Algorithm, Checksum, Running};
use crate::error::{Error, ErrorKind, Result};

/// The sum that the whole object has.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    Nothing,
    /// One that can be joined from pieces.
    Crc(Checksum),
    /// One that needs the bytes in their order.
    Sha1(Vec<u8>),
    Sha256(Vec<u8>),
}

impl Expected {
    /// The quickest of the sums that a response has, by the algorithms' names.
    pub(crate) fn of(told: &[(impl AsRef<str>, String)], size: u64) -> Expected {
        let told = |name: &str| {
            told.iter()
                .find(|(told, _)| told.as_ref().eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
        };
        let crc = Algorithm::ALL
            .into_iter()
            .find_map(|algorithm| Checksum::read(algorithm, told(algorithm.name())?, size));
        let sha =
            |name: &str, length: usize| STANDARD.decode(told(name)?).ok().filter(|sum| sum.len() == length);
        match (crc, sha("SHA1", 20), sha("SHA256", 32)) {
            (Some(crc), ..) => Expected::Crc(crc),
            (None, Some(sum), _) => Expected::Sha1(sum),
            (None, None, Some(sum)) => Expected::Sha256(sum),
            (None, None, None) => Expected::Nothing,
        }
    }

    /// Whether the bytes may come in any order.
    pub(crate) fn in_any_order(&self) -> bool {
        matches!(self, Expected::Nothing | Expected::Crc(_))
    }

    /// A sum to be made of some of the bytes.
    pub(crate) fn sum(&self) -> Sum {
        match self {
            Expected::Nothing => Sum::Nothing,
            Expected::Crc(crc) => Sum::Crc(Running::new(crc.algorithm)),
            Expected::Sha1(_) => Sum::Sha1(Sha1::new()),
            Expected::Sha256(_) => Sum::Sha256(Sha256::new()),
        }
    }

    /// Judges the sums of all the pieces, in their order, which cover the object.
    pub(crate) fn judge(&self, sums: Vec<Sum>) -> Result<()> {
        let mut joined: Option<Checksum> = None;
        for sum in sums {
            let (name, expected, actual) = match (self, sum) {
                (Expected::Crc(_), Sum::Crc(running)) => {
                    let next = running.finish();
                    joined = Some(joined.map_or(next, |before| before.then(next)));
                    continue;
                }
                (Expected::Sha1(expected), Sum::Sha1(sum)) => ("SHA1", expected, sum.finalize().to_vec()),
                (Expected::Sha256(expected), Sum::Sha256(sum)) => {
                    ("SHA256", expected, sum.finalize().to_vec())
                }
                _ => continue,
            };
            if actual != *expected {
                return Err(corrupt(name, &STANDARD.encode(actual), &STANDARD.encode(expected)));
            }
        }
        joined.map_or(Ok(()), |joined| self.judge_joined(joined))
    }

    /// Judges the sum of the whole, where it was joined from pieces.
    pub(crate) fn judge_joined(&self, joined: Checksum) -> Result<()> {
        match self {
            Expected::Crc(expected) if joined != *expected => {
                Err(corrupt(expected.algorithm.name(), &joined.text(), &expected.text()))
            }
            _ => Ok(()),
        }
    }
}

fn corrupt(algorithm: &str, actual: &str, expected: &str) -> Error {
    let why =
        format!("the bytes do not match the object's checksum: {algorithm} is {actual}, expected {expected}");
    Error::new(ErrorKind::Corrupt, why)
}

/// The sum of some of the bytes, in the making.
pub(crate) enum Sum {
    Nothing,
    Crc(Running),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Sum {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Sum::Nothing => {}
            Sum::Crc(running) => running.update(bytes),
            Sum::Sha1(sha) => sha.update(bytes),
            Sum::Sha256(sha) => sha.update(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(headers: &[(&'static str, &str)], pieces: &[&str]) -> Result<()> {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let expected = Expected::of(&headers, 9);
        let sums = pieces.iter().map(|text| {
            let mut sum = expected.sum();
            sum.update(text.as_bytes());
            sum
        });
        expected.judge(sums.collect())
    }

    #[test]
    fn pieces_are_joined_in_their_order() {
        let crc = [("CRC64NVME", "rosUhgp5mIg=")];
        judged(&crc, &["12345", "6789"]).unwrap();
        judged(&crc, &["123456789"]).unwrap();
        let error = judged(&crc, &["6789", "12345"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(
            error.message().contains("CRC64NVME is ") && error.message().ends_with(", expected rosUhgp5mIg="),
            "{error}"
        );
    }

    #[test]
    fn every_algorithm_is_judged() {
        for (name, right) in [
            ("CRC32", "y/Q5Jg=="),
            ("CRC32C", "4waSgw=="),
            ("SHA1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
            ("SHA256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
        ] {
            judged(&[(name, right)], &["123456789"]).unwrap();
            let error = judged(&[(name, right)], &["123456780"]).unwrap_err();
            assert!(
                error.message().contains(&format!("{name} is ")) && error.message().contains(right),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_no_sum_of_the_whole_is_left_alone() {
        for odd in ["y/Q5Jg==-3", "", "nonsense", "rosUhgp5mIg="] {
            judged(&[("CRC32", odd)], &["anything"]).unwrap();
        }
        judged(&[], &["anything"]).unwrap();
    }
}
