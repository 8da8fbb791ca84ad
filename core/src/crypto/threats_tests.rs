//! Points of the threat list (`tests/THREATS.md`) that concern no single format: fresh ids, tags, keys that
//! are wiped and never shown.

use std::collections::HashSet;

use hmac::digest::FixedOutput;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::content::{Content, DataKey, TAG};
use super::encryption::Encryption;
use super::keyring::{Aes, Keyring, PlainKey, random};
use crate::config::{Config, Settings};
use crate::error::ErrorKind;
use crate::value::Value;

const KEY: [u8; 32] = *b"a key that nobody is ever shown!";

#[test]
fn threat_1_a_hundred_thousand_ids_and_nonces_are_unique() {
    let ids: HashSet<[u8; 28]> = (0..100_000).map(|_| random().unwrap()).collect();
    let nonces: HashSet<[u8; 12]> = (0..100_000).map(|_| random().unwrap()).collect();
    assert_eq!((ids.len(), nonces.len()), (100_000, 100_000));
    // And each makes a key of its own.
    let data_key = DataKey::new([5; 32]);
    let commitments: HashSet<_> =
        ids.iter().take(2000).map(|id| Content::committing(&data_key, id).unwrap().1).collect();
    assert_eq!(commitments.len(), 2000);
}

#[test]
fn threat_1_a_data_key_is_never_used_again_without_a_commitment() {
    let pairs =
        [("kms_key_id", "alias/a"), ("policy", "FORBID_ENCRYPT_ALLOW_DECRYPT"), ("reuse_objects", "2")];
    let pairs = pairs
        .into_iter()
        .map(|(name, value)| (format!("encryption_{name}"), Value::Str(value.to_owned())))
        .collect();
    let error = Config::from_url("s3://bucket", pairs).unwrap_err();
    assert!(
        error.kind() == ErrorKind::Config && error.message().contains("encryption_reuse_objects"),
        "{error}"
    );
}

#[test]
fn threat_2_every_other_tag_and_every_cut_is_refused() {
    let (content, _) = Content::committing(&DataKey::new([1; 32]), &[2; 28]).unwrap();
    for size in [0, 1, 15, 16, 17, 100] {
        let mut body = vec![7; size];
        let whole = content.encrypt(0, &mut body).unwrap();
        body.extend(content.tag(&whole));
        let opens = |body: &[u8]| {
            let (text, tag) = body.split_at(body.len().saturating_sub(TAG));
            content.verify(&content.authenticate(text).unwrap(), tag)
        };
        assert!(opens(&body));
        for bit in 0..8 * body.len() {
            body[bit / 8] ^= 1 << (bit % 8);
            assert!(!opens(&body), "{size}: bit {bit}");
            body[bit / 8] ^= 1 << (bit % 8);
        }
        for length in 0..body.len() {
            assert!(!opens(&body[..length]), "{size}: {length}");
        }
    }
}

#[test]
fn threat_13_what_held_a_key_wipes_itself() {
    fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<DataKey>();
    wiped::<PlainKey>();
    wiped::<Zeroizing<[u8; 64]>>();
    // Of the derivation: the states of the hash, and the output.
    wiped::<sha2::Sha512>();
    wiped::<hmac::digest::CtOutput<hmac::Hmac<sha2::Sha512>>>();
    fn made_of<T: FixedOutput>() -> bool {
        std::mem::needs_drop::<T>()
    }
    assert!(made_of::<hmac::Hmac<sha2::Sha512>>());
}

#[tokio::test]
async fn threat_13_no_text_shows_a_key() {
    let held = |text: &str| {
        let hex: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
        let raw = String::from_utf8_lossy(&KEY).into_owned();
        [hex, raw, format!("{KEY:?}"), super::text::base64(&KEY)]
            .iter()
            .any(|form| text.contains(form.trim_end_matches('=')))
    };
    let config = Config::from_url(
        "s3://bucket",
        vec![("encryption_aes_key".to_owned(), Value::Bytes(KEY.to_vec().into()))],
    )
    .unwrap();
    assert!(!held(&format!("{config:?} {:?}", config.shown())));
    let store = Encryption::with(Keyring::Aes(Aes::new(&KEY).unwrap()), &Settings::default()).unwrap();
    assert!(!held(&store.describe()));
    let object = store.seal(None, None).await.unwrap();
    assert!(!held(&format!("{:?}", object.metadata)));
    let other = Encryption::with(Keyring::Aes(Aes::new(&[1; 32]).unwrap()), &Settings::default()).unwrap();
    let error = other.open(&object.metadata, None, None).await.map(drop).unwrap_err();
    assert!(!held(&format!("{error} {error:?}")));
}
