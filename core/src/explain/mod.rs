//! `explain`: why a store acts as it does, one row a fact; as a check, whether objects can be stored, read,
//! listed and deleted.
//!
//! Invariants: a fact that is broken is a row, and the others are reported all the same. An object that a
//! check stored is deleted again, also when the call is cancelled.

mod bucket;
mod directory;
mod identity;
mod reach;
mod store;

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::keys::Key;

pub(crate) use bucket::explain as bucket;
pub(crate) use directory::explain as directory;

/// The content of the object that a check stores.
const BODY: &str = "written by a check of oarlock, which deletes it";

/// The key of the object that a check stores.
fn key() -> Key {
    let random = || RandomState::new().build_hasher().finish();
    Key(format!("oarlock-check-{:016x}{:016x}", random(), random()))
}
