//! Writing: bytes go to a temporary file, and the whole file is moved to its name.
//!
//! Invariant: a reader sees the old object or the new one, never a part; conditions are weighed and the move
//! is made under the store's lock, so of racing writers with the same condition exactly one wins. Whatever
//! fails, or is cancelled, leaves no trace.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustix::fs::{Mode, Timespec, Timestamps, fchmod, futimens};

use super::dir::{Dir, EntryKind, ObjectStat, os};
use super::path::ObjectPath;
use super::read::{self, STEP};
use super::reserved::{Reserved, Temp, TempPath, withhold};
use super::sidecar::{self, Sidecar};
use super::{conditions, owned, work};
use crate::error::{ErrorKind, Result, fail};
use crate::io::{Destination, Input, Source};
use crate::mailbox::Mailbox;
use crate::reply::PutReply;
use crate::runtime;
use crate::value::to_unix;

/// A new object in the making.
pub(super) struct NewObject {
    root: PathBuf,
    path: ObjectPath,
    conditions: Arc<conditions::WriteConditions>,
    mode: Mode,
    temp: Temp,
    file: Arc<File>,
}

impl NewObject {
    /// Begins one, if the key and what is there now allow it: better refused before the bytes have moved than
    /// after.
    pub(super) async fn begin(
        root: PathBuf,
        path: ObjectPath,
        conditions: conditions::WriteConditions,
    ) -> Result<NewObject> {
        owned(move || {
            let parent = path.check_parent(Dir::root(&root)?)?;
            conditions.check(read::look(parent.as_ref(), &path)?.as_ref())?;
            let (temp, file) = Reserved::make(&Dir::root(&root)?)?.temp()?;
            let mode = withhold(&file).map_err(os("make a temporary file"))?;
            Ok(NewObject { root, path, conditions: Arc::new(conditions), mode, temp, file: Arc::new(file) })
        })
        .await
    }

