//! Settings from environment variables and the profile.
//!
//! Invariant: the host's settings win; below them, one table orders the sources. An invalid value is an error
//! that names the setting, the value and its source. Never writes the environment. Independent of identities
//! and requests.

mod files;
mod names;
mod profile;
#[cfg(test)]
mod tests;

use std::env;
use std::error::Error as StdError;

use crate::config::{Settings, Sources};
use crate::error::{Error, ErrorKind, Result};
use crate::observe::{Level, event};
use crate::value::Value;

pub(crate) use files::{home, places, warn_of_readers};
pub(crate) use names::{decoded, encoded};
pub(crate) use profile::{Profiles, load, meant, of_service};

/// Where a setting may be found.
enum SettingSource {
    /// An environment variable.
    Variable(&'static str),
    /// A property of the profile.
    Property(&'static str),
    /// A property of the profile's `s3 =` section.
    S3(&'static str),
    /// A property of `s3` in the services section that the profile names.
    Service(&'static str),
}
use SettingSource::{Property, S3, Service, Variable};

/// Each setting with its sources, in order.
const ORDER: &[(&str, &[SettingSource])] = &[
    (
        "endpoint",
        &[
            Variable("AWS_ENDPOINT_URL_S3"),
            Variable("AWS_ENDPOINT_URL"),
            Service("endpoint_url"),
            Property("endpoint_url"),
        ],
    ),
    ("region", &[Variable("AWS_REGION"), Variable("AWS_DEFAULT_REGION"), Property("region")]),
    ("use_fips_endpoint", &[Variable("AWS_USE_FIPS_ENDPOINT"), Property("use_fips_endpoint")]),
    (
        "use_dualstack_endpoint",
        &[
            Variable("AWS_USE_DUALSTACK_ENDPOINT"),
            S3("use_dualstack_endpoint"),
            Property("use_dualstack_endpoint"),
        ],
    ),
    ("use_accelerate_endpoint", &[S3("use_accelerate_endpoint")]),
    (
        "use_arn_region",
        &[Variable("AWS_S3_USE_ARN_REGION"), Property("s3_use_arn_region"), S3("use_arn_region")],
    ),
    (
        "us_east_1_regional_endpoint",
        &[
            Variable("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT"),
            Property("s3_us_east_1_regional_endpoint"),
            S3("us_east_1_regional_endpoint"),
        ],
    ),
    (
        "disable_express_session_auth",
        &[
            Variable("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH"),
            Property("s3_disable_express_session_auth"),
            S3("disable_express_session_auth"),
            S3("disable_s3_express_session_auth"),
        ],
    ),
    (
        "disable_multiregion_access_points",
        &[
            Variable("AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS"),
            Property("s3_disable_multiregion_access_points"),
            S3("s3_disable_multiregion_access_points"),
            S3("disable_multiregion_access_points"),
        ],
    ),
    ("addressing_style", &[S3("addressing_style")]),
    (
        "ca_bundle",
        &[
            Variable("AWS_CA_BUNDLE"),
            Property("ca_bundle"),
            Variable("REQUESTS_CA_BUNDLE"),
            Variable("SSL_CERT_FILE"),
        ],
    ),
    ("retry_mode", &[Variable("AWS_RETRY_MODE"), Property("retry_mode")]),
    ("max_attempts", &[Variable("AWS_MAX_ATTEMPTS"), Property("max_attempts")]),
    ("max_concurrency", &[S3("max_concurrent_requests")]),
    ("max_bandwidth", &[S3("max_bandwidth")]),
    ("multipart_threshold", &[S3("multipart_threshold")]),
    ("multipart_chunksize", &[S3("multipart_chunksize")]),
    ("payload_signing_enabled", &[S3("payload_signing_enabled")]),
    (
        "request_checksum_calculation",
        &[Variable("AWS_REQUEST_CHECKSUM_CALCULATION"), Property("request_checksum_calculation")],
    ),
    (
        "response_checksum_validation",
        &[Variable("AWS_RESPONSE_CHECKSUM_VALIDATION"), Property("response_checksum_validation")],
    ),
    ("request_payer", &[Variable("AWS_REQUEST_PAYER")]),
];

/// Each setting that the environment or a profile may set, with its sources in words, in order, for
/// documentation.
pub fn setting_sources() -> Vec<(&'static str, Vec<String>)> {
    let words = |source: &SettingSource| match source {
        Variable(name) => format!("`{name}`"),
        Property(name) => format!("`{name}` of the profile"),
        S3(name) => format!("`{name}` in the profile's `s3 =` section"),
        Service(name) => format!("`{name}` for `s3` in the profile's services section"),
    };
    ORDER.iter().map(|(name, sources)| (*name, sources.iter().map(words).collect())).collect()
}

/// Settings that only AWS's own endpoints support. If the host names an endpoint, the environment and the
/// profile can't set them.
const OF_AWS: &[&str] = &["use_dualstack_endpoint", "use_accelerate_endpoint"];

/// Settings that the environment and the profile have completed.
#[derive(Default)]
pub(crate) struct Completed {
    pub(crate) settings: Settings,
    /// The sources of the added settings.
    pub(crate) sources: Sources,
    /// Invalid values, by their settings.
    pub(crate) junk: Vec<(&'static str, Error)>,
    /// The shared files; none if they could not be read.
    pub(crate) profiles: Option<Profiles>,
    /// Why they could not be read.
    pub(crate) unread: Option<Error>,
}

/// The settings, completed by the environment and the profile. Files that can't be read are logged and
/// ignored here. Reading an identity from them fails with the reason.
pub(crate) async fn complete(settings: &Settings) -> Result<Completed> {
    let completed = survey(settings).await;
    match &completed.unread {
        Some(error) if error.kind() == ErrorKind::Config => return Err(error.clone()),
        Some(error) => {
            event(
                Level::Warning,
                format!(
                    "the shared files say nothing of endpoints, certificates and retries: {}",
                    error.message()
                ),
            );
        }
        None => {}
    }
    completed.sound()
}

/// The same with all errors collected: none stops it.
pub(crate) async fn survey(settings: &Settings) -> Completed {
    let (profiles, unread) = match load(settings).await {
        Ok(profiles) => (Some(profiles), None),
        Err(error) => (None, Some(error)),
    };
    let completed = overlay(settings, &|name| env::var(name).ok(), profiles.as_ref());
    Completed { profiles, unread, ..completed }
}

impl Completed {
    /// These, unless a value is invalid.
    fn sound(mut self) -> Result<Completed> {
        if self.junk.is_empty() { Ok(self) } else { Err(self.junk.swap_remove(0).1) }
    }
}

/// The region of completed settings.
pub(crate) fn region(settings: &Settings) -> &str {
    settings.region.as_deref().unwrap_or("us-east-1")
}

/// The value of an environment variable; a blank one counts as unset.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// The message of the innermost cause, which is the most specific.
pub(crate) fn root(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let line: String =
        cause.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.trim_end_matches('.').to_owned()
}

fn overlay(
    settings: &Settings,
    variable: &dyn Fn(&str) -> Option<String>,
    profiles: Option<&Profiles>,
) -> Completed {
    let given: Vec<String> = settings.to_pairs().into_iter().map(|(name, _)| name).collect();
    let given = |name: &str| given.iter().any(|given| given == name);
    let mut all = Completed { settings: settings.clone(), ..Completed::default() };
    for (name, places) in ORDER {
        let overruled = given(name)
            || (given("endpoint") && OF_AWS.contains(name))
            || (*name == "ca_bundle" && settings.verify == Some(false));
        if overruled {
            continue;
        }
        let found = match *name {
            "endpoint" => endpoint(places, variable, profiles),
            _ => Ok(places.iter().find_map(|asked| find(asked, variable, profiles))),
        };
        let added = found.and_then(|found| match found {
            Some((value, place)) => {
                Ok(Some((all.settings.clone().over(read(name, &value, &place)?)?, place)))
            }
            None => Ok(None),
        });
        match added {
            Ok(None) => {}
            Ok(Some((settings, place))) => {
                all.settings = settings;
                all.sources.add(name, place);
            }
            Err(error) => all.junk.push((name, error)),
        }
    }
    all
}

/// The endpoint from the environment or the profile, unless it is to be ignored. An untrusted file must not
/// choose where requests go.
fn endpoint(
    places: &[SettingSource],
    variable: &dyn Fn(&str) -> Option<String>,
    profiles: Option<&Profiles>,
) -> Result<Option<(String, String)>> {
    if ignored(variable, profiles)? {
        return Ok(None);
    }
    let Some((asked, (value, place))) =
        places.iter().find_map(|asked| Some((asked, find(asked, variable, profiles)?)))
    else {
        return Ok(None);
    };
    match (asked, profiles) {
        (Property(name), Some(profiles)) => profiles.vouch(&place, |set| set.get(name))?,
        (Service(name), Some(profiles)) => profiles.vouch(&place, |set| of_service(set, "s3", name))?,
        _ => {}
    }
    Ok(Some((value, place)))
}

/// Whether configured endpoints are to be ignored.
fn ignored(variable: &dyn Fn(&str) -> Option<String>, profiles: Option<&Profiles>) -> Result<bool> {
    let places =
        [Variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), Property("ignore_configured_endpoint_urls")];
    match places.iter().find_map(|place| find(place, variable, profiles)) {
        Some((value, _)) if value.eq_ignore_ascii_case("true") => Ok(true),
        Some((value, _)) if value.eq_ignore_ascii_case("false") => Ok(false),
        Some((value, place)) => crate::error::fail!(Config, "{place} takes true or false, not {value:?}"),
        None => Ok(false),
    }
}

/// The value of a source, and the source's name; a blank value counts as none.
fn find(
    place: &SettingSource,
    variable: &dyn Fn(&str) -> Option<String>,
    profiles: Option<&Profiles>,
) -> Option<(String, String)> {
    let of_profile = |what: &str, name: &str| {
        format!("{name}{what} of the profile {}", profiles.map_or("default", Profiles::name))
    };
    let (value, place) = match place {
        Variable(name) => (variable(name), format!("environment variable {name}")),
        Property(name) => (profiles?.get(name).map(str::to_owned), of_profile("", name)),
        S3(name) => (profiles?.s3(name).map(str::to_owned), of_profile(" in the s3 section", name)),
        Service(name) => {
            (profiles?.service("s3", name).map(str::to_owned), of_profile(" in the services section", name))
        }
    };
    Some((value?.trim().to_owned(), place)).filter(|(value, _)| !value.is_empty())
}

fn read(name: &str, value: &str, place: &str) -> Result<Settings> {
    Settings::of(name, Value::Str(value.to_owned()))
        .map_err(|error| Error::new(error.kind(), format!("{place}: {}", error.message())))
}
