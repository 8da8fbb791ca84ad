//! Uploads whose id nobody read: the server created them, and its response was lost, came too late or could
//! not be read.
//!
//! Invariant: aborts an upload only if it is of our key, was created since the request, has no part, and is
//! not known to any other call of this process; if more of them are found than answers were lost, none is
//! aborted, for some belong to others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use http::HeaderMap;

use super::client::S3;
use super::connection::Connection;
use super::failure::{Cause, Failure};
use super::list::decoded;
use super::open_uploads::Known;
use super::uploads::{Asked, Listed, abort, list_page, list_parts};
use super::wire::Request;
use crate::error::{ErrorKind, Result};
use crate::keys::Key;
use crate::observe::{Level, event};
use crate::options::Put;
use crate::xml::Malformed;

/// How far a server's clock may be ahead of or behind ours and count as the same: its `Date` has no parts of
/// a second.
const AGREES: (Duration, Duration) = (Duration::from_millis(1200), Duration::from_millis(200));
/// Pages of a listing that are looked through. Uploads of our key come first, the oldest first.
const PAGES: usize = 10;

/// An upload that is being begun.
pub(crate) struct Creation {
    at: S3,
    key: Key,
    /// Bucket and key.
    name: String,
    since: SystemTime,
    /// Attempts that the server may have carried out, and whose id was lost.
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

    /// Sends the request. Each attempt counts as lost until the server has answered it, or was not reached.
    pub(super) async fn ask<T>(
        &self,
        request: &Request,
        read: impl Fn(&HeaderMap, &[u8]) -> std::result::Result<T, Malformed>,
    ) -> Result<T> {
        let attempt = |connection: Arc<Connection>| {
            let read = &read;
            async move {
                self.lost.fetch_add(1, Ordering::Relaxed);
                let outcome = self.at.attempt_document(&connection, request, read).await;
                if outcome.as_ref().map_or_else(was_refused, |_| true) {
                    self.lost.fetch_sub(1, Ordering::Relaxed);
                }
                outcome
            }
        };
        self.at.try_until(request.operation(), attempt).await
    }

    /// Registers the upload that was created.
    pub(super) fn begun(&self, upload_id: &str) {
        self.known.uploads().ids.insert(upload_id.to_owned());
    }

    /// The response to an attempt held no id.
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

    /// Whether the server may have created an upload whose id was not read.
    pub(crate) fn has_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed) > 0
    }

    /// Aborts the uploads that were created and lost.
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
                    "an upload that the server may have created could not be looked for: {}; see \
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

    /// The uploads of our key that were created since the request was sent.
    async fn listed(&self) -> Result<Vec<Listed>> {
        let (mut found, mut markers) = (Vec::new(), None::<(String, String)>);
        let prefix = self.at.full(&self.key.0);
        for _ in 0..PAGES {
            let asked = Asked { prefix: &prefix, markers: markers.as_ref(), page_size: None };
            let (page, date) = list_page(&self.at, &asked).await?;
            let since = self.since_by(date);
            let is_ours =
                |upload: &Listed| decoded(&self.at, upload.key.clone(), page.is_encoded) == self.key.0;
            let is_new = |upload: &Listed| {
                upload.initiated.is_some_and(|initiated| initiated >= floor(since, initiated))
            };
            let is_last = page.is_truncated != Some(true)
                || !page.uploads.last().is_some_and(is_ours)
                || page.next_upload_id.is_empty();
            found.extend(page.uploads.iter().filter(|upload| is_ours(upload) && is_new(upload)).cloned());
            let next = (page.next_key.clone().unwrap_or_default(), page.next_upload_id.clone());
            let next = (self.at.full(&decoded(&self.at, next.0, page.is_encoded)), next.1);
            if is_last || markers.as_ref() == Some(&next) {
                break;
            }
            markers = Some(next);
        }
        Ok(found)
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

/// Whether the server certainly created no upload.
fn was_refused(failure: &Failure) -> bool {
    match failure.error.status() {
        Some(status) => matches!(status, 300..=499 | 501 | 503),
        None => !failure.sent || failure.cause == Cause::Final,
    }
}
