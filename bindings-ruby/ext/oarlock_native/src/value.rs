//! Values, both ways: Ruby's values become core `Value`s, and replies become Ruby's own types and records.
//!
//! Invariant: text crosses as UTF-8. A string in another encoding is transcoded if that loses nothing; a
//! binary one must be valid UTF-8, unless the parameter takes raw bytes. Paths cross as their bytes, because
//! the file system has no encoding. Records and their contents are frozen, so that Ractors may share them.

use std::time::SystemTime;

use bytes::Bytes;
use magnus::encoding::EncodingCapable;
use magnus::time::{Offset, Timespec};
use magnus::value::{Qfalse, Qtrue, ReprValue};
use magnus::{
    Class, Error, Float, Integer, Module, RArray, RClass, RHash, RString, RStruct, Range, Ruby, Symbol, Time,
    Value,
};
use oarlock::Value as Datum;
use oarlock::table::FieldSpec;
use oarlock::value::{Name, Type, from_unix, to_unix};

/// Maximum nesting of lists and maps; deeper is a mistake, or a list that contains itself.
const DEPTH: usize = 8;

/// Why a Ruby value cannot cross.
pub(crate) enum ConversionError {
    /// A reason that continues "option `x` ".
    Because(String),
    /// A method of the value raised.
    Raised(Error),
}

impl From<Error> for ConversionError {
    fn from(error: Error) -> Self {
        ConversionError::Raised(error)
    }
}

fn refuse<T>(why: impl Into<String>) -> Result<T, ConversionError> {
    Err(ConversionError::Because(why.into()))
}

/// Reads a value of the declared type, if it is declared.
pub(crate) fn from_ruby(ruby: &Ruby, value: Value, kind: Option<Type>) -> Result<Datum, ConversionError> {
    read(ruby, value, kind, DEPTH)
}

fn read(ruby: &Ruby, value: Value, kind: Option<Type>, depth: usize) -> Result<Datum, ConversionError> {
    let Some(depth) = depth.checked_sub(1) else { return refuse("is nested too deeply") };
    if value.is_nil() {
        return Ok(Datum::Null);
    }
    if let Some(string) = RString::from_value(value) {
        return text(ruby, string, kind);
    }
    if Symbol::from_value(value).is_some() {
        return text(ruby, value.funcall("to_s", ())?, kind);
    }
    if let Some(number) = Integer::from_value(value) {
        return number
            .to_i64()
            .map(Datum::Int)
            .or_else(|_| refuse(format!("takes a number of at most 64 bits, not {number}")));
    }
    if Qtrue::from_value(value).is_some() || Qfalse::from_value(value).is_some() {
        return Ok(Datum::Bool(value.to_bool()));
    }
    if let Some(number) = Float::from_value(value) {
        return Ok(Datum::Str(number.to_f64().to_string()));
    }
    if let Some(time) = Time::from_value(value) {
        let at = time.timespec()?;
        return Ok(Datum::Time(from_unix(at.tv_sec, u32::try_from(at.tv_nsec).unwrap_or_default())));
    }
    if let Some(range) = Range::from_value(value) {
        return bytes_range(range);
    }
    if let Some(array) = RArray::from_value(value) {
        return list(ruby, array, kind, depth);
    }
    if let Some(hash) = RHash::from_value(value) {
        return map(ruby, hash, depth);
    }
    if RStruct::from_value(value).is_some() {
        return map(ruby, value.funcall("to_h", ())?, depth);
    }
    if value.respond_to("to_path", false)? {
        return text(ruby, value.funcall("to_path", ())?, kind);
    }
    if value.respond_to("to_time", false)? {
        let time: Value = value.funcall("to_time", ())?;
        return read(ruby, time, kind, depth);
    }
    if matches!(kind, Some(Type::KeyList | Type::Items | Type::StrList | Type::Ranges))
        && value.is_kind_of(ruby.module_enumerable())
    {
        return list(ruby, value.funcall("to_a", ())?, kind, depth);
    }
    let wanted = kind.map_or(String::new(), |kind| format!("takes {}, ", kind.name()));
    // SAFETY: the class's name is copied into the message before Ruby runs again.
    refuse(format!("{wanted}not a {}", unsafe { value.classname() }))
}

