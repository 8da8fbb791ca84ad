//! The server: connections in, requests through plan and operations, replies out.
//!
//! Invariant: every request is logged when it arrives, faults are applied here and nowhere else, and what a
//! fault needs from S3 (an object changed, a token expired) goes through the same store as everything. It
//! must not know what an operation does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use tokio::net::TcpListener;

use crate::auth;
use crate::bend::bend;
use crate::clock;
use crate::control;
use crate::data::Data;
use crate::encoding::{sha256_hex, unbase64};
use crate::error::S3Error;
use crate::faults::{Change, Fault, Framing};
use crate::ops::{self, Ctx};
use crate::payload;
use crate::reply::Reply;
use crate::request::{Op, Request};
use crate::store::Object;
use crate::wire::{Connection, Halt, Then, Wire, WireBody};
use crate::world::World;

/// The `x-amz-id-2` of every answer.
pub const HOST_ID: &str = "ZmFrZS1zMyBsb29wYmFjayBzZXJ2ZXI=";

/// Serves `listener` until the task is dropped.
pub async fn serve(world: Arc<World>, listener: TcpListener) -> std::io::Result<()> {
    loop {
        let (stream, _): (_, SocketAddr) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let world = world.clone();
        tokio::spawn(async move {
            let wire = Arc::new(Wire::default());
            let connection = Connection::new(stream, wire.clone());
            let service = service_fn(move |request| {
                let (world, wire) = (world.clone(), wire.clone());
                async move { exchange(&world, &wire, request).await }
            });
            // An error here is a client that left or a connection that the plan broke.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(connection, service).await;
        });
    }
}

/// The client gets no answer.
#[derive(Debug)]
struct NoAnswer;

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection ends without an answer")
    }
}

impl std::error::Error for NoAnswer {}

type Response = http::Response<WireBody>;

async fn exchange(
    world: &World,
    wire: &Arc<Wire>,
    incoming: hyper::Request<Incoming>,
) -> Result<Response, NoAnswer> {
    let (head, body) = incoming.into_parts();
    let method = head.method.as_str();
    if head.uri.path().starts_with("/_fake/") {
        let body = read_body(body).await?;
        return Ok(respond(control::answer(world, method, &head.uri, body).await, None, wire));
    }
    let request = match Request::parse(method, &head.uri, &head.headers) {
        Ok(request) => request,
        Err(error) => {
            return Ok(respond(error_reply(&error, method, head.uri.path(), 0), None, wire));
        }
    };
    let (n, fault, latency) = world.arrive(&request);
    let fault = fault.unwrap_or_default();
    sleep_ms(latency + fault.slow.unwrap_or(0)).await;
    if let Err(error) = payload::check_length(&request) {
        // The body stays unread, so the connection cannot carry another request.
        let mut reply = error_reply(&error, method, &request.raw_path, n);
        reply.set("connection", "close");
        return Ok(finish(world, n, reply, &error.code, None, wire));
    }
    let raw = read_body(body).await?;
    world.note(n, |entry| {
        entry.body_length = raw.len() as u64;
        // Hashed here only when the request goes no further.
        entry.body_sha256 = (fault.reset || fault.status.is_some()).then(|| sha256_hex(&raw));
    });
    if fault.expire_token {
        expire_token(world, &request);
    }
    if let Some(change) = &fault.change_object {
        change_object(world, &request, change);
    }
    if let Some(number) = fault.change_part {
        change_part(world, &request, number);
    }
    if fault.reset {
        wire.reset();
        return Err(NoAnswer);
    }
    if let Some(status) = fault.status {
        if let Some(body) = &fault.body {
            return Ok(finish(world, n, foreign_reply(&fault, status, body, method), "", None, wire));
        }
        let error = planned_error(&fault, status);
        let reply = error_reply(&error, method, &request.raw_path, n);
        return Ok(finish(world, n, reply, &error.code, None, wire));
    }
    let (mut reply, code) = match carry_out(world, &request, raw, n, &fault) {
        Ok(reply) => (reply, String::new()),
        Err(error) => (error_reply(&error, method, &request.raw_path, n), error.code),
    };
    if fault.drop_after_store {
        wire.reset();
        return Err(NoAnswer);
    }
    bend(&mut reply, &fault);
    for (name, value) in &fault.answer_headers {
        reply.headers.retain(|(known, _)| known != name);
        if !value.is_empty() {
            reply.set(name, value);
        }
    }
    Ok(finish(world, n, reply, &code, Some(&fault), wire))
}

