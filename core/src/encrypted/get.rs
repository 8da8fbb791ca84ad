//! `get` from a store that encrypts: whole objects, verified before anybody sees a byte of them.
//!
//! Invariants: a file appears, bytes are returned and a stream starts only after the tag of the whole was
//! verified. A range, or a stream that does not wait, is for a caller that asks for `unverified` bytes by
//! name, where the store allows it. The commitment is always checked.

use std::sync::Arc;

use super::decryptor::Decryptor;
use super::kept::verified;
use super::ranges::{allowed, check_ranges, get_range};
use super::whole::VerifiedObject;
use super::{encryption, object};
use crate::crypto::content::{MAX_SIZE, TAG};
use crate::crypto::{Opened, refused};
use crate::error::{ErrorKind, Result, fail};
use crate::io::{Naming, Output, Sink};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::Get;
use crate::reply::GetReply;
use crate::s3::S3;
use crate::transfer::{Download, Span, call_slot};

pub(crate) async fn get(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: Key,
    into: Sink,
    options: Get,
) -> Result<GetReply> {
    let unverified = allowed(encryption(at)?, options.unverified)?;
    if options.journal.is_some() {
        fail!(
            Unsupported,
            "option `journal` would keep decrypted bytes that nobody has verified; an encrypted object is \
             fetched without"
        );
    }
    if options.whole == Some(true) && !unverified {
        return from_whole(at, mailbox, &key, &into, options).await;
    }
    if options.range.is_some() {
        check_ranges(encryption(at)?, options.unverified)?;
        return get_range(at, mailbox, key, into, options).await;
    }
    whole(at, mailbox, key, into, options, unverified).await
}

/// Reads the whole object into a device that keeps nothing: each byte goes through the cipher once, and the
/// call fails at the end if the whole is not what was encrypted.
pub(crate) async fn read_through(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: Key,
    nowhere: Sink,
) -> Result<GetReply> {
    whole(at, mailbox, key, nowhere, Get::default(), true).await
}

async fn whole(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: Key,
    into: Sink,
    options: Get,
    unverified: bool,
) -> Result<GetReply> {
    let encryption = encryption(at)?;
    let output = Output::open(&into, Naming::Nameless).await?;
    let _slot = call_slot(&output).await?;
    let mut download = Download::start(at, mailbox, key.clone(), &options).await?;
    let context = options.encryption_context.as_ref();
    let opened = object::open(at, encryption, &key, &download.meta, context).await?;
    let size = download.span.length;
    mailbox.set_total(size);
    let content = match opened {
        Opened::Gcm(content) if unverified || !output.is_ordered() => content,
        // Nobody sees a byte before the last was verified.
        opened => {
            let object = VerifiedObject::fetch(download, encryption, opened).await?;
            let all = Span { first: 0, length: object.length };
            return object.hand_out(all, output, mailbox, false).await;
        }
    };
    if size > MAX_SIZE + TAG as u64 {
        return Err(refused());
    }
    let decryptor = Decryptor::new(content, size, true)?;
    let length = decryptor.length();
    download.transform = Some(decryptor);
    let meta = std::mem::take(&mut download.meta);
    let reply = download.write(output).await?;
    Ok(GetReply { meta: object::shown_open(meta, length), ..reply })
}

/// A range, or all, of an object that is verified as a whole and kept.
async fn from_whole(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: &Key,
    into: &Sink,
    options: Get,
) -> Result<GetReply> {
    let output = Output::open(into, Naming::Nameless).await?;
    let (object, fetched) = match verified(at, mailbox, key, &options).await {
        // The whole is not kept, and needs not be.
        Err(error) if error.kind() == ErrorKind::Unsupported && options.range.is_none() => {
            drop(output);
            return whole(at, mailbox, key.clone(), into.clone(), options, false).await;
        }
        found => found?,
    };
    let span = Span::of(options.range, object.length)?;
    if !fetched {
        mailbox.set_total(span.length);
    }
    object.hand_out(span, output, mailbox, !fetched).await
}
