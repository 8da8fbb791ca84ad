//! The engines of x86-64: 128 bits a multiplication (PCLMULQDQ), or 512 (VPCLMULQDQ and AVX-512).

use std::arch::x86_64::*;

use crate::Crc;

/// From so many bytes on the wide engine is quicker.
const WIDE: usize = 512;

pub(crate) fn update(crc: &Crc, register: u64, bytes: &[u8]) -> Option<u64> {
    if !(is_x86_feature_detected!("pclmulqdq") && is_x86_feature_detected!("sse4.1")) {
        return None;
    }
    if bytes.len() >= WIDE && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("vpclmulqdq") {
        // SAFETY: the processor has the features.
        return Some(unsafe { wide(crc, register, bytes) });
    }
    // SAFETY: the processor has the features.
    Some(unsafe { narrow(crc, register, bytes) })
}

/// Folds 256 bytes a step.
#[target_feature(enable = "avx512f,vpclmulqdq,pclmulqdq,sse4.1")]
pub(crate) fn wide(crc: &Crc, register: u64, bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<256>();
    let Some((first, blocks)) = blocks.split_first() else { return narrow(crc, register, bytes) };
    let mut lanes = four(first);
    lanes[0] = _mm512_xor_si512(lanes[0], _mm512_zextsi128_si512(_mm_cvtsi64_si128(register as i64)));
    let factors = wide_factors(crc.folding.by_2048);
    for block in blocks {
        let next = four(block);
        for (lane, next) in lanes.iter_mut().zip(next) {
            *lane = wide_fold(*lane, factors, next);
        }
    }
    let factors = wide_factors(crc.folding.by_512);
    let [mut sum, others @ ..] = lanes;
    for next in others {
        sum = wide_fold(sum, factors, next);
    }
    let (blocks, rest) = rest.as_chunks::<64>();
    for block in blocks {
        sum = wide_fold(sum, factors, wide_load(block));
    }
    let lanes = [
        _mm512_castsi512_si128(sum),
        _mm512_extracti32x4_epi32::<1>(sum),
        _mm512_extracti32x4_epi32::<2>(sum),
        _mm512_extracti32x4_epi32::<3>(sum),
    ];
    finish(crc, lanes, rest)
}

/// Folds 128 bytes a step.
#[target_feature(enable = "pclmulqdq,sse4.1")]
pub(crate) fn narrow(crc: &Crc, register: u64, bytes: &[u8]) -> u64 {
    let start = _mm_cvtsi64_si128(register as i64);
    let (blocks, rest) = bytes.as_chunks::<128>();
    if let Some((first, blocks)) = blocks.split_first() {
        let mut lanes = eight(first);
        lanes[0] = _mm_xor_si128(lanes[0], start);
        let by = factors(crc.folding.by_1024);
        for block in blocks {
            for (lane, next) in lanes.iter_mut().zip(eight(block)) {
                *lane = fold(*lane, by, next);
            }
        }
        return finish(crc, lanes, rest);
    }
    let (blocks, rest) = rest.as_chunks::<16>();
    match blocks.split_first() {
        Some((first, blocks)) => {
            let by = factors(crc.folding.by_128);
            let mut sum = _mm_xor_si128(load(first), start);
            for block in blocks {
                sum = fold(sum, by, load(block));
            }
            tail(crc, halve(crc, sum), rest)
        }
        None => tail(crc, register, rest),
    }
}

/// Folds lanes that follow each other, and the rest of the bytes, into the register.
#[target_feature(enable = "pclmulqdq,sse4.1")]
#[inline]
fn finish<const LANES: usize>(crc: &Crc, lanes: [__m128i; LANES], rest: &[u8]) -> u64 {
    let by = factors(crc.folding.by_128);
    let mut sum = lanes[0];
    for next in &lanes[1..] {
        sum = fold(sum, by, *next);
    }
    let (blocks, rest) = rest.as_chunks::<16>();
    for block in blocks {
        sum = fold(sum, by, load(block));
    }
    tail(crc, halve(crc, sum), rest)
}

/// The register after 128 bits.
#[target_feature(enable = "pclmulqdq,sse4.1")]
#[inline]
fn halve(crc: &Crc, sum: __m128i) -> u64 {
    let (moved, second) = multiply(low(sum), crc.folding.halve);
    reduce(crc, moved ^ high(sum)) ^ second
}

/// The register after fewer than 16 bytes.
#[target_feature(enable = "pclmulqdq,sse4.1")]
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
#[target_feature(enable = "pclmulqdq,sse4.1")]
#[inline]
fn reduce(crc: &Crc, word: u64) -> u64 {
    let quotient = word ^ multiply(word, crc.folding.quotient).0 << 1;
    let (first, second) = multiply(quotient, crc.polynomial);
    second << 1 | first >> 63
}

/// The product of two words, first half and second half.
#[target_feature(enable = "pclmulqdq,sse4.1")]
#[inline]
fn multiply(a: u64, b: u64) -> (u64, u64) {
    let product = _mm_clmulepi64_si128::<0x00>(_mm_cvtsi64_si128(a as i64), _mm_cvtsi64_si128(b as i64));
    (low(product), high(product))
}

#[target_feature(enable = "pclmulqdq,sse4.1")]
#[inline]
fn fold(sum: __m128i, by: __m128i, next: __m128i) -> __m128i {
    let first = _mm_clmulepi64_si128::<0x00>(sum, by);
    let second = _mm_clmulepi64_si128::<0x11>(sum, by);
    _mm_xor_si128(_mm_xor_si128(first, second), next)
}

#[target_feature(enable = "avx512f,vpclmulqdq")]
#[inline]
fn wide_fold(sum: __m512i, by: __m512i, next: __m512i) -> __m512i {
    let first = _mm512_clmulepi64_epi128::<0x00>(sum, by);
    let second = _mm512_clmulepi64_epi128::<0x11>(sum, by);
    _mm512_ternarylogic_epi64::<0x96>(first, second, next)
}

#[target_feature(enable = "sse4.1")]
#[inline]
fn low(value: __m128i) -> u64 {
    _mm_cvtsi128_si64(value) as u64
}

#[target_feature(enable = "sse4.1")]
#[inline]
fn high(value: __m128i) -> u64 {
    _mm_extract_epi64::<1>(value) as u64
}

#[target_feature(enable = "sse4.1")]
#[inline]
fn factors([first, second]: [u64; 2]) -> __m128i {
    _mm_set_epi64x(second as i64, first as i64)
}

#[target_feature(enable = "avx512f,sse4.1")]
#[inline]
fn wide_factors(by: [u64; 2]) -> __m512i {
    _mm512_broadcast_i32x4(factors(by))
}

#[target_feature(enable = "sse4.1")]
#[inline]
fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: 16 bytes are readable; the load needs no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn wide_load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: 64 bytes are readable; the load needs no alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "sse4.1")]
#[inline]
fn eight(block: &[u8; 128]) -> [__m128i; 8] {
    let (parts, _) = block.as_chunks::<16>();
    let mut lanes = [_mm_setzero_si128(); 8];
    for (lane, part) in lanes.iter_mut().zip(parts) {
        *lane = load(part);
    }
    lanes
}

#[target_feature(enable = "avx512f")]
#[inline]
fn four(block: &[u8; 256]) -> [__m512i; 4] {
    let (parts, _) = block.as_chunks::<64>();
    let mut lanes = [_mm512_setzero_si512(); 4];
    for (lane, part) in lanes.iter_mut().zip(parts) {
        *lane = wide_load(part);
    }
    lanes
}
