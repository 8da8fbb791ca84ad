//! What a package server's file comes to, and which settings of the host change that.

use super::*;

const FILE: &str = r#"
    [Server]
    DataDir = /var/lib/packages
    [CRAN]
    RetainFetchedPackages
    [HTTP]
    Listen = :4242
    [Storage]
    Default = s3
    Metrics = file
    Cache = file
    CacheTimeout = 10m
    [FileStorage "cache"]
    Location = "/fast/cache space"
    CacheTimeout = 5s
    [S3Storage]
    Bucket = everything
    Prefix = all
    Region = eu-west-1
    EnableSharedConfig
    [S3Storage "packages"]
    Prefix = packages/
    SkipValidation = true
    ChunkSizeBytes = 16777216
    Endpoint = minio:9000
    DisableSSL = yes
    S3ForcePathStyle = ON
    [S3Storage "cran"]
    Bucket = cran-bucket
    Prefix =
    ChunkSizeBytes = 8388608
    EnableSharedConfig = false
"#;

fn opened(class: &str) -> (String, Vec<(String, String)>) {
    let store = StorageClasses::parse(FILE).unwrap().class(class).unwrap();
    let text = |value: Value| match value {
        Value::Str(text) => text,
        other => format!("{other:?}"),
    };
    let settings = store.settings().into_iter().filter(|(name, _)| !OF_EVERY_CLASS.contains(&name.as_str()));
    (store.url(), settings.map(|(name, value)| (name, text(value))).collect())
}

/// What a class's store has besides the settings of the file; see `what_every_class_has`.
const OF_EVERY_CLASS: &[&str] = &["retain_fetched", "chunked_assets"];

#[test]
fn what_every_class_has() {
    let retains = |file: &str, class: &str| {
        let store = StorageClasses::parse(file).unwrap().class(class).unwrap();
        assert!(store.settings().contains(&("chunked_assets".into(), Value::Bool(true))));
        store.settings().into_iter().find(|(name, _)| name == "retain_fetched").map(|(_, value)| value)
    };
    let in_s3 = "[Storage]\nDefault = s3\n[S3Storage]\nBucket = all\n";
    assert_eq!(retains(in_s3, "cran"), Some(Value::Bool(false)));
    assert_eq!(retains(in_s3, "packages"), None);
    let kept = format!("{in_s3}[CRAN]\nRetainFetchedPackages = true\n");
    assert_eq!(retains(&kept, "cran"), Some(Value::Bool(true)));
    assert_eq!(retains(&kept, "pypi"), Some(Value::Bool(false)));
    assert_eq!(retains("[Server]\nDataDir = /data\n", "pypi"), Some(Value::Bool(true)));
}

