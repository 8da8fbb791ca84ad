//! Keyrings: what wraps the data key of each object. KMS, or an AES or RSA key of the host's own.
//!
//! Invariant: a keyring unwraps only keys of its own kind. A wrong key is `Decrypt`, with one text for every
//! reason; only transport errors to KMS are reported as they are.

mod aes;
mod key_cache;
mod kms;
mod rsa;

use std::collections::BTreeMap;

use aws_lc_rs::rand;
use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

pub(super) use aes::Aes;
pub(super) use key_cache::KeyCache;
pub(super) use kms::{Kms, region_of};
pub(super) use rsa::Rsa;

use super::envelope::{Envelope, Suite, Wrap};
use crate::error::{Error, ErrorKind, Result, fail};
use key_cache::Label;

/// A data key as it was unwrapped, of any length that old clients used; wiped when it goes.
pub(super) type PlainKey = Zeroizing<Vec<u8>>;

/// Names of an encryption context that are not the caller's.
const RESERVED: &[&str] = &["aws:x-amz-cek-alg", "kms_cmk_id"];

/// Random bytes.
pub(in crate::crypto) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes)
        .map_err(|_| Error::new(ErrorKind::Internal, "there is no randomness to make keys of"))?;
    Ok(bytes)
}

/// Refuses a context of the caller's that uses names which are not his.
pub(super) fn check_context(context: &BTreeMap<String, String>) -> std::result::Result<(), String> {
    match RESERVED.iter().find(|name| context.contains_key(**name)) {
        Some(name) => Err(format!("can't hold {name:?}, which the format keeps for itself")),
        None => Ok(()),
    }
}

/// A service that keeps the wrapping key to itself.
pub(super) trait KeyService: Send + Sync {
    /// A new data key of 32 bytes, plain and wrapped.
    fn generate<'a>(
        &'a self,
        context: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(PlainKey, Vec<u8>)>>;
    fn encrypt<'a>(
        &'a self,
        plain: &'a [u8],
        context: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<Vec<u8>>>;
    fn decrypt<'a>(
        &'a self,
        wrapped: &'a [u8],
        context: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<PlainKey>>;
    /// The identity that sends requests to it now. Different identities never share a name.
    fn identity(&self) -> BoxFuture<'_, Result<String>>;
    /// Data keys that it has made and unwrapped so far.
    #[cfg(test)]
    fn calls(&self) -> (u64, u64) {
        (0, 0)
    }
}

/// What wraps data keys.
pub(super) enum Keyring {
    Kms(Box<dyn KeyService>),
    Aes(Aes),
    Rsa(Box<Rsa>),
}

/// A wrapped data key, as an envelope holds it.
#[derive(Clone)]
pub(super) struct Wrapped {
    pub(super) wrap: Wrap,
    pub(super) key: Vec<u8>,
    pub(super) description: BTreeMap<String, String>,
}

