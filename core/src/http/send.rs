//! Sends a request and waits for the beginning of its response, for the SDKs and for ourselves.
//!
//! Invariant: every wait has a limit: for a connection, for a response, for the next byte sent or received.

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use http_body::Body as _;
use rustls::ClientConfig;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tower_service::Service as _;

use super::body::Watched;
use super::connection::{ConnectionTarget, HttpConnection};
use super::connector::{Connector, Traffic};
use super::no_response::{NoResponse, Server};
use super::pool::{Pool, Turn};
use super::proxy::Proxies;

/// Default limit on a wait.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
pub(super) const READ: Duration = Duration::from_secs(60);

/// Numbers the clients.
static CLIENTS: AtomicU64 = AtomicU64::new(0);

/// A client for one set of proxies and certificates. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Http {
    number: u64,
    connector: Connector,
    pool: Arc<Pool<HttpConnection>>,
    proxies: Arc<Proxies>,
    /// The certificates that count, in words.
    believed: Arc<str>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

impl Http {
    pub(super) fn new(
        server: Arc<ClientConfig>,
        hop: Arc<ClientConfig>,
        proxies: Arc<Proxies>,
        believed: String,
        pool: Arc<Pool<HttpConnection>>,
    ) -> Http {
        let connector = Connector::new(server, hop, proxies.clone());
        let number = CLIENTS.fetch_add(1, Ordering::Relaxed);
        Http { number, connector, pool, proxies, believed: believed.into() }
    }

