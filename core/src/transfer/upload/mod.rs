//! `put`: from bytes, a file or the caller's reader to the bucket, in one request or as a multipart upload.
//!
//! Law: the object appears whole or not at all; an upload that fails or is cancelled is aborted; a retry
//! sends the same bytes, because each part is kept until the server has it; what the server made of a request
//! whose answer was lost, a look decides.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::budget::acquire;
use super::gate::Permit;
use super::plan::{Cut, MAX_PART, MAX_PARTS};
use super::resume::{UploadState, digest, is_same};
use super::sealing::{Sealing, plain};
use super::source::{PartBody, SourceParts};
use super::tasks::joined;
use crate::checksum::Checksum;
use crate::config::Settings;
use crate::crypto::content::fits;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::Source;
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::observe::{Level, event, inherited};
use crate::options::{CustomerKey, Put};
use crate::reply::PutReply;
use crate::runtime::workers;
use crate::s3::{
    As, Creation, Part, S3, Whole, abort, complete, create, etag, etag_of, etag_of_parts, list_parts,
    put_part, put_whole, stored,
};

const PART_SIZE: u64 = 8 << 20;
const THRESHOLD: u64 = 16 << 20;
/// How long an upload that goes well may look for one that was begun before it and lost.
const LOOK_LIMIT: Duration = Duration::from_secs(5);

pub(crate) async fn put(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: Key,
    source: Source,
    mut options: Put,
) -> Result<PutReply> {
    let settings = at.completed().await?;
    let is_sealed = at.encryption().is_some();
    let cut = cut(settings, &options, is_sealed)?;
    let may_cut = settings.multipart_upload != Some(false);
    let threshold = match may_cut {
        true => settings.multipart_threshold.unwrap_or(THRESHOLD).next_multiple_of(16),
        false if is_sealed => MAX_PART - 16,
        false => MAX_PART,
    };
    let mut pieces = SourceParts::open(source.clone(), at.algorithm().await?, is_sealed).await?;
    if let Some(size) = pieces.size {
        if is_sealed {
            fits(size)?;
        }
        if size > cut.max_size(pieces.size) {
            fail!(
                InvalidInput,
                "the source has {size} bytes; {} are allowed, see `max_parts`",
                cut.max_size(pieces.size)
            );
        }
        mailbox.set_total(size);
    }
    // Up to the threshold one request is enough; to know that of a source without a size, this much must be
    // read first.
    let first = match pieces.size {
        Some(size) if size <= threshold => size,
        None if !cut.fixed || !may_cut => threshold.max(cut.wanted),
        size => cut.part_size(size, 1),
    };
    let mut state = match &options.journal {
        Some(named) => Some(Box::pin(UploadState::open(at, &key, named, &pieces, &cut, &options)).await?),
        None => None,
    };
    let mut sealing = match at.encryption() {
        Some(encryption) => {
            let begin =
                Sealing::begin((at, encryption), mailbox, &key, (&source, &pieces), &mut options, &mut state);
            Some(Box::pin(begin).await?)
        }
        None => {
            plain(options.encryption_context.as_ref())?;
            None
        }
    };
    // Held here, bytes could not be encrypted where they are.
    drop(source);
    let (mut piece, permit) = take(&mut pieces, first, mailbox).await?;
    if pieces.ended().await? {
        let size = piece.bytes.len() as u64;
        let mut guard = None;
        if let Some(sealing) = &mut sealing {
            piece = sealing.segment(size, true)?.seal(piece.bytes, pieces.algorithm).await?;
            guard = Box::pin(sealing.store_instruction(at, mailbox, &key)).await?;
        }
        let reply = PutReply { size, ..whole(at, &key, piece, &options).await? };
        guard.into_iter().for_each(|guard| mailbox.keep(guard));
        mailbox.advance(size);
        if let Some(state) = state {
            Box::pin(state.give_up(at, &key)).await;
        }
        return Ok(reply);
    }
    if !may_cut {
        fail!(
            InvalidInput,
            "the source has more than {MAX_PART} bytes, which only go in parts, and the setting \
             `multipart_upload` forbids that"
        );
    }
    let key = Arc::new(key);
    let outcome =
        Box::pin(in_parts(at, mailbox, &key, (pieces, cut), (piece, permit), options, (&mut state, sealing)))
            .await;
    match (state, &outcome) {
        (Some(state), Ok(_)) => state.done().await,
        // What may pass by itself, the next call goes on after.
        (Some(state), Err(error)) if !error.retryable() => Box::pin(state.give_up(at, &key)).await,
        _ => {}
    }
    outcome
}

