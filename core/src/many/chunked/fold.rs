//! Listings, in which an object in chunks is one row.
//!
//! Invariant: each row costs one request, several at a time. A row stands for the object's description, in a
//! page that is in the order of its keys; what is not complete has no row, and what has a gap has one.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{At, ChunksInfo, INFO, of_chunk};
use crate::error::{ErrorKind, Result};
use crate::keys::{Key, Prefix};
use crate::mailbox::Mailbox;
use crate::options::Head;
use crate::reply::{Entry, Page};

/// Descriptions that are fetched at a time.
const AT_ONCE: usize = 16;

/// The object in chunks that a row of the listing may be of, and the number of the chunk: none for a common
/// prefix, 0 for the description.
fn part(entry: &Entry) -> Option<(&str, Option<u64>)> {
    if entry.is_prefix {
        return Some((entry.key.strip_suffix('/').filter(|key| !key.is_empty())?, None));
    }
    let part = of_chunk(&entry.key).or_else(|| Some((entry.key.strip_suffix(INFO)?, 0)));
    part.map(|(key, number)| (key, Some(number)))
}

impl At<'_> {
    /// The page with each object in chunks as one row.
    pub(in crate::many) async fn folded(
        self,
        mailbox: &Arc<Mailbox>,
        prefix: &Prefix,
        start_after: Option<String>,
        page: Page,
    ) -> Result<Page> {
        let mut keys: Vec<String> = page
            .entries
            .iter()
            .filter_map(|entry| part(entry))
            .filter(|(key, _)| key.starts_with(&prefix.0))
            .map(|(key, _)| key.to_owned())
            .collect();
        keys.dedup();
        let described = |key: String| async move {
            let info = self.known_info(mailbox, &Key(key.clone())).await?;
            Ok::<_, crate::error::Error>(info.map(|info| (key, info)))
        };
        let found: BTreeMap<String, ChunksInfo> = stream::iter(keys)
            .map(described)
            .buffer_unordered(AT_ONCE)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await?;
        if found.is_empty() {
            return Ok(page);
        }
        let mut entries: Vec<Entry> = page
            .entries
            .into_iter()
            .filter_map(|entry| {
                match part(&entry).and_then(|(key, number)| Some((found.get(key)?, number))) {
                    Some((info, number)) => row(entry, info, number),
                    None => Some(entry),
                }
            })
            // The chunks come after their object's own key.
            .filter(|entry| start_after.as_ref() != Some(&entry.key))
            .collect();
        // Stable: an object of the same key hides the one in chunks, as it does for `get`.
        entries.sort_by(|one, other| one.key.cmp(&other.key));
        entries.dedup_by(|next, before| next.key == before.key && !next.is_prefix);
        Ok(Page { entries, ..page })
    }

    /// The description; none also if it is not one that this store can read.
    pub(super) async fn known_info(self, mailbox: &Arc<Mailbox>, key: &Key) -> Result<Option<ChunksInfo>> {
        match Box::pin(self.info(mailbox, key, Head::default())).await {
            Err(error) if matches!(error.kind(), ErrorKind::Decrypt | ErrorKind::KeyCommitment) => Ok(None),
            info => info,
        }
    }
}

/// The object's row in place of its description's; none in place of the chunks'.
fn row(entry: Entry, info: &ChunksInfo, number: Option<u64>) -> Option<Entry> {
    let is_described = number.is_none_or(|number| number == 0);
    let key = part(&entry)?.0.to_owned();
    (info.complete && is_described).then(|| Entry {
        key,
        size: info.file_size,
        etag: info.etag.clone(),
        last_modified: info.modified.or(entry.last_modified),
        ..Entry::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_chunks_descriptions_and_directories_are_told_apart() {
        let of = |key: &str, is_prefix| {
            let entry = Entry { key: key.to_owned(), is_prefix, ..Entry::default() };
            part(&entry).map(|(key, number)| (key.to_owned(), number))
        };
        assert_eq!(of("a/b/00000012", false), Some(("a/b".to_owned(), Some(12))));
        assert_eq!(of("a/b/info.json", false), Some(("a/b".to_owned(), Some(0))));
        assert_eq!(of("a/b/", true), Some(("a/b".to_owned(), None)));
        for (key, is_prefix) in [("/", true), ("a-", true), ("a/b", false), ("info.json", false)] {
            assert_eq!(of(key, is_prefix), None, "{key}");
        }
    }
}
