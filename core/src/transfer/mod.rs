//! Moving bytes between a bucket and a source or sink: get, put and copy, whole, in parts or in ranges.
//!
//! Law: the right bytes or a typed error, never a part of an object under its name, never an orphan upload;
//! memory in flight is bounded by one budget a process.

mod budget;
mod check;
mod cipher;
mod copy;
mod decrypt;
mod download;
mod gate;
mod plan;
mod rekey;
mod resume;
mod sealed;
mod sealing;
mod source;
mod spans;
mod tasks;
mod upload;
mod verify;

pub(crate) use check::explain;
pub(crate) use copy::copy;
pub(crate) use download::{get, get_ranges};
pub(crate) use rekey::{rekey, rekey_all};
pub(crate) use sealed::{delete, delete_many, head, list, list_versions, presign};
pub(crate) use upload::put;
