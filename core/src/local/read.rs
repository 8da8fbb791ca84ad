//! Reading: an object opened with what is kept beside it, and its bytes in steps.
//!
//! Invariant: file, etag and metadata are of one state of the object, also while it is replaced; memory is
//! bounded by one step unless the caller wants the bytes in memory; a file that another program writes to
//! while it is read is `Changed`.

use std::fs::File;
use std::io::{self, Read as _, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::conditions;
use super::dir::{Dir, EntryKind, ObjectStat, os};
use super::path::ObjectPath;
use super::reserved::Reserved;
use super::sidecar::Sidecar;
use super::work;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::{Naming, Output, Sink};
use crate::mailbox::Mailbox;
use crate::reply::GetReply;
use crate::value::ByteRange;

/// Bytes that are moved before the call looks at its mailbox again.
pub(super) const STEP: u64 = 1 << 20;

/// An object, open for reading.
pub(super) struct Object {
    pub(super) file: File,
    pub(super) facts: ObjectStat,
    pub(super) sidecar: Sidecar,
}

/// What the object's name stands for; an error for what can't be an object.
pub(super) fn look(parent: Option<&Dir>, path: &ObjectPath) -> Result<Option<ObjectStat>> {
    let Some(parent) = parent else { return Ok(None) };
    match parent.look(path.name()).map_err(os("look up the object"))? {
        EntryKind::Object(facts) => Ok(Some(facts)),
        EntryKind::Link => Err(path.link()),
        EntryKind::Nothing | EntryKind::Directory | EntryKind::Special => Ok(None),
    }
}

/// The object's state, if it exists.
pub(super) fn find(root: &Path, path: &ObjectPath) -> Result<Option<ObjectStat>> {
    look(path.find_parent(Dir::root(root)?)?.as_ref(), path)
}

/// Opens the object, if it exists.
pub(super) fn open(root: &Path, path: &ObjectPath) -> Result<Object> {
    // Each round but the last means that another writer replaced the object; there is no end to fear.
    loop {
        let at = Dir::root(root)?;
        let reserved = Reserved::find(&at)?;
        let parent = path.find_parent(at)?;
        let (Some(parent), Some(_)) = (&parent, look(parent.as_ref(), path)?) else {
            return Err(missing(path));
        };
        let file = match parent.open(path.name()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing(path)),
            Err(error) => return Err(os("open the object")(error)),
        };
        let facts = ObjectStat::of_file(&file).map_err(os("open the object"))?;
        let sidecar = match &reserved {
            Some(reserved) => Sidecar::read(reserved, path.key(), &facts.etag)?,
            None => None,
        };
        // A missing sidecar may have gone with the object's old state, between the two looks.
        if sidecar.is_some() || look(Some(parent), path)?.is_none_or(|now| now.etag == facts.etag) {
            return Ok(Object { file, facts, sidecar: sidecar.unwrap_or_default() });
        }
    }
}

/// The error for an object that is not there.
pub(super) fn missing(path: &ObjectPath) -> Error {
    Error::new(ErrorKind::NotFound, "the object does not exist").with_key(path.key())
}

/// Opens the object if it is as the conditions want it, and sends its bytes, or a range of them, where they
/// are to go.
pub(super) async fn get(
    root: PathBuf,
    path: ObjectPath,
    into: Sink,
    range: Option<ByteRange>,
    conditions: conditions::ReadConditions,
    mailbox: &Mailbox,
) -> Result<GetReply> {
    let key = path.key().to_owned();
    let (object, offset, length) = work(move || {
        let mut object = open(&root, &path)?;
        conditions.check(&object.facts)?;
        let (offset, length) =
            range.map_or(Ok((0, object.facts.size)), |range| range.within(object.facts.size))?;
        object.file.seek(SeekFrom::Start(offset)).map_err(os("read the object"))?;
        Ok((object, offset, length))
    })
    .await?;
    mailbox.set_total(length);
    let Object { file, facts, sidecar } = object;
    let mut reader = ObjectReader { file, left: length, facts: facts.clone() };
    let mut body = None;
    match Output::open(&into, Naming::Temporary).await? {
        Output::Memory => {
            let mut bytes = buffer(length)?;
            while reader.left > 0 {
                let before = bytes.len();
                (reader, bytes) = work(move || reader.step(bytes)).await?;
                mailbox.advance((bytes.len() - before) as u64);
            }
            body = Some(Bytes::from(bytes));
        }
        Output::File(mut draft) => {
            while reader.left > 0 {
                let bytes;
                let size = reader.left.min(STEP);
                (reader, bytes) = work(move || reader.step(buffer(size)?)).await?;
                mailbox.advance(bytes.len() as u64);
                draft.write(bytes.into()).await?;
            }
            draft.finish().await?;
        }
        mut ordered => {
            while reader.left > 0 {
                let bytes;
                let size = reader.left.min(STEP);
                (reader, bytes) = work(move || reader.step(buffer(size)?)).await?;
                let count = bytes.len() as u64;
                match &mut ordered {
                    Output::Special(file) => file.write(bytes.into()).await?,
                    _ => mailbox.send(bytes.into()).await,
                }
                mailbox.advance(count);
            }
        }
    }
    Ok(GetReply { meta: sidecar.describe(&key, &facts), offset, length, body })
}

/// The bytes of each range, of one state of the object.
pub(super) fn ranges(
    root: &Path,
    path: &ObjectPath,
    ranges: &[ByteRange],
    conditions: &conditions::ReadConditions,
    mailbox: &Mailbox,
) -> Result<Vec<Bytes>> {
    let Object { file, facts, .. } = open(root, path)?;
    conditions.check(&facts)?;
    let spans = ranges.iter().map(|range| range.within(facts.size)).collect::<Result<Vec<_>>>()?;
    mailbox.set_total(spans.iter().map(|(_, length)| length).sum());
    let mut reader = ObjectReader { file, left: 0, facts };
    let mut found = Vec::with_capacity(spans.len());
    for (first, length) in spans {
        reader.file.seek(SeekFrom::Start(first)).map_err(os("read the object"))?;
        reader.left = length;
        let mut bytes = buffer(length)?;
        while reader.left > 0 {
            (reader, bytes) = reader.step(bytes)?;
        }
        mailbox.advance(length);
        found.push(bytes.into());
    }
    Ok(found)
}

/// The bytes that are still to be read.
struct ObjectReader {
    file: File,
    left: u64,
    facts: ObjectStat,
}

impl ObjectReader {
    /// Appends the next step's bytes. The last step is returned only if the file has not changed.
    fn step(mut self, mut bytes: Vec<u8>) -> Result<(ObjectReader, Vec<u8>)> {
        let wanted = self.left.min(STEP);
        let read = (&self.file).take(wanted).read_to_end(&mut bytes).map_err(os("read the object"))?;
        self.left -= read as u64;
        let last = self.left == 0;
        if (read as u64) < wanted
            || (last && ObjectStat::of_file(&self.file).map_err(os("read the object"))? != self.facts)
        {
            fail!(Changed, "the object was changed by another program while it was read");
        }
        Ok((self, bytes))
    }
}

fn buffer(length: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    usize::try_from(length).ok().and_then(|length| bytes.try_reserve_exact(length).ok()).ok_or_else(
        || {
            Error::new(
                ErrorKind::Io,
                format!("there is no memory for {length} bytes; read the object to a file or as a stream"),
            )
        },
    )?;
    Ok(bytes)
}
