//! What the verbs answer: plain records, the same in every language.
//!
//! Law: times are UTC, sizes are bytes, ETags come without quotes, keys come without the store's prefix.

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
        /// The whole object's size in bytes; absent where the server does not say (an answer without
        /// Content-Length).
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
        /// Whether `size` may be off by up to 16 bytes: `head` cannot know the size of client-side encrypted
        /// content that is, or may be, padded (AES/CBC). A whole `get` tells the exact size.
        size_estimated: bool,
    }
}

record! {
    /// What `get` answers.
    pub struct GetReply {
        /// The object's metadata.
        meta: ObjectMeta,
        /// The first byte that was delivered.
        offset: u64,
        /// How many bytes were delivered.
        length: u64,
        /// The bytes, when they went to memory.
        body: Option<Bytes>,
    }
}

record! {
    /// What `put` and `copy` answer.
    pub struct PutReply {
        /// The entity tag of the new object, without quotes.
        etag: Option<String>,
        /// Its version, in a versioned bucket.
        version_id: Option<String>,
        /// How many bytes were stored.
        size: u64,
    }
}

record! {
    /// What `credentials` answers: the keys that requests are signed with now. Treat it as a secret.
    pub struct Identity {
        /// What gave them: `static`, `env`, `profile`, `process`, `sso`, `web_identity`, `assume_role`,
        /// `container` or `instance_profile`.
        provider: String,
        /// The access key id.
        access_key_id: String,
        /// The secret access key.
        secret_access_key: SecretText,
        /// The session token of temporary keys.
        session_token: Option<SecretText>,
        /// When they expire; absent if they don't.
        expires: Option<SystemTime>,
        /// The account that they belong to, if their source tells.
        account_id: Option<String>,
        /// The region that requests are signed for.
        region: String,
    }
}

record! {
    /// What `delete` answers.
    pub struct DeleteReply {
        /// The version that was deleted, or that of the new delete marker.
        version_id: Option<String>,
        /// Whether a delete marker was made or deleted.
        delete_marker: bool,
    }
}

record! {
    /// One key of `delete_many`.
    pub struct Deleted {
        /// The key.
        key: String,
        /// The version that was named.
        version_id: Option<String>,
        /// Why it was not deleted: the error kind's name; absent if it was.
        error: Option<String>,
        /// The sentence that goes with `error`.
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
        /// The bytes, when they went to memory.
        body: Option<Bytes>,
        /// Why it was not fetched: the error kind's name; absent if it was.
        error: Option<String>,
        /// The sentence that goes with `error`.
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
        /// How many bytes were stored.
        size: u64,
        /// Why it was not stored: the error kind's name; absent if it was.
        error: Option<String>,
        /// The sentence that goes with `error`.
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
        /// Why nothing is known: the error kind's name, `NotFound` for an object that is not there.
        error: Option<String>,
        /// The sentence that goes with `error`.
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
        /// The size in bytes of what moves; 0 for a deletion.
        size: u64,
        /// Why: `new`, `size`, `newer`, `etag`, or `gone` for a deletion.
        reason: String,
    }
}

record! {
    /// What `sync_up` and `sync_down` answer.
    pub struct SyncReply {
        /// Objects or files that were moved; in a dry run, that would be.
        transferred: u64,
        /// Their bytes.
        size: u64,
        /// Those that were alike already.
        unchanged: u64,
        /// Those that were deleted; in a dry run, that would be.
        deleted: u64,
        /// In a dry run, what would be done, in the order of the keys; else empty.
        steps: Vec<SyncStep>,
    }
}

record! {
    /// An object that `rekey_all` gave no new envelope.
    pub struct Rekeyed {
        /// The key.
        key: String,
        /// Why: the error kind's name.
        error: String,
        /// The sentence that goes with `error`.
        message: String,
    }
}

