//! The body of an answer, watched: a server that falls silent within it is an error, not a wait without end.
//!
//! Invariant: a body whose reader is slow is not late; only the time that someone waits for a byte counts.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

use super::connector::BoxError;
use super::meter::{Meter, Passage};
use super::no_response::{BrokenResponse, Server};

/// The body of an answer.
pub(crate) struct Watched {
    body: Incoming,
    server: Server,
    patience: Duration,
    /// Made at the first wait, wound up again at each later one.
    alarm: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    passage: Option<Passage>,
}

impl Watched {
    pub(super) fn new(body: Incoming, patience: Duration, server: Server) -> Watched {
        Watched { body, server, patience, alarm: None, waiting: false, passage: None }
    }

    /// The same body, held to a store's bandwidth.
    pub(crate) fn metered(mut self, meter: Option<Arc<Meter>>) -> Watched {
        self.passage = meter.map(Passage::new);
        self
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Some(passage) = &mut this.passage {
            ready!(passage.poll_free(context));
        }
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            this.waiting = false;
            if let (Some(passage), Some(Ok(frame))) = (&this.passage, &frame) {
                passage.passed(frame.data_ref().map_or(0, Bytes::len));
            }
            return Poll::Ready(
                frame.map(|frame| frame.map_err(|error| BrokenResponse::at(&this.server, &error).into())),
            );
        }
        let patience = this.patience;
        let alarm = this.alarm.get_or_insert_with(|| Box::pin(sleep(patience)));
        if !this.waiting {
            this.waiting = true;
            alarm.as_mut().reset(Instant::now() + patience);
        }
        match alarm.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(BrokenResponse::silent(&this.server, patience).into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
