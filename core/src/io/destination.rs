//! What stands under a path that is to be written: nothing, a file to replace, or a pipe or device to write
//! to.
//!
//! Invariant: links are followed as `open` follows them, except those that another user put into a directory
//! where anybody may write. A file that replaces another is never readable by more users than the one before.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Gid, Mode, RawMode, Stat, Uid};
use rustix::io::Errno;

use super::about;
use crate::error::{Error, ErrorKind, Result, fail};

/// Links that are followed one after another, as many as Linux follows.
const LINKS: usize = 40;

/// A path that is to be written, with its links followed.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(super) path: PathBuf,
    pub(super) kind: DestinationKind,
}

#[derive(Debug)]
pub(super) enum DestinationKind {
    /// A new file, or one of a stranger's whose permissions count for nothing.
    New,
    /// A file that is to be replaced.
    File(Box<Stat>),
    Pipe,
    Device,
    /// A regular file that a process holds open, named by its descriptor as `/dev/stdout` is. It may have no
    /// other name.
    Open,
}

impl Destination {
    /// Looks up the path. A directory or a socket is refused.
    pub(crate) fn find(path: &Path) -> Result<Destination> {
        let mut at = path.to_owned();
        for _ in 0..=LINKS {
            if is_directory_name(&at) {
                return Err(directory(&at));
            }
            let stat = match rustix::fs::lstat(&at) {
                Ok(stat) => stat,
                Err(Errno::NOENT) => return Ok(Destination { path: at, kind: DestinationKind::New }),
                Err(error) => return Err(about(&error.into(), path)),
            };
            let parent = parent(&at);
            let kind = match FileType::from_raw_mode(stat.st_mode) {
                FileType::Symlink if is_procfs(&parent) => kind_of_open(&at)?,
                FileType::Symlink if is_planted(&parent, &stat) => {
                    fail!(
                        PermissionDenied,
                        "{} is another user's link in a directory that anybody may write to",
                        at.display()
                    )
                }
                FileType::Symlink => {
                    at = parent.join(fs::read_link(&at).map_err(|error| about(&error, path))?);
                    continue;
                }
                FileType::RegularFile if is_planted(&parent, &stat) => DestinationKind::New,
                FileType::RegularFile => DestinationKind::File(Box::new(stat)),
                other => special(other, &at)?,
            };
            return Ok(Destination { path: at, kind });
        }
        Err(about(&Errno::LOOP.into(), path))
    }

    /// The same for what must be a regular file in the end.
    pub(crate) fn file(path: &Path) -> Result<Destination> {
        match Destination::find(path)? {
            found @ Destination { kind: DestinationKind::New | DestinationKind::File(_), .. } => Ok(found),
            _ => fail!(InvalidInput, "{} is a pipe or a device, not a file to write", path.display()),
        }
    }

    /// The path with its links followed.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The mode of a file under a temporary name: while it lies there, it is nobody else's if the file it
    /// replaces may be private.
    pub(super) fn draft_mode(&self) -> u32 {
        if matches!(self.kind, DestinationKind::File(_)) { 0o600 } else { 0o666 }
    }

    /// Gives the new file the permissions of the one that stands here now, or stood here before; false if
    /// there is none.
    pub(crate) fn hand_on_permissions(&self, new: &File) -> io::Result<bool> {
        match rustix::fs::lstat(&self.path) {
            Ok(now) if FileType::from_raw_mode(now.st_mode) != FileType::RegularFile => {
                Err(io::Error::other("it was a file or free when the transfer began, and is no file now"))
            }
            Ok(now) if is_planted(&parent(&self.path), &now) => Ok(false),
            Ok(now) => keep_permissions(new, &now, &self.path).map(|()| true),
            Err(Errno::NOENT) => match &self.kind {
                DestinationKind::File(before) => keep_permissions(new, before, &self.path).map(|()| true),
                _ => Ok(false),
            },
            Err(error) => Err(error.into()),
        }
    }
}

/// The kind of what a descriptor's entry in `/proc` stands for.
fn kind_of_open(entry: &Path) -> Result<DestinationKind> {
    let stat = rustix::fs::stat(entry).map_err(|error| about(&error.into(), entry))?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(DestinationKind::Open),
        other => special(other, entry),
    }
}

