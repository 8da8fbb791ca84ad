//! Whether an object of a store that encrypts lies there in the clear.

use std::sync::Arc;

use super::encryption;
use super::instruction;
use crate::crypto::envelope_of;
use crate::error::{ErrorKind, Result};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::Head;
use crate::reply::ObjectMeta;
use crate::s3::{self, S3};

/// The object's metadata, if nothing about it is encrypted: it has no envelope, and no instruction file is
/// beside it. None also for an object that is not there.
pub(crate) async fn clear(at: &S3, mailbox: &Arc<Mailbox>, key: &Key) -> Result<Option<ObjectMeta>> {
    let meta = match s3::head(at, mailbox, key.clone(), Head::default()).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        meta => meta?,
    };
    let has_file = instruction::read(at, key, &encryption(at)?.suffix).await?.is_some();
    Ok((envelope_of(&meta.metadata).is_empty() && !has_file).then_some(meta))
}
