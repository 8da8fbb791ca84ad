//! A file in the making: written under a temporary name beside its target, renamed when it is whole.
//!
//! Law: the target's name never shows a part of the content, and a draft that is dropped leaves nothing behind.

use std::fs::{self, File, OpenOptions};
use std::io::{IoSlice, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::error::{Error, ErrorKind, Result};

/// Bytes that are gathered before a thread is asked to write them: a hand-off costs more than a small write.
const GATHER: usize = 1 << 20;

pub(crate) struct Draft {
    file: Arc<File>,
    temporary: Option<PathBuf>,
    target: PathBuf,
    pending: Vec<Bytes>,
    pending_bytes: usize,
}

impl Draft {
    /// A draft beside the file it is to become, readable by whom the process's umask says.
    pub(crate) async fn beside(target: &Path) -> Result<Draft> {
        let directory = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        if target.file_name().is_none() || target.is_dir() {
            return Err(Error::new(ErrorKind::InvalidInput, format!("{} is a directory, not a file to write", target.display())));
        }
        Draft::within(directory, target.to_owned()).await
    }

    /// A draft in `directory`, which lies on the same file system as the target.
    pub(crate) async fn within(directory: PathBuf, target: PathBuf) -> Result<Draft> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!(".oarlock-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let temporary = directory.join(name);
        let path = temporary.clone();
        let file = blocking(move || {
            // What stands there under our own process's name is from an earlier process with this id.
            let _ = fs::remove_file(&path);
            OpenOptions::new().write(true).create_new(true).mode(0o666).custom_flags(libc::O_CLOEXEC | libc::O_NOFOLLOW).open(&path)
        })
        .await
        .map_err(|error| about(&error, &target))?;
        Ok(Draft { file: Arc::new(file), temporary: Some(temporary), target, pending: Vec::new(), pending_bytes: 0 })
    }

    /// Appends bytes.
    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.pending_bytes += chunk.len();
        self.pending.push(chunk);
        if self.pending_bytes >= GATHER { self.flush().await } else { Ok(()) }
    }

    /// Writes what was gathered.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        self.pending_bytes = 0;
        let chunks = std::mem::take(&mut self.pending);
        if chunks.is_empty() {
            return Ok(());
        }
        let file = self.file.clone();
        blocking(move || write_all(&file, &chunks)).await.map_err(|error| about(&error, &self.target))
    }

    /// Puts the whole file in its place with `place`, which is given the temporary and the final path.
    pub(crate) async fn place(mut self, place: impl FnOnce(&Path, &Path) -> std::io::Result<()> + Send + 'static) -> Result<()> {
        self.flush().await?;
        let Some(temporary) = self.temporary.clone() else { return Ok(()) };
        let target = self.target.clone();
        blocking(move || place(&temporary, &target)).await.map_err(|error| about(&error, &self.target))?;
        self.temporary = None;
        Ok(())
    }

    /// Renames the whole file into its place.
    pub(crate) async fn finish(self) -> Result<()> {
        self.place(|temporary, target| fs::rename(temporary, target)).await
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            let _ = fs::remove_file(temporary);
        }
    }
}

fn write_all(mut file: &File, chunks: &[Bytes]) -> std::io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = chunks.iter().map(|chunk| IoSlice::new(chunk)).collect();
    let mut slices = slices.as_mut_slice();
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(std::io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Runs blocking file work on a thread made for it.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(std::io::Error::other("a worker thread stopped")))
}

/// A file error that names the file.
pub(crate) fn about(error: &std::io::Error, path: &Path) -> Error {
    let plain = Error::from(std::io::Error::from(error.kind()));
    let kind = if plain.kind() == ErrorKind::NotFound { ErrorKind::Io } else { plain.kind() };
    Error::new(kind, format!("cannot use {}: {error}", path.display()))
}
