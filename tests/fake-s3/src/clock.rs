//! Time as S3 writes it: HTTP dates, ISO 8601 with milliseconds, and the compact form of SigV4.
//!
//! Invariant: time is one `i64` of milliseconds since 1970 everywhere; only this file computes dates.
//! It must not know requests or objects.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch.
pub type Millis = i64;

pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// `Wed, 12 Oct 2009 17:50:00 GMT`
pub fn http_date(t: Millis) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(t.max(0) as u64))
}

pub fn parse_http_date(text: &str) -> Option<Millis> {
    let time = httpdate::parse_http_date(text).ok()?;
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}

/// `2009-10-12T17:50:30.000Z`
pub fn iso(t: Millis) -> String {
    let (y, mo, d, h, mi, s) = fields(t);
    format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{:03}Z", t.rem_euclid(1000))
}

/// `20091012T175030Z`
pub fn amz(t: Millis) -> String {
    let (y, mo, d, h, mi, s) = fields(t);
    format!("{y:04}{mo:02}{d:02}T{h:02}{mi:02}{s:02}Z")
}

pub fn parse_amz(text: &str) -> Option<Millis> {
    let b = text.as_bytes();
    if b.len() != 16 || b[8] != b'T' || b[15] != b'Z' {
        return None;
    }
    let digits = |range: std::ops::Range<usize>| -> Option<i64> {
        let part = text.get(range)?;
        part.bytes().all(|c| c.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let (y, mo, d) = (digits(0..4)?, digits(4..6)?, digits(6..8)?);
    let (h, mi, s) = (digits(9..11)?, digits(11..13)?, digits(13..15)?);
    let possible = (1..=12).contains(&mo) && (1..=31).contains(&d) && h < 24 && mi < 60 && s < 61;
    possible.then(|| (((days_from_civil(y, mo, d) * 24 + h) * 60 + mi) * 60 + s) * 1000)
}

fn fields(t: Millis) -> (i64, i64, i64, i64, i64, i64) {
    let secs = t.div_euclid(1000);
    let (y, mo, d) = civil_from_days(secs.div_euclid(86_400));
    let day = secs.rem_euclid(86_400);
    (y, mo, d, day / 3600, day / 60 % 60, day % 60)
}

// Both directions count from 1 March of year 0, so that the leap day is the last of a "year".
fn days_from_civil(y: i64, m: i64, d: i64) -> i64 {
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let doe = days.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let m = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(m <= 2), m, doy - (153 * mp + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_agree() {
        let t = parse_amz("20130524T000000Z").unwrap();
        assert_eq!(t, 1_369_353_600_000);
        assert_eq!(iso(t + 7), "2013-05-24T00:00:00.007Z");
        assert_eq!(http_date(t), "Fri, 24 May 2013 00:00:00 GMT");
        assert_eq!(parse_http_date("Fri, 24 May 2013 00:00:00 GMT"), Some(t));
        for day in (0..40_000).step_by(13) {
            let t = day * 86_400_000 + 45_296_000;
            assert_eq!(parse_amz(&amz(t)), Some(t));
        }
        for wrong in ["", "20130524T000000", "20131324T000000Z", "2013-524T000000Z"] {
            assert_eq!(parse_amz(wrong), None, "{wrong}");
        }
    }
}
