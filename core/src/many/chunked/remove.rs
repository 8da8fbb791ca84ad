//! Deleting an object in chunks whole.
//!
//! Invariant: it is missing for readers before its first chunk goes, and its description goes last, so that a
//! call that broke off can be run again. Chunks that the description does not count go too.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use serde_json::json;

use super::{At, INFO, chunk, of_chunk};
use crate::error::{ErrorKind, Result, fail};
use crate::io::Source;
use crate::keys::{Key, Keys, Prefix};
use crate::mailbox::Mailbox;
use crate::options::{Delete, List, Put};
use crate::reply::Deleted;

/// Objects looked up at a time.
const AT_ONCE: usize = 16;

impl At<'_> {
    /// Deletes an object that lies there in chunks; returns whether there was one, be it complete or not.
    pub(in crate::many) async fn chunked_delete(
        self,
        mailbox: &Arc<Mailbox>,
        key: &Key,
        if_match: Option<&str>,
    ) -> Result<bool> {
        let Some(info) = self.known_info(mailbox, key).await? else { return Ok(false) };
        if if_match.is_some_and(|etag| info.etag.as_deref() != Some(etag)) {
            fail!(Precondition, "the object's ETag is another one");
        }
        let described = Key(format!("{}{INFO}", key.0));
        if info.complete {
            let json = json!({
                "chunk_size": info.chunk_size,
                "file_size": info.file_size,
                "num_chunks": info.chunks,
                "complete": false,
            });
            let own = Arc::new(Mailbox::of_part(mailbox));
            let source = Source::Bytes(json.to_string().into());
            self.direct_put(&own, described.clone(), source, Put::default()).await?;
        }
        let below = format!("{}/", key.0);
        let mut page = Some(List::default());
        while let Some(asked) = page.take() {
            let listed = self.direct_list(mailbox, Prefix(below.clone()), asked).await?;
            page = listed.next.map(|next| List { continuation: Some(next), ..List::default() });
            let numbers = listed
                .entries
                .iter()
                .filter_map(|entry| of_chunk(&entry.key).filter(|(of, _)| *of == key.0))
                .map(|(_, number)| (chunk(key, number), None));
            let keys = Keys(numbers.collect());
            if keys.0.is_empty() {
                continue;
            }
            let fates = self.direct_delete_many(mailbox, keys).await?;
            if let Some(fate) = fates.into_iter().find(|fate| fate.error.is_some()) {
                fail!(Service, "{} was not deleted: {}", fate.key, fate.message.unwrap_or_default());
            }
        }
        self.direct_delete(mailbox, described, Delete::default()).await?;
        Ok(true)
    }

    /// Deletes those of the keys that are objects in chunks; returns the rows of those that could not be.
    pub(in crate::many) async fn chunked_delete_many(
        self,
        mailbox: &Arc<Mailbox>,
        keys: &Keys,
    ) -> Result<Vec<Deleted>> {
        let unversioned: Vec<Key> =
            keys.0.iter().filter(|(_, version)| version.is_none()).map(|(key, _)| key.clone()).collect();
        let delete = |key: Key| async move {
            let outcome = Box::pin(self.chunked_delete(mailbox, &key, None)).await;
            (key, outcome)
        };
        let mut failed = Vec::new();
        let mut outcomes = stream::iter(unversioned).map(delete).buffer_unordered(AT_ONCE);
        while let Some((key, outcome)) = outcomes.next().await {
            match outcome {
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::NoSuchBucket | ErrorKind::Credentials) => {
                    return Err(error);
                }
                Err(error) => failed.push(Deleted {
                    key: key.0,
                    version_id: None,
                    error: Some(error.kind().name().to_owned()),
                    message: Some(error.message().to_owned()),
                }),
            }
        }
        Ok(failed)
    }
}