fn carry_out(world: &World, request: &Request, raw: Bytes, n: u64, fault: &Fault) -> Result<Reply, S3Error> {
    let now = clock::now();
    let own_region = world.store().buckets.get(&request.bucket).map(|bucket| bucket.region.clone());
    let here = world.options.region.as_str();
    let regions: &[&str] = match (&own_region, request.op) {
        (_, Op::ListBuckets | Op::CreateBucket) => &[],
        (_, Op::GetBucketLocation) => &[],
        (Some(own), _) => &[own.as_str(), here],
        (None, _) => &[here],
    };
    let credentials = world.desk().credentials.clone();
    let caller = auth::verify(request, now, &credentials, regions)?;
    let payload = payload::open(request, &caller, raw)?;
    world.note(n, |entry| {
        entry.body_length = payload.data.len();
        entry.body_sha256 = Some(payload.sha256.clone());
    });
    // Only now: what is ignored was signed.
    let begins =
        |names: &[String], name: &str| names.iter().any(|beginning| name.starts_with(beginning.as_str()));
    let mut heard = request.clone();
    heard.headers.retain(|name, _| !begins(&fault.ignore_headers, name));
    if fault.ignore_range {
        heard.headers.remove("range");
    }
    heard.query.retain(|(name, _)| !begins(&fault.ignore_params, name));
    let request = &heard;
    let ctx = Ctx { world, request, caller: &caller, payload: &payload, now };
    let mut reply = ops::run(&ctx)?;
    identify(&mut reply, n);
    Ok(reply)
}

fn finish(
    world: &World,
    n: u64,
    reply: Reply,
    code: &str,
    fault: Option<&Fault>,
    wire: &Arc<Wire>,
) -> Response {
    world.note(n, |entry| {
        entry.status = Some(reply.status);
        entry.code = (!code.is_empty()).then(|| code.to_string());
        entry.reply_length = reply.body.len();
    });
    let mut response = respond(reply, fault, wire);
    response.body_mut().rate = world.desk().rate;
    response
}

fn identify(reply: &mut Reply, n: u64) {
    reply.set("x-amz-request-id", &request_id(n));
    reply.set("x-amz-id-2", HOST_ID);
    reply.set("server", "AmazonS3");
}

fn request_id(n: u64) -> String {
    format!("FAKE{n:012X}")
}

fn error_reply(error: &S3Error, method: &str, resource: &str, n: u64) -> Reply {
    let mut reply = Reply::empty(error.status);
    for (name, value) in &error.headers {
        reply.set(name, value);
    }
    if error.status != 304 {
        reply.set("content-type", "application/xml");
        if method != "HEAD" {
            reply.body = Data::from(Bytes::from(error.to_xml(resource, &request_id(n))));
        }
    }
    identify(&mut reply, n);
    reply
}

/// A response that is not S3's: without anything that names S3.
fn foreign_reply(fault: &Fault, status: u16, body: &str, method: &str) -> Reply {
    let mut reply = Reply::empty(status);
    for (name, value) in &fault.headers {
        reply.set(name, value);
    }
    if method != "HEAD" {
        reply.body = Data::from(Bytes::from(body.to_owned()));
    }
    reply
}

fn planned_error(fault: &Fault, status: u16) -> S3Error {
    let code = fault.code.clone().unwrap_or_else(|| match status {
        503 => "SlowDown".into(),
        _ => "InternalError".into(),
    });
    let message = fault.message.clone().unwrap_or_else(|| match code.as_str() {
        "SlowDown" => "Please reduce your request rate.".into(),
        _ => "We encountered an internal error. Please try again.".into(),
    });
    S3Error { headers: fault.headers.clone().into_iter().collect(), ..S3Error::new(status, &code, message) }
}

