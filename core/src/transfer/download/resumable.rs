//! A download to a file that outlives its process: its journal names the temporary file and the stretches
//! that are there.
//!
//! Invariants: a stretch is kept if the object is the journal's (ETag and size) and the file's bytes have the
//! journal's sum; every other one is fetched again. The file appears, as without a journal, when it is whole
//! and verified.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::reader::{ObjectHandle, RangeReader};
use crate::checksum::{Algorithm, Checksum, Running};
use crate::error::Result;
use crate::io::{Destination, Draft, GATHER, Stretch, about, blocking};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::observe::{Level, event};
use crate::options::{Get, Head};
use crate::reply::{GetReply, ObjectMeta};
use crate::runtime::workers;
use crate::s3::{Body, S3, fetch, head, is_weak};
use crate::transfer::budget::acquire;
use crate::transfer::resume::Journal;
use crate::transfer::spans::Span;
use crate::transfer::tasks::joined;
use crate::transfer::verify::Expected;

/// Bytes of a stretch: what one request fetches, and what a crash loses of it.
const STRETCH: u64 = 16 << 20;

/// Bytes that are read at a time to be summed.
const LOT: u64 = 1 << 20;

/// A download with a journal.
struct DownloadState {
    journal: Journal,
    draft: Draft,
    meta: ObjectMeta,
    span: Span,
    /// The checksums of the whole object, as the server sent them.
    told: Vec<(String, String)>,
    /// The stretches that are written, by their first byte.
    rows: BTreeMap<u64, Checksum>,
    unwritten: usize,
}

pub(crate) async fn get(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: Key,
    target: &Path,
    options: Get,
    named: &str,
) -> Result<GetReply> {
    let path = target.to_owned();
    let found =
        blocking(move || Ok(Destination::file(&path))).await.map_err(|error| about(&error, target))?;
    let destination = found?;
    let shown = std::path::absolute(destination.path()).map_err(|error| about(&error, target))?;
    let transfer = format!("get {} {} to {}", at.place().await?, at.full(&key.0), shown.display());
    let (journal, held) = Journal::open(named, &transfer).await?;
    let stands = match &held {
        Some(held) => Some((held, head(at, mailbox, key.clone(), Head::from(&options)).await?))
            .filter(|(held, meta)| same(held, meta)),
        None => None,
    };
    let (mut state, body) = match stands {
        Some((held, meta)) => (DownloadState::again(journal, held, meta, destination, &options).await?, None),
        None => {
            if let Some(left) = held.as_ref().and_then(|held| held["temporary"].as_str()) {
                event(
                    Level::Info,
                    "the object is not the journal's; the download starts from the beginning".to_owned(),
                );
                Draft::discard(&destination, left).await;
            }
            let draft = Draft::beside(destination).await?;
            let body = fetch(at, &key, &options).await?;
            let state = DownloadState::anew(journal, draft, &body, &options)?;
            state.draft.reserve(state.span.length).await?;
            (state, Some(body))
        }
    };
    let outcome = state.fill(at, mailbox, key, &options, body).await;
    match outcome {
        Ok(()) => state.finish().await,
        // After an error that may pass by itself, the next call resumes.
        Err(error) if error.retryable() => Err(error),
        Err(error) => {
            state.draft.stands(false);
            state.journal.remove().await;
            Err(error)
        }
    }
}

/// Whether the journal is of this object.
fn same(held: &Value, meta: &ObjectMeta) -> bool {
    let strong = meta.etag.as_deref().filter(|etag| !is_weak(etag));
    strong.is_some()
        && held["etag"].as_str() == strong
        && meta.size.is_some()
        && held["size"].as_u64() == meta.size
}

/// The span that the options name, of an object of this size.
fn wanted(options: &Get, meta: &ObjectMeta) -> Result<Span> {
    Span::of(options.range, meta.known_size()?)
}

impl DownloadState {
    fn anew(journal: Journal, draft: Draft, body: &Body, options: &Get) -> Result<DownloadState> {
        let told = body.checksums.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
        let span = wanted(options, &body.meta)?;
        Ok(DownloadState {
            journal,
            draft,
            meta: body.meta.clone(),
            span,
            told,
            rows: BTreeMap::new(),
            unwritten: 0,
        })
    }

