//! Signs a request by AWS's Signature Version 4, or by 4A, whose signature holds in a set of regions.
//!
//! Invariant: every header of the request is signed but the user agent; the path is signed as it is
//! sent, encoded once. A key is derived once, not for each request. Tests compare with the `aws-sigv4` crate.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderName, HeaderValue, header};
use sha2::{Digest, Sha256};

use self::ecdsa::EcdsaKey;
use crate::error::{Error, ErrorKind, Result};
use crate::value::civil;

mod ecdsa;
#[cfg(test)]
mod tests;

/// The hash of a body that is left out of the signature.
pub(crate) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// The hash of no body.
pub(crate) const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const HASH: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const REGION_SET: HeaderName = HeaderName::from_static("x-amz-region-set");

type HmacKey = Hmac<Sha256>;

/// Headers in the order of their names, which is the order they are signed in.
pub(crate) type Headers = Vec<(HeaderName, HeaderValue)>;

/// What there is to sign.
pub(crate) struct Unsigned<'a> {
    pub(crate) method: &'a str,
    /// Encoded as it is sent.
    pub(crate) path: &'a str,
    /// Encoded, and in the order of its names.
    pub(crate) query: &'a str,
    /// The hash of the body in hexadecimal, or `UNSIGNED`.
    pub(crate) payload: &'a str,
}

/// The two signature algorithms.
#[derive(Clone, Copy, PartialEq)]
enum SigningAlgorithm {
    /// SigV4: HMAC-SHA256 with a key of one day, region and service.
    Hmac,
    /// SigV4A: ECDSA over P-256 with a key derived from the key pair alone.
    Ecdsa,
}

impl SigningAlgorithm {
    fn name(self) -> &'static str {
        match self {
            SigningAlgorithm::Hmac => "AWS4-HMAC-SHA256",
            SigningAlgorithm::Ecdsa => "AWS4-ECDSA-P256-SHA256",
        }
    }
}

/// Signs for one service in one region or set of regions.
pub(crate) struct Signer {
    algorithm: SigningAlgorithm,
    /// The region; with SigV4A the set of regions, as the header carries it.
    region: String,
    service: String,
    /// The header that carries a session token.
    token: HeaderName,
    held: Mutex<Option<DerivedKey>>,
}

/// A derived key, and what it was derived from.
struct DerivedKey {
    keys: Credentials,
    day: u64,
    key: SigningKey,
}

#[derive(Clone)]
enum SigningKey {
    Hmac(HmacKey),
    Ecdsa(EcdsaKey),
}

impl SigningKey {
    /// The signature of a text in hexadecimal; one of ECDSA is another each time.
    fn sign(self, text: &str) -> Result<String> {
        match self {
            SigningKey::Hmac(mut key) => {
                key.update(text.as_bytes());
                let mut signature = String::with_capacity(64);
                hex(&mut signature, &key.finalize().into_bytes());
                Ok(signature)
            }
            SigningKey::Ecdsa(key) => key.sign(text),
        }
    }
}

impl Signer {
    pub(crate) fn new(region: &str, service: &str) -> Signer {
        Signer {
            algorithm: SigningAlgorithm::Hmac,
            region: region.to_owned(),
            service: service.to_owned(),
            token: TOKEN,
            held: Mutex::new(None),
        }
    }

    /// A signer by SigV4A, whose signatures hold in a set of regions: names parted by commas, `*` for all.
    pub(crate) fn of_region_set(regions: &str, service: &str) -> Signer {
        Signer { algorithm: SigningAlgorithm::Ecdsa, ..Signer::new(regions, service) }
    }

    /// A signer for the sessions of a directory bucket, whose tokens travel under a name of their own.
    pub(crate) fn of_sessions(region: &str, service: &str) -> Signer {
        Signer { token: HeaderName::from_static("x-amz-s3session-token"), ..Signer::new(region, service) }
    }

