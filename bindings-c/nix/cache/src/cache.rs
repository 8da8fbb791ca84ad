//! A binary cache in a store: its files by key, its narinfos and its NARs.
//!
//! Invariant: "not there" and "denied" stay apart. Nothing here decides what a command does.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use oarlock::reply::{Entry, ObjectMeta};
use oarlock::{ErrorKind, Sink, Source, Step, Store, Value, options};

use crate::compression::decode;
use crate::failure::{Failure, Result};
use crate::narinfo::NarInfo;

/// Objects that one call fetches at a time: as many narinfos as this may be in memory twice.
pub const BATCH: usize = 1000;

/// Requests for narinfos at a time.
const REQUESTS: u32 = 128;

/// The key of what a cache declares about itself.
pub const CACHE_INFO: &str = "nix-cache-info";

/// What a cache declares about itself where nothing else was written: the store's directory is this
/// machine's.
pub fn cache_info(priority: u64) -> String {
    let directory = std::env::var("NIX_STORE_DIR").unwrap_or_else(|_| "/nix/store".to_owned());
    format!("StoreDir: {directory}\nWantMassQuery: 1\nPriority: {priority}\n")
}

/// A cache.
#[derive(Clone)]
pub struct Cache {
    /// Its objects.
    pub store: Store,
    /// Whether this side encrypts: sizes in a listing are then not those of the files.
    pub encrypted: bool,
}

/// A small file of a cache.
#[derive(Clone, Debug)]
pub struct Small {
    /// The bytes, as they are stored.
    pub body: Bytes,
    /// The media type.
    pub content_type: Option<String>,
    /// How the bytes are compressed.
    pub content_encoding: Option<String>,
}

/// A NAR or another object in a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its bytes.
    pub size: u64,
    /// When it was stored, in seconds since 1970.
    pub time: i64,
    /// Its entity tag.
    pub etag: Option<String>,
}

impl Cache {
    /// Opens the cache at a URL. The file has lines `name = value`, for settings that must not be in a
    /// command line. No request is sent.
    pub fn open(url: &str, settings: Option<&Path>) -> Result<Cache> {
        let pairs = settings.map_or_else(|| Ok(Vec::new()), read_settings)?;
        let store = Store::open(url, pairs).map_err(|error| Failure::usage(error.message()))?;
        let encrypted = store.to_pairs().iter().any(|(name, _)| {
            matches!(name.as_str(), "encryption_kms_key_id" | "encryption_aes_key" | "encryption_rsa_key")
        });
        Ok(Cache { store, encrypted })
    }

    /// The URL without settings.
    pub fn url(&self) -> String {
        self.store.url()
    }

