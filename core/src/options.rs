//! The options of each verb, declared once.
//!
//! Invariant: an option added here exists at once in every language. Options that are the same for each call
//! of a store (requester pays, endpoint, …) are settings: `config::keys`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use zeroize::Zeroize;

use crate::keys::Keys;
use crate::table::record;
use crate::value::{ByteRange, Callback, Field, Type, Value};

/// Raw bytes that no output shows: their `Debug` is a row of dots. They are wiped when the last holder drops
/// them.
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

/// An encryption context: a map of texts, or the JSON text of one.
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

/// Settings by name, some of them secret: no output shows them, and they are wiped when dropped.
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
        /// Bytes to fetch: `"first-last"`, `"first-"`, `"-suffix"`, or `[first, length]`. Default: all.
        range: Option<ByteRange>,
        /// The version to fetch. Default: the newest.
        version_id: Option<String>,
        /// Only if the object's ETag is this one, else `Precondition`.
        if_match: Option<String>,
        /// Only if the object's ETag is not this one, else `NotModified`.
        if_none_match: Option<String>,
        /// Only if changed after this time, else `NotModified`.
        if_modified_since: Option<SystemTime>,
        /// Only if not changed after this time, else `Precondition`.
        if_unmodified_since: Option<SystemTime>,
        /// The SSE-C key that the object was stored with. Default: the store's setting.
        sse_customer_key: Option<CustomerKey>,
        /// The encryption context that the object was stored with. Default: the store's setting.
        encryption_context: Option<Context>,
        /// Whether to return bytes of an encrypted object before they are verified. A stream returns them as
        /// they arrive and fails at its end if they are corrupt. A range can't be verified by itself: it
        /// needs this option, or `whole`. Default: false.
        unverified: Option<bool>,
        /// Whether an encrypted object is fetched whole and verified, and kept for a while, so that this and
        /// further ranges are read from there. Other objects' ranges are fetched alone in any case, and so
        /// are those of a call with `unverified`. Default: false.
        whole: Option<bool>,
        /// For a get into a file: a journal file, or a directory for one. After a crash or a retryable
        /// failure the same call resumes from it; until then the fetched bytes stay beside the target.
        /// Default: none; a failed call leaves nothing.
        journal: Option<String>,
    }
}

record! {
    /// Options of `get_ranges`.
    pub struct GetRanges {
        /// If at most so many bytes lie between two ranges, one request fetches both. Default: 65536, about
        /// what a connection carries in the time that a request costs.
        gap: Option<u64>,
        /// The version to fetch. Default: the newest.
        version_id: Option<String>,
        /// Only if the object's ETag is this one, else `Precondition`.
        if_match: Option<String>,
        /// The SSE-C key that the object was stored with. Default: the store's setting.
        sse_customer_key: Option<CustomerKey>,
        /// The encryption context that the object was stored with. Default: the store's setting.
        encryption_context: Option<Context>,
        /// Whether to return ranges of an encrypted object, which can't be verified. Default: false.
        unverified: Option<bool>,
        /// Whether ranges of an encrypted object are read from the whole, which is fetched, verified and kept
        /// for a while. Default: false.
        whole: Option<bool>,
    }
}

record! {
    /// Options of `head`.
    pub struct Head {
        /// The version to look at. Default: the newest.
        version_id: Option<String>,
        /// Only if the object's ETag is this one, else `Precondition`.
        if_match: Option<String>,
        /// Only if the object's ETag is not this one, else `NotModified`.
        if_none_match: Option<String>,
        /// Only if changed after this time, else `NotModified`.
        if_modified_since: Option<SystemTime>,
        /// Only if not changed after this time, else `Precondition`.
        if_unmodified_since: Option<SystemTime>,
        /// The SSE-C key that the object was stored with. Default: the store's setting.
        sse_customer_key: Option<CustomerKey>,
        /// Seconds to look again for an object that is missing, such as one that another machine has just
        /// written to a directory on NFS. Also as text: `10m`, a package server's `CacheTimeout`. Default: 0.
        wait: Option<Duration>,
    }
}

/// The same object and conditions, to look at it before it is fetched.
impl From<&Get> for Head {
    fn from(options: &Get) -> Head {
        Head {
            version_id: options.version_id.clone(),
            if_match: options.if_match.clone(),
            if_none_match: options.if_none_match.clone(),
            if_modified_since: options.if_modified_since,
            if_unmodified_since: options.if_unmodified_since,
            sse_customer_key: options.sse_customer_key.clone(),
            wait: None,
        }
    }
}

