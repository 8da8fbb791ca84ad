//! The encryption of one upload: each part by itself, in any order, and the tag behind the last.
//!
//! Invariants: one content encrypts one source once. A part is encrypted where it lies in memory, unless that
//! memory is the caller's, in the same pass as it is summed; a retry sends the ciphertext that was kept. The
//! last part waits for the authentication of the others, which the tag is made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::condition::check_condition;
use super::instruction::{beside, guard, store};
use super::object::fits_beside;
use crate::checksum::{Algorithm, Running};
use crate::crypto::content::{Content, SegMac, TAG, fits};
use crate::crypto::{Encryption, Opened, without};
use crate::error::{Result, fail};
use crate::io::{Source, blocking};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::s3::{S3, check_metadata};
use crate::transfer::{
    AT_ONCE, PartBody, PartFrame, PartTransform, SourceParts, SourceUpload, UploadTransform,
};

/// Bytes that are encrypted and summed at one go: they stay in the processor's cache between the two.
const STEP: usize = 256 << 10;

/// Encrypted parts have whole blocks, and the last one has the tag behind it.
pub(super) const FRAME: PartFrame = PartFrame { block: 16, trailer: TAG as u64, check_size: fits };

/// What encrypts the parts of one upload.
pub(super) struct Encryptor {
    content: Arc<Content>,
    instruction: Option<InstructionFile>,
    /// Bytes of the source that have their place.
    reached: u64,
    parts: u64,
    /// For the parts before the last, until the last has its place.
    sender: Option<UnboundedSender<PartMac>>,
    receiver: Option<UnboundedReceiver<PartMac>>,
}

/// The instruction file that is stored before its object.
struct InstructionFile {
    at: S3,
    mailbox: Arc<Mailbox>,
    key: Arc<Key>,
    text: Bytes,
}

/// What a journal keeps of an encrypted upload, and what its object's metadata will hold: all but the key.
struct UploadEnvelope {
    metadata: BTreeMap<String, String>,
    instruction: Option<String>,
}

/// A part's number and its authentication.
type PartMac = (u64, SegMac);

/// A part's place in the content.
struct EncryptedPart {
    content: Arc<Content>,
    number: u64,
    offset: u64,
    role: PartRole,
}

enum PartRole {
    Inner(UnboundedSender<PartMac>),
    Last(UnboundedReceiver<PartMac>),
}

impl Encryptor {
    /// Starts the encryption of an upload and adds the envelope to its metadata. Goes on with the content
    /// that the journal holds, if it still opens and was this source's, else with a new one.
    pub(super) async fn start(
        encryption: &Encryption,
        upload: &mut SourceUpload<'_>,
        source: Source,
    ) -> Result<Encryptor> {
        let (at, mailbox, key) = (upload.at, upload.mailbox, upload.key.clone());
        let (options, size) = (&mut upload.options, upload.parts.size);
        let mut metadata = options.metadata.take().unwrap_or_default();
        if without(&metadata).len() < metadata.len() {
            fail!(InvalidInput, "option `metadata` has a name that encryption needs for itself");
        }
        check_metadata(&metadata)?;
        // Everything that can be refused is, before the request to KMS.
        let context = options.encryption_context.as_ref();
        fits_beside(&metadata, &encryption.least_metadata(context, size)?)?;
        if encryption.asks_kms() {
            check_condition(at, mailbox, &key, options).await?;
        }
        let (content, envelope) = match resumed(encryption, upload, source).await? {
            Some(resumed) => resumed,
            None => {
                let context = upload.options.encryption_context.as_ref();
                let new = encryption.seal(context, size).await?;
                let instruction = new.instruction.map(|text| String::from_utf8_lossy(&text).into_owned());
                let envelope = UploadEnvelope { metadata: new.metadata, instruction };
                if let Some(state) = &mut upload.resume {
                    state.abandon(at, &key).await;
                    state.keep_envelope(json!([envelope.metadata, envelope.instruction]));
                }
                (new.content, envelope)
            }
        };
        fits_beside(&metadata, &envelope.metadata)?;
        metadata.extend(envelope.metadata);
        upload.options.metadata = Some(metadata);
        let instruction = envelope.instruction.map(|text| InstructionFile {
            at: at.clone(),
            mailbox: mailbox.clone(),
            key,
            text: text.into(),
        });
        Ok(Encryptor { instruction, ..Encryptor::of(content) })
    }

    fn of(content: Content) -> Encryptor {
        let (sender, receiver) = unbounded_channel();
        Encryptor {
            content: Arc::new(content),
            instruction: None,
            reached: 0,
            parts: 0,
            sender: Some(sender),
            receiver: Some(receiver),
        }
    }

