//! Where bytes come from and where they go.
//!
//! Invariant: host code is never called from here. A reader or iterator of the host is `Source::Fed`, a
//! stream to it is `Sink::Stream`; both are served through the call's mailbox by the thread that waits.

mod destination;
mod draft;
mod input;
mod kernel;
mod output;
mod special;
mod spool;
mod work;

use std::path::{Path, PathBuf};

use bytes::Bytes;

pub(crate) use destination::Destination;
pub(crate) use draft::{Draft, GATHER, Naming, Stretch};
pub(crate) use input::{Input, InputFile, InputStream};
pub(crate) use kernel::populate;
pub(crate) use output::Output;
pub(crate) use spool::Spool;
pub(crate) use work::{blocking, owned};

use crate::error::{Error, ErrorKind};

/// Bytes to send.
#[derive(Clone, Debug)]
pub enum Source {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file, pipe or device, read to its end.
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
    /// A file: it appears, whole, only after the last byte was written and verified. A pipe or a device is
    /// written to in order.
    File(PathBuf),
    /// The caller, as `Step::Chunk`s in order.
    Stream,
}

impl From<PathBuf> for Sink {
    fn from(path: PathBuf) -> Self {
        Sink::File(path)
    }
}

/// A file error that names the file.
pub(crate) fn about(error: &std::io::Error, path: &Path) -> Error {
    let plain = Error::from(std::io::Error::from(error.kind()));
    let kind = if plain.kind() == ErrorKind::NotFound { ErrorKind::Io } else { plain.kind() };
    Error::new(kind, format!("cannot use {}: {error}", path.display()))
}
