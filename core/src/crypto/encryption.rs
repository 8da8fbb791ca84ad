//! A store's client-side encryption: a keyring, an encryption context, a policy. It creates the cipher and
//! envelope of a new object, and opens those of an existing one.
//!
//! Invariant: the policy is checked before any key is unwrapped. Each object under a reused data key has a
//! derived key of its own. So reuse is only for the committing format, limited in objects and age, and within
//! the process.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::cbc::Cbc;
use super::content::{Content, DataKey};
use super::envelope::{Envelope, Format, SUFFIX, Suite, Wrap, is_elsewhere};
use super::gcm::ENGINE;
use super::keyring::{
    Aes, KeyCache, Keyring, Kms, PlainKey, Rsa, Wrapped, check_context, described, random, region_of,
};
use super::policy::{Policy, Reads};
use super::refused;
use crate::config::{Config, Settings, Sources};
use crate::credentials::Resolved;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::options::Context;
use crate::runtime::PerGeneration;

/// Minimum size of a wrapped data key in bytes: that of the key itself.
const LEAST_WRAPPED: usize = 32;
/// Size limit of a key file in bytes.
const KEY_FILE: u64 = 64 << 10;
/// How long a data key may be used again.
const REUSE_AGE: Duration = Duration::from_secs(300);
/// Bytes that are verified in memory before a stream gets them.
const VERIFY_BUFFER: u64 = 8 << 20;
/// Bytes of temporary files in which objects are kept for their ranges.
const SPOOL_LIMIT: u64 = 16 << 30;

static LAST: AtomicU64 = AtomicU64::new(0);

/// How a store encrypts.
pub(crate) struct Encryption {
    pub(super) keyring: Keyring,
    context: BTreeMap<String, String>,
    reads: Reads,
    /// Whether new envelopes go to instruction files.
    pub(crate) instruction_file: bool,
    /// What ends the names of the instruction files that are read.
    pub(crate) suffix: String,
    /// Whether no instruction file is read.
    metadata_only: bool,
    pub(crate) verify_buffer: u64,
    /// Bytes on disk in which objects are kept for their ranges.
    pub(crate) spool_limit: u64,
    /// Different for each in this process.
    pub(crate) number: u64,
    /// Whether calls for bytes before they are verified fail.
    pub(crate) verified_only: bool,
    reuse: Option<Reuse>,
}

/// A data key that serves several objects.
struct Reuse {
    objects: u64,
    age: Duration,
    kept: PerGeneration<Mutex<Option<ReusableKey>>>,
    /// What was unwrapped for reads.
    read: KeyCache,
}

struct ReusableKey {
    identity: String,
    context: BTreeMap<String, String>,
    key: DataKey,
    wrapped: Wrapped,
    since: Instant,
    used: u64,
}

/// The cipher of a new object, and its envelope.
pub(crate) struct EncryptedContent {
    pub(crate) content: Content,
    /// To be added to the object's own metadata.
    pub(crate) metadata: BTreeMap<String, String>,
    /// The text of the instruction file, to be stored before the object.
    pub(crate) instruction: Option<Bytes>,
}

/// The cipher of an existing object.
pub(crate) enum Opened {
    Gcm(Box<Content>),
    Cbc(Cbc),
}

impl Encryption {
    /// The encryption that the settings name, if any. Reads the key's file, and sends no request.
    pub(crate) fn of(config: &Config, resolved: Arc<Resolved>) -> Result<Option<Encryption>> {
        Encryption::by(&config.settings, &config.sources, resolved)
    }

    /// The same by settings alone, with where they come from.
    pub(crate) fn by(
        settings: &Settings,
        sources: &Sources,
        resolved: Arc<Resolved>,
    ) -> Result<Option<Encryption>> {
        let given = |name: &str| sources.of(name).unwrap_or("setting").to_owned();
        let keyring = match (
            &settings.encryption_kms_key_id,
            &settings.encryption_aes_key,
            &settings.encryption_rsa_key,
        ) {
            (Some(key_id), ..) => {
                if key_id.starts_with("arn:") && region_of(key_id).is_none() {
                    fail!(
                        Config,
                        "setting `encryption_kms_key_id` ({}) takes a KMS key's ARN, not {key_id:?}",
                        given("encryption_kms_key_id")
                    );
                }
                Keyring::Kms(Box::new(Kms::new(
                    key_id,
                    settings.encryption_kms_any_key == Some(true),
                    resolved,
                )))
            }
            (_, Some(key), _) => Keyring::Aes(Aes::new(&key.0.0).ok_or_else(|| {
                Error::new(ErrorKind::Config, "setting `encryption_aes_key` takes 32 bytes")
            })?),
            (.., Some(path)) => {
                let why = |why: String| {
                    Error::new(
                        ErrorKind::Config,
                        format!(
                            "setting `encryption_rsa_key` ({}): the file {path} {why}",
                            given("encryption_rsa_key")
                        ),
                    )
                };
                Keyring::Rsa(
                    key_file(Path::new(path)).and_then(|text| Rsa::read(&text)).map(Box::new).map_err(why)?,
                )
            }
            _ => return Ok(None),
        };
        Encryption::with(keyring, settings).map(Some)
    }

