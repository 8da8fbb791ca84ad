//! What goes before the bytes of a source: objects that the server copies into the first parts of the upload.
//!
//! Invariant: all bytes of an object are of the state that it had when it was looked up. A piece that is too
//! small for a part is fetched and goes with what follows it.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::checksum::Algorithm;
use crate::error::Result;
use crate::keys::{Key, Keys};
use crate::mailbox::Mailbox;
use crate::options::{Copy, CustomerKey, GetRanges, Head, Put};
use crate::s3::{Part, PartName, S3, copy_part, head, is_weak, put_part, quoted};
use crate::transfer::copy::{COPY_PART, copy_source};
use crate::transfer::get_ranges;
use crate::transfer::plan::parts;
use crate::transfer::source::PartBody;
use crate::transfer::tasks::each;
use crate::value::ByteRange;

/// The least that a part may have, unless it is the last.
const LEAST: u64 = 5 << 20;

/// Parts of small pieces that are in memory at a time.
const GATHERED: usize = 8;

/// Objects that were looked up, and what becomes of their bytes.
pub(super) struct Before {
    objects: Arc<Vec<Predecessor>>,
    pieces: Vec<PlannedPart>,
    /// What is too small for a part and goes before the first bytes of the source.
    rest: Vec<Slice>,
}

struct Predecessor {
    key: Key,
    version_id: Option<String>,
    etag: Option<String>,
    modified: Option<SystemTime>,
    size: u64,
}

/// Bytes of an object.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Slice {
    object: usize,
    first: u64,
    length: u64,
}

/// One part.
#[derive(Clone, Debug, PartialEq)]
enum PlannedPart {
    Copied(Slice),
    Fetched(Vec<Slice>),
}

impl Before {
    /// Looks the objects up.
    pub(super) async fn open(
        at: &S3,
        mailbox: &Arc<Mailbox>,
        keys: Keys,
        customer_key: Option<&CustomerKey>,
    ) -> Result<Before> {
        let looks = keys.0.into_iter().map(|(key, version_id)| {
            let (at, mailbox, customer_key) = (at.clone(), mailbox.clone(), customer_key.cloned());
            async move {
                key.check_text()?;
                let asked = Head {
                    version_id: version_id.clone(),
                    sse_customer_key: customer_key,
                    ..Head::default()
                };
                let dressed = key.0.clone();
                let meta = head(&at, &mailbox, key.clone(), asked)
                    .await
                    .map_err(|error| error.with_key(&dressed))?;
                let size = meta.known_size()?;
                Ok(Predecessor { key, version_id, etag: meta.etag, modified: meta.last_modified, size })
            }
        });
        let objects = each(at, looks).await?;
        let sizes: Vec<u64> = objects.iter().map(|object| object.size).collect();
        let (pieces, rest) = plan(&sizes);
        Ok(Before { objects: Arc::new(objects), pieces, rest })
    }

    /// Their bytes altogether.
    pub(super) fn size(&self) -> u64 {
        self.objects.iter().map(|object| object.size).sum()
    }

    /// Whether no part is filled before the source begins.
    pub(super) fn is_small(&self) -> bool {
        self.pieces.is_empty()
    }

    /// What goes before the first bytes of the source, in their part.
    pub(super) async fn rest(&self, at: &S3, mailbox: &Arc<Mailbox>, options: &Put) -> Result<Bytes> {
        fetch(at, mailbox, &self.objects, &self.rest, options.sse_customer_key.as_ref()).await
    }

    /// Copies the pieces into the first parts of an upload.
    pub(super) async fn send(
        &self,
        at: &S3,
        mailbox: &Arc<Mailbox>,
        key: &Arc<Key>,
        upload_id: &Arc<str>,
        options: &Arc<Put>,
        algorithm: Option<Algorithm>,
    ) -> Result<Vec<Part>> {
        let keys = Arc::new(Copy {
            sse_customer_key: options.sse_customer_key.clone(),
            source_sse_customer_key: options.sse_customer_key.clone(),
            ..Copy::default()
        });
        let turns = Arc::new(Semaphore::new(GATHERED));
        let sent = self.pieces.iter().cloned().zip(1..).map(|(piece, number)| {
            let (at, mailbox, key, upload_id) = (at.clone(), mailbox.clone(), key.clone(), upload_id.clone());
            let (objects, options, keys) = (self.objects.clone(), options.clone(), keys.clone());
            let turns = turns.clone();
            async move {
                let slices = match piece {
                    PlannedPart::Copied(slice) => {
                        let object = &objects[slice.object];
                        let source = copy_source(&at, &object.key, object.version_id.as_deref());
                        let etag = object.etag.as_deref().filter(|etag| !is_weak(etag)).map(quoted);
                        let is = (etag.as_deref(), object.modified.filter(|_| etag.is_none()));
                        let span = (slice.first, slice.length);
                        let _slot = at.slot().await?;
                        let part = copy_part(&at, &key, &upload_id, number, &source, is, span, &keys).await?;
                        mailbox.advance(slice.length);
                        return Ok(part);
                    }
                    PlannedPart::Fetched(slices) => slices,
                };
                let _turn = turns.acquire().await;
                let customer_key = options.sse_customer_key.as_ref();
                let bytes = fetch(&at, &mailbox, &objects, &slices, customer_key).await?;
                let body = PartBody { bytes, checksum: None }.summed(algorithm).await?;
                let _slot = at.slot().await?;
                let name = PartName { upload_id: &upload_id, number };
                put_part(&at, &key, name, body.bytes, body.checksum, &options, None).await
            }
        });
        each(at, sent).await
    }
}

