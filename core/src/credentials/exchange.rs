//! Requests to STS and SSO: sent, sent again where that helps, and what the service returned.
//!
//! Invariant: a response is read up to a limit; neither it nor the request reaches a message, but for the
//! service's own code and words.

use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;

use super::services::{Services, complaint};
use crate::ambient::root;
use crate::error::Result;
use crate::http::retries::pause;
use crate::http::{Http, is_throttled};
use crate::xml::{Document, Malformed, Root};

/// More than any response has.
const LIMIT: usize = 256 << 10;
/// Attempts at a request, as SDKs make them.
const ATTEMPTS: u32 = 3;

const REFUSAL: Root = Root { name: "ErrorResponse", operation: "", elements: &["Error"] };

/// A service in one region.
pub(super) struct Exchange {
    /// The service's address, without a slash at its end.
    pub(super) url: String,
    http: Http,
    timeouts: (Duration, Duration),
}

impl Exchange {
    /// The service as the environment and the profile name it (`sts`, `sso`, `sso_oidc`), with the host name
    /// of AWS's own (`sts`, `portal.sso`, `oidc`).
    pub(super) fn with(services: &Services<'_>, service: &str, host: &str, region: &str) -> Result<Exchange> {
        let (url, http) = services.reach(service, host, region)?;
        Ok(Exchange { url: url.trim_end_matches('/').to_owned(), http, timeouts: services.patience() })
    }

    /// Sends a request, which `make` makes anew for each attempt, and returns the body of a success. An error
    /// is the service's own code and words, or the innermost cause.
    pub(super) async fn send(
        &self,
        make: impl Fn() -> Result<Request<SdkBody>>,
    ) -> std::result::Result<Vec<u8>, String> {
        let mut attempt = 1;
        loop {
            let request = make().map_err(|error| error.message().to_owned())?;
            let (why, is_passing, is_slow) = match self.once(request).await {
                Ok((status, _, body)) if status.is_success() => return Ok(body),
                Ok((status, headers, body)) => {
                    let (code, message) = refusal(&headers, &body);
                    let is_slow = is_throttled(status.as_u16(), code.as_deref());
                    let is_of_idp = code.as_deref() == Some("IDPCommunicationError");
                    let is_passing = is_slow || is_of_idp || matches!(status.as_u16(), 500 | 502 | 503 | 504);
                    (complaint(code.as_deref(), message.as_deref(), status.as_u16()), is_passing, is_slow)
                }
                Err((why, is_passing)) => (why, is_passing, false),
            };
            if !is_passing || attempt == ATTEMPTS {
                return Err(why);
            }
            tokio::time::sleep(pause(is_slow, attempt, None)).await;
            attempt += 1;
        }
    }

    /// One attempt; an error comes with whether it may pass.
    async fn once(
        &self,
        request: Request<SdkBody>,
    ) -> std::result::Result<(StatusCode, HeaderMap, Vec<u8>), (String, bool)> {
        let response = self.http.send(request, self.timeouts.0, self.timeouts.1).await;
        // A certificate or a protocol that does not fit is the same at the next attempt.
        let no_response = |error: ConnectorError| (root(&error), error.is_io() || error.is_timeout());
        let (head, body) = response.map_err(no_response)?.into_parts();
        let body = Limited::new(body, LIMIT).collect().await.map_err(|error| (root(&*error), true))?;
        Ok((head.status, head.headers, body.to_bytes().into()))
    }
}

type CodeAndWords = (Option<String>, Option<String>);

/// The code and the words of a service's error, in XML (STS) or JSON (SSO and its OIDC service).
fn refusal(headers: &HeaderMap, body: &[u8]) -> CodeAndWords {
    if let Ok(Some(found)) = xml_refusal(body) {
        return found;
    }
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| said.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let header = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let code = header.or_else(|| text("__type")).or_else(|| text("code")).or_else(|| text("error"));
    let message = text("message").or_else(|| text("Message")).or_else(|| text("error_description"));
    (code.map(short_code).map(str::to_owned), message.map(str::to_owned))
}

/// The code alone: of `NotFoundException:http://…` in a header, and of `com.amazonaws.kms#NotFoundException`
/// in
/// a body.
pub(super) fn short_code(code: &str) -> &str {
    code.rsplit('#').next().unwrap_or(code).split(':').next().unwrap_or(code)
}

fn xml_refusal(body: &[u8]) -> std::result::Result<Option<CodeAndWords>, Malformed> {
    let mut found = None;
    Document::open(body, &REFUSAL)?.children(|document, name| {
        if name != "Error" {
            return document.skip();
        }
        let (mut code, mut message) = (None, None);
        document.children(|document, name| {
            match name {
                "Code" => code = document.filled()?,
                "Message" => message = document.filled()?,
                _ => document.skip()?,
            }
            Ok(())
        })?;
        found = Some((code, message));
        Ok(())
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_each_kind() {
        let mut headers = HeaderMap::new();
        let read = |headers: &HeaderMap, body: &str| refusal(headers, body.as_bytes());
        let some = |text: &str| Some(text.to_owned());
        let xml = "<ErrorResponse \
                   xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                   <Code>AccessDenied</Code><Message>no &amp; never</Message></Error></ErrorResponse>";
        assert_eq!(read(&headers, xml), (some("AccessDenied"), some("no & never")));
        let json = r#"{"error": "invalid_grant", "error_description": "it has ended"}"#;
        assert_eq!(read(&headers, json), (some("invalid_grant"), some("it has ended")));
        headers.insert("x-amzn-errortype", "UnauthorizedException:http://x/".parse().unwrap());
        assert_eq!(read(&headers, r#"{"message": "no"}"#), (some("UnauthorizedException"), some("no")));
        assert_eq!(read(&HeaderMap::new(), "<html>"), (None, None));
    }
}
