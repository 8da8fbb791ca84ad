//! What crosses every language border: null, bool, int, str, bytes, time, list, map, and the host's functions
//! by number.
//!
//! Invariant: a `Value` is plain data, independent of verbs, S3 and host languages. Each binding maps it to
//! native values and back.

mod callback;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use zeroize::Zeroize;

use crate::error::{Error, ErrorKind, Result};
pub use callback::{Callback, SecretSource};

/// What a value in a map is called; a record's names are the program's own, so that no row of a listing holds
/// copies of them.
pub type Name = Cow<'static, str>;

/// A plain datum. Floating-point numbers (seconds) cross as their decimal text.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    /// Nothing; an option set to null counts as not given.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A signed whole number.
    Int(i64),
    /// UTF-8 text.
    Str(String),
    /// Raw bytes, shared, not copied.
    Bytes(Bytes),
    /// A point in time, to the nanosecond.
    Time(SystemTime),
    /// Values in order.
    List(Vec<Value>),
    /// Values by name, in the order they were put.
    Map(Vec<(Name, Value)>),
    /// A function of the host's, which only the host runs.
    Callback(Callback),
}

impl Value {
    /// The name of the value's type, as error messages use it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Str(_) => "str",
            Value::Bytes(_) => "bytes",
            Value::Time(_) => "time",
            Value::List(_) => "list",
            Value::Map(_) => "map",
            Value::Callback(_) => "callback",
        }
    }

    /// A map of these pairs.
    pub fn map<N: Into<Name>>(pairs: impl IntoIterator<Item = (N, Value)>) -> Value {
        Value::Map(pairs.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// The value under `name`, if this is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Map(pairs) => pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }
}

/// Pairs whose names are their own, as options and settings are given.
pub fn owned(pairs: Vec<(Name, Value)>) -> Vec<(String, Value)> {
    pairs.into_iter().map(|(name, value)| (name.into_owned(), value)).collect()
}

/// The type an option, a setting or a reply's field is declared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Nothing at all: the reply of a verb that only succeeds or fails.
    Null,
    /// true or false (settings also read yes/no, on/off, 1/0).
    Bool,
    /// A whole number, never negative unless documented.
    Int,
    /// Text.
    Str,
    /// Raw bytes, or their base64 text.
    Bytes,
    /// A point in time.
    Time,
    /// Seconds, whole or decimal.
    Duration,
    /// Bytes of an object: `first-last`, `first-`, `-suffix` as text, or a `[first, length]` list.
    Range,
    /// A list of ranges.
    Ranges,
    /// A list of raw bytes.
    BytesList,
    /// Text to text.
    Map,
    /// A list of text.
    StrList,
    /// A list of text, or of `{key, version_id}` maps.
    KeyList,
    /// A list of keys as text, or of `{key, path, body, version_id, content_type}` maps.
    Items,
    /// A directory of the machine.
    Directory,
    /// Bytes to send: bytes, a file, a reader or an iterator of chunks.
    Source,
    /// Where bytes go: memory, a file, or the caller as they come.
    Sink,
    /// A function of the host.
    Callback,
    /// Text, or a function that returns it.
    StrOrCallback,
    /// A record of this name, see `records`.
    Record(&'static str),
    /// A list of records of this name.
    Records(&'static str),
}

impl Type {
    /// How documentation spells the type.
    pub fn name(self) -> String {
        match self {
            Type::Null => "nothing".into(),
            Type::Bool => "bool".into(),
            Type::Int => "int".into(),
            Type::Str => "str".into(),
            Type::Bytes => "bytes".into(),
            Type::Time => "time".into(),
            Type::Duration => "seconds".into(),
            Type::Range => "range".into(),
            Type::Ranges => "list of ranges".into(),
            Type::BytesList => "list of bytes".into(),
            Type::Map => "map".into(),
            Type::StrList => "list of str".into(),
            Type::KeyList => "list of keys".into(),
            Type::Directory => "directory".into(),
            Type::Items => "list of objects".into(),
            Type::Source => "source".into(),
            Type::Sink => "sink".into(),
            Type::Callback => "callback".into(),
            Type::StrOrCallback => "str or callback".into(),
            Type::Record(name) => name.into(),
            Type::Records(name) => format!("list of {name}"),
        }
    }
}

/// A Rust type that an option or a reply's field may have.
pub trait Field: Sized {
    /// The declared type.
    const TYPE: Type;
    /// Whether it must be given.
    const REQUIRED: bool = true;
    /// Reads the value.
    ///
    /// # Errors
    /// What the type takes instead, as the end of a message that starts with "option `x` ".
    fn from_value(value: Value) -> std::result::Result<Self, String>;
    /// The value a binding sees.
    fn into_value(self) -> Value;
}

fn mismatch<T: Field>(value: &Value) -> String {
    format!("takes {}, not {}", T::TYPE.name(), value.type_name())
}

impl Field for () {
    const TYPE: Type = Type::Null;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        if value == Value::Null { Ok(()) } else { Err(mismatch::<Self>(&value)) }
    }
    fn into_value(self) -> Value {
        Value::Null
    }
}

impl<T: Field> Field for Option<T> {
    const TYPE: Type = T::TYPE;
    const REQUIRED: bool = false;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        if value == Value::Null { Ok(None) } else { T::from_value(value).map(Some) }
    }
    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }
}

