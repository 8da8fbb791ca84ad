//! The operations that an access point does not offer, refused before a request is sent.
//!
//! Invariant: refuses only what AWS documents as missing; the server decides about the rest.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-service-api-support.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/MrapOperations.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/olap-best-practices.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/s3-outposts/S3OutpostsAPI.html>

use crate::error::{Result, fail};

/// The kinds of access points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Point {
    Regional,
    MultiRegion,
    ObjectLambda,
    Outposts,
}

impl Point {
    /// The kind of access point that a bucket's name or ARN means; none for a bucket.
    pub(super) fn of(bucket: &str) -> Option<Point> {
        let mut fields = bucket.split(':');
        if fields.next() != Some("arn") {
            return None;
        }
        match (fields.nth(1), fields.next()) {
            (Some("s3-object-lambda"), _) => Some(Point::ObjectLambda),
            (Some("s3-outposts"), _) => Some(Point::Outposts),
            (_, Some("")) => Some(Point::MultiRegion),
            _ => Some(Point::Regional),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Point::Regional => "an access point",
            Point::MultiRegion => "a multi-region access point",
            Point::ObjectLambda => "an Object Lambda access point",
            Point::Outposts => "an access point on Outposts",
        }
    }

    fn lacks(self, operation: &str) -> bool {
        let lacking: &[&str] = match self {
            Point::Regional => &[],
            Point::MultiRegion => &[
                "DeleteObjects",
                "GetBucketLocation",
                "HeadBucket",
                "ListObjectVersions",
                "ListObjects",
                SOURCE,
            ],
            Point::ObjectLambda => &[SOURCE],
            Point::Outposts => &["GetBucketLocation", "GetObjectAcl", "PutObjectAcl"],
        };
        ["CreateBucket", "DeleteBucket"].contains(&operation) || lacking.contains(&operation)
    }
}

/// To be the source of a copy, which the destination's request asks for.
pub(crate) const SOURCE: &str = "CopyObject as the source";

/// Refuses an operation that the access point in a bucket's place does not offer.
pub(super) fn check(bucket: &str, operation: &str) -> Result<()> {
    match Point::of(bucket) {
        Some(point) if point.lacks(operation) => {
            fail!(
                Unsupported,
                "{operation} is not sent: {bucket} is {}, which does not offer it; open the bucket itself",
                point.name()
            )
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn each_kind_lacks_what_aws_says() {
        for (bucket, operation, offered) in [
            ("bucket", "CreateBucket", true),
            ("arn-like.bucket", "DeleteBucket", true),
            ("arn:aws:s3:us-west-2:123456789012:accesspoint/p", "CreateBucket", false),
            ("arn:aws:s3:us-west-2:123456789012:accesspoint/p", "DeleteObjects", true),
            ("arn:aws:s3::123456789012:accesspoint/p.mrap", "DeleteObjects", false),
            ("arn:aws:s3::123456789012:accesspoint/p.mrap", "ListObjectsV2", true),
            ("arn:aws:s3::123456789012:accesspoint/p.mrap", SOURCE, false),
            ("arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/p", SOURCE, false),
            ("arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/p", "PutObject", true),
            ("arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-1/accesspoint/p", "GetObjectAcl", false),
            ("arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-1/accesspoint/p", "HeadBucket", true),
        ] {
            let checked = check(bucket, operation);
            assert_eq!(checked.is_ok(), offered, "{bucket} {operation}");
            assert!(checked.err().is_none_or(
                |error| error.kind() == ErrorKind::Unsupported && error.message().contains(operation)
            ));
        }
    }
}