    /// The place of the next part; more bytes than a content may have are refused before they are encrypted.
    fn next_part(&mut self, bytes: u64, is_last: bool) -> Result<EncryptedPart> {
        let offset = self.reached;
        self.reached += bytes;
        self.parts += 1;
        fits(self.reached)?;
        let role = match (is_last, &self.sender) {
            (true, _) => {
                self.sender = None;
                self.receiver.take().map(PartRole::Last)
            }
            (false, Some(sender)) => Some(PartRole::Inner(sender.clone())),
            (false, None) => None,
        };
        match role {
            Some(role) if is_last || bytes.is_multiple_of(FRAME.block) => {
                Ok(EncryptedPart { content: self.content.clone(), number: self.parts, offset, role })
            }
            _ => fail!(Internal, "a part of {bytes} bytes has no place at {offset}; please report it"),
        }
    }
}

impl UploadTransform for Encryptor {
    fn part(&mut self, bytes: u64, is_last: bool) -> Result<Box<dyn PartTransform>> {
        Ok(Box::new(self.next_part(bytes, is_last)?))
    }

    fn before_object(&self) -> BoxFuture<'_, Result<Option<u64>>> {
        Box::pin(async {
            let Some(InstructionFile { at, mailbox, key, text }) = &self.instruction else { return Ok(None) };
            let guard = guard(at, mailbox, key).await?;
            store(at, &beside(key), text.clone()).await?;
            Ok(Some(guard))
        })
    }
}

impl PartTransform for EncryptedPart {
    fn transform(
        self: Box<Self>,
        bytes: Bytes,
        algorithm: Option<Algorithm>,
    ) -> BoxFuture<'static, Result<PartBody>> {
        Box::pin(self.encrypt(bytes, algorithm))
    }
}

impl EncryptedPart {
    /// The part's ciphertext and its sum; the last is followed by the tag of the whole, as soon as all others
    /// are encrypted.
    async fn encrypt(self, bytes: Bytes, algorithm: Option<Algorithm>) -> Result<PartBody> {
        let EncryptedPart { content, number, offset, role } = self;
        let (body, mac) = match bytes.len() {
            ..=AT_ONCE => encrypt(&content, offset, bytes, algorithm)?,
            _ => {
                let content = content.clone();
                blocking(move || Ok(encrypt(&content, offset, bytes, algorithm))).await??
            }
        };
        let mut others = match role {
            PartRole::Inner(sender) => {
                // No receiver is left if the upload has failed already.
                let _ = sender.send((number, mac));
                return Ok(body);
            }
            PartRole::Last(others) => others,
        };
        let mut macs = Vec::new();
        while macs.len() as u64 + 1 < number {
            match others.recv().await {
                Some(mac) => macs.push(mac),
                // A part failed: that one's error ends the upload.
                None => std::future::pending().await,
            }
        }
        macs.sort_by_key(|(number, _)| *number);
        let before =
            macs.into_iter().try_fold(SegMac::empty(), |before, (_, next)| content.join(before, next))?;
        Ok(tagged(body, content.tag(&content.join(before, mac)?)))
    }
}

/// The content of the upload that the journal holds, unless it does not open now or the source is another.
async fn resumed(
    encryption: &Encryption,
    upload: &SourceUpload<'_>,
    source: Source,
) -> Result<Option<(Content, UploadEnvelope)>> {
    let Some(state) = &upload.resume else { return Ok(None) };
    let Some((metadata, instruction)) =
        state.envelope().and_then(|kept| serde_json::from_value(kept.clone()).ok())
    else {
        return Ok(None);
    };
    let envelope = UploadEnvelope { metadata, instruction };
    let file = envelope.instruction.as_ref().map(String::as_bytes);
    let context = upload.options.encryption_context.as_ref();
    let content = match encryption.open(&envelope.metadata, file, context).await {
        Ok(Opened::Gcm(content)) => content,
        // Another time the key may open.
        Err(error) if error.retryable() => return Err(error),
        _ => return Ok(None),
    };
    // A stream can't be read twice: each part is compared with its sum when it comes.
    let is_same = upload.parts.are_fed()
        || state.is_same_source(SourceParts::open(source, None, Some(FRAME)).await?, upload.mailbox).await?;
    Ok(is_same.then_some((*content, envelope)))
}

/// Encrypts and sums, in place where the bytes are nobody else's.
fn encrypt(
    content: &Content,
    offset: u64,
    bytes: Bytes,
    algorithm: Option<Algorithm>,
) -> Result<(PartBody, SegMac)> {
    let mut bytes = bytes.try_into_mut().unwrap_or_else(|shared| {
        let mut own = BytesMut::with_capacity(shared.len() + TAG);
        own.extend_from_slice(&shared);
        own
    });
    let mut sum = algorithm.map(Running::new);
    let mut whole = SegMac::empty();
    for step in bytes.chunks_mut(STEP) {
        let mac = content.encrypt(offset + whole.bytes(), step)?;
        whole = content.join(whole, mac)?;
        if let Some(sum) = &mut sum {
            sum.update(step);
        }
    }
    Ok((PartBody { bytes: bytes.freeze(), checksum: sum.map(|sum| sum.finish()) }, whole))
}