    /// Adds the headers that signing needs, and the signature.
    pub(crate) fn sign(
        &self,
        request: &Unsigned<'_>,
        headers: &mut Headers,
        keys: &Credentials,
        now: SystemTime,
    ) -> Result<()> {
        let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let stamp = Stamp::of(seconds);
        headers.push((DATE, value(stamp.time())?));
        headers.push((HASH, value(request.payload)?));
        if self.algorithm == SigningAlgorithm::Ecdsa {
            headers.push((REGION_SET, value(&self.region)?));
        }
        if let Some(token) = keys.session_token() {
            let mut token = value(token)?;
            token.set_sensitive(true);
            headers.push((self.token.clone(), token));
        }
        headers.sort_unstable_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        let canonical = Canonical::of(request, headers);
        let authorization = format!(
            "{} Credential={}/{}, SignedHeaders={}, Signature={}",
            self.algorithm.name(),
            keys.access_key_id(),
            self.scope(&stamp),
            &canonical.text[canonical.names.clone()],
            self.signature(&canonical, keys, &stamp, seconds)?,
        );
        let mut authorization = value(&authorization)?;
        authorization.set_sensitive(true);
        headers.push((header::AUTHORIZATION, authorization));
        Ok(())
    }

    /// The query of a URL that carries its own signature, which holds for so many seconds from `now` on.
    /// `headers` are what a request to that URL must have.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
    pub(crate) fn presign(
        &self,
        request: &Unsigned<'_>,
        headers: &mut Headers,
        keys: &Credentials,
        now: SystemTime,
        seconds_valid: u64,
    ) -> Result<String> {
        let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let stamp = Stamp::of(seconds);
        headers.sort_unstable_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let credential = format!("{}/{}", keys.access_key_id(), self.scope(&stamp));
        let mut pairs: Vec<(&str, String)> = request
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name, value.to_owned()))
            .collect();
        let mut add = |name, value: &str| {
            let mut encoded = String::with_capacity(value.len());
            percent_encode(&mut encoded, value, false);
            pairs.push((name, encoded));
        };
        add("X-Amz-Algorithm", self.algorithm.name());
        add("X-Amz-Credential", &credential);
        add("X-Amz-Date", stamp.time());
        add("X-Amz-Expires", &seconds_valid.to_string());
        add("X-Amz-SignedHeaders", &names.join(";"));
        if self.algorithm == SigningAlgorithm::Ecdsa {
            add("X-Amz-Region-Set", &self.region);
        }
        if let Some(token) = keys.session_token() {
            add(if self.token == TOKEN { "X-Amz-Security-Token" } else { "X-Amz-S3session-Token" }, token);
        }
        pairs.sort_unstable();
        let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = query.join("&");
        let canonical = Canonical::of(&Unsigned { query: &query, ..*request }, headers);
        Ok(format!("{query}&X-Amz-Signature={}", self.signature(&canonical, keys, &stamp, seconds)?))
    }

    /// What a signature is good for: day, region and service.
    fn scope(&self, stamp: &Stamp) -> String {
        match self.algorithm {
            SigningAlgorithm::Hmac => {
                format!("{}/{}/{}/aws4_request", stamp.day(), self.region, self.service)
            }
            SigningAlgorithm::Ecdsa => format!("{}/{}/aws4_request", stamp.day(), self.service),
        }
    }

    fn signature(
        &self,
        canonical: &Canonical,
        keys: &Credentials,
        stamp: &Stamp,
        seconds: u64,
    ) -> Result<String> {
        self.key(keys, stamp, seconds / 86_400)?.sign(&self.text_to_sign(canonical, stamp))
    }

    fn text_to_sign(&self, canonical: &Canonical, stamp: &Stamp) -> String {
        let mut text = String::with_capacity(160);
        // Writing to a String can't fail.
        let _ = write!(text, "{}\n{}\n{}\n", self.algorithm.name(), stamp.time(), self.scope(stamp));
        hex(&mut text, &Sha256::digest(canonical.text.as_bytes()));
        text
    }

    fn key(&self, keys: &Credentials, stamp: &Stamp, day: u64) -> Result<SigningKey> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = &*held
            && (held.day == day || self.algorithm == SigningAlgorithm::Ecdsa)
            && held.keys.secret_access_key() == keys.secret_access_key()
            && held.keys.access_key_id() == keys.access_key_id()
        {
            return Ok(held.key.clone());
        }
        let key = match self.algorithm {
            SigningAlgorithm::Hmac => {
                let steps = [stamp.day(), &self.region, &self.service, "aws4_request"];
                let first = mac(format!("AWS4{}", keys.secret_access_key()).as_bytes());
                SigningKey::Hmac(steps.into_iter().fold(first, |mut key, step| {
                    key.update(step.as_bytes());
                    mac(&key.finalize().into_bytes())
                }))
            }
            SigningAlgorithm::Ecdsa => SigningKey::Ecdsa(EcdsaKey::of(keys)?),
        };
        *held = Some(DerivedKey { keys: keys.clone(), day, key: key.clone() });
        Ok(key)
    }
}

