//! GET and HEAD requests of any URL, for bytes that lie on another server than the store's.
//!
//! Invariant: at most five redirects are followed, from https to https only, and the caller's headers go to
//! the host that they were given for and to no other. A message names host, port and path: never userinfo,
//! a query or a header's value.

use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use url::Url;

use super::no_response::line;
use super::send::{CONNECT, READ};
use super::{NoResponse, Transport, Watched};
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result, fail};

/// Redirects that are followed.
const REDIRECTS: usize = 5;

/// Headers of a request that the caller can't set: they belong to the connection or to this file.
const OURS: &[HeaderName] = &[
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::RANGE,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// A URL and the headers that its server is to get.
#[derive(Clone)]
pub(crate) struct PlainTarget {
    url: Url,
    headers: HeaderMap,
}

impl PlainTarget {
    /// Reads an `http://` or `https://` URL. Userinfo becomes an `Authorization` header.
    pub(crate) fn new<'a>(
        url: &str,
        headers: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<PlainTarget> {
        // The package would take `https:///a` for the host `a`.
        let names_host = url.split_once("://").is_some_and(|(_, rest)| !rest.starts_with(['/', '\\']));
        let parsed = Url::parse(url).ok().filter(|_| names_host);
        let Some(mut url) = parsed.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            fail!(InvalidInput, "the upstream's URL can't be read; it is written https://host/path")
        };
        let mut map = HeaderMap::new();
        if !url.username().is_empty() || url.password().is_some() {
            let (name, word) = (url.username(), url.password().unwrap_or_default());
            let pair = format!("{}:{}", percent_decoded(name), percent_decoded(word));
            let basic = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)));
            map.extend(basic.ok().map(|basic| (header::AUTHORIZATION, basic)));
            // Neither fails for a URL with a host.
            let _ = (url.set_username(""), url.set_password(None));
        }
        for (name, value) in headers {
            let header = HeaderName::try_from(name).ok().filter(|header| !OURS.contains(header));
            let (Some(header), Ok(mut value)) = (header, HeaderValue::try_from(value)) else {
                fail!(InvalidInput, "the upstream can't be sent a header {name:?} with this value")
            };
            value.set_sensitive(true);
            map.insert(header, value);
        }
        url.set_fragment(None);
        Ok(PlainTarget { url, headers: map })
    }

    /// The URL as messages show it.
    pub(crate) fn shown(&self) -> String {
        let authority = self.url.host_str().unwrap_or_default();
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{authority}{port}{}", self.url.scheme(), self.url.path())
    }

    /// Where a redirect of this target leads.
    fn redirected(&self, location: Option<&str>) -> Result<PlainTarget> {
        let Some(url) = location.and_then(|location| self.url.join(location).ok()) else {
            fail!(Service, "{} redirects without a usable address", self.shown())
        };
        let mut next = PlainTarget { url, headers: self.headers.clone() };
        match (self.url.scheme(), next.url.scheme()) {
            ("https", "https") | ("http", "http" | "https") => {}
            ("https", "http") => {
                fail!(Service, "{} redirects from https to http, which is not followed", self.shown())
            }
            _ => fail!(Service, "{} redirects to no http or https address", self.shown()),
        }
        if next.url.origin() != self.url.origin() {
            next.headers.clear();
        }
        let _ = (next.url.set_username(""), next.url.set_password(None));
        Ok(next)
    }
}

/// A response whose body is still to be read.
pub(crate) struct PlainResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: PlainBody,
}

impl PlainResponse {
    /// A header as text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The bytes of a response as they come. Dropping a future of `next` loses none.
pub(crate) struct PlainBody(Watched);

impl PlainBody {
    /// The next bytes; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            let Some(frame) = self.0.frame().await else { return Ok(None) };
            let frame = frame.map_err(|error| Error::new(ErrorKind::Network, error.to_string()))?;
            // The other kind of frame is a trailer.
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
    }
}

