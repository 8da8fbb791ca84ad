//! Files with secrets that one user's processes share: credentials of roles, sign-ins.
//!
//! Invariant: a file is there whole or not at all, for its owner alone: made under another name, mode 0600,
//! then renamed. In a directory of our own nothing is followed through a link, and what is not a plain file
//! of this user's, closed to others, counts as not there.

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{self, AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

const OWNER: Mode = Mode::RUSR.union(Mode::WUSR);
const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// More than any document of credentials has.
const LIMIT: u64 = 1 << 20;

/// A directory held open.
pub(super) struct PrivateDirectory(OwnedFd);

/// The right to fetch what others wait for; given back when it is dropped.
pub(super) struct Lock(OwnedFd);

impl Drop for Lock {
    fn drop(&mut self) {
        // Explicit, because a child forked meanwhile holds the descriptor too.
        let _ = fs::flock(&self.0, FlockOperation::Unlock);
    }
}

impl PrivateDirectory {
    /// A directory of this user's alone, made if it is not there.
    pub(super) fn own(path: &Path) -> io::Result<PrivateDirectory> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let directory = fs::open(path, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
        let found = fs::fstat(&directory)?;
        if found.st_uid != rustix::process::geteuid().as_raw() || found.st_mode & 0o077 != 0 {
            return Err(io::Error::other("it must be this user's, with mode 0700"));
        }
        Ok(PrivateDirectory(directory))
    }

    /// The directory that a file of other programs is in.
    pub(super) fn of(file: &Path) -> io::Result<PrivateDirectory> {
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(PrivateDirectory(fs::open(parent, DIRECTORY, Mode::empty())?))
    }

    /// What a file of our own holds.
    pub(super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        // Not blocking: somebody may have put a pipe there.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = fs::openat(&self.0, name, flags, Mode::empty()).ok()?;
        let found = fs::fstat(&file).ok()?;
        let plain = fs::FileType::from_raw_mode(found.st_mode) == fs::FileType::RegularFile;
        if !plain || found.st_uid != rustix::process::geteuid().as_raw() || found.st_mode & 0o077 != 0 {
            return None;
        }
        let mut text = Vec::new();
        File::from(file).take(LIMIT).read_to_end(&mut text).ok()?;
        Some(text)
    }

    /// Puts a file in the place of the one of this name.
    pub(super) fn write(&self, name: &str, text: &[u8]) -> io::Result<()> {
        let temporary = format!(".{name}.{:016x}", RandomState::new().build_hasher().finish());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = fs::openat(&self.0, &temporary, flags, OWNER)?;
        let written = File::from(file).write_all(text);
        let placed = written.and_then(|()| Ok(fs::renameat(&self.0, &temporary, &self.0, name)?));
        if placed.is_err() {
            let _ = fs::unlinkat(&self.0, &temporary, AtFlags::empty());
        }
        placed
    }

    /// Waits, but not for ever, until no other process holds the lock of this name.
    pub(super) async fn lock(&self, name: &str, patience: Duration) -> io::Result<Option<Lock>> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let lock = Lock(fs::openat(&self.0, name, flags, OWNER)?);
        let end = Instant::now() + patience;
        loop {
            match fs::flock(&lock.0, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Some(lock)),
                Err(Errno::WOULDBLOCK) if Instant::now() < end => {
                    tokio::time::sleep(Duration::from_millis(20)).await
                }
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn written_for_the_owner_alone_and_read_only_so() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a/b");
        let directory = PrivateDirectory::own(&path).unwrap();
        directory.write("f", b"one").unwrap();
        directory.write("f", b"two").unwrap();
        assert_eq!(directory.read("f").unwrap(), b"two");
        assert_eq!(std::fs::metadata(path.join("f")).unwrap().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert_eq!(std::fs::read_dir(&path).unwrap().count(), 1);

        symlink(path.join("f"), path.join("link")).unwrap();
        std::fs::create_dir(path.join("directory")).unwrap();
        std::fs::write(path.join("loose"), "x").unwrap();
        std::fs::set_permissions(path.join("loose"), std::fs::Permissions::from_mode(0o644)).unwrap();
        for name in ["link", "directory", "loose", "absent"] {
            assert!(directory.read(name).is_none(), "{name}");
        }
        // A link is replaced, not followed.
        directory.write("link", b"three").unwrap();
        assert_eq!(
            (directory.read("link").unwrap(), directory.read("f").unwrap()),
            (b"three".to_vec(), b"two".to_vec())
        );

        symlink(&path, place.path().join("elsewhere")).unwrap();
        assert!(PrivateDirectory::own(&place.path().join("elsewhere")).is_err());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(PrivateDirectory::own(&path).is_err());
    }

    #[test]
    fn a_lock_is_held_by_one() {
        let place = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let directory = PrivateDirectory::own(&place.path().join("d")).unwrap();
            let first = directory.lock("l", Duration::ZERO).await.unwrap();
            assert!(
                first.is_some() && directory.lock("l", Duration::from_millis(30)).await.unwrap().is_none()
            );
            drop(first);
            assert!(directory.lock("l", Duration::ZERO).await.unwrap().is_some());
        });
    }
}
