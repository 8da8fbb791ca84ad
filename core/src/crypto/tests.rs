//! Objects of official clients, and of attackers: what opens, what does not, and with which error. Named by
//! the threats they stand for.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::content::TAG;
use super::encryption::{EncryptedContent, Encryption, Opened};
use super::keyring::{Aes, KeyService, Keyring, PlainKey, Rsa};
use crate::config::Settings;
use crate::error::{ErrorKind, Result};
use crate::options::Context;

type Map = BTreeMap<String, String>;

const ALLOW: &str = "REQUIRE_ENCRYPT_ALLOW_DECRYPT";

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

fn plaintext(length: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for block in 0u64.. {
        if text.len() >= length {
            break;
        }
        text.extend_from_slice(
            &Sha256::new().chain_update(b"oarlock-pt").chain_update(block.to_be_bytes()).finalize(),
        );
    }
    text.truncate(length);
    text
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn wrapping_key() -> Vec<u8> {
    Sha256::digest(b"oarlock raw aes wrapping key").to_vec()
}

/// A KMS with one data key; wrapping reverses the key's bytes.
struct OneKey(Vec<u8>, AtomicU64, AtomicU64);

impl KeyService for OneKey {
    fn generate<'a>(&'a self, _: &'a Map) -> BoxFuture<'a, Result<(PlainKey, Vec<u8>)>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok((Zeroizing::new(self.0.clone()), self.0.iter().rev().copied().collect())) })
    }
    fn calls(&self) -> (u64, u64) {
        (self.1.load(Ordering::Relaxed), self.2.load(Ordering::Relaxed))
    }
    fn identity(&self) -> BoxFuture<'_, Result<String>> {
        Box::pin(async { Ok("AKID".to_owned()) })
    }
    fn encrypt<'a>(&'a self, plain: &'a [u8], _: &'a Map) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async { Ok(plain.iter().rev().copied().collect()) })
    }
    fn decrypt<'a>(&'a self, _: &'a [u8], _: &'a Map) -> BoxFuture<'a, Result<PlainKey>> {
        Box::pin(async {
            self.2.fetch_add(1, Ordering::Relaxed);
            Ok(Zeroizing::new(self.0.clone()))
        })
    }
}

fn kms(key: &[u8]) -> Keyring {
    Keyring::Kms(Box::new(OneKey(key.to_vec(), AtomicU64::new(0), AtomicU64::new(0))))
}

fn aes() -> Keyring {
    Keyring::Aes(Aes::new(&wrapping_key()).unwrap())
}

fn rsa(name: &str) -> Keyring {
    Keyring::Rsa(Box::new(Rsa::read(&std::fs::read(directory().join(name)).unwrap()).unwrap()))
}

/// With a policy, and all the switches for what is old.
fn store(keyring: Keyring, policy: &str, legacy: bool) -> Encryption {
    let settings = Settings {
        encryption_policy: Some(policy.to_owned()),
        encryption_legacy_wrapping: Some(legacy),
        encryption_legacy_content: Some(legacy),
        ..Settings::default()
    };
    Encryption::with(keyring, &settings).unwrap()
}

fn strict(keyring: Keyring) -> Encryption {
    Encryption::with(keyring, &Settings::default()).unwrap()
}

struct Vector {
    row: Json,
    metadata: Map,
    instruction: Option<String>,
}

impl Vector {
    fn all() -> Vec<Vector> {
        let text = std::fs::read(directory().join("vectors.json")).unwrap();
        let rows: Vec<Json> = serde_json::from_slice(&text).unwrap();
        rows.into_iter()
            .map(|row| Vector {
                metadata: serde_json::from_value(row["metadata"].clone()).unwrap(),
                instruction: Some(&row["instruction_file"])
                    .filter(|file| !file.is_null())
                    .map(Json::to_string),
                row,
            })
            .collect()
    }

    fn named(name: &str) -> Vector {
        Vector::all().into_iter().find(|vector| vector.row["name"] == name).unwrap()
    }

