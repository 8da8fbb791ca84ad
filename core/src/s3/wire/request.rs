//! A request before its endpoint, time and credentials are known.
//!
//! Invariant: path and query are encoded once, here, and signed as they are sent; every key is sent as it is,
//! dots and slashes included.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use sha2::{Digest, Sha256};

use crate::checksum::Algorithm;
use crate::credentials::sign::{EMPTY, Headers, hex, percent_encode, value};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::s3::date::http_date;
use crate::s3::endpoint::Subject;
use crate::xml::Element;

/// One operation.
pub(in crate::s3) struct Request {
    operation: &'static str,
    subject: Subject,
    pub(super) method: Method,
    /// `/` and the key, then the query after its `?`.
    pub(super) path_and_query: String,
    path_length: usize,
    pub(super) headers: Headers,
    pub(super) body: Option<Bytes>,
    /// Counts the body's bytes as they leave.
    pub(super) moved: Option<Arc<AtomicU64>>,
    /// Whether the body is a document, which the signature always covers.
    pub(super) is_document: bool,
}

impl Request {
    /// A request about an object; `key` holds the store's prefix.
    pub(in crate::s3) fn of_object(operation: &'static str, method: Method, key: &str) -> Result<Request> {
        if key.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "the request can't be sent: the key is empty"));
        }
        let mut request = Request::new(operation, method, Subject::Bucket, key.len() + 32);
        percent_encode(&mut request.path_and_query, key, true);
        request.path_length = request.path_and_query.len();
        Ok(request)
    }

    /// A request about the bucket.
    pub(in crate::s3) fn of_bucket(operation: &'static str, method: Method) -> Request {
        Request::new(operation, method, Subject::Bucket, 128)
    }

    /// A request about the target.
    pub(in crate::s3) fn to(operation: &'static str, method: Method, subject: Subject) -> Request {
        Request::new(operation, method, subject, 32)
    }

    fn new(operation: &'static str, method: Method, subject: Subject, capacity: usize) -> Request {
        let mut path_and_query = String::with_capacity(capacity);
        path_and_query.push('/');
        Request {
            operation,
            subject,
            method,
            path_and_query,
            path_length: 1,
            headers: Headers::with_capacity(16),
            body: None,
            moved: None,
            is_document: false,
        }
    }

    /// A GET of the first byte of the object that this request, a HEAD, is about.
    pub(super) fn first_byte(&self) -> Request {
        let mut headers = self.headers.clone();
        headers.push((header::RANGE, HeaderValue::from_static("bytes=0-0")));
        Request {
            operation: "GetObject",
            subject: self.subject,
            method: Method::GET,
            path_and_query: self.path_and_query.clone(),
            path_length: self.path_length,
            headers,
            body: None,
            moved: None,
            is_document: false,
        }
    }

    /// The path, encoded.
    pub(super) fn path(&self) -> &str {
        &self.path_and_query[..self.path_length]
    }

    /// The query as signatures have it: each name with its `=`.
    pub(super) fn canonical_query(&self) -> Cow<'_, str> {
        let query = self.path_and_query[self.path_length..].trim_start_matches('?');
        if query.is_empty() || query.split('&').all(|pair| pair.contains('=')) {
            return Cow::Borrowed(query);
        }
        let whole = |pair: &str| if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") };
        Cow::Owned(query.split('&').map(whole).collect::<Vec<_>>().join("&"))
    }

    pub(in crate::s3) fn operation(&self) -> &'static str {
        self.operation
    }

    pub(in crate::s3) fn subject(&self) -> Subject {
        self.subject
    }

    /// Whether the request is a HEAD of an object.
    pub(super) fn is_head_of_object(&self) -> bool {
        self.method == Method::HEAD && self.path_length > 1
    }

    /// Adds to the query; an empty value leaves the name alone. Signatures need the names in their order.
    pub(in crate::s3) fn query(mut self, name: &'static str, value: Option<&str>) -> Request {
        if let Some(value) = value {
            self.path_and_query.push(if self.path_and_query.len() == self.path_length { '?' } else { '&' });
            self.path_and_query.push_str(name);
            if !value.is_empty() {
                self.path_and_query.push('=');
                percent_encode(&mut self.path_and_query, value, false);
            }
        }
        self
    }

    /// Adds a header. An empty value is left out.
    pub(in crate::s3) fn header(
        mut self,
        name: &'static str,
        text: Option<impl AsRef<str>>,
    ) -> Result<Request> {
        if let Some(text) = text.as_ref().map(AsRef::as_ref).filter(|text| !text.is_empty()) {
            self.headers.push((HeaderName::from_static(name), value(text)?));
        }
        Ok(self)
    }

    /// Adds a header whose name is the caller's in part.
    pub(in crate::s3) fn named_header(mut self, name: &str, text: &str) -> Result<Request> {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
            let why = "the request can't be sent: a name is none for an HTTP header";
            Error::new(ErrorKind::InvalidInput, why)
        })?;
        self.headers.push((name, value(text)?));
        Ok(self)
    }

    /// Adds a header that holds a time.
    pub(in crate::s3) fn date(self, name: &'static str, time: Option<SystemTime>) -> Result<Request> {
        let Some(time) = time else { return Ok(self) };
        let Some(text) = http_date(time) else {
            fail!(InvalidInput, "`{name}` takes a time with a year of four digits");
        };
        self.header(name, Some(text))
    }

    /// The bytes of an object or of a part.
    pub(in crate::s3) fn body(mut self, body: Bytes) -> Result<Request> {
        self = self.header("content-length", Some(&body.len().to_string()))?;
        self.body = Some(body);
        Ok(self)
    }

    /// Has the body's bytes counted as they leave.
    pub(in crate::s3) fn counted(mut self, moved: Option<Arc<AtomicU64>>) -> Request {
        self.moved = moved;
        self
    }

    /// A document as the body.
    pub(in crate::s3) fn document(mut self, root: Element) -> Result<Request> {
        self.is_document = true;
        self.header("content-type", Some("application/xml"))?.body(root.into_bytes())
    }

    /// No document where one may be: S3 takes the request's headers instead.
    pub(in crate::s3) fn no_document(mut self) -> Result<Request> {
        self.is_document = true;
        self.header("content-type", Some("application/xml"))?.body(Bytes::new())
    }

    /// Adds the checksum that S3 requires of the body of some operations.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
    pub(in crate::s3) fn required_checksum(self) -> Result<Request> {
        let sum = Algorithm::Crc32.of(self.body.as_deref().unwrap_or_default()).text();
        self.header("x-amz-checksum-crc32", Some(sum))?.header("x-amz-sdk-checksum-algorithm", Some("CRC32"))
    }

    /// The SHA-256 of the body in hexadecimal.
    pub(super) fn hash(&self) -> String {
        match &self.body {
            Some(body) if !body.is_empty() => {
                let mut text = String::with_capacity(64);
                hex(&mut text, &Sha256::digest(body));
                text
            }
            _ => EMPTY.to_owned(),
        }
    }
}
