//! One GET: the object's metadata and a body to read piece by piece.
//!
//! Invariant: a body that ends before its announced length, or before its last chunk, is an error. Only one
//! that ends with its connection can be cut unseen, so it is accepted only if the server announces that it
//! closes the connection.

use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Version};
use http_body::{Body as _, Frame};

use super::client::S3;
use super::etag::quoted;
use super::headers::customer;
use super::wire::{meta, text};
use crate::error::{Error, ErrorKind, Result};
use crate::http::Watched;
use crate::keys::Key;
use crate::options::Get;
use crate::reply::ObjectMeta;

/// An answer whose body is still to be read.
pub(crate) struct Body {
    pub(crate) meta: ObjectMeta,
    /// The first byte of the object that the body holds.
    pub(crate) offset: u64,
    /// How many bytes the body holds: those asked for, or the whole object if the server supports no ranges.
    pub(crate) length: u64,
    /// Whether the server reports that it serves ranges.
    pub(crate) ranges: bool,
    /// The checksums of the whole object by algorithm, in base64. Only a response with the whole object has
    /// them.
    pub(crate) checksums: Vec<(&'static str, String)>,
    /// How many of them have come.
    came: u64,
    body: Pieces,
}

/// An answer with the whole object, whose length shows only at its end.
pub(crate) struct Unsized {
    /// Without a size.
    pub(crate) meta: ObjectMeta,
    /// As those of a `Body`.
    pub(crate) checksums: Vec<(&'static str, String)>,
    body: Pieces,
}

impl Unsized {
    /// The next piece; `None` at the end. An error means that the connection broke.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        self.body.next().await
    }
}

/// A response with or without a length.
pub(crate) enum GetResponse {
    Sized(Box<Body>),
    Unsized(Box<Unsized>),
}

/// The bytes of an answer as they come.
struct Pieces(Watched);

impl Body {
    /// The next piece; `None` at the end. An error means that the connection broke.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some(piece) = self.body.next().await? else { return Ok(None) };
        self.came += piece.len() as u64;
        if self.came > self.length {
            return Err(Error::new(ErrorKind::Corrupt, "the server sent more bytes than it announced"));
        }
        Ok(Some(piece))
    }

    /// The object's byte that comes next.
    pub(crate) fn position(&self) -> u64 {
        self.offset + self.came
    }

    /// How many bytes are still to come.
    pub(crate) fn left(&self) -> u64 {
        self.length - self.came
    }
}

impl Pieces {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            let frame = std::future::poll_fn(|context| Pin::new(&mut self.0).poll_frame(context)).await;
            match frame.map(|frame| frame.map(Frame::into_data)) {
                None => return Ok(None),
                Some(Ok(Ok(bytes))) => return Ok(Some(bytes)),
                // A trailer.
                Some(Ok(Err(_))) => {}
                Some(Err(error)) if error.is::<hyper::Error>() => {
                    return Err(Error::new(ErrorKind::Network, "the connection broke before the last byte"));
                }
                Some(Err(error)) => return Err(Error::new(ErrorKind::Network, error.to_string())),
            }
        }
    }
}

/// Sends one GET whose response must announce its length.
pub(crate) async fn fetch(at: &S3, key: &Key, options: &Get) -> Result<Body> {
    match fetch_any(at, key, options).await? {
        GetResponse::Sized(body) => Ok(*body),
        GetResponse::Unsized(_) => Err(unannounced()),
    }
}

fn unannounced() -> Error {
    Error::new(ErrorKind::Service, "the server does not say how many bytes it sends")
}

