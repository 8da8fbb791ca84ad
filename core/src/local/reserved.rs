//! The reserved directory `.oarlock` at the root of a store: temporary files, what is kept beside objects,
//! and the lock.
//!
//! Invariant: the first write creates it, never a read. A writer of objects or sidecar files holds the lock,
//! which excludes other threads and other processes. Independent of verbs.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{FlockOperation, Mode, flock};
use rustix::io::Errno;

use super::dir::{Dir, EntryKind, ObjectStat, os};
use crate::error::{Error, ErrorKind, Result, fail};

/// The name of the directory at the root.
pub(super) const RESERVED: &str = ".oarlock";

/// The reserved directory, held open.
pub(super) struct Reserved(Dir);

/// The store's lock; dropping it lets the next one in.
pub(super) struct StoreLock(File);

impl Drop for StoreLock {
    fn drop(&mut self) {
        // Closing is not enough: a child forked meanwhile has the same open file and would hold the lock as
        // long as it lives.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

impl Reserved {
    /// For reading: none if no write has made it.
    pub(super) fn find(root: &Dir) -> Result<Option<Reserved>> {
        match root.child(RESERVED) {
            Ok(dir) => Ok(Some(Reserved(dir))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(refuse(error)),
        }
    }

    /// For writing.
    pub(super) fn make(root: &Dir) -> Result<Reserved> {
        root.make_child(RESERVED).map(Reserved).map_err(refuse)
    }

    /// Waits for the lock.
    pub(super) fn lock(&self) -> Result<StoreLock> {
        loop {
            let lock = StoreLock(self.0.open_lock("lock").map_err(os("open the store's lock"))?);
            loop {
                match flock(&lock.0, FlockOperation::LockExclusive) {
                    Ok(()) => break,
                    Err(Errno::INTR) => {}
                    Err(error) => return Err(os("lock the store")(error)),
                }
            }
            // The store may have been deleted, and made anew, while we waited: then this lock is nobody's.
            let ours = ObjectStat::of_file(&lock.0).map_err(os("lock the store"))?;
            match self.0.look("lock").map_err(os("lock the store"))? {
                EntryKind::Object(there) if there == ours => return Ok(lock),
                EntryKind::Nothing => fail!(NoSuchBucket, "the store's directory was deleted meanwhile"),
                _ => {}
            }
        }
    }

    /// Makes a temporary file.
    pub(super) fn temp(&self) -> Result<(Temp, File)> {
        let dir = self.0.make_child("tmp").map_err(os("make a temporary file"))?;
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        loop {
            let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
            let name =
                format!("{:x}-{nanos:x}-{:x}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
            match dir.create(&name) {
                Ok(file) => return Ok((Temp(Arc::new(TempPath { dir, name })), file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(os("make a temporary file")(error)),
            }
        }
    }

    /// The directory of what is kept beside objects, if there is one.
    pub(super) fn find_beside(&self) -> Result<Option<Dir>> {
        match self.0.child("meta") {
            Ok(dir) => Ok(Some(dir)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(refuse(error)),
        }
    }

    /// The same, made if it is missing.
    pub(super) fn make_beside(&self) -> Result<Dir> {
        self.0.make_child("meta").map_err(refuse)
    }
}

fn refuse(error: Errno) -> Error {
    match error {
        Errno::LOOP | Errno::NOTDIR => Error::new(
            ErrorKind::InvalidInput,
            format!(
                "`{RESERVED}` in the store's directory must be a directory of the store's own, not a file or \
                 a symbolic link"
            ),
        ),
        error => os("use the store's reserved directory")(error),
    }
}

/// A file being written. Dropping this removes it, even while another thread still writes to it or is about
/// to move it in place: that thread then finds nothing to move. Once moved there is nothing left to remove.
pub(super) struct Temp(Arc<TempPath>);

/// Where a temporary file lies, shared with the thread that moves it in place.
pub(super) struct TempPath {
    pub(super) dir: Dir,
    pub(super) name: String,
}

impl Temp {
    pub(super) fn place(&self) -> Arc<TempPath> {
        self.0.clone()
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        // No call is left to report it; the next write to the store reports its own failure.
        let _ = self.0.dir.unlink(&self.0.name);
    }
}

/// Removes others' permissions from a new file, and returns those to restore when it is complete.
pub(super) fn withhold(file: &File) -> io::Result<Mode> {
    let mode = Mode::from_raw_mode(rustix::fs::fstat(file)?.st_mode & 0o7777);
    rustix::fs::fchmod(file, Mode::RUSR | Mode::WUSR)?;
    Ok(mode)
}
