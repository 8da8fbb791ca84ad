//! Other programs' names for our settings: the AWS CLI, Nix, RubyGems, Bundler, DVC and package servers.
//!
//! Invariant: every spelling is a row here, so a host's own names work in a URL and by name. Hyphens and dots
//! count as underscores; a prefix `aws_` or `oarlock_` is ignored. A spelling that changes the value has a
//! function that converts it. A host's settings for itself (signing keys, caches) are no rows: the host's
//! plugin removes them.

use crate::error::{Error, ErrorKind, Result};
use crate::table::{Record, unknown};
use crate::value::{Field, Value};

use super::keys::Settings;

/// The error for a setting that does not exist, for a binding that can't translate its value; none for one
/// that does.
pub fn unknown_setting(given: &str) -> Option<Error> {
    let plain = given.replace(['-', '.'], "_");
    let plain = plain.strip_prefix("aws_").or_else(|| plain.strip_prefix("oarlock_")).unwrap_or(&plain);
    let known = NAMES.iter().any(|(_, others)| others.contains(&plain))
        || MEANINGS.iter().any(|(spelling, ..)| *spelling == plain)
        || Settings::SPEC.fields.iter().any(|field| field.name == plain);
    (!known).then(|| unknown(ErrorKind::Config, "setting", given, spelled()))
}

/// The canonical name, and what else it is called.
const NAMES: &[(&str, &[&str])] = &[
    ("endpoint", &["endpoint_url", "endpointurl"]),
    ("region", &["region_name"]),
    ("access_key_id", &["id", "key"]),
    ("secret_access_key", &["secret"]),
    ("session_token", &["security_token", "token"]),
    ("anonymous", &["allow_anonymous_login", "anon"]),
    ("request_payer", &["requester_pays"]),
    ("use_fips_endpoint", &["use_fips"]),
    ("use_dualstack_endpoint", &["use_dualstack"]),
    ("use_accelerate_endpoint", &["use_accelerate"]),
    ("use_arn_region", &["s3_use_arn_region"]),
    ("us_east_1_regional_endpoint", &["s3_us_east_1_regional_endpoint"]),
    ("disable_express_session_auth", &["s3_disable_express_session_auth", "disable_s3_express_session_auth"]),
    (
        "disable_multiregion_access_points",
        &["s3_disable_multiregion_access_points", "disable_multi_region_access_points"],
    ),
    ("config_file", &["configpath"]),
    ("credentials_file", &["credentialpath"]),
    ("ca_bundle", &["ssl_cert_file", "ssl_ca_cert"]),
    ("client_certificate", &["client_cert", "tls_certificate"]),
    ("client_key", &["tls_private_key"]),
    ("max_concurrency", &["max_concurrent_requests"]),
    ("multipart_chunksize", &["multipart_chunk_size", "buffer_size", "chunk_size_bytes"]),
    ("read_timeout", &["stalled_download_timeout"]),
    ("version_id", &["versionId"]),
    ("encryption_kms_key_id", &["encryption_kms_key", "kms_key_id"]),
];

