//! One reader of a fetch: its bytes to the caller, at the caller's pace.
//!
//! Invariant: the last byte, and whatever is to appear whole, waits until the fetch has checked all bytes.
//! The fetch does not notice that this reader left, nor how slow it is unless the disk is full.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::fill::{Fill, FillReader, FillState};
use super::window::WindowReader;
use crate::error::{Error, ErrorKind, Result};
use crate::io::{Naming, Output, Sink};
use crate::keys::Key;
use crate::mailbox::Mailbox;
use crate::reply::{ObjectMeta, ThroughReply};

/// Bytes that a reader is given at a time, and that wait for a host that reads slowly: there may be many
/// readers.
const LOT: u64 = 128 << 10;
const AHEAD: usize = 256 << 10;

/// Why a reader got nothing, or not all.
pub(super) enum Unread {
    /// Nobody named the upstream: this call may.
    Leaderless,
    /// The upstream failed before its first byte.
    Unopened(Error),
    Failed(Error),
}

impl From<Error> for Unread {
    fn from(error: Error) -> Unread {
        Unread::Failed(error)
    }
}

/// A reply, and why the object could not be stored.
type ReaderOutcome = std::result::Result<(ThroughReply, Option<Error>), Unread>;

/// Reads the fetch to its end.
pub(super) async fn read(
    reading: &FillReader,
    mailbox: &Arc<Mailbox>,
    key: &Key,
    into: &Sink,
    waits: bool,
) -> ReaderOutcome {
    let reader = Reader { fill: &reading.fill, place: &reading.place, mailbox, waits };
    tokio::select! {
        outcome = reader.read(key, into) => outcome,
        never = answer(&reading.fill, mailbox) => never,
    }
}

/// Has the thread that waits for this call answer what the store asks the host.
async fn answer<T>(fill: &Fill, mailbox: &Mailbox) -> T {
    let mut questions = fill.question.subscribe();
    loop {
        let question = questions.borrow_and_update().clone();
        let changed = async {
            if questions.changed().await.is_err() {
                std::future::pending().await
            }
        };
        match question {
            Some(question) => tokio::select! {
                () = mailbox.offer(&question) => std::future::pending().await,
                () = changed => {}
            },
            None => changed.await,
        }
    }
}

struct Reader<'a> {
    fill: &'a Fill,
    place: &'a WindowReader,
    mailbox: &'a Arc<Mailbox>,
    /// Whether a stream gets its first byte only after the last was checked.
    waits: bool,
}

impl Reader<'_> {
    async fn read(&self, key: &Key, into: &Sink) -> ReaderOutcome {
        let mut state = self.fill.watch();
        let opened = until(&mut state, |state| state.meta.is_some() || state.end.is_some()).await?;
        let Some(meta) = opened.meta else {
            return Err(match opened.end {
                _ if opened.has_no_leader => Unread::Leaderless,
                Some(Err(error)) => Unread::Unopened(error),
                _ => Unread::Failed(lost()),
            });
        };
        meta.size.into_iter().for_each(|size| self.mailbox.set_total(size));
        let mut output = Output::open(into, Naming::Temporary).await?;
        if self.waits {
            until(&mut state, |state| state.end.is_some()).await?;
        }
        let (mut at, mut body) = (0, BytesMut::new());
        loop {
            // The last byte that is known waits for the checks.
            let readable = |state: &FillState| match state.end {
                Some(Ok(())) => state.written,
                _ => state.written.saturating_sub(1),
            };
            let now = until(&mut state, |state| readable(state) > at || state.end.is_some()).await?;
            if let Some(Err(error)) = now.end {
                // Nothing of the object is left when its reader hears of it.
                until(&mut state, |state| state.kept.is_some()).await?;
                return Err(Unread::Failed(error));
            }
            let length = LOT.min(readable(&now) - at);
            if length == 0 {
                break;
            }
            let bytes = self.place.read(at, length as usize).await?;
            at += bytes.len() as u64;
            self.mailbox.advance(bytes.len() as u64);
            self.deliver(&mut output, &mut body, bytes).await?;
        }
        let is_memory = matches!(output, Output::Memory);
        if let Output::File(draft) = output {
            draft.finish().await?;
        }
        let kept = until(&mut state, |state| state.kept.is_some()).await?.kept;
        let reply = ThroughReply {
            meta: ObjectMeta { size: Some(at), ..meta.shown(key) },
            length: at,
            body: is_memory.then(|| body.freeze()),
            kept: matches!(kept, Some(Ok(true))),
            ..ThroughReply::default()
        };
        Ok((reply, kept.and_then(std::result::Result::err)))
    }

    async fn deliver(&self, output: &mut Output, body: &mut BytesMut, bytes: Bytes) -> Result<()> {
        match output {
            Output::Memory => body.extend_from_slice(&bytes),
            Output::File(draft) => draft.write(bytes).await?,
            Output::Special(file) => file.write(bytes).await?,
            Output::Stream => self.mailbox.send_within(bytes, AHEAD).await,
        }
        Ok(())
    }
}

/// The state once it is as wanted.
async fn until(
    state: &mut tokio::sync::watch::Receiver<FillState>,
    wanted: impl FnMut(&FillState) -> bool,
) -> Result<FillState> {
    state.wait_for(wanted).await.map(|state| state.clone()).map_err(|_| lost())
}

fn lost() -> Error {
    Error::new(ErrorKind::Internal, "a fetch was lost; please report it")
}
