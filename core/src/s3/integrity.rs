//! How an endpoint lets the bodies that are sent to it be checked: by which CRC, and whether it demands
//! Content-MD5.
//!
//! Law: a step down is taken only when the server refuses the step above, and remembered for the endpoint;
//! the last step is Content-MD5, below which only the setting `request_checksum_calculation` goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use super::client::S3;
use crate::checksum::{Algorithm, Checksum};
use crate::error::{Error, Result};
use crate::observe::{Level, event};
use crate::runtime;

/// From the strongest on; after the last comes Content-MD5.
const LADDER: &[Algorithm] = &[Algorithm::Crc64Nvme, Algorithm::Crc32];

/// What an endpoint taught us.
#[derive(Debug, Default)]
pub(super) struct Endpoint {
    /// Steps of the ladder that it refused.
    refused: AtomicUsize,
    demands_md5: AtomicBool,
    /// Whether it refused the right checksum of an object made of parts.
    refuses_whole: AtomicBool,
}

impl Endpoint {
    /// The one of this address, the same for all stores of the process.
    pub(super) fn of(url: Option<&str>) -> Result<Arc<Endpoint>> {
        Ok(runtime::current()?.shared(&format!("integrity of {}", url.unwrap_or("AWS")), Endpoint::default))
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
        Ok(LADDER.get(self.endpoint().await?.refused.load(Ordering::Relaxed)).copied())
    }

    /// Whether the server refused a request because of this algorithm, which is then not tried again; an
    /// algorithm that the host chose is not given up.
    pub(crate) async fn refuses(&self, algorithm: Option<Algorithm>, error: &Error) -> Result<bool> {
        let step = LADDER.iter().position(|step| Some(*step) == algorithm);
        let (Some(step), None) = (step, &self.completed().await?.checksum_algorithm) else {
            return Ok(false);
        };
        let said = error.message().to_ascii_lowercase();
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
            && (said.contains("checksum") || said.contains("crc64") || said.contains("crc32"));
        if refused && self.endpoint().await?.refused.fetch_max(step + 1, Ordering::Relaxed) <= step {
            let next = LADDER.get(step + 1).map_or("Content-MD5", |next| next.name());
            event(Level::Info, format!("the server refuses {}; going on with {next}", LADDER[step].name()));
        }
        Ok(refused)
    }

    /// Whether the checksum of an object made of parts goes with their completion.
    pub(crate) async fn sends_whole_checksum(&self) -> Result<bool> {
        Ok(!self.endpoint().await?.refuses_whole.load(Ordering::Relaxed))
    }

    /// Remembers for the address that the server refused the checksum of the whole, and made the object by
    /// those of its parts.
    pub(crate) async fn whole_checksum_was_refused(&self) -> Result<()> {
        if !self.endpoint().await?.refuses_whole.swap(true, Ordering::Relaxed) {
            let said = "the server refuses the checksum of a whole object, although it has every part as it \
                        was sent";
            event(Level::Warning, format!("{said}; going on with the checksums of the parts"));
        }
        Ok(())
    }

    /// The Content-MD5 of a body that no checksum vouches for, unless the settings ask for neither.
    pub(super) fn content_md5(&self, checksum: Option<&Checksum>, body: &[u8]) -> Option<String> {
        (checksum.is_none() && self.checksums()).then(|| md5(body))
    }
}

pub(super) fn md5(body: &[u8]) -> String {
    STANDARD.encode(Md5::digest(body))
}

/// Adds Content-MD5 where the endpoint demands it.
#[derive(Debug)]
pub(super) struct ContentMd5(pub(super) Arc<Endpoint>);

#[dyn_dispatch_hint]
impl Intercept for ContentMd5 {
    fn name(&self) -> &'static str {
        "oarlock Content-MD5"
    }

    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        let request = context.request_mut();
        if self.0.demands_md5()
            && request.headers().get("content-md5").is_none()
            && let Some(body) =
                request.body().bytes().filter(|body| !body.is_empty() || request.method() == "PUT")
        {
            let md5 = md5(body);
            request.headers_mut().try_insert("content-md5", md5)?;
        }
        Ok(())
    }
}
