//! `put`: from bytes, a file or the caller's reader to the bucket, in one request or as a multipart upload.
//!
//! Invariants: the object appears whole or not at all. An upload that fails or is cancelled is aborted. A
//! retry sends the same bytes, because each part is kept until the server has it. If the response is lost, a
//! HEAD request decides whether the upload succeeded.

mod before;
mod completion;
mod multipart;
mod next_part;
mod sending;
mod start;

use std::sync::Arc;

use bytes::Bytes;

use self::before::{Before, behind};
use super::gate::Permit;
use super::plan::{Cut, MAX_PART, MAX_PARTS};
use super::resume::UploadState;
use super::source::{PartBody, SourceParts};
use super::transform::{PartFrame, UploadTransform};
use super::{budget, refuse_context};
use crate::config::Settings;
use crate::error::{ErrorKind, Result, fail};
use crate::io::Source;
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::observe::{Level, event};
use crate::options::Put;
use crate::reply::PutReply;
use crate::s3::{S3, etag_of, put_whole, stored};

pub(super) use completion::with_etag;
pub(super) use start::start;

const PART_SIZE: u64 = 8 << 20;
const THRESHOLD: u64 = 16 << 20;

/// The blocks of ciphers: a source up to the threshold may be sent as one encrypted part.
const BLOCK: u64 = 16;

pub(crate) async fn put(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: Key,
    source: Source,
    options: Put,
) -> Result<PutReply> {
    refuse_context(options.encryption_context.as_ref())?;
    SourceUpload::open(at, mailbox, key, source, options, None).await?.run().await
}

/// An upload whose source is open, and of which nothing is read yet.
pub(crate) struct SourceUpload<'a> {
    pub(crate) at: &'a S3,
    pub(crate) mailbox: &'a Arc<Mailbox>,
    pub(crate) key: Arc<Key>,
    pub(crate) options: Put,
    pub(crate) parts: SourceParts,
    /// The state that the journal holds, if there is one.
    pub(crate) resume: Option<UploadState>,
    /// What the parts go through; there is one if `open` was given a frame.
    pub(crate) transform: Option<Box<dyn UploadTransform>>,
    /// What goes before the source.
    before: Option<Before>,
    cut: Cut,
    may_cut: bool,
    /// Bytes that are read before it is decided whether one request is enough.
    first: u64,
}

impl<'a> SourceUpload<'a> {
    /// Opens the source and the journal, and plans the parts.
    pub(crate) async fn open(
        at: &'a S3,
        mailbox: &'a Arc<Mailbox>,
        key: Key,
        source: Source,
        mut options: Put,
        frame: Option<PartFrame>,
    ) -> Result<SourceUpload<'a>> {
        let settings = at.completed().await?;
        let cut = cut(settings, &options, frame)?;
        let may_cut = settings.multipart_upload != Some(false);
        let threshold = match may_cut {
            true => settings.multipart_threshold.unwrap_or(THRESHOLD).next_multiple_of(BLOCK),
            false => MAX_PART - frame.map_or(0, |frame| frame.trailer),
        };
        let parts = SourceParts::open(source, at.algorithm().await?, frame).await?;
        let before = match options.after.take() {
            Some(_) if options.journal.is_some() || !may_cut => fail!(
                InvalidInput,
                "option `after` goes neither with `journal` nor with `multipart_upload=false`"
            ),
            Some(keys) => {
                Some(Box::pin(Before::open(at, mailbox, keys, options.sse_customer_key.as_ref())).await?)
            }
            None => None,
        };
        if let Some(size) = parts.size {
            frame.map_or(Ok(()), |frame| (frame.check_size)(size))?;
            if size > cut.max_size(parts.size) {
                fail!(
                    InvalidInput,
                    "the source has {size} bytes; {} are allowed, see `max_parts`",
                    cut.max_size(parts.size)
                );
            }
            mailbox.set_total(size + before.as_ref().map_or(0, Before::size));
        }
        // Up to the threshold one request is enough; to find out whether that holds of a source without a
        // size, this much must be read first.
        let first = match parts.size {
            Some(size) if size <= threshold => size,
            None if !cut.fixed || !may_cut => threshold.max(cut.wanted),
            size => cut.part_size(size, 1),
        };
        let resume = match &options.journal {
            Some(journal) => {
                Some(Box::pin(UploadState::open(at, &key, journal, &parts, &cut, &options)).await?)
            }
            None => None,
        };
        let key = Arc::new(key);
        let transform = None;
        Ok(SourceUpload { at, mailbox, key, options, parts, resume, transform, before, cut, may_cut, first })
    }

    /// Sends the source.
    pub(crate) async fn run(mut self) -> Result<PutReply> {
        let rest = match &self.before {
            Some(before) => Box::pin(before.rest(self.at, self.mailbox, &self.options)).await?,
            None => Bytes::new(),
        };
        let (body, permit) = read(&mut self.parts, self.first, None, self.mailbox).await?;
        let body = behind(rest, body).await?;
        if self.before.as_ref().is_none_or(Before::is_small) && self.parts.ended().await? {
            return self.in_one(body, permit).await;
        }
        if !self.may_cut {
            fail!(
                InvalidInput,
                "the source has more than {MAX_PART} bytes, which only go in parts, and the setting \
                 `multipart_upload` forbids that"
            );
        }
        let outcome = Box::pin(self.in_parts(body, permit)).await;
        match (self.resume, &outcome) {
            (Some(state), Ok(_)) => state.done().await,
            // After an error that may pass by itself, the next call resumes.
            (Some(state), Err(error)) if !error.retryable() => {
                Box::pin(state.abort(self.at, &self.key)).await
            }
            _ => {}
        }
        outcome
    }

    /// Sends the source in one request.
    async fn in_one(mut self, mut body: PartBody, _permit: Permit) -> Result<PutReply> {
        let size = body.bytes.len() as u64;
        let mut guard = None;
        if let Some(transform) = &mut self.transform {
            body = transform.part(size, true)?.transform(body.bytes, self.parts.algorithm).await?;
            guard = transform.before_object().await?;
        }
        let reply = PutReply { size, ..whole(self.at, &self.key, body, &self.options).await? };
        guard.into_iter().for_each(|guard| self.mailbox.keep(guard));
        self.mailbox.advance(size);
        if let Some(state) = self.resume {
            Box::pin(state.abort(self.at, &self.key)).await;
        }
        Ok(reply)
    }
}

