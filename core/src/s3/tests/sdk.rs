//! The SDK's client for the same store, and its outcomes in the same terms as ours.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{
    AppName, BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedAsyncSleep, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::RequestPayer;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::http::Response;

use super::Outcome;
use crate::config::Settings;
use crate::http::Transport;
use crate::value::{from_unix, to_unix};

/// The SDK's client, and what the store's settings say of each request.
#[derive(Clone)]
pub(super) struct Sdk {
    pub(super) client: Client,
    pub(super) payer: Option<RequestPayer>,
    pub(super) is_list_v1: bool,
}

/// The client of a store with these settings.
pub(super) fn client(endpoint: &str, settings: &[(&str, &str)]) -> Sdk {
    let settings: BTreeMap<&str, &str> = settings.iter().copied().collect();
    let is_set = |name: &str| settings.contains_key(name);
    let attempts = settings.get("max_attempts").map_or(1, |attempts| attempts.parse().unwrap());
    let retry =
        RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(Duration::from_millis(1));
    let mut config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(SharedHttpClient::from(
            Transport::of(&Settings::default()).unwrap().plain().client().unwrap(),
        ))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .retry_config(retry)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    config.set_app_name(settings.get("app_name").map(|name| AppName::new(name.to_string()).unwrap()));
    config = match is_set("anonymous") {
        true => config.allow_no_auth(),
        false => {
            let token = settings.get("session_token").map(ToString::to_string);
            config.credentials_provider(Credentials::new("AKID", "secret", token, None, "test"))
        }
    };
    Sdk {
        client: Client::from_conf(config.build()),
        payer: is_set("request_payer").then_some(RequestPayer::Requester),
        is_list_v1: settings.get("list_version") == Some(&"1"),
    }
}

/// The outcome of a request, with the reply as text.
pub(super) fn sent<T, E>(result: Result<T, SdkError<E, Response>>, reply: impl FnOnce(T) -> String) -> Outcome
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    result.map(reply).map_err(|error| {
        let response = error.raw_response();
        let status = response.map(|response| response.status().as_u16());
        let request_id = response.and_then(|response| response.headers().request_id());
        format!("{status:?} {:?} {request_id:?}", error.code())
    })
}

pub(super) fn date(time: SystemTime) -> DateTime {
    DateTime::from_secs(to_unix(time).0)
}

pub(super) fn time(date: Option<&DateTime>) -> Option<SystemTime> {
    date.map(|date| from_unix(date.secs(), date.subsec_nanos()))
}
