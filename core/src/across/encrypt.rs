//! `find_unencrypted` and `encrypt_all`: objects that lie in the clear in a store that encrypts, found and
//! encrypted in their place.
//!
//! Invariant: the clear object is replaced only by ciphertext that was read back and verified, and only if it
//! is still what was encrypted. Encrypted objects are left alone, so a call that broke off can be run again;
//! it then removes what the broken one left beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::pump::pump;
use super::{Side, put_options};
use crate::encrypted;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::io::Sink;
use crate::keys::{Key, Prefix};
use crate::mailbox::Mailbox;
use crate::observe;
use crate::options::{Copy, Delete, EncryptAll, Get, List, ListUploads, Tags};
use crate::reply::{BadObject, EncryptReply, ObjectMeta, Unencrypted, UnencryptedReply};
use crate::runtime::workers;
use crate::s3::{self, S3};
use crate::store::Backend;
use crate::transfer::joined;

/// Objects looked at, or encrypted, at a time.
const AT_ONCE: usize = 16;

/// What the key of the verified ciphertext ends in until it is in its place.
const PENDING: &str = ".oarlock-encrypting";

/// What is smaller goes in one request.
const LEAST_PART: u64 = 5 << 20;

/// Bytes of a device that keeps none.
const NOWHERE: &str = "/dev/null";

pub(crate) async fn find_unencrypted(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    prefix: Prefix,
    options: EncryptAll,
) -> Result<UnencryptedReply> {
    let mut reply = UnencryptedReply::default();
    let look = |at: S3, mailbox: Arc<Mailbox>, key: Key| async move {
        let meta = encrypted::clear(&at, &mailbox, &key).await?;
        Ok(meta.map(|meta| Unencrypted { key: key.0, size: meta.size.unwrap_or_default() }))
    };
    each(at, mailbox, prefix, options, AT_ONCE, look, |key, outcome| {
        let found = outcome?;
        if !key.ends_with(PENDING) {
            reply.checked += 1;
            reply.objects.extend(found);
        }
        Ok(())
    })
    .await?;
    reply.objects.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(reply)
}

pub(crate) async fn encrypt_all(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    prefix: Prefix,
    options: EncryptAll,
) -> Result<EncryptReply> {
    let mut reply = EncryptReply::default();
    let work = |at: S3, mailbox: Arc<Mailbox>, key: Key| async move {
        let own = Arc::new(Mailbox::of_part(&mailbox));
        let outcome = match key.0.strip_suffix(PENDING) {
            Some(place) => tidy(&at, &own, Key(place.to_owned()), key.clone()).await.map(|()| None),
            None => one(&at, &own, &key).await.map(Some),
        };
        if outcome.is_err() {
            for work in own.take_cleanups() {
                work.await;
            }
        }
        outcome
    };
    // The transfers of one object use as many connections as help.
    each(at, mailbox, prefix, options, AT_ONCE / 4, work, |key, outcome| {
        match outcome {
            Ok(Some(true)) => reply.encrypted += 1,
            Ok(Some(false)) => reply.unchanged += 1,
            Ok(None) => {}
            Err(error) if concerns_all(&error) => return Err(error),
            Err(error) => reply.failed.push(BadObject {
                key,
                error: error.kind().name().to_owned(),
                message: error.message().to_owned(),
            }),
        }
        Ok(())
    })
    .await?;
    reply.failed.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(reply)
}

/// Runs `work` for every object under the prefix, so many at a time, and hands the outcomes on as they come.
async fn each<T: Send + 'static, F>(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    prefix: Prefix,
    options: EncryptAll,
    most: usize,
    work: impl Fn(S3, Arc<Mailbox>, Key) -> F,
    mut done: impl FnMut(String, Result<T>) -> Result<()>,
) -> Result<()>
where
    F: Future<Output = Result<T>> + Send + 'static,
{
    check(at)?;
    mailbox.count_objects(None);
    let mut under_way: JoinSet<Result<(String, Result<T>)>> = JoinSet::new();
    let mut page = Some(List { start_after: options.start_after, ..List::default() });
    while let Some(asked) = page.take() {
        let listed = encrypted::list(at, mailbox, Prefix(prefix.0.clone()), asked).await?;
        page = listed.next.map(|next| List { continuation: Some(next), ..List::default() });
        for entry in listed.entries {
            while under_way.len() >= most {
                let (key, outcome) = joined(under_way.join_next().await)?;
                mailbox.advance_objects(1);
                done(key, outcome)?;
            }
            let working = work(at.clone(), mailbox.clone(), Key(entry.key.clone()));
            let task = observe::within(mailbox.clone(), async move { Ok((entry.key, working.await)) });
            under_way.spawn_on(task, &workers());
        }
    }
    while !under_way.is_empty() {
        let (key, outcome) = joined(under_way.join_next().await)?;
        mailbox.advance_objects(1);
        done(key, outcome)?;
    }
    Ok(())
}

