//! Every engine against the definition, bit by bit.

use super::*;

const ALL: [(&Crc, u64); 3] = [
    // The check values of the catalogue of CRCs, of "123456789".
    (&CRC64_NVME, 0xae8b_1486_0a79_9888),
    (&CRC32, 0xcbf4_3926),
    (&CRC32C, 0xe306_9283),
];

fn bytes(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..length).map(next).collect()
}

/// The definition: one bit a step.
fn by_bits(crc: &Crc, register: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(register, |register, byte| {
        (0..8).fold(register ^ u64::from(*byte), |register, _| times_x(crc.polynomial, register))
    })
}

#[test]
fn check_values_are_those_of_the_catalogue() {
    for (crc, expected) in ALL {
        assert_eq!(crc.append(Crc::EMPTY, b"123456789"), expected);
        assert_eq!(crc.append(crc.append(Crc::EMPTY, b"1234"), b"56789"), expected);
        assert_eq!(crc.append(Crc::EMPTY, b""), Crc::EMPTY);
    }
}

#[test]
fn every_engine_gives_the_same_register_for_every_length() {
    let bytes = bytes(3000);
    let lengths = || (0..700).chain((700..3000).step_by(37));
    for (crc, _) in ALL {
        for (offset, length) in lengths().enumerate() {
            let piece = &bytes[..length][(offset % 17).min(length)..];
            let start = crc.ones ^ offset as u64 & crc.ones;
            let expected = by_bits(crc, start, piece);
            assert_eq!(portable::update(crc, start, piece), expected, "portable, {length}");
            assert_eq!(crc.update(start, piece), expected, "chosen, {length}");
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("pclmulqdq") && is_x86_feature_detected!("sse4.1") {
                // SAFETY: the processor has the features.
                assert_eq!(unsafe { x86::narrow(crc, start, piece) }, expected, "narrow, {length}");
            }
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("vpclmulqdq") {
                // SAFETY: the processor has the features.
                assert_eq!(unsafe { x86::wide(crc, start, piece) }, expected, "wide, {length}");
            }
        }
    }
}

#[test]
fn joined_pieces_give_the_whole() {
    let bytes = bytes(70_000);
    for (crc, _) in ALL {
        let whole = crc.append(Crc::EMPTY, &bytes);
        for cut in [0, 1, 2, 255, 256, 4095, 65_536, 69_999, 70_000] {
            let (first, second) = bytes.split_at(cut);
            let (first, last) = (crc.append(Crc::EMPTY, first), crc.append(Crc::EMPTY, second));
            assert_eq!(crc.join(first, last, second.len() as u64), whole, "at {cut}");
        }
        // Lengths that no test can hold: one step or two.
        let far = crc.join(crc.join(1, 0, 1 << 50), 0, 1 << 51);
        assert_eq!(far, crc.join(1, 0, (1 << 50) + (1 << 51)));
    }
}
