//! Object tags: the header form, the XML form, and the three operations.
//!
//! Invariant: at most ten tags, no key twice, within S3's lengths.

use crate::encoding::parse_query;
use crate::error::{Result, S3Error};
use crate::ops::Ctx;
use crate::reply::Reply;
use crate::request::Request;
use crate::store::Tags;
use crate::xml::{self, Xml};

/// `x-amz-tagging: a=1&b=2`
pub fn from_header(request: &Request) -> Result<Tags> {
    let Some(header) = request.header("x-amz-tagging") else {
        return Ok(vec![]);
    };
    let tags = parse_query(header).ok_or_else(|| {
        let message =
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters \
             without tag name duplicates.";
        S3Error::invalid_argument(message, "x-amz-tagging", header)
    })?;
    check(tags)
}

fn check(tags: Tags) -> Result<Tags> {
    let invalid = |message: &str| Err(S3Error::new(400, "InvalidTag", message));
    if tags.len() > 10 {
        return Err(S3Error::new(400, "BadRequest", "Object tags cannot be greater than 10"));
    }
    for (at, (key, value)) in tags.iter().enumerate() {
        if key.is_empty() || key.chars().count() > 128 {
            return invalid("The TagKey you have provided is invalid");
        }
        if value.chars().count() > 256 {
            return invalid("The TagValue you have provided is invalid");
        }
        if tags[..at].iter().any(|(other, _)| other == key) {
            return invalid("Cannot provide multiple Tags with the same key");
        }
    }
    Ok(tags)
}

pub fn get(ctx: &Ctx<'_>) -> Result<Reply> {
    let store = ctx.store();
    let bucket = store.bucket(ctx.bucket())?;
    let (version, object) = bucket.read(ctx.key(), ctx.request.param("versionId"))?;
    let mut out = Xml::root("Tagging");
    out.open("TagSet");
    for (key, value) in &object.tags {
        out.open("Tag").el("Key", key).el("Value", value).close("Tag");
    }
    out.close("TagSet");
    let mut reply = Reply::xml(out.end("Tagging"));
    reply.set_some("x-amz-version-id", bucket.shown_id(version).as_deref());
    Ok(reply)
}

pub fn put(ctx: &Ctx<'_>) -> Result<Reply> {
    let doc = xml::parse(&ctx.payload.bytes)?;
    let root = xml::expect_root(&doc, "Tagging")?;
    let set = xml::children(root, "TagSet").next().ok_or_else(S3Error::malformed_xml)?;
    let tags = xml::children(set, "Tag").map(|tag| {
        let (key, value) = (xml::text(tag, "Key"), xml::text(tag, "Value"));
        key.zip(value).ok_or_else(S3Error::malformed_xml)
    });
    let tags = check(tags.collect::<Result<_>>()?)?;
    replace(ctx, 200, tags)
}

pub fn delete(ctx: &Ctx<'_>) -> Result<Reply> {
    replace(ctx, 204, vec![])
}

fn replace(ctx: &Ctx<'_>, status: u16, tags: Tags) -> Result<Reply> {
    let mut store = ctx.store();
    let bucket = store.bucket_mut(ctx.bucket())?;
    let id = ctx.request.param("versionId");
    let shown = bucket.shown_id(bucket.read(ctx.key(), id)?.0);
    bucket.object_mut(ctx.key(), id)?.tags = tags;
    let mut reply = Reply::empty(status);
    reply.set_some("x-amz-version-id", shown.as_deref());
    Ok(reply)
}
