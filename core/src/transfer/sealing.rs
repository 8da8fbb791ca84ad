//! The encryption of one upload: each part on its own, in any order, and the tag behind the last.
//!
//! Law: one content encrypts one source once. A part is encrypted where it lies in memory, unless that is the
//! caller's, in the same pass as it is summed; what is sent again is the ciphertext that was kept. The last
//! part waits for what the others tell of the tag.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::resume::UploadState;
use super::sealed::{beside, guard, store};
use super::source::{AT_ONCE, PartBody, SourceParts};
use crate::checksum::{Algorithm, Running};
use crate::crypto::content::{Content, SegMac, TAG, fits};
use crate::crypto::{Encryption, Opened, without};
use crate::error::{ErrorKind, Result, fail};
use crate::io::{Source, blocking};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::options::{Context, Head, Put};
use crate::s3::{METADATA, S3, bare, check_metadata, head, metadata_bytes};

/// Bytes that are encrypted and summed at one go: they stay in the processor's cache between the two.
const STEP: usize = 256 << 10;

/// What encrypts the parts of one upload.
pub(crate) struct Sealing {
    content: Arc<Content>,
    instruction: Option<Bytes>,
    /// Bytes of the source that have their place.
    reached: u64,
    parts: u64,
    tell: Option<UnboundedSender<Sealed>>,
    told: Option<UnboundedReceiver<Sealed>>,
}

/// What a journal keeps of an encrypted upload, and what its object will say: all but the key.
struct Envelope {
    metadata: BTreeMap<String, String>,
    instruction: Option<String>,
}

/// Refuses a context where nothing is encrypted.
pub(crate) fn plain(context: Option<&Context>) -> Result<()> {
    if context.is_some() {
        fail!(
            InvalidInput,
            "option `encryption_context` is for a store that encrypts, and this one does not"
        );
    }
    Ok(())
}

/// Refuses user metadata that S3 does not hold together with the object's envelope.
pub(crate) fn fits_beside(own: &BTreeMap<String, String>, envelope: &BTreeMap<String, String>) -> Result<()> {
    let (own, envelope) = (metadata_bytes(own), metadata_bytes(envelope));
    if own + envelope > METADATA {
        fail!(
            InvalidInput,
            "the metadata ({own} bytes) and the encryption's envelope ({envelope} bytes or more) exceed the \
             {METADATA} bytes that S3 allows \
             together; use the setting `encryption_instruction_file`, shorter metadata or a shorter \
             encryption context"
        );
    }
    Ok(())
}

/// Refuses a put whose condition does not hold now. The server decides for good, of races and of what a look
/// can't tell: whoever may write an object need not be allowed to read it.
async fn holds(at: &S3, mailbox: &Mailbox, key: &Key, options: &Put) -> Result<()> {
    if options.if_match.is_none() && options.if_none_match.is_none() {
        return Ok(());
    }
    let look = Head {
        if_match: options.if_match.clone(),
        sse_customer_key: options.sse_customer_key.clone(),
        ..Head::default()
    };
    match (head(at, mailbox, key.clone(), look).await, options.if_none_match.as_deref()) {
        (Ok(meta), Some(not)) if not == "*" || bare(Some(not)) == meta.etag => {
            fail!(Precondition, "the object is there already, and `if_none_match` demands that it is not")
        }
        (Ok(_), _) => Ok(()),
        (Err(error), _)
            if options.if_match.is_some()
                && matches!(error.kind(), ErrorKind::Precondition | ErrorKind::NotFound) =>
        {
            Err(error)
        }
        (Err(error), _) if error.status().is_some_and(|status| status < 500) => Ok(()),
        (Err(error), _) => Err(error),
    }
}

/// What a part tells of the tag.
type Sealed = (u64, SegMac);

/// A part's place in the content.
pub(crate) struct Segment {
    content: Arc<Content>,
    number: u64,
    offset: u64,
    role: Role,
}

enum Role {
    Inner(UnboundedSender<Sealed>),
    Last(UnboundedReceiver<Sealed>),
}

