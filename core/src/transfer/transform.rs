//! What a transfer's bytes go through between the bucket and the host. A store that encrypts brings one
//! transform for each download and each upload; other stores bring none.
//!
//! Invariants: the segments of a download and the parts of an upload may come in any order, on any thread.
//! Bytes that a download's transform returns are not verified until `verify` has succeeded.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::source::PartBody;
use crate::checksum::Algorithm;
use crate::error::Result;

/// Transforms one object on its way to the host.
pub(crate) trait DownloadTransform: Send + Sync {
    /// Bytes of the object once it is transformed.
    fn length(&self) -> u64;
    /// Starts the segment at this byte of the stored object, a multiple of 16.
    fn segment(self: Arc<Self>, first: u64) -> Box<dyn SegmentTransform>;
    /// Fails unless the finished segments make up the object as it was stored.
    fn verify(&self) -> Result<()>;
}

/// Transforms some of the object's bytes, given in their order.
pub(crate) trait SegmentTransform: Send {
    /// Takes more of the stored bytes; returns what is transformed by now, which may be nothing.
    fn take(&mut self, chunk: &[u8]) -> Result<Bytes>;
    /// Returns what is held back, when a block or the object ends here.
    fn flush(&mut self) -> Result<Bytes>;
    /// Stored bytes that have no transformed ones, such as those of a tag.
    fn withheld(&self) -> u64;
    /// Counts the segment among the finished ones; it was flushed.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// What a transform demands of the parts of an upload.
#[derive(Clone, Copy)]
pub(crate) struct PartFrame {
    /// Each part but the last has a multiple of this many bytes.
    pub(crate) block: u64,
    /// Bytes that the transform appends to the last part.
    pub(crate) trailer: u64,
    /// Fails for a source of more bytes than can be transformed.
    pub(crate) check_size: fn(u64) -> Result<()>,
}

/// Transforms one source on its way to the bucket.
pub(crate) trait UploadTransform: Send + Sync {
    /// Takes the place of the next part, which has this many bytes.
    fn part(&mut self, bytes: u64, is_last: bool) -> Result<Box<dyn PartTransform>>;
    /// Does what must be done before the object appears. Returns the cleanup that the mailbox keeps once the
    /// object is there.
    fn before_object(&self) -> BoxFuture<'_, Result<Option<u64>>>;
}

/// Transforms the bytes of one part.
pub(crate) trait PartTransform: Send {
    /// The part's transformed bytes and their checksum. The last part waits for all others.
    fn transform(
        self: Box<Self>,
        bytes: Bytes,
        algorithm: Option<Algorithm>,
    ) -> BoxFuture<'static, Result<PartBody>>;
}
