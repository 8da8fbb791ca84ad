//! Data keys that AWS KMS makes, wraps and unwraps.
//!
//! Invariant: requests to KMS name the store's own key, unless the host opts in to any key. A response that
//! names another key is an error. Requests use the store's identity and connections. Every refusal to unwrap
//! is the same error; transport errors are reported as they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::{KeyService, PlainKey};
use crate::credentials::{CredentialSource, Resolved, Service, ServiceFailure, SourcedCredentials};
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
    Arn::of(key_id).map(|arn| arn.region)
}

/// An ARN of KMS's, taken apart.
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id>
struct Arn<'a> {
    partition: &'a str,
    region: &'a str,
    account: &'a str,
    /// `key/ID` or `alias/NAME`.
    resource: &'a str,
}

impl Arn<'_> {
    fn of(text: &str) -> Option<Arn<'_>> {
        let mut fields = text.strip_prefix("arn:")?.splitn(5, ':');
        let (partition, service, region) = (fields.next()?, fields.next()?, fields.next()?);
        let (account, resource) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        (service == "kms" && !region.is_empty()).then_some(Arn { partition, region, account, resource })
    }
}

/// Whether this name in a response of KMS may be the requested id, alias or ARN in this region. KMS names
/// keys by ARN. Only KMS resolves an alias: the key must be in the region and, if that is known, in the
/// account.
fn may_be(asked: &str, named: &str, region: &str, account: Option<&str>) -> bool {
    if named == asked {
        return true;
    }
    let (asked_arn, Some(named_arn)) = (Arn::of(asked), Arn::of(named)) else {
        return Arn::of(asked).is_some_and(|arn| arn.resource.strip_prefix("key/") == Some(named));
    };
    let here = || named_arn.region == region && account.is_none_or(|account| named_arn.account == account);
    match asked_arn {
        Some(arn) => {
            arn.resource.starts_with("alias/")
                && named_arn.resource.starts_with("key/")
                && (arn.partition, arn.region, arn.account)
                    == (named_arn.partition, named_arn.region, named_arn.account)
        }
        None if asked.starts_with("alias/") => named_arn.resource.starts_with("key/") && here(),
        None => named_arn.resource.strip_prefix("key/") == Some(asked) && here(),
    }
}

/// The operation of KMS, as a verb for messages.
#[derive(Clone, Copy, PartialEq)]
enum Task {
    Make,
    Wrap,
    Unwrap,
}

impl Task {
    fn operation(self) -> &'static str {
        match self {
            Task::Make => "GenerateDataKey",
            Task::Wrap => "Encrypt",
            Task::Unwrap => "Decrypt",
        }
    }

    /// The permission that a refusal comes from.
    fn missing(self) -> &'static str {
        match self {
            Task::Make => "; missing permission: kms:GenerateDataKey on the key",
            Task::Wrap => "; missing permission: kms:Encrypt on the key",
            Task::Unwrap => "; missing permission: kms:Decrypt on the key",
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Task::Make => "make a data key",
            Task::Wrap => "wrap a data key",
            Task::Unwrap => "unwrap a data key",
        }
    }
}

/// An answer of KMS's: a data key in plain or wrapped.
struct KmsResponse {
    plain: Option<PlainKey>,
    wrapped: Option<Vec<u8>>,
}

impl Kms {
    pub(crate) fn new(key_id: &str, any_key: bool, resolved: Arc<Resolved>) -> Kms {
        Kms { key_id: key_id.to_owned(), any_key, resolved, service: PerGeneration::new() }
    }

    /// The keys that requests are signed with now.
    async fn keys(identity: &CredentialSource) -> Result<SourcedCredentials> {
        match identity {
            CredentialSource::Anonymous => {
                fail!(Credentials, "the store sends its requests unsigned, and kms answers signed ones only")
            }
            CredentialSource::Fetched(provider) => provider.get().await,
            CredentialSource::Keys(keys) => Ok(keys.clone()),
        }
    }

