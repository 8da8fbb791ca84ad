//! Permissions: IAM's actions, of which a bucket may allow some only.
//!
//! Invariant: a bucket without such a list allows those who sign all of it; nobody learns by a 404 what they
//! may not list.

use crate::error::S3Error;
use crate::request::{Op, Request};
use crate::store::Bucket;

/// The action that a request needs, as policies name it.
fn action(op: Op) -> String {
    let name = match op {
        Op::GetObject | Op::HeadObject => "GetObject",
        Op::PutObject
        | Op::CopyObject
        | Op::CreateMultipartUpload
        | Op::UploadPart
        | Op::UploadPartCopy
        | Op::CompleteMultipartUpload => "PutObject",
        Op::DeleteObject | Op::DeleteObjects => "DeleteObject",
        Op::HeadBucket | Op::ListObjects | Op::ListObjectsV2 => "ListBucket",
        Op::ListObjectVersions => "ListBucketVersions",
        Op::ListMultipartUploads => "ListBucketMultipartUploads",
        Op::ListParts => "ListMultipartUploadParts",
        other => return format!("s3:{other:?}"),
    };
    format!("s3:{name}")
}

fn allows(bucket: &Bucket, wanted: &str) -> bool {
    bucket.allow.as_ref().is_none_or(|actions| actions.iter().any(|action| action == wanted))
}

/// Whether this may be done, by those who sign or by anyone.
pub fn may(bucket: &Bucket, request: &Request, signed: bool) -> bool {
    allows(bucket, &action(request.op)) && (signed || anyone_may(bucket, request))
}

/// The error as they see it who may not list.
pub fn veiled(error: S3Error, may_list: bool) -> S3Error {
    match error.code.as_str() {
        "NoSuchKey" if !may_list => S3Error::access_denied("Access Denied"),
        _ => error,
    }
}

pub fn may_list(bucket: &Bucket) -> bool {
    allows(bucket, &action(Op::ListObjectsV2))
}

fn anyone_may(bucket: &Bucket, request: &Request) -> bool {
    let reads_object = matches!(request.op, Op::GetObject | Op::HeadObject);
    let lists =
        matches!(request.op, Op::ListObjects | Op::ListObjectsV2 | Op::HeadBucket | Op::GetBucketLocation);
    if bucket.anonymous_read && (reads_object || lists) {
        return true;
    }
    reads_object
        && bucket
            .read(&request.key, request.param("versionId"))
            .is_ok_and(|(_, object)| object.acl.lets_anyone_read())
}
