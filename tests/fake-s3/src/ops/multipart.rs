//! Multipart uploads: create, part, list parts, complete, abort.
//!
//! Law: an upload becomes an object in one step or stays as it was; a repeated completion answers like the first.

use crate::acl::owner;
use crate::attributes::Attributes;
use crate::checksum::{self, Algorithm, Checksum};
use crate::clock::iso;
use crate::conditions::{self, Present};
use crate::data::Data;
use crate::encoding::{hex, md5};
use crate::encryption::Encryption;
use crate::error::{Result, S3Error};
use crate::ops::Ctx;
use crate::ops::object::part_number;
use crate::ops::put::{Lineage, require_digest};
use crate::reply::Reply;
use crate::store::{Object, Part, PartSize, Upload, etag_of};
use crate::xml::{self, Xml};

pub fn create(ctx: &Ctx<'_>) -> Result<Reply> {
    let attributes = Attributes::from_request(ctx.request, &ctx.world.options.region)?;
    let lineage = Lineage::from_request(ctx)?;
    let algorithm = match ctx.request.header("x-amz-checksum-algorithm") {
        None => None,
        Some(name) => Some(Algorithm::from_name(name).ok_or_else(|| {
            let message = "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]";
            S3Error::invalid_request(message)
        })?),
    };
    let composite = is_composite(ctx, algorithm)?;
    let mut reply_headers = Reply::empty(200);
    attributes.encryption.write(&mut reply_headers);
    if let Some(algorithm) = algorithm {
        reply_headers.set("x-amz-checksum-algorithm", algorithm.name());
        reply_headers.set(
            "x-amz-checksum-type",
            if composite {
                "COMPOSITE"
            } else {
                "FULL_OBJECT"
            },
        );
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
    out.el("Bucket", ctx.bucket())
        .el("Key", ctx.key())
        .el("UploadId", id);
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
        (Some(algorithm), None | Some("COMPOSITE")) if algorithm != Algorithm::Crc64Nvme => {
            Ok(true)
        }
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
    let stored = store_part(
        ctx,
        &target,
        ctx.payload.data.clone(),
        ctx.payload.checksum.clone(),
    )?;
    let mut reply = Reply::empty(200);
    reply.set_etag(&stored.etag);
    if let Some(checksum) = &stored.checksum {
        reply.set(&checksum.algorithm.header(), &checksum.value);
    }
    stored.encryption.write(&mut reply);
    Ok(reply)
}

/// What the reply to a stored part says of it.
pub struct Stored {
    pub etag: String,
    pub checksum: Option<Checksum>,
    pub encryption: Encryption,
}

/// Hashes without the lock: parts come in parallel.
pub fn store_part(
    ctx: &Ctx<'_>,
    target: &Target<'_>,
    data: Data,
    sent: Option<Checksum>,
) -> Result<Stored> {
    let (encryption, algorithm, composite) = {
        let store = ctx.store();
        let upload = store.upload(target.id, target.bucket, target.key)?;
        (
            upload.attributes.encryption.clone(),
            upload.algorithm,
            upload.composite,
        )
    };
    encryption.check_part(ctx.request)?;
    let copied = ctx.request.header("x-amz-copy-source").is_some();
    let name = |algorithm: Option<Algorithm>| {
        algorithm.map_or("null".into(), |a| a.name().to_ascii_lowercase())
    };
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
    let part = Part {
        data,
        etag: etag.clone(),
        checksum: checksum.clone(),
        modified: ctx.now,
    };
    let mut store = ctx.store();
    store
        .upload_mut(target.id, target.bucket, target.key)?
        .parts
        .insert(target.number, part);
    Ok(Stored {
        etag,
        checksum,
        encryption,
    })
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
    out.el("Bucket", ctx.bucket())
        .el("Key", ctx.key())
        .el("UploadId", id);
    owner(&mut out, "Initiator");
    owner(&mut out, "Owner");
    out.el("StorageClass", &upload.attributes.storage_class)
        .el("PartNumberMarker", marker);
    out.el(
        "NextPartNumberMarker",
        page.last().map_or(0, |(number, _)| **number),
    );
    out.el("MaxParts", max)
        .el("IsTruncated", max > 0 && parts.next().is_some());
    if let Some(algorithm) = upload.algorithm {
        out.el("ChecksumAlgorithm", algorithm.name());
        out.el(
            "ChecksumType",
            if upload.composite {
                "COMPOSITE"
            } else {
                "FULL_OBJECT"
            },
        );
    }
    for (number, part) in page {
        out.open("Part")
            .el("PartNumber", number)
            .el("LastModified", iso(part.modified));
        out.el("ETag", format!("\"{}\"", part.etag))
            .el("Size", part.data.len());
        if let Some(checksum) = &part.checksum {
            out.el(&checksum.algorithm.element(), &checksum.value);
        }
        out.close("Part");
    }
    Ok(Reply::xml(out.end("ListPartsResult")))
}

struct Claimed {
    number: u32,
    etag: String,
    checksums: Vec<(Algorithm, String)>,
}

fn claimed_parts(body: &[u8]) -> Result<Vec<Claimed>> {
    let doc = xml::parse(body)?;
    let root = xml::expect_root(&doc, "CompleteMultipartUpload")?;
    let parts = xml::children(root, "Part").map(|part| {
        let number = xml::text(part, "PartNumber").and_then(|text| text.trim().parse().ok());
        Ok(Claimed {
            number: number.ok_or_else(S3Error::malformed_xml)?,
            etag: xml::text(part, "ETag")
                .ok_or_else(S3Error::malformed_xml)?
                .trim()
                .trim_matches('"')
                .to_string(),
            checksums: checksum::ALL
                .into_iter()
                .filter_map(|algorithm| Some((algorithm, xml::text(part, &algorithm.element())?)))
                .collect(),
        })
    });
    let parts: Vec<Claimed> = parts.collect::<Result<_>>()?;
    if parts.is_empty() {
        Err(S3Error::malformed_xml())
    } else {
        Ok(parts)
    }
}

pub fn complete(ctx: &Ctx<'_>) -> Result<Reply> {
    let id = ctx.request.param("uploadId").unwrap_or_default();
    let claimed = claimed_parts(&ctx.payload.bytes)?;
    let mut store = ctx.store();
    if let Some((bucket, key, object, version)) = store.completed.get(id)
        && (bucket.as_str(), key.as_str()) == (ctx.bucket(), ctx.key())
    {
        return Ok(completed_reply(ctx, object, version.as_deref()));
    }
    let upload = store.upload(id, ctx.bucket(), ctx.key())?;
    let object = assemble(ctx, id, upload, &claimed)?;
    check_object(ctx, upload, &object)?;
    let bucket = store.bucket(ctx.bucket())?;
    let present = bucket.current(ctx.key()).map(|(v, object)| Present {
        etag: &object.etag,
        modified: v.modified,
    });
    conditions::check_write(ctx.request, ctx.key(), present)?;
    store.uploads.remove(id);
    let version = store.put(ctx.bucket(), ctx.key(), Some(object.clone()), ctx.now)?;
    let reply = completed_reply(ctx, &object, version.as_deref());
    let memory = (
        ctx.bucket().to_string(),
        ctx.key().to_string(),
        Object {
            data: Data::default(),
            ..object
        },
        version,
    );
    store.completed.insert(id.to_string(), memory);
    Ok(reply)
}

fn assemble(ctx: &Ctx<'_>, id: &str, upload: &Upload, claimed: &[Claimed]) -> Result<Object> {
    if claimed
        .windows(2)
        .any(|pair| pair[0].number >= pair[1].number)
    {
        let message =
            "The list of parts was not in ascending order. Parts must be ordered by part number.";
        return Err(S3Error::new(400, "InvalidPartOrder", message).with("UploadId", id));
    }
    let mut data = Data::default();
    let mut digests = vec![];
    let mut parts = vec![];
    for (at, claim) in claimed.iter().enumerate() {
        let invalid = || {
            let message = "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
            S3Error::new(400, "InvalidPart", message)
                .with("UploadId", id)
                .with("PartNumber", claim.number)
                .with("ETag", &claim.etag)
        };
        let part = upload
            .parts
            .get(&claim.number)
            .filter(|part| part.etag == claim.etag)
            .ok_or_else(invalid)?;
        check_part_checksum(upload, claim, part, invalid)?;
        if at + 1 < claimed.len() && part.data.len() < ctx.world.options.min_part {
            let message = "Your proposed upload is smaller than the minimum allowed size";
            return Err(S3Error::new(400, "EntityTooSmall", message)
                .with("ETag", &part.etag)
                .with("PartNumber", claim.number)
                .with("ProposedSize", part.data.len())
                .with("MinSizeAllowed", ctx.world.options.min_part));
        }
        data.append(&part.data);
        digests.extend(
            (0..32)
                .step_by(2)
                .filter_map(|i| u8::from_str_radix(&part.etag[i..i + 2], 16).ok()),
        );
        parts.push(PartSize {
            size: part.data.len(),
            checksum: part.checksum.clone(),
        });
    }
    let checksum = match upload.algorithm {
        Some(algorithm) if upload.composite => {
            let own: Vec<Checksum> = parts
                .iter()
                .filter_map(|part| part.checksum.clone())
                .collect();
            Checksum::compose(algorithm, &own)
        }
        Some(algorithm) => algorithm.compute(&data),
        None => Algorithm::Crc64Nvme.compute(&data),
    };
    Ok(Object {
        data,
        etag: format!("{}-{}", hex(&md5(&digests)), parts.len()),
        attributes: upload.attributes.clone(),
        checksum: Some(checksum),
        tags: upload.tags.clone(),
        acl: upload.acl.clone(),
        parts,
    })
}

fn check_part_checksum(
    upload: &Upload,
    claim: &Claimed,
    part: &Part,
    invalid: impl Fn() -> S3Error,
) -> Result<()> {
    for (algorithm, value) in &claim.checksums {
        match &part.checksum {
            Some(own) if own.algorithm == *algorithm && own.value == *value => {}
            _ => return Err(invalid()),
        }
    }
    if upload.composite && claim.checksums.is_empty() {
        let name = upload
            .algorithm
            .map_or("", Algorithm::name)
            .to_ascii_lowercase();
        return Err(S3Error::invalid_request(format!(
            "The upload was created using a {name} checksum. The complete request must include the checksum for each part. It was missing for part {} in the request.",
            claim.number
        )));
    }
    Ok(())
}

/// What the completing request says about the whole object must be true of it.
fn check_object(ctx: &Ctx<'_>, upload: &Upload, object: &Object) -> Result<()> {
    let request = ctx.request;
    if let Some(size) = request.header("x-amz-mp-object-size")
        && size.parse() != Ok(object.data.len())
    {
        return Err(S3Error::invalid_request(format!(
            "The provided 'x-amz-mp-object-size' header value {size} does not match what was computed: {}",
            object.data.len()
        )));
    }
    let kind = if upload.composite {
        "COMPOSITE"
    } else {
        "FULL_OBJECT"
    };
    if let Some(given) = request
        .header("x-amz-checksum-type")
        .filter(|given| *given != kind)
    {
        return Err(S3Error::invalid_request(format!(
            "The upload was created using the {kind} checksum mode. The complete request must use the same checksum mode, not {given}."
        )));
    }
    for algorithm in checksum::ALL {
        if let Some(given) = request.header(&algorithm.header()) {
            let own = object
                .checksum
                .as_ref()
                .filter(|own| own.algorithm == algorithm);
            let own = own
                .cloned()
                .unwrap_or_else(|| algorithm.compute(&object.data));
            if own.value != given {
                return Err(S3Error::bad_digest(algorithm.name()));
            }
        }
    }
    Ok(())
}

fn completed_reply(ctx: &Ctx<'_>, object: &Object, version: Option<&str>) -> Reply {
    let host = ctx
        .request
        .headers
        .get("host")
        .map_or("localhost", String::as_str);
    let mut out = Xml::root("CompleteMultipartUploadResult");
    out.el("Location", format!("http://{host}{}", ctx.request.raw_path));
    out.el("Bucket", ctx.bucket())
        .el("Key", ctx.key())
        .el("ETag", format!("\"{}\"", object.etag));
    if let Some(checksum) = &object.checksum {
        out.el(&checksum.algorithm.element(), &checksum.value)
            .el("ChecksumType", checksum.kind());
    }
    let mut reply = Reply::xml(out.end("CompleteMultipartUploadResult"));
    // A customer key is not echoed here.
    if !matches!(object.attributes.encryption, Encryption::Customer { .. }) {
        object.attributes.encryption.write(&mut reply);
    }
    reply.set_some("x-amz-version-id", version);
    reply
}
