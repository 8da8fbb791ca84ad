//! `put`: from bytes, a file or the caller's reader to the bucket, in one request or as a multipart upload.
//!
//! Law: the object appears whole or not at all; an upload that fails or is cancelled is aborted; a retry sends the same bytes,
//! because each part is kept until the server has it; a file that changes while it is read fails the upload.

use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::task::JoinSet;

use super::budget::room;
use super::plan::{MAX_PARTS, MAX_SIZE, growing_part_size, part_size};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::{Source, about, blocking};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::Put;
use crate::reply::PutReply;
use crate::s3::{As, Part, S3, abort, complete, create, put_part, put_whole};

pub(super) const PART_SIZE: u64 = 8 << 20;
const THRESHOLD: u64 = 16 << 20;
/// What one request may carry.
const MAX_WHOLE: u64 = 5 << 30;
pub(super) const CONCURRENCY: u32 = 8;

pub(crate) async fn put(at: &S3, mailbox: &Arc<Mailbox>, key: Key, source: Source, options: Put) -> Result<PutReply> {
    let settings = at.completed().await?;
    let wanted = options.part_size.or(settings.multipart_chunksize).unwrap_or(PART_SIZE);
    if !((5 << 20)..=(5 << 30)).contains(&wanted) {
        fail!(InvalidInput, "option `part_size` takes 5 MiB to 5 GiB, not {wanted}");
    }
    let in_parts = settings.multipart_upload != Some(false);
    let threshold = if in_parts { settings.multipart_threshold.unwrap_or(THRESHOLD) } else { MAX_WHOLE };
    let mut pieces = Pieces::open(source).await?;
    if let Some(size) = pieces.size {
        if size > MAX_SIZE {
            fail!(InvalidInput, "the source has {size} bytes; S3 allows {MAX_SIZE}");
        }
        mailbox.set_total(size);
    }
    // Up to the threshold one request is enough; to know that of a source without a size, this much must be read first.
    let first = pieces.size.map_or(threshold.max(wanted), |size| if size <= threshold { size } else { part_size(size, wanted) });
    let permit = room(first).await?;
    let first = pieces.next(first, mailbox).await?;
    if pieces.ended().await? {
        let moved = first.len() as u64;
        let reply = put_whole(at, &key, first, &options).await?;
        mailbox.advance(moved);
        return Ok(reply);
    }
    if !in_parts {
        fail!(
            InvalidInput,
            "the source has more than {MAX_WHOLE} bytes, which only go in parts, and the setting `multipart_upload` forbids that"
        );
    }
    let key = Arc::new(key);
    let options = Arc::new(options);
    let (upload_id, cleanup) = begin(at, mailbox, &key, {
        let (at, key, options) = (at.clone(), key.clone(), options.clone());
        async move { create(&at, &key, As::Put(&options)).await }
    })
    .await?;
    let concurrency = settings.max_concurrency.unwrap_or(CONCURRENCY) as usize;
    let mut sending: JoinSet<Result<Part>> = JoinSet::new();
    let mut done = Vec::new();
    let (mut piece, mut permit, mut total, mut number) = (first, permit, 0, 1);
    loop {
        total += piece.len() as u64;
        if total > MAX_SIZE || number > MAX_PARTS {
            fail!(InvalidInput, "the source is larger than S3 allows: {MAX_SIZE} bytes in {MAX_PARTS} parts");
        }
        let (at, key, upload_id, options, mailbox_of) = (at.clone(), key.clone(), upload_id.clone(), options.clone(), mailbox.clone());
        let part_number = number as i32;
        sending.spawn(async move {
            let moved = piece.len() as u64;
            let part = put_part(&at, &key, &upload_id, part_number, piece, &options).await?;
            drop(permit);
            mailbox_of.advance(moved);
            Ok(part)
        });
        if pieces.ended().await? {
            break;
        }
        while sending.len() >= concurrency {
            done.push(joined(sending.join_next().await)?);
        }
        number += 1;
        let size = pieces.size.map_or_else(|| growing_part_size(number, wanted), |size| part_size(size, wanted));
        permit = room(size).await?;
        piece = pieces.next(size, mailbox).await?;
    }
    while !sending.is_empty() {
        done.push(joined(sending.join_next().await)?);
    }
    pieces.unchanged().await?;
    let reply = complete(at, &key, &upload_id, done, As::Put(&options), total).await?;
    mailbox.keep(cleanup);
    Ok(reply)
}

/// Begins an upload and sees to its end should the call be abandoned. The request runs on a task of its own, which a cancelled call
/// does not stop: the server may have made the upload already, and without its id nobody could abort it.
pub(super) async fn begin(
    at: &S3,
    mailbox: &Mailbox,
    key: &Arc<Key>,
    creating: impl Future<Output = Result<String>> + Send + 'static,
) -> Result<(Arc<str>, u64)> {
    let (tell, mut told) = tokio::sync::watch::channel(None::<Arc<str>>);
    let creating = tokio::spawn(async move {
        let upload_id: Arc<str> = creating.await?.into();
        tell.send_replace(Some(upload_id.clone()));
        Ok(upload_id)
    });
    let (at, key) = (at.clone(), key.clone());
    let cleanup = mailbox.on_abandon(async move {
        // An error here says that no upload was made.
        let upload_id = told.wait_for(Option::is_some).await.map(|told| told.clone());
        if let Ok(Some(upload_id)) = upload_id {
            let _ = abort(&at, &key, &upload_id).await;
        }
    });
    Ok((joined(Some(creating.await))?, cleanup))
}

