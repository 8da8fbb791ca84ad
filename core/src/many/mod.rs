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
use std::task::Poll;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt, stream};

use crate::encrypted;
use crate::error::{ErrorKind, Result, fail};
use crate::io::{Sink, Source};
use crate::keys::{Key, Keys, Prefix};
use crate::local::{self, Local};
use crate::mailbox::Mailbox;
use crate::options::{Delete, Get, Head, List, Put};
use crate::reply::{DeleteReply, Deleted, GetReply, ObjectMeta, Page, PutReply};
use crate::runtime;
use crate::s3::{self, S3};
use crate::transfer;
use window::Window;

pub(crate) use chunked::{delete, exists, get, head, list};
pub(crate) use objects::{delete_many, get_many, head_many, put_many};
pub(crate) use sync::{sync_down, sync_up};
pub(crate) use usage::usage;
pub(crate) use verified::verify;

/// Objects under way at a time at first where `max_concurrency` is not given, and while more help.
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
            Err(missing) if missing.kind() == ErrorKind::NotFound => {
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

    pub(crate) async fn put(
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
        let found = match self {
            At::S3(at) => s3::head(at, mailbox, key.clone(), options.clone()).await,
            At::Encrypted(at) => encrypted::head(at, mailbox, key.clone(), options.clone()).await,
            At::Local(at) => local::head(at, mailbox, key.clone(), options.clone()).await,
        };
        match found {
            Err(missing) if in_chunks && missing.kind() == ErrorKind::NotFound => {
                Box::pin(self.chunked_head(mailbox, key, options, missing)).await
            }
            found => found,
        }
    }

    pub(crate) async fn list(self, mailbox: &Arc<Mailbox>, prefix: Prefix, options: List) -> Result<Page> {
        let under = self.reads_chunks().then(|| Prefix(prefix.0.clone()));
        let page = match self {
            At::S3(at) => s3::list(at, mailbox, prefix, options).await,
            At::Encrypted(at) => encrypted::list(at, mailbox, prefix, options).await,
            At::Local(at) => local::list(at, mailbox, prefix, options).await,
        };
        match under {
            Some(prefix) => Box::pin(self.folded(mailbox, &prefix, page?)).await,
            None => page,
        }
    }

    pub(crate) async fn delete(
        self,
        mailbox: &Arc<Mailbox>,
        key: Key,
        options: Delete,
    ) -> Result<DeleteReply> {
        if self.reads_chunks()
            && options.version_id.is_none()
            && Box::pin(self.chunked_delete(mailbox, &key, options.if_match.as_deref())).await?
        {
            return Ok(DeleteReply::default());
        }
        self.direct_delete(mailbox, key, options).await
    }

    async fn direct_delete(self, mailbox: &Arc<Mailbox>, key: Key, options: Delete) -> Result<DeleteReply> {
        match self {
            At::S3(at) => s3::delete(at, mailbox, key, options).await,
            At::Encrypted(at) => encrypted::delete(at, mailbox, key, options).await,
            At::Local(at) => local::delete(at, mailbox, key, options).await,
        }
    }

    async fn delete_many(self, mailbox: &Arc<Mailbox>, keys: Keys) -> Result<Vec<Deleted>> {
        if self.reads_chunks() {
            for (key, _) in keys.0.iter().filter(|(_, version)| version.is_none()) {
                Box::pin(self.chunked_delete(mailbox, key, None)).await?;
            }
        }
        self.direct_delete_many(mailbox, keys).await
    }

    async fn direct_delete_many(self, mailbox: &Arc<Mailbox>, keys: Keys) -> Result<Vec<Deleted>> {
        match self {
            At::S3(at) => s3::delete_many(at, mailbox, keys).await,
            At::Encrypted(at) => encrypted::delete_many(at, mailbox, keys).await,
            At::Local(at) => local::delete_many(at, mailbox, keys).await,
        }
    }
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
            let outcome = work.await;
            if outcome.is_err() {
                for work in own.take_cleanups() {
                    let _ = tokio::time::timeout(CLEANUP_LIMIT, work).await;
                }
            }
            (number, outcome)
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
        let ended = running.poll_next_unpin(context);
        if let Poll::Ready(Some(_)) = ended {
            window.done();
        }
        ended
    })
}

/// How many objects may be under way at a time.
#[derive(Clone, Copy)]
struct InFlight {
    first: usize,
    most: usize,
}

/// The option, checked. An object under way may take a connection and a file, and the process must keep
/// descriptors for itself.
fn limit(wanted: Option<u32>) -> Result<InFlight> {
    let fits = |objects: u32| objects.min(runtime::descriptors() / 4).max(1) as usize;
    match wanted {
        None => Ok(InFlight { first: fits(AT_ONCE), most: fits(MOST) }),
        Some(limit @ 1..=1000) => Ok(InFlight { first: fits(limit), most: fits(limit) }),
        Some(other) => fail!(InvalidInput, "option `max_concurrency` takes 1 to 1000, not {other}"),
    }
}