    fn keyring(&self) -> Keyring {
        let wrap = self.row["wrap"].as_str().unwrap();
        match &self.row {
            row if wrap.starts_with("RSA") && row["raw_rsa_private_key"].is_string() => rsa("rsa2048.pem"),
            row if wrap.starts_with("kms") => kms(&hex(row["plaintext_data_key_hex"].as_str().unwrap())),
            _ => aes(),
        }
    }

    fn context(&self) -> Option<Context> {
        serde_json::from_value(self.row["encryption_context_request"].clone()).ok().map(Context)
    }

    fn body(&self) -> Option<Vec<u8>> {
        std::fs::read(directory().join(self.row["ciphertext_file"].as_str()?)).ok()
    }

    async fn open(&self, store: &Encryption) -> Result<Opened> {
        store
            .open(&self.metadata, self.instruction.as_deref().map(str::as_bytes), self.context().as_ref())
            .await
    }

    async fn read(&self, store: &Encryption) -> Result<Vec<u8>> {
        let opened = self.open(store).await?;
        whole(&opened, self.body().unwrap())
    }
}

fn whole(opened: &Opened, mut body: Vec<u8>) -> Result<Vec<u8>> {
    match opened {
        Opened::Gcm(content) => {
            let Some(length) = body.len().checked_sub(TAG) else { return Err(super::refused()) };
            let tag = body.split_off(length);
            let mac = content.decrypt(0, &mut body)?;
            if content.verify(&mac, &tag) { Ok(body) } else { Err(super::refused()) }
        }
        Opened::Cbc(cbc) => {
            let length = cbc.decrypt(&mut body)?;
            body.truncate(length);
            Ok(body)
        }
    }
}

fn sealed(sealed: &EncryptedContent, length: usize) -> Vec<u8> {
    let mut body = plaintext(length);
    let mac = sealed.content.encrypt(0, &mut body).unwrap();
    body.extend_from_slice(&sealed.content.tag(&mac));
    body
}

#[tokio::test]
async fn threat_16_objects_of_official_clients_open() {
    let mut read = 0;
    for vector in Vector::all().into_iter().filter(|vector| vector.row["expect"] == "ok") {
        let name = &vector.row["name"];
        let length = vector.row["plaintext_len"].as_u64().unwrap() as usize;
        let opened = vector
            .open(&store(vector.keyring(), ALLOW, true))
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        match vector.body() {
            Some(body) => assert_eq!(whole(&opened, body).unwrap(), plaintext(length), "{name}"),
            // Not shipped: what we write under the same key and id is the same.
            None => {
                let Opened::Gcm(content) = opened else { panic!("{name}") };
                let mut body = plaintext(length);
                let mac = content.encrypt(0, &mut body).unwrap();
                body.extend_from_slice(&content.tag(&mac));
                let sum: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(vector.row["ciphertext_sha256"], sum, "{name}");
            }
        }
        read += 1;
    }
    assert_eq!(read, 26);
}

#[tokio::test]
async fn every_negative_is_refused_under_every_policy() {
    let mut refused = 0;
    for vector in Vector::all().into_iter().filter(|vector| vector.row["expect"] == "fail") {
        for policy in crate::config::POLICIES {
            let error = vector.read(&store(vector.keyring(), policy, true)).await.unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::Decrypt | ErrorKind::KeyCommitment),
                "{}: {error}",
                vector.row["name"]
            );
        }
        refused += 1;
    }
    assert_eq!(refused, 9);
    let kind = async |name| Vector::named(name).read(&strict(aes())).await.unwrap_err().kind();
    assert_eq!(kind("neg-v3-commit-flip").await, ErrorKind::KeyCommitment);
    assert_eq!(kind("neg-v3-downgrade-v2").await, ErrorKind::KeyCommitment);
    assert_eq!(kind("neg-v3-tag-flip").await, ErrorKind::Decrypt);
    assert_eq!(kind("neg-v3-and-v2-keys").await, ErrorKind::Decrypt);
}

