//! Multipart uploads until they end: create, part, list parts, abort.
//!
//! Invariant: a part is stored whole and hashed before the lock is taken; its number may be used again.

use crate::acl::owner;
use crate::attributes::Attributes;
use crate::checksum::{Algorithm, Checksum};
use crate::clock::iso;
use crate::data::Data;
use crate::encryption::Encryption;
use crate::error::{Result, S3Error};
use crate::ops::Ctx;
use crate::ops::object::part_number;
use crate::ops::put::{Lineage, require_digest};
use crate::reply::Reply;
use crate::store::{Part, Upload, etag_of};
use crate::xml::Xml;

pub fn create(ctx: &Ctx<'_>) -> Result<Reply> {
    let attributes = Attributes::from_request(ctx.request, &ctx.world.options.region)?;
    let lineage = Lineage::from_request(ctx)?;
    let algorithm = match ctx.request.header("x-amz-checksum-algorithm") {
        None => None,
        Some(name) => Some(Algorithm::from_name(name).ok_or_else(|| {
            let message = "Checksum algorithm provided is unsupported. Please try again with any of the \
                           valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]";
            S3Error::invalid_request(message)
        })?),
    };
    let composite = is_composite(ctx, algorithm)?;
    let mut reply_headers = Reply::empty(200);
    attributes.encryption.write(&mut reply_headers);
    if let Some(algorithm) = algorithm {
        reply_headers.set("x-amz-checksum-algorithm", algorithm.name());
        reply_headers.set("x-amz-checksum-type", if composite { "COMPOSITE" } else { "FULL_OBJECT" });
    }
    let mut store = ctx.store();
    store.bucket(ctx.bucket())?;
    let id = store.issue_id();
    let upload = Upload {
        bucket: ctx.bucket().into(),
        key: ctx.key().into(),
        initiated: ctx.now,
        attributes,
        tags: lineage.tags,
        acl: lineage.acl,
        algorithm,
        composite,
        parts: Default::default(),
    };
    store.uploads.insert(id.clone(), upload);
    let mut out = Xml::root("InitiateMultipartUploadResult");
    out.el("Bucket", ctx.bucket()).el("Key", ctx.key()).el("UploadId", id);
    let mut reply = Reply::xml(out.end("InitiateMultipartUploadResult"));
    reply.headers.extend(reply_headers.headers);
    Ok(reply)
}

fn is_composite(ctx: &Ctx<'_>, algorithm: Option<Algorithm>) -> Result<bool> {
    let kind = ctx.request.header("x-amz-checksum-type");
    match (algorithm, kind) {
        (None, None) => Ok(false),
        (None, Some(_)) => Err(S3Error::invalid_request(
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
        )),
        (Some(Algorithm::Crc64Nvme), None | Some("FULL_OBJECT")) => Ok(false),
        (Some(algorithm), Some("FULL_OBJECT")) if algorithm.is_crc() => Ok(false),
        (Some(algorithm), None | Some("COMPOSITE")) if algorithm != Algorithm::Crc64Nvme => Ok(true),
        (Some(algorithm), Some(kind)) => Err(S3Error::invalid_request(format!(
            "The {kind} checksum type cannot be used with the {} checksum algorithm.",
            algorithm.name().to_ascii_lowercase()
        ))),
        (Some(_), None) => Ok(true),
    }
}

/// The upload and part that a request names.
pub struct Target<'a> {
    id: &'a str,
    bucket: &'a str,
    key: &'a str,
    number: u32,
}

impl<'a> Target<'a> {
    pub fn of(ctx: &'a Ctx<'_>) -> Result<Target<'a>> {
        Ok(Target {
            id: ctx.request.param("uploadId").unwrap_or_default(),
            bucket: ctx.bucket(),
            key: ctx.key(),
            number: part_number(ctx.request.param("partNumber").unwrap_or_default())?,
        })
    }
}

pub fn upload_part(ctx: &Ctx<'_>) -> Result<Reply> {
    let target = Target::of(ctx)?;
    require_digest(ctx, ctx.store().bucket(ctx.bucket())?)?;
    let stored = store_part(ctx, &target, ctx.payload.data.clone(), ctx.payload.checksum.clone())?;
    let mut reply = Reply::empty(200);
    reply.set_etag(&stored.etag);
    if let Some(checksum) = &stored.checksum {
        reply.set(&checksum.algorithm.header(), &checksum.value);
    }
    stored.encryption.write(&mut reply);
    Ok(reply)
}

