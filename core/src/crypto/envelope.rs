//! The envelope: what an object's metadata, and its instruction file if there is one, say of how it is
//! encrypted.
//!
//! Invariant: an envelope is of one format, whole and without contradiction, or it is none; the commitment
//! and the message id are read from the object alone. Nothing here needs a key, and nothing that was read is
//! trusted yet.

use std::collections::BTreeMap;

use super::text::{as_put, base64, bytes_of, flat_json, from_base64, to_json};
use crate::error::{Error, ErrorKind, Result, fail};

/// The instruction file's most bytes.
pub(crate) const LARGEST: u64 = 64 << 10;

/// Names of the formats without a key commitment.
const OLD: &[&str] = &[
    "x-amz-key",
    "x-amz-key-v2",
    "x-amz-iv",
    "x-amz-matdesc",
    "x-amz-cek-alg",
    "x-amz-wrap-alg",
    "x-amz-tag-len",
];
/// Names that stand on the object alone.
const BOUND: &[&str] = &["x-amz-c", "x-amz-d", "x-amz-i"];
/// The committing format's other names.
const NEW: &[&str] = &["x-amz-3", "x-amz-w", "x-amz-t", "x-amz-m"];
/// Names that say nothing that may be trusted.
const IDLE: &[&str] =
    &["x-amz-unencrypted-content-length", "x-amz-unencrypted-content-md5", "x-amz-crypto-instr-file"];

/// What ends the names of instruction files.
pub(crate) const SUFFIX: &str = ".instruction";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    V1,
    V2,
    V3,
}

impl Format {
    pub(crate) fn name(self) -> &'static str {
        ["V1", "V2", "V3"][self as usize]
    }
}

/// How the content is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Suite {
    /// AES-GCM under a key that is derived and committed to.
    Committing { message_id: [u8; 28], commitment: [u8; 28] },
    /// AES-GCM under the data key itself.
    Gcm { iv: [u8; 12] },
    /// AES-CBC, which authenticates nothing.
    Cbc { iv: [u8; 16] },
}

impl Suite {
    /// The name that a wrap binds the data key to.
    pub(crate) fn bound(&self) -> &'static str {
        match self {
            Suite::Committing { .. } => "115",
            Suite::Gcm { .. } => "AES/GCM/NoPadding",
            Suite::Cbc { .. } => "AES/CBC/PKCS5Padding",
        }
    }
}

/// How the data key is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrap {
    KmsContext,
    AesGcm,
    RsaOaepSha1,
    Kms,
    Rfc3394,
    AesEcb,
    RsaPkcs1,
    RsaOaepSha256,
}

/// Each wrap by its name, and the committing format's number for it. The last two have no name: in V1 their
/// length distinguishes them.
const WRAPS: &[(Wrap, &str, &str)] = &[
    (Wrap::KmsContext, "kms+context", "12"),
    (Wrap::AesGcm, "AES/GCM", "02"),
    (Wrap::RsaOaepSha1, "RSA-OAEP-SHA1", "22"),
    (Wrap::Kms, "kms", ""),
    (Wrap::Rfc3394, "AESWrap", ""),
    (Wrap::RsaOaepSha256, "RSA/ECB/OAEPWithSHA-256AndMGF1Padding", ""),
    (Wrap::AesEcb, "AES/ECB", ""),
    (Wrap::RsaPkcs1, "RSA/PKCS1", ""),
];

impl Wrap {
    pub(crate) fn is_legacy(self) -> bool {
        self.row().2.is_empty()
    }

    pub(crate) fn name(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> &'static (Wrap, &'static str, &'static str) {
        WRAPS.iter().find(|(wrap, ..)| *wrap == self).unwrap_or(&WRAPS[0])
    }
}

/// An object's envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) format: Format,
    pub(crate) suite: Suite,
    pub(crate) wrap: Wrap,
    /// The data key, wrapped.
    pub(crate) key: Vec<u8>,
    /// KMS's encryption context, or what describes the wrapping key.
    pub(crate) description: BTreeMap<String, String>,
}

