//! Requests and responses held against the SDK: each row asks a scripted server both ways, and what was sent
//! and what was read must be the same; each signature of ours is made again by the `aws-sigv4` crate.

mod ask;
mod asked_of_sdk;
mod errors;
mod framing;
mod lists;
mod requests;
mod sdk;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;

use sdk::Sdk;

use super::S3;
use crate::config::Config;
use crate::error::Result;
use crate::runtime;
use crate::value::Value;

/// A request as it came.
#[derive(Debug)]
struct Seen {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// Answers each request with the next of the answers, the last one for ever.
fn serve(answers: Vec<String>) -> (String, Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (tell, seen) = channel();
    std::thread::spawn(move || {
        let mut answers = answers.iter();
        let mut next = answers.next();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut lines = std::iter::from_fn(|| {
                let mut line = String::new();
                reader.read_line(&mut line).ok()?;
                Some(line.trim_end().to_owned()).filter(|line| !line.is_empty())
            });
            let Some(first) = lines.next() else { continue };
            let mut words = first.split(' ').map(str::to_owned);
            let headers: BTreeMap<String, String> = lines
                .filter_map(|line| {
                    line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                })
                .collect();
            let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
            reader.read_exact(&mut body).unwrap();
            // Sent first: the reader of the response looks at once.
            let told = tell.send(Seen {
                method: words.next().unwrap(),
                target: words.next().unwrap(),
                headers,
                body,
            });
            stream.write_all(next.unwrap().as_bytes()).unwrap();
            next = answers.next().or(next);
            if told.is_err() {
                return;
            }
        }
    });
    (endpoint, seen)
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

fn open(bucket: &str, endpoint: &str, settings: &[(&str, &str)]) -> S3 {
    let ours = [
        ("endpoint", endpoint),
        ("region", "eu-west-1"),
        ("access_key_id", "AKID"),
        ("secret_access_key", "secret"),
        ("max_attempts", "1"),
    ];
    let mut all: BTreeMap<&str, &str> = ours.into_iter().chain(settings.iter().copied()).collect();
    if all.remove("anonymous").is_some() {
        all.retain(|name, _| !name.ends_with("access_key") && *name != "access_key_id");
        all.insert("anonymous", "true");
    }
    let pairs =
        all.into_iter().map(|(name, value)| (name.to_owned(), Value::Str(value.to_owned()))).collect();
    S3::open(&Config::from_url(&format!("s3://{bucket}"), pairs).unwrap()).unwrap()
}

/// Runs it where calls run.
fn run<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let (tell, told) = channel();
    runtime::current().unwrap().spawn(async move { drop(tell.send(work.await)) });
    told.recv_timeout(Duration::from_secs(20)).unwrap()
}

/// What must be the same: all but who asks, when, and the attempt's number.
fn canonical(seen: &Seen) -> String {
    // Where no media type is given the SDK names one, and we leave the choice to the server, as the option's
    // doc describes.
    let invented = seen.headers.get("content-type").is_some_and(|media| media == "application/octet-stream");
    let passing = |name: &str| {
        ["user-agent", "x-amz-user-agent", "x-amz-date", "authorization", "host"].contains(&name)
            || name.starts_with("amz-sdk-")
            || (name == "content-type" && invented)
    };
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    // A name without a value is written with its `=`, as it is signed, or without.
    let mut query: Vec<_> = query.split('&').map(|pair| pair.trim_end_matches('=')).collect();
    query.sort_unstable();
    let headers: Vec<_> = seen.headers.iter().filter(|(name, _)| !passing(name)).collect();
    let signed = seen.headers.get("authorization").map(|text| {
        let (_, rest) = text.split_once("SignedHeaders=").unwrap();
        let names = rest
            .split_once(',')
            .unwrap()
            .0
            .split(';')
            .filter(|name| *name == "host" || *name == "x-amz-date" || !passing(name));
        (text.split('/').skip(2).take(2).collect::<Vec<_>>(), names.collect::<Vec<_>>())
    });
    format!("{} {path} {query:?}\n{headers:#?}\n{signed:?}\n{:?}", seen.method, seen.body)
}

