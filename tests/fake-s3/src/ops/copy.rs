//! CopyObject and UploadPartCopy.
//!
//! Invariant: the source is read under the rules of GET (conditions, customer key, versions), the destination
//! written under those of PUT; the bytes are shared, never moved.

use std::ops::Range;

use crate::attributes::Attributes;
use crate::checksum::{Algorithm, Checksum};
use crate::clock::iso;
use crate::conditions::{self, Present};
use crate::encoding::unpercent;
use crate::error::{Result, S3Error};
use crate::ops::put::{Lineage, write_object};
use crate::ops::{Ctx, multipart};
use crate::reply::Reply;
use crate::store::{Object, Store};
use crate::xml::Xml;

const MAX_SOURCE: u64 = 5 << 30;

struct Source {
    object: Object,
    bucket: String,
    key: String,
    /// As the request named it.
    asked_version: Option<String>,
    /// As the reply shows it.
    version: Option<String>,
}

impl Source {
    fn read(ctx: &Ctx<'_>, store: &Store) -> Result<Source> {
        let header = ctx.request.header("x-amz-copy-source").unwrap_or_default();
        let wrong = || {
            let message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey";
            S3Error::invalid_argument(message, "x-amz-copy-source", header)
        };
        let (path, asked_version) = match header.split_once("?versionId=") {
            Some((path, version)) => (path, Some(version.to_string())),
            None => (header, None),
        };
        let path = unpercent(path, false).ok_or_else(wrong)?;
        let path = path.strip_prefix('/').unwrap_or(&path);
        let (bucket_name, key) = path.split_once('/').filter(|(_, key)| !key.is_empty()).ok_or_else(wrong)?;
        let bucket = store.bucket(bucket_name)?;
        let (version, object) = bucket.read(key, asked_version.as_deref()).map_err(|error| {
            if error.status == 405 {
                S3Error::invalid_request(
                    "The source of a copy request may not specifically refer to a \
                                          delete marker by version id.",
                )
            } else {
                S3Error { headers: vec![], ..error }
            }
        })?;
        object.attributes.encryption.check_read(ctx.request, true)?;
        conditions::check_copy_source(
            ctx.request,
            Present { etag: &object.etag, modified: version.modified },
        )?;
        Ok(Source {
            object: object.clone(),
            bucket: bucket_name.into(),
            key: key.into(),
            asked_version,
            version: bucket.shown_id(version),
        })
    }
}

enum Directive {
    Copy,
    Replace,
}

fn directive(ctx: &Ctx<'_>, name: &str, what: &str) -> Result<Directive> {
    match ctx.request.header(name) {
        None | Some("COPY") => Ok(Directive::Copy),
        Some("REPLACE") => Ok(Directive::Replace),
        Some(other) => Err(S3Error::invalid_argument(format!("Unknown {what} directive."), name, other)),
    }
}

