//! The log of requests that tests read at `/_fake/log`.
//!
//! Invariant: an entry shows the request as it came, but no signature. It must not know what was answered
//! beyond numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::request::Request;

/// One request, as `GET /_fake/log` shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    pub n: u64,
    pub method: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
    pub op: String,
    pub bucket: String,
    pub key: String,
    /// Null while the request runs, and for ever when it got no answer.
    pub status: Option<u16>,
    pub code: Option<String>,
    pub body_length: u64,
    /// Of the decoded body; null when it was not read to its end.
    pub body_sha256: Option<String>,
    pub reply_length: u64,
    pub fault: Option<String>,
}

impl Entry {
    pub fn of(n: u64, request: &Request) -> Entry {
        let mut headers = request.headers.clone();
        if let Some(authorization) = headers.get_mut("authorization")
            && let Some(at) = authorization.find("Signature=")
        {
            authorization.truncate(at);
            authorization.push_str("Signature=removed");
        }
        let mut query: BTreeMap<String, String> = request.query.iter().cloned().collect();
        if let Some(signature) = query.get_mut("X-Amz-Signature") {
            *signature = "removed".into();
        }
        Entry {
            n,
            method: request.method.clone(),
            path: request.raw_path.clone(),
            query,
            headers,
            op: format!("{:?}", request.op),
            bucket: request.bucket.clone(),
            key: request.key.clone(),
            status: None,
            code: None,
            body_length: 0,
            body_sha256: None,
            reply_length: 0,
            fault: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::example;

    #[test]
    fn the_log_shows_no_signature() {
        let request = example(
            "GET",
            "/b/k?X-Amz-Signature=abc",
            &[("authorization", "AWS4-HMAC-SHA256 Credential=x/y, SignedHeaders=host, Signature=abc")],
        );
        let text = serde_json::to_string(&Entry::of(1, &request)).unwrap();
        assert!(!text.contains("abc"), "{text}");
        assert!(text.contains("Credential=x/y"));
    }
}
