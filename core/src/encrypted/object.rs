//! Encrypted objects: opening them, and the verbs that move no content: head, list, delete and presign.
//!
//! Invariants: the size of the content is computed from the ciphertext's, not read from the object's
//! metadata. The envelope is not shown, and the instruction file is deleted with its object.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decryptor::Decryptor;
use super::encryption;
use super::instruction::{self, beside};
use crate::crypto::content::TAG;
use crate::crypto::{Encryption, Opened, SUFFIX, hides_size, is_cbc, without};
use crate::error::{Result, fail};
use crate::keys::{Key, Keys, Prefix};
use crate::mailbox::Mailbox;
use crate::options::{Context, Delete, Head, List, ListVersions, Presign};
use crate::reply::{DeleteReply, Deleted, ObjectMeta, Page};
use crate::s3::{self, METADATA, S3, metadata_bytes};

/// The content's size by the ciphertext's; that of content in CBC, which its padding hides, is the
/// ciphertext's own.
pub(super) fn plain_size(meta: &ObjectMeta) -> Result<u64> {
    meta.known_size().map(|size| if is_cbc(&meta.metadata) { size } else { size.saturating_sub(TAG as u64) })
}

/// An object's metadata as its owner put them.
pub(super) fn shown(meta: ObjectMeta) -> ObjectMeta {
    ObjectMeta {
        size: plain_size(&meta).ok(),
        size_estimated: hides_size(&meta.metadata),
        metadata: without(&meta.metadata),
        ..meta
    }
}

/// The same of an object that was opened: `length` is the size of its content.
pub(super) fn shown_open(meta: ObjectMeta, length: u64) -> ObjectMeta {
    ObjectMeta { size: Some(length), size_estimated: false, ..shown(meta) }
}

/// The content of an object by its metadata, and by its instruction file if its key is there.
pub(super) async fn open(
    at: &S3,
    encryption: &Encryption,
    key: &Key,
    meta: &ObjectMeta,
    context: Option<&Context>,
) -> Result<Opened> {
    let file = if encryption.looks_beside(&meta.metadata)? {
        instruction::read(at, key, &encryption.suffix).await?
    } else {
        None
    };
    encryption.open(&meta.metadata, file.as_deref(), context).await
}

/// The same, of an object whose bytes can be had one by one.
pub(super) async fn decryptor(
    at: &S3,
    encryption: &Encryption,
    key: &Key,
    meta: &ObjectMeta,
    context: Option<&Context>,
) -> Result<Arc<Decryptor>> {
    match open(at, encryption, key, meta, context).await? {
        Opened::Gcm(content) => Decryptor::new(content, meta.known_size()?, true),
        Opened::Cbc(_) => fail!(Unsupported, "an object in AES/CBC is read as a whole only"),
    }
}

pub(crate) async fn head(at: &S3, mailbox: &Mailbox, key: Key, options: Head) -> Result<ObjectMeta> {
    s3::head(at, mailbox, key, options).await.map(shown)
}

pub(crate) async fn list(at: &S3, mailbox: &Mailbox, prefix: Prefix, options: List) -> Result<Page> {
    let suffix = &encryption(at)?.suffix;
    s3::list(at, mailbox, prefix, options).await.map(|page| shown_page(suffix, page))
}

pub(crate) async fn list_versions(
    at: &S3,
    mailbox: &Mailbox,
    prefix: Prefix,
    options: ListVersions,
) -> Result<Page> {
    let suffix = &encryption(at)?.suffix;
    s3::list_versions(at, mailbox, prefix, options).await.map(|page| shown_page(suffix, page))
}

/// The page without instruction files, and with the sizes of contents: a listing holds no envelopes, so every
/// object counts as one in GCM.
fn shown_page(suffix: &str, mut page: Page) -> Page {
    page.entries
        .retain(|entry| entry.is_prefix || !(entry.key.ends_with(SUFFIX) || entry.key.ends_with(suffix)));
    for entry in &mut page.entries {
        entry.size = entry.size.saturating_sub(TAG as u64);
    }
    page
}

