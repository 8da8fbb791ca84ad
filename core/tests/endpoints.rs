//! Where requests go, seen in the URLs that `presign` makes: each row runs in a process of its own with an
//! environment and files of its own. Source of the URLs: what botocore answers, but where oarlock's rules say
//! otherwise.

use std::process::{Command, exit};

/// Bucket, settings, environment, config file, and the start of the URL or words of the error.
type Row = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static str,
);

const ROWS: &[Row] = &[
    ("buck", &[], &[], "", "https://buck.s3.us-west-2.amazonaws.com/a/k?"),
    ("my.dotted.bucket", &[], &[], "", "https://s3.us-west-2.amazonaws.com/my.dotted.bucket/a/k?"),
    ("buck", &[], &[("AWS_ENDPOINT_URL", "http://g.local:9000")], "", "http://g.local:9000/buck/a/k?"),
    (
        "buck",
        &[],
        &[("AWS_USE_FIPS_ENDPOINT", "true")],
        "",
        "https://buck.s3-fips.us-west-2.amazonaws.com/a/k?",
    ),
    (
        "buck",
        &[("endpoint", "http://h.local:9000")],
        &[("AWS_ENDPOINT_URL_S3", "http://s.local:9000")],
        "",
        "http://h.local:9000/buck/a/k?",
    ),
    ("buck", &[], &[], "[default]\nendpoint_url = http://p.local:9000\n", "http://p.local:9000/buck/a/k?"),
    ("buck", &[], &[("AWS_DEFAULT_REGION", "aws-global")], "", "https://buck.s3.amazonaws.com/a/k?"),
    (
        "buck",
        &[],
        &[],
        "[default]\ns3 =\n  use_dualstack_endpoint = true\n",
        "https://buck.s3.dualstack.us-west-2.amazonaws.com/a/k?",
    ),
    (
        "buck",
        &[],
        &[],
        "[default]\ns3 =\n  addressing_style = path\n",
        "https://s3.us-west-2.amazonaws.com/buck/a/k?",
    ),
    (
        "buck",
        &[("use_accelerate_endpoint", "true")],
        &[],
        "",
        "https://buck.s3-accelerate.amazonaws.com/a/k?",
    ),
    (
        "buck",
        &[],
        &[("AWS_DEFAULT_REGION", "cn-north-1")],
        "",
        "https://buck.s3.cn-north-1.amazonaws.com.cn/a/k?",
    ),
    (
        "buck",
        &[("profile", "other")],
        &[("AWS_PROFILE", "default")],
        "[default]\nendpoint_url = http://p\n[profile other]\nservices = mine\naws_access_key_id = \
         A\naws_secret_access_key = S\n[services mine]\ns3 =\n  endpoint_url = http://s.local\n",
        "http://s.local/buck/a/k?",
    ),
    (
        "buck",
        &[],
        &[("AWS_DEFAULT_PROFILE", "other")],
        "[profile other]\nendpoint_url = http://o.local\n",
        "http://o.local/buck/a/k?",
    ),
    (
        "arn:aws:s3:eu-west-1:123456789012:accesspoint/point",
        &[],
        &[],
        "",
        "https://point-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/a/k?",
    ),
    (
        "arn:aws:s3::123456789012:accesspoint:name.mrap",
        &[],
        &[],
        "",
        "https://name.mrap.accesspoint.s3-global.amazonaws.com/a/k?",
    ),
    (
        "arn:aws:s3::123456789012:accesspoint/name.mrap",
        &[],
        &[("AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS", "true")],
        "",
        "error: multi-region access point",
    ),
    (
        "arn:aws:s3:eu-west-1:123456789012:accesspoint:point",
        &[],
        &[],
        "[default]\ns3 =\n  use_arn_region = false\n",
        "error: eu-west-1",
    ),
    (
        "buck",
        &[("region", "us-east-1")],
        &[("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "legacy")],
        "",
        "https://buck.s3.amazonaws.com/a/k?",
    ),
    ("buck", &[], &[("AWS_REGION", "EU")], "", "https://buck.s3.eu-west-1.amazonaws.com/a/k?"),
    ("my.dotted.bucket", &[("addressing_style", "virtual")], &[], "", "error: dot"),
    ("buck", &[], &[("AWS_RETRY_MODE", "junk")], "", "error: AWS_RETRY_MODE"),
    ("buck", &[], &[("AWS_RETRY_MODE", "legacy")], "", "https://buck.s3.us-west-2.amazonaws.com/a/k?"),
    ("buck", &[], &[("AWS_MAX_ATTEMPTS", "0")], "", "error: AWS_MAX_ATTEMPTS"),
    ("buck", &[], &[("AWS_CA_BUNDLE", "/no/such/bundle.pem")], "", "error: /no/such/bundle.pem"),
    ("buck", &[("endpoint", "h.local"), ("use_fips_endpoint", "true")], &[], "", "error: use_fips_endpoint"),
    (
        "buck",
        &[("verify", "false")],
        &[("HTTPS_PROXY", "http://127.0.0.1:1")],
        "",
        "https://buck.s3.us-west-2.amazonaws.com/a/k?",
    ),
    ("buck", &[], &[("HTTPS_PROXY", "socks5://127.0.0.1:1")], "", "error: HTTPS_PROXY"),
    ("buck", &[("client_cert", "/no/such.pem")], &[], "", "error: /no/such.pem"),
];

fn main() {
    if let Ok(row) = std::env::var("ENDPOINTS_ROW") {
        return probe(&ROWS[row.parse::<usize>().unwrap()]);
    }
    let directory = tempfile::tempdir().unwrap();
    let mut failed = 0;
    for (number, (bucket, settings, variables, file, expected)) in ROWS.iter().enumerate() {
        let config = directory.path().join(format!("config{number}"));
        std::fs::write(&config, file).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .env_clear()
            .env("ENDPOINTS_ROW", number.to_string())
            .env("HOME", directory.path())
            .env("AWS_CONFIG_FILE", config);
        command
            .env("AWS_ACCESS_KEY_ID", "AKIAENV")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_DEFAULT_REGION", "us-west-2");
        let out = command.envs(variables.iter().copied()).output().unwrap();
        let said = String::from_utf8_lossy(&out.stdout);
        let good = match expected.strip_prefix("error: ") {
            Some(word) => said.starts_with("error: ") && said.contains(word),
            None => said.starts_with(expected),
        };
        if !good || !out.status.success() {
            failed += 1;
            println!(
                "{bucket} {settings:?} {variables:?}: expected {expected}, not {said} {}",
                String::from_utf8_lossy(&out.stderr)
            );
        }
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {verdict}. {} passed; {failed} failed; 0 ignored", ROWS.len() - failed);
    exit(i32::from(failed > 0));
}

fn probe((bucket, settings, ..): &Row) {
    let settings = settings
        .iter()
        .map(|(name, value)| (name.to_string(), oarlock::Value::Str(value.to_string())))
        .collect();
    let url = oarlock::Store::open(&format!("s3://{bucket}"), settings)
        .and_then(|store| store.presign("a/k", Default::default()).wait(None));
    match url {
        Ok(url) => println!("{url}"),
        Err(error) => println!("error: {error}"),
    }
}
