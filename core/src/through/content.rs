//! `put_by_content`: an object whose key is the checksum of its bytes.
//!
//! Invariant: nothing is visible before the whole source was read and its name is known; the bytes wait in a
//! spool, encrypted for a store that encrypts. An object of that name holds these bytes already and stays.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::at;
use super::spool::FillSpool;
use crate::call::{Call, Step};
use crate::error::{ErrorKind, Result};
use crate::io::Source;
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{Put, PutByContent};
use crate::reply::{ContentReply, PutReply};
use crate::store::Backend;
use crate::transfer::SourceParts;

/// Bytes that are read from the source, and from the spool, at a time.
const LOT: u64 = 1 << 20;

pub(crate) async fn put_by_content(
    at: impl Into<Backend>,
    mailbox: &Arc<Mailbox>,
    source: Source,
    options: PutByContent,
) -> Result<ContentReply> {
    let backend = at.into();
    let (spool, size, sum) = read(&backend, mailbox, source).await?;
    let key = format!("{}{sum}{}", options.prefix.unwrap_or_default(), options.suffix.unwrap_or_default());
    let put = Put {
        content_type: options.content_type,
        metadata: options.metadata,
        if_none_match: Some("*".to_owned()),
        ..Put::default()
    };
    let (target, share) = (Key(key.clone()), mailbox.share());
    let mut call = Call::begin(false, |mailbox| async move {
        share.into_iter().for_each(|share| mailbox.counts_in(share));
        self::at(&backend).put(&mailbox, target, Source::Fed(Some(size)), put).await
    });
    match feed(&mut call, mailbox, &spool, size).await {
        Ok(reply) => Ok(ContentReply { key, size, etag: reply.etag, existed: false }),
        Err(error) if error.kind() == ErrorKind::Precondition => {
            Ok(ContentReply { key, size, etag: None, existed: true })
        }
        Err(error) => Err(error),
    }
}

/// Reads the source to its end: its bytes, how many, and their SHA-256.
async fn read(backend: &Backend, mailbox: &Mailbox, source: Source) -> Result<(FillSpool, u64, String)> {
    let is_encrypted = matches!(backend, Backend::S3(s3) if s3.encryption().is_some());
    let spool = FillSpool::new(is_encrypted).await?;
    let mut parts = SourceParts::open(source, None, None).await?;
    let (mut size, mut sum) = (0, Sha256::new());
    while !parts.ended().await? {
        let bytes = parts.next(LOT, &mut None, mailbox).await?.bytes;
        if bytes.is_empty() {
            continue;
        }
        sum.update(&bytes);
        let length = bytes.len() as u64;
        spool.write(size, vec![bytes]).await?;
        size += length;
    }
    Ok((spool, size, sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// Feeds the `put` from the spool.
async fn feed(
    call: &mut Call<PutReply>,
    mailbox: &Mailbox,
    spool: &FillSpool,
    size: u64,
) -> Result<PutReply> {
    let mut fed = 0;
    loop {
        match call.next().await {
            Step::Want(_) if fed == size => call.feed_end(),
            Step::Want(_) => {
                let length = LOT.min(size - fed);
                let bytes = spool.read(fed, length as usize).await?;
                call.feed(bytes);
                fed += length;
                mailbox.advance(length);
            }
            Step::Ask { callback, question } => match mailbox.ask(callback, question).await {
                Ok(answer) => call.answer(answer),
                Err(error) => call.answer_error(error.message()),
            },
            Step::Done => return call.take(),
            _ => {}
        }
    }
}
