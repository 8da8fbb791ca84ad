//! How an object is cut into parts: pure arithmetic, without requests.
//!
//! Source of the limits: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>

/// Parts an upload may have, unless a server allows fewer.
pub(crate) const MAX_PARTS: u64 = 10_000;

/// Bytes an object may have: 5 TiB.
pub(crate) const MAX_SIZE: u64 = 5 << 40;

/// Bytes that one copy request or one part may have: 5 GiB.
pub(crate) const MAX_PART: u64 = 5 << 30;

/// Times that the parts of a source of unknown length double at most: even from 5 MiB, that passes 5 TiB.
const DOUBLINGS: u64 = 11;

/// How large the parts of an upload are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// Bytes in a part, as long as the upload needs no larger ones.
    pub(crate) wanted: u64,
    /// Whether all parts but the last have one size, even if their number is unknown.
    pub(crate) fixed: bool,
    /// Parts that the server allows.
    pub(crate) max_parts: u64,
}

impl Cut {
    /// The size of part `number` (from 1) of so many bytes, or of an unknown number.
    pub(crate) fn part_size(&self, total: Option<u64>, number: u64) -> u64 {
        match total {
            Some(total) => {
                let least = total.div_ceil(self.max_parts);
                if least <= self.wanted { self.wanted } else { least.next_multiple_of(1 << 20) }
            }
            None if self.fixed => self.wanted,
            None => {
                let step = (self.max_parts / (DOUBLINGS + 1)).max(1);
                (self.wanted << ((number - 1) / step).min(DOUBLINGS)).min(MAX_PART)
            }
        }
    }

    /// The largest object that the parts can make up.
    pub(crate) fn max_size(&self, total: Option<u64>) -> u64 {
        let part = if self.fixed && total.is_none() { self.wanted } else { MAX_PART };
        (self.max_parts.saturating_mul(part)).min(MAX_SIZE)
    }
}

/// First byte and length of each part.
pub(crate) fn parts(size: u64, part_size: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..size.div_ceil(part_size)).map(move |index| {
        let first = index * part_size;
        (first, part_size.min(size - first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: Cut = Cut { wanted: 8 << 20, fixed: false, max_parts: MAX_PARTS };

    #[test]
    fn parts_cover_the_object_once() {
        for (max_parts, sizes) in [
            (MAX_PARTS, &[1, 5, 8 << 20, (8 << 20) + 1, 123_456_789, MAX_SIZE][..]),
            (1000, &[1, (8000 << 20) + 1, 1000 * MAX_PART]),
        ] {
            for size in sizes {
                let part = Cut { max_parts, ..CUT }.part_size(Some(*size), 1);
                let (mut next, mut count) = (0, 0);
                for (first, length) in parts(*size, part) {
                    assert_eq!(first, next);
                    assert!(length > 0 && length <= MAX_PART);
                    (next, count) = (first + length, count + 1);
                }
                assert_eq!(next, *size);
                assert!(count <= max_parts, "{count}");
            }
        }
    }

    #[test]
    fn growing_parts_reach_the_largest_object() {
        for wanted in [5 << 20, 8 << 20, 1 << 30] {
            let total: u64 =
                (1..=MAX_PARTS).map(|number| Cut { wanted, ..CUT }.part_size(None, number)).sum();
            assert!(total >= MAX_SIZE, "{wanted}: {total}");
        }
        let few = Cut { wanted: 5 << 20, max_parts: 1000, ..CUT };
        assert!((1..=1000).map(|number| few.part_size(None, number)).sum::<u64>() > 512 << 30);
        assert!((1..=10).all(|number| Cut { max_parts: 3, ..CUT }.part_size(None, number) <= MAX_PART));
    }

    #[test]
    fn fixed_parts_never_grow() {
        let cut = Cut { fixed: true, ..CUT };
        assert!((1..=MAX_PARTS).all(|number| cut.part_size(None, number) == CUT.wanted));
        assert_eq!(cut.max_size(None), MAX_PARTS * CUT.wanted);
    }
}
