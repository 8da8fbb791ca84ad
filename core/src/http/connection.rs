//! One HTTP/1 connection, driven by the task that uses it: no task of its own, so it can be closed by
//! anybody, also while the runtime that opened it stands still.
//!
//! Invariant: it carries one request at a time, and returns to the pool only when the next one can be sent.

use std::future::poll_fn;
use std::io;
use std::os::fd::RawFd;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use aws_smithy_types::body::SdkBody;
use http::uri::Authority;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use tokio::runtime::Id;

use super::connector::{Conn, Traffic};
use super::pool::{OpenPermit, Pool, Pooled};

/// Bytes that are read at once at most. A piece of a body keeps all of the memory that it was read into, so
/// more would cost streams that read ahead twice what they count.
const MOST_READ: usize = 256 << 10;

/// Where connections lead to that can stand in for each other.
#[derive(Clone, PartialEq)]
pub(super) struct ConnectionTarget {
    /// The client's number: its proxies and certificates.
    pub(super) client: u64,
    /// A connection is driven by the runtime that opened it.
    pub(super) runtime: Id,
    pub(super) is_tls: bool,
    pub(super) authority: Option<Authority>,
}

pub(super) struct HttpConnection {
    target: ConnectionTarget,
    pool: Arc<Pool<HttpConnection>>,
    state: Mutex<ConnectionState>,
    pub(super) traffic: Traffic,
    socket: RawFd,
    /// Whether the proxy at its end forwards requests, and so needs whole URLs.
    pub(super) is_forwarded: bool,
}

struct ConnectionState {
    /// None once it is closed.
    open: Option<OpenConnection>,
    /// Since when nobody reads on the response that comes.
    unread: Option<Instant>,
    is_given_up: bool,
}

/// Why there is no response.
pub(super) struct SendFailure {
    /// The request, if nothing of it was sent.
    pub(super) unsent: Option<Box<Request<SdkBody>>>,
    /// None for a connection that was closed before.
    pub(super) error: Option<hyper::Error>,
}

/// The fields are dropped in this order: the permit goes after the descriptor.
struct OpenConnection {
    sender: SendRequest<SdkBody>,
    exchange: http1::Connection<Conn, SdkBody>,
    permit: OpenPermit<HttpConnection>,
}

impl HttpConnection {
    /// Speaks HTTP on an open connection.
    pub(super) async fn new(
        target: ConnectionTarget,
        pool: Arc<Pool<HttpConnection>>,
        conn: Conn,
        permit: OpenPermit<HttpConnection>,
    ) -> hyper::Result<Arc<HttpConnection>> {
        let (traffic, socket, is_forwarded) = (conn.traffic(), conn.socket(), conn.is_forwarded());
        let (sender, exchange) = http1::Builder::new().max_buf_size(MOST_READ).handshake(conn).await?;
        let open = Some(OpenConnection { sender, exchange, permit });
        let state = Mutex::new(ConnectionState { open, unread: None, is_given_up: false });
        let connection =
            Arc::new(HttpConnection { target, pool: pool.clone(), state, traffic, socket, is_forwarded });
        pool.opened(&connection);
        Ok(connection)
    }

    fn state(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads and writes what can be.
    pub(super) fn advance(&self, context: &mut Context<'_>) {
        let mut state = self.state();
        state.unread = None;
        let Some(open) = &mut state.open else { return };
        // The response, or its body, carries the error.
        if Pin::new(&mut open.exchange).poll(context).is_ready() {
            let closed = state.open.take();
            drop(state);
            drop(closed);
        }
    }

    /// Whether the next request can be sent. An error is a closed connection.
    fn poll_free(&self, context: &mut Context<'_>) -> Poll<hyper::Result<bool>> {
        self.advance(context);
        match &mut self.state().open {
            Some(open) => open.sender.poll_ready(context).map_ok(|()| true),
            None => Poll::Ready(Ok(false)),
        }
    }

    /// Whether an idle connection can be used: the server may have closed it meanwhile without a word.
    pub(super) async fn is_usable(&self) -> bool {
        if self.traffic.is_poisoned() || has_ended(self.socket) {
            return false;
        }
        poll_fn(|context| Poll::Ready(matches!(self.poll_free(context), Poll::Ready(Ok(true))))).await
    }

    /// The permit of a connection that can't be used any more; its descriptor is free.
    pub(super) fn into_permit(self: Arc<Self>) -> Option<OpenPermit<HttpConnection>> {
        let OpenConnection { sender, exchange, permit } = self.state().open.take()?;
        drop((sender, exchange));
        Some(permit)
    }

    /// Sends a request, and waits for the beginning of its response.
    pub(super) async fn send(&self, request: Request<SdkBody>) -> Result<Response<Incoming>, SendFailure> {
        let sending = match &mut self.state().open {
            Some(open) => open.sender.try_send_request(request),
            None => return Err(SendFailure { unsent: Some(Box::new(request)), error: None }),
        };
        let mut sending = pin!(sending);
        poll_fn(|context| {
            if let Poll::Ready(outcome) = sending.as_mut().poll(context) {
                return Poll::Ready(outcome);
            }
            self.advance(context);
            sending.as_mut().poll(context)
        })
        .await
        .map_err(|mut failed| SendFailure {
            unsent: failed.take_message().map(Box::new),
            error: Some(failed.into_error()),
        })
    }

    /// Returns the connection to the pool if its response has been read whole; else it is still needed.
    pub(super) fn release(self: Arc<Self>, context: &mut Context<'_>) -> Option<Arc<HttpConnection>> {
        match self.poll_free(context) {
            Poll::Pending => Some(self),
            Poll::Ready(Ok(true)) if !self.traffic.is_poisoned() => {
                let (pool, target) = (self.pool.clone(), self.target.clone());
                pool.put_back(&target, self);
                None
            }
            Poll::Ready(_) => None,
        }
    }

    /// Nobody waits for the next byte of the response from now on, until `advance`.
    pub(super) fn leave_unread(&self) {
        self.state().unread = Some(Instant::now());
    }

    /// Whether it was closed because another call needed a connection.
    pub(super) fn is_given_up(&self) -> bool {
        self.state().is_given_up
    }
}

impl Pooled for HttpConnection {
    type Target = ConnectionTarget;

    fn close(&self) {
        let mut state = self.state();
        state.is_given_up = true;
        let open = state.open.take();
        drop(state);
        drop(open);
    }

    fn unread(&self) -> Option<Instant> {
        self.state().unread
    }
}

/// Whether the server has closed the connection of an idle socket. A byte that waits there decides nothing:
/// in TLS the server may send tickets at any time.
fn has_ended(socket: RawFd) -> bool {
    let mut byte = 0_u8;
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
    // SAFETY: one byte of room, on this stack. The connection that the socket belongs to is held open.
    let received = unsafe { libc::recv(socket, (&raw mut byte).cast(), 1, flags) };
    received == 0 || (received < 0 && io::Error::last_os_error().kind() != io::ErrorKind::WouldBlock)
}
