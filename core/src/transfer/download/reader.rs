//! One range of one object, read chunk by chunk over as many connections as it takes.
//!
//! Invariants: the bytes are those of the object of the first response. A body that breaks off goes on at the
//! byte reached, under the same ETag; if another object is there by then, the call fails with `Changed`.
//! Bytes come exactly once and in order, or as an error.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use crate::error::{Error, ErrorKind, Result};
use crate::keys::Key;
use crate::observe::{Level, event};
use crate::options::Get;
use crate::reply::ObjectMeta;
use crate::s3::{Body, S3, fetch, is_weak};
use crate::transfer::spans::Span;

/// Times that a body may break off without a single new byte before the call gives up.
const BREAKS: u32 = 4;

/// The object of the first response, for all later requests to find again.
pub(crate) struct ObjectHandle {
    pub(crate) at: S3,
    pub(crate) key: Key,
    etag: Option<String>,
    size: Option<u64>,
    /// What later requests ask besides their range.
    again: Get,
}

impl ObjectHandle {
    pub(crate) fn new(at: &S3, key: Key, asked: &Get, meta: &ObjectMeta) -> Arc<ObjectHandle> {
        let again = Get {
            version_id: meta.version_id.clone().or_else(|| asked.version_id.clone()),
            if_match: meta.etag.clone(),
            sse_customer_key: asked.sse_customer_key.clone(),
            ..Get::default()
        };
        Arc::new(ObjectHandle { at: at.clone(), key, etag: meta.etag.clone(), size: meta.size, again })
    }

    /// Whether another request can be sure to find it: a weak ETag stands for several objects.
    pub(crate) fn is_sure(&self) -> bool {
        self.etag.as_ref().is_some_and(|etag| !is_weak(etag))
    }

    /// Asks for a span of it.
    async fn fetch(&self, span: Span) -> Result<Body> {
        let asked = Get { range: Some(span.range()), ..self.again.clone() };
        let body = fetch(&self.at, &self.key, &asked).await.map_err(|error| match error.kind() {
            // An object that was archived meanwhile is the same one.
            _ if error.code() == Some("InvalidObjectState") => error,
            ErrorKind::Precondition | ErrorKind::NotFound | ErrorKind::Range => changed(),
            _ => error,
        })?;
        if body.meta.etag != self.etag || body.meta.size != self.size {
            return Err(changed());
        }
        covers(Span { first: body.offset, length: body.length }, span)?;
        Ok(body)
    }
}

/// Fails unless the response holds the span. A server without ranges sends more; none sends less.
fn covers(received: Span, span: Span) -> Result<()> {
    if received.first <= span.first && span.end() <= received.end() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Service, "the server returned another range than was requested"))
}

pub(crate) fn changed() -> Error {
    Error::new(ErrorKind::Changed, "the object was replaced while it was read; read it again")
}

/// What a reader returns.
pub(crate) enum NextChunk {
    Chunk(Bytes),
    End,
    /// Nothing came in time.
    Late,
}

/// A span of an object under way.
pub(crate) struct RangeReader {
    object: Arc<ObjectHandle>,
    body: Body,
    /// Bytes of the body that were not handed out yet, from `at` on.
    pending: Bytes,
    /// The next byte to hand out.
    at: u64,
    /// Where to stop for now.
    end: u64,
    /// How far a request for the rest asks.
    reach: u64,
    breaks: u32,
}

impl RangeReader {
    /// Reads a span out of an answer that holds it.
    pub(crate) fn of(object: Arc<ObjectHandle>, body: Body, span: Span) -> Result<RangeReader> {
        covers(Span { first: body.offset, length: body.length }, span)?;
        Ok(RangeReader {
            object,
            body,
            pending: Bytes::new(),
            at: span.first,
            end: span.end(),
            reach: span.end(),
            breaks: 0,
        })
    }

    /// Asks for a span and reads the answer.
    pub(crate) async fn open(object: Arc<ObjectHandle>, span: Span) -> Result<RangeReader> {
        let body = object.fetch(span).await?;
        RangeReader::of(object, body, span)
    }

