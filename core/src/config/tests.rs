//! URLs and settings as the hosts write them, good and bad.

use std::path::Path;
use std::time::Duration;

use super::*;

const SECRET: &str = "CaNaRy/+SeCrEt";

fn open(url: &str) -> Result<Config> {
    Config::from_url(url, vec![])
}

fn with(url: &str, settings: &[(&str, &str)]) -> Result<Config> {
    Config::from_url(
        url,
        settings.iter().map(|(name, value)| (name.to_string(), Value::Str(value.to_string()))).collect(),
    )
}

fn place(url: &str) -> (String, String) {
    match open(url).unwrap().target {
        Target::Bucket { bucket, prefix } => (bucket, prefix),
        Target::Directory(_) => panic!("{url} is no bucket"),
    }
}

#[test]
fn buckets_and_prefixes() {
    for (url, bucket, prefix) in [
        ("s3://bucket", "bucket", ""),
        ("s3://bucket/", "bucket", ""),
        ("S3://bucket/a", "bucket", "a"),
        ("s3://bucket/a/b/", "bucket", "a/b/"),
        ("s3://bucket/a%20b/c d@e:f", "bucket", "a%20b/c d@e:f"),
        ("s3://my.bucket-1/x?region=eu-west-1", "my.bucket-1", "x"),
        ("s3://Old_Bucket", "Old_Bucket", ""),
        (
            "s3://arn:aws:s3:us-west-2:123456789012:accesspoint/my-point/a/b",
            "arn:aws:s3:us-west-2:123456789012:accesspoint/my-point",
            "a/b",
        ),
        // Colons separate the parts of a resource too.
        (
            "s3://arn:aws:s3:us-west-2:123456789012:accesspoint:my-point/a:b/c",
            "arn:aws:s3:us-west-2:123456789012:accesspoint/my-point",
            "a:b/c",
        ),
        (
            "s3://arn:aws:s3::123456789012:accesspoint:name.mrap",
            "arn:aws:s3::123456789012:accesspoint/name.mrap",
            "",
        ),
        (
            "s3://arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-1:accesspoint:ap//k",
            "arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-1/accesspoint/ap",
            "/k",
        ),
        (
            "s3://arn:aws-cn:s3-object-lambda:cn-north-1:123456789012:accesspoint:ap/k",
            "arn:aws-cn:s3-object-lambda:cn-north-1:123456789012:accesspoint/ap",
            "k",
        ),
        (
            "s3://arn:aws:s3::123456789012:accesspoint/name.mrap",
            "arn:aws:s3::123456789012:accesspoint/name.mrap",
            "",
        ),
        (
            "s3://arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-1/accesspoint/ap/k",
            "arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-1/accesspoint/ap",
            "k",
        ),
    ] {
        assert_eq!(place(url), (bucket.to_owned(), prefix.to_owned()), "{url}");
    }
}

#[test]
fn directories() {
    for (url, directory) in [
        ("file:///dir", "/dir"),
        ("file:///dir/", "/dir"),
        ("file://localhost/dir/sub", "/dir/sub"),
        ("file:///a%20b/c%25%3F%23", "/a b/c%?#"),
        ("file:///ü", "/ü"),
        ("file:///dir?app_name=x", "/dir"),
    ] {
        let config = open(url).unwrap();
        assert_eq!(config.directory(), Some(Path::new(directory)), "{url}");
        assert_eq!(open(&config.url()).unwrap().target, config.target, "{}", config.url());
    }
}

