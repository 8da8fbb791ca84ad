//! `get` from a store that encrypts: whole objects, verified before anybody sees a byte of them.
//!
//! Law: a file appears, bytes are answered and a stream begins only after the tag of the whole was verified;
//! a range, or a stream that does not wait, is for who asks for `unverified` bytes by name, where the store
//! allows it. The commitment is checked always.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::budget::call_slot;
use super::cipher::Ciphertext;
use super::download::parallel::{How, fill};
use super::download::read_ahead::{send, stream};
use super::download::reader::{ObjectHandle, RangeReader};
use super::download::target::DownloadTarget;
use super::sealed::{self, plain_size};
use super::spans::{LEAST, Span};
use super::verify::Expected;
use crate::crypto::content::{MAX_SIZE, TAG};
use crate::crypto::{Cbc, Encryption, Opened, refused};
use crate::error::{Result, fail};
use crate::io::{Naming, Output, Sink, Spool};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{Get, Head};
use crate::reply::GetReply;
use crate::s3::{self, Body, S3, fetch};

/// Bytes that a stream is given at a time.
const LOT: u64 = 1 << 20;

/// Refuses to hand out what is not verified, where the store forbids it.
pub(crate) fn allowed(encryption: &Encryption, unverified: Option<bool>) -> Result<bool> {
    if unverified == Some(true) && encryption.verified_only {
        fail!(
            InvalidInput,
            "option `unverified` is forbidden by the store's setting `encryption_verified_only`"
        );
    }
    Ok(unverified == Some(true))
}

/// Refuses ranges to who did not ask for them as what they are.
pub(crate) fn ranges(encryption: &Encryption, unverified: Option<bool>) -> Result<()> {
    if allowed(encryption, unverified)? {
        return Ok(());
    }
    fail!(
        Unsupported,
        "a range of an encrypted object can't be verified by itself; fetch the whole, or ask for it with \
         `unverified`"
    )
}

pub(crate) async fn get(
    at: &S3,
    encryption: &Encryption,
    mailbox: &Arc<Mailbox>,
    key: Key,
    into: Sink,
    options: Get,
) -> Result<GetReply> {
    let unverified = allowed(encryption, options.unverified)?;
    if options.journal.is_some() {
        fail!(
            Unsupported,
            "option `journal` would keep decrypted bytes that nobody has verified; an encrypted object is \
             fetched without"
        );
    }
    if options.range.is_some() {
        ranges(encryption, options.unverified)?;
        return range(at, encryption, mailbox, key, into, options).await;
    }
    let mut output = Output::open(&into, Naming::Nameless).await?;
    let _slot = if output.is_ordered() { None } else { Some(call_slot().await?) };
    let begun = Instant::now();
    let body = fetch(at, &key, &options).await?;
    let latency = begun.elapsed();
    let (meta, size) = (body.meta.clone(), body.meta.known_size()?);
    if (body.offset, body.length) != (0, size) {
        fail!(Service, "the server answered with a range, and was asked for the whole");
    }
    let opened = sealed::open(at, encryption, &key, &meta, options.encryption_context.as_ref()).await?;
    mailbox.set_total(size);
    let found = ObjectHandle::new(at, key, &options, &meta);
    let expected = Expected::of(&body.checksums, size);
    let content = match opened {
        Opened::Gcm(content) => content,
        Opened::Cbc(cbc) => return padded(body, &cbc, found, expected, mailbox, output).await,
    };
    if size > MAX_SIZE + TAG as u64 {
        return Err(refused());
    }
    let splits = body.ranges && found.sure() && expected.in_any_order() && size >= 2 * LEAST;
    let streams = if splits { at.concurrency().await? as usize } else { 1 };
    let how = How { found: &found, mailbox, latency, streams };
    let reader = RangeReader::of(found.clone(), body, Span { first: 0, length: size })?;
    let spools = output.is_ordered() && !unverified && size > encryption.verify_buffer;
    let ciphertext = Ciphertext::new(content, size, !spools)?;
    let length = ciphertext.length();
    let mut reply = GetReply { meta: sealed::shown_open(meta, length), offset: 0, length, body: None };
    let through = |place| DownloadTarget::Sealed(Box::new(place), ciphertext.clone());
    match output {
        Output::File(draft) => {
            draft.reserve(length).await?;
            fill(reader, through(DownloadTarget::File(draft.stretch(0), 0)), expected, how).await?;
            draft.finish().await?;
        }
        Output::Memory => {
            reply.body = Some(fill(reader, through(DownloadTarget::memory(size)?), expected, how).await?)
        }
        _ if unverified => stream(reader, expected, Some(ciphertext.segment(0)), how, output).await?,
        _ if spools => {
            let spool = Spool::new().await?;
            fill(reader, through(DownloadTarget::File(spool.stretch(0), 0)), expected, how).await?;
            let mut first = 0;
            while first < length {
                let mut lot = spool.read(first, LOT.min(length - first) as usize).await?;
                ciphertext.cipher(first, &mut lot)?;
                first += lot.len() as u64;
                send(&mut output, mailbox, lot.freeze()).await?;
            }
        }
        _ => {
            let bytes = fill(reader, through(DownloadTarget::memory(size)?), expected, how).await?;
            send_all(&mut output, mailbox, bytes).await?;
        }
    }
    Ok(reply)
}

