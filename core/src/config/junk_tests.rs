//! Every setting of the table with every kind of junk, from each source: an error that names setting, value
//! and source; never a panic.

use super::*;
use crate::table::{FieldSpec, Record};
use crate::value::Type;

/// Settings that take any text a person could mean: what is wrong with it shows where it is used.
const FREE: &[&str] = &[
    "access_key_id",
    "profile",
    "config_file",
    "credentials_file",
    "credentials_cache",
    "ca_bundle",
    "client_cert",
    "client_key",
    "storage_class",
    "acl",
    "grant_read",
    "grant_read_acp",
    "grant_write_acp",
    "grant_full_control",
    "client_certificate",
    "client_key",
    "sse_kms_key_id",
    "app_name",
    "secret_access_key",
    "session_token",
    "mfa_token",
    "version_id",
    "encryption_rsa_key",
    "encryption_instruction_suffix",
];

/// Values that the setting can't take.
fn junk(field: &FieldSpec) -> Vec<&'static str> {
    let mut junk = match field.kind {
        Type::Bool => vec!["perhaps", "", "2"],
        Type::Int => vec!["many", "", "-1", "1e3", "99999999999999999999"],
        Type::Duration => vec!["soon", "", "-1", "0", "NaN", "inf", "1e300", "99999999999"],
        Type::Bytes => vec!["c2hvcnQ=", "\u{1}"],
        Type::Map => vec!["{", "[]", "{\"a\":{}}", "a=b"],
        _ if FREE.contains(&field.name) => vec![],
        _ => vec!["\u{fffd}:/?#", ""],
    };
    if field.kind == Type::Str {
        junk.extend(["a\nb", "a\0b", "a\r\nx-evil: 1"]);
    }
    junk
}

/// As a URL's query would carry it.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn names(error: &Error, field: &FieldSpec, value: &str, source: &str) {
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    // Text in a function's place may be a secret in the wrong place.
    let (message, secret) =
        (error.message(), keys::SECRET.contains(&field.name) || field.kind == Type::Callback);
    let shown = format!("{value:?}");
    assert!(message.contains(field.name) && message.contains(source), "{} {value:?}: {message}", field.name);
    let number = value.parse::<f64>().is_ok() && field.kind != Type::Bool;
    assert!(secret || number || message.contains(&shown), "{} {value:?}: {message}", field.name);
    assert!(!secret || value.len() < 3 || !message.contains(value), "{message}");
}

#[test]
fn by_name_and_in_a_url() {
    for field in Settings::SPEC.fields {
        for value in junk(field) {
            let error =
                Config::from_url("s3://bucket", vec![(field.name.to_owned(), Value::Str(value.to_owned()))]);
            let Err(error) = error else { panic!("{} takes {value:?}", field.name) };
            names(&error, field, value, "setting");
            let Err(error) =
                Config::from_url(&format!("s3://bucket?{}={}", field.name, escaped(value)), vec![])
            else {
                panic!("{} takes {value:?} in a URL", field.name)
            };
            if !NOT_IN_URLS.iter().any(|(name, _)| *name == field.name) {
                names(&error, field, value, "in the URL");
            }
        }
    }
}

#[test]
fn values_of_other_types() {
    for field in Settings::SPEC.fields {
        for value in [
            Value::Int(-7),
            Value::List(vec![]),
            Value::Map(vec![]),
            Value::Time(std::time::UNIX_EPOCH),
            Value::Bool(true),
            Value::Int(i64::MAX),
        ] {
            if let Err(error) = Config::from_url("s3://bucket", vec![(field.name.to_owned(), value)]) {
                assert!(error.kind() == ErrorKind::Config && error.message().contains(field.name), "{error}");
            }
        }
    }
}