fn concerns_all(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NoSuchBucket | ErrorKind::Config | ErrorKind::Credentials | ErrorKind::Internal
    )
}

fn check(at: &S3) -> Result<()> {
    if at.encryption().is_none() {
        fail!(
            InvalidInput,
            "the store has no key to encrypt with; give one of `encryption_kms_key_id`, \
             `encryption_aes_key`, `encryption_rsa_key`"
        );
    }
    Ok(())
}

/// Removes the ciphertext that a broken call left beside its object, unless that is still to be replaced.
async fn tidy(at: &S3, mailbox: &Arc<Mailbox>, place: Key, pending: Key) -> Result<()> {
    let is_waiting = encrypted::clear(at, mailbox, &place).await?.is_some();
    let is_foreign = encrypted::clear(at, mailbox, &pending).await?.is_some();
    if !is_waiting && !is_foreign {
        encrypted::delete(at, mailbox, pending, Delete::default()).await?;
    }
    Ok(())
}

/// Frees the parts that a broken call has sent.
async fn abort_parts(at: &S3, mailbox: &Arc<Mailbox>, pending: &Key) -> Result<()> {
    let prefix = Prefix(pending.0.clone());
    let uploads = s3::list_uploads(at, mailbox, prefix, ListUploads::default()).await?;
    for upload in uploads.entries.into_iter().filter(|upload| upload.key == pending.0) {
        s3::abort(at, pending, &upload.upload_id).await?;
    }
    Ok(())
}

/// Encrypts one object in its place; false if it is encrypted already.
async fn one(at: &S3, mailbox: &Arc<Mailbox>, key: &Key) -> Result<bool> {
    let Some(found) = encrypted::clear(at, mailbox, key).await? else { return Ok(false) };
    let etag = found.etag.clone();
    let pending = Key(format!("{}{PENDING}", key.0));
    let tags = s3::get_tags(at, mailbox, key.clone(), Tags::default()).await?;
    if found.size.is_none_or(|size| size > LEAST_PART) {
        abort_parts(at, mailbox, &pending).await?;
    }
    let outcome = replace(at, mailbox, (key, &pending), found, tags).await;
    let removed = encrypted::delete(at, mailbox, pending, Delete::default()).await;
    match outcome {
        Err(error) if error.kind() == ErrorKind::Precondition => {
            let etag = etag.unwrap_or_default();
            fail!(
                Changed,
                "the object is no longer the one with the ETag {etag}; it is as its writer left it"
            )
        }
        outcome => outcome.and(removed.map(|_| true)),
    }
}

/// Encrypts beside the object, verifies that, and has the server put it in the object's place.
async fn replace(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    (key, pending): (&Key, &Key),
    found: ObjectMeta,
    tags: BTreeMap<String, String>,
) -> Result<()> {
    let (etag, size) = (found.etag.clone(), found.size);
    let get = Get { if_match: etag.clone(), ..Get::default() };
    let put = put_options(Copy::default(), found, tags);
    let side = |is_clear| Side { backend: Backend::S3(at.clone()), is_clear };
    pump((side(true), key.clone(), get), (side(false), pending.clone(), put), size, mailbox).await?;
    let nowhere = Sink::File(NOWHERE.into());
    let read = encrypted::read_through(at, mailbox, pending.clone(), nowhere).await?;
    if Some(read.length) != size {
        fail!(
            Corrupt,
            "the encrypted object has {} bytes, expected {}",
            read.length,
            size.unwrap_or_default()
        );
    }
    let copy = Copy { if_match: etag, ..Copy::default() };
    encrypted::copy(at, mailbox, pending.clone(), key.clone(), copy).await?;
    Ok(())
}
