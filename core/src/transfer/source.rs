//! A source of an upload, read piece by piece and summed while it is read.
//!
//! Law: each byte is read once and copied at most once; a file is read by pread on a blocking thread, bytes
//! in memory are only sliced; a source that changes while it is read fails.

use std::fs::File;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::checksum::{Algorithm, Checksum};
use crate::crypto::content::TAG;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::{Input, InputFile, InputStream, Source, about, blocking};
use crate::mailbox::Mailbox;

/// Bytes that are summed where they are: more are worth handing to another thread.
pub(crate) const AT_ONCE: usize = 256 << 10;

/// Bytes that go into one part, or into the only request.
#[derive(Clone, Debug)]
pub(crate) struct PartBody {
    pub(crate) bytes: Bytes,
    pub(crate) checksum: Option<Checksum>,
}

impl PartBody {
    async fn of(bytes: Bytes, algorithm: Option<Algorithm>) -> Result<PartBody> {
        let checksum = match algorithm {
            None => None,
            Some(algorithm) if bytes.len() <= AT_ONCE => Some(algorithm.of(&bytes)),
            Some(algorithm) => {
                let bytes = bytes.clone();
                Some(blocking(move || Ok(algorithm.of(&bytes))).await?)
            }
        };
        Ok(PartBody { bytes, checksum })
    }

    /// The same bytes with another sum.
    pub(crate) async fn summed(self, algorithm: Option<Algorithm>) -> Result<PartBody> {
        if self.checksum.map(|sum| sum.algorithm) == algorithm {
            Ok(self)
        } else {
            PartBody::of(self.bytes, algorithm).await
        }
    }
}

/// A source, read piece by piece.
pub(crate) struct SourceParts {
    pub(crate) size: Option<u64>,
    /// What is sent is summed by.
    pub(crate) algorithm: Option<Algorithm>,
    /// Whether the pieces are encrypted first, and so neither summed here nor without room for a tag.
    sealed: bool,
    at: u64,
    from: Origin,
}

enum Origin {
    Bytes(Bytes),
    File(InputFile),
    /// The bytes that were read ahead to learn whether there are more. They come from a pipe or a device, or
    /// from the host.
    Fed {
        ahead: Bytes,
        ended: bool,
        stream: Option<InputStream>,
    },
}

impl SourceParts {
    pub(crate) async fn open(
        source: Source,
        algorithm: Option<Algorithm>,
        sealed: bool,
    ) -> Result<SourceParts> {
        let (size, from) = match source {
            Source::Bytes(bytes) => (Some(bytes.len() as u64), Origin::Bytes(bytes)),
            Source::File(path) => match Input::open(&path).await? {
                Input::File(file) => (Some(file.stamp.size), Origin::File(file)),
                Input::Stream(stream) => {
                    (None, Origin::Fed { ahead: Bytes::new(), ended: false, stream: Some(stream) })
                }
            },
            Source::Fed(size) => (size, Origin::Fed { ahead: Bytes::new(), ended: false, stream: None }),
        };
        Ok(SourceParts { size, algorithm, sealed, at: 0, from })
    }

    /// What tells this source from others before it is read: a file's size and time, else the size if it is
    /// known.
    pub(crate) fn stamp(&self) -> [i64; 3] {
        match &self.from {
            Origin::File(InputFile { stamp: before, .. }) => {
                [before.size as i64, before.seconds, before.nanoseconds]
            }
            _ => [self.size.map_or(-1, |size| size as i64), 0, 0],
        }
    }

    /// What the pieces are summed by.
    pub(crate) fn summed_by(&self) -> Option<Algorithm> {
        self.algorithm.filter(|_| !self.sealed)
    }

    /// Whether they come from a stream, which can't be read twice and may have to be waited for.
    pub(crate) fn are_fed(&self) -> bool {
        matches!(self.from, Origin::Fed { .. })
    }