/// Sends one GET.
pub(crate) async fn fetch_any(at: &S3, key: &Key, options: &Get) -> Result<GetResponse> {
    let checked = at.validates() && options.range.is_none();
    let request = at
        .object("GetObject", Method::GET, &key.0)
        .await?
        .query("versionId", options.version_id.as_deref())
        .query("x-id", Some("GetObject"))
        .header("range", options.range.map(|range| range.header()))?
        .header("if-match", options.if_match.as_deref().map(quoted))?
        .header("if-none-match", options.if_none_match.as_deref().map(quoted))?
        .date("if-modified-since", options.if_modified_since)?
        .date("if-unmodified-since", options.if_unmodified_since)?
        .header("x-amz-checksum-mode", checked.then_some("ENABLED"))?;
    let request = customer(options.sse_customer_key.as_ref(), at.settings()).add_to(request)?;
    let (head, body) = at.ask(&request).await?.into_parts();
    let told = |name| text(&head.headers, name);
    let length: Option<u64> = told("content-length").and_then(|length| length.parse().ok());
    let (offset, length, size) = match (told("content-range"), length) {
        (None, Some(length)) => (0, length, length),
        (None, None) => {
            return unsized_answer(at, key, head, body).map(|answer| GetResponse::Unsized(Box::new(answer)));
        }
        (Some(header), length) => match content_range(header) {
            // A range announces its length by itself.
            Some((first, last, size)) if length.is_none_or(|length| last - first + 1 == length) => {
                (first, last - first + 1, size)
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::Service,
                    "the server's Content-Range can't be read or contradicts its Content-Length",
                ));
            }
        },
    };
    let checksums =
        if at.validates() && told("content-range").is_none() { checksums(&head.headers) } else { Vec::new() };
    let ranges = told("content-range").is_some() || told("accept-ranges") == Some("bytes");
    let meta = meta(key.0.clone(), Some(size), &head.headers);
    Ok(GetResponse::Sized(Box::new(Body {
        meta,
        offset,
        length,
        ranges,
        checksums,
        came: 0,
        body: Pieces(body),
    })))
}

/// A response without a length, if its end can be recognised: by its last chunk, or by a connection that the
/// server announces to close.
/// Source: RFC 9112, section 6.3.
fn unsized_answer(at: &S3, key: &Key, head: http::response::Parts, body: Watched) -> Result<Unsized> {
    let lists = |name: &str, word: &str| {
        text(&head.headers, name)
            .is_some_and(|text| text.split(',').any(|one| one.trim().eq_ignore_ascii_case(word)))
    };
    let is_chunked = lists("transfer-encoding", "chunked");
    let closes = lists("connection", "close") || head.version == Version::HTTP_10;
    if head.status != StatusCode::OK || !(is_chunked || closes) {
        return Err(unannounced());
    }
    let checksums = if at.validates() { checksums(&head.headers) } else { Vec::new() };
    Ok(Unsized { meta: meta(key.0.clone(), None, &head.headers), checksums, body: Pieces(body) })
}

fn checksums(headers: &HeaderMap) -> Vec<(&'static str, String)> {
    let told = [
        ("CRC64NVME", "x-amz-checksum-crc64nvme"),
        ("CRC32C", "x-amz-checksum-crc32c"),
        ("CRC32", "x-amz-checksum-crc32"),
        ("SHA1", "x-amz-checksum-sha1"),
        ("SHA256", "x-amz-checksum-sha256"),
    ];
    told.into_iter().filter_map(|(name, header)| Some((name, text(headers, header)?.to_owned()))).collect()
}

/// First byte, last byte and whole size from `bytes first-last/size`.
fn content_range(header: &str) -> Option<(u64, u64, u64)> {
    let (range, size) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, size) = (first.parse().ok()?, last.parse().ok()?, size.parse().ok()?);
    (first <= last && last < size).then_some((first, last, size))
}

#[cfg(test)]
mod tests {
    use super::content_range;

    #[test]
    fn content_ranges() {
        assert_eq!(content_range("bytes 2-4/10"), Some((2, 4, 10)));
        for bad in [
            "bytes 4-2/10",
            "bytes 0-10/10",
            "bytes */10",
            "bytes 0-4/*",
            "0-4/10",
            "",
            "bytes a-b/c",
            "bytes 0-18446744073709551615/5",
        ] {
            assert_eq!(content_range(bad), None, "{bad}");
        }
    }
}
