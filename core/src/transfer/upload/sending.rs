//! The parts of an upload that are on their way.
//!
//! Invariant: there are as many as help, and the first that fails ends the upload.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::checksum::Checksum;
use crate::error::Result;
use crate::observe::inherited;
use crate::runtime::workers;
use crate::s3::{Part, S3};
use crate::transfer::budget;
use crate::transfer::concurrency::Concurrency;
use crate::transfer::gate::Permit;
use crate::transfer::pace::Pace;
use crate::transfer::resume::UploadState;
use crate::transfer::tasks::joined;

/// Parts that are sent at a time from the beginning.
pub(super) const AT_ONCE: usize = 8;

/// How long a new connection takes what the kernel only keeps for it.
const BUFFERED: Duration = Duration::from_millis(60);

/// A part that is there, and for a journal the checksum of its bytes.
pub(super) type SentPart = (Part, Option<Checksum>);

pub(super) struct SendingParts {
    tasks: JoinSet<Result<SentPart>>,
    pace: Pace,
    /// Bytes that left.
    pub(super) moved: Arc<AtomicU64>,
    pub(super) done: Vec<Part>,
}

impl SendingParts {
    /// Those of an upload to a server whose responses take `latency` to begin.
    pub(super) async fn new(at: &S3, latency: Duration) -> Result<SendingParts> {
        let most = at.concurrency().await? as usize;
        let concurrency = Concurrency::from(AT_ONCE, latency, most).settling(BUFFERED);
        let moved = Arc::default();
        let pace = Pace::new(concurrency, at, Arc::clone(&moved), None);
        Ok(SendingParts { tasks: JoinSet::new(), pace, moved, done: Vec::new() })
    }

    pub(super) fn send(&mut self, work: impl Future<Output = Result<SentPart>> + Send + 'static) {
        self.tasks.spawn_on(inherited(work), &workers());
    }

    /// Takes in the parts that are there, and waits until there is room for another.
    pub(super) async fn room(&mut self, resume: &mut Option<UploadState>) -> Result<()> {
        self.collect(None, resume).await
    }

    /// A permit for a part that the host is still to give. While there is none, parts on their way are waited
    /// for, until none is left.
    pub(super) async fn permit_ahead(
        &mut self,
        bytes: u64,
        resume: &mut Option<UploadState>,
    ) -> Result<Option<Permit>> {
        loop {
            let permit = budget::try_acquire_ahead(bytes)?;
            if permit.is_some() || self.tasks.is_empty() {
                return Ok(permit);
            }
            self.collect(Some(self.tasks.len()), resume).await?;
        }
    }

    /// Waits for all.
    pub(super) async fn all(&mut self, resume: &mut Option<UploadState>) -> Result<()> {
        self.collect(Some(1), resume).await
    }

    /// Takes in parts until there are fewer than so many, or than help.
    async fn collect(&mut self, most: Option<usize>, resume: &mut Option<UploadState>) -> Result<()> {
        let mut sent = Vec::new();
        let mut failed = None;
        while failed.is_none() {
            let next = match self.tasks.try_join_next() {
                Some(next) => Some(next),
                None if self.tasks.len() < most.unwrap_or_else(|| self.pace.streams()) => break,
                None => tokio::select! {
                    next = self.tasks.join_next() => next,
                    () = self.pace.tick() => continue,
                },
            };
            match joined(next) {
                Ok((part, digest)) => {
                    sent.extend(digest.map(|digest| (part.clone(), digest)));
                    self.done.push(part);
                }
                Err(error) => failed = Some(error),
            }
        }
        if let Some(state) = resume {
            state.sent(&sent).await?;
        }
        failed.map_or(Ok(()), Err)
    }
}
