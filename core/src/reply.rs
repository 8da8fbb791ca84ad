//! The replies of verbs: plain records, the same in every language.
//!
//! Invariant: times are UTC, sizes are bytes, ETags have no quotes, keys do not contain the store's prefix.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;

use crate::error::{Error, ErrorKind, Result};
use crate::table::{Record, RecordSpec, record};
use crate::value::SecretText;

record! {
    /// An object's metadata.
    pub struct ObjectMeta {
        /// The key, without the store's prefix.
        key: String,
        /// The whole object's size in bytes; absent if the response has no Content-Length.
        size: Option<u64>,
        /// The entity tag, without quotes.
        etag: Option<String>,
        /// When it was stored.
        last_modified: Option<SystemTime>,
        /// Its version, in a versioned bucket.
        version_id: Option<String>,
        /// The media type.
        content_type: Option<String>,
        /// How the body is compressed.
        content_encoding: Option<String>,
        /// The language of the content.
        content_language: Option<String>,
        /// How a browser should present it.
        content_disposition: Option<String>,
        /// How caches may keep it.
        cache_control: Option<String>,
        /// When caches should drop it.
        expires: Option<SystemTime>,
        /// User metadata, names in lower case.
        metadata: BTreeMap<String, String>,
        /// The storage class; absent means STANDARD.
        storage_class: Option<String>,
        /// Server-side encryption: `AES256`, `aws:kms`, `aws:kms:dsse`.
        sse: Option<String>,
        /// The KMS key it is encrypted with.
        sse_kms_key_id: Option<String>,
        /// `AES256` if a customer key encrypts it.
        sse_customer_algorithm: Option<String>,
        /// Whether `size` may be up to 16 bytes too large: `head` can't compute the size of client-side
        /// encrypted content that is, or may be, padded (AES/CBC). A whole `get` returns the exact size.
        size_estimated: bool,
    }
}

record! {
    /// The reply of `get`.
    pub struct GetReply {
        /// The object's metadata.
        meta: ObjectMeta,
        /// The offset of the first byte delivered.
        offset: u64,
        /// The number of bytes delivered.
        length: u64,
        /// The bytes, if they went to memory.
        body: Option<Bytes>,
    }
}

record! {
    /// The reply of `fetch_through`.
    pub struct ThroughReply {
        /// The object's metadata: the stored object's, or what the upstream reported.
        meta: ObjectMeta,
        /// The number of bytes delivered.
        length: u64,
        /// The bytes, if they went to memory.
        body: Option<Bytes>,
        /// Where the object came from: `stored`, `fetched` from the upstream and stored, `joined` (another
        /// call was fetching it), or `passed` through.
        source: String,
        /// Whether the object is stored now.
        kept: bool,
        /// Why it could not be stored; absent if it was, or was not to be.
        unkept: Option<String>,
    }
}

record! {
    /// The reply of `put` and `copy`.
    pub struct PutReply {
        /// The entity tag of the new object, without quotes.
        etag: Option<String>,
        /// Its version, in a versioned bucket.
        version_id: Option<String>,
        /// The number of bytes stored.
        size: u64,
    }
}

record! {
    /// The reply of `put_by_content`.
    pub struct ContentReply {
        /// The key: prefix, SHA-256 in hexadecimal digits, suffix.
        key: String,
        /// The number of bytes.
        size: u64,
        /// The entity tag of the new object, without quotes; absent if it was there already.
        etag: Option<String>,
        /// Whether the object was there already.
        existed: bool,
    }
}

record! {
    /// The reply of `credentials`: the keys that sign requests now. Treat it as a secret.
    pub struct Identity {
        /// Their source: `static`, `env`, `profile`, `process`, `sso`, `web_identity`, `assume_role`,
        /// `container` or `instance_profile`.
        provider: String,
        /// The access key id.
        access_key_id: String,
        /// The secret access key.
        secret_access_key: SecretText,
        /// The session token of temporary keys.
        session_token: Option<SecretText>,
        /// When they expire; absent if they do not expire.
        expires: Option<SystemTime>,
        /// The account that they belong to, if their source reports it.
        account_id: Option<String>,
        /// The region in the signature of requests.
        region: String,
    }
}