    /// A connection to the server of a URL, and whether it has carried a request before.
    async fn connection(
        &self,
        uri: &Uri,
        server: &Server,
        limit: Duration,
    ) -> Result<(Arc<HttpConnection>, bool), ConnectorError> {
        let target = ConnectionTarget {
            client: self.number,
            runtime: Handle::current().id(),
            is_tls: uri.scheme() == Some(&Scheme::HTTPS),
            authority: uri.authority().cloned(),
        };
        let permit = loop {
            let connection = match self.pool.place(&target).await {
                Turn::New(permit) => break permit,
                Turn::Idle(connection) => connection,
            };
            if connection.is_usable().await {
                return Ok((connection, true));
            }
            if let Some(permit) = connection.into_permit() {
                break permit;
            }
        };
        let connecting = self.connector.clone().call(uri.clone());
        let failed =
            |error: &(dyn StdError + 'static)| NoResponse::failed(server, None, &self.believed, error);
        let conn = match timeout(limit, connecting).await {
            Ok(connected) => connected.map_err(|error| failed(error.as_ref()))?,
            Err(_) => return Err(NoResponse::unconnected(server, limit)),
        };
        let connection = HttpConnection::new(target, self.pool.clone(), conn, permit).await;
        connection.map(|connection| (connection, false)).map_err(|error| failed(&error))
    }

    /// Sends a request. `read` is how long the wire may be still: while the request leaves, until the answer
    /// begins, and between two pieces of the answer. `connect` does not count the wait for a connection of
    /// the process.
    pub(crate) async fn send(
        &self,
        mut request: Request<SdkBody>,
        connect: Duration,
        read: Duration,
    ) -> Result<Response<Watched>, ConnectorError> {
        let uri = request.uri().clone();
        // A tunnel has authenticated to the proxy already; a forwarded request authenticates each time.
        if uri.scheme() == Some(&Scheme::HTTP)
            && let Some(authorization) =
                self.proxies.of_server(&uri).and_then(|hop| hop.authorization.clone())
        {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
        }
        name_host(&uri, request.headers_mut());
        let capture = request.extensions().get::<CaptureSmithyConnection>().cloned();
        let server = Server::of(&uri);
        loop {
            let (connection, is_reused) = self.connection(&uri, &server, connect).await?;
            note_connection();
            if let Some(capture) = &capture {
                let (traffic, is_forwarded) = (connection.traffic.clone(), connection.is_forwarded);
                capture.set_connection_retriever(move || Some(metadata(traffic.clone(), is_forwarded)));
            }
            *request.uri_mut() = if connection.is_forwarded { uri.clone() } else { path_of(&uri) };
            let answer = {
                let sending = connection.send(request);
                watched(sending, &connection.traffic, read).await
            };
            let failed = match answer {
                None => return Err(NoResponse::silent(&server, read)),
                Some(Ok(response)) => {
                    let connection = released(connection, response.body().is_end_stream()).await;
                    return Ok(response.map(|body| Watched::new(body, connection, read, server)));
                }
                Some(Err(failed)) => failed,
            };
            // The server closed an idle connection: another one carries the request.
            match (failed.unsent, failed.error) {
                (Some(unsent), _) if is_reused => request = *unsent,
                (_, Some(error)) => {
                    let seen = Some(connection.traffic.seen());
                    return Err(NoResponse::failed(&server, seen, &self.believed, &error));
                }
                (Some(unsent), None) => request = *unsent,
                (None, None) => return Err(NoResponse::silent(&server, read)),
            }
        }
    }
}

/// Returns the connection to the pool if the response has no body; else it is needed for that.
async fn released(connection: Arc<HttpConnection>, is_whole: bool) -> Option<Arc<HttpConnection>> {
    let mut connection = Some(connection);
    if is_whole {
        poll_fn(|context| {
            connection = connection.take().and_then(|connection| connection.release(context));
            Poll::Ready(())
        })
        .await;
    }
    connection.inspect(|connection| connection.leave_unread())
}

/// The outcome of `sending`, unless nothing moves for so long.
async fn watched<F: Future>(sending: F, traffic: &Traffic, read: Duration) -> Option<F::Output> {
    let mut sending = pin!(sending);
    let mut before = None;
    loop {
        match timeout(read, &mut sending).await {
            Ok(outcome) => return Some(outcome),
            Err(_) if before == Some(traffic.sent()) => return None,
            Err(_) => before = Some(traffic.sent()),
        }
    }
}

/// The part of a URL that a server gets.
fn path_of(uri: &Uri) -> Uri {
    let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    Uri::from(path)
}

/// Adds the header that HTTP demands, where the request has none.
fn name_host(uri: &Uri, headers: &mut HeaderMap) {
    if headers.contains_key(HOST) {
        return;
    }
    let default = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    let host = uri.host().unwrap_or_default();
    let host = match uri.port_u16().filter(|port| *port != default) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    if let Ok(host) = HeaderValue::from_str(&host) {
        headers.insert(HOST, host);
    }
}

tokio::task_local! {
    static CONNECTED: Arc<AtomicBool>;
}

/// Runs `work` and sets the flag once a request of it has a connection, so that it may have reached its
/// server.
pub(crate) fn noting_connections<F: Future>(
    flag: Arc<AtomicBool>,
    work: F,
) -> impl Future<Output = F::Output> {
    CONNECTED.scope(flag, work)
}

fn note_connection() {
    // Most requests run where nobody asks.
    let _ = CONNECTED.try_with(|flag| flag.store(true, Ordering::Relaxed));
}

/// What the SDK needs of a connection, above all how to give it up: after a server's failure it takes
/// another.
fn metadata(traffic: Traffic, is_proxied: bool) -> ConnectionMetadata {
    ConnectionMetadata::builder().proxied(is_proxied).poison_fn(move || traffic.poison()).build()
}

impl From<Http> for SharedHttpClient {
    fn from(http: Http) -> SharedHttpClient {
        http_client_fn(move |settings, _| {
            let (connect, read) =
                (settings.connect_timeout().unwrap_or(CONNECT), settings.read_timeout().unwrap_or(READ));
            SharedHttpConnector::new(Patient { http: http.clone(), connect, read })
        })
    }
}

/// The client as the SDKs use it.
#[derive(Debug)]
struct Patient {
    http: Http,
    connect: Duration,
    read: Duration,
}

impl HttpConnector for Patient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (http, connect, read) = (self.http.clone(), self.connect, self.read);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let answer = http.send(request, connect, read).await?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