record! {
    /// Options of `exists`.
    pub struct Exists {
        /// The version to look for. Default: the newest.
        version_id: Option<String>,
        /// The SSE-C key that the object was stored with. Default: the store's setting.
        sse_customer_key: Option<CustomerKey>,
    }
}

record! {
    /// Options of `put`.
    pub struct Put {
        /// The media type. Default: none; the server chooses.
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
        /// The storage class, for example `STANDARD_IA`. Default: the store's setting.
        storage_class: Option<String>,
        /// A canned ACL, for example `public-read`; not together with `grant_*`. Default: the store's
        /// setting.
        acl: Option<String>,
        /// Grantees that may read the object, for example `id="…", uri="…"`. Default: the store's
        /// setting.
        grant_read: Option<String>,
        /// Grantees that may read its ACL. Default: the store's setting.
        grant_read_acp: Option<String>,
        /// Grantees that may write its ACL. Default: the store's setting.
        grant_write_acp: Option<String>,
        /// Grantees that may do all three. Default: the store's setting.
        grant_full_control: Option<String>,
        /// Server-side encryption: `AES256`, `aws:kms` or `aws:kms:dsse`. Default: the store's setting.
        sse: Option<String>,
        /// The KMS key for `aws:kms`: id, alias or ARN. Default: the store's setting.
        sse_kms_key_id: Option<String>,
        /// A customer key (SSE-C), 32 bytes; not together with `sse`. Default: the store's setting.
        sse_customer_key: Option<CustomerKey>,
        /// The encryption context of the object's key, for a store that encrypts under KMS. Default: the
        /// store's setting.
        encryption_context: Option<Context>,
        /// Only if the object there now has this ETag, else `Precondition`.
        if_match: Option<String>,
        /// `"*"`: only if no object is there, else `Precondition`.
        if_none_match: Option<String>,
        /// Objects whose bytes go before the source's, in order; with the object's own key, the source is
        /// appended to it. The server copies them, except for pieces below 5 MiB, which are fetched. Default:
        /// none.
        after: Option<Keys>,
        /// Bytes in a part of a multipart upload. Default: the setting `multipart_chunksize`.
        part_size: Option<u64>,
        /// A journal file, or a directory for one. After a crash or a retryable failure the same call resumes
        /// from it; until then, or until `abort_uploads`, the uploaded parts stay. Default: none; a failed
        /// call leaves nothing.
        journal: Option<String>,
    }
}

record! {
    /// Options of `put_by_content`.
    pub struct PutByContent {
        /// The start of the key, before the checksum. Default: none.
        prefix: Option<String>,
        /// The end of the key, behind the checksum, for example `.tar.gz`. Default: none.
        suffix: Option<String>,
        /// The media type. Default: none; the server chooses.
        content_type: Option<String>,
        /// User metadata: ASCII names and values, at most 2 KB together.
        metadata: Option<BTreeMap<String, String>>,
    }
}

record! {
    /// Options of `delete`.
    pub struct Delete {
        /// The version to delete for good. Default: none; a versioned bucket then keeps the newest version
        /// behind a delete marker.
        version_id: Option<String>,
        /// Only if the object has this ETag, else `Precondition`.
        if_match: Option<String>,
    }
}

record! {
    /// Options of `delete_many`.
    pub struct DeleteMany {
        /// A function that receives the results in lists, as they arrive, on the thread that waits. The reply
        /// is then empty. If the function fails, the call fails.
        each: Option<Callback>,
    }
}

record! {
    /// Options of `get_many`.
    pub struct GetMany {
        /// Objects transferred at a time, 1 to 1000. Default: 64.
        max_concurrency: Option<u32>,
        /// A function that receives the results in lists, as they arrive, on the thread that waits. The reply
        /// is then empty. If the function fails, the call fails.
        each: Option<Callback>,
    }
}

record! {
    /// Options of `put_many`, for all objects alike.
    pub struct PutMany {
        /// Objects transferred at a time, 1 to 1000. Default: 64.
        max_concurrency: Option<u32>,
        /// A function that receives the results in lists, as they arrive, on the thread that waits. The reply
        /// is then empty. If the function fails, the call fails.
        each: Option<Callback>,
        /// User metadata: ASCII names and values, at most 2 KB together.
        metadata: Option<BTreeMap<String, String>>,
        /// The storage class, for example `STANDARD_IA`. Default: the store's setting.
        storage_class: Option<String>,
        /// `"*"`: only where no object exists yet; others fail with `Precondition`.
        if_none_match: Option<String>,
    }
}

