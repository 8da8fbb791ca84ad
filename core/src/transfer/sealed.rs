//! The verbs that only look at, list, remove or hand out objects, on a store that encrypts: sizes are those
//! of the content, the envelope stays out of sight, and the instruction file goes with its object.
//!
//! Law: what an object says of its own content's size is not believed; it is told from the ciphertext's. A
//! store that does not encrypt answers as the server does.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::cipher::Ciphertext;
use crate::crypto::content::TAG;
use crate::crypto::{Encryption, LARGEST, Opened, SUFFIX, hides_size, is_cbc, without};
use crate::error::{ErrorKind, Result, fail};
use crate::keys::{Key, Keys, Prefix};
use crate::mailbox::Mailbox;
use crate::observe::{Level, event};
use crate::options::{Context, Delete, Get, Head, List, ListVersions, Presign, Put};
use crate::reply::{DeleteReply, Deleted, ObjectMeta, Page};
use crate::s3::{self, S3, fetch};

/// The content's size by the ciphertext's; that of content in CBC, which its padding hides, is the
/// ciphertext's own.
pub(crate) fn plain_size(meta: &ObjectMeta) -> Result<u64> {
    meta.known_size().map(|size| if is_cbc(&meta.metadata) { size } else { size.saturating_sub(TAG as u64) })
}

/// An object's metadata as its owner put them.
pub(crate) fn shown(meta: ObjectMeta) -> ObjectMeta {
    ObjectMeta {
        size: plain_size(&meta).ok(),
        size_estimated: hides_size(&meta.metadata),
        metadata: without(&meta.metadata),
        ..meta
    }
}

/// The same of an object that was opened: `length` is the size of its content.
pub(crate) fn shown_open(meta: ObjectMeta, length: u64) -> ObjectMeta {
    ObjectMeta { size: Some(length), size_estimated: false, ..shown(meta) }
}

/// The content of an object by its metadata, and by its instruction file if its key is there.
pub(crate) async fn open(
    at: &S3,
    encryption: &Encryption,
    key: &Key,
    meta: &ObjectMeta,
    context: Option<&Context>,
) -> Result<Opened> {
    let instruction = if encryption.looks_beside(&meta.metadata)? {
        instruction(at, key, &encryption.suffix).await?
    } else {
        None
    };
    encryption.open(&meta.metadata, instruction.as_deref(), context).await
}

/// The same, of an object whose bytes can be had one by one.
pub(crate) async fn ciphertext(
    at: &S3,
    encryption: &Encryption,
    key: &Key,
    meta: &ObjectMeta,
    context: Option<&Context>,
) -> Result<Arc<Ciphertext>> {
    match open(at, encryption, key, meta, context).await? {
        Opened::Gcm(content) => Ciphertext::new(content, meta.known_size()?, true),
        Opened::Cbc(_) => fail!(Unsupported, "an object in AES/CBC is read as a whole only"),
    }
}