/// The encryption names among an object's metadata, in lower case; empty values count as absent.
fn named(metadata: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for (name, value) in metadata {
        let name = name.to_ascii_lowercase();
        let ours = [OLD, BOUND, NEW].iter().any(|names| names.contains(&name.as_str()));
        if ours && !value.is_empty() && found.insert(name.clone(), value.clone()).is_some() {
            return Err(malformed(&format!("`{name}` stands there twice")));
        }
    }
    Ok(found)
}

/// Whether the object's key stands in an instruction file, if anywhere.
pub(crate) fn is_elsewhere(metadata: &BTreeMap<String, String>) -> bool {
    named(metadata).is_ok_and(|found| {
        !["x-amz-key", "x-amz-key-v2", "x-amz-3"].iter().any(|key| found.contains_key(*key))
    })
}

/// Whether an object's envelope names CBC.
pub(crate) fn is_cbc(metadata: &BTreeMap<String, String>) -> bool {
    named(metadata).is_ok_and(|found| {
        found.contains_key("x-amz-key") || found.get("x-amz-cek-alg").is_some_and(|name| name.contains("CBC"))
    })
}

/// Whether the metadata leave open how long the content is: padding hides it in CBC, and an instruction file
/// may say that it is CBC.
pub(crate) fn hides_size(metadata: &BTreeMap<String, String>) -> bool {
    let is_committing = || named(metadata).is_ok_and(|found| found.contains_key("x-amz-c"));
    is_cbc(metadata) || (is_elsewhere(metadata) && !is_committing())
}

