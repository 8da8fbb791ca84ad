//! A request of the data plane, before it is known where it goes, when and for whom.
//!
//! Law: path and query are encoded once, here, and signed as they are sent; every key is sent as it is, dots
//! and slashes included.

use std::fmt::Write as _;
use std::time::SystemTime;

use aws_sdk_s3::types::{ObjectCannedAcl, ServerSideEncryption, StorageClass};
use aws_smithy_types::date_time::Format;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use sha2::{Digest, Sha256};

use crate::credentials::sign::{EMPTY, Headers, hex, value};
use crate::error::{Error, ErrorKind, Result};
use crate::s3::S3;
use crate::s3::settings::{CustomerHeaders, Keep, date};

/// What an operation asks.
pub(in crate::s3) struct Request {
    operation: &'static str,
    pub(super) method: Method,
    /// `/` and the key, then the query after its `?`.
    pub(super) target: String,
    pub(super) path_length: usize,
    pub(super) headers: Headers,
    pub(super) body: Option<Bytes>,
}

impl Request {
    /// A request about a key, which is the server's whole one.
    pub(in crate::s3) fn new(operation: &'static str, method: Method, key: &str) -> Result<Request> {
        if key.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "the request can't be sent: the key is empty"));
        }
        let mut target = String::with_capacity(key.len() + 32);
        target.push('/');
        encode(&mut target, key, true);
        Ok(Request {
            operation,
            method,
            path_length: target.len(),
            target,
            headers: Headers::with_capacity(16),
            body: None,
        })
    }

    /// A request about the bucket.
    pub(in crate::s3) fn of_bucket(operation: &'static str, method: Method) -> Request {
        let (mut target, path_length) = (String::with_capacity(128), 1);
        target.push('/');
        Request { operation, method, path_length, target, headers: Headers::with_capacity(8), body: None }
    }

    /// A GET of the first byte of what this request, a HEAD, is about.
    pub(super) fn first_byte(&self) -> Request {
        let mut headers = self.headers.clone();
        headers.push((header::RANGE, HeaderValue::from_static("bytes=0-0")));
        let (target, path_length) = (self.target.clone(), self.path_length);
        Request { operation: "GetObject", method: Method::GET, target, path_length, headers, body: None }
    }

    pub(in crate::s3) fn operation(&self) -> &'static str {
        self.operation
    }

    /// Adds to the query; to be called in the order of the names.
    pub(in crate::s3) fn query(mut self, name: &'static str, value: Option<&str>) -> Request {
        if let Some(value) = value {
            self.target.push(if self.target.len() == self.path_length { '?' } else { '&' });
            self.target.push_str(name);
            self.target.push('=');
            encode(&mut self.target, value, false);
        }
        self
    }

    /// A header, if there is something to say: an empty value says no more than none.
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

    pub(in crate::s3) fn date(self, name: &'static str, time: Option<SystemTime>) -> Result<Request> {
        let text = time.map(|time| date(time).fmt(Format::HttpDate)).transpose();
        let text = text.map_err(|_| {
            Error::new(ErrorKind::InvalidInput, format!("{name} takes a time that a calendar can tell"))
        })?;
        self.header(name, text)
    }

    pub(in crate::s3) fn customer_key(self, key: &CustomerHeaders) -> Result<Request> {
        self.header("x-amz-server-side-encryption-customer-algorithm", key.algorithm.as_deref())?
            .header("x-amz-server-side-encryption-customer-key", key.key.as_deref())?
            .header("x-amz-server-side-encryption-customer-key-md5", key.md5.as_deref())
    }

    /// Who pays, as the store's settings say.
    pub(in crate::s3) async fn payer(self, at: &S3) -> Result<Request> {
        // The surroundings have their say in it.
        at.completed().await?;
        self.header("x-amz-request-payer", at.payer().map(|payer| payer.as_str().to_owned()))
    }

    /// How a new object is to be kept.
    pub(in crate::s3) fn keep(mut self, keep: &Keep) -> Result<Request> {
        for (name, value) in keep.metadata.iter().flatten() {
            self = self.named_header(&format!("x-amz-meta-{name}"), value)?;
        }
        let expires = keep.expires.as_ref().map(|date| date.fmt(Format::HttpDate)).transpose();
        let expires = expires.map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "option `expires` takes a time that a calendar can tell")
        })?;
        self.header("cache-control", keep.cache_control.as_deref())?
            .header("content-disposition", keep.content_disposition.as_deref())?
            .header("content-encoding", keep.content_encoding.as_deref())?
            .header("content-language", keep.content_language.as_deref())?
            .header("content-type", keep.content_type.as_deref())?
            .header("expires", expires)?
            .header("x-amz-acl", keep.acl.as_ref().map(ObjectCannedAcl::as_str))?
            .header("x-amz-grant-full-control", keep.grant_full_control.as_deref())?
            .header("x-amz-grant-read", keep.grant_read.as_deref())?
            .header("x-amz-grant-read-acp", keep.grant_read_acp.as_deref())?
            .header("x-amz-grant-write-acp", keep.grant_write_acp.as_deref())?
            .header("x-amz-server-side-encryption", keep.sse.as_ref().map(ServerSideEncryption::as_str))?
            .header("x-amz-server-side-encryption-aws-kms-key-id", keep.sse_kms_key_id.as_deref())?
            .header("x-amz-storage-class", keep.storage_class.as_ref().map(StorageClass::as_str))?
            .header("x-amz-tagging", keep.tagging.as_deref())?
            .customer_key(&keep.customer)
    }

    /// A header whose name is the caller's in part.
    fn named_header(mut self, name: &str, text: &str) -> Result<Request> {
        let name = HeaderName::from_bytes(name.as_bytes());
        let name = name.map_err(|_| {
            Error::new(
                ErrorKind::InvalidInput,
                "the request can't be sent: a name is none for an HTTP header",
            )
        })?;
        self.headers.push((name, value(text)?));
        Ok(self)
    }

    pub(in crate::s3) fn body(mut self, body: Bytes) -> Result<Request> {
        self = self.header("content-length", Some(&body.len().to_string()))?;
        self.body = Some(body);
        Ok(self)
    }

    /// The hash of the body in hexadecimal.
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

/// Percent-encodes what is not a letter, a digit or one of `-._~`; slashes stay in a path.
pub(in crate::s3) fn encode(to: &mut String, text: &str, path: bool) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => to.push(byte as char),
            b'/' if path => to.push('/'),
            other => {
                // Writing to a String can't fail.
                let _ = write!(to, "%{other:02X}");
            }
        }
    }
}