#[test]
fn chunks_may_be_smaller_than_parts() {
    let file = "[Storage]\nDefault = s3\n[S3Storage]\nBucket = all\nChunkSizeBytes = 65536\n";
    let settings = StorageClasses::parse(file).unwrap().class("packages").unwrap().settings();
    assert!(settings.iter().all(|(name, _)| name != "multipart_chunksize"));
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

#[test]
fn a_class_overlays_the_rest() {
    assert_eq!(opened("pypi"), ("s3://everything/all".into(), pairs(&[("region", "eu-west-1")])));
    let packages = pairs(&[
        ("endpoint", "minio:9000"),
        ("use_ssl", "Bool(false)"),
        ("region", "eu-west-1"),
        ("addressing_style", "path"),
        ("multipart_chunksize", "Int(16777216)"),
    ]);
    assert_eq!(opened("packages"), ("s3://everything/packages/".into(), packages));
    // A blank field falls back to the section of all.
    assert_eq!(
        opened("cran"),
        (
            "s3://cran-bucket/all".into(),
            pairs(&[
                ("region", "eu-west-1"),
                ("config_file", "/dev/null"),
                ("multipart_chunksize", "Int(8388608)")
            ])
        )
    );
    assert_eq!(opened("CRAN"), opened("cran"));
    assert_eq!(opened("metrics").0, "file:///var/lib/packages/metrics");
    assert_eq!(opened("cache").0, "file:///fast/cache%20space");
}

#[test]
fn every_row_is_a_setting_or_seen_to() {
    for (field, setting) in S3 {
        let text = format!("[Storage]\nDefault = s3\n[S3Storage]\nBucket = bucket\n{field} = true");
        let opened = StorageClasses::parse(&text)
            .unwrap()
            .class("cran")
            .map(|store| store.to_pairs().into_iter().map(|(name, _)| name))
            .map(|names| names.filter(|name| !OF_EVERY_CLASS.contains(&name.as_str())));
        match (*setting, opened) {
            (Some(setting), Ok(mut names)) => {
                let [name] = [names.next().unwrap()];
                assert!(
                    Settings::of(setting, Value::Str("true".into())).unwrap().to_pairs()[0].0 == name,
                    "{field}"
                );
            }
            (_, Ok(names)) => assert_eq!(names.count(), 0, "{field}"),
            (_, Err(error)) => assert!(*field == "chunksizebytes", "{error}"),
        }
    }
}

#[test]
fn what_the_host_keeps_for_itself() {
    let classes = StorageClasses::parse(FILE).unwrap();
    assert_eq!(
        classes.names(),
        ["bioconductor", "cache", "cran", "metrics", "packages", "persistent", "pypi"]
    );
    let entry_of = |name| {
        let about = classes.about(name).unwrap();
        (about.kind, about.skip_validation, about.cache_timeout, about.retain_fetched_packages)
    };
    let ten = Some("10m".to_owned());
    assert_eq!(entry_of("CRAN"), ("s3".into(), false, ten.clone(), Some(true)));
    assert_eq!(entry_of("pypi"), ("s3".into(), false, ten.clone(), Some(false)));
    assert_eq!(entry_of("packages"), ("s3".into(), true, ten, None));
    assert_eq!(entry_of("cache"), ("file".into(), false, Some("5s".into()), None));
    let few =
        StorageClasses::read("[Storage]\nPyPI = s3\n[S3Storage \"own\"]\nBucket = own-bucket\n").unwrap();
    assert_eq!(few.names(), ["own", "pypi"]);
    assert_eq!(
        StorageClasses::parse("[Server]\nDataDir = /d")
            .unwrap()
            .about("pypi")
            .unwrap()
            .retain_fetched_packages,
        Some(true)
    );
    assert!(StorageClasses::read("/no/such/file.gcfg").unwrap_err().message().contains("/no/such/file.gcfg"));
}

#[test]
fn what_is_refused() {
    for (text, kind, words) in [
        ("[Storage]\nDefault = tape", ErrorKind::Config, ["line 2", "tape"]),
        ("[Storage]\nDefault = s3", ErrorKind::Config, ["packages", "Bucket"]),
        ("", ErrorKind::Config, ["packages", "DataDir"]),
        (
            "[Storage]\nDefault = s3\n[S3Storage]\nBucket = b\nDisableSSL = perhaps",
            ErrorKind::Config,
            ["line 5: disablessl", "perhaps"],
        ),
        (
            "[Storage]\nDefault = s3\n[S3Storage]\nBucket = b\nEnableSharedConfig = 2",
            ErrorKind::Config,
            ["line 5", "2"],
        ),
        (
            "[Storage]\nDefault = s3\n[S3Storage]\nBucket = b\nKeyID = k=",
            ErrorKind::Config,
            ["line 5", "encryption_kms_key_id"],
        ),
        (
            "[Storage]\nDefault = s3\n[S3Storage \"Packages\"]\nBucket = b",
            ErrorKind::Config,
            ["line 3", "case"],
        ),
        (
            "[Storage]\nDefault = s3\n[S3Storage]\nBucket = id:secret@b",
            ErrorKind::Config,
            ["packages", "Bucket"],
        ),
    ] {
        let error = StorageClasses::parse(text).unwrap().class("packages").unwrap_err();
        assert!(error.kind() == kind && words.iter().all(|word| error.message().contains(word)), "{error}");
    }
    let text = "[Storage]\nDefault = s3\n[S3Storage]\nBucket = bucket\nKeyID = alias/packages";
    let settings = StorageClasses::parse(text).unwrap().class("packages").unwrap().to_pairs();
    let given = |name: &str| {
        settings
            .iter()
            .find(|(given, _)| given == name)
            .and_then(|(_, value)| value.as_str().map(str::to_owned))
    };
    assert_eq!(given("encryption_kms_key_id").as_deref(), Some("alias/packages"));
    assert_eq!(given("encryption_policy").as_deref(), Some("FORBID_ENCRYPT_ALLOW_DECRYPT"));
    let error = StorageClasses::parse(FILE).unwrap().class("pakages").unwrap_err();
    assert!(
        error.kind() == ErrorKind::Config && error.message().contains("did you mean \"packages\""),
        "{error}"
    );
    let error = StorageClasses::parse("[S3Storage]\nBuckt = b").unwrap_err();
    assert!(error.message().contains("line 2") && error.message().contains("bucket"), "{error}");
}

#[test]
fn line_ends_of_windows() {
    let text = "[Storage]\r\nDefault = s3\r\n[S3Storage]\r\nBucket = bucket\r\nPrefix =\r\nKeyID = \
                alias/k\r\nSkipValidation\r\n";
    let store = StorageClasses::parse(text).unwrap().class("packages").unwrap();
    assert_eq!(store.url(), "s3://bucket/");
    assert!(
        store.to_pairs().contains(&("encryption_kms_key_id".to_owned(), Value::Str("alias/k".to_owned())))
    );
    assert!(StorageClasses::parse(text).unwrap().about("packages").unwrap().skip_validation);
}

#[test]
fn fields_have_the_host_s_own_types() {
    for (field, word) in [
        ("KeyID", "no value"),
        ("Prefix", "no value"),
        ("ChunkSizeBytes", "no value"),
        ("DisableSSL =", "neither true"),
        ("ChunkSizeBytes =\r", "bytes"),
        ("CacheTimeout", "no value"),
    ] {
        let error = StorageClasses::parse(&format!("[S3Storage]\n{field}\n")).unwrap_err();
        assert!(
            error.kind() == ErrorKind::Config
                && error.message().starts_with("line 2: ")
                && error.message().contains(word),
            "{error}"
        );
    }
    assert!(StorageClasses::parse("[FileStorage]\nLocation\n").is_err());
    assert!(StorageClasses::parse("[HTTP]\nListen\n").is_ok());
}

const KEY: &str = "[Server]\nDataDir = /d\n[Storage]\nDefault = s3\nCache = file\n[S3Storage]\nBucket = \
                   bucket\nKeyID = alias/k\nRegion = eu-west-1\n";

fn map(pairs: &[(&str, Value)]) -> Value {
    Value::Map(pairs.iter().map(|(name, value)| ((*name).to_owned().into(), value.clone())).collect())
}

/// A class's settings, with these of the host for all classes and for single ones.
fn set(class: &str, settings: &[(&str, Value)], overrides: &[(&str, Value)]) -> Result<Vec<(String, Value)>> {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let overrides = overrides.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Ok(StorageClasses::parse(KEY)?.with(settings, overrides)?.class(class)?.to_pairs())
}

#[test]
fn settings_of_the_host_win_over_the_file_and_those_of_a_class_over_those_of_all() {
    let text = |text: &str| Value::Str(text.to_owned());
    let own = map(&[("encryption_legacy_wrapping", Value::Bool(true)), ("region", text("us-west-2"))]);
    let overrides = [("Packages", own)];
    let of_all = [("region", text("eu-north-1")), ("max_attempts", Value::Int(2))];
    let get = |pairs: &[(String, Value)], name: &str| {
        pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone())
    };
    let packages = set("packages", &of_all, &overrides).unwrap();
    assert_eq!(get(&packages, "region"), Some(text("us-west-2")));
    assert_eq!(get(&packages, "max_attempts"), Some(Value::Int(2)));
    assert_eq!(get(&packages, "encryption_legacy_wrapping"), Some(Value::Bool(true)));
    let cran = set("cran", &of_all, &overrides).unwrap();
    assert_eq!(
        (get(&cran, "region"), get(&cran, "encryption_legacy_wrapping")),
        (Some(text("eu-north-1")), None)
    );
    // The file's key stays, whatever else is set; without a word of the host's the format is the package
    // server's own.
    for (policy, expected) in [(None, POLICIES[0]), (Some(POLICIES[1]), POLICIES[1])] {
        let given: Vec<_> = policy.map(|policy| ("encryption_policy", text(policy))).into_iter().collect();
        let found = set("cran", &given, &[]).unwrap();
        assert_eq!(get(&found, "encryption_kms_key_id"), Some(text("alias/k")));
        assert_eq!(get(&found, "encryption_policy"), Some(text(expected)));
    }
    let found = set("cran", &[("encryption_kms_key_id", Value::Null)], &[("cran", Value::Null)]).unwrap();
    assert_eq!(get(&found, "encryption_kms_key_id"), Some(text("alias/k")));
    // Classes in files take no notice of what is for S3, and are not kept in the clear where all are to be
    // encrypted.
    let always = ("chunked_assets".to_owned(), Value::Bool(true));
    assert_eq!(set("cache", &of_all, &[]).unwrap(), vec![always]);
    assert_eq!(
        set("cache", &[("encryption_kms_key_id", text("alias/k"))], &[]).unwrap_err().kind(),
        ErrorKind::Config
    );
}

#[test]
fn settings_that_no_class_can_have() {
    let text = |text: &str| Value::Str(text.to_owned());
    let legacy = map(&[("encryption_legacy_wrapping", Value::Bool(true))]);
    for (settings, overrides, words) in [
        (vec![], vec![("pakages", legacy.clone())], ["pakages", "packages"]),
        (
            vec![("encryption_legacy_wraping", Value::Bool(true))],
            vec![],
            ["encryption_legacy_wraping", "encryption_legacy_wrapping"],
        ),
        (vec![], vec![("cran", map(&[("regin", text("x"))]))], ["\"cran\"", "regin"]),
        (vec![], vec![("cran", text("region"))], ["\"cran\"", "map"]),
        (vec![], vec![("cran", legacy.clone()), ("CRAN", legacy.clone())], ["\"cran\"", "twice"]),
        (
            vec![("encryption_aes_key", text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))],
            vec![],
            ["encryption_kms_key_id", "encryption_aes_key"],
        ),
    ] {
        let error = set("packages", &settings, &overrides).unwrap_err();
        assert!(
            error.kind() == ErrorKind::Config && words.iter().all(|word| error.message().contains(word)),
            "{error}"
        );
    }
}
