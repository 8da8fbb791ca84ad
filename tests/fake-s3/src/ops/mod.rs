//! One request carried out: admission, then the operation.
//!
//! Invariant: an operation sees a verified body and an admitted caller, takes the store's lock once, and
//! returns a `Reply` or an `S3Error`; half-done changes do not exist. It must not know sockets or faults.

mod bucket;
mod complete;
mod copy;
mod delete;
mod listing;
mod multipart;
mod object;
mod permissions;
mod policy;
mod put;
mod tagging;

use std::sync::MutexGuard;

use crate::auth::Caller;
use crate::clock::Millis;
use crate::error::{Result, S3Error};
use crate::payload::Payload;
use crate::reply::Reply;
use crate::request::{Op, Request};
use crate::store::Store;
use crate::world::World;

pub use tagging::from_header as tagging_from_header;

pub struct Ctx<'a> {
    pub world: &'a World,
    pub request: &'a Request,
    pub caller: &'a Caller,
    pub payload: &'a Payload,
    pub now: Millis,
}

impl Ctx<'_> {
    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.world.store()
    }

    pub fn bucket(&self) -> &str {
        &self.request.bucket
    }

    pub fn key(&self) -> &str {
        &self.request.key
    }
}

/// The account that owns every bucket.
pub const ACCOUNT: &str = "111122223333";

pub fn run(ctx: &Ctx<'_>) -> Result<Reply> {
    ctx.request.check_key()?;
    let admitted = admit(ctx)?;
    let mut reply = match ctx.request.op {
        Op::ListBuckets => bucket::list(ctx),
        Op::CreateBucket => bucket::create(ctx),
        Op::HeadBucket => bucket::head(ctx),
        Op::DeleteBucket => bucket::delete(ctx),
        Op::GetBucketLocation => bucket::location(ctx),
        Op::GetBucketVersioning => bucket::get_versioning(ctx),
        Op::PutBucketVersioning => bucket::put_versioning(ctx),
        Op::PutBucketAcl => permissions::put_of_bucket(ctx),
        Op::ListObjects => listing::objects_v1(ctx),
        Op::ListObjectsV2 => listing::objects_v2(ctx),
        Op::ListObjectVersions => listing::versions(ctx),
        Op::ListMultipartUploads => listing::uploads(ctx),
        Op::DeleteObjects => delete::objects(ctx),
        Op::GetObject | Op::HeadObject => object::read(ctx),
        Op::PutObject => put::put_object(ctx),
        Op::CopyObject => copy::copy_object(ctx),
        Op::DeleteObject => delete::object(ctx),
        Op::GetObjectAcl => permissions::get(ctx),
        Op::PutObjectAcl => permissions::put(ctx),
        Op::GetObjectTagging => tagging::get(ctx),
        Op::PutObjectTagging => tagging::put(ctx),
        Op::DeleteObjectTagging => tagging::delete(ctx),
        Op::CreateMultipartUpload => multipart::create(ctx),
        Op::UploadPart => multipart::upload_part(ctx),
        Op::UploadPartCopy => copy::upload_part_copy(ctx),
        Op::ListParts => multipart::list_parts(ctx),
        Op::CompleteMultipartUpload => complete::complete(ctx),
        Op::AbortMultipartUpload => multipart::abort(ctx),
        Op::Unknown if ["GET", "HEAD", "PUT", "POST", "DELETE"].contains(&ctx.request.method.as_str()) => {
            let message = "A header or query you provided requested a function that is not implemented.";
            Err(S3Error::new(501, "NotImplemented", message))
        }
        Op::Unknown => {
            let message = "The specified method is not allowed against this resource.";
            Err(S3Error::new(405, "MethodNotAllowed", message).with("Method", &ctx.request.method))
        }
    }
    .map_err(|error| policy::veiled(error, admitted.may_list))?;
    if admitted.requester_pays {
        reply.set("x-amz-request-charged", "requester");
    }
    Ok(reply)
}

/// What follows from this caller's being let in.
#[derive(Default)]
struct Admitted {
    requester_pays: bool,
    may_list: bool,
}

/// May this caller do this to this bucket, here?
fn admit(ctx: &Ctx<'_>) -> Result<Admitted> {
    let (request, op) = (ctx.request, ctx.request.op);
    if matches!(op, Op::ListBuckets | Op::CreateBucket) {
        return match ctx.caller.signed {
            Some(_) => Ok(Admitted::default()),
            None => Err(S3Error::access_denied("Access Denied")),
        };
    }
    let store = ctx.store();
    let bucket = store.bucket(&request.bucket)?;
    if let Some(signed) = &ctx.caller.signed
        && signed.region != bucket.region
        && op != Op::GetBucketLocation
    {
        let message = "The bucket you are attempting to access must be addressed using the specified \
                       endpoint. Please send all future requests to this endpoint.";
        return Err(S3Error::new(301, "PermanentRedirect", message)
            .with("Endpoint", format!("{}.s3.{}.amazonaws.com", request.bucket, bucket.region))
            .with("Bucket", &request.bucket)
            .header("x-amz-bucket-region", &bucket.region));
    }
    if !policy::may(bucket, request, ctx.caller.signed.is_some()) {
        return Err(S3Error::access_denied("Access Denied"));
    }
    if request.header("x-amz-expected-bucket-owner").is_some_and(|owner| owner != ACCOUNT) {
        return Err(S3Error::access_denied("Access Denied"));
    }
    let pays = request.header("x-amz-request-payer") == Some("requester");
    if bucket.requester_pays && !pays {
        return Err(S3Error::access_denied("Access Denied"));
    }
    Ok(Admitted { requester_pays: bucket.requester_pays, may_list: policy::may_list(bucket) })
}
