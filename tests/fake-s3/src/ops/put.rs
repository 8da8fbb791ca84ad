//! PutObject, and the one place where an object enters a bucket.
//!
//! Invariant: conditions are checked and the version is written under the same lock.

use crate::acl::Acl;
use crate::attributes::Attributes;
use crate::conditions::{self, Present};
use crate::error::{Result, S3Error};
use crate::ops::{Ctx, tagging};
use crate::reply::Reply;
use crate::store::{Bucket, Object, Store, Tags};

/// What an object gets from the request that creates it, beside its bytes and attributes.
pub struct Lineage {
    pub tags: Tags,
    pub acl: Acl,
}

impl Lineage {
    pub fn from_request(ctx: &Ctx<'_>) -> Result<Lineage> {
        let acl = Acl::from_headers(ctx.request)?;
        if acl.as_ref().is_some_and(|acl| *acl != Acl::default())
            && ctx.store().bucket(ctx.bucket())?.acls_disabled
        {
            return Err(Acl::not_supported());
        }
        Ok(Lineage { tags: tagging::from_header(ctx.request)?, acl: acl.unwrap_or_default() })
    }
}

pub fn put_object(ctx: &Ctx<'_>) -> Result<Reply> {
    let attributes = Attributes::from_request(ctx.request, &ctx.world.options.region)?;
    let lineage = Lineage::from_request(ctx)?;
    let mut object = Object::whole(ctx.payload.data.clone(), attributes, ctx.payload.checksum.clone());
    object.tags = lineage.tags;
    object.acl = lineage.acl;
    let mut reply = Reply::empty(200);
    reply.set_etag(&object.etag);
    reply.set_checksum(object.checksum.as_ref());
    object.attributes.encryption.write(&mut reply);

    let mut store = ctx.store();
    require_digest(ctx, store.bucket(ctx.bucket())?)?;
    let version = write_object(ctx, &mut store, object)?;
    reply.set_some("x-amz-version-id", version.as_deref());
    Ok(reply)
}

/// Writes the object that the request names, if its conditions hold.
pub fn write_object(ctx: &Ctx<'_>, store: &mut Store, object: Object) -> Result<Option<String>> {
    let bucket = store.bucket(ctx.bucket())?;
    let present = bucket
        .current(ctx.key())
        .map(|(version, object)| Present { etag: &object.etag, modified: version.modified });
    conditions::check_write(ctx.request, ctx.key(), present)?;
    store.put(ctx.bucket(), ctx.key(), Some(object), ctx.now)
}

/// A bucket with object lock takes no body without a digest that the client computed.
pub fn require_digest(ctx: &Ctx<'_>, bucket: &Bucket) -> Result<()> {
    if bucket.object_lock && !ctx.payload.has_md5 && ctx.payload.checksum.is_none() {
        return Err(S3Error::invalid_request(
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock \
             parameters",
        ));
    }
    Ok(())
}
