//! The laws that every engine keeps, held against another implementation of GCM and against known answers.

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::laws::{Case, oracle};
use super::*;

/// Makes a test of each engine of a function that takes one.
macro_rules! engines {
    ($($law:ident),+ $(,)?) => {
        mod portable_engine {
            $(#[test] fn $law() { super::$law::<super::portable::RustCrypto>(); })+
        }
        #[cfg(feature = "aws-lc")]
        mod fast_engine {
            $(#[test] fn $law() { super::$law::<super::fast::AwsLc>(); })+
        }
    };
}

engines! {
    every_range_is_the_key_stream_s,
    known_answers,
    joining_is_associative,
    the_counter_never_wraps,
    any_other_byte_or_tag_is_refused,
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

/// Bytes that look random, quickly made.
fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 56) as u8
    };
    (0..size).map(|_| next()).collect()
}

/// Both engines at once, as the fuzzer does: for OARLOCK_FUZZ_SECONDS seconds, with other seeds each time.
#[test]
fn law_segments_in_any_order_make_the_message() {
    let sizes = prop_oneof![0usize..70, 16_000usize..17_000, 32_700usize..33_000, 0usize..200_000];
    let text = (sizes, any::<u64>()).prop_map(|(size, seed)| noise(seed, size));
    let cases = (
        any::<[u8; 32]>(),
        any::<[u8; 12]>(),
        vec(any::<u8>(), 0..40),
        text,
        vec(any::<u32>(), 0..9),
        any::<u64>(),
    );
    let seconds = std::env::var("OARLOCK_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let begun = Instant::now();
    loop {
        let held = |(key, iv, aad, text, cuts, order)| {
            Case { key, iv, aad, text, cuts, order }.hold();
            Ok(())
        };
        runner(60).run(&cases, held).unwrap();
        if begun.elapsed() >= Duration::from_secs(seconds) {
            break;
        }
    }
}

fn every_range_is_the_key_stream_s<E: Engine>() {
    let (key, iv) = ([5; 32], [6; 12]);
    let plain = noise(7, 100_000);
    let (sealed, _) = oracle(&key, &iv, &[], &plain);
    let message = Message::<E>::new(&key, iv, &[]).unwrap();
    let law = |(first, size): (usize, usize)| {
        let range = first * 16..(first * 16 + size).min(plain.len());
        let mut bytes = sealed[range.clone()].to_vec();
        message.cipher(range.start as u64, &mut bytes).unwrap();
        prop_assert!(bytes == plain[range]);
        Ok(())
    };
    runner(200).run(&(0usize..6250, 0usize..40_000), law).unwrap();
}

/// The answers that lie beside the worked example of the format.
fn known_answers<E: Engine>() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/kat/aes_gcm_kat.json");
    let Ok(text) = std::fs::read(&path) else {
        eprintln!("skipped: there are no known answers at {}", path.display());
        return;
    };
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap();
    let mut tried = 0;
    for row in rows {
        let bytes = |name: &str| {
            let digits = row[name].as_str().unwrap().as_bytes().chunks(2);
            digits
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect::<Vec<u8>>()
        };
        let (Ok(key), Ok(iv)) = (bytes("key").try_into(), bytes("iv").try_into()) else { continue };
        let message = Message::<E>::new(&key, iv, &bytes("aad")).unwrap();
        let mut text = bytes("pt");
        let whole = message.encrypt(0, &mut text).unwrap();
        assert_eq!((text, message.tag(&whole).to_vec()), (bytes("ct"), bytes("tag")), "{row}");
        tried += 1;
    }
    assert!(tried > 0, "no answer is of AES-256");
}

fn joining_is_associative<E: Engine>() {
    let message = Message::<E>::new(&[1; 32], [2; 12], b"data").unwrap();
    let mac = |seed, blocks: usize| message.authenticate(&noise(seed, blocks * 16)).unwrap();
    let law = |(a, b, c): (usize, usize, usize)| {
        let left = message.join(message.join(mac(1, a), mac(2, b)).unwrap(), mac(3, c)).unwrap();
        let right = message.join(mac(1, a), message.join(mac(2, b), mac(3, c)).unwrap()).unwrap();
        prop_assert_eq!(message.tag(&left), message.tag(&right));
        Ok(())
    };
    runner(50).run(&(0usize..300, 0usize..300, 0usize..300), law).unwrap();
    // Only the last has a part of a block.
    let torn = message.authenticate(&[0; 15]).unwrap();
    assert!(message.join(torn, mac(1, 1)).is_err());
}