    /// Resumes with the file that the journal names, as far as its bytes have the journal's sums.
    async fn again(
        journal: Journal,
        held: &Value,
        meta: ObjectMeta,
        target: Destination,
        options: &Get,
    ) -> Result<DownloadState> {
        let span = wanted(options, &meta)?;
        let told = held["told"].as_array().into_iter().flatten();
        let told = told
            .filter_map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned())))
            .collect();
        let left = held["temporary"].as_str().unwrap_or_default();
        let (draft, rows) = match Draft::again(target, left).await {
            Ok((draft, file)) => {
                let rows: Vec<_> = held["rows"].as_array().into_iter().flatten().filter_map(row).collect();
                let first = held["first"].as_u64().unwrap_or(0);
                let rows = blocking(move || {
                    Ok(rows
                        .into_iter()
                        .filter(|(at, sum)| stands(&file, at.checked_sub(first), sum))
                        .collect())
                });
                // The file's first byte is that of the range.
                let rows = if first == span.first { rows.await? } else { BTreeMap::new() };
                (draft, rows)
            }
            Err(target) => (Draft::beside(target).await?, BTreeMap::new()),
        };
        Ok(DownloadState { journal, draft, meta, span, told, rows, unwritten: 0 })
    }

    fn expected(&self) -> Expected {
        if Some(self.span.length) == self.meta.size {
            Expected::of(&self.told, self.span.length)
        } else {
            Expected::Nothing
        }
    }

    /// Fetches what does not stand, by as many requests as the store allows.
    async fn fill(
        &mut self,
        at: &S3,
        mailbox: &Arc<Mailbox>,
        key: Key,
        options: &Get,
        body: Option<Body>,
    ) -> Result<()> {
        mailbox.set_total(self.span.length);
        self.write().await?;
        // From now on the journal names the file.
        self.draft.stands(true);
        let found = ObjectHandle::new(at, key, options, &self.meta);
        let algorithm = match self.expected() {
            Expected::Crc(sum) => sum.algorithm,
            _ => Algorithm::Crc64Nvme,
        };
        // The first response is read to the end of the first stretch.
        let mut front = body.map(|body| RangeReader::of(found.clone(), body, self.span)).transpose()?;
        let streams = if found.is_sure() { at.concurrency().await? as usize } else { 1 };
        let mut fetching: JoinSet<Result<(u64, Checksum)>> = JoinSet::new();
        let mut next = self.span.first;
        while next < self.span.end() {
            let length = STRETCH.min(self.span.end() - next);
            let length = if found.is_sure() { length } else { self.span.length };
            let span = Span { first: next, length };
            next = span.end();
            if self
                .rows
                .get(&span.first)
                .is_some_and(|sum| sum.length() == length && sum.algorithm == algorithm)
            {
                mailbox.advance(length);
                continue;
            }
            while fetching.len() >= streams {
                self.row(joined(fetching.join_next().await)?).await?;
            }
            let permit = acquire(2 * GATHER as u64).await?;
            let stretch = self.draft.stretch(span.first - self.span.first);
            let (found, mailbox, front) = (found.clone(), mailbox.clone(), front.take());
            fetching.spawn_on(
                async move {
                    let reader = match front {
                        Some(mut reader) => {
                            reader.until(span.end(), span.end());
                            reader
                        }
                        None => RangeReader::open(found, span).await?,
                    };
                    let sum = write(reader, stretch, algorithm, &mailbox).await?;
                    drop(permit);
                    Ok((span.first, sum))
                },
                &workers(),
            );
        }
        while !fetching.is_empty() {
            self.row(joined(fetching.join_next().await)?).await?;
        }
        Ok(())
    }

    /// A stretch is there. The journal is replaced ever more seldom as it grows.
    async fn row(&mut self, (first, sum): (u64, Checksum)) -> Result<()> {
        self.rows.insert(first, sum);
        self.unwritten += 1;
        if self.unwritten > self.rows.len() / 64 { self.write().await } else { Ok(()) }
    }

    async fn write(&mut self) -> Result<()> {
        self.unwritten = 0;
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|(first, sum)| json!([first, sum.length(), sum.algorithm.name(), sum.text()]))
            .collect();
        let held = json!({
            "etag": self.meta.etag, "size": self.meta.size, "first": self.span.first, "told": self.told,
            "temporary": self.draft.name(), "rows": rows,
        });
        self.journal.write(held).await
    }

    /// Judges the whole and lets the file appear.
    async fn finish(mut self) -> Result<GetReply> {
        let expected = self.expected();
        let judged = match &expected {
            Expected::Nothing => Ok(()),
            Expected::Crc(_) => {
                let joined = self.rows.values().copied().reduce(Checksum::then);
                joined.map_or(Ok(()), |joined| expected.judge_joined(joined))
            }
            _ => {
                // A sum that needs the bytes in their order is made when they are all there.
                let (file, mut sum) = (self.draft.read().await?, expected.sum());
                let sum = blocking(move || {
                    each_lot(&file, 0, u64::MAX, |lot| sum.update(lot))?;
                    Ok(sum)
                });
                expected.judge(vec![sum.await?])
            }
        };
        self.draft.stands(false);
        if let Err(error) = judged {
            self.journal.remove().await;
            return Err(error);
        }
        let journal = self.journal.path().to_owned();
        self.draft.finish_and(move || drop(std::fs::remove_file(journal))).await?;
        Ok(GetReply { meta: self.meta, offset: self.span.first, length: self.span.length, body: None })
    }
}

