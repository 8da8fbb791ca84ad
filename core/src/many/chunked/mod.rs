//! Objects that `rstudio/platform-lib` stored in chunks: `KEY/info.json` and `KEY/00000001` onwards, read as
//! the one object `KEY`.
//!
//! Invariant: only what is complete and of the announced length is an object. `complete: false` is a missing
//! object; a gap or another length is `Corrupt`. Nothing is ever stored in this form.

mod fold;
mod read;
mod remove;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use serde_json::Value as Json;

use super::At;
use crate::error::{Error, ErrorKind, Result};
use crate::io::{Sink, Source};
use crate::keys::{Key, Prefix};
use crate::local;
use crate::mailbox::Mailbox;
use crate::options::{Delete, Exists, Get, GetRanges, Head, List, Put};
use crate::reply::{DeleteReply, GetReply, ObjectMeta, Page, PutReply};
use crate::s3;
use crate::value::{ByteRange, Field, Value};

/// The name of the description, below the key.
const INFO: &str = "/info.json";
/// Bytes that a description may have, and the chunks that eight digits count.
const LARGEST: u64 = 64 << 10;
const MOST: u64 = 99_999_999;
/// After how long a missing file is looked up again at first, and at last.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
const SELDOM: Duration = Duration::from_secs(1);
/// Bytes of a key.
const LONGEST: usize = 1024;

/// The description of an object in chunks.
struct ChunksInfo {
    chunk_size: u64,
    file_size: u64,
    chunks: u64,
    modified: Option<SystemTime>,
    complete: bool,
    /// The description's own ETag stands for the object's.
    etag: Option<String>,
}

impl ChunksInfo {
    fn read(reply: GetReply) -> Option<ChunksInfo> {
        let json: Json = serde_json::from_slice(&reply.body?).ok()?;
        let number = |name: &str| json.get(name).and_then(Json::as_u64);
        let modified = json.get("mod_time").and_then(Json::as_str);
        let modified = modified.and_then(|text| SystemTime::from_value(Value::Str(text.to_owned())).ok());
        let info = ChunksInfo {
            chunk_size: number("chunk_size")?,
            file_size: number("file_size")?,
            chunks: number("num_chunks")?,
            modified,
            complete: json.get("complete")?.as_bool()?,
            etag: reply.meta.etag,
        };
        let fits = info.chunks <= MOST && info.chunk_size > 0;
        (fits && info.file_size.div_ceil(info.chunk_size) == info.chunks).then_some(info)
    }

    /// The length that a chunk must have; they are counted from 1.
    fn length(&self, number: u64) -> u64 {
        self.chunk_size.min(self.file_size - (number - 1) * self.chunk_size)
    }

    fn meta(&self, key: &Key) -> ObjectMeta {
        ObjectMeta {
            key: key.0.clone(),
            size: Some(self.file_size),
            etag: self.etag.clone(),
            last_modified: self.modified,
            ..ObjectMeta::default()
        }
    }
}

/// The key of a chunk.
fn chunk(key: &Key, number: u64) -> Key {
    Key(format!("{}/{number:08}", key.0))
}

/// The key and the number of the chunk that this is the key of.
fn of_chunk(key: &str) -> Option<(&str, u64)> {
    let (key, name) = key.rsplit_once('/')?;
    let is_number = name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !key.is_empty()).then(|| Some((key, name.parse().ok()?))).flatten()
}

impl At<'_> {
    /// Whether this store may hold objects in chunks.
    pub(crate) fn reads_chunks(self) -> bool {
        match self {
            At::S3(at) | At::Encrypted(at) => at.settings().chunked_assets == Some(true),
            At::Local(at) => at.config().settings.chunked_assets == Some(true),
        }
    }

    /// The description of the object in chunks, if there is one.
    async fn info(self, mailbox: &Arc<Mailbox>, key: &Key, conditions: Head) -> Result<Option<ChunksInfo>> {
        let get = Get {
            // An object of another origin may have this name, and any size.
            range: (!matches!(self, At::Encrypted(_))).then_some(ByteRange::FromTo(0, LARGEST - 1)),
            if_match: conditions.if_match,
            if_none_match: conditions.if_none_match,
            if_modified_since: conditions.if_modified_since,
            if_unmodified_since: conditions.if_unmodified_since,
            ..Get::default()
        };
        let named = format!("{}{INFO}", key.0);
        if named.len() > LONGEST {
            return Ok(None);
        }
        let own = Arc::new(Mailbox::of_part(mailbox));
        let found = self.direct_get(&own, Key(named), Sink::Memory, get).await;
        match found {
            Ok(reply) => Ok(ChunksInfo::read(reply)),
            // An empty object has no range.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Range) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The description, if the object is whole; else `missing`.
    async fn whole(
        self,
        mailbox: &Arc<Mailbox>,
        key: &Key,
        conditions: Head,
        missing: Error,
    ) -> Result<ChunksInfo> {
        let info = self.info(mailbox, key, conditions).await?;
        info.filter(|info| info.complete).ok_or(missing)
    }

    /// Deletes the chunks of an object that was never completed, which nobody can read.
    pub(super) async fn clear_unfinished(self, mailbox: &Arc<Mailbox>, key: &Key) -> Result<()> {
        if self.known_info(mailbox, key).await?.is_some_and(|info| !info.complete) {
            self.chunked_delete(mailbox, key, None).await?;
        }
        Ok(())
    }

    /// The metadata of an object in chunks.
    pub(super) async fn chunked_head(
        self,
        mailbox: &Arc<Mailbox>,
        key: Key,
        options: Head,
        missing: Error,
    ) -> Result<ObjectMeta> {
        Ok(self.whole(mailbox, &key, options, missing).await?.meta(&key))
    }
}

pub(crate) async fn get<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    key: Key,
    into: Sink,
    options: Get,
) -> Result<GetReply> {
    at.into().get(mailbox, key, into, options).await
}

