//! Client-side encryption of objects: ciphers, envelopes and keys.
//!
//! Invariant: one key encrypts one content. No message, log or inspect shows a key, and a key is wiped after
//! use. `gcm`, a package of its own, is the cipher, without S3 and metadata; `content` is the cipher of one
//! object. `envelope` is an object's metadata about its encryption, `keyring` unwraps its key, `policy`
//! decides what may be read; `encryption` combines them for one store.

mod cbc;
pub(crate) mod content;
mod encryption;
mod envelope;
#[cfg(test)]
mod junk_tests;
mod keyring;
#[cfg(test)]
mod laws_tests;
mod policy;
#[cfg(test)]
mod tests;
mod text;
#[cfg(test)]
mod threats_tests;

use oarlock_gcm as gcm;

pub(crate) use encryption::{Encryption, Opened};
pub(crate) use envelope::{LARGEST, SUFFIX, hides_size, is_cbc, is_elsewhere, of as envelope_of, without};

use crate::error::{Error, ErrorKind, Result};

/// A cipher for bytes that wait on this machine, under a random key that nothing keeps.
pub(crate) fn spool_content() -> Result<content::Content> {
    content::Content::plain(&zeroize::Zeroizing::new(keyring::random()?), keyring::random()?)
}

/// The one error for every failure that could give an attacker information about a key.
pub(crate) fn refused() -> Error {
    Error::new(
        ErrorKind::Decrypt,
        "the object can't be decrypted: the key is not its own, or its bytes are not those that were \
         encrypted",
    )
}
