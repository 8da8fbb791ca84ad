//! The engine of 64-bit Arm: 128 bits a multiplication (PMULL).

use std::arch::aarch64::vmull_p64;
use std::arch::is_aarch64_feature_detected;

use crate::Crc;

pub(crate) fn update(crc: &Crc, register: u64, bytes: &[u8]) -> Option<u64> {
    // SAFETY: the processor has the feature, of which PMULL is a part.
    is_aarch64_feature_detected!("aes").then(|| unsafe { narrow(crc, register, bytes) })
}

/// Folds 128 bytes a step.
#[target_feature(enable = "neon,aes")]
pub(crate) fn narrow(crc: &Crc, register: u64, bytes: &[u8]) -> u64 {
    let (blocks, mut rest) = bytes.as_chunks::<128>();
    let mut sum = None;
    if let Some((first, blocks)) = blocks.split_first() {
        let mut lanes = eight(first);
        lanes[0] ^= u128::from(register);
        for block in blocks {
            for (lane, next) in lanes.iter_mut().zip(eight(block)) {
                *lane = fold(*lane, crc.folding.by_1024, next);
            }
        }
        sum = lanes.into_iter().reduce(|sum, next| fold(sum, crc.folding.by_128, next));
    }
    let (blocks, tail_bytes) = rest.as_chunks::<16>();
    rest = tail_bytes;
    for block in blocks {
        let next = u128::from_le_bytes(*block);
        sum = Some(match sum {
            Some(sum) => fold(sum, crc.folding.by_128, next),
            None => next ^ u128::from(register),
        });
    }
    tail(crc, sum.map_or(register, |sum| halve(crc, sum)), rest)
}

/// The register after 128 bits.
#[target_feature(enable = "neon,aes")]
#[inline]
fn halve(crc: &Crc, sum: u128) -> u64 {
    let product = vmull_p64(sum as u64, crc.folding.halve);
    reduce(crc, product as u64 ^ (sum >> 64) as u64) ^ (product >> 64) as u64
}

/// The register after fewer than 16 bytes.
#[target_feature(enable = "neon,aes")]
#[inline]
fn tail(crc: &Crc, mut register: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        register = reduce(crc, register ^ u64::from_le_bytes(*word));
    }
    if rest.is_empty() {
        return register;
    }
    let mut word = [0; 8];
    word[..rest.len()].copy_from_slice(rest);
    let bits = 8 * rest.len();
    reduce(crc, (register ^ u64::from_le_bytes(word)) << (64 - bits)) ^ register >> bits
}

/// The remainder of a word times x^64, by Barrett.
#[target_feature(enable = "neon,aes")]
#[inline]
fn reduce(crc: &Crc, word: u64) -> u64 {
    let quotient = word ^ (vmull_p64(word, crc.folding.quotient) as u64) << 1;
    (vmull_p64(quotient, crc.polynomial) >> 63) as u64
}

#[target_feature(enable = "neon,aes")]
#[inline]
fn fold(sum: u128, [first, second]: [u64; 2], next: u128) -> u128 {
    vmull_p64(sum as u64, first) ^ vmull_p64((sum >> 64) as u64, second) ^ next
}

#[inline]
fn eight(block: &[u8; 128]) -> [u128; 8] {
    let (parts, _) = block.as_chunks::<16>();
    std::array::from_fn(|at| u128::from_le_bytes(parts[at]))
}