impl Keyring {
    /// The kind of keys, for `explain`.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Keyring::Kms(_) => "KMS",
            Keyring::Aes(_) => "AES-256",
            Keyring::Rsa(rsa) if rsa.is_private() => "RSA",
            Keyring::Rsa(_) => "RSA (public: writes only)",
        }
    }

    /// The identity that sends requests to KMS now; empty for a key of the host's own.
    pub(super) async fn identity(&self) -> Result<String> {
        if let Keyring::Kms(kms) = self { kms.identity().await } else { Ok(String::new()) }
    }

    /// A new data key, plain and wrapped, bound to the name of a cipher.
    pub(super) async fn generate(
        &self,
        bound: &str,
        context: &BTreeMap<String, String>,
    ) -> Result<(PlainKey, Wrapped)> {
        if let Keyring::Kms(kms) = self {
            let description = described(bound, context);
            let (plain, key) = kms.generate(&description).await?;
            return Ok((sized(plain)?, Wrapped { wrap: Wrap::KmsContext, key, description }));
        }
        let plain = Zeroizing::new(random::<32>()?.to_vec());
        let wrapped = self.wrap(&plain, bound, context).await?;
        Ok((plain, wrapped))
    }

    /// Unwraps a data key of KMS's.
    pub(super) async fn reads(&self, wrapped: &Wrapped) -> Result<()> {
        match self {
            Keyring::Kms(kms) => kms.decrypt(&wrapped.key, &wrapped.description).await.map(drop),
            _ => Ok(()),
        }
    }

    /// Wraps a data key that there is.
    pub(super) async fn wrap(
        &self,
        plain: &PlainKey,
        bound: &str,
        context: &BTreeMap<String, String>,
    ) -> Result<Wrapped> {
        Ok(match self {
            Keyring::Kms(kms) => {
                let description = described(bound, context);
                Wrapped { wrap: Wrap::KmsContext, key: kms.encrypt(plain, &description).await?, description }
            }
            Keyring::Aes(aes) => {
                Wrapped { wrap: Wrap::AesGcm, key: aes.wrap(plain, bound)?, description: context.clone() }
            }
            Keyring::Rsa(rsa) => Wrapped {
                wrap: Wrap::RsaOaepSha1,
                key: rsa.wrap(plain, bound)?,
                description: context.clone(),
            },
        })
    }

    /// The data key of an envelope, and whether it is valid: false is reported only after the content was
    /// tried with it. One that KMS has unwrapped before may be among the `kept`.
    pub(super) async fn unwrap(
        &self,
        envelope: &Envelope,
        context: &BTreeMap<String, String>,
        kept: Option<&KeyCache>,
    ) -> Result<(PlainKey, bool)> {
        let ask = async |kms: &dyn KeyService| {
            let (wrapped, context) = (&envelope.key, &envelope.description);
            match kept {
                Some(kept) => {
                    let label = Label::of(&kms.identity().await?, wrapped, context);
                    kept.get(label, kms.decrypt(wrapped, context)).await
                }
                None => kms.decrypt(wrapped, context).await,
            }
        };
        let (wrapped, bound) = (&envelope.key, envelope.suite.bound());
        let plain = match (self, envelope.wrap) {
            (Keyring::Kms(kms), Wrap::KmsContext) => {
                if described(bound, context) != without_key_id(&envelope.description) {
                    fail!(
                        Decrypt,
                        "the encryption context that the object was stored with is not the one that is given \
                         now"
                    );
                }
                ask(&**kms).await?
            }
            (Keyring::Kms(kms), Wrap::Kms) => {
                if !context.is_empty() {
                    fail!(
                        Decrypt,
                        "an encryption context is given, but the object's key was wrapped without one of the \
                         caller's (`kms`)"
                    );
                }
                ask(&**kms).await?
            }
            (Keyring::Aes(aes), Wrap::AesGcm) => aes.unwrap(wrapped, bound)?,
            (Keyring::Aes(aes), Wrap::Rfc3394) => aes.unwrap_rfc3394(wrapped)?,
            (Keyring::Aes(aes), Wrap::AesEcb) => aes.unwrap_ecb(wrapped)?,
            (Keyring::Rsa(rsa), Wrap::RsaOaepSha1) => rsa.unwrap(wrapped, bound)?,
            (Keyring::Rsa(rsa), Wrap::RsaOaepSha256) => rsa.unwrap_sha256(wrapped)?,
            (Keyring::Rsa(rsa), Wrap::RsaPkcs1) => return rsa.unwrap_pkcs1(wrapped),
            (_, wrap) => fail!(
                Decrypt,
                "the object's key is wrapped with {}, and the store's own key is of another kind ({})",
                wrap.name(),
                self.name()
            ),
        };
        match (&envelope.suite, plain.len()) {
            (_, 32) | (Suite::Cbc { .. }, 16 | 24) => Ok((plain, true)),
            _ => Err(super::refused()),
        }
    }
}

/// The encryption context that KMS is given: the caller's, and the cipher that the key is for.
pub(super) fn described(bound: &str, context: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut description = context.clone();
    description.insert(RESERVED[0].to_owned(), bound.to_owned());
    description
}

fn without_key_id(description: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    description
        .iter()
        .filter(|(name, _)| *name != RESERVED[1])
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn sized(key: PlainKey) -> Result<PlainKey> {
    if key.len() != 32 {
        fail!(Service, "KMS answered a data key of {} bytes, not 32", key.len());
    }
    Ok(key)
}
