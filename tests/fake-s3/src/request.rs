//! A request as S3 sees it: bucket and key found in host or path, the operation named.
//!
//! Invariant: parsing refuses what S3 refuses and keeps the raw path and query, which the signature covers.
//! It must not know credentials, objects or faults.

use std::collections::BTreeMap;

use crate::encoding::{parse_query, unpercent};
use crate::error::{Result, S3Error};

/// The S3 operations, spelled as in the S3 API reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub enum Op {
    ListBuckets,
    CreateBucket,
    HeadBucket,
    DeleteBucket,
    GetBucketLocation,
    GetBucketVersioning,
    PutBucketVersioning,
    PutBucketAcl,
    ListObjects,
    ListObjectsV2,
    ListObjectVersions,
    ListMultipartUploads,
    DeleteObjects,
    GetObject,
    HeadObject,
    PutObject,
    CopyObject,
    DeleteObject,
    GetObjectAcl,
    PutObjectAcl,
    GetObjectTagging,
    PutObjectTagging,
    DeleteObjectTagging,
    CreateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    ListParts,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    Unknown,
}

#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub raw_path: String,
    pub query: Vec<(String, String)>,
    /// Lower-cased; a header sent twice is joined by a comma.
    pub headers: BTreeMap<String, String>,
    /// Empty when the request names none.
    pub bucket: String,
    pub key: String,
    pub op: Op,
}

const MAX_KEY: usize = 1024;

impl Request {
    pub fn parse(method: &str, uri: &http::Uri, headers: &http::HeaderMap) -> Result<Request> {
        let mut joined: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            let value = value.trim();
            joined
                .entry(name.as_str().to_string())
                .and_modify(|all| {
                    all.push(',');
                    all.push_str(value);
                })
                .or_insert_with(|| value.to_string());
        }
        let bad_uri = || S3Error::new(400, "InvalidURI", "Couldn't parse the specified URI.");
        let query = parse_query(uri.query().unwrap_or("")).ok_or_else(bad_uri)?;
        let path = unpercent(uri.path(), false).ok_or_else(bad_uri)?;
        let path = path.strip_prefix('/').ok_or_else(bad_uri)?;
        let (bucket, key) = match joined.get("host").and_then(|host| bucket_of_host(host)) {
            Some(bucket) => (bucket, path),
            None => path.split_once('/').unwrap_or((path, "")),
        };
        let mut request = Request {
            method: method.to_string(),
            raw_path: uri.path().to_string(),
            bucket: bucket.to_string(),
            key: key.to_string(),
            query,
            headers: joined,
            op: Op::Unknown,
        };
        request.op = request.find_op();
        Ok(request)
    }

    /// What can only be refused once the operation is known.
    pub fn check_key(&self) -> Result<()> {
        if self.key.len() > MAX_KEY {
            return Err(S3Error::new(400, "KeyTooLongError", "Your key is too long")
                .with("Size", self.key.len())
                .with("MaxSizeAllowed", MAX_KEY));
        }
        Ok(())
    }

    /// A header; a presigned URL may carry the `x-amz-` ones in its query instead.
    pub fn header(&self, name: &str) -> Option<&str> {
        if let Some(value) = self.headers.get(name) {
            return Some(value);
        }
        if !name.starts_with("x-amz-") {
            return None;
        }
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The headers that begin with `prefix`, from wherever they may stand.
    pub fn headers_with<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (String, &'a str)> {
        let sent = self.headers.iter().map(|(name, value)| (name.clone(), value.as_str()));
        let hoisted = self.query.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()));
        sent.chain(hoisted).filter(move |(name, _)| name.starts_with(prefix))
    }

    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.param(name).is_some()
    }

    fn find_op(&self) -> Op {
        let method = self.method.as_str();
        if self.bucket.is_empty() {
            return if method == "GET" { Op::ListBuckets } else { Op::Unknown };
        }
        if self.key.is_empty() { self.bucket_op(method) } else { self.object_op(method) }
    }

    fn bucket_op(&self, method: &str) -> Op {
        const OTHERS: [&str; 15] = [
            "accelerate",
            "analytics",
            "cors",
            "encryption",
            "inventory",
            "lifecycle",
            "logging",
            "metrics",
            "notification",
            "object-lock",
            "ownershipControls",
            "policy",
            "replication",
            "tagging",
            "website",
        ];
        if OTHERS.iter().any(|name| self.has(name)) {
            return Op::Unknown;
        }
        if self.has("acl") {
            return if method == "PUT" { Op::PutBucketAcl } else { Op::Unknown };
        }
        match method {
            "GET" if self.has("location") => Op::GetBucketLocation,
            "GET" if self.has("versioning") => Op::GetBucketVersioning,
            "GET" if self.has("versions") => Op::ListObjectVersions,
            "GET" if self.has("uploads") => Op::ListMultipartUploads,
            "GET" if self.param("list-type") == Some("2") => Op::ListObjectsV2,
            "GET" => Op::ListObjects,
            "PUT" if self.has("versioning") => Op::PutBucketVersioning,
            "PUT" => Op::CreateBucket,
            "HEAD" => Op::HeadBucket,
            "DELETE" => Op::DeleteBucket,
            "POST" if self.has("delete") => Op::DeleteObjects,
            _ => Op::Unknown,
        }
    }

    fn object_op(&self, method: &str) -> Op {
        const OTHERS: [&str; 7] =
            ["attributes", "legal-hold", "restore", "retention", "select", "torrent", "renameObject"];
        if OTHERS.iter().any(|name| self.has(name)) {
            return Op::Unknown;
        }
        let copy = self.header("x-amz-copy-source").is_some();
        match method {
            "GET" if self.has("acl") => Op::GetObjectAcl,
            "GET" if self.has("tagging") => Op::GetObjectTagging,
            "GET" if self.has("uploadId") => Op::ListParts,
            "GET" => Op::GetObject,
            "HEAD" => Op::HeadObject,
            "PUT" if self.has("acl") => Op::PutObjectAcl,
            "PUT" if self.has("tagging") => Op::PutObjectTagging,
            "PUT" if self.has("uploadId") && copy => Op::UploadPartCopy,
            "PUT" if self.has("uploadId") => Op::UploadPart,
            "PUT" if copy => Op::CopyObject,
            "PUT" => Op::PutObject,
            "POST" if self.has("uploads") => Op::CreateMultipartUpload,
            "POST" if self.has("uploadId") => Op::CompleteMultipartUpload,
            "DELETE" if self.has("uploadId") => Op::AbortMultipartUpload,
            "DELETE" if self.has("tagging") => Op::DeleteObjectTagging,
            "DELETE" => Op::DeleteObject,
            _ => Op::Unknown,
        }
    }
}

