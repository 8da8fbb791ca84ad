//! `Dir`: a directory held open, and every file-system call the local store makes below its root.
//!
//! Invariant: a name is one segment, looked up in an open directory, and never followed if it is a symbolic
//! link. Walking down this way cannot be led out of the root by a link that appears between a check and its
//! use, as resolving a path first could. Must not depend on keys, metadata or conditions.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

use crate::error::{Error, ErrorKind, Result, fail};
use crate::value::from_unix;

/// A directory held open.
pub(super) struct Dir(OwnedFd);

/// The file system's metadata of a stored object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ObjectStat {
    pub(super) size: u64,
    pub(super) modified: SystemTime,
    pub(super) etag: String,
}

/// The kind of entry under a name.
pub(super) enum EntryKind {
    Nothing,
    Object(ObjectStat),
    Directory,
    Link,
    /// A pipe, a socket or a device: never an object.
    Special,
}

impl ObjectStat {
    // The stat structure's fields have other widths on other systems.
    #[allow(clippy::unnecessary_cast)]
    fn of(stat: &Stat) -> ObjectStat {
        let (seconds, nanos) = (stat.st_mtime as i64, stat.st_mtime_nsec as u32);
        let modified = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        ObjectStat {
            size: stat.st_size as u64,
            modified: from_unix(seconds, nanos),
            etag: format!("{:x}.{:x}.{:x}", stat.st_size, modified, stat.st_ino),
        }
    }

    /// The facts of an open file.
    pub(super) fn of_file(file: &File) -> io::Result<ObjectStat> {
        Ok(ObjectStat::of(&fs::fstat(file)?))
    }
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Dir {
    /// The root of a store. How its path leads there, through links or not, is the choice of who opened the
    /// store.
    pub(super) fn root(path: &Path) -> Result<Dir> {
        match fs::open(path, DIRECTORY, Mode::empty()) {
            Ok(fd) => Ok(Dir(fd)),
            Err(Errno::NOENT) => {
                fail!(NoSuchBucket, "the store's directory {} does not exist", path.display())
            }
            Err(Errno::NOTDIR) => fail!(NoSuchBucket, "{} is not a directory", path.display()),
            Err(error) => Err(os("open the store's directory")(error)),
        }
    }

    /// The directory of this name, if it is one.
    pub(super) fn child(&self, name: &str) -> std::result::Result<Dir, Errno> {
        fs::openat(&self.0, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty()).map(Dir)
    }

    /// The directory of this name, made if nothing has the name.
    pub(super) fn make_child(&self, name: &str) -> std::result::Result<Dir, Errno> {
        match self.child(name) {
            Err(Errno::NOENT) => match fs::mkdirat(&self.0, name, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => self.child(name),
                Err(error) => Err(error),
            },
            found => found,
        }
    }

    /// What stands under the name.
    pub(super) fn look(&self, name: &str) -> io::Result<EntryKind> {
        let stat = match fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG) => return Ok(EntryKind::Nothing),
            Err(error) => return Err(error.into()),
        };
        Ok(match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => EntryKind::Object(ObjectStat::of(&stat)),
            FileType::Directory => EntryKind::Directory,
            FileType::Symlink => EntryKind::Link,
            _ => EntryKind::Special,
        })
    }

    /// Opens a file for reading. Not blocking, in case a pipe took its place.
    pub(super) fn open(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(fs::openat(&self.0, name, flags, Mode::empty())?.into())
    }

    /// Opens a file for locking, made if it is missing.
    pub(super) fn open_lock(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(fs::openat(&self.0, name, flags, Mode::from_raw_mode(0o666))?.into())
    }

    /// Makes a new file, with the permissions that the process's umask leaves.
    pub(super) fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(fs::openat(&self.0, name, flags, Mode::from_raw_mode(0o666))?.into())
    }

    /// Moves a file over whatever file has the new name.
    pub(super) fn rename(&self, name: &str, to: &Dir, new: &str) -> io::Result<()> {
        Ok(fs::renameat(&self.0, name, &to.0, new)?)
    }

    /// Moves a file to a name that must be free.
    pub(super) fn rename_new(&self, name: &str, to: &Dir, new: &str) -> io::Result<()> {
        match fs::renameat_with(&self.0, name, &to.0, new, RenameFlags::NOREPLACE) {
            // This file system can't; a hard link refuses a taken name just as well.
            Err(Errno::INVAL | Errno::NOSYS) => {
                fs::linkat(&self.0, name, &to.0, new, AtFlags::empty())?;
                self.unlink(name)
            }
            done => Ok(done?),
        }
    }

    /// Removes a file; one that is not there counts as removed.
    pub(super) fn unlink(&self, name: &str) -> io::Result<()> {
        match fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an empty directory.
    pub(super) fn rmdir(&self, name: &str) -> std::result::Result<(), Errno> {
        fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)
    }

    /// The files and directories within, by name; links, special files and names that are not UTF-8 are left
    /// out.
    pub(super) fn entries(&self) -> io::Result<impl Iterator<Item = io::Result<(String, bool)>>> {
        let entries = fs::Dir::read_from(&self.0)?;
        Ok(entries.filter_map(move |entry| match entry {
            Err(error) => Some(Err(error.into())),
            Ok(entry) => {
                let name = entry.file_name().to_str().ok().filter(|name| !matches!(*name, "." | ".."))?;
                match entry.file_type() {
                    FileType::RegularFile => Some(Ok((name.to_owned(), false))),
                    FileType::Directory => Some(Ok((name.to_owned(), true))),
                    // Some file systems tell types only when asked for each name.
                    FileType::Unknown => match self.look(name) {
                        Ok(EntryKind::Object(_)) => Some(Ok((name.to_owned(), false))),
                        Ok(EntryKind::Directory) => Some(Ok((name.to_owned(), true))),
                        Ok(_) => None,
                        Err(error) => Some(Err(error)),
                    },
                    _ => None,
                }
            }
        }))
    }
}

/// Turns the system's error into ours: `map_err(os("store the object"))`.
pub(super) fn os<E: Into<io::Error>>(doing: &str) -> impl Fn(E) -> Error {
    move |error| {
        let error = error.into();
        let kind = match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                ErrorKind::PermissionDenied
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::StorageFull,
            _ => ErrorKind::Io,
        };
        Error::new(kind, format!("cannot {doing}: {error}"))
    }
}