    async fn ask(&self, task: Task, mut asked: Value) -> Result<KmsResponse> {
        let (completed, identity) = self.resolved.get().await?;
        // Before the request, so that an error in them is reported unchanged.
        let keys = Kms::keys(identity).await?;
        let named = task != Task::Unwrap || !self.any_key;
        if named {
            asked["KeyId"] = self.key_id.as_str().into();
        }
        let open = || Service::open(&completed.settings, "kms", "TrentService", region_of(&self.key_id));
        let service = self.service.get(|| Ok(OnceCell::new()))?.get_or_try_init(open).await?;
        let answer = service.ask(identity, task.operation(), &asked).await;
        let mut answer = answer.map_err(|refusal| self.failed(task, named, refusal))?;
        // Taken first, so that its text is wiped whatever else the response contains.
        let plain = bytes(&mut answer, "Plaintext").map(Zeroizing::new);
        let answered = answer.get("KeyId").and_then(Value::as_str).unwrap_or_default();
        let account = keys.credentials.account_id().map(|account| account.as_str());
        if named && !may_be(&self.key_id, answered, service.region(), account) {
            let answered =
                if answered.is_empty() { "no key".to_owned() } else { format!("the key {answered:?}") };
            // Never `Decrypt`: that another key was at work does not prove that this one would not do.
            fail!(
                Service,
                "KMS should {} with the key {}, but its response names {answered}; the response is not used",
                task.verb(),
                self.key_id
            );
        }
        Ok(KmsResponse { plain, wrapped: bytes(&mut answer, "CiphertextBlob") })
    }

    /// The error that a refusal comes to. That a key is in no state to be used is one kind, whichever state
    /// that is.
    /// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html>
    fn failed(&self, task: Task, named: bool, refusal: ServiceFailure) -> Error {
        let (kind, advice) = match refusal.code.as_deref() {
            Some("InvalidCiphertextException" | "IncorrectKeyException") => return refused(),
            Some("AccessDeniedException") => (ErrorKind::PermissionDenied, task.missing()),
            // Not `NotFound`, which a host would take for the object's.
            Some("NotFoundException") => (
                ErrorKind::Config,
                "; there is no such key in this account and region: check `encryption_kms_key_id`",
            ),
            Some("DisabledException") => {
                (ErrorKind::Config, "; the key is disabled: enable it in KMS (EnableKey), or use another key")
            }
            Some("KMSInvalidStateException") => (
                ErrorKind::Config,
                "; the key is in no state to be used: if its deletion is pending, cancel that \
                 (CancelKeyDeletion) and enable it \
                 (EnableKey), or use another key",
            ),
            Some("KeyUnavailableException") => {
                (ErrorKind::Config, "; the key is not available now: try again later")
            }
            Some("InvalidKeyUsageException") => (
                ErrorKind::Config,
                "; data keys are wrapped by a symmetric key whose usage is ENCRYPT_DECRYPT: use another key",
            ),
            Some("InvalidArnException") => (ErrorKind::Config, "; check `encryption_kms_key_id`"),
            Some("UnrecognizedClientException" | "InvalidClientTokenId" | "ExpiredTokenException") => {
                (ErrorKind::Credentials, "")
            }
            _ => (refusal.kind, ""),
        };
        let with =
            if named { format!("the key {}", self.key_id) } else { "the key that wrapped it".to_owned() };
        let error =
            Error::new(kind, format!("KMS did not {} with {with}: {}{advice}", task.verb(), refusal.said));
        let error = error.with_answer(refusal.status, refusal.code.as_deref(), refusal.request_id.as_deref());
        if refusal.passing { error.passing() } else { error }
    }
}

/// The bytes that an answer holds under this name; their text is wiped.
fn bytes(answer: &mut Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    let Some(Value::String(text)) = answer.remove(name) else { return None };
    STANDARD.decode(&*Zeroizing::new(text)).ok()
}

impl KeyService for Kms {
    fn generate<'a>(
        &'a self,
        context: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(PlainKey, Vec<u8>)>> {
        Box::pin(async move {
            let answer =
                self.ask(Task::Make, json!({"KeySpec": "AES_256", "EncryptionContext": context})).await?;
            match (answer.plain, answer.wrapped) {
                (Some(plain), Some(wrapped)) => Ok((plain, wrapped)),
                _ => fail!(Service, "KMS answered without a data key"),
            }
        })
    }

    fn encrypt<'a>(
        &'a self,
        plain: &'a [u8],
        context: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let answer = self
                .ask(Task::Wrap, json!({"Plaintext": STANDARD.encode(plain), "EncryptionContext": context}))
                .await?;
            answer.wrapped.ok_or_else(|| Error::new(ErrorKind::Service, "KMS answered without a wrapped key"))
        })
    }

    fn decrypt<'a>(
        &'a self,
        wrapped: &'a [u8],
        context: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<PlainKey>> {
        Box::pin(async move {
            let asked = json!({"CiphertextBlob": STANDARD.encode(wrapped), "EncryptionContext": context});
            self.ask(Task::Unwrap, asked).await?.plain.ok_or_else(refused)
        })
    }

    fn identity(&self) -> BoxFuture<'_, Result<String>> {
        Box::pin(async move {
            let (_, identity) = self.resolved.get().await?;
            Ok(Kms::keys(identity).await?.credentials.access_key_id().to_owned())
        })
    }
}

#[cfg(test)]
mod tests;
