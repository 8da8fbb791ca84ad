//! What an object carries beside its bytes: content headers, user metadata, storage class, encryption.
//!
//! Invariant: read from a request here, written to a reply here, and checked against S3's limits in between.
//! It must not know buckets or versions.

use std::collections::BTreeMap;

use crate::encoding::base64;
use crate::encryption::Encryption;
use crate::error::{Result, S3Error};
use crate::reply::Reply;
use crate::request::Request;

#[derive(Clone, Default)]
pub struct Attributes {
    /// Content-Type and its kin, and the website redirect.
    pub content: BTreeMap<String, String>,
    /// Without the `x-amz-meta-` in front.
    pub user: BTreeMap<String, String>,
    pub storage_class: String,
    pub encryption: Encryption,
}

const META: &str = "x-amz-meta-";
const MAX_METADATA: usize = 2048;
const CONTENT: [&str; 7] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
    "x-amz-website-redirect-location",
];
const CLASSES: [&str; 12] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "GLACIER_IR",
    "DEEP_ARCHIVE",
    "OUTPOSTS",
    "SNOW",
    "EXPRESS_ONEZONE",
    "FSX_OPENZFS",
];

impl Attributes {
    pub fn from_request(request: &Request, region: &str) -> Result<Attributes> {
        let mut content = BTreeMap::new();
        for name in CONTENT {
            if let Some(value) = request.header(name) {
                content.insert(name.to_string(), value.to_string());
            }
        }
        // `aws-chunked` describes the transfer, not the object.
        if let Some(encoding) = content.remove("content-encoding") {
            let kept: Vec<&str> =
                encoding.split(',').map(str::trim).filter(|one| *one != "aws-chunked").collect();
            if !kept.is_empty() {
                content.insert("content-encoding".into(), kept.join(","));
            }
        }
        let user = request
            .headers_with(META)
            .map(|(name, value)| (name[META.len()..].to_string(), value.to_string()))
            .collect();
        let attributes = Attributes {
            content,
            user,
            storage_class: storage_class(request)?,
            encryption: Encryption::from_request(request, region)?,
        };
        attributes.check_size()?;
        Ok(attributes)
    }

    fn check_size(&self) -> Result<()> {
        let size: usize = self.user.iter().map(|(name, value)| name.len() + value.len()).sum();
        if size > MAX_METADATA {
            let message = "Your metadata headers exceed the maximum allowed metadata size";
            return Err(S3Error::new(400, "MetadataTooLarge", message)
                .with("Size", size)
                .with("MaxSizeAllowed", MAX_METADATA));
        }
        Ok(())
    }

    pub fn write(&self, reply: &mut Reply) {
        for (name, value) in &self.content {
            reply.set(name, value);
        }
        if !self.content.contains_key("content-type") {
            reply.set("content-type", "binary/octet-stream");
        }
        for (name, value) in &self.user {
            reply.set(&format!("{META}{name}"), &printable(value));
        }
        if self.storage_class != "STANDARD" {
            reply.set("x-amz-storage-class", &self.storage_class);
        }
        self.encryption.write(reply);
    }
}

pub fn storage_class(request: &Request) -> Result<String> {
    let class = request.header("x-amz-storage-class").unwrap_or("STANDARD");
    if CLASSES.contains(&class) {
        return Ok(class.to_string());
    }
    Err(S3Error::new(400, "InvalidStorageClass", "The storage class you specified is not valid")
        .with("StorageClassRequested", class))
}

/// S3 returns metadata that is not plain ASCII as an RFC 2047 word.
fn printable(value: &str) -> String {
    if value.bytes().all(|c| (32..127).contains(&c)) {
        return value.to_string();
    }
    format!("=?UTF-8?B?{}?=", base64(value.as_bytes()))
}
