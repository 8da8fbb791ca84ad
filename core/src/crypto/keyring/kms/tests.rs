//! Requests to KMS, compared with the SDK's, and the handling of its responses.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::Value as Json;

use super::{KeyService, Kms, may_be, region_of};
use crate::config::Settings;
use crate::credentials::Resolved;
use crate::error::{Error, ErrorKind};
use crate::value::Value;

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234";
const ANSWER: &str = r#"{"Plaintext": "cGxhaW4=", "CiphertextBlob": "d3JhcHBlZA==", "KeyId": "arn:aws:kms:eu-west-1:111122223333:key/1234"}"#;

/// A received request: the headers that name the operation, and the body.
#[derive(Debug, PartialEq)]
struct RecordedRequest {
    line: String,
    target: String,
    media: String,
    scope: String,
    body: Json,
}

/// Responds to each request with the next of these statuses, headers and bodies, and records the request.
fn serve(answers: Vec<(u16, &'static str, &'static str)>) -> (String, Receiver<RecordedRequest>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, seen) = channel();
    std::thread::spawn(move || {
        for (status, headers, answer) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                match line.trim_end() {
                    "" => break,
                    line => lines.push(line.to_owned()),
                }
            }
            let said = |name: &str| {
                let lines = lines.iter().filter_map(|line| line.split_once(": "));
                lines
                    .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.to_owned())
                    .next()
                    .unwrap_or_default()
            };
            let mut body = vec![0; said("content-length").parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            tell.send(RecordedRequest {
                line: lines[0].clone(),
                target: said("x-amz-target"),
                media: said("content-type"),
                scope: said("authorization").split('/').skip(2).take(2).collect::<Vec<_>>().join("/"),
                body: serde_json::from_slice(&body).unwrap(),
            })
            .unwrap();
            let length = answer.len();
            write!(
                stream,
                "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: \
                            {length}\r\n{headers}\r\n{answer}"
            )
            .unwrap();
        }
    });
    (url, seen)
}

/// A server for the SDK, without a network.
#[derive(Debug)]
struct Noted(Sender<RecordedRequest>);

impl HttpConnector for Noted {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let said = |name| request.headers().get(name).unwrap_or_default().to_owned();
        let path = request.uri().parse::<http::Uri>().unwrap().path().to_owned();
        let seen = RecordedRequest {
            line: format!("{} {path} HTTP/1.1", request.method()),
            target: said("x-amz-target"),
            media: said("content-type"),
            scope: said("authorization").split('/').skip(2).take(2).collect::<Vec<_>>().join("/"),
            body: serde_json::from_slice(request.body().bytes().unwrap()).unwrap(),
        };
        self.0.send(seen).unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(ANSWER))))
    }
}

/// A key at this address, and the file that names the address.
fn key(url: &str, any_key: bool) -> (Kms, tempfile::NamedTempFile) {
    key_with(url, KEY, any_key, &[])
}

/// The same of any name, with settings.
fn key_with(
    url: &str,
    name: &str,
    any_key: bool,
    settings: &[(&str, &str)],
) -> (Kms, tempfile::NamedTempFile) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "[default]\nservices = here\n[services here]\nkms =\n  endpoint_url = {url}").unwrap();
    let given = [
        ("access_key_id", "AKID"),
        ("secret_access_key", "secret"),
        ("config_file", file.path().to_str().unwrap()),
    ];
    let given = given
        .iter()
        .chain(settings)
        .map(|(name, value)| ((*name).to_owned(), Value::Str((*value).to_owned())));
    let settings = Settings::read(given.collect()).unwrap();
    (Kms::new(name, any_key, Arc::new(Resolved::new(&settings))), file)
}

fn context() -> BTreeMap<String, String> {
    BTreeMap::from([
        ("aws:x-amz-cek-alg".to_owned(), "AES/GCM".to_owned()),
        ("ü".to_owned(), "a \"b\"".to_owned()),
    ])
}

#[tokio::test]
async fn the_same_requests_as_the_sdk() {
    let fine = || vec![(200, "", ANSWER); 4];
    let (url, ours) = serve(fine());
    let (kms, _file) = key(&url, false);
    assert_eq!(kms.generate(&context()).await.unwrap(), (b"plain".to_vec().into(), b"wrapped".to_vec()));
    assert_eq!(kms.encrypt(b"plain", &context()).await.unwrap(), b"wrapped");
    assert_eq!(*kms.decrypt(b"wrapped", &context()).await.unwrap(), b"plain");
    let (url, any) = serve(fine());
    let (kms, _file) = key(&url, true);
    kms.decrypt(b"wrapped", &context()).await.unwrap();
    let (tell, theirs) = channel();
    let http = http_client_fn(move |_, _| SharedHttpConnector::new(Noted(tell.clone())));
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"));
    let config = config.credentials_provider(Credentials::new("AKID", "secret", None, None, "test"));
    let client = aws_sdk_kms::Client::from_conf(config.http_client(http).build());
    let map = || Some(context().into_iter().collect());
    client
        .generate_data_key()
        .key_id(KEY)
        .key_spec(DataKeySpec::Aes256)
        .set_encryption_context(map())
        .send()
        .await
        .unwrap();
    client
        .encrypt()
        .key_id(KEY)
        .plaintext(Blob::new(b"plain"))
        .set_encryption_context(map())
        .send()
        .await
        .unwrap();
    client
        .decrypt()
        .key_id(KEY)
        .ciphertext_blob(Blob::new(b"wrapped"))
        .set_encryption_context(map())
        .send()
        .await
        .unwrap();
    client
        .decrypt()
        .ciphertext_blob(Blob::new(b"wrapped"))
        .set_encryption_context(map())
        .send()
        .await
        .unwrap();
    let ours: Vec<_> = ours.try_iter().chain(any.try_iter()).collect();
    assert_eq!(ours, theirs.try_iter().collect::<Vec<_>>());
    assert_eq!(ours[0].scope, "eu-west-1/kms");
}

