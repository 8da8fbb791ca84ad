//! The worked examples of the S3 API reference, and each way a signature is refused.

use super::*;
use crate::request::example;

const HOST: (&str, &str) = ("host", "examplebucket.s3.amazonaws.com");
const DATE: (&str, &str) = ("x-amz-date", "20130524T000000Z");
const EMPTY: (&str, &str) =
    ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

fn credentials() -> Vec<Credential> {
    vec![Credential {
        access_key: "AKIAIOSFODNN7EXAMPLE".into(),
        secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
        session_token: None,
        expired: false,
    }]
}

fn authorization(headers: &str, signature: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 \
         Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
         SignedHeaders={headers},Signature={signature}"
    )
}

fn at(seconds: i64) -> Millis {
    clock::parse_amz("20130524T000000Z").unwrap() + seconds * 1000
}

fn get_object() -> Request {
    let auth = authorization(
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
    example("GET", "/test.txt", &[HOST, DATE, EMPTY, ("range", "bytes=0-9"), ("authorization", &auth)])
}

fn presigned() -> Request {
    let target = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    example("GET", target, &[HOST])
}

fn refusal(request: &Request, now: Millis) -> S3Error {
    verify(request, now, &credentials(), &["us-east-1"]).unwrap_err()
}

#[test]
fn get_object_example() {
    let caller = verify(&get_object(), at(60), &credentials(), &["us-east-1"]).unwrap();
    assert_eq!(caller.signed.unwrap().region, "us-east-1");
    assert_eq!(caller.payload, PayloadHash::Exact(EMPTY.1.into()));
}

#[test]
fn put_object_example() {
    let auth = authorization(
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    );
    let request = example(
        "PUT",
        "/test%24file.text",
        &[
            HOST,
            DATE,
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
            ("authorization", &auth),
        ],
    );
    verify(&request, at(0), &credentials(), &["us-east-1"]).unwrap();
}

#[test]
fn bucket_examples() {
    for (target, signature) in [
        ("/?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("/?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ] {
        let auth = authorization("host;x-amz-content-sha256;x-amz-date", signature);
        let request = example("GET", target, &[HOST, DATE, EMPTY, ("authorization", &auth)]);
        verify(&request, at(0), &credentials(), &["us-east-1"]).unwrap();
    }
}

#[test]
fn presigned_example_lives_for_its_day() {
    let caller = verify(&presigned(), at(86_399), &credentials(), &["us-east-1"]).unwrap();
    assert_eq!(caller.payload, PayloadHash::Unsigned);
    let late = refusal(&presigned(), at(86_401));
    assert_eq!(
        (late.status, late.code.as_str(), late.message.as_str()),
        (403, "AccessDenied", "Request has expired")
    );
    assert_eq!(refusal(&presigned(), at(-901)).code, "AccessDenied");
}

#[test]
fn a_presigned_url_does_not_know_the_body() {
    let mut request = presigned();
    request.headers.insert(EMPTY.0.into(), EMPTY.1.into());
    let caller = verify(&request, at(0), &credentials(), &[]).unwrap();
    assert_eq!(caller.payload, PayloadHash::Unsigned);
}

#[test]
fn a_wrong_clock_is_named() {
    assert!(verify(&get_object(), at(899), &credentials(), &["us-east-1"]).is_ok());
    for now in [at(901), at(-901)] {
        let error = refusal(&get_object(), now);
        assert_eq!((error.status, error.code.as_str()), (403, "RequestTimeTooSkewed"));
    }
}

#[test]
fn any_change_breaks_the_signature() {
    let mut other_path = get_object();
    other_path.raw_path = "/test.txT".into();
    let mut other_range = get_object();
    other_range.headers.insert("range".into(), "bytes=0-8".into());
    let mut other_method = get_object();
    other_method.method = "DELETE".into();
    let mut extra_query = get_object();
    extra_query.query.push(("versionId".into(), "x".into()));
    for request in [other_path, other_range, other_method, extra_query] {
        let error = refusal(&request, at(0));
        assert_eq!((error.status, error.code.as_str()), (403, "SignatureDoesNotMatch"));
    }
}

#[test]
fn a_header_left_unsigned_is_refused() {
    let mut request = get_object();
    request.headers.insert("x-amz-acl".into(), "public-read".into());
    let error = refusal(&request, at(0));
    assert_eq!(error.code, "AccessDenied");
    assert!(error.elements.contains(&("HeadersNotSigned".into(), "x-amz-acl".into())));
}

#[test]
fn keys_and_tokens_are_looked_up() {
    let mut known = credentials();
    known[0].access_key = "OTHER".into();
    let error = verify(&get_object(), at(0), &known, &[]).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (403, "InvalidAccessKeyId"));

    let mut temporary = credentials();
    temporary[0].session_token = Some("token".into());
    assert_eq!(verify(&get_object(), at(0), &temporary, &[]).unwrap_err().code, "InvalidAccessKeyId");
    let mut request = get_object();
    request.headers.insert("x-amz-security-token".into(), "stale".into());
    let error = verify(&request, at(0), &temporary, &[]).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (400, "InvalidToken"));

    let mut expired = credentials();
    expired[0].expired = true;
    let error = verify(&get_object(), at(0), &expired, &[]).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (400, "ExpiredToken"));
}

#[test]
fn a_wrong_region_names_the_right_one() {
    let error = verify(&get_object(), at(0), &credentials(), &["eu-west-1"]).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (400, "AuthorizationHeaderMalformed"));
    assert!(error.elements.contains(&("Region".into(), "eu-west-1".into())));
    assert!(verify(&get_object(), at(0), &credentials(), &["eu-west-1", "us-east-1"]).is_ok());
}

#[test]
fn unsigned_requests_have_no_signer() {
    let caller = verify(&example("GET", "/b/k", &[HOST]), at(0), &credentials(), &["us-east-1"]).unwrap();
    assert!(caller.signed.is_none());
}