record! {
    /// The reply of `delete`.
    pub struct DeleteReply {
        /// The version that was deleted, or the new delete marker's.
        version_id: Option<String>,
        /// Whether a delete marker was created or deleted.
        delete_marker: bool,
    }
}

record! {
    /// One key of `delete_many`.
    pub struct Deleted {
        /// The key.
        key: String,
        /// The version that the caller named.
        version_id: Option<String>,
        /// The name of the error kind; absent if the object was deleted.
        error: Option<String>,
        /// The error's message.
        message: Option<String>,
    }
}

record! {
    /// One object of `get_many`.
    pub struct Fetched {
        /// The key.
        key: String,
        /// The object's metadata; absent if it failed.
        meta: Option<ObjectMeta>,
        /// The bytes, if they went to memory.
        body: Option<Bytes>,
        /// The name of the error kind; absent if the object was fetched.
        error: Option<String>,
        /// The error's message.
        message: Option<String>,
    }
}

record! {
    /// One object of `put_many`.
    pub struct Stored {
        /// The key.
        key: String,
        /// The entity tag of the new object, without quotes.
        etag: Option<String>,
        /// Its version, in a versioned bucket.
        version_id: Option<String>,
        /// The number of bytes stored.
        size: u64,
        /// The name of the error kind; absent if the object was stored.
        error: Option<String>,
        /// The error's message.
        message: Option<String>,
    }
}

record! {
    /// One object of `head_many`.
    pub struct Headed {
        /// The key.
        key: String,
        /// The object's metadata; absent if it failed.
        meta: Option<ObjectMeta>,
        /// The name of the error kind, `NotFound` for a missing object; absent if the request succeeded.
        error: Option<String>,
        /// The error's message.
        message: Option<String>,
    }
}

record! {
    /// One step of a `sync_up` or `sync_down`.
    pub struct SyncStep {
        /// `upload`, `download` or `delete`.
        action: String,
        /// The object's key.
        key: String,
        /// The file.
        path: String,
        /// The bytes to transfer; 0 for a deletion.
        size: u64,
        /// The reason: `new`, `size`, `newer`, `etag`, or `gone` for a deletion.
        reason: String,
    }
}

record! {
    /// The reply of `sync_up` and `sync_down`.
    pub struct SyncReply {
        /// Objects or files that were transferred; in a dry run, that would be.
        transferred: u64,
        /// Their bytes.
        size: u64,
        /// Objects or files that were equal already.
        unchanged: u64,
        /// Objects or files that were deleted; in a dry run, that would be.
        deleted: u64,
        /// The steps of a dry run, in the order of the keys; else empty.
        steps: Vec<SyncStep>,
    }
}

record! {
    /// An object that `rekey_all` could not give a new envelope.
    pub struct Rekeyed {
        /// The key.
        key: String,
        /// The name of the error kind.
        error: String,
        /// The error's message.
        message: String,
    }
}

record! {
    /// The reply of `rekey_all`.
    pub struct RekeyReply {
        /// Objects that got a new envelope.
        rekeyed: u64,
        /// Objects whose envelope was under the store's key already.
        unchanged: u64,
        /// Objects that failed, in the order of their keys.
        failed: Vec<Rekeyed>,
    }
}

record! {
    /// The reply of `usage`.
    pub struct Usage {
        /// The number of objects.
        objects: u64,
        /// Their bytes.
        size: u64,
        /// Bytes that may still be written to the file system of a directory store; absent for a bucket.
        free: Option<u64>,
    }
}

record! {
    /// An object that can't be read whole and right.
    pub struct BadObject {
        /// The key.
        key: String,
        /// The name of the error kind.
        error: String,
        /// The error's message.
        message: String,
    }
}

