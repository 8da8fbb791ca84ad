//! Data keys wrapped with an RSA key of the host's own: OAEP, and two old ways that are only read.
//!
//! Invariant: all pointer work with aws-lc's RSA is in this file. A failed unwrap reports no reason. PKCS #1
//! v1.5 never fails by itself: if the padding is wrong, it returns a key derived from the ciphertext, so that
//! only the content's check fails (no oracle).

use std::ptr;

use aws_lc_rs::hmac;
use aws_lc_sys as lc;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::PlainKey;
use crate::crypto::refused;
use crate::error::{Error, ErrorKind, Result};

/// An RSA key that wraps data keys; without its private half it only wraps. It has no `Debug`, and is wiped
/// when it goes.
pub(crate) struct Rsa {
    key: Pkey,
    /// What made-up keys are derived from; none for a public key.
    secret: Option<hmac::Key>,
}

/// An owned RSA key of aws-lc.
struct Pkey(ptr::NonNull<lc::EVP_PKEY>);

// SAFETY: aws-lc counts references to a key atomically and locks what it caches in it; no function used here
// changes it.
unsafe impl Send for Pkey {}
// SAFETY: as above.
unsafe impl Sync for Pkey {}

impl Drop for Pkey {
    fn drop(&mut self) {
        // SAFETY: the key is ours, and nobody has it after this.
        unsafe { lc::EVP_PKEY_free(self.0.as_ptr()) }
    }
}

/// How a wrap is padded.
#[derive(Clone, Copy)]
enum Padding {
    None,
    /// The label's hash; MGF1 goes with SHA-1 in all formats.
    Oaep(fn() -> *const lc::EVP_MD),
}

fn sha1() -> *const lc::EVP_MD {
    // SAFETY: it takes nothing and returns a static table.
    unsafe { lc::EVP_sha1() }
}

fn sha256() -> *const lc::EVP_MD {
    // SAFETY: it takes nothing and returns a static table.
    unsafe { lc::EVP_sha256() }
}

impl Rsa {
    /// Reads a key from PEM or DER: PKCS #8 or PKCS #1, private or public.
    ///
    /// # Errors
    /// A sentence that goes on after what the key is named by.
    pub(crate) fn read(text: &[u8]) -> std::result::Result<Rsa, String> {
        let der = if text.windows(11).any(|bytes| bytes == b"-----BEGIN ") {
            from_pem(text)?
        } else {
            Zeroizing::new(text.to_vec())
        };
        let parse = |parse: unsafe extern "C" fn(*mut lc::CBS) -> *mut lc::EVP_PKEY| {
            let mut rest = lc::CBS { data: der.as_ptr(), len: der.len() };
            // SAFETY: `rest` spans the DER, which outlives the call; the key that comes back is ours.
            ptr::NonNull::new(unsafe { parse(&mut rest) }).map(Pkey)
        };
        let bare = |parse: unsafe extern "C" fn(*const u8, usize) -> *mut lc::RSA| {
            // SAFETY: pointer and length span the DER, which outlives the call.
            let rsa = ptr::NonNull::new(unsafe { parse(der.as_ptr(), der.len()) })?;
            // SAFETY: it takes nothing.
            let key = ptr::NonNull::new(unsafe { lc::EVP_PKEY_new() }).map(Pkey);
            // SAFETY: both are live and ours; on success the new key owns the RSA one.
            let owned =
                key.filter(|key| unsafe { lc::EVP_PKEY_assign_RSA(key.0.as_ptr(), rsa.as_ptr()) } == 1);
            if owned.is_none() {
                // SAFETY: nobody took it over.
                unsafe { lc::RSA_free(rsa.as_ptr()) }
            }
            owned
        };
        let private = parse(lc::EVP_parse_private_key).or_else(|| bare(lc::RSA_private_key_from_bytes));
        let secret = private.is_some().then(|| hmac::Key::new(hmac::HMAC_SHA256, &der));
        let key = private
            .or_else(|| parse(lc::EVP_parse_public_key))
            .or_else(|| bare(lc::RSA_public_key_from_bytes));
        // SAFETY: it takes nothing and clears this thread's queue of errors, which the vain tries have
        // filled.
        unsafe { lc::ERR_clear_error() };
        let rsa = Rsa { key: key.ok_or("holds no RSA key that can be read")?, secret };
        // SAFETY: the key is live.
        if unsafe { lc::EVP_PKEY_id(rsa.key.0.as_ptr()) } != lc::EVP_PKEY_RSA {
            return Err("holds a key that is not RSA".to_owned());
        }
        if rsa.size() < 256 {
            return Err(format!("holds an RSA key of {} bits; 2048 is the least", rsa.size() * 8));
        }
        Ok(rsa)
    }

    /// Bytes of what it wraps to.
    fn size(&self) -> usize {
        // SAFETY: the key is live.
        usize::try_from(unsafe { lc::EVP_PKEY_size(self.key.0.as_ptr()) }).unwrap_or(0)
    }

    pub(crate) fn is_private(&self) -> bool {
        self.secret.is_some()
    }

    /// The key's length, the key and the name that it is bound to, under OAEP.
    pub(super) fn wrap(&self, key: &PlainKey, bound: &str) -> Result<Vec<u8>> {
        let mut plain = Zeroizing::new(Vec::with_capacity(1 + key.len() + bound.len()));
        plain.push(u8::try_from(key.len()).unwrap_or_default());
        plain.extend_from_slice(key);
        plain.extend_from_slice(bound.as_bytes());
        let wrapped = self.run(Padding::Oaep(sha1), &plain, lc::EVP_PKEY_encrypt_init, lc::EVP_PKEY_encrypt);
        wrapped
            .map(|wrapped| wrapped.to_vec())
            .ok_or_else(|| Error::new(ErrorKind::Internal, "RSA could not wrap a key; please report it"))
    }

