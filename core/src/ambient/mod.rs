//! What a store's surroundings add to its settings: environment variables and the profile.
//!
//! Law: what the host said wins; below it one table says who is asked first. A junk value is an error that names the setting,
//! the value and where it was found. Only reads, never writes the environment. Knows nothing of identities and requests.

mod profile;
#[cfg(test)]
mod tests;

use std::env;

use crate::config::Settings;
use crate::error::{Error, Result};
use crate::value::Value;
use profile::Profile;

/// Where a setting may be found.
enum Place {
    /// An environment variable.
    Variable(&'static str),
    /// A property of the profile.
    Property(&'static str),
    /// A property of the profile's `s3 =` section.
    S3(&'static str),
    /// A property of `s3` in the services section that the profile names.
    Service(&'static str),
}
use Place::{Property, S3, Service, Variable};

/// Each setting, and who is asked for it, in turn.
const ORDER: &[(&str, &[Place])] = &[
    ("endpoint", &[Variable("AWS_ENDPOINT_URL_S3"), Variable("AWS_ENDPOINT_URL"), Service("endpoint_url"), Property("endpoint_url")]),
    ("use_fips_endpoint", &[Variable("AWS_USE_FIPS_ENDPOINT"), Property("use_fips_endpoint")]),
    ("use_dualstack_endpoint", &[Variable("AWS_USE_DUALSTACK_ENDPOINT"), S3("use_dualstack_endpoint"), Property("use_dualstack_endpoint")]),
    ("use_accelerate_endpoint", &[S3("use_accelerate_endpoint")]),
    ("addressing_style", &[S3("addressing_style")]),
    ("ca_bundle", &[Variable("AWS_CA_BUNDLE"), Property("ca_bundle"), Variable("REQUESTS_CA_BUNDLE"), Variable("SSL_CERT_FILE")]),
    ("retry_mode", &[Variable("AWS_RETRY_MODE"), Property("retry_mode")]),
    ("max_attempts", &[Variable("AWS_MAX_ATTEMPTS"), Property("max_attempts")]),
    ("max_concurrency", &[S3("max_concurrent_requests")]),
    ("multipart_threshold", &[S3("multipart_threshold")]),
    ("multipart_chunksize", &[S3("multipart_chunksize")]),
    ("payload_signing_enabled", &[S3("payload_signing_enabled")]),
    ("request_checksum_calculation", &[Variable("AWS_REQUEST_CHECKSUM_CALCULATION"), Property("request_checksum_calculation")]),
    ("response_checksum_validation", &[Variable("AWS_RESPONSE_CHECKSUM_VALIDATION"), Property("response_checksum_validation")]),
    ("request_payer", &[Variable("AWS_REQUEST_PAYER")]),
];

/// Settings that only AWS's own endpoints have: the surroundings' wish for one gives way to an endpoint that the host names.
const OF_AWS: &[&str] = &["use_dualstack_endpoint", "use_accelerate_endpoint"];

/// The settings, completed by the environment and the profile.
pub(crate) async fn complete(settings: &Settings) -> Result<Settings> {
    let profile = profile::load(settings).await;
    overlay(settings, &|name| env::var(name).ok(), &profile)
}

fn overlay(settings: &Settings, variable: &dyn Fn(&str) -> Option<String>, profile: &Profile) -> Result<Settings> {
    let given: Vec<String> = settings.to_pairs().into_iter().map(|(name, _)| name).collect();
    let given = |name: &str| given.iter().any(|given| given == name);
    let mut all = settings.clone();
    for (name, places) in ORDER {
        let overruled = given(name)
            || (given("endpoint") && OF_AWS.contains(name))
            || (*name == "endpoint" && ignored(variable, profile)?)
            || (*name == "ca_bundle" && settings.verify == Some(false));
        if overruled {
            continue;
        }
        if let Some((value, place)) = places.iter().find_map(|place| find(place, variable, profile)) {
            all = all.over(read(name, &value, &place)?)?;
        }
    }
    Ok(all)
}

/// Whether configured endpoints are to be ignored.
fn ignored(variable: &dyn Fn(&str) -> Option<String>, profile: &Profile) -> Result<bool> {
    let places = [Variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), Property("ignore_configured_endpoint_urls")];
    match places.iter().find_map(|place| find(place, variable, profile)) {
        Some((value, _)) if value.eq_ignore_ascii_case("true") => Ok(true),
        Some((value, _)) if value.eq_ignore_ascii_case("false") => Ok(false),
        Some((value, place)) => crate::error::fail!(Config, "{place} takes true or false, not {value:?}"),
        None => Ok(false),
    }
}

/// The value at a place, and the place's name; a blank value counts as none.
fn find(place: &Place, variable: &dyn Fn(&str) -> Option<String>, profile: &Profile) -> Option<(String, String)> {
    let (value, place) = match place {
        Variable(name) => (variable(name), format!("the environment variable {name}")),
        Property(name) => (profile.get(name), format!("{name} of the profile {}", profile.name)),
        S3(name) => (profile.s3(name), format!("{name} in the s3 section of the profile {}", profile.name)),
        Service(name) => (profile.service(name), format!("{name} in the services section of the profile {}", profile.name)),
    };
    Some((value?.trim().to_owned(), place)).filter(|(value, _)| !value.is_empty())
}

fn read(name: &str, value: &str, place: &str) -> Result<Settings> {
    Settings::of(name, Value::Str(value.to_owned())).map_err(|error| Error::new(error.kind(), format!("{place}: {}", error.message())))
}