/// The text of an object's instruction file, if there is one.
pub(crate) async fn instruction(at: &S3, key: &Key, suffix: &str) -> Result<Option<BytesMut>> {
    let mut body = match fetch(at, &Key(format!("{}{suffix}", key.0)), &Get::default()).await {
        Ok(body) => body,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if body.length > LARGEST {
        fail!(Decrypt, "the object's envelope is not sound: its instruction file is too large");
    }
    let mut text = BytesMut::new();
    while let Some(piece) = body.next().await? {
        text.extend_from_slice(&piece);
    }
    if (text.len() as u64) < body.length {
        fail!(Network, "the connection ended before the last byte of the instruction file");
    }
    Ok(Some(text))
}

pub(crate) async fn head(at: &S3, mailbox: &Mailbox, key: Key, options: Head) -> Result<ObjectMeta> {
    let meta = s3::head(at, mailbox, key, options).await?;
    Ok(if at.encryption().is_some() { shown(meta) } else { meta })
}

pub(crate) async fn list(at: &S3, mailbox: &Mailbox, prefix: Prefix, options: List) -> Result<Page> {
    s3::list(at, mailbox, prefix, options).await.map(|page| told(at, page))
}

pub(crate) async fn list_versions(
    at: &S3,
    mailbox: &Mailbox,
    prefix: Prefix,
    options: ListVersions,
) -> Result<Page> {
    s3::list_versions(at, mailbox, prefix, options).await.map(|page| told(at, page))
}

/// The page without instruction files, and with the sizes of contents: a listing holds no envelopes, so every
/// object counts as one in GCM.
fn told(at: &S3, mut page: Page) -> Page {
    let Some(encryption) = at.encryption() else { return page };
    page.entries.retain(|entry| {
        entry.is_prefix || !(entry.key.ends_with(SUFFIX) || entry.key.ends_with(&encryption.suffix))
    });
    for entry in &mut page.entries {
        entry.size = entry.size.saturating_sub(TAG as u64);
    }
    page
}

pub(crate) async fn delete(at: &S3, mailbox: &Mailbox, key: Key, options: Delete) -> Result<DeleteReply> {
    // A version's instruction file may serve others.
    let with_file = at.encryption().is_some() && options.version_id.is_none();
    let reply = s3::delete(at, mailbox, key.clone(), options).await?;
    if with_file {
        s3::delete(at, mailbox, beside(&key), Delete::default()).await?;
    }
    Ok(reply)
}

pub(crate) async fn delete_many(at: &S3, mailbox: &Mailbox, keys: Keys) -> Result<Vec<Deleted>> {
    if at.encryption().is_none() {
        return s3::delete_many(at, mailbox, keys).await;
    }
    let files: Vec<_> =
        keys.0.iter().filter(|(_, version)| version.is_none()).map(|(key, _)| (beside(key), None)).collect();
    let fates = s3::delete_many(at, mailbox, keys).await?;
    for file in s3::delete_many(at, mailbox, Keys(files)).await? {
        if file.error.is_some() {
            fail!(
                Service,
                "the instruction file {} was not deleted: {}",
                file.key,
                file.message.unwrap_or_default()
            );
        }
    }
    Ok(fates)
}

pub(crate) async fn presign(at: &S3, mailbox: &Mailbox, key: Key, options: Presign) -> Result<String> {
    if at.encryption().is_some() && options.method.as_deref() == Some("put") {
        fail!(
            Unsupported,
            "a signed URL stores what it is given, and this store's objects are encrypted; put the object \
             itself"
        );
    }
    s3::presign(at, mailbox, key, options).await
}

/// Keeps the instruction file beside `key` as it is now, to be put back should the call end without the
/// object that another file is stored for: what stands there would no longer open.
pub(crate) async fn guard(at: &S3, mailbox: &Mailbox, key: &Key) -> Result<u64> {
    let before = instruction(at, key, SUFFIX).await?.map(BytesMut::freeze);
    let (at, file) = (at.clone(), beside(key));
    Ok(mailbox.on_abandon(async move {
        let back = match before {
            Some(text) => store(&at, &file, text).await.map(drop),
            None => s3::delete_one(&at, &file, &Delete::default()).await.map(drop),
        };
        if let Err(error) = back {
            event(
                Level::Warning,
                format!("the instruction file {} could not be put back: {}", file.0, error.message()),
            );
        }
    }))
}

/// Stores an instruction file.
pub(crate) async fn store(at: &S3, file: &Key, text: Bytes) -> Result<()> {
    let sum = at.algorithm().await?.map(|algorithm| algorithm.of(&text));
    s3::put_whole(at, file, text, sum, &Put::default()).await.map(drop)
}

/// The key of an object's instruction file.
pub(crate) fn beside(key: &Key) -> Key {
    Key(format!("{}{SUFFIX}", key.0))
}