fn text(ruby: &Ruby, string: RString, kind: Option<Type>) -> Result<Datum, ConversionError> {
    if kind == Some(Type::Directory) {
        let bytes = copy(string);
        return Ok(String::from_utf8(bytes.to_vec()).map_or(Datum::Bytes(bytes), Datum::Str));
    }
    let encoding = string.enc_get();
    let binary = encoding == ruby.ascii8bit_encindex();
    if binary && kind == Some(Type::Bytes) {
        return Ok(Datum::Bytes(copy(string)));
    }
    let string = if binary || encoding == ruby.utf8_encindex() || encoding == ruby.usascii_encindex() {
        string
    } else {
        match string.funcall("encode", ("UTF-8",)) {
            Ok(string) => string,
            Err(error) if error.is_kind_of(ruby.exception_encoding_error()) => {
                return refuse(format!("is not valid text: {error}"));
            }
            Err(error) => return Err(error.into()),
        }
    };
    match String::from_utf8(copy(string).into()) {
        Ok(text) => Ok(Datum::Str(text)),
        // Without a declared type, within a list of objects, it may be an object's bytes.
        Err(error) if binary && kind.is_none() => Ok(Datum::Bytes(error.into_bytes().into())),
        Err(_) => refuse("is not valid UTF-8"),
    }
}

/// A string that is no text, for a message: shortened, and escaped unless it is printable ASCII.
pub(crate) fn shown(string: RString) -> String {
    let bytes = copy(string);
    let cut = bytes.len().min(100);
    format!("\"{}\"{}", bytes[..cut].escape_ascii(), if cut < bytes.len() { "…" } else { "" })
}

/// The string's bytes as they are now; Ruby may change or move them afterwards.
pub(crate) fn copy(string: RString) -> Bytes {
    // SAFETY: no Ruby code runs between taking the slice and copying it.
    Bytes::copy_from_slice(unsafe { string.as_slice() })
}

/// `0..99`, `5..` and `-10..` in the terms of HTTP.
fn bytes_range(range: Range) -> Result<Datum, ConversionError> {
    let begin = range.beg::<Option<i64>>()?.unwrap_or(0);
    let end = match range.end::<Option<i64>>()? {
        Some(-1) if !range.excl() => None,
        end => end,
    };
    Ok(Datum::Str(match end {
        None if begin < 0 => format!("{begin}"),
        None => format!("{begin}-"),
        Some(end) if begin < 0 || end < 0 => {
            return refuse(format!("takes first..last, first.. or -suffix.., not {begin}..{end}"));
        }
        Some(end) => {
            let end = if range.excl() { end - 1 } else { end };
            if end < begin {
                return refuse("takes a range of at least one byte");
            }
            format!("{begin}-{end}")
        }
    }))
}

fn list(ruby: &Ruby, array: RArray, kind: Option<Type>, depth: usize) -> Result<Datum, ConversionError> {
    let are_keys = matches!(kind, Some(Type::KeyList | Type::Items));
    let mut items = Vec::with_capacity(array.len());
    while items.len() < array.len() {
        let item = array.entry(isize::try_from(items.len()).unwrap_or_default())?;
        let text = RString::from_value(item).filter(|_| are_keys);
        let kind = text.map(|_| Type::Str);
        items.push(read(ruby, item, kind, depth).map_err(|refusal| match (refusal, text) {
            (ConversionError::Because(why), Some(key)) => {
                ConversionError::Because(format!("holds a key that {why}: {}", shown(key)))
            }
            (refusal, _) => refusal,
        })?);
    }
    Ok(Datum::List(items))
}

fn map(ruby: &Ruby, hash: RHash, depth: usize) -> Result<Datum, ConversionError> {
    let mut pairs = Vec::with_capacity(hash.len());
    each_pair(hash, |name, value| {
        let name = self::name(ruby, name)?;
        let kind = match name.as_str() {
            "path" => Some(Type::Directory),
            "key" => Some(Type::Str),
            _ => None,
        };
        let key_text = RString::from_value(value).filter(|_| name == "key");
        // An object's bytes have no encoding, as with the source of a single `put`.
        let body = RString::from_value(value).filter(|_| name == "body");
        if let Some(body) = body {
            pairs.push((name.into(), Datum::Bytes(copy(body))));
            return Ok(());
        }
        let value = read(ruby, value, kind, depth).map_err(|refusal| match (refusal, key_text) {
            (ConversionError::Because(why), Some(key)) => {
                ConversionError::Because(format!("holds a key that {why}: {}", shown(key)))
            }
            (refusal, _) => refusal,
        })?;
        pairs.push((name.into(), value));
        Ok(())
    })?;
    Ok(Datum::Map(pairs))
}

