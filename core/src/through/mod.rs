//! Objects read through a store: from it if they are there, else from an upstream, one fetch for all who want
//! them, kept for the next or not.
//!
//! Invariants: what is stored is whole and checked, or nothing is stored. Bytes reach a caller as they come;
//! an end that is not in order is an error, never a short object. Failures are not remembered. A forked child
//! has no part in its parent's fetches.

mod content;
mod digest;
mod fill;
mod keep;
mod reader;
mod spool;
mod upstream;
mod web;
mod window;

use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use self::fill::{FillKey, Job, Joined, join};
use self::reader::{Unread, read};
use self::upstream::{Upstream, identity};
use self::web::Validators;
use crate::ambient;
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::Sink;
use crate::keys::{Key, UpstreamUrl};
use crate::local::Local;
use crate::mailbox::Mailbox;
use crate::many::At;
use crate::observe::{Level, event};
use crate::options::{FetchThrough, Get, Head, HeadThrough, SecretMap, UpstreamAnswer};
use crate::reply::{GetReply, ObjectMeta, ThroughReply};
use crate::s3::S3;
use crate::store::Backend;
use crate::tally::Arrival;
use crate::value::{Callback, Field, Value};

pub(crate) use content::put_by_content;

impl From<&S3> for Backend {
    fn from(at: &S3) -> Backend {
        Backend::S3(at.clone())
    }
}

impl From<&Local> for Backend {
    fn from(at: &Local) -> Backend {
        Backend::Local(at.clone())
    }
}

fn at(backend: &Backend) -> At<'_> {
    match backend {
        Backend::S3(s3) => At::from(s3),
        Backend::Local(local) => At::from(local),
    }
}

/// The settings as the host gave them.
fn settings(backend: &Backend) -> &Settings {
    match backend {
        Backend::S3(s3) => s3.settings(),
        Backend::Local(local) => &local.config().settings,
    }
}

/// The settings, completed by the environment and the profile.
async fn complete(backend: &Backend) -> Result<Settings> {
    match backend {
        Backend::S3(s3) => s3.completed().await.cloned(),
        Backend::Local(local) => Ok(ambient::complete(&local.config().settings).await?.settings),
    }
}

pub(crate) async fn fetch_through(
    at: impl Into<Backend>,
    mailbox: &Arc<Mailbox>,
    key: Key,
    upstream: UpstreamUrl,
    into: Sink,
    options: FetchThrough,
) -> Result<ThroughReply> {
    let backend = at.into();
    let source = UpstreamSource::of(
        upstream,
        options.resolve.clone(),
        options.upstream_headers.clone(),
        options.upstream_settings.clone(),
    )?;
    let retain = options.retain.or(settings(&backend).retain_fetched).unwrap_or(true);
    if options.must_keep == Some(true) && !retain {
        fail!(InvalidInput, "option `must_keep` contradicts `retain`, which is false here");
    }
    let call = Through { backend, mailbox, key, into, retain, options, source };
    call.run().await
}

pub(crate) async fn head_through(
    at: impl Into<Backend>,
    mailbox: &Arc<Mailbox>,
    key: Key,
    upstream: UpstreamUrl,
    options: HeadThrough,
) -> Result<ObjectMeta> {
    let backend = at.into();
    let source =
        UpstreamSource::of(upstream, options.resolve, options.upstream_headers, options.upstream_settings)?;
    match self::at(&backend).head(mailbox, key.clone(), Head::default()).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        stored => return stored,
    }
    let answer = source.answer(mailbox, &key, None, None).await?;
    let upstream = Upstream::new(answer, source.settings)?;
    Ok(upstream.head(&backend).await?.shown(&key))
}

/// Where the caller has the bytes come from.
struct UpstreamSource {
    url: Option<String>,
    resolve: Option<Callback>,
    headers: Option<SecretMap>,
    settings: Option<SecretMap>,
}

