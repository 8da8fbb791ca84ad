//! Where the bytes of a download go, opened before the first request.
//!
//! Invariant: a destination that can't be written fails before any request; a pipe waits for its reader
//! without blocking a thread.

use std::path::Path;
use std::time::Duration;

use super::destination::{Destination, DestinationKind};
use super::draft::{Draft, Naming};
use super::special::SpecialFile;
use super::{Sink, about, owned};
use crate::error::Result;

/// How often a pipe that nobody reads is tried again: the system has no event for a reader that comes.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) enum Output {
    Memory,
    /// The caller, through the call's mailbox.
    Stream,
    File(Draft),
    Special(SpecialFile),
}

impl Output {
    pub(crate) async fn open(into: &Sink, naming: Naming) -> Result<Output> {
        let path = match into {
            Sink::Memory => return Ok(Output::Memory),
            Sink::Stream => return Ok(Output::Stream),
            Sink::File(path) => path,
        };
        loop {
            let at = path.clone();
            let opened = owned(move || Ok(open(&at, naming))).await.map_err(|error| about(&error, path))?;
            match opened? {
                OpenedOutput::Draft(draft) => return Ok(Output::File(draft)),
                OpenedOutput::Special(file) => return SpecialFile::new(file, path).map(Output::Special),
                OpenedOutput::Unread => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Whether it takes the bytes in their order only, and as slowly as its reader does.
    pub(crate) fn is_ordered(&self) -> bool {
        matches!(self, Output::Stream | Output::Special(_))
    }
}

enum OpenedOutput {
    Draft(Draft),
    Special(std::fs::File),
    /// A pipe that nobody reads.
    Unread,
}

fn open(path: &Path, naming: Naming) -> Result<OpenedOutput> {
    let destination = Destination::find(path)?;
    if let DestinationKind::New | DestinationKind::File(_) = destination.kind {
        let shown = destination.path.clone();
        return Draft::create(destination, naming)
            .map(OpenedOutput::Draft)
            .map_err(|error| about(&error, &shown));
    }
    let opened = SpecialFile::open(&destination).map_err(|error| about(&error, path))?;
    Ok(opened.map_or(OpenedOutput::Unread, OpenedOutput::Special))
}
