//! A bounded directory of NARs that were served.
//!
//! Invariant: a file there is whole. The files hold plaintext, for the owner alone. What was not used for the
//! longest time goes first.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use super::body::{Cut, ReplyBody};
use crate::failure::{Failure, Result};

/// Bytes that are read from a file at a time.
const PIECE: usize = 256 << 10;

/// The directory.
pub struct Disk {
    directory: PathBuf,
    most: u64,
    bytes: AtomicU64,
}

/// A NAR that is being fetched.
pub struct Draft {
    disk: Arc<Disk>,
    file: NamedTempFile,
    name: String,
    size: u64,
}

impl Disk {
    /// Opens or makes the directory.
    pub fn open(directory: PathBuf, most: u64) -> Result<Disk> {
        let about = |error: std::io::Error| {
            Failure::new(format!("cannot use the disk cache {}: {error}", directory.display()))
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(about)?;
        let disk = Disk { directory: directory.clone(), most, bytes: AtomicU64::new(0) };
        for (path, ..) in disk.files() {
            // Left by a process that was killed.
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".new-")) {
                let _ = fs::remove_file(path);
            }
        }
        disk.bytes.store(disk.files().iter().map(|(_, _, size)| size).sum(), Ordering::Relaxed);
        disk.shrink();
        Ok(disk)
    }

    fn files(&self) -> Vec<(PathBuf, SystemTime, u64)> {
        let entries = fs::read_dir(&self.directory).into_iter().flatten().flatten();
        let read = |entry: fs::DirEntry| {
            let metadata = entry.metadata().ok().filter(|metadata| metadata.is_file())?;
            Some((entry.path(), metadata.modified().ok()?, metadata.len()))
        };
        entries.filter_map(read).collect()
    }

    fn name(key: &str) -> Option<&str> {
        key.strip_prefix("nar/").filter(|name| !name.contains('/') && !name.starts_with('.'))
    }

    /// A NAR that is there.
    pub async fn read(&self, key: &str) -> Option<ReplyBody> {
        let path = self.directory.join(Disk::name(key)?);
        let mut file = File::open(path).ok()?;
        let size = file.metadata().ok()?.len();
        let _ = file.set_modified(SystemTime::now());
        let (sender, receiver) = mpsc::channel(1);
        tokio::task::spawn_blocking(move || {
            let mut left = size;
            while left > 0 {
                let mut piece = vec![0; PIECE.min(left as usize)];
                let read = file.read_exact(&mut piece).map(|()| Bytes::from(piece));
                left -= read.as_ref().map_or(left, |bytes| bytes.len() as u64);
                if sender.blocking_send(read.map_err(|_| Cut)).is_err() {
                    return;
                }
            }
        });
        Some(ReplyBody::stream(receiver, Some(size)))
    }

    /// A place for a NAR that is fetched now.
    pub fn start(self: &Arc<Self>, key: &str) -> Option<Draft> {
        let name = Disk::name(key)?.to_owned();
        let file = tempfile::Builder::new().prefix(".new-").tempfile_in(&self.directory).ok()?;
        Some(Draft { disk: self.clone(), file, name, size: 0 })
    }

    /// Removes what was not used for the longest time until the rest is within bounds.
    fn shrink(&self) {
        if self.bytes.load(Ordering::Relaxed) <= self.most {
            return;
        }
        let mut files = self.files();
        files.retain(|(path, ..)| {
            !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
        });
        files.sort_by_key(|(_, time, _)| *time);
        let mut bytes: u64 = files.iter().map(|(_, _, size)| size).sum();
        for (path, _, size) in files {
            if bytes <= self.most {
                break;
            }
            if fs::remove_file(path).is_ok() {
                bytes -= size;
            }
        }
        self.bytes.store(bytes, Ordering::Relaxed);
    }
}

impl Draft {
    /// Adds bytes; fails if the disk is full or the NAR is larger than the cache.
    pub fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.disk.most {
            return Err(std::io::Error::other("larger than the disk cache"));
        }
        self.file.write_all(bytes)
    }

    /// The NAR is whole.
    pub fn keep(self) {
        if self.file.persist(self.disk.directory.join(&self.name)).is_ok() {
            self.disk.bytes.fetch_add(self.size, Ordering::Relaxed);
            self.disk.shrink();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Arc::new(Disk::open(directory.path().join("cache"), 2500).unwrap());
        for number in 0..5 {
            let mut draft = disk.start(&format!("nar/{number}")).unwrap();
            draft.write(&[0; 1000]).unwrap();
            draft.keep();
            assert!(disk.bytes.load(Ordering::Relaxed) <= 2500);
        }
        assert_eq!(disk.files().len(), 2);
        assert!(disk.start("nar/../x").is_none() && disk.start("log/x").is_none());
        assert!(disk.start("nar/large").unwrap().write(&[0; 3000]).is_err());
        drop(disk);
        fs::write(directory.path().join("cache/.new-left"), "x").unwrap();
        assert_eq!(Disk::open(directory.path().join("cache"), 1500).unwrap().files().len(), 1);
    }
}
