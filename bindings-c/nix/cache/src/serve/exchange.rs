//! One request and its response.
//!
//! Invariant: 404 only for what is not there. A denial is 403; wrong keys, a missing bucket and a broken
//! network are 5xx, which no Nix remembers as "missing". A transfer that breaks ends the connection, never
//! the body.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use hyper::body::Incoming;
use oarlock::value::ByteRange;
use oarlock::{ErrorKind, Sink, Step, options};
use tokio::sync::{Semaphore, mpsc};

use super::ahead::Ahead;
use super::body::{Cut, ReplyBody};
use super::disk::{Disk, Draft};
use super::names::{FileKind, kind_of};
use super::upload;
use crate::arguments::Arguments;
use crate::cache::{Cache, Small, cache_info};
use crate::failure::{Result, sentence as error_sentence};
use crate::output::warn;

/// Streams that one server may have at most.
const STREAMS: u64 = 32;

/// What all connections share.
pub struct Server {
    /// The cache.
    pub cache: Cache,
    /// What was read ahead.
    pub ahead: Arc<Ahead>,
    /// What of an upload is known to be stored.
    pub stored: upload::Recent,
    disk: Option<Arc<Disk>>,
    streams: Arc<Semaphore>,
    limit: u32,
    allow_put: bool,
    denied_as_missing: bool,
    info: String,
}

/// A response.
pub type Response = http::Response<ReplyBody>;

impl Server {
    /// Reads the options.
    pub fn new(cache: Cache, arguments: &Arguments) -> Result<Server> {
        let memory = arguments.size("memory", 32 << 20)?;
        let disk = arguments.path("disk-cache").map(|directory: PathBuf| {
            Disk::open(directory, arguments.size("disk-size", 10 << 30)?).map(Arc::new)
        });
        let limit = arguments.number("streams", STREAMS)?.clamp(1, 1000) as u32;
        let priority = arguments.number("priority", 40)?;
        Ok(Server {
            ahead: Arc::new(Ahead::new(cache.clone(), memory)),
            cache,
            stored: upload::Recent::default(),
            disk: disk.transpose()?,
            streams: Arc::new(Semaphore::new(limit as usize)),
            limit,
            allow_put: arguments.has("allow-put"),
            denied_as_missing: arguments.has("denied-as-missing"),
            info: cache_info(priority),
        })
    }

    /// Returns once no NAR is transferred.
    pub async fn idle(&self) {
        let _ = self.streams.acquire_many(self.limit).await;
    }