fn cut(settings: &Settings, options: &Put, is_sealed: bool) -> Result<Cut> {
    let wanted = options.part_size.or(settings.multipart_chunksize).unwrap_or(PART_SIZE);
    if !((5 << 20)..=(5 << 30)).contains(&wanted) {
        fail!(InvalidInput, "option `part_size` takes 5 MiB to 5 GiB, not {wanted}");
    }
    // Encrypted parts have whole blocks, and the last has room for the tag.
    let wanted = if is_sealed { wanted.next_multiple_of(16).min(MAX_PART - 16) } else { wanted };
    Ok(Cut {
        wanted,
        fixed: settings.fixed_part_size == Some(true),
        max_parts: settings.max_parts.unwrap_or(MAX_PARTS),
    })
}

/// Sends an object in one request; a server that refuses the checksum is given the next one.
async fn whole(at: &S3, key: &Key, mut piece: PartBody, options: &Put) -> Result<PutReply> {
    loop {
        let error = match put_whole(at, key, piece.bytes.clone(), piece.checksum, options).await {
            Ok(reply) => return Ok(reply),
            Err(error) => error,
        };
        if at.refuses(piece.checksum.map(|sum| sum.algorithm), &error).await? {
            piece = piece.summed(at.algorithm().await?).await?;
            continue;
        }
        if !error.is_unsure() {
            return Err(error);
        }
        let (size, etag) = (piece.bytes.len() as u64, etag_of(&piece.bytes));
        return match Box::pin(stored(at, key, size, piece.checksum, Some(&etag), options)).await {
            Ok(Some(reply)) => Ok(found(reply)),
            Err(unencrypted) if unencrypted.kind() == ErrorKind::Unsupported => Err(unencrypted),
            _ => Err(error),
        };
    }
}

async fn in_parts(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: &Arc<Key>,
    (mut pieces, cut): (SourceParts, Cut),
    (mut piece, mut permit): (PartBody, Permit),
    options: Put,
    (state, mut sealing): (&mut Option<UploadState>, Option<Sealing>),
) -> Result<PutReply> {
    let options = Arc::new(options);
    let (upload_id, cleanup) = match state.as_ref().and_then(UploadState::upload) {
        Some((upload_id, algorithm)) => {
            pieces.algorithm = algorithm;
            piece = piece.summed(pieces.summed_by()).await?;
            (upload_id.into(), None)
        }
        None => {
            let (upload_id, cleanup) = begin_put(at, mailbox, key, &mut pieces, &options).await?;
            piece = piece.summed(pieces.summed_by()).await?;
            match state {
                // From now on the journal sees to its end.
                Some(state) => {
                    state.began(&upload_id, pieces.algorithm).await?;
                    mailbox.keep(cleanup);
                    (upload_id, None)
                }
                None => (upload_id, Some(cleanup)),
            }
        }
    };
    let concurrency = at.concurrency().await? as usize;
    let mut sending: JoinSet<Result<Sent>> = JoinSet::new();
    let mut done = Vec::new();
    let mut total = 0;
    for number in 1.. {
        let size = piece.bytes.len() as u64;
        total += size;
        if total > cut.max_size(pieces.size) || number > cut.max_parts {
            fail!(
                InvalidInput,
                "the source is larger than {} parts hold; give its size, or raise `multipart_chunksize` or \
                 `max_parts`",
                cut.max_parts
            );
        }
        let is_last = pieces.ended().await?;
        let part_number = number as i32;
        if let Some(part) = state.as_ref().and_then(|state| state.part(part_number, &piece)) {
            mailbox.advance(size);
            done.push(part);
            drop(permit);
        } else {
            let segment = sealing.as_mut().map(|sealing| sealing.segment(size, is_last)).transpose()?;
            let (listed, told) = match (state.as_mut(), &segment) {
                (None, _) => (None, None),
                (Some(state), Some(_)) => (state.claim(number, &piece.bytes).await?, None),
                (Some(_), None) => (None, Some(digest(&piece))),
            };
            let (at, key, upload_id, options, mailbox) =
                (at.clone(), key.clone(), upload_id.clone(), options.clone(), mailbox.clone());
            let algorithm = pieces.algorithm;
            sending.spawn_on(
                inherited(async move {
                    if let Some(segment) = segment {
                        piece = segment.seal(piece.bytes, algorithm).await?;
                    }
                    let part = match listed.filter(|listed| is_same(listed, &piece)) {
                        Some(listed) => Part { checksum: piece.checksum, ..listed },
                        None => part(&at, &key, &upload_id, part_number, piece, &options).await?,
                    };
                    drop(permit);
                    mailbox.advance(size);
                    Ok((part, told))
                }),
                &workers(),
            );
        }
        if is_last {
            break;
        }
        collect(&mut sending, concurrency - 1, &mut done, state).await?;
        let size = cut.part_size(pieces.size, number + 1);
        (piece, permit) = take(&mut pieces, size, mailbox).await?;
    }
    collect(&mut sending, 0, &mut done, state).await?;
    pieces.unchanged().await?;
    done.sort_by_key(|part| part.number);
    let guard = match &sealing {
        Some(sealing) => sealing.store_instruction(at, mailbox, key).await?,
        None => None,
    };
    let reply = finish(at, key, &upload_id, &done, &options).await?;
    cleanup.into_iter().chain(guard).for_each(|work| mailbox.keep(work));
    let reply = with_etag(at, key, reply, options.sse_customer_key.as_ref()).await;
    Ok(PutReply { size: total, ..reply })
}

