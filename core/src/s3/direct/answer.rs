//! What a server's answer says: an object's metadata, or why it refused.
//!
//! Law: a header that can't be read says nothing; a body that explains a refusal is read to a bound.

use std::time::Duration;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Response, StatusCode};
use http_body::Body as _;

use super::xml::Broken;
use crate::error::{Error, ErrorKind};
use crate::http::Watched;
use crate::reply::ObjectMeta;
use crate::s3::documents;
use crate::s3::error::{Refusal, UNREADABLE, refused};
use crate::s3::foreign::foreign;
use crate::s3::object::expires;
use crate::s3::retry::{Cause, Failure};
use crate::s3::settings::{bare, time};

/// Bytes of a document; a page of a thousand keys of a kilobyte, each byte of them encoded, takes three
/// million.
pub(in crate::s3) const DOCUMENT: usize = 16 << 20;
/// Bytes of a refusal that are read.
const EXPLANATION: usize = 64 << 10;
/// How long to wait for them.
const PATIENCE: Duration = Duration::from_secs(10);

/// A header as text.
pub(in crate::s3) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    std::str::from_utf8(headers.get(name)?.as_bytes()).ok()
}

/// The metadata that the headers of a GET or HEAD tell.
pub(in crate::s3) fn meta(key: String, size: Option<u64>, headers: &HeaderMap) -> ObjectMeta {
    let mut meta = ObjectMeta { key, size, ..ObjectMeta::default() };
    for (name, value) in headers {
        let Ok(value) = std::str::from_utf8(value.as_bytes()) else { continue };
        let text = || Some(value.to_owned());
        match name.as_str() {
            "etag" => meta.etag = bare(Some(value)),
            "last-modified" => {
                meta.last_modified = time(DateTime::from_str(value, Format::HttpDate).ok().as_ref())
            }
            "x-amz-version-id" => meta.version_id = text(),
            "content-type" => meta.content_type = text(),
            "content-encoding" => meta.content_encoding = text().filter(|encoding| !encoding.is_empty()),
            "content-language" => meta.content_language = text(),
            "content-disposition" => meta.content_disposition = text(),
            "cache-control" => meta.cache_control = text(),
            "expires" => meta.expires = expires(Some(value)),
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

/// What `read` makes of an answer that is a document; it must come to its end.
pub(in crate::s3) async fn whole<T>(
    server: &str,
    answer: Response<Watched>,
    read: impl FnOnce(&[u8]) -> Result<T, Broken>,
) -> Result<T, Failure> {
    let (head, mut body) = answer.into_parts();
    let failed = |why: &str| {
        let error = Error::new(ErrorKind::Network, format!("the answer broke off or can't be read: {why}"));
        let error =
            error.with_answer(Some(head.status.as_u16()), None, text(&head.headers, "x-amz-request-id"));
        Failure { cause: Cause::Transient, ..error.into() }
    };
    let length = body.size_hint().exact().unwrap_or(0).min(DOCUMENT as u64) as usize;
    let mut bytes = BytesMut::with_capacity(length);
    while let Some(frame) =
        std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context)).await
    {
        let frame = frame.map_err(|error| failed(&error.to_string()))?;
        bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        if bytes.len() > DOCUMENT {
            return Err(failed("it does not end"));
        }
    }
    read(&bytes).map_err(|Broken| {
        let body = String::from_utf8_lossy(&bytes);
        let header = |name: &str| text(&head.headers, name);
        let of = |code, message| Refusal {
            server,
            status: head.status.as_u16(),
            header: &header,
            code,
            message,
            body: &body,
        };
        match documents::refusal(&bytes) {
            // Sent after the status, because the failure came when that was on its way.
            Some((code, message)) => refused(of(code, message)),
            None if foreign(&of(None, None)).is_some() => refused(of(None, None)),
            None => failed(UNREADABLE),
        }
    })
}

/// Why the server refused.
pub(super) async fn refusal(server: &str, answer: Response<Watched>) -> Failure {
    let (head, body) = answer.into_parts();
    // An explanation that does not come is none.
    let body = tokio::time::timeout(PATIENCE, explanation(body)).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    let header = |name: &str| text(&head.headers, name);
    let said = body.contains("<Error");
    let (code, message) =
        if said { (element(&body, "Code"), element(&body, "Message")) } else { (None, None) };
    refused(Refusal { server, status: head.status.as_u16(), header: &header, code, message, body: &body })
}

/// Whether a response that says that a write went well is hardly S3's: a page, without anything that S3 says
/// of a write.
pub(super) fn is_strange(method: &Method, answer: &Response<Watched>) -> bool {
    if !matches!(*method, Method::PUT | Method::DELETE) || answer.status() == StatusCode::NO_CONTENT {
        return false;
    }
    let header = |name| text(answer.headers(), name);
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
        match std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context)).await {
            Some(Ok(frame)) => whole.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data)),
            _ => break,
        }
    }
    whole.freeze()
}

/// The text of the first element of this name.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(["&lt;<", "&gt;>", "&quot;\"", "&apos;'", "&#39;'", "&#34;\"", "&amp;&"].iter().fold(
        text.to_owned(),
        |text, pair| {
            let (entity, character) = pair.split_at(pair.len() - 1);
            text.replace(entity, character)
        },
    ))
}
