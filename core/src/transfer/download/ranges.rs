//! `get_ranges`: many ranges of one object, by as few requests as pays.
//!
//! Invariants: all bytes are of one state of the object, or the call is `Changed`; they come in the order
//! asked for, each range cut to the object's end as `get` cuts it. Requests run side by side within the
//! store's slots.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;

use super::Download;
use super::reader::changed;
use super::target::DownloadTarget;
use crate::error::Result;
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::observe;
use crate::options::{Get, GetRanges};
use crate::runtime::workers;
use crate::s3::S3;
use crate::transfer::refuse_context;
use crate::transfer::spans::{Span, join};
use crate::transfer::tasks::joined;
use crate::value::ByteRange;

/// Bytes between two ranges that are fetched with them rather than asked around.
const GAP: u64 = 64 << 10;

pub(crate) async fn get_ranges(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    key: Key,
    ranges: Vec<ByteRange>,
    options: GetRanges,
) -> Result<Vec<Bytes>> {
    refuse_context(options.encryption_context.as_ref())?;
    let one = Get {
        version_id: options.version_id,
        if_match: options.if_match,
        sse_customer_key: options.sse_customer_key,
        ..Get::default()
    };
    let mut tasks = JoinSet::new();
    for (range, members) in asks(&ranges, options.gap.unwrap_or(GAP)) {
        let (at, mailbox_of, key) = (at.clone(), mailbox.clone(), key.clone());
        let asked = Get { range: Some(range), ..one.clone() };
        tasks.spawn_on(
            observe::within(mailbox.clone(), async move {
                fetch_range(&at, &mailbox_of, key, asked).await.map(|fetched| (members, fetched))
            }),
            &workers(),
        );
    }
    let mut found = vec![Bytes::new(); ranges.len()];
    let mut first: Option<FetchedRange> = None;
    while let Some(ended) = tasks.join_next().await {
        let (members, fetched) = joined(Some(ended))?;
        for member in members {
            let (first, length) = ranges[member].within(fetched.size)?;
            let from = (first - fetched.first) as usize;
            found[member] = fetched.bytes.slice(from..from + length as usize);
        }
        let before = first.get_or_insert_with(|| fetched.clone());
        if (&before.etag, before.size) != (&fetched.etag, fetched.size) {
            return Err(changed());
        }
    }
    Ok(found)
}

/// What to ask for, and which ranges each answer holds. Where a range begins that counts from the end is not
/// known beforehand.
fn asks(ranges: &[ByteRange], gap: u64) -> Vec<(ByteRange, Vec<usize>)> {
    let mut known = Vec::new();
    let mut alone = Vec::new();
    for (member, range) in ranges.iter().enumerate() {
        match *range {
            ByteRange::FromTo(first, last) => {
                known.push((member, Span { first, length: (last - first).saturating_add(1) }))
            }
            ByteRange::From(_) | ByteRange::Suffix(_) => alone.push((*range, vec![member])),
        }
    }
    let joined = join(&known, gap).into_iter().map(|group| (group.span.range(), group.members));
    joined.chain(alone).collect()
}

/// Bytes that one request fetched, and of what.
#[derive(Clone)]
struct FetchedRange {
    etag: Option<String>,
    size: u64,
    first: u64,
    bytes: Bytes,
}

async fn fetch_range(at: &S3, mailbox: &Arc<Mailbox>, key: Key, asked: Get) -> Result<FetchedRange> {
    let slot = at.slot().await?;
    let mut download = Download::start(at, mailbox, key, &asked).await?;
    // A large range is fetched by further requests, which wait for slots themselves.
    let _slot = (download.streams == 1).then_some(slot);
    // Requests run side by side already, however far the server is.
    download.latency = Duration::ZERO;
    let (etag, size) = (download.meta.etag.clone(), download.meta.known_size()?);
    let Span { first, length } = download.span;
    let bytes = download.fill(DownloadTarget::memory(length)?).await?;
    Ok(FetchedRange { etag, size, first, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_request() {
        let ranges = [
            ByteRange::FromTo(100, 199),
            ByteRange::Suffix(5),
            ByteRange::FromTo(0, 9),
            ByteRange::FromTo(20, 29),
            ByteRange::From(7),
        ];
        assert_eq!(
            asks(&ranges, 10),
            [
                (ByteRange::FromTo(0, 29), vec![2, 3]),
                (ByteRange::FromTo(100, 199), vec![0]),
                (ByteRange::Suffix(5), vec![1]),
                (ByteRange::From(7), vec![4]),
            ]
        );
        assert_eq!(asks(&[ByteRange::FromTo(0, u64::MAX), ByteRange::FromTo(5, 6)], 0).len(), 1);
        assert!(asks(&[], 0).is_empty());
    }
}