/// Iterates over a hash. The pairs are copied to a Ruby array first: a value's own method may change the hash
/// meanwhile.
pub(crate) fn each_pair(
    hash: RHash,
    mut each: impl FnMut(Value, Value) -> Result<(), ConversionError>,
) -> Result<(), ConversionError> {
    let pairs: RArray = hash.funcall("to_a", ())?;
    for index in 0..pairs.len() {
        let pair: RArray = pairs.entry(isize::try_from(index).unwrap_or_default())?;
        each(pair.entry(0)?, pair.entry(1)?)?;
    }
    Ok(())
}

/// The name of an option, a setting or an entry: a symbol or text.
pub(crate) fn name(ruby: &Ruby, value: Value) -> Result<String, ConversionError> {
    match read(ruby, value, None, 1)? {
        Datum::Str(name) => Ok(name),
        other => refuse(format!("takes names that are symbols or text, not {}", other.type_name())),
    }
}

/// Makes the Ruby value of a core value that is declared with this type.
pub(crate) fn to_ruby(ruby: &Ruby, datum: Datum, kind: Type) -> Result<Value, Error> {
    Ok(match datum {
        Datum::Null => ruby.qnil().as_value(),
        Datum::Bool(flag) => ruby.into_value(flag),
        Datum::Int(number) => ruby.into_value(number),
        Datum::Str(text) => ruby.str_new(&text).as_value(),
        Datum::Callback(_) => ruby.str_new("callback").as_value(),
        Datum::Bytes(bytes) => ruby.str_from_slice(&bytes).as_value(),
        Datum::Time(time) => self::time(ruby, time)?.as_value(),
        Datum::List(items) => {
            let rows = match kind {
                Type::Records(name) => Some(members(ruby, name)?),
                _ => None,
            };
            let array = ruby.ary_new_capa(items.len());
            for item in items {
                array.push(match (item, rows) {
                    (Datum::Map(pairs), Some(members)) => record(ruby, members, pairs)?,
                    (item, _) => frozen(to_ruby(ruby, item, Type::Null)?),
                })?;
            }
            array.as_value()
        }
        Datum::Map(pairs) => match kind {
            Type::Record(name) => record(ruby, members(ruby, name)?, pairs)?,
            _ => {
                let hash = ruby.hash_new();
                for (name, value) in pairs {
                    hash.aset(ruby.str_new(&name), frozen(to_ruby(ruby, value, Type::Null)?))?;
                }
                hash.as_value()
            }
        },
    })
}

fn frozen(value: Value) -> Value {
    value.freeze();
    value
}

fn time(ruby: &Ruby, time: SystemTime) -> Result<Time, Error> {
    let (seconds, nanos) = to_unix(time);
    ruby.time_timespec_new(Timespec { tv_sec: seconds, tv_nsec: i64::from(nanos) }, Offset::utc())
}

/// The struct that `lib/oarlock/records.rb` made of a record's declaration, and its fields: the members are
/// in the declaration's order.
fn members(ruby: &Ruby, name: &str) -> Result<(RClass, &'static [FieldSpec]), Error> {
    let fields =
        oarlock::reply::RECORDS.iter().find(|spec| spec.name == name).map_or(&[][..], |spec| spec.fields);
    Ok((crate::oarlock_module(ruby)?.const_get(name)?, fields))
}

fn record(
    ruby: &Ruby,
    (class, fields): (RClass, &[FieldSpec]),
    pairs: Vec<(Name, Datum)>,
) -> Result<Value, Error> {
    let row = class.obj_alloc()?;
    if let Some(row) = RStruct::from_value(row) {
        for (index, ((_, value), field)) in pairs.into_iter().zip(fields).enumerate() {
            row.aset(index, frozen(to_ruby(ruby, value, field.kind)?))?;
        }
    }
    Ok(frozen(row))
}
