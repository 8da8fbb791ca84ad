//! `rekey` and `rekey_all`: objects get new envelopes, under the store's key, and keep their content as it
//! lies in the bucket.
//!
//! Invariant: a new envelope holds the same data key, proven by the commitment where there is one; it
//! replaces only the object that was looked at (by its ETag). An object whose envelope the store's own key
//! opens already is left alone, so a call that broke off can be run again.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::encryption;
use super::instruction::{self, beside};
use super::object::fits_beside;
use crate::config::Settings;
use crate::crypto::{Encryption, SUFFIX, without};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::keys::{Key, Prefix};
use crate::mailbox::Mailbox;
use crate::observe;
use crate::options::{Copy, Head, List, Put, Rekey, RekeyAll, SecretMap};
use crate::reply::{RekeyReply, Rekeyed};
use crate::runtime::workers;
use crate::s3::{self, S3, put_whole};
use crate::transfer::{ServerCopy, joined};
use crate::value::Value;

/// The old key, by which the objects of one call are read; `enforce` demands proof that it is of no use any
/// more.
struct OldKey {
    encryption: Encryption,
    enforce: bool,
}

pub(crate) async fn rekey(at: &S3, mailbox: &Arc<Mailbox>, key: Key, options: Rekey) -> Result<bool> {
    let old = OldKey::of(at, options.old, options.enforce_rotation)?;
    one(at, mailbox, &old, key).await
}

pub(crate) async fn rekey_all(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    prefix: Prefix,
    options: RekeyAll,
) -> Result<RekeyReply> {
    let old = Arc::new(OldKey::of(at, options.old, options.enforce_rotation)?);
    let most = at.concurrency().await? as usize;
    let mut reply = RekeyReply::default();
    let mut under_way: JoinSet<Result<(String, Result<bool>)>> = JoinSet::new();
    let mut listed_objects = 0;
    mailbox.count_objects(None);
    let mut page = List { start_after: options.start_after, ..List::default() };
    loop {
        let listed = s3::list(at, mailbox, Prefix(prefix.0.clone()), page).await?;
        let objects: Vec<_> = listed
            .entries
            .into_iter()
            .filter(|entry| !entry.is_prefix && !entry.key.ends_with(SUFFIX))
            .collect();
        listed_objects += objects.len() as u64;
        if listed.next.is_none() {
            mailbox.count_objects(Some(listed_objects));
        }
        for entry in objects {
            while under_way.len() >= most {
                reply.add(joined(under_way.join_next().await)?, mailbox);
            }
            let (at, mailbox_of, old) = (at.clone(), mailbox.clone(), old.clone());
            under_way.spawn_on(
                observe::within(mailbox.clone(), async move {
                    let fate = one(&at, &mailbox_of, &old, Key(entry.key.clone())).await;
                    Ok((entry.key, fate))
                }),
                &workers(),
            );
        }
        let Some(next) = listed.next else { break };
        page = List { continuation: Some(next), ..List::default() };
    }
    while !under_way.is_empty() {
        reply.add(joined(under_way.join_next().await)?, mailbox);
    }
    reply.failed.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(reply)
}

impl RekeyReply {
    fn add(&mut self, (key, fate): (String, Result<bool>), mailbox: &Mailbox) {
        mailbox.advance_objects(1);
        match fate {
            Ok(true) => self.rekeyed += 1,
            Ok(false) => self.unchanged += 1,
            // Deleted since it was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => self.unchanged += 1,
            Err(error) => {
                self.failed.push(Rekeyed {
                    key,
                    error: error.kind().name().to_owned(),
                    message: error.message().to_owned(),
                });
            }
        }
    }
}

impl OldKey {
    fn of(at: &S3, old: Option<SecretMap>, enforce: Option<bool>) -> Result<OldKey> {
        if at.encryption().is_none() {
            fail!(
                InvalidInput,
                "the store has no key to encrypt with; give one of `encryption_kms_key_id`, \
                 `encryption_aes_key`, `encryption_rsa_key`"
            );
        }
        // Without a key of its own the old one is the store's: what KMS rotates behind an alias, or an old
        // way to wrap.
        let named = old.is_some();
        let encryption = match old {
            Some(mut old) => {
                let pairs =
                    std::mem::take(&mut old.0).into_iter().map(|(name, value)| (name, Value::Str(value)));
                let settings = Settings::read(pairs.collect());
                let settings = settings.map_err(|error| {
                    Error::new(ErrorKind::InvalidInput, format!("option `old`: {}", error.message()))
                })?;
                at.encryption_by(&settings)?
            }
            None => at.encryption_by(at.settings())?,
        };
        let Some(encryption) = encryption else {
            fail!(
                InvalidInput,
                "option `old` names no key: one of `encryption_kms_key_id`, `encryption_aes_key`, \
                 `encryption_rsa_key`"
            );
        };
        if enforce == Some(true) && !named {
            fail!(
                InvalidInput,
                "option `enforce_rotation` needs `old`: the old key is to be proven of no use any more"
            );
        }
        Ok(OldKey { encryption, enforce: enforce == Some(true) })
    }
}

/// Gives one object a new envelope; false if the store's key opens the one that it has, and no old key was
/// named that does.
async fn one(at: &S3, mailbox: &Arc<Mailbox>, old: &OldKey, key: Key) -> Result<bool> {
    let new = encryption(at)?;
    let meta = s3::head(at, mailbox, key.clone(), Head::default()).await?;
    let file =
        if new.looks_beside(&meta.metadata)? { instruction::read(at, &key, SUFFIX).await? } else { None };
    if new.wraps(&meta.metadata, file.as_deref()).await? {
        return Ok(false);
    }
    let (envelope, text) = new.rewrap(&old.encryption, &meta.metadata, file.as_deref(), old.enforce).await?;
    match text {
        Some(text) => {
            put_whole(at, &beside(&key), text, None, &Put::default()).await?;
        }
        None => {
            let mut metadata = without(&meta.metadata);
            let length = meta.metadata.get_key_value("x-amz-unencrypted-content-length");
            metadata.extend(length.map(|(name, value)| (name.clone(), value.clone())));
            fits_beside(&metadata, &envelope)?;
            metadata.extend(envelope);
            let options = Copy {
                source_if_match: meta.etag.clone(),
                if_match: meta.etag.clone(),
                content_type: meta.content_type.clone(),
                content_encoding: meta.content_encoding.clone(),
                content_language: meta.content_language.clone(),
                content_disposition: meta.content_disposition.clone(),
                cache_control: meta.cache_control.clone(),
                expires: meta.expires,
                storage_class: meta.storage_class.clone(),
                metadata: Some(metadata),
                ..Copy::default()
            };
            let from = at.clone();
            ServerCopy { at, mailbox, from, source_key: key.clone(), key, options, meta }.run().await?;
        }
    }
    Ok(true)
}
