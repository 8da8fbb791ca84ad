//! `copy` within stores that encrypt: the copy can be read by the same key.
//!
//! Invariant: the envelope goes with its object, whatever else is replaced, and so does the instruction file,
//! which is there first.

use std::sync::Arc;

use super::instruction::{beside, guard};
use super::object::{fits_beside, plain_size};
use crate::crypto::{envelope_of, is_elsewhere};
use crate::error::{ErrorKind, Result};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::Copy;
use crate::reply::PutReply;
use crate::s3::{S3, copy_whole};
use crate::transfer::{ServerCopy, copy_source};

pub(crate) async fn copy(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    source_key: Key,
    key: Key,
    options: Copy,
) -> Result<PutReply> {
    let mut copy = ServerCopy::open(at, mailbox, source_key, key, options).await?;
    let guard = carry(&mut copy).await?;
    let size = plain_size(&copy.meta)?;
    let reply = copy.run().await?;
    guard.into_iter().for_each(|guard| mailbox.keep(guard));
    // The size of the content.
    Ok(PutReply { size, ..reply })
}

/// Keeps the envelope in the copy's metadata and copies the instruction file; returns the cleanup that puts
/// the file back.
async fn carry(copy: &mut ServerCopy<'_>) -> Result<Option<u64>> {
    let (at, mailbox) = (copy.at, copy.mailbox);
    if copy.replaces_metadata() {
        let mut metadata = copy.options.metadata.take().unwrap_or_default();
        let envelope = envelope_of(&copy.meta.metadata);
        fits_beside(&metadata, &envelope)?;
        metadata.extend(envelope);
        copy.options.metadata = Some(metadata);
    }
    if !is_elsewhere(&copy.meta.metadata) {
        return Ok(None);
    }
    let source = copy_source(&copy.from, &beside(&copy.source_key), None);
    let options = Copy {
        sse: copy.options.sse.clone(),
        sse_kms_key_id: copy.options.sse_kms_key_id.clone(),
        sse_customer_key: copy.options.sse_customer_key.clone(),
        source_sse_customer_key: copy.options.source_sse_customer_key.clone(),
        ..Copy::default()
    };
    let guard = guard(at, mailbox, &copy.key).await?;
    match copy_whole(at, &source, &beside(&copy.key), &options, 0).await {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(Some(guard)),
    }
}
