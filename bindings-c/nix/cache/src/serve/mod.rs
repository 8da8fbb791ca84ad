//! `serve`: the cache as an HTTP binary cache on loopback, for every Nix.
//!
//! Invariant: no address but loopback is listened on. A connection's task holds a bounded amount of memory.

mod activation;
mod ahead;
mod body;
mod disk;
mod door;
mod exchange;
mod names;
mod upload;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;

use crate::arguments::{Arguments, CommandRow};
use crate::cache::Cache;
use crate::failure::{Failure, Result};
use crate::output::{print, warn};
use door::Door;
use exchange::Server;

/// The command.
pub const ROW: CommandRow = CommandRow {
    name: "serve",
    words: "URL",
    doc: "Serves a cache by HTTP on loopback. Nix uses it as http://127.0.0.1:PORT.",
    options: &[
        ("listen", "ADDRESS:PORT", "default 127.0.0.1:8490; port 0 takes a free one; loopback only"),
        ("socket", "PATH", "a Unix socket instead, for its owner alone"),
        ("allow-put", "", "accept uploads, so that `nix copy --to http://…` works"),
        ("token-file", "FILE", "require this token as a password or a bearer token (netrc)"),
        ("memory", "SIZE", "for what is read ahead, default 32M; 0 reads nothing ahead"),
        ("disk-cache", "DIRECTORY", "keep NARs there, as plaintext"),
        ("disk-size", "SIZE", "bytes that the directory may hold, default 10G"),
        ("streams", "NUMBER", "NARs that are transferred at a time, default 32"),
        ("priority", "NUMBER", "in nix-cache-info, if the cache has none; default 40"),
        ("denied-as-missing", "", "404 in place of 403, for keys without s3:ListBucket"),
    ],
};

/// How long running transfers may take after a signal to end.
const FAREWELL: Duration = Duration::from_secs(10);

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Runs the command until a signal.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let (url, rest) = arguments.url()?;
    if let Some(word) = rest.first() {
        return Err(Failure::usage(format!("one URL is served, not {word:?} too")));
    }
    let cache = Cache::open(url, arguments.path("settings-file").as_deref())?;
    let listeners = listeners(arguments).await?;
    let server = Arc::new(Server::new(cache, arguments)?);
    let token = arguments.path("token-file").map(|file| door::read_token(&file)).transpose()?;
    let mut running = JoinSet::new();
    for listener in listeners {
        announce(&listener)?;
        let door = Arc::new(Door::new(matches!(listener, Listener::Unix(_)), token.clone()));
        running.spawn(accept(listener, server.clone(), door));
    }
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
        _ = running.join_next() => {}
    }
    running.abort_all();
    if tokio::time::timeout(FAREWELL, server.idle()).await.is_err() {
        warn("some transfers did not end in time and were cut");
    }
    Ok(())
}

async fn listeners(arguments: &Arguments) -> Result<Vec<Listener>> {
    let inherited = activation::inherited()?;
    if !inherited.is_empty() {
        return Ok(inherited);
    }
    if let Some(path) = arguments.path("socket") {
        // Left by a process that was killed; a socket that is in use is found by connecting.
        if std::os::unix::net::UnixStream::connect(&path).is_ok() {
            return Err(Failure::new(format!("another process listens on {}", path.display())));
        }
        let listener = private_socket(&path)
            .map_err(|error| Failure::new(format!("cannot listen on {}: {error}", path.display())))?;
        return Ok(vec![Listener::Unix(listener)]);
    }
    let text = arguments.value("listen").unwrap_or("127.0.0.1:8490");
    let address: SocketAddr = text.replace("localhost", "127.0.0.1").parse().map_err(|_| {
        Failure::usage(format!("`--listen` is {text:?}; it takes an address and a port, as 127.0.0.1:8490"))
    })?;
    if !address.ip().is_loopback() {
        return Err(Failure::usage(format!(
            "`--listen` is {text:?}, which others can reach; this server is for 127.0.0.1 or [::1]"
        )));
    }
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|error| Failure::new(format!("cannot listen on {address}: {error}")))?;
    Ok(vec![Listener::Tcp(listener)])
}

/// A socket in place of the one that may be there. It is made in a directory of the owner's, for nobody else
/// may connect before its permissions are set.
fn private_socket(path: &Path) -> std::io::Result<UnixListener> {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = tempfile::Builder::new().prefix(".").rand_bytes(4).tempdir_in(above)?;
    let hidden = directory.path().join("s");
    let listener = UnixListener::bind(&hidden)?;
    std::fs::set_permissions(&hidden, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    std::fs::rename(&hidden, path)?;
    Ok(listener)
}

fn announce(listener: &Listener) -> Result<()> {
    match listener {
        Listener::Tcp(listener) => {
            let address = listener.local_addr()?;
            if !address.ip().is_loopback() {
                return Err(Failure::usage(format!(
                    "{address} is not on loopback; see the unit's ListenStream"
                )));
            }
            print(&format!("http://{address}"));
        }
        Listener::Unix(_) => print("listening on a socket"),
    }
    Ok(())
}

async fn accept(listener: Listener, server: Arc<Server>, door: Arc<Door>) {
    loop {
        let accepted = match &listener {
            Listener::Tcp(listener) => listener.accept().await.map(|(stream, _)| {
                let _ = stream.set_nodelay(true);
                tokio::spawn(connection(stream, server.clone(), door.clone()))
            }),
            Listener::Unix(listener) => {
                let accepted = listener.accept().await;
                accepted.map(|(stream, _)| tokio::spawn(connection(stream, server.clone(), door.clone())))
            }
        };
        if let Err(error) = accepted {
            // Out of descriptors: the connections there are will end.
            warn(&format!("cannot accept a connection: {error}"));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    server: Arc<Server>,
    door: Arc<Door>,
) {
    let service = service_fn(move |request| {
        let (server, door) = (server.clone(), door.clone());
        async move {
            Ok::<_, std::convert::Infallible>(match door.refusal(request.headers()) {
                Some(refusal) => refusal,
                None => exchange::respond(server, request).await,
            })
        }
    });
    // An error here is a client that left.
    let _ = hyper::server::conn::http1::Builder::new()
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
