//! Encrypted objects that are kept for a while after they were fetched whole and verified, so that a reader
//! may seek in them.
//!
//! Invariants: what is kept is one state of an object, by its ETag, for the store that fetched it alone. One
//! fetch serves all calls that want it meanwhile. What is kept is bounded, in bytes and in time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::whole::VerifiedObject;
use super::{encryption, object};
use crate::error::{Error, ErrorKind, Result};
use crate::io::Output;
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{Get, Head};
use crate::runtime;
use crate::s3::{self, S3};
use crate::transfer::{Download, call_slot};

/// Bytes of memory that kept objects take in a process.
const MEMORY: u64 = 64 << 20;

/// How long an object is kept after its last use. One that took long to fetch is kept for longer: for as many
/// times as it took.
const AGE: Duration = Duration::from_secs(60);
const TIMES: u32 = 10;

/// What distinguishes an object from others: store, key, state and what opens it.
type KeptId = [u8; 32];

/// What a process keeps.
#[derive(Default)]
struct KeptObjects {
    entries: Mutex<Vec<KeptEntry>>,
}

struct KeptEntry {
    id: KeptId,
    object: Arc<OnceCell<Arc<VerifiedObject>>>,
    used: Instant,
    age: Duration,
}

impl KeptEntry {
    /// Whether somebody fetches it, or waits for that.
    fn is_under_way(&self) -> bool {
        !self.object.initialized() && Arc::strong_count(&self.object) > 1
    }

    fn takes(&self) -> (u64, u64) {
        self.object.get().map_or((0, 0), |object| object.takes())
    }
}

impl KeptObjects {
    fn locked(&self) -> MutexGuard<'_, Vec<KeptEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cell of this object, empty if it is not kept.
    fn cell(self: &Arc<Self>, id: KeptId) -> Arc<OnceCell<Arc<VerifiedObject>>> {
        let mut entries = self.locked();
        if let Some(entry) = entries.iter_mut().find(|entry| entry.id == id) {
            entry.used = Instant::now();
            return entry.object.clone();
        }
        if entries.is_empty() {
            let kept = self.clone();
            runtime::workers().spawn(async move { kept.expire().await });
        }
        let object = Arc::default();
        entries.push(KeptEntry { id, object: Arc::clone(&object), used: Instant::now(), age: AGE });
        object
    }

    /// Marks the object as used, and drops those that were not used for the longest time above the limits.
    fn used(&self, id: KeptId, took: Option<Duration>, disk_limit: u64) {
        let mut dropped = Vec::new();
        let mut entries = self.locked();
        if let Some(entry) = entries.iter_mut().find(|entry| entry.id == id) {
            entry.used = Instant::now();
            entry.age = took.map_or(entry.age, |took| AGE.max(took.saturating_mul(TIMES)));
        }
        entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.used));
        let (mut memory, mut disk) = (0, 0);
        let mut at = 0;
        while at < entries.len() {
            let takes = entries[at].takes();
            if memory + takes.0 > MEMORY || disk + takes.1 > disk_limit {
                dropped.push(entries.remove(at));
            } else {
                (memory, disk) = (memory + takes.0, disk + takes.1);
                at += 1;
            }
        }
        drop(entries);
        let_go(dropped);
    }

    /// Drops what was not used for its time, until nothing is kept.
    async fn expire(&self) {
        loop {
            let next = {
                let mut entries = self.locked();
                let now = Instant::now();
                let is_over = |entry: &mut KeptEntry| !entry.is_under_way() && entry.used + entry.age <= now;
                let over: Vec<_> = entries.extract_if(.., is_over).collect();
                let next = entries.iter().map(|entry| entry.used + entry.age).min();
                drop(entries);
                let_go(over);
                next
            };
            match next {
                // A fetch that lasts longer than its entry would be kept.
                Some(next) => tokio::time::sleep_until(next.max(Instant::now() + AGE / 60)).await,
                None => return,
            }
        }
    }
}

/// Closing a large file takes a while.
fn let_go(entries: Vec<KeptEntry>) {
    if !entries.is_empty() {
        runtime::blocking(move || drop(entries));
    }
}

/// The whole object, verified, and whether this call fetched it.
pub(super) async fn verified(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: &Key,
    options: &Get,
) -> Result<(Arc<VerifiedObject>, bool)> {
    let disk_limit = encryption(at)?.spool_limit;
    let is_pinned = options.if_match.as_deref().is_some_and(is_one)
        && options.if_none_match.is_none()
        && options.if_modified_since.is_none()
        && options.if_unmodified_since.is_none();
    let mut asked = Get { range: None, ..options.clone() };
    if !is_pinned {
        let meta = s3::head(at, mailbox, key.clone(), Head::from(options)).await?;
        asked.if_match = meta.etag.filter(|etag| is_one(etag));
        asked.version_id = meta.version_id.or(asked.version_id);
        (asked.if_none_match, asked.if_modified_since, asked.if_unmodified_since) = (None, None, None);
    }
    let began = Instant::now();
    if asked.if_match.is_none() {
        // Nothing distinguishes this state of the object from the next.
        return Ok((Arc::new(fetch(at, mailbox, key, &asked, disk_limit).await?), true));
    }
    let kept = runtime::current()?.shared("encrypted objects that are kept", KeptObjects::default);
    let id = id(at, key, &asked)?;
    let cell = kept.cell(id);
    let mut fetched = false;
    let object = cell
        .get_or_try_init(|| async {
            fetched = true;
            fetch(at, mailbox, key, &asked, disk_limit).await.map(Arc::new)
        })
        .await?
        .clone();
    drop(cell);
    kept.used(id, fetched.then(|| began.elapsed()), disk_limit);
    Ok((object, fetched))
}

/// Fetches the whole.
async fn fetch(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: &Key,
    options: &Get,
    disk_limit: u64,
) -> Result<VerifiedObject> {
    // A call that waits for this fetch has no slot.
    let _slot = call_slot(&Output::Memory).await?;
    let download = Download::start(at, mailbox, key.clone(), options).await?;
    let size = download.span.length;
    if size > disk_limit.max(encryption(at)?.verify_buffer) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "ranges of an encrypted object are read from the whole, which has {size} bytes; the setting \
                 `encryption_spool_limit` allows {disk_limit}"
            ),
        ));
    }
    mailbox.set_total(size);
    let context = options.encryption_context.as_ref();
    let opened = object::open(at, encryption(at)?, key, &download.meta, context).await?;
    VerifiedObject::fetch(download, encryption(at)?, opened).await
}

/// Whether the condition names one state of an object.
fn is_one(etag: &str) -> bool {
    !etag.is_empty() && !etag.starts_with("W/") && !etag.contains([',', '*'])
}

fn id(at: &S3, key: &Key, asked: &Get) -> Result<KeptId> {
    let mut sum = Sha256::new();
    let mut add = |bytes: &[u8]| {
        sum.update((bytes.len() as u64).to_le_bytes());
        sum.update(bytes);
    };
    add(&encryption(at)?.number.to_le_bytes());
    add(key.0.as_bytes());
    add(asked.if_match.as_deref().unwrap_or_default().trim_matches('"').as_bytes());
    add(asked.version_id.as_deref().unwrap_or_default().as_bytes());
    add(asked.sse_customer_key.as_ref().map_or(&[], |key| &key.0.0));
    for (name, value) in asked.encryption_context.iter().flat_map(|context| &context.0) {
        add(name.as_bytes());
        add(value.as_bytes());
    }
    Ok(sum.finalize().into())
}
