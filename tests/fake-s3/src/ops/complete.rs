//! CompleteMultipartUpload.
//!
//! Invariant: an upload becomes an object in one step or stays as it was; a repeated completion answers like
//! the first.

use crate::checksum::{self, Algorithm, Checksum};
use crate::conditions::{self, Present};
use crate::data::Data;
use crate::encoding::{hex, md5};
use crate::encryption::Encryption;
use crate::error::{Result, S3Error};
use crate::ops::Ctx;
use crate::reply::Reply;
use crate::store::{Object, Part, PartSize, Upload};
use crate::xml::{self, Xml};

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
    if parts.is_empty() { Err(S3Error::malformed_xml()) } else { Ok(parts) }
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
    let present =
        bucket.current(ctx.key()).map(|(v, object)| Present { etag: &object.etag, modified: v.modified });
    conditions::check_write(ctx.request, ctx.key(), present)?;
    store.uploads.remove(id);
    let version = store.put(ctx.bucket(), ctx.key(), Some(object.clone()), ctx.now)?;
    let reply = completed_reply(ctx, &object, version.as_deref());
    let memory = (
        ctx.bucket().to_string(),
        ctx.key().to_string(),
        Object { data: Data::default(), ..object },
        version,
    );
    store.completed.insert(id.to_string(), memory);
    Ok(reply)
}

fn assemble(ctx: &Ctx<'_>, id: &str, upload: &Upload, claimed: &[Claimed]) -> Result<Object> {
    if claimed.windows(2).any(|pair| pair[0].number >= pair[1].number) {
        let message = "The list of parts was not in ascending order. Parts must be ordered by part number.";
        return Err(S3Error::new(400, "InvalidPartOrder", message).with("UploadId", id));
    }
    let mut data = Data::default();
    let mut digests = vec![];
    let mut parts = vec![];
    for (at, claim) in claimed.iter().enumerate() {
        let invalid = || {
            let message = "One or more of the specified parts could not be found.  The part may not have \
                           been uploaded, or the specified entity tag may not match the part's entity tag.";
            S3Error::new(400, "InvalidPart", message)
                .with("UploadId", id)
                .with("PartNumber", claim.number)
                .with("ETag", &claim.etag)
        };
        let part =
            upload.parts.get(&claim.number).filter(|part| part.etag == claim.etag).ok_or_else(invalid)?;
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
        digests.extend((0..32).step_by(2).filter_map(|i| u8::from_str_radix(&part.etag[i..i + 2], 16).ok()));
        parts.push(PartSize { size: part.data.len(), checksum: part.checksum.clone() });
    }
    let checksum = match upload.algorithm {
        Some(algorithm) if upload.composite => {
            let own: Vec<Checksum> = parts.iter().filter_map(|part| part.checksum.clone()).collect();
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
        let name = upload.algorithm.map_or("", Algorithm::name).to_ascii_lowercase();
        return Err(S3Error::invalid_request(format!(
            "The upload was created using a {name} checksum. The complete request must include the checksum \
             for each part. It was missing for part {} in the request.",
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
    let kind = if upload.composite { "COMPOSITE" } else { "FULL_OBJECT" };
    if let Some(given) = request.header("x-amz-checksum-type").filter(|given| *given != kind) {
        return Err(S3Error::invalid_request(format!(
            "The upload was created using the {kind} checksum mode. The complete request must use the same \
             checksum mode, not {given}."
        )));
    }
    for algorithm in checksum::ALL {
        if let Some(given) = request.header(&algorithm.header()) {
            let own = object.checksum.as_ref().filter(|own| own.algorithm == algorithm);
            let own = own.cloned().unwrap_or_else(|| algorithm.compute(&object.data));
            if own.value != given {
                return Err(S3Error::bad_digest(algorithm.name()));
            }
        }
    }
    Ok(())
}

fn completed_reply(ctx: &Ctx<'_>, object: &Object, version: Option<&str>) -> Reply {
    let host = ctx.request.headers.get("host").map_or("localhost", String::as_str);
    let mut out = Xml::root("CompleteMultipartUploadResult");
    out.el("Location", format!("http://{host}{}", ctx.request.raw_path));
    out.el("Bucket", ctx.bucket()).el("Key", ctx.key()).el("ETag", format!("\"{}\"", object.etag));
    if let Some(checksum) = &object.checksum {
        out.el(&checksum.algorithm.element(), &checksum.value).el("ChecksumType", checksum.kind());
    }
    let mut reply = Reply::xml(out.end("CompleteMultipartUploadResult"));
    // A customer key is not echoed here.
    if !matches!(object.attributes.encryption, Encryption::Customer { .. }) {
        object.attributes.encryption.write(&mut reply);
    }
    reply.set_some("x-amz-version-id", version);
    reply
}