/// The engines' keys, H and its powers go with them; shares and masks are blocks, which wipe themselves.
#[test]
fn threat_13_keys_and_shares_wipe_themselves() {
    fn wiped<T: zeroize::ZeroizeOnDrop>() {}
    wiped::<aes::Aes256>();
    wiped::<Block>();
    wiped::<ctr::CtrCore<aes::Aes256, ctr::flavors::Ctr32BE>>();
    assert!(std::mem::needs_drop::<ghash::GHash>() && std::mem::needs_drop::<SegMac>());
    #[cfg(feature = "aws-lc")]
    assert!(std::mem::needs_drop::<fast::AwsLc>());
}

/// At the largest size: the last block has the largest counter, and past it nothing is encrypted.
fn the_counter_never_wraps<E: Engine>() {
    let (key, iv) = ([3; 32], [4; 12]);
    let message = Message::<E>::new(&key, iv, &[]).unwrap();
    let last = MAX_SIZE - 16;
    let mut one = [0; 16];
    message.encrypt(last, &mut one).unwrap();
    let mut count = iv.to_vec();
    count.extend(u32::MAX.to_be_bytes());
    let mut expected = [0; 16];
    E::new(&key).unwrap().cipher(&Block::new(count.try_into().unwrap()), &mut expected).unwrap();
    assert_eq!(one, expected);
    // A segment that ends there is the same as its blocks.
    let mut several = [0; 160];
    message.encrypt(MAX_SIZE - 160, &mut several).unwrap();
    assert_eq!(several[144..], one);
    for (offset, size) in [(last, 17), (MAX_SIZE, 1), (u64::MAX - 15, 16), (8, 1)] {
        let mut bytes = vec![0; size];
        assert!(
            message.encrypt(offset, &mut bytes).is_err() && message.decrypt(offset, &mut bytes).is_err(),
            "{offset}"
        );
        assert!(
            message.cipher(offset, &mut bytes).is_err() && bytes.iter().all(|byte| *byte == 0),
            "{offset}"
        );
    }
    // Shares of 64 GiB join as those of a few blocks do: the power is the same as that many joins of nothing
    // but zeros.
    let half = |share: u8| SegMac { share: Block::new([share; 16]), bytes: 1 << 35 };
    let whole = message.join(half(1), half(2)).unwrap();
    let mut step = SegMac { share: Block::new([1; 16]), bytes: 1 << 35 };
    for power in (0..31).rev() {
        step = message.join(step, SegMac { share: Block::default(), bytes: 16 << power }).unwrap();
    }
    step = message.join(step, SegMac { share: Block::default(), bytes: 16 }).unwrap();
    assert_eq!(*whole.share, *add(step.share, &Block::new([2; 16])));
}

fn any_other_byte_or_tag_is_refused<E: Engine>() {
    let message = Message::<E>::new(&[8; 32], [9; 12], b"aad").unwrap();
    let mut bytes = noise(1, 1000);
    let whole = message.encrypt(0, &mut bytes).unwrap();
    let tag = message.tag(&whole);
    for bit in 0..128 {
        let mut other = tag;
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(!message.verify(&whole, &other));
    }
    assert!(!message.verify(&whole, &tag[..15]) && !message.verify(&whole, &[]));
    for at in (0..1000).step_by(7) {
        bytes[at] ^= 0x80;
        assert!(!message.verify(&message.authenticate(&bytes).unwrap(), &tag));
        bytes[at] ^= 0x80;
    }
    assert!(message.verify(&message.authenticate(&bytes).unwrap(), &tag));
    assert!(!message.verify(&message.authenticate(&bytes[..984]).unwrap(), &tag));
}
