//! The bytes of one store's object as the source of another store's `put`.
//!
//! Invariant: the `put` ends only after the source was read whole and verified; else it fails and leaves
//! nothing. Memory is bounded as for a stream.

use std::sync::Arc;

use super::Side;
use crate::call::{Call, Step};
use crate::error::Result;
use crate::io::{Sink, Source};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{Get, Put};
use crate::reply::{GetReply, PutReply};

/// Reads the object and stores it in the other store.
pub(super) async fn pump(
    (source, source_key, get): (Side, Key, Get),
    (target, key, put): (Side, Key, Put),
    size: Option<u64>,
    mailbox: &Arc<Mailbox>,
) -> Result<PutReply> {
    let share = mailbox.share();
    let mut reading = Call::begin(false, |mailbox| async move {
        source.at().get(&mailbox, source_key, Sink::Stream, get).await
    });
    let mut writing = Call::begin(false, |mailbox| async move {
        share.into_iter().for_each(|share| mailbox.counts_in(share));
        target.at().put(&mailbox, key, Source::Fed(size), put).await
    });
    let mut failed = None;
    loop {
        match writing.next().await {
            Step::Want(_) => match next(&mut reading, mailbox).await {
                Ok(Some(bytes)) => {
                    mailbox.advance(bytes.len() as u64);
                    writing.feed(bytes);
                }
                Ok(None) => writing.feed_end(),
                Err(error) => {
                    writing.feed_error(error.message());
                    failed = Some(error.with_detail("the source"));
                }
            },
            Step::Ask { callback, question } => match mailbox.ask(callback, question).await {
                Ok(answer) => writing.answer(answer),
                Err(error) => writing.answer_error(error.message()),
            },
            Step::Done => {
                let written = writing.take();
                return failed.map_or(written, Err);
            }
            _ => {}
        }
    }
}

/// The next bytes of the source; none at its end.
async fn next(reading: &mut Call<GetReply>, mailbox: &Mailbox) -> Result<Option<bytes::Bytes>> {
    loop {
        match reading.next().await {
            Step::Chunk(bytes) => return Ok(Some(bytes)),
            Step::Ask { callback, question } => match mailbox.ask(callback, question).await {
                Ok(answer) => reading.answer(answer),
                Err(error) => reading.answer_error(error.message()),
            },
            Step::Done => return reading.take().map(|_| None),
            _ => {}
        }
    }
}
