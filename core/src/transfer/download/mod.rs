//! `get`: from the bucket to memory, a file or the caller's stream.
//!
//! Law: the first request asks for everything that was asked for, and for a small object it is the only one.
//! It is not cut to a part: servers tell the checksum of the whole only with the whole, and an empty object
//! has no range. What is large is then fetched by further requests too. A file appears when its last byte is
//! written and verified.

mod concurrency;
mod idle;
pub(crate) mod parallel;
mod ranges;
pub(crate) mod read_ahead;
pub(crate) mod reader;
mod resumable;
pub(crate) mod target;
mod unsized_body;

use std::sync::Arc;
use std::time::Instant;

use self::parallel::{How, fill};
use self::read_ahead::stream;
use self::reader::{ObjectHandle, RangeReader};
use self::target::DownloadTarget;
use super::budget::call_slot;
use super::decrypt;
use super::sealing::plain;
use super::spans::{LEAST, Span};
use super::verify::Expected;
use crate::error::{Result, fail};
use crate::io::{Naming, Output, Sink};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::Get;
use crate::reply::GetReply;
use crate::s3::{Fetched, S3, fetch_any};

pub(crate) use ranges::get_ranges;

pub(crate) async fn get(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: Key,
    into: Sink,
    options: Get,
) -> Result<GetReply> {
    if let Some(encryption) = at.encryption() {
        return Box::pin(decrypt::get(at, encryption, mailbox, key, into, options)).await;
    }
    plain(options.encryption_context.as_ref())?;
    if let Some(named) = options.journal.clone() {
        let Sink::File(path) = &into else {
            fail!(InvalidInput, "option `journal` needs a file to fetch into")
        };
        return Box::pin(resumable::get(at, mailbox, key, path, options, &named)).await;
    }
    let output = Output::open(&into, Naming::Temporary).await?;
    let _slot = if output.is_ordered() { None } else { Some(call_slot().await?) };
    let begun = Instant::now();
    let body = match fetch_any(at, &key, &options).await? {
        Fetched::Sized(body) => *body,
        Fetched::Unsized(answer) => {
            return Box::pin(unsized_body::get(at, mailbox, key, &options, *answer, output)).await;
        }
    };
    let latency = begun.elapsed();
    let meta = body.meta.clone();
    let size = meta.known_size()?;
    let (first, length) = options.range.map_or(Ok((0, size)), |range| range.within(size))?;
    mailbox.set_total(length);
    let found = ObjectHandle::new(at, key, &options, &meta);
    let expected = if length == size { Expected::of(&body.checksums, size) } else { Expected::Nothing };
    let splits = body.ranges && found.sure() && expected.in_any_order() && length >= 2 * LEAST;
    let streams = if splits { at.concurrency().await? as usize } else { 1 };
    let how = How { found: &found, mailbox, latency, streams };
    let reader = RangeReader::of(found.clone(), body, Span { first, length })?;
    let mut reply = GetReply { meta, offset: first, length, body: None };
    match output {
        Output::File(draft) => {
            draft.reserve(length).await?;
            fill(reader, DownloadTarget::File(draft.stretch(0), first), expected, how).await?;
            draft.finish().await?;
        }
        Output::Stream | Output::Special(_) => Box::pin(stream(reader, expected, None, how, output)).await?,
        Output::Memory => {
            let target = DownloadTarget::memory(length)?;
            reply.body = Some(fill(reader, target, expected, how).await?);
        }
    }
    Ok(reply)
}
