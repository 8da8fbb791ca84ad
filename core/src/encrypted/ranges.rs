//! Ranges of encrypted objects, which cannot be verified by themselves.
//!
//! Invariant: they are read from a whole that was verified, or are for a caller that asks for `unverified`
//! bytes by name, where the store allows it.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::decryptor::Decryptor;
use super::kept::verified;
use super::{encryption, object};
use crate::crypto::Encryption;
use crate::error::{Result, fail};
use crate::io::{Naming, Output, Sink};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{Get, GetRanges, Head};
use crate::reply::GetReply;
use crate::s3::{self, S3};
use crate::transfer::{ObjectHandle, RangeReader, Span, send};
use crate::value::ByteRange;

/// Bytes that are decrypted at a time.
const LOT: usize = 1 << 20;

/// Refuses to hand out what is not verified, where the store forbids it.
pub(super) fn allowed(encryption: &Encryption, unverified: Option<bool>) -> Result<bool> {
    if unverified == Some(true) && encryption.verified_only {
        fail!(
            InvalidInput,
            "option `unverified` is forbidden by the store's setting `encryption_verified_only`"
        );
    }
    Ok(unverified == Some(true))
}

/// Refuses ranges to a caller that did not ask for unverified bytes.
pub(super) fn check_ranges(encryption: &Encryption, unverified: Option<bool>) -> Result<()> {
    if allowed(encryption, unverified)? {
        return Ok(());
    }
    fail!(
        Unsupported,
        "a range of an encrypted object can't be verified by itself; ask for it with `whole`, which fetches \
         and verifies the whole object first, or with `unverified`"
    )
}

/// A range of the content, as it is: nothing proves that it was not tampered with.
pub(super) async fn get_range(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: Key,
    into: Sink,
    options: Get,
) -> Result<GetReply> {
    let mut output = Output::open(&into, Naming::Nameless).await?;
    let meta = s3::head(at, mailbox, key.clone(), Head::from(&options)).await?;
    let decryptor =
        object::decryptor(at, encryption(at)?, &key, &meta, options.encryption_context.as_ref()).await?;
    let span = Span::of(options.range, decryptor.length())?;
    mailbox.set_total(span.length);
    let handle = ObjectHandle::new(at, key, &options, &meta);
    let mut stretch = Unverified::open(&handle, &decryptor, span).await?;
    let mut body = Vec::new();
    while let Some(lot) = stretch.next().await? {
        mailbox.advance(lot.len() as u64);
        match &mut output {
            Output::File(draft) => draft.write(lot).await?,
            Output::Memory => body.extend_from_slice(&lot),
            _ => send(&mut output, mailbox, lot).await?,
        }
    }
    let mut reply = GetReply {
        meta: object::shown_open(meta, decryptor.length()),
        offset: span.first,
        length: span.length,
        body: None,
    };
    match output {
        Output::File(draft) => draft.finish().await?,
        Output::Memory => reply.body = Some(body.into()),
        _ => {}
    }
    Ok(reply)
}

pub(crate) async fn get_ranges(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: Key,
    asked: Vec<ByteRange>,
    options: GetRanges,
) -> Result<Vec<Bytes>> {
    let encryption = encryption(at)?;
    let one = Get {
        version_id: options.version_id,
        if_match: options.if_match,
        sse_customer_key: options.sse_customer_key,
        encryption_context: options.encryption_context,
        ..Get::default()
    };
    if options.whole == Some(true) && !allowed(encryption, options.unverified)? {
        let (object, fetched) = verified(at, mailbox, &key, &one).await?;
        let mut pieces = Vec::with_capacity(asked.len());
        for range in asked {
            let span = Span::of(Some(range), object.length)?;
            pieces.push(object.read(span).await?);
            mailbox.advance(if fetched { 0 } else { span.length });
        }
        return Ok(pieces);
    }
    check_ranges(encryption, options.unverified)?;
    let meta = s3::head(at, mailbox, key.clone(), Head::from(&one)).await?;
    let decryptor = object::decryptor(at, encryption, &key, &meta, one.encryption_context.as_ref()).await?;
    let handle = ObjectHandle::new(at, key, &one, &meta);
    let mut pieces = Vec::with_capacity(asked.len());
    for range in asked {
        let span = Span::of(Some(range), object::plain_size(&meta)?)?;
        let mut stretch = Unverified::open(&handle, &decryptor, span).await?;
        let mut piece = BytesMut::new();
        while let Some(lot) = stretch.next().await? {
            mailbox.advance(lot.len() as u64);
            piece.extend_from_slice(&lot);
        }
        pieces.push(piece.freeze());
    }
    Ok(pieces)
}

/// A stretch of an object's content, decrypted but not verified.
struct Unverified {
    reader: Option<RangeReader>,
    decryptor: Arc<Decryptor>,
    /// The object's byte at which `held` begins, a multiple of a block.
    at: u64,
    held: BytesMut,
    /// Bytes before the stretch that are still to be dropped.
    before: usize,
}

impl Unverified {
    /// The stretch of these bytes of the content.
    async fn open(object: &Arc<ObjectHandle>, decryptor: &Arc<Decryptor>, span: Span) -> Result<Unverified> {
        let before = span.first % 16;
        let whole = Span { first: span.first - before, length: span.length + before };
        let reader =
            if span.length == 0 { None } else { Some(RangeReader::open(object.clone(), whole).await?) };
        Ok(Unverified {
            reader,
            decryptor: decryptor.clone(),
            at: whole.first,
            held: BytesMut::new(),
            before: before as usize,
        })
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        while let Some(reader) = &mut self.reader {
            match reader.next().await? {
                Some(chunk) => {
                    self.held.extend_from_slice(&chunk);
                    if self.held.len() < LOT {
                        continue;
                    }
                }
                None => self.reader = None,
            }
            let whole = if self.reader.is_some() { self.held.len() / 16 * 16 } else { self.held.len() };
            let mut lot = self.held.split_to(whole);
            self.decryptor.decrypt_unverified(self.at, &mut lot)?;
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
