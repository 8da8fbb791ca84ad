//! A file to send: a regular one by its size, anything else as a stream that ends where it ends.
//!
//! Invariant: a size is relied on only where the file keeps it. Files of `/proc`, `/sys` and some FUSE file
//! systems report another size than they have; they are read as `cat` does, or refused. Waiting for a pipe's
//! writer blocks no thread.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::special::Channel;
use super::{about, blocking, owned};
use crate::error::{Error, ErrorKind, Result, fail};

/// Files up to this size that report no blocks on a disk are read once to see whether they have the size that
/// they report. Those of `/proc` report 0 bytes, those of `/sys` a page.
const DOUBTED: u64 = 64 << 10;

pub(crate) enum Input {
    File(InputFile),
    Stream(InputStream),
}

/// A regular file of a known size.
#[derive(Clone)]
pub(crate) struct InputFile {
    pub(crate) file: Arc<File>,
    pub(crate) path: Arc<Path>,
    pub(crate) stamp: FileStamp,
}

/// What of a file changes when it is written to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FileStamp {
    pub(crate) size: u64,
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: i64,
}

impl FileStamp {
    fn of(metadata: &Metadata) -> FileStamp {
        FileStamp { size: metadata.len(), seconds: metadata.mtime(), nanoseconds: metadata.mtime_nsec() }
    }
}

/// A pipe, a device, or a file whose size can't be relied on.
pub(crate) struct InputStream {
    channel: Channel,
    path: PathBuf,
}

impl Input {
    pub(crate) async fn open(path: &Path) -> Result<Input> {
        let at = path.to_owned();
        let opened = owned(move || Ok(open(&at))).await.map_err(|error| about(&error, path))?;
        let (file, stamp) = opened?;
        Ok(match stamp {
            Some(stamp) => Input::File(InputFile { file: Arc::new(file), path: path.into(), stamp }),
            None => {
                let channel = Channel::new(file).map_err(|error| about(&error, path))?;
                Input::Stream(InputStream { channel, path: path.to_owned() })
            }
        })
    }
}

impl InputFile {
    /// Refuses a file that was written to since it was opened, or has more bytes than it reported.
    pub(crate) async fn unchanged(&self) -> Result<()> {
        let file = self.file.clone();
        let after = blocking(move || {
            let stamp = FileStamp::of(&file.metadata()?);
            Ok((stamp, file.read_at(&mut [0], stamp.size)?))
        });
        match after.await.map_err(|error| about(&error, &self.path))? {
            (after, 0) if after == self.stamp => Ok(()),
            (after, _) if after == self.stamp => Err(self.changed("gave more bytes than its size")),
            _ => Err(self.changed("changed while it was sent")),
        }
    }

    pub(crate) fn changed(&self, how: &str) -> Error {
        changed(&self.path, how)
    }
}

impl InputStream {
    /// Up to so many bytes; none at the end.
    pub(crate) async fn read(&mut self, most: usize) -> Result<Bytes> {
        self.channel.read(most).await.map_err(|error| about(&error, &self.path))
    }
}

fn changed(path: &Path, how: &str) -> Error {
    Error::new(ErrorKind::Changed, format!("{} {how}", path.display()))
}

/// Opens the file, with its stamp if its size can be relied on.
fn open(path: &Path) -> Result<(File, Option<FileStamp>)> {
    let file = match open_unblocked(path) {
        Err(error) if error.raw_os_error() == Some(libc::ENXIO) && is_socket(path) => {
            fail!(InvalidInput, "{} is a socket, not a file to send", path.display())
        }
        file => file.map_err(|error| about(&error, path))?,
    };
    let metadata = file.metadata().map_err(|error| about(&error, path))?;
    if metadata.is_dir() {
        fail!(InvalidInput, "{} is a directory, not a file to send", path.display());
    }
    if !metadata.is_file() {
        return Ok((file, None));
    }
    // Regular files have no end to wait for, and some file systems of the user's own take the flag at its
    // word.
    rustix::fs::fcntl_setfl(&file, rustix::fs::OFlags::empty())
        .map_err(|error| about(&error.into(), path))?;
    let stamp = FileStamp::of(&metadata);
    if stamp.size > DOUBTED || metadata.blocks() > 0 {
        return Ok((file, Some(stamp)));
    }
    let has_size = has_size(&file, stamp.size).map_err(|error| about(&error, path))?;
    if has_size {
        return Ok((file, Some(stamp)));
    }
    let after = file.metadata().map_err(|error| about(&error, path))?;
    if FileStamp::of(&after) != stamp {
        return Err(changed(path, "changed while it was sent"));
    }
    Ok((file, None))
}

/// Opens without waiting for a pipe's writer or a device.
fn open_unblocked(path: &Path) -> io::Result<File> {
    let flags = libc::O_CLOEXEC | libc::O_NOCTTY;
    match OpenOptions::new().read(true).custom_flags(flags | libc::O_NONBLOCK).open(path) {
        // A file that another process has leased from the kernel: to wait for it is what `open` does.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            OpenOptions::new().read(true).custom_flags(flags).open(path)
        }
        file => file,
    }
}

fn is_socket(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

/// Whether the file has so many bytes, no more and no fewer.
fn has_size(file: &File, size: u64) -> io::Result<bool> {
    let mut bytes = vec![0; size as usize + 1];
    let mut length = 0;
    while length < bytes.len() {
        match file.read_at(&mut bytes[length..], length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length as u64 == size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_relied_on_where_files_keep_them() {
        let place = tempfile::tempdir().unwrap();
        for size in [0, 1, DOUBTED, DOUBTED + 1] {
            let path = place.path().join(size.to_string());
            std::fs::write(&path, vec![7; size as usize]).unwrap();
            assert_eq!(open(&path).unwrap().1.map(|stamp| stamp.size), Some(size));
        }
        assert_eq!(open(place.path()).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn files_of_the_kernel_are_streams() {
        assert!(open(Path::new("/proc/self/status")).unwrap().1.is_none());
        assert!(open(Path::new("/dev/null")).unwrap().1.is_none());
        if let Ok(page) = std::fs::metadata("/sys/kernel/mm/transparent_hugepage/enabled")
            && page.len() > 0
        {
            assert!(open(Path::new("/sys/kernel/mm/transparent_hugepage/enabled")).unwrap().1.is_none());
        }
    }
}