#[test]
fn userinfo_is_a_key_pair() {
    let config = open("s3://AKID:CaNaRy%2F%2BSeCrEt@bucket/prefix").unwrap();
    assert_eq!(config.settings.access_key_id.as_deref(), Some("AKID"));
    assert_eq!(config.settings.secret_access_key.as_ref().unwrap().0, SECRET);
    assert_eq!(config.url(), "s3://bucket/prefix");
    assert!(!format!("{config:?} {:?}", config.shown()).contains("CaNaRy"));
    // A `+` and an `@` need no escape: the last @ ends the pair.
    assert_eq!(open("s3://AKID:a+b@c@bucket").unwrap().settings.secret_access_key.unwrap().0, "a+b@c");
    // What is given by name wins.
    let config = with("s3://AKID:old@bucket", &[("access_key_id", "OTHER"), ("secret", "new")]).unwrap();
    assert_eq!(config.settings.access_key_id.as_deref(), Some("OTHER"));
    assert_eq!(config.settings.secret_access_key.unwrap().0, "new");
}

#[test]
fn queries_of_nix_and_dvc() {
    let config = open("s3://cache?profile=me&region=eu-west-2&scheme=http&endpoint=minio:9000&addressing-style=path&multipart-threshold=104857600&multipart-chunk-size=6291456&storage-class=STANDARD_IA&ssl-cert-file=/etc/ca%20x.pem").unwrap();
    let settings = &config.settings;
    assert_eq!(
        (settings.profile.as_deref(), settings.region.as_deref(), settings.use_ssl),
        (Some("me"), Some("eu-west-2"), Some(false))
    );
    assert_eq!(
        (settings.endpoint.as_deref(), settings.addressing_style.as_deref()),
        (Some("minio:9000"), Some("path"))
    );
    assert_eq!(
        (settings.multipart_threshold, settings.multipart_chunksize),
        (Some(100 << 20), Some(6 << 20))
    );
    assert_eq!(
        (settings.storage_class.as_deref(), settings.ca_bundle.as_deref()),
        (Some("STANDARD_IA"), Some("/etc/ca x.pem"))
    );
    let config = open(
        "s3://data/dir?endpointurl=https://h:1/x&use_ssl=false&ssl_verify=true&access_key_id=a&secret_access_key=b%26c&listobjects=true",
    )
    .unwrap();
    assert_eq!(config.settings.list_version, Some(1));
    assert_eq!(config.settings.secret_access_key.unwrap().0, "b&c");
    // Of two the first wins, also under two spellings; a value keeps its `=` and `+`.
    let config = open("s3://bucket?region=a&aws-region=b&region=c&app_name=x=y+z").unwrap();
    assert_eq!(
        (config.settings.region.as_deref(), config.settings.app_name.as_deref()),
        (Some("a"), Some("x=y+z"))
    );
    for endpoint in ["host", "host:80", "http://127.0.0.1:9000", "https://[::1]:9000/base", "https://h/"] {
        assert!(with("s3://bucket", &[("endpoint", endpoint)]).is_ok(), "{endpoint}");
    }
}

#[test]
fn a_url_trusts_no_file() {
    let trust = |config: Result<Config>| config.unwrap().settings.trust_files;
    assert_eq!(trust(open("s3://bucket?profile=p")), None);
    for url in ["s3://bucket?config_file=f", "s3://bucket?credentialpath=f", "s3://bucket?aws-config-file=f"]
    {
        assert_eq!(trust(open(url)), Some(false), "{url}");
        assert_eq!(trust(with(url, &[("trust_files", "true")])), Some(true), "{url}");
        // The host's own files take the URL's place.
        assert_eq!(trust(with(url, &[("config_file", "g"), ("credentials_file", "g")])), None, "{url}");
    }
    assert_eq!(trust(with("s3://bucket", &[("config_file", "f")])), None);
    for (url, name) in [
        ("s3://b-1?trust_files=true", "trust_files"),
        ("s3://b-1?trust-files=1", "trust_files"),
        ("s3://b-1?credentials-cache=d", "credentials_cache"),
    ] {
        let error = with(url, &[(name, "true")]).unwrap_err();
        assert!(
            error.kind() == ErrorKind::Config && error.message().contains(&format!("`{name}`")),
            "{error}"
        );
    }
}

#[test]
fn null_is_not_given() {
    let config = Config::from_url(
        "s3://bucket?region=a",
        vec![("region".into(), Value::Null), ("no_such".into(), Value::Null)],
    )
    .unwrap();
    assert_eq!(config.settings.region.as_deref(), Some("a"));
}