/// The metadata that are the envelope's.
pub(crate) fn of(metadata: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let rest = without(metadata);
    metadata
        .iter()
        .filter(|(name, _)| !rest.contains_key(*name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The metadata without what encryption adds to it.
pub(crate) fn without(metadata: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let ours = |name: &str| {
        [OLD, BOUND, NEW, IDLE].iter().any(|names| names.contains(&name.to_ascii_lowercase().as_str()))
    };
    metadata
        .iter()
        .filter(|(name, _)| !ours(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

impl Envelope {
    /// Reads the envelope of an object from its metadata, and from its instruction file if its key is not
    /// there.
    ///
    /// # Errors
    /// `Decrypt` for what is no envelope, `KeyCommitment` for a commitment that is missing or out of its
    /// place.
    pub(crate) fn read(metadata: &BTreeMap<String, String>, instruction: Option<&[u8]>) -> Result<Envelope> {
        let mut found = named(metadata)?;
        for name in ["x-amz-matdesc", "x-amz-t", "x-amz-m"] {
            if let Some(value) = found.get_mut(name) {
                *value = as_put(value).ok_or_else(|| malformed(&format!("`{name}` can't be read")))?;
            }
        }
        if let Some(text) = instruction.filter(|_| is_elsewhere(metadata)) {
            for (name, value) in instructions(text)? {
                if found.insert(name.clone(), value).is_some() {
                    return Err(malformed(&format!(
                        "`{name}` stands in its metadata and in its instruction file"
                    )));
                }
            }
        }
        let keys: Vec<&str> = ["x-amz-key", "x-amz-key-v2", "x-amz-3"]
            .into_iter()
            .filter(|key| found.contains_key(*key))
            .collect();
        let has = |names: &[&str]| names.iter().any(|name| found.contains_key(*name));
        if keys.len() > 1 || (has(OLD) && (has(BOUND) || has(NEW))) {
            return Err(malformed("it mixes formats"));
        }
        match keys.first() {
            Some(&"x-amz-key") => v1(&found),
            Some(&"x-amz-key-v2") => v2(&found),
            Some(_) => v3(&found),
            None if has(OLD) || has(BOUND) || has(NEW) => {
                Err(malformed("it has no data key, neither in its metadata nor in its instruction file"))
            }
            None => fail!(
                Decrypt,
                "the object is not encrypted, and this store reads only encrypted ones: it has no envelope \
                 in its metadata and no instruction file"
            ),
        }
    }

    /// The envelope as metadata, and as the text of an instruction file if it is to be one.
    ///
    /// # Errors
    /// `InvalidInput` for a description that metadata can't hold, `Internal` for a format that is never
    /// written.
    pub(crate) fn write(&self, instruction_file: bool) -> Result<(BTreeMap<String, String>, Option<String>)> {
        let mut metadata = BTreeMap::new();
        let mut apart = BTreeMap::new();
        let description = to_json(&self.description);
        match &self.suite {
            Suite::Committing { message_id, commitment } => {
                metadata.insert("x-amz-c".to_owned(), self.suite.bound().to_owned());
                metadata.insert("x-amz-d".to_owned(), base64(commitment));
                metadata.insert("x-amz-i".to_owned(), base64(message_id));
                apart.insert("x-amz-3".to_owned(), base64(&self.key));
                apart.insert("x-amz-w".to_owned(), self.wrap.row().2.to_owned());
                apart.insert(
                    if self.wrap == Wrap::KmsContext { "x-amz-t" } else { "x-amz-m" }.to_owned(),
                    description.clone(),
                );
            }
            Suite::Gcm { iv } => {
                apart.insert("x-amz-key-v2".to_owned(), base64(&self.key));
                apart.insert("x-amz-iv".to_owned(), base64(iv));
                apart.insert("x-amz-matdesc".to_owned(), description.clone());
                apart.insert("x-amz-cek-alg".to_owned(), self.suite.bound().to_owned());
                apart.insert("x-amz-wrap-alg".to_owned(), self.wrap.name().to_owned());
                apart.insert("x-amz-tag-len".to_owned(), "128".to_owned());
            }
            Suite::Cbc { .. } => fail!(Internal, "an old way to encrypt is never written; please report it"),
        }
        if instruction_file {
            return Ok((metadata, Some(to_json(&apart))));
        }
        if !description.is_ascii() {
            fail!(
                InvalidInput,
                "metadata hold ASCII only; with an encryption context that is not, use \
                 `encryption_instruction_file`"
            );
        }
        metadata.extend(apart);
        Ok((metadata, None))
    }
}

/// The contents of an instruction file.
fn instructions(text: &[u8]) -> Result<Vec<(String, String)>> {
    if text.len() as u64 > LARGEST {
        return Err(malformed("its instruction file is too large"));
    }
    let pairs = flat_json(text, true)
        .ok_or_else(|| malformed("its instruction file is no flat JSON object of texts"))?;
    let mut found: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs {
        let name = name.to_ascii_lowercase();
        if BOUND.contains(&name.as_str()) {
            fail!(
                KeyCommitment,
                "the object's envelope is not sound: its instruction file holds `{name}`, which stands on \
                 the object alone"
            );
        }
        if IDLE.contains(&name.as_str()) {
            continue;
        }
        if ![OLD, NEW].iter().any(|names| names.contains(&name.as_str())) {
            return Err(malformed(&format!("its instruction file holds the unknown {name:?}")));
        }
        if found.iter().any(|(before, _)| *before == name) {
            return Err(malformed(&format!("its instruction file holds `{name}` twice")));
        }
        if !value.is_empty() {
            found.push((name, value));
        }
    }
    Ok(found)
}

fn malformed(why: &str) -> Error {
    Error::new(ErrorKind::Decrypt, format!("the object's envelope is not sound: {why}"))
}

fn needed<'a>(found: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str> {
    found.get(name).map(String::as_str).ok_or_else(|| malformed(&format!("`{name}` is missing")))
}

fn binary<const N: usize>(found: &BTreeMap<String, String>, name: &str) -> Result<[u8; N]> {
    bytes_of(needed(found, name)?)
        .ok_or_else(|| malformed(&format!("`{name}` is not the base64 of {N} bytes")))
}

fn key(found: &BTreeMap<String, String>, name: &str) -> Result<Vec<u8>> {
    from_base64(needed(found, name)?).ok_or_else(|| malformed(&format!("`{name}` is no base64")))
}

fn description(found: &BTreeMap<String, String>, name: &str) -> Result<BTreeMap<String, String>> {
    match found.get(name).map(String::as_str) {
        None | Some("null") => Ok(BTreeMap::new()),
        Some(text) => flat_json(text.as_bytes(), false)
            .ok_or_else(|| malformed(&format!("`{name}` is no JSON object of texts"))),
    }
}

fn v1(found: &BTreeMap<String, String>) -> Result<Envelope> {
    if let Some(name) =
        ["x-amz-cek-alg", "x-amz-wrap-alg", "x-amz-tag-len"].iter().find(|name| found.contains_key(**name))
    {
        return Err(malformed(&format!("it mixes formats: `x-amz-key` and `{name}`")));
    }
    let key = key(found, "x-amz-key")?;
    let wrap = if key.len() > 48 { Wrap::RsaPkcs1 } else { Wrap::AesEcb };
    let suite = Suite::Cbc { iv: binary(found, "x-amz-iv")? };
    Ok(Envelope { format: Format::V1, suite, wrap, key, description: description(found, "x-amz-matdesc")? })
}

fn v2(found: &BTreeMap<String, String>) -> Result<Envelope> {
    let name = needed(found, "x-amz-wrap-alg")?;
    // V1's two have no name that could be written.
    let wrap = WRAPS[..6].iter().find(|(_, known, _)| *known == name).map(|(wrap, ..)| *wrap);
    let wrap = wrap.ok_or_else(|| malformed(&format!("`x-amz-wrap-alg` names an unknown wrap, {name:?}")))?;
    let suite = match needed(found, "x-amz-cek-alg")? {
        "AES/GCM/NoPadding" => {
            if found.get("x-amz-tag-len").is_some_and(|length| length != "128") {
                return Err(malformed("`x-amz-tag-len` is not 128"));
            }
            Suite::Gcm { iv: binary(found, "x-amz-iv")? }
        }
        "AES/CBC/PKCS5Padding" | "AES/CBC/PKCS7Padding" if wrap.is_legacy() => {
            Suite::Cbc { iv: binary(found, "x-amz-iv")? }
        }
        "AES/CBC/PKCS5Padding" | "AES/CBC/PKCS7Padding" => {
            return Err(malformed(&format!(
                "content in CBC never came with a key wrapped by {}",
                wrap.name()
            )));
        }
        other => return Err(malformed(&format!("`x-amz-cek-alg` names an unknown cipher, {other:?}"))),
    };
    let key = key(found, "x-amz-key-v2")?;
    Ok(Envelope { format: Format::V2, suite, wrap, key, description: description(found, "x-amz-matdesc")? })
}

fn v3(found: &BTreeMap<String, String>) -> Result<Envelope> {
    let bound = |name: &str| {
        found.get(name).ok_or_else(|| {
            Error::new(
                ErrorKind::KeyCommitment,
                format!("the object's envelope is not sound: `{name}` is missing on the object"),
            )
        })
    };
    if bound("x-amz-c")? != "115" {
        return Err(malformed("`x-amz-c` names an unknown suite"));
    }
    let commitment = bytes_of(bound("x-amz-d")?).ok_or_else(|| {
        Error::new(
            ErrorKind::KeyCommitment,
            "the object's envelope is not sound: `x-amz-d` is not the base64 of 28 bytes",
        )
    })?;
    let suite = Suite::Committing { message_id: binary(found, "x-amz-i")?, commitment };
    let number = needed(found, "x-amz-w")?;
    let wrap = WRAPS.iter().find(|(_, _, known)| *known == number).map(|(wrap, ..)| *wrap);
    let wrap = wrap.ok_or_else(|| malformed(&format!("`x-amz-w` names an unknown wrap, {number:?}")))?;
    let described = description(found, if wrap == Wrap::KmsContext { "x-amz-t" } else { "x-amz-m" })?;
    Ok(Envelope { format: Format::V3, suite, wrap, key: key(found, "x-amz-3")?, description: described })
}
