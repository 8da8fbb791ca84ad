//! What holds of anything that an object may say of its encryption: the tests hold it against envelopes made
//! up by rule, the fuzzers of `fuzz/` against what they breed.
//!
//! Invariant: nothing that was read is a surprise. Each function panics where its law is broken and is silent
//! else; none needs a key.

use std::collections::BTreeMap;

use super::envelope::{Envelope, Format, LARGEST, Suite, of, without};
use super::text::{as_put, base64, flat_json, to_json};
use crate::error::ErrorKind;

type Metadata = BTreeMap<String, String>;

/// Of metadata and an instruction file: an envelope that was read is written and read again as the same; all
/// else is refused.
pub fn envelope(metadata: &Metadata, file: Option<&[u8]>) {
    let (ours, rest) = (of(metadata), without(metadata));
    assert!(ours.keys().all(|name| !rest.contains_key(name)), "a name is the envelope's and is not");
    assert_eq!(ours.into_iter().chain(rest).collect::<Metadata>(), *metadata);
    let envelope = match Envelope::read(metadata, file) {
        Ok(envelope) => envelope,
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::Decrypt | ErrorKind::KeyCommitment), "{error}");
            return;
        }
    };
    let on_object =
        |name: &str| metadata.iter().any(|(own, value)| own.eq_ignore_ascii_case(name) && !value.is_empty());
    let bound = ["x-amz-c", "x-amz-d", "x-amz-i"].map(on_object);
    let commits = matches!(envelope.suite, Suite::Committing { .. });
    assert!(
        bound == [commits; 3] && commits == (envelope.format == Format::V3),
        "a commitment that the object does not hold itself"
    );
    // Old ways are never written.
    if envelope.wrap.is_legacy() || envelope.format == Format::V1 {
        return;
    }
    for apart in [false, true] {
        match envelope.write(apart) {
            Ok((metadata, text)) => {
                assert_eq!(text.is_some(), apart);
                assert_eq!(
                    Envelope::read(&metadata, text.as_deref().map(str::as_bytes)).ok().as_ref(),
                    Some(&envelope)
                );
            }
            Err(error) => assert!(!apart && error.kind() == ErrorKind::InvalidInput, "{error}"),
        }
    }
}

/// Of an instruction file, beside an object that commits to its key and beside one without an envelope.
pub fn instruction(text: &[u8]) {
    let bound = [("x-amz-c", "115".to_owned()), ("x-amz-d", base64(&[1; 28])), ("x-amz-i", base64(&[2; 28]))];
    let committing: Metadata = bound.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    for metadata in [&committing, &Metadata::new()] {
        envelope(metadata, Some(text));
        assert!(text.len() as u64 <= LARGEST || Envelope::read(metadata, Some(text)).is_err());
    }
    // What is read as flat is what everybody reads.
    for numbers in [false, true] {
        let Some(pairs) = flat_json(text, numbers) else { continue };
        let whole: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(text).unwrap();
        let texts = whole.into_iter().map(|(name, value)| match value {
            serde_json::Value::String(text) => (name, text),
            other => (name, other.to_string()),
        });
        assert_eq!(texts.collect::<Metadata>(), pairs);
        assert_eq!(flat_json(to_json(&pairs).as_bytes(), false), Some(pairs));
    }
}

/// Of a text: it is read as any, and comes back from S3's encoding as it was put.
pub fn metadata(text: &str) {
    let _ = as_put(&format!("=?{text}?="));
    let read = as_put(text);
    assert!(text.starts_with("=?") || read.as_deref() == Some(text));
    assert!(read.is_none_or(|read| read.len() <= 2 * text.len()));
    // Each byte as a character of its own; words are parted between characters.
    let characters: Vec<char> = text.bytes().map(char::from).collect();
    let (front, back) = characters.split_at(characters.len() / 2);
    let word = |part: &[char], quoted: bool| {
        let part: String = part.iter().collect();
        if quoted {
            let bytes: String = part.bytes().map(|byte| format!("={byte:02X}")).collect();
            format!("=?UTF-8?Q?{bytes}?=")
        } else {
            format!("=?UTF-8?B?{}?=", base64(part.as_bytes()))
        }
    };
    for (first, second) in [(false, false), (true, true), (false, true)] {
        assert_eq!(as_put(&format!("{} {}", word(front, first), word(back, second))).as_deref(), Some(text));
    }
}
