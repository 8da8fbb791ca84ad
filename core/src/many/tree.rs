//! A directory as a flat table: each file's path below it, size and time.
//!
//! Invariant: links to files count as files; links to directories are not followed, so that no walk is
//! endless. Special files are logged and skipped. A path that leads out of the directory is never created.
//! Independent of objects.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind as Io, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use md5::{Digest, Md5};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_OMIT, utimensat};

use super::made::CreatedDirectories;
use crate::checksum::{Algorithm, Checksum, Running};
use crate::error::{Result, fail};
use crate::io::{Destination, about, blocking, owned};
use crate::observe::{Level, event};
use crate::value::to_unix;

/// A file of the tree.
pub(super) struct File {
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

/// What a walk found, by path with slashes, and what it left, as sentences.
#[derive(Default)]
struct LocalTree {
    files: BTreeMap<String, File>,
    left: Vec<String>,
}

/// The files below a directory; a directory that is not there has none if it need not be.
pub(super) async fn files(directory: &Path, needed: bool) -> Result<BTreeMap<String, File>> {
    let root = directory.to_owned();
    let found = blocking(move || {
        let mut found = LocalTree::default();
        match walk(&root, "", &mut found) {
            Err(error) if error.kind() == Io::NotFound && !needed => Ok(LocalTree::default()),
            outcome => outcome.map(|()| found),
        }
    });
    let found = found.await.map_err(|error| about(&error, directory))?;
    for sentence in found.left {
        event(Level::Warning, sentence);
    }
    Ok(found.files)
}

fn walk(directory: &Path, above: &str, found: &mut LocalTree) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            found.left.push(format!(
                "{} is left out: its name is not UTF-8, as a key must be",
                entry.path().display()
            ));
            continue;
        };
        // A file that is being written by another call, or that a killed process left.
        if name.starts_with(".oarlock-") {
            continue;
        }
        let path = format!("{above}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), found)?;
            continue;
        }
        match fs::metadata(entry.path()) {
            Ok(facts) if facts.is_file() => {
                found.files.insert(path, File { size: facts.len(), modified: facts.modified()? });
            }
            Ok(_) => found.left.push(format!("{} is left out: it is no file", entry.path().display())),
            Err(error) if kind.is_symlink() => {
                found.left.push(format!("{} is left out: {error}", entry.path().display()))
            }
            // Deleted while the directory was read.
            Err(error) if error.kind() == Io::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The file that stands for a path of keys, its directory made; refused if it leads elsewhere or is no file.
pub(super) async fn place(directory: &Path, path: &str, made: Arc<CreatedDirectories>) -> Result<PathBuf> {
    checked(path)?;
    let target = directory.join(path);
    let at = target.clone();
    let found = owned(move || {
        at.parent().map_or(Ok(()), |parent| made.make(parent))?;
        Ok(Destination::file(&at))
    });
    found.await.map_err(|error| about(&error, &target))??;
    Ok(target)
}

/// Refuses a key that is no plain path downwards.
pub(super) fn checked(path: &str) -> Result<()> {
    if path.starts_with('/')
        || path.split('/').any(|segment| matches!(segment, "" | "." | ".."))
        || path.contains('\0')
    {
        fail!(InvalidInput, "the key {path:?} can't be a file below a directory");
    }
    Ok(())
}

/// Gives a file the time of the object it was fetched from.
pub(super) async fn stamp(path: PathBuf, modified: SystemTime) -> Result<()> {
    let file = path.clone();
    let (tv_sec, nanos) = to_unix(modified);
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec, tv_nsec: nanos.into() },
    };
    // By its name: a file that keeps its mode may be one that can't be opened.
    let stamped = blocking(move || Ok(utimensat(CWD, file, &times, AtFlags::empty())?));
    stamped.await.map_err(|error| about(&error, &path))
}

pub(super) async fn remove(path: PathBuf) -> Result<()> {
    let file = path.clone();
    let removed = blocking(move || match fs::remove_file(file) {
        Err(error) if error.kind() == Io::NotFound => Ok(()),
        outcome => outcome,
    });
    removed.await.map_err(|error| about(&error, &path))
}

/// The checksum of a file's bytes.
pub(super) async fn checksum(path: PathBuf, algorithm: Algorithm) -> Result<Checksum> {
    let file = path.clone();
    let read = blocking(move || {
        let mut file = fs::File::open(file)?;
        let mut buffer = vec![0; 1 << 20];
        let mut sum = Running::new(algorithm);
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(sum.finish()),
                got => sum.update(&buffer[..got]),
            }
        }
    });
    read.await.map_err(|error| about(&error, &path))
}

/// The ETag that a file's bytes come to, stored whole or in parts of this size.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html>, "ETag".
pub(super) async fn etag(path: PathBuf, parts: Option<u64>) -> Result<String> {
    let file = path.clone();
    let read = blocking(move || {
        let mut file = fs::File::open(file)?;
        let mut buffer = vec![0; 1 << 20];
        let mut digests = Vec::new();
        let mut count = 0_u64;
        loop {
            let mut left = parts.unwrap_or(u64::MAX);
            let mut hash = Md5::new();
            let mut any = false;
            while left > 0 {
                let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                let got = file.read(&mut buffer[..wanted])?;
                if got == 0 {
                    break;
                }
                any = true;
                hash.update(&buffer[..got]);
                left -= got as u64;
            }
            match (parts, any) {
                (None, _) => return Ok(hex(&hash.finalize())),
                (Some(_), true) => {
                    digests.extend_from_slice(&hash.finalize());
                    count += 1;
                }
                (Some(_), false) => return Ok(format!("{}-{count}", hex(&Md5::digest(&digests)))),
            }
        }
    });
    read.await.map_err(|error| about(&error, &path))
}

/// The part size that programs most likely used for so many parts: the smallest whole number of MiB that
/// gives this count, from the usual ones first.
pub(super) fn likely_part_size(size: u64, parts: u64) -> u64 {
    const USUAL: &[u64] = &[8, 5, 16, 15, 10, 32, 50, 64, 100, 128];
    let fits = |mib: &u64| size.div_ceil(mib << 20) == parts;
    let least = size.div_ceil(parts.max(1)).div_ceil(1 << 20).max(1);
    USUAL.iter().copied().find(fits).unwrap_or(least) << 20
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        for path in ["/a", "../a", "a/../b", "a//b", "a/", "", "a/./b", "a\0b"] {
            assert!(checked(path).is_err(), "{path:?}");
        }
        assert!(checked("a/b.c").is_ok());
    }

    #[test]
    fn etags() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        fs::write(&path, b"hello").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(etag(path.clone(), None)).unwrap(), "5d41402abc4b2a76b9719d911017c592");
        // md5(md5("hel") + md5("lo"))
        assert!(runtime.block_on(etag(path, Some(3))).unwrap().ends_with("-2"));
    }
}
