//! The journal of a transfer: a small file from which the same call resumes after a crash.
//!
//! Invariants: readable by its owner alone, replaced in one step, and without secrets. It is a hint, never a
//! proof: each byte that it names is compared with its sum again. A fact that must be durable before a byte
//! is sent is a row at its end, on the disk when `add` returns; such a journal belongs to one call alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result, fail};
use crate::io::{about, blocking, owned};

/// No journal is as large; what is, is none.
const LARGEST: u64 = 16 << 20;

/// A transfer's journal.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    /// Which transfer it is of: what is done, where, and to which key.
    transfer: String,
}

impl Journal {
    /// The journal at the path that the option names, or of this transfer in that directory; and what it
    /// holds.
    pub(crate) async fn open(named: &str, transfer: &str) -> Result<(Journal, Option<Value>)> {
        if named.is_empty() {
            fail!(InvalidInput, "option `journal` takes the path of a file or of a directory");
        }
        let (named, transfer) = (PathBuf::from(named), transfer.to_owned());
        let inside = format!("{}.journal", fingerprint(&transfer));
        let shown = named.clone();
        let (path, text) = blocking(move || {
            let path = if named.is_dir() { named.join(inside) } else { named };
            let text = read(&path)?;
            Ok((path, text))
        })
        .await
        .map_err(|error| about(&error, &shown))?;
        let held = text.and_then(|text| held(&text));
        if let Some(other) =
            held.as_ref().and_then(|held| held["transfer"].as_str()).filter(|other| *other != transfer)
        {
            fail!(
                InvalidInput,
                "the journal {} is that of another transfer ({other}); name another, or a directory",
                path.display()
            );
        }
        Ok((Journal { path, transfer }, held))
    }

    /// Replaces what it holds.
    pub(crate) async fn write(&self, mut held: Value) -> Result<()> {
        held["transfer"] = json!(self.transfer);
        let path = self.path.clone();
        owned(move || write(&path, held.to_string().as_bytes()))
            .await
            .map_err(|error| about(&error, &self.path))
    }

    /// Locks it for this call alone; returns what it holds then.
    pub(crate) async fn take(&self) -> Result<(Rows, Option<Value>)> {
        let path = self.path.clone();
        let taken = blocking(move || {
            let mut file = open(&path, OpenOptions::new().read(true).append(true))?;
            let own = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_ok();
            // The call that held it before may have replaced it.
            let (named, opened) = (fs::metadata(&path)?, file.metadata()?);
            let own = own && (named.dev(), named.ino()) == (opened.dev(), opened.ino());
            let mut text = Vec::new();
            (&mut file).take(LARGEST).read_to_end(&mut text)?;
            Ok(own.then_some((Rows { file: Arc::new(file) }, held(&text))))
        });
        match taken.await.map_err(|error| about(&error, &self.path))? {
            Some(taken) => Ok(taken),
            None => fail!(
                InvalidInput,
                "the journal {} is that of a call that is still at work",
                self.path.display()
            ),
        }
    }

    /// The transfer has come to its end.
    pub(crate) async fn remove(&self) {
        let path = self.path.clone();
        let _ = owned(move || fs::remove_file(path)).await;
    }

    /// The journal's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The rows at the end of a journal that this call alone adds to.
#[derive(Debug)]
pub(crate) struct Rows {
    file: Arc<File>,
}

impl Rows {
    /// Adds a row, which is on the disk when this returns.
    pub(crate) async fn add(&self, row: &Value) -> Result<()> {
        let (file, line) = (self.file.clone(), format!("\n{row}"));
        blocking(move || {
            (&*file).write_all(line.as_bytes())?;
            file.sync_data()
        })
        .await
        .map_err(|error| {
            let kind = Error::from(io::Error::from(error.kind())).kind();
            Error::new(kind, format!("the journal can't be written: {error}"))
        })
    }
}

/// What a journal's text holds: its first line, with the rows that follow. A torn one was never waited for.
fn held(text: &[u8]) -> Option<Value> {
    let mut lines = text.split(|byte| *byte == b'\n');
    let mut held = serde_json::from_slice::<Value>(lines.next()?).ok()?;
    let rows: Vec<Value> = lines.map_while(|line| serde_json::from_slice(line).ok()).collect();
    if held.is_object() && !rows.is_empty() {
        held["rows"] = Value::Array(rows);
    }
    Some(held)
}

/// A name for a text that is secret or too long.
pub(crate) fn fingerprint(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match open(path, OpenOptions::new().read(true)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text)?;
    Ok(Some(text))
}

fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.custom_flags(libc::O_CLOEXEC | libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    let metadata = file.metadata()?;
    // Anyone else could lead the transfer astray by it.
    if !metadata.is_file()
        || metadata.uid() != rustix::process::geteuid().as_raw()
        || metadata.mode() & 0o077 != 0
    {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it is no journal: not a file of this user alone (mode 0600)",
        ));
    }
    Ok(file)
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    // From a process that was killed while it wrote.
    let _ = fs::remove_file(&new);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_CLOEXEC | libc::O_NOFOLLOW)
        .open(&new)?;
    let written = file.write_all(text).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // Torn, it is of no use, and takes room where there may be none.
        let _ = fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::error::ErrorKind;

    #[tokio::test]
    async fn what_is_written_is_read_again_by_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let named = directory.path().to_str().unwrap();
        let (journal, held) = Journal::open(named, "put there a").await.unwrap();
        assert_eq!(held, None);
        journal.write(json!({"parts": [1, 2]})).await.unwrap();
        assert_eq!(fs::metadata(&journal.path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        let (again, held) = Journal::open(named, "put there a").await.unwrap();
        assert_eq!(held.unwrap()["parts"], json!([1, 2]));
        let (_, other) = Journal::open(named, "put there b").await.unwrap();
        assert_eq!(other, None);
        let path = again.path.to_str().unwrap().to_owned();
        assert_eq!(Journal::open(&path, "put there b").await.unwrap_err().kind(), ErrorKind::InvalidInput);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(
            Journal::open(named, "put there a").await.unwrap_err().kind(),
            ErrorKind::PermissionDenied
        );
        again.remove().await;
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn torn_text_holds_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        write(&path, b"{\"transfer\": \"put").unwrap();
        assert_eq!(Journal::open(path.to_str().unwrap(), "put there a").await.unwrap().1, None);
    }

    #[tokio::test]
    async fn rows_are_one_call_s_and_torn_ones_are_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let (journal, _) = Journal::open(path.to_str().unwrap(), "put there a").await.unwrap();
        journal.write(json!({})).await.unwrap();
        let (rows, _) = journal.take().await.unwrap();
        rows.add(&json!([1, "a"])).await.unwrap();
        rows.add(&json!([2, "b"])).await.unwrap();
        let error = journal.take().await.unwrap_err();
        assert!(
            error.kind() == ErrorKind::InvalidInput && error.message().contains("still at work"),
            "{error}"
        );
        drop(rows);
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"\n[3, \"c").unwrap();
        let (_, held) = journal.take().await.unwrap();
        assert_eq!(held.unwrap()["rows"], json!([[1, "a"], [2, "b"]]));
    }
}
