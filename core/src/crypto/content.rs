//! The cipher of one object: its key, its nonce, and the commitment to the key.
//!
//! Invariant: a content is made for one object and encrypts nothing else; a commitment is held against the
//! key before the key opens anything. The derivation is that of the Amazon S3 Encryption Client's suite 0x73,
//! ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::gcm::{Gcm, GcmError};
pub(crate) use super::gcm::{MAX_SIZE, SegMac, TAG};
use crate::error::{Error, ErrorKind, Result, fail};

/// A data key, as a keyring wraps and unwraps it.
pub(crate) type DataKey = Zeroizing<[u8; 32]>;

/// What makes a content key of a data key, new for each object.
pub(crate) type MessageId = [u8; 28];

/// Proof that a content is under this key and no other.
pub(crate) type Commitment = [u8; 28];

/// The id of the key-committing algorithm suite, as key derivation and tag use it.
const SUITE: [u8; 2] = [0x00, 0x73];

/// The committing suite's nonce: its keys are new for each object.
const NONCE: [u8; 12] = [1; 12];

/// The cipher of one object. It can be shared by those who work on its segments, and shows nothing of itself.
pub(crate) struct Content(Gcm);

impl Content {
    /// The content of the older format: under the data key itself, with a random nonce, and committed to
    /// nothing.
    pub(crate) fn plain(data_key: &DataKey, nonce: [u8; 12]) -> Result<Content> {
        Gcm::new(data_key, nonce, &[]).map(Content).map_err(broken)
    }

    /// A new content and its commitment, of a data key and of an id that no other object has.
    pub(crate) fn committing(data_key: &DataKey, id: &MessageId) -> Result<(Content, Commitment)> {
        let derived = Derived::of(data_key, id)?;
        Ok((derived.content()?, derived.commitment()?))
    }

    /// The content that this commitment was made for; under another key there is none.
    pub(crate) fn committed(data_key: &DataKey, id: &MessageId, commitment: &Commitment) -> Result<Content> {
        let derived = Derived::of(data_key, id)?;
        if !bool::from(derived.commitment()?.ct_eq(commitment)) {
            fail!(KeyCommitment, "the object's commitment is to another key than its metadata hold");
        }
        derived.content()
    }

    /// Encrypts a segment in place. `offset` is a multiple of 16.
    pub(crate) fn encrypt(&self, offset: u64, bytes: &mut [u8]) -> Result<SegMac> {
        self.0.encrypt(offset, bytes).map_err(broken)
    }

    /// Decrypts a segment in place: nothing of it may be released before the tag of the whole is verified.
    pub(crate) fn decrypt(&self, offset: u64, bytes: &mut [u8]) -> Result<SegMac> {
        self.0.decrypt(offset, bytes).map_err(broken)
    }

    /// What decrypting a segment of ciphertext would prove, wherever it is in the object.
    pub(crate) fn authenticate(&self, bytes: &[u8]) -> Result<SegMac> {
        self.0.authenticate(bytes).map_err(broken)
    }

    /// Decrypts a segment in place that was authenticated before, or for a caller who does without.
    pub(crate) fn cipher(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        self.0.cipher(offset, bytes).map_err(broken)
    }

    /// Neighbours as one segment: the first has a multiple of 16 bytes, unless nothing follows.
    pub(crate) fn join(&self, first: SegMac, next: SegMac) -> Result<SegMac> {
        self.0.join(first, next).map_err(broken)
    }

    /// The tag that follows the ciphertext.
    pub(crate) fn tag(&self, whole: &SegMac) -> [u8; TAG] {
        self.0.tag(whole)
    }

    /// Whether the whole is what was encrypted, in a time that does not depend on where the tags differ.
    #[must_use]
    pub(crate) fn verify(&self, whole: &SegMac, tag: &[u8]) -> bool {
        self.0.verify(whole, tag)
    }
}

fn broken(error: GcmError) -> Error {
    Error::new(ErrorKind::Internal, format!("{error}; please report it"))
}

/// Refuses more bytes than one content may have.
pub(crate) fn fits(size: u64) -> Result<()> {
    if size > MAX_SIZE {
        fail!(
            InvalidInput,
            "the source has more than {MAX_SIZE} bytes, the most that an encrypted object may have"
        );
    }
    Ok(())
}

