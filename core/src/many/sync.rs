//! `sync_up` and `sync_down`: a directory and the objects under a prefix, brought to the same state.
//!
//! Invariant: both sides are listed first, then only differences are transferred; nothing is deleted before
//! all transfers succeeded. Failures are reported as one error after the rest is done: a sync that returns
//! has left nothing out. If interrupted, run it again to resume.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::StreamExt;

use super::made::SyncDirectories;
use super::select::Select;
use super::tree::{self, File};
use super::{At, InFlight, each, limit};
use crate::checksum::Checksum;
use crate::error::{Error, Result, fail};
use crate::io::{Sink, Source};
use crate::keys::{Directory, Key, Keys, Prefix};
use crate::mailbox::Mailbox;
use crate::observe::{Level, event};
use crate::options::{Get, List, Put, Sync};
use crate::reply::{Entry, SyncReply, SyncStep};
use crate::s3;

/// Keys that an error names before it only counts them.
const NAMED: usize = 5;

#[derive(Clone, Copy, PartialEq)]
enum Compare {
    SizeAndTime,
    Size,
    Etag,
    Checksum,
}

/// Both sides, each by the path below the directory and the prefix.
struct Sides {
    directory: PathBuf,
    prefix: String,
    files: BTreeMap<String, File>,
    objects: BTreeMap<String, Entry>,
    /// The server's checksums of objects that may equal their files.
    checksums: BTreeMap<String, Checksum>,
}

impl Sides {
    async fn look(
        at: At<'_>,
        mailbox: &Arc<Mailbox>,
        directory: PathBuf,
        prefix: Prefix,
        select: &Select,
        up: bool,
    ) -> Result<Sides> {
        let mut prefix = prefix.0;
        if !prefix.is_empty() && !prefix.ends_with('/') {
            prefix.push('/');
        }
        let mut files = tree::files(&directory, up).await?;
        files.retain(|path, _| select.takes(path));
        let mut objects = BTreeMap::new();
        let mut continuation = None;
        loop {
            let page =
                at.list(mailbox, Prefix(prefix.clone()), List { continuation, ..List::default() }).await?;
            for entry in page.entries {
                let Some(path) = entry.key.strip_prefix(&prefix).map(str::to_owned) else { continue };
                // Some programs store an empty object for each directory.
                let stands_for_directory = path.is_empty() || (path.ends_with('/') && entry.size == 0);
                if !stands_for_directory && select.takes(&path) {
                    objects.insert(path, entry);
                }
            }
            match page.next {
                Some(next) => continuation = Some(next),
                None => return Ok(Sides { directory, prefix, files, objects, checksums: BTreeMap::new() }),
            }
        }
    }

    /// Requests the checksums of objects that have the size of their files: a listing has none.
    async fn ask_for_checksums(&mut self, at: At<'_>, mailbox: &Arc<Mailbox>, limit: InFlight) -> Result<()> {
        let At::S3(at) = at else { return Ok(()) };
        let alike = |(path, file): (&String, &File)| {
            self.objects.get(path).filter(|object| object.size == file.size).map(|_| path.clone())
        };
        let paths: Vec<String> = self.files.iter().filter_map(alike).collect();
        let work = |_, path: String| {
            let object = &self.objects[&path];
            async move { Ok((s3::checksum(at, &object.key, object.size).await?, path)) }
        };
        let mut checksums = BTreeMap::new();
        {
            let mut outcomes = std::pin::pin!(each(mailbox, limit, paths, work));
            while let Some((_, outcome)) = outcomes.next().await {
                if let (Some(checksum), path) = outcome? {
                    checksums.insert(path, checksum);
                }
            }
        }
        self.checksums = checksums;
        Ok(())
    }

    fn step(&self, action: &str, path: &str, size: u64, reason: &str) -> SyncStep {
        SyncStep {
            action: action.to_owned(),
            key: format!("{}{path}", self.prefix),
            path: self.directory.join(path).display().to_string(),
            size,
            reason: reason.to_owned(),
        }
    }
}

/// Both sides, with all that the comparison takes.
async fn compared(
    at: At<'_>,
    mailbox: &Arc<Mailbox>,
    (directory, prefix): (Directory, Prefix),
    options: &mut Sync,
    limit: InFlight,
    up: bool,
) -> Result<(Sides, Compare)> {
    let compare = compare(at, options.compare.as_deref())?;
    let select = Select::new(options.include.take(), options.exclude.take())?;
    let mut sides = Sides::look(at, mailbox, directory.0, prefix, &select, up).await?;
    if compare == Compare::Checksum {
        sides.ask_for_checksums(at, mailbox, limit).await?;
    }
    Ok((sides, compare))
}