impl Field for bool {
    const TYPE: Type = Type::Bool;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        match &value {
            Value::Bool(flag) => Ok(*flag),
            Value::Str(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Ok(true),
                "false" | "no" | "off" | "0" => Ok(false),
                _ => Err(format!("takes true or false, not {text:?}")),
            },
            _ => Err(mismatch::<Self>(&value)),
        }
    }
    fn into_value(self) -> Value {
        Value::Bool(self)
    }
}

macro_rules! whole_number {
    ($($int:ty),+) => {$(
        impl Field for $int {
            const TYPE: Type = Type::Int;
            fn from_value(value: Value) -> std::result::Result<Self, String> {
                let number = match &value {
                    Value::Int(number) => *number,
                    Value::Str(text) => text
                        .trim()
                        .parse()
                        .map_err(|_| format!("takes a whole number, not {text:?}"))?,
                    _ => return Err(mismatch::<Self>(&value)),
                };
                <$int>::try_from(number).map_err(|_| format!("takes a whole number from {} to {}, not \
                                                              {number}", <$int>::MIN, <$int>::MAX))
            }
            fn into_value(self) -> Value {
                i64::try_from(self).map_or_else(|_| Value::Str(self.to_string()), Value::Int)
            }
        }
    )+};
}
whole_number!(i32, u32, u64);

impl Field for String {
    const TYPE: Type = Type::Str;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        match value {
            Value::Str(text) => Ok(text),
            _ => Err(mismatch::<Self>(&value)),
        }
    }
    fn into_value(self) -> Value {
        Value::Str(self)
    }
}

impl Field for Bytes {
    const TYPE: Type = Type::Bytes;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        use base64::Engine as _;
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            Value::Str(text) => base64::engine::general_purpose::STANDARD
                .decode(text.trim())
                .map(Bytes::from)
                .map_err(|_| "takes raw bytes or their base64 text".to_owned()),
            _ => Err(mismatch::<Self>(&value)),
        }
    }
    fn into_value(self) -> Value {
        Value::Bytes(self)
    }
}

impl Field for SystemTime {
    const TYPE: Type = Type::Time;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        match &value {
            Value::Time(time) => Ok(*time),
            Value::Int(seconds) => Ok(from_unix(*seconds, 0)),
            // ISO 8601 as people and programs write it, or the date of an HTTP header (RFC 9110 section
            // 5.6.7).
            Value::Str(text) => text
                .parse::<jiff::Timestamp>()
                .or_else(|_| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text))
                .map(SystemTime::from)
                .map_err(|_| format!("takes a time such as 2026-01-31T00:00:00Z, not {text:?}")),
            _ => Err(mismatch::<Self>(&value)),
        }
    }
    fn into_value(self) -> Value {
        Value::Time(self)
    }
}

/// The time `seconds` (may be negative) and `nanos` after 1970.
pub fn from_unix(seconds: i64, nanos: u32) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let base = if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
    base.unwrap_or(UNIX_EPOCH) + Duration::from_nanos(u64::from(nanos))
}

