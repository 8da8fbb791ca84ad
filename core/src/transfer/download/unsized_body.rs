//! `get` of a response without a length: it ends with its last chunk, or with its connection where the server
//! announces that it closes.
//!
//! Invariant: a body that breaks off before its last chunk goes on by a range under the same ETag, or fails.
//! A body that ends with its connection may be cut unnoticed; only the server's checksum finds that. The
//! whole is one request's bytes in order.

use std::sync::Arc;

use bytes::Bytes;

use super::read_ahead::send;
use super::reader::{ObjectHandle, RangeReader, changed};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::Output;
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::observe::{Level, event};
use crate::options::Get;
use crate::reply::{GetReply, ObjectMeta};
use crate::s3::{S3, Unsized, fetch, is_weak};
use crate::transfer::budget::acquire;
use crate::transfer::spans::Span;
use crate::transfer::verify::Expected;
use crate::value::ByteRange;

/// Bytes that are in hand at a time.
const IN_HAND: u64 = 256 << 10;

pub(crate) async fn get(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: Key,
    options: &Get,
    answer: Unsized,
    mut output: Output,
) -> Result<GetReply> {
    // The server ignored the range, so the whole object comes.
    let (first, end) = match options.range {
        None => (0, u64::MAX),
        Some(ByteRange::FromTo(first, last)) => (first, last.saturating_add(1)),
        Some(ByteRange::From(first)) => (first, u64::MAX),
        Some(ByteRange::Suffix(_)) => {
            fail!(
                Service,
                "the server ignored the range and does not say how many bytes it sends, so the last ones \
                 can't be found"
            )
        }
    };
    let mut reply = GetReply { meta: answer.meta.clone(), offset: first, length: 0, body: None };
    let mut body = Growing::new(at, key, options, answer);
    let _permit = if output.is_ordered() { None } else { Some(acquire(IN_HAND).await?) };
    let mut whole = Vec::new();
    // A stream's last chunk waits for the checksum, which is known only after it.
    let mut held = Bytes::new();
    // The checksum is of the whole object, whose size shows at the end.
    let told = std::mem::take(&mut body.checksums);
    let mut sum = Expected::of(&told, 0).sum();
    while body.position < end {
        let position = body.position;
        let Some(chunk) = body.next().await? else { break };
        sum.update(&chunk);
        let wanted = part_of(chunk, position, first, end);
        if wanted.is_empty() {
            continue;
        }
        reply.length += wanted.len() as u64;
        mailbox.advance(wanted.len() as u64);
        match &mut output {
            Output::File(draft) => draft.write(wanted).await?,
            Output::Stream | Output::Special(_) => {
                let before = std::mem::replace(&mut held, wanted);
                if !before.is_empty() {
                    send(&mut output, mailbox, before).await?;
                }
            }
            Output::Memory => {
                let refused = |_| {
                    Error::new(
                        ErrorKind::Io,
                        "there is no memory for the object; fetch to a file or as a stream",
                    )
                };
                whole.try_reserve(wanted.len()).map_err(refused)?;
                whole.extend_from_slice(&wanted);
            }
        }
    }
    let is_whole = body.ended;
    if is_whole {
        if first > 0 && first >= body.position {
            fail!(Range, "the range begins at byte {first}, and the object has {} bytes", body.position);
        }
        reply.meta.size = Some(body.position);
        Expected::of(&told, body.position).judge(vec![sum])?;
    }
    match output {
        Output::File(draft) => draft.finish().await?,
        Output::Memory => reply.body = Some(whole.into()),
        Output::Stream | Output::Special(_) if held.is_empty() => {}
        Output::Stream | Output::Special(_) => send(&mut output, mailbox, held).await?,
    }
    Ok(reply)
}

/// What of a chunk, whose first byte is the object's at `position`, lies within `first..end`.
fn part_of(mut chunk: Bytes, position: u64, first: u64, end: u64) -> Bytes {
    let length = chunk.len() as u64;
    let to = end.saturating_sub(position).min(length);
    let from = first.saturating_sub(position).min(to);
    chunk.truncate(to as usize);
    chunk.split_off(from as usize)
}

/// The whole object, read until its end shows.
struct Growing {
    at: S3,
    key: Key,
    again: Get,
    meta: ObjectMeta,
    checksums: Vec<(&'static str, String)>,
    answer: Unsized,
    /// The rest after a break, fetched as a range, whose length is known.
    rest: Option<RangeReader>,
    /// The object's byte that comes next.
    position: u64,
    ended: bool,
}

impl Growing {
    fn new(at: &S3, key: Key, options: &Get, mut answer: Unsized) -> Growing {
        let again = Get {
            version_id: answer.meta.version_id.clone().or_else(|| options.version_id.clone()),
            if_match: answer.meta.etag.clone(),
            sse_customer_key: options.sse_customer_key.clone(),
            ..Get::default()
        };
        let checksums = std::mem::take(&mut answer.checksums);
        Growing {
            at: at.clone(),
            key,
            again,
            meta: answer.meta.clone(),
            checksums,
            answer,
            rest: None,
            position: 0,
            ended: false,
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        let chunk = match &mut self.rest {
            Some(rest) => rest.next().await?,
            None => match self.answer.next().await {
                Err(error) if error.kind() == ErrorKind::Network => {
                    let rest = Box::pin(self.resume(error)).await?;
                    self.rest.insert(rest).next().await?
                }
                chunk => chunk?,
            },
        };
        match &chunk {
            Some(chunk) => self.position += chunk.len() as u64,
            None => self.ended = true,
        }
        Ok(chunk)
    }

    /// Asks for the rest of the same object; where that can't be had for sure, the break is the error.
    async fn resume(&self, broken: Error) -> Result<RangeReader> {
        if self.meta.etag.as_ref().is_none_or(|etag| is_weak(etag)) {
            return Err(broken);
        }
        event(
            Level::Warning,
            format!("GetObject: broken off at byte {} of an unknown number, going on", self.position),
        );
        let range = (self.position > 0).then_some(ByteRange::From(self.position));
        let asked = Get { range, ..self.again.clone() };
        let body = match fetch(&self.at, &self.key, &asked).await {
            Ok(body) => body,
            Err(error) if matches!(error.kind(), ErrorKind::Precondition | ErrorKind::NotFound) => {
                return Err(changed());
            }
            // The break may be the object's end, or the server sends no length again: neither can be decided.
            Err(error) if matches!(error.kind(), ErrorKind::Range | ErrorKind::Service) => {
                return Err(broken);
            }
            Err(error) => return Err(error),
        };
        if body.meta.etag != self.meta.etag {
            return Err(changed());
        }
        let size = body.meta.known_size()?;
        let Some(length) = size.checked_sub(self.position) else { return Err(changed()) };
        let found = ObjectHandle::new(&self.at, self.key.clone(), &self.again, &body.meta);
        RangeReader::of(found, body, Span { first: self.position, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_chunks() {
        let part = |position, first, end| part_of(Bytes::from_static(b"01234"), position, first, end);
        assert_eq!(part(10, 0, u64::MAX), "01234");
        assert_eq!(part(10, 12, 14), "23");
        assert_eq!(part(10, 0, 11), "0");
        assert_eq!(part(10, 15, u64::MAX), "");
        assert_eq!(part(10, 20, 30), "");
        assert_eq!(part(10, 0, 10), "");
    }
}