pub(crate) async fn sync_up<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    directory: Directory,
    prefix: Prefix,
    mut options: Sync,
) -> Result<SyncReply> {
    let (at, limit) = (at.into(), limit(options.max_concurrency)?);
    let (sides, compare) = compared(at, mailbox, (directory, prefix), &mut options, limit, true).await?;
    let mut plan = SyncPlan::default();
    for (path, file) in &sides.files {
        let reason = match sides.objects.get(path) {
            None => Some("new"),
            Some(object) => {
                let older =
                    object.last_modified.is_none_or(|stored| seconds(stored) < seconds(file.modified));
                differs(compare, &sides.directory.join(path), file, object, sides.checksums.get(path), older)
                    .await?
            }
        };
        plan.add(path, file.size, reason, || {
            sides.step("upload", path, file.size, reason.unwrap_or_default())
        });
    }
    if options.delete == Some(true) {
        plan.gone(sides.objects.keys().filter(|path| !sides.files.contains_key(*path)), |path| {
            sides.step("delete", path, 0, "gone")
        });
    }
    if options.dry_run == Some(true) {
        return Ok(plan.into_reply());
    }
    mailbox.set_total(plan.size);
    let work = |own: Arc<Mailbox>, path: String| {
        let (key, source) =
            (Key(format!("{}{path}", sides.prefix)), Source::File(sides.directory.join(path)));
        async move { at.put(&own, key, source, Put::default()).await.map(drop) }
    };
    run(mailbox, limit, &plan.moves, work).await?;
    for batch in plan.deletions.chunks(s3::BATCH) {
        let keys: Keys = batch.iter().map(|path| format!("{}{path}", sides.prefix)).collect();
        if let Some(failed) =
            at.delete_many(mailbox, keys).await?.into_iter().find(|fate| fate.error.is_some())
        {
            fail!(Service, "{:?} could not be deleted: {}", failed.key, failed.message.unwrap_or_default());
        }
    }
    Ok(plan.done())
}

pub(crate) async fn sync_down<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    directory: Directory,
    prefix: Prefix,
    mut options: Sync,
) -> Result<SyncReply> {
    let (at, limit) = (at.into(), limit(options.max_concurrency)?);
    let (sides, compare) = compared(at, mailbox, (directory, prefix), &mut options, limit, false).await?;
    let mut plan = SyncPlan::default();
    for (path, object) in &sides.objects {
        // All keys are looked at before the first byte moves.
        tree::checked(path).map_err(|error| error.with_key(&object.key))?;
        let reason = match sides.files.get(path) {
            None => Some("new"),
            Some(file) => {
                let older =
                    object.last_modified.is_some_and(|stored| seconds(file.modified) < seconds(stored));
                differs(compare, &sides.directory.join(path), file, object, sides.checksums.get(path), older)
                    .await?
            }
        };
        plan.add(path, object.size, reason, || {
            sides.step("download", path, object.size, reason.unwrap_or_default())
        });
    }
    if options.delete == Some(true) {
        plan.gone(sides.files.keys().filter(|path| !sides.objects.contains_key(*path)), |path| {
            sides.step("delete", path, 0, "gone")
        });
    }
    if options.dry_run == Some(true) {
        return Ok(plan.into_reply());
    }
    mailbox.set_total(plan.size);
    let made = SyncDirectories::new()?;
    let work = |own: Arc<Mailbox>, path: String| {
        let (sides, made) = (&sides, &made);
        async move {
            let mut again = true;
            let (target, reply) = loop {
                let target = tree::place(&sides.directory, &path, made.share()).await?;
                let key = Key(format!("{}{path}", sides.prefix));
                match at.get(&own, key, Sink::File(target.clone()), Get::default()).await {
                    // A cancelled sync has just removed the directory, which was empty and its own.
                    Err(_) if again && !target.parent().is_none_or(Path::is_dir) => again = false,
                    reply => break (target, reply?),
                }
            };
            match reply.meta.last_modified {
                Some(modified) => tree::stamp(target, modified).await,
                None => Ok(()),
            }
        }
    };
    run(mailbox, limit, &plan.moves, work).await?;
    made.keep();
    for path in &plan.deletions {
        tree::remove(sides.directory.join(path)).await?;
    }
    Ok(plan.done())
}

