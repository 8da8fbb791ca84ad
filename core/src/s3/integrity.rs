//! How an endpoint lets the bodies that are sent to it be checked: by which CRC, and whether it demands
//! Content-MD5.
//!
//! Invariant: a step down is taken only when the server refuses the step above, and remembered for the
//! endpoint; the last step is Content-MD5, below which only the setting `request_checksum_calculation` goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use crate::checksum::Algorithm;
use crate::error::Result;
use crate::observe::{Level, event};
use crate::runtime;

/// The strongest first; after the last, Content-MD5 is used.
pub(super) const LADDER: &[Algorithm] = &[Algorithm::Crc64Nvme, Algorithm::Crc32];

/// What an endpoint taught us.
#[derive(Debug, Default)]
pub(super) struct Integrity {
    /// Steps of the ladder that it refused.
    pub(super) refused: AtomicUsize,
    demands_md5: AtomicBool,
    /// Whether it refused the right checksum of an object made of parts.
    pub(super) refuses_whole: AtomicBool,
}

impl Integrity {
    /// That of this address, the same for all stores of the process.
    pub(super) fn of(url: Option<&str>) -> Result<Arc<Integrity>> {
        Ok(runtime::current()?.shared(&format!("integrity of {}", url.unwrap_or("AWS")), Integrity::default))
    }

    pub(super) fn demands_md5(&self) -> bool {
        self.demands_md5.load(Ordering::Relaxed)
    }

    /// Learns from a refusal; whether the same request with Content-MD5 may pass.
    pub(super) fn demanded_md5(&self, code: Option<&str>, message: Option<&str>) -> bool {
        let demanded = code == Some("MissingContentMD5")
            || (matches!(code, Some("InvalidRequest" | "InvalidArgument"))
                && message.is_some_and(|message| message.contains("Content-MD5")));
        if demanded && !self.demands_md5.swap(true, Ordering::Relaxed) {
            event(Level::Info, "the server demands Content-MD5".to_owned());
        }
        demanded
    }
}

pub(super) fn md5(body: &[u8]) -> String {
    STANDARD.encode(Md5::digest(body))
}
