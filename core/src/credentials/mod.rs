//! Which identity a store acts as, and in which region.
//!
//! Law: what the host says explicitly beats the environment, and an explicit kind never falls through to another.
//! Never writes the process environment. Nothing is resolved before the first request.

use std::env;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_s3::config::{BehaviorVersion, Region, SharedAsyncSleep, SharedHttpClient};
use aws_smithy_async::rt::sleep::TokioSleep;

use crate::config::Settings;

/// What credentials come from.
#[derive(Debug, PartialEq)]
pub(crate) enum Kind<'a> {
    Static(&'a str),
    Anonymous,
    Env,
    Profile(Option<&'a str>),
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
            (_, Some("instance_profile"), _) => Kind::InstanceProfile,
            (_, Some("profile"), profile) | (_, None, profile @ Some(_)) => Kind::Profile(profile),
            _ => Kind::Default,
        }
    }
}

fn profile_files(settings: &Settings) -> EnvConfigFiles {
    let mut files = EnvConfigFiles::builder();
    files = match &settings.config_file {
        Some(path) => files.with_file(EnvConfigFileKind::Config, path),
        None => files.include_default_config_file(true),
    };
    files = match &settings.credentials_file {
        Some(path) => files.with_file(EnvConfigFileKind::Credentials, path),
        None => files.include_default_credentials_file(true),
    };
    files.build()
}

/// The provider of credentials; `None` for unsigned requests.
pub(crate) async fn provider(settings: &Settings, region: &str, http: SharedHttpClient) -> Option<SharedCredentialsProvider> {
    let region = Region::new(region.to_owned());
    let configuration = || {
        ProviderConfig::without_region()
            .with_region(Some(region.clone()))
            .with_behavior_version(Some(BehaviorVersion::v2026_01_12()))
            .with_http_client(http.clone())
            .with_sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
    };
    Some(match Kind::of(settings) {
        Kind::Anonymous => return None,
        Kind::Static(id) => SharedCredentialsProvider::new(Credentials::new(
            id,
            settings.secret_access_key.as_ref().map_or("", |secret| &secret.0),
            settings.session_token.as_ref().map(|token| token.0.clone()),
            None,
            "oarlock settings",
        )),
        Kind::Env => SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
        Kind::InstanceProfile => SharedCredentialsProvider::new(ImdsCredentialsProvider::builder().configure(&configuration()).build()),
        Kind::Profile(name) => {
            let mut builder = ProfileFileCredentialsProvider::builder().configure(&configuration()).profile_files(profile_files(settings));
            if let Some(name) = name {
                builder = builder.profile_name(name);
            }
            SharedCredentialsProvider::new(builder.build())
        }
        Kind::Default => {
            let chain = DefaultCredentialsChain::builder().configure(configuration()).region(region.clone());
            SharedCredentialsProvider::new(chain.build().await)
        }
    })
}

/// The region: the setting, AWS_REGION, AWS_DEFAULT_REGION, the profile's, us-east-1.
pub(crate) async fn region(settings: &Settings) -> String {
    let named = |name| env::var(name).ok().filter(|region: &String| !region.is_empty());
    if let Some(region) = settings.region.clone().or_else(|| named("AWS_REGION")).or_else(|| named("AWS_DEFAULT_REGION")) {
        return region;
    }
    let files = profile_files(settings);
    let (fs, variables) = (aws_types::os_shim_internal::Fs::real(), aws_types::os_shim_internal::Env::real());
    let profile = settings.profile.clone().map(std::borrow::Cow::Owned);
    let profiles = aws_config::profile::load(&fs, &variables, &files, profile).await;
    let found = profiles.ok().and_then(|profiles| profiles.get("region").map(str::to_owned));
    found.unwrap_or_else(|| "us-east-1".to_owned())
}