/// The last ciphertext with the tag behind it.
fn tagged(body: PartBody, tag: [u8; TAG]) -> PartBody {
    let mut bytes = body.bytes.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    bytes.extend_from_slice(&tag);
    PartBody { bytes: bytes.freeze(), checksum: body.checksum.map(|sum| sum.then(sum.algorithm.of(&tag))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::content::{DataKey, MAX_SIZE};
    use crate::error::ErrorKind;

    fn content() -> Content {
        Content::committing(&DataKey::new([7; 32]), &[9; 28]).unwrap().0
    }

    fn plain(size: usize) -> Bytes {
        (0..size).map(|at| (at % 251) as u8).collect()
    }

    /// Ciphertext and tag at one go.
    fn at_once(bytes: &[u8]) -> Vec<u8> {
        let (content, mut bytes) = (content(), bytes.to_vec());
        let whole = content.encrypt(0, &mut bytes).unwrap();
        bytes.extend(content.tag(&whole));
        bytes
    }

    #[tokio::test]
    async fn parts_encrypted_in_any_order_make_one_content() {
        for sizes in [vec![0], vec![5], vec![48, 0], vec![16, 32, 7], vec![300 << 10, 300 << 10, 16, 1]] {
            let source = plain(sizes.iter().sum());
            let mut encryptor = Encryptor::of(content());
            let mut at = 0;
            let mut tasks = Vec::new();
            for (index, size) in sizes.iter().enumerate() {
                let part = encryptor.next_part(*size as u64, index + 1 == sizes.len()).unwrap();
                tasks.push(part.encrypt(source.slice(at..at + size), Some(Algorithm::Crc64Nvme)));
                at += size;
            }
            // The last first: it waits for the others.
            tasks.reverse();
            let mut bodies = futures_util::future::try_join_all(tasks).await.unwrap();
            bodies.reverse();
            let encrypted: Vec<u8> = bodies.iter().flat_map(|body| body.bytes.to_vec()).collect();
            assert_eq!(encrypted, at_once(&source), "{sizes:?}");
            let sum = bodies.iter().filter_map(|body| body.checksum).reduce(|sum, next| sum.then(next));
            assert_eq!(sum, Some(Algorithm::Crc64Nvme.of(&encrypted)));
        }
    }

    #[tokio::test]
    async fn the_caller_s_bytes_stay_as_they_are() {
        let source = plain(1000);
        let before = source.to_vec();
        let encrypted = Encryptor::of(content())
            .next_part(1000, true)
            .unwrap()
            .encrypt(source.clone(), None)
            .await
            .unwrap();
        assert_eq!((source.to_vec(), encrypted.bytes.to_vec()), (before.clone(), at_once(&before)));
        // Nobody else's are encrypted where they are, and there is room for the tag.
        let mut own = Vec::with_capacity(1000 + TAG);
        own.extend_from_slice(&source);
        let address = own.as_ptr();
        let encrypted =
            Encryptor::of(content()).next_part(1000, true).unwrap().encrypt(own.into(), None).await.unwrap();
        assert_eq!(encrypted.bytes.as_ptr(), address);
        assert_eq!(encrypted.bytes, at_once(&source));
    }

    #[test]
    fn a_source_without_a_size_ends_at_the_limit() {
        let mut encryptor = Encryptor { reached: MAX_SIZE - 64, ..Encryptor::of(content()) };
        assert!(encryptor.next_part(48, false).is_ok() && encryptor.next_part(16, false).is_ok());
        assert_eq!(encryptor.next_part(1, true).err().unwrap().kind(), ErrorKind::InvalidInput);
        // At the format's own limit: parts of 5 GiB, of which nothing is read here.
        let mut encryptor = Encryptor::of(content());
        for _ in 0..12 {
            encryptor.next_part(5 << 30, false).unwrap();
        }
        assert!(encryptor.next_part((4 << 30) - 32, true).is_ok());
    }

    #[test]
    fn only_the_last_part_may_be_torn_or_end_the_content() {
        let mut encryptor = Encryptor::of(content());
        assert_eq!(encryptor.next_part(15, false).err().unwrap().kind(), ErrorKind::Internal);
        let mut encryptor = Encryptor::of(content());
        assert!(encryptor.next_part(15, true).is_ok());
        assert!(encryptor.next_part(16, true).is_err() && encryptor.next_part(16, false).is_err());
    }
}