    /// The response to a failed call.
    pub fn failed(&self, error: &oarlock::Error) -> Response {
        let status = match error.kind() {
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::PermissionDenied if is_plain_denial(error) && self.denied_as_missing => {
                StatusCode::NOT_FOUND
            }
            ErrorKind::PermissionDenied if is_plain_denial(error) => StatusCode::FORBIDDEN,
            ErrorKind::Range => StatusCode::RANGE_NOT_SATISFIABLE,
            ErrorKind::Precondition => StatusCode::PRECONDITION_FAILED,
            ErrorKind::InvalidInput => StatusCode::BAD_REQUEST,
            ErrorKind::Throttled => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::Network | ErrorKind::Service => StatusCode::BAD_GATEWAY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let text = error_sentence(error);
        if status != StatusCode::NOT_FOUND {
            warn(&text);
        }
        let mut response = sentence(status, text + "\n");
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

/// A denial of this object, not of the keys.
fn is_plain_denial(error: &oarlock::Error) -> bool {
    error.status() == Some(403)
        && matches!(error.code(), None | Some("" | "AccessDenied" | "AllAccessDisabled" | "Forbidden"))
}

/// Responds to a request that the door let in.
pub async fn respond(server: Arc<Server>, request: http::Request<Incoming>) -> Response {
    let encoded = request.uri().path().trim_start_matches('/').to_owned();
    let key = encoded.replace("%21", "!").replace("%2B", "+").replace("%3D", "=").replace("%3A", ":");
    let Some(kind) = kind_of(&key) else {
        return sentence(StatusCode::NOT_FOUND, "a Nix binary cache has no such file\n");
    };
    match *request.method() {
        Method::GET | Method::HEAD => {
            let is_head = request.method() == Method::HEAD;
            read(&server, key, kind, is_head, request.headers()).await
        }
        Method::PUT if server.allow_put => upload::put(&server, key, kind, request).await,
        Method::PUT => {
            sentence(StatusCode::FORBIDDEN, "uploads are not allowed; `serve --allow-put` allows them\n")
        }
        _ => {
            sentence(StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD and PUT are the methods of a binary cache\n")
        }
    }
}

async fn read(
    server: &Arc<Server>,
    key: String,
    kind: FileKind,
    is_head: bool,
    headers: &HeaderMap,
) -> Response {
    match kind {
        FileKind::NarInfo => match server.ahead.read(&key).await {
            Ok(Some(small)) => {
                server.ahead.requested(&small);
                of_small(small, "text/x-nix-narinfo", is_head)
            }
            Ok(None) => missing(),
            Err(error) => server.failed(&error),
        },
        FileKind::Info => match server.cache.read(&key).await {
            Ok(Some(small)) => of_small(small, "text/x-nix-cache-info", is_head),
            // Where uploads are allowed, Nix writes its own.
            Ok(None) if server.allow_put => missing(),
            Ok(None) => {
                let body = Bytes::from(server.info.clone());
                let small = Small { body, content_type: None, content_encoding: None };
                of_small(small, "text/x-nix-cache-info", is_head)
            }
            Err(error) => server.failed(&error),
        },
        FileKind::Nar | FileKind::Other if is_head => match server.cache.head(&key).await {
            Ok(Some(meta)) => {
                let mut response = http::Response::new(ReplyBody::of(Bytes::new()));
                let exact = meta.size.filter(|_| !meta.size_estimated);
                set(&mut response, header::CONTENT_LENGTH, exact.map(|size| size.to_string()));
                set(&mut response, header::CONTENT_TYPE, meta.content_type);
                set(&mut response, header::CONTENT_ENCODING, meta.content_encoding);
                set(
                    &mut response,
                    header::ACCEPT_RANGES,
                    (!server.cache.encrypted).then(|| "bytes".to_owned()),
                );
                response
            }
            Ok(None) => missing(),
            Err(error) => server.failed(&error),
        },
        FileKind::Nar => nar(server, key, headers).await,
        FileKind::Other => match server.cache.head(&key).await {
            Ok(Some(meta)) => {
                let mut response = stream(server, key, None, None).await;
                if response.status().is_success() {
                    set(&mut response, header::CONTENT_TYPE, meta.content_type);
                    set(&mut response, header::CONTENT_ENCODING, meta.content_encoding);
                }
                response
            }
            Ok(None) => missing(),
            Err(error) => server.failed(&error),
        },
    }
}

/// A NAR: read ahead, from the disk, or from the store.
async fn nar(server: &Arc<Server>, key: String, headers: &HeaderMap) -> Response {
    server.ahead.follow_nars(&key);
    // A range of encrypted content can't be verified: the whole is sent, as HTTP allows.
    let range = headers.get(header::RANGE).filter(|_| !server.cache.encrypted);
    let range = range.and_then(|value| value.to_str().ok()).and_then(parse_range);
    if range.is_none() {
        if let Some(small) = server.ahead.take(&key).await {
            return of_small(small, "application/x-nix-nar", false);
        }
        if let Some(body) = match &server.disk {
            Some(disk) => disk.read(&key).await,
            None => None,
        } {
            return of_nar(body, server);
        }
        let draft = server.disk.as_ref().and_then(|disk| disk.start(&key));
        return stream(server, key, None, draft).await;
    }
    stream(server, key, range, None).await
}

fn of_nar(body: ReplyBody, server: &Server) -> Response {
    let mut response = http::Response::new(body);
    set(&mut response, header::CONTENT_TYPE, Some("application/x-nix-nar".to_owned()));
    set(&mut response, header::ACCEPT_RANGES, (!server.cache.encrypted).then(|| "bytes".to_owned()));
    response
}

/// An object as a stream. The response starts with its first bytes: what fails before has a status of its
/// own.
async fn stream(
    server: &Arc<Server>,
    key: String,
    range: Option<ByteRange>,
    mut draft: Option<Draft>,
) -> Response {
    let Ok(permit) = server.streams.clone().acquire_owned().await else { return missing() };
    let mut total = None;
    if range.is_some() {
        total = match server.cache.head(&key).await {
            Ok(Some(meta)) => meta.size,
            Ok(None) => return missing(),
            Err(error) => return server.failed(&error),
        };
    }
    let mut call = server.cache.store.get(key, Sink::Stream, options::Get { range, ..Default::default() });
    let first = loop {
        match call.next().await {
            Step::Chunk(bytes) => break bytes,
            Step::Done => match call.take() {
                Ok(_) => break Bytes::new(),
                Err(error) => return server.failed(&error),
            },
            _ => {}
        }
    };
    // A store that decrypts does not count in bytes of the file.
    let size = call.progress().1.filter(|_| !server.cache.encrypted);
    let (sender, receiver) = mpsc::channel(1);
    if !first.is_empty() {
        tokio::spawn(async move {
            let _permit = permit;
            let mut next = Some(first);
            loop {
                if let Some(bytes) = next.take() {
                    if let Some(open) = &mut draft
                        && open.write(&bytes).is_err()
                    {
                        draft = None;
                    }
                    if sender.send(Ok(bytes)).await.is_err() {
                        return;
                    }
                }
                match call.next().await {
                    Step::Chunk(bytes) => next = Some(bytes),
                    Step::Done => break,
                    _ => {}
                }
            }
            match call.take() {
                Ok(_) => draft.map_or((), Draft::keep),
                Err(error) => {
                    warn(&error_sentence(&error));
                    let _ = sender.send(Err(Cut)).await;
                }
            }
        });
    }
    let mut response = of_nar(ReplyBody::stream(receiver, size), server);
    if let Some(range) = range
        && let Some(total) = total
        && let Ok((first, length)) = range.within(total)
    {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let last = (first + length).saturating_sub(1);
        set(&mut response, header::CONTENT_RANGE, Some(format!("bytes {first}-{last}/{total}")));
    }
    response
}

/// One range; several at once, and other units, are not understood, and the whole is sent.
fn parse_range(value: &str) -> Option<ByteRange> {
    let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first <= last => Some(ByteRange::FromTo(first, last)),
        (Ok(first), _) if last.is_empty() => Some(ByteRange::From(first)),
        (_, Ok(last)) if first.is_empty() => Some(ByteRange::Suffix(last)),
        _ => None,
    }
}

fn of_small(small: Small, media: &str, is_head: bool) -> Response {
    let size = small.body.len();
    let body = if is_head { Bytes::new() } else { small.body };
    let mut response = http::Response::new(ReplyBody::of(body));
    set(&mut response, header::CONTENT_LENGTH, Some(size.to_string()));
    set(&mut response, header::CONTENT_TYPE, Some(small.content_type.unwrap_or_else(|| media.to_owned())));
    set(&mut response, header::CONTENT_ENCODING, small.content_encoding);
    response
}

fn missing() -> Response {
    sentence(StatusCode::NOT_FOUND, "the cache has no such file\n")
}

/// A response that is a sentence.
pub fn sentence(status: StatusCode, text: impl Into<Bytes>) -> Response {
    let mut response = http::Response::new(ReplyBody::of(text.into()));
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, Some("text/plain; charset=utf-8".to_owned()));
    response
}

fn set(response: &mut Response, name: header::HeaderName, value: Option<String>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert!(matches!(parse_range("bytes=5-"), Some(ByteRange::From(5))));
        assert!(matches!(parse_range("bytes=0-9"), Some(ByteRange::FromTo(0, 9))));
        assert!(matches!(parse_range("bytes=-5"), Some(ByteRange::Suffix(5))));
        for other in ["bytes=9-0", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b", "bytes=-"] {
            assert!(parse_range(other).is_none(), "{other}");
        }
    }
}
