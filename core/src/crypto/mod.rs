//! Client-side encryption: what an object's bytes are encrypted with, on their way to the bucket and back.
//!
//! Law: one key encrypts one content; no key shows in a message, a log or an inspect, and none stays in
//! memory when it is done with. `gcm`, a package of its own, is the cipher and knows neither S3 nor metadata;
//! `content` is the cipher of one object; `envelope` is what an object says of how it is encrypted, `keyring`
//! unwraps its key, `policy` says what may be read; `encryption` is all of it for one store.

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

pub(crate) use cbc::Cbc;
pub(crate) use encryption::{Encryption, Opened};
pub(crate) use envelope::{LARGEST, SUFFIX, hides_size, is_cbc, is_elsewhere, of as envelope_of, without};

use crate::error::{Error, ErrorKind};

/// The one answer to everything that could tell a stranger about a key.
pub(crate) fn refused() -> Error {
    Error::new(
        ErrorKind::Decrypt,
        "the object can't be decrypted: the key is not its own, or its bytes are not those that were \
         encrypted",
    )
}
