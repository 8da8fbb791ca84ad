//! `verify`: reads every object under a prefix as `get` does, and keeps none of the bytes.
//!
//! Invariant: an object that can't be read whole and right is a row of the reply. An object that was deleted
//! since it was listed is neither. An error that concerns all objects fails the call.

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use futures_util::StreamExt;

use super::objects::own;
use super::{At, each, limit};
use crate::encrypted;
use crate::error::{Error, ErrorKind, Result};
use crate::io::Sink;
use crate::keys::{Key, Prefix};
use crate::mailbox::Mailbox;
use crate::options::{Get, List, Verify};
use crate::reply::{BadObject, VerifyReply};

/// Where the bytes go: a device takes them in order, so that memory is bounded as for a stream.
const NOWHERE: &str = "/dev/null";

pub(crate) async fn verify<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    prefix: Prefix,
    options: Verify,
) -> Result<VerifyReply> {
    let (at, limit) = (at.into(), limit(options.max_concurrency)?);
    let mut reply = VerifyReply::default();
    let mut page = List { start_after: options.start_after, ..List::default() };
    loop {
        let listed = at.list(mailbox, Prefix(prefix.0.clone()), page).await?;
        let keys: Vec<String> =
            listed.entries.into_iter().filter(|entry| !entry.is_prefix).map(|entry| entry.key).collect();
        let read = |mailbox: Arc<Mailbox>, key: String| async move { at.read(&mailbox, Key(key)).await };
        let mut outcomes = pin!(each(mailbox, limit, keys.clone(), read));
        while let Some((number, outcome)) = outcomes.next().await {
            match outcome {
                Ok(length) => {
                    reply.verified += 1;
                    reply.size += length;
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => reply.failed.push(bad(&keys[number], error)?),
            }
        }
        let Some(next) = listed.next else { break };
        page = List { continuation: Some(next), ..List::default() };
    }
    reply.failed.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(reply)
}

fn bad(key: &str, error: Error) -> Result<BadObject> {
    let (error, message) = own(error)?;
    Ok(BadObject {
        key: key.to_owned(),
        error: error.unwrap_or_default(),
        message: message.unwrap_or_default(),
    })
}

impl At<'_> {
    /// Reads the whole object and returns its length.
    async fn read(self, mailbox: &Arc<Mailbox>, key: Key) -> Result<u64> {
        let nowhere = Sink::File(PathBuf::from(NOWHERE));
        let reply = match self {
            // Nobody sees a byte, so none waits for the verification of the whole.
            At::Encrypted(at) => encrypted::read_through(at, mailbox, key, nowhere).await,
            at => at.get(mailbox, key, nowhere, Get::default()).await,
        };
        Ok(reply?.length)
    }
}
