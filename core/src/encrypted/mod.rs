//! The verbs of a store that encrypts: `transfer` moves the bytes, which are encrypted and decrypted on the
//! way.
//!
//! Invariants: a whole object is verified before the host gets a byte of it. Sizes are those of the content,
//! the envelope is not shown, and the instruction file goes with its object. Must not be used for a store
//! that does not encrypt.

mod clear;
mod condition;
mod copy;
mod decryptor;
mod encryptor;
mod get;
mod instruction;
mod kept;
mod object;
mod put;
mod ranges;
mod rekey;
mod whole;

use crate::crypto::Encryption;
use crate::error::{Result, fail};
use crate::s3::S3;

pub(crate) use clear::clear;
pub(crate) use copy::copy;
pub(crate) use get::{get, read_through};
pub(crate) use object::{delete, delete_many, head, list, list_versions, presign};
pub(crate) use put::put;
pub(crate) use ranges::get_ranges;
pub(crate) use rekey::{rekey, rekey_all};

/// The store's encryption.
fn encryption(at: &S3) -> Result<&Encryption> {
    match at.encryption() {
        Some(encryption) => Ok(encryption),
        None => fail!(Internal, "the store's encryption is gone; please report it"),
    }
}
