//! Credentials that the machine gives: a container's agent (ECS, EKS Pod Identity) and EC2's instance
//! metadata, version 2 only.
//!
//! Invariant: asked directly, never through a proxy, and no redirect is followed: a proxy or a redirect would
//! get the keys. Off EC2 an address that swallows packets costs one second, once in a process.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_types::region::Region;

use super::answer::Answer;
use super::environment::{number, says_true};
use crate::ambient::{Profiles, root, variable};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::http::Transport;
use crate::runtime;

fn configuration(secure: bool) -> Result<ProviderConfig> {
    Ok(ProviderConfig::without_region()
        .with_behavior_version(Some(BehaviorVersion::v2026_01_12()))
        .with_http_client(SharedHttpClient::from(Transport::direct(secure).client()?))
        .with_sleep_impl(SharedAsyncSleep::new(TokioSleep::new())))
}

/// What the container's agent gives.
pub(super) async fn container(region: &str) -> Result<Answer> {
    let relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    let full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if relative.is_none() && full.is_none() {
        return Ok(Answer::None(
            "the environment names no AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI".to_owned(),
        ));
    }
    let secure = relative.is_none() && full.is_some_and(|uri| uri.starts_with("https:"));
    if let Some(file) = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        && let Err(error) = std::fs::File::open(&file)
    {
        fail!(Credentials, "the container's token file {file} can't be read: {error}");
    }
    let configuration = configuration(secure)?.with_region(Some(Region::new(region.to_owned())));
    let agent = EcsCredentialsProvider::builder().configure(&configuration).build();
    match agent.provide_credentials().await {
        Ok(keys) => Ok(Answer::Keys(keys, "container")),
        Err(error) => fail!(Credentials, "the container's agent gave no credentials: {}", root(&error)),
    }
}

/// What the instance's metadata service gives. `forgiving` is for a search: there a service that was silent
/// once is not asked again.
pub(super) async fn instance(profiles: &Profiles, forgiving: bool) -> Result<Answer> {
    if says_true("AWS_EC2_METADATA_DISABLED") {
        return Ok(Answer::None(
            "AWS_EC2_METADATA_DISABLED forbids to ask the instance's metadata".to_owned(),
        ));
    }
    let endpoint = endpoint(profiles)?;
    let silent = runtime::current()?.shared(&format!("silent {endpoint}"), || AtomicBool::new(false));
    let absent = || Answer::None(format!("the instance's metadata service at {endpoint} does not answer"));
    if forgiving && silent.load(Ordering::Relaxed) {
        return Ok(absent());
    }
    let seconds = number("AWS_METADATA_SERVICE_TIMEOUT", 0.001)?.unwrap_or(1.0_f64);
    let patience = Duration::try_from_secs_f64(seconds).map_err(|_| {
        Error::new(
            ErrorKind::Config,
            format!("the environment variable AWS_METADATA_SERVICE_TIMEOUT takes seconds, not {seconds}"),
        )
    })?;
    let client = imds::Client::builder()
        .configure(&configuration(false)?)
        .endpoint(&endpoint)
        .map_err(|error| {
            Error::new(
                ErrorKind::Config,
                format!(
                    "the address of the instance's metadata service, {endpoint:?}, can't be used: {error}"
                ),
            )
        })?
        .connect_timeout(patience)
        .read_timeout(patience)
        .max_attempts(number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", 1)?.unwrap_or(4))
        .build();
    let service =
        ImdsCredentialsProvider::builder().configure(&configuration(false)?).imds_client(client).build();
    match service.provide_credentials().await {
        Ok(keys) => Ok(Answer::Keys(keys, "instance_profile")),
        Err(error) if unreached(&error) => {
            silent.store(true, Ordering::Relaxed);
            Ok(absent())
        }
        Err(error) => fail!(
            Credentials,
            "the instance's metadata service at {endpoint} gave no credentials: {}",
            root(&error)
        ),
    }
}

/// Where the service is: the variable, the profile, or the fixed address of the IP version.
fn endpoint(profiles: &Profiles) -> Result<String> {
    let said = |name: &str, key: &str| variable(name).or_else(|| profiles.get(key).map(str::to_owned));
    if let Some(endpoint) = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") {
        return Ok(endpoint);
    }
    let key = "ec2_metadata_service_endpoint";
    if let Some(endpoint) = profiles.get(key) {
        profiles.vouch(&format!("`{key}` of profile `{}`", profiles.name()), |set| set.get(key))?;
        return Ok(endpoint.to_owned());
    }
    match said("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode")
        .map(|mode| mode.trim().to_ascii_lowercase())
        .as_deref()
    {
        None | Some("ipv4") => Ok("http://169.254.169.254".to_owned()),
        Some("ipv6") => Ok("http://[fd00:ec2::254]".to_owned()),
        Some(other) => {
            fail!(Config, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE takes IPv4 or IPv6, not {other:?}")
        }
    }
}

fn unreached(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<ConnectorError>() {
            return true;
        }
        cause = error.source();
    }
    false
}
