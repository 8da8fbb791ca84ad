//! How the envelope's values are written: base64, flat JSON, and what S3 makes of text that is not ASCII.
//!
//! Invariant: strict reading. One way to write a value is accepted, anything else is an error, because what
//! two readers understand differently can be used to deceive one of them. Must not interpret a value.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_core::de::{Error as _, MapAccess, Visitor};
use serde_core::{Deserialize, Deserializer};

/// Padded base64 of the standard alphabet, without white space.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The same, of exactly so many bytes.
pub(super) fn bytes_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    from_base64(text)?.try_into().ok()
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A JSON object of texts; whole numbers count as their text if `numbers` is true.
pub(super) fn flat_json(text: &[u8], numbers: bool) -> Option<BTreeMap<String, String>> {
    let Flat(pairs) = serde_json::from_slice(text).ok()?;
    pairs
        .into_iter()
        .map(|(name, scalar)| match scalar {
            Scalar::Text(text) => Some((name, text)),
            Scalar::Number(number) => numbers.then(|| (name, number.to_string())),
        })
        .collect()
}

/// A JSON object of texts, written on one line with sorted names.
pub(super) fn to_json(pairs: &BTreeMap<String, String>) -> String {
    serde_json::Value::Object(
        pairs.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect(),
    )
    .to_string()
}

/// A JSON object without a name that stands there twice.
struct Flat(BTreeMap<String, Scalar>);

enum Scalar {
    Text(String),
    Number(u64),
}

impl<'de> Deserialize<'de> for Flat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Flat;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a flat object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Flat, A::Error> {
                let mut pairs = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Scalar>()? {
                    if pairs.insert(name, value).is_some() {
                        return Err(A::Error::custom("a name stands there twice"));
                    }
                }
                Ok(Flat(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One;
        impl Visitor<'_> for One {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar::Number(number))
            }
        }
        deserializer.deserialize_any(One)
    }
}

/// Metadata as it was put: S3 returns text that is not ASCII as MIME words (RFC 2047), which hold each byte
/// of the UTF-8 as a character.
pub(super) fn as_put(value: &str) -> Option<String> {
    if !value.starts_with("=?") {
        return Some(value.to_owned());
    }
    let mut characters = String::new();
    let mut rest = value.trim_end();
    while !rest.is_empty() {
        let (word, after) = encoded_word(rest)?;
        characters.push_str(&word);
        // White space between two words only parts them.
        rest = after.trim_start();
    }
    let bytes: Option<Vec<u8>> =
        characters.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    match bytes.map(String::from_utf8) {
        Some(Ok(text)) => Some(text),
        // Encoded but once.
        _ => Some(characters),
    }
}

/// The text of `=?charset?B or Q?…?=` at the front, and what follows.
fn encoded_word(text: &str) -> Option<(String, &str)> {
    let mut fields = text.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding, rest) = (fields.next()?, fields.next()?, fields.next()?);
    let (payload, after) = rest.split_once("?=")?;
    let bytes = match encoding {
        "B" | "b" => from_base64(payload)?,
        "Q" | "q" => quoted(payload)?,
        _ => return None,
    };
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "us-ascii" => Some((String::from_utf8(bytes).ok()?, after)),
        "iso-8859-1" => Some((bytes.into_iter().map(char::from).collect(), after)),
        _ => None,
    }
}

fn quoted(payload: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(payload.len());
    let mut rest = payload.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?
            }
            other => other,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_strict() {
        assert_eq!(from_base64("AQI="), Some(vec![1, 2]));
        for bad in ["AQI", "AQI= ", " AQI=", "AQI=\n", "AQJ=", "A-I=", "AQI==", "=", "*"] {
            assert_eq!(from_base64(bad), None, "{bad:?}");
        }
        assert_eq!(bytes_of::<2>("AQI="), Some([1, 2]));
        assert_eq!(bytes_of::<3>("AQI="), None);
    }

    #[test]
    fn json_is_flat_and_without_doubles() {
        let read = |text: &str| flat_json(text.as_bytes(), true);
        assert_eq!(
            read(r#" { "a" : "1", "b": 2 } "#).unwrap(),
            BTreeMap::from([("a".into(), "1".into()), ("b".into(), "2".into())])
        );
        assert_eq!(flat_json(br#"{"b": 2}"#, false), None);
        for bad in [
            "",
            "[]",
            "null",
            "\"a\"",
            r#"{"a":"1","a":"1"}"#,
            r#"{"a":{}}"#,
            r#"{"a":null}"#,
            r#"{"a":true}"#,
            r#"{"a":-1}"#,
            r#"{"a":"1"}x"#,
            r#"{"a":"1",}"#,
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn text_that_is_not_ascii_comes_back_as_it_was_put() {
        // "{"a":"ü"}": its UTF-8 bytes as characters, in UTF-8, in base64.
        let twice: String = r#"{"a":"ü"}"#.bytes().map(char::from).collect();
        let word = format!("=?UTF-8?B?{}?=", base64(twice.as_bytes()));
        assert_eq!(as_put(&word).unwrap(), r#"{"a":"ü"}"#);
        assert_eq!(as_put("=?UTF-8?Q?a=C3=83=C2=BC_b?=").unwrap(), "aü b");
        assert_eq!(as_put("=?UTF-8?Q?a=C3=83?= =?UTF-8?Q?=C2=BC?=").unwrap(), "aü");
        assert_eq!(as_put("=?ISO-8859-1?Q?a=C3=BC?=").unwrap(), "aü");
        assert_eq!(as_put("=?UTF-8?Q?=E2=82=AC?=").unwrap(), "€");
        assert_eq!(as_put(r#"{"a":"=?"}"#).unwrap(), r#"{"a":"=?"}"#);
        for bad in [
            "=?UTF-8?X?a?=",
            "=?UTF-8?B?*?=",
            "=?KOI8-R?Q?a?=",
            "=?UTF-8?Q?=G0?=",
            "=?UTF-8?Q?a",
            "=?UTF-8?Q?=FF?=",
        ] {
            assert_eq!(as_put(bad), None, "{bad}");
        }
    }
}
