//! Conditions on an object's state, weighed in the order of RFC 9110 section 13.2.2.
//!
//! Invariant: an etag outweighs a date; dates count in whole seconds, because that is what a header can say.
//! Touches no file.

use std::time::SystemTime;

use super::dir::ObjectStat;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::value::to_unix;

/// The conditions of a read.
#[derive(Default)]
pub(super) struct ReadConditions {
    pub(super) if_match: Option<String>,
    pub(super) if_none_match: Option<String>,
    pub(super) if_modified_since: Option<SystemTime>,
    pub(super) if_unmodified_since: Option<SystemTime>,
}

impl ReadConditions {
    /// `Precondition` if the object is not as expected, `NotModified` if it is as the caller already has it.
    pub(super) fn check(&self, facts: &ObjectStat) -> Result<()> {
        let seconds = |time: SystemTime| to_unix(time).0;
        match (&self.if_match, self.if_unmodified_since) {
            (Some(wanted), _) if !lists(wanted, &facts.etag) => return Err(not_that(&facts.etag)),
            (None, Some(time)) if seconds(facts.modified) > seconds(time) => {
                fail!(Precondition, "the object was changed after that time")
            }
            _ => {}
        }
        match (&self.if_none_match, self.if_modified_since) {
            (Some(known), _) if lists(known, &facts.etag) => {
                fail!(NotModified, "the object still has that etag")
            }
            (None, Some(time)) if seconds(facts.modified) <= seconds(time) => {
                fail!(NotModified, "the object was not changed after that time")
            }
            _ => Ok(()),
        }
    }
}

/// The conditions of a write or a deletion on the present object.
#[derive(Default)]
pub(super) struct WriteConditions {
    pub(super) if_match: Option<String>,
    /// Whether nothing may be there.
    pub(super) if_none: bool,
}

impl WriteConditions {
    /// Reads the options of `put` and `copy`.
    pub(super) fn new(if_match: Option<String>, if_none_match: Option<String>) -> Result<WriteConditions> {
        match if_none_match.as_deref() {
            Some("*") if if_match.is_some() => {
                fail!(
                    InvalidInput,
                    "`if_match` and `if_none_match` can't be used together: an object can't be there and not \
                     be there"
                )
            }
            None | Some("*") => Ok(WriteConditions { if_match, if_none: if_none_match.is_some() }),
            Some(other) => fail!(
                InvalidInput,
                "option `if_none_match` takes only \"*\" when an object is stored, not {other:?}"
            ),
        }
    }

    /// `Precondition` if what is there is not as expected; `NotFound` if an object to match is missing, as S3
    /// has it.
    pub(super) fn check(&self, there: Option<&ObjectStat>) -> Result<()> {
        match (&self.if_match, there) {
            (Some(_), None) => fail!(NotFound, "there is no object whose etag could match"),
            (Some(wanted), Some(facts)) if !lists(wanted, &facts.etag) => Err(not_that(&facts.etag)),
            (None, Some(_)) if self.if_none => Err(taken()),
            _ => Ok(()),
        }
    }
}

/// The error for `if_none_match: "*"` when there is an object.
pub(super) fn taken() -> Error {
    Error::new(ErrorKind::Precondition, "the object exists already")
}

fn not_that(etag: &str) -> Error {
    Error::new(ErrorKind::Precondition, format!("the object has another etag: {etag}"))
}

/// Whether a header's list of etags, quoted or bare, has this one.
fn lists(header: &str, etag: &str) -> bool {
    header
        .split(',')
        .map(str::trim)
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one).trim_matches('"') == etag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::from_unix;

    fn facts() -> ObjectStat {
        ObjectStat { size: 1, modified: from_unix(1000, 500), etag: "e1".into() }
    }

    #[test]
    fn an_etag_outweighs_a_date() {
        let (before, same) = (Some(from_unix(999, 0)), Some(from_unix(1000, 0)));
        let e = |text: &str| Some(text.to_owned());
        let outcome = |read: ReadConditions| read.check(&facts()).err().map(|error| error.kind());
        assert_eq!(outcome(ReadConditions::default()), None);
        assert_eq!(
            outcome(ReadConditions {
                if_match: e("\"e1\""),
                if_unmodified_since: before,
                ..ReadConditions::default()
            }),
            None
        );
        assert_eq!(outcome(ReadConditions { if_match: e("e2, e1"), ..ReadConditions::default() }), None);
        assert_eq!(
            outcome(ReadConditions {
                if_match: e("e2"),
                if_none_match: e("e1"),
                ..ReadConditions::default()
            }),
            Some(ErrorKind::Precondition)
        );
        assert_eq!(
            outcome(ReadConditions { if_unmodified_since: before, ..ReadConditions::default() }),
            Some(ErrorKind::Precondition)
        );
        assert_eq!(outcome(ReadConditions { if_unmodified_since: same, ..ReadConditions::default() }), None);
        assert_eq!(
            outcome(ReadConditions { if_none_match: e("*"), ..ReadConditions::default() }),
            Some(ErrorKind::NotModified)
        );
        assert_eq!(
            outcome(ReadConditions {
                if_none_match: e("e2"),
                if_modified_since: same,
                ..ReadConditions::default()
            }),
            None
        );
        assert_eq!(
            outcome(ReadConditions { if_modified_since: same, ..ReadConditions::default() }),
            Some(ErrorKind::NotModified)
        );
        assert_eq!(outcome(ReadConditions { if_modified_since: before, ..ReadConditions::default() }), None);
    }

    #[test]
    fn writes_ask_of_what_is_there() {
        let e = |text: &str| Some(text.to_owned());
        let outcome = |if_match, if_none_match, there: Option<ObjectStat>| {
            WriteConditions::new(if_match, if_none_match)
                .and_then(|write| write.check(there.as_ref()))
                .err()
                .map(|error| error.kind())
        };
        assert_eq!(outcome(e("e1"), None, Some(facts())), None);
        assert_eq!(outcome(e("e2"), None, Some(facts())), Some(ErrorKind::Precondition));
        assert_eq!(outcome(e("e1"), None, None), Some(ErrorKind::NotFound));
        assert_eq!(outcome(None, e("*"), None), None);
        assert_eq!(outcome(None, e("*"), Some(facts())), Some(ErrorKind::Precondition));
        assert_eq!(outcome(None, e("e1"), None), Some(ErrorKind::InvalidInput));
        assert_eq!(outcome(e("e1"), e("*"), None), Some(ErrorKind::InvalidInput));
    }
}
