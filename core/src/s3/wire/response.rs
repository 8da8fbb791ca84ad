//! Reads responses: an object's metadata, a document, or why the server refused.
//!
//! Invariant: a header that can't be read counts as absent; a body that explains a refusal is read up to a
//! limit.

use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Response, StatusCode};
use http_body::Body as _;

use super::request::Request;
use crate::error::{Error, ErrorKind};
use crate::http::Watched;
use crate::reply::ObjectMeta;
use crate::s3::date::read_http_date;
use crate::s3::etag::bare;
use crate::s3::failure::{Attempt, Cause, Failure, Refusal};
use crate::s3::foreign::foreign;
use crate::s3::refusal::{UNREADABLE, refused};
use crate::value::{Field, Value};
use crate::xml::{self, Malformed};

/// The limit of a document, in bytes. A page of a thousand keys of a kilobyte, each byte of them encoded,
/// takes three million.
const DOCUMENT: usize = 16 << 20;
/// Bytes of a refusal that are read.
const EXPLANATION: usize = 64 << 10;
/// How long to wait for them.
const PATIENCE: Duration = Duration::from_secs(10);

/// A header as text.
pub(in crate::s3) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    std::str::from_utf8(headers.get(name)?.as_bytes()).ok()
}

/// Whether a header's text is this word, in capitals or not.
pub(in crate::s3) fn header_is(headers: &HeaderMap, name: &str, word: &str) -> bool {
    text(headers, name).is_some_and(|text| text.eq_ignore_ascii_case(word))
}

/// The metadata in the headers of a GET or HEAD.
pub(in crate::s3) fn meta(key: String, size: Option<u64>, headers: &HeaderMap) -> ObjectMeta {
    let mut meta = ObjectMeta { key, size, ..ObjectMeta::default() };
    for (name, value) in headers {
        let Ok(value) = std::str::from_utf8(value.as_bytes()) else { continue };
        let text = || Some(value.to_owned());
        match name.as_str() {
            "etag" => meta.etag = bare(Some(value)),
            "last-modified" => meta.last_modified = read_http_date(value),
            "x-amz-version-id" => meta.version_id = text(),
            "content-type" => meta.content_type = text(),
            "content-encoding" => meta.content_encoding = text().filter(|encoding| !encoding.is_empty()),
            "content-language" => meta.content_language = text(),
            "content-disposition" => meta.content_disposition = text(),
            "cache-control" => meta.cache_control = text(),
            // Servers store any text here, and a text that is no date is no time.
            "expires" => meta.expires = Field::from_value(Value::Str(value.to_owned())).ok(),
            "x-amz-storage-class" => meta.storage_class = text(),
            "x-amz-server-side-encryption" => meta.sse = text(),
            "x-amz-server-side-encryption-aws-kms-key-id" => meta.sse_kms_key_id = text(),
            "x-amz-server-side-encryption-customer-algorithm" => meta.sse_customer_algorithm = text(),
            name => {
                if let Some(name) = name.strip_prefix("x-amz-meta-") {
                    // A name that comes twice holds a list, as HTTP has it.
                    let joined = meta.metadata.entry(name.to_owned());
                    joined
                        .and_modify(|before| before.extend([", ", value]))
                        .or_insert_with(|| value.to_owned());
                }
            }
        }
    }
    meta
}

/// Reads a response whose body is a document, to its end.
pub(in crate::s3) async fn read_document<T>(
    server: &str,
    response: Response<Watched>,
    read: impl FnOnce(&HeaderMap, &[u8]) -> Result<T, Malformed>,
) -> Attempt<T> {
    let (head, mut body) = response.into_parts();
    let failed = |why: &str| {
        let error = Error::new(ErrorKind::Network, format!("the answer broke off or can't be read: {why}"));
        let request_id = text(&head.headers, "x-amz-request-id");
        let error = error.with_answer(Some(head.status.as_u16()), None, request_id);
        Failure { cause: Cause::Transient, ..error.into() }
    };
    let length = body.size_hint().exact().unwrap_or(0).min(DOCUMENT as u64) as usize;
    let mut bytes = BytesMut::with_capacity(length);
    while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|error| failed(&error.to_string()))?;
        bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        if bytes.len() > DOCUMENT {
            return Err(failed("it does not end"));
        }
    }
    read(&head.headers, &bytes).map_err(|Malformed| {
        let body = String::from_utf8_lossy(&bytes);
        let header = |name: &str| text(&head.headers, name);
        let status = head.status.as_u16();
        let of = |code, message| Refusal { server, status, header: &header, code, message, body: &body };
        match xml::error(&bytes) {
            // The server had sent the status before it failed.
            Some((code, message)) => refused(of(code, message)),
            None if foreign(&of(None, None)).is_some() => refused(of(None, None)),
            None => failed(UNREADABLE),
        }
    })
}

/// Why the server refused.
pub(super) async fn refusal(server: &str, response: Response<Watched>) -> Failure {
    let (head, body) = response.into_parts();
    // An explanation that does not come in time is left out.
    let body = tokio::time::timeout(PATIENCE, explanation(body)).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    let header = |name: &str| text(&head.headers, name);
    let is_error = body.contains("<Error");
    let (code, message) =
        if is_error { (element(&body, "Code"), element(&body, "Message")) } else { (None, None) };
    refused(Refusal { server, status: head.status.as_u16(), header: &header, code, message, body: &body })
}

/// Whether a response that reports a successful write of bytes, or a deletion, is hardly S3's: a page,
/// without anything that S3 returns after a write.
pub(super) fn is_strange(request: &Request, response: &Response<Watched>) -> bool {
    let is_write = match request.method {
        Method::PUT => request.body.is_some() && !request.is_document,
        Method::DELETE => true,
        _ => false,
    };
    if !is_write || response.status() == StatusCode::NO_CONTENT {
        return false;
    }
    let header = |name| text(response.headers(), name);
    let is_page = header("content-type")
        .is_some_and(|kind| kind.contains("text/html") || kind.contains("application/json"));
    is_page
        && header("content-length") != Some("0")
        && header("etag").is_none()
        && header("x-amz-request-id").is_none()
}

async fn explanation(mut body: Watched) -> Bytes {
    let mut whole = BytesMut::new();
    while whole.len() < EXPLANATION {
        match std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            Some(Ok(frame)) => whole.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data)),
            _ => break,
        }
    }
    whole.freeze()
}

/// The text of the first element of this name. The document may have been cut off.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let entities = ["&lt;<", "&gt;>", "&quot;\"", "&apos;'", "&#39;'", "&#34;\"", "&amp;&"];
    Some(entities.iter().fold(text.to_owned(), |text, pair| {
        let (entity, character) = pair.split_at(pair.len() - 1);
        text.replace(entity, character)
    }))
}
