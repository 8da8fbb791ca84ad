//! How an object is cut into parts: pure arithmetic that knows neither S3 requests nor AWS.
//!
//! Source of the limits: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>

/// Parts an upload may have.
pub(super) const MAX_PARTS: u64 = 10_000;

/// Bytes an object may have: 5 TiB.
pub(super) const MAX_SIZE: u64 = 5 << 40;

/// Bytes that one copy request or one part may have: 5 GiB.
pub(super) const MAX_PART: u64 = 5 << 30;

/// Parts of one size before parts of unknown total double: even from 5 MiB, eleven steps pass 5 TiB.
const STEP: u64 = 900;

/// The part size for an object of `size` bytes: the wanted one, grown in whole MiB if that would need too many parts.
pub(super) fn part_size(size: u64, wanted: u64) -> u64 {
    let least = size.div_ceil(MAX_PARTS);
    if least <= wanted { wanted } else { least.next_multiple_of(1 << 20) }
}

/// The size of part `number` (from 1) when nobody knows how many will come: it doubles every 900 parts.
pub(super) fn growing_part_size(number: u64, wanted: u64) -> u64 {
    (wanted << ((number - 1) / STEP)).min(MAX_PART)
}

/// First byte and length of each part.
pub(super) fn parts(size: u64, part_size: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..size.div_ceil(part_size)).map(move |index| {
        let first = index * part_size;
        (first, part_size.min(size - first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_object_once() {
        for size in [1, 5, 8 << 20, (8 << 20) + 1, 123_456_789, MAX_SIZE] {
            let part = part_size(size, 8 << 20);
            let (mut next, mut count) = (0, 0);
            for (first, length) in parts(size, part) {
                assert_eq!(first, next);
                assert!(length > 0 && length <= MAX_PART);
                (next, count) = (first + length, count + 1);
            }
            assert_eq!(next, size);
            assert!(count <= MAX_PARTS, "{count}");
        }
    }

    #[test]
    fn growing_parts_reach_the_largest_object() {
        for wanted in [5 << 20, 8 << 20, 1 << 30] {
            let total: u64 = (1..=MAX_PARTS).map(|number| growing_part_size(number, wanted)).sum();
            assert!(total >= MAX_SIZE, "{wanted}: {total}");
        }
    }
}