/// Sends the request with these further headers and follows redirects. Any other status is the caller's.
pub(crate) async fn request(
    settings: &Settings,
    method: &Method,
    target: &PlainTarget,
    further: &[(HeaderName, &str)],
) -> Result<PlainResponse> {
    let patience = (settings.connect_timeout.unwrap_or(CONNECT), settings.read_timeout.unwrap_or(READ));
    let mut target = target.clone();
    for _ in 0..=REDIRECTS {
        let response = once(settings, method, &target, further, patience).await?;
        match response.status.as_u16() {
            301 | 302 | 303 | 307 | 308 => target = target.redirected(response.text("location"))?,
            _ => return Ok(response),
        }
    }
    fail!(Service, "{} redirects more than {REDIRECTS} times", target.shown())
}

async fn once(
    settings: &Settings,
    method: &Method,
    target: &PlainTarget,
    further: &[(HeaderName, &str)],
    patience: (Duration, Duration),
) -> Result<PlainResponse> {
    let mut transport = Transport::of(settings)?;
    if target.url.scheme() == "http" {
        transport = transport.plain();
    }
    let mut request = Request::new(SdkBody::empty());
    *request.method_mut() = method.clone();
    *request.uri_mut() = target.url.as_str().parse().map_err(|_| {
        Error::new(ErrorKind::InvalidInput, format!("{} is no address to request", target.shown()))
    })?;
    let headers = request.headers_mut();
    headers.clone_from(&target.headers);
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static("oarlock"));
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    for (name, value) in further {
        headers.extend(HeaderValue::try_from(*value).ok().map(|value| (name.clone(), value)));
    }
    let sent = transport.client()?.send(request, patience.0, patience.1).await;
    let (head, body) = sent
        .map_err(|error| {
            let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Network };
            let why = NoResponse::of(&error).map_or_else(|| line(&error), ToString::to_string);
            Error::new(kind, why)
        })?
        .into_parts();
    Ok(PlainResponse { status: head.status, headers: head.headers, body: PlainBody(body) })
}

/// Undoes percent escapes; malformed ones stay.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = escaped
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> PlainTarget {
        PlainTarget::new(url, [("authorization", "canary")].into_iter()).unwrap()
    }

    #[test]
    fn userinfo_becomes_a_header_and_is_not_shown() {
        let target = PlainTarget::new("https://me:p%40ss@h:8443/a/b?sig=canary#x", [].into_iter()).unwrap();
        assert_eq!(target.shown(), "https://h:8443/a/b");
        assert_eq!(target.url.as_str(), "https://h:8443/a/b?sig=canary");
        assert_eq!(target.headers[header::AUTHORIZATION], format!("Basic {}", STANDARD.encode("me:p@ss")));
    }

    #[test]
    fn only_web_addresses_and_plain_headers_are_taken() {
        for url in ["ftp://h/a", "h/a", "https:///a", "javascript:1", ""] {
            assert!(PlainTarget::new(url, [].into_iter()).is_err(), "{url}");
        }
        for header in [("host", "h"), ("range", "bytes=0-"), ("a b", "c"), ("x", "a\nb")] {
            assert!(PlainTarget::new("https://h/", [header].into_iter()).is_err(), "{header:?}");
        }
    }

    #[test]
    fn redirects_keep_headers_at_their_host_and_never_leave_tls() {
        let from = target("https://h/a/b");
        let near = from.redirected(Some("/c?d")).unwrap();
        assert_eq!((near.shown().as_str(), near.headers.len()), ("https://h/c", 1));
        let far = from.redirected(Some("https://other/c")).unwrap();
        assert_eq!((far.shown().as_str(), far.headers.len()), ("https://other/c", 0));
        assert!(from.redirected(Some("https://h:444/c")).unwrap().headers.is_empty());
        for location in [Some("http://h/c"), Some("file:///etc/passwd"), None] {
            assert_eq!(from.redirected(location).err().unwrap().kind(), ErrorKind::Service);
        }
        assert!(target("http://h/").redirected(Some("https://h/")).is_ok());
    }
}
