//! What a store's settings and surroundings make of it, one row a fact.
//!
//! Invariant: a part that is broken is a row, and the rest is shown all the same. Describes the store as if
//! it were opened now. Shows no secret: keys are shortened, what stands in `SECRET` is dots.

use super::{identity, reach};
use crate::ambient::{self, Completed};
use crate::config::{self, Sources};
use crate::credentials::{self, CredentialSource};
use crate::error::Result;
use crate::http::most_connections;
use crate::reply::Explained;
use crate::s3::{S3, stream_limit};
use crate::value::{Field as _, Value};
use crate::version::VERSION;

/// Defaults that are shown; other settings have no row then.
const DEFAULTS: &[(&str, &str)] = &[
    ("use_fips_endpoint", "false"),
    ("use_dualstack_endpoint", "false"),
    ("use_accelerate_endpoint", "false"),
    ("ca_bundle", "the system's"),
    ("verify", "true"),
    ("connect_timeout", "5"),
    ("read_timeout", "60"),
    ("attempt_timeout", "no limit"),
    ("operation_timeout", "no limit"),
    ("retry_mode", "standard"),
    ("max_attempts", "5"),
    ("max_concurrency", "as many as help"),
    ("multipart_threshold", "16 MiB"),
    ("multipart_chunksize", "8 MiB"),
    ("request_checksum_calculation", "when_supported"),
    ("response_checksum_validation", "when_supported"),
    ("sse", "the bucket's own"),
    ("retain_fetched", "true"),
];

/// Settings that have rows elsewhere.
const TOLD: &[&str] = &[
    "endpoint",
    "region",
    "addressing_style",
    "provider",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "anonymous",
    "profile",
    "config_file",
    "credentials_file",
    "proxy",
];

/// What the rows are made of: the store's settings, and what its surroundings add.
pub(super) struct Facts<'a> {
    pub(super) at: &'a S3,
    pub(super) found: Completed,
    /// Whether the profile is in the shared files.
    pub(super) known: bool,
    pub(super) identity: Result<CredentialSource>,
}

impl Facts<'_> {
    /// Where a setting comes from.
    pub(super) fn source(&self, name: &str) -> &str {
        let given: &Sources = self.at.sources();
        given.of(name).or(self.found.sources.of(name)).unwrap_or("default")
    }
}

pub(super) async fn rows(at: &S3, fetch: bool) -> Vec<Explained> {
    // Junk, which would keep a store from working, has rows of its own: here the rest counts.
    let mut found = ambient::survey(at.settings()).await;
    let known = found
        .profiles
        .as_ref()
        .is_some_and(|profiles| profiles.set.get_profile(&ambient::encoded(profiles.name())).is_some());
    let identity = credentials::identity(&mut found);
    let facts = Facts { at, found, known, identity };
    let mut rows = vec![
        Explained::row("url", format!("s3://{}/{}", at.bucket(), at.prefix()), None),
        Explained::row("bucket", at.bucket(), Some("URL")),
        Explained::row("prefix", if at.prefix().is_empty() { "none" } else { at.prefix() }, Some("URL")),
    ];
    identity::tell(&facts, fetch, &mut rows).await;
    reach::tell(&facts, &mut rows).await;
    let encryption = at
        .encryption()
        .map_or("none: objects are stored as they are".to_owned(), |encryption| encryption.describe());
    rows.push(Explained::row("encryption", encryption, None));
    settings(&facts, &mut rows);
    limits(&facts, &mut rows);
    rows.push(Explained::row("user_agent", agent(&facts), Some(facts.source("app_name"))));
    rows.push(Explained::row("version", VERSION, None));
    rows
}

/// The settings that need no words of their own, in the order of their declaration.
fn settings(facts: &Facts<'_>, rows: &mut Vec<Explained>) {
    let Value::Map(pairs) = facts.found.settings.clone().into_value() else { return };
    let plain = rows.iter().any(|row| row.what == "endpoint" && row.value.starts_with("http:"));
    for (name, value) in pairs.iter().filter(|(name, _)| !TOLD.contains(&&**name)) {
        if plain && name == "verify" {
            rows.push(Explained::row(
                name,
                "no: the endpoint is reached without TLS",
                Some(facts.source("endpoint")),
            ));
            continue;
        }
        let junk = facts.found.junk.iter().find(|(other, _)| other == name);
        let default = DEFAULTS.iter().find(|(other, _)| other == name);
        match (junk, value, default) {
            (Some((_, error)), ..) => rows.push(Explained::broken(name, error, None)),
            (None, Value::Null, None) => {}
            (None, Value::Null, Some((_, value))) => {
                rows.push(Explained::row(name, unit(name, value), Some("default")))
            }
            (None, value, _) => rows.push(Explained::row(
                name,
                unit(name, &config::shown(name, value)),
                Some(facts.source(name)),
            )),
        }
    }
}

/// What bounds transfers, however many streams would help.
fn limits(facts: &Facts<'_>, rows: &mut Vec<Explained>) {
    rows.push(match stream_limit(facts.found.settings.max_concurrency) {
        Ok((most, source)) => Explained::row(
            "streams",
            format!("at most {most} parts at a time"),
            Some(source.unwrap_or_else(|| facts.source("max_concurrency"))),
        ),
        Err(error) => Explained::broken("streams", &error, None),
    });
    let most = most_connections();
    rows.push(Explained::row(
        "connections",
        format!("at most {most} at a time in the process"),
        Some("half of `ulimit -n`"),
    ));
}

/// The value with its unit, where a bare number would not say.
fn unit(name: &str, value: &str) -> String {
    if name.ends_with("_timeout") && value.parse::<f64>().is_ok() {
        format!("{value} s")
    } else {
        value.to_owned()
    }
}

fn agent(facts: &Facts<'_>) -> String {
    let host = facts.at.settings().app_name.as_ref().map(|name| format!(" app/{name}")).unwrap_or_default();
    format!("oarlock/{VERSION}{host}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::table::Record as _;

    #[test]
    fn defaults_are_those_of_the_documentation() {
        for (name, value) in DEFAULTS {
            let field = Settings::SPEC.fields.iter().find(|field| field.name == *name).unwrap();
            let doc = field.doc.split_whitespace().collect::<Vec<_>>().join(" ");
            let (_, default) = doc.rsplit_once("Default: ").unwrap();
            assert!(default.contains(value), "{name}: {value} is not in {default:?}");
        }
    }

    #[test]
    fn what_has_rows_of_its_own_is_a_setting() {
        assert!(TOLD.iter().all(|name| Settings::SPEC.fields.iter().any(|field| field.name == *name)));
    }
}
