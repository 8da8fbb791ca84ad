//! Opens connections: to a server directly, through a proxy that forwards requests (http), or through one that opens a tunnel
//! (https).
//!
//! Law: a proxy sees the name and port of a server that speaks TLS, nothing more. No timer here: who sends a request watches it.

use std::error::Error as StdError;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiFuture, GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

use super::proxy::{Hop, Proxies};
use crate::runtime;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// Opens connections of one way.
#[derive(Clone)]
pub(super) struct Connector {
    server: HttpsConnector<HttpConnector<Names>>,
    hop: HttpsConnector<HttpConnector<Names>>,
    tls: Arc<ClientConfig>,
    proxies: Arc<Proxies>,
}

impl Connector {
    pub(super) fn new(tls: Arc<ClientConfig>, hop: Arc<ClientConfig>, proxies: Arc<Proxies>) -> Connector {
        let mut tcp = HttpConnector::new_with_resolver(Names(GaiResolver::new()));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Connector { server: (tcp.clone(), tls.clone()).into(), hop: (tcp, hop).into(), tls, proxies }
    }
}

/// Asks the system for the addresses of a name, on the process's threads for what blocks.
#[derive(Clone)]
struct Names(GaiResolver);

impl Service<Name> for Names {
    type Response = GaiAddrs;
    type Error = io::Error;
    type Future = GaiFuture;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> GaiFuture {
        let _workers = runtime::workers().enter();
        self.0.call(name)
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
        let Some(hop) = self.proxies.of_server(&server).cloned() else {
            let connecting = self.server.call(server);
            return Box::pin(async { Ok(Conn::new(MaybeHttpsStream::Http(connecting.await?), false)) });
        };
        if server.scheme() == Some(&Scheme::HTTP) {
            let connecting = self.hop.call(hop.uri.clone());
            return Box::pin(async move {
                let stream = connecting.await.map_err(|error| through(&hop, error))?;
                Ok(Conn::new(MaybeHttpsStream::Http(stream), true))
            });
        }
        let mut tunnel = Tunnel::new(hop.uri.clone(), self.hop.clone());
        if let Some(authorization) = &hop.authorization {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let mut connector = HttpsConnector::from((tunnel, self.tls.clone()));
        Box::pin(async move { Ok(Conn::new(connector.call(server).await.map_err(|error| through(&hop, error))?, false)) })
    }
}

/// Names the proxy in an error, unless the server's certificate is at fault.
fn through(hop: &Hop, error: BoxError) -> BoxError {
    if certificate(error.as_ref()).is_some() {
        return error;
    }
    let cause = causes(error.as_ref()).last().map_or_else(|| error.to_string(), ToString::to_string);
    io::Error::other(format!("{hop} did not open the way: {cause}")).into()
}

/// What is wrong with a certificate, if that is why a connection failed.
pub(super) fn certificate<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let found = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>());
    found.filter(|error| matches!(error, rustls::Error::InvalidCertificate(_)))
}

/// An error and its causes; what an `io::Error` holds is one of them, too.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|held| held as &(dyn StdError + 'static)),
        None => error.source(),
    })
}

/// A connection that counts what it sends.
pub(super) struct Conn {
    stream: MaybeHttpsStream<MaybeHttpsStream<TokioIo<TcpStream>>>,
    /// Whether the proxy at its end forwards requests, and so needs whole URLs.
    forwarded: bool,
    sent: Sent,
}

/// How many bytes a connection has taken.
#[derive(Clone, Default)]
pub(super) struct Sent(Arc<AtomicU64>);

impl Sent {
    /// Of a connection in use.
    pub(super) fn of(connected: &Connected) -> u64 {
        let mut extras = http::Extensions::new();
        connected.get_extras(&mut extras);
        extras.get::<Sent>().map_or(0, |sent| sent.0.load(Ordering::Relaxed))
    }

    fn add(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &written {
            self.0.fetch_add(*bytes as u64, Ordering::Relaxed);
        }
        written
    }
}

impl Conn {
    fn new(stream: MaybeHttpsStream<MaybeHttpsStream<TokioIo<TcpStream>>>, forwarded: bool) -> Conn {
        Conn { stream, forwarded, sent: Sent::default() }
    }
}

impl Connection for Conn {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.forwarded).extra(self.sent.clone())
    }
}

impl Read for Conn {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for Conn {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.sent.add(written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.sent.add(written)
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
