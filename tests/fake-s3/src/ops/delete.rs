//! DeleteObject and DeleteObjects.
//!
//! Invariant: deleting what is not there succeeds; in a versioned bucket a plain delete only adds a marker.

use crate::conditions::{self, Present};
use crate::error::{Result, S3Error};
use crate::ops::Ctx;
use crate::reply::Reply;
use crate::store::{Store, Versioning, check_version_id};
use crate::xml::{self, Xml};

/// What a delete did, where the bucket has versions.
struct Deleted {
    marker: bool,
    version: Option<String>,
}

pub fn object(ctx: &Ctx<'_>) -> Result<Reply> {
    let version = ctx.request.param("versionId");
    let deleted = remove(ctx, &mut ctx.store(), ctx.key(), version, ctx.request.header("if-match"))?;
    let mut reply = Reply::empty(204);
    if deleted.marker {
        reply.set("x-amz-delete-marker", "true");
    }
    reply.set_some("x-amz-version-id", deleted.version.as_deref());
    Ok(reply)
}

fn remove(
    ctx: &Ctx<'_>,
    store: &mut Store,
    key: &str,
    id: Option<&str>,
    if_match: Option<&str>,
) -> Result<Deleted> {
    let bucket = store.bucket_mut(ctx.bucket())?;
    let present = bucket
        .current(key)
        .map(|(version, object)| Present { etag: &object.etag, modified: version.modified });
    conditions::check_match(if_match, key, present)?;
    if let Some(id) = id {
        check_version_id(id)?;
        let removed = bucket.remove(key, id);
        let marker = removed.is_some_and(|version| version.object.is_none());
        return Ok(Deleted {
            marker,
            version: (bucket.versioning != Versioning::Off).then(|| id.to_string()),
        });
    }
    if bucket.versioning == Versioning::Off {
        bucket.remove(key, "null");
        return Ok(Deleted { marker: false, version: None });
    }
    let version = store.put(ctx.bucket(), key, None, ctx.now)?;
    Ok(Deleted { marker: true, version })
}

pub fn objects(ctx: &Ctx<'_>) -> Result<Reply> {
    if !ctx.payload.has_md5 && ctx.payload.checksum.is_none() {
        return Err(S3Error::invalid_request(
            "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
        ));
    }
    let doc = xml::parse(&ctx.payload.bytes)?;
    let root = xml::expect_root(&doc, "Delete")?;
    let quiet = xml::text(root, "Quiet").is_some_and(|text| text.trim() == "true");
    let entries: Vec<_> = xml::children(root, "Object").collect();
    if entries.is_empty() || entries.len() > 1000 {
        return Err(S3Error::malformed_xml());
    }
    let mut out = Xml::root("DeleteResult");
    let mut store = ctx.store();
    for entry in entries {
        let key = xml::text(entry, "Key").filter(|key| !key.is_empty()).ok_or_else(S3Error::malformed_xml)?;
        let asked = xml::text(entry, "VersionId");
        let etag = xml::text(entry, "ETag");
        match remove(ctx, &mut store, &key, asked.as_deref(), etag.as_deref()) {
            Ok(_) if quiet => {}
            Ok(deleted) => {
                out.open("Deleted").el("Key", &key).el_some("VersionId", asked.as_deref());
                if deleted.marker {
                    out.el("DeleteMarker", true).el_some("DeleteMarkerVersionId", deleted.version);
                }
                out.close("Deleted");
            }
            Err(error) => {
                out.open("Error").el("Key", &key).el_some("VersionId", asked.as_deref());
                out.el("Code", error.code).el("Message", error.message).close("Error");
            }
        }
    }
    Ok(Reply::xml(out.end("DeleteResult")))
}