record! {
    /// What `rekey_all` did.
    pub struct RekeyReply {
        /// Objects that got a new envelope.
        rekeyed: u64,
        /// Those that had one under the store's key already.
        unchanged: u64,
        /// Those that got none, in the order of their keys.
        failed: Vec<Rekeyed>,
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
        /// The version; only `list_versions` tells it.
        version_id: Option<String>,
        /// Whether it is the newest version; only `list_versions` tells it.
        is_latest: Option<bool>,
        /// Whether it is a delete marker; only `list_versions` tells it.
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
    /// One right that an ACL grants.
    pub struct Grant {
        /// To whom: `id=…`, `uri=…` or `emailAddress=…`.
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
        /// The rights granted.
        grants: Vec<Grant>,
    }
}

record! {
    /// A bucket.
    pub struct Bucket {
        /// Its name.
        name: String,
        /// When it was made.
        created: Option<SystemTime>,
    }
}

record! {
    /// An unfinished multipart upload.
    pub struct Upload {
        /// The key it would make.
        key: String,
        /// Its id, for `abort_upload`.
        upload_id: String,
        /// When it was begun.
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
    /// What a package server's file says of a storage class.
    pub struct StorageClass {
        /// Its name, in lower case.
        name: String,
        /// Where it is kept: `s3` or `file`.
        kind: String,
        /// The URL of its store, without settings.
        url: String,
        /// Whether the server starts without having tried to write, look at and delete an object there.
        skip_validation: bool,
        /// How long the server may keep what it looked up, as written.
        cache_timeout: Option<String>,
        /// For `bioconductor`, `cran` and `pypi`: whether packages that were fetched from the source are
        /// kept; unless written, those in S3 are not.
        retain_fetched_packages: Option<bool>,
    }
}

record! {
    /// One row of what `explain` answers.
    pub struct Explained {
        /// What it tells of: a setting by its name, or for example `provider`, `tried`, `check put`.
        what: String,
        /// What holds, as text; never a secret. Of a broken part the sentence that says why.
        value: String,
        /// Where that comes from, for example `setting`, `URL`, `environment variable AWS_REGION`, `default`;
        /// absent where there is nothing to say.
        source: Option<String>,
        /// The kind of the error, if this part keeps the store from working.
        error: Option<String>,
    }
}

record! {
    /// What a store's calls of one verb have done so far, those under way included. A store counts for
    /// itself, in each process anew.
    pub struct VerbStats {
        /// The verb.
        verb: String,
        /// Calls that ended.
        calls: u64,
        /// Those of them that failed or were cancelled.
        failures: u64,
        /// Microseconds that the ended calls took, in all.
        microseconds: u64,
        /// Requests sent, retries included.
        requests: u64,
        /// Requests sent once more, because the one before failed.
        retries: u64,
        /// Answers that asked for fewer requests.
        throttled: u64,
        /// Bytes of objects that moved, in or out.
        bytes: u64,
        /// Microseconds from a request to the beginning of its answer, on average; absent without an answer.
        first_byte: Option<u64>,
        /// The same of the answer that took longest to begin.
        slowest_first_byte: Option<u64>,
    }
}

impl ObjectMeta {
    /// The size, for a call that can't do without.
    pub(crate) fn known_size(&self) -> Result<u64> {
        let message =
            "the server does not tell the object's size (no Content-Length), and this call needs it";
        self.size.ok_or_else(|| Error::new(ErrorKind::Service, message))
    }
}

impl Explained {
    /// A row that tells what holds.
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

/// Every record that a verb answers, for stubs and documentation.
pub const RECORDS: &[RecordSpec] = &[
    ObjectMeta::SPEC,
    GetReply::SPEC,
    Identity::SPEC,
    PutReply::SPEC,
    DeleteReply::SPEC,
    Deleted::SPEC,
    Fetched::SPEC,
    Stored::SPEC,
    Headed::SPEC,
    SyncStep::SPEC,
    SyncReply::SPEC,
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
