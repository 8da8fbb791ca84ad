//! The bucket itself: its region, making and deleting it, whether it keeps versions, and the other buckets of
//! the account.

use std::time::SystemTime;

use http::Method;

use super::client::S3;
use super::date::read_timestamp;
use super::endpoint::Subject;
use super::pages::{PageHistory, Shown};
use super::wire::{Request, text};
use crate::config::modern_region;
use crate::error::{Result, fail};
use crate::mailbox::Mailbox;
use crate::options::NoOptions;
use crate::reply::Bucket;
use crate::xml::{Document, Element, Malformed, Root};

const BUCKETS: Root =
    Root { name: "ListAllMyBucketsResult", operation: "ListBuckets", elements: &["Buckets"] };
const LOCATION: Root =
    Root { name: "LocationConstraint", operation: "GetBucketLocation", elements: &["LocationConstraint"] };
const VERSIONING: Root =
    Root { name: "VersioningConfiguration", operation: "GetBucketVersioning", elements: &["Status"] };

pub(crate) async fn bucket_region(at: &S3, _: &Mailbox, _: NoOptions) -> Result<String> {
    // A HEAD that meets the wrong region is sent again to the right one, which is then remembered.
    let response = at.ask(&Request::of_bucket("HeadBucket", Method::HEAD)).await?;
    let region = text(response.headers(), "x-amz-bucket-region");
    if let Some(region) = region.filter(|region| !region.is_empty()) {
        return Ok(modern_region(region).to_owned());
    }
    // Servers other than AWS often leave the header out. An empty location is the first region.
    let request = Request::of_bucket("GetBucketLocation", Method::GET).query("location", Some(""));
    match at.ask_document(&request, |_, body| read_location(body)).await {
        Ok(region) => Ok(modern_region(region.as_deref().unwrap_or("us-east-1")).to_owned()),
        // The server took our signature, so the region that we signed for is as good as any.
        Err(error) if error.status() == Some(200) => at.region().await,
        Err(error) => Err(error),
    }
}

/// The region in the root, or in an element of the same name below it, as SeaweedFS writes it.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html>
fn read_location(body: &[u8]) -> std::result::Result<Option<String>, Malformed> {
    let region = Document::open(body, &LOCATION)?.filled()?;
    if region.as_ref().is_some_and(|region| !region.trim().is_empty()) {
        return Ok(region.map(|region| region.trim().to_owned()));
    }
    let mut within = None;
    Document::open(body, &LOCATION)?.children(|document, name| {
        match name {
            "LocationConstraint" => within = document.filled()?,
            _ => document.skip()?,
        }
        Ok(())
    })?;
    Ok(within)
}

pub(crate) async fn list_buckets(at: &S3, _: &Mailbox, _: NoOptions) -> Result<Vec<Bucket>> {
    let mut buckets: Vec<Bucket> = Vec::new();
    let mut continuation: Option<String> = None;
    loop {
        let (history, token) = PageHistory::split(continuation.as_deref());
        let request = Request::to("ListBuckets", Method::GET, Subject::Account)
            .query("continuation-token", token)
            .query("x-id", Some("ListBuckets"));
        let (page, next) = at.ask_document(&request, |_, body| read_buckets(body)).await?;
        let shown = page.first().map_or(Shown::Nothing, |first| Shown::row(&first.name, ""));
        continuation = history.next(&shown, next)?;
        buckets.extend(page);
        if continuation.is_none() {
            return Ok(buckets);
        }
    }
}

/// The buckets of a page, and the token of the next.
fn read_buckets(body: &[u8]) -> std::result::Result<(Vec<Bucket>, Option<String>), Malformed> {
    let (mut buckets, mut next) = (Vec::new(), None);
    Document::open(body, &BUCKETS)?.children(|document, name| match name {
        "Buckets" => document.children(|document, name| {
            match name {
                "Bucket" => {
                    let (mut name, mut created) = (String::new(), None::<SystemTime>);
                    document.children(|document, field| {
                        match field {
                            "Name" => name = document.text()?.into_owned(),
                            "CreationDate" => created = read_timestamp(&document.text()?),
                            _ => document.skip()?,
                        }
                        Ok(())
                    })?;
                    buckets.push(Bucket { name, created });
                }
                _ => document.skip()?,
            }
            Ok(())
        }),
        "ContinuationToken" => {
            next = document.filled()?;
            Ok(())
        }
        _ => document.skip(),
    })?;
    Ok((buckets, next))
}

pub(crate) async fn create_bucket(at: &S3, _: &Mailbox, _: NoOptions) -> Result<()> {
    let region = at.region().await?;
    let request = Request::to("CreateBucket", Method::PUT, Subject::Control);
    // us-east-1 is the one region that must not be named; aws-global is its old endpoint.
    let request = match ["us-east-1", "aws-global"].contains(&region.as_str()) {
        true => request,
        false => request
            .document(Element::new("CreateBucketConfiguration").text("LocationConstraint", Some(&region)))?,
    };
    at.ask(&request).await.map(drop)
}

pub(crate) async fn delete_bucket(at: &S3, _: &Mailbox, _: NoOptions) -> Result<()> {
    at.ask(&Request::to("DeleteBucket", Method::DELETE, Subject::Control)).await.map(drop)
}

pub(crate) async fn get_versioning(at: &S3, _: &Mailbox, _: NoOptions) -> Result<String> {
    let request =
        Request::to("GetBucketVersioning", Method::GET, Subject::Control).query("versioning", Some(""));
    let status = at.ask_document(&request, |_, body| read_versioning(body)).await?;
    Ok(status.unwrap_or_else(|| "Unversioned".to_owned()))
}

/// The state; none of a bucket that never kept versions.
fn read_versioning(body: &[u8]) -> std::result::Result<Option<String>, Malformed> {
    let mut status = None;
    Document::open(body, &VERSIONING)?.children(|document, name| {
        match name {
            "Status" => status = document.filled()?,
            _ => document.skip()?,
        }
        Ok(())
    })?;
    Ok(status)
}

pub(crate) async fn set_versioning(at: &S3, _: &Mailbox, state: String, _: NoOptions) -> Result<()> {
    if !["Enabled", "Suspended"].contains(&state.as_str()) {
        fail!(InvalidInput, "parameter `state` is `Enabled` or `Suspended`, not {state:?}");
    }
    let request = Request::to("PutBucketVersioning", Method::PUT, Subject::Control)
        .query("versioning", Some(""))
        .document(Element::new("VersioningConfiguration").text("Status", Some(&state)))?
        .required_checksum()?;
    at.ask(&request).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations() {
        let read = |body: &str| read_location(body.as_bytes()).ok();
        let name = "LocationConstraint";
        for (body, region) in [
            (format!("<{name} xmlns=\"x\">eu-west-1</{name}>"), Some(Some("eu-west-1".to_owned()))),
            (format!("<{name}/>"), Some(None)),
            (format!("<{name}><{name}>eu-west-1</{name}></{name}>"), Some(Some("eu-west-1".to_owned()))),
            (format!("<X><{name}>eu-west-1</{name}></X>"), Some(Some("eu-west-1".to_owned()))),
            ("<html/>".to_owned(), None),
        ] {
            assert_eq!(read(&body), region, "{body}");
        }
    }
}
