//! The bytes of an object in chunks: whole, a range, or several ranges.
//!
//! Invariant: bytes come in order, of chunks of exactly the announced length. An object whose description
//! changes while it is read fails with `Changed`: its chunks may then be those of two objects.

use std::pin::pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};

use super::{At, ChunksInfo, chunk};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::{Naming, Output, Sink};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{Get, GetRanges, Head};
use crate::reply::GetReply;
use crate::transfer;
use crate::value::ByteRange;

/// Bytes of a chunk that are fetched by one request, and requests at a time.
const PIECE: u64 = 8 << 20;
const AT_ONCE: usize = 4;

/// Bytes of one chunk.
#[derive(Clone, Copy, Debug, PartialEq)]
struct ChunkPiece {
    /// The chunk's number, from 1.
    number: u64,
    /// Where they lie in the chunk.
    offset: u64,
    length: u64,
}

/// The pieces of a range, each of at most `most` bytes and within one chunk.
fn pieces(info: &ChunksInfo, (first, length): (u64, u64), most: u64) -> impl Iterator<Item = ChunkPiece> {
    let (size, end, mut at) = (info.chunk_size, first + length, first);
    std::iter::from_fn(move || {
        let offset = at % size;
        let piece =
            ChunkPiece { number: at / size + 1, offset, length: (end - at).min(size - offset).min(most) };
        at += piece.length;
        (piece.length > 0).then_some(piece)
    })
}

impl<'a> At<'a> {
    /// Fetches an object in chunks, or a range of it.
    pub(in crate::many) async fn chunked_get(
        self,
        mailbox: &Arc<Mailbox>,
        key: Key,
        into: Sink,
        options: Get,
        missing: Error,
    ) -> Result<GetReply> {
        let conditions = Head {
            if_match: options.if_match,
            if_none_match: options.if_none_match,
            if_modified_since: options.if_modified_since,
            if_unmodified_since: options.if_unmodified_since,
            ..Head::default()
        };
        let info = self.whole(mailbox, &key, conditions, missing).await?;
        let range = options.range.map_or(Ok((0, info.file_size)), |range| range.within(info.file_size))?;
        mailbox.set_total(range.1);
        let mut output = Output::open(&into, Naming::Temporary).await?;
        let mut body = BytesMut::new();
        {
            let mut read = pin!(self.bytes_of(mailbox, &key, &info, range));
            while let Some(bytes) = read.next().await {
                match &mut output {
                    Output::Memory => body.extend_from_slice(&bytes?),
                    Output::File(draft) => draft.write(bytes?).await?,
                    ordered => transfer::send(ordered, mailbox, bytes?).await?,
                }
            }
        }
        self.unchanged(mailbox, &key, &info).await?;
        let is_memory = matches!(output, Output::Memory);
        if let Output::File(draft) = output {
            draft.finish().await?;
        }
        let body = is_memory.then(|| body.freeze());
        Ok(GetReply { meta: info.meta(&key), offset: range.0, length: range.1, body })
    }

    /// Fetches several ranges of an object in chunks.
    pub(in crate::many) async fn chunked_ranges(
        self,
        mailbox: &Arc<Mailbox>,
        key: &Key,
        ranges: &[ByteRange],
        options: GetRanges,
        missing: Error,
    ) -> Result<Vec<Bytes>> {
        let conditions = Head { if_match: options.if_match, ..Head::default() };
        let info = self.whole(mailbox, key, conditions, missing).await?;
        let within: Vec<_> =
            ranges.iter().map(|range| range.within(info.file_size)).collect::<Result<_>>()?;
        mailbox.set_total(within.iter().map(|(_, length)| length).sum());
        let mut found = Vec::with_capacity(within.len());
        for range in within {
            let mut body = BytesMut::new();
            let mut read = pin!(self.bytes_of(mailbox, key, &info, range));
            while let Some(bytes) = read.next().await {
                body.extend_from_slice(&bytes?);
            }
            found.push(body.freeze());
        }
        self.unchanged(mailbox, key, &info).await?;
        Ok(found)
    }

    /// The bytes of a range, in order.
    fn bytes_of<'b>(
        self,
        mailbox: &'b Arc<Mailbox>,
        key: &'b Key,
        info: &'b ChunksInfo,
        range: (u64, u64),
    ) -> impl Stream<Item = Result<Bytes>> + use<'a, 'b>
    where
        'a: 'b,
    {
        // A piece of an encrypted chunk can't be verified: chunks are fetched whole, one by one.
        let (most, at_once) = match self {
            At::Encrypted(_) => (u64::MAX, 1),
            _ => (PIECE, AT_ONCE),
        };
        let read = move |piece| async move { Box::pin(self.piece(mailbox, key, info, piece)).await };
        stream::iter(pieces(info, range, most)).map(read).buffered(at_once)
    }

    async fn piece(
        self,
        mailbox: &Arc<Mailbox>,
        key: &Key,
        info: &ChunksInfo,
        ChunkPiece { number, offset, length }: ChunkPiece,
    ) -> Result<Bytes> {
        let own = Arc::new(Mailbox::of_part(mailbox));
        let expected = info.length(number);
        let is_whole = matches!(self, At::Encrypted(_));
        let range = (!is_whole).then_some(ByteRange::FromTo(offset, offset + length - 1));
        let get = Get { range, ..Get::default() };
        let reply = match self.direct_get(&own, chunk(key, number), Sink::Memory, get).await {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Range) => {
                fail!(Corrupt, "chunk {number} of {} is missing or too short", info.chunks)
            }
            reply => reply?,
        };
        if reply.meta.size != Some(expected) {
            let size = reply.meta.size.unwrap_or_default();
            fail!(Corrupt, "chunk {number} of {} has {size} bytes, expected {expected}", info.chunks);
        }
        let bytes = reply.body.unwrap_or_default();
        Ok(if is_whole { bytes.slice(offset as usize..(offset + length) as usize) } else { bytes })
    }

    /// Refuses an object whose description is no longer the one that was read by.
    async fn unchanged(self, mailbox: &Arc<Mailbox>, key: &Key, info: &ChunksInfo) -> Result<()> {
        let now = self.info(mailbox, key, Head::default()).await?;
        if now.is_none_or(|now| !now.complete || now.etag != info.etag) {
            fail!(Changed, "the object was written anew while its chunks were read");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_in_order_within_a_chunk_and_make_up_the_range() {
        let info = ChunksInfo {
            chunk_size: 10,
            file_size: 25,
            chunks: 3,
            modified: None,
            complete: true,
            etag: None,
        };
        let cut = |range, most| {
            pieces(&info, range, most)
                .map(|piece| (piece.number, piece.offset, piece.length))
                .collect::<Vec<_>>()
        };
        assert_eq!(cut((0, 25), 100), [(1, 0, 10), (2, 0, 10), (3, 0, 5)]);
        assert_eq!(cut((8, 13), 100), [(1, 8, 2), (2, 0, 10), (3, 0, 1)]);
        assert_eq!(cut((0, 12), 4), [(1, 0, 4), (1, 4, 4), (1, 8, 2), (2, 0, 2)]);
        assert_eq!(cut((0, 0), 4), []);
    }
}