/// Turns a reply into bytes, bent by the fault. Offsets beyond the body are brought within it, so that a
/// fault that was logged was also felt.
fn respond(reply: Reply, fault: Option<&Fault>, wire: &Arc<Wire>) -> Response {
    let mut body = reply.body;
    let mut halt = None;
    if let Some(fault) = fault.filter(|_| body.len() > 0) {
        if let Some(offset) = fault.flip_bit {
            body = body.flip(offset % body.len());
        }
        if let Some(stall) = fault.stall {
            let then = Then::Pause(stall.ms.map(Duration::from_millis));
            halt = Some(Halt { after: stall.after.min(body.len() - 1), then });
        }
        if let Some(after) = fault.truncate_body {
            halt = Some(Halt { after: after.min(body.len() - 1), then: Then::Cut });
        }
    }
    let framing = fault.and_then(|fault| fault.framing);
    let mut body = WireBody::new(body.into_segments(), halt, wire.clone());
    body.tells_length = framing.is_none();
    let mut response = http::Response::new(body);
    *response.status_mut() =
        http::StatusCode::from_u16(reply.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    if framing == Some(Framing::Close) {
        *response.version_mut() = http::Version::HTTP_10;
    }
    if let Some(length) = reply.announced.filter(|_| framing.is_none()) {
        response.headers_mut().insert(http::header::CONTENT_LENGTH, length.into());
    }
    for (name, value) in reply.headers {
        let name = http::HeaderName::from_bytes(name.as_bytes());
        let value = http::HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

async fn read_body(mut body: Incoming) -> Result<Bytes, NoAnswer> {
    let expected = body.size_hint().exact().unwrap_or(0).min(payload::MAX_BODY);
    let mut whole = BytesMut::with_capacity(expected as usize);
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| NoAnswer)?.into_data() {
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole.freeze())
}

async fn sleep_ms(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

/// From now on the credential that this request claims is expired.
fn expire_token(world: &World, request: &Request) {
    let claimed =
        request.headers.get("authorization").map(String::as_str).or(request.param("X-Amz-Credential"));
    let token = request.header("x-amz-security-token");
    let mut desk = world.desk();
    let known = desk.credentials.iter_mut().find(|credential| {
        let names = |claim: &str| claim.contains(&format!("{}/", credential.access_key));
        credential.session_token.as_deref() == token && claimed.is_some_and(names)
    });
    if let Some(credential) = known {
        credential.expired = true;
    }
}

/// Someone else writes to the key just before this request is answered.
fn change_object(world: &World, request: &Request, change: &Change) {
    let mut store = world.store();
    let Some(old) = store.buckets.get(&request.bucket).and_then(|bucket| bucket.current(&request.key)) else {
        return;
    };
    let old = old.1;
    let data = match change.body_b64.as_deref().and_then(unbase64) {
        Some(body) => Data::from(Bytes::from(body)),
        None => old.data.map(|_, byte| !byte),
    };
    let new = Object {
        tags: old.tags.clone(),
        acl: old.acl.clone(),
        ..Object::whole(data, old.attributes.clone(), None)
    };
    // It can only fail without the bucket, which was there a moment ago under this lock.
    let _ = store.put(&request.bucket, &request.key, Some(new), clock::now());
}

/// The disk forgets: a part has other bytes than were sent.
fn change_part(world: &World, request: &Request, number: u32) {
    let mut store = world.store();
    let upload = store.uploads.get_mut(request.param("uploadId").unwrap_or_default());
    if let Some(part) = upload.and_then(|upload| upload.parts.get_mut(&number)) {
        part.data = part.data.map(|_, byte| !byte);
        part.checksum = part.checksum.take().map(|checksum| checksum.algorithm.compute(&part.data));
    }
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