    pub(super) fn unwrap(&self, wrapped: &[u8], bound: &str) -> Result<PlainKey> {
        let plain = self.decrypt(Padding::Oaep(sha1), wrapped)?;
        let (length, rest) = plain.split_first().ok_or_else(refused)?;
        let (key, name) = rest.split_at_checked(32).ok_or_else(refused)?;
        let sound = length.ct_eq(&32) & name.ct_eq(bound.as_bytes());
        bool::from(sound).then(|| Zeroizing::new(key.to_vec())).ok_or_else(refused)
    }

    /// The old OAEP: SHA-256 for the label, SHA-1 for MGF1.
    pub(super) fn unwrap_sha256(&self, wrapped: &[u8]) -> Result<PlainKey> {
        self.decrypt(Padding::Oaep(sha256), wrapped)
    }

    /// PKCS #1 v1.5, and whether the padding is valid; report that only together with every other error.
    pub(super) fn unwrap_pkcs1(&self, wrapped: &[u8]) -> Result<(PlainKey, bool)> {
        let secret = self.secret.as_ref().ok_or_else(public)?;
        let made_up = hmac::sign(secret, wrapped);
        let padded = self.decrypt(Padding::None, wrapped)?;
        let mut key = Zeroizing::new(made_up.as_ref().to_vec());
        let (mut sound, mut length) = (Choice::from(0), 32u64);
        for candidate in [16u8, 24, 32] {
            let Some(separator) = padded.len().checked_sub(usize::from(candidate) + 1).filter(|at| *at >= 10)
            else {
                continue;
            };
            let mut fits = padded[0].ct_eq(&0) & padded[1].ct_eq(&2) & padded[separator].ct_eq(&0);
            for byte in &padded[2..separator] {
                fits &= !byte.ct_eq(&0);
            }
            for (own, byte) in key.iter_mut().zip(&padded[separator + 1..]) {
                *own = u8::conditional_select(own, byte, fits);
            }
            length = u64::conditional_select(&length, &u64::from(candidate), fits);
            sound |= fits;
        }
        key.truncate(length as usize);
        Ok((key, sound.into()))
    }

    fn decrypt(&self, padding: Padding, wrapped: &[u8]) -> Result<PlainKey> {
        if !self.is_private() {
            return Err(public());
        }
        if wrapped.len() != self.size() {
            return Err(refused());
        }
        self.run(padding, wrapped, lc::EVP_PKEY_decrypt_init, lc::EVP_PKEY_decrypt).ok_or_else(refused)
    }

    fn run(
        &self,
        padding: Padding,
        from: &[u8],
        init: unsafe extern "C" fn(*mut lc::EVP_PKEY_CTX) -> i32,
        work: unsafe extern "C" fn(*mut lc::EVP_PKEY_CTX, *mut u8, *mut usize, *const u8, usize) -> i32,
    ) -> Option<Zeroizing<Vec<u8>>> {
        struct KeyContext(ptr::NonNull<lc::EVP_PKEY_CTX>);
        impl Drop for KeyContext {
            fn drop(&mut self) {
                // SAFETY: the context is ours, and nobody has it after this.
                unsafe { lc::EVP_PKEY_CTX_free(self.0.as_ptr()) }
            }
        }
        // SAFETY: the key is live, and the context keeps a reference of its own to it.
        let context = KeyContext(ptr::NonNull::new(unsafe {
            lc::EVP_PKEY_CTX_new(self.key.0.as_ptr(), ptr::null_mut())
        })?);
        let at = context.0.as_ptr();
        let mut to = Zeroizing::new(vec![0; self.size()]);
        let mut length = to.len();
        // SAFETY: the context is live and set up in the order that aws-lc requires; the digests are static;
        // the buffers have the given lengths, and an RSA key never writes more than its size.
        let done = unsafe {
            init(at) == 1
                && match padding {
                    Padding::None => lc::EVP_PKEY_CTX_set_rsa_padding(at, lc::RSA_NO_PADDING) == 1,
                    Padding::Oaep(label) => {
                        lc::EVP_PKEY_CTX_set_rsa_padding(at, lc::RSA_PKCS1_OAEP_PADDING) == 1
                            && lc::EVP_PKEY_CTX_set_rsa_oaep_md(at, label()) == 1
                            && lc::EVP_PKEY_CTX_set_rsa_mgf1_md(at, sha1()) == 1
                    }
                }
                && work(at, to.as_mut_ptr(), &mut length, from.as_ptr(), from.len()) == 1
        };
        // SAFETY: it takes nothing; a failure must not be found by whoever uses aws-lc next on this thread.
        unsafe { lc::ERR_clear_error() };
        to.truncate(length);
        done.then_some(to)
    }
}

fn public() -> Error {
    Error::new(
        ErrorKind::Config,
        "the store has the public half of the RSA key only, which writes; reading takes the private one",
    )
}

/// The first section of a PEM text.
fn from_pem(text: &[u8]) -> std::result::Result<Zeroizing<Vec<u8>>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "is no text")?;
    let (_, section) = text.split_once("-----BEGIN ").ok_or("holds no PEM section")?;
    let (label, rest) = section.split_once("-----").ok_or("holds a PEM section that is cut off")?;
    let (body, _) = rest.split_once("-----END ").ok_or("holds a PEM section that is cut off")?;
    if label.contains("ENCRYPTED") || body.contains("ENCRYPTED") {
        return Err("is locked with a password; take the key out of it first".to_owned());
    }
    let packed = Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
    STANDARD
        .decode(packed.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| "holds a PEM section that is no base64".to_owned())
}
