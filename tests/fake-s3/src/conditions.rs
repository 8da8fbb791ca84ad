//! Conditional requests: the four headers of RFC 9110 on reads, copies, writes and deletes, as S3 weighs
//! them.
//!
//! Invariant: decides on ETag and time alone. It must not know bytes or buckets.

use crate::clock::{Millis, parse_http_date};
use crate::error::{Result, S3Error};
use crate::request::Request;

/// The state of the object that a condition speaks about.
#[derive(Clone, Copy)]
pub struct Present<'a> {
    pub etag: &'a str,
    pub modified: Millis,
}

/// For GET and HEAD: a match that the condition excludes is 304.
pub fn check_read(request: &Request, present: Present<'_>) -> Result<()> {
    match weigh(request, "", present) {
        Verdict::Pass => Ok(()),
        Verdict::Failed(condition) => Err(S3Error::precondition_failed(condition)),
        Verdict::Unchanged(_) => Err(S3Error::not_modified()),
    }
}

/// For the source of a copy every miss is 412.
pub fn check_copy_source(request: &Request, present: Present<'_>) -> Result<()> {
    match weigh(request, "x-amz-copy-source-", present) {
        Verdict::Pass => Ok(()),
        Verdict::Failed(name) | Verdict::Unchanged(name) => {
            Err(S3Error::precondition_failed(&format!("x-amz-copy-source-{name}")))
        }
    }
}

/// For PUT, CopyObject and completion, against what the key holds now.
pub fn check_write(request: &Request, key: &str, present: Option<Present<'_>>) -> Result<()> {
    if let Some(value) = request.header("if-none-match") {
        if value.trim() != "*" {
            return Err(S3Error::not_implemented("If-None-Match").with(
                "additionalMessage",
                "We don't accept the provided value of If-None-Match header for this API",
            ));
        }
        if present.is_some() {
            return Err(S3Error::precondition_failed("If-None-Match"));
        }
    }
    check_match(request.header("if-match"), key, present)
}

/// For writes and deletes alike: without an object there is nothing to match.
pub fn check_match(if_match: Option<&str>, key: &str, present: Option<Present<'_>>) -> Result<()> {
    match (if_match, present) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(S3Error::no_such_key(key)),
        (Some(value), Some(present)) if lists(value, present.etag) => Ok(()),
        (Some(_), Some(_)) => Err(S3Error::precondition_failed("If-Match")),
    }
}

enum Verdict {
    Pass,
    Failed(&'static str),
    Unchanged(&'static str),
}

fn weigh(request: &Request, prefix: &str, present: Present<'_>) -> Verdict {
    let header = |name: &str| request.header(&format!("{prefix}{name}"));
    // Dates count in whole seconds, as the header that the client echoes does.
    let seconds = present.modified / 1000;
    let date = |name: &str| header(name).and_then(parse_http_date).map(|t| t / 1000);
    match header("if-match") {
        Some(value) if !lists(value, present.etag) => return Verdict::Failed("If-Match"),
        Some(_) => {}
        None if date("if-unmodified-since").is_some_and(|t| seconds > t) => {
            return Verdict::Failed("If-Unmodified-Since");
        }
        None => {}
    }
    match header("if-none-match") {
        Some(value) if lists(value, present.etag) => Verdict::Unchanged("If-None-Match"),
        Some(_) => Verdict::Pass,
        None if date("if-modified-since").is_some_and(|t| seconds <= t) => {
            Verdict::Unchanged("If-Modified-Since")
        }
        None => Verdict::Pass,
    }
}

fn lists(header: &str, etag: &str) -> bool {
    header.split(',').map(str::trim).any(|one| {
        let one = one.strip_prefix("W/").unwrap_or(one);
        one == "*" || one.trim_matches('"') == etag
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::example;

    const PRESENT: Present<'_> = Present { etag: "e1", modified: 784_111_777_500 };
    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    fn read(headers: &[(&str, &str)]) -> u16 {
        check_read(&example("GET", "/b/k", headers), PRESENT).map_or_else(|error| error.status, |()| 200)
    }

    #[test]
    fn reads() {
        assert_eq!(read(&[("if-match", "\"e1\"")]), 200);
        assert_eq!(read(&[("if-match", "\"e2\", \"e1\"")]), 200);
        assert_eq!(read(&[("if-match", "e2")]), 412);
        assert_eq!(read(&[("if-none-match", "\"e1\"")]), 304);
        assert_eq!(read(&[("if-none-match", "*")]), 304);
        assert_eq!(read(&[("if-modified-since", SAME)]), 304);
        assert_eq!(read(&[("if-modified-since", BEFORE)]), 200);
        assert_eq!(read(&[("if-unmodified-since", SAME)]), 200);
        assert_eq!(read(&[("if-unmodified-since", BEFORE)]), 412);
    }

    #[test]
    fn the_etag_outweighs_the_date() {
        assert_eq!(read(&[("if-match", "e1"), ("if-unmodified-since", BEFORE)]), 200);
        assert_eq!(read(&[("if-none-match", "e2"), ("if-modified-since", SAME)]), 200);
    }

    #[test]
    fn writes() {
        let write = |name: &str, value: &str, present| {
            check_write(&example("PUT", "/b/k", &[(name, value)]), "k", present)
                .map_or_else(|e| e.status, |()| 200)
        };
        assert_eq!(write("if-none-match", "*", Some(PRESENT)), 412);
        assert_eq!(write("if-none-match", "*", None), 200);
        assert_eq!(write("if-none-match", "e1", None), 501);
        assert_eq!(write("if-match", "e1", Some(PRESENT)), 200);
        assert_eq!(write("if-match", "e2", Some(PRESENT)), 412);
        assert_eq!(write("if-match", "e1", None), 404);
    }
}
