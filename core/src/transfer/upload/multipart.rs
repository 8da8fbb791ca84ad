//! An upload in parts, several of which are sent at a time.
//!
//! Invariants: a part's bytes are kept until the server has it, so a retry sends the same ones. The object is
//! completed only after the last part was sent and the source has not changed.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use futures_util::FutureExt as _;

use super::SourceUpload;
use super::completion::{finish, with_etag};
use super::next_part::NextPart;
use super::sending::SendingParts;
use super::start::start;
use crate::error::{Result, fail};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::Put;
use crate::reply::PutReply;
use crate::s3::{As, Creation, Part, PartName, S3, create, put_part};
use crate::transfer::budget;
use crate::transfer::gate::Permit;
use crate::transfer::resume::{UploadState, digest, is_same};
use crate::transfer::source::{PartBody, SourceParts};

/// What a journal has of a part.
enum PartRecord {
    None,
    /// The server has it.
    Sent(Part),
    /// The server has this in its place; only the transformed bytes show whether that is the same.
    Listed(Part),
}

impl SourceUpload<'_> {
    /// Sends the source in parts, of which the first is read already, and completes the object.
    pub(super) async fn in_parts(&mut self, body: PartBody, permit: Permit) -> Result<PutReply> {
        let (at, mailbox, key, cut) = (self.at, self.mailbox, self.key.clone(), self.cut);
        let options = Arc::new(std::mem::take(&mut self.options));
        let mut ahead = self.read_ahead(body, permit).await?;
        let begun = Instant::now();
        let (upload_id, cleanup) = self.upload_id(&options).await?;
        let mut sending = SendingParts::new(at, begun.elapsed()).await?;
        let joined = match (&self.before, ahead.front_mut()) {
            (Some(before), Some(first)) => {
                let algorithm = self.parts.algorithm;
                // A copy waits for a slot, and must hold no permit meanwhile.
                first.permit = None;
                let parts = Box::pin(before.send(at, mailbox, &key, &upload_id, &options, algorithm)).await?;
                first.permit = Some(Arc::new(budget::acquire(first.size).await?));
                parts
            }
            _ => Vec::new(),
        };
        let mut total = joined.iter().map(|part| part.size).sum::<u64>();
        for number in joined.len() as u64 + 1.. {
            let NextPart { size, mut body, slot, permit } = match ahead.pop_front() {
                Some(part) => part,
                None => self.next_part(number, &mut sending).await?,
            };
            if size == 0 && !joined.is_empty() {
                break;
            }
            total += size;
            if total > cut.max_size(self.parts.size) || number > cut.max_parts {
                fail!(
                    InvalidInput,
                    "the source is larger than {} parts hold; give its size, or raise \
                     `multipart_chunksize` or `max_parts`",
                    cut.max_parts
                );
            }
            let is_last = ahead.is_empty() && self.parts.ended().await?;
            let part_number = number as i32;
            let (mut record, mut row) = (PartRecord::None, None);
            if self.resume.is_some() {
                let read = body.await?.summed(self.parts.summed_by()).await?;
                row = self.transform.is_none().then(|| digest(&read));
                record = self.record(part_number, &read).await?;
                body = ready(Ok(read)).boxed();
            }
            if let PartRecord::Sent(part) = record {
                mailbox.advance(size);
                sending.done.push(part);
            } else {
                let transform = match &mut self.transform {
                    Some(transform) => Some(transform.part(size, is_last)?),
                    None => None,
                };
                let (at, key, upload_id, options, mailbox) =
                    (at.clone(), key.clone(), upload_id.clone(), options.clone(), mailbox.clone());
                let (algorithm, summed_by) = (self.parts.algorithm, self.parts.summed_by());
                let moved = sending.moved.clone();
                sending.send(async move {
                    let mut body = body.await?.summed(summed_by).await?;
                    if let Some(transform) = transform {
                        body = transform.transform(body.bytes, algorithm).await?;
                    }
                    let part = match record {
                        PartRecord::Listed(listed) if is_same(&listed, &body) => {
                            Part { checksum: body.checksum, ..listed }
                        }
                        _ => {
                            let part = PartName { upload_id: &upload_id, number: part_number };
                            send(&at, &key, part, body, &options, moved).await?
                        }
                    };
                    drop((permit, slot));
                    mailbox.advance(size);
                    Ok((part, row))
                });
            }
            if is_last {
                break;
            }
            sending.room(&mut self.resume).await?;
        }
        sending.all(&mut self.resume).await?;
        self.parts.unchanged().await?;
        let mut done = sending.done;
        done.extend(joined);
        done.sort_by_key(|part| part.number);
        let guard = match &self.transform {
            Some(transform) => transform.before_object().await?,
            None => None,
        };
        let reply = finish(at, &key, &upload_id, &done, &options).await?;
        cleanup.into_iter().chain(guard).for_each(|work| mailbox.keep(work));
        let reply = with_etag(at, &key, reply, options.sse_customer_key.as_ref()).await;
        Ok(PutReply { size: total, ..reply })
    }

    /// What the journal has of a part, which it notes before it is transformed.
    async fn record(&mut self, number: i32, body: &PartBody) -> Result<PartRecord> {
        let Some(state) = &mut self.resume else { return Ok(PartRecord::None) };
        if let Some(part) = state.part(number, body) {
            return Ok(PartRecord::Sent(part));
        }
        let listed = match &self.transform {
            Some(_) => state.claim(number as u64, &body.bytes).await?,
            None => None,
        };
        Ok(listed.map_or(PartRecord::None, PartRecord::Listed))
    }

    /// The id of the upload to resume, or of a new one with the cleanup that aborts it.
    async fn upload_id(&mut self, options: &Arc<Put>) -> Result<(Arc<str>, Option<u64>)> {
        if let Some((upload_id, algorithm)) = self.resume.as_ref().and_then(UploadState::upload) {
            self.parts.algorithm = algorithm;
            return Ok((upload_id.into(), None));
        }
        let (upload_id, cleanup) =
            start_put(self.at, self.mailbox, &self.key, &mut self.parts, options).await?;
        let Some(state) = &mut self.resume else { return Ok((upload_id, Some(cleanup))) };
        // From now on the upload is the journal's to abort.
        state.began(&upload_id, self.parts.algorithm).await?;
        self.mailbox.keep(cleanup);
        Ok((upload_id, None))
    }
}

