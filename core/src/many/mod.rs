//! Verbs for many objects: get, put, head, delete, and sync of whole trees.
//!
//! Invariant: the backend's own verb transfers each object, so that each behaves as a single one. One
//! object's failure leaves nothing behind and stops no other. There are as many objects under way as
//! help, at most `max_concurrency`.

mod chunked;
mod made;
mod objects;
mod select;
mod sync;
mod tree;
mod usage;
mod verified;
mod window;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt, stream};

use crate::encrypted;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::{Sink, Source};
use crate::keys::{Key, Keys, Prefix};
use crate::local::{self, Local};
use crate::mailbox::Mailbox;
use crate::options::{Delete, Get, GetRanges, Head, List, Put};
use crate::reply::{DeleteReply, Deleted, GetReply, ObjectMeta, Page, PutReply};
use crate::runtime;
use crate::s3::{self, S3};
use crate::transfer;
use crate::value::ByteRange;
use window::Window;

pub(crate) use chunked::{delete, exists, get, get_ranges, head, list, put};
pub(crate) use objects::{delete_many, get_many, head_many, put_many};
pub(crate) use sync::{sync_down, sync_up};
pub(crate) use usage::usage;
pub(crate) use verified::verify;

/// Objects under way at a time at most where `max_concurrency` is not given: until the first is done, and
/// from then on.
const AT_ONCE: u32 = 64;
const MOST: u32 = 256;

/// InFlight on the cleanup of a failed object on the server.
const CLEANUP_LIMIT: Duration = Duration::from_secs(10);

/// A backend of any kind.
#[derive(Clone, Copy)]
pub(crate) enum At<'a> {
    S3(&'a S3),
    /// A bucket whose objects are encrypted.
    Encrypted(&'a S3),
    Local(&'a Local),
}

impl<'a> From<&'a S3> for At<'a> {
    fn from(at: &'a S3) -> Self {
        if at.encryption().is_some() { At::Encrypted(at) } else { At::S3(at) }
    }
}

impl<'a> From<&'a Local> for At<'a> {
    fn from(at: &'a Local) -> Self {
        At::Local(at)
    }
}