/// The part's headers in the reply to a stored part.
pub struct Stored {
    pub etag: String,
    pub checksum: Option<Checksum>,
    pub encryption: Encryption,
}

/// Hashes without the lock: parts come in parallel.
pub fn store_part(ctx: &Ctx<'_>, target: &Target<'_>, data: Data, sent: Option<Checksum>) -> Result<Stored> {
    let (encryption, algorithm, composite) = {
        let store = ctx.store();
        let upload = store.upload(target.id, target.bucket, target.key)?;
        (upload.attributes.encryption.clone(), upload.algorithm, upload.composite)
    };
    encryption.check_part(ctx.request)?;
    let copied = ctx.request.header("x-amz-copy-source").is_some();
    let name =
        |algorithm: Option<Algorithm>| algorithm.map_or("null".into(), |a| a.name().to_ascii_lowercase());
    let sent_algorithm = sent.as_ref().map(|checksum| checksum.algorithm);
    // A full-object checksum can be computed without the parts' own; a composite one cannot. An upload begun
    // without an algorithm takes parts with any: clients add one to every part of their own accord.
    let mismatch = match (algorithm, sent_algorithm) {
        (Some(expected), Some(found)) => expected != found,
        (Some(_), None) => composite && !copied,
        (None, _) => false,
    };
    if mismatch {
        return Err(S3Error::invalid_request(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            name(algorithm),
            name(sent_algorithm)
        )));
    }
    let checksum = sent.or_else(|| algorithm.map(|algorithm| algorithm.compute(&data)));
    let etag = etag_of(&data, &encryption);
    let part = Part { data, etag: etag.clone(), checksum: checksum.clone(), modified: ctx.now };
    let mut store = ctx.store();
    store.upload_mut(target.id, target.bucket, target.key)?.parts.insert(target.number, part);
    Ok(Stored { etag, checksum, encryption })
}

pub fn abort(ctx: &Ctx<'_>) -> Result<Reply> {
    let id = ctx.request.param("uploadId").unwrap_or_default();
    let mut store = ctx.store();
    store.upload(id, ctx.bucket(), ctx.key())?;
    store.uploads.remove(id);
    Ok(Reply::empty(204))
}

pub fn list_parts(ctx: &Ctx<'_>) -> Result<Reply> {
    let request = ctx.request;
    let id = request.param("uploadId").unwrap_or_default();
    let store = ctx.store();
    let upload = store.upload(id, ctx.bucket(), ctx.key())?;
    let marker = super::listing::number(request, "part-number-marker", 0)?;
    let max = super::listing::number(request, "max-parts", 1000)?.min(1000);
    let mut parts = upload.parts.range(marker as u32 + 1..);
    let page: Vec<_> = parts.by_ref().take(max).collect();
    let mut out = Xml::root("ListPartsResult");
    out.el("Bucket", ctx.bucket()).el("Key", ctx.key()).el("UploadId", id);
    owner(&mut out, "Initiator");
    owner(&mut out, "Owner");
    out.el("StorageClass", &upload.attributes.storage_class).el("PartNumberMarker", marker);
    out.el("NextPartNumberMarker", page.last().map_or(0, |(number, _)| **number));
    out.el("MaxParts", max).el("IsTruncated", max > 0 && parts.next().is_some());
    if let Some(algorithm) = upload.algorithm {
        out.el("ChecksumAlgorithm", algorithm.name());
        out.el("ChecksumType", if upload.composite { "COMPOSITE" } else { "FULL_OBJECT" });
    }
    for (number, part) in page {
        out.open("Part").el("PartNumber", number).el("LastModified", iso(part.modified));
        out.el("ETag", format!("\"{}\"", part.etag)).el("Size", part.data.len());
        if let Some(checksum) = &part.checksum {
            out.el(&checksum.algorithm.element(), &checksum.value);
        }
        out.close("Part");
    }
    Ok(Reply::xml(out.end("ListPartsResult")))
}