    /// What is still to come.
    pub(crate) fn left(&self) -> Span {
        Span { first: self.at, length: self.end - self.at }
    }

    /// Stops at `end`, and asks for nothing from `reach` on, should the answer break off.
    pub(crate) fn until(&mut self, end: u64, reach: u64) {
        (self.end, self.reach) = (end, reach);
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        match self.next_by(None).await? {
            NextChunk::Chunk(chunk) => Ok(Some(chunk)),
            NextChunk::End | NextChunk::Late => Ok(None),
        }
    }

    /// The next piece, unless none comes in time.
    pub(crate) async fn next_by(&mut self, deadline: Option<Instant>) -> Result<NextChunk> {
        loop {
            let wanted = self.end - self.at;
            if wanted > 0 && !self.pending.is_empty() {
                let chunk = self
                    .pending
                    .split_to(self.pending.len().min(usize::try_from(wanted).unwrap_or(usize::MAX)));
                self.at += chunk.len() as u64;
                self.breaks = 0;
                return Ok(NextChunk::Chunk(chunk));
            }
            let at_end = self.body.left() == 0;
            if wanted == 0 && !(at_end && self.pending.is_empty()) {
                // The answer holds more than was wanted; with the reader it is dropped, and its connection
                // with it.
                return Ok(NextChunk::End);
            }
            let next = match deadline {
                None => self.body.next().await,
                Some(deadline) => match timeout_at(deadline, self.body.next()).await {
                    Ok(next) => next,
                    Err(_) => return Ok(NextChunk::Late),
                },
            };
            let broken = match next {
                Ok(Some(chunk)) => {
                    self.receive(chunk);
                    continue;
                }
                // One look beyond the last byte: an answer that ends there leaves its connection for the next
                // request.
                Ok(None) if wanted == 0 => return Ok(NextChunk::End),
                Ok(None) => Error::new(ErrorKind::Network, "the connection ended before the last byte"),
                Err(error) => error,
            };
            if broken.kind() != ErrorKind::Network || self.breaks == BREAKS {
                return Err(broken);
            }
            Box::pin(self.resume()).await?;
        }
    }

    /// Asks for the rest on another connection. What fails leaves the one that there is.
    pub(crate) async fn replace(&mut self) {
        let rest = Span { first: self.at, length: self.reach - self.at };
        if self.left().length == 0 || !self.object.is_sure() {
            return;
        }
        event(Level::Info, format!("GetObject: from byte {} on by another connection", rest.first));
        if let Ok(body) = self.object.fetch(rest).await {
            self.body = body;
            self.pending = Bytes::new();
        }
    }

    /// Takes in a chunk of the body, without the bytes before the span: a server without ranges sends
    /// everything.
    fn receive(&mut self, mut chunk: Bytes) {
        let first = self.body.position() - chunk.len() as u64;
        let before = self.at.saturating_sub(first).min(chunk.len() as u64);
        self.pending = chunk.split_off(before as usize);
    }

    /// Asks for the rest of the same object.
    async fn resume(&mut self) -> Result<()> {
        self.breaks += 1;
        let rest = Span { first: self.at, length: self.reach - self.at };
        event(
            Level::Warning,
            format!(
                "GetObject: broken off at byte {} with {} to come, going on (break {})",
                rest.first, rest.length, self.breaks
            ),
        );
        tokio::time::sleep(Duration::from_millis(50 << self.breaks)).await;
        if !self.object.is_sure() {
            return Err(Error::new(
                ErrorKind::Network,
                "the connection broke, and without an ETag the rest can't be fetched safely",
            ));
        }
        self.body = self.object.fetch(rest).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_with_less_than_the_span_is_refused() {
        let span = Span { first: 10, length: 5 };
        for (first, length) in [(10, 5), (0, 100), (10, 6), (9, 6)] {
            covers(Span { first, length }, span).unwrap();
        }
        for (first, length) in [(10, 4), (11, 4), (0, 14), (20, 5), (0, 0)] {
            let error = covers(Span { first, length }, span).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Service);
        }
    }
}