/// The meaning of a spelling: a setting and its value, or nothing. The error continues "setting `x` ".
type Meaning = fn(Value) -> std::result::Result<Option<(&'static str, Value)>, String>;

/// Spellings that are more than a name, with their meaning in words.
const MEANINGS: &[(&str, &str, Meaning)] = &[
    ("scheme", "`use_ssl`: true for `https`, false for `http`", |value| match value.as_str() {
        Some("https") => Ok(Some(("use_ssl", Value::Bool(true)))),
        Some("http") => Ok(Some(("use_ssl", Value::Bool(false)))),
        _ => Err("takes http or https".to_owned()),
    }),
    ("disable_ssl", "the opposite of `use_ssl`", |value| {
        Ok(Some(("use_ssl", Value::Bool(!bool::from_value(value)?))))
    }),
    ("path_style", "`addressing_style`: `path` if true, `auto` if false", |value| {
        Ok(Some(("addressing_style", style(value)?)))
    }),
    ("force_path_style", "`addressing_style`: `path` if true, `auto` if false", |value| {
        Ok(Some(("addressing_style", style(value)?)))
    }),
    ("listobjects", "`list_version = 1` if true", |value| {
        Ok(bool::from_value(value)?.then_some(("list_version", Value::Int(1))))
    }),
    // A bucket's region is found and remembered in any case.
    ("cache_regions", "nothing: the bucket's region is remembered in any case", |value| {
        bool::from_value(value).map(|_| None)
    }),
    // A path is a bundle to trust.
    ("ssl_verify", "`verify`; a path is the `ca_bundle`", |value| match bool::from_value(value.clone()) {
        Ok(verify) => Ok(Some(("verify", Value::Bool(verify)))),
        Err(_) => Ok(Some(("ca_bundle", value))),
    }),
    // `legacy` was each AWS SDK's own mode; all of them default to `standard` now.
    ("retry_mode", "`legacy` means `standard`; upper case is accepted", |value| match &value {
        Value::Str(mode) if mode.trim().eq_ignore_ascii_case("legacy") => {
            Ok(Some(("retry_mode", Value::Str("standard".to_owned()))))
        }
        _ => Ok(Some(("retry_mode", lower(value)))),
    }),
    ("region", "`EU` means `eu-west-1`", |value| match &value {
        Value::Str(region) => Ok(Some(("region", Value::Str(modern_region(region).to_owned())))),
        _ => Ok(Some(("region", value))),
    }),
    ("us_east_1_regional_endpoint", "upper case is accepted", |value| {
        Ok(Some(("us_east_1_regional_endpoint", lower(value))))
    }),
    ("request_checksum_calculation", "upper case is accepted", |value| {
        Ok(Some(("request_checksum_calculation", lower(value))))
    }),
    ("response_checksum_validation", "upper case is accepted", |value| {
        Ok(Some(("response_checksum_validation", lower(value))))
    }),
    // The header's own word.
    ("request_payer", "`requester` means true", |value| match &value {
        Value::Str(payer) if payer.trim().eq_ignore_ascii_case("requester") => {
            Ok(Some(("request_payer", Value::Bool(true))))
        }
        _ => Ok(Some(("request_payer", value))),
    }),
    ("sse_customer_algorithm", "nothing: `AES256` is the only algorithm", |value| match value.as_str() {
        Some("AES256") => Ok(None),
        _ => Err("takes AES256, the only algorithm there is".to_owned()),
    }),
    ("multipart_threshold", "text such as `64MB`; a MB is 1024² bytes", |value| {
        Ok(Some(("multipart_threshold", size(value)?)))
    }),
    ("multipart_chunksize", "text such as `16MiB`; a MB is 1024² bytes", |value| {
        Ok(Some(("multipart_chunksize", size(value)?)))
    }),
    ("max_bandwidth", "text such as `10MB/s`; a small b means bits", |value| {
        Ok(Some(("max_bandwidth", rate(value)?)))
    }),
    ("encryption_verify_buffer", "text such as `8MiB`; a MB is 1024² bytes", |value| {
        Ok(Some(("encryption_verify_buffer", size(value)?)))
    }),
    ("encryption_spool_limit", "text such as `4GiB`; a MB is 1024² bytes", |value| {
        Ok(Some(("encryption_spool_limit", size(value)?)))
    }),
];

/// The settings of DVC's schema for an S3 remote that oarlock reads, by names that `canonical` understands.
pub const DVC_SETTINGS: &[&str] = &[
    "access_key_id",
    "acl",
    "allow_anonymous_login",
    "cache_regions",
    "configpath",
    "connect_timeout",
    "credentialpath",
    "endpointurl",
    "grant_full_control",
    "grant_read",
    "grant_read_acp",
    "grant_write_acp",
    "listobjects",
    "profile",
    "read_timeout",
    "region",
    "secret_access_key",
    "session_token",
    "sse",
    "sse_customer_algorithm",
    "sse_customer_key",
    "sse_kms_key_id",
    "ssl_verify",
    "use_ssl",
];

/// boto3's names of clients' and requests' parameters, which s3fs takes in groups, and our spelling of each.
/// They hold within such a group alone: `mode` and `verify` mean something else elsewhere.
pub const BOTO3_NAMES: &[(&str, &str)] = &[
    ("ACL", "acl"),
    ("ChecksumAlgorithm", "checksum_algorithm"),
    ("GrantFullControl", "grant_full_control"),
    ("GrantRead", "grant_read"),
    ("GrantReadACP", "grant_read_acp"),
    ("GrantWriteACP", "grant_write_acp"),
    ("RequestPayer", "request_payer"),
    ("SSECustomerAlgorithm", "sse_customer_algorithm"),
    ("SSECustomerKey", "sse_customer_key"),
    ("SSEKMSKeyId", "sse_kms_key_id"),
    ("ServerSideEncryption", "sse"),
    ("StorageClass", "storage_class"),
    ("max_pool_connections", "max_concurrency"),
    ("mode", "retry_mode"),
    ("total_max_attempts", "max_attempts"),
    ("verify", "ssl_verify"),
];

/// The region that a location constraint means: buckets made long ago in eu-west-1 have `EU`.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html>
pub(crate) fn modern_region(name: &str) -> &str {
    if name == "EU" { "eu-west-1" } else { name }
}

fn style(value: Value) -> std::result::Result<Value, String> {
    Ok(Value::Str(if bool::from_value(value)? { "path" } else { "auto" }.to_owned()))
}

/// A word as settings spell it.
fn lower(value: Value) -> Value {
    match value {
        Value::Str(word) => Value::Str(word.trim().to_ascii_lowercase()),
        other => other,
    }
}

/// Bytes as text for people, counted as the AWS CLI does: a MB is a MiB.
pub(crate) fn size(value: Value) -> std::result::Result<Value, String> {
    const UNITS: &[(&str, i64)] = &[
        ("kib", 1 << 10),
        ("kb", 1 << 10),
        ("mib", 1 << 20),
        ("mb", 1 << 20),
        ("gib", 1 << 30),
        ("gb", 1 << 30),
        ("tib", 1 << 40),
        ("tb", 1 << 40),
    ];
    let Value::Str(text) = &value else { return Ok(value) };
    let lower = text.trim().to_ascii_lowercase();
    let (number, unit) =
        UNITS.iter().find_map(|(name, unit)| Some((lower.strip_suffix(name)?, *unit))).unwrap_or((&lower, 1));
    let bytes = number.trim().parse::<i64>().ok().and_then(|number| number.checked_mul(unit));
    bytes.map(Value::Int).ok_or_else(|| {
        format!("takes a whole number of bytes, or one with a unit such as 64MB, not {text:?}")
    })
}

/// Bytes a second as text for people, as the AWS CLI reads it: a small b means bits.
fn rate(value: Value) -> std::result::Result<Value, String> {
    let Value::Str(text) = &value else { return Ok(value) };
    let wrong = || {
        format!(
            "takes bytes a second, as a whole number or with a unit such as 10MB/s or 80Mb/s, not {text:?}"
        )
    };
    let trimmed = text.trim();
    let amount = trimmed.strip_suffix("/s").or_else(|| trimmed.strip_suffix("ps")).unwrap_or(trimmed);
    let Ok(Value::Int(bytes)) = size(Value::Str(amount.to_owned())) else { return Err(wrong()) };
    Ok(Value::Int(if amount.ends_with('b') { bytes / 8 } else { bytes }))
}

/// Settings under their canonical names; null counts as not given. Of two values for one setting the first
/// wins if `first_wins`, as in a URL; by name, two are an error.
pub(super) fn canonical(pairs: Vec<(String, Value)>, first_wins: bool) -> Result<Vec<(String, Value)>> {
    let mut seen: Vec<(&'static str, String)> = Vec::new();
    let mut settings = Vec::new();
    for (given, value) in pairs {
        if value == Value::Null {
            continue;
        }
        let plain = given.replace(['-', '.'], "_");
        let plain = plain.strip_prefix("aws_").or_else(|| plain.strip_prefix("oarlock_")).unwrap_or(&plain);
        let plain = NAMES.iter().find(|(_, others)| others.contains(&plain)).map_or(plain, |(name, _)| name);
        let (name, value) = match MEANINGS.iter().find(|(spelling, ..)| *spelling == plain) {
            Some((.., meaning)) => match meaning(value)
                .map_err(|why| Error::new(ErrorKind::Config, format!("setting `{given}` {why}")))?
            {
                Some(meant) => meant,
                None => continue,
            },
            None => match Settings::SPEC.fields.iter().find(|field| field.name == plain) {
                Some(field) => (field.name, value),
                None => return Err(unknown(ErrorKind::Config, "setting", &given, spelled())),
            },
        };
        match seen.iter().find(|(other, _)| *other == name) {
            Some(_) if first_wins => {}
            Some((_, other)) => {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!("setting `{name}` is given twice: as `{other}` and as `{given}`"),
                ));
            }
            None => {
                seen.push((name, given));
                settings.push((name.to_owned(), value));
            }
        }
    }
    Ok(settings)
}

