//! The parts that an upload sends next: of a file they are read where they are sent, several at a time; of a
//! stream in their order.
//!
//! Invariant: a part has its slot, and after that its permit, before its bytes are read. What is read ahead
//! waits for neither.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;

use super::sending::{AT_ONCE, SendingParts};
use super::{SourceUpload, read};
use crate::error::{Error, ErrorKind, Result};
use crate::observe::inherited;
use crate::runtime::workers;
use crate::s3::PartSlot;
use crate::transfer::budget;
use crate::transfer::gate::Permit;
use crate::transfer::source::PartBody;
use crate::transfer::tasks::joined;

pub(super) struct NextPart {
    pub(super) size: u64,
    /// Its bytes, or the work that reads them.
    pub(super) body: BoxFuture<'static, Result<PartBody>>,
    /// The first waits for none.
    pub(super) slot: Option<PartSlot>,
    /// Parts that were read as one share a permit, for they share their memory.
    pub(super) permit: Option<Arc<Permit>>,
}

impl NextPart {
    fn of(body: PartBody, slot: Option<PartSlot>, permit: Arc<Permit>) -> NextPart {
        let size = body.bytes.len() as u64;
        NextPart { size, body: ready(Ok(body)).boxed(), slot, permit: Some(permit) }
    }
}

impl SourceUpload<'_> {
    /// What was read already, cut into parts, and those that can be read while the upload is created.
    pub(super) async fn read_ahead(&mut self, body: PartBody, permit: Permit) -> Result<VecDeque<NextPart>> {
        let (mut ahead, permit) = (VecDeque::new(), Arc::new(permit));
        let size = self.cut.part_size(self.parts.size, 1);
        let mut bytes = body.bytes.clone();
        while self.before.is_none() && bytes.len() as u64 > size {
            let part = PartBody { bytes: bytes.split_to(size as usize), checksum: None };
            ahead.push_back(NextPart::of(part, None, permit.clone()));
        }
        let rest = if ahead.is_empty() { body } else { PartBody { bytes, checksum: None } };
        ahead.push_back(NextPart::of(rest, None, permit));
        // One after the other, for the server and the request that creates the upload need the machine, too.
        let turn = Arc::new(Mutex::new(()));
        // A journal may know that parts are there, and what goes before comes first.
        while self.resume.is_none()
            && self.before.is_none()
            && !self.parts.are_fed()
            && ahead.len() < AT_ONCE
            && !self.parts.ended().await?
        {
            let size = self.cut.part_size(self.parts.size, ahead.len() as u64 + 1);
            let Some(slot) = self.at.try_slot().await? else { break };
            let Some(permit) = budget::try_acquire_ahead(size)? else { break };
            let Some((size, work)) = self.parts.later(size) else { break };
            let turn = turn.clone();
            let reading = workers().spawn(inherited(async move {
                let _turn = turn.lock().await;
                work.await
            }));
            let body = async move { joined(Some(reading.await)) }.boxed();
            ahead.push_back(NextPart {
                size,
                body,
                slot: Some(slot),
                permit: Some(Arc::new(permit.settled())),
            });
        }
        Ok(ahead)
    }

    /// The part of this number, once there is room for it.
    pub(super) async fn next_part(&mut self, number: u64, sending: &mut SendingParts) -> Result<NextPart> {
        let size = self.cut.part_size(self.parts.size, number);
        if self.parts.are_fed() {
            // Without a slot: the reader of a stream may need one of its own.
            let ahead = sending.permit_ahead(size, &mut self.resume).await?;
            let (body, permit) = read(&mut self.parts, size, ahead, self.mailbox).await?;
            return Ok(NextPart::of(body, None, Arc::new(permit)));
        }
        // The slot before the permit, as in downloads.
        let slot = Some(self.at.slot().await?);
        let permit = Arc::new(budget::acquire(size).await?);
        let (size, body) = self.parts.later(size).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a part of a file was not to be read later; please report it")
        })?;
        Ok(NextPart { size, body, slot, permit: Some(permit) })
    }
}