    /// A small file, or nothing if there is none.
    pub async fn read(&self, key: &str) -> oarlock::Result<Option<Small>> {
        match self.store.get(key, Sink::Memory, options::Get::default()).await {
            Ok(reply) => Ok(Some(Small {
                body: reply.body.unwrap_or_default(),
                content_type: reply.meta.content_type,
                content_encoding: reply.meta.content_encoding,
            })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The metadata of an object, or nothing if there is none.
    pub async fn head(&self, key: &str) -> oarlock::Result<Option<ObjectMeta>> {
        match self.store.head(key, options::Head::default()).await {
            Ok(meta) => Ok(Some(meta)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Which of these keys exist, with their metadata. Without the permission to list, S3 denies what does
    /// not exist: that counts as missing here, and the second result names the first denial.
    pub async fn heads(&self, keys: &[String]) -> Result<(BTreeMap<String, ObjectMeta>, Option<String>)> {
        let (mut found, mut denied) = (BTreeMap::new(), None);
        for batch in keys.chunks(BATCH) {
            let how = options::HeadMany { max_concurrency: Some(REQUESTS), ..Default::default() };
            let rows = self.store.head_many(batch.iter().cloned().collect::<oarlock::Items>(), how);
            for row in rows.await? {
                match (row.meta, row.error.as_deref()) {
                    (Some(meta), _) => drop(found.insert(row.key, meta)),
                    (_, Some("NotFound")) => {}
                    (_, Some("PermissionDenied")) => denied = denied.or(row.message),
                    (_, _) => {
                        let why = row.message.unwrap_or_default();
                        return Err(Failure::new(format!("head {}/{}: {why}", self.url(), row.key)));
                    }
                }
            }
        }
        Ok((found, denied))
    }

    /// Stores a small file.
    pub async fn write(&self, key: &str, body: impl Into<Bytes>, how: options::Put) -> oarlock::Result<()> {
        self.store.put(key, Source::Bytes(body.into()), how).await.map(drop)
    }

    /// Stores a narinfo.
    pub async fn write_narinfo(&self, narinfo: &NarInfo) -> oarlock::Result<()> {
        let how = options::Put { content_type: Some("text/x-nix-narinfo".to_owned()), ..Default::default() };
        self.write(&narinfo.path.narinfo_key(), narinfo.print(), how).await
    }

    /// Every object under a prefix, by key.
    pub async fn list(&self, prefix: &str) -> Result<BTreeMap<String, Stored>> {
        let mut found = BTreeMap::new();
        let mut continuation = None;
        loop {
            let page = options::List { continuation, ..Default::default() };
            let page = self.store.list(prefix, page).await?;
            found.extend(page.entries.into_iter().filter(|entry| !entry.is_prefix).map(stored));
            continuation = page.next;
            if continuation.is_none() {
                return Ok(found);
            }
        }
    }

    /// Many narinfos, by their keys: parsed, or why they can't be. What is gone meanwhile is left out.
    pub async fn narinfos(
        &self,
        keys: &[String],
        mut seen: impl FnMut(usize),
    ) -> Result<BTreeMap<String, std::result::Result<NarInfo, String>>> {
        let mut found = BTreeMap::new();
        for batch in keys.chunks(BATCH) {
            let how = options::GetMany { max_concurrency: Some(REQUESTS), ..Default::default() };
            let rows = self.store.get_many(batch.iter().cloned().collect::<oarlock::Items>(), how);
            for row in rows.await? {
                match (row.body, row.error.as_deref()) {
                    (Some(body), None) => {
                        let encoding = row.meta.and_then(|meta| meta.content_encoding).unwrap_or_default();
                        drop(found.insert(row.key, read_narinfo(&encoding, &body)));
                    }
                    (_, Some("NotFound")) => {}
                    // One damaged object is a finding; a denial or a broken network ends the command.
                    (_, Some("Corrupt" | "Decrypt" | "KeyCommitment")) => {
                        let why = row.message.unwrap_or_default();
                        drop(found.insert(row.key, Err(why)));
                    }
                    _ => {
                        let why = row.message.unwrap_or_default();
                        return Err(Failure::new(format!("get {}/{}: {why}", self.url(), row.key)));
                    }
                }
            }
            seen(found.len());
        }
        Ok(found)
    }

    /// Writes `nix-cache-info` where there is none. A cache of another store directory is refused.
    pub async fn declare(&self, directory: &str) -> Result<()> {
        let Some(small) = self.read(CACHE_INFO).await? else {
            let info = format!("StoreDir: {directory}\nWantMassQuery: 1\nPriority: 40\n");
            let how =
                options::Put { content_type: Some("text/x-nix-cache-info".to_owned()), ..Default::default() };
            return Ok(self.write(CACHE_INFO, info, how).await?);
        };
        let text = String::from_utf8_lossy(&small.body).into_owned();
        match text.lines().find_map(|line| line.strip_prefix("StoreDir: ")) {
            Some(other) if other.trim() != directory => Err(Failure::new(format!(
                "{} is a cache of the store {}, the paths are of {directory}",
                self.url(),
                other.trim()
            ))),
            _ => Ok(()),
        }
    }

    /// One narinfo, or nothing if there is none.
    pub async fn narinfo(&self, key: &str) -> Result<Option<NarInfo>> {
        let Some(small) = self.read(key).await? else { return Ok(None) };
        let read = read_narinfo(small.content_encoding.as_deref().unwrap_or_default(), &small.body);
        read.map(Some).map_err(|why| Failure::new(format!("{}/{key} is damaged: {why}", self.url())))
    }

    /// Passes an object's bytes to a function, in order.
    pub async fn stream(&self, key: &str, mut each: impl FnMut(&[u8]) -> std::io::Result<()>) -> Result<()> {
        let mut call = self.store.get(key, Sink::Stream, options::Get::default());
        loop {
            match call.next().await {
                Step::Chunk(bytes) => each(&bytes)?,
                Step::Done => return Ok(call.take().map(drop)?),
                _ => {}
            }
        }
    }
}

/// Parses a narinfo as it was stored.
pub fn read_narinfo(encoding: &str, body: &[u8]) -> std::result::Result<NarInfo, String> {
    let decoded = match encoding {
        "" | "identity" => body.to_vec(),
        other => decode(other, body).map_err(|failure| failure.message)?,
    };
    NarInfo::parse(std::str::from_utf8(&decoded).map_err(|_| "it is no text".to_owned())?)
}

fn stored(entry: Entry) -> (String, Stored) {
    let time = entry.last_modified.map_or(0, seconds);
    (entry.key, Stored { size: entry.size, time, etag: entry.etag })
}

/// Seconds since 1970.
pub fn seconds(time: SystemTime) -> i64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// Seconds since 1970, now.
pub fn now() -> i64 {
    seconds(SystemTime::now())
}

fn read_settings(file: &Path) -> Result<Vec<(String, Value)>> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::usage(format!("cannot read the settings file {}: {error}", file.display()))
    })?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pair = |line: &str| {
        let (name, value) = line.split_once('=')?;
        Some((name.trim().to_owned(), Value::Str(value.trim().to_owned())))
    };
    lines
        .map(|line| {
            pair(line)
                .ok_or_else(|| Failure::usage(format!("{}: a line is not `name = value`", file.display())))
        })
        .collect()
}
