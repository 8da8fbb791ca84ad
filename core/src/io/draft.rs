//! A file in the making: written under a temporary name beside its destination, renamed when it is whole.
//!
//! Invariant: the destination's name never shows a part of the content, and a draft that is dropped leaves
//! nothing behind, also where the drop comes while a thread makes or renames the file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::destination::{self, Destination};
use super::work::{blocking, owned};
use super::{about, kernel};
use crate::error::Result;
use crate::runtime;

/// Smaller files are written sooner than a lack of space could be reported.
const RESERVE: u64 = 1 << 20;

/// Bytes that are gathered before a thread writes them: a hand-off costs more than a small write.
pub(crate) const GATHER: usize = 1 << 20;

/// Where a draft lies until it is whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Naming {
    /// Under a temporary name beside its destination.
    Temporary,
    /// Nowhere: unverified bytes can't be found, however the process ends.
    Nameless,
}

pub(crate) struct Draft {
    file: Arc<File>,
    temporary: Temporary,
    front: Stretch,
}

/// The draft's name, which goes when this is dropped.
struct Temporary {
    path: PathBuf,
    destination: Destination,
    /// Whether a file may lie there.
    exists: bool,
    /// Whether it stays when this is dropped, for a later process to go on with.
    stands: bool,
}

impl Draft {
    /// A draft beside the file that it becomes; one that replaces no file is readable by those whom the
    /// process's umask allows. Blocks for some system calls, so it belongs into `owned`.
    pub(super) fn create(destination: Destination, naming: Naming) -> io::Result<Draft> {
        let directory = destination::parent(&destination.path);
        let path = directory.join(fresh_name());
        let mode = destination.draft_mode();
        let mut temporary = Temporary { path, destination, exists: false, stands: false };
        if naming == Naming::Nameless
            && let Some(file) = kernel::open_unnamed(OpenOptions::new().write(true).mode(mode), &directory)?
        {
            return Ok(Draft::of(file, temporary));
        }
        temporary.exists = true;
        // A file of this process's own names is from an earlier process with this id.
        let _ = fs::remove_file(&temporary.path);
        let flags = libc::O_CLOEXEC | libc::O_NOFOLLOW;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .custom_flags(flags)
            .open(&temporary.path)?;
        Ok(Draft::of(file, temporary))
    }

    /// A draft beside this file.
    pub(crate) async fn beside(destination: Destination) -> Result<Draft> {
        let path = destination.path.clone();
        owned(move || Draft::create(destination, Naming::Temporary))
            .await
            .map_err(|error| about(&error, &path))
    }

    fn of(file: File, temporary: Temporary) -> Draft {
        let file = Arc::new(file);
        let front = Stretch::new(file.clone(), temporary.destination.path.as_path().into(), 0);
        Draft { file, temporary, front }
    }

    /// The draft of this name that an earlier process left beside the file, and a descriptor to read it by;
    /// else the destination, for a new draft.
    pub(crate) async fn again(
        destination: Destination,
        name: &str,
    ) -> std::result::Result<(Draft, File), Destination> {
        let Some(path) = left(&destination, name) else { return Err(destination) };
        let opened = blocking({
            let path = path.clone();
            move || {
                let flags = libc::O_CLOEXEC | libc::O_NOFOLLOW | libc::O_NONBLOCK;
                let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(&path)?;
                let metadata = file.metadata()?;
                let ours = metadata.is_file()
                    && metadata.uid() == rustix::process::geteuid().as_raw()
                    && metadata.nlink() == 1;
                Ok((ours.then(|| file.try_clone()).transpose()?, file))
            }
        });
        let Ok((Some(reads), file)) = opened.await else { return Err(destination) };
        Ok((Draft::of(file, Temporary { path, destination, exists: true, stands: true }), reads))
    }

    /// Removes the draft of this name that an earlier process left beside the file.
    pub(crate) async fn discard(destination: &Destination, name: &str) {
        if let Some(path) = left(destination, name) {
            let _ = owned(move || fs::remove_file(path)).await;
        }
    }

    /// Whether it stays when it is dropped.
    pub(crate) fn stands(&mut self, stands: bool) {
        self.temporary.stands = stands;
    }

