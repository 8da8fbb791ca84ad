//! What the server holds: buckets, object versions and open multipart uploads, all in memory.
//!
//! Invariant: identifiers come from one counter, so the same requests give the same identifiers; a version
//! list is ordered oldest first and its last entry is the current one. It must not know requests or replies.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::acl::Acl;
use crate::attributes::Attributes;
use crate::checksum::{Algorithm, Checksum, md5_of};
use crate::clock::Millis;
use crate::data::Data;
use crate::encoding::{hex, md5, sha256_hex};
use crate::encryption::Encryption;
use crate::error::{Result, S3Error};

pub type Tags = Vec<(String, String)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versioning {
    #[default]
    Off,
    Enabled,
    Suspended,
}

#[derive(Default)]
pub struct Store {
    pub buckets: BTreeMap<String, Bucket>,
    pub uploads: BTreeMap<String, Upload>,
    /// Upload id to the object it became, because S3 responds to a repeated completion as to the first.
    pub completed: BTreeMap<String, (String, String, Object, Option<String>)>,
    issued: u64,
}

#[derive(Default)]
pub struct Bucket {
    pub region: String,
    pub created: Millis,
    pub versioning: Versioning,
    pub requester_pays: bool,
    pub anonymous_read: bool,
    /// The only actions that anyone may take, as policies name them; without it all are.
    pub allow: Option<Vec<String>>,
    pub object_lock: bool,
    /// Object ownership "bucket owner enforced": every ACL is refused.
    pub acls_disabled: bool,
    pub objects: BTreeMap<String, Vec<Version>>,
}

#[derive(Clone)]
pub struct Version {
    /// `null` when written outside of enabled versioning.
    pub id: String,
    pub modified: Millis,
    /// None for a delete marker.
    pub object: Option<Object>,
}

#[derive(Clone)]
pub struct Object {
    pub data: Data,
    /// Without quotes.
    pub etag: String,
    pub attributes: Attributes,
    pub checksum: Option<Checksum>,
    pub tags: Tags,
    pub acl: Acl,
    /// Empty unless it was uploaded in parts.
    pub parts: Vec<PartSize>,
}

#[derive(Clone)]
pub struct PartSize {
    pub size: u64,
    pub checksum: Option<Checksum>,
}

pub struct Upload {
    pub bucket: String,
    pub key: String,
    pub initiated: Millis,
    pub attributes: Attributes,
    pub tags: Tags,
    pub acl: Acl,
    pub algorithm: Option<Algorithm>,
    pub composite: bool,
    pub parts: BTreeMap<u32, Part>,
}

pub struct Part {
    pub data: Data,
    pub etag: String,
    pub checksum: Option<Checksum>,
    pub modified: Millis,
}

/// The ETag of bytes stored at once. With a customer or KMS key S3's ETag is not the MD5, and here neither.
pub fn etag_of(data: &Data, encryption: &Encryption) -> String {
    let digest = md5_of(data);
    if encryption.hides_md5() { hex(&md5(&[&digest[..], b"not the MD5"].concat())) } else { hex(&digest) }
}

impl Object {
    /// An object put at once. S3 adds a CRC-64/NVME when the client sent no checksum.
    pub fn whole(data: Data, attributes: Attributes, checksum: Option<Checksum>) -> Object {
        let checksum = checksum.unwrap_or_else(|| Algorithm::Crc64Nvme.compute(&data));
        Object {
            etag: etag_of(&data, &attributes.encryption),
            data,
            attributes,
            checksum: Some(checksum),
            tags: vec![],
            acl: Acl::default(),
            parts: vec![],
        }
    }
}

impl Store {
    /// An opaque identifier of 32 letters and digits, never given before.
    pub fn issue_id(&mut self) -> String {
        self.issued += 1;
        sha256_hex(&self.issued.to_be_bytes())[..32].to_string()
    }

    pub fn bucket(&self, name: &str) -> Result<&Bucket> {
        self.buckets.get(name).ok_or_else(|| S3Error::no_such_bucket(name))
    }

    pub fn bucket_mut(&mut self, name: &str) -> Result<&mut Bucket> {
        self.buckets.get_mut(name).ok_or_else(|| S3Error::no_such_bucket(name))
    }