/// Makes a request's signature again.
fn check_signature(seen: &Seen) {
    let Some(given) = seen.headers.get("authorization") else { return };
    let stamp = &seen.headers["x-amz-date"];
    let date = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &stamp[..4],
        &stamp[4..6],
        &stamp[6..8],
        &stamp[9..11],
        &stamp[11..13],
        &stamp[13..15]
    );
    let date =
        aws_smithy_types::DateTime::from_str(&date, aws_smithy_types::date_time::Format::DateTime).unwrap();
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let token = seen.headers.get("x-amz-security-token").cloned();
    let identity = Credentials::new("AKID", "secret", token, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("s3")
        .time(SystemTime::try_from(date).unwrap())
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let url = format!("http://{}{}", seen.headers["host"], seen.target);
    let left_out =
        ["authorization", "user-agent", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"];
    let headers = seen
        .headers
        .iter()
        .filter(|(name, _)| !left_out.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let body = SignableBody::Precomputed(seen.headers["x-amz-content-sha256"].clone());
    let request = SignableRequest::new(&seen.method, url, headers, body).unwrap();
    let signature = sign(request, &parameters).unwrap().into_parts().1;
    assert!(given.ends_with(&signature), "{given} is not signed {signature}");
}

/// What both ways must agree on: the reply as text, or status, code and request id of the error.
type Outcome = std::result::Result<String, String>;

/// The same of our own error.
fn outcome(result: Result<String>) -> Outcome {
    result.map_err(|error| format!("{:?} {:?} {:?}", error.status(), error.code(), error.request_id()))
}

/// Asks both ways and compares. `settings` open the store of the first way and configure the client of the
/// second.
fn both_ways<O, T>(
    bucket: &str,
    settings: &[(&str, &str)],
    what: &str,
    answers: &[String],
    ours: impl Fn(S3) -> O,
    theirs: impl Fn(Sdk) -> T,
) where
    O: Future<Output = Result<String>> + Send + 'static,
    T: Future<Output = Outcome> + Send + 'static,
{
    let (endpoint, seen) = serve(answers.to_vec());
    let our_outcome = outcome(run(ours(open(bucket, &endpoint, settings))));
    let mut our_requests: Vec<_> = seen.try_iter().collect();
    our_requests.iter().for_each(check_signature);
    // A HEAD that is refused without a text is followed by a GET of a byte.
    if let [head, get] = &our_requests[..]
        && head.method == "HEAD"
        && get.method == "GET"
        && get.headers.get("range").is_some_and(|range| range == "bytes=0-0")
    {
        our_requests.pop();
    }
    let (endpoint, seen) = serve(answers.to_vec());
    let client = sdk::client(&endpoint, settings);
    let their_work = theirs(client);
    let their_outcome = run(async move { Ok(their_work.await) }).unwrap();
    let their_requests: Vec<_> = seen.try_iter().collect();
    let canonical = |requests: &[Seen]| requests.iter().map(canonical).collect::<Vec<_>>();
    assert_eq!(canonical(&our_requests), canonical(&their_requests), "requests differ: {what} {settings:?}");
    assert_eq!(our_outcome, their_outcome, "outcomes differ: {what} {settings:?}");
}

const ODD_KEYS: &[&str] = &[
    "plain",
    "a b",
    "a+b",
    "a%20b",
    "100%",
    "ü/日本",
    "a//b",
    "/lead",
    "//two",
    "trail/",
    "..",
    "../up",
    "a/../b",
    "./a",
    ".",
    "a?b=c&d",
    "a#b",
    "q\"uote'",
    "<>&;",
    "a=b",
    "a:b,c",
    "tab\tx",
    "new\nline",
    "~-._",
    "(a)*!",
    "@$[]{}|\\^`",
    "\u{7f}",
    "\u{1f600}",
];

#[test]
fn the_same_session_of_a_directory_bucket() {
    let session = "<CreateSessionResult><Credentials><SessionToken>TOKEN</SessionToken>\
        <SecretAccessKey>SECRET</SecretAccessKey><AccessKeyId>SESSION</AccessKeyId>\
        <Expiration>2038-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>";
    let answers = vec![answer(200, "", session), answer(200, "etag: \"e\"\r\n", "")];
    let bucket = "bucket--usw2-az1--x-s3";
    let (endpoint, seen) = serve(answers.clone());
    let at = open(bucket, &endpoint, &[]);
    let ask = ask::Ask::Get(Default::default());
    run(ask::ours(at, "k".to_owned(), ask)).unwrap();
    let ours: Vec<_> = seen.try_iter().collect();
    let (endpoint, seen) = serve(answers);
    let client = sdk::client(&endpoint, &[]).client;
    let request = client.get_object().bucket(bucket).key("k");
    let request = request.checksum_mode(aws_sdk_s3::types::ChecksumMode::Enabled);
    run(async move { Ok(request.send().await.is_ok()) }).unwrap();
    let theirs: Vec<_> = seen.try_iter().collect();
    assert_eq!(ours[1].headers["x-amz-s3session-token"], "TOKEN");
    let canonical = |requests: &[Seen]| requests.iter().map(canonical).collect::<Vec<_>>();
    assert_eq!(canonical(&ours), canonical(&theirs));
}
