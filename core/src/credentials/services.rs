//! How STS and SSO are reached: region, endpoint, certificates, and what a failed call comes to.
//!
//! Law: endpoints come from the same variables and profile keys as for every SDK. Nothing here reads a retry setting of the
//! environment: the SDK ends the process over some of their values.

use std::fmt;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::profile::ProfileSet;
use aws_runtime::env_config::EnvConfigValue;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, IdentityCache, Region, SharedAsyncSleep, SharedHttpClient};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SystemTimeSource;
use aws_types::os_shim_internal::Env;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use super::environment::{says_true, variable};
use super::profile::Profiles;
use super::root;
use crate::config::Settings;

/// What is needed to call STS and SSO.
pub(super) struct Services<'a> {
    pub(super) settings: &'a Settings,
    pub(super) region: &'a str,
    pub(super) http: &'a SharedHttpClient,
    pub(super) profiles: &'a Profiles,
}

impl Services<'_> {
    /// The configuration of a client for one of them.
    pub(super) fn configuration(&self) -> SdkConfig {
        let profiles = &self.profiles.set;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(self.settings.connect_timeout.unwrap_or(Duration::from_secs(5)))
            .read_timeout(self.settings.read_timeout.unwrap_or(Duration::from_secs(60)))
            .build();
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(self.http.clone())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .time_source(SystemTimeSource::new())
            .region(Region::new(self.region.to_owned()))
            .retry_config(RetryConfig::standard())
            .timeout_config(timeouts)
            .identity_cache(IdentityCache::no_cache())
            .use_fips(flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", profiles))
            .use_dual_stack(flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", profiles))
            .service_config(Endpoints(profiles.clone()))
            .build()
    }
}

fn flag(name: &str, key: &str, profiles: &ProfileSet) -> bool {
    match variable(name) {
        Some(_) => says_true(name),
        None => profiles.get(key).is_some_and(|value| value.trim().eq_ignore_ascii_case("true")),
    }
}

/// What the environment and the profile say of a service's endpoint.
struct Endpoints(ProfileSet);

impl fmt::Debug for Endpoints {
    // The profiles hold secrets, and the SDK shows its configuration in traces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoints")
    }
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        if key.env() == "AWS_ENDPOINT_URL" && flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls", &self.0) {
            return None;
        }
        let value = EnvConfigValue::new().env(key.env()).profile(key.profile()).service_id(key.service_id());
        value.load(&Env::real(), Some(&self.0)).map(|(value, _)| value.into_owned()).filter(|value| !value.trim().is_empty())
    }
}

/// What a failed call comes to: the service's own code and words, else the innermost cause.
pub(super) fn said<E, R>(error: &SdkError<E, R>) -> String
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
