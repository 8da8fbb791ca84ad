//! Why a request got no response: one sentence that names the server, and whether the request may have
//! reached it.
//!
//! Invariant: of a URL only host and port reach a message, of a proxy its host and port. The text of an
//! operating system, of a TLS library or of a certificate is held to one short line.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use http::Uri;
use http::uri::{Authority, Scheme};
use rustls::{AlertDescription, Error as TlsError};

use super::certificate;
use super::connector::{AtProxy, causes, tls_error};

/// Where a request goes, as messages name it: host and port. Cloning is cheap.
#[derive(Clone)]
pub(super) struct Server {
    authority: Option<Authority>,
    is_tls: bool,
}

impl Server {
    pub(super) fn of(uri: &Uri) -> Server {
        Server { authority: uri.authority().cloned(), is_tls: uri.scheme() == Some(&Scheme::HTTPS) }
    }

    fn advise(&self, scheme: &str) -> String {
        format!("set `endpoint` to {scheme}://{self}")
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(authority) = &self.authority else { return f.write_str("the server") };
        let port = authority.port_u16().unwrap_or(if self.is_tls { 443 } else { 80 });
        write!(f, "{}:{port}", authority.host())
    }
}

/// What a connection carried before the request failed on it.
#[derive(Clone, Copy, Default)]
pub(super) struct ConnectionTrace {
    /// The first byte that the server ever sent.
    pub(super) first_byte: Option<u8>,
}

/// What to do about a server that ends TLS connections.
const ASKS: &str = "it may ask for a certificate; see the setting `client_certificate`";

/// Why there is no response. It has no source: whoever looks for the innermost cause finds this sentence.
#[derive(Debug)]
pub(crate) struct NoResponse {
    pub(crate) why: String,
    /// What to do about it.
    pub(crate) advice: Option<String>,
    /// Whether the server may have received the request.
    pub(crate) is_sent: bool,
}

impl fmt::Display for NoResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        self.advice.iter().try_for_each(|advice| write!(f, "; {advice}"))
    }
}

impl StdError for NoResponse {}

impl NoResponse {
    /// The one that a connector's error holds.
    pub(crate) fn of<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a NoResponse> {
        causes(error).find_map(|cause| cause.downcast_ref::<NoResponse>())
    }

    /// No connection within `limit`.
    pub(super) fn unconnected(server: &Server, limit: Duration) -> ConnectorError {
        let tls = if server.is_tls { ", TLS handshake included" } else { "" };
        let why = format!("{server} could not be reached within {} s{tls}", limit.as_secs_f64());
        let advice = Some("see the setting `connect_timeout`".to_owned());
        ConnectorError::timeout(NoResponse { why, advice, is_sent: false }.into())
    }

    /// A connection on which nothing moved for `limit`.
    pub(super) fn silent(server: &Server, limit: Duration) -> ConnectorError {
        let why = format!("{server} did not answer: no byte came or went for {} s", limit.as_secs_f64());
        let advice = Some("see the setting `read_timeout`".to_owned());
        ConnectorError::timeout(NoResponse { why, advice, is_sent: true }.into())
    }

