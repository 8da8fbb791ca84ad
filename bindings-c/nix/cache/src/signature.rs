//! Signatures of narinfos: Ed25519, with keys as `nix key generate-secret` writes them.
//!
//! Invariant: a secret key comes from a file and is never printed. Must not depend on stores.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::failure::{Failure, Result};
use crate::narinfo::NarInfo;

/// A key that signs.
pub struct SecretKey {
    name: String,
    pair: Ed25519KeyPair,
}

impl SecretKey {
    /// Reads a key file: `name:base64` of seed and public key.
    pub fn read(file: &Path) -> Result<SecretKey> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::new(format!("cannot read the key file {}: {error}", file.display())))?;
        SecretKey::parse(&text).ok_or_else(|| {
            let why = "it must hold one line as `nix key generate-secret` writes it";
            Failure::new(format!("{} is no secret key: {why}", file.display()))
        })
    }

    fn parse(text: &str) -> Option<SecretKey> {
        let (name, key) = text.trim().split_once(':')?;
        let bytes = STANDARD.decode(key).ok()?;
        if name.is_empty() || bytes.len() != 64 {
            return None;
        }
        let pair = Ed25519KeyPair::from_seed_and_public_key(&bytes[..32], &bytes[32..]).ok()?;
        Some(SecretKey { name: name.to_owned(), pair })
    }

    /// Adds this key's signature in place of an earlier one.
    pub fn sign(&self, narinfo: &mut NarInfo) {
        let signature = STANDARD.encode(self.pair.sign(narinfo.fingerprint().as_bytes()));
        let own = format!("{}:", self.name);
        narinfo.signatures.retain(|known| !known.starts_with(&own));
        narinfo.signatures.push(format!("{own}{signature}"));
    }
}

/// Keys that signatures are checked with, by name.
#[derive(Default)]
pub struct PublicKeys(BTreeMap<String, Vec<u8>>);

impl PublicKeys {
    /// Reads `name:base64` each.
    pub fn parse<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<PublicKeys> {
        let mut known = BTreeMap::new();
        for text in keys {
            let read = text.trim().split_once(':').and_then(|(name, key)| {
                Some((name.to_owned(), STANDARD.decode(key).ok().filter(|key| key.len() == 32)?))
            });
            let (name, key) = read.ok_or_else(|| {
                Failure::usage(format!(
                    "{text:?} is no public key: it must be `name:` and 32 bytes in base64"
                ))
            })?;
            known.insert(name, key);
        }
        Ok(PublicKeys(known))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of the signatures is by one of the keys. A path whose name follows from its content needs
    /// none.
    pub fn trust(&self, narinfo: &NarInfo) -> bool {
        let fingerprint = narinfo.fingerprint();
        narinfo.ca.is_some()
            || narinfo.signatures.iter().any(|signature| {
                let parts = signature.split_once(':');
                let found =
                    parts.and_then(|(name, text)| Some((self.0.get(name)?, STANDARD.decode(text).ok()?)));
                found.is_some_and(|(key, bytes)| {
                    UnparsedPublicKey::new(&ED25519, key).verify(fingerprint.as_bytes(), &bytes).is_ok()
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash;
    use crate::store_path::StorePath;

    // By `nix key generate-secret --key-name here-1`, made for this test.
    const SECRET: &str =
        "here-1:KxvGrcPc4V8PVXfsBsrL5pzHnWUZ4hmlP6DYhCqFPjRuwE6lsJW3BJpMcJvVexjOlVMBJ3vYTrb8TsXSRoUrKA==";

    fn narinfo() -> NarInfo {
        NarInfo {
            store_dir: "/nix/store".into(),
            path: StorePath::parse("0123456789abcdfghijklmnpqrsvwxyz-boat").unwrap(),
            url: "nar/x".into(),
            compression: "none".into(),
            file_hash: None,
            file_size: None,
            nar_hash: Hash::of(b""),
            nar_size: 1,
            references: vec![],
            deriver: None,
            signatures: vec![],
            ca: None,
            others: vec![],
        }
    }

    #[test]
    fn damaged_keys_are_refused() {
        for text in ["", "x", "here-1:", "here-1:AAAA", ":AAAA", "here-1:!"] {
            assert!(SecretKey::parse(text).is_none(), "{text}");
            assert!(PublicKeys::parse([text]).is_err(), "{text}");
        }
        // Its public half belongs to another seed.
        assert!(SecretKey::parse(SECRET).is_none());
    }

    #[test]
    fn a_signature_is_trusted_by_its_own_key_alone() {
        let seed = [7u8; 32];
        let public = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let public = aws_lc_rs::signature::KeyPair::public_key(&public).as_ref().to_vec();
        let text = format!("here-1:{}", STANDARD.encode([&seed[..], &public].concat()));
        let key = SecretKey::parse(&text).unwrap();
        let mut one = narinfo();
        one.signatures.push("other-1:AAAA".into());
        key.sign(&mut one);
        key.sign(&mut one);
        assert_eq!(one.signatures.len(), 2);
        let known = PublicKeys::parse([format!("here-1:{}", STANDARD.encode(&public)).as_str()]).unwrap();
        let other = PublicKeys::parse([format!("here-1:{}", STANDARD.encode([1; 32])).as_str()]).unwrap();
        assert!(known.trust(&one) && !other.trust(&one));
        one.nar_size += 1;
        assert!(!known.trust(&one));
        one.ca = Some("fixed:r:sha256:x".into());
        assert!(known.trust(&one));
    }
}