    /// What it is called beside the destination.
    pub(crate) fn name(&self) -> Option<&str> {
        self.temporary.path.file_name().filter(|_| self.temporary.exists)?.to_str()
    }

    /// The file, to read what was written.
    pub(crate) async fn read(&self) -> Result<File> {
        let path = self.temporary.path.clone();
        blocking(move || {
            OpenOptions::new().read(true).custom_flags(libc::O_CLOEXEC | libc::O_NOFOLLOW).open(&path)
        })
        .await
        .map_err(|error| about(&error, &self.temporary.destination.path))
    }

    /// Reserves space for so many bytes, so that a full disk is reported before they are fetched. A file
    /// system that can't reserve is ignored.
    pub(crate) async fn reserve(&self, size: u64) -> Result<()> {
        if size < RESERVE {
            return Ok(());
        }
        let file = self.file.clone();
        match blocking(move || kernel::reserve(&file, size)).await {
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT | libc::EFBIG)) => {
                Err(about(&error, &self.temporary.destination.path))
            }
            _ => Ok(()),
        }
    }

    /// Writes from this byte on; what several write may come in any order. The draft alone decides what
    /// becomes of the file.
    pub(crate) fn stretch(&self, first: u64) -> Stretch {
        self.front.another(first)
    }

    /// Appends bytes.
    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.front.write(chunk).await
    }

    /// Renames the whole file into its place.
    pub(crate) async fn finish(self) -> Result<()> {
        self.finish_and(|| ()).await
    }

    /// The same, and then does `next` before a cancelled call can stop it.
    pub(crate) async fn finish_and(mut self, next: impl FnOnce() + Send + 'static) -> Result<()> {
        self.front.flush().await?;
        let Draft { file, temporary, .. } = self;
        let path = temporary.destination.path.clone();
        let placed = owned(move || temporary.place(&file).map(|()| next()));
        placed.await.map_err(|error| about(&error, &path))
    }
}

impl Temporary {
    fn place(mut self, file: &File) -> io::Result<()> {
        self.stands = false;
        self.destination.hand_on_permissions(file)?;
        if !self.exists {
            self.exists = true;
            name(file, &self.path)?;
        }
        fs::rename(&self.path, &self.destination.path)?;
        self.exists = false;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.exists && !self.stands {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A name that no other draft of this process has.
pub(super) fn fresh_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!(".oarlock-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Gives a file without a name one.
fn name(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    // From a process that had this id and was killed.
    let _ = fs::remove_file(path);
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(rustix::fs::CWD, open, rustix::fs::CWD, path, rustix::fs::AtFlags::SYMLINK_FOLLOW)?)
}

/// The path of a draft of this name; `None` for a name that no draft has.
fn left(destination: &Destination, name: &str) -> Option<PathBuf> {
    let ours = name.strip_prefix(".oarlock-")?.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    ours.then(|| destination.path.with_file_name(name))
}

/// Bytes of a draft that one writer writes in order, from some byte on. While a thread writes what was
/// gathered, more is gathered.
pub(crate) struct Stretch {
    file: Arc<File>,
    target: Arc<Path>,
    at: u64,
    pending: Vec<Bytes>,
    pending_bytes: usize,
    /// Bytes that are gathered before they are written.
    gather: usize,
    writing: Option<JoinHandle<io::Result<()>>>,
    /// Shared by all stretches of the file: a kernel writes to it once at a time, and lets who waits spin.
    turn: Arc<Mutex<()>>,
}

impl Stretch {
    pub(super) fn new(file: Arc<File>, target: Arc<Path>, at: u64) -> Stretch {
        Stretch {
            file,
            target,
            at,
            pending: Vec::new(),
            pending_bytes: 0,
            gather: GATHER,
            writing: None,
            turn: Arc::default(),
        }
    }

    /// Another stretch of the same file.
    pub(crate) fn another(&self, at: u64) -> Stretch {
        Stretch { turn: self.turn.clone(), ..Stretch::new(self.file.clone(), self.target.clone(), at) }
    }

    /// The same, which gathers so many bytes before it writes them.
    pub(crate) fn gathering(self, bytes: usize) -> Stretch {
        Stretch { gather: bytes, ..self }
    }

    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.pending_bytes += chunk.len();
        self.pending.push(chunk);
        if self.pending_bytes >= self.gather { self.begin().await } else { Ok(()) }
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
