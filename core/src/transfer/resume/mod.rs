//! What a transfer keeps in a journal, so that the same call resumes after a crash.

mod journal;
mod upload;

pub(crate) use journal::Journal;
pub(crate) use upload::{UploadState, digest, is_same};
