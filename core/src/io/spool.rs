//! A file without a name, for bytes that have to wait: it is gone when the process lets go of it, however
//! that ends.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::draft::Stretch;
use super::{about, blocking, kernel, owned};
use crate::error::Result;

pub(crate) struct Spool {
    file: Arc<File>,
    directory: Arc<Path>,
}

impl Spool {
    /// A spool in the system's directory for temporary files.
    pub(crate) async fn new() -> Result<Spool> {
        let directory: Arc<Path> = std::env::temp_dir().into();
        let within = directory.clone();
        let file = owned(move || unnamed(&within)).await.map_err(|error| about(&error, &directory))?;
        Ok(Spool { file: Arc::new(file), directory })
    }

    /// Writes from this byte on.
    pub(crate) fn stretch(&self, first: u64) -> Stretch {
        Stretch::new(self.file.clone(), self.directory.clone(), first)
    }

    /// Writes pieces from there on, and returns when a reader sees them.
    pub(crate) async fn write(&self, first: u64, pieces: Vec<Bytes>) -> Result<()> {
        let file = self.file.clone();
        let written = blocking(move || {
            pieces
                .iter()
                .try_fold(first, |at, piece| file.write_all_at(piece, at).map(|()| at + piece.len() as u64))
        });
        written.await.map(drop).map_err(|error| about(&error, &self.directory))
    }

    /// Reads so many bytes from there on.
    pub(crate) async fn read(&self, first: u64, length: usize) -> Result<BytesMut> {
        let file = self.file.clone();
        let read = blocking(move || {
            let mut lot = BytesMut::zeroed(length);
            file.read_exact_at(&mut lot, first).map(|()| lot)
        });
        read.await.map_err(|error| about(&error, &self.directory))
    }
}

/// A file without a name in this directory, to be read and written. Where a file system has none, its name is
/// taken away at once.
fn unnamed(directory: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    match kernel::open_unnamed(options.read(true).write(true).mode(0o600), directory) {
        Ok(None) => {}
        // A directory that does not exist fails below in the same way.
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {}
        Ok(Some(file)) => return Ok(file),
        Err(error) => return Err(error),
    }
    let path = directory.join(super::draft::fresh_name());
    let flags = libc::O_CLOEXEC | libc::O_NOFOLLOW;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(flags)
        .open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
