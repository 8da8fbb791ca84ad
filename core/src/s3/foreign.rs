//! Recognises a response that is not S3's: of a firewall, a captive portal, a proxy, a load balancer or
//! another web server.
//!
//! Invariant: judges only where S3 would send XML or nothing; the bytes of an object are never looked at. Of
//! a stranger's text one short line is shown, and nothing of it where it may quote the request.

use serde_json::Value;

use super::failure::{Refusal, crop};
use crate::error::ErrorKind;

/// What a response that is not S3's means.
pub(super) struct Foreign {
    pub(super) kind: ErrorKind,
    pub(super) why: String,
    pub(super) advice: String,
}

/// Characters that are shown of a title or a message.
const SHOWN: usize = 120;

/// Words of servers that speak TLS (Go, nginx, Apache) and got plain HTTP.
const ASKED_WITHOUT_TLS: [&str; 3] = [
    "HTTP request to an HTTPS server",
    "plain HTTP request was sent to HTTPS port",
    "plain HTTP to an SSL-enabled server port",
];

const ADVICE: &str = "check `endpoint`, and `proxy` and the network between";

/// The sender of a response that is not S3's; none if it may be S3's.
pub(super) fn foreign(response: &Refusal<'_>) -> Option<Foreign> {
    let header = |name| (response.header)(name);
    if response.code.is_some()
        || header("x-amz-request-id").is_some()
        || header("x-amz-bucket-region").is_some()
    {
        return None;
    }
    let server = response.server;
    if ASKED_WITHOUT_TLS.iter().any(|words| response.body.contains(words)) {
        return Some(Foreign {
            kind: ErrorKind::Network,
            why: format!("{server} speaks TLS and got plain HTTP (status {})", response.status),
            advice: format!("set `endpoint` to https://{server}"),
        });
    }
    if response.status == 407 {
        return Some(Foreign {
            kind: ErrorKind::Network,
            why: format!("the proxy on the way to {server} asks for a user and a password (status 407)"),
            advice: "give them in `proxy`".to_owned(),
        });
    }
    if let (300..=303 | 305..=399, Some(target)) = (response.status, header("location")) {
        return Some(redirect(server, response.status, target));
    }
    let content_type = header("content-type").unwrap_or_default();
    let form = form(content_type, response.body)?;
    let mut why = format!("the response of {server} is not S3's: status {}, {form}", response.status);
    if !content_type.is_empty() {
        why.push_str(&format!(" ({})", shown(content_type)));
    }
    if let Some(title) = said(response.body) {
        why.push_str(&format!(", {title:?}"));
    }
    let kind = if response.status == 429 { ErrorKind::Throttled } else { ErrorKind::Service };
    Some(Foreign { kind, why, advice: ADVICE.to_owned() })
}

/// A redirect that is no S3's: shown without path and query, which may hold signatures.
fn redirect(server: &str, status: u16, target: &str) -> Foreign {
    let target = url::Url::parse(target).ok().filter(|url| url.has_host());
    let there = target.map(|url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
    });
    let why =
        format!("{server} redirects to {} (status {status})", there.as_deref().unwrap_or("another path"));
    let advice = match there {
        Some(there) => format!("{ADVICE}; if that is the S3 server, set `endpoint` to {there}"),
        None => ADVICE.to_owned(),
    };
    Foreign { kind: ErrorKind::Service, why, advice }
}

/// What a body is, if that is neither XML nor nothing.
fn form(content_type: &str, body: &str) -> Option<&'static str> {
    let (content_type, start) = (content_type.to_ascii_lowercase(), body.trim_start());
    let begins =
        |words: &str| start.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words));
    if start.is_empty() || begins("<?xml") && !content_type.contains("html") || begins("<error") {
        return None;
    }
    if content_type.contains("html")
        || begins("<!doctype html")
        || begins("<html")
        || begins("<head")
        || begins("<body")
    {
        return Some("a page of HTML");
    }
    (content_type.contains("json") || begins("{")).then_some("JSON")
}

/// The title or message of the page or document.
fn said(body: &str) -> Option<String> {
    let lower = body.to_ascii_lowercase();
    let title = || {
        let start = lower.find("<title")?;
        let start = start + lower[start..].find('>')? + 1;
        let end = start + lower[start..].find("</title")?;
        Some(body.get(start..end)?.to_owned())
    };
    let message = || {
        let fields: Value = serde_json::from_str(body).ok()?;
        let names = ["message", "Message", "error", "error_description", "detail", "title"];
        names.iter().find_map(|name| Some(fields.get(name)?.as_str()?.to_owned()))
    };
    let text = title().or_else(message)?;
    // Gateways quote the header or the URL that they do not like.
    let quotes = ["aws4-", "signature", "x-amz", "credential", "authorization", "token", "accesskey", "?"];
    let lower = text.to_ascii_lowercase();
    let shown = shown(&text);
    (!shown.is_empty() && !quotes.iter().any(|word| lower.contains(word))).then_some(shown)
}

fn shown(text: &str) -> String {
    crop(text.trim()).chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, headers: &[(&str, &str)], body: &str) -> Option<Foreign> {
        let header = |wanted: &str| headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        foreign(&Refusal { server: "h:80", status, header: &header, code: None, message: None, body })
    }

    #[test]
    fn strangers_are_recognised() {
        let html = [("content-type", "text/html; charset=utf-8")];
        for (status, headers, body, words) in [
            (
                403,
                &html[..],
                "<html><head><title>\n Access\tblocked </title></head>",
                vec!["status 403", "HTML", "text/html", "Access blocked"],
            ),
            (
                502,
                &[],
                "<!DOCTYPE html><TITLE>Bad gateway</TITLE>",
                vec!["status 502", "HTML", "Bad gateway"],
            ),
            (
                404,
                &[("content-type", "application/json")],
                r#"{"message":"no Route matched"}"#,
                vec!["JSON", "no Route matched"],
            ),
            (400, &[], "Client sent an HTTP request to an HTTPS server.\n", vec!["h:80 speaks TLS"]),
            (
                302,
                &[("location", "https://login.example/x?SAMLRequest=canary")],
                "",
                vec!["redirects to https://login.example "],
            ),
            (407, &[], "", vec!["proxy"]),
        ] {
            let found = judged(status, headers, body).unwrap();
            assert!(words.iter().all(|word| found.why.contains(word)), "{}", found.why);
            assert!(!format!("{} {}", found.why, found.advice).contains("canary"));
        }
    }

    #[test]
    fn what_may_be_s3s_is_left_alone() {
        let html = ("content-type", "text/html");
        assert!(judged(404, &[html], "").is_none(), "an answer to HEAD");
        assert!(judged(404, &[html, ("x-amz-request-id", "1")], "<html>").is_none());
        assert!(judged(503, &[], "<?xml version=\"1.0\"?><Error/>").is_none());
        assert!(judged(503, &[], "slow down").is_none());
        assert!(judged(304, &[("location", "/")], "").is_none());
    }

    #[test]
    fn quoted_requests_are_not_shown() {
        for text in [
            "'AWS4-HMAC-SHA256 Signature=canary' is wrong",
            "/b/k?X-Amz-Signature=canary",
            "bad token canary",
        ] {
            let found = judged(403, &[], &format!("<html><title>{text}</title>")).unwrap();
            assert!(!found.why.contains("canary"), "{}", found.why);
        }
    }
}