impl UpstreamSource {
    fn of(
        UpstreamUrl(url): UpstreamUrl,
        resolve: Option<Callback>,
        headers: Option<SecretMap>,
        settings: Option<SecretMap>,
    ) -> Result<UpstreamSource> {
        if url.is_some() == resolve.is_some() {
            fail!(
                InvalidInput,
                "give `upstream`, a URL, or `resolve`, a function that returns it, and not both"
            );
        }
        let source = UpstreamSource { url, resolve, headers, settings };
        if let Some(answer) = source.given(None, None) {
            // What is wrong with it is an error before any request.
            Upstream::new(answer, source.settings.clone())?;
        }
        Ok(source)
    }

    /// The upstream, if it needs no function.
    fn given(&self, size: Option<u64>, checksum: Option<String>) -> Option<UpstreamAnswer> {
        let headers = self.headers.clone();
        self.url.clone().map(|url| UpstreamAnswer { url, headers, size, checksum, content_type: None })
    }

    /// The upstream; the host's function runs on the thread that waits for this call.
    async fn answer(
        &self,
        mailbox: &Mailbox,
        key: &Key,
        size: Option<u64>,
        checksum: Option<String>,
    ) -> Result<UpstreamAnswer> {
        if let Some(given) = self.given(size, checksum.clone()) {
            return Ok(given);
        }
        let Some(resolve) = &self.resolve else { fail!(Internal, "a fetch without an upstream") };
        let question = Value::map([("key".to_owned(), Value::Str(key.0.clone()))]);
        let answer = ask(mailbox, resolve, question).await?;
        let answer = match answer {
            Value::Str(url) => UpstreamAnswer { url, ..UpstreamAnswer::default() },
            Value::Null => fail!(NotFound, "the function given as `resolve` has no upstream for this key"),
            answer => UpstreamAnswer::from_value(answer).map_err(|why| resolve_failed(&why))?,
        };
        Ok(UpstreamAnswer {
            headers: answer.headers.or_else(|| self.headers.clone()),
            size: answer.size.or(size),
            checksum: answer.checksum.or(checksum),
            ..answer
        })
    }
}

async fn ask(mailbox: &Mailbox, resolve: &Callback, question: Value) -> Result<Value> {
    mailbox.ask(resolve.clone(), question).await.map_err(|error| match error.kind() {
        ErrorKind::Cancelled => error,
        _ => resolve_failed(error.message()),
    })
}

fn resolve_failed(why: &str) -> Error {
    let why: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    Error::new(ErrorKind::Io, format!("the function given as `resolve` failed: {why}"))
}

/// One call of `fetch_through`.
struct Through<'a> {
    backend: Backend,
    mailbox: &'a Arc<Mailbox>,
    key: Key,
    into: Sink,
    retain: bool,
    options: FetchThrough,
    source: UpstreamSource,
}

