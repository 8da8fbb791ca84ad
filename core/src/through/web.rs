//! One download from an `http://` or `https://` upstream, resumed after a break.
//!
//! Invariant: a break resumes with Range and If-Range, so that the bytes are of one state of the resource.
//! If the upstream can't resume, the download restarts from byte 0 and reports that: its reader compares.
//! A body whose end can't be recognised ends only with its connection.

use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE};
use http::{HeaderName, Method, StatusCode};
use tokio::time::Instant;

use super::upstream::{Piece, UpstreamMeta};
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result};
use crate::http::retries::{ATTEMPTS, pause};
use crate::http::{PlainBody, PlainResponse, PlainTarget, request};
use crate::observe::{Level, event};

/// Bytes after which a connection counts as good again: a break behind them has all attempts.
const PROGRESS: u64 = 1 << 20;

/// What the store holds of the upstream already: its resource is sent only if it changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Validators {
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
}

pub(super) struct WebDownload {
    settings: Settings,
    target: PlainTarget,
    body: Option<PlainBody>,
    /// The next byte of the resource.
    at: u64,
    size: Option<u64>,
    /// What If-Range names; none if the upstream can't resume.
    validator: Option<String>,
    failures: u32,
    /// Where the last failure was, and when the next attempt may start.
    failed_at: u64,
    resume_at: Instant,
}

impl WebDownload {
    /// Sends the first request.
    pub(super) async fn open(
        settings: Settings,
        target: PlainTarget,
        known: &Validators,
    ) -> Result<(UpstreamMeta, WebDownload)> {
        let mut download = WebDownload {
            settings,
            target,
            body: None,
            at: 0,
            size: None,
            validator: None,
            failures: 0,
            failed_at: 0,
            resume_at: Instant::now(),
        };
        let mut further = Vec::new();
        further.extend(known.etag.as_deref().map(|etag| (IF_NONE_MATCH, etag)));
        further.extend(known.last_modified.as_deref().map(|date| (IF_MODIFIED_SINCE, date)));
        loop {
            match download.first(&further).await {
                Ok(meta) => return Ok((meta, download)),
                Err(error) => {
                    download.failed(error)?;
                    tokio::time::sleep_until(download.resume_at).await;
                }
            }
        }
    }

    /// The metadata of the resource, by HEAD, or by a GET of one byte where that is refused.
    pub(super) async fn head(settings: &Settings, target: &PlainTarget) -> Result<UpstreamMeta> {
        let response =
            request(settings, &Method::HEAD, target, &[]).await.map_err(|error| named(target, error))?;
        match response.status.as_u16() {
            403 | 405 | 501 => {
                let first = [(RANGE, "bytes=0-0")];
                let response = request(settings, &Method::GET, target, &first)
                    .await
                    .map_err(|error| named(target, error))?;
                let size = response.text("content-range").and_then(|range| range.rsplit_once('/'));
                let size = size.and_then(|(_, size)| size.parse().ok());
                let whole = response.status == StatusCode::OK;
                check(target, &response, &[StatusCode::OK, StatusCode::PARTIAL_CONTENT])?;
                Ok(UpstreamMeta { size: size.filter(|_| !whole).or(meta(&response).size), ..meta(&response) })
            }
            _ => {
                check(target, &response, &[StatusCode::OK])?;
                Ok(meta(&response))
            }
        }
    }

    async fn first(&mut self, further: &[(HeaderName, &str)]) -> Result<UpstreamMeta> {
        let response = self.request(further).await?;
        check(&self.target, &response, &[StatusCode::OK])?;
        Ok(self.take(response))
    }

    async fn request(&self, further: &[(HeaderName, &str)]) -> Result<PlainResponse> {
        request(&self.settings, &Method::GET, &self.target, further)
            .await
            .map_err(|error| named(&self.target, error))
    }

    /// Starts to read a response with the whole resource.
    fn take(&mut self, response: PlainResponse) -> UpstreamMeta {
        let meta = meta(&response);
        let Validators { etag, last_modified } = meta.known.clone();
        let strong = etag.filter(|etag| etag.starts_with('"'));
        let ranges = response.text("accept-ranges") != Some("none");
        self.validator = strong.or(last_modified).filter(|_| ranges);
        self.size = meta.size;
        self.at = 0;
        self.body = Some(response.body);
        meta
    }