/// Writes a stretch and sums it up.
async fn write(
    mut reader: RangeReader,
    mut stretch: Stretch,
    algorithm: Algorithm,
    mailbox: &Mailbox,
) -> Result<Checksum> {
    let mut sum = Running::new(algorithm);
    while let Some(chunk) = reader.next().await? {
        sum.update(&chunk);
        mailbox.advance(chunk.len() as u64);
        stretch.write(chunk).await?;
    }
    stretch.flush().await?;
    Ok(sum.finish())
}

/// Whether the file holds, from this byte on, bytes of this sum.
fn stands(file: &File, at: Option<u64>, sum: &Checksum) -> bool {
    let mut found = Running::new(sum.algorithm);
    let read = at.map(|at| each_lot(file, at, sum.length(), |lot| found.update(lot)));
    matches!(read, Some(Ok(()))) && found.finish() == *sum
}

/// Reads so many bytes of a file, or to its end.
fn each_lot(file: &File, first: u64, length: u64, mut with: impl FnMut(&[u8])) -> std::io::Result<()> {
    use std::os::unix::fs::FileExt;
    let mut lot = vec![0; LOT as usize];
    let (mut at, end) = (first, first.saturating_add(length));
    while at < end {
        let size = LOT.min(end - at) as usize;
        match file.read_at(&mut lot[..size], at)? {
            0 => break,
            read => {
                with(&lot[..read]);
                at += read as u64;
            }
        }
    }
    Ok(())
}

fn row(stored: &Value) -> Option<(u64, Checksum)> {
    let sum =
        Checksum::read(Algorithm::named(stored[2].as_str()?)?, stored[3].as_str()?, stored[1].as_u64()?)?;
    Some((stored[0].as_u64()?, sum))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn meta(etag: Option<&str>, size: Option<u64>) -> ObjectMeta {
        ObjectMeta { etag: etag.map(str::to_owned), size, ..ObjectMeta::default() }
    }

    #[test]
    fn another_object_or_an_unsure_one_is_not_resumed() {
        let held = json!({"etag": "e", "size": 5});
        assert!(same(&held, &meta(Some("e"), Some(5))));
        for other in
            [meta(Some("f"), Some(5)), meta(Some("e"), Some(6)), meta(Some("e"), None), meta(None, Some(5))]
        {
            assert!(!same(&held, &other), "{other:?}");
        }
        let weak = json!({"etag": "W/\"e\"", "size": 5});
        assert!(!same(&weak, &meta(Some("W/\"e\""), Some(5))));
    }

    #[test]
    fn only_bytes_with_the_sum_of_the_row_are_kept() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"..123456789").unwrap();
        let sum = Algorithm::Crc32.of(b"123456789");
        let (first, read) = row(&json!([100, 9, "CRC32", sum.text()])).unwrap();
        assert_eq!((first, read), (100, sum));
        assert!(stands(&file, Some(2), &sum));
        assert!(!stands(&file, Some(1), &sum) && !stands(&file, Some(3), &sum) && !stands(&file, None, &sum));
        assert!(row(&json!([100, 9, "CRC32"])).is_none() && row(&json!(null)).is_none());
    }
}
