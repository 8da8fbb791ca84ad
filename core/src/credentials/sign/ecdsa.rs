//! The key of SigV4A: one of P-256, derived from a key pair alone.
//!
//! Invariant: the private number is wiped here; the cipher library wipes its own copy. A signature differs
//! each time, for its nonce is random.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>, NIST
//! SP 800-108 in counter mode.

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use hmac::Mac;
use zeroize::Zeroizing;

use super::{SigningAlgorithm, hex, mac};
use crate::error::{Error, ErrorKind, Result};

/// The order of P-256 less 2, the first byte first.
const ORDER_LESS_2: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x4f,
];

/// A key that signs for a set of regions.
#[derive(Clone)]
pub(super) struct EcdsaKey(Arc<EcdsaKeyPair>);

impl EcdsaKey {
    pub(super) fn of(keys: &Credentials) -> Result<EcdsaKey> {
        let scalar = scalar(keys);
        let public = PrivateKey::from_private_key(&ECDH_P256, &*scalar)
            .and_then(|private| Ok(private.compute_public_key()?))
            .map_err(|_| failed())?;
        let signing = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(signing, &*scalar, public.as_ref());
        Ok(EcdsaKey(Arc::new(pair.map_err(|_| failed())?)))
    }

    /// The signature of a text in hexadecimal.
    pub(super) fn sign(&self, text: &str) -> Result<String> {
        let made = self.0.sign(&SystemRandom::new(), text.as_bytes()).map_err(|_| failed())?;
        let mut signature = String::with_capacity(144);
        hex(&mut signature, made.as_ref());
        Ok(signature)
    }

    #[cfg(test)]
    pub(super) fn public(&self) -> &[u8] {
        use aws_lc_rs::signature::KeyPair;
        self.0.public_key().as_ref()
    }
}

/// The private number, from 1 to the order less 1.
fn scalar(keys: &Credentials) -> Zeroizing<[u8; 32]> {
    let secret = Zeroizing::new(format!("AWS4A{}", keys.secret_access_key()).into_bytes());
    let mut scalar = Zeroizing::new([0; 32]);
    // One round in 2^32 is repeated.
    for counter in 1..=u8::MAX {
        let mut key = mac(&secret);
        key.update(&1u32.to_be_bytes());
        key.update(SigningAlgorithm::Ecdsa.name().as_bytes());
        key.update(&[0]);
        key.update(keys.access_key_id().as_bytes());
        key.update(&[counter]);
        key.update(&256u32.to_be_bytes());
        scalar.copy_from_slice(&key.finalize().into_bytes());
        if *scalar <= ORDER_LESS_2 {
            break;
        }
    }
    // Adds 1, which never overflows below the order.
    for byte in scalar.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            break;
        }
    }
    scalar
}

fn failed() -> Error {
    Error::new(ErrorKind::Internal, "the request can't be signed for a set of regions; please report it")
}
