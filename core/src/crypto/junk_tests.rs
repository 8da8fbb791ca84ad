//! Envelopes, files and texts made up by rule, near enough to real ones to get far; `laws` checks them.
//!
//! Runs as a fuzzer for OARLOCK_FUZZ_SECONDS seconds, otherwise on a few thousand inputs, with other seeds
//! each time.

use std::time::{Duration, Instant};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use super::keyring::Rsa;
use super::text::base64;
use super::{laws_tests as laws, text};

fn held<S: Strategy>(inputs: S, law: impl Fn(S::Value)) {
    let seconds = std::env::var("OARLOCK_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let begun = Instant::now();
    loop {
        let mut runner =
            TestRunner::new(Config { cases: 4000, failure_persistence: None, ..Config::default() });
        let held = runner.run(&inputs, |input| {
            law(input);
            Ok(())
        });
        held.unwrap();
        if begun.elapsed() >= Duration::from_secs(seconds) {
            break;
        }
    }
}

/// A name that envelopes have, one of them spelled oddly, or any.
fn name() -> impl Strategy<Value = String> {
    let known = [
        "key", "key-v2", "iv", "matdesc", "cek-alg", "wrap-alg", "tag-len", "c", "d", "i", "3", "w", "t", "m",
    ];
    prop_oneof![
        8 => select(known.to_vec()).prop_map(|name| format!("x-amz-{name}")),
        1 => select(known.to_vec()).prop_map(|name| format!("X-Amz-{name}")),
        1 => any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let good = [
        "115",
        "02",
        "12",
        "22",
        "128",
        "{}",
        "null",
        "AES/GCM/NoPadding",
        "AES/CBC/PKCS5Padding",
        "AES/GCM",
    ];
    prop_oneof![
        select(good.to_vec()).prop_map(str::to_owned),
        select(vec!["kms", "kms+context", "RSA-OAEP-SHA1"]).prop_map(str::to_owned),
        vec(any::<u8>(), 0..64).prop_map(|bytes| base64(&bytes)),
        select(vec![12usize, 16, 28, 60]).prop_map(|length| base64(&vec![7; length])),
        any::<String>(),
        "=\\?UTF-8\\?[BQbqx]\\?[ -~]{0,40}\\?=",
    ]
}

/// What belongs to one format, each with a value that fits, and then one pair more.
fn nearly_whole() -> impl Strategy<Value = Vec<(String, String)>> {
    let key = || vec(any::<u8>(), 1..70).prop_map(|bytes| base64(&bytes));
    let description =
        || btree_map("[a-zü]{0,3}", any::<String>(), 0..3).prop_map(|pairs| text::to_json(&pairs));
    let new = (key(), any::<[u8; 28]>(), any::<[u8; 28]>(), select(vec!["02", "12", "22"]), description())
        .prop_map(|(key, d, i, w, description)| {
            let pairs = [
                ("c", "115".to_owned()),
                ("d", base64(&d)),
                ("i", base64(&i)),
                ("3", key),
                ("w", w.to_owned()),
            ];
            pairs.into_iter().chain([(if w == "12" { "t" } else { "m" }, description)]).collect::<Vec<_>>()
        });
    let wraps = vec!["kms+context", "AES/GCM", "RSA-OAEP-SHA1", "kms", "AESWrap"];
    let old =
        (key(), any::<[u8; 12]>(), select(wraps), description()).prop_map(|(key, iv, wrap, description)| {
            let names = [
                ("key-v2", key),
                ("iv", base64(&iv)),
                ("matdesc", description),
                ("tag-len", "128".to_owned()),
            ];
            names
                .into_iter()
                .chain([("cek-alg", "AES/GCM/NoPadding".to_owned()), ("wrap-alg", wrap.to_owned())])
                .collect()
        });
    (prop_oneof![new, old], prop::option::of((name(), value()))).prop_map(|(pairs, more)| {
        pairs.into_iter().map(|(name, value)| (format!("x-amz-{name}"), value)).chain(more).collect()
    })
}

#[test]
fn law_no_envelope_is_a_surprise() {
    let any_pairs = vec((name(), value()), 0..10);
    // Some on the object, the others in the file.
    let split =
        (prop_oneof![any_pairs, nearly_whole()], any::<u16>(), prop::option::of(vec(any::<u8>(), 0..200)));
    held(split, |(pairs, apart, junk)| {
        let (inside, outside): (Vec<_>, Vec<_>) =
            pairs.into_iter().enumerate().partition(|(number, _)| apart >> (number % 16) & 1 == 1);
        let map = |pairs: Vec<(usize, (String, String))>| pairs.into_iter().map(|(_, pair)| pair).collect();
        let (metadata, file) = (map(outside), text::to_json(&map(inside)));
        laws::envelope(&metadata, None);
        laws::envelope(&metadata, Some(junk.as_deref().unwrap_or(file.as_bytes())));
    });
}

#[test]
fn law_no_instruction_file_is_a_surprise() {
    let written = prop_oneof![vec((name(), value()), 0..8), nearly_whole()].prop_map(|pairs| {
        let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name:?}:{value:?}")).collect();
        format!("{{{}}}", pairs.join(",")).into_bytes()
    });
    held(prop_oneof![written, vec(any::<u8>(), 0..200)], |text| laws::instruction(&text));
}

#[test]
fn law_no_text_is_a_surprise() {
    held(prop_oneof![any::<String>(), value()], |text| laws::metadata(&text));
}

#[test]
fn no_key_file_is_a_surprise() {
    held((any::<String>(), vec(any::<u8>(), 0..200)), |(text, bytes)| {
        let _ = Rsa::read(&bytes);
        let _ = Rsa::read(format!("-----BEGIN {text}-----{text}-----END ").as_bytes());
    });
}
