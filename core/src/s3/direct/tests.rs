//! The short way held against the SDK: each row asks a scripted server both ways, and what was sent, answered
//! and failed must be the same; each signature of ours is made again by the `aws-sigv4` crate.

mod framing;
mod lists;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumMode;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;

use crate::checksum::Algorithm;
use crate::config::Config;
use crate::error::Result;
use crate::keys::Key;
use crate::options::{CustomerKey, Delete, Get, Head, Put, Secret};
use crate::reply::ObjectMeta;
use crate::runtime;
use crate::s3::settings::{Keep, bare, customer, date, quoted, time};
use crate::s3::{S3, delete, fetch, head};
use crate::value::{ByteRange, Value};

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
            // Told first: who has the answer looks at once.
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

const SUM: Algorithm = Algorithm::Crc64Nvme;

/// What is asked, of either way.
#[derive(Clone, Debug)]
enum Ask {
    Get(Get),
    Head(Head),
    Put(Box<Put>, &'static [u8]),
    Delete(Delete),
}

/// Runs it where calls run.
fn run(work: impl Future<Output = Result<String>> + Send + 'static) -> Result<String> {
    let (tell, told) = channel();
    runtime::current().unwrap().spawn(async move { drop(tell.send(work.await)) });
    told.recv_timeout(Duration::from_secs(20)).unwrap()
}

/// Everything that a caller gets to see, as text.
async fn ours(at: &S3, key: &str, ask: Ask) -> Result<String> {
    let mailbox = crate::mailbox::Mailbox::new();
    let key = Key(key.to_owned());
    Ok(match ask {
        Ask::Get(options) => {
            let mut body = fetch(at, &key, &options).await?;
            let mut whole = Vec::new();
            while let Some(piece) = body.next().await? {
                whole.extend_from_slice(&piece);
            }
            format!("{:?} {} {} {whole:?}", body.meta, body.offset, body.length)
        }
        Ask::Head(options) => format!("{:?}", head(at, &mailbox, key, options).await?),
        Ask::Put(options, body) => {
            format!(
                "{:?}",
                crate::s3::put_whole(at, &key, Bytes::from_static(body), Some(SUM.of(body)), &options)
                    .await?
            )
        }
        Ask::Delete(options) => format!("{:?}", delete(at, &mailbox, key, options).await?),
    })
}

macro_rules! meta {
    ($key:expr, $size:expr, $output:expr) => {
        ObjectMeta {
            key: $key.to_owned(),
            size: $size,
            etag: bare($output.e_tag()),
            last_modified: time($output.last_modified()),
            version_id: $output.version_id().map(str::to_owned),
            content_type: $output.content_type().map(str::to_owned),
            content_encoding: $output
                .content_encoding()
                .map(str::to_owned)
                .filter(|encoding| !encoding.is_empty()),
            content_language: $output.content_language().map(str::to_owned),
            content_disposition: $output.content_disposition().map(str::to_owned),
            cache_control: $output.cache_control().map(str::to_owned),
            expires: crate::s3::object::expires($output.expires_string()),
            metadata: $output
                .metadata()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                .collect(),
            storage_class: $output.storage_class().map(|class| class.as_str().to_owned()),
            sse: $output.server_side_encryption().map(|sse| sse.as_str().to_owned()),
            sse_kms_key_id: $output.ssekms_key_id().map(str::to_owned),
            sse_customer_algorithm: $output.sse_customer_algorithm().map(str::to_owned),
            size_estimated: false,
        }
    };
}

/// The same through the SDK.
async fn theirs(at: &S3, key: &str, ask: Ask) -> Result<String> {
    at.completed().await?;
    let customer = |option: &Option<CustomerKey>| customer(option.as_ref(), at.settings());
    Ok(match ask {
        Ask::Get(options) => {
            let key_of = customer(&options.sse_customer_key);
            let output = at
                .send(|client| {
                    client
                        .get_object()
                        .bucket(at.bucket())
                        .key(key)
                        .set_checksum_mode(options.range.is_none().then_some(ChecksumMode::Enabled))
                        .set_range(options.range.map(|range| range.header()))
                        .set_version_id(options.version_id.clone())
                        .set_if_match(options.if_match.as_deref().map(quoted))
                        .set_if_none_match(options.if_none_match.as_deref().map(quoted))
                        .set_if_modified_since(options.if_modified_since.map(date))
                        .set_if_unmodified_since(options.if_unmodified_since.map(date))
                        .set_sse_customer_algorithm(key_of.algorithm.clone())
                        .set_sse_customer_key(key_of.key.clone())
                        .set_sse_customer_key_md5(key_of.md5.clone())
                        .set_request_payer(at.payer())
                        .send()
                })
                .await?;
            let length = output.content_length().unwrap_or(0).cast_unsigned();
            let (offset, size) = output.content_range().map_or((0, length), |range| {
                let (range, size) = range.strip_prefix("bytes ").unwrap().split_once('/').unwrap();
                (range.split_once('-').unwrap().0.parse().unwrap(), size.parse().unwrap())
            });
            let meta = meta!(key, Some(size), output);
            let whole = output.body.collect().await.unwrap().to_vec();
            format!("{meta:?} {offset} {length} {whole:?}")
        }
        Ask::Head(options) => {
            let key_of = customer(&options.sse_customer_key);
            let output = at
                .send(|client| {
                    client
                        .head_object()
                        .bucket(at.bucket())
                        .key(key)
                        .set_version_id(options.version_id.clone())
                        .set_if_match(options.if_match.as_deref().map(quoted))
                        .set_if_none_match(options.if_none_match.as_deref().map(quoted))
                        .set_if_modified_since(options.if_modified_since.map(date))
                        .set_if_unmodified_since(options.if_unmodified_since.map(date))
                        .set_sse_customer_algorithm(key_of.algorithm.clone())
                        .set_sse_customer_key(key_of.key.clone())
                        .set_sse_customer_key_md5(key_of.md5.clone())
                        .set_request_payer(at.payer())
                        .send()
                })
                .await?;
            format!("{:?}", meta!(key, output.content_length().map(i64::cast_unsigned), output))
        }
        Ask::Put(options, body) => {
            let keep = Keep::of_put(&options, at.settings())?;
            let output = at
                .send(|client| {
                    let keep = keep.clone();
                    client
                        .put_object()
                        .bucket(at.bucket())
                        .key(key)
                        .body(ByteStream::from_static(body))
                        .checksum_crc64_nvme(SUM.of(body).text())
                        .set_content_type(keep.content_type)
                        .set_content_encoding(keep.content_encoding)
                        .set_content_language(keep.content_language)
                        .set_content_disposition(keep.content_disposition)
                        .set_cache_control(keep.cache_control)
                        .set_expires(keep.expires)
                        .set_metadata(keep.metadata)
                        .set_tagging(keep.tagging)
                        .set_storage_class(keep.storage_class)
                        .set_acl(keep.acl)
                        .set_grant_read(keep.grant_read)
                        .set_grant_read_acp(keep.grant_read_acp)
                        .set_grant_write_acp(keep.grant_write_acp)
                        .set_grant_full_control(keep.grant_full_control)
                        .set_server_side_encryption(keep.sse)
                        .set_ssekms_key_id(keep.sse_kms_key_id)
                        .set_sse_customer_algorithm(keep.customer.algorithm)
                        .set_sse_customer_key(keep.customer.key)
                        .set_sse_customer_key_md5(keep.customer.md5)
                        .set_if_match(keep.if_match)
                        .set_if_none_match(keep.if_none_match)
                        .set_request_payer(at.payer())
                        .send()
                })
                .await?;
            let reply = crate::reply::PutReply {
                etag: bare(output.e_tag()),
                version_id: output.version_id,
                size: body.len() as u64,
            };
            format!("{reply:?}")
        }
        Ask::Delete(options) => {
            let output = at
                .send(|client| {
                    client
                        .delete_object()
                        .bucket(at.bucket())
                        .key(key)
                        .set_version_id(options.version_id.clone())
                        .set_if_match(options.if_match.as_deref().map(quoted))
                        .set_request_payer(at.payer())
                        .send()
                })
                .await?;
            let reply = crate::reply::DeleteReply {
                version_id: output.version_id,
                delete_marker: output.delete_marker.unwrap_or(false),
            };
            format!("{reply:?}")
        }
    })
}

/// What must be the same: all but who asks, when, and the attempt's number.
fn canonical(seen: &Seen) -> String {
    // Where no media type is given the SDK names one, and we leave the choice to the server, as the option's
    // doc says.
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

/// Asks both ways and compares.
fn compare(settings: &[(&str, &str)], key: &str, ask: &Ask, answers: &[String]) {
    both_ways(settings, &format!("{key:?} {ask:?}"), answers, |way, at| {
        let (owned, asked) = (key.to_owned(), ask.clone());
        async move { if way == 0 { ours(&at, &owned, asked).await } else { theirs(&at, &owned, asked).await } }
    });
}

fn both_ways<F>(settings: &[(&str, &str)], what: &str, answers: &[String], ask: impl Fn(u8, S3) -> F)
where
    F: Future<Output = Result<String>> + Send + 'static,
{
    let mut outcomes = Vec::new();
    for way in [0, 1] {
        let (endpoint, seen) = serve(answers.to_vec());
        let told = match run(ask(way, open("bucket", &endpoint, settings))) {
            Ok(reply) => reply,
            Err(error) => {
                let request = (
                    error.kind(),
                    error.message().to_owned(),
                    error.status(),
                    error.code().map(str::to_owned),
                );
                format!("{request:?} {:?}", error.request_id())
            }
        };
        let requests: Vec<_> = seen.try_iter().collect();
        if way == 0 {
            requests.iter().for_each(check_signature);
        }
        // Our own: a HEAD that is refused without a text is asked about once more, by a GET of a byte.
        let mut sent: Vec<_> = requests.iter().map(canonical).collect();
        if way == 0
            && sent.len() == 2
            && sent[0].starts_with("HEAD")
            && sent[1].starts_with("GET")
            && sent[1].contains("bytes=0-0")
        {
            sent.pop();
        }
        outcomes.push((sent, told));
    }
    let (theirs, ours) = (outcomes.pop().unwrap(), outcomes.pop().unwrap());
    assert_eq!(ours.0, theirs.0, "requests differ: {what} {settings:?}");
    assert_eq!(ours.1, theirs.1, "outcomes differ: {what} {settings:?}");
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

const TOLD: &str = "etag: \"e1\"\r\nlast-modified: Wed, 21 Oct 2015 07:28:00 GMT\r\nx-amz-version-id: \
                    v1\r\ncontent-type: text/plain\r\n\
    content-encoding: gzip\r\ncontent-language: de\r\ncontent-disposition: inline; \
    filename=\"a\"\r\ncache-control: no-cache, no-store\r\n\
    expires: Thu, 22 Oct 2015 07:28:00 GMT\r\nx-amz-storage-class: \
    STANDARD_IA\r\nx-amz-server-side-encryption: aws:kms\r\n\
    x-amz-server-side-encryption-aws-kms-key-id: k\r\nx-amz-server-side-encryption-customer-algorithm: \
    AES256\r\n\
    x-amz-meta-one: 1\r\nX-Amz-Meta-Two: zwei, drei\r\nx-amz-delete-marker: true\r\n";

fn asks() -> Vec<Ask> {
    let customer_key = || Some(CustomerKey(Secret(Bytes::from_static(&[7; 32]))));
    let then = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_480));
    let text = |text: &str| Some(text.to_owned());
    vec![
        Ask::Get(Get::default()),
        Ask::Get(Get {
            range: Some(ByteRange::FromTo(1, 3)),
            version_id: text("v+1/="),
            if_match: text("e"),
            ..Get::default()
        }),
        Ask::Get(Get {
            if_none_match: text("*"),
            if_modified_since: then,
            sse_customer_key: customer_key(),
            ..Get::default()
        }),
        Ask::Head(Head::default()),
        Ask::Head(Head {
            version_id: text("v 1"),
            if_match: text("\"e\""),
            if_unmodified_since: then,
            ..Head::default()
        }),
        Ask::Head(Head { sse_customer_key: customer_key(), ..Head::default() }),
        Ask::Delete(Delete::default()),
        Ask::Delete(Delete { version_id: text("v&1"), if_match: text("e") }),
        Ask::Put(Box::default(), b"body"),
        Ask::Put(Box::default(), b""),
        Ask::Put(
            Box::new(Put {
                content_type: text("text/plain; charset=utf-8"),
                content_encoding: text("gzip"),
                content_language: text("de"),
                content_disposition: text("attachment;  filename=\"a  b\""),
                cache_control: text("no-cache"),
                expires: then,
                metadata: Some(
                    [("one".to_owned(), "1".to_owned()), ("Two".to_owned(), "a  b".to_owned())].into(),
                ),
                tags: Some([("k".to_owned(), "v w".to_owned())].into()),
                storage_class: text("STANDARD_IA"),
                acl: text("public-read"),
                sse: text("aws:kms"),
                sse_kms_key_id: text("key"),
                if_match: text("e"),
                ..Put::default()
            }),
            b"body",
        ),
        Ask::Put(
            Box::new(Put {
                grant_read: text("id=\"a\""),
                sse_customer_key: customer_key(),
                if_none_match: text("*"),
                ..Put::default()
            }),
            b"body",
        ),
    ]
}

#[test]
fn the_same_request_and_reply() {
    for ask in asks() {
        let ranged = matches!(&ask, Ask::Get(options) if options.range.is_some());
        let (status, more) = if ranged { (206, "content-range: bytes 1-3/9\r\n") } else { (200, "") };
        let body = if matches!(ask, Ask::Get(_)) { "abc" } else { "" };
        let answers = [answer(status, &format!("{TOLD}{more}"), body)];
        for settings in [
            &[][..],
            &[("session_token", "token+/=")],
            &[("anonymous", "true")],
            &[("request_payer", "true")],
            &[("addressing_style", "path"), ("app_name", "tester")],
        ] {
            compare(settings, "some/key", &ask, &answers);
        }
    }
}

#[test]
fn the_same_for_every_key() {
    for key in ODD_KEYS {
        for ask in [Ask::Get(Get::default()), Ask::Put(Box::default(), b"x")] {
            compare(&[], key, &ask, &[answer(200, "etag: \"e\"\r\n", "")]);
        }
    }
}

#[test]
fn the_same_errors() {
    let xml = |code: &str| {
        format!(
            "<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>So &lt;it&gt; &amp; \
             is.</Message><Region>eu-west-1</Region></Error>"
        )
    };
    let mut rows = vec![
        (304, "", String::new()),
        (404, "", String::new()),
        (403, "", String::new()),
        (400, "", String::new()),
    ];
    rows.extend([
        (500, "", "<html>no</html>".to_owned()),
        (503, "", String::new()),
        (404, "", "<Error/>".to_owned()),
        (412, "", xml("PreconditionFailed")),
    ]);
    rows.extend([
        (416, "", xml("InvalidRange")),
        (403, "", xml("AccessDenied")),
        (404, "", xml("NoSuchKey")),
        (404, "", xml("NoSuchBucket")),
    ]);
    rows.extend([
        (503, "", xml("SlowDown")),
        (400, "", xml("ExpiredToken")),
        (403, "", xml("RequestTimeTooSkewed")),
        (501, "", xml("NotImplemented")),
    ]);
    rows.extend([
        (301, "x-amz-bucket-region: eu-west-1\r\n", xml("PermanentRedirect")),
        (307, "location: http://x/\r\n", xml("TemporaryRedirect")),
    ]);
    rows.extend([
        (400, "", xml("AuthorizationHeaderMalformed")),
        (409, "", xml("ConditionalRequestConflict")),
        (400, "", xml("BadDigest")),
    ]);
    for (status, headers, body) in rows {
        let answers = [answer(status, &format!("x-amz-request-id: R1\r\n{headers}"), &body)];
        for ask in [Ask::Get(Get::default()), Ask::Put(Box::default(), b"x"), Ask::Delete(Delete::default())]
        {
            compare(&[], "k", &ask, &answers);
        }
        let bare = [answer(status, &format!("x-amz-request-id: R1\r\n{headers}"), "")];
        compare(&[], "k", &Ask::Head(Head::default()), &bare);
    }
}

#[test]
fn the_same_ways_out_of_trouble() {
    let fine = answer(200, "etag: \"e\"\r\n", "");
    let error = |status: u16, headers: &str, code: &str| {
        answer(status, headers, &format!("<Error><Code>{code}</Code><Message>m</Message></Error>"))
    };
    let tries = [("max_attempts", "3")];
    for answers in [
        [
            error(500, "", "InternalError"),
            error(503, "retry-after: 0\r\n", "ServiceUnavailable"),
            fine.clone(),
        ],
        // The bucket is elsewhere: asked again there, at once.
        [error(301, "x-amz-bucket-region: us-west-2\r\n", "PermanentRedirect"), fine.clone(), fine.clone()],
        // The clock is off: asked again in the server's time.
        [
            error(403, "date: Fri, 01 Jan 2038 00:00:00 GMT\r\n", "RequestTimeTooSkewed"),
            fine.clone(),
            fine.clone(),
        ],
        [error(400, "", "RequestTimeout"), "HTTP/1.1 200".to_owned(), fine.clone()],
    ] {
        for ask in [Ask::Get(Get::default()), Ask::Put(Box::default(), b"body"), Ask::Head(Head::default())] {
            // Without a body nothing says that this 400 is a passing one.
            if matches!(ask, Ask::Head(_)) && answers[0].contains("RequestTimeout") {
                continue;
            }
            let answers = answers
                .clone()
                .map(|answer| if matches!(ask, Ask::Head(_)) { no_body(&answer) } else { answer });
            let region = if answers[0].contains("us-west-2") { &[("max_attempts", "1")] } else { &tries };
            compare_loosely(region, &ask, &answers);
        }
    }
}

#[test]
fn the_same_session_of_a_directory_bucket() {
    let session = "<CreateSessionResult><Credentials><SessionToken>TOKEN</SessionToken><SecretAccessKey>SECRET</SecretAccessKey>\
        <AccessKeyId>SESSION</AccessKeyId><Expiration>2038-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>";
    let answers = vec![answer(200, "", session), answer(200, "etag: \"e\"\r\n", "")];
    let mut seen_both = Vec::new();
    for way in [0, 1] {
        let (endpoint, seen) = serve(answers.clone());
        let at = open("bucket--usw2-az1--x-s3", &endpoint, &[]);
        let ask = || Ask::Get(Get::default());
        let outcome = run(async move {
            if way == 0 { ours(&at, "k", ask()).await } else { theirs(&at, "k", ask()).await }
        });
        outcome.unwrap();
        let requests: Vec<_> = seen.try_iter().collect();
        assert_eq!(requests[1].headers["x-amz-s3session-token"], "TOKEN");
        seen_both.push(requests.iter().map(canonical).collect::<Vec<_>>());
    }
    assert_eq!(seen_both[0], seen_both[1]);
}

/// The answer to a HEAD.
fn no_body(answer: &str) -> String {
    answer.split_inclusive("\r\n\r\n").next().unwrap_or(answer).to_owned()
}

/// Compares what was sent and what came of it, but not the signatures' scope, which changes with the region.
fn compare_loosely(settings: &[(&str, &str)], ask: &Ask, answers: &[String]) {
    let mut outcomes = Vec::new();
    for way in [0, 1] {
        let (endpoint, seen) = serve(answers.to_vec());
        let (at, asked) = (open("bucket", &endpoint, settings), ask.clone());
        let outcome = run(async move {
            if way == 0 { ours(&at, "k", asked).await } else { theirs(&at, "k", asked).await }
        });
        let told = outcome.map_err(|error| error.to_string());
        outcomes.push((seen.try_iter().map(|seen| canonical(&seen)).collect::<Vec<_>>(), told));
    }
    assert!(outcomes[0].1.is_ok(), "{:?} {ask:?}", outcomes[0].1);
    assert_eq!(outcomes[0], outcomes[1], "{ask:?}");
}
