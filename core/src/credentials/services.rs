//! How STS, SSO, sign-in and KMS are reached: region, endpoint, certificates, and what a failed call comes to.
//!
//! Law: endpoints come from the same variables and profile keys as for every SDK. Nothing here reads a retry setting of the
//! environment: the SDK ends the process over some of their values.

use std::fmt;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::profile::ProfileSet;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, IdentityCache, Region, SharedAsyncSleep, SharedHttpClient};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SystemTimeSource;
use aws_types::sdk_config::Builder;

use super::Identity;
use super::environment::says_true;
use super::host::Host;
use crate::ambient::{self, Profiles, of_service, root, variable};
use crate::config::Settings;
use crate::error::{Result, fail};
use crate::http::{Http, Way};

/// What is needed to call STS and SSO.
pub(super) struct Services<'a> {
    pub(super) settings: &'a Settings,
    pub(super) host: &'a Host,
    pub(super) profiles: &'a Profiles,
}

impl Services<'_> {
    /// The configuration of an SDK's client for one of them: `sts`, `sso`, `sso_oidc`.
    pub(super) fn configuration(&self, service: &str) -> Result<Builder> {
        let (connect, read) = self.patience();
        let timeouts = TimeoutConfig::builder().connect_timeout(connect).read_timeout(read).build();
        let endpoint = self.endpoint(service)?;
        let http = self.http(endpoint.as_deref())?;
        let mut config = SdkConfig::builder();
        config.set_endpoint_url(endpoint);
        Ok(config
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(SharedHttpClient::from(http))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SystemTimeSource::new())
            .region(Region::new(ambient::region(self.settings).to_owned()))
            .retry_config(RetryConfig::standard())
            .timeout_config(timeouts)
            .identity_cache(IdentityCache::no_cache())
            .use_fips(self.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"))
            .use_dual_stack(self.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")))
    }

    /// How long to wait for a connection, and for an answer.
    pub(super) fn patience(&self) -> (Duration, Duration) {
        let seconds = Duration::from_secs;
        (self.settings.connect_timeout.unwrap_or(seconds(5)), self.settings.read_timeout.unwrap_or(seconds(60)))
    }

    /// The address of a service that no SDK is needed for, and the client to ask it with.
    pub(super) fn plainly(&self, service: &str, usual: &str) -> Result<(String, Http)> {
        let url = self.endpoint(service)?.unwrap_or_else(|| usual.to_owned());
        let http = self.http(Some(&url))?;
        Ok((url, http))
    }

    fn http(&self, endpoint: Option<&str>) -> Result<Http> {
        let way = Way::of(self.settings)?;
        // Without TLS there is no need to read the system's certificates.
        let way = if endpoint.is_some_and(|url| url.starts_with("http://")) { way.plain() } else { way };
        way.client()
    }

    /// What tells a source of credentials from others, with where they are bought.
    pub(super) fn telling<'t>(&self, source: impl IntoIterator<Item = &'t str>) -> Result<Vec<String>> {
        let place = [Some(ambient::region(self.settings).to_owned()), self.endpoint("sts")?, self.endpoint("sso")?];
        Ok(place.into_iter().map(Option::unwrap_or_default).chain(source.into_iter().map(str::to_owned)).collect())
    }

    fn flag(&self, name: &str, key: &str) -> bool {
        match variable(name) {
            Some(_) => says_true(name),
            None => self.profiles.get(key).is_some_and(|value| value.trim().eq_ignore_ascii_case("true")),
        }
    }

    /// What the environment and the profile say of a service's endpoint.
    fn endpoint(&self, service: &str) -> Result<Option<String>> {
        if self.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") {
            return Ok(None);
        }
        let names = [format!("AWS_ENDPOINT_URL_{}", service.to_ascii_uppercase()), "AWS_ENDPOINT_URL".to_owned()];
        if let Some((name, url)) = names.iter().find_map(|name| Some((name, variable(name)?))) {
            return whole(&url, &format!("environment variable {name}"));
        }
        self.profiles.vouch(&format!("`endpoint_url` of profile `{}`", self.profiles.name()), |set| said(set, service))?;
        match said(&self.profiles.set, service).filter(|value| !value.trim().is_empty()) {
            Some(url) => whole(url, &format!("endpoint_url of profile `{}`", self.profiles.name())),
            None => Ok(None),
        }
    }
}

/// The configuration of a client for another service that the store itself asks, as who it is.
pub(crate) async fn configured(settings: &Settings, identity: &Identity, service: &str, region: Option<&str>) -> Result<SdkConfig> {
    let (host, profiles) = (Host::default(), ambient::load(settings).await?);
    let mut config = Services { settings, host: &host, profiles: &profiles }.configuration(service)?;
    if let Some(region) = region {
        config = config.region(Region::new(region.to_owned()));
    }
    let config = match identity {
        Identity::Anonymous => fail!(Credentials, "the store sends its requests unsigned, and {service} answers signed ones only"),
        Identity::Keys(keys) => config.credentials_provider(SharedCredentialsProvider::new(keys.credentials.clone())),
        Identity::Fetched(provider) => config.credentials_provider(SharedCredentialsProvider::new(provider.clone())),
    };
    Ok(config.build())
}

/// An endpoint as services take it: a URL.
fn whole(url: &str, place: &str) -> Result<Option<String>> {
    if url.contains('@') {
        // Not shown: what stands before the @ may be a secret.
        fail!(Config, "{place} takes no user and password");
    }
    match url::Url::parse(url.trim()) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") && parsed.has_host() => Ok(Some(url.trim().to_owned())),
        _ => fail!(Config, "{place} takes a URL such as https://host:port, not {url:?}"),
    }
}

/// What the profile says of a service's endpoint.
fn said<'a>(set: &'a ProfileSet, service: &str) -> Option<&'a str> {
    of_service(set, service, "endpoint_url").or_else(|| set.get("endpoint_url"))
}

/// What a failed call comes to: the service's own code and words, else the innermost cause.
pub(crate) fn complaint<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let (code, message) = (context.err().code().unwrap_or("an error without a code"), context.err().message());
            message.map_or_else(|| code.to_owned(), |message| format!("{code}: {message}"))
        }
        SdkError::TimeoutError(_) => "it did not answer in time".to_owned(),
        other => root(other),
    }
}