/// What is to be done.
#[derive(Default)]
struct SyncPlan {
    moves: Vec<String>,
    size: u64,
    unchanged: u64,
    deletions: Vec<String>,
    steps: Vec<SyncStep>,
}

impl SyncPlan {
    fn add(&mut self, path: &str, size: u64, reason: Option<&str>, step: impl Fn() -> SyncStep) {
        match reason {
            Some(_) => {
                self.moves.push(path.to_owned());
                self.size += size;
                self.steps.push(step());
            }
            None => self.unchanged += 1,
        }
    }

    fn gone<'p>(&mut self, paths: impl Iterator<Item = &'p String>, step: impl Fn(&str) -> SyncStep) {
        for path in paths {
            self.deletions.push(path.clone());
            self.steps.push(step(path));
        }
        self.steps.sort_by(|one, other| one.key.cmp(&other.key));
    }

    fn done(self) -> SyncReply {
        SyncReply { steps: Vec::new(), ..self.into_reply() }
    }

    fn into_reply(self) -> SyncReply {
        SyncReply {
            transferred: self.moves.len() as u64,
            size: self.size,
            unchanged: self.unchanged,
            deleted: self.deletions.len() as u64,
            steps: self.steps,
        }
    }
}

/// Does the work for each path; failures are reported after the others are done.
async fn run<'a, F>(
    mailbox: &'a Arc<Mailbox>,
    limit: InFlight,
    paths: &[String],
    work: impl Fn(Arc<Mailbox>, String) -> F + 'a,
) -> Result<()>
where
    F: Future<Output = Result<()>> + 'a,
{
    let mut failed: Vec<(usize, Error)> = Vec::new();
    let mut outcomes = std::pin::pin!(each(mailbox, limit, paths.to_vec(), work));
    while let Some((number, outcome)) = outcomes.next().await {
        if let Err(error) = outcome {
            event(Level::Warning, format!("{}: {}", paths[number], error.message()));
            failed.push((number, error));
        }
    }
    failed.sort_by_key(|(number, _)| *number);
    let Some((number, first)) = failed.first() else { return Ok(()) };
    let named: Vec<&str> = failed.iter().take(NAMED).map(|(number, _)| paths[*number].as_str()).collect();
    let more = if failed.len() > NAMED { ", …" } else { "" };
    let sentence = format!(
        "{} of {} could not be moved ({}{more}), the others were; {}: {}",
        failed.len(),
        paths.len(),
        named.join(", "),
        paths[*number],
        first.message()
    );
    Err(Error::new(first.kind(), sentence))
}

fn compare(at: At<'_>, wanted: Option<&str>) -> Result<Compare> {
    match (wanted.unwrap_or("size_mtime"), at) {
        ("size_mtime", _) => Ok(Compare::SizeAndTime),
        ("size", _) => Ok(Compare::Size),
        ("etag" | "checksum", At::Encrypted(_)) => {
            fail!(
                Unsupported,
                "the ETag and the checksum of an encrypted object tell nothing of its content; compare by \
                 `size_mtime`"
            )
        }
        ("etag", At::S3(_)) => Ok(Compare::Etag),
        ("checksum", At::S3(_)) => Ok(Compare::Checksum),
        ("etag" | "checksum", At::Local(_)) => {
            fail!(Unsupported, "a directory store has no checksums of the bytes; compare by `size_mtime`")
        }
        (other, _) => {
            fail!(InvalidInput, "option `compare` takes size_mtime, size, etag or checksum, not {other:?}")
        }
    }
}

/// Why the target differs from its source, if it does; `older`: whether its time is older.
async fn differs(
    compare: Compare,
    path: &Path,
    file: &File,
    object: &Entry,
    checksum: Option<&Checksum>,
    older: bool,
) -> Result<Option<&'static str>> {
    if file.size != object.size {
        return Ok(Some("size"));
    }
    Ok(match compare {
        Compare::Size => None,
        Compare::SizeAndTime => older.then_some("newer"),
        // An object without a checksum may hold any bytes.
        Compare::Checksum => match checksum {
            Some(stored) => {
                (tree::checksum(path.to_owned(), stored.algorithm).await? != *stored).then_some("checksum")
            }
            None => Some("checksum"),
        },
        Compare::Etag => {
            let stored = object.etag.as_deref().unwrap_or_default();
            let parts = stored.split_once('-').and_then(|(_, count)| count.parse().ok());
            let size = parts.map(|count| tree::likely_part_size(file.size, count));
            (tree::etag(path.to_owned(), size).await? != stored).then_some("etag")
        }
    })
}

/// Whole seconds: servers return no more of an object's time.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
