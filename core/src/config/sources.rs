//! Where each setting was found, in plain words: "setting", "URL", "environment variable AWS_REGION".
//!
//! Invariant: what is secret is shown as dots.

use super::keys::SECRET;
use crate::value::Value;

/// Settings by name, and where each was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources(Vec<(String, String)>);

impl Sources {
    /// Where the setting was found; nothing for one that nobody gave.
    pub(crate) fn of(&self, setting: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == setting).map(|(_, place)| place.as_str())
    }

    /// Returns where a setting was found.
    pub(crate) fn add(&mut self, setting: &str, place: impl Into<String>) {
        self.0.push((setting.to_owned(), place.into()));
    }
}

/// A setting's value as people read it.
pub(crate) fn shown(setting: &str, value: &Value) -> String {
    const MIB: i64 = 1 << 20;
    match value {
        _ if SECRET.contains(&setting) => "•••".to_owned(),
        Value::Str(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(size) if setting.starts_with("multipart_") && *size >= MIB && size % MIB == 0 => {
            format!("{} MiB", size / MIB)
        }
        Value::Int(number) => number.to_string(),
        // No setting that may be shown has another type.
        other => other.type_name().to_owned(),
    }
}