record! {
    /// Options of `head_many`.
    pub struct HeadMany {
        /// Objects requested at a time, 1 to 1000. Default: 64.
        max_concurrency: Option<u32>,
        /// A function that receives the results in lists, as they arrive, on the thread that waits. The reply
        /// is then empty. If the function fails, the call fails.
        each: Option<Callback>,
    }
}

record! {
    /// Options of `verify`.
    pub struct Verify {
        /// Objects read at a time, 1 to 1000. Default: 64.
        max_concurrency: Option<u32>,
        /// Only keys after this one, for example to resume. Default: all.
        start_after: Option<String>,
    }
}

record! {
    /// Options of `find_unencrypted` and `encrypt_all`.
    pub struct EncryptAll {
        /// Only keys after this one, for example to resume. Default: all.
        start_after: Option<String>,
    }
}

record! {
    /// Options of `sync_up` and `sync_down`.
    pub struct Sync {
        /// How files and objects are compared: `size_mtime` (same size, and the target is not older than the
        /// source), `size`, `etag` (computed from the file's bytes), or `checksum` (one request for each
        /// object of its file's size). Default: `size_mtime`.
        compare: Option<String>,
        /// Only files whose path below the directory matches one of these patterns; one without a slash is
        /// matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default:
        /// all.
        include: Option<Vec<String>>,
        /// Patterns of files to leave out: they are neither transferred nor deleted. Default: none.
        exclude: Option<Vec<String>>,
        /// Whether to delete at the target what the source does not have, after everything else succeeded.
        /// Default: false.
        delete: Option<bool>,
        /// Whether to transfer nothing and only return, in `steps`, what would be done. Default: false.
        dry_run: Option<bool>,
        /// Objects transferred at a time, 1 to 1000. Default: 64.
        max_concurrency: Option<u32>,
    }
}

record! {
    /// Options of `copy`.
    pub struct Copy {
        /// The bucket to copy from. With this option the source key does not get the store's prefix. Default:
        /// the store's own bucket.
        source_bucket: Option<String>,
        /// The URL of another store to copy from, a bucket or a directory. If it has this store's server,
        /// identity and encryption, the server copies; else the bytes come here and are encrypted anew.
        /// Default: this store.
        source_store: Option<String>,
        /// Settings of `source_store`. Default: those of its URL and the environment.
        source_settings: Option<SecretMap>,
        /// The version to copy. Default: the newest.
        source_version_id: Option<String>,
        /// Only if the source has this ETag, else `Precondition`.
        source_if_match: Option<String>,
        /// Only if the source does not have this ETag, else `Precondition`.
        source_if_none_match: Option<String>,
        /// The SSE-C key of the source. Default: the store's `sse_customer_key`.
        source_sse_customer_key: Option<CustomerKey>,
        /// The media type. If this option, another header or `metadata` is given, all of the source's are
        /// replaced.
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
        /// The storage class. Default: the store's setting.
        storage_class: Option<String>,
        /// A canned ACL. Default: the store's setting.
        acl: Option<String>,
        /// Grantees that may read the object. Default: the store's setting.
        grant_read: Option<String>,
        /// Grantees that may read its ACL. Default: the store's setting.
        grant_read_acp: Option<String>,
        /// Grantees that may write its ACL. Default: the store's setting.
        grant_write_acp: Option<String>,
        /// Grantees that may do all three. Default: the store's setting.
        grant_full_control: Option<String>,
        /// Server-side encryption of the copy: `AES256`, `aws:kms` or `aws:kms:dsse`. Default: the store's
        /// setting.
        sse: Option<String>,
        /// The KMS key of the copy. Default: the store's setting.
        sse_kms_key_id: Option<String>,
        /// The customer key of the copy, 32 bytes. Default: the store's setting.
        sse_customer_key: Option<CustomerKey>,
        /// Only if the object there now has this ETag, else `Precondition`.
        if_match: Option<String>,
        /// `"*"`: only if no object is there, else `Precondition`.
        if_none_match: Option<String>,
        /// Whether the copy must have the source's ETag: an object that was stored in parts is then copied in
        /// the same parts. If the ETag differs all the same, the call fails with `Unsupported`, and the copy
        /// stays. Default: false.
        preserve_etag: Option<bool>,
        /// A journal file, or a directory for one, for a copy into a bucket whose bytes come here. After a
        /// crash or a retryable failure the same call resumes: it reads the source again and sends the parts
        /// that are missing. Default: none; a failed call leaves nothing.
        journal: Option<String>,
    }
}

