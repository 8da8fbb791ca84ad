//! JSON to oarlock's values and back, as the protocol spells bytes, times and functions.
//!
//! Invariant: nothing is lost; what JSON lacks is a map with one `$name`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oarlock::value::to_unix;
use oarlock::{Callback, Error, Value};
use serde_json::{Value as Json, json};

/// The bytes of a base64 text.
pub fn bytes(text: &Json) -> Result<bytes::Bytes, String> {
    STANDARD
        .decode(text.as_str().unwrap_or_default())
        .map(Into::into)
        .map_err(|why| format!("not base64: {why}"))
}

/// A request's value. Fractions and times are given as text, which oarlock reads.
pub fn to_value(json: &Json) -> Result<Value, String> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Str(number.to_string()), Value::Int),
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(to_value).collect::<Result<_, _>>()?),
        Json::Object(map) => match (map.get("$bytes"), map.get("$time"), map.get("$callback")) {
            (Some(text), ..) => Value::Bytes(bytes(text)?),
            (_, Some(time), _) => to_value(time)?,
            (.., Some(answers)) => function(answers).into(),
            _ => Value::Map(
                map.iter()
                    .map(|(name, value)| Ok((name.clone().into(), to_value(value)?)))
                    .collect::<Result<_, String>>()?,
            ),
        },
    })
}

/// The questions that functions received since the last look.
pub static ASKED: Mutex<Vec<Value>> = Mutex::new(Vec::new());

/// A function that gives these answers in turn, the last one for good.
fn function(answers: &Json) -> Callback {
    let (answers, given) = (answers.as_array().cloned().unwrap_or_default(), AtomicUsize::new(0));
    Callback::new(move |question| {
        ASKED.lock().map_err(|why| why.to_string())?.push(question);
        let number = given.fetch_add(1, Ordering::Relaxed).min(answers.len().saturating_sub(1));
        let answer = answers.get(number).unwrap_or(&Json::Null);
        match answer.get("$raise").and_then(Json::as_str) {
            Some(why) => Err(why.into()),
            None => Ok(to_value(answer)?),
        }
    })
}

/// A reply as the protocol spells it.
pub fn from_value(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => json!(flag),
        Value::Int(number) => json!(number),
        Value::Str(text) => json!(text),
        Value::Callback(_) => json!("callback"),
        Value::Bytes(bytes) => json!({"$bytes": STANDARD.encode(bytes)}),
        Value::Time(time) => json!({"$time": to_unix(time)}),
        Value::List(items) => items.into_iter().map(from_value).collect(),
        Value::Map(pairs) => {
            pairs.into_iter().map(|(name, value)| (name.into_owned(), from_value(value))).collect()
        }
    }
}

/// An error's facts, absent ones as null.
pub fn error(error: &Error) -> Json {
    json!({
        "kind": error.kind().name(),
        "message": error.message(),
        "verb": error.verb(),
        "bucket": error.bucket(),
        "key": error.key(),
        "status": error.status(),
        "code": error.code(),
        "request_id": error.request_id(),
        "retryable": error.retryable(),
    })
}