/// Whole seconds (may be negative) and nanoseconds after 1970.
pub fn to_unix(time: SystemTime) -> (i64, u32) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()).unwrap_or(i64::MAX), after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            if before.subsec_nanos() == 0 {
                (-whole, 0)
            } else {
                (-whole - 1, 1_000_000_000 - before.subsec_nanos())
            }
        }
    }
}

/// Year, month and day of a day since 1970, by counting years from March, so that the leap day stands at
/// their end.
pub fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

/// Seconds as a number, or as numbers with the units h, m, s and ms: `1h30m`, as Go writes durations.
fn seconds(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let (mut rest, mut seconds) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| letter.is_ascii_alphabetic())?;
        let (number, behind) = rest.split_at(digits);
        let letters = behind.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(letters);
        let factor = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * factor;
        rest = behind;
    }
    Some(seconds).filter(|_| !text.is_empty())
}

impl Field for Duration {
    const TYPE: Type = Type::Duration;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        let seconds: f64 = match &value {
            Value::Int(seconds) => *seconds as f64,
            Value::Str(text) => {
                seconds(text.trim()).ok_or_else(|| format!("takes seconds, or 10m, not {text:?}"))?
            }
            _ => return Err(mismatch::<Self>(&value)),
        };
        Duration::try_from_secs_f64(seconds).map_err(|_| format!("takes seconds from 0 up, not {seconds}"))
    }
    fn into_value(self) -> Value {
        if self.subsec_nanos() == 0 {
            self.as_secs().into_value()
        } else {
            Value::Str(self.as_secs_f64().to_string())
        }
    }
}

impl Field for BTreeMap<String, String> {
    const TYPE: Type = Type::Map;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        match value {
            Value::Map(pairs) => owned(pairs)
                .into_iter()
                .map(|(name, value)| match value {
                    Value::Str(text) => Ok((name, text)),
                    Value::Int(number) => Ok((name, number.to_string())),
                    other => Err(format!("takes text for {name:?}, not {}", other.type_name())),
                })
                .collect(),
            _ => Err(mismatch::<Self>(&value)),
        }
    }
    fn into_value(self) -> Value {
        Value::map(self.into_iter().map(|(name, text)| (name, Value::Str(text))))
    }
}

impl Field for Vec<String> {
    const TYPE: Type = Type::StrList;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        match value {
            Value::List(items) => items.into_iter().map(String::from_value).collect(),
            _ => Err(mismatch::<Self>(&value)),
        }
    }
    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(Value::Str).collect())
    }
}

impl Field for Vec<Bytes> {
    const TYPE: Type = Type::BytesList;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        match value {
            Value::List(items) => items.into_iter().map(Bytes::from_value).collect(),
            _ => Err(mismatch::<Self>(&value)),
        }
    }
    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(Value::Bytes).collect())
    }
}

/// Bytes of an object, in the terms of HTTP (RFC 9110 section 14.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From the first byte to the last, both included.
    FromTo(u64, u64),
    /// From this byte to the end.
    From(u64),
    /// The last so many bytes.
    Suffix(u64),
}

impl ByteRange {
    /// The `Range` header's value.
    pub fn header(self) -> String {
        match self {
            ByteRange::FromTo(first, last) => format!("bytes={first}-{last}"),
            ByteRange::From(first) => format!("bytes={first}-"),
            ByteRange::Suffix(length) => format!("bytes=-{length}"),
        }
    }

    /// The first byte and the length within an object of `size` bytes.
    ///
    /// # Errors
    /// `Range` if nothing of it lies inside.
    ///
    /// ```
    /// use oarlock::value::ByteRange;
    /// assert_eq!(ByteRange::Suffix(3).within(10).unwrap(), (7, 3));
    /// ```
    pub fn within(self, size: u64) -> Result<(u64, u64)> {
        let (first, end) = match self {
            ByteRange::FromTo(first, last) => (first, last.saturating_add(1).min(size)),
            ByteRange::From(first) => (first, size),
            ByteRange::Suffix(length) => (size.saturating_sub(length), size),
        };
        if first >= end {
            return Err(Error::new(
                ErrorKind::Range,
                format!("the range {} lies outside the object's {size} bytes", self.header()),
            ));
        }
        Ok((first, end - first))
    }
}