record! {
    /// The reply of `verify`.
    pub struct VerifyReply {
        /// Objects that were read whole and are as they were stored.
        verified: u64,
        /// Their bytes.
        size: u64,
        /// The other objects, in the order of their keys.
        failed: Vec<BadObject>,
    }
}

record! {
    /// An object that lies in the clear.
    pub struct Unencrypted {
        /// The key.
        key: String,
        /// Its bytes.
        size: u64,
    }
}

record! {
    /// The reply of `find_unencrypted`.
    pub struct UnencryptedReply {
        /// Objects that were looked at.
        checked: u64,
        /// Those in the clear, in the order of their keys.
        objects: Vec<Unencrypted>,
    }
}

record! {
    /// The reply of `encrypt_all`.
    pub struct EncryptReply {
        /// Objects that were in the clear and are encrypted now.
        encrypted: u64,
        /// Objects that were encrypted already.
        unchanged: u64,
        /// Objects that are still in the clear, in the order of their keys.
        failed: Vec<BadObject>,
    }
}

record! {
    /// One row of a listing: an object, a version, a delete marker or a common prefix.
    pub struct Entry {
        /// The key, or the common prefix.
        key: String,
        /// Whether this is a common prefix.
        is_prefix: bool,
        /// The size in bytes; 0 for prefixes and delete markers.
        size: u64,
        /// The entity tag, without quotes.
        etag: Option<String>,
        /// When it was stored.
        last_modified: Option<SystemTime>,
        /// The storage class.
        storage_class: Option<String>,
        /// The version; only from `list_versions`.
        version_id: Option<String>,
        /// Whether it is the newest version; only from `list_versions`.
        is_latest: Option<bool>,
        /// Whether it is a delete marker; only from `list_versions`.
        is_delete_marker: Option<bool>,
    }
}

record! {
    /// A page of a listing, in UTF-8 byte order of the keys.
    pub struct Page {
        /// The rows.
        entries: Vec<Entry>,
        /// The `continuation` of the next page; absent on the last.
        next: Option<String>,
    }
}

record! {
    /// One permission that an ACL grants.
    pub struct Grant {
        /// The grantee: `id=…`, `uri=…` or `emailAddress=…`.
        grantee: String,
        /// `READ`, `READ_ACP`, `WRITE_ACP`, `WRITE` or `FULL_CONTROL`.
        permission: String,
    }
}

record! {
    /// An object's access control list.
    pub struct Acl {
        /// The owner's canonical id.
        owner: Option<String>,
        /// The permissions granted.
        grants: Vec<Grant>,
    }
}

record! {
    /// A bucket.
    pub struct Bucket {
        /// Its name.
        name: String,
        /// When it was created.
        created: Option<SystemTime>,
    }
}

record! {
    /// An unfinished multipart upload.
    pub struct Upload {
        /// The key of the object that it would create.
        key: String,
        /// Its id, for `abort_upload`.
        upload_id: String,
        /// When it started.
        initiated: Option<SystemTime>,
    }
}

record! {
    /// A page of unfinished uploads.
    pub struct UploadPage {
        /// The uploads.
        entries: Vec<Upload>,
        /// The `continuation` of the next page; absent on the last.
        next: Option<String>,
    }
}

record! {
    /// A storage class of a package server's file.
    pub struct StorageClass {
        /// Its name, in lower case.
        name: String,
        /// The kind of its store: `s3` or `file`.
        kind: String,
        /// The URL of its store, without settings.
        url: String,
        /// Whether the server starts without a test that writes, reads and deletes an object there.
        skip_validation: bool,
        /// How long the server may cache results, as written in the file.
        cache_timeout: Option<String>,
        /// For `bioconductor`, `cran` and `pypi`: whether to keep packages that were fetched from the source.
        /// If the file does not set it, those in S3 are not kept.
        retain_fetched_packages: Option<bool>,
    }
}