impl At<'_> {
    pub(crate) async fn get(
        self,
        mailbox: &Arc<Mailbox>,
        key: Key,
        into: Sink,
        options: Get,
    ) -> Result<GetReply> {
        if !self.reads_chunks() || options.version_id.is_some() {
            return self.direct_get(mailbox, key, into, options).await;
        }
        match self.direct_get(mailbox, key.clone(), into.clone(), options.clone()).await {
            Err(missing) if is_absent(&missing) => {
                Box::pin(self.chunked_get(mailbox, key, into, options, missing)).await
            }
            reply => reply,
        }
    }

    async fn direct_get(
        self,
        mailbox: &Arc<Mailbox>,
        key: Key,
        into: Sink,
        options: Get,
    ) -> Result<GetReply> {
        match self {
            At::S3(at) => transfer::get(at, mailbox, key, into, options).await,
            At::Encrypted(at) => encrypted::get(at, mailbox, key, into, options).await,
            At::Local(at) => local::get(at, mailbox, key, into, options).await,
        }
    }

    pub(crate) async fn get_ranges(
        self,
        mailbox: &Arc<Mailbox>,
        key: Key,
        ranges: Vec<ByteRange>,
        options: GetRanges,
    ) -> Result<Vec<Bytes>> {
        let in_chunks = self.reads_chunks() && options.version_id.is_none();
        let again = in_chunks.then(|| (key.clone(), ranges.clone(), options.clone()));
        let found = match self {
            At::S3(at) => transfer::get_ranges(at, mailbox, key, ranges, options).await,
            At::Encrypted(at) => encrypted::get_ranges(at, mailbox, key, ranges, options).await,
            At::Local(at) => local::get_ranges(at, mailbox, key, ranges, options).await,
        };
        match (found, again) {
            (Err(missing), Some((key, ranges, options))) if is_absent(&missing) => {
                Box::pin(self.chunked_ranges(mailbox, &key, &ranges, options, missing)).await
            }
            (found, _) => found,
        }
    }

    pub(crate) async fn put(
        self,
        mailbox: &Arc<Mailbox>,
        key: Key,
        source: Source,
        options: Put,
    ) -> Result<PutReply> {
        // The chunks of an object that was never completed are a directory where a file is to be.
        if matches!(self, At::Local(_)) && self.reads_chunks() {
            Box::pin(self.clear_unfinished(mailbox, &key)).await?;
        }
        self.direct_put(mailbox, key, source, options).await
    }

    async fn direct_put(
        self,
        mailbox: &Arc<Mailbox>,
        key: Key,
        source: Source,
        options: Put,
    ) -> Result<PutReply> {
        match self {
            At::S3(at) => transfer::put(at, mailbox, key, source, options).await,
            At::Encrypted(at) => encrypted::put(at, mailbox, key, source, options).await,
            At::Local(at) => local::put(at, mailbox, key, source, options).await,
        }
    }

    pub(crate) async fn head(self, mailbox: &Arc<Mailbox>, key: Key, options: Head) -> Result<ObjectMeta> {
        let in_chunks = self.reads_chunks() && options.version_id.is_none();
        match self.head_alone(mailbox, key.clone(), options.clone()).await {
            Err(missing) if in_chunks && is_absent(&missing) => {
                Box::pin(self.chunked_head(mailbox, key, options, missing)).await
            }
            found => found,
        }
    }

    async fn head_alone(self, mailbox: &Arc<Mailbox>, key: Key, options: Head) -> Result<ObjectMeta> {
        match self {
            At::S3(at) => s3::head(at, mailbox, key, options).await,
            At::Encrypted(at) => encrypted::head(at, mailbox, key, options).await,
            At::Local(at) => local::head(at, mailbox, key, options).await,
        }
    }

    pub(crate) async fn list(self, mailbox: &Arc<Mailbox>, prefix: Prefix, options: List) -> Result<Page> {
        if !self.reads_chunks() {
            return self.direct_list(mailbox, prefix, options).await;
        }
        let (under, after) = (Prefix(prefix.0.clone()), options.start_after.clone());
        let page = self.direct_list(mailbox, prefix, options).await?;
        Box::pin(self.folded(mailbox, &under, after, page)).await
    }

    async fn direct_list(self, mailbox: &Arc<Mailbox>, prefix: Prefix, options: List) -> Result<Page> {
        match self {
            At::S3(at) => s3::list(at, mailbox, prefix, options).await,
            At::Encrypted(at) => encrypted::list(at, mailbox, prefix, options).await,
            At::Local(at) => local::list(at, mailbox, prefix, options).await,
        }
    }

    pub(crate) async fn delete(
        self,
        mailbox: &Arc<Mailbox>,
        key: Key,
        options: Delete,
    ) -> Result<DeleteReply> {
        if !self.reads_chunks() || options.version_id.is_some() {
            return self.direct_delete(mailbox, key, options).await;
        }
        let Some(etag) = options.if_match.clone() else {
            // An object of the same key is what readers see, and goes last.
            Box::pin(self.chunked_delete(mailbox, &key, None)).await?;
            return self.direct_delete(mailbox, key, options).await;
        };
        match Box::pin(self.head_alone(mailbox, key.clone(), Head::default())).await {
            Err(missing) if missing.kind() == ErrorKind::NotFound => {
                if Box::pin(self.chunked_delete(mailbox, &key, Some(&etag))).await? {
                    return Ok(DeleteReply::default());
                }
                self.direct_delete(mailbox, key, options).await
            }
            found => {
                found?;
                let reply = self.direct_delete(mailbox, key.clone(), options).await?;
                Box::pin(self.chunked_delete(mailbox, &key, None)).await?;
                Ok(reply)
            }
        }
    }

    async fn direct_delete(self, mailbox: &Arc<Mailbox>, key: Key, options: Delete) -> Result<DeleteReply> {
        match self {
            At::S3(at) => s3::delete(at, mailbox, key, options).await,
            At::Encrypted(at) => encrypted::delete(at, mailbox, key, options).await,
            At::Local(at) => local::delete(at, mailbox, key, options).await,
        }
    }

    async fn delete_many(self, mailbox: &Arc<Mailbox>, keys: Keys) -> Result<Vec<Deleted>> {
        if !self.reads_chunks() {
            return self.direct_delete_many(mailbox, keys).await;
        }
        let failed = Box::pin(self.chunked_delete_many(mailbox, &keys)).await?;
        let mut fates = self.direct_delete_many(mailbox, keys).await?;
        for fate in fates.iter_mut().filter(|fate| fate.error.is_none() && fate.version_id.is_none()) {
            if let Some(other) = failed.iter().find(|other| other.key == fate.key) {
                (fate.error, fate.message) = (other.error.clone(), other.message.clone());
            }
        }
        Ok(fates)
    }

    async fn direct_delete_many(self, mailbox: &Arc<Mailbox>, keys: Keys) -> Result<Vec<Deleted>> {
        match self {
            At::S3(at) => s3::delete_many(at, mailbox, keys).await,
            At::Encrypted(at) => encrypted::delete_many(at, mailbox, keys).await,
            At::Local(at) => local::delete_many(at, mailbox, keys).await,
        }
    }
}