/// Starts the upload of a source, whose parts carry from then on a checksum that the server accepts.
async fn start_put(
    at: &S3,
    mailbox: &Mailbox,
    key: &Arc<Key>,
    parts: &mut SourceParts,
    options: &Arc<Put>,
) -> Result<(Arc<str>, u64)> {
    loop {
        let algorithm = parts.algorithm;
        let creating = {
            let (at, key, options) = (at.clone(), key.clone(), options.clone());
            move |creation: Arc<Creation>| async move {
                create(&at, &key, As::Put(&options), algorithm, &creation).await
            }
        };
        match start(at, mailbox, key, creating).await {
            Err(error) if at.refuses(algorithm, &error).await? => parts.algorithm = at.algorithm().await?,
            started => return started,
        }
    }
}

/// Sends a part. The checksum of an upload that has started cannot be changed: if the server refuses the
/// part's, Content-MD5 is sent instead.
async fn send(
    at: &S3,
    key: &Key,
    part: PartName<'_>,
    body: PartBody,
    options: &Put,
    moved: Arc<AtomicU64>,
) -> Result<Part> {
    let (bytes, counted) = (body.bytes.clone(), Some(moved.clone()));
    match put_part(at, key, part, bytes, body.checksum, options, counted).await {
        Err(error) if at.refuses(body.checksum.map(|sum| sum.algorithm), &error).await? => {
            put_part(at, key, part, body.bytes, None, options, Some(moved)).await
        }
        sent => sent,
    }
}
