//! `Config`: a store's URL and settings, checked before any request.
//!
//! Invariant: settings by name win over the URL's; of two in a URL the first wins. The error for an unknown
//! setting names the nearest known one. Exclusions are rows of a table. Reads no environment and no file, and
//! uses no AWS type.

#[cfg(test)]
mod dialects_tests;
pub(crate) mod gcfg;
#[cfg(test)]
mod junk_tests;
pub mod keys;
mod sources;
mod spellings;
#[cfg(test)]
mod tests;
mod url;

use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result, fail};
use crate::table::Record;
use crate::value::{Field, Value, owned};
pub use keys::Settings;
pub(crate) use sources::{Sources, shown};
pub use spellings::{BOTO3_NAMES, DVC_SETTINGS, spellings, unknown_setting};
pub(crate) use spellings::{modern_region, size};
pub(crate) use url::bucket_name;
pub(crate) use url::of_directory as directory_url;

/// A checked description of one place.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) target: Target,
    pub(crate) settings: Settings,
    /// Whether the URL or the host gave a setting.
    pub(crate) sources: Sources,
}

// Equal places are equal, however they were described.
impl PartialEq for Config {
    fn eq(&self, other: &Config) -> bool {
        (&self.target, &self.settings) == (&other.target, &other.settings)
    }
}

/// What the URL names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    Bucket { bucket: String, prefix: String },
    Directory(PathBuf),
}

/// Pairs of settings that contradict each other, with the reason.
const EXCLUSIONS: &[(&str, &str, &str)] = &[
    ("access_key_id", "credentials", "the keys are given, or a function returns them"),
    ("acl", "grant_read", "a canned ACL and grants exclude each other"),
    ("acl", "grant_read_acp", "a canned ACL and grants exclude each other"),
    ("acl", "grant_write_acp", "a canned ACL and grants exclude each other"),
    ("acl", "grant_full_control", "a canned ACL and grants exclude each other"),
    ("sse_customer_key", "sse", "a customer key replaces server-managed encryption"),
    ("sse_customer_key", "sse_kms_key_id", "a customer key replaces server-managed encryption"),
    ("encryption_kms_key_id", "encryption_aes_key", "an object's key is wrapped with one key"),
    ("encryption_kms_key_id", "encryption_rsa_key", "an object's key is wrapped with one key"),
    ("encryption_aes_key", "encryption_rsa_key", "an object's key is wrapped with one key"),
];

/// The settings that ask for encryption.
pub(crate) const ENCRYPTS: &[&str] = &["encryption_kms_key_id", "encryption_aes_key", "encryption_rsa_key"];

/// The policies of client-side encryption; the first writes what has no key commitment.
pub(crate) const POLICIES: &[&str] =
    &["FORBID_ENCRYPT_ALLOW_DECRYPT", "REQUIRE_ENCRYPT_ALLOW_DECRYPT", "REQUIRE_ENCRYPT_REQUIRE_DECRYPT"];

/// When there are checksums.
const WHEN: &[&str] = &["when_supported", "when_required"];

/// The longest time limit: longer ones are slips, and overflow clocks.
const MOST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Settings that only the host itself may give.
const NOT_IN_URLS: &[(&str, &str)] = &[
    ("trust_files", "whoever writes the URL would trust himself"),
    ("credentials_cache", "whoever writes the URL would choose where secrets are kept"),
];

/// Refuses options or settings of which two exclude each other.
pub(crate) fn check_exclusions(kind: ErrorKind, given: impl Fn(&str) -> bool) -> Result<()> {
    for (one, other, why) in EXCLUSIONS {
        if given(one) && given(other) {
            return Err(Error::new(kind, format!("`{one}` and `{other}` can't be used together: {why}")));
        }
    }
    Ok(())
}

