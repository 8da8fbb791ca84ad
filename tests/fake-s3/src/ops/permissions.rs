//! GetObjectAcl and PutObjectAcl.

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
    let acl = match (Acl::from_headers(ctx.request)?, ctx.payload.bytes.is_empty()) {
        (Some(acl), true) => acl,
        (None, false) => Acl::from_xml(&ctx.payload.bytes)?,
        (None, true) => {
            let message = "Your request was missing a required header";
            return Err(
                S3Error::new(400, "MissingSecurityHeader", message).with("MissingHeaderName", "x-amz-acl")
            );
        }
        (Some(_), false) => {
            let message = "This request does not support content";
            return Err(S3Error::new(400, "UnexpectedContent", message));
        }
    };
    let mut store = ctx.store();
    let bucket = store.bucket_mut(ctx.bucket())?;
    if bucket.acls_disabled {
        return Err(Acl::not_supported());
    }
    bucket.object_mut(ctx.key(), ctx.request.param("versionId"))?.acl = acl;
    Ok(Reply::empty(200))
}
