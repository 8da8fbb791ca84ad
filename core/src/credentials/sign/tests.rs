//! Compares our SigV4A signatures with those of the `aws-sigv4` crate. No two of ECDSA are alike: either
//! verifies by the other's key, over our text.

use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::{v4, v4a};

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

/// Checks what follows `Signature=` in either text, ours and the crate's, by our key and by the crate's.
fn assert_both_verify(
    request: &Unsigned<'_>,
    headers: &Headers,
    keys: &Credentials,
    now: SystemTime,
    texts: [&str; 2],
) {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let text =
        Signer::of_region_set("*", "s3").text_to_sign(&Canonical::of(request, headers), &Stamp::of(seconds));
    let their_key = v4a::generate_signing_key(keys.access_key_id(), keys.secret_access_key());
    let check = |public: &[u8], signature: &str| {
        let bytes: Vec<u8> = (0..signature.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&signature[at..at + 2], 16).unwrap())
            .collect();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public);
        public.verify(text.as_bytes(), &bytes).unwrap();
    };
    let ours = EcdsaKey::of(keys).unwrap();
    for signature in texts {
        check(ours.public(), signature.split_once("Signature=").unwrap().1);
    }
    // A signature by the crate's key, of our text.
    check(ours.public(), &v4a::calculate_signature(their_key.as_ref(), text.as_bytes()));
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
        let theirs = theirs(&request, &keys, now);
        let (ours, theirs) = (find("authorization").unwrap(), theirs.as_str());
        assert_eq!(ours.split_once("Signature=").unwrap().0, theirs.split_once("Signature=").unwrap().0);
        let signed: Headers =
            headers.iter().filter(|(name, _)| *name != header::AUTHORIZATION).cloned().collect();
        assert_both_verify(&request, &signed, &keys, now, [ours, theirs]);
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
            let mut ours: Vec<_> = ours.unwrap().split('&').map(str::to_owned).collect();
            let mut theirs = their_query(path, query, &keys, now, is_v4a);
            if is_v4a {
                let signature = |pair: &mut String| pair.starts_with("X-Amz-Signature=");
                let [one] = &*ours.extract_if(.., signature).collect::<Vec<_>>() else { panic!() };
                let [other] = &*theirs.extract_if(.., signature).collect::<Vec<_>>() else { panic!() };
                let request = Unsigned { query: &ours.join("&"), ..request };
                assert_both_verify(&request, &headers, &keys, now, [one, other]);
            }
            ours.sort();
            assert_eq!(ours, theirs, "{path} {is_v4a}");
        }
    }
}

#[test]
fn a_key_serves_one_key_pair() {
    let signer = Signer::of_region_set("*", "s3");
    let mut publics = Vec::new();
    for (id, secret) in [("A", "x"), ("B", "x"), ("A", "y"), ("A", "x")] {
        let keys = Credentials::new(id, secret, None, None, "test");
        let SigningKey::Ecdsa(key) = signer.key(&keys, &Stamp::of(0), 0).unwrap() else { panic!() };
        publics.push(key.public().to_vec());
    }
    assert_eq!(publics[0], publics[3]);
    assert!(publics[0] != publics[1] && publics[0] != publics[2]);
}

/// The key pair of AWS's own test suite of SigV4A (`aws-c-auth`, `tests/aws-signing-test-suite/v4a`).
#[test]
fn the_key_of_the_official_suite() {
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    let keys = Credentials::new("AKIDEXAMPLE", secret, None, None, "test");
    let mut public = String::new();
    hex(&mut public, EcdsaKey::of(&keys).unwrap().public());
    let x = "b6618f6a65740a99e650b33b6b4b5bd0d43b176d721a3edfea7e7d2d56d936b1";
    let y = "865ed22a7eadc9c5cb9d2cbaca1b3699139fedc5043dc6661864218330c8e518";
    // 04 stands for a point with both coordinates.
    assert_eq!(public, format!("04{x}{y}"));
}
