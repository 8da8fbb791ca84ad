//! GetObjectAcl, PutObjectAcl and PutBucketAcl.

use crate::acl::Acl;
use crate::error::{Result, S3Error};
use crate::ops::Ctx;
use crate::reply::Reply;

pub fn get(ctx: &Ctx<'_>) -> Result<Reply> {
    let store = ctx.store();
    let (_, object) = store.bucket(ctx.bucket())?.read(ctx.key(), ctx.request.param("versionId"))?;
    Ok(Reply::xml(object.acl.to_xml()))
}

pub fn put(ctx: &Ctx<'_>) -> Result<Reply> {
    let acl = sent(ctx)?;
    let mut store = ctx.store();
    let bucket = store.bucket_mut(ctx.bucket())?;
    if bucket.acls_disabled {
        return Err(Acl::not_supported());
    }
    bucket.object_mut(ctx.key(), ctx.request.param("versionId"))?.acl = acl;
    Ok(Reply::empty(200))
}

/// The ACL is checked and not kept: nothing here depends on a bucket's.
pub fn put_of_bucket(ctx: &Ctx<'_>) -> Result<Reply> {
    sent(ctx)?;
    if ctx.store().bucket(ctx.bucket())?.acls_disabled {
        return Err(Acl::not_supported());
    }
    Ok(Reply::empty(200))
}

/// The ACL that a request names, by headers or by a document.
fn sent(ctx: &Ctx<'_>) -> Result<Acl> {
    match (Acl::from_headers(ctx.request)?, ctx.payload.bytes.is_empty()) {
        (Some(acl), true) => Ok(acl),
        (None, false) => Acl::from_xml(&ctx.payload.bytes),
        (None, true) => {
            let message = "Your request was missing a required header";
            Err(S3Error::new(400, "MissingSecurityHeader", message).with("MissingHeaderName", "x-amz-acl"))
        }
        (Some(_), false) => {
            let message = "This request does not support content";
            Err(S3Error::new(400, "UnexpectedContent", message))
        }
    }
}