pub(crate) async fn delete(at: &S3, mailbox: &Mailbox, key: Key, options: Delete) -> Result<DeleteReply> {
    // A version's instruction file may serve others.
    let with_file = options.version_id.is_none();
    let reply = s3::delete(at, mailbox, key.clone(), options).await?;
    if with_file {
        s3::delete(at, mailbox, beside(&key), Delete::default()).await?;
    }
    Ok(reply)
}

pub(crate) async fn delete_many(at: &S3, mailbox: &Mailbox, keys: Keys) -> Result<Vec<Deleted>> {
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
    if options.method.as_deref() == Some("put") {
        fail!(
            Unsupported,
            "a signed URL stores what it is given, and this store's objects are encrypted; put the object \
             itself"
        );
    }
    s3::presign(at, mailbox, key, options).await
}

/// Refuses user metadata that S3 does not hold together with the object's envelope.
pub(super) fn fits_beside(own: &BTreeMap<String, String>, envelope: &BTreeMap<String, String>) -> Result<()> {
    let (own, envelope) = (metadata_bytes(own), metadata_bytes(envelope));
    if own + envelope > METADATA {
        fail!(
            InvalidInput,
            "the metadata ({own} bytes) and the encryption's envelope ({envelope} bytes or more) exceed the \
             {METADATA} bytes that S3 allows together; use the setting `encryption_instruction_file`, \
             shorter metadata or a shorter encryption context"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn sizes_are_those_of_the_content_and_the_envelope_is_not_shown() {
        let envelope = [("x-amz-key-v2", "k"), ("x-amz-iv", "aa"), ("x-amz-cek-alg", "AES/GCM/NoPadding")];
        let metadata = map(&[&[("own", "1")], &envelope[..]].concat());
        let meta = ObjectMeta { size: Some(116), metadata, ..ObjectMeta::default() };
        assert_eq!(plain_size(&meta).unwrap(), 100);
        let shown = shown(meta.clone());
        assert_eq!(
            (shown.size, shown.size_estimated, shown.metadata),
            (Some(100), false, map(&[("own", "1")]))
        );
        assert_eq!(shown_open(meta.clone(), 99).size, Some(99));
        let short = ObjectMeta { size: Some(3), ..meta };
        assert_eq!(plain_size(&short).unwrap(), 0);
        assert!(plain_size(&ObjectMeta { size: None, ..short }).is_err());
    }

    #[test]
    fn the_padding_of_cbc_hides_the_size() {
        let metadata = map(&[("x-amz-cek-alg", "AES/CBC/PKCS5Padding"), ("x-amz-key-v2", "k")]);
        let meta = ObjectMeta { size: Some(112), metadata, ..ObjectMeta::default() };
        assert_eq!(plain_size(&meta).unwrap(), 112);
        assert!(shown(meta).size_estimated);
    }

    #[test]
    fn pages_have_no_instruction_files() {
        let entry = |key: &str, is_prefix| crate::reply::Entry {
            key: key.to_owned(),
            size: 116,
            is_prefix,
            ..crate::reply::Entry::default()
        };
        let file = format!("a{SUFFIX}");
        let entries = vec![entry("a", false), entry(&file, false), entry("a.own", false), entry(&file, true)];
        let page = shown_page(".own", Page { entries, ..Page::default() });
        let keys: Vec<_> = page.entries.iter().map(|entry| (entry.key.as_str(), entry.size)).collect();
        assert_eq!(keys, [("a", 100), (file.as_str(), 100)]);
    }

    #[test]
    fn metadata_and_envelope_share_what_s3_allows() {
        let long = "x".repeat(METADATA - 10);
        fits_beside(&map(&[("own", &long[..100])]), &map(&[("key", "k")])).unwrap();
        let error = fits_beside(&map(&[("own", &long)]), &map(&[("x-amz-key-v2", "k")])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}
