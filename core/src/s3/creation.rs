//! Uploads whose id nobody read: the server began them, and its answer was lost, came too late or could not
//! be read.
//!
//! Invariant: aborts an upload only if it is of our key, was begun since we asked, has no part, and is not
//! known to any other call of this process; if more of them are found than answers were lost, none is
//! aborted, for some belong to others.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::error::SdkError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use http::Method;

use super::client::S3;
use super::direct::{Broken, Document, Request, text};
use super::list::decoded;
use super::{abort, list_parts};
use crate::error::{ErrorKind, Result};
use crate::http::NoResponse;
use crate::keys::Key;
use crate::observe::{Level, event};
use crate::options::Put;
use crate::runtime;

/// How far a server's clock may be ahead of or behind ours and count as the same: its `Date` has no parts of
/// a second.
const AGREES: (Duration, Duration) = (Duration::from_millis(1200), Duration::from_millis(200));
/// Pages of a listing that are looked through. Uploads of our key come first, the oldest first.
const PAGES: usize = 10;

/// What this process knows of uploads.
#[derive(Default)]
struct Uploads {
    /// How many are being begun, by bucket and key.
    beginning: HashMap<String, u32>,
    /// The ids of those that were begun and have not ended.
    ids: HashSet<String>,
}

#[derive(Default)]
struct Known(Mutex<Uploads>);

impl Known {
    fn here() -> Result<Arc<Known>> {
        Ok(runtime::current()?.shared("multipart uploads", Known::default))
    }

    fn uploads(&self) -> MutexGuard<'_, Uploads> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The upload has ended, and nobody takes it for a lost one any more.
pub(super) fn ended(upload_id: &str) {
    if let Ok(known) = Known::here() {
        known.uploads().ids.remove(upload_id);
    }
}

/// An upload that is being begun.
pub(crate) struct Creation {
    at: S3,
    key: Key,
    /// Bucket and key.
    name: String,
    since: SystemTime,
    /// Attempts that the server may have carried out without telling the id.
    lost: AtomicU32,
    is_settled: AtomicBool,
    known: Arc<Known>,
}

impl Creation {
    pub(crate) async fn new(at: &S3, key: &Key) -> Result<Creation> {
        let (name, known) = (format!("{} {}", at.place().await?, at.full(&key.0)), Known::here()?);
        *known.uploads().beginning.entry(name.clone()).or_default() += 1;
        Ok(Creation {
            at: at.clone(),
            key: key.clone(),
            name,
            since: SystemTime::now(),
            lost: AtomicU32::new(0),
            is_settled: AtomicBool::new(false),
            known,
        })
    }

    /// One attempt: counts as lost until it is known that the server answered it, or was not reached.
    pub(super) async fn attempt<T, E>(
        &self,
        sending: impl Future<Output = std::result::Result<T, SdkError<E, Response>>>,
    ) -> std::result::Result<T, SdkError<E, Response>> {
        self.lost.fetch_add(1, Ordering::Relaxed);
        let outcome = sending.await;
        if outcome.as_ref().map_or_else(was_refused, |_| true) {
            self.lost.fetch_sub(1, Ordering::Relaxed);
        }
        outcome
    }

    /// The upload that was begun, from now on known to the process.
    pub(super) fn begun(&self, upload_id: &str) {
        self.known.uploads().ids.insert(upload_id.to_owned());
    }

    /// The server answered an attempt, and told no id.
    pub(super) fn told_no_id(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// No attempt is under way any more.
    pub(crate) fn settle(&self) {
        if self.is_settled.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut uploads = self.known.uploads();
        if let Some(calls) = uploads.beginning.get_mut(&self.name) {
            *calls -= 1;
            if *calls == 0 {
                uploads.beginning.remove(&self.name);
            }
        }
    }

    /// Whether the server may have begun an upload whose id nobody read.
    pub(crate) fn has_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed) > 0
    }

    /// Aborts the uploads that were begun and lost.
    pub(crate) async fn abort_lost(&self) {
        let lost = self.lost.load(Ordering::Relaxed) as usize;
        if lost == 0 {
            return;
        }
        self.settle();
        match Box::pin(self.found()).await {
            Ok(found) if found.is_empty() => {}
            Ok(found) if found.len() > lost => {
                event(
                    Level::Warning,
                    format!(
                        "{} unfinished uploads of one key, of which {lost} may be ours; none is aborted",
                        found.len()
                    ),
                );
            }
            Ok(found) => {
                for upload_id in found {
                    if abort(&self.at, &self.key, &upload_id).await.is_ok() {
                        event(
                            Level::Warning,
                            "an upload that the server began without telling its id was found and aborted"
                                .to_owned(),
                        );
                    }
                }
            }
            Err(error) => event(
                Level::Warning,
                format!(
                    "an upload that the server may have begun could not be looked for: {}; see \
                     `abort_uploads`",
                    error.message()
                ),
            ),
        }
        self.lost.store(0, Ordering::Relaxed);
    }

    /// The uploads that may be the lost ones.
    async fn found(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for upload in self.listed().await? {
            let theirs = || {
                let uploads = self.known.uploads();
                uploads.ids.contains(&upload.id) || uploads.beginning.contains_key(&self.name)
            };
            if theirs() {
                continue;
            }
            match list_parts(&self.at, &self.key, &upload.id, &Put::default()).await {
                Ok(parts) if !parts.is_empty() => continue,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                // A server that lists no parts leaves the other signs.
                _ => {}
            }
            if !theirs() {
                found.push(upload.id);
            }
        }
        Ok(found)
    }

