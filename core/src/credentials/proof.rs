//! The proof that whoever renews a console sign-in holds the key it was made with (DPoP).
//!
//! Invariant: a proof is for one request, at one address, now. The key leaves nothing behind in an error.
//! Source: RFC 9449, section 4.2; the key's forms are RFC 5915's and RFC 5208's.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

/// The header `DPoP` of a POST to `url`, with a `unique` name that no other proof has.
pub(super) fn of(key: &str, url: &str, unique: &str) -> Result<String, &'static str> {
    let body: String = key.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    let key = STANDARD.decode(body).ok();
    let key =
        key.and_then(|key| EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &key).ok());
    let Some(key) = key else { return Err("its key is none of P-256") };
    // 04, then both coordinates.
    let (x, y) = key.public_key().as_ref()[1..].split_at(32);
    let coded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let jwk = json!({ "kty": "EC", "x": coded(x), "y": coded(y), "crv": "P-256" });
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let payload = json!({ "htm": "POST", "htu": url, "iat": now, "jti": unique });
    let signed =
        format!("{}.{}", coded(header.to_string().as_bytes()), coded(payload.to_string().as_bytes()));
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| "its key does not sign")?;
    Ok(format!("{signed}.{}", coded(signature.as_ref())))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn whoever_knows_the_public_key_can_check_it() {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let document = key.to_pkcs8v1().unwrap();
        let text = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(document.as_ref())
        );
        let proof = of(&text, "https://eu-west-1.signin.aws.amazon.com/v1/token", "one").unwrap();
        let (signed, signature) = proof.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .unwrap();
        let part = |number| -> serde_json::Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split('.').nth(number).unwrap()).unwrap())
                .unwrap()
        };
        assert_eq!(
            (&part(0)["jwk"]["crv"], &part(0)["alg"], &part(0)["typ"]),
            (&"P-256".into(), &"ES256".into(), &"dpop+jwt".into())
        );
        assert_eq!((&part(1)["htm"], &part(1)["jti"]), (&"POST".into(), &"one".into()));
    }

    #[test]
    fn what_is_no_key_is_said_to_be_none() {
        for text in ["", "secret-key", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----"] {
            assert_eq!(of(text, "https://h/", "one"), Err("its key is none of P-256"));
        }
    }
}