#[tokio::test]
async fn what_a_refusal_means() {
    for (status, headers, body, kind, words) in [
        (
            400,
            "",
            r#"{"__type": "AccessDeniedException", "Message": "no right"}"#,
            ErrorKind::PermissionDenied,
            "AccessDeniedException: no right",
        ),
        (
            400,
            "",
            r#"{"__type": "com.amazonaws.kms#NotFoundException", "message": "gone"}"#,
            ErrorKind::Config,
            "NotFoundException: gone",
        ),
        (
            400,
            "x-amzn-errortype: DisabledException:http://x/\r\n",
            "{}",
            ErrorKind::Config,
            "DisabledException",
        ),
        (400, "", r#"{"__type": "DisabledException"}"#, ErrorKind::Config, "EnableKey"),
        (
            400,
            "",
            r#"{"__type": "KMSInvalidStateException", "message": "is pending deletion"}"#,
            ErrorKind::Config,
            "CancelKeyDeletion",
        ),
        (400, "", r#"{"__type": "InvalidKeyUsageException"}"#, ErrorKind::Config, "symmetric"),
        (400, "", r#"{"__type": "InvalidCiphertextException"}"#, ErrorKind::Decrypt, ""),
        (400, "", r#"{"__type": "IncorrectKeyException"}"#, ErrorKind::Decrypt, ""),
        (400, "", r#"{"__type": "ExpiredTokenException", "message": "old"}"#, ErrorKind::Credentials, "old"),
        (400, "", "no json", ErrorKind::Service, "status 400"),
    ] {
        let (url, seen) = serve(vec![(status, headers, body)]);
        let (kms, _file) = key(&url, false);
        let error: Error = kms.decrypt(b"wrapped", &context()).await.unwrap_err();
        assert_eq!((error.kind(), seen.try_iter().count()), (kind, 1), "{error}");
        assert!(error.message().contains(words), "{error}");
        assert!(!error.retryable(), "{error}");
        if error.kind() != ErrorKind::Decrypt {
            assert!(error.message().contains(KEY) && error.status() == Some(400), "{error}");
        }
    }
}

/// Keys in no state to be used are one kind of error; one that is only unavailable now may be tried again.
#[tokio::test]
async fn a_key_that_is_not_available_now() {
    let (url, seen) =
        serve(vec![(500, "", r#"{"__type": "KeyUnavailableException", "message": "not now"}"#); 2]);
    let (kms, _file) = key_with(&url, KEY, false, &[("max_attempts", "2")]);
    let error = kms.generate(&context()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retryable(), seen.try_iter().count()),
        (ErrorKind::Config, true, 2),
        "{error}"
    );
    assert!(
        error.message().contains(KEY)
            && error.message().contains("not now")
            && error.message().contains("2 attempts in"),
        "{error}"
    );
}

#[tokio::test]
async fn threat_15_an_answer_for_another_key_is_not_used() {
    let other = r#"{"Plaintext": "cGxhaW4=", "CiphertextBlob": "d3JhcHBlZA==", "KeyId": "arn:aws:kms:eu-west-1:111122223333:key/5678"}"#;
    let silent = r#"{"Plaintext": "cGxhaW4=", "CiphertextBlob": "d3JhcHBlZA=="}"#;
    for answer in [other, silent] {
        let (url, _seen) = serve(vec![(200, "", answer); 4]);
        let (kms, _file) = key(&url, false);
        for error in [
            kms.generate(&context()).await.map(drop).unwrap_err(),
            kms.encrypt(b"plain", &context()).await.map(drop).unwrap_err(),
            kms.decrypt(b"wrapped", &context()).await.map(drop).unwrap_err(),
        ] {
            assert!(error.kind() == ErrorKind::Service && error.message().contains(KEY), "{error}");
            assert_eq!(error.message().contains("key/5678"), answer == other, "{error}");
        }
        // Where any key may have wrapped it, none is expected.
        let (url, _seen) = serve(vec![(200, "", answer)]);
        let (kms, _file) = key(&url, true);
        kms.decrypt(b"wrapped", &context()).await.unwrap();
    }
}

#[test]
fn which_key_an_answer_may_name() {
    let (region, account) = ("eu-west-1", "111122223333");
    let arn = |region: &str, account: &str, what: &str| format!("arn:aws:kms:{region}:{account}:{what}");
    let key = arn(region, account, "key/1234");
    for (asked, named, expected) in [
        (key.as_str(), key.clone(), true),
        (&key, "1234".to_owned(), true),
        (&key, arn(region, account, "key/5678"), false),
        (&key, arn("us-east-1", account, "key/1234"), false),
        (&key, arn(region, "444455556666", "key/1234"), false),
        (&key, String::new(), false),
        ("1234", key.clone(), true),
        ("1234", "1234".to_owned(), true),
        ("1234", arn(region, account, "key/5678"), false),
        ("1234", arn("us-east-1", account, "key/1234"), false),
        ("mrk-1", arn(region, account, "key/mrk-1"), true),
        ("alias/a", key.clone(), true),
        ("alias/a", arn("us-east-1", account, "key/1234"), false),
        ("alias/a", arn(region, account, "alias/b"), false),
        ("alias/a", "1234".to_owned(), false),
        ("alias/a", String::new(), false),
        (&arn(region, account, "alias/a"), key.clone(), true),
        (&arn(region, account, "alias/a"), arn(region, "444455556666", "key/1234"), false),
        (&arn(region, account, "alias/a"), arn("us-east-1", account, "key/1234"), false),
    ] {
        assert_eq!(may_be(asked, &named, region, None), expected, "{asked} {named}");
    }
    assert!(
        may_be("alias/a", &key, region, Some(account))
            && !may_be("alias/a", &key, region, Some("444455556666"))
    );
    assert!(
        may_be("1234", &key, region, Some(account)) && !may_be("1234", &key, region, Some("444455556666"))
    );
}

#[tokio::test]
async fn what_is_tried_again() {
    let fine = (200, "", ANSWER);
    let skewed = "date: Fri, 01 Jan 2038 00:00:00 GMT\r\n";
    for first in [
        (500, "", r#"{"__type": "KMSInternalException"}"#),
        (400, "", r#"{"__type": "ThrottlingException"}"#),
        (503, "", ""),
        (400, "", r#"{"__type": "RequestThrottled"}"#),
        (400, "", r#"{"__type": "DependencyTimeoutException"}"#),
        (502, "retry-after: 0\r\n", "<html>"),
        (400, skewed, r#"{"__type": "InvalidSignatureException", "message": "Signature expired"}"#),
    ] {
        let (url, seen) = serve(vec![first, fine]);
        let (kms, _file) = key(&url, false);
        kms.decrypt(b"wrapped", &context()).await.unwrap();
        assert_eq!(seen.try_iter().count(), 2);
    }
    for mode in ["standard", "adaptive"] {
        let (url, seen) =
            serve(vec![(400, "", r#"{"__type": "ThrottlingException", "message": "slower"}"#); 2]);
        let (kms, _file) = key_with(&url, KEY, false, &[("max_attempts", "2"), ("retry_mode", mode)]);
        let error = kms.decrypt(b"wrapped", &context()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retryable(), seen.try_iter().count()),
            (ErrorKind::Throttled, true, 2),
            "{error}"
        );
    }
    for (attempts, expected) in [("1", 1), ("4", 4)] {
        let (url, seen) = serve(vec![(500, "", r#"{"__type": "KMSInternalException", "message": "oh"}"#); 6]);
        let (kms, _file) = key_with(&url, KEY, false, &[("max_attempts", attempts)]);
        let error = kms.generate(&context()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retryable(), error.status()),
            (ErrorKind::Service, true, Some(500)),
            "{error}"
        );
        assert_eq!(seen.try_iter().count(), expected);
    }
    // A clock that is off is no attempt.
    let (url, seen) = serve(vec![
        (400, skewed, r#"{"__type": "InvalidSignatureException", "message": "Signature expired"}"#),
        fine,
    ]);
    let (kms, _file) = key_with(&url, KEY, false, &[("max_attempts", "1")]);
    kms.decrypt(b"wrapped", &context()).await.unwrap();
    assert_eq!(seen.try_iter().count(), 2);
    // Nobody is there.
    let (kms, _file) = key_with("http://127.0.0.1:9", KEY, false, &[("max_attempts", "2")]);
    let error = kms.decrypt(b"wrapped", &context()).await.unwrap_err();
    assert_eq!((error.kind(), error.retryable()), (ErrorKind::Network, true), "{error}");
    assert!(error.message().contains("127.0.0.1:9") && error.message().contains("2 attempts in"), "{error}");
}

#[test]
fn an_arn_names_its_region() {
    assert_eq!(region_of("arn:aws:kms:eu-west-1:111122223333:key/1234"), Some("eu-west-1"));
    assert_eq!(region_of("arn:aws-cn:kms:cn-north-1:111122223333:alias/a"), Some("cn-north-1"));
    for other in ["alias/a", "1234", "arn:aws:s3:::bucket", "arn:aws:kms:::alias/a"] {
        assert_eq!(region_of(other), None);
    }
}