fn special(file_type: FileType, path: &Path) -> Result<DestinationKind> {
    match file_type {
        FileType::Fifo => Ok(DestinationKind::Pipe),
        FileType::CharacterDevice | FileType::BlockDevice => Ok(DestinationKind::Device),
        FileType::Directory => Err(directory(path)),
        FileType::Socket => fail!(InvalidInput, "{} is a socket, not a file to write", path.display()),
        _ => fail!(InvalidInput, "{} is not a file to write", path.display()),
    }
}

fn directory(path: &Path) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("{} is a directory, not a file to write", path.display()))
}

/// Whether the path can only be a directory's. `Path` itself ignores a slash or a dot at the end.
fn is_directory_name(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.is_empty() || matches!(bytes.rsplit(|byte| *byte == b'/').next(), Some(b"" | b"." | b".."))
}

/// The directory that holds the path's last segment.
pub(super) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Whether a stranger may have put this into the directory to lead others astray: anybody may write there,
/// and it is neither this user's nor the directory owner's. Linux follows such links only if
/// `fs.protected_symlinks` is 0; see proc_sys_fs(5).
fn is_planted(directory: &Path, stat: &Stat) -> bool {
    if stat.st_uid == rustix::process::geteuid().as_raw() {
        return false;
    }
    rustix::fs::stat(directory).is_ok_and(|directory| {
        let mode = Mode::from_raw_mode(directory.st_mode);
        mode.contains(Mode::SVTX | Mode::WOTH) && directory.st_uid != stat.st_uid
    })
}

/// Whether links in this directory refer to open files of processes, whatever their text is.
#[cfg(target_os = "linux")]
fn is_procfs(directory: &Path) -> bool {
    rustix::fs::statfs(directory).is_ok_and(|facts| facts.f_type == rustix::fs::PROC_SUPER_MAGIC)
}

#[cfg(not(target_os = "linux"))]
fn is_procfs(_: &Path) -> bool {
    false
}

/// Gives a new file owner, group, mode and access list of the `old` one at this path, as far as this process
/// may.
///
/// A group that can't be kept gets no more than others had; set-user-ID and set-group-ID go with their owner
/// and group.
fn keep_permissions(new: &File, old: &Stat, path: &Path) -> io::Result<()> {
    let now = rustix::fs::fstat(new)?;
    let (uid, gid) = (Uid::from_raw(old.st_uid), Gid::from_raw(old.st_gid));
    let (mut has_owner, mut has_group) = (now.st_uid == old.st_uid, now.st_gid == old.st_gid);
    if !(has_owner && has_group) && rustix::fs::fchown(new, Some(uid), Some(gid)).is_ok() {
        (has_owner, has_group) = (true, true);
    }
    if !has_group {
        has_group = rustix::fs::fchown(new, None, Some(gid)).is_ok();
    }
    has_owner &= has_group;
    let list = access_list(path);
    drop_access_list(new);
    // Set after the owner: a change of owner clears the special bits.
    let mode = allowed_mode(old.st_mode, has_owner, has_group && list.is_none());
    rustix::fs::fchmod(new, Mode::from_raw_mode(mode))?;
    match list {
        // Where the list is kept, it is what the group's bits stand for.
        Some(list) if has_group && set_access_list(new, &list) && has_owner => {
            Ok(rustix::fs::fchmod(new, Mode::from_raw_mode(allowed_mode(old.st_mode, true, true)))?)
        }
        _ => Ok(()),
    }
}

fn allowed_mode(old: RawMode, has_owner: bool, has_group: bool) -> RawMode {
    let mut mode = old & 0o7777;
    if !has_group {
        mode &= !0o070 | (mode & 0o007) << 3;
    }
    if has_owner && has_group { mode } else { mode & !0o6000 }
}

#[cfg(target_os = "linux")]
const ACCESS_LIST: &str = "system.posix_acl_access";

