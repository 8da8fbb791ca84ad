//! `get`: from the bucket to memory, a file or the caller's stream.
//!
//! Law: a body that breaks off goes on at the byte reached, under the same ETag; another object there by then is `Changed`.
//! A file appears when its last byte is written.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::error::{Error, ErrorKind, Result};
use crate::io::{Draft, Sink};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::observe::{Level, event};
use crate::options::Get;
use crate::reply::GetReply;
use crate::s3::{Body, S3, fetch};
use crate::value::ByteRange;

/// Times that a body may break off without a single new byte before the call gives up.
const BREAKS: u32 = 4;

/// Bytes that are set aside for a body before any of them has come: a server's word alone does not fill the memory.
const RESERVE: u64 = 64 << 20;

pub(crate) async fn get(at: &S3, mailbox: &Arc<Mailbox>, key: Key, into: Sink, options: Get) -> Result<GetReply> {
    // The draft comes first: a target that can't be written fails before any request.
    let draft = match &into {
        Sink::File(path) => Some(Draft::beside(path).await?),
        _ => None,
    };
    let mut reader = Reader::begin(at, &key, options).await?;
    mailbox.set_total(reader.length());
    let mut reply = GetReply { meta: reader.body.meta.clone(), offset: reader.body.offset, length: reader.length(), body: None };
    match (into, draft) {
        (Sink::File(_), Some(mut draft)) => {
            while let Some(chunk) = reader.next().await? {
                mailbox.advance(chunk.len() as u64);
                draft.write(chunk).await?;
            }
            draft.finish().await?;
        }
        (Sink::Stream, _) => {
            while let Some(chunk) = reader.next().await? {
                mailbox.advance(chunk.len() as u64);
                mailbox.send(chunk).await;
            }
        }
        _ => reply.body = Some(collect(&mut reader, mailbox).await?),
    }
    Ok(reply)
}

async fn collect(reader: &mut Reader<'_>, mailbox: &Mailbox) -> Result<Bytes> {
    let Some(first) = reader.next().await? else { return Ok(Bytes::new()) };
    mailbox.advance(first.len() as u64);
    if first.len() as u64 == reader.length() {
        // One more look: the checksum's verdict stands at the end.
        return reader.next().await.map(|_| first);
    }
    let mut whole = BytesMut::with_capacity(usize::try_from(reader.length().min(RESERVE)).unwrap_or(0));
    whole.extend_from_slice(&first);
    while let Some(chunk) = reader.next().await? {
        mailbox.advance(chunk.len() as u64);
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

/// A body that survives broken connections.
struct Reader<'a> {
    at: &'a S3,
    key: &'a Key,
    options: Get,
    body: Body,
    offset: u64,
    length: u64,
    got: u64,
    breaks: u32,
}

impl<'a> Reader<'a> {
    async fn begin(at: &'a S3, key: &'a Key, options: Get) -> Result<Reader<'a>> {
        let body = fetch(at, key, &options).await?;
        Ok(Reader { at, key, options, offset: body.offset, length: body.length, body, got: 0, breaks: 0 })
    }

    fn length(&self) -> u64 {
        self.length
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if self.got == self.length {
                // The end of the stream carries the checksum's verdict.
                return match self.body.next().await? {
                    None => Ok(None),
                    Some(_) => Err(Error::new(ErrorKind::Corrupt, "the server sent more bytes than it announced")),
                };
            }
            let broken = match self.body.next().await {
                Ok(Some(chunk)) if self.got + chunk.len() as u64 <= self.length => {
                    self.got += chunk.len() as u64;
                    self.breaks = 0;
                    return Ok(Some(chunk));
                }
                Ok(Some(_)) => return Err(Error::new(ErrorKind::Corrupt, "the server sent more bytes than it announced")),
                Ok(None) => Error::new(ErrorKind::Network, "the connection ended before the last byte"),
                Err(error) => error,
            };
            if broken.kind() != ErrorKind::Network || self.breaks == BREAKS {
                return Err(broken);
            }
            self.resume().await?;
        }
    }

    /// Asks for the rest of the same object.
    async fn resume(&mut self) -> Result<()> {
        self.breaks += 1;
        event(
            Level::Warning,
            format!("GetObject: broken off after {} of {} bytes, going on (break {})", self.got, self.length, self.breaks),
        );
        tokio::time::sleep(Duration::from_millis(50 << self.breaks)).await;
        let Some(etag) = self.body.meta.etag.clone() else {
            return Err(Error::new(ErrorKind::Network, "the connection broke, and without an ETag the rest can't be fetched safely"));
        };
        let rest = Get {
            range: Some(ByteRange::FromTo(self.offset + self.got, self.offset + self.length - 1)),
            version_id: self.body.meta.version_id.clone().or_else(|| self.options.version_id.clone()),
            if_match: Some(etag),
            sse_customer_key: self.options.sse_customer_key.clone(),
            ..Get::default()
        };
        let body = fetch(self.at, self.key, &rest).await.map_err(|error| match error.kind() {
            ErrorKind::Precondition | ErrorKind::NotFound => changed(),
            _ => error,
        })?;
        if body.offset != self.offset + self.got || body.length != self.length - self.got || body.meta.etag != self.body.meta.etag {
            return Err(changed());
        }
        self.body = body;
        Ok(())
    }
}

fn changed() -> Error {
    Error::new(ErrorKind::Changed, "the object was replaced while it was read; read it again")
}