    /// What a connection reports. `seen` is none where none was made; `believed` are the certificates that
    /// count.
    pub(super) fn failed(
        server: &Server,
        seen: Option<ConnectionTrace>,
        believed: &str,
        error: &(dyn StdError + 'static),
    ) -> ConnectorError {
        let proxy = causes(error).find_map(|cause| cause.downcast_ref::<AtProxy>());
        let place = proxy.map_or_else(|| server.to_string(), |proxy| proxy.proxy.clone());
        let mut passing = true;
        let mut certain = |text: String| {
            passing = false;
            text
        };
        let (why, advice) = match (tls_error(error), seen) {
            (Some(TlsError::InvalidCertificate(fault)), _) => {
                let (fault, advice) = certificate::sentence(fault, believed);
                (certain(format!("{place} could not be reached: {fault}")), Some(advice))
            }
            (Some(TlsError::InvalidMessage(_)), None) => {
                let why = certain(format!(
                    "{place} could not be reached: it does not speak TLS, it seems to speak plain HTTP"
                ));
                let advice = match proxy {
                    Some(proxy) => format!("set `proxy` to http://{}", proxy.address()),
                    None => server.advise("http"),
                };
                (why, Some(advice))
            }
            (Some(TlsError::AlertReceived(alert)), _) => {
                let advice = match alert {
                    AlertDescription::CertificateRequired
                    | AlertDescription::BadCertificate
                    | AlertDescription::HandshakeFailure => Some(ASKS.to_owned()),
                    _ => None,
                };
                (format!("{place} could not be reached: it refused the TLS handshake ({alert:?})"), advice)
            }
            (Some(fault), _) => {
                (format!("{place} could not be reached: the TLS connection failed: {}", line(fault)), None)
            }
            (None, None) if proxy.is_some() => {
                (format!("{place} did not open the way to {server}: {}", root(error)), None)
            }
            (None, None) => unconnected(server, error),
            // A record of TLS begins with its type: 21 is an alert, 22 a handshake.
            (None, Some(ConnectionTrace { first_byte: Some(21 | 22) }))
                if !server.is_tls && is_unreadable(error) =>
            {
                (
                    certain(format!("{server} answered with TLS: it does not speak plain HTTP")),
                    Some(server.advise("https")),
                )
            }
            (None, Some(_)) if is_unreadable(error) => {
                (format!("{server} did not answer in HTTP: {}", root(error)), None)
            }
            (None, Some(ConnectionTrace { first_byte })) => {
                let why = format!("{server} closed the connection before it answered: {}", root(error));
                let advice = match server.is_tls {
                    // In TLS 1.3 a client learns of this only after the handshake, and not at all if the
                    // connection ends first.
                    true => ASKS.to_owned(),
                    false => format!("if it speaks TLS, {}", server.advise("https")),
                };
                (why, first_byte.is_none().then_some(advice))
            }
        };
        let found = Box::new(NoResponse { why, advice, is_sent: seen.is_some() });
        if passing { ConnectorError::io(found) } else { ConnectorError::other(found, None) }
    }
}

/// Why no connection was made to a server that is reached directly, and what to do.
fn unconnected(server: &Server, error: &(dyn StdError + 'static)) -> (String, Option<String>) {
    // hyper-util's own words; its type is private.
    let is_in = |words: &str| causes(error).any(|cause| cause.to_string().starts_with(words));
    let os = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>().map(io::Error::kind));
    if is_in("dns error") {
        let why = format!("{server} could not be reached: its name has no address: {}", root(error));
        return (why, Some("check the setting `endpoint` and the name service".to_owned()));
    }
    if !server.is_tls || is_in("tcp connect error") {
        let why = match os {
            Some(io::ErrorKind::ConnectionRefused) => "it refused the connection".to_owned(),
            _ => root(error),
        };
        return (format!("{server} could not be reached: {why}"), None);
    }
    let why = format!(
        "{server} could not be reached: it closed the connection during the TLS handshake: {}",
        root(error)
    );
    (why, Some(format!("if it speaks plain HTTP, {}", server.advise("http"))))
}

/// Whether what came was no HTTP.
fn is_unreadable(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse))
}

/// The response of a server broke off within its body.
#[derive(Debug)]
pub(super) struct BrokenResponse(String);

impl BrokenResponse {
    pub(super) fn at(server: &Server, error: &(dyn StdError + 'static)) -> BrokenResponse {
        BrokenResponse(format!("{server} broke off its response: {}", root(error)))
    }

    /// Its connection was closed because others waited for one.
    pub(super) fn given_up(server: &Server) -> BrokenResponse {
        BrokenResponse(format!(
            "the connection to {server} was given up for another call, because its response was not read on; \
             at most half as many as `ulimit -n` are open"
        ))
    }

    /// No byte of the body came for `limit`.
    pub(super) fn silent(server: &Server, limit: Duration) -> BrokenResponse {
        BrokenResponse(format!(
            "{server} sent no byte for {} s; see the setting `read_timeout`",
            limit.as_secs_f64()
        ))
    }
}

impl fmt::Display for BrokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for BrokenResponse {}

/// The innermost cause, in one line.
fn root(error: &(dyn StdError + 'static)) -> String {
    let Some(cause) = causes(error).last() else { return line(&error) };
    match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
        // rustls explains it by the address of a page for programmers.
        Some(io::ErrorKind::UnexpectedEof) => "the connection ended early".to_owned(),
        _ => line(&cause),
    }
}

/// A text of others, held to one line.
pub(super) fn line(text: &dyn fmt::Display) -> String {
    let line: String =
        text.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_named_by_host_and_port() {
        for (uri, name) in [
            ("https://h/b/k?X-Amz-Signature=canary", "h:443"),
            ("http://me:canary@h:9000/", "h:9000"),
            ("http://[::1]/", "[::1]:80"),
        ] {
            assert_eq!(Server::of(&uri.parse().unwrap()).to_string(), name);
        }
    }

    #[test]
    fn limits_are_named() {
        let server = Server::of(&"https://h".parse().unwrap());
        let late = NoResponse::unconnected(&server, Duration::from_millis(1500));
        let found = NoResponse::of(&late).unwrap();
        assert!(late.is_timeout() && !found.is_sent);
        assert_eq!(
            found.to_string(),
            "h:443 could not be reached within 1.5 s, TLS handshake included; see the setting \
             `connect_timeout`"
        );
        assert!(NoResponse::of(&NoResponse::silent(&server, Duration::from_secs(1))).unwrap().is_sent);
    }
}
