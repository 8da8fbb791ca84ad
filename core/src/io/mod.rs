//! Where bytes come from and where they go.
//!
//! Law: host code is never called from here. A reader or iterator of the host is `Source::Fed`, a stream to it is `Sink::Stream`;
//! both are served through the call's mailbox by the thread that waits.

mod draft;
mod spool;

use std::path::PathBuf;

use bytes::Bytes;

pub(crate) use draft::{Draft, GATHER, Stretch, about, blocking};
pub(crate) use spool::Spool;

/// Bytes to send.
#[derive(Clone, Debug)]
pub enum Source {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file, read by oarlock's own threads.
    File(PathBuf),
    /// Bytes that the caller feeds as `Step::Want` asks for them; the size if it is known.
    Fed(Option<u64>),
}

impl From<Bytes> for Source {
    fn from(bytes: Bytes) -> Self {
        Source::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Self {
        Source::Bytes(bytes.into())
    }
}

impl From<&'static str> for Source {
    fn from(text: &'static str) -> Self {
        Source::Bytes(Bytes::from_static(text.as_bytes()))
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Source::File(path)
    }
}

/// Where bytes go.
#[derive(Clone, Debug, Default)]
pub enum Sink {
    /// Memory: the reply's `body`.
    #[default]
    Memory,
    /// A file: it appears, whole, only after the last byte was written and verified.
    File(PathBuf),
    /// The caller, as `Step::Chunk`s in order.
    Stream,
}

impl From<PathBuf> for Sink {
    fn from(path: PathBuf) -> Self {
        Sink::File(path)
    }
}
