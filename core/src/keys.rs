//! What a verb is aimed at: a key, keys, a prefix, and the place that errors name.
//!
//! Invariant: keys here are the caller's, without the store's prefix; the code that reaches
//! a server or a file system adds that.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use bytes::Bytes;

use crate::error::{Error, Result, fail};
use crate::value::{Field, Type, Value, owned};

/// An object's key within the store: 1 to 1024 bytes of UTF-8 without NUL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(pub(crate) String);

impl Key {
    /// Refuses what no object's key can be.
    pub(crate) fn check_text(&self) -> Result<()> {
        match self.0.as_str() {
            "" => fail!(InvalidInput, "the key is empty"),
            key if key.len() > 1024 => fail!(InvalidInput, "the key has {} bytes; S3 allows 1024", key.len()),
            key if key.contains('\0') => fail!(InvalidInput, "the key {key:?} contains a NUL"),
            _ => Ok(()),
        }
    }
}

impl<T: Into<String>> From<T> for Key {
    fn from(key: T) -> Self {
        Key(key.into())
    }
}

/// The beginning of keys within the store; may be empty.
#[derive(Clone, Debug, Default)]
pub struct Prefix(pub(crate) String);

impl<T: Into<String>> From<T> for Prefix {
    fn from(prefix: T) -> Self {
        Prefix(prefix.into())
    }
}

/// Keys, each with or without a version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Keys(pub(crate) Vec<(Key, Option<String>)>);

impl<K: Into<Key>> FromIterator<K> for Keys {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        Keys(keys.into_iter().map(|key| (key.into(), None)).collect())
    }
}

impl Field for Keys {
    const TYPE: Type = Type::KeyList;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        let Value::List(items) = value else {
            return Err(format!("takes a list of keys, not {}", value.type_name()));
        };
        let read = |item| match item {
            Value::Str(key) => Ok((Key(key), None)),
            Value::Map(_) => {
                let key = item
                    .get("key")
                    .and_then(Value::as_str)
                    .ok_or("takes text or {key, version_id} for each key")?;
                Ok((Key(key.to_owned()), item.get("version_id").and_then(Value::as_str).map(str::to_owned)))
            }
            other => {
                Err(format!("takes text or {{key, version_id}} for each key, not {}", other.type_name()))
            }
        };
        items.into_iter().map(read).collect::<std::result::Result<_, String>>().map(Keys)
    }
    fn into_value(self) -> Value {
        Value::List(self.0.into_iter().map(|(key, _)| Value::Str(key.0)).collect())
    }
}

/// A local directory for `sync_up` and `sync_down`.
#[derive(Clone, Debug)]
pub struct Directory(pub(crate) PathBuf);

impl<T: Into<PathBuf>> From<T> for Directory {
    fn from(path: T) -> Self {
        Directory(path.into())
    }
}

impl Field for Directory {
    const TYPE: Type = Type::Directory;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        path(value).map(Directory).map_err(|other| format!("takes a path, not {}", other.type_name()))
    }
    fn into_value(self) -> Value {
        Value::Str(self.0.display().to_string())
    }
}

/// A path of this machine, as text or as the file system's bytes.
fn path(value: Value) -> std::result::Result<PathBuf, Value> {
    match value {
        Value::Str(path) => Ok(path.into()),
        Value::Bytes(path) => Ok(std::ffi::OsStr::from_bytes(&path).into()),
        other => Err(other),
    }
}

/// One object of many: its key, and the file or the bytes that belong to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The key.
    pub(crate) key: Key,
    /// The file that it is read from or written to.
    pub(crate) path: Option<PathBuf>,
    /// Its bytes, where it is stored from memory.
    pub(crate) body: Option<Bytes>,
    /// The version to look at.
    pub(crate) version_id: Option<String>,
    /// The media type of what is stored.
    pub(crate) content_type: Option<String>,
}

impl<T: Into<Key>> From<T> for Item {
    fn from(key: T) -> Self {
        Item { key: key.into(), path: None, body: None, version_id: None, content_type: None }
    }
}

impl Item {
    /// With the file that the object is read from or written to.
    pub fn file(self, path: impl Into<PathBuf>) -> Item {
        Item { path: Some(path.into()), ..self }
    }

    /// With the bytes to store.
    pub fn body(self, body: impl Into<Bytes>) -> Item {
        Item { body: Some(body.into()), ..self }
    }
}

/// Objects with what belongs to each.
#[derive(Clone, Debug, Default)]
pub struct Items(pub(crate) Vec<Item>);

impl<I: Into<Item>> FromIterator<I> for Items {
    fn from_iter<T: IntoIterator<Item = I>>(items: T) -> Self {
        Items(items.into_iter().map(Into::into).collect())
    }
}

impl Field for Items {
    const TYPE: Type = Type::Items;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        let Value::List(items) = value else {
            return Err(format!("takes a list of objects, not {}", value.type_name()));
        };
        let read = |item| match item {
            Value::Str(key) => Ok(Item::from(key)),
            Value::Map(pairs) => read_item(owned(pairs)),
            other => Err(format!("takes a key or a map for each object, not {}", other.type_name())),
        };
        items.into_iter().map(read).collect::<std::result::Result<_, String>>().map(Items)
    }
    fn into_value(self) -> Value {
        Value::List(self.0.into_iter().map(|item| Value::Str(item.key.0)).collect())
    }
}

fn read_item(pairs: Vec<(String, Value)>) -> std::result::Result<Item, String> {
    let mut item = Item::from("");
    for (name, value) in pairs {
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            ("key", Value::Str(key)) => item.key = Key(key),
            ("path", value @ (Value::Str(_) | Value::Bytes(_))) => item.path = path(value).ok(),
            ("body", Value::Bytes(body)) => item.body = Some(body),
            // Text stands for itself here, not for base64, as with the source of a single `put`.
            ("body", Value::Str(text)) => item.body = Some(text.into()),
            ("version_id", Value::Str(version)) => item.version_id = Some(version),
            ("content_type", Value::Str(media)) => item.content_type = Some(media),
            ("key" | "path" | "body" | "version_id" | "content_type", other) => {
                return Err(format!("holds {} for the {name} of an object", other.type_name()));
            }
            _ => {
                return Err(format!(
                    "takes key, path, body, version_id and content_type for each object, not {name:?}"
                ));
            }
        }
    }
    if item.key.0.is_empty() { Err("holds an object without a key".to_owned()) } else { Ok(item) }
}

/// The URL of an object that may have to be fetched, if it is given.
#[derive(Clone, Debug, Default)]
pub struct UpstreamUrl(pub(crate) Option<String>);

impl<T: Into<String>> From<T> for UpstreamUrl {
    fn from(url: T) -> Self {
        UpstreamUrl(Some(url.into()))
    }
}

/// Bucket and key for errors, copied because the verb consumes its parameters.
pub(crate) struct ErrorTarget {
    pub(crate) bucket: String,
    pub(crate) key: Option<String>,
}

impl ErrorTarget {
    pub(crate) fn with(mut self, param: &dyn std::any::Any) -> Self {
        if let Some(Key(key)) = param.downcast_ref::<Key>() {
            self.key = Some(key.clone());
        }
        self
    }

    pub(crate) fn dress(&self, error: Error) -> Error {
        let error = error.with_bucket(&self.bucket);
        match &self.key {
            Some(key) => error.with_key(key),
            None => error,
        }
    }
}