impl Config {
    /// Reads a URL and settings, in any of their [spellings](keys); the settings win.
    ///
    /// # Errors
    /// `Config`, naming the setting, its value and the nearest known name.
    pub fn from_url(url: &str, settings: Vec<(String, Value)>) -> Result<Config> {
        let (target, pairs) = url::parse(url)?;
        let in_url = |error: Error| Error::new(error.kind(), format!("in the URL, {}", error.message()));
        let mut pairs = spellings::canonical(pairs, true).map_err(in_url)?;
        // For the sake of the error: which of the two sources a bad value came from.
        Settings::from_pairs(ErrorKind::Config, "setting", pairs.clone())
            .and_then(|settings| settings.check_values())
            .map_err(in_url)?;
        if pairs.iter().any(|(name, _)| keys::SECRET.contains(&name.as_str())) {
            static WARNED: Once = Once::new();
            WARNED.call_once(|| {
                tracing::warn!(target: "oarlock", "a URL holds a secret, and URLs leak into \
                                                                   logs, process lists and shell histories; \
                                                                   give it as a setting or by the \
                                                                   environment")
            });
        }
        let settings = spellings::canonical(settings, false)?;
        for (name, why) in NOT_IN_URLS {
            if pairs.iter().any(|(given, _)| given == name) {
                fail!(Config, "setting `{name}` can't be in a URL: {why}");
            }
        }
        let given = |name: &str| settings.iter().any(|(given, _)| given == name);
        pairs.retain(|(name, _)| !given(name));
        // The URL may come from a project: who clones it must not run its programs.
        if !given("trust_files")
            && pairs.iter().any(|(name, _)| name == "config_file" || name == "credentials_file")
        {
            pairs.push(("trust_files".to_owned(), Value::Bool(false)));
        }
        let mut sources = Sources::default();
        pairs.iter().for_each(|(name, _)| sources.add(name, "URL"));
        settings.iter().for_each(|(name, _)| sources.add(name, "setting"));
        pairs.extend(settings);
        let settings = Settings::from_pairs(ErrorKind::Config, "setting", pairs)?;
        let config = Config { target, settings, sources };
        config.settings.check()?;
        Ok(config)
    }

    /// The directory, if this is a `file://` store.
    pub(crate) fn directory(&self) -> Option<&Path> {
        match &self.target {
            Target::Directory(directory) => Some(directory),
            Target::Bucket { .. } => None,
        }
    }

    /// The bucket or the directory, for error messages.
    pub(crate) fn place(&self) -> String {
        match &self.target {
            Target::Directory(directory) => directory.display().to_string(),
            Target::Bucket { bucket, .. } => bucket.clone(),
        }
    }

    /// The URL without settings and secrets.
    pub fn url(&self) -> String {
        match &self.target {
            Target::Directory(directory) => url::of_directory(directory),
            Target::Bucket { bucket, prefix } => format!("s3://{bucket}/{prefix}"),
        }
    }

    /// The settings that were given, by name, secrets included.
    pub fn to_pairs(&self) -> Vec<(String, Value)> {
        self.settings.to_pairs()
    }

    /// The settings as given, without secrets, and functions as a word.
    pub fn shown(&self) -> Vec<(String, Value)> {
        let shown =
            |value| if let Value::Callback(_) = value { Value::Str("callback".to_owned()) } else { value };
        let open = |name: &str| !keys::SECRET.contains(&name);
        self.to_pairs()
            .into_iter()
            .filter(|(name, _)| open(name))
            .map(|(name, value)| (name, shown(value)))
            .collect()
    }
}

impl Settings {
    /// One setting, in any spelling, read and checked.
    pub(crate) fn of(name: &str, value: Value) -> Result<Settings> {
        Settings::read(vec![(name.to_owned(), value)])
    }

    /// Settings, in any spelling, read and checked.
    pub(crate) fn read(pairs: Vec<(String, Value)>) -> Result<Settings> {
        let settings =
            Settings::from_pairs(ErrorKind::Config, "setting", spellings::canonical(pairs, false)?)?;
        settings.check()?;
        Ok(settings)
    }

    /// Some of a store's settings, in any spelling: each is read, but what they need of one another is not
    /// looked at yet.
    pub(crate) fn partial(pairs: Vec<(String, Value)>) -> Result<Settings> {
        Settings::from_pairs(ErrorKind::Config, "setting", spellings::canonical(pairs, false)?)
    }

    /// These settings, with `other` where they say nothing.
    pub(crate) fn over(self, other: Settings) -> Result<Settings> {
        let mut pairs = self.to_pairs();
        pairs.extend(
            other
                .to_pairs()
                .into_iter()
                .filter(|(name, _)| !pairs.iter().any(|(given, _)| given == name))
                .collect::<Vec<_>>(),
        );
        Settings::from_pairs(ErrorKind::Config, "setting", pairs)
    }

