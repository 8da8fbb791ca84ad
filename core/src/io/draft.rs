//! A file in the making: written under a temporary name beside its target, renamed when it is whole.
//!
//! Law: the target's name never shows a part of the content, and a draft that is dropped leaves nothing behind.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use rustix::fs::FallocateFlags;
use tokio::task::JoinHandle;

use crate::error::{Error, ErrorKind, Result};
use crate::runtime;

/// Smaller files are written before anybody could be told that there is no room.
const RESERVE: u64 = 1 << 20;

/// Bytes that are gathered before a thread is asked to write them: a hand-off costs more than a small write.
pub(crate) const GATHER: usize = 1 << 20;

pub(crate) struct Draft {
    file: Arc<File>,
    temporary: Option<PathBuf>,
    /// What it is to be called beside the target once it is whole; until then it has no name.
    nameless: Option<PathBuf>,
    /// Whether it stays when it is dropped, for a later process to go on with.
    stands: bool,
    target: Arc<Path>,
    front: Stretch,
}

impl Draft {
    /// A draft beside the file it is to become, readable by whom the process's umask says.
    pub(crate) async fn beside(target: &Path) -> Result<Draft> {
        Draft::within(directory_of(target)?, target.to_owned()).await
    }

    /// The same, without a name until it is whole: what nobody has verified can't be found, however the process ends. A file system
    /// without such files gets a draft as usual.
    pub(crate) async fn unnamed(target: &Path) -> Result<Draft> {
        let directory = directory_of(target)?;
        let nameless = directory.join(fresh_name());
        let opened =
            briefly(move || OpenOptions::new().write(true).mode(0o666).custom_flags(libc::O_TMPFILE | libc::O_CLOEXEC).open(directory));
        let file = match opened.await {
            Err(error) if matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EISDIR)) => return Draft::beside(target).await,
            file => file.map_err(|error| about(&error, target))?,
        };
        let (file, target): (Arc<File>, Arc<Path>) = (Arc::new(file), target.into());
        let front = Stretch::new(file.clone(), target.clone(), 0);
        Ok(Draft { file, temporary: None, nameless: Some(nameless), stands: false, target, front })
    }

    /// A draft in `directory`, which lies on the same file system as the target.
    pub(crate) async fn within(directory: PathBuf, target: PathBuf) -> Result<Draft> {
        let temporary = directory.join(fresh_name());
        let path = temporary.clone();
        let file = briefly(move || {
            // What stands there under our own process's name is from an earlier process with this id.
            let _ = fs::remove_file(&path);
            OpenOptions::new().write(true).create_new(true).mode(0o666).custom_flags(libc::O_CLOEXEC | libc::O_NOFOLLOW).open(&path)
        })
        .await
        .map_err(|error| about(&error, &target))?;
        let (file, target): (Arc<File>, Arc<Path>) = (Arc::new(file), target.into());
        let front = Stretch::new(file.clone(), target.clone(), 0);
        Ok(Draft { file, temporary: Some(temporary), nameless: None, stands: false, target, front })
    }

    /// The draft of this name that an earlier process left beside the target, and the file to read it by; `None` if there is none of ours.
    pub(crate) async fn again(target: &Path, name: &str) -> Result<Option<(Draft, File)>> {
        let Some(temporary) = left(target, name) else { return Ok(None) };
        let path = temporary.clone();
        let opened = blocking(move || {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(libc::O_CLOEXEC | libc::O_NOFOLLOW | libc::O_NONBLOCK)
                .open(&path)?;
            let metadata = file.metadata()?;
            let ours = metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw() && metadata.nlink() == 1;
            Ok((ours.then(|| file.try_clone()).transpose()?, file))
        });
        let Ok((Some(reads), file)) = opened.await else { return Ok(None) };
        let (file, target): (Arc<File>, Arc<Path>) = (Arc::new(file), target.into());
        let front = Stretch::new(file.clone(), target.clone(), 0);
        Ok(Some((Draft { file, temporary: Some(temporary), nameless: None, stands: true, target, front }, reads)))
    }

    /// Removes the draft of this name that an earlier process left beside the target.
    pub(crate) async fn discard(target: &Path, name: &str) {
        if let Some(temporary) = left(target, name) {
            let _ = blocking(move || fs::remove_file(temporary)).await;
        }
    }

    /// Whether it stays when it is dropped.
    pub(crate) fn stands(&mut self, stands: bool) {
        self.stands = stands;
    }

    /// What it is called beside the target.
    pub(crate) fn name(&self) -> Option<&str> {
        self.temporary.as_ref()?.file_name()?.to_str()
    }

    /// The file, to read what was written.
    pub(crate) async fn read(&self) -> Result<File> {
        let path = self.temporary.clone().unwrap_or_default();
        blocking(move || OpenOptions::new().read(true).custom_flags(libc::O_CLOEXEC | libc::O_NOFOLLOW).open(&path))
            .await
            .map_err(|error| about(&error, &self.target))
    }

    /// Sets room aside for so many bytes, so that a full disk is told before they are fetched; a file system that can't is left alone.
    pub(crate) async fn reserve(&self, size: u64) -> Result<()> {
        if size < RESERVE {
            return Ok(());
        }
        let file = self.file.clone();
        let reserved = blocking(move || Ok(rustix::fs::fallocate(&*file, FallocateFlags::KEEP_SIZE, 0, size)?)).await;
        match reserved {
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT | libc::EFBIG)) => {
                Err(about(&error, &self.target))
            }
            _ => Ok(()),
        }
    }

    /// Writes from this byte on; what several write may come in any order. The draft alone decides what becomes of the file.
    pub(crate) fn stretch(&self, first: u64) -> Stretch {
        self.front.another(first)
    }

    /// Appends bytes.
    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.front.write(chunk).await
    }

    /// Writes what was gathered.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        self.front.flush().await
    }

    /// Puts the whole file in its place with `place`, which is given the temporary and the final path.
    pub(crate) async fn place(mut self, place: impl FnOnce(&Path, &Path) -> io::Result<()> + Send + 'static) -> Result<()> {
        self.flush().await?;
        if let Some(name) = self.nameless.take() {
            let (file, path) = (self.file.clone(), name.clone());
            briefly(move || named(&file, &path)).await.map_err(|error| about(&error, &self.target))?;
            self.temporary = Some(name);
        }
        let Some(temporary) = self.temporary.clone() else { return Ok(()) };
        let target = self.target.clone();
        briefly(move || place(&temporary, &target)).await.map_err(|error| about(&error, &self.target))?;
        self.temporary = None;
        Ok(())
    }

    /// Renames the whole file into its place.
    pub(crate) async fn finish(self) -> Result<()> {
        self.place(|temporary, target| fs::rename(temporary, target)).await
    }
}

