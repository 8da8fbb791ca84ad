//! Data keys that AWS KMS makes, wraps and unwraps.
//!
//! Law: KMS is asked for the store's own key by name, never to find out which key it was, unless the host opts in. It is reached as the
//! store's identity, over the store's own connections; a refusal to unwrap is one and the same error, trouble on the way is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::{KeyService, PlainKey};
use crate::credentials::{Identity, Refusal, Resolved, Service};
use crate::crypto::refused;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::runtime::PerGeneration;

/// A key in KMS.
pub(crate) struct Kms {
    /// Its id, alias or ARN.
    key_id: String,
    /// Whether to read what any other key wrapped, too.
    any_key: bool,
    resolved: Arc<Resolved>,
    service: PerGeneration<OnceCell<Service>>,
}

/// The region that an ARN names.
pub(crate) fn region_of(key_id: &str) -> Option<&str> {
    let mut fields = key_id.strip_prefix("arn:")?.split(':');
    (fields.nth(1) == Some("kms")).then(|| fields.next()).flatten().filter(|region| !region.is_empty())
}

impl Kms {
    pub(crate) fn new(key_id: &str, any_key: bool, resolved: Arc<Resolved>) -> Kms {
        Kms { key_id: key_id.to_owned(), any_key, resolved, service: PerGeneration::new() }
    }

    async fn ask(&self, operation: &str, doing: &str, asked: Value) -> Result<Map<String, Value>> {
        let (completed, identity) = self.resolved.get().await?;
        match identity {
            Identity::Anonymous => fail!(Credentials, "the store sends its requests unsigned, and kms answers signed ones only"),
            // Before the request, so that what is wrong with it is told as it is.
            Identity::Fetched(provider) => drop(provider.get().await?),
            Identity::Keys(_) => {}
        }
        let open = || Service::open(&completed.settings, "kms", "TrentService", region_of(&self.key_id));
        let service = self.service.get(|| Ok(OnceCell::new()))?.get_or_try_init(open).await?;
        service.ask(identity, operation, &asked).await.map_err(|refusal| self.failed(doing, &refusal))
    }

    fn failed(&self, doing: &str, refusal: &Refusal) -> Error {
        let kind = match refusal.code.as_deref() {
            Some("InvalidCiphertextException" | "IncorrectKeyException") => return refused(),
            Some("AccessDeniedException") => ErrorKind::PermissionDenied,
            // Not `NotFound`, which a host would take for the object's.
            Some("NotFoundException" | "DisabledException" | "InvalidKeyUsageException" | "InvalidArnException") => ErrorKind::Config,
            Some("UnrecognizedClientException" | "InvalidClientTokenId" | "ExpiredTokenException") => ErrorKind::Credentials,
            _ => refusal.kind,
        };
        Error::new(kind, format!("KMS did not {doing} with the key {}: {}", self.key_id, refusal.said))
    }
}

/// The bytes that an answer holds under this name; their text is wiped.
fn bytes(answer: &mut Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    let Some(Value::String(text)) = answer.remove(name) else { return None };
    STANDARD.decode(&*Zeroizing::new(text)).ok()
}

impl KeyService for Kms {
    fn generate<'a>(&'a self, context: &'a BTreeMap<String, String>) -> BoxFuture<'a, Result<(PlainKey, Vec<u8>)>> {
        Box::pin(async move {
            let asked = json!({"KeyId": self.key_id, "KeySpec": "AES_256", "EncryptionContext": context});
            let mut answer = self.ask("GenerateDataKey", "make a data key", asked).await?;
            match (bytes(&mut answer, "Plaintext"), bytes(&mut answer, "CiphertextBlob")) {
                (Some(plain), Some(wrapped)) => Ok((Zeroizing::new(plain), wrapped)),
                _ => fail!(Service, "KMS answered without a data key"),
            }
        })
    }

    fn encrypt<'a>(&'a self, plain: &'a [u8], context: &'a BTreeMap<String, String>) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let asked = json!({"KeyId": self.key_id, "Plaintext": STANDARD.encode(plain), "EncryptionContext": context});
            let mut answer = self.ask("Encrypt", "wrap a data key", asked).await?;
            match bytes(&mut answer, "CiphertextBlob") {
                Some(wrapped) => Ok(wrapped),
                None => fail!(Service, "KMS answered without a wrapped key"),
            }
        })
    }

    fn decrypt<'a>(&'a self, wrapped: &'a [u8], context: &'a BTreeMap<String, String>) -> BoxFuture<'a, Result<PlainKey>> {
        Box::pin(async move {
            let mut asked = json!({"CiphertextBlob": STANDARD.encode(wrapped), "EncryptionContext": context});
            if !self.any_key {
                asked["KeyId"] = self.key_id.as_str().into();
            }
            let mut answer = self.ask("Decrypt", "unwrap a data key", asked).await?;
            bytes(&mut answer, "Plaintext").map(Zeroizing::new).ok_or_else(refused)
        })
    }
}

#[cfg(test)]
mod tests;
