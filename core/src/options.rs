//! What each verb may be told: the one place where options are named.
//!
//! Law: an option added here is at once known to every language. Options that are the same for each call of a
//! store (requester pays, endpoint, …) are settings and live in `config::keys`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use zeroize::Zeroize;

use crate::table::record;
use crate::value::{ByteRange, Callback, Field, Type, Value};

/// Raw bytes that are never shown, and wiped when the last holder drops them: their `Debug` is a row of dots.
#[derive(Clone, PartialEq, Default)]
pub struct Secret(pub Bytes);

impl Drop for Secret {
    fn drop(&mut self) {
        if let Ok(mut bytes) = std::mem::take(&mut self.0).try_into_mut() {
            bytes.zeroize();
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

impl Field for Secret {
    const TYPE: Type = Type::Bytes;
    fn from_value(value: Value) -> Result<Self, String> {
        Bytes::from_value(value).map(Secret)
    }
    fn into_value(mut self) -> Value {
        Value::Bytes(std::mem::take(&mut self.0))
    }
}

/// A customer key for server-side encryption: exactly 32 bytes, raw or as base64 text.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CustomerKey(pub Secret);

impl Field for CustomerKey {
    const TYPE: Type = Type::Bytes;
    fn from_value(value: Value) -> Result<Self, String> {
        let key = Secret::from_value(value)?;
        if key.0.len() == 32 {
            Ok(CustomerKey(key))
        } else {
            Err(format!("takes 32 raw bytes or their base64 text, not {} bytes", key.0.len()))
        }
    }
    fn into_value(self) -> Value {
        self.0.into_value()
    }
}

/// An encryption context: names and texts, given as a map or as the JSON text of one.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Context(pub BTreeMap<String, String>);

impl Field for Context {
    const TYPE: Type = Type::Map;
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Str(text) => serde_json::from_str(&text)
                .map(Context)
                .map_err(|_| format!("takes a map of texts or its JSON text, not {text:?}")),
            other => BTreeMap::from_value(other).map(Context),
        }
    }
    fn into_value(self) -> Value {
        self.0.into_value()
    }
}

/// Settings by name, some of them secret: never shown, and wiped when they are dropped.
#[derive(Clone, PartialEq, Default)]
pub struct SecretMap(pub BTreeMap<String, String>);

impl Drop for SecretMap {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

impl fmt::Debug for SecretMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

impl Field for SecretMap {
    const TYPE: Type = Type::Map;
    fn from_value(value: Value) -> Result<Self, String> {
        BTreeMap::from_value(value).map(SecretMap)
    }
    fn into_value(mut self) -> Value {
        std::mem::take(&mut self.0).into_value()
    }
}

record! {
    /// Options of `get`.
    pub struct Get {
        /// Bytes to fetch: `"first-last"`, `"first-"`, `"-suffix"`, or `[first, length]`; default: all.
        range: Option<ByteRange>,
        /// The version to fetch; default: the newest.
        version_id: Option<String>,
        /// Only if the object's ETag is this one, else `Precondition`.
        if_match: Option<String>,
        /// Only if the object's ETag is not this one, else `NotModified`.
        if_none_match: Option<String>,
        /// Only if changed after this time, else `NotModified`.
        if_modified_since: Option<SystemTime>,
        /// Only if not changed after this time, else `Precondition`.
        if_unmodified_since: Option<SystemTime>,
        /// The SSE-C key that the object was stored with; default: the store's setting.
        sse_customer_key: Option<CustomerKey>,
        /// The encryption context that the object was stored with; default: the store's setting.
        encryption_context: Option<Context>,
        /// Whether an encrypted object's bytes are handed out before they are verified: a stream's as they
        /// come, with an error at its end if they were not sound, and a range's at all; default false.
        unverified: Option<bool>,
        /// For a get into a file: a file, or a directory, in which the call keeps a journal from which the
        /// same call goes on after a crash or a failure that may pass; what was fetched stays then beside the
        /// target. Default: none, and what fails leaves nothing.
        journal: Option<String>,
    }
}

record! {
    /// Options of `get_ranges`.
    pub struct GetRanges {
        /// Bytes that may lie between two ranges for one request to fetch both; default 65536: about what a
        /// line carries in the time that a request costs.
        gap: Option<u64>,
        /// The version to fetch; default: the newest.
        version_id: Option<String>,
        /// Only if the object's ETag is this one, else `Precondition`.
        if_match: Option<String>,
        /// The SSE-C key that the object was stored with; default: the store's setting.
        sse_customer_key: Option<CustomerKey>,
        /// The encryption context that the object was stored with; default: the store's setting.
        encryption_context: Option<Context>,
        /// Whether ranges of an encrypted object, which can't be verified, are handed out; default false.
        unverified: Option<bool>,
    }
}

record! {
    /// Options of `head`.
    pub struct Head {
        /// The version to look at; default: the newest.
        version_id: Option<String>,
        /// Only if the object's ETag is this one, else `Precondition`.
        if_match: Option<String>,
        /// Only if the object's ETag is not this one, else `NotModified`.
        if_none_match: Option<String>,
        /// Only if changed after this time, else `NotModified`.
        if_modified_since: Option<SystemTime>,
        /// Only if not changed after this time, else `Precondition`.
        if_unmodified_since: Option<SystemTime>,
        /// The SSE-C key that the object was stored with; default: the store's setting.
        sse_customer_key: Option<CustomerKey>,
    }
}

record! {
    /// Options of `exists`.
    pub struct Exists {
        /// The version to look for; default: the newest.
        version_id: Option<String>,
        /// The SSE-C key that the object was stored with; default: the store's setting.
        sse_customer_key: Option<CustomerKey>,
    }
}

record! {
    /// Options of `put`.
    pub struct Put {
        /// The media type; default: none is sent and the server chooses.
        content_type: Option<String>,
        /// How the body is compressed, for example `gzip`; oarlock sends the bytes as they are.
        content_encoding: Option<String>,
        /// The language of the content.
        content_language: Option<String>,
        /// How a browser should present it, for example `attachment`.
        content_disposition: Option<String>,
        /// How caches may keep it.
        cache_control: Option<String>,
        /// When caches should drop it.
        expires: Option<SystemTime>,
        /// User metadata: ASCII names and values, at most 2 KB together.
        metadata: Option<BTreeMap<String, String>>,
        /// Tags: at most 10.
        tags: Option<BTreeMap<String, String>>,
        /// The storage class, for example `STANDARD_IA`; default: the store's setting.
        storage_class: Option<String>,
        /// A canned ACL, for example `public-read`; not together with `grant_*`; default: the store's
        /// setting.
        acl: Option<String>,
        /// Who may read the object, for example `id="…", uri="…"`; default: the store's setting.
        grant_read: Option<String>,
        /// Who may read its ACL; default: the store's setting.
        grant_read_acp: Option<String>,
        /// Who may write its ACL; default: the store's setting.
        grant_write_acp: Option<String>,
        /// Who may do all three; default: the store's setting.
        grant_full_control: Option<String>,
        /// Server-side encryption: `AES256`, `aws:kms` or `aws:kms:dsse`; default: the store's setting.
        sse: Option<String>,
        /// The KMS key for `aws:kms`: id, alias or ARN; default: the store's setting.
        sse_kms_key_id: Option<String>,
        /// A customer key (SSE-C), 32 bytes; not together with `sse`; default: the store's setting.
        sse_customer_key: Option<CustomerKey>,
        /// The encryption context of the object's key, for a store that encrypts under KMS; default: the
        /// store's setting.
        encryption_context: Option<Context>,
        /// Only if the object there now has this ETag, else `Precondition`.
        if_match: Option<String>,
        /// `"*"`: only if no object is there, else `Precondition`.
        if_none_match: Option<String>,
        /// Bytes in a part of a multipart upload; default: the store's `multipart_chunksize`.
        part_size: Option<u64>,
        /// A file, or a directory, in which the call keeps a journal from which the same call goes on after a
        /// crash or a failure that may pass; the parts that are there then stay until it does, or until
        /// `abort_uploads`. Default: none, and what fails leaves nothing.
        journal: Option<String>,
    }
}

record! {
    /// Options of `delete`.
    pub struct Delete {
        /// The version to delete for good; default: the newest, which a versioned bucket keeps behind a
        /// delete marker.
        version_id: Option<String>,
        /// Only if the object has this ETag, else `Precondition`.
        if_match: Option<String>,
    }
}

record! {
    /// Options of `delete_many`.
    pub struct DeleteMany {
        /// A function that is given the results in lists, as they come, on the thread that waits; the reply
        /// is then empty. If it fails, so does the call.
        each: Option<Callback>,
    }
}

record! {
    /// Options of `get_many`.
    pub struct GetMany {
        /// Objects that move at a time, 1 to 1000; default 64.
        max_concurrency: Option<u32>,
        /// A function that is given the results in lists, as they come, on the thread that waits; the reply
        /// is then empty. If it fails, so does the call.
        each: Option<Callback>,
    }
}

record! {
    /// Options of `put_many`, for all objects alike.
    pub struct PutMany {
        /// Objects that move at a time, 1 to 1000; default 64.
        max_concurrency: Option<u32>,
        /// A function that is given the results in lists, as they come, on the thread that waits; the reply
        /// is then empty. If it fails, so does the call.
        each: Option<Callback>,
        /// User metadata: ASCII names and values, at most 2 KB together.
        metadata: Option<BTreeMap<String, String>>,
        /// The storage class, for example `STANDARD_IA`; default: the store's setting.
        storage_class: Option<String>,
        /// `"*"`: only where no object is yet, else that one's fate is `Precondition`.
        if_none_match: Option<String>,
    }
}

record! {
    /// Options of `head_many`.
    pub struct HeadMany {
        /// Objects that are asked for at a time, 1 to 1000; default 64.
        max_concurrency: Option<u32>,
        /// A function that is given the results in lists, as they come, on the thread that waits; the reply
        /// is then empty. If it fails, so does the call.
        each: Option<Callback>,
    }
}

record! {
    /// Options of `sync_up` and `sync_down`.
    pub struct Sync {
        /// What counts as alike: `size_mtime` (same size, and the target not older than its origin), `size`,
        /// `etag` (the ETag that the file's bytes come to), or `checksum` (one request for each object of its
        /// file's size); default `size_mtime`.
        compare: Option<String>,
        /// Only files whose path below the directory matches one of these patterns; one without a slash is
        /// matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default:
        /// all.
        include: Option<Vec<String>>,
        /// Not those that match one of these; they are neither moved nor deleted.
        exclude: Option<Vec<String>>,
        /// Whether to delete at the target what the origin does not have, once everything else has gone well;
        /// default false.
        delete: Option<bool>,
        /// Whether only to tell, in `steps`, what would be done; default false.
        dry_run: Option<bool>,
        /// Objects that move at a time, 1 to 1000; default 64.
        max_concurrency: Option<u32>,
    }
}

record! {
    /// Options of `copy`.
    pub struct Copy {
        /// The bucket to copy from; default: the store's own. The source key is then taken without the
        /// store's prefix.
        source_bucket: Option<String>,
        /// The version to copy; default: the newest.
        source_version_id: Option<String>,
        /// Only if the source has this ETag, else `Precondition`.
        source_if_match: Option<String>,
        /// Only if the source does not have this ETag, else `Precondition`.
        source_if_none_match: Option<String>,
        /// The SSE-C key of the source; default: the store's `sse_customer_key`.
        source_sse_customer_key: Option<CustomerKey>,
        /// The media type; giving it or any other header or `metadata` replaces all of the source's.
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
        /// User metadata in place of the source's.
        metadata: Option<BTreeMap<String, String>>,
        /// Tags in place of the source's.
        tags: Option<BTreeMap<String, String>>,
        /// The storage class; default: the store's setting.
        storage_class: Option<String>,
        /// A canned ACL; default: the store's setting.
        acl: Option<String>,
        /// Who may read the object; default: the store's setting.
        grant_read: Option<String>,
        /// Who may read its ACL; default: the store's setting.
        grant_read_acp: Option<String>,
        /// Who may write its ACL; default: the store's setting.
        grant_write_acp: Option<String>,
        /// Who may do all three; default: the store's setting.
        grant_full_control: Option<String>,
        /// Server-side encryption of the copy: `AES256`, `aws:kms` or `aws:kms:dsse`; default: the store's
        /// setting.
        sse: Option<String>,
        /// The KMS key of the copy; default: the store's setting.
        sse_kms_key_id: Option<String>,
        /// The customer key of the copy, 32 bytes; default: the store's setting.
        sse_customer_key: Option<CustomerKey>,
        /// Only if the object there now has this ETag, else `Precondition`.
        if_match: Option<String>,
        /// `"*"`: only if no object is there, else `Precondition`.
        if_none_match: Option<String>,
    }
}

record! {
    /// Options of `rekey`.
    pub struct Rekey {
        /// What the object's key is wrapped by now: the settings `encryption_*` that read it, by name, an AES
        /// key as base64 text. Default: the store's own.
        old: Option<SecretMap>,
        /// Whether to prove, before anything is written, that what is in `old` can't open the new envelope;
        /// default false.
        enforce_rotation: Option<bool>,
    }
}

record! {
    /// Options of `rekey_all`.
    pub struct RekeyAll {
        /// What the objects' keys are wrapped by now: the settings `encryption_*` that read them, by name, an
        /// AES key as base64 text. Default: the store's own.
        old: Option<SecretMap>,
        /// Whether to prove of each object, before anything is written, that what is in `old` can't open the
        /// new envelope; default false.
        enforce_rotation: Option<bool>,
        /// Only keys after this one, in UTF-8 byte order.
        start_after: Option<String>,
    }
}

record! {
    /// Options of `list`.
    pub struct List {
        /// Keys that share a beginning up to this text are told once, as a prefix; usually `"/"`; default:
        /// none.
        delimiter: Option<String>,
        /// Only keys after this one, in UTF-8 byte order.
        start_after: Option<String>,
        /// Entries in one page, 1 to 1000; default: the server's, 1000.
        page_size: Option<u32>,
        /// Where to go on: the `next` of the page before.
        continuation: Option<String>,
    }
}

record! {
    /// Options of `list_versions`.
    pub struct ListVersions {
        /// Keys that share a beginning up to this text are told once, as a prefix; default: none.
        delimiter: Option<String>,
        /// Entries in one page, 1 to 1000; default: the server's, 1000.
        page_size: Option<u32>,
        /// Where to go on: the `next` of the page before.
        continuation: Option<String>,
    }
}

record! {
    /// Options of `presign`.
    pub struct Presign {
        /// What the URL is for: `get`, `put`, `head` or `delete`; default `get`.
        method: Option<String>,
        /// How long it works, in seconds, 1 to 604800; default 3600. It ends earlier if the credentials do.
        expires_in: Option<Duration>,
        /// The version it is for; default: the newest.
        version_id: Option<String>,
        /// For `put`: the media type that the request must carry.
        content_type: Option<String>,
    }
}

record! {
    /// Options of `get_acl`.
    pub struct GetAcl {
        /// The version; default: the newest.
        version_id: Option<String>,
    }
}

record! {
    /// Options of `set_acl`: a canned ACL or grants, not both.
    pub struct SetAcl {
        /// The version; default: the newest.
        version_id: Option<String>,
        /// A canned ACL, for example `private` or `public-read`.
        acl: Option<String>,
        /// Who may read the object.
        grant_read: Option<String>,
        /// Who may read its ACL.
        grant_read_acp: Option<String>,
        /// Who may write its ACL.
        grant_write_acp: Option<String>,
        /// Who may do all three.
        grant_full_control: Option<String>,
    }
}

record! {
    /// Options of `get_tags`, `set_tags` and `delete_tags`.
    pub struct Tags {
        /// The version; default: the newest.
        version_id: Option<String>,
    }
}

record! {
    /// Options of a verb that has none.
    pub struct NoOptions {}
}

record! {
    /// Options of `explain`.
    pub struct Explain {
        /// Whether to try as well what a store is for: put, head, get and list an object of a random name,
        /// and delete it; default false.
        check: Option<bool>,
    }
}

record! {
    /// Options of `abort_uploads`.
    pub struct AbortUploads {
        /// Seconds that an upload must have been under way; default 86400, a day. 0 aborts those too that are
        /// being sent now.
        older_than: Option<Duration>,
    }
}

record! {
    /// Options of `list_uploads`.
    pub struct ListUploads {
        /// Only uploads that were begun so many seconds ago or more; a page may then be empty and have a next
        /// one.
        older_than: Option<Duration>,
        /// Entries in one page, 1 to 1000; default: the server's, 1000.
        page_size: Option<u32>,
        /// Where to go on: the `next` of the page before.
        continuation: Option<String>,
    }
}
