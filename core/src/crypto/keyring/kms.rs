//! Data keys that AWS KMS makes, wraps and unwraps.
//!
//! Law: KMS is asked for the store's own key by name, never to find out which key it was, unless the host opts in. It is reached as the
//! store's identity, over the store's own connections; a refusal to unwrap is one and the same error, trouble on the way is told.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::{KeyService, PlainKey};
use crate::credentials::{Identity, Resolved, complaint, configured};
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
    client: PerGeneration<OnceCell<Client>>,
}

/// The region that an ARN names.
pub(crate) fn region_of(key_id: &str) -> Option<&str> {
    let mut fields = key_id.strip_prefix("arn:")?.split(':');
    (fields.nth(1) == Some("kms")).then(|| fields.next()).flatten().filter(|region| !region.is_empty())
}

impl Kms {
    pub(crate) fn new(key_id: &str, any_key: bool, resolved: Arc<Resolved>) -> Kms {
        Kms { key_id: key_id.to_owned(), any_key, resolved, client: PerGeneration::new() }
    }

    async fn client(&self) -> Result<&Client> {
        let (completed, identity) = self.resolved.get().await?;
        if let Identity::Fetched(provider) = identity {
            // Before the request, so that what is wrong with it is told as it is.
            provider.get().await?;
        }
        let open = || async {
            let config = configured(&completed.settings, identity, "kms", region_of(&self.key_id)).await?;
            Ok(Client::new(&config))
        };
        self.client.get(|| Ok(OnceCell::new()))?.get_or_try_init(open).await
    }

    fn failed<E, R>(&self, doing: &str, error: &SdkError<E, R>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        let code = match error {
            SdkError::ServiceError(context) => context.err().code(),
            _ => None,
        };
        let kind = match (code, error) {
            (Some("InvalidCiphertextException" | "IncorrectKeyException"), _) => return refused(),
            (Some("AccessDeniedException"), _) => ErrorKind::PermissionDenied,
            (Some("ThrottlingException" | "LimitExceededException"), _) => ErrorKind::Throttled,
            // Not `NotFound`, which a host would take for the object's.
            (Some("NotFoundException" | "DisabledException" | "InvalidKeyUsageException" | "InvalidArnException"), _) => ErrorKind::Config,
            (Some("UnrecognizedClientException" | "InvalidClientTokenId" | "ExpiredTokenException"), _) => ErrorKind::Credentials,
            (_, SdkError::TimeoutError(_)) => ErrorKind::Timeout,
            (_, SdkError::DispatchFailure(_) | SdkError::ResponseError(_)) => ErrorKind::Network,
            _ => ErrorKind::Service,
        };
        Error::new(kind, format!("KMS did not {doing} with the key {}: {}", self.key_id, complaint(error)))
    }
}

fn map(context: &BTreeMap<String, String>) -> Option<HashMap<String, String>> {
    Some(context.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

impl KeyService for Kms {
    fn generate<'a>(&'a self, context: &'a BTreeMap<String, String>) -> BoxFuture<'a, Result<(PlainKey, Vec<u8>)>> {
        Box::pin(async move {
            let asked = self.client().await?.generate_data_key().key_id(&self.key_id).key_spec(DataKeySpec::Aes256);
            let answer = asked.set_encryption_context(map(context)).send().await.map_err(|error| self.failed("make a data key", &error))?;
            match (answer.plaintext, answer.ciphertext_blob) {
                (Some(plain), Some(wrapped)) => Ok((Zeroizing::new(plain.into_inner()), wrapped.into_inner())),
                _ => fail!(Service, "KMS answered without a data key"),
            }
        })
    }

    fn encrypt<'a>(&'a self, plain: &'a [u8], context: &'a BTreeMap<String, String>) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let asked = self.client().await?.encrypt().key_id(&self.key_id).plaintext(Blob::new(plain));
            let answer = asked.set_encryption_context(map(context)).send().await.map_err(|error| self.failed("wrap a data key", &error))?;
            match answer.ciphertext_blob {
                Some(wrapped) => Ok(wrapped.into_inner()),
                None => fail!(Service, "KMS answered without a wrapped key"),
            }
        })
    }

    fn decrypt<'a>(&'a self, wrapped: &'a [u8], context: &'a BTreeMap<String, String>) -> BoxFuture<'a, Result<PlainKey>> {
        Box::pin(async move {
            let key_id = (!self.any_key).then(|| self.key_id.clone());
            let asked = self.client().await?.decrypt().set_key_id(key_id).ciphertext_blob(Blob::new(wrapped));
            let answer =
                asked.set_encryption_context(map(context)).send().await.map_err(|error| self.failed("unwrap a data key", &error))?;
            answer.plaintext.map(|plain| Zeroizing::new(plain.into_inner())).ok_or_else(refused)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::region_of;

    #[test]
    fn an_arn_names_its_region() {
        assert_eq!(region_of("arn:aws:kms:eu-west-1:111122223333:key/1234"), Some("eu-west-1"));
        assert_eq!(region_of("arn:aws-cn:kms:cn-north-1:111122223333:alias/a"), Some("cn-north-1"));
        for other in ["alias/a", "1234", "arn:aws:s3:::bucket", "arn:aws:kms:::alias/a"] {
            assert_eq!(region_of(other), None);
        }
    }
}
