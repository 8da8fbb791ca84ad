//! The process environment, as far as identities go: keys, their expiry, and how variables are read.
//!
//! Invariant: only reads; half a key pair is an error that names the other half.

use std::time::SystemTime;

use aws_credential_types::Credentials;

use super::answer::{Answer, moment, unexpired};
use crate::ambient::variable;
use crate::error::{Result, fail};

/// Whether a variable is `true`, in any case.
pub(super) fn says_true(name: &str) -> bool {
    variable(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
}

/// A variable read as a number of at least `least`.
pub(super) fn number<T: std::str::FromStr + PartialOrd + std::fmt::Display>(
    name: &str,
    least: T,
) -> Result<Option<T>> {
    let Some(value) = variable(name) else { return Ok(None) };
    match value.trim().parse::<T>() {
        Ok(number) if number >= least => Ok(Some(number)),
        _ => fail!(Config, "the environment variable {name} takes a number from {least} on, not {value:?}"),
    }
}

/// The key pair of the environment.
pub(super) fn keys() -> Result<Answer> {
    let (id, secret) = match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
        (Some(id), Some(secret)) => (id, secret),
        (None, None) => {
            return Ok(Answer::None(
                "the environment holds no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned(),
            ));
        }
        (Some(_), None) => fail!(
            Credentials,
            "the environment holds AWS_ACCESS_KEY_ID, but AWS_SECRET_ACCESS_KEY is missing"
        ),
        (None, Some(_)) => fail!(
            Credentials,
            "the environment holds AWS_SECRET_ACCESS_KEY, but AWS_ACCESS_KEY_ID is missing"
        ),
    };
    let mut keys =
        Credentials::builder().access_key_id(id).secret_access_key(secret).provider_name("oarlock");
    keys.set_session_token(variable("AWS_SESSION_TOKEN").or_else(|| variable("AWS_SECURITY_TOKEN")));
    keys.set_account_id(variable("AWS_ACCOUNT_ID").map(Into::into));
    if let Some(text) = variable("AWS_CREDENTIAL_EXPIRATION") {
        match moment(&text) {
            Some(expiry) => keys.set_expiry(Some(SystemTime::from(expiry))),
            None => fail!(
                Credentials,
                "the environment variable AWS_CREDENTIAL_EXPIRATION takes a time such as \
                 2030-01-31T12:00:00Z, not {text:?}"
            ),
        };
    }
    unexpired(keys.build(), "the credentials in the environment").map(|keys| Answer::Keys(keys, "env"))
}
