//! `credential_process`: a program that prints credentials.
//!
//! Invariant: it runs through the shell, as for the SDKs. What it prints is never shown, for it holds the
//! secret; of what it complains about, only the beginning is, without what could be a key. Expired output is
//! an error.

use std::process::{Command, Stdio};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use serde_json::{Map, Value};

use super::answer::{moment, unexpired};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::runtime;

pub(super) async fn run(command: &str, account_id: Option<&str>, profile: &str) -> Result<Credentials> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).stdin(Stdio::null());
    let what = format!("the credential_process of profile `{profile}`");
    let output = runtime::blocking(move || shell.output())
        .await
        .map_err(|_| Error::new(ErrorKind::Internal, "a blocking task was lost"))?
        .map_err(|error| Error::new(ErrorKind::Credentials, format!("{what} can't be run: {error}")))?;
    if !output.status.success() {
        fail!(Credentials, "{what} failed ({}): {}", output.status, complaint(&output.stderr));
    }
    unexpired(read(&output.stdout, account_id, &what)?, &format!("the credentials that {what} printed"))
}

fn read(output: &[u8], account_id: Option<&str>, what: &str) -> Result<Credentials> {
    // The parser's own error is not shown: it may quote the secret.
    let Ok(Value::Object(fields)) = serde_json::from_slice(output) else {
        fail!(Credentials, "{what} did not print a JSON object")
    };
    if field(&fields, "Version").and_then(Value::as_i64) != Some(1) {
        fail!(Credentials, "{what} must print \"Version\": 1");
    }
    let text = |name: &str| {
        field(&fields, name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let needed = |name: &str| match text(name) {
        Some(value) => Ok(value),
        None => fail!(Credentials, "{what} printed no {name}"),
    };
    let mut keys = Credentials::builder()
        .access_key_id(needed("AccessKeyId")?)
        .secret_access_key(needed("SecretAccessKey")?)
        .provider_name("oarlock");
    keys.set_session_token(text("SessionToken"));
    keys.set_account_id(text("AccountId").or(account_id.map(str::to_owned)).map(Into::into));
    if let Some(expiry) = text("Expiration") {
        match moment(&expiry) {
            Some(expiry) => keys.set_expiry(Some(SystemTime::from(expiry))),
            None => fail!(Credentials, "{what} printed an Expiration that is no time"),
        };
    }
    Ok(keys.build())
}

fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The beginning of what a program complained about, without long words that could be keys.
fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let mut shown = String::new();
    for word in text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '+' | '='))) {
        let secret = word.len() > 16
            && word.contains(|c: char| c.is_ascii_digit())
            && word.contains(|c: char| c.is_ascii_uppercase());
        shown.push_str(if secret { "••• " } else { word });
    }
    let line: String = shown.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    if line.is_empty() { "it did not say why".to_owned() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read() {
        let keys = read(
            br#"{"version": 1, "AccessKeyId": "id", "SecretAccessKey": "s", "AccountId": "1"}"#,
            Some("2"),
            "it",
        )
        .unwrap();
        assert_eq!(
            (keys.access_key_id(), keys.account_id().unwrap().as_str(), keys.expiry()),
            ("id", "1", None)
        );
        for bad in [
            "",
            "[]",
            "CANARY",
            r#"{"AccessKeyId": "CANARY", "SecretAccessKey": "CANARY"}"#,
            r#"{"Version": 1, "AccessKeyId": "CANARY"}"#,
        ] {
            let error = read(bad.as_bytes(), None, "it").unwrap_err();
            assert!(
                error.kind() == ErrorKind::Credentials && !error.to_string().contains("CANARY"),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_shown_of_a_complaint() {
        assert_eq!(complaint(b"no such profile\nat all\n"), "no such profile at all");
        let shown = complaint(b"secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY refused");
        assert!(!shown.contains("MDENG") && shown.contains("refused"), "{shown}");
        assert_eq!(complaint(&[b'x'; 5000]).len(), 200);
    }
}
