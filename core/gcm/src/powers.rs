//! The hash key and its powers, by which shares of a tag move past the blocks that follow them.
//!
//! Invariant: constant in time but for the number of blocks, which is no secret.

use ghash::GHash;
use ghash::universal_hash::UniversalHash;

use super::Block;

/// H, H^2, H^4 and so on up to H^(2^32), more than the blocks of any message.
pub(super) struct Powers([GHash; 33]);

impl Powers {
    pub(super) fn of(hash_key: &Block) -> Powers {
        let mut power = hash_key.clone();
        Powers(std::array::from_fn(|_| {
            let key = GHash::new((&*power).into());
            power = times(&key, &power);
            key
        }))
    }

    /// The element times H as often as there are blocks.
    pub(super) fn raise(&self, mut element: Block, blocks: u64) -> Block {
        for (index, power) in self.0.iter().enumerate() {
            if blocks >> index & 1 == 1 {
                element = times(power, &element);
            }
        }
        element
    }
}

/// GHASH of one block is that block times the key.
pub(super) fn times(key: &GHash, block: &Block) -> Block {
    let mut hash = key.clone();
    hash.update(&[(**block).into()]);
    Block::new(hash.finalize().into())
}

/// One over the element: its power by 2^128 - 2, which is the product of its powers by 2, 4, 8 and so on up
/// to 2^127.
#[cfg(feature = "aws-lc")]
pub(super) fn inverse(element: &Block) -> Block {
    let square = |element: &Block| times(&GHash::new((&**element).into()), element);
    let mut power = square(element);
    let mut product = power.clone();
    for _ in 2..128 {
        power = square(&power);
        product = times(&GHash::new((&*power).into()), &product);
    }
    product
}