    /// The encryption by a keyring and all the other settings.
    pub(super) fn with(keyring: Keyring, settings: &Settings) -> Result<Encryption> {
        let context = settings.encryption_context.clone().unwrap_or_default().0;
        check_context(&context)
            .map_err(|why| Error::new(ErrorKind::Config, format!("setting `encryption_context` {why}")))?;
        let reads = Reads {
            policy: Policy::named(settings.encryption_policy.as_deref()),
            legacy_wrapping: settings.encryption_legacy_wrapping == Some(true),
            legacy_content: settings.encryption_legacy_content == Some(true),
        };
        let age = settings.encryption_reuse_age.unwrap_or(REUSE_AGE);
        Ok(Encryption {
            keyring,
            context,
            reads,
            instruction_file: settings.encryption_instruction_file == Some(true),
            suffix: settings.encryption_instruction_suffix.clone().unwrap_or_else(|| SUFFIX.to_owned()),
            metadata_only: settings.encryption_metadata_only == Some(true),
            verify_buffer: settings.encryption_verify_buffer.unwrap_or(VERIFY_BUFFER),
            spool_limit: settings.encryption_spool_limit.unwrap_or(SPOOL_LIMIT),
            number: LAST.fetch_add(1, Ordering::Relaxed),
            verified_only: settings.encryption_verified_only == Some(true),
            reuse: settings.encryption_reuse_objects.filter(|objects| *objects > 1).map(|objects| Reuse {
                objects,
                age,
                kept: PerGeneration::new(),
                read: KeyCache::new(objects, age),
            }),
        })
    }

    /// Whether the object's key has to be looked for in an instruction file.
    ///
    /// # Errors
    /// `Decrypt` if it has, and the store takes keys from metadata alone.
    pub(crate) fn looks_beside(&self, metadata: &BTreeMap<String, String>) -> Result<bool> {
        let elsewhere = is_elsewhere(metadata);
        if elsewhere && self.metadata_only {
            fail!(
                Decrypt,
                "the object has no wrapped key in its metadata, and the setting `encryption_metadata_only` \
                 forbids to take one from an instruction file"
            );
        }
        Ok(elsewhere)
    }

    /// The engine, the keyring and the policy, for `explain`.
    pub(crate) fn describe(&self) -> String {
        format!("{}, keys from {}, {}", ENGINE, self.keyring.name(), self.reads.policy.name())
    }

    /// The context of a call: its own, else the store's.
    fn context<'a>(&'a self, own: Option<&'a Context>) -> Result<&'a BTreeMap<String, String>> {
        let Some(own) = own else { return Ok(&self.context) };
        check_context(&own.0).map_err(|why| {
            Error::new(ErrorKind::InvalidInput, format!("option `encryption_context` {why}"))
        })?;
        Ok(&own.0)
    }

    /// The content of a new object, of this size if it is known. Never of two: what is sent again is the
    /// ciphertext.
    pub(crate) async fn seal(
        &self,
        context: Option<&Context>,
        size: Option<u64>,
    ) -> Result<EncryptedContent> {
        let context = self.context(context)?;
        let (content, suite, wrapped) = match self.reads.policy.writes() {
            Format::V3 => {
                let message_id = random::<28>()?;
                let (key, wrapped) = self.data_key(context).await?;
                let (content, commitment) = Content::committing(&key, &message_id)?;
                (content, Suite::Committing { message_id, commitment }, wrapped)
            }
            _ => {
                let suite = Suite::Gcm { iv: random::<12>()? };
                let Suite::Gcm { iv } = suite else { fail!(Internal, "no suite is another") };
                let (key, wrapped) = self.keyring.generate(suite.bound(), context).await?;
                (Content::plain(&exact(key)?, iv)?, suite, wrapped)
            }
        };
        let format = self.reads.policy.writes();
        let envelope = Envelope {
            format,
            suite,
            wrap: wrapped.wrap,
            key: wrapped.key,
            description: wrapped.description,
        };
        let (mut metadata, instruction) = envelope.write(self.instruction_file)?;
        if let (Format::V2, Some(size)) = (format, size) {
            // Some readers of this format take the size from here.
            metadata.insert("x-amz-unencrypted-content-length".to_owned(), size.to_string());
        }
        Ok(EncryptedContent { content, metadata, instruction: instruction.map(Bytes::from) })
    }

