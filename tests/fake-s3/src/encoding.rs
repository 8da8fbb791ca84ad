//! Text encodings that S3 mixes: percent (three dialects), hex, base64, and the digests written in them.
//!
//! Invariant: bytes in, text out, nothing remembered. It must not know what the text is for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const HEX: &[u8; 16] = b"0123456789ABCDEF";

pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(HEX[usize::from(nibble)].to_ascii_lowercase() as char);
        }
    }
    out
}

pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub fn md5(bytes: &[u8]) -> [u8; 16] {
    md5::Md5::digest(bytes).into()
}

pub fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// RFC 3986 encoding of everything but the unreserved characters and `keep`: the dialect of SigV4.
pub fn percent(bytes: &[u8], keep: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 8);
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.contains(&byte) {
            out.push(byte as char);
        } else {
            out.push('%');
            out.push(HEX[usize::from(byte >> 4)] as char);
            out.push(HEX[usize::from(byte & 15)] as char);
        }
    }
    out
}

/// `encoding-type=url` of the listings: a form encoding, so a space is `+`, but `/` stays.
pub fn form(text: &str) -> String {
    percent(text.as_bytes(), b"/* ").replace(' ', "+")
}

/// Decodes `%XX`; in a query `+` is a space. None when an escape is broken or the result is not UTF-8.
pub fn unpercent(text: &str, plus_is_space: bool) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                (high * 16 + low) as u8
            }
            b'+' if plus_is_space => b' ',
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

/// A query string as decoded pairs in the order sent.
pub fn parse_query(raw: &str) -> Option<Vec<(String, String)>> {
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((unpercent(name, true)?, unpercent(value, true)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_differ_where_they_must() {
        assert_eq!(percent("a b/ü~+".as_bytes(), b"/"), "a%20b/%C3%BC~%2B");
        assert_eq!(percent(b"a/b", b""), "a%2Fb");
        assert_eq!(form("a b/c+(1)*"), "a+b/c%2B%281%29*");
        assert_eq!(unpercent("a+b%2B", false).as_deref(), Some("a+b+"));
        assert_eq!(unpercent("a+b%2B", true).as_deref(), Some("a b+"));
        assert_eq!(unpercent("%zz", false), None);
        assert_eq!(unpercent("%ff", false), None);
        assert_eq!(
            parse_query("b=2&a&x=%20"),
            Some(vec![("b".into(), "2".into()), ("a".into(), "".into()), ("x".into(), " ".into())])
        );
    }
}
