//! Which identity a store acts as, and in which region.
//!
//! Law: what the host says explicitly beats the environment, and an explicit kind never falls through to another.
//! Never writes the process environment. Nothing is resolved before the first request. All stores of one source share one
//! provider. Knows nothing of S3's verbs.

mod cache;
mod chain;
mod environment;
mod metadata;
mod process;
mod profile;
mod services;
mod sso;
mod sts;

use std::error::Error as StdError;
use std::fmt::Write;
use std::time::UNIX_EPOCH;

use aws_credential_types::Credentials;
use aws_sdk_s3::config::SharedHttpClient;
use sha2::{Digest, Sha256};

use crate::config::Settings;
use crate::error::Result;
use crate::runtime;
use crate::value::{Field, Value};
use chain::Chain;
use environment::variable;

pub(crate) use cache::Provider;

/// What credentials come from.
#[derive(Debug, PartialEq)]
pub(crate) enum Kind<'a> {
    Static(&'a str),
    Anonymous,
    Env,
    Profile(Option<&'a str>),
    WebIdentity,
    Container,
    InstanceProfile,
    Default,
}

impl<'a> Kind<'a> {
    /// The kind that the settings ask for: keys, then anonymous, then a provider's name, then a profile, then the chain.
    pub(crate) fn of(settings: &'a Settings) -> Kind<'a> {
        match (settings.access_key_id.as_deref(), settings.provider.as_deref(), settings.profile.as_deref()) {
            (Some(id), _, _) => Kind::Static(id),
            _ if settings.anonymous == Some(true) => Kind::Anonymous,
            (_, Some("anonymous"), _) => Kind::Anonymous,
            (_, Some("env"), _) => Kind::Env,
            (_, Some("web_identity"), _) => Kind::WebIdentity,
            (_, Some("container"), _) => Kind::Container,
            (_, Some("instance_profile"), _) => Kind::InstanceProfile,
            (_, Some("profile"), profile) | (_, None, profile @ Some(_)) => Kind::Profile(profile),
            _ => Kind::Default,
        }
    }
}

/// Credentials, and what gave them.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) credentials: Credentials,
    pub(crate) provider: &'static str,
}

/// Where a store's credentials come from.
pub(crate) enum Identity {
    /// Requests go unsigned.
    Anonymous,
    /// The settings hold the keys.
    Keys(Keys),
    /// They are fetched when needed, and again before they expire.
    Fetched(Provider),
}

/// Who a store acts as.
pub(crate) fn identity(settings: &Settings, region: &str, http: SharedHttpClient) -> Result<Identity> {
    match Kind::of(settings) {
        Kind::Anonymous => Ok(Identity::Anonymous),
        Kind::Static(id) => {
            let secret = settings.secret_access_key.as_ref().map_or("", |secret| &secret.0);
            let token = settings.session_token.as_ref().map(|token| token.0.clone());
            Ok(Identity::Keys(Keys { credentials: Credentials::new(id, secret, token, None, "static"), provider: "static" }))
        }
        _ => {
            let made = || Provider::new(Chain { settings: settings.clone(), region: region.to_owned(), http });
            Ok(Identity::Fetched((*runtime::current()?.shared(&fingerprint(settings, region), made)).clone()))
        }
    }
}

/// The settings that tell one source of credentials from another, or say how it is reached.
const TELLING: &[&str] = &[
    "provider",
    "profile",
    "config_file",
    "credentials_file",
    "mfa_token",
    "ca_bundle",
    "verify",
    "proxy",
    "connect_timeout",
    "read_timeout",
];

/// One text for each source: what the settings, the environment and the files say. Hashed, for it holds secrets.
fn fingerprint(settings: &Settings, region: &str) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    add(region);
    if let Value::Map(pairs) = settings.clone().into_value() {
        for (name, value) in pairs.iter().filter(|(name, _)| TELLING.contains(&name.as_str())) {
            add(&format!("{name} {value:?}"));
        }
    }
    let mut variables: Vec<_> =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
    variables.sort_unstable();
    for (name, value) in variables.iter().filter(|(name, _)| name.starts_with("AWS_") || name == "HOME") {
        add(name);
        add(value);
    }
    // A store that is opened after someone edited the files must see what they say now.
    for path in profile::paths(settings) {
        let found = std::fs::metadata(&path).ok();
        let written = found.as_ref().and_then(|found| found.modified().ok()).and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        add(&format!("{path:?} {:?} {written:?}", found.map(|found| found.len())));
    }
    hash.finalize().iter().fold("credentials ".to_owned(), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The region: the setting, AWS_REGION, AWS_DEFAULT_REGION, the profile's, us-east-1.
pub(crate) async fn region(settings: &Settings) -> String {
    if let Some(region) = settings.region.clone().or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION")) {
        return region;
    }
    let profiles = profile::load(settings).await.ok();
    profiles.and_then(|profiles| profiles.set.get("region").map(str::to_owned)).unwrap_or_else(|| "us-east-1".to_owned())
}

/// The innermost cause, which says most in fewest words.
fn root(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let line: String = cause.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.trim_end_matches('.').to_owned()
}
