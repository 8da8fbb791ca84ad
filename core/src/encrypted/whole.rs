//! An encrypted object that was fetched whole and verified, from which bytes are read at any offset.
//!
//! Invariant: one exists only after the tag of the whole was verified. A large one lies on disk as
//! ciphertext, in a file without a name; the key is in memory only.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::decryptor::Decryptor;
use super::object;
use crate::crypto::content::{MAX_SIZE, TAG};
use crate::crypto::{Encryption, Opened, refused};
use crate::error::Result;
use crate::io::{Output, Spool};
use crate::mailbox::Mailbox;
use crate::reply::{GetReply, ObjectMeta};
use crate::transfer::{Download, DownloadTarget, Span, send};

/// Bytes that are decrypted and handed out at a time.
const LOT: u64 = 1 << 20;

/// The cipher works on blocks.
const BLOCK: u64 = 16;

pub(super) struct VerifiedObject {
    /// As the object's owner put it.
    meta: ObjectMeta,
    /// Bytes of the content.
    pub(super) length: u64,
    bytes: VerifiedBytes,
}

enum VerifiedBytes {
    /// The content.
    Memory(Bytes),
    /// The ciphertext, and what decrypts it.
    Disk(Spool, Arc<Decryptor>),
}

impl VerifiedObject {
    /// Fetches the rest of the download and verifies the whole.
    pub(super) async fn fetch(
        mut download: Download,
        encryption: &Encryption,
        opened: Opened,
    ) -> Result<VerifiedObject> {
        let meta = std::mem::take(&mut download.meta);
        let size = download.span.length;
        let bytes = match opened {
            Opened::Gcm(content) => {
                if size > MAX_SIZE + TAG as u64 {
                    return Err(refused());
                }
                let is_large = size > encryption.verify_buffer;
                let decryptor = Decryptor::new(content, size, !is_large)?;
                download.transform = Some(decryptor.clone());
                if is_large {
                    let spool = Spool::new().await?;
                    download.fill(DownloadTarget::File(spool.stretch(0), 0)).await?;
                    let length = decryptor.length();
                    let meta = object::shown_open(meta, length);
                    return Ok(VerifiedObject { meta, length, bytes: VerifiedBytes::Disk(spool, decryptor) });
                }
                download.fill(DownloadTarget::memory(size)?).await?
            }
            // Nothing authenticates it, and only the whole shows its padding.
            Opened::Cbc(cbc) => {
                download.streams = 1;
                let whole = download.fill(DownloadTarget::memory(size)?).await?;
                let mut plain = whole.try_into_mut().unwrap_or_else(|shared| shared.as_ref().into());
                let length = cbc.decrypt(&mut plain)?;
                plain.truncate(length);
                plain.freeze()
            }
        };
        let length = bytes.len() as u64;
        Ok(VerifiedObject {
            meta: object::shown_open(meta, length),
            length,
            bytes: VerifiedBytes::Memory(bytes),
        })
    }

    /// Bytes that it takes in memory, and on disk.
    pub(super) fn takes(&self) -> (u64, u64) {
        match &self.bytes {
            VerifiedBytes::Memory(_) => (self.length, 0),
            VerifiedBytes::Disk(..) => (0, self.length),
        }
    }

    /// Bytes of the content, all of which are in it.
    pub(super) async fn read(&self, span: Span) -> Result<Bytes> {
        match &self.bytes {
            VerifiedBytes::Memory(bytes) => Ok(bytes.slice(span.first as usize..span.end() as usize)),
            VerifiedBytes::Disk(spool, decryptor) => {
                let before = span.first % BLOCK;
                let first = span.first - before;
                let mut lot = spool.read(first, (before + span.length) as usize).await?;
                decryptor.decrypt_unverified(first, &mut lot)?;
                Ok(lot.split_off(before as usize).freeze())
            }
        }
    }

    /// Hands out some of the content; with `counts` that is progress of the call.
    pub(super) async fn hand_out(
        &self,
        span: Span,
        mut output: Output,
        mailbox: &Mailbox,
        counts: bool,
    ) -> Result<GetReply> {
        let mut reply =
            GetReply { meta: self.meta.clone(), offset: span.first, length: span.length, body: None };
        let mut left = span;
        let mut body = BytesMut::new();
        if matches!((&output, &self.bytes), (Output::Memory, VerifiedBytes::Memory(_))) {
            reply.body = Some(self.read(span).await?);
            left.length = 0;
            mailbox.advance(if counts { span.length } else { 0 });
        } else if matches!(output, Output::Memory) {
            let DownloadTarget::Memory(room) = DownloadTarget::memory(span.length)? else { return Ok(reply) };
            body = room;
        }
        while left.length > 0 {
            let lot = Span { first: left.first, length: left.length.min(LOT) };
            let bytes = self.read(lot).await?;
            left = Span { first: lot.end(), length: left.length - lot.length };
            if counts {
                mailbox.advance(lot.length);
            }
            match &mut output {
                Output::File(draft) => draft.write(bytes).await?,
                Output::Memory => body.extend_from_slice(&bytes),
                _ => send(&mut output, mailbox, bytes).await?,
            }
        }
        match output {
            Output::File(draft) => draft.finish().await?,
            Output::Memory if reply.body.is_none() => reply.body = Some(body.freeze()),
            _ => {}
        }
        Ok(reply)
    }
}
