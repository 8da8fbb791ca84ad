//! `copy` and `move`: within a store by its own means, and from another store of any kind.
//!
//! Invariants: a copy appears whole or not at all, with the source's headers, metadata and tags. Between
//! stores whose settings differ the bytes come here: they are decrypted by the one and encrypted by the
//! other. A source is deleted only after its copy is there, and only if it is still what was copied.

mod encrypt;
mod pump;
mod same;
mod side;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result, fail};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{Copy, Delete, Get, Head, Move, Put, SecretMap, Tags};
use crate::reply::{ObjectMeta, PutReply};
use crate::store::{Backend, Store};
use crate::transfer;
use crate::value::Value;
use side::Side;

pub(crate) use encrypt::{encrypt_all, find_unencrypted};

pub(crate) async fn copy(
    at: impl Into<Backend>,
    mailbox: &Arc<Mailbox>,
    source_key: Key,
    key: Key,
    mut options: Copy,
) -> Result<PutReply> {
    let target = Side::of(at.into());
    let source = other(options.source_store.take(), options.source_settings.take())?;
    across(&target, source.as_ref(), mailbox, source_key, key, options).await
}

pub(crate) async fn r#move(
    at: impl Into<Backend>,
    mailbox: &Arc<Mailbox>,
    source_key: Key,
    key: Key,
    options: Move,
) -> Result<PutReply> {
    let target = Side::of(at.into());
    let other = other(options.source_store, options.source_settings)?;
    let source = other.as_ref().unwrap_or(&target);
    let asked = Head { if_match: options.source_if_match, ..Head::default() };
    if same::has_one_address((source, &source_key), (&target, &key)).await? {
        fail!(InvalidInput, "the object is moved to its own key");
    }
    let found = source.at().head(mailbox, source_key.clone(), asked).await?;
    // The other store may be the same place by another name, where the copy would be deleted as the source.
    if same::is_one_object((source, &source_key), (&target, &key), mailbox).await? {
        fail!(InvalidInput, "the object is moved to its own key: both stores are the same place");
    }
    let copy = Copy {
        source_if_match: found.etag.clone(),
        if_match: options.if_match,
        if_none_match: options.if_none_match,
        journal: options.journal,
        ..Copy::default()
    };
    let reply = across(&target, other.as_ref(), mailbox, source_key.clone(), key, copy).await?;
    let options = Delete { if_match: found.etag, ..Delete::default() };
    match source.at().delete(mailbox, source_key, options).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(reply),
        Err(error) => Err(error.with_detail("the copy is there, and the source was not deleted")),
        Ok(_) => Ok(reply),
    }
}

/// The store that the options name, if they name one.
fn other(url: Option<String>, settings: Option<SecretMap>) -> Result<Option<Side>> {
    let Some(url) = url else {
        if settings.is_some() {
            fail!(InvalidInput, "option `source_settings` needs `source_store`, the URL of the other store");
        }
        return Ok(None);
    };
    let mut settings = settings.unwrap_or_default();
    let pairs = std::mem::take(&mut settings.0).into_iter().map(|(name, value)| (name, Value::Str(value)));
    let store = Store::open(&url, pairs.collect()).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, format!("option `source_store`: {}", error.message()))
    })?;
    Ok(Some(Side::of(store.backend().clone())))
}

/// Copies from the other store, or within the target's own.
async fn across(
    target: &Side,
    other: Option<&Side>,
    mailbox: &Arc<Mailbox>,
    source_key: Key,
    key: Key,
    mut options: Copy,
) -> Result<PutReply> {
    let Some(source) = other else {
        let source = target.elsewhere(options.source_bucket.as_deref())?;
        return within(target, &source, mailbox, (source_key.clone(), source_key), key, options).await;
    };
    if options.source_bucket.is_some() {
        fail!(InvalidInput, "give `source_store` or `source_bucket`, not both");
    }
    if let (Backend::S3(from), Backend::S3(to)) = (&source.backend, &target.backend)
        && same::is_one_server(from, to)
    {
        options.source_bucket = Some(from.bucket().to_owned());
        let named = Key(from.full(&source_key.0));
        return within(target, source, mailbox, (source_key, named), key, options).await;
    }
    streamed(target, source, mailbox, source_key, key, options).await
}