/// A part that is there, and for a journal what tells its bytes from others.
type Sent = (Part, Option<Checksum>);

/// Takes in the parts that are there, and waits until no more than so many are on their way.
async fn collect(
    sending: &mut JoinSet<Result<Sent>>,
    at_most: usize,
    done: &mut Vec<Part>,
    state: &mut Option<UploadState>,
) -> Result<()> {
    let mut sent = Vec::new();
    let mut failed = None;
    while failed.is_none() {
        let next = match sending.try_join_next() {
            Some(next) => next,
            None if sending.len() > at_most => match sending.join_next().await {
                Some(next) => next,
                None => break,
            },
            None => break,
        };
        match joined(Some(next)) {
            Ok((part, digest)) => {
                sent.extend(digest.map(|digest| (part.clone(), digest)));
                done.push(part);
            }
            Err(error) => failed = Some(error),
        }
    }
    if let Some(state) = state {
        state.sent(&sent).await?;
    }
    failed.map_or(Ok(()), Err)
}

/// Begins the upload of a source, whose pieces carry from then on a checksum that the server takes.
async fn begin_put(
    at: &S3,
    mailbox: &Mailbox,
    key: &Arc<Key>,
    pieces: &mut SourceParts,
    options: &Arc<Put>,
) -> Result<(Arc<str>, u64)> {
    loop {
        let algorithm = pieces.algorithm;
        let creating = {
            let (at, key, options) = (at.clone(), key.clone(), options.clone());
            move |creation: Arc<Creation>| async move {
                create(&at, &key, As::Put(&options), algorithm, &creation).await
            }
        };
        match begin(at, mailbox, key, creating).await {
            Err(error) if at.refuses(algorithm, &error).await? => pieces.algorithm = at.algorithm().await?,
            begun => return begun,
        }
    }
}

/// The next piece and the room that it takes. Bytes of a stream are waited for without holding any: the host
/// may be waiting
/// for another call that needs it.
async fn take(pieces: &mut SourceParts, size: u64, mailbox: &Mailbox) -> Result<(PartBody, Permit)> {
    if pieces.are_fed() {
        let piece = pieces.next(size, mailbox).await?;
        let permit = acquire(piece.bytes.len() as u64).await?;
        return Ok((piece, permit));
    }
    let permit = acquire(size).await?;
    Ok((pieces.next(size, mailbox).await?, permit))
}

/// Sends a part. Of an upload that has begun the checksum can't be changed: a server that refuses the part's
/// gets Content-MD5 instead.
async fn part(
    at: &S3,
    key: &Key,
    upload_id: &str,
    number: i32,
    piece: PartBody,
    options: &Put,
) -> Result<Part> {
    match put_part(at, key, upload_id, number, piece.bytes.clone(), piece.checksum, options).await {
        Err(error) if at.refuses(piece.checksum.map(|sum| sum.algorithm), &error).await? => {
            put_part(at, key, upload_id, number, piece.bytes, None, options).await
        }
        sent => sent,
    }
}