impl Sealing {
    /// What encrypts an upload, with the envelope among the options' metadata: the content that the journal
    /// tells of, if it still opens and was this source's, else a new one.
    pub(crate) async fn begin(
        (at, encryption): (&S3, &Encryption),
        mailbox: &Mailbox,
        key: &Key,
        (source, pieces): (&Source, &SourceParts),
        options: &mut Put,
        state: &mut Option<UploadState>,
    ) -> Result<Sealing> {
        let mut metadata = options.metadata.take().unwrap_or_default();
        if without(&metadata).len() < metadata.len() {
            fail!(InvalidInput, "option `metadata` has a name that encryption needs for itself");
        }
        check_metadata(&metadata)?;
        // Whatever can be refused is, before KMS is asked for a key.
        fits_beside(
            &metadata,
            &encryption.least_metadata(options.encryption_context.as_ref(), pieces.size)?,
        )?;
        if encryption.asks_kms() {
            holds(at, mailbox, key, options).await?;
        }
        let again = match state {
            Some(state) => {
                again(encryption, state, (source, pieces), options.encryption_context.as_ref(), mailbox)
                    .await?
            }
            None => None,
        };
        let (content, envelope) = match again {
            Some(again) => again,
            None => {
                let sealed = encryption.seal(options.encryption_context.as_ref(), pieces.size).await?;
                let instruction = sealed.instruction.map(|text| String::from_utf8_lossy(&text).into_owned());
                let envelope = Envelope { metadata: sealed.metadata, instruction };
                if let Some(state) = state {
                    state.renounce(at, key).await;
                    state.seal(json!([envelope.metadata, envelope.instruction]));
                }
                (sealed.content, envelope)
            }
        };
        fits_beside(&metadata, &envelope.metadata)?;
        metadata.extend(envelope.metadata);
        options.metadata = Some(metadata);
        Ok(Sealing { instruction: envelope.instruction.map(Bytes::from), ..Sealing::of(content) })
    }

    fn of(content: Content) -> Sealing {
        let (tell, told) = unbounded_channel();
        Sealing {
            content: Arc::new(content),
            instruction: None,
            reached: 0,
            parts: 0,
            tell: Some(tell),
            told: Some(told),
        }
    }

    /// Stores the instruction file, if there is to be one: before its object, so that no object stands there
    /// without its key. The answer is for the mailbox to keep once the object is there.
    pub(crate) async fn store_instruction(
        &self,
        at: &S3,
        mailbox: &Mailbox,
        key: &Key,
    ) -> Result<Option<u64>> {
        let Some(text) = &self.instruction else { return Ok(None) };
        let guard = guard(at, mailbox, key).await?;
        store(at, &beside(key), text.clone()).await?;
        Ok(Some(guard))
    }

    /// The place of the next part, which has so many bytes; more than a content may have are refused before
    /// they are encrypted.
    pub(crate) fn segment(&mut self, bytes: u64, is_last: bool) -> Result<Segment> {
        let offset = self.reached;
        self.reached += bytes;
        self.parts += 1;
        fits(self.reached)?;
        let role = match (is_last, &self.tell) {
            (true, _) => {
                self.tell = None;
                self.told.take().map(Role::Last)
            }
            (false, Some(tell)) => Some(Role::Inner(tell.clone())),
            (false, None) => None,
        };
        match role {
            Some(role) if is_last || bytes.is_multiple_of(16) => {
                Ok(Segment { content: self.content.clone(), number: self.parts, offset, role })
            }
            _ => fail!(Internal, "a part of {bytes} bytes has no place at {offset}; please report it"),
        }
    }
}