fn mac(key: &[u8]) -> HmacKey {
    // A key of this kind may have any length.
    HmacKey::new_from_slice(key).unwrap_or_else(|_| HmacKey::new(&Default::default()))
}

/// The text that is hashed, and where in it the names of the signed headers stand.
struct Canonical {
    text: String,
    names: std::ops::Range<usize>,
}

impl Canonical {
    fn of(request: &Unsigned<'_>, headers: &Headers) -> Canonical {
        let mut text = String::with_capacity(1024);
        for line in [request.method, request.path, request.query] {
            text.push_str(line);
            text.push('\n');
        }
        for (name, value) in headers.iter().filter(|(name, _)| *name != header::USER_AGENT) {
            text.push_str(name.as_str());
            text.push(':');
            squeeze(&mut text, &String::from_utf8_lossy(value.as_bytes()));
            text.push('\n');
        }
        text.push('\n');
        let begin = text.len();
        for (name, _) in headers.iter().filter(|(name, _)| *name != header::USER_AGENT) {
            text.push_str(name.as_str());
            text.push(';');
        }
        text.pop();
        let names = begin..text.len();
        text.push('\n');
        text.push_str(request.payload);
        Canonical { text, names }
    }
}

/// A header's value without spaces at its ends and with single ones within.
fn squeeze(text: &mut String, value: &str) {
    let value = value.trim_matches(' ');
    if !value.contains("  ") {
        return text.push_str(value);
    }
    for (index, word) in value.split(' ').filter(|word| !word.is_empty()).enumerate() {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
}

/// A time as signatures write it: `20130524T000000Z`.
struct Stamp([u8; 16]);

impl Stamp {
    fn of(seconds: u64) -> Stamp {
        let (year, month, day) = civil(seconds / 86_400);
        let of_day = seconds % 86_400;
        let mut stamp = *b"00000000T000000Z";
        let mut put = |place: usize, width: usize, mut number: u64| {
            for digit in stamp[place..place + width].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        };
        put(0, 4, year);
        put(4, 2, month);
        put(6, 2, day);
        put(9, 2, of_day / 3600);
        put(11, 2, of_day / 60 % 60);
        put(13, 2, of_day % 60);
        Stamp(stamp)
    }

    fn time(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn day(&self) -> &str {
        &self.time()[..8]
    }
}

/// Percent-encodes everything but letters, digits and `-._~`; slashes stay in a path.
pub(crate) fn percent_encode(to: &mut String, text: &str, is_path: bool) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => to.push(byte as char),
            b'/' if is_path => to.push('/'),
            other => {
                // Writing to a String can't fail.
                let _ = write!(to, "%{other:02X}");
            }
        }
    }
}

/// Adds bytes in hexadecimal.
pub(crate) fn hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)] as char);
        text.push(DIGITS[usize::from(byte & 15)] as char);
    }
}

/// A header's value, refused where HTTP would break it.
pub(crate) fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        Error::new(
            ErrorKind::InvalidInput,
            "the request can't be sent: a value holds a character that no HTTP header may have",
        )
    })
}