/// The file's POSIX access list, if it has one besides its mode; an empty one if it can't be read.
#[cfg(target_os = "linux")]
fn access_list(path: &Path) -> Option<Vec<u8>> {
    let mut list = vec![0; 4 << 10];
    match rustix::fs::lgetxattr(path, ACCESS_LIST, list.as_mut_slice()) {
        Ok(length) => list.truncate(length),
        Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::NOENT) => return None,
        Err(_) => list.clear(),
    }
    Some(list)
}

/// Takes away what the directory gives each new file.
#[cfg(target_os = "linux")]
fn drop_access_list(file: &File) {
    let _ = rustix::fs::fremovexattr(file, ACCESS_LIST);
}

#[cfg(target_os = "linux")]
fn set_access_list(file: &File, list: &[u8]) -> bool {
    !list.is_empty()
        && rustix::fs::fsetxattr(file, ACCESS_LIST, list, rustix::fs::XattrFlags::empty()).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn access_list(_: &Path) -> Option<Vec<u8>> {
    None
}

#[cfg(not(target_os = "linux"))]
fn drop_access_list(_: &File) {}

#[cfg(not(target_os = "linux"))]
fn set_access_list(_: &File, _: &[u8]) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn found(path: &Path) -> (PathBuf, &'static str) {
        let Destination { path, kind } = Destination::find(path).unwrap();
        let kind = match kind {
            DestinationKind::New => "new",
            DestinationKind::File(_) => "file",
            DestinationKind::Pipe => "pipe",
            DestinationKind::Device => "device",
            DestinationKind::Open => "open",
        };
        (path, kind)
    }

    #[test]
    fn links_lead_where_open_would_go() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::create_dir(at("d")).unwrap();
        fs::write(at("d/file"), "").unwrap();
        symlink("d/file", at("one")).unwrap();
        symlink(at("one"), at("two")).unwrap();
        symlink("../free", at("d/dangling")).unwrap();
        symlink("d", at("to-directory")).unwrap();
        symlink("loop", at("loop")).unwrap();
        symlink("/dev/null", at("null")).unwrap();
        assert_eq!(found(&at("two")), (at("d/file"), "file"));
        assert_eq!(found(&at("d/dangling")), (at("d/../free"), "new"));
        assert_eq!(found(&at("null")), (PathBuf::from("/dev/null"), "device"));
        for name in ["d", "d/.", "to-directory", "d/..", "free/", "free/."] {
            let error = Destination::find(&at(name)).unwrap_err();
            assert!(
                error.kind() == ErrorKind::InvalidInput && error.message().contains("directory"),
                "{name}: {error}"
            );
        }
        assert_eq!(Destination::find(&at("loop")).unwrap_err().kind(), ErrorKind::Io);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_descriptor_s_entry_is_not_taken_by_its_text() {
        use std::os::fd::AsRawFd;
        let place = tempfile::tempdir().unwrap();
        let file = File::create(place.path().join("held")).unwrap();
        fs::remove_file(place.path().join("held")).unwrap();
        for entry in [format!("/proc/self/fd/{}", file.as_raw_fd()), format!("/dev/fd/{}", file.as_raw_fd())]
        {
            assert_eq!(found(Path::new(&entry)), (entry.clone().into(), "open"));
        }
    }

    #[test]
    fn permissions_are_never_wider_than_before() {
        assert_eq!(allowed_mode(0o100_640, true, true), 0o640);
        assert_eq!(allowed_mode(0o104_755, true, true), 0o4755);
        assert_eq!(allowed_mode(0o106_755, false, true), 0o755);
        assert_eq!(allowed_mode(0o102_770, true, false), 0o700);
        assert_eq!(allowed_mode(0o664, false, false), 0o644);
        assert_eq!(allowed_mode(0o444, true, true), 0o444);
    }

    #[test]
    fn the_old_mode_is_kept() {
        let place = tempfile::tempdir().unwrap();
        let (old, new) = (place.path().join("old"), place.path().join("new"));
        for mode in [0o640, 0o400, 0o444, 0o755, 0o000] {
            fs::write(&old, "").unwrap();
            fs::set_permissions(&old, fs::Permissions::from_mode(mode)).unwrap();
            let file = File::create(&new).unwrap();
            assert!(Destination::find(&old).unwrap().hand_on_permissions(&file).unwrap());
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o7777, mode);
            fs::remove_file(&old).unwrap();
        }
    }
}