fn cut(settings: &Settings, options: &Put, frame: Option<PartFrame>) -> Result<Cut> {
    let wanted = options.part_size.or(settings.multipart_chunksize).unwrap_or(PART_SIZE);
    if !((5 << 20)..=(5 << 30)).contains(&wanted) {
        fail!(InvalidInput, "option `part_size` takes 5 MiB to 5 GiB, not {wanted}");
    }
    let wanted = match frame {
        Some(frame) => wanted.next_multiple_of(frame.block).min(MAX_PART - frame.trailer),
        None => wanted,
    };
    Ok(Cut {
        wanted,
        fixed: settings.fixed_part_size == Some(true),
        max_parts: settings.max_parts.unwrap_or(MAX_PARTS),
    })
}

/// Reads the next part, with the permit for its bytes. A stream is read with a permit that lets others pass,
/// or without any: the host may be waiting for another call that needs one.
async fn read(
    parts: &mut SourceParts,
    size: u64,
    mut ahead: Option<Permit>,
    mailbox: &Mailbox,
) -> Result<(PartBody, Permit)> {
    if parts.are_fed() {
        let body = parts.next(size, &mut ahead, mailbox).await?;
        let permit = match ahead {
            Some(permit) => permit.settled(),
            None => budget::acquire(body.bytes.len() as u64).await?,
        };
        return Ok((body, permit));
    }
    let permit = budget::acquire(size).await?;
    Ok((parts.next(size, &mut None, mailbox).await?, permit))
}

/// Sends an object in one request; if the server refuses the checksum, the next one is sent.
async fn whole(at: &S3, key: &Key, mut body: PartBody, options: &Put) -> Result<PutReply> {
    loop {
        let error = match put_whole(at, key, body.bytes.clone(), body.checksum, options).await {
            Ok(reply) => return Ok(reply),
            Err(error) => error,
        };
        if at.refuses(body.checksum.map(|sum| sum.algorithm), &error).await? {
            body = body.summed(at.algorithm().await?).await?;
            continue;
        }
        if !error.is_unsure() {
            return Err(error);
        }
        let (size, etag) = (body.bytes.len() as u64, etag_of(&body.bytes));
        return match Box::pin(stored(at, key, size, body.checksum, Some(&etag), options)).await {
            Ok(Some(reply)) => Ok(was_stored(reply)),
            Err(unencrypted) if unencrypted.kind() == ErrorKind::Unsupported => Err(unencrypted),
            _ => Err(error),
        };
    }
}

fn was_stored(reply: PutReply) -> PutReply {
    event(Level::Info, "the response was lost, and the object is there".to_owned());
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: PartFrame = PartFrame { block: 16, trailer: 16, check_size: |_| Ok(()) };

    fn wanted(part_size: Option<u64>, chunk_size: Option<u64>, frame: Option<PartFrame>) -> Result<u64> {
        let settings = Settings { multipart_chunksize: chunk_size, ..Settings::default() };
        let options = Put { part_size, ..Put::default() };
        cut(&settings, &options, frame).map(|cut| cut.wanted)
    }

    #[test]
    fn the_option_wins_over_the_setting_and_both_over_the_default() {
        assert_eq!(wanted(None, None, None).unwrap(), 8 << 20);
        assert_eq!(wanted(None, Some(16 << 20), None).unwrap(), 16 << 20);
        assert_eq!(wanted(Some(5 << 20), Some(16 << 20), None).unwrap(), 5 << 20);
        for size in [0, (5 << 20) - 1, (5 << 30) + 1] {
            let error = wanted(Some(size), None, None).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.message().contains(&size.to_string()), "{error}");
        }
    }

    #[test]
    fn a_frame_makes_parts_of_whole_blocks_with_room_for_its_trailer() {
        assert_eq!(wanted(Some((5 << 20) + 1), None, None).unwrap(), (5 << 20) + 1);
        assert_eq!(wanted(Some((5 << 20) + 1), None, Some(FRAME)).unwrap(), (5 << 20) + 16);
        assert_eq!(wanted(Some(MAX_PART), None, Some(FRAME)).unwrap(), MAX_PART - 16);
    }
}
