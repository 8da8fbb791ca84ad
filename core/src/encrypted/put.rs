//! `put` to a store that encrypts.
//!
//! Invariant: a put that can be refused is refused before the request to KMS.

use std::sync::Arc;

use super::encryption;
use super::encryptor::{Encryptor, FRAME};
use crate::error::{Result, fail};
use crate::io::Source;
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::Put;
use crate::reply::PutReply;
use crate::s3::S3;
use crate::transfer::SourceUpload;

pub(crate) async fn put(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: Key,
    source: Source,
    options: Put,
) -> Result<PutReply> {
    if options.after.is_some() {
        fail!(Unsupported, "option `after` joins objects on the server, which can't join encrypted ones");
    }
    let mut upload = SourceUpload::open(at, mailbox, key, source.clone(), options, Some(FRAME)).await?;
    // Takes the source: while it is held elsewhere, its bytes could not be encrypted where they are.
    let encryptor = Box::pin(Encryptor::start(encryption(at)?, &mut upload, source)).await?;
    upload.transform = Some(Box::new(encryptor));
    upload.run().await
}