    /// The next `size` bytes, fewer only at the end.
    pub(crate) async fn next(&mut self, size: u64, mailbox: &Mailbox) -> Result<PartBody> {
        let wanted = usize::try_from(size).map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "a part is larger than this machine's memory")
        })?;
        let (algorithm, spare) = (self.summed_by(), if self.sealed { TAG } else { 0 });
        let piece = match &mut self.from {
            Origin::Bytes(bytes) => PartBody::of(bytes.split_to(wanted.min(bytes.len())), algorithm).await?,
            Origin::File(file) => {
                let left = usize::try_from(file.stamp.size - self.at).unwrap_or(wanted);
                read(file, self.at, wanted.min(left), spare, algorithm).await?
            }
            Origin::Fed { ahead, ended, stream } => {
                PartBody::of(pull(ahead, ended, stream, wanted, mailbox).await?, algorithm).await?
            }
        };
        self.at += piece.bytes.len() as u64;
        Ok(piece)
    }

    /// Whether all was read; a source that is not what it was then fails.
    pub(crate) async fn ended(&self) -> Result<bool> {
        let ended = match &self.from {
            Origin::Bytes(bytes) => bytes.is_empty(),
            Origin::File(_) => Some(self.at) == self.size,
            Origin::Fed { ahead, ended, .. } => {
                let ended = ahead.is_empty() && *ended;
                if ended && self.size.is_some_and(|size| size != self.at) {
                    fail!(
                        Changed,
                        "the source gave {} bytes where {} were announced",
                        self.at,
                        self.size.unwrap_or(0)
                    );
                }
                ended
            }
        };
        if ended {
            self.unchanged().await?;
        }
        Ok(ended)
    }

    /// Refuses a file that was written to since it was opened.
    pub(crate) async fn unchanged(&self) -> Result<()> {
        if let Origin::File(file) = &self.from { file.unchanged().await } else { Ok(()) }
    }
}

/// Bytes of a file, read and summed on one thread, with room to spare behind them.
async fn read(
    of: &InputFile,
    offset: u64,
    size: usize,
    spare: usize,
    algorithm: Option<Algorithm>,
) -> Result<PartBody> {
    let file: Arc<File> = of.file.clone();
    // Made here, not on the thread that reads: an allocator keeps for each thread what that thread has freed.
    let mut bytes = Vec::with_capacity(size + spare);
    let read = blocking(move || {
        while bytes.len() < size {
            let reached = offset + bytes.len() as u64;
            match rustix::io::pread(&file, rustix::buffer::spare_capacity(&mut bytes), reached) {
                Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // There may be more room than asked for, and a file that grows fills it.
        bytes.truncate(size);
        let checksum = algorithm.map(|algorithm| algorithm.of(&bytes));
        Ok(PartBody { bytes: bytes.into(), checksum })
    });
    read.await.map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => of.changed("became shorter while it was sent"),
        _ => about(&error, &of.path),
    })
}

/// Bytes of a stream.
async fn pull(
    ahead: &mut Bytes,
    ended: &mut bool,
    stream: &mut Option<InputStream>,
    wanted: usize,
    mailbox: &Mailbox,
) -> Result<Bytes> {
    let mut piece = BytesMut::from(std::mem::take(ahead));
    while piece.len() < wanted && !*ended {
        match pull_some(stream, wanted - piece.len(), mailbox).await? {
            Some(chunk) => piece.extend_from_slice(&chunk),
            None => *ended = true,
        }
    }
    let mut piece = piece.freeze();
    *ahead = piece.split_off(wanted.min(piece.len()));
    // One more look, so that the caller knows whether this was the last piece.
    if ahead.is_empty() && !*ended {
        match pull_some(stream, 1 << 20, mailbox).await? {
            Some(chunk) => *ahead = chunk,
            None => *ended = true,
        }
    }
    Ok(piece)
}

/// At least one byte, or none at the end.
async fn pull_some(
    stream: &mut Option<InputStream>,
    wanted: usize,
    mailbox: &Mailbox,
) -> Result<Option<Bytes>> {
    match stream {
        Some(stream) => Ok(Some(stream.read(wanted).await?).filter(|bytes| !bytes.is_empty())),
        None => mailbox.pull(wanted).await,
    }
}
