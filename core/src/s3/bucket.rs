//! The bucket itself: its region, making and deleting it, and its neighbours in the account.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use super::client::S3;
use super::pages::{PageHistory, Shown};
use super::settings::time;
use crate::config::modern_region;
use crate::error::Result;
use crate::mailbox::Mailbox;
use crate::options::NoOptions;
use crate::reply::Bucket;

pub(crate) async fn bucket_region(at: &S3, _: &Mailbox, _: NoOptions) -> Result<String> {
    // A HEAD that meets the wrong region is sent again to the right one by `send`, which then remembers it.
    let output = at.send(|client| client.head_bucket().bucket(at.bucket()).send()).await?;
    if let Some(region) = output.bucket_region().filter(|region| !region.is_empty()) {
        return Ok(modern_region(region).to_owned());
    }
    // Servers other than AWS often leave the header out; the location then says it, where empty means the
    // first region.
    match at.send(|client| client.get_bucket_location().bucket(at.bucket()).send()).await {
        Ok(output) => {
            let region = output
                .location_constraint()
                .map(|region| region.as_str())
                .filter(|region| !region.is_empty());
            Ok(modern_region(region.unwrap_or("us-east-1")).to_owned())
        }
        // SeaweedFS wraps the answer in an element of its own. It took our signature, so the region that we
        // signed for is as good as any.
        Err(error) if error.status() == Some(200) => at.region().await,
        Err(error) => Err(error),
    }
}

pub(crate) async fn list_buckets(at: &S3, _: &Mailbox, _: NoOptions) -> Result<Vec<Bucket>> {
    let mut buckets: Vec<Bucket> = Vec::new();
    let mut continuation: Option<String> = None;
    loop {
        let (history, token) = PageHistory::split(continuation.as_deref());
        let output = at
            .send(|client| client.list_buckets().set_continuation_token(token.map(str::to_owned)).send())
            .await?;
        let first = output.buckets().first().and_then(|bucket| bucket.name());
        let shown = first.map_or(Shown::Nothing, |name| Shown::row(name, ""));
        buckets.extend(output.buckets().iter().map(|bucket| Bucket {
            name: bucket.name().unwrap_or("").to_owned(),
            created: time(bucket.creation_date()),
        }));
        continuation = history.next(&shown, output.continuation_token.filter(|token| !token.is_empty()))?;
        if continuation.is_none() {
            return Ok(buckets);
        }
    }
}

pub(crate) async fn create_bucket(at: &S3, _: &Mailbox, _: NoOptions) -> Result<()> {
    let region = at.region().await?;
    // us-east-1 is the one region that must not be named; aws-global is its old endpoint.
    let configuration = (!["us-east-1", "aws-global"].contains(&region.as_str())).then(|| {
        CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(region.as_str()))
            .build()
    });
    at.send(|client| {
        client
            .create_bucket()
            .bucket(at.bucket())
            .set_create_bucket_configuration(configuration.clone())
            .send()
    })
    .await
    .map(drop)
}

pub(crate) async fn delete_bucket(at: &S3, _: &Mailbox, _: NoOptions) -> Result<()> {
    at.send(|client| client.delete_bucket().bucket(at.bucket()).send()).await.map(drop)
}
