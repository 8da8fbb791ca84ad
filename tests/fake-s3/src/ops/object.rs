//! GetObject and HeadObject.
//!
//! Invariant: HEAD answers the headers of the GET it stands for. Conditions come before ranges.

use std::ops::Range;

use crate::checksum::Checksum;
use crate::clock::http_date;
use crate::conditions::{self, Present};
use crate::error::{Result, S3Error};
use crate::ops::Ctx;
use crate::reply::Reply;
use crate::request::{Op, Request};
use crate::store::Object;

pub fn read(ctx: &Ctx<'_>) -> Result<Reply> {
    let request = ctx.request;
    let (object, modified, shown_id) = {
        let store = ctx.store();
        let bucket = store.bucket(ctx.bucket())?;
        let (version, object) = bucket.read(ctx.key(), request.param("versionId"))?;
        (object.clone(), version.modified, bucket.shown_id(version))
    };
    object.attributes.encryption.check_read(request, false)?;
    if let Err(error) = conditions::check_read(request, Present { etag: &object.etag, modified }) {
        let about =
            error.header("etag", format!("\"{}\"", object.etag)).header("last-modified", http_date(modified));
        return Err(match shown_id {
            Some(id) => about.header("x-amz-version-id", id),
            None => about,
        });
    }
    if request.op == Op::GetObject
        && ["GLACIER", "DEEP_ARCHIVE"].contains(&object.attributes.storage_class.as_str())
    {
        let message = "The operation is not valid for the object's storage class";
        return Err(S3Error::new(403, "InvalidObjectState", message)
            .with("StorageClass", &object.attributes.storage_class));
    }

    let mut reply = Reply::empty(200);
    object.attributes.write(&mut reply);
    reply.set("accept-ranges", "bytes");
    reply.set("last-modified", &http_date(modified));
    reply.set_etag(&object.etag);
    reply.set_some("x-amz-version-id", shown_id.as_deref());
    if !object.tags.is_empty() {
        reply.set("x-amz-tagging-count", &object.tags.len().to_string());
    }
    let span = Span::of(request, &object)?;
    if let Some(range) = &span.partial {
        reply.status = 206;
        reply.set("content-range", &format!("bytes {}-{}/{}", range.start, range.end - 1, object.data.len()));
    }
    if span.part && !object.parts.is_empty() {
        reply.set("x-amz-mp-parts-count", &object.parts.len().to_string());
    }
    if request.header("x-amz-checksum-mode").is_some_and(|mode| mode.eq_ignore_ascii_case("ENABLED")) {
        reply.set_checksum(span.checksum.as_ref());
    }
    override_headers(ctx, &mut reply)?;
    let range = span.partial.unwrap_or(0..object.data.len());
    if request.op == Op::HeadObject {
        reply.announced = Some(range.end - range.start);
    } else {
        reply.body = object.data.slice(range);
    }
    Ok(reply)
}

/// Which bytes are meant, and the checksum that covers exactly them.
struct Span {
    partial: Option<Range<u64>>,
    part: bool,
    checksum: Option<Checksum>,
}

impl Span {
    fn of(request: &Request, object: &Object) -> Result<Span> {
        let size = object.data.len();
        match (request.header("range"), request.param("partNumber")) {
            (Some(_), Some(_)) => Err(S3Error::invalid_request(
                "Cannot specify both Range header and partNumber query parameter",
            )),
            (Some(header), None) => Ok(match parse_range(header, size)? {
                Some(range) => Span { partial: Some(range), part: false, checksum: None },
                None => Span { partial: None, part: false, checksum: object.checksum.clone() },
            }),
            (None, Some(number)) => Span::part(number, object),
            (None, None) => Ok(Span { partial: None, part: false, checksum: object.checksum.clone() }),
        }
    }

    fn part(number: &str, object: &Object) -> Result<Span> {
        let number = part_number(number)? as usize;
        if object.parts.is_empty() && number == 1 {
            let size = object.data.len();
            let partial = (size > 0).then_some(0..size);
            return Ok(Span { partial, part: true, checksum: object.checksum.clone() });
        }
        let Some(part) = object.parts.get(number - 1) else {
            let message = "The requested partnumber is not satisfiable";
            return Err(S3Error::new(416, "InvalidPartNumber", message)
                .with("PartNumberRequested", number)
                .with("ActualPartCount", object.parts.len().max(1)));
        };
        let start: u64 = object.parts[..number - 1].iter().map(|part| part.size).sum();
        Ok(Span { partial: Some(start..start + part.size), part: true, checksum: part.checksum.clone() })
    }
}

pub fn part_number(text: &str) -> Result<u32> {
    text.parse().ok().filter(|number| (1..=10_000).contains(number)).ok_or_else(|| {
        let message = "Part number must be an integer between 1 and 10000, inclusive";
        S3Error::invalid_argument(message, "partNumber", text)
    })
}

/// None when the header is not a single byte range, which S3 ignores.
fn parse_range(header: &str, size: u64) -> Result<Option<Range<u64>>> {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|spec| spec.trim().split_once('-'))
    else {
        return Ok(None);
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(count)) if first.is_empty() => size.saturating_sub(count)..size,
        _ => return Ok(None),
    };
    if range.start >= range.end {
        return Err(S3Error::new(416, "InvalidRange", "The requested range is not satisfiable")
            .with("RangeRequested", header)
            .with("ActualObjectSize", size)
            .header("content-range", format!("bytes */{size}")));
    }
    Ok(Some(range))
}

/// `response-content-type` and its kin.
fn override_headers(ctx: &Ctx<'_>, reply: &mut Reply) -> Result<()> {
    const NAMES: [&str; 6] = [
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-type",
        "expires",
    ];
    for name in NAMES {
        if let Some(value) = ctx.request.param(&format!("response-{name}")) {
            if ctx.caller.signed.is_none() {
                return Err(S3Error::invalid_request(
                    "Request specific response headers cannot be used for anonymous GET requests.",
                ));
            }
            reply.set(name, value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let range = |header: &str, size| parse_range(header, size).map_err(|error| error.status);
        assert_eq!(range("bytes=0-9", 100), Ok(Some(0..10)));
        assert_eq!(range("bytes=90-200", 100), Ok(Some(90..100)));
        assert_eq!(range("bytes=90-", 100), Ok(Some(90..100)));
        assert_eq!(range("bytes=-5", 100), Ok(Some(95..100)));
        assert_eq!(range("bytes=-500", 100), Ok(Some(0..100)));
        assert_eq!(range("bytes=0-18446744073709551615", 100), Ok(Some(0..100)));
        for ignored in ["bytes=9-0", "bytes=a-b", "bytes=0-1,3-4", "lines=0-1", "bytes=-"] {
            assert_eq!(range(ignored, 100), Ok(None), "{ignored}");
        }
        assert_eq!(range("bytes=100-", 100), Err(416));
        assert_eq!(range("bytes=-0", 100), Err(416));
        assert_eq!(range("bytes=0-0", 0), Err(416));
    }
}