/// Every other spelling of a setting or of its value, with its meaning in words, for documentation.
pub fn spellings() -> Vec<(&'static str, String)> {
    let names =
        NAMES.iter().flat_map(|(name, others)| others.iter().map(move |other| (*other, format!("`{name}`"))));
    names.chain(MEANINGS.iter().map(|(spelling, meaning, _)| (*spelling, (*meaning).to_owned()))).collect()
}

fn known() -> impl Iterator<Item = &'static str> + Clone {
    Settings::SPEC.fields.iter().map(|field| field.name)
}

/// Every name that is understood.
fn spelled() -> impl Iterator<Item = &'static str> + Clone {
    known()
        .chain(NAMES.iter().flat_map(|(_, others)| others.iter().copied()))
        .chain(MEANINGS.iter().map(|(name, ..)| *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Vec<(String, Value)>> {
        canonical(
            pairs.iter().map(|(name, value)| (name.to_string(), Value::Str(value.to_string()))).collect(),
            false,
        )
    }

    fn one(name: &str, value: &str) -> (String, Value) {
        read(&[(name, value)]).unwrap().remove(0)
    }

    #[test]
    fn every_row_leads_to_a_setting_and_no_spelling_to_two() {
        let mut spellings: Vec<&str> = known()
            .chain(
                MEANINGS.iter().map(|(name, ..)| *name).filter(|name| !known().any(|known| known == *name)),
            )
            .collect();
        for (name, others) in NAMES {
            assert!(known().any(|known| known == *name), "{name}");
            spellings.extend(*others);
        }
        let count = spellings.len();
        spellings.sort_unstable();
        spellings.dedup();
        assert_eq!(spellings.len(), count);
    }

    #[test]
    fn every_name_of_a_host_s_table_is_a_spelling() {
        for name in DVC_SETTINGS.iter().chain(BOTO3_NAMES.iter().map(|(_, ours)| ours)) {
            assert!(unknown_setting(name).is_none(), "{name}");
        }
    }

    #[test]
    fn the_words_of_the_hosts() {
        let text = |text: &str| Value::Str(text.to_owned());
        assert_eq!(one("addressing-style", "path"), ("addressing_style".into(), text("path")));
        assert_eq!(one("scheme", "http"), ("use_ssl".into(), Value::Bool(false)));
        assert_eq!(one("buffer-size", "8388608"), ("multipart_chunksize".into(), Value::Int(8 << 20)));
        assert_eq!(one("multipart-threshold", "64MB"), ("multipart_threshold".into(), Value::Int(64 << 20)));
        assert_eq!(
            one("multipart_chunk_size", "16 MiB"),
            ("multipart_chunksize".into(), Value::Int(16 << 20))
        );
        assert_eq!(one("endpointurl", "http://h:1"), ("endpoint".into(), text("http://h:1")));
        assert_eq!(one("max_bandwidth", "10MB/s"), ("max_bandwidth".into(), Value::Int(10 << 20)));
        assert_eq!(one("max_bandwidth", "8 Mb/s"), ("max_bandwidth".into(), Value::Int(1 << 20)));
        assert_eq!(one("max_bandwidth", "65536"), ("max_bandwidth".into(), Value::Int(65536)));
        assert_eq!(one("tls-private-key", "/k"), ("client_key".into(), text("/k")));
        assert_eq!(one("listobjects", "true"), ("list_version".into(), Value::Int(1)));
        assert_eq!(one("ssl_verify", "/etc/ca.pem"), ("ca_bundle".into(), text("/etc/ca.pem")));
        assert_eq!(one("ssl_verify", "no"), ("verify".into(), Value::Bool(false)));
        assert_eq!(one("retry_mode", "Legacy"), ("retry_mode".into(), text("standard")));
        assert_eq!(one("region", "EU"), ("region".into(), text("eu-west-1")));
        assert_eq!(
            one("aws_s3_us_east_1_regional_endpoint", "Legacy"),
            ("us_east_1_regional_endpoint".into(), text("legacy"))
        );
        assert_eq!(
            one("s3_disable_express_session_auth", "true"),
            ("disable_express_session_auth".into(), text("true"))
        );
        assert_eq!(one("disable_ssl", "yes"), ("use_ssl".into(), Value::Bool(false)));
        assert_eq!(one("aws_access_key_id", "a"), ("access_key_id".into(), text("a")));
        assert_eq!(read(&[("listobjects", "false"), ("sse_customer_algorithm", "AES256")]).unwrap(), vec![]);
    }

    #[test]
    fn what_is_refused() {
        for (pairs, words) in [
            (&[("adressing-style", "path")][..], &["adressing-style", "addressing_style"][..]),
            (&[("secret-key", "k")], &["secret-key"]),
            (&[("securty_token", "t")], &["security_token"]),
            (&[("scheme", "ftp")], &["scheme", "https"]),
            (&[("multipart_threshold", "8 parsecs")], &["multipart_threshold", "parsecs"]),
            (&[("multipart_threshold", "9000000000GB")], &["multipart_threshold"]),
            (&[("endpoint", "a"), ("endpoint_url", "b")], &["twice", "endpoint_url"]),
        ] {
            let error = read(pairs).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            for word in words {
                assert!(error.message().contains(word), "{error}");
            }
        }
    }
}