/// `photos.localhost:9000` addresses the bucket `photos`; any other host is path style.
fn bucket_of_host(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.strip_suffix(".localhost").filter(|bucket| !bucket.is_empty())
}

#[cfg(test)]
pub fn example(method: &str, target: &str, headers: &[(&str, &str)]) -> Request {
    let mut map = http::HeaderMap::new();
    for (name, value) in headers {
        map.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    Request::parse(method, &target.parse().unwrap(), &map).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_and_key_come_from_path_or_host() {
        let r = example("GET", "/b/a%2Fb//c%20d", &[("host", "127.0.0.1:9")]);
        assert_eq!((r.bucket.as_str(), r.key.as_str(), r.op), ("b", "a/b//c d", Op::GetObject));
        let r = example("GET", "/k/x", &[("host", "my.b.localhost:9")]);
        assert_eq!((r.bucket.as_str(), r.key.as_str()), ("my.b", "k/x"));
        let r = example("GET", "/b/?list-type=2&prefix=a+b", &[("host", "localhost:9")]);
        assert_eq!((r.op, r.param("prefix")), (Op::ListObjectsV2, Some("a b")));
    }

    #[test]
    fn the_operation_follows_query_and_headers() {
        for (method, target, op) in [
            ("GET", "/", Op::ListBuckets),
            ("PUT", "/b/k?partNumber=1&uploadId=u", Op::UploadPart),
            ("POST", "/b/k?uploads", Op::CreateMultipartUpload),
            ("POST", "/b?delete", Op::DeleteObjects),
            ("GET", "/b?policy", Op::Unknown),
            ("PUT", "/b/k?x-amz-copy-source=%2Fa%2Fb", Op::CopyObject),
        ] {
            assert_eq!(example(method, target, &[]).op, op, "{method} {target}");
        }
    }
}