impl Segment {
    /// The part's ciphertext and its sum; the last is followed by the tag of the whole, as soon as all others
    /// are encrypted.
    pub(crate) async fn seal(self, bytes: Bytes, algorithm: Option<Algorithm>) -> Result<PartBody> {
        let Segment { content, number, offset, role } = self;
        let (piece, mac) = match bytes.len() {
            ..=AT_ONCE => encrypt(&content, offset, bytes, algorithm)?,
            _ => {
                let content = content.clone();
                blocking(move || Ok(encrypt(&content, offset, bytes, algorithm))).await??
            }
        };
        let mut others = match role {
            Role::Inner(tell) => {
                // Nobody listens where the upload has failed already.
                let _ = tell.send((number, mac));
                return Ok(piece);
            }
            Role::Last(others) => others,
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
        Ok(tagged(piece, content.tag(&content.join(before, mac)?)))
    }
}

/// The content of the upload that the journal tells of, unless it does not open now or the source is another.
async fn again(
    encryption: &Encryption,
    state: &UploadState,
    (source, pieces): (&Source, &SourceParts),
    context: Option<&Context>,
    mailbox: &Mailbox,
) -> Result<Option<(Content, Envelope)>> {
    let Some((metadata, instruction)) =
        state.envelope().and_then(|kept| serde_json::from_value(kept.clone()).ok())
    else {
        return Ok(None);
    };
    let envelope = Envelope { metadata, instruction };
    let content = match encryption
        .open(&envelope.metadata, envelope.instruction.as_ref().map(String::as_bytes), context)
        .await
    {
        Ok(Opened::Gcm(content)) => content,
        // Another time the key may open.
        Err(error) if error.retryable() => return Err(error),
        _ => return Ok(None),
    };
    // A stream can't be read twice: each part is held against its sum when it comes.
    let is_same = pieces.are_fed()
        || state.is_of(SourceParts::open(source.clone(), None, true).await?, mailbox).await?;
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
fn tagged(piece: PartBody, tag: [u8; TAG]) -> PartBody {
    let mut bytes = piece.bytes.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    bytes.extend_from_slice(&tag);
    PartBody { bytes: bytes.freeze(), checksum: piece.checksum.map(|sum| sum.then(sum.algorithm.of(&tag))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::content::{DataKey, MAX_SIZE};

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
    async fn parts_sealed_in_any_order_make_one_content() {
        for sizes in [vec![0], vec![5], vec![48, 0], vec![16, 32, 7], vec![300 << 10, 300 << 10, 16, 1]] {
            let source = plain(sizes.iter().sum());
            let mut sealing = Sealing::of(content());
            let mut at = 0;
            let mut tasks = Vec::new();
            for (index, size) in sizes.iter().enumerate() {
                let segment = sealing.segment(*size as u64, index + 1 == sizes.len()).unwrap();
                tasks.push(segment.seal(source.slice(at..at + size), Some(Algorithm::Crc64Nvme)));
                at += size;
            }
            // The last first: it waits for the others.
            tasks.reverse();
            let mut pieces = futures_util::future::try_join_all(tasks).await.unwrap();
            pieces.reverse();
            let sealed: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes.to_vec()).collect();
            assert_eq!(sealed, at_once(&source), "{sizes:?}");
            let sum = pieces.iter().filter_map(|piece| piece.checksum).reduce(|sum, next| sum.then(next));
            assert_eq!(sum, Some(Algorithm::Crc64Nvme.of(&sealed)));
        }
    }

    #[tokio::test]
    async fn the_caller_s_bytes_stay_as_they_are() {
        let source = plain(1000);
        let before = source.to_vec();
        let sealed =
            Sealing::of(content()).segment(1000, true).unwrap().seal(source.clone(), None).await.unwrap();
        assert_eq!((source.to_vec(), sealed.bytes.to_vec()), (before.clone(), at_once(&before)));
        // Nobody else's are encrypted where they are, and there is room for the tag.
        let mut own = Vec::with_capacity(1000 + TAG);
        own.extend_from_slice(&source);
        let place = own.as_ptr();
        let sealed =
            Sealing::of(content()).segment(1000, true).unwrap().seal(own.into(), None).await.unwrap();
        assert_eq!(sealed.bytes.as_ptr(), place);
        assert_eq!(sealed.bytes, at_once(&source));
    }

    #[test]
    fn a_source_without_a_size_ends_at_the_limit() {
        let mut sealing = Sealing { reached: MAX_SIZE - 64, ..Sealing::of(content()) };
        assert!(sealing.segment(48, false).is_ok() && sealing.segment(16, false).is_ok());
        assert_eq!(sealing.segment(1, true).err().unwrap().kind(), ErrorKind::InvalidInput);
        // At the format's own limit: parts of 5 GiB, of which nothing is read here.
        let mut sealing = Sealing::of(content());
        for _ in 0..12 {
            sealing.segment(5 << 30, false).unwrap();
        }
        assert!(sealing.segment((4 << 30) - 32, true).is_ok());
    }

    #[test]
    fn only_the_last_part_may_be_torn_or_end_the_content() {
        let mut sealing = Sealing::of(content());
        assert_eq!(sealing.segment(15, false).err().unwrap().kind(), ErrorKind::Internal);
        let mut sealing = Sealing::of(content());
        assert!(sealing.segment(15, true).is_ok());
        assert!(sealing.segment(16, true).is_err() && sealing.segment(16, false).is_err());
    }
}
