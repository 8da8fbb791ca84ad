//! What a source of credentials returns, and how long keys are good for.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use jiff::Timestamp;

use crate::error::{Error, ErrorKind, Result};

/// How long before they expire credentials are renewed.
pub(super) const WINDOW: Duration = Duration::from_secs(300);

/// What one source of credentials returns. An error means that it should have had keys.
pub(super) enum Answer {
    /// The keys and the name of the provider that gave them.
    Keys(Credentials, &'static str),
    /// Why it has none.
    None(String),
}

/// A time as credentials' documents write it.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let zulu = text.strip_suffix("UTC").map(|head| format!("{head}Z"));
    zulu.as_deref().unwrap_or(text).parse().ok()
}

/// These keys, unless they are past their time.
pub(super) fn unexpired(keys: Credentials, what: &str) -> Result<Credentials> {
    match keys.expiry() {
        Some(expiry) if expiry <= SystemTime::now() => {
            let when = Timestamp::try_from(expiry)
                .map_or_else(|_| "long ago".to_owned(), |when| format!("at {when}"));
            Err(Error::new(ErrorKind::Credentials, format!("{what} expired {when}; renew them")))
        }
        _ => Ok(keys),
    }
}
