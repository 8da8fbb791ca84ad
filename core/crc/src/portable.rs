//! The engine for every processor: eight bytes a step, by tables.

use crate::{Crc, times_x};

/// For each of eight bytes: its remainder by its value.
pub(crate) type Tables = [[u64; 256]; 8];

pub(crate) const fn tables(polynomial: u64) -> Tables {
    let mut tables = [[0; 256]; 8];
    let mut value = 0;
    while value < 256 {
        let (mut rest, mut step) = (value as u64, 0);
        while step < 64 {
            rest = times_x(polynomial, rest);
            step += 1;
            if step % 8 == 0 {
                tables[step / 8 - 1][value] = rest;
            }
        }
        value += 1;
    }
    tables
}

pub(crate) fn update(crc: &Crc, mut register: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let sum = (register ^ u64::from_le_bytes(*word)).to_le_bytes();
        register = (0..8).fold(0, |next, at| next ^ crc.tables[7 - at][usize::from(sum[at])]);
    }
    rest.iter().fold(register, |register, byte| {
        register >> 8 ^ crc.tables[0][usize::from(register.to_le_bytes()[0] ^ byte)]
    })
}
