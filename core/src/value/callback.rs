//! A callback: a function of the host as plain data.
//!
//! Invariant: opaque. Nothing in core runs one on a worker thread: a call that needs the function's answer
//! asks with `Step::Ask`, and the thread that waits for the call runs it. In Rust the function lies here;
//! other languages keep theirs and know it by its number.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Field, SecretText, Type, Value};

type Function = dyn Fn(Value) -> std::result::Result<Value, Box<dyn StdError + Send + Sync>> + Send + Sync;

/// A function of the host's, for a setting that takes one. It answers questions, each a map, on the thread
/// that waits for a call.
///
/// ```
/// use oarlock::{Callback, Store, Value};
/// let keys = Callback::new(|_question| {
///     let text = |text: &str| Value::Str(text.into());
///     let (id, secret) = (text("AKID"), text("secret"));
///     Ok(Value::Map(vec![("access_key_id".into(), id), ("secret_access_key".into(), secret)]))
/// });
/// let store = Store::open("s3://bucket", vec![("credentials".into(), keys.into())]).unwrap();
/// assert_eq!(store.credentials(Default::default()).wait(None).unwrap().access_key_id, "AKID");
/// ```
#[derive(Clone)]
pub struct Callback {
    number: u64,
    function: Option<Arc<Function>>,
}

impl Callback {
    /// A function of a Rust program; `Call::wait` and an awaited `Call` run it.
    pub fn new(
        function: impl Fn(Value) -> std::result::Result<Value, Box<dyn StdError + Send + Sync>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Callback { function: Some(Arc::new(function)), ..Callback::elsewhere() }
    }

    /// A function that the caller stores under this callback's number, and runs itself at each `Step::Ask`.
    pub fn elsewhere() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Callback { number: LAST.fetch_add(1, Ordering::Relaxed) + 1, function: None }
    }

    /// The number, which no other callback of the process has.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Runs the function, for a program that handles `Step::Ask` itself.
    ///
    /// # Errors
    /// The function's error.
    pub fn run(&self, question: Value) -> std::result::Result<Value, String> {
        match &self.function {
            Some(function) => function(question).map_err(|why| why.to_string()),
            None => Err("it is not known here".to_owned()),
        }
    }
}

impl PartialEq for Callback {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "callback {}", self.number)
    }
}

impl From<Callback> for Value {
    fn from(callback: Callback) -> Value {
        Value::Callback(callback)
    }
}

impl Field for Callback {
    const TYPE: Type = Type::Callback;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        match value {
            Value::Callback(callback) => Ok(callback),
            other => Err(format!("takes a function, not {}", other.type_name())),
        }
    }
    fn into_value(self) -> Value {
        Value::Callback(self)
    }
}

/// Secret text, or the function that returns it.
#[derive(Clone, Debug, PartialEq)]
pub enum SecretSource {
    /// The text itself.
    Text(SecretText),
    /// The function that returns it.
    Callback(Callback),
}

impl Field for SecretSource {
    const TYPE: Type = Type::StrOrCallback;
    fn from_value(value: Value) -> std::result::Result<Self, String> {
        match value {
            Value::Callback(callback) => Ok(SecretSource::Callback(callback)),
            Value::Str(text) => Ok(SecretSource::Text(SecretText(text))),
            other => Err(format!("takes text or a function, not {}", other.type_name())),
        }
    }
    fn into_value(self) -> Value {
        match self {
            SecretSource::Text(text) => text.into_value(),
            SecretSource::Callback(callback) => callback.into_value(),
        }
    }
}
