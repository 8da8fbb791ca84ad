//! Compares our SigV4A signatures with those of the `aws-sigv4` crate; both are deterministic (RFC 6979).

use std::time::Duration;

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;

use super::*;

fn ours(request: &Unsigned<'_>, keys: &Credentials, now: SystemTime) -> Headers {
    let mut headers = vec![(header::HOST, value("name.mrap.accesspoint.s3-global.amazonaws.com").unwrap())];
    headers.push((HeaderName::from_static("x-amz-meta-a"), value("b  c").unwrap()));
    Signer::of_region_set("*", "s3").sign(request, &mut headers, keys, now).unwrap();
    headers
}

fn theirs(request: &Unsigned<'_>, keys: &Credentials, now: SystemTime) -> String {
    let identity = keys.clone().into();
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let parameters = v4a::SigningParams::builder()
        .identity(&identity)
        .region_set("*")
        .name("s3")
        .time(now)
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let uri =
        format!("https://name.mrap.accesspoint.s3-global.amazonaws.com{}?{}", request.path, request.query);
    let headers = [("host", "name.mrap.accesspoint.s3-global.amazonaws.com"), ("x-amz-meta-a", "b  c")];
    let body = SignableBody::Precomputed(request.payload.to_owned());
    let signable = SignableRequest::new(request.method, &uri, headers.into_iter(), body).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    instructions.headers().find(|(name, _)| *name == "authorization").unwrap().1.to_owned()
}

#[test]
fn the_same_as_the_crate_makes() {
    let now = UNIX_EPOCH + Duration::from_secs(1_369_353_600);
    for (path, query, payload, token) in [
        ("/", "list-type=2&prefix=a%2Fb", EMPTY, None),
        ("/a%20b/../%C3%BC", "", UNSIGNED, None),
        ("/k", "partNumber=1&uploadId=u", UNSIGNED, Some("token")),
    ] {
        let keys =
            Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG", token.map(str::to_owned), None, "test");
        let request = Unsigned { method: "GET", path, query, payload };
        let headers = ours(&request, &keys, now);
        let find = |wanted: &str| {
            headers.iter().find(|(name, _)| name.as_str() == wanted).map(|(_, value)| value.to_str().unwrap())
        };
        assert_eq!(find("authorization"), Some(theirs(&request, &keys, now).as_str()), "{path}");
        assert_eq!((find("x-amz-region-set"), find("x-amz-security-token")), (Some("*"), token));
    }
}

/// The query of a URL that the crate makes, in the order of its names.
fn their_query(path: &str, query: &str, keys: &Credentials, now: SystemTime, is_v4a: bool) -> Vec<String> {
    let identity = keys.clone().into();
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(900));
    let parameters = match is_v4a {
        true => v4a::SigningParams::builder()
            .identity(&identity)
            .region_set("*")
            .name("s3")
            .time(now)
            .settings(settings)
            .build()
            .unwrap()
            .into(),
        false => v4::SigningParams::builder()
            .identity(&identity)
            .region("eu-west-1")
            .name("s3")
            .time(now)
            .settings(settings)
            .build()
            .unwrap()
            .into(),
    };
    let uri = format!("https://host.example{path}?{query}");
    let headers = [("content-type", "text/plain"), ("host", "host.example")];
    let body = SignableBody::UnsignedPayload;
    let signable = SignableRequest::new("PUT", &uri, headers.into_iter(), body).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    let mut request = http::Request::put(&uri).body(()).unwrap();
    instructions.apply_to_request_http1x(&mut request);
    let mut pairs: Vec<_> = request.uri().query().unwrap().split('&').map(str::to_owned).collect();
    pairs.sort();
    pairs
}

#[test]
fn a_url_is_the_same_as_the_crate_makes() {
    let now = UNIX_EPOCH + Duration::from_secs(1_369_353_600);
    for (path, query, token) in [
        ("/", "x-id=PutObject", None),
        ("/a%20b/../%C3%BC", "versionId=v%2B1&x-id=PutObject", Some("token+/=")),
    ] {
        let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", token.map(str::to_owned), None, "test");
        for (signer, is_v4a) in
            [(Signer::new("eu-west-1", "s3"), false), (Signer::of_region_set("*", "s3"), true)]
        {
            let mut headers = vec![(header::HOST, value("host.example").unwrap())];
            headers.push((header::CONTENT_TYPE, value("text/plain").unwrap()));
            let request = Unsigned { method: "PUT", path, query, payload: UNSIGNED };
            let ours = signer.presign(&request, &mut headers, &keys, now, 900);
            let mut ours: Vec<_> = ours.split('&').map(str::to_owned).collect();
            ours.sort();
            assert_eq!(ours, their_query(path, query, &keys, now, is_v4a), "{path} {is_v4a}");
        }
    }
}

#[test]
fn a_key_serves_one_key_pair() {
    let signer = Signer::of_region_set("*", "s3");
    let request = Unsigned { method: "GET", path: "/", query: "", payload: EMPTY };
    let mut signatures = Vec::new();
    for (id, secret) in [("A", "x"), ("B", "x"), ("A", "y"), ("A", "x")] {
        let (keys, mut headers) = (Credentials::new(id, secret, None, None, "test"), Headers::new());
        signer.sign(&request, &mut headers, &keys, UNIX_EPOCH).unwrap();
        signatures.push(headers.pop().unwrap().1);
    }
    assert_eq!(signatures[0], signatures[3]);
    assert!(signatures[0] != signatures[1] && signatures[0] != signatures[2]);
}