record! {
    /// Options of `move`.
    pub struct Move {
        /// The URL of another store to move from, a bucket or a directory. Default: this store.
        source_store: Option<String>,
        /// Settings of `source_store`. Default: those of its URL and the environment.
        source_settings: Option<SecretMap>,
        /// Only if the source has this ETag, else `Precondition`.
        source_if_match: Option<String>,
        /// Only if the object there now has this ETag, else `Precondition`.
        if_match: Option<String>,
        /// `"*"`: only if no object is there, else `Precondition`.
        if_none_match: Option<String>,
        /// A journal file, or a directory for one, for a copy into a bucket whose bytes come here. After a
        /// crash or a retryable failure the same call resumes: it reads the source again and sends the parts
        /// that are missing. Default: none; a failed call leaves nothing.
        journal: Option<String>,
    }
}

record! {
    /// Options of `rekey`.
    pub struct Rekey {
        /// The settings `encryption_*` that unwrap the object's key now, by name; an AES key as base64 text.
        /// Default: the store's own.
        old: Option<SecretMap>,
        /// Whether to prove, before anything is written, that the settings in `old` can't open the new
        /// envelope. Default: false.
        enforce_rotation: Option<bool>,
    }
}

record! {
    /// Options of `rekey_all`.
    pub struct RekeyAll {
        /// The settings `encryption_*` that unwrap the objects' keys now, by name; an AES key as base64 text.
        /// Default: the store's own.
        old: Option<SecretMap>,
        /// Whether to prove for each object, before anything is written, that the settings in `old` can't
        /// open the new envelope. Default: false.
        enforce_rotation: Option<bool>,
        /// Only keys after this one, in UTF-8 byte order.
        start_after: Option<String>,
    }
}

record! {
    /// Options of `list`.
    pub struct List {
        /// Keys with the same text up to this delimiter are returned once, as a common prefix. Usually `"/"`.
        /// Default: none.
        delimiter: Option<String>,
        /// Only keys after this one, in UTF-8 byte order.
        start_after: Option<String>,
        /// Entries in one page, 1 to 1000. Default: 1000, the server's.
        page_size: Option<u32>,
        /// Where to resume: the `next` of the page before. Default: the first page.
        continuation: Option<String>,
    }
}

record! {
    /// Options of `list_versions`.
    pub struct ListVersions {
        /// Keys with the same text up to this delimiter are returned once, as a common prefix. Default: none.
        delimiter: Option<String>,
        /// Entries in one page, 1 to 1000. Default: 1000, the server's.
        page_size: Option<u32>,
        /// Where to resume: the `next` of the page before. Default: the first page.
        continuation: Option<String>,
    }
}

record! {
    /// Options of `presign`.
    pub struct Presign {
        /// What the URL allows: `get`, `put`, `head` or `delete`. Default: `get`.
        method: Option<String>,
        /// Seconds until the URL expires, 1 to 604800. If the credentials expire earlier, so does the URL.
        /// Default: 3600.
        expires_in: Option<Duration>,
        /// The version it is for. Default: the newest.
        version_id: Option<String>,
        /// For `put`: the media type that the request must carry.
        content_type: Option<String>,
        /// For `put`: the number of bytes that the request must carry.
        content_length: Option<u64>,
        /// For `put`: the MD5 of the bytes that the request must carry, as base64 text.
        content_md5: Option<String>,
        /// For `get` and `head`: the media type of the response. Default: the object's.
        response_content_type: Option<String>,
        /// For `get` and `head`: how a browser should present the response, for example `attachment`.
        /// Default: as the object names it.
        response_content_disposition: Option<String>,
    }
}

record! {
    /// Options of `get_acl`.
    pub struct GetAcl {
        /// The version. Default: the newest.
        version_id: Option<String>,
    }
}

record! {
    /// Options of `set_acl`: a canned ACL or grants, not both.
    pub struct SetAcl {
        /// The version. Default: the newest.
        version_id: Option<String>,
        /// A canned ACL, for example `private` or `public-read`.
        acl: Option<String>,
        /// Grantees that may read the object.
        grant_read: Option<String>,
        /// Grantees that may read its ACL.
        grant_read_acp: Option<String>,
        /// Grantees that may write its ACL.
        grant_write_acp: Option<String>,
        /// Grantees that may do all three.
        grant_full_control: Option<String>,
    }
}