/// Whether no object may be there: a server may weigh a condition before it looks for the object.
fn is_absent(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Precondition)
}

/// Runs `work` on each item, within the limit, and returns the outcomes with the items' numbers as they
/// come.
fn each<'a, T: 'a, R: 'a, F>(
    mailbox: &'a Arc<Mailbox>,
    limit: InFlight,
    items: Vec<T>,
    work: impl Fn(Arc<Mailbox>, T) -> F + 'a,
) -> impl Stream<Item = (usize, Result<R>)> + 'a
where
    F: Future<Output = Result<R>> + 'a,
{
    let run = move |(number, item)| {
        let own = Arc::new(Mailbox::of_part(mailbox));
        // Boxed: the stream moves its futures about, and these are large.
        let work = Box::pin(work(own.clone(), item));
        async move {
            let begun = Instant::now();
            let outcome = work.await;
            let took = begun.elapsed();
            if outcome.is_err() {
                for work in own.take_cleanups() {
                    let _ = tokio::time::timeout(CLEANUP_LIMIT, work).await;
                }
            }
            (number, outcome, took)
        }
    };
    let mut waiting = items.into_iter().enumerate();
    let mut running = FuturesUnordered::new();
    let mut window = Window::new(limit);
    stream::poll_fn(move |context| {
        while running.len() < window.objects(context)
            && let Some(next) = waiting.next()
        {
            running.push(run(next));
        }
        running.poll_next_unpin(context).map(|ended| {
            let (number, outcome, took) = ended?;
            window.done(took);
            Some((number, outcome))
        })
    })
}

/// How many objects may be under way at a time.
#[derive(Clone, Copy)]
struct InFlight {
    first: usize,
    most: usize,
    /// Whether the caller gave the number.
    is_given: bool,
}

/// The option, checked. An object under way may take a connection and a file, and the process must keep
/// descriptors for itself.
fn limit(wanted: Option<u32>) -> Result<InFlight> {
    let fits = |objects: u32| objects.min(runtime::descriptors() / 4).max(1) as usize;
    match wanted {
        None => Ok(InFlight { first: fits(AT_ONCE), most: fits(MOST), is_given: false }),
        Some(limit @ 1..=1000) => Ok(InFlight { first: fits(limit), most: fits(limit), is_given: true }),
        Some(other) => fail!(InvalidInput, "option `max_concurrency` takes 1 to 1000, not {other}"),
    }
}
