//! The clients that may use the server: this machine's programs, and with a token those that have it.
//!
//! Invariant: a web page in a browser on this machine gets nothing: its requests carry another Host, or an
//! Origin. A token is compared in constant time.

use std::path::Path;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, header};

use super::exchange::{Response, sentence};
use crate::failure::{Failure, Result};

/// The rules of one listener.
pub struct Door {
    any_host: bool,
    token: Option<String>,
}

/// Reads the token of a file.
pub fn read_token(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("cannot read the token file {}: {error}", file.display())))?;
    match text.trim() {
        "" => Err(Failure::usage(format!("the token file {} is empty", file.display()))),
        token => Ok(token.to_owned()),
    }
}

impl Door {
    /// For a Unix socket, whose clients may give any Host, or for TCP.
    pub fn new(any_host: bool, token: Option<String>) -> Door {
        Door { any_host, token }
    }

    /// The response to a request that is not allowed.
    pub fn refusal(&self, headers: &HeaderMap) -> Option<Response> {
        let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        if !self.any_host && !text(header::HOST).is_some_and(is_loopback) {
            let why = "this server responds to requests for 127.0.0.1, localhost and [::1] only\n";
            return Some(sentence(StatusCode::MISDIRECTED_REQUEST, why));
        }
        if headers.contains_key(header::ORIGIN) {
            return Some(sentence(StatusCode::FORBIDDEN, "web pages may not use this server\n"));
        }
        let token = self.token.as_deref()?;
        let given = text(header::AUTHORIZATION).and_then(given_token);
        if given.is_some_and(|given| verify_slices_are_equal(given.as_bytes(), token.as_bytes()).is_ok()) {
            return None;
        }
        let mut refusal =
            sentence(StatusCode::UNAUTHORIZED, "the token is missing or wrong; Nix sends netrc-file's\n");
        let challenge = http::HeaderValue::from_static("Basic realm=\"oarlock-nix\"");
        refusal.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        Some(refusal)
    }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The token of a bearer, or the password of Basic.
fn given_token(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    let decoded = STANDARD.decode(rest.trim()).ok()?;
    let (_, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(door: &Door, pairs: &[(&'static str, &str)]) -> Option<u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        door.refusal(&headers).map(|response| response.status().as_u16())
    }

    #[test]
    fn hosts_and_pages() {
        let door = Door::new(false, None);
        for host in ["127.0.0.1:8490", "localhost", "LOCALHOST:1", "[::1]:80", "127.9.9.9"] {
            assert_eq!(status(&door, &[("host", host)]), None, "{host}");
        }
        for host in
            ["example.com", "127.0.0.1.example.com", "localhost.example.com:1", "10.0.0.1", "", "[::2]"]
        {
            assert_eq!(status(&door, &[("host", host)]), Some(421), "{host}");
        }
        assert_eq!(status(&door, &[]), Some(421));
        assert_eq!(status(&door, &[("host", "localhost"), ("origin", "http://localhost")]), Some(403));
        assert_eq!(status(&Door::new(true, None), &[("host", "anything")]), None);
    }

    #[test]
    fn tokens() {
        let door = Door::new(false, Some("open sesame".into()));
        let with = |value: &str| status(&door, &[("host", "localhost"), ("authorization", value)]);
        assert_eq!(with("Bearer open sesame"), None);
        assert_eq!(with(&format!("Basic {}", STANDARD.encode("me:open sesame"))), None);
        for wrong in ["Bearer open", "Basic !", "Basic", "open sesame", "Digest open sesame"] {
            assert_eq!(with(wrong), Some(401), "{wrong}");
        }
        assert_eq!(status(&door, &[("host", "localhost")]), Some(401));
    }
}
