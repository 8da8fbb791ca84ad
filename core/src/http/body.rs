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

use super::connection::HttpConnection;
use super::connector::BoxError;
use super::meter::{Meter, Passage};
use super::no_response::{BrokenResponse, Server};

/// The body of an answer.
pub(crate) struct Watched {
    body: Incoming,
    /// None once the response has been read whole.
    connection: Option<Arc<HttpConnection>>,
    server: Server,
    patience: Duration,
    /// Made at the first wait, wound up again at each later one.
    alarm: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    passage: Option<Passage>,
}

impl Watched {
    pub(super) fn new(
        body: Incoming,
        connection: Option<Arc<HttpConnection>>,
        patience: Duration,
        server: Server,
    ) -> Watched {
        Watched { body, connection, server, patience, alarm: None, waiting: false, passage: None }
    }

    /// The next piece: one that the connection has read, or else it reads on.
    fn poll_body(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        match &self.connection {
            Some(connection) if frame.is_pending() => {
                connection.advance(context);
                Pin::new(&mut self.body).poll_frame(context)
            }
            _ => frame,
        }
    }

    /// Returns the connection to the pool after the last byte. One that is not free then is closed.
    fn look_for_the_end(&mut self, has_ended: bool, context: &mut Context<'_>) {
        let Some(connection) = self.connection.take() else { return };
        if has_ended {
            connection.release(context);
            return;
        }
        self.connection = match self.body.is_end_stream() {
            true => connection.release(context),
            false => Some(connection),
        };
        if let Some(connection) = &self.connection {
            connection.leave_unread();
        }
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
        if let Poll::Ready(frame) = this.poll_body(context) {
            this.waiting = false;
            if let (Some(passage), Some(Ok(frame))) = (&this.passage, &frame) {
                passage.passed(frame.data_ref().map_or(0, Bytes::len));
            }
            let frame = frame.map(|frame| {
                frame.map_err(|error| match &this.connection {
                    Some(connection) if connection.is_given_up() => BrokenResponse::given_up(&this.server),
                    _ => BrokenResponse::at(&this.server, &error),
                })
            });
            this.look_for_the_end(frame.is_none(), context);
            return Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)));
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
