//! `get`: from the bucket to memory, a file or the caller's stream.
//!
//! Invariants: the first request is for everything that the caller wants, and for a small object it is the
//! only one. It is not cut to a part: servers send the checksum of the whole only with the whole, and an
//! empty object has no range. Large objects are then fetched by further requests too. A file appears when its
//! last byte is written and verified.

mod parallel;
mod ranges;
mod read_ahead;
mod reader;
mod resumable;
mod target;
mod unsized_body;
mod unwritten;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::gate::Permit;
use super::spans::{LEAST, Span};
use super::transform::DownloadTransform;
use super::verify::Expected;
use super::{budget, refuse_context};
use crate::error::{Result, fail};
use crate::io::{Naming, Output, Sink};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::Get;
use crate::reply::{GetReply, ObjectMeta};
use crate::s3::{Body, GetResponse, S3, fetch, fetch_any};

pub(crate) use ranges::get_ranges;
pub(crate) use read_ahead::send;
pub(crate) use reader::{ObjectHandle, RangeReader};
pub(crate) use target::DownloadTarget;

/// A download whose first response has arrived.
pub(crate) struct Download {
    pub(crate) meta: ObjectMeta,
    /// The bytes of the object that are fetched.
    pub(crate) span: Span,
    /// What the bytes go through; the span is then the whole object.
    pub(crate) transform: Option<Arc<dyn DownloadTransform>>,
    /// Requests that there may be at a time.
    pub(crate) streams: usize,
    /// What the first response took to begin.
    pub(crate) latency: Duration,
    object: Arc<ObjectHandle>,
    mailbox: Arc<Mailbox>,
    reader: RangeReader,
    expected: Expected,
}

impl Download {
    /// Sends the first request.
    pub(crate) async fn start(at: &S3, mailbox: &Arc<Mailbox>, key: Key, options: &Get) -> Result<Download> {
        let sent = Instant::now();
        let body = fetch(at, &key, options).await?;
        Download::of(at, mailbox, key, options, body, sent.elapsed()).await
    }

    async fn of(
        at: &S3,
        mailbox: &Arc<Mailbox>,
        key: Key,
        options: &Get,
        body: Body,
        latency: Duration,
    ) -> Result<Download> {
        let meta = body.meta.clone();
        let size = meta.known_size()?;
        let span = Span::of(options.range, size)?;
        let object = ObjectHandle::new(at, key, options, &meta);
        let expected =
            if span.length == size { Expected::of(&body.checksums, size) } else { Expected::Nothing };
        let splits = body.ranges && object.is_sure() && expected.in_any_order() && span.length >= 2 * LEAST;
        let streams = if splits { at.concurrency().await? as usize } else { 1 };
        let reader = RangeReader::of(object.clone(), body, span)?;
        let mailbox = mailbox.clone();
        Ok(Download { meta, span, transform: None, streams, latency, object, mailbox, reader, expected })
    }

    /// Bytes that the host gets.
    pub(crate) fn length(&self) -> u64 {
        self.transform.as_ref().map_or(self.span.length, |transform| transform.length())
    }

    /// Fills the target, by as many requests as help, and checks it; returns the bytes, if they went to
    /// memory.
    pub(crate) async fn fill(self, target: DownloadTarget) -> Result<Bytes> {
        parallel::fill(self, target).await
    }

    /// Writes the bytes where the host wants them.
    pub(crate) async fn write(mut self, output: Output) -> Result<GetReply> {
        let (first, length) = (self.span.first, self.length());
        let meta = std::mem::take(&mut self.meta);
        let mut reply = GetReply { meta, offset: first, length, body: None };
        match output {
            Output::File(draft) => {
                draft.reserve(length).await?;
                self.fill(DownloadTarget::File(draft.stretch(0), first)).await?;
                draft.finish().await?;
            }
            Output::Stream | Output::Special(_) => Box::pin(read_ahead::stream(self, output)).await?,
            Output::Memory => {
                let target = DownloadTarget::memory(self.span.length)?;
                reply.body = Some(self.fill(target).await?);
            }
        }
        Ok(reply)
    }
}

/// A slot among the process's calls; none for a call that waits for the host, which may wait for another
/// call.
pub(crate) async fn call_slot(output: &Output) -> Result<Option<Permit>> {
    if output.is_ordered() { Ok(None) } else { budget::call_slot().await.map(Some) }
}

pub(crate) async fn get(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: Key,
    into: Sink,
    options: Get,
) -> Result<GetReply> {
    refuse_context(options.encryption_context.as_ref())?;
    if let Some(journal) = options.journal.clone() {
        let Sink::File(path) = &into else {
            fail!(InvalidInput, "option `journal` needs a file to fetch into")
        };
        return Box::pin(resumable::get(at, mailbox, key, path, options, &journal)).await;
    }
    let output = Output::open(&into, Naming::Temporary).await?;
    let _slot = call_slot(&output).await?;
    let sent = Instant::now();
    let body = match fetch_any(at, &key, &options).await? {
        GetResponse::Sized(body) => *body,
        GetResponse::Unsized(response) => {
            return Box::pin(unsized_body::get(at, mailbox, key, &options, *response, output)).await;
        }
    };
    let download = Download::of(at, mailbox, key, &options, body, sent.elapsed()).await?;
    mailbox.set_total(download.span.length);
    download.write(output).await
}