#[tokio::test]
async fn threat_3_nothing_weaker_is_read_without_being_asked_for() {
    for vector in Vector::all().into_iter().filter(|vector| vector.row["expect"] == "ok") {
        let (name, format) = (vector.row["name"].as_str().unwrap(), vector.row["format"].as_str().unwrap());
        let strict = vector.open(&strict(vector.keyring())).await;
        assert_eq!(
            strict.as_ref().err().map(|error| error.kind()),
            (format != "V3").then_some(ErrorKind::KeyCommitment),
            "{name}"
        );
        // The policy alone does not bring back what is old.
        let allowed = vector.open(&store(vector.keyring(), ALLOW, false)).await;
        assert_eq!(allowed.is_err(), name.contains("v1client"), "{name}");
        if let Err(error) = allowed {
            assert!(
                error.kind() == ErrorKind::Decrypt && error.message().contains("encryption_legacy_wrapping"),
                "{error}"
            );
        }
    }
    // Each of the two switches alone is not enough for CBC.
    let vector = Vector::named("rb-v1client-aes-meta-17");
    for (wrapping, content) in [(true, false), (false, true)] {
        let settings = Settings {
            encryption_policy: Some(ALLOW.to_owned()),
            encryption_legacy_wrapping: Some(wrapping),
            encryption_legacy_content: Some(content),
            ..Settings::default()
        };
        assert!(vector.open(&Encryption::with(aes(), &settings).unwrap()).await.is_err());
    }
}

/// Changes one thing about an envelope; `None` takes the name away.
fn changed(metadata: &Map, changes: &[(&str, Option<&str>)]) -> Map {
    let mut changed = metadata.clone();
    for (name, value) in changes {
        match value {
            Some(value) => drop(changed.insert((*name).to_owned(), (*value).to_owned())),
            None => drop(changed.remove(*name)),
        }
    }
    changed
}

#[tokio::test]
async fn threat_4_spoofed_and_confused_headers() {
    let store = store(aes(), ALLOW, true);
    let good = Vector::named("ref-v3-aes-17").metadata;
    let open = async |changes: &[(&str, Option<&str>)]| {
        store.open(&changed(&good, changes), None, None).await.map(drop)
    };
    open(&[]).await.unwrap();
    // Names are case-insensitive, and empty values count as absent.
    let upper: Map = good.iter().map(|(name, value)| (name.to_uppercase(), value.clone())).collect();
    store.open(&upper, None, None).await.map(drop).unwrap();
    open(&[("x-amz-key-v2", Some("")), ("x-amz-unencrypted-content-length", Some(""))]).await.unwrap();
    open(&[("x-amz-m", Some("null"))]).await.unwrap();
    for (changes, kind) in [
        (&[("X-Amz-3", Some("AA=="))][..], ErrorKind::Decrypt),
        (&[("x-amz-c", Some("116"))], ErrorKind::Decrypt),
        (&[("x-amz-c", Some("0115"))], ErrorKind::Decrypt),
        (&[("x-amz-c", Some(""))], ErrorKind::KeyCommitment),
        (&[("x-amz-c", None)], ErrorKind::KeyCommitment),
        (&[("x-amz-w", Some("01"))], ErrorKind::Decrypt),
        (&[("x-amz-w", Some("2"))], ErrorKind::Decrypt),
        (&[("x-amz-w", Some("22"))], ErrorKind::Decrypt),
        (&[("x-amz-w", Some("12"))], ErrorKind::Decrypt),
        (&[("x-amz-w", None)], ErrorKind::Decrypt),
        (&[("x-amz-3", None)], ErrorKind::Decrypt),
        (&[("x-amz-3", Some("AA"))], ErrorKind::Decrypt),
        (&[("x-amz-key", Some("AA=="))], ErrorKind::Decrypt),
        (&[("x-amz-key-v2", Some("AA=="))], ErrorKind::Decrypt),
        (&[("x-amz-iv", Some("AQEBAQEBAQEBAQEB"))], ErrorKind::Decrypt),
        (&[("x-amz-matdesc", Some("{}"))], ErrorKind::Decrypt),
        (&[("x-amz-m", Some("{\"a\":1}"))], ErrorKind::Decrypt),
        (&[("x-amz-m", Some("[]"))], ErrorKind::Decrypt),
    ] {
        let error = open(changes).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{changes:?}: {error}");
    }
    let good = Vector::named("rb-v2-aes-meta-17").metadata;
    let open = async |changes: &[(&str, Option<&str>)]| {
        store.open(&changed(&good, changes), None, None).await.map(drop)
    };
    open(&[]).await.unwrap();
    for changes in [
        // V2's key under V1's name.
        &[("x-amz-key", Some(good["x-amz-key-v2"].as_str())), ("x-amz-key-v2", None)][..],
        &[("x-amz-cek-alg", Some("AES/CTR/NoPadding"))],
        &[("x-amz-cek-alg", Some("AES/CBC/PKCS5Padding"))],
        &[("x-amz-cek-alg", None)],
        &[("x-amz-wrap-alg", Some("AES/ECB"))],
        &[("x-amz-wrap-alg", Some("AESWrap"))],
        &[("x-amz-wrap-alg", None)],
        &[("x-amz-tag-len", Some("96"))],
        &[("x-amz-tag-len", Some("0128"))],
        &[("x-amz-iv", Some("AAAAAAAAAAAAAAAAAAAAAA=="))],
        &[("x-amz-c", Some("115"))],
        &[("x-amz-d", Some("AA=="))],
        &[("x-amz-w", Some("12"))],
    ] {
        let error = open(changes).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decrypt, "{changes:?}: {error}");
    }
}

