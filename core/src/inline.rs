//! The work of a call on the thread that waits for it: no worker is woken for a small request, and none wakes the caller.
//!
//! Law: the work advances only while somebody waits; if the caller leaves, a worker drives it to its end. What is more than one
//! request at a time, or outlives the call, is spawned on the workers by whoever begins it, never here. Knows no verb.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::mailbox::Mailbox;
use crate::runtime::{BEAT, Driver, Generation};

pub(crate) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Work that is polled where the caller waits.
pub(crate) struct Inline {
    /// None once it is done.
    work: Option<Work>,
    /// None until the work begins.
    driver: Option<Driver>,
    /// Whether it has begun within somebody's task.
    awaited: bool,
    on: &'static Generation,
}

impl Inline {
    pub(crate) fn new(work: Work, on: &'static Generation) -> Inline {
        Inline { work: Some(work), driver: None, awaited: false, on }
    }

    /// Works until the mailbox has something to tell, or a beat of the driver or `limit` is over; false if there is no driver for it.
    pub(crate) fn advance(&mut self, mailbox: &Mailbox, limit: Duration) -> bool {
        if self.driver.is_none() {
            // A thread of somebody's runtime can't drive another.
            self.driver = if Handle::try_current().is_ok() { None } else { self.on.driver() };
        }
        let (Some(driver), work) = (&mut self.driver, &mut self.work) else { return false };
        driver.run(limit, |context| {
            let _ = poll(work, context);
            mailbox.poll_told(context)
        });
        if self.work.is_none() {
            self.driver = None;
        }
        true
    }

    /// Works within the task that awaits, if its runtime is tokio's.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> bool {
        self.awaited |= Handle::try_current().is_ok();
        if self.awaited {
            let _ = poll(&mut self.work, context);
        }
        self.awaited
    }

    /// Leaves the work to the workers.
    pub(crate) fn hand_over(mut self) {
        let (Some(work), driver) = (self.work.take(), self.driver.take()) else { return };
        match driver {
            None => self.on.spawn(work),
            Some(mut driver) => {
                let mut work = Some(work);
                self.on.aside(move || while driver.run(BEAT, |context| poll(&mut work, context)).is_none() {});
            }
        }
    }

    /// Whether the work has begun and is not done.
    pub(crate) fn is_under_way(&self) -> bool {
        self.work.is_some() && (self.driver.is_some() || self.awaited)
    }
}

/// A panic ends the work as its end does: what it leaves tells of it.
fn poll(work: &mut Option<Work>, context: &mut Context<'_>) -> Poll<()> {
    let Some(under_way) = work else { return Poll::Ready(()) };
    if let Ok(Poll::Pending) = catch_unwind(AssertUnwindSafe(|| under_way.as_mut().poll(context))) {
        return Poll::Pending;
    }
    *work = None;
    Poll::Ready(())
}