pub(crate) async fn head<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    key: Key,
    mut options: Head,
) -> Result<ObjectMeta> {
    let at = at.into();
    let Some(wait) = options.wait.take().filter(|wait| !wait.is_zero()) else {
        return at.head(mailbox, key, options).await;
    };
    let end = Instant::now() + wait;
    let mut pause = if matches!(at, At::Local(_)) { LOOK_AGAIN } else { LOOK_AGAIN * 10 };
    loop {
        // A directory is opened anew, which has a client of NFS ask its server for what is in it.
        let found = at.head(mailbox, key.clone(), options.clone()).await;
        let left = end.saturating_duration_since(Instant::now());
        match found {
            Err(missing) if missing.kind() == ErrorKind::NotFound && !left.is_zero() => {}
            found => return found,
        }
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(SELDOM);
    }
}

pub(crate) async fn exists<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    key: Key,
    options: Exists,
) -> Result<bool> {
    let at = at.into();
    let in_chunks = at.reads_chunks() && options.version_id.is_none();
    let exists = match at {
        At::S3(s3) | At::Encrypted(s3) => s3::exists(s3, mailbox, key.clone(), options).await?,
        At::Local(local) => local::exists(local, mailbox, key.clone(), options).await?,
    };
    Ok(exists
        || (in_chunks && at.info(mailbox, &key, Head::default()).await?.is_some_and(|info| info.complete)))
}

pub(crate) async fn list<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    prefix: Prefix,
    options: List,
) -> Result<Page> {
    at.into().list(mailbox, prefix, options).await
}

pub(crate) async fn delete<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    key: Key,
    options: Delete,
) -> Result<DeleteReply> {
    at.into().delete(mailbox, key, options).await
}

pub(crate) async fn put<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    key: Key,
    source: Source,
    options: Put,
) -> Result<PutReply> {
    at.into().put(mailbox, key, source, options).await
}

pub(crate) async fn get_ranges<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    key: Key,
    ranges: Vec<ByteRange>,
    options: GetRanges,
) -> Result<Vec<Bytes>> {
    at.into().get_ranges(mailbox, key, ranges, options).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(json: &str) -> Option<ChunksInfo> {
        let body = Some(Bytes::copy_from_slice(json.as_bytes()));
        ChunksInfo::read(GetReply { body, ..GetReply::default() })
    }

    #[test]
    fn descriptions_are_believed_only_if_their_numbers_agree() {
        let good = info(
            r#"{"chunk_size":10,"file_size":25,"num_chunks":3,
                "mod_time":"2026-01-02T03:04:05Z","complete":true}"#,
        )
        .unwrap();
        assert_eq!([good.length(1), good.length(2), good.length(3)], [10, 10, 5]);
        assert!(good.complete && good.modified.is_some());
        for bad in [
            "",
            "[]",
            r#"{"complete":true}"#,
            r#"{"chunk_size":0,"file_size":25,"num_chunks":3,"complete":true}"#,
            r#"{"chunk_size":10,"file_size":25,"num_chunks":2,"complete":true}"#,
            r#"{"chunk_size":10,"file_size":25,"num_chunks":3,"complete":"yes"}"#,
            r#"{"chunk_size":1,"file_size":999999999999,"num_chunks":999999999999,"complete":true}"#,
        ] {
            assert!(info(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn chunks_are_named_by_eight_digits() {
        assert_eq!(chunk(&Key("a/b".to_owned()), 7).0, "a/b/00000007");
        assert_eq!(of_chunk("a/b/00000007"), Some(("a/b", 7)));
        for other in ["00000001", "/00000001", "a/0000001", "a/0000000x", "a/000000012"] {
            assert_eq!(of_chunk(other), None, "{other}");
        }
    }
}