    /// The next bytes. Dropping the future loses none.
    pub(super) async fn next(&mut self) -> Result<Piece> {
        loop {
            if let Some(body) = &mut self.body {
                let error = match body.next().await {
                    Ok(Some(bytes)) => {
                        self.at += bytes.len() as u64;
                        return Ok(Piece::Bytes(bytes));
                    }
                    Ok(None) if self.size.is_none_or(|size| size == self.at) => return Ok(Piece::End),
                    Ok(None) => Error::new(ErrorKind::Network, "the response ended too early"),
                    Err(error) => error,
                };
                self.body = None;
                self.failed(named(&self.target, error))?;
            }
            tokio::time::sleep_until(self.resume_at).await;
            match self.resume().await {
                Ok(true) => {}
                Ok(false) => return Ok(Piece::Restart),
                Err(error) => self.failed(error)?,
            }
        }
    }

    /// Requests the rest; returns whether it is the rest, and not the whole again.
    async fn resume(&mut self) -> Result<bool> {
        let range = format!("bytes={}-", self.at);
        let mut further = Vec::new();
        if let Some(validator) = &self.validator {
            further = vec![(RANGE, range.as_str()), (IF_RANGE, validator.as_str())];
        }
        let response = self.request(&further).await?;
        if response.status == StatusCode::PARTIAL_CONTENT && !further.is_empty() {
            let range = response.text("content-range").and_then(|range| range.strip_prefix("bytes "));
            let (span, size) = range.and_then(|range| range.split_once('/')).unwrap_or_default();
            if span.split('-').next() != Some(&self.at.to_string()) {
                return Err(named(
                    &self.target,
                    Error::new(ErrorKind::Service, "it sent another range than requested"),
                ));
            }
            let is_other_size =
                size.parse().ok().zip(self.size).is_some_and(|(size, of): (u64, u64)| size != of);
            let strong = self.validator.as_deref().filter(|validator| validator.starts_with('"'));
            let is_other_etag = strong.zip(response.text("etag")).is_some_and(|(etag, of)| etag != of);
            if is_other_size || is_other_etag {
                // An upstream that ignores If-Range sends the rest of another state.
                self.validator = None;
                return Err(named(
                    &self.target,
                    Error::new(ErrorKind::Network, "the resource changed, and is fetched anew"),
                ));
            }
            self.body = Some(response.body);
            return Ok(true);
        }
        check(&self.target, &response, &[StatusCode::OK])?;
        self.take(response);
        Ok(false)
    }

    /// Sets the time of the next attempt, or fails with the error if there is none.
    fn failed(&mut self, error: Error) -> Result<()> {
        if self.at >= self.failed_at + PROGRESS {
            self.failures = 0;
        }
        self.failures += 1;
        self.failed_at = self.at;
        if !error.retryable() || self.failures >= self.settings.max_attempts.unwrap_or(ATTEMPTS) {
            return Err(error);
        }
        event(Level::Warning, format!("{} (attempt {})", error.message(), self.failures));
        let throttled = error.kind() == ErrorKind::Throttled;
        self.resume_at = Instant::now() + pause(throttled, self.failures, None);
        Ok(())
    }
}

/// An error that names the upstream.
fn named(target: &PlainTarget, error: Error) -> Error {
    let kind = error.kind();
    Error::new(kind, format!("upstream {}: {}", target.shown(), error.message()))
}

/// Refuses a response of another status than these.
fn check(target: &PlainTarget, response: &PlainResponse, good: &[StatusCode]) -> Result<()> {
    let status = response.status;
    if good.contains(&status) {
        return Ok(());
    }
    let kind = match status.as_u16() {
        304 => ErrorKind::NotModified,
        404 | 410 => ErrorKind::NotFound,
        401 | 403 | 407 => ErrorKind::PermissionDenied,
        408 => ErrorKind::Timeout,
        429 => ErrorKind::Throttled,
        _ => ErrorKind::Service,
    };
    let reason = status.canonical_reason().unwrap_or_default();
    let error = Error::new(kind, format!("upstream {}: {} {reason}", target.shown(), status.as_u16()));
    Err(error.with_answer(Some(status.as_u16()), None, None))
}

fn meta(response: &PlainResponse) -> UpstreamMeta {
    let text = |name: &str| response.text(name).map(str::to_owned);
    UpstreamMeta {
        size: response.text("content-length").and_then(|length| length.parse().ok()),
        known: Validators { etag: text("etag"), last_modified: text("last-modified") },
        content_type: text("content-type"),
        content_encoding: text("content-encoding").filter(|encoding| encoding != "identity"),
    }
}