impl Field for ByteRange {
    const TYPE: Type = Type::Range;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        let number = |text: &str| {
            text.parse::<u64>()
                .map_err(|_| format!("takes first-last, first- or -suffix in bytes, not {text:?}"))
        };
        let range = match &value {
            Value::Str(text) => match text.trim_start_matches("bytes=").split_once('-') {
                Some(("", length)) => ByteRange::Suffix(number(length)?),
                Some((first, "")) => ByteRange::From(number(first)?),
                Some((first, last)) => ByteRange::FromTo(number(first)?, number(last)?),
                None => return Err(format!("takes first-last, first- or -suffix in bytes, not {text:?}")),
            },
            Value::List(pair) => match pair.as_slice() {
                [Value::Int(first), Value::Null] if *first < 0 => ByteRange::Suffix(first.unsigned_abs()),
                [Value::Int(first), Value::Null] => ByteRange::From(first.unsigned_abs()),
                [Value::Int(first), Value::Int(length)] if *first >= 0 && *length > 0 => {
                    let last = first.checked_add(length - 1).ok_or("reaches past the largest object")?;
                    ByteRange::FromTo(first.unsigned_abs(), last.unsigned_abs())
                }
                _ => return Err("takes [first, length] with first from 0 and length from 1".to_owned()),
            },
            _ => return Err(mismatch::<Self>(&value)),
        };
        match range {
            ByteRange::FromTo(first, last) if last < first => {
                Err(format!("ends before it starts: {first}-{last}"))
            }
            ByteRange::Suffix(0) => Err("asks for the last 0 bytes".to_owned()),
            good => Ok(good),
        }
    }
    fn into_value(self) -> Value {
        Value::Str(self.header())
    }
}

impl Field for Vec<ByteRange> {
    const TYPE: Type = Type::Ranges;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        match value {
            Value::List(items) => items.into_iter().map(ByteRange::from_value).collect(),
            _ => Err(mismatch::<Self>(&value)),
        }
    }
    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(ByteRange::into_value).collect())
    }
}

/// Text that is never shown, and wiped when it is dropped: its `Debug` is a row of dots.
#[derive(Clone, PartialEq, Default)]
pub struct SecretText(pub String);

impl Drop for SecretText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

impl Field for SecretText {
    const TYPE: Type = Type::Str;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        String::from_value(value).map(SecretText)
    }
    fn into_value(mut self) -> Value {
        Value::Str(std::mem::take(&mut self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let read = |text: &str| ByteRange::from_value(Value::Str(text.into()));
        assert_eq!(read("0-9"), Ok(ByteRange::FromTo(0, 9)));
        assert_eq!(read("bytes=5-"), Ok(ByteRange::From(5)));
        assert_eq!(read("-3"), Ok(ByteRange::Suffix(3)));
        for bad in ["", "5", "9-0", "-0", "a-b", "--1", "1--2"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert_eq!(ByteRange::Suffix(9).within(4).unwrap(), (0, 4));
        assert_eq!(ByteRange::FromTo(2, 100).within(4).unwrap(), (2, 2));
        assert_eq!(ByteRange::From(4).within(4).unwrap_err().kind(), ErrorKind::Range);
    }

    #[test]
    fn durations_as_text() {
        for (text, millis) in [
            ("10", 10_000),
            ("1.5", 1500),
            ("10s", 10_000),
            ("10m", 600_000),
            ("1h0m5s", 3_605_000),
            ("50ms", 50),
        ] {
            let read = Duration::from_value(Value::Str(text.into()));
            assert_eq!(read, Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "m", "10 m", "10x", "-1", "s"] {
            assert!(Duration::from_value(Value::Str(text.into())).is_err(), "{text}");
        }
    }

    #[test]
    fn times_as_text() {
        for text in ["2015-10-21T07:28:00Z", "2015-10-21T09:28:00+02:00", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            assert_eq!(
                SystemTime::from_value(Value::Str(text.into())),
                Ok(from_unix(1_445_412_480, 0)),
                "{text}"
            );
        }
        assert!(SystemTime::from_value(Value::Str("yesterday".into())).is_err());
    }

    #[test]
    fn times_before_1970() {
        for (seconds, nanos) in [(0, 0), (-1, 0), (-1, 999), (1_700_000_000, 5)] {
            assert_eq!(to_unix(from_unix(seconds, nanos)), (seconds, nanos));
        }
    }
}