/// The outcome of a part's task.
pub(super) fn joined<T>(outcome: Option<std::result::Result<Result<T>, tokio::task::JoinError>>) -> Result<T> {
    match outcome {
        Some(Ok(result)) => result,
        _ => Err(Error::new(ErrorKind::Internal, "a part's task stopped; please report it")),
    }
}

/// A source, read piece by piece.
struct Pieces {
    size: Option<u64>,
    at: u64,
    from: From,
}

enum From {
    Bytes(Bytes),
    File {
        file: Arc<File>,
        path: PathBuf,
        before: Metadata,
    },
    /// The bytes that were read ahead to learn whether there are more.
    Fed {
        ahead: Bytes,
        ended: Option<()>,
    },
}

impl Pieces {
    async fn open(source: Source) -> Result<Pieces> {
        Ok(match source {
            Source::Bytes(bytes) => Pieces { size: Some(bytes.len() as u64), at: 0, from: From::Bytes(bytes) },
            Source::File(path) => {
                let name = path.clone();
                let (file, before) = blocking(move || {
                    let file = File::open(&name)?;
                    let before = file.metadata()?;
                    Ok((file, before))
                })
                .await
                .map_err(|error| about(&error, &path))?;
                if before.is_dir() {
                    fail!(InvalidInput, "{} is a directory, not a file to send", path.display());
                }
                // A pipe or a device has no size to rely on; it is read like any file, to its end.
                let size = before.is_file().then_some(before.len());
                if size.is_none() {
                    fail!(InvalidInput, "{} is not a regular file; open it and give the reader", path.display());
                }
                Pieces { size, at: 0, from: From::File { file: Arc::new(file), path, before } }
            }
            Source::Fed(size) => Pieces { size, at: 0, from: From::Fed { ahead: Bytes::new(), ended: None } },
        })
    }

    /// The next `size` bytes, fewer only at the end.
    async fn next(&mut self, size: u64, mailbox: &Mailbox) -> Result<Bytes> {
        let wanted =
            usize::try_from(size).map_err(|_| Error::new(ErrorKind::InvalidInput, "a part is larger than this machine's memory"))?;
        let piece = match &mut self.from {
            From::Bytes(bytes) => bytes.split_to(wanted.min(bytes.len())),
            From::File { file, path, .. } => {
                let (file, offset) = (file.clone(), self.at);
                let wanted = wanted.min(usize::try_from(self.size.unwrap_or(0) - offset).unwrap_or(wanted));
                let read = blocking(move || {
                    let mut piece = vec![0; wanted];
                    file.read_exact_at(&mut piece, offset)?;
                    Ok(Bytes::from(piece))
                });
                read.await.map_err(|error| match error.kind() {
                    std::io::ErrorKind::UnexpectedEof => shrunk(path),
                    _ => about(&error, path),
                })?
            }
            From::Fed { ahead, ended } => {
                let mut piece = BytesMut::from(std::mem::take(ahead));
                while piece.len() < wanted && ended.is_none() {
                    match mailbox.pull(wanted - piece.len()).await? {
                        Some(chunk) => piece.extend_from_slice(&chunk),
                        None => *ended = Some(()),
                    }
                }
                let mut piece = piece.freeze();
                *ahead = piece.split_off(wanted.min(piece.len()));
                // One more look, so that the caller knows whether this was the last piece.
                if ahead.is_empty() && ended.is_none() {
                    match mailbox.pull(1 << 20).await? {
                        Some(chunk) => *ahead = chunk,
                        None => *ended = Some(()),
                    }
                }
                piece
            }
        };
        self.at += piece.len() as u64;
        Ok(piece)
    }

    async fn ended(&self) -> Result<bool> {
        let ended = match &self.from {
            From::Bytes(bytes) => bytes.is_empty(),
            From::File { .. } => Some(self.at) == self.size,
            From::Fed { ahead, ended } => {
                let ended = ahead.is_empty() && ended.is_some();
                if ended && self.size.is_some_and(|size| size != self.at) {
                    fail!(Changed, "the source gave {} bytes where {} were announced", self.at, self.size.unwrap_or(0));
                }
                ended
            }
        };
        if ended {
            self.unchanged().await?;
        }
        Ok(ended)
    }

    /// Refuses a file that was written to while it was read.
    async fn unchanged(&self) -> Result<()> {
        let From::File { file, path, before } = &self.from else { return Ok(()) };
        let file = file.clone();
        let after = blocking(move || file.metadata()).await.map_err(|error| about(&error, path))?;
        let stamp = |metadata: &Metadata| (metadata.len(), metadata.mtime(), metadata.mtime_nsec());
        if stamp(before) == stamp(&after) {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::Changed, format!("{} changed while it was sent", path.display())))
        }
    }
}

fn shrunk(path: &std::path::Path) -> Error {
    Error::new(ErrorKind::Changed, format!("{} became shorter while it was sent", path.display()))
}
