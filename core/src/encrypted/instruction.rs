//! Instruction files: an object's envelope as an object of its own, beside it.
//!
//! Invariant: an object never appears before the instruction file that opens it. If the call fails, the file
//! that was there before is put back.

use bytes::{Bytes, BytesMut};

use crate::crypto::{LARGEST, SUFFIX};
use crate::error::{ErrorKind, Result, fail};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::observe::{Level, event};
use crate::options::{Delete, Get, Put};
use crate::s3::{self, S3, fetch};

/// The text of an object's instruction file, if there is one.
pub(super) async fn read(at: &S3, key: &Key, suffix: &str) -> Result<Option<BytesMut>> {
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

/// Keeps the instruction file beside `key` as it is now, to be put back should the call end without the
/// object that another file is stored for: what stands there would no longer open.
pub(super) async fn guard(at: &S3, mailbox: &Mailbox, key: &Key) -> Result<u64> {
    let before = read(at, key, SUFFIX).await?.map(BytesMut::freeze);
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
pub(super) async fn store(at: &S3, file: &Key, text: Bytes) -> Result<()> {
    let sum = at.algorithm().await?.map(|algorithm| algorithm.of(&text));
    s3::put_whole(at, file, text, sum, &Put::default()).await.map(drop)
}

/// The key of an object's instruction file.
pub(super) fn beside(key: &Key) -> Key {
    Key(format!("{}{SUFFIX}", key.0))
}
