//! The pollable file descriptor behind a `Call`: readable exactly while the call has an event to deliver.
//!
//! Invariant: `raise` and `lower` are called under the call's lock, so the descriptor is always right.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

pub(crate) struct Wake {
    read: OwnedFd,
    #[cfg(not(target_os = "linux"))]
    write: OwnedFd,
}

impl Wake {
    #[cfg(target_os = "linux")]
    pub(crate) fn new() -> Result<Self> {
        use std::os::fd::FromRawFd;
        // SAFETY: makes a descriptor that nobody else has; -1 is checked before it is owned.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(failed());
        }
        // SAFETY: a fresh, valid descriptor.
        Ok(Wake { read: unsafe { OwnedFd::from_raw_fd(fd) } })
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn new() -> Result<Self> {
        let (read, write) = std::os::unix::net::UnixStream::pair().map_err(|_| failed())?;
        read.set_nonblocking(true).map_err(|_| failed())?;
        write.set_nonblocking(true).map_err(|_| failed())?;
        Ok(Wake { read: read.into(), write: write.into() })
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.read.as_raw_fd()
    }

    pub(crate) fn raise(&self) {
        #[cfg(target_os = "linux")]
        let write = &self.read;
        #[cfg(not(target_os = "linux"))]
        let write = &self.write;
        let one = 1u64.to_ne_bytes();
        // SAFETY: eight readable bytes; a full or interrupted write leaves the descriptor readable, which is
        // enough.
        unsafe { libc::write(write.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    pub(crate) fn lower(&self) {
        let mut eight = [0u8; 8];
        // SAFETY: eight writable bytes; the descriptor does not block.
        while unsafe { libc::read(self.read.as_raw_fd(), eight.as_mut_ptr().cast(), eight.len()) } == 8 {
            if cfg!(target_os = "linux") {
                break;
            }
        }
    }

    /// Waits until readable, a signal came or the time is over.
    pub(crate) fn wait(&self, limit: Option<Duration>) {
        let milliseconds =
            limit.map_or(-1, |limit| i32::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(i32::MAX));
        let mut poll = libc::pollfd { fd: self.fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid pollfd; EINTR is an answer like any other, the caller looks again.
        unsafe { libc::poll(&mut poll, 1, milliseconds) };
    }
}

fn failed() -> Error {
    Error::new(
        ErrorKind::Io,
        format!("cannot make a file descriptor to wait on: {}", std::io::Error::last_os_error()),
    )
}