record! {
    /// Options of `get_tags`, `set_tags` and `delete_tags`.
    pub struct Tags {
        /// The version. Default: the newest.
        version_id: Option<String>,
    }
}

record! {
    /// An upstream as the function `resolve` returns it, if it is more than a URL.
    pub struct UpstreamAnswer {
        /// The URL of the object: `https://`, `http://`, `s3://` or `file://`.
        url: String,
        /// Headers for its server.
        headers: Option<SecretMap>,
        /// The size that the object must have.
        size: Option<u64>,
        /// The checksum that it must have, as the option `checksum`.
        checksum: Option<String>,
        /// Its media type.
        content_type: Option<String>,
    }
}

record! {
    /// Options of `fetch_through`.
    pub struct FetchThrough {
        /// A function that returns where the object comes from, in place of `upstream`. It is called with a
        /// map of `key`, only if the object is missing and no other call is fetching it. It returns a URL, or
        /// a map of `url` and optionally `headers`, `size`, `checksum` and `content_type`; null means
        /// `NotFound`.
        resolve: Option<Callback>,
        /// Headers for the upstream's server, for example `Authorization`. A redirect to another host does
        /// not get them. Default: none.
        upstream_headers: Option<SecretMap>,
        /// Settings for an upstream `s3://…`, as for a store. Default: those of its URL and the environment.
        upstream_settings: Option<SecretMap>,
        /// Whether to store what is fetched. If false, it is passed through; calls that come while it is
        /// fetched still share the fetch. Default: the store's `retain_fetched`, true.
        retain: Option<bool>,
        /// Whether a failure to store the object fails the call; otherwise the reply has `kept` = false.
        /// Default: false.
        must_keep: Option<bool>,
        /// Whether a stream returns its first byte only after the whole was fetched and checked. Default:
        /// false; it then fails at its end if the bytes are wrong.
        verified: Option<bool>,
        /// Whether to ask the upstream if a stored object changed, and to fetch it again then: for indexes.
        /// Default: false.
        refresh: Option<bool>,
        /// With `refresh`: whether the stored object is returned while the upstream fails. Default: true.
        stale_if_error: Option<bool>,
        /// The size in bytes that the object must have; another one is not kept. Default: any.
        size: Option<u64>,
        /// The checksum that the object must have, as `sha256:HEX` (also `sha512`, `sha1`, `md5`); another
        /// one is not kept. Default: none.
        checksum: Option<String>,
        /// The most bytes to take from the upstream. Default: no limit.
        max_size: Option<u64>,
        /// The media type to store. Default: the upstream's.
        content_type: Option<String>,
        /// User metadata to store.
        metadata: Option<BTreeMap<String, String>>,
    }
}

record! {
    /// Options of `head_through`.
    pub struct HeadThrough {
        /// A function that returns where the object comes from, as for `fetch_through`.
        resolve: Option<Callback>,
        /// Headers for the upstream's server. Default: none.
        upstream_headers: Option<SecretMap>,
        /// Settings for an upstream `s3://…`, as for a store. Default: those of its URL and the environment.
        upstream_settings: Option<SecretMap>,
    }
}

record! {
    /// The options of a verb that takes none.
    pub struct NoOptions {}
}

record! {
    /// Options of `explain`.
    pub struct Explain {
        /// Whether to test the store too: put, head, get, list and delete an object of a random name, and
        /// abort an upload. Default: false.
        check: Option<bool>,
        /// Whether to fetch the credentials, to describe them. If false, nothing is sent. A directory needs
        /// none. Default: true.
        identity: Option<bool>,
    }
}

record! {
    /// Options of `abort_uploads`.
    pub struct AbortUploads {
        /// Minimum age of an upload in seconds; 0 also aborts uploads that are still in progress. Default:
        /// 86400, one day.
        older_than: Option<Duration>,
    }
}

record! {
    /// Options of `list_uploads`.
    pub struct ListUploads {
        /// Only uploads that started so many seconds ago or earlier. A page may then be empty and still have
        /// a next one. Default: all.
        older_than: Option<Duration>,
        /// Entries in one page, 1 to 1000. Default: 1000, the server's.
        page_size: Option<u32>,
        /// Where to resume: the `next` of the page before. Default: the first page.
        continuation: Option<String>,
    }
}
