//! What holds of a message in segments, against another implementation of GCM: the tests hold it against
//! messages made up by rule, the fuzzer of `fuzz/` against what it breeds.
//!
//! Invariant: every engine of this build makes the oracle's bytes and tag, wherever a message is cut and in
//! whatever order. Panics where not.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};

use super::{Engine, Message, SegMac};

/// A message, where it is cut, and in which order its segments come.
#[derive(Clone, Debug)]
pub struct Case {
    /// The key.
    pub key: [u8; 32],
    /// The nonce.
    pub iv: [u8; 12],
    /// The additional data.
    pub aad: Vec<u8>,
    /// The plaintext.
    pub text: Vec<u8>,
    /// Offsets of cuts; each counts as the block boundary before it, and from the front again if it is past
    /// the end.
    pub cuts: Vec<u32>,
    /// Any number, for any order.
    pub order: u64,
}

/// Ciphertext and tag of the whole message, by the oracle.
pub(crate) fn oracle(key: &[u8; 32], iv: &[u8; 12], aad: &[u8], text: &[u8]) -> (Vec<u8>, [u8; 16]) {
    let mut sealed = Aes256Gcm::new(key.into()).encrypt(iv.into(), Payload { msg: text, aad }).unwrap();
    let tag = sealed.split_off(text.len());
    (sealed, tag.try_into().unwrap())
}

impl Case {
    /// Holds it against every engine.
    pub fn hold(&self) {
        self.held_by::<super::portable::RustCrypto>();
        #[cfg(feature = "aws-lc")]
        self.held_by::<super::fast::AwsLc>();
    }

    /// First and last offsets of the segments, in their order.
    fn segments(&self) -> Vec<(usize, usize)> {
        let size = self.text.len();
        let mut ends: Vec<usize> =
            self.cuts.iter().map(|cut| *cut as usize % (size + 1) / 16 * 16).chain([size]).collect();
        ends.sort();
        let mut first = 0;
        ends.into_iter().map(|end| (std::mem::replace(&mut first, end), end)).collect()
    }

    fn held_by<E: Engine>(&self) {
        let (sealed, tag) = oracle(&self.key, &self.iv, &self.aad, &self.text);
        let message = Message::<E>::new(&self.key, self.iv, &self.aad).unwrap();
        let mut segments: Vec<_> = self.segments().into_iter().enumerate().collect();
        segments.sort_by_key(|(index, _)| {
            (*index as u64).wrapping_add(self.order).wrapping_mul(0x5851_f42d_4c95_7f2d ^ self.order)
        });
        let (mut ours, mut opened, mut streamed) = (self.text.clone(), sealed.clone(), sealed.clone());
        let (mut macs, mut of_decrypt, mut of_authenticate) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (first, end)) in segments {
            let at = first as u64;
            macs.push((index, message.encrypt(at, &mut ours[first..end]).unwrap()));
            of_decrypt.push((index, message.decrypt(at, &mut opened[first..end]).unwrap()));
            of_authenticate.push((index, message.authenticate(&sealed[first..end]).unwrap()));
            message.cipher(at, &mut streamed[first..end]).unwrap();
        }
        assert!(ours == sealed && opened == self.text && streamed == self.text);
        for mut macs in [macs, of_decrypt, of_authenticate] {
            macs.sort_by_key(|(index, _)| *index);
            // From the front or from the back: joining is associative.
            let macs = macs.into_iter().map(|(_, mac)| mac);
            let whole = if self.order.is_multiple_of(2) {
                macs.fold(SegMac::empty(), |whole, next| message.join(whole, next).unwrap())
            } else {
                macs.rev().fold(SegMac::empty(), |whole, before| message.join(before, whole).unwrap())
            };
            assert_eq!(whole.bytes(), self.text.len() as u64);
            assert_eq!(message.tag(&whole), tag);
            assert!(message.verify(&whole, &tag));
        }
    }
}