/// Makes the object of its parts.
async fn finish(at: &S3, key: &Key, upload_id: &str, parts: &[Part], options: &Put) -> Result<PutReply> {
    // A server that refused the checksum of a part is not asked about the whole's.
    let sums: Option<Vec<Checksum>> = parts.iter().map(|part| part.checksum).collect();
    let checksum = sums.and_then(|sums| sums.into_iter().reduce(Checksum::then));
    let whole = match checksum {
        Some(sum) if at.sends_whole_checksum().await? => Whole::Sent(sum),
        Some(sum) => Whole::Compared(sum),
        None => Whole::Unknown,
    };
    let mut completed = complete(at, key, upload_id, parts, whole, As::Put(options)).await;
    if let (Err(error), Whole::Sent(sum)) = (&completed, whole)
        && refuses_whole(error)
        && has_parts(at, key, upload_id, parts, options).await
    {
        completed = complete(at, key, upload_id, parts, Whole::Compared(sum), As::Put(options)).await;
        if completed.is_ok() {
            at.whole_checksum_was_refused().await?;
        }
    }
    let error = match completed {
        Ok(reply) => return Ok(reply),
        Err(error) => error,
    };
    if !error.is_unsure() {
        return Err(error);
    }
    let size = parts.iter().map(|part| part.size).sum();
    match stored(at, key, size, checksum, etag_of_parts(parts).as_deref(), options).await {
        Ok(Some(reply)) => Ok(found(reply)),
        Err(unencrypted) if unencrypted.kind() == ErrorKind::Unsupported => Err(unencrypted),
        _ => Err(error),
    }
}

/// Whether a completion failed because of the checksum of the whole object, be it wrong or one that the
/// server makes otherwise.
fn refuses_whole(error: &Error) -> bool {
    matches!(error.status(), Some(200 | 400 | 501))
        && (matches!(error.code(), Some("BadDigest" | "InvalidDigest" | "XAmzContentChecksumMismatch"))
            || error.message().to_ascii_lowercase().contains("checksum"))
}

/// Whether the server lists every part as it was sent: then the bytes that it has are right.
async fn has_parts(at: &S3, key: &Key, upload_id: &str, parts: &[Part], options: &Put) -> bool {
    let Ok(listed) = list_parts(at, key, upload_id, options).await else { return false };
    parts.iter().all(|part| {
        listed.iter().any(|listed| {
            let same_sum = match (listed.checksum, part.checksum) {
                (Some(listed), Some(sent)) => listed.algorithm != sent.algorithm || listed == sent,
                _ => true,
            };
            listed.number == part.number && listed.size == part.size && same_sum
        })
    })
}

/// The reply with the ETag that the object has, for a server that tells none when it makes an object of
/// parts.
pub(crate) async fn with_etag(
    at: &S3,
    key: &Key,
    reply: PutReply,
    customer_key: Option<&CustomerKey>,
) -> PutReply {
    if reply.etag.is_some() {
        return reply;
    }
    // The object is there, whatever comes of the look.
    let etag = Box::pin(etag(at, key, &reply, customer_key)).await.unwrap_or_default();
    PutReply { etag, ..reply }
}

fn found(reply: PutReply) -> PutReply {
    event(Level::Info, "the answer was lost, and the object is there".to_owned());
    reply
}

/// Begins an upload and sees to its end should the call be abandoned. The request runs on a task of its own,
/// which a cancelled call does not stop: the server may have made the upload already, and without its id
/// nobody could abort it.
pub(crate) async fn begin<F>(
    at: &S3,
    mailbox: &Mailbox,
    key: &Arc<Key>,
    create: impl FnOnce(Arc<Creation>) -> F,
) -> Result<(Arc<str>, u64)>
where
    F: Future<Output = Result<String>> + Send + 'static,
{
    let creation = Arc::new(Creation::new(at, key).await?);
    let (tell, mut told) = tokio::sync::watch::channel(None::<Arc<str>>);
    let (creating, settled) = (create(creation.clone()), creation.clone());
    let creating = workers().spawn(inherited(async move {
        let outcome = creating.await;
        settled.settle();
        let upload_id: Arc<str> = outcome?.into();
        tell.send_replace(Some(upload_id.clone()));
        Ok(upload_id)
    }));
    let (at, key, lost) = (at.clone(), key.clone(), creation.clone());
    let cleanup = mailbox.on_abandon(async move {
        // An error here says that no id was read.
        let upload_id = told.wait_for(Option::is_some).await.map(|told| told.clone());
        if let Ok(Some(upload_id)) = upload_id {
            let _ = abort(&at, &key, &upload_id).await;
        }
        lost.abort_lost().await;
    });
    let upload_id = joined(Some(creating.await))?;
    if creation.has_lost() {
        // An attempt before this one may have begun an upload, too.
        let _ = tokio::time::timeout(LOOK_LIMIT, creation.abort_lost()).await;
    }
    Ok((upload_id, cleanup))
}
