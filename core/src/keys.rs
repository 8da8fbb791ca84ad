//! What a verb is aimed at: a key, keys, a prefix, and the place that errors name.
//!
//! Law: keys here are the caller's, without the store's prefix; whoever talks to a server or a file system puts that before them.

use crate::error::Error;
use crate::value::{Field, Type, Value};

/// An object's key within the store: 1 to 1024 bytes of UTF-8 without NUL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(pub(crate) String);

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
#[derive(Clone, Debug, Default)]
pub struct Keys(pub(crate) Vec<(Key, Option<String>)>);

impl<K: Into<Key>> FromIterator<K> for Keys {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        Keys(keys.into_iter().map(|key| (key.into(), None)).collect())
    }
}

impl Field for Keys {
    const TYPE: Type = Type::KeyList;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        let Value::List(items) = value else { return Err(format!("takes a list of keys, not {}", value.type_name())) };
        let read = |item| match item {
            Value::Str(key) => Ok((Key(key), None)),
            Value::Map(_) => {
                let key = item.get("key").and_then(Value::as_str).ok_or("takes text or {key, version_id} for each key")?;
                Ok((Key(key.to_owned()), item.get("version_id").and_then(Value::as_str).map(str::to_owned)))
            }
            other => Err(format!("takes text or {{key, version_id}} for each key, not {}", other.type_name())),
        };
        items.into_iter().map(read).collect::<std::result::Result<_, String>>().map(Keys)
    }
    fn into_value(self) -> Value {
        Value::List(self.0.into_iter().map(|(key, _)| Value::Str(key.0)).collect())
    }
}

/// Names of bucket and key for errors, kept aside because the verb takes its parameters.
pub(crate) struct Place {
    pub(crate) bucket: String,
    pub(crate) key: Option<String>,
}

impl Place {
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