/// A part that begins with these bytes.
pub(super) async fn behind(rest: Bytes, body: PartBody) -> Result<PartBody> {
    if rest.is_empty() {
        return Ok(body);
    }
    let algorithm = body.checksum.map(|sum| sum.algorithm);
    PartBody { bytes: [rest, body.bytes].concat().into(), checksum: None }.summed(algorithm).await
}

/// The bytes of slices, one after the other.
async fn fetch(
    at: &S3,
    mailbox: &Arc<Mailbox>,
    objects: &[Predecessor],
    slices: &[Slice],
    customer_key: Option<&CustomerKey>,
) -> Result<Bytes> {
    let fetched = slices.iter().map(|slice| {
        let object = &objects[slice.object];
        let range = ByteRange::FromTo(slice.first, slice.first + slice.length - 1);
        let options = GetRanges {
            version_id: object.version_id.clone(),
            if_match: object.etag.clone(),
            sse_customer_key: customer_key.cloned(),
            ..GetRanges::default()
        };
        let (at, mailbox, key) = (at.clone(), mailbox.clone(), object.key.clone());
        async move { get_ranges(&at, &mailbox, key, vec![range], options).await }
    });
    Ok(each(at, fetched).await?.concat().concat().into())
}

/// The parts that objects of these sizes are joined in, and what is left for the part behind them.
fn plan(sizes: &[u64]) -> (Vec<PlannedPart>, Vec<Slice>) {
    let (mut pieces, mut held, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (object, size) in sizes.iter().enumerate() {
        let mut first = 0;
        if bytes > 0 {
            first = (LEAST - bytes).min(*size);
            held.extend((first > 0).then_some(Slice { object, first: 0, length: first }));
            bytes += first;
            if bytes == LEAST {
                pieces.push(PlannedPart::Fetched(std::mem::take(&mut held)));
                bytes = 0;
            }
        }
        let left = size - first;
        if left >= LEAST {
            // Equal parts: none of them is too small.
            let part = left.div_ceil(left.div_ceil(COPY_PART));
            let copied = parts(left, part)
                .map(|(at, length)| PlannedPart::Copied(Slice { object, first: first + at, length }));
            pieces.extend(copied);
        } else if left > 0 {
            held.push(Slice { object, first, length: left });
            bytes += left;
        }
    }
    (pieces, held)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// Each part as the slices in it, and what is left.
    fn planned(sizes: &[u64]) -> (Vec<Vec<Slice>>, Vec<Slice>) {
        let (pieces, rest) = plan(sizes);
        let slices = |piece| match piece {
            PlannedPart::Copied(slice) => vec![slice],
            PlannedPart::Fetched(slices) => slices,
        };
        (pieces.into_iter().map(slices).collect(), rest)
    }

    #[test]
    fn every_byte_goes_once_and_in_order_and_no_part_is_too_small() {
        for sizes in [
            &[][..],
            &[0],
            &[1],
            &[5 * MIB - 1],
            &[5 * MIB],
            &[5 * MIB, 1, 5 * MIB],
            &[MIB, 20 * MIB, MIB, 0, 7 * MIB, 3 * MIB],
            &[MIB; 12],
            &[1, 6 << 30, 2],
            &[513 * MIB],
        ] {
            let (parts, rest) = planned(sizes);
            let length = |slices: &[Slice]| slices.iter().map(|slice| slice.length).sum::<u64>();
            assert!(parts.iter().all(|slices| (LEAST..=COPY_PART).contains(&length(slices))), "{sizes:?}");
            assert!(length(&rest) < LEAST, "{sizes:?}");
            let mut reached = vec![0; sizes.len()];
            let mut last = 0;
            for slice in parts.into_iter().flatten().chain(rest) {
                assert!(slice.object >= last && slice.length > 0 && reached[slice.object] == slice.first);
                reached[slice.object] += slice.length;
                last = slice.object;
            }
            assert_eq!(reached, sizes);
        }
    }

    #[test]
    fn a_large_object_is_copied_alone() {
        assert_eq!(plan(&[8 * MIB]).0, [PlannedPart::Copied(Slice { object: 0, first: 0, length: 8 * MIB })]);
        let (pieces, rest) = plan(&[8 * MIB, MIB]);
        assert_eq!((pieces.len(), rest), (1, vec![Slice { object: 1, first: 0, length: MIB }]));
    }
}