async fn send_all(output: &mut Output, mailbox: &Mailbox, mut bytes: Bytes) -> Result<()> {
    while !bytes.is_empty() {
        let lot = bytes.split_to(bytes.len().min(LOT as usize));
        send(output, mailbox, lot).await?;
    }
    Ok(())
}

/// An object that nothing authenticates: nobody sees any of it before its padding was seen.
async fn padded(
    body: Body,
    cbc: &Cbc,
    found: Arc<ObjectHandle>,
    expected: Expected,
    mailbox: &Arc<Mailbox>,
    mut output: Output,
) -> Result<GetReply> {
    let (meta, size) = (body.meta.clone(), body.meta.known_size()?);
    let reader = RangeReader::of(found.clone(), body, Span { first: 0, length: size })?;
    let how = How { found: &found, mailbox, latency: Default::default(), streams: 1 };
    let whole = fill(reader, DownloadTarget::memory(size)?, expected, how).await?;
    let mut plain = whole.try_into_mut().unwrap_or_else(|shared| shared.as_ref().into());
    let length = cbc.decrypt(&mut plain)?;
    plain.truncate(length);
    let (plain, length) = (plain.freeze(), length as u64);
    let mut reply = GetReply { meta: sealed::shown_open(meta, length), offset: 0, length, body: None };
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

/// A range in terms of the content, as it is: nothing says that it was not tampered with.
async fn range(
    at: &S3,
    encryption: &Encryption,
    mailbox: &Arc<Mailbox>,
    key: Key,
    into: Sink,
    options: Get,
) -> Result<GetReply> {
    let mut output = Output::open(&into, Naming::Nameless).await?;
    let asked = Head {
        version_id: options.version_id.clone(),
        if_match: options.if_match.clone(),
        if_none_match: options.if_none_match.clone(),
        if_modified_since: options.if_modified_since,
        if_unmodified_since: options.if_unmodified_since,
        sse_customer_key: options.sse_customer_key.clone(),
    };
    let meta = s3::head(at, mailbox, key.clone(), asked).await?;
    let ciphertext =
        sealed::ciphertext(at, encryption, &key, &meta, options.encryption_context.as_ref()).await?;
    let (first, length) =
        options.range.map_or(Ok((0, ciphertext.length())), |range| range.within(ciphertext.length()))?;
    mailbox.set_total(length);
    let found = ObjectHandle::new(at, key, &options, &meta);
    let mut stretch = Unverified::open(&found, &ciphertext, Span { first, length }).await?;
    let mut body = Vec::new();
    while let Some(lot) = stretch.next().await? {
        mailbox.advance(lot.len() as u64);
        match &mut output {
            Output::File(draft) => draft.write(lot).await?,
            Output::Memory => body.extend_from_slice(&lot),
            _ => send(&mut output, mailbox, lot).await?,
        }
    }
    let mut reply =
        GetReply { meta: sealed::shown_open(meta, ciphertext.length()), offset: first, length, body: None };
    match output {
        Output::File(draft) => draft.finish().await?,
        Output::Memory => reply.body = Some(body.into()),
        _ => {}
    }
    Ok(reply)
}

/// A stretch of an object's content, decrypted but not verified.
pub(crate) struct Unverified {
    reader: Option<RangeReader>,
    ciphertext: Arc<Ciphertext>,
    /// The object's byte at which `held` begins, a multiple of a block.
    at: u64,
    held: bytes::BytesMut,
    /// Bytes before the stretch that are still to be dropped.
    before: usize,
}

impl Unverified {
    /// The stretch of these bytes of the content.
    pub(crate) async fn open(
        found: &Arc<ObjectHandle>,
        ciphertext: &Arc<Ciphertext>,
        span: Span,
    ) -> Result<Unverified> {
        let before = span.first % 16;
        let whole = Span { first: span.first - before, length: span.length + before };
        let reader =
            if span.length == 0 { None } else { Some(RangeReader::open(found.clone(), whole).await?) };
        Ok(Unverified {
            reader,
            ciphertext: ciphertext.clone(),
            at: whole.first,
            held: bytes::BytesMut::new(),
            before: before as usize,
        })
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        while let Some(reader) = &mut self.reader {
            match reader.next().await? {
                Some(chunk) => {
                    self.held.extend_from_slice(&chunk);
                    if self.held.len() < LOT as usize {
                        continue;
                    }
                }
                None => self.reader = None,
            }
            let whole = if self.reader.is_some() { self.held.len() / 16 * 16 } else { self.held.len() };
            let mut lot = self.held.split_to(whole);
            self.ciphertext.cipher(self.at, &mut lot)?;
            self.at += lot.len() as u64;
            let before = std::mem::take(&mut self.before).min(lot.len());
            let lot = lot.split_off(before);
            if !lot.is_empty() {
                return Ok(Some(lot.freeze()));
            }
        }
        Ok(None)
    }
}

/// The ranges of `get_ranges`, under the same rules.
pub(crate) async fn get_ranges(
    at: &S3,
    encryption: &Encryption,
    mailbox: &Arc<Mailbox>,
    key: Key,
    asked: Vec<crate::value::ByteRange>,
    options: crate::options::GetRanges,
) -> Result<Vec<Bytes>> {
    ranges(encryption, options.unverified)?;
    let one = Get {
        version_id: options.version_id,
        if_match: options.if_match,
        sse_customer_key: options.sse_customer_key,
        ..Get::default()
    };
    let head = Head {
        version_id: one.version_id.clone(),
        if_match: one.if_match.clone(),
        sse_customer_key: one.sse_customer_key.clone(),
        ..Head::default()
    };
    let meta = s3::head(at, mailbox, key.clone(), head).await?;
    let ciphertext =
        sealed::ciphertext(at, encryption, &key, &meta, options.encryption_context.as_ref()).await?;
    let found = ObjectHandle::new(at, key, &one, &meta);
    let mut pieces = Vec::with_capacity(asked.len());
    for range in asked {
        let (first, length) = range.within(plain_size(&meta)?)?;
        let mut stretch = Unverified::open(&found, &ciphertext, Span { first, length }).await?;
        let mut piece = bytes::BytesMut::new();
        while let Some(lot) = stretch.next().await? {
            mailbox.advance(lot.len() as u64);
            piece.extend_from_slice(&lot);
        }
        pieces.push(piece.freeze());
    }
    Ok(pieces)
}