    /// The settings that were given, by name, secrets included.
    pub(crate) fn to_pairs(&self) -> Vec<(String, Value)> {
        match self.clone().into_value() {
            Value::Map(pairs) => {
                owned(pairs).into_iter().filter(|(_, value)| *value != Value::Null).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Refuses values out of range and settings that contradict each other.
    fn check(&self) -> Result<()> {
        let pairs = self.to_pairs();
        check_exclusions(ErrorKind::Config, |name| pairs.iter().any(|(given, _)| given == name))?;
        self.check_values()?;
        match (&self.credentials, self.provider.as_deref()) {
            (None, Some("callback")) => {
                fail!(Config, "provider `callback` needs the setting `credentials`, a function")
            }
            (Some(_), Some(other)) if other != "callback" => {
                fail!(Config, "`credentials` is a function to ask, but the provider is `{other}`; leave one")
            }
            (Some(_), _) if self.anonymous == Some(true) => {
                fail!(
                    Config,
                    "`credentials` and `anonymous` can't be used together: keys sign, and anonymous requests \
                     go unsigned"
                )
            }
            _ => {}
        }
        self.check_encryption(&pairs)?;
        if self.client_key.is_some() && self.client_certificate.is_none() {
            fail!(Config, "`client_key` is set but `client_certificate` is missing");
        }
        match (&self.access_key_id, &self.secret_access_key) {
            (Some(_), None) => fail!(Config, "`access_key_id` is set but `secret_access_key` is missing"),
            (None, Some(_)) => fail!(Config, "`secret_access_key` is set but `access_key_id` is missing"),
            (None, None) if self.session_token.is_some() => {
                fail!(Config, "`session_token` is set but `access_key_id` is missing")
            }
            (None, None) if self.provider.as_deref() == Some("static") => {
                fail!(Config, "provider `static` needs `access_key_id` and `secret_access_key`")
            }
            _ => Ok(()),
        }
    }

    /// Refuses what a store can't encrypt by: settings of encryption that have no key, or no use.
    fn check_encryption(&self, pairs: &[(String, Value)]) -> Result<()> {
        let given = |name: &str| pairs.iter().any(|(given, _)| given == name);
        if let Some((name, _)) = pairs.iter().find(|(name, _)| name.starts_with("encryption_"))
            && !ENCRYPTS.iter().any(|key| given(key))
        {
            fail!(
                Config,
                "setting `{name}` is given, but no key to encrypt with: one of {}",
                ENCRYPTS.join(", ")
            );
        }
        if self.encryption_kms_key_id.is_none()
            && let Some(name) = ["encryption_kms_any_key", "encryption_reuse_objects", "encryption_reuse_age"]
                .iter()
                .find(|name| given(name))
        {
            fail!(Config, "setting `{name}` is for keys in KMS, and `encryption_kms_key_id` is not given");
        }
        if self.encryption_reuse_objects.is_some_and(|objects| objects > 1)
            && self.encryption_policy.as_deref() == Some(POLICIES[0])
        {
            fail!(
                Config,
                "`encryption_reuse_objects` can't be used with the policy {}: without a key commitment each \
                 object needs a data key of its own",
                POLICIES[0]
            );
        }
        if self.encryption_metadata_only == Some(true)
            && (self.encryption_instruction_file == Some(true)
                || self.encryption_instruction_suffix.is_some())
        {
            fail!(
                Config,
                "`encryption_metadata_only` forbids instruction files, and `encryption_instruction_file` or \
                 `encryption_instruction_suffix` asks for them"
            );
        }
        if let Some(suffix) = &self.encryption_instruction_suffix
            && (suffix.is_empty() || suffix.contains('/'))
        {
            fail!(
                Config,
                "setting `encryption_instruction_suffix` takes what ends a key, without a slash, not \
                 {suffix:?}"
            );
        }
        Ok(())
    }

    /// Refuses values that no store can have.
    fn check_values(&self) -> Result<()> {
        for (name, value) in self.to_pairs() {
            match value.as_str() {
                Some(text) if text.contains(|c: char| c.is_control()) => match keys::SECRET
                    .contains(&name.as_str())
                {
                    true => fail!(
                        Config,
                        "setting `{name}` takes text without line breaks and other control characters"
                    ),
                    false => {
                        fail!(Config, "setting `{name}` takes text without control characters, not {text:?}")
                    }
                },
                _ => {}
            }
        }
        if let Some(region) = &self.region
            && (region.is_empty()
                || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))
        {
            fail!(Config, "setting `region` takes letters, digits and hyphens, not {region:?}");
        }
        for (name, value) in [
            ("connect_timeout", self.connect_timeout),
            ("read_timeout", self.read_timeout),
            ("attempt_timeout", self.attempt_timeout),
            ("operation_timeout", self.operation_timeout),
        ] {
            if let Some(value) = value
                && (value.is_zero() || value > MOST)
            {
                fail!(
                    Config,
                    "setting `{name}` takes more than 0 and at most {} seconds, not {}",
                    MOST.as_secs(),
                    value.as_secs_f64()
                );
            }
        }
        check_endpoint(self.endpoint.as_deref())?;
        one_of("addressing_style", &self.addressing_style, &["auto", "path", "virtual"])?;
        one_of("us_east_1_regional_endpoint", &self.us_east_1_regional_endpoint, &["regional", "legacy"])?;
        one_of(
            "provider",
            &self.provider,
            &[
                "static",
                "anonymous",
                "env",
                "profile",
                "web_identity",
                "container",
                "instance_profile",
                "callback",
                "default",
            ],
        )?;
        one_of("retry_mode", &self.retry_mode, &["standard", "adaptive"])?;
        one_of("request_checksum_calculation", &self.request_checksum_calculation, WHEN)?;
        one_of("checksum_algorithm", &self.checksum_algorithm, &["CRC64NVME", "CRC32", "CRC32C"])?;
        one_of("response_checksum_validation", &self.response_checksum_validation, WHEN)?;
        check_proxy(self.proxy.as_ref().map(|proxy| proxy.0.as_str()))?;
        one_of("sse", &self.sse, &["AES256", "aws:kms", "aws:kms:dsse"])?;
        for (name, method) in [
            ("narinfo_compression", &self.narinfo_compression),
            ("ls_compression", &self.ls_compression),
            ("log_compression", &self.log_compression),
        ] {
            one_of(name, method, &["none", "br", "bzip2", "compress", "gzip", "lzip", "lz4", "xz", "zstd"])?;
        }
        one_of("encryption_policy", &self.encryption_policy, POLICIES)?;
        if let Some(key_id) = &self.encryption_kms_key_id
            && (key_id.is_empty() || !key_id.chars().all(|c| c.is_ascii_alphanumeric() || "-_/:".contains(c)))
        {
            fail!(Config, "setting `encryption_kms_key_id` takes a key's id, alias or ARN, not {key_id:?}");
        }
        if let Some(age) = self.encryption_reuse_age
            && (age.is_zero() || age > Duration::from_secs(24 * 3600))
        {
            fail!(
                Config,
                "setting `encryption_reuse_age` takes more than 0 and at most 86400 seconds, not {}",
                age.as_secs_f64()
            );
        }
        within("encryption_verify_buffer", self.encryption_verify_buffer, 0, 64 << 20)?;
        within("encryption_spool_limit", self.encryption_spool_limit, 1 << 20, 1 << 50)?;
        within("encryption_reuse_objects", self.encryption_reuse_objects, 1, 1 << 32)?;
        within("max_attempts", self.max_attempts.map(u64::from), 1, 20)?;
        within("max_concurrency", self.max_concurrency.map(u64::from), 1, 1000)?;
        within("max_requests", self.max_requests.map(u64::from), 1, 10_000)?;
        within("max_bandwidth", self.max_bandwidth, 1 << 10, 1 << 40)?;
        within("list_version", self.list_version.map(u64::from), 1, 2)?;
        within("multipart_chunksize", self.multipart_chunksize, 5 << 20, 5 << 30)?;
        within("max_parts", self.max_parts, 1, 10_000)?;
        Ok(())
    }
}

/// Accepts `https://host[:port][/path]`, `host:port` and `host`.
fn check_endpoint(endpoint: Option<&str>) -> Result<()> {
    let Some(endpoint) = endpoint else { return Ok(()) };
    if endpoint.contains('@') {
        // Not shown: what stands before the @ may be a secret.
        fail!(Config, "setting `endpoint` takes no user and password");
    }
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", endpoint));
    let host = rest.split('/').next().unwrap_or_default();
    let bare = !endpoint.contains("://");
    let plain = endpoint
        .chars()
        .all(|c| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '%' | '"' | '<' | '>' | '\\'));
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !host.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let good = plain
        && matches!(scheme, "http" | "https")
        && !name.is_empty()
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
        && !(bare && rest.contains('/'));
    if good {
        Ok(())
    } else {
        fail!(Config, "setting `endpoint` takes https://host:port, host:port or host, not {endpoint:?}")
    }
}

/// Accepts `http://[user:password@]host[:port]`; the value is not shown, it may hold a secret.
fn check_proxy(proxy: Option<&str>) -> Result<()> {
    let Some(proxy) = proxy else { return Ok(()) };
    let host = proxy
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
        .map(|(_, rest)| rest.trim_end_matches('/'));
    match host.map(|rest| rest.rsplit_once('@').map_or(rest, |(_, host)| host)) {
        Some(host)
            if !host.is_empty()
                && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c)) =>
        {
            Ok(())
        }
        _ => fail!(Config, "setting `proxy` takes http://host:port"),
    }
}

fn one_of(name: &str, value: &Option<String>, known: &[&str]) -> Result<()> {
    match value {
        Some(value) if !known.contains(&value.as_str()) => {
            fail!(Config, "setting `{name}` takes one of {}, not {value:?}", known.join(", "))
        }
        _ => Ok(()),
    }
}

fn within(name: &str, value: Option<u64>, least: u64, most: u64) -> Result<()> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            fail!(Config, "setting `{name}` takes {least} to {most}, not {value}")
        }
        _ => Ok(()),
    }
}