    /// Whether a new object costs a request to KMS.
    pub(crate) fn asks_kms(&self) -> bool {
        matches!(self.keyring, Keyring::Kms(_))
    }

    /// What KMS lets this identity do: make a data key, unwrap it, and wrap one. None if KMS is not asked.
    pub(crate) async fn kms_permissions(&self) -> Option<[(&'static str, Option<Result<()>>); 3]> {
        self.asks_kms().then_some(())?;
        let bound = Suite::Gcm { iv: [0; 12] }.bound();
        let made = self.keyring.generate(bound, &self.context).await;
        let unwrapped = match &made {
            Ok((_, wrapped)) => Some(self.keyring.reads(wrapped).await),
            Err(_) => None,
        };
        let plain = zeroize::Zeroizing::new(vec![0; 32]);
        let wrapped = self.keyring.wrap(&plain, bound, &self.context).await;
        Some([
            ("kms:GenerateDataKey", Some(made.map(drop))),
            ("kms:Decrypt", unwrapped),
            ("kms:Encrypt", Some(wrapped.map(drop))),
        ])
    }

    /// The metadata of a new object's envelope with the shortest wrapped key that KMS could answer: what is
    /// too much with that is too much, and need not cost a request. Nothing where KMS is not asked.
    ///
    /// # Errors
    /// As `seal`, for a context that can't be used.
    pub(crate) fn least_metadata(
        &self,
        context: Option<&Context>,
        size: Option<u64>,
    ) -> Result<BTreeMap<String, String>> {
        if !self.asks_kms() {
            return Ok(BTreeMap::new());
        }
        let format = self.reads.policy.writes();
        let suite = match format {
            Format::V3 => Suite::Committing { message_id: [0; 28], commitment: [0; 28] },
            _ => Suite::Gcm { iv: [0; 12] },
        };
        let description = described(suite.bound(), self.context(context)?);
        let envelope =
            Envelope { format, suite, wrap: Wrap::KmsContext, key: vec![0; LEAST_WRAPPED], description };
        let (mut metadata, _) = envelope.write(self.instruction_file)?;
        if let (Format::V2, Some(size)) = (format, size) {
            metadata.insert("x-amz-unencrypted-content-length".to_owned(), size.to_string());
        }
        Ok(metadata)
    }

    /// A data key for the committing format: a new one, or one that may serve another object.
    async fn data_key(&self, context: &BTreeMap<String, String>) -> Result<(DataKey, Wrapped)> {
        let generate = || async {
            let (key, wrapped) = self.keyring.generate(COMMITTING, context).await?;
            Ok::<_, Error>((exact(key)?, wrapped))
        };
        let Some(reuse) = &self.reuse else { return generate().await };
        let identity = self.keyring.identity().await?;
        let mut kept = reuse.kept.get(|| Ok(Mutex::new(None)))?.lock().await;
        let serves = |kept: &&mut ReusableKey| kept.used < reuse.objects && kept.since.elapsed() < reuse.age;
        if let Some(kept) = kept
            .as_mut()
            .filter(|kept| serves(kept) && (&kept.context, &kept.identity) == (context, &identity))
        {
            kept.used += 1;
            return Ok((kept.key.clone(), kept.wrapped.clone()));
        }
        let (key, wrapped) = generate().await?;
        *kept = Some(ReusableKey {
            identity,
            context: context.clone(),
            key: key.clone(),
            wrapped: wrapped.clone(),
            since: Instant::now(),
            used: 1,
        });
        Ok((key, wrapped))
    }

    /// The content of an object by its metadata and, if its key is not there, its instruction file.
    ///
    /// # Errors
    /// `KeyCommitment` where the commitment is missing, wrong or out of its place; `Decrypt` for all else
    /// that is wrong with the object.
    pub(crate) async fn open(
        &self,
        metadata: &BTreeMap<String, String>,
        instruction: Option<&[u8]>,
        context: Option<&Context>,
    ) -> Result<Opened> {
        let context = self.context(context)?;
        let envelope = Envelope::read(metadata, instruction)?;
        self.reads.allow(&envelope)?;
        let kept = self.reuse.as_ref().map(|reuse| &reuse.read);
        let (key, sound) = self.keyring.unwrap(&envelope, context, kept).await?;
        Ok(match envelope.suite {
            Suite::Committing { message_id, commitment } => {
                Opened::Gcm(Box::new(Content::committed(&exact(key)?, &message_id, &commitment)?))
            }
            Suite::Gcm { iv } => Opened::Gcm(Box::new(Content::plain(&exact(key)?, iv)?)),
            Suite::Cbc { iv } => Opened::Cbc(Cbc::new(key, iv, sound)),
        })
    }

    /// Whether this keyring wrapped the object's key, in no old way and under the context that it is given
    /// now.
    pub(crate) async fn wraps(
        &self,
        metadata: &BTreeMap<String, String>,
        instruction: Option<&[u8]>,
    ) -> Result<bool> {
        let envelope = Envelope::read(metadata, instruction)?;
        if envelope.wrap.is_legacy()
            || (envelope.wrap != Wrap::KmsContext && envelope.description != self.context)
        {
            return Ok(false);
        }
        match self.keyring.unwrap(&envelope, &self.context, None).await {
            Ok(_) => Ok(true),
            // What another key wrapped, or this one for another context; who may not try to unwrap may still
            // be the one who wraps.
            Err(error) if matches!(error.kind(), ErrorKind::Decrypt | ErrorKind::PermissionDenied) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// The same object's envelope with its data key wrapped by this keyring instead of the old one: the
    /// content stays as it is.
    pub(crate) async fn rewrap(
        &self,
        old: &Encryption,
        metadata: &BTreeMap<String, String>,
        instruction: Option<&[u8]>,
        enforce: bool,
    ) -> Result<(BTreeMap<String, String>, Option<Bytes>)> {
        let mut envelope = Envelope::read(metadata, instruction)?;
        old.reads.allow(&envelope)?;
        if matches!(envelope.suite, Suite::Cbc { .. }) {
            fail!(
                Unsupported,
                "the object is encrypted in an old way (AES/CBC) that gets no new envelope; read it and put \
                 it again"
            );
        }
        let (key, _) = old.keyring.unwrap(&envelope, &old.context, None).await?;
        if let Suite::Committing { message_id, commitment } = &envelope.suite {
            Content::committed(&exact(key.clone())?, message_id, commitment)?;
        }
        let wrapped = self.keyring.wrap(&key, envelope.suite.bound(), &self.context).await?;
        (envelope.wrap, envelope.key, envelope.description) =
            (wrapped.wrap, wrapped.key, wrapped.description);
        if enforce {
            match old.keyring.unwrap(&envelope, &self.context, None).await {
                Ok(_) => fail!(
                    InvalidInput,
                    "the old key opens the new envelope as well: the two are one and the same key"
                ),
                Err(error) if error.kind() == ErrorKind::Decrypt => {}
                // A refusal proves nothing: others may be let in.
                Err(error) => {
                    let why = format!(
                        "that the old key does not open the new envelope could not be proven: {}",
                        error.message()
                    );
                    return Err(Error::new(error.kind(), why));
                }
            }
        }
        let (metadata, instruction) = envelope.write(instruction.is_some())?;
        Ok((metadata, instruction.map(Bytes::from)))
    }
}

/// The name of the committing suite, as wraps bind it.
const COMMITTING: &str = "115";

/// A key of 32 bytes.
fn exact(key: PlainKey) -> Result<DataKey> {
    let mut own = Zeroizing::new([0; 32]);
    if key.len() != own.len() {
        return Err(refused());
    }
    own.copy_from_slice(&key);
    Ok(own)
}

fn key_file(path: &Path) -> std::result::Result<Zeroizing<Vec<u8>>, String> {
    let mut text = Zeroizing::new(Vec::new());
    let read = fs::File::open(path).and_then(|file| file.take(KEY_FILE).read_to_end(&mut text));
    read.map(|_| text).map_err(|error| format!("can't be read: {error}"))
}