pub fn copy_object(ctx: &Ctx<'_>) -> Result<Reply> {
    let asked = Attributes::from_request(ctx.request, &ctx.world.options.region)?;
    let lineage = Lineage::from_request(ctx)?;
    let metadata = directive(ctx, "x-amz-metadata-directive", "metadata")?;
    let tagging = directive(ctx, "x-amz-tagging-directive", "tagging")?;

    let source = Source::read(ctx, &ctx.store())?;
    if source.object.data.len() > MAX_SOURCE {
        let message = "The specified copy source is larger than the maximum allowable size for a copy \
                       source: 5368709120";
        return Err(S3Error::invalid_request(message));
    }
    let keeps = matches!(metadata, Directive::Copy);
    let asks_nothing = keeps
        && ctx.request.header("x-amz-storage-class").is_none()
        && ctx.request.headers_with("x-amz-server-side-encryption").next().is_none()
        && ctx.request.header("x-amz-website-redirect-location").is_none();
    if asks_nothing
        && source.asked_version.is_none()
        && (source.bucket.as_str(), source.key.as_str()) == (ctx.bucket(), ctx.key())
    {
        return Err(S3Error::invalid_request(
            "This copy request is illegal because it is trying to copy an object to itself without changing \
             the object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let attributes = if keeps {
        let from = &source.object.attributes;
        Attributes { content: from.content.clone(), user: from.user.clone(), ..asked }
    } else {
        asked
    };
    let algorithm = copied_algorithm(ctx, &source.object)?;
    let checksum = algorithm.compute(&source.object.data);
    let mut object = Object::whole(source.object.data, attributes, Some(checksum.clone()));
    object.acl = lineage.acl;
    object.tags = match tagging {
        Directive::Copy => source.object.tags,
        Directive::Replace => lineage.tags,
    };
    let mut reply = copy_result("CopyObjectResult", ctx, &object.etag, Some(&checksum));
    object.attributes.encryption.write(&mut reply);
    reply.set_some("x-amz-copy-source-version-id", source.version.as_deref());
    let version = write_object(ctx, &mut ctx.store(), object)?;
    reply.set_some("x-amz-version-id", version.as_deref());
    Ok(reply)
}

/// The requested algorithm, else the source's own, else S3's default.
fn copied_algorithm(ctx: &Ctx<'_>, source: &Object) -> Result<Algorithm> {
    if let Some(name) = ctx.request.header("x-amz-checksum-algorithm") {
        return Algorithm::from_name(name).ok_or_else(|| {
            let message = "Checksum algorithm provided is unsupported. Please try again with any of the \
                           valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]";
            S3Error::invalid_request(message)
        });
    }
    Ok(source.checksum.as_ref().map_or(Algorithm::Crc64Nvme, |checksum| checksum.algorithm))
}

pub fn upload_part_copy(ctx: &Ctx<'_>) -> Result<Reply> {
    let target = multipart::Target::of(ctx)?;
    let source = Source::read(ctx, &ctx.store())?;
    let size = source.object.data.len();
    let range = match ctx.request.header("x-amz-copy-source-range") {
        Some(header) => strict_range(header, size)?,
        None => 0..size,
    };
    if range.end - range.start > MAX_SOURCE {
        let message = "The specified copy source is larger than the maximum allowable size for a copy \
                       source: 5368709120";
        return Err(S3Error::invalid_request(message));
    }
    let data = source.object.data.slice(range);
    let stored = multipart::store_part(ctx, &target, data, None)?;
    let mut reply = copy_result("CopyPartResult", ctx, &stored.etag, stored.checksum.as_ref());
    stored.encryption.write(&mut reply);
    reply.set_some("x-amz-copy-source-version-id", source.version.as_deref());
    Ok(reply)
}

/// Here the range must be `bytes=first-last` and lie within the source.
fn strict_range(header: &str, size: u64) -> Result<Range<u64>> {
    let parsed = header.strip_prefix("bytes=").and_then(|spec| {
        let (first, last) = spec.split_once('-')?;
        Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()?))
    });
    let Some((first, last)) = parsed.filter(|(first, last)| first <= last) else {
        let message = "The x-amz-copy-source-range value must be of the form bytes=first-last where first \
                       and last are the zero-based offsets of the first and last bytes to copy";
        return Err(S3Error::invalid_argument(message, "x-amz-copy-source-range", header));
    };
    if last >= size {
        let message = format!("Range specified is not valid for source object of size: {size}");
        return Err(S3Error::invalid_argument(message, "x-amz-copy-source-range", header));
    }
    Ok(first..last + 1)
}

fn copy_result(root: &str, ctx: &Ctx<'_>, etag: &str, checksum: Option<&Checksum>) -> Reply {
    let mut out = Xml::root(root);
    out.el("LastModified", iso(ctx.now)).el("ETag", format!("\"{etag}\""));
    if let Some(checksum) = checksum {
        out.el(&checksum.algorithm.element(), &checksum.value);
    }
    Reply::xml(out.end(root))
}
