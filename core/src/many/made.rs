//! The directories that a sync has made, which go again if it fails or is cancelled before a file came.
//!
//! Invariant: a directory is removed by the last sync of this process that uses it, and only if it is empty.
//! One that another program made is never removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::runtime;

/// Directories that syncs under way have made, and how many of them use each.
#[derive(Default)]
struct Users(Mutex<BTreeMap<PathBuf, usize>>);

/// The directories of one sync. Dropping this removes those that are empty and nobody else's.
pub(super) struct SyncDirectories(Arc<CreatedDirectories>);

/// What threads share with the sync.
pub(super) struct CreatedDirectories {
    users: Arc<Users>,
    own: Mutex<BTreeSet<PathBuf>>,
}

impl SyncDirectories {
    pub(super) fn new() -> Result<SyncDirectories> {
        let users = runtime::current()?.shared("directories that syncs have made", Users::default);
        Ok(SyncDirectories(Arc::new(CreatedDirectories { users, own: Mutex::default() })))
    }

    /// For a thread that makes directories.
    pub(super) fn share(&self) -> Arc<CreatedDirectories> {
        self.0.clone()
    }

    /// All files came: the directories stay.
    pub(super) fn keep(&self) {
        self.0.release(false);
    }
}

impl Drop for SyncDirectories {
    fn drop(&mut self) {
        self.0.release(true);
    }
}

impl CreatedDirectories {
    /// Makes a directory and those above it, where they are missing.
    pub(super) fn make(&self, directory: &Path) -> io::Result<()> {
        if directory.as_os_str().is_empty() {
            return Ok(());
        }
        if directory.is_dir() {
            // One lock at a time: below they are taken the other way around.
            let is_own = self.own().contains(directory);
            let is_used = self.users().contains_key(directory);
            if is_own || !is_used {
                return Ok(());
            }
        }
        directory.parent().map_or(Ok(()), |above| self.make(above))?;
        // Locked also while it is made: nobody may see it before it is known whose it is.
        let mut users = self.users();
        match fs::create_dir(directory) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => {
                // By another program, or by a sync that has ended well.
                if !users.contains_key(directory) {
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
        }
        if self.own().insert(directory.to_owned()) {
            *users.entry(directory.to_owned()).or_default() += 1;
        }
        Ok(())
    }

    fn release(&self, remove: bool) {
        let own = std::mem::take(&mut *self.own());
        // Those below come after those above.
        for directory in own.into_iter().rev() {
            let mut users = self.users();
            let left = users.remove(&directory).unwrap_or(1) - 1;
            if left > 0 {
                users.insert(directory, left);
            } else if remove {
                let _ = fs::remove_dir(&directory);
            }
        }
    }

    fn own(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn users(&self) -> MutexGuard<'_, BTreeMap<PathBuf, usize>> {
        self.users.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_go_with_the_last_sync_that_uses_them() {
        let place = tempfile::tempdir().unwrap();
        let (kept, deep) = (place.path().join("a"), place.path().join("a/b/c"));
        fs::create_dir(&kept).unwrap();
        let (one, other) = (SyncDirectories::new().unwrap(), SyncDirectories::new().unwrap());
        one.share().make(&deep).unwrap();
        other.share().make(&deep).unwrap();
        other.share().make(&deep).unwrap();
        drop(one);
        assert!(deep.is_dir());
        drop(other);
        assert!(kept.is_dir() && fs::read_dir(&kept).unwrap().count() == 0);
        let full = SyncDirectories::new().unwrap();
        full.share().make(&deep).unwrap();
        fs::write(deep.join("file"), "").unwrap();
        drop(full);
        assert!(deep.join("file").exists());
    }
}
