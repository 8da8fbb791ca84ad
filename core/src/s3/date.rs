//! Times in headers and documents.

use std::time::SystemTime;

use crate::value::{from_unix, to_unix};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// A time as an HTTP header holds it, in whole seconds; none for a year that has not four digits.
/// Source: RFC 9110, section 5.6.7.
pub(super) fn http_date(time: SystemTime) -> Option<String> {
    DateTime::from_secs(to_unix(time).0).fmt(Format::HttpDate).ok()
}

/// The time of a header's text; none if it is no HTTP date.
pub(super) fn read_http_date(text: &str) -> Option<SystemTime> {
    let date = DateTime::from_str(text, Format::HttpDate).ok()?;
    Some(from_unix(date.secs(), date.subsec_nanos()))
}

/// The time of a text such as `2015-10-21T07:28:00.000Z`; none if it can't be read.
pub(super) fn read_timestamp(text: &str) -> Option<SystemTime> {
    text.trim().parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}
