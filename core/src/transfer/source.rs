//! A source of an upload, read part by part and summed while it is read.
//!
//! Invariants: each byte is read once and copied at most once; a file is read by pread on a blocking thread,
//! bytes in memory are only sliced; a source that changes while it is read fails.

use std::fs::File;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::budget;
use super::gate::Permit;
use super::part_buffer::{self, PartBuffer};
use super::transform::PartFrame;
use crate::checksum::{Algorithm, Checksum};
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

/// A source, read part by part.
pub(crate) struct SourceParts {
    pub(crate) size: Option<u64>,
    /// What is sent is summed by.
    pub(crate) algorithm: Option<Algorithm>,
    /// What the parts are transformed by: they are then summed after it, and have room for its trailer.
    frame: Option<PartFrame>,
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
        frame: Option<PartFrame>,
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
        Ok(SourceParts { size, algorithm, frame, at: 0, from })
    }

    /// What identifies this source before it is read: a file's size and time, else the size if there is one.
    pub(crate) fn stamp(&self) -> [i64; 3] {
        match &self.from {
            Origin::File(InputFile { stamp: before, .. }) => {
                [before.size as i64, before.seconds, before.nanoseconds]
            }
            _ => [self.size.map_or(-1, |size| size as i64), 0, 0],
        }
    }

    /// What the source's own bytes are summed by.
    pub(crate) fn summed_by(&self) -> Option<Algorithm> {
        self.algorithm.filter(|_| self.frame.is_none())
    }

    /// Whether the parts are transformed before they are sent.
    pub(crate) fn are_transformed(&self) -> bool {
        self.frame.is_some()
    }

    /// Whether they come from a stream, which can't be read twice and may have to be waited for.
    pub(crate) fn are_fed(&self) -> bool {
        matches!(self.from, Origin::Fed { .. })
    }

    /// The next `size` bytes, fewer only at the end. `permit` is the one for bytes that come from the host:
    /// once there are many, one is tried for.
    pub(crate) async fn next(
        &mut self,
        size: u64,
        permit: &mut Option<Permit>,
        mailbox: &Mailbox,
    ) -> Result<PartBody> {
        let wanted = usize::try_from(size).map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "a part is larger than this machine's memory")
        })?;
        let (algorithm, spare) = (self.summed_by(), self.frame.map_or(0, |frame| frame.trailer as usize));
        let part = match &mut self.from {
            Origin::Bytes(bytes) => PartBody::of(bytes.split_to(wanted.min(bytes.len())), algorithm).await?,
            Origin::File(file) => {
                let left = usize::try_from(file.stamp.size - self.at).unwrap_or(wanted);
                read(file, self.at, wanted.min(left), spare, algorithm).await?
            }
            Origin::Fed { ahead, ended, stream } => {
                let bytes = pull(ahead, ended, stream, (wanted, spare), permit, mailbox).await?;
                PartBody::of(bytes, algorithm).await?
            }
        };
        self.at += part.bytes.len() as u64;
        Ok(part)
    }

    /// The same as work that may run at any time, beside others'; none for a stream, whose bytes come in
    /// order.
    pub(crate) fn later(&mut self, size: u64) -> Option<(u64, BoxFuture<'static, Result<PartBody>>)> {
        let (algorithm, spare) = (self.summed_by(), self.frame.map_or(0, |frame| frame.trailer as usize));
        let wanted = usize::try_from(size).unwrap_or(usize::MAX);
        let (size, work) = match &mut self.from {
            Origin::Bytes(bytes) => {
                let bytes = bytes.split_to(wanted.min(bytes.len()));
                (bytes.len() as u64, PartBody::of(bytes, algorithm).boxed())
            }
            Origin::File(file) => {
                let (file, offset) = (file.clone(), self.at);
                let size = wanted.min(usize::try_from(file.stamp.size - offset).unwrap_or(wanted));
                (size as u64, async move { read(&file, offset, size, spare, algorithm).await }.boxed())
            }
            Origin::Fed { .. } => return None,
        };
        self.at += size;
        Some((size, work))
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
    let mut part = PartMemory::zeroed(size, spare)?;
    let read = blocking(move || {
        let mut room: &mut [u8] = part.room();
        let mut reached = offset;
        while !room.is_empty() {
            match rustix::io::pread(&file, &mut *room, reached) {
                Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                Ok(bytes) => {
                    room = &mut room[bytes..];
                    reached += bytes as u64;
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let checksum = algorithm.map(|algorithm| algorithm.of(part.room()));
        Ok(PartBody { bytes: part.into(), checksum })
    });
    read.await.map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => of.changed("became shorter while it was sent"),
        _ => about(&error, &of.path),
    })
}

/// Memory of a part: its own where it is large and nothing is appended to it.
enum PartMemory {
    Allocated(BytesMut),
    Mapped(PartBuffer),
}

impl PartMemory {
    fn zeroed(size: usize, spare: usize) -> Result<PartMemory> {
        if size >= part_buffer::LEAST && spare == 0 {
            return Ok(PartMemory::Mapped(PartBuffer::new(size)?));
        }
        // Made here, not on the thread that reads: an allocator keeps for each thread what that thread has
        // freed.
        let mut bytes = BytesMut::zeroed(size + spare);
        bytes.truncate(size);
        Ok(PartMemory::Allocated(bytes))
    }

    fn room(&mut self) -> &mut [u8] {
        match self {
            PartMemory::Allocated(bytes) => bytes,
            PartMemory::Mapped(buffer) => buffer,
        }
    }
}

impl From<PartMemory> for Bytes {
    fn from(part: PartMemory) -> Bytes {
        match part {
            PartMemory::Allocated(bytes) => bytes.freeze(),
            PartMemory::Mapped(buffer) => Bytes::from_owner(buffer),
        }
    }
}

/// Bytes of a stream, with room to spare behind them.
async fn pull(
    ahead: &mut Bytes,
    ended: &mut bool,
    stream: &mut Option<InputStream>,
    (wanted, spare): (usize, usize),
    permit: &mut Option<Permit>,
    mailbox: &Mailbox,
) -> Result<Bytes> {
    let mut small = BytesMut::new();
    let mut large: Option<PartBuffer> = None;
    let mut length = 0;
    loop {
        let fits = ahead.split_to(ahead.len().min(wanted - length));
        // A source may end long before the size that is wanted: only what comes shows that memory is needed.
        let is_large = length + fits.len() >= part_buffer::LEAST;
        if is_large && permit.is_none() {
            *permit = budget::try_acquire_ahead(wanted as u64)?;
        }
        if is_large && large.is_none() && spare == 0 {
            let mut buffer = PartBuffer::new(wanted)?;
            buffer[..length].copy_from_slice(&std::mem::take(&mut small));
            large = Some(buffer);
        }
        match &mut large {
            Some(buffer) => buffer[length..length + fits.len()].copy_from_slice(&fits),
            None => small.extend_from_slice(&fits),
        }
        length += fits.len();
        if !ahead.is_empty() || *ended {
            break;
        }
        // After a full part one more read shows whether it was the last. No permit counts what it returns.
        let more = if length < wanted { wanted - length } else { 64 << 10 };
        match pull_some(stream, more, mailbox).await? {
            Some(chunk) => *ahead = chunk,
            None => *ended = true,
        }
    }
    Ok(match large {
        Some(mut buffer) => {
            buffer.truncate(length);
            Bytes::from_owner(buffer)
        }
        None => small.freeze(),
    })
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const ALGORITHM: Algorithm = Algorithm::Crc64Nvme;

    async fn read(parts: &mut SourceParts, size: u64) -> Vec<PartBody> {
        let mailbox = Mailbox::new();
        let mut read = Vec::new();
        while !parts.ended().await.unwrap() {
            read.push(parts.next(size, &mut None, &mailbox).await.unwrap());
        }
        read
    }

    #[tokio::test]
    async fn bytes_and_files_come_in_parts_with_their_sums() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"abcdefghij").unwrap();
        for source in [Source::from("abcdefghij"), Source::File(file.path().to_owned())] {
            let mut parts = SourceParts::open(source, Some(ALGORITHM), None).await.unwrap();
            assert_eq!((parts.size, parts.are_fed()), (Some(10), false));
            let read = read(&mut parts, 4).await;
            let bytes: Vec<&[u8]> = read.iter().map(|part| &part.bytes[..]).collect();
            assert_eq!(bytes, [&b"abcd"[..], b"efgh", b"ij"]);
            assert!(read.iter().all(|part| part.checksum == Some(ALGORITHM.of(&part.bytes))));
        }
    }

    #[tokio::test]
    async fn parts_that_are_read_later_are_the_same() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"abcdefghij").unwrap();
        for source in [Source::from("abcdefghij"), Source::File(file.path().to_owned())] {
            let mut parts = SourceParts::open(source, Some(ALGORITHM), None).await.unwrap();
            let mut works = Vec::new();
            while !parts.ended().await.unwrap() {
                works.push(parts.later(4).unwrap());
            }
            let expected: [&[u8]; 3] = [b"abcd", b"efgh", b"ij"];
            for ((size, work), expected) in works.into_iter().zip(expected).rev() {
                let body = work.await.unwrap();
                assert_eq!((size, &body.bytes[..]), (expected.len() as u64, expected));
                assert_eq!(body.checksum, Some(ALGORITHM.of(expected)));
            }
        }
        let mut fed = SourceParts::open(Source::Fed(None), None, None).await.unwrap();
        assert!(fed.later(4).is_none());
    }

    #[tokio::test]
    async fn parts_of_a_transform_are_summed_after_it_and_have_room_behind_them() {
        let frame = PartFrame { block: 16, trailer: 16, check_size: |_| Ok(()) };
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[7; 100]).unwrap();
        let source = Source::File(file.path().to_owned());
        let mut parts = SourceParts::open(source, Some(ALGORITHM), Some(frame)).await.unwrap();
        assert!(parts.are_transformed() && parts.summed_by().is_none());
        let body = read(&mut parts, 100).await.remove(0);
        assert_eq!(body.checksum, None);
        assert!(body.bytes.try_into_mut().unwrap().capacity() >= 116);
    }

    #[tokio::test]
    async fn a_file_that_changes_while_it_is_read_fails() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"abcdef").unwrap();
        let source = Source::File(file.path().to_owned());
        let mut parts = SourceParts::open(source, None, None).await.unwrap();
        let mailbox = Mailbox::new();
        parts.next(3, &mut None, &mailbox).await.unwrap();
        file.as_file().set_len(4).unwrap();
        assert_eq!(parts.next(3, &mut None, &mailbox).await.unwrap_err().kind(), ErrorKind::Changed);
    }

    #[tokio::test]
    async fn another_checksum_is_computed_from_the_same_bytes() {
        let body = PartBody::of(Bytes::from_static(b"123456789"), Some(ALGORITHM)).await.unwrap();
        let summed = body.clone().summed(Some(Algorithm::Crc32)).await.unwrap();
        assert_eq!((summed.bytes, summed.checksum), (body.bytes, Some(Algorithm::Crc32.of(b"123456789"))));
    }
}
