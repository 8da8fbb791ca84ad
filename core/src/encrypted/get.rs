//! `get` from a store that encrypts: whole objects, verified before anybody sees a byte of them.
//!
//! Invariants: a file appears, bytes are returned and a stream starts only after the tag of the whole was
//! verified. A range, or a stream that does not wait, is for a caller that asks for `unverified` bytes by
//! name, where the store allows it. The commitment is always checked.

use std::sync::Arc;

use bytes::Bytes;

use super::decryptor::Decryptor;
use super::ranges::{allowed, check_ranges, get_range};
use super::{encryption, object};
use crate::crypto::content::{MAX_SIZE, TAG};
use crate::crypto::{Cbc, Opened, refused};
use crate::error::{Result, fail};
use crate::io::{Naming, Output, Sink, Spool};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::Get;
use crate::reply::GetReply;
use crate::s3::S3;
use crate::transfer::{Download, DownloadTarget, call_slot, send};

/// Bytes that a stream is given at a time.
const LOT: u64 = 1 << 20;

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
    let mut output = Output::open(&into, Naming::Nameless).await?;
    let _slot = call_slot(&output).await?;
    let mut download = Download::start(at, mailbox, key.clone(), &options).await?;
    let context = options.encryption_context.as_ref();
    let opened = object::open(at, encryption, &key, &download.meta, context).await?;
    let size = download.span.length;
    mailbox.set_total(size);
    let content = match opened {
        Opened::Gcm(content) => content,
        Opened::Cbc(cbc) => return get_padded(download, &cbc, mailbox, output).await,
    };
    if size > MAX_SIZE + TAG as u64 {
        return Err(refused());
    }
    let waits = output.is_ordered() && !unverified;
    let spools = waits && size > encryption.verify_buffer;
    let decryptor = Decryptor::new(content, size, !spools)?;
    let length = decryptor.length();
    download.transform = Some(decryptor.clone());
    let meta = std::mem::take(&mut download.meta);
    let reply = if spools {
        let spool = Spool::new().await?;
        download.fill(DownloadTarget::File(spool.stretch(0), 0)).await?;
        let mut first = 0;
        while first < length {
            let mut lot = spool.read(first, LOT.min(length - first) as usize).await?;
            decryptor.decrypt_unverified(first, &mut lot)?;
            first += lot.len() as u64;
            send(&mut output, mailbox, lot.freeze()).await?;
        }
        GetReply { length, ..GetReply::default() }
    } else if waits {
        let bytes = download.fill(DownloadTarget::memory(size)?).await?;
        send_all(&mut output, mailbox, bytes).await?;
        GetReply { length, ..GetReply::default() }
    } else {
        download.write(output).await?
    };
    Ok(GetReply { meta: object::shown_open(meta, length), ..reply })
}

async fn send_all(output: &mut Output, mailbox: &Mailbox, mut bytes: Bytes) -> Result<()> {
    while !bytes.is_empty() {
        let lot = bytes.split_to(bytes.len().min(LOT as usize));
        send(output, mailbox, lot).await?;
    }
    Ok(())
}

/// An object that nothing authenticates: nobody sees any of it before its padding was checked.
async fn get_padded(
    mut download: Download,
    cbc: &Cbc,
    mailbox: &Arc<Mailbox>,
    mut output: Output,
) -> Result<GetReply> {
    let meta = std::mem::take(&mut download.meta);
    download.streams = 1;
    let size = download.span.length;
    let whole = download.fill(DownloadTarget::memory(size)?).await?;
    let mut plain = whole.try_into_mut().unwrap_or_else(|shared| shared.as_ref().into());
    let length = cbc.decrypt(&mut plain)?;
    plain.truncate(length);
    let (plain, length) = (plain.freeze(), length as u64);
    let mut reply = GetReply { meta: object::shown_open(meta, length), offset: 0, length, body: None };
    match output {
        Output::File(mut draft) => {
            if !plain.is_empty() {
                draft.write(plain).await?;
            }
            draft.finish().await?;
        }
        Output::Memory => reply.body = Some(plain),
        _ => send_all(&mut output, mailbox, plain).await?,
    }
    Ok(reply)
}