    /// The uploads of our key that were begun since we asked.
    async fn listed(&self) -> Result<Vec<Listed>> {
        let (mut listed, mut markers) = (Vec::new(), None::<(String, String)>);
        for _ in 0..PAGES {
            let request = Request::of_bucket("ListMultipartUploads", Method::GET)
                .query("encoding-type", Some("url"))
                .query("key-marker", markers.as_ref().map(|(key, _)| key.as_str()))
                .query("prefix", Some(&self.at.full(&self.key.0)))
                .query("upload-id-marker", markers.as_ref().map(|(_, id)| id.as_str()))
                .query("uploads", Some(""))
                .payer(&self.at)
                .await?;
            let (page, date) = self.at.ask_dated(&request, Page::read).await?;
            let since = self.since_by(date);
            let last = page.uploads.last().map(|upload| upload.key.clone());
            let ours = |upload: &Listed| decoded(&self.at, upload.key.clone(), page.encoded) == self.key.0;
            let is_last = !page.truncated || !page.uploads.last().is_some_and(ours) || page.next.1.is_empty();
            let new = |upload: &Listed| {
                upload.initiated.is_some_and(|initiated| initiated >= floor(since, initiated))
            };
            let next = (page.next.0.clone(), page.next.1.clone());
            listed.extend(page.uploads.iter().filter(|upload| ours(upload) && new(upload)).cloned());
            if is_last || markers.as_ref() == Some(&next) || last.is_none() {
                break;
            }
            markers = Some((self.at.full(&decoded(&self.at, next.0, page.encoded)), next.1));
        }
        Ok(listed)
    }

    /// When we asked, by the server's clock.
    fn since_by(&self, date: Option<SystemTime>) -> SystemTime {
        let now = SystemTime::now();
        let agrees = date.is_none_or(|date| date + AGREES.0 >= now && date <= now + AGREES.1);
        if agrees {
            return self.since;
        }
        let asked_ago = now.duration_since(self.since).unwrap_or_default();
        date.and_then(|date| date.checked_sub(asked_ago + Duration::from_secs(1))).unwrap_or(self.since)
    }
}

impl Drop for Creation {
    fn drop(&mut self) {
        self.settle();
    }
}

/// A time as exact as the one it is compared with: many servers tell whole seconds.
fn floor(time: SystemTime, other: SystemTime) -> SystemTime {
    let nanos = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.subsec_nanos())
    };
    let rest = match nanos(other) {
        0 => nanos(time),
        _ => nanos(time) % 1_000_000,
    };
    time - Duration::from_nanos(u64::from(rest))
}

/// Whether the server certainly began no upload.
fn was_refused<E>(error: &SdkError<E, Response>) -> bool {
    match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::DispatchFailure(failure) => failure.as_connector_error().is_none_or(not_sent),
        SdkError::ServiceError(context) => matches!(context.raw().status().as_u16(), 300..=499 | 501 | 503),
        _ => false,
    }
}

/// Whether the server can't have received the request.
fn not_sent(error: &ConnectorError) -> bool {
    error.is_user() || NoResponse::of(error).is_some_and(|found| !found.is_sent)
}

#[derive(Clone, Default)]
struct Listed {
    key: String,
    id: String,
    initiated: Option<SystemTime>,
}

/// A page of unfinished uploads.
#[derive(Default)]
struct Page {
    uploads: Vec<Listed>,
    encoded: bool,
    truncated: bool,
    /// The markers of key and upload to go on from.
    next: (String, String),
}

impl Page {
    fn read(body: &[u8]) -> std::result::Result<Page, Broken> {
        let mut page = Page::default();
        Document::open(body, "ListMultipartUploadsResult")?.children(|document, name| {
            match name {
                "Upload" => {
                    let mut upload = Listed::default();
                    document.children(|document, name| {
                        match name {
                            "Key" => upload.key = document.text()?.into_owned(),
                            "UploadId" => upload.id = document.text()?.into_owned(),
                            "Initiated" => {
                                upload.initiated = document
                                    .text()?
                                    .trim()
                                    .parse::<jiff::Timestamp>()
                                    .ok()
                                    .map(SystemTime::from)
                            }
                            _ => document.skip()?,
                        }
                        Ok(())
                    })?;
                    page.uploads.push(upload);
                }
                "EncodingType" => page.encoded = document.text()? == "url",
                "IsTruncated" => page.truncated = document.text()?.trim().eq_ignore_ascii_case("true"),
                "NextKeyMarker" => page.next.0 = document.text()?.into_owned(),
                "NextUploadIdMarker" => page.next.1 = document.text()?.into_owned(),
                _ => document.skip()?,
            }
            Ok(())
        })?;
        Ok(page)
    }
}

/// The server's time, as a response tells it.
pub(super) fn date(headers: &http::HeaderMap) -> Option<SystemTime> {
    DateTime::from_str(text(headers, "date")?, Format::HttpDate)
        .ok()
        .and_then(|date| SystemTime::try_from(date).ok())
}