#[tokio::test]
async fn threat_5_instruction_files() {
    let settings = Settings { encryption_instruction_file: Some(true), ..Settings::default() };
    let store = Encryption::with(aes(), &settings).unwrap();
    let one = store.seal(None, None).await.unwrap();
    let other = store.seal(None, None).await.unwrap();
    let text = String::from_utf8(one.instruction.clone().unwrap().to_vec()).unwrap();
    assert_eq!(one.metadata.keys().collect::<Vec<_>>(), ["x-amz-c", "x-amz-d", "x-amz-i"]);
    let open = async |text: &str| store.open(&one.metadata, Some(text.as_bytes()), None).await.map(drop);
    open(&text).await.unwrap();
    open(&text.replace("x-amz-w", "X-Amz-W")).await.unwrap();
    // Another object's.
    assert_eq!(
        store.open(&one.metadata, other.instruction.as_deref(), None).await.map(drop).unwrap_err().kind(),
        ErrorKind::KeyCommitment
    );
    let with = |more: &str| text.replacen('{', &format!("{{{more},"), 1);
    for (text, kind) in [
        (with(r#""x-amz-c":"115""#), ErrorKind::KeyCommitment),
        (with(r#""X-Amz-D":"AA==""#), ErrorKind::KeyCommitment),
        (with(r#""x-amz-i":"""#), ErrorKind::KeyCommitment),
        (with(r#""x-amz-key-v2":"AA==""#), ErrorKind::Decrypt),
        (with(r#""x-amz-w":"02""#), ErrorKind::Decrypt),
        (with(r#""X-AMZ-W":"02""#), ErrorKind::Decrypt),
        (with(r#""x-amz-x":"1""#), ErrorKind::Decrypt),
        (with(r#""x-amz-t":{}"#), ErrorKind::Decrypt),
        (format!("[{text}]"), ErrorKind::Decrypt),
        (format!("{text}{text}"), ErrorKind::Decrypt),
        (format!("{text}{}", " ".repeat(64 << 10)), ErrorKind::Decrypt),
        (String::new(), ErrorKind::Decrypt),
        ("{}".to_owned(), ErrorKind::Decrypt),
        ("null".to_owned(), ErrorKind::Decrypt),
    ] {
        let error = open(&text).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{text}: {error}");
    }
    assert_eq!(store.open(&one.metadata, None, None).await.map(drop).unwrap_err().kind(), ErrorKind::Decrypt);
    // A number where old clients wrote one.
    let mut vector = Vector::named("rb-v2-aes-instr-17");
    let numbered = vector.instruction.take().unwrap().replace("\"128\"", "128");
    vector.instruction = Some(numbered);
    assert_eq!(vector.read(&self::store(aes(), ALLOW, false)).await.unwrap(), plaintext(17));
    // The commitment is nowhere but in the file.
    let misplaced = with(
        &one.metadata.iter().map(|(name, value)| format!("{name:?}:{value:?}")).collect::<Vec<_>>().join(","),
    );
    assert_eq!(
        store.open(&Map::new(), Some(misplaced.as_bytes()), None).await.map(drop).unwrap_err().kind(),
        ErrorKind::KeyCommitment
    );
}

#[tokio::test]
async fn threat_6_one_ciphertext_that_two_keys_open_opens_by_its_own_alone() {
    let pairs: Json =
        serde_json::from_slice(&std::fs::read(directory().join("salamander.json")).unwrap()).unwrap();
    for (format, pair) in pairs.as_object().unwrap() {
        let metadata: Map = serde_json::from_value(pair["metadata"].clone()).unwrap();
        let body = super::text::from_base64(pair["body"].as_str().unwrap()).unwrap();
        for (number, file) in pair["files"].as_array().unwrap().iter().enumerate() {
            let file = serde_json::to_vec(file).unwrap();
            let text = super::text::from_base64(pair["texts"][number].as_str().unwrap()).unwrap();
            for (store, lax) in [(strict(aes()), false), (store(aes(), ALLOW, true), true)] {
                let opened = store.open(&metadata, Some(&file), None).await;
                // Without a commitment both keys open it, each to a text of its own: that is what the policy
                // is for.
                match opened {
                    Ok(opened) if (format == "V2" && lax) || (format == "V3" && number == 0) => {
                        assert_eq!(whole(&opened, body.clone()).unwrap(), text, "{format} {number}");
                    }
                    Ok(_) => panic!("{format} {number} opens"),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::KeyCommitment, "{format} {number}: {error}");
                        assert!(
                            format == "V2" && !lax || format == "V3" && number == 1,
                            "{format} {number}: {error}"
                        );
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn threat_7_commitments_and_message_ids() {
    let good = Vector::named("ref-v3-aes-17");
    let store = strict(aes());
    let d = good.metadata["x-amz-d"].clone();
    let i = good.metadata["x-amz-i"].clone();
    let short = super::text::base64(&[0; 27]);
    let long = super::text::base64(&[0; 29]);
    let zero = super::text::base64(&[0; 28]);
    let spaced = format!("{} {}", &d[..8], &d[8..]);
    let bare = d.trim_end_matches('=').to_owned();
    for (name, value, kind) in [
        ("x-amz-d", short.as_str(), ErrorKind::KeyCommitment),
        ("x-amz-d", &long, ErrorKind::KeyCommitment),
        ("x-amz-d", &zero, ErrorKind::KeyCommitment),
        ("x-amz-d", "", ErrorKind::KeyCommitment),
        ("x-amz-d", "****", ErrorKind::KeyCommitment),
        ("x-amz-d", &spaced, ErrorKind::KeyCommitment),
        ("x-amz-d", &bare, ErrorKind::KeyCommitment),
        ("x-amz-d", &i, ErrorKind::KeyCommitment),
        ("x-amz-i", &short, ErrorKind::Decrypt),
        ("x-amz-i", &long, ErrorKind::Decrypt),
        ("x-amz-i", "", ErrorKind::Decrypt),
        // Another id makes another key and another commitment.
        ("x-amz-i", &zero, ErrorKind::KeyCommitment),
    ] {
        let metadata = changed(&good.metadata, &[(name, Some(value))]);
        let error = store.open(&metadata, None, None).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), kind, "{name}={value}: {error}");
    }
}

#[tokio::test]
async fn threat_8_encryption_contexts() {
    let key = [5; 32];
    let context = |text: &str| Some(Context(serde_json::from_str(text).unwrap()));
    for policy in [ALLOW, "FORBID_ENCRYPT_ALLOW_DECRYPT"] {
        let store = store(kms(&key), policy, true);
        let object = store.seal(context(r#"{"team":"oarlock","n":"1"}"#).as_ref(), None).await.unwrap();
        let open =
            async |given: &str| store.open(&object.metadata, None, context(given).as_ref()).await.map(drop);
        open(r#"{"n":"1","team":"oarlock"}"#).await.unwrap();
        for wrong in [
            r#"{}"#,
            r#"{"team":"oarlock"}"#,
            r#"{"team":"oarlock","n":"2"}"#,
            r#"{"team":"oarlock","n":"1","x":""}"#,
        ] {
            assert_eq!(open(wrong).await.unwrap_err().kind(), ErrorKind::Decrypt, "{wrong}");
        }
        for reserved in [r#"{"aws:x-amz-cek-alg":"115"}"#, r#"{"kms_cmk_id":"1"}"#] {
            assert_eq!(open(reserved).await.unwrap_err().kind(), ErrorKind::InvalidInput);
            assert_eq!(
                store.seal(context(reserved).as_ref(), None).await.map(drop).unwrap_err().kind(),
                ErrorKind::InvalidInput
            );
        }
        assert_eq!(
            store.open(&object.metadata, None, None).await.map(drop).unwrap_err().kind(),
            ErrorKind::Decrypt
        );
        // The cipher in the context is the object's.
        let name = if policy == ALLOW { "x-amz-t" } else { "x-amz-matdesc" };
        for stored in [
            r#"{"team":"oarlock","n":"1"}"#,
            r#"{"team":"oarlock","n":"1","aws:x-amz-cek-alg":"AES/CBC/PKCS5Padding"}"#,
        ] {
            let metadata = changed(&object.metadata, &[(name, Some(stored))]);
            let opened = store.open(&metadata, None, context(r#"{"team":"oarlock","n":"1"}"#).as_ref()).await;
            assert_eq!(opened.map(drop).unwrap_err().kind(), ErrorKind::Decrypt);
        }
        // White space and order are free.
        let spaced =
            object.metadata[name].replace(',', " , ").replace(':', " : ").replace("aws : x", "aws:x");
        let metadata = changed(&object.metadata, &[(name, Some(&spaced))]);
        store
            .open(&metadata, None, context(r#"{"team":"oarlock","n":"1"}"#).as_ref())
            .await
            .map(drop)
            .unwrap();
    }
    // Old keys come without a context of the caller's.
    let vector = Vector::named("rb-v1client-kms-meta-17");
    let store = store(vector.keyring(), ALLOW, true);
    let opened = store.open(&vector.metadata, None, context(r#"{"a":"b"}"#).as_ref()).await;
    assert_eq!(opened.map(drop).unwrap_err().kind(), ErrorKind::Decrypt);
    // Metadata hold ASCII only, files hold all.
    let foreign = context(r#"{"team":"Ruder-Größe"}"#);
    assert_eq!(
        strict(kms(&key)).seal(foreign.as_ref(), None).await.map(drop).unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    let settings = Settings { encryption_instruction_file: Some(true), ..Settings::default() };
    let store = Encryption::with(kms(&key), &settings).unwrap();
    let object = store.seal(foreign.as_ref(), None).await.unwrap();
    store.open(&object.metadata, object.instruction.as_deref(), foreign.as_ref()).await.map(drop).unwrap();
}

#[tokio::test]
async fn threat_12_failures_that_could_be_oracles_look_alike() {
    let said = super::refused().to_string();
    let same =
        |outcome: Result<Vec<u8>>, what: &str| assert_eq!(outcome.unwrap_err().to_string(), said, "{what}");
    let legacy = |keyring| store(keyring, ALLOW, true);
    // The wrong key, for each wrap that one can hold a wrong key against.
    let other = || Keyring::Aes(Aes::new(&[1; 32]).unwrap());
    for name in ["ref-v3-aes-17", "rb-v2-aes-meta-17", "rb-v1client-aes-meta-17"] {
        same(Vector::named(name).read(&legacy(other())).await, name);
    }
    for name in ["neg-v3-tag-flip", "neg-v3-tag-trunc", "neg-v3-zero-iv"] {
        same(Vector::named(name).read(&strict(aes())).await, name);
    }
    // A flipped bit anywhere in a wrapped key or in a body without authentication.
    for (name, key) in [
        ("rb-v1client-rsa-meta-17", "x-amz-key"),
        ("rb-v2-rsa-meta-17", "x-amz-key-v2"),
        ("ref-v3-rsa-17", "x-amz-3"),
    ] {
        let mut vector = Vector::named(name);
        let mut wrapped = super::text::from_base64(&vector.metadata[key]).unwrap();
        wrapped[100] ^= 1;
        vector.metadata.insert(key.to_owned(), super::text::base64(&wrapped));
        same(vector.read(&legacy(vector.keyring())).await, name);
        // What OAEP wrapped, as if the oldest way had.
        let relabelled = changed(
            &Vector::named("rb-v1client-rsa-meta-17").metadata,
            &[("x-amz-key", Some(Vector::named("rb-v2-rsa-meta-17").metadata["x-amz-key-v2"].as_str()))],
        );
        let opened = legacy(rsa("rsa2048.pem")).open(&relabelled, None, None).await.unwrap();
        same(whole(&opened, Vector::named("rb-v1client-rsa-meta-17").body().unwrap()), "relabelled");
    }
    let vector = Vector::named("rb-v1client-aes-meta-17");
    let opened = vector.open(&legacy(aes())).await.unwrap();
    for length in [0, 1, 15, 16, 31] {
        same(whole(&opened, vector.body().unwrap()[..length].to_vec()), "cut off");
    }
    for at in 0..32 {
        let mut body = vector.body().unwrap();
        body[at] ^= 0x80;
        if let Err(error) = whole(&opened, body) {
            assert_eq!(error.to_string(), said);
        }
    }
}

#[tokio::test]
async fn threat_12_a_wrong_padding_of_the_oldest_rsa_wrap_never_opens_anything() {
    let vector = Vector::named("rb-v1client-rsa-meta-17");
    let store = store(rsa("rsa2048.pem"), ALLOW, true);
    for at in 0..64 {
        let mut wrapped = super::text::from_base64(&vector.metadata["x-amz-key"]).unwrap();
        wrapped[at] ^= 1;
        let metadata = changed(&vector.metadata, &[("x-amz-key", Some(&super::text::base64(&wrapped)))]);
        // It opens to a key made up for it, and fails with the content, where one in 256 would have had a
        // sound padding.
        let opened = store.open(&metadata, None, None).await.unwrap();
        assert!(whole(&opened, vector.body().unwrap()).is_err());
    }
}

#[tokio::test]
async fn threat_15_a_data_key_is_used_again_within_bounds_only() {
    let calls = |store: &Encryption| match &store.keyring {
        Keyring::Kms(service) => service.calls(),
        _ => (0, 0),
    };
    let settings = Settings { encryption_reuse_objects: Some(100), ..Settings::default() };
    let store = Encryption::with(kms(&[5; 32]), &settings).unwrap();
    let mut ids = std::collections::HashSet::new();
    for _ in 0..1000 {
        let object = store.seal(None, None).await.unwrap();
        assert!(ids.insert(object.metadata["x-amz-i"].clone()));
        assert!(ids.insert(object.metadata["x-amz-d"].clone()));
        store.open(&object.metadata, None, None).await.map(drop).unwrap();
    }
    assert_eq!(calls(&store), (10, 10));
    // Another context is another key.
    let other = Context(Map::from([("a".into(), "b".into())]));
    store.seal(Some(&other), None).await.unwrap();
    store.seal(None, None).await.unwrap();
    assert_eq!(calls(&store), (12, 10));
    // Reads of one object count as reads of several; a context that is not the object's is refused before any
    // key is looked for.
    let object = store.seal(None, None).await.unwrap();
    for _ in 0..250 {
        store.open(&object.metadata, None, None).await.map(drop).unwrap();
    }
    assert_eq!(
        store.open(&object.metadata, None, Some(&other)).await.err().unwrap().kind(),
        ErrorKind::Decrypt
    );
    assert!(calls(&store).1 <= 14, "{:?}", calls(&store));
    // Finding out whose key wrapped an object needs a request to KMS.
    let before = calls(&store).1;
    assert!(
        store.wraps(&object.metadata, None).await.unwrap()
            && store.wraps(&object.metadata, None).await.unwrap()
    );
    assert_eq!(calls(&store).1, before + 2);
    let without = strict(kms(&[5; 32]));
    for _ in 0..3 {
        without.seal(None, None).await.unwrap();
    }
    assert_eq!(calls(&without), (3, 0));
    let object = without.seal(None, None).await.unwrap();
    for _ in 0..3 {
        without.open(&object.metadata, None, None).await.map(drop).unwrap();
    }
    assert_eq!(calls(&without), (4, 3));
}

#[tokio::test]
async fn what_each_keyring_writes_it_reads() {
    for policy in crate::config::POLICIES {
        for make in
            [aes as fn() -> Keyring, || kms(&[3; 32]), || rsa("rsa2048.pem"), || rsa("rsa2048.pkcs1.pem")]
        {
            for file in [false, true] {
                let settings = Settings {
                    encryption_policy: Some((*policy).to_owned()),
                    encryption_instruction_file: Some(file),
                    ..Settings::default()
                };
                let store = Encryption::with(make(), &settings).unwrap();
                let object = store.seal(None, Some(17)).await.unwrap();
                assert_eq!(object.instruction.is_some(), file);
                let opened = store.open(&object.metadata, object.instruction.as_deref(), None).await.unwrap();
                assert_eq!(whole(&opened, sealed(&object, 17)).unwrap(), plaintext(17));
            }
        }
    }
    // Half a key writes what the whole one reads.
    let public = strict(rsa("rsa2048.public.pem"));
    let object = public.seal(None, None).await.unwrap();
    assert_eq!(
        public.open(&object.metadata, None, None).await.map(drop).unwrap_err().kind(),
        ErrorKind::Config
    );
    strict(rsa("rsa2048.pem")).open(&object.metadata, None, None).await.map(drop).unwrap();
}

#[tokio::test]
async fn a_new_envelope_opens_the_old_content() {
    for file in [false, true] {
        let settings = Settings { encryption_instruction_file: Some(file), ..Settings::default() };
        let old = Encryption::with(aes(), &settings).unwrap();
        let new = Encryption::with(rsa("rsa2048.pem"), &settings).unwrap();
        let object = old.seal(None, None).await.unwrap();
        let (metadata, instruction) =
            new.rewrap(&old, &object.metadata, object.instruction.as_deref(), true).await.unwrap();
        assert_eq!((&metadata["x-amz-d"], instruction.is_some()), (&object.metadata["x-amz-d"], file));
        let opened = new.open(&metadata, instruction.as_deref(), None).await.unwrap();
        assert_eq!(whole(&opened, sealed(&object, 100)).unwrap(), plaintext(100));
        assert!(old.open(&metadata, instruction.as_deref(), None).await.is_err());
        assert!(new.wraps(&metadata, instruction.as_deref()).await.unwrap());
        assert!(!new.wraps(&object.metadata, object.instruction.as_deref()).await.unwrap());
        let again = old.rewrap(&old, &object.metadata, object.instruction.as_deref(), true).await;
        assert_eq!(again.map(drop).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

#[tokio::test]
async fn what_the_oldest_clients_wrapped_is_read_by_the_switches() {
    let rows: Vec<Json> =
        serde_json::from_slice(&std::fs::read(directory().join("legacy.json")).unwrap()).unwrap();
    assert_eq!(rows.len(), 7);
    for row in rows {
        let metadata: Map = serde_json::from_value(row["metadata"].clone()).unwrap();
        let body = super::text::from_base64(row["body"].as_str().unwrap()).unwrap();
        let name = row["name"].as_str().unwrap();
        let keyring =
            || if name.contains("rsa") || name.contains("oaep") { rsa("rsa2048.pem") } else { aes() };
        let opened = store(keyring(), ALLOW, true)
            .open(&metadata, None, None)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(whole(&opened, body.clone()).unwrap(), plaintext(100), "{name}");
        assert!(store(keyring(), ALLOW, false).open(&metadata, None, None).await.is_err(), "{name}");
        assert!(strict(keyring()).open(&metadata, None, None).await.is_err(), "{name}");
        // The same from an instruction file.
        let text = serde_json::to_vec(&metadata).unwrap();
        let opened = store(keyring(), ALLOW, true).open(&Map::new(), Some(&text), None).await.unwrap();
        assert_eq!(whole(&opened, body).unwrap(), plaintext(100), "{name}");
    }
}
