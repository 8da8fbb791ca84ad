//! `usage`: how many objects there are under a prefix, and their bytes.
//!
//! Invariant: costs what a listing costs, and keeps one page in memory.

use std::sync::Arc;

use super::At;
use crate::error::Result;
use crate::keys::Prefix;
use crate::local;
use crate::mailbox::Mailbox;
use crate::options::{List, NoOptions};
use crate::reply::Usage;

pub(crate) async fn usage<'a>(
    at: impl Into<At<'a>>,
    mailbox: &Arc<Mailbox>,
    prefix: Prefix,
    _: NoOptions,
) -> Result<Usage> {
    let at = at.into();
    mailbox.count_objects(None);
    let mut usage = Usage::default();
    let mut page = List::default();
    loop {
        let listed = at.list(mailbox, Prefix(prefix.0.clone()), page).await?;
        usage.objects += listed.entries.len() as u64;
        usage.size += listed.entries.iter().map(|entry| entry.size).sum::<u64>();
        mailbox.advance_objects(listed.entries.len() as u64);
        let Some(next) = listed.next else { break };
        page = List { continuation: Some(next), ..List::default() };
    }
    if let At::Local(local) = at {
        usage.free = Some(local::free_space(local).await?);
    }
    Ok(usage)
}