/// HKDF with SHA-512 of a data key, salted with the message's id.
struct Derived(Zeroizing<[u8; 64]>);

impl Derived {
    fn of(data_key: &DataKey, id: &MessageId) -> Result<Derived> {
        Ok(Derived(mac(id, &[data_key.as_slice()])?))
    }

    fn content(&self) -> Result<Content> {
        let key: DataKey = self.expand(b"DERIVEKEY")?;
        Gcm::new(&key, NONCE, &SUITE).map(Content).map_err(broken)
    }

    fn commitment(&self) -> Result<Commitment> {
        Ok(*self.expand(b"COMMITKEY")?)
    }

    /// The first bytes of the only block that is requested.
    fn expand<const N: usize>(&self, label: &[u8]) -> Result<Zeroizing<[u8; N]>> {
        let block = mac(self.0.as_slice(), &[&SUITE, label, &[1]])?;
        let mut key = Zeroizing::new([0; N]);
        key.copy_from_slice(&block[..N]);
        Ok(key)
    }
}

fn mac(key: &[u8], texts: &[&[u8]]) -> Result<Zeroizing<[u8; 64]>> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key)
        .map_err(|_| Error::new(ErrorKind::Internal, "a key has a length that can't be; please report it"))?;
    texts.iter().for_each(|text| mac.update(text));
    let made = mac.finalize();
    let mut own = Zeroizing::new([0; 64]);
    own.copy_from_slice(made.as_bytes());
    Ok(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        std::array::from_fn(|index| u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap())
    }

    /// The example that the format's document works out.
    #[test]
    fn the_worked_example_comes_out() {
        use sha2::{Digest, Sha256};
        let data_key =
            DataKey::new(bytes("15c7d56951624491af38a5c3af1dc8b5ab7b7737b02ca97a831449e397e94bdc"));
        let id: MessageId = bytes("18ae41ed2a788069caff20f150ae1757372fa275b2e1c2cc7a72ab55");
        let (content, commitment) = Content::committing(&data_key, &id).unwrap();
        assert_eq!(commitment, bytes("90226e4f65850d40ec4af2455f0e30d29ff482088b9e3933c7166010"));
        let mut text =
            Sha256::digest([b"oarlock-pt".as_slice(), &0u64.to_be_bytes()].concat())[..17].to_vec();
        let plain = text.clone();
        let whole = content.encrypt(0, &mut text).unwrap();
        text.extend(content.tag(&whole));
        assert_eq!(text, bytes::<33>("4293d35db3f5ffdf9a0f1050452a9ad6d95fb38435e3117cbce56092d8e4d4eeb7"));
        let content = Content::committed(&data_key, &id, &commitment).unwrap();
        let (mut opened, tag) = (text[..17].to_vec(), &text[17..]);
        let whole = content.decrypt(0, &mut opened).unwrap();
        assert!(content.verify(&whole, tag) && opened == plain);
    }

    #[test]
    fn a_commitment_to_another_key_opens_nothing() {
        let (data_key, id) = (DataKey::new([1; 32]), [2; 28]);
        let (_, commitment) = Content::committing(&data_key, &id).unwrap();
        for bit in 0..224 {
            let (mut other_commitment, mut other_id) = (commitment, id);
            other_commitment[bit / 8] ^= 1 << (bit % 8);
            other_id[bit / 8] ^= 1 << (bit % 8);
            for outcome in [
                Content::committed(&data_key, &id, &other_commitment),
                Content::committed(&data_key, &other_id, &commitment),
            ] {
                assert_eq!(outcome.err().unwrap().kind(), ErrorKind::KeyCommitment);
            }
        }
        assert!(Content::committed(&DataKey::new([3; 32]), &id, &commitment).is_err());
        assert!(Content::committed(&data_key, &id, &commitment).is_ok());
    }

    #[test]
    fn the_largest_size_is_the_format_s() {
        assert_eq!(MAX_SIZE, 68_719_476_704);
        assert!(fits(MAX_SIZE).is_ok());
        assert_eq!(fits(MAX_SIZE + 1).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