/// The directory of a file that is to be written.
fn directory_of(target: &Path) -> Result<PathBuf> {
    if target.file_name().is_none() || target.is_dir() {
        return Err(Error::new(ErrorKind::InvalidInput, format!("{} is a directory, not a file to write", target.display())));
    }
    Ok(match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    })
}

/// A name that no other draft of this process has.
pub(super) fn fresh_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!(".oarlock-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Gives a file without a name one.
fn named(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    // From a process that had this id and was killed.
    let _ = fs::remove_file(path);
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(rustix::fs::CWD, open, rustix::fs::CWD, path, rustix::fs::AtFlags::SYMLINK_FOLLOW)?)
}

/// Where a draft of this name stands; `None` for a name that no draft has.
fn left(target: &Path, name: &str) -> Option<PathBuf> {
    let ours = name.strip_prefix(".oarlock-")?.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    ours.then(|| target.with_file_name(name))
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take().filter(|_| !self.stands) {
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Bytes of a draft that one writer writes in order, from some byte on. While a thread writes what was gathered, more is gathered.
pub(crate) struct Stretch {
    file: Arc<File>,
    target: Arc<Path>,
    at: u64,
    pending: Vec<Bytes>,
    pending_bytes: usize,
    writing: Option<JoinHandle<io::Result<()>>>,
    /// Shared by all stretches of the file: a kernel writes to it once at a time, and lets who waits spin.
    turn: Arc<Mutex<()>>,
}

impl Stretch {
    pub(super) fn new(file: Arc<File>, target: Arc<Path>, at: u64) -> Stretch {
        Stretch { file, target, at, pending: Vec::new(), pending_bytes: 0, writing: None, turn: Arc::default() }
    }

    /// Another stretch of the same file.
    pub(crate) fn another(&self, at: u64) -> Stretch {
        Stretch { turn: self.turn.clone(), ..Stretch::new(self.file.clone(), self.target.clone(), at) }
    }

    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.pending_bytes += chunk.len();
        self.pending.push(chunk);
        if self.pending_bytes >= GATHER { self.begin().await } else { Ok(()) }
    }

    /// Writes what was gathered, to the last byte.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        self.begin().await?;
        self.written().await
    }

    async fn begin(&mut self) -> Result<()> {
        self.written().await?;
        let chunks = std::mem::take(&mut self.pending);
        let at = self.at;
        self.at += std::mem::take(&mut self.pending_bytes) as u64;
        if !chunks.is_empty() {
            let (file, turn) = (self.file.clone(), self.turn.clone());
            let write = move || {
                let _turn = turn.lock();
                write_all(&file, &chunks, at)
            };
            if runtime::drives() {
                return write().map_err(|error| about(&error, &self.target));
            }
            self.writing = Some(runtime::blocking(write));
        }
        Ok(())
    }

    async fn written(&mut self) -> Result<()> {
        let Some(writing) = self.writing.take() else { return Ok(()) };
        let written = writing.await.unwrap_or_else(|_| Err(io::Error::other("a worker thread stopped")));
        written.map_err(|error| about(&error, &self.target))
    }
}

fn write_all(file: &File, chunks: &[Bytes], mut at: u64) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = chunks.iter().map(|chunk| IoSlice::new(chunk)).collect();
    let mut slices = slices.as_mut_slice();
    while !slices.is_empty() {
        // The kernel takes 1024 slices at a time.
        let batch = slices.len().min(1024);
        match rustix::io::pwritev(file, &slices[..batch], at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                at += written as u64;
                IoSlice::advance_slices(&mut slices, written);
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Runs file work that is soon done: here, on a thread that drives its own call, for two hand-offs cost more than it does.
async fn briefly<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    if runtime::drives() { work() } else { blocking(work).await }
}

/// Runs blocking file work on a thread made for it.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    runtime::blocking(work).await.unwrap_or_else(|_| Err(io::Error::other("a worker thread stopped")))
}

/// A file error that names the file.
pub(crate) fn about(error: &io::Error, path: &Path) -> Error {
    let plain = Error::from(io::Error::from(error.kind()));
    let kind = if plain.kind() == ErrorKind::NotFound { ErrorKind::Io } else { plain.kind() };
    Error::new(kind, format!("cannot use {}: {error}", path.display()))
}
