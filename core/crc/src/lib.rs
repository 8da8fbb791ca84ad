//! The CRCs that S3 computes: CRC-64/NVME, CRC-32 and CRC-32C, of a piece of bytes and of joined pieces.
//!
//! All three run as one 64-bit reflected CRC: a 32-bit polynomial P is used as P·x^32, so that the remainder
//! stands in the low 32 bits of the register. Bit i of a word is the coefficient of x^(63-i).
//! Invariant: every engine (wide, narrow, portable) gives the same register. Must not depend on no S3.
//! Source: "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009.

#[cfg(target_arch = "aarch64")]
mod arm;
mod portable;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

/// A CRC algorithm and its constants, which the compiler computes.
pub struct Crc {
    /// The polynomial without its highest term.
    polynomial: u64,
    /// The register's start, which is also added at the end: ones in the CRC's width.
    ones: u64,
    folding: Folding,
    tables: portable::Tables,
}

/// Factors of carry-less multiplication.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "the other engines use fewer of them"))]
struct Folding {
    /// For each distance in bits: what moves the first and the second half of 128 bits that far ahead.
    by_128: [u64; 2],
    by_512: [u64; 2],
    by_1024: [u64; 2],
    by_2048: [u64; 2],
    /// x^127: moves the first half of 128 bits behind the second.
    halve: u64,
    /// x^128 divided by the polynomial, without its highest term.
    quotient: u64,
}

/// CRC-64/NVME.
pub static CRC64_NVME: Crc = Crc::new(0x9a6c_9329_ac4b_c9b5, u64::MAX);
/// CRC-32, that of zlib.
pub static CRC32: Crc = Crc::new(0xedb8_8320, 0xffff_ffff);
/// CRC-32C, that of iSCSI.
pub static CRC32C: Crc = Crc::new(0x82f6_3b78, 0xffff_ffff);

impl Crc {
    const fn new(polynomial: u64, ones: u64) -> Crc {
        Crc {
            polynomial,
            ones,
            folding: Folding {
                by_128: distance(polynomial, 128),
                by_512: distance(polynomial, 512),
                by_1024: distance(polynomial, 1024),
                by_2048: distance(polynomial, 2048),
                halve: power(polynomial, 127),
                quotient: quotient(polynomial),
            },
            tables: portable::tables(polynomial),
        }
    }

    /// The checksum of no bytes.
    pub const EMPTY: u64 = 0;

    /// The checksum of the bytes that gave `checksum` and of these after them.
    pub fn append(&self, checksum: u64, bytes: &[u8]) -> u64 {
        self.update(checksum ^ self.ones, bytes) ^ self.ones
    }

    /// The checksum of two pieces, of which the second has `length` bytes.
    pub fn join(&self, first: u64, second: u64, length: u64) -> u64 {
        let (mut moved, mut factor, mut left) = (first, 1 << 55, length);
        while left > 0 {
            if left & 1 == 1 {
                moved = self.multiply(moved, factor);
            }
            factor = self.multiply(factor, factor);
            left >>= 1;
        }
        moved ^ second
    }

    fn update(&self, register: u64, bytes: &[u8]) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if let Some(register) = x86::update(self, register, bytes) {
            return register;
        }
        #[cfg(target_arch = "aarch64")]
        if let Some(register) = arm::update(self, register, bytes) {
            return register;
        }
        portable::update(self, register, bytes)
    }

    /// The product of two polynomials, reduced.
    fn multiply(&self, a: u64, mut b: u64) -> u64 {
        let mut product = 0;
        for bit in (0..64).rev() {
            product ^= b & (a >> bit & 1).wrapping_neg();
            b = times_x(self.polynomial, b);
        }
        product
    }
}

/// The polynomial times x, reduced.
const fn times_x(polynomial: u64, value: u64) -> u64 {
    value >> 1 ^ polynomial & (value & 1).wrapping_neg()
}

/// x to this power, reduced.
const fn power(polynomial: u64, exponent: u32) -> u64 {
    let (mut value, mut done) = (1 << 63, 0);
    while done < exponent {
        value = times_x(polynomial, value);
        done += 1;
    }
    value
}

/// Factors that move 128 bits ahead by so many bits. A product of two words is x times too small: hence the
/// exponents are less by one.
const fn distance(polynomial: u64, bits: u32) -> [u64; 2] {
    [power(polynomial, bits + 63), power(polynomial, bits - 1)]
}

/// x^128 divided by the polynomial, without the highest term.
const fn quotient(polynomial: u64) -> u64 {
    let (mut rest, mut quotient, mut bit) = (polynomial, 0, 0);
    while bit < 64 {
        quotient |= (rest & 1) << bit;
        rest = times_x(polynomial, rest);
        bit += 1;
    }
    quotient
}