/// Copies by the server, or in the directory. What lies there in chunks is one object only here, and is
/// streamed. `named` is the source's key as the options name its bucket.
async fn within(
    target: &Side,
    source: &Side,
    mailbox: &Arc<Mailbox>,
    (source_key, named): (Key, Key),
    key: Key,
    options: Copy,
) -> Result<PutReply> {
    let may_be_chunked = source.at().reads_chunks() && options.source_version_id.is_none();
    let again = may_be_chunked.then(|| (key.clone(), options.clone()));
    match (target.copy(mailbox, named, key, options).await, again) {
        // A server may weigh a condition before it looks for the object.
        (Err(missing), Some((key, mut options)))
            if matches!(missing.kind(), ErrorKind::NotFound | ErrorKind::Precondition) =>
        {
            options.source_bucket = None;
            match Box::pin(streamed(target, source, mailbox, source_key, key, options)).await {
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Precondition) => {
                    Err(missing)
                }
                reply => reply,
            }
        }
        (reply, _) => reply,
    }
}

/// Copies through this process: the bytes are read here, and written anew.
async fn streamed(
    target: &Side,
    source: &Side,
    mailbox: &Arc<Mailbox>,
    source_key: Key,
    key: Key,
    mut options: Copy,
) -> Result<PutReply> {
    if options.preserve_etag == Some(true) {
        fail!(Unsupported, "`preserve_etag` is for copies that one server makes, not for those between two");
    }
    let asked = Head {
        version_id: options.source_version_id.clone(),
        if_match: options.source_if_match.clone(),
        if_none_match: options.source_if_none_match.clone(),
        sse_customer_key: options.source_sse_customer_key.clone(),
        ..Head::default()
    };
    let found =
        source.at().head(mailbox, source_key.clone(), asked).await.map_err(|error| match error.kind() {
            ErrorKind::NotModified => {
                Error::new(ErrorKind::Precondition, "the source has the ETag that it must not have")
            }
            _ => error.with_detail("the source"),
        })?;
    let tags = match options.tags.take() {
        Some(tags) => tags,
        None => {
            let version = Tags { version_id: options.source_version_id.clone() };
            match source.tags(mailbox, source_key.clone(), version).await {
                // An object in chunks has none.
                Err(error) if error.kind() == ErrorKind::NotFound && source.at().reads_chunks() => {
                    BTreeMap::new()
                }
                tags => tags?,
            }
        }
    };
    let get = Get {
        version_id: options.source_version_id.take(),
        if_match: found.etag.clone(),
        sse_customer_key: options.source_sse_customer_key.take(),
        ..Get::default()
    };
    found.size.into_iter().for_each(|size| mailbox.set_total(size));
    let size = found.size.filter(|_| !found.size_estimated);
    let put = put_options(options, found, tags);
    let from = (source.clone(), source_key, get);
    pump::pump(from, (target.clone(), key, put), size, mailbox).await
}

/// The new object's headers, metadata and tags: the source's where the options give none.
fn put_options(options: Copy, found: ObjectMeta, tags: BTreeMap<String, String>) -> Put {
    let replaces = transfer::replaces(&options);
    let described = if replaces { ObjectMeta::default() } else { found };
    Put {
        content_type: options.content_type.or(described.content_type),
        content_encoding: options.content_encoding.or(described.content_encoding),
        content_language: options.content_language.or(described.content_language),
        content_disposition: options.content_disposition.or(described.content_disposition),
        cache_control: options.cache_control.or(described.cache_control),
        expires: options.expires.or(described.expires),
        metadata: options.metadata.or(Some(described.metadata)),
        tags: Some(tags).filter(|tags| !tags.is_empty()),
        storage_class: options.storage_class,
        acl: options.acl,
        grant_read: options.grant_read,
        grant_read_acp: options.grant_read_acp,
        grant_write_acp: options.grant_write_acp,
        grant_full_control: options.grant_full_control,
        sse: options.sse,
        sse_kms_key_id: options.sse_kms_key_id,
        sse_customer_key: options.sse_customer_key,
        if_match: options.if_match,
        if_none_match: options.if_none_match,
        journal: options.journal,
        ..Put::default()
    }
}
