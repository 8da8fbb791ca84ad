//! Sends a request and waits for the beginning of its response, for the SDKs and for ourselves.
//!
//! Invariant: every wait has a limit: for a connection, for a response, for the next byte sent or received.

use std::collections::HashMap;
use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::header::PROXY_AUTHORIZATION;
use http::uri::Scheme;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tokio::runtime::{Handle, Id};
use tokio::time::timeout;

use super::body::Watched;
use super::connector::{Connector, Traffic};
use super::no_response::{NoResponse, Server};
use super::proxy::Proxies;

/// Default limit on a wait.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
pub(super) const READ: Duration = Duration::from_secs(60);

/// Runtimes that connections are kept for.
const MOST: usize = 64;

/// A client for one set of proxies and certificates, with its connections. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Http {
    connector: Connector,
    /// A connection is driven by the runtime that opened it: each runtime has its own.
    clients: Arc<Mutex<HashMap<Id, Client<Connector, SdkBody>>>>,
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
    ) -> Http {
        let connector = Connector::new(server, hop, proxies.clone());
        Http { connector, clients: Arc::default(), proxies, believed: believed.into() }
    }

    /// The client whose connections this runtime drives.
    fn client(&self) -> Client<Connector, SdkBody> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        // Runtimes of the host's come and go, and don't say so.
        if clients.len() > MOST {
            clients.clear();
        }
        let made = || {
            Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(self.connector.clone())
        };
        clients.entry(Handle::current().id()).or_insert_with(made).clone()
    }

    /// Sends a request. `read` is how long the wire may be still: while the request leaves, until the answer
    /// begins, and between two pieces of the answer.
    pub(crate) async fn send(
        &self,
        mut request: Request<SdkBody>,
        connect: Duration,
        read: Duration,
    ) -> Result<Response<Watched>, ConnectorError> {
        // A tunnel has authenticated to the proxy already; a forwarded request authenticates each time.
        if request.uri().scheme() == Some(&Scheme::HTTP)
            && let Some(authorization) =
                self.proxies.of_server(request.uri()).and_then(|hop| hop.authorization.clone())
        {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
        }
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            let connection = connection.clone();
            capture.set_connection_retriever(move || metadata(&connection));
        }
        let server = Server::of(request.uri());
        let outcome = |answer: Result<Response<Incoming>, Error>| match answer {
            Ok(answer) => Ok(answer.map(|body| Watched::new(body, read, server.clone()))),
            Err(error) => {
                let seen = connection
                    .connection_metadata()
                    .as_ref()
                    .and_then(Traffic::of)
                    .map(|traffic| traffic.seen());
                Err(NoResponse::failed(&server, seen, &self.believed, &error))
            }
        };
        let mut waiting = connection.clone();
        let mut answer = pin!(self.client().request(request));
        let connected = async { drop(waiting.wait_for_connection_metadata().await) };
        tokio::select! {
            biased;
            answer = &mut answer => return outcome(answer),
            connected = timeout(connect, connected) => {
                connected.map_err(|_| NoResponse::unconnected(&server, connect))?;
                note_connection();
            }
        }
        let mut before = None;
        loop {
            match timeout(read, &mut answer).await {
                Ok(answer) => return outcome(answer),
                Err(_) => {
                    let traffic = connection.connection_metadata().as_ref().and_then(Traffic::of);
                    let sent = traffic.map(|traffic| traffic.sent());
                    if sent == before {
                        return Err(NoResponse::silent(&server, read));
                    }
                    before = sent;
                }
            }
        }
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

/// What the SDK wants to know of a connection, above all how to give it up: after a server's failure it takes
/// another.
fn metadata(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    let proxied = connection.connection_metadata().as_ref()?.is_proxied();
    let connection = connection.clone();
    let poison = move || {
        if let Some(connected) = connection.connection_metadata().as_ref() {
            connected.poison();
        }
    };
    Some(ConnectionMetadata::builder().proxied(proxied).poison_fn(poison).build())
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
