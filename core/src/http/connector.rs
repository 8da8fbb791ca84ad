//! Opens connections: to a server directly, through a proxy that forwards requests (http), or through one
//! that opens a tunnel (https).
//!
//! Invariant: a proxy sees the name and port of a server that speaks TLS, nothing more. No timer here: who
//! sends a request watches it.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd as _, RawFd};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

use super::names::Names;
use super::no_response::ConnectionTrace;
use super::proxy::{Hop, Proxies};

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// Opens connections by one set of proxies and certificates.
#[derive(Clone)]
pub(super) struct Connector {
    server: HttpsConnector<HttpConnector<Names>>,
    hop: HttpsConnector<HttpConnector<Names>>,
    tls: Arc<ClientConfig>,
    proxies: Arc<Proxies>,
}

impl Connector {
    pub(super) fn new(tls: Arc<ClientConfig>, hop: Arc<ClientConfig>, proxies: Arc<Proxies>) -> Connector {
        let mut tcp = HttpConnector::new_with_resolver(Names::default());
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Connector { server: (tcp.clone(), tls.clone()).into(), hop: (tcp, hop).into(), tls, proxies }
    }
}

impl Service<Uri> for Connector {
    type Response = Conn;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Conn, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let is_plain = server.scheme() == Some(&Scheme::HTTP);
        let Some(hop) = self.proxies.of_server(&server).cloned() else {
            let connecting = self.server.call(server);
            return Box::pin(async move { Ok(Conn::new(MaybeHttpsStream::Http(connecting.await?), false)) });
        };
        if is_plain {
            let connecting = self.hop.call(hop.uri.clone());
            return Box::pin(async move {
                let stream = connecting.await.map_err(|error| through(&hop, false, error))?;
                Ok(Conn::new(MaybeHttpsStream::Http(stream), true))
            });
        }
        let mut tunnel = Tunnel::new(hop.uri.clone(), self.hop.clone());
        if let Some(authorization) = &hop.authorization {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let mut connector = HttpsConnector::from((tunnel, self.tls.clone()));
        Box::pin(async move {
            let stream = connector.call(server).await.map_err(|error| through(&hop, true, error))?;
            Ok(Conn::new(stream, false))
        })
    }
}

/// A failure that is the proxy's, not the server's.
#[derive(Debug)]
pub(super) struct AtProxy {
    /// The proxy in words, without user and password.
    pub(super) proxy: String,
    cause: BoxError,
}

impl AtProxy {
    /// Its host and port.
    pub(super) fn address(&self) -> &str {
        self.proxy.rsplit(' ').next().unwrap_or_default()
    }
}

impl fmt::Display for AtProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.proxy)
    }
}

impl StdError for AtProxy {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.cause.as_ref())
    }
}

/// The error of a connection through a proxy: the proxy's, unless the tunnel stood and what came after it
/// failed.
fn through(hop: &Hop, is_tunnel: bool, error: BoxError) -> BoxError {
    // hyper-util's own words; its type is private.
    if is_tunnel && !causes(error.as_ref()).any(|cause| cause.to_string().starts_with("tunnel error")) {
        return error;
    }
    AtProxy { proxy: hop.to_string(), cause: error }.into()
}

/// The fault that the TLS library found, if that is why a connection failed.
pub(super) fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>())
}

/// An error and its causes; what an `io::Error` holds is one of them, too.
pub(super) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|held| held as &(dyn StdError + 'static)),
        None => error.source(),
    })
}

/// A connection that counts what it sends, and remembers how the server began.
pub(super) struct Conn {
    stream: MaybeHttpsStream<MaybeHttpsStream<TokioIo<TcpStream>>>,
    /// Whether the proxy at its end forwards requests, and so needs whole URLs.
    is_forwarded: bool,
    /// Whether the first byte that comes is still to be looked at.
    is_curious: bool,
    traffic: Traffic,
}

/// What a connection has carried.
#[derive(Clone, Default)]
pub(super) struct Traffic(Arc<Carried>);

#[derive(Default)]
struct Carried {
    /// Bytes that it has taken.
    sent: AtomicU64,
    /// The first byte that came, plus one; 0 before that.
    first: AtomicU16,
    /// Whether no further request may use the connection.
    is_poisoned: AtomicBool,
}

impl Traffic {
    pub(super) fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    pub(super) fn poison(&self) {
        self.0.is_poisoned.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_poisoned(&self) -> bool {
        self.0.is_poisoned.load(Ordering::Relaxed)
    }

    pub(super) fn seen(&self) -> ConnectionTrace {
        ConnectionTrace {
            first_byte: self
                .0
                .first
                .load(Ordering::Relaxed)
                .checked_sub(1)
                .and_then(|byte| byte.try_into().ok()),
        }
    }

    fn add(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &written {
            self.0.sent.fetch_add(*bytes as u64, Ordering::Relaxed);
        }
        written
    }
}

impl Conn {
    fn new(stream: MaybeHttpsStream<MaybeHttpsStream<TokioIo<TcpStream>>>, is_forwarded: bool) -> Conn {
        Conn { stream, is_forwarded, is_curious: true, traffic: Traffic::default() }
    }

    pub(super) fn is_forwarded(&self) -> bool {
        self.is_forwarded
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.traffic.clone()
    }

    pub(super) fn socket(&self) -> RawFd {
        let below = match &self.stream {
            MaybeHttpsStream::Http(stream) => stream,
            MaybeHttpsStream::Https(stream) => stream.inner().get_ref().0.inner(),
        };
        let socket = match below {
            MaybeHttpsStream::Http(stream) => stream,
            MaybeHttpsStream::Https(stream) => stream.inner().get_ref().0.inner(),
        };
        socket.inner().as_raw_fd()
    }
}

impl Read for Conn {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.is_curious {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        // A cursor does not show what was read through it: the first piece goes by way of this room.
        let mut room = [0; 1024];
        let most = room.len().min(buffer.remaining());
        let mut piece = ReadBuf::new(&mut room[..most]);
        ready!(Pin::new(&mut self.stream).poll_read(context, piece.unfilled()))?;
        if let Some(first) = piece.filled().first() {
            self.traffic.0.first.store(u16::from(*first) + 1, Ordering::Relaxed);
            buffer.put_slice(piece.filled());
        }
        self.is_curious = false;
        Poll::Ready(Ok(()))
    }
}

impl Write for Conn {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.traffic.add(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.traffic.add(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
