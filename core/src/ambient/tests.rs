//! Which source wins, and the errors for invalid values.

use std::collections::HashMap;

use super::files::{SharedFile, SharedFileKind};
use super::*;

fn profiles(config: (&str, bool), credentials: &str) -> Profiles {
    let file = |kind, text: &str, strange| SharedFile {
        kind,
        path: "/the/file".into(),
        text: text.to_owned(),
        strange,
    };
    let files = [
        file(SharedFileKind::Config, config.0, config.1),
        file(SharedFileKind::Credentials, credentials, false),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(profile::read("default".to_owned(), None, &files)).unwrap()
}

fn found(given: &[(&str, &str)], variables: &[(&str, &str)], text: &str) -> Result<Completed> {
    let mut settings = Settings::default();
    for (name, value) in given {
        settings = settings.over(Settings::of(name, Value::Str(value.to_string()))?)?;
    }
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    overlay(
        &settings,
        &|name| variables.get(name).map(|value| value.to_string()),
        Some(&profiles((text, false), "")),
    )
    .sound()
}

fn completed(given: &[(&str, &str)], variables: &[(&str, &str)], text: &str) -> Result<Settings> {
    found(given, variables, text).map(|found| found.settings)
}

const SERVICES: &str =
    "[default]\nservices = mine\nendpoint_url = http://p\n[services mine]\ns3 =\n  endpoint_url = http://s\n";

#[test]
fn endpoints_in_turn() {
    let environment = [("AWS_ENDPOINT_URL", "http://e"), ("AWS_ENDPOINT_URL_S3", "http://es")];
    for (given, variables, expected) in [
        (&[("endpoint", "http://h")][..], &environment[..], Some("http://h")),
        (&[], &environment, Some("http://es")),
        (&[], &environment[..1], Some("http://e")),
        (&[], &[], Some("http://s")),
        (&[], &[("AWS_ENDPOINT_URL", " ")], Some("http://s")),
        (&[], &[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"), ("AWS_ENDPOINT_URL", "http://e")], None),
        (&[("endpoint", "h")], &[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")], Some("h")),
    ] {
        assert_eq!(completed(given, variables, SERVICES).unwrap().endpoint.as_deref(), expected);
    }
    let quoted =
        SERVICES.replace("= mine", "= My Services").replace("[services mine]", "[services 'My Services']");
    assert_eq!(completed(&[], &[], &quoted).unwrap().endpoint.as_deref(), Some("http://s"));
    let plain = "[default]\nendpoint_url = http://p\n";
    assert_eq!(completed(&[], &[], plain).unwrap().endpoint.as_deref(), Some("http://p"));
    assert_eq!(
        completed(&[], &[], &format!("{plain}ignore_configured_endpoint_urls = true\n")).unwrap().endpoint,
        None
    );
}

#[test]
fn the_s3_section() {
    let text = "[default]\ns3 =\n  addressing_style = path\n  use_dualstack_endpoint = true\n  \
                use_accelerate_endpoint = false\n  max_concurrent_requests = 20\n  multipart_threshold = \
                64MB\n  multipart_chunksize = 16MB\n  payload_signing_enabled = true\n  max_bandwidth = \
                2MB/s\n";
    let found = completed(&[], &[], text).unwrap();
    assert_eq!(found.max_bandwidth, Some(2 << 20));
    assert_eq!(
        (found.addressing_style.as_deref(), found.use_dualstack_endpoint, found.use_accelerate_endpoint),
        (Some("path"), Some(true), Some(false))
    );
    assert_eq!(
        (found.max_concurrency, found.multipart_threshold, found.multipart_chunksize),
        (Some(20), Some(64 << 20), Some(16 << 20))
    );
    let found = completed(
        &[("max_concurrency", "3"), ("endpoint", "h")],
        &[("AWS_USE_DUALSTACK_ENDPOINT", "true")],
        text,
    )
    .unwrap();
    assert_eq!((found.max_concurrency, found.use_dualstack_endpoint), (Some(3), None));
}

#[test]
fn the_rules_of_endpoints_in_turn() {
    for (setting, variable, property, in_s3) in [
        ("use_arn_region", "AWS_S3_USE_ARN_REGION", "s3_use_arn_region", "use_arn_region"),
        (
            "disable_express_session_auth",
            "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH",
            "s3_disable_express_session_auth",
            "disable_s3_express_session_auth",
        ),
        (
            "disable_multiregion_access_points",
            "AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS",
            "s3_disable_multiregion_access_points",
            "s3_disable_multiregion_access_points",
        ),
        (
            "us_east_1_regional_endpoint",
            "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
            "s3_us_east_1_regional_endpoint",
            "us_east_1_regional_endpoint",
        ),
    ] {
        let (one, other) =
            if setting.starts_with("us_") { ("Legacy", "regional") } else { ("True", "false") };
        let meant = |text: &str| match text {
            "True" => Value::Bool(true),
            "false" => Value::Bool(false),
            word => Value::Str(word.to_ascii_lowercase()),
        };
        let both = format!("[default]\n{property} = {other}\ns3 =\n  {in_s3} = {one}\n");
        let section = format!("[default]\ns3 =\n  {in_s3} = {one}\n");
        for (given, variables, text, expected) in [
            (&[(setting, other)][..], &[(variable, one)][..], &both, other),
            (&[], &[(variable, one)], &both, one),
            (&[], &[], &both, other),
            (&[], &[], &section, one),
        ] {
            let found = completed(given, variables, text).unwrap().to_pairs();
            let found = found.into_iter().find(|(name, _)| name == setting).unwrap().1;
            assert_eq!(found, meant(expected), "{setting} {given:?} {variables:?} {text}");
        }
    }
    for (variables, text) in [(&[("AWS_REGION", "EU")][..], ""), (&[], "[default]\nregion = EU\n")] {
        assert_eq!(completed(&[], variables, text).unwrap().region.as_deref(), Some("eu-west-1"));
    }
}

#[test]
fn trust_and_retries_in_turn() {
    let text = "[default]\nca_bundle = /p\nretry_mode = adaptive\nmax_attempts = 7\n";
    let all = [("SSL_CERT_FILE", "/s"), ("REQUESTS_CA_BUNDLE", "/r"), ("AWS_CA_BUNDLE", "/a")];
    for (variables, text, expected) in
        [(&all[..], text, "/a"), (&all[..2], text, "/p"), (&all[..2], "", "/r"), (&all[..1], "", "/s")]
    {
        assert_eq!(completed(&[], variables, text).unwrap().ca_bundle.as_deref(), Some(expected));
    }
    assert_eq!(completed(&[("verify", "false")], &all, text).unwrap().ca_bundle, None);
    let found = completed(&[], &[("AWS_RETRY_MODE", "legacy")], text).unwrap();
    assert_eq!((found.retry_mode.as_deref(), found.max_attempts), (Some("standard"), Some(7)));
}

#[test]
fn checksums_signatures_and_payers_in_turn() {
    let text = "[default]\nrequest_checksum_calculation = when_required\nresponse_checksum_validation = \
                WHEN_REQUIRED\ns3 =\n  payload_signing_enabled = true\n";
    let all = [("AWS_REQUEST_CHECKSUM_CALCULATION", "when_supported"), ("AWS_REQUEST_PAYER", "requester")];
    let found = completed(&[], &all, text).unwrap();
    assert_eq!(found.request_checksum_calculation.as_deref(), Some("when_supported"));
    assert_eq!(found.response_checksum_validation.as_deref(), Some("when_required"));
    assert_eq!((found.payload_signing_enabled, found.request_payer), (Some(true), Some(true)));
    let found =
        completed(&[("payload_signing_enabled", "false"), ("request_payer", "false")], &all, text).unwrap();
    assert_eq!((found.payload_signing_enabled, found.request_payer), (Some(false), Some(false)));
}

#[test]
fn junk_names_setting_value_and_place() {
    for (variables, text, words) in [
        (&[("AWS_MAX_ATTEMPTS", "0")][..], "", ["AWS_MAX_ATTEMPTS", "`max_attempts`", "0"]),
        (&[("AWS_MAX_ATTEMPTS", "many")], "", ["AWS_MAX_ATTEMPTS", "`max_attempts`", "many"]),
        (&[("AWS_RETRY_MODE", "often")], "", ["AWS_RETRY_MODE", "`retry_mode`", "often"]),
        (
            &[("AWS_USE_FIPS_ENDPOINT", "perhaps")],
            "",
            ["AWS_USE_FIPS_ENDPOINT", "`use_fips_endpoint`", "perhaps"],
        ),
        (&[("AWS_ENDPOINT_URL_S3", "ftp://x")], "", ["AWS_ENDPOINT_URL_S3", "`endpoint`", "ftp://x"]),
        (
            &[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "maybe")],
            "",
            ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", "maybe"],
        ),
        (
            &[],
            "[default]\ns3 =\n  multipart_chunksize = huge\n",
            ["s3 section of the profile default", "`multipart_chunksize`", "huge"],
        ),
        (
            &[],
            "[default]\ns3 =\n  addressing_style = sideways\n",
            ["s3 section", "`addressing_style`", "sideways"],
        ),
        (
            &[("AWS_REQUEST_PAYER", "bucketowner")],
            "",
            ["AWS_REQUEST_PAYER", "`request_payer`", "bucketowner"],
        ),
        (
            &[("AWS_REQUEST_CHECKSUM_CALCULATION", "never")],
            "",
            ["AWS_REQUEST_CHECKSUM_CALCULATION", "`request_checksum_calculation`", "never"],
        ),
        (
            &[],
            "[default]\nresponse_checksum_validation = junk\n",
            ["response_checksum_validation of the profile default", "when_supported", "junk"],
        ),
        (
            &[],
            "[default]\ns3 =\n  payload_signing_enabled = maybe\n",
            ["s3 section", "`payload_signing_enabled`", "maybe"],
        ),
        (&[], "[default]\nmax_attempts = -1\n", ["profile default", "`max_attempts`", "-1"]),
    ] {
        let error = completed(&[], variables, text).unwrap_err();
        assert_eq!(error.kind(), crate::error::ErrorKind::Config);
        for word in words {
            assert!(error.message().contains(word), "{error}");
        }
    }
}

#[test]
fn a_stranger_chooses_no_endpoint() {
    let overlay = |text, variables: &'static [(&str, &str)]| {
        let variables: HashMap<&str, &str> = variables.iter().copied().collect();
        let own = "[default]\nregion = r\n";
        let found = super::overlay(
            &Settings::default(),
            &|name| variables.get(name).map(|value| value.to_string()),
            Some(&profiles((text, true), own)),
        );
        found.sound().map(|found| found.settings)
    };
    for text in [SERVICES, "[default]\nendpoint_url = http://p\n"] {
        let error = overlay(text, &[]).unwrap_err();
        for word in
            ["endpoint_url", "profile default", "/the/file", "OARLOCK_TRUST_FILES=true", "trust_files"]
        {
            assert!(error.message().contains(word), "{error}");
        }
        // What is not used is not refused.
        assert_eq!(
            overlay(text, &[("AWS_ENDPOINT_URL", "http://e")]).unwrap().endpoint.as_deref(),
            Some("http://e")
        );
        assert_eq!(
            overlay(text, &[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")]).unwrap().region.as_deref(),
            Some("r")
        );
    }
    assert_eq!(overlay("[default]\nregion = s\nmax_attempts = 2\n", &[]).unwrap().max_attempts, Some(2));
}

#[test]
fn junk_at_every_place_names_it() {
    use crate::table::Record;
    use crate::value::Type;
    for (name, places) in ORDER {
        let field = Settings::SPEC.fields.iter().find(|field| field.name == *name).unwrap();
        let junk = match field.kind {
            Type::Bool => "perhaps",
            Type::Int => "many",
            // Any path can be meant; what is wrong with it shows when it is read.
            _ if *name == "ca_bundle" => continue,
            _ => "?!#",
        };
        for place in *places {
            let (variables, text, word) = match place {
                Variable(name) => (vec![(*name, junk)], String::new(), *name),
                Property(name) => (vec![], format!("[default]\n{name} = {junk}\n"), *name),
                S3(name) => (vec![], format!("[default]\ns3 =\n  {name} = {junk}\n"), *name),
                Service(name) => (
                    vec![],
                    format!("[default]\nservices = x\n[services x]\ns3 =\n  {name} = {junk}\n"),
                    *name,
                ),
            };
            let Err(error) = completed(&[], &variables, &text) else {
                panic!("{name} takes {junk} from {word}")
            };
            assert_eq!(error.kind(), crate::error::ErrorKind::Config);
            for word in [*name, junk, word] {
                assert!(error.message().contains(word), "{error}");
            }
        }
    }
}

#[test]
fn where_each_was_found() {
    let text = "[default]\nmax_attempts = 7\ns3 =\n  addressing_style = path\n";
    let found = found(
        &[("region", "r"), ("retry_mode", "standard")],
        &[("AWS_CA_BUNDLE", "/a"), ("AWS_RETRY_MODE", "adaptive")],
        text,
    )
    .unwrap();
    for (setting, place) in [
        ("ca_bundle", Some("environment variable AWS_CA_BUNDLE")),
        ("max_attempts", Some("max_attempts of the profile default")),
        ("addressing_style", Some("addressing_style in the s3 section of the profile default")),
        // A setting of the host, and one that no source has.
        ("retry_mode", None),
        ("endpoint", None),
    ] {
        assert_eq!(found.sources.of(setting), place);
    }
}

#[test]
fn junk_hides_nothing_else() {
    let variables = HashMap::from([
        ("AWS_MAX_ATTEMPTS", "0"),
        ("AWS_RETRY_MODE", "adaptive"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "maybe"),
    ]);
    let found =
        overlay(&Settings::default(), &|name| variables.get(name).map(|value| value.to_string()), None);
    assert_eq!(found.settings.retry_mode.as_deref(), Some("adaptive"));
    assert_eq!(found.junk.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["endpoint", "max_attempts"]);
}
