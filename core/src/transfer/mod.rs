//! Moving bytes between a bucket and a source or sink: get, put and copy, whole, in parts or in ranges.
//!
//! Invariants: the right bytes or a typed error, never a part of an object under its name, never an orphan
//! upload; one budget a process bounds the memory in flight. Must not depend on encryption: a store that
//! encrypts brings a `transform`.

mod budget;
mod concurrency;
mod copy;
mod download;
mod gate;
mod idle;
mod pace;
mod part_buffer;
mod plan;
mod resume;
mod source;
mod spans;
mod tasks;
mod transform;
mod upload;
mod verify;

use crate::error::{Result, fail};
use crate::options::Context;

pub(crate) use concurrency::limit_name;
pub(crate) use copy::{ServerCopy, copy, copy_source, replaces};
pub(crate) use download::{
    Download, DownloadTarget, ObjectHandle, RangeReader, call_slot, get, get_ranges, send,
};
pub(crate) use source::{AT_ONCE, PartBody, SourceParts};
pub(crate) use spans::Span;
pub(crate) use tasks::joined;
pub(crate) use transform::{DownloadTransform, PartFrame, PartTransform, SegmentTransform, UploadTransform};
pub(crate) use upload::{SourceUpload, put};

/// Refuses an encryption context where nothing is encrypted.
fn refuse_context(context: Option<&Context>) -> Result<()> {
    if context.is_some() {
        fail!(
            InvalidInput,
            "option `encryption_context` is for a store that encrypts, and this one does not"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_refused_where_nothing_is_encrypted() {
        refuse_context(None).unwrap();
        assert!(refuse_context(Some(&Context::default())).is_err());
    }
}