    /// Adds a version (a delete marker without `object`); answers the id to show, if the bucket has versions.
    pub fn put(
        &mut self,
        bucket: &str,
        key: &str,
        object: Option<Object>,
        now: Millis,
    ) -> Result<Option<String>> {
        let id = self.issue_id();
        let bucket = self.bucket_mut(bucket)?;
        let id = if bucket.versioning == Versioning::Enabled { id } else { "null".to_string() };
        let versions = bucket.objects.entry(key.to_string()).or_default();
        if id == "null" {
            versions.retain(|version| version.id != "null");
        }
        versions.push(Version { id: id.clone(), modified: now, object });
        Ok((bucket.versioning != Versioning::Off).then_some(id))
    }

    pub fn upload(&self, id: &str, bucket: &str, key: &str) -> Result<&Upload> {
        let found = self.uploads.get(id).filter(|upload| upload.bucket == bucket && upload.key == key);
        found.ok_or_else(|| S3Error::no_such_upload(id))
    }

    pub fn upload_mut(&mut self, id: &str, bucket: &str, key: &str) -> Result<&mut Upload> {
        let found = self.uploads.get_mut(id).filter(|upload| upload.bucket == bucket && upload.key == key);
        found.ok_or_else(|| S3Error::no_such_upload(id))
    }
}

impl Bucket {
    /// The newest version, which may be a delete marker.
    pub fn newest(&self, key: &str) -> Option<&Version> {
        self.objects.get(key)?.last()
    }

    /// The object that a plain GET would answer.
    pub fn current(&self, key: &str) -> Option<(&Version, &Object)> {
        let version = self.newest(key)?;
        Some((version, version.object.as_ref()?))
    }

    /// The version to read: the named one, else the newest. A delete marker is refused as S3 refuses it.
    pub fn read(&self, key: &str, id: Option<&str>) -> Result<(&Version, &Object)> {
        let version = match id {
            None => self.newest(key).ok_or_else(|| S3Error::no_such_key(key))?,
            Some(id) => self.version(key, id)?,
        };
        match &version.object {
            Some(object) => Ok((version, object)),
            None if id.is_some() => {
                let message = "The specified method is not allowed against this resource.";
                Err(S3Error::new(405, "MethodNotAllowed", message)
                    .with("ResourceType", "DeleteMarker")
                    .header("allow", "DELETE")
                    .header("x-amz-delete-marker", true)
                    .header("x-amz-version-id", &version.id)
                    .header("last-modified", crate::clock::http_date(version.modified)))
            }
            None => Err(S3Error::no_such_key(key)
                .header("x-amz-delete-marker", true)
                .header("x-amz-version-id", &version.id)),
        }
    }

    pub fn version(&self, key: &str, id: &str) -> Result<&Version> {
        check_version_id(id)?;
        let versions = self.objects.get(key).map_or(&[][..], Vec::as_slice);
        versions.iter().find(|version| version.id == id).ok_or_else(|| S3Error::no_such_version(key, id))
    }

    pub fn object_mut(&mut self, key: &str, id: Option<&str>) -> Result<&mut Object> {
        let id = self.read(key, id)?.0.id.clone();
        let versions = self.objects.get_mut(key).ok_or_else(|| S3Error::no_such_key(key))?;
        let found = versions.iter_mut().find(|version| version.id == id);
        found.and_then(|version| version.object.as_mut()).ok_or_else(|| S3Error::no_such_key(key))
    }

    /// Forgets one version for good.
    pub fn remove(&mut self, key: &str, id: &str) -> Option<Version> {
        let versions = self.objects.get_mut(key)?;
        let at = versions.iter().position(|version| version.id == id)?;
        let removed = versions.remove(at);
        if versions.is_empty() {
            self.objects.remove(key);
        }
        Some(removed)
    }

    /// The id to show for `version`, if the bucket has versions at all.
    pub fn shown_id(&self, version: &Version) -> Option<String> {
        (self.versioning != Versioning::Off).then(|| version.id.clone())
    }

    /// The keys from `from` on, in the order of their bytes, with their versions.
    pub fn keys_from(&self, from: &str) -> impl Iterator<Item = (&str, &Vec<Version>)> {
        let bounds = (Bound::Included(from), Bound::<&str>::Unbounded);
        self.objects.range::<str, _>(bounds).map(|(key, versions)| (key.as_str(), versions))
    }
}

pub fn check_version_id(id: &str) -> Result<()> {
    if id == "null" || (id.len() == 32 && id.bytes().all(|c| c.is_ascii_alphanumeric())) {
        return Ok(());
    }
    Err(S3Error::invalid_argument("Invalid version id specified", "versionId", id))
}