impl Through<'_> {
    async fn run(&self) -> Result<ThroughReply> {
        loop {
            let since = Instant::now();
            let stored = if self.options.refresh == Some(true) {
                self.stored_meta().await?
            } else {
                match self.get().await {
                    Err(error) if error.kind() == ErrorKind::NotFound => None,
                    reply => return reply.map(|reply| self.hit(reply)),
                }
            };
            let (known, replaces) = stored.as_ref().map(validators).unwrap_or_default();
            let waits = self.options.verified == Some(true);
            let joined = join(self.fill_key(&known), since, waits, || self.job(known.clone(), replaces))?;
            let (reading, arrival) = match joined {
                Joined::LooksAgain => continue,
                Joined::Follows(reading) => (reading, Arrival::Joined),
                Joined::Leads(reading, sender) => {
                    let answer = self
                        .source
                        .answer(self.mailbox, &self.key, self.options.size, self.options.checksum.clone())
                        .await;
                    let settings = self.source.settings.clone();
                    let upstream = answer.and_then(|answer| {
                        let mut upstream = Upstream::new(answer, settings)?;
                        let own = self.options.content_type.clone();
                        upstream.content_type = own.or(upstream.content_type);
                        Ok(upstream)
                    });
                    // If the fetch is gone, its readers have its error.
                    let _ = sender.send(upstream);
                    (reading, if self.retain { Arrival::Fetched } else { Arrival::Passed })
                }
            };
            let error = match read(&reading, self.mailbox, &self.key, &self.into, waits).await {
                Ok((reply, unkept)) => return self.arrived(reply, unkept, arrival),
                Err(Unread::Leaderless) => continue,
                Err(Unread::Unopened(error)) if stored.is_some() && self.stands(&error) => {
                    return self.get().await.map(|reply| self.hit(reply));
                }
                Err(Unread::Unopened(error) | Unread::Failed(error)) => error,
            };
            self.mailbox.count(|tally| tally.upstream_error());
            return Err(error);
        }
    }

    async fn get(&self) -> Result<GetReply> {
        let get = at(&self.backend).get(self.mailbox, self.key.clone(), self.into.clone(), Get::default());
        Box::pin(get).await
    }

    /// The metadata of the stored object; none if there is none.
    async fn stored_meta(&self) -> Result<Option<ObjectMeta>> {
        match at(&self.backend).head(self.mailbox, self.key.clone(), Head::default()).await {
            Ok(meta) => Ok(Some(meta)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the stored object serves a caller whose upstream answered so.
    fn stands(&self, error: &Error) -> bool {
        if error.kind() == ErrorKind::NotModified {
            return true;
        }
        let is_stale = error.retryable() && self.options.stale_if_error != Some(false);
        if is_stale {
            event(Level::Warning, format!("the stored object is served unrefreshed: {}", error.message()));
        }
        is_stale
    }

    fn hit(&self, reply: GetReply) -> ThroughReply {
        self.mailbox.count(|tally| tally.arrived(Arrival::Stored));
        let GetReply { meta, length, body, .. } = reply;
        ThroughReply {
            meta,
            length,
            body,
            kept: true,
            unkept: None,
            source: Arrival::Stored.name().to_owned(),
        }
    }

    fn arrived(&self, reply: ThroughReply, unkept: Option<Error>, arrival: Arrival) -> Result<ThroughReply> {
        self.mailbox.count(|tally| tally.arrived(arrival));
        if self.retain && !reply.kept {
            self.mailbox.count(|tally| tally.unkept());
            if self.options.must_keep == Some(true) {
                let stands =
                    || Error::new(ErrorKind::AlreadyExists, "another object is stored under the key");
                return Err(unkept.unwrap_or_else(stands).with_detail("it was fetched and not kept"));
            }
        }
        let unkept = unkept.map(|error| error.message().to_owned());
        Ok(ThroughReply { source: arrival.name().to_owned(), unkept, ..reply })
    }

    fn job(&self, known: Validators, replaces: Option<String>) -> Job {
        Job {
            backend: self.backend.clone(),
            key: self.key.clone(),
            retain: self.retain,
            max_size: self.options.max_size,
            metadata: self.options.metadata.clone().unwrap_or_default(),
            known,
            replaces,
            share: self.mailbox.share(),
        }
    }

    /// What calls must have in common to share a fetch: the store, how it is entered, the key, the upstream
    /// and what becomes of the bytes.
    fn fill_key(&self, known: &Validators) -> FillKey {
        let place = match &self.backend {
            Backend::S3(s3) => format!("s3 {} {}", s3.bucket(), s3.prefix()),
            Backend::Local(local) => format!("file {:?}", local.root()),
        };
        let secrets = Zeroizing::new(format!("{:?}", settings(&self.backend).to_pairs()));
        let options = format!("{} {:?} {known:?}", self.retain, self.options.max_size);
        let given = self.source.given(self.options.size, self.options.checksum.clone());
        let upstream = given.map(|given| identity(&given, self.source.settings.as_ref()));
        let mut sum = Sha256::new();
        for text in [place.as_bytes(), self.key.0.as_bytes(), secrets.as_bytes(), options.as_bytes()] {
            sum.update((text.len() as u64).to_le_bytes());
            sum.update(text);
        }
        sum.update(upstream.as_ref().map_or(&b"a function"[..], |upstream| upstream));
        sum.finalize().into()
    }
}

/// The conditions of a request that refreshes a stored object, and the object's own ETag.
fn validators(meta: &ObjectMeta) -> (Validators, Option<String>) {
    let of = |name: &str| meta.metadata.get(name).cloned();
    (Validators { etag: of(keep::ETAG), last_modified: of(keep::LAST_MODIFIED) }, meta.etag.clone())
}