record! {
    /// One row of the reply of `explain`.
    pub struct Explained {
        /// The subject: a setting by its name, or for example `provider`, `tried`, `check put`.
        what: String,
        /// The value as text, never a secret; for a broken part, the error's message.
        value: String,
        /// Where the value comes from, for example `setting`, `URL`, `environment variable AWS_REGION`,
        /// `default`; absent if it has no source.
        source: Option<String>,
        /// The name of the error kind, if this part prevents the store from working.
        error: Option<String>,
    }
}

record! {
    /// Statistics of a store's calls of one verb, including those in progress. Each store in each process
    /// counts separately.
    pub struct VerbStats {
        /// The verb.
        verb: String,
        /// Calls that finished.
        calls: u64,
        /// Finished calls that failed or were cancelled.
        failures: u64,
        /// Total microseconds of the finished calls.
        microseconds: u64,
        /// Requests sent, retries included.
        requests: u64,
        /// Requests that were retries of a failed one.
        retries: u64,
        /// Responses that throttled the client.
        throttled: u64,
        /// Bytes of objects sent and received.
        bytes: u64,
        /// Average microseconds from a request to the first byte of its response; absent without a response.
        first_byte: Option<u64>,
        /// Longest such time, in microseconds.
        slowest_first_byte: Option<u64>,
        /// Requests that the last transfer of a large object kept going at a time when it was last measured;
        /// absent without one.
        streams: Option<u64>,
        /// Bytes per second of that transfer, then.
        rate: Option<u64>,
        /// Why it had no more requests: `measuring`, `growing`, `busy` (this machine is), `no gain`, `most`
        /// (the setting or the process allows no more) or `throttled`.
        limit: Option<String>,
        /// For `fetch_through`: objects that were stored already.
        hits: Option<u64>,
        /// Objects that this store's calls fetched from an upstream to store them.
        fetched: Option<u64>,
        /// Objects whose fetch another call had started.
        joined: Option<u64>,
        /// Objects that were passed through.
        passed: Option<u64>,
        /// Objects that were fetched and could not be stored.
        unkept: Option<u64>,
        /// Calls that failed because the upstream did.
        upstream_errors: Option<u64>,
        /// Bytes that came from upstreams.
        upstream_bytes: Option<u64>,
    }
}

impl ObjectMeta {
    /// The size, for a call that requires it.
    pub(crate) fn known_size(&self) -> Result<u64> {
        let message =
            "the server does not send the object's size (no Content-Length), which this call requires";
        self.size.ok_or_else(|| Error::new(ErrorKind::Service, message))
    }
}

impl Explained {
    /// A row with a value.
    pub(crate) fn row(what: &str, value: impl Into<String>, source: Option<&str>) -> Explained {
        Explained {
            what: what.to_owned(),
            value: value.into(),
            source: source.map(str::to_owned),
            error: None,
        }
    }

    /// A row for a part that is broken.
    pub(crate) fn broken(what: &str, error: &Error, source: Option<&str>) -> Explained {
        Explained {
            error: Some(error.kind().name().to_owned()),
            ..Explained::row(what, error.message(), source)
        }
    }
}

/// Every record that a verb returns, for stubs and documentation.
pub const RECORDS: &[RecordSpec] = &[
    ObjectMeta::SPEC,
    GetReply::SPEC,
    ThroughReply::SPEC,
    Identity::SPEC,
    PutReply::SPEC,
    ContentReply::SPEC,
    DeleteReply::SPEC,
    Deleted::SPEC,
    Fetched::SPEC,
    Stored::SPEC,
    Headed::SPEC,
    SyncStep::SPEC,
    SyncReply::SPEC,
    Usage::SPEC,
    BadObject::SPEC,
    VerifyReply::SPEC,
    Unencrypted::SPEC,
    UnencryptedReply::SPEC,
    EncryptReply::SPEC,
    Rekeyed::SPEC,
    RekeyReply::SPEC,
    Entry::SPEC,
    Page::SPEC,
    Grant::SPEC,
    Acl::SPEC,
    Bucket::SPEC,
    Upload::SPEC,
    UploadPage::SPEC,
    StorageClass::SPEC,
    Explained::SPEC,
    VerbStats::SPEC,
];