#[test]
fn urls_that_name_no_place() {
    for (url, words) in [
        ("", "s3://"),
        ("bucket", "s3://"),
        ("s3:bucket", "s3://"),
        ("s3:/bucket", "s3://"),
        ("http://bucket", "s3://"),
        ("s3://", "no bucket"),
        ("s3:///key", "no bucket"),
        ("s3://?region=x", "no bucket"),
        ("s3://a", "3 to 63"),
        ("s3://127.0.0.1/key", "127.0.0.1"),
        ("s3://bucket with spaces/key", "' '"),
        ("s3://bücket", "'ü'"),
        ("s3://bucket%20x", "'%'"),
        ("s3://bucket:9000/key", "endpoint"),
        ("s3://bucket/key#part", "#"),
        ("s3://bucket/a\0b", "control"),
        ("s3://arn:aws:s3:us-west-2:123456789012:accesspoint", "ARN"),
        ("s3://arn:aws:s3:us-west-2:123456789012:accesspoint:", "ARN"),
        ("s3://arn:aws:s3:us-west-2:123456789012:accesspoint:a:b", "ARN"),
        ("s3://arn:aws:s3-object-lambda::123456789012:accesspoint/a", "ARN"),
        ("s3://arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-1/reports/a", "ARN"),
        ("s3://arn:aws:s3:::bucket", "ARN"),
        ("s3://arn:aws:s3:us-west-2:1234:accesspoint/x", "ARN"),
        ("s3://bucket?region", "no value"),
        ("s3://bucket?region=%zz", "region"),
        ("s3://bucket?region=%ff", "region"),
        ("s3://bucket?regoin=x", "region"),
        ("s3://bucket?compression=xz", "compression"),
        ("s3://bucket?max_attempts=99", "1 to 20"),
        ("s3://bucket?multipart-chunk-size=1MB", "multipart_chunksize"),
        ("s3://bucket?endpoint=ftp://x", "endpoint"),
        ("s3://bucket?endpoint=http://:9", "endpoint"),
        ("s3://bucket?endpoint=h:port", "endpoint"),
        ("s3://bucket?addressing-style=sideways", "virtual"),
        ("file://", "file:///directory"),
        ("file:///", "file:///directory"),
        ("file:////", "file:///directory"),
        ("file:dir", "s3://"),
        ("file://dir", "absolute"),
        ("file://host/dir", "this machine"),
        ("file:///a%0", "escape"),
        ("file:///a%00b", "NUL"),
        ("file:///a#b", "%23"),
    ] {
        let error = open(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{url}: {error}");
        assert!(error.message().contains(words), "{url}: {error}");
    }
}

#[test]
fn no_error_shows_a_secret() {
    for url in [
        "s3://CaNaRy@bucket",
        "s3://:CaNaRy@bucket",
        "s3://CaNaRy:@bucket",
        "s3://AKID:CaNaRy/SeCrEt@bucket/key",
        "s3://AKID:CaNaRy?x@bucket/key",
        "s3://AKID:CaNaRy#x@bucket/key",
        "s3://AKID:CaNaRy%zz@bucket",
        "s3://AKID:CaNaRy@127.0.0.1",
        "s3://AKID:CaNaRy@bucket?nonsense=CaNaRy",
        "s3://bucket?secret_access_key=CaNaRy",
        "s3://bucket?secret_access_key=CaNaRy%",
        "s3://bucket?session_token=CaNaRy",
        "s3://bucket?sse_customer_key=CaNaRy",
        "s3://bucket?endpoint=https://u:CaNaRy@host",
    ] {
        let error = open(url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("CaNaRy"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
}

#[test]
fn url_and_pairs_open_the_same_store() {
    let settings = vec![
        ("connect_timeout".to_owned(), Value::Str("1.5".into())),
        ("read_timeout".to_owned(), Value::Int(7)),
        ("sse_customer_key".to_owned(), Value::Bytes(vec![7; 32].into())),
        ("multipart_chunksize".to_owned(), Value::Str("8MB".into())),
        ("request_payer".to_owned(), Value::Bool(true)),
    ];
    for url in [
        "s3://AKID:s%2Fecret@bucket/a%20b/?region=x&scheme=http",
        "s3://bucket",
        "s3://bucket//odd//",
        "s3://arn:aws:s3:us-west-2:123456789012:accesspoint/p/k",
        "file:///a%20b%25/%C3%BC%FF",
    ] {
        let first = Config::from_url(url, settings.clone()).unwrap();
        assert_eq!(first.settings.connect_timeout, Some(Duration::from_millis(1500)));
        assert_eq!(Config::from_url(&first.url(), first.to_pairs()).unwrap(), first, "{url}");
    }
}

#[test]
fn junk_in_any_setting_is_an_error_that_names_it_or_a_value_that_lasts() {
    let long = "9".repeat(400);
    let texts = [
        "",
        " ",
        "junk",
        "-1",
        "0",
        "1",
        "99999999999999999999",
        "NaN",
        "inf",
        "-inf",
        "1e400",
        "true",
        "no",
        "8MB",
        "-8MB",
        "\0",
        "é",
        "http://",
        "://",
        "a:b:c",
        "[",
        "%zz",
        &long,
    ];
    let mut values: Vec<Value> = texts.iter().map(|text| Value::Str(text.to_string())).collect();
    values.extend([i64::MIN, -1, 0, 1, 7, i64::MAX].map(Value::Int));
    values.extend([
        Value::Bool(true),
        Value::List(vec![Value::Null]),
        Value::Map(vec![("a".into(), Value::Int(1))]),
        Value::Bytes(vec![0xff; 32].into()),
    ]);
    for field in Settings::SPEC.fields {
        for value in &values {
            match Config::from_url("s3://bucket", vec![(field.name.to_owned(), value.clone())]) {
                Ok(config) => assert_eq!(
                    Config::from_url(&config.url(), config.to_pairs()).unwrap(),
                    config,
                    "{} {value:?}",
                    field.name
                ),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Config, "{} {value:?}: {error}", field.name);
                    assert!(
                        error.message().contains(&format!("`{}`", field.name)),
                        "{} {value:?}: {error}",
                        field.name
                    );
                    if let Value::Str(text) = value
                        && keys::SECRET.contains(&field.name)
                    {
                        assert!(text != "junk" || !error.message().contains("junk"), "{error}");
                    }
                }
            }
        }
    }
}

#[test]
fn proxies() {
    for good in ["http://proxy:3128", "https://user:pa%40ss@proxy.example", "http://[::1]:80/"] {
        assert!(with("s3://bucket", &[("proxy", good)]).is_ok(), "{good}");
    }
    for bad in ["proxy:3128", "socks5://proxy", "http://", "http://u:CaNaRy@", "http://a b"] {
        let error = with("s3://bucket", &[("proxy", bad)]).unwrap_err();
        assert!(error.message().contains("`proxy`") && !error.message().contains("CaNaRy"), "{error}");
    }
    let config = with("s3://bucket", &[("proxy", "http://user:CaNaRy@proxy")]).unwrap();
    assert!(!format!("{config:?} {:?}", config.shown()).contains("CaNaRy"));
}

#[test]
fn the_url_is_told_from_the_host() {
    let config = with(
        "s3://ID:S@bucket?region=a&retry-mode=standard&credentialpath=f",
        &[("region_name", "b"), ("provider", "static")],
    )
    .unwrap();
    for (setting, place) in [
        ("access_key_id", Some("URL")),
        ("retry_mode", Some("URL")),
        ("trust_files", Some("URL")),
        ("region", Some("setting")),
        ("provider", Some("setting")),
        ("endpoint", None),
    ] {
        assert_eq!(config.sources.of(setting), place, "{setting}");
    }
}
