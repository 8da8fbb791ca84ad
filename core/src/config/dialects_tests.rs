//! The hosts' dialects, row by row: what each writes, and the one setting that it comes to.

use super::*;
use crate::value::Callback;

/// What a host writes, and the settings it becomes: `name=value` pairs, separated by a space.
type DialectCase = (&'static str, &'static str);

fn pairs(text: &str) -> Vec<(String, Value)> {
    text.split_terminator(' ')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), Value::Str(value.to_owned())))
        .collect()
}

fn shown(config: &Config) -> String {
    let text = |value: Value| match value {
        Value::Str(text) => text,
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    config
        .to_pairs()
        .into_iter()
        .map(|(name, value)| format!("{name}={}", text(value)))
        .collect::<Vec<_>>()
        .join(" ")
}

fn holds(rows: &[DialectCase]) {
    for (given, meant) in rows {
        let named =
            Config::from_url("s3://bucket", pairs(given)).unwrap_or_else(|error| panic!("{given}: {error}"));
        assert_eq!(shown(&named), *meant, "{given}");
        let query = given.replace('%', "%25").replace('&', "%26").replace(' ', "&");
        let typed = Config::from_url(&format!("s3://bucket?{query}"), vec![])
            .unwrap_or_else(|error| panic!("?{query}: {error}"));
        assert_eq!(typed.settings, named.settings, "?{query}");
        assert_eq!(Config::from_url(&named.url(), named.to_pairs()).unwrap(), named, "{given}");
    }
}

#[test]
fn dvc() {
    holds(&[
        ("endpointurl=https://nyc3.example.com", "endpoint=https://nyc3.example.com"),
        ("region=us-east-2", "region=us-east-2"),
        ("profile=myprofile", "profile=myprofile"),
        (
            "access_key_id=a secret_access_key=s session_token=t",
            "access_key_id=a secret_access_key=s session_token=t",
        ),
        ("allow_anonymous_login=true", "anonymous=true"),
        ("read_timeout=60 connect_timeout=60", "connect_timeout=60 read_timeout=60"),
        ("listobjects=true", "list_version=1"),
        ("listobjects=false", ""),
        ("use_ssl=false", "use_ssl=false"),
        ("ssl_verify=false", "verify=false"),
        ("ssl_verify=true", "verify=true"),
        ("ssl_verify=path/to/ca_bundle.pem", "ca_bundle=path/to/ca_bundle.pem"),
        ("sse=AES256", "sse=AES256"),
        ("sse=aws:kms sse_kms_key_id=alias/k", "sse=aws:kms sse_kms_key_id=alias/k"),
        ("sse_customer_algorithm=AES256", ""),
        ("acl=bucket-owner-full-control", "acl=bucket-owner-full-control"),
        ("grant_read=id=\"x\" grant_read_acp=id=\"y\"", "grant_read=id=\"x\" grant_read_acp=id=\"y\""),
        (
            "grant_write_acp=id=\"x\" grant_full_control=id=\"y\"",
            "grant_write_acp=id=\"x\" grant_full_control=id=\"y\"",
        ),
        ("cache_regions=true", ""),
    ]);
    // A URL that names these is trusted less than the host.
    let named =
        Config::from_url("s3://bucket", pairs("configpath=/config credentialpath=/credentials")).unwrap();
    assert_eq!(shown(&named), "config_file=/config credentials_file=/credentials");
}

#[test]
fn fsspec() {
    holds(&[
        ("key=a secret=s token=t", "access_key_id=a secret_access_key=s session_token=t"),
        ("anon=true endpoint_url=http://h:1 region_name=r", "endpoint=http://h:1 region=r anonymous=true"),
        ("requester_pays=true", "request_payer=true"),
    ]);
}

#[test]
fn rubygems() {
    holds(&[
        ("provider=env region=us-east-1", "region=us-east-1 provider=env"),
        ("provider=instance_profile", "provider=instance_profile"),
        ("id=a secret=s/+ security_token=t", "access_key_id=a secret_access_key=s/+ session_token=t"),
        ("ssl_ca_cert=/ca.pem", "ca_bundle=/ca.pem"),
        ("endpoint=http://h path_style=true", "endpoint=http://h addressing_style=path"),
        ("path_style=false", "addressing_style=auto"),
    ]);
}

#[test]
fn nix() {
    holds(&[
        ("profile=cache-upload region=eu-west-2", "region=eu-west-2 profile=cache-upload"),
        ("aws-region=eu-west-2", "region=eu-west-2"),
        ("scheme=https endpoint=minio.example.com", "endpoint=minio.example.com use_ssl=true"),
        ("scheme=http endpoint=localhost:9000", "endpoint=localhost:9000 use_ssl=false"),
        // The URL's own scheme wins later, where requests are made.
        ("scheme=http endpoint=https://h", "endpoint=https://h use_ssl=false"),
        ("addressing-style=auto", "addressing_style=auto"),
        ("addressing-style=path", "addressing_style=path"),
        ("addressing-style=virtual", "addressing_style=virtual"),
        ("versionId=abc.1", "version_id=abc.1"),
        (
            "multipart-upload=true multipart-threshold=104857600",
            "multipart_threshold=104857600 multipart_upload=true",
        ),
        ("multipart-chunk-size=5242880", "multipart_chunksize=5242880"),
        ("buffer-size=6291456", "multipart_chunksize=6291456"),
        ("storage-class=STANDARD_IA", "storage_class=STANDARD_IA"),
        (
            "narinfo-compression=gzip ls-compression=br log-compression=none",
            "narinfo_compression=gzip ls_compression=br log_compression=none",
        ),
        ("ssl-cert-file=/etc/ca.pem", "ca_bundle=/etc/ca.pem"),
        ("tls-certificate=/c.pem tls-private-key=/k.pem", "client_certificate=/c.pem client_key=/k.pem"),
        ("connect-timeout=15 stalled-download-timeout=300", "connect_timeout=15 read_timeout=300"),
    ]);
}

#[test]
fn package_servers() {
    holds(&[
        (
            "profile=dev-rspm region=us-west-1 endpoint=minio:9000",
            "endpoint=minio:9000 region=us-west-1 profile=dev-rspm",
        ),
        ("disable_ssl=true force_path_style=1", "use_ssl=false addressing_style=path"),
        ("chunk_size_bytes=16777216", "multipart_chunksize=16777216"),
    ]);
}

#[test]
fn aws() {
    holds(&[
        (
            "aws_access_key_id=a aws_secret_access_key=s aws_session_token=t",
            "access_key_id=a secret_access_key=s session_token=t",
        ),
        ("endpoint_url=http://h", "endpoint=http://h"),
        (
            "max_concurrent_requests=20 multipart_threshold=64MB",
            "max_concurrency=20 multipart_threshold=67108864",
        ),
        (
            "multipart_chunksize=16MB max_bandwidth=1MB/s",
            "max_bandwidth=1048576 multipart_chunksize=16777216",
        ),
        (
            "addressing_style=virtual use_accelerate_endpoint=true",
            "use_accelerate_endpoint=true addressing_style=virtual",
        ),
        ("use_dualstack=true use_fips=true", "use_fips_endpoint=true use_dualstack_endpoint=true"),
        ("retry_mode=legacy max_attempts=3", "retry_mode=standard max_attempts=3"),
        (
            "payload_signing_enabled=true request_payer=requester",
            "payload_signing_enabled=true request_payer=true",
        ),
        (
            "request_checksum_calculation=WHEN_REQUIRED response_checksum_validation=when_supported",
            "request_checksum_calculation=when_required response_checksum_validation=when_supported",
        ),
    ]);
}

/// Settings that exclude each other: each row of the table, by name, and with one of the two in the URL.
#[test]
fn exclusions() {
    for (one, other, why) in EXCLUSIONS {
        let value = |name: &str| match name {
            "sse" => "AES256",
            "sse_customer_key" | "encryption_aes_key" => "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            _ => "x",
        };
        let pair = |name: &str| match name {
            "credentials" => (name.to_owned(), Callback::elsewhere().into()),
            _ => (name.to_owned(), Value::Str(value(name).to_owned())),
        };
        for (url, settings) in [
            ("s3://bucket".to_owned(), vec![pair(one), pair(other)]),
            (format!("s3://bucket?{one}={}", value(one)), vec![pair(other)]),
        ] {
            let error = Config::from_url(&url, settings).unwrap_err();
            assert!([*one, *other, *why].iter().all(|word| error.message().contains(word)), "{error}");
        }
    }
}

/// A value for each setting: odd text if it takes any, else what its own refusal names.
fn value(name: &str) -> Value {
    let field = Settings::SPEC.fields.iter().find(|field| field.name == name).unwrap();
    let value = match (name, field.kind) {
        ("endpoint", _) => Value::Str("https://h:1/x".to_owned()),
        ("proxy", _) => Value::Str("http://u:p@proxy:3128".to_owned()),
        ("sse_customer_key", _) => Value::Bytes(vec![7; 32].into()),
        ("encryption_metadata_only", _) => return Value::Bool(false),
        // Alone these are refused for want of a key.
        (_, crate::value::Type::Bool) if name.starts_with("encryption_") => return Value::Bool(true),
        ("encryption_policy", _) => return Value::Str(POLICIES[1].to_owned()),
        ("encryption_context", _) => return Value::Map(vec![("a".into(), Value::Str("b c".to_owned()))]),
        ("encryption_reuse_age", _) => return Value::Str("1.5".to_owned()),
        ("encryption_spool_limit", _) => return Value::Int(7 << 20),
        ("encryption_reuse_objects" | "encryption_verify_buffer", _) => return Value::Int(7),
        ("encryption_instruction_suffix", _) => return Value::Str(".note".to_owned()),
        (_, crate::value::Type::Bool) => Value::Bool(true),
        (_, crate::value::Type::Int) => Value::Int(7),
        (_, crate::value::Type::Duration) => Value::Str("1.5".to_owned()),
        _ => Value::Str("a b&c=d%2F+é".to_owned()),
    };
    match Settings::of(name, value.clone()) {
        Err(error) if error.message().contains("takes one of ") => {
            let named = error
                .message()
                .split("takes one of ")
                .nth(1)
                .and_then(|rest| rest.split(", ").next())
                .unwrap();
            Value::Str(named.to_owned())
        }
        Err(error) if error.message().contains(" to ") => {
            let least =
                error.message().split(" takes ").nth(1).and_then(|rest| rest.split(" to ").next()).unwrap();
            Value::Int(least.parse().unwrap())
        }
        // One that takes no odd text takes a word, or is half of a pair.
        Err(_) if matches!(value, Value::Str(_)) => Value::Str("plain-1".to_owned()),
        _ => value,
    }
}

/// However many settings there are, they come back as they went in, whichever of them are given.
#[test]
fn pairs_of_any_settings_come_back() {
    let names: Vec<&str> = Settings::SPEC.fields.iter().map(|field| field.name).collect();
    let mut seed = 1_u64;
    for round in 0..500 {
        let chosen = names.iter().copied().filter(|_| {
            // SplitMix64, so that a failure repeats.
            seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            round == 0 || (mixed >> 32) & 3 == 0
        });
        let mut given: Vec<&str> = chosen.collect();
        let left_out: Vec<&str> = EXCLUSIONS.iter().map(|(_, other, _)| *other).collect();
        given.retain(|name| !left_out.contains(name));
        if ["access_key_id", "secret_access_key", "session_token", "provider"]
            .iter()
            .any(|name| given.contains(name))
        {
            given.retain(|name| !["access_key_id", "secret_access_key"].contains(name));
            given.extend(["access_key_id", "secret_access_key"]);
        }
        if given.contains(&"client_key") && !given.contains(&"client_certificate") {
            given.push("client_certificate");
        }
        if given.iter().any(|name| name.starts_with("encryption_"))
            && !given.contains(&"encryption_kms_key_id")
        {
            given.push("encryption_kms_key_id");
        }
        let pairs: Vec<(String, Value)> = given.iter().map(|name| (name.to_string(), value(name))).collect();
        let config = Config::from_url("s3://bucket/prefix", pairs)
            .unwrap_or_else(|error| panic!("{given:?}: {error}"));
        let mut found: Vec<String> = config.to_pairs().into_iter().map(|(name, _)| name).collect();
        found.sort_unstable();
        given.sort_unstable();
        assert_eq!(found, given);
        assert_eq!(Config::from_url(&config.url(), config.to_pairs()).unwrap(), config);
        let shown = format!("{:?} {config:?}", config.shown());
        assert!(
            !shown.contains("u:p@")
                && config.shown().iter().all(|(name, _)| !keys::SECRET.contains(&name.as_str())),
            "{shown}"
        );
    }
}

#[test]
fn encryption_in_every_host() {
    holds(&[
        ("oarlock-encryption-kms-key-id=alias/nix", "encryption_kms_key_id=alias/nix"),
        ("oarlock_encryption_kms_key=alias/dvc", "encryption_kms_key_id=alias/dvc"),
        (
            "encryption.kms_key_id=alias/any encryption.policy=REQUIRE_ENCRYPT_ALLOW_DECRYPT",
            "encryption_kms_key_id=alias/any encryption_policy=REQUIRE_ENCRYPT_ALLOW_DECRYPT",
        ),
        (
            "oarlock-encryption-rsa-key=/key.pem oarlock-encryption-instruction-file=true",
            "encryption_rsa_key=/key.pem encryption_instruction_file=true",
        ),
        (
            "oarlock-encryption-rsa-key=/key.pem oarlock-encryption-verify-buffer=1MiB",
            "encryption_rsa_key=/key.pem encryption_verify_buffer=1048576",
        ),
        (
            "oarlock-encryption-rsa-key=/key.pem oarlock-encryption-spool-limit=1GiB",
            "encryption_rsa_key=/key.pem encryption_spool_limit=1073741824",
        ),
    ]);
}
