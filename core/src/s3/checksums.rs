//! Which checksums a store sends with an object's bytes.

use std::sync::atomic::Ordering;

use super::client::S3;
use super::integrity::{LADDER, md5};
use crate::checksum::{Algorithm, Checksum};
use crate::error::{Error, ErrorKind, Result};
use crate::observe::{Level, event};

impl S3 {
    /// The checksum to send with an object's bytes; without one, Content-MD5 goes with them.
    pub(crate) async fn algorithm(&self) -> Result<Option<Algorithm>> {
        let settings = self.completed().await?;
        if !self.checksums() {
            return Ok(None);
        }
        if let Some(name) = &settings.checksum_algorithm {
            return Ok(Algorithm::named(name));
        }
        Ok(LADDER.get(self.integrity().await?.refused.load(Ordering::Relaxed)).copied())
    }

    /// Whether the server refused a request because of this algorithm, which is then not tried again; an
    /// algorithm that the host chose is not given up.
    pub(crate) async fn refuses(&self, algorithm: Option<Algorithm>, error: &Error) -> Result<bool> {
        let step = LADDER.iter().position(|step| Some(*step) == algorithm);
        let (Some(step), None) = (step, &self.completed().await?.checksum_algorithm) else {
            return Ok(false);
        };
        let words = error.message().to_ascii_lowercase();
        let refused = matches!(error.status(), Some(400 | 501))
            && !matches!(
                error.code(),
                Some(
                    "BadDigest"
                        | "InvalidDigest"
                        | "XAmzContentSHA256Mismatch"
                        | "XAmzContentChecksumMismatch"
                )
            )
            && ["checksum", "crc64", "crc32"].iter().any(|word| words.contains(word));
        if refused && self.integrity().await?.refused.fetch_max(step + 1, Ordering::Relaxed) <= step {
            let next = LADDER.get(step + 1).map_or("Content-MD5", |next| next.name());
            event(Level::Info, format!("the server refuses {}; going on with {next}", LADDER[step].name()));
        }
        Ok(refused)
    }

    /// Whether the checksum of an object made of parts goes with their completion.
    pub(crate) async fn sends_whole_checksum(&self) -> Result<bool> {
        Ok(!self.integrity().await?.refuses_whole.load(Ordering::Relaxed))
    }

    /// Remembers for the address that the server refused the checksum of the whole, and made the object by
    /// those of its parts.
    pub(crate) async fn whole_checksum_was_refused(&self) -> Result<()> {
        if !self.integrity().await?.refuses_whole.swap(true, Ordering::Relaxed) {
            let refused = "the server refuses the checksum of a whole object, although it has every part as \
                           it \
                        was sent";
            event(Level::Warning, format!("{refused}; going on with the checksums of the parts"));
        }
        Ok(())
    }

    /// The Content-MD5 of a body that no checksum vouches for, unless the settings ask for neither.
    pub(super) fn content_md5(&self, checksum: Option<&Checksum>, body: &[u8]) -> Option<String> {
        (checksum.is_none() && self.checksums()).then(|| md5(body))
    }
}

/// Refuses a response with another checksum than the one sent. No checksum, or a composite one, is accepted.
pub(super) fn same<'a>(sent: Option<Checksum>, found: impl Fn(Algorithm) -> Option<&'a str>) -> Result<()> {
    let Some(sent) = sent else { return Ok(()) };
    match found(sent.algorithm).filter(|found| !found.contains('-')) {
        Some(found) if found != sent.text() => Err(Error::new(
            ErrorKind::Corrupt,
            format!(
                "the server stored other bytes than were sent: its {} is {found}, expected {}",
                sent.algorithm.name(),
                sent.text()
            ),
        )),
        _ => Ok(()),
    }
}

/// The header that carries a checksum.
pub(super) fn header(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
        Algorithm::Crc32 => "x-amz-checksum-crc32",
        Algorithm::Crc32c => "x-amz-checksum-crc32c",
    }
}

/// The element that carries a checksum.
pub(super) fn element(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Crc64Nvme => "ChecksumCRC64NVME",
        Algorithm::Crc32 => "ChecksumCRC32",
        Algorithm::Crc32c => "ChecksumCRC32C",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_with_another_checksum_is_corrupt() {
        let sent = Some(Algorithm::Crc64Nvme.of(b"123456789"));
        for (found, fits) in [
            (None, true),
            (Some("rosUhgp5mIg="), true),
            (Some("AAAAAAAAAAA=-2"), true),
            (Some("AAAAAAAAAAA="), false),
        ] {
            assert_eq!(same(sent, |_| found).is_ok(), fits, "{found:?}");
            assert!(same(None, |_| found).is_ok());
        }
        assert_eq!(same(sent, |_| Some("AAAAAAAAAAA=")).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
