//! Pipes, devices and open descriptors: written to and read from in order, never replaced.
//!
//! Invariant: no wait for the other end of a pipe blocks a thread, so that a call can always be cancelled. A
//! reader that leaves is an error, never a signal.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::unix::AsyncFd;

use super::destination::{Destination, DestinationKind};
use super::{about, blocking};
use crate::error::Result;
use crate::runtime::workers;

/// How long to wait before a device that has no event to wait for is tried again.
const PAUSE: Duration = Duration::from_millis(5);

const FLAGS: i32 = libc::O_CLOEXEC | libc::O_NOCTTY | libc::O_NONBLOCK;

/// A pipe or a device, open for writing in order.
pub(crate) struct SpecialFile {
    file: Channel,
    path: Arc<Path>,
}

impl SpecialFile {
    pub(super) fn new(file: File, path: &Path) -> Result<SpecialFile> {
        Ok(SpecialFile { file: Channel::new(file).map_err(|error| about(&error, path))?, path: path.into() })
    }

    /// Opens what is no regular file; `None` while nobody reads the pipe.
    pub(super) fn open(destination: &Destination) -> io::Result<Option<File>> {
        let path = &destination.path;
        if let DestinationKind::Open = destination.kind {
            return open_again(path).map(Some);
        }
        let file = match OpenOptions::new().write(true).custom_flags(FLAGS).open(path) {
            Err(error)
                if error.raw_os_error() == Some(libc::ENXIO)
                    && matches!(destination.kind, DestinationKind::Pipe) =>
            {
                return Ok(None);
            }
            file => file?,
        };
        if file.metadata()?.is_file() {
            return Err(io::Error::other("a file took the place of a pipe or a device"));
        }
        Ok(Some(file))
    }

    /// Writes all of the chunk.
    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.file.write_all(chunk).await.map_err(|error| about(&error, &self.path))
    }
}

/// A regular file by the descriptor that a process holds: this process's own is written to where it stands,
/// as a shell does, so that what the host wrote to its standard output before and after stays.
fn open_again(entry: &Path) -> io::Result<File> {
    use std::os::fd::FromRawFd;
    let Some(number) = own_descriptor(entry) else {
        return OpenOptions::new().write(true).truncate(true).custom_flags(FLAGS).open(entry);
    };
    // SAFETY: plain numbers; a descriptor that is not open is an error.
    let copy = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) };
    if copy < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above has just made it for us alone.
    Ok(unsafe { File::from_raw_fd(copy) })
}

/// The number of a descriptor of this process that an entry of `/proc` names.
fn own_descriptor(entry: &Path) -> Option<i32> {
    let directory = entry.parent()?.canonicalize().ok()?;
    let own = Path::new("/proc/self/fd").canonicalize().ok()?;
    if directory == own { entry.file_name()?.to_str()?.parse().ok() } else { None }
}

/// A file that is read or written from where it stands, by events if it has any.
pub(super) enum Channel {
    Events(AsyncFd<File>),
    /// Always ready, as `/dev/null` and block devices are.
    Threads(Arc<File>),
}

impl Channel {
    pub(super) fn new(file: File) -> io::Result<Channel> {
        let kind = file.metadata()?.file_type();
        if !(kind.is_fifo() || kind.is_char_device()) {
            return Ok(Channel::Threads(Arc::new(file)));
        }
        // The workers' events: those of the thread that polls may go while the call is handed to another.
        let workers = workers();
        let _here = workers.enter();
        // SAFETY: a `File` keeps its one descriptor open for as long as it lives.
        let registered = unsafe { AsyncFd::register(file) };
        registered.map(Channel::Events).or_else(|failed| {
            let (file, error) = failed.into_parts();
            if error.raw_os_error() == Some(libc::EPERM) {
                Ok(Channel::Threads(Arc::new(file)))
            } else {
                Err(error)
            }
        })
    }

    async fn write_all(&mut self, mut chunk: Bytes) -> io::Result<()> {
        while chunk.has_remaining() {
            match self.write_some(&chunk).await {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => chunk.advance(written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn write_some(&mut self, chunk: &Bytes) -> io::Result<usize> {
        match self {
            Channel::Events(file) => loop {
                let mut ready = file.writable().await?;
                if let Ok(written) = ready.try_io(|file| without_sigpipe(|| file.get_ref().write(chunk))) {
                    return written;
                }
            },
            Channel::Threads(file) => {
                let (file, chunk) = (file.clone(), chunk.clone());
                blocking(move || without_sigpipe(|| (&*file).write(&chunk))).await
            }
        }
    }

    /// Reads up to so many bytes; none at the end.
    pub(super) async fn read(&mut self, most: usize) -> io::Result<Bytes> {
        loop {
            let read = match self {
                Channel::Events(file) => {
                    let mut ready = file.readable().await?;
                    match ready.try_io(|file| read_some(file.get_ref(), most.min(64 << 10), false)) {
                        Ok(read) => read,
                        Err(_) => continue,
                    }
                }
                Channel::Threads(file) => {
                    let file = file.clone();
                    blocking(move || read_some(&file, most.min(1 << 20), true)).await
                }
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => tokio::time::sleep(PAUSE).await,
                read => return read,
            }
        }
    }
}

/// Reads once, or until there are so many bytes.
fn read_some(mut file: &File, most: usize, fill: bool) -> io::Result<Bytes> {
    let mut bytes = vec![0; most];
    let mut length = file.read(&mut bytes)?;
    while fill && length > 0 && length < most {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(length);
    Ok(bytes.into())
}

/// Writes with SIGPIPE held back from this thread, which may be the host's: by default the signal ends the
/// process.
fn without_sigpipe<T>(write: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    // SAFETY: the sets are plain data that the calls fill; only this thread's mask changes, and it is
    // restored below.
    let (pipe, before, was_pending) = unsafe {
        let (mut pipe, mut before, mut pending) =
            std::mem::zeroed::<(libc::sigset_t, libc::sigset_t, libc::sigset_t)>();
        libc::sigemptyset(&mut pipe);
        libc::sigaddset(&mut pipe, libc::SIGPIPE);
        libc::pthread_sigmask(libc::SIG_BLOCK, &pipe, &mut before);
        libc::sigpending(&mut pending);
        (pipe, before, libc::sigismember(&pending, libc::SIGPIPE) == 1)
    };
    let written = write();
    let is_broken = matches!(&written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe);
    // SAFETY: as above. A signal is taken back only if it is there and this write caused it, so `sigwait`
    // returns at once.
    unsafe {
        let mut pending = std::mem::zeroed();
        if is_broken
            && !was_pending
            && libc::sigpending(&mut pending) == 0
            && libc::sigismember(&pending, libc::SIGPIPE) == 1
        {
            let mut taken = 0;
            libc::sigwait(&pipe, &mut taken);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut());
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_leaves_is_an_error_and_no_signal() {
        // Rust's own start-up ignores the signal; here its default counts, as in a host written in C.
        // SAFETY: sets a signal's default action, which no other test relies on.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        let (read, write) = std::io::pipe().unwrap();
        drop(read);
        let error = without_sigpipe(|| (&write).write(b"x")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        // SAFETY: as above.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    }
}
