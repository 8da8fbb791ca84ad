//! Uploads: `PUT` as `nix copy --to http://…` sends it.
//!
//! Invariant: bytes stream to the store. A narinfo is accepted only once its NAR and the narinfos of its
//! references are there, so that a client that is cut never leaves a broken closure.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use oarlock::{Source, Step, options};

use super::exchange::{Response, Server, sentence};
use super::names::FileKind;
use crate::cache::read_narinfo;

/// A narinfo is at most this large.
const NARINFO: usize = 8 << 20;
/// How long an upload is remembered: what was stored before may be deleted by now.
const REMEMBERED: Duration = Duration::from_secs(600);
/// Keys that are remembered.
const KEYS: usize = 100_000;

/// Keys that are in the cache, for they were seen there a short time ago.
#[derive(Default)]
pub struct Recent(Mutex<HashMap<String, Instant>>);

impl Recent {
    fn add(&self, key: String) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= KEYS {
            keys.retain(|_, since| since.elapsed() < REMEMBERED);
        }
        if keys.len() < KEYS {
            keys.insert(key, Instant::now());
        }
    }

    fn has(&self, key: &str) -> bool {
        let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(key).is_some_and(|since| since.elapsed() < REMEMBERED)
    }
}

/// Responds to an upload.
pub async fn put(
    server: &Arc<Server>,
    key: String,
    kind: FileKind,
    request: http::Request<Incoming>,
) -> Response {
    let (head, body) = request.into_parts();
    let text = |name| head.headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let options = options::Put {
        content_type: text(header::CONTENT_TYPE).map(str::to_owned),
        content_encoding: text(header::CONTENT_ENCODING).map(str::to_owned),
        ..Default::default()
    };
    if kind == FileKind::NarInfo {
        return narinfo(server, key, options, body).await;
    }
    let size = text(header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
    match stream(server, &key, options, body, size).await {
        Ok(()) => {
            server.stored.add(key);
            sentence(StatusCode::CREATED, "")
        }
        Err(error) => server.failed(&error),
    }
}

async fn stream(
    server: &Server,
    key: &str,
    options: options::Put,
    mut body: Incoming,
    size: Option<u64>,
) -> oarlock::Result<()> {
    let mut call = server.cache.store.put(key, Source::Fed(size), options);
    loop {
        match call.next().await {
            Step::Want(_) => match next(&mut body).await {
                Ok(Some(bytes)) => call.feed(bytes),
                Ok(None) => call.feed_end(),
                Err(error) => call.feed_error(&error.to_string()),
            },
            Step::Done => return call.take().map(drop),
            _ => {}
        }
    }
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, hyper::Error> {
    while let Some(frame) = body.frame().await {
        if let Ok(bytes) = frame?.into_data()
            && !bytes.is_empty()
        {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

async fn narinfo(server: &Arc<Server>, key: String, options: options::Put, body: Incoming) -> Response {
    let Ok(body) = Limited::new(body, NARINFO).collect().await else {
        return sentence(StatusCode::BAD_REQUEST, "the narinfo did not arrive, or is too large\n");
    };
    let body = body.to_bytes();
    let encoding = options.content_encoding.clone().unwrap_or_default();
    let parsed = {
        let body = body.clone();
        tokio::task::spawn_blocking(move || read_narinfo(&encoding, &body)).await
    };
    let narinfo = match parsed {
        Ok(Ok(narinfo)) => narinfo,
        Ok(Err(why)) => return sentence(StatusCode::BAD_REQUEST, format!("this is no narinfo: {why}\n")),
        Err(_) => return sentence(StatusCode::INTERNAL_SERVER_ERROR, "the narinfo could not be read\n"),
    };
    if narinfo.path.narinfo_key() != key {
        let why = format!("the narinfo is of {}, not of {key}\n", narinfo.path);
        return sentence(StatusCode::BAD_REQUEST, why);
    }
    let mut needed: HashSet<String> = narinfo.other_references().map(|path| path.narinfo_key()).collect();
    needed.extend(narinfo.nar_key().map(str::to_owned));
    needed.retain(|key| !server.stored.has(key));
    let needed: Vec<String> = needed.into_iter().collect();
    let found = match server.cache.heads(&needed).await {
        Ok((found, _)) => found,
        Err(failure) => return sentence(StatusCode::BAD_GATEWAY, failure.message + "\n"),
    };
    if let Some(absent) = needed.iter().find(|key| !found.contains_key(*key)) {
        let why = format!("{key} needs {absent}, which the cache has not; upload it first\n");
        return sentence(StatusCode::CONFLICT, why);
    }
    if let Err(error) = server.cache.write(&key, body, options).await {
        return server.failed(&error);
    }
    server.ahead.forget(&key);
    for key in needed {
        server.stored.add(key);
    }
    server.stored.add(key);
    sentence(StatusCode::CREATED, "")
}