    /// Writes all that the source has.
    pub(super) async fn fill(&self, source: Source, mailbox: &Mailbox) -> Result<()> {
        match source {
            Source::Bytes(mut bytes) => {
                mailbox.set_total(bytes.len() as u64);
                self.append(&mut bytes, mailbox).await
            }
            Source::File(path) => match Input::open(&path).await? {
                Input::File(source) => {
                    self.pour(source.file.clone(), source.stamp.size, mailbox).await.map_err(|error| {
                        match error.kind() {
                            ErrorKind::Changed => source.changed("changed while it was sent"),
                            _ => error,
                        }
                    })?;
                    source.unchanged().await
                }
                Input::Stream(mut stream) => loop {
                    let mut bytes = stream.read(STEP as usize).await?;
                    if bytes.is_empty() {
                        return Ok(());
                    }
                    self.append(&mut bytes, mailbox).await?;
                },
            },
            Source::Fed(size) => {
                if let Some(size) = size {
                    mailbox.set_total(size);
                }
                let mut given = 0;
                while let Some(mut bytes) = mailbox.pull(STEP as usize).await? {
                    given += bytes.len() as u64;
                    self.append(&mut bytes, mailbox).await?;
                }
                match size {
                    Some(size) if size != given => {
                        fail!(Changed, "the source gave {given} bytes where {size} were announced")
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    async fn append(&self, bytes: &mut Bytes, mailbox: &Mailbox) -> Result<()> {
        while !bytes.is_empty() {
            let step = bytes.split_to(bytes.len().min(STEP as usize));
            let (file, count) = (self.file.clone(), step.len() as u64);
            work(move || (&*file).write_all(&step).map_err(os("write the object"))).await?;
            mailbox.advance(count);
        }
        Ok(())
    }

    /// Writes `size` bytes of an open file; `Changed` if it has fewer.
    pub(super) async fn pour(&self, source: Arc<File>, size: u64, mailbox: &Mailbox) -> Result<()> {
        mailbox.set_total(size);
        let mut left = size;
        while left > 0 {
            let (source, file) = (source.clone(), self.file.clone());
            let wanted = left.min(STEP);
            // Where the file system can, this shares or copies the bytes inside the kernel.
            let moved = work(move || {
                io::copy(&mut (&*source).take(wanted), &mut &*file).map_err(os("write the object"))
            })
            .await?;
            if moved < wanted {
                fail!(Changed, "the source became shorter while it was read");
            }
            left -= moved;
            mailbox.advance(moved);
        }
        Ok(())
    }

    /// Makes the object appear, with what is to be kept beside it.
    pub(super) async fn commit(self, sidecar: Sidecar) -> Result<PutReply> {
        let NewObject { root, path, conditions, mode, temp, file } = self;
        let place = temp.place();
        // What a thread still undoes for a cancelled call is waited for at exit.
        let counted = runtime::current()?.count();
        let reply = work(move || {
            let _counted = counted;
            let outcome = appear(&root, &path, &conditions, mode, &place, &file, &sidecar);
            if outcome.is_err() {
                path.prune(&root);
            }
            outcome
        })
        .await;
        // Held until here: a call that is cancelled meanwhile takes the file away from under the move.
        drop(temp);
        reply
    }
}

fn appear(
    root: &Path,
    path: &ObjectPath,
    conditions: &conditions::WriteConditions,
    mode: Mode,
    place: &TempPath,
    file: &File,
    sidecar: &Sidecar,
) -> Result<PutReply> {
    let at = Dir::root(root)?;
    let reserved = Reserved::make(&at)?;
    let _lock = reserved.lock()?;
    let parent = path.make_parent(at)?;
    let before = clear(&parent, path)?;
    conditions.check(before.as_ref())?;

    // The kernel stamps files by a coarse clock; the etag needs one that differs between any two writes.
    let (tv_sec, nanos) = to_unix(std::time::SystemTime::now());
    let now = Timespec { tv_sec, tv_nsec: nanos.into() };
    futimens(file, &Timestamps { last_access: now, last_modification: now })
        .map_err(os("stamp the object"))?;
    // An object that replaces another is readable by no more users.
    let replaces = before.is_some()
        && Destination::file(&root.join(path.key()))?
            .hand_on_permissions(file)
            .map_err(os("set the object's permissions"))?;
    if !replaces {
        fchmod(file, mode).map_err(os("set the object's permissions"))?;
    }
    let facts = ObjectStat::of_file(file).map_err(os("write the object"))?;

    sidecar.write(&reserved, path.key(), &facts.etag)?;
    let moved = match conditions.if_none {
        true => place.dir.rename_new(&place.name, &parent, path.name()),
        false => place.dir.rename(&place.name, &parent, path.name()),
    };
    if let Err(error) = moved {
        sidecar::remove(&reserved, path.key(), &facts.etag)?;
        return Err(match error.kind() {
            io::ErrorKind::AlreadyExists if conditions.if_none => conditions::taken(),
            _ => os("move the object in place")(error),
        });
    }
    if let Some(before) = before {
        sidecar::remove(&reserved, path.key(), &before.etag)?;
    }
    Ok(PutReply { etag: Some(facts.etag), version_id: None, size: facts.size })
}

/// The object that is to be replaced; an empty directory of its name is removed, since directories are
/// nothing by themselves.
fn clear(parent: &Dir, path: &ObjectPath) -> Result<Option<ObjectStat>> {
    match parent.look(path.name()).map_err(os("look up the object"))? {
        EntryKind::Nothing => Ok(None),
        EntryKind::Object(facts) => Ok(Some(facts)),
        EntryKind::Link => Err(path.link()),
        EntryKind::Special => fail!(AlreadyExists, "a pipe, socket or device has the object's name"),
        EntryKind::Directory => match parent.rmdir(path.name()) {
            Ok(()) => Ok(None),
            Err(_) => fail!(
                AlreadyExists,
                "there are objects below {:?}; a directory store can't hold an object of that name beside \
                 them",
                format!("{}/", path.key())
            ),
        },
    }
}
