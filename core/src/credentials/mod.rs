//! Which identity a store acts as, and in which region.
//!
//! Invariant: explicit settings beat the environment, and an explicit kind never falls through to
//! another. Never writes the process environment. Nothing is resolved before the first request. All stores of
//! one source share one provider. Must not depend on S3's verbs.

mod answer;
mod cache;
mod chain;
mod environment;
mod exchange;
mod host;
mod issued;
mod json;
mod login;
mod metadata;
mod private;
mod process;
mod profile;
mod proof;
mod services;
pub(crate) mod sign;
mod sso;
mod stored;
mod sts;
mod trail;

use std::fmt::Write;

use aws_credential_types::Credentials;
use sha2::{Digest, Sha256};

use tokio::sync::OnceCell;

use crate::ambient::{self, Completed, Profiles};
use crate::config::Settings;
use crate::error::Result;
use crate::http::Transport;
use crate::runtime::{self, PerGeneration};
use crate::value::{Callback, Field, SecretSource, Value};
use chain::Chain;

pub(crate) use cache::Provider;
pub(crate) use issued::IssuedKeys;
pub(crate) use json::{Service, ServiceFailure};

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
    Callback(&'a Callback),
    Default,
}

impl<'a> Kind<'a> {
    /// The kind that the settings ask for: keys or a function for them, then anonymous, then a provider's
    /// name, then a profile, then the chain.
    pub(crate) fn of(settings: &'a Settings) -> Kind<'a> {
        if let Some(callback) = &settings.credentials {
            return Kind::Callback(callback);
        }
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
pub(crate) struct SourcedCredentials {
    pub(crate) credentials: Credentials,
    pub(crate) provider: &'static str,
}

/// Where a store's credentials come from.
pub(crate) enum CredentialSource {
    /// Requests go unsigned.
    Anonymous,
    /// The settings hold the keys.
    Keys(SourcedCredentials),
    /// They are fetched when needed, and again before they expire.
    Fetched(Provider),
}

/// A store's settings, completed at the first use, and who they make of us: one answer for all that share it.
pub(crate) struct Resolved {
    settings: Settings,
    cell: PerGeneration<OnceCell<(Completed, CredentialSource)>>,
}

impl Resolved {
    pub(crate) fn new(settings: &Settings) -> Resolved {
        Resolved { settings: settings.clone(), cell: PerGeneration::new() }
    }

    pub(crate) async fn get(&self) -> Result<&(Completed, CredentialSource)> {
        let resolve = || {
            Box::pin(async {
                let mut completed = ambient::complete(&self.settings).await?;
                let identity = identity(&mut completed)?;
                Ok((completed, identity))
            })
        };
        self.cell.get(|| Ok(OnceCell::new()))?.get_or_try_init(resolve).await
    }

    /// What is known without waiting.
    pub(crate) fn known(&self) -> Option<&(Completed, CredentialSource)> {
        self.cell.get(|| Ok(OnceCell::new())).ok().and_then(OnceCell::get)
    }
}

/// The identity that a store acts as.
pub(crate) fn identity(completed: &mut Completed) -> Result<CredentialSource> {
    let profiles = completed.profiles.take();
    let settings = &completed.settings;
    match Kind::of(settings) {
        Kind::Anonymous => Ok(CredentialSource::Anonymous),
        Kind::Static(id) => {
            let secret = settings.secret_access_key.as_ref().map_or("", |secret| &secret.0);
            let token = settings.session_token.as_ref().map(|token| token.0.clone());
            Ok(CredentialSource::Keys(SourcedCredentials {
                credentials: Credentials::new(id, secret, token, None, "static"),
                provider: "static",
            }))
        }
        _ => {
            // A source that asks the host's function is the store's own, and goes with it.
            if asks(settings) {
                return Ok(CredentialSource::Fetched(Provider::new(Chain::new(settings.clone(), profiles))));
            }
            let source = fingerprint(settings, &Transport::of(settings)?, profiles.as_ref());
            let made = || Provider::new(Chain::new(settings.clone(), profiles));
            Ok(CredentialSource::Fetched((*runtime::current()?.shared(&source, made)).clone()))
        }
    }
}

/// Whether the source may have to ask the host.
fn asks(settings: &Settings) -> bool {
    settings.credentials.is_some() || matches!(settings.mfa_token, Some(SecretSource::Callback(_)))
}

/// The settings that tell one source of credentials from another, or, with the way, how it is reached.
const TELLING: &[&str] = &[
    "region",
    "provider",
    "profile",
    "config_file",
    "credentials_file",
    "trust_files",
    "credentials_cache",
    "mfa_token",
    "connect_timeout",
    "read_timeout",
];

/// One text for each source: what the settings, the environment and the files say. Hashed, for it holds
/// secrets.
fn fingerprint(settings: &Settings, way: &Transport, profiles: Option<&Profiles>) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    add(&way.key());
    if let Value::Map(pairs) = settings.clone().into_value() {
        for (name, value) in pairs.iter().filter(|(name, _)| TELLING.contains(&&**name)) {
            add(&format!("{name} {value:?}"));
        }
    }
    let mut variables: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    variables.sort_unstable();
    for (name, value) in variables
        .iter()
        .filter(|(name, _)| name.starts_with("AWS_") || name == "HOME" || name == "OARLOCK_TRUST_FILES")
    {
        add(name);
        add(value);
    }
    // A store that is opened after someone edited the files must see what they say now.
    if let Some(profiles) = profiles {
        hash.update(profiles.digest);
    }
    hash.finalize().iter().fold("credentials ".to_owned(), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
