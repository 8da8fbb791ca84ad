// The verbs as methods of oarlock::store, whose body includes this file.
// Generated from the verb table in core: change nothing here.

// Fetches an object: whole or a range, to memory, to a file, or as a stream.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
//   key (str): The object's key.
//   into (sink): Where the bytes go. Default: memory.
// Options:
//   range (range): Bytes to fetch: `"first-last"`, `"first-"`, `"-suffix"`, or `[first, length]`. Default: all.
//   version_id (str): The version to fetch. Default: the newest.
//   if_match (str): Only if the object's ETag is this one, else `Precondition`.
//   if_none_match (str): Only if the object's ETag is not this one, else `NotModified`.
//   if_modified_since (time): Only if changed after this time, else `NotModified`.
//   if_unmodified_since (time): Only if not changed after this time, else `Precondition`.
//   sse_customer_key (bytes): The SSE-C key that the object was stored with. Default: the store's setting.
//   encryption_context (map): The encryption context that the object was stored with. Default: the store's setting.
//   unverified (bool): Whether to return bytes of an encrypted object before they are verified. A stream returns them as they arrive and fails at its end if they are corrupt. A range can't be verified by itself: it needs this option, or `whole`. Default: false.
//   whole (bool): Whether an encrypted object is fetched whole and verified, and kept for a while, so that this and further ranges are read from there. Other objects' ranges are fetched alone in any case, and so are those of a call with `unverified`. Default: false.
//   journal (str): For a get into a file: a journal file, or a directory for one. After a crash or a retryable failure the same call resumes from it; until then the fetched bytes stay beside the target. Default: none; a failed call leaves nothing.
// Reply: GetReply.
value get(std::string_view key, const options &with = {}, oarlock::sink into = {}) const {
  return run("get", options(with).set("key", key), oarlock::source(), std::move(into));
}

// Fetches an object through the store: from it if it is there, else from an upstream. One fetch serves
// all calls of the process that want the object meanwhile. The bytes are returned as they come, and
// stored once they are whole and checked.
// Source: <https://www.rfc-editor.org/rfc/rfc9111>
//   key (str): The object's key.
//   upstream (str): The URL of the object, if it must be fetched: `https://`, `http://`, `s3://` or `file://`. Or give `resolve`.
//   into (sink): Where the bytes go. Default: memory.
// Options:
//   resolve (callback): A function that returns where the object comes from, in place of `upstream`. It is called with a map of `key`, only if the object is missing and no other call is fetching it. It returns a URL, or a map of `url` and optionally `headers`, `size`, `checksum` and `content_type`; null means `NotFound`.
//   upstream_headers (map): Headers for the upstream's server, for example `Authorization`. A redirect to another host does not get them. Default: none.
//   upstream_settings (map): Settings for an upstream `s3://…`, as for a store. Default: those of its URL and the environment.
//   retain (bool): Whether to store what is fetched. If false, it is passed through; calls that come while it is fetched still share the fetch. Default: the store's `retain_fetched`, true.
//   must_keep (bool): Whether a failure to store the object fails the call; otherwise the reply has `kept` = false. Default: false.
//   verified (bool): Whether a stream returns its first byte only after the whole was fetched and checked. Default: false; it then fails at its end if the bytes are wrong.
//   refresh (bool): Whether to ask the upstream if a stored object changed, and to fetch it again then: for indexes. Default: false.
//   stale_if_error (bool): With `refresh`: whether the stored object is returned while the upstream fails. Default: true.
//   size (int): The size in bytes that the object must have; another one is not kept. Default: any.
//   checksum (str): The checksum that the object must have, as `sha256:HEX` (also `sha512`, `sha1`, `md5`); another one is not kept. Default: none.
//   max_size (int): The most bytes to take from the upstream. Default: no limit.
//   content_type (str): The media type to store. Default: the upstream's.
//   metadata (map): User metadata to store.
// Reply: ThroughReply.
value fetch_through(std::string_view key, std::string_view upstream = {}, const options &with = {}, oarlock::sink into = {}) const {
  return run("fetch_through", options(with).set("key", key).set("upstream", upstream), oarlock::source(), std::move(into));
}

// Returns the metadata of a stored object, or else what the upstream reports. Fetches and stores
// nothing.
// Source: <https://www.rfc-editor.org/rfc/rfc9111>
//   key (str): The object's key.
//   upstream (str): The URL of the object, as for `fetch_through`.
// Options:
//   resolve (callback): A function that returns where the object comes from, as for `fetch_through`.
//   upstream_headers (map): Headers for the upstream's server. Default: none.
//   upstream_settings (map): Settings for an upstream `s3://…`, as for a store. Default: those of its URL and the environment.
// Reply: ObjectMeta.
value head_through(std::string_view key, std::string_view upstream = {}, const options &with = {}) const {
  return run("head_through", options(with).set("key", key).set("upstream", upstream), oarlock::source(), oarlock::sink());
}

// Fetches many ranges of one object and returns their bytes in the given order. One request fetches
// ranges that lie close together.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
//   key (str): The object's key.
//   ranges (list of ranges): The ranges, in the forms that `get` accepts.
// Options:
//   gap (int): If at most so many bytes lie between two ranges, one request fetches both. Default: 65536, about what a connection carries in the time that a request costs.
//   version_id (str): The version to fetch. Default: the newest.
//   if_match (str): Only if the object's ETag is this one, else `Precondition`.
//   sse_customer_key (bytes): The SSE-C key that the object was stored with. Default: the store's setting.
//   encryption_context (map): The encryption context that the object was stored with. Default: the store's setting.
//   unverified (bool): Whether to return ranges of an encrypted object, which can't be verified. Default: false.
//   whole (bool): Whether ranges of an encrypted object are read from the whole, which is fetched, verified and kept for a while. Default: false.
// Reply: list of bytes.
value get_ranges(std::string_view key, const list &ranges, const options &with = {}) const {
  return run("get_ranges", options(with).set("key", key).set("ranges", ranges), oarlock::source(), oarlock::sink());
}

// Stores an object from bytes, a file, a reader or an iterator. It appears whole or not at all. Large
// and endless sources are sent as multipart uploads.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
//   key (str): The object's key.
//   source (source): The bytes to store.
// Options:
//   content_type (str): The media type. Default: none; the server chooses.
//   content_encoding (str): How the body is compressed, for example `gzip`; oarlock sends the bytes as they are.
//   content_language (str): The language of the content.
//   content_disposition (str): How a browser should present it, for example `attachment`.
//   cache_control (str): How caches may keep it.
//   expires (time): When caches should drop it.
//   metadata (map): User metadata: ASCII names and values, at most 2 KB together.
//   tags (map): Tags: at most 10.
//   storage_class (str): The storage class, for example `STANDARD_IA`. Default: the store's setting.
//   acl (str): A canned ACL, for example `public-read`; not together with `grant_*`. Default: the store's setting.
//   grant_read (str): Grantees that may read the object, for example `id="…", uri="…"`. Default: the store's setting.
//   grant_read_acp (str): Grantees that may read its ACL. Default: the store's setting.
//   grant_write_acp (str): Grantees that may write its ACL. Default: the store's setting.
//   grant_full_control (str): Grantees that may do all three. Default: the store's setting.
//   sse (str): Server-side encryption: `AES256`, `aws:kms` or `aws:kms:dsse`. Default: the store's setting.
//   sse_kms_key_id (str): The KMS key for `aws:kms`: id, alias or ARN. Default: the store's setting.
//   sse_customer_key (bytes): A customer key (SSE-C), 32 bytes; not together with `sse`. Default: the store's setting.
//   encryption_context (map): The encryption context of the object's key, for a store that encrypts under KMS. Default: the store's setting.
//   if_match (str): Only if the object there now has this ETag, else `Precondition`.
//   if_none_match (str): `"*"`: only if no object is there, else `Precondition`.
//   after (list of keys): Objects whose bytes go before the source's, in order; with the object's own key, the source is appended to it. The server copies them, except for pieces below 5 MiB, which are fetched. Default: none.
//   part_size (int): Bytes in a part of a multipart upload. Default: the setting `multipart_chunksize`.
//   journal (str): A journal file, or a directory for one. After a crash or a retryable failure the same call resumes from it; until then, or until `abort_uploads`, the uploaded parts stay. Default: none; a failed call leaves nothing.
// Reply: PutReply.
value put(std::string_view key, oarlock::source source, const options &with = {}) const {
  return run("put", options(with).set("key", key), std::move(source), oarlock::sink());
}

// Stores an object whose key is the SHA-256 of its bytes. Nothing is visible before the whole source was
// read. If the object is there already, it stays.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
//   source (source): The bytes to store.
// Options:
//   prefix (str): The start of the key, before the checksum. Default: none.
//   suffix (str): The end of the key, behind the checksum, for example `.tar.gz`. Default: none.
//   content_type (str): The media type. Default: none; the server chooses.
//   metadata (map): User metadata: ASCII names and values, at most 2 KB together.
// Reply: ContentReply.
value put_by_content(oarlock::source source, const options &with = {}) const {
  return run("put_by_content", options(with), std::move(source), oarlock::sink());
}

// Returns an object's metadata.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version to look at. Default: the newest.
//   if_match (str): Only if the object's ETag is this one, else `Precondition`.
//   if_none_match (str): Only if the object's ETag is not this one, else `NotModified`.
//   if_modified_since (time): Only if changed after this time, else `NotModified`.
//   if_unmodified_since (time): Only if not changed after this time, else `Precondition`.
//   sse_customer_key (bytes): The SSE-C key that the object was stored with. Default: the store's setting.
//   wait (seconds): Seconds to look again for an object that is missing, such as one that another machine has just written to a directory on NFS. Also as text: `10m`, a package server's `CacheTimeout`. Default: 0.
// Reply: ObjectMeta.
value head(std::string_view key, const options &with = {}) const {
  return run("head", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Returns whether an object exists. A refusal (403) is an error, not false.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version to look for. Default: the newest.
//   sse_customer_key (bytes): The SSE-C key that the object was stored with. Default: the store's setting.
// Reply: bool.
value exists(std::string_view key, const options &with = {}) const {
  return run("exists", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Deletes an object. A missing object counts as deleted.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version to delete for good. Default: none; a versioned bucket then keeps the newest version behind a delete marker.
//   if_match (str): Only if the object has this ETag, else `Precondition`.
// Reply: DeleteReply.
value delete_(std::string_view key, const options &with = {}) const {
  return run("delete", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Deletes any number of objects, 1000 per request. Returns one result for each, in the given order, or
// passes results to `each` as they arrive.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
//   keys (list of keys): The keys, as text or as `{key, version_id}`.
// Options:
//   each (callback): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
// Reply: list of Deleted.
value delete_many(const list &keys, const options &with = {}) const {
  return run("delete_many", options(with).set("keys", keys), oarlock::source(), oarlock::sink());
}

// Fetches many objects at a time, each to a file or to memory. A file appears whole or not at all.
// Returns one result for each, in the given order, or passes results to `each` as they arrive.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
//   items (list of objects): The objects: keys, or `{key, path, version_id}` with the file to write. Without `path` the reply holds the bytes. Without `each`, all of them are in memory at once.
// Options:
//   max_concurrency (int): Objects transferred at a time, 1 to 1000. Default: 64.
//   each (callback): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
// Reply: list of Fetched.
value get_many(const list &items, const options &with = {}) const {
  return run("get_many", options(with).set("items", items), oarlock::source(), oarlock::sink());
}

// Stores many objects at a time. Returns one result for each, in the given order, or passes results to
// `each` as they arrive.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
//   items (list of objects): The objects: `{key, path}` for a file, `{key, body}` for bytes, each with an optional `content_type`.
// Options:
//   max_concurrency (int): Objects transferred at a time, 1 to 1000. Default: 64.
//   each (callback): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
//   metadata (map): User metadata: ASCII names and values, at most 2 KB together.
//   storage_class (str): The storage class, for example `STANDARD_IA`. Default: the store's setting.
//   if_none_match (str): `"*"`: only where no object exists yet; others fail with `Precondition`.
// Reply: list of Stored.
value put_many(const list &items, const options &with = {}) const {
  return run("put_many", options(with).set("items", items), oarlock::source(), oarlock::sink());
}

// Returns the metadata of many objects, in the given order, or passes it to `each` as it arrives. A
// missing object has the error `NotFound`.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
//   items (list of objects): The objects: keys, or `{key, version_id}`.
// Options:
//   max_concurrency (int): Objects requested at a time, 1 to 1000. Default: 64.
//   each (callback): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
// Reply: list of Headed.
value head_many(const list &items, const options &with = {}) const {
  return run("head_many", options(with).set("items", items), oarlock::source(), oarlock::sink());
}

// Makes the objects under a prefix equal to a directory: uploads new and changed files and, with
// `delete`, deletes objects without a file. If interrupted, run it again to resume.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
//   directory (directory): The directory to read. Links to files are followed, links to directories are not.
//   prefix (str): The start of the keys; a slash is added. Default: none.
// Options:
//   compare (str): How files and objects are compared: `size_mtime` (same size, and the target is not older than the source), `size`, `etag` (computed from the file's bytes), or `checksum` (one request for each object of its file's size). Default: `size_mtime`.
//   include (list of str): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
//   exclude (list of str): Patterns of files to leave out: they are neither transferred nor deleted. Default: none.
//   delete (bool): Whether to delete at the target what the source does not have, after everything else succeeded. Default: false.
//   dry_run (bool): Whether to transfer nothing and only return, in `steps`, what would be done. Default: false.
//   max_concurrency (int): Objects transferred at a time, 1 to 1000. Default: 64.
// Reply: SyncReply.
value sync_up(std::string_view directory, std::string_view prefix = {}, const options &with = {}) const {
  return run("sync_up", options(with).set("directory", directory).set("prefix", prefix), oarlock::source(), oarlock::sink());
}

// Makes a directory equal to the objects under a prefix: `sync_up` in the other direction. Files get the
// objects' times.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
//   directory (directory): The directory to write; created if it is missing.
//   prefix (str): The start of the keys; a slash is added. Default: none.
// Options:
//   compare (str): How files and objects are compared: `size_mtime` (same size, and the target is not older than the source), `size`, `etag` (computed from the file's bytes), or `checksum` (one request for each object of its file's size). Default: `size_mtime`.
//   include (list of str): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
//   exclude (list of str): Patterns of files to leave out: they are neither transferred nor deleted. Default: none.
//   delete (bool): Whether to delete at the target what the source does not have, after everything else succeeded. Default: false.
//   dry_run (bool): Whether to transfer nothing and only return, in `steps`, what would be done. Default: false.
//   max_concurrency (int): Objects transferred at a time, 1 to 1000. Default: 64.
// Reply: SyncReply.
value sync_down(std::string_view directory, std::string_view prefix = {}, const options &with = {}) const {
  return run("sync_down", options(with).set("directory", directory).set("prefix", prefix), oarlock::source(), oarlock::sink());
}

// Copies an object on the server, in parts above 5 GiB.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
//   source_key (str): The key to copy from.
//   key (str): The key to copy to.
// Options:
//   source_bucket (str): The bucket to copy from. With this option the source key does not get the store's prefix. Default: the store's own bucket.
//   source_store (str): The URL of another store to copy from, a bucket or a directory. If it has this store's server, identity and encryption, the server copies; else the bytes come here and are encrypted anew. Default: this store.
//   source_settings (map): Settings of `source_store`. Default: those of its URL and the environment.
//   source_version_id (str): The version to copy. Default: the newest.
//   source_if_match (str): Only if the source has this ETag, else `Precondition`.
//   source_if_none_match (str): Only if the source does not have this ETag, else `Precondition`.
//   source_sse_customer_key (bytes): The SSE-C key of the source. Default: the store's `sse_customer_key`.
//   content_type (str): The media type. If this option, another header or `metadata` is given, all of the source's are replaced.
//   content_encoding (str): How the body is compressed.
//   content_language (str): The language of the content.
//   content_disposition (str): How a browser should present it.
//   cache_control (str): How caches may keep it.
//   expires (time): When caches should drop it.
//   metadata (map): User metadata in place of the source's.
//   tags (map): Tags in place of the source's.
//   storage_class (str): The storage class. Default: the store's setting.
//   acl (str): A canned ACL. Default: the store's setting.
//   grant_read (str): Grantees that may read the object. Default: the store's setting.
//   grant_read_acp (str): Grantees that may read its ACL. Default: the store's setting.
//   grant_write_acp (str): Grantees that may write its ACL. Default: the store's setting.
//   grant_full_control (str): Grantees that may do all three. Default: the store's setting.
//   sse (str): Server-side encryption of the copy: `AES256`, `aws:kms` or `aws:kms:dsse`. Default: the store's setting.
//   sse_kms_key_id (str): The KMS key of the copy. Default: the store's setting.
//   sse_customer_key (bytes): The customer key of the copy, 32 bytes. Default: the store's setting.
//   if_match (str): Only if the object there now has this ETag, else `Precondition`.
//   if_none_match (str): `"*"`: only if no object is there, else `Precondition`.
//   preserve_etag (bool): Whether the copy must have the source's ETag: an object that was stored in parts is then copied in the same parts. If the ETag differs all the same, the call fails with `Unsupported`, and the copy stays. Default: false.
//   journal (str): A journal file, or a directory for one, for a copy into a bucket whose bytes come here. After a crash or a retryable failure the same call resumes: it reads the source again and sends the parts that are missing. Default: none; a failed call leaves nothing.
// Reply: PutReply.
value copy(std::string_view source_key, std::string_view key, const options &with = {}) const {
  return run("copy", options(with).set("source_key", source_key).set("key", key), oarlock::source(), oarlock::sink());
}

// Moves an object to another key, or here from another store: copies it and deletes the source, if that
// is still what was copied. If interrupted, the source is there; run it again.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html>
//   source_key (str): The key to move from.
//   key (str): The key to move to.
// Options:
//   source_store (str): The URL of another store to move from, a bucket or a directory. Default: this store.
//   source_settings (map): Settings of `source_store`. Default: those of its URL and the environment.
//   source_if_match (str): Only if the source has this ETag, else `Precondition`.
//   if_match (str): Only if the object there now has this ETag, else `Precondition`.
//   if_none_match (str): `"*"`: only if no object is there, else `Precondition`.
//   journal (str): A journal file, or a directory for one, for a copy into a bucket whose bytes come here. After a crash or a retryable failure the same call resumes: it reads the source again and sends the parts that are missing. Default: none; a failed call leaves nothing.
// Reply: PutReply.
value move(std::string_view source_key, std::string_view key, const options &with = {}) const {
  return run("move", options(with).set("source_key", source_key).set("key", key), oarlock::source(), oarlock::sink());
}

// Gives an encrypted object a new envelope: its data key is wrapped by the store's key instead of the
// one in `old`. The content is not transferred. Returns whether it was needed.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
//   key (str): The object's key.
// Options:
//   old (map): The settings `encryption_*` that unwrap the object's key now, by name; an AES key as base64 text. Default: the store's own.
//   enforce_rotation (bool): Whether to prove, before anything is written, that the settings in `old` can't open the new envelope. Default: false.
// Reply: bool.
value rekey(std::string_view key, const options &with = {}) const {
  return run("rekey", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Gives all encrypted objects under a prefix new envelopes, as `rekey` does. It skips objects whose
// envelope is under the store's key already; if interrupted, run it again to resume.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
//   prefix (str): The start of the keys. Default: any.
// Options:
//   old (map): The settings `encryption_*` that unwrap the objects' keys now, by name; an AES key as base64 text. Default: the store's own.
//   enforce_rotation (bool): Whether to prove for each object, before anything is written, that the settings in `old` can't open the new envelope. Default: false.
//   start_after (str): Only keys after this one, in UTF-8 byte order.
// Reply: RekeyReply.
value rekey_all(std::string_view prefix = {}, const options &with = {}) const {
  return run("rekey_all", options(with).set("prefix", prefix), oarlock::source(), oarlock::sink());
}

// Finds the objects under a prefix that lie in the clear in a store that encrypts: such as those that an
// old client sent in parts. Two requests an object.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
//   prefix (str): The start of the keys. Default: any.
// Options:
//   start_after (str): Only keys after this one, for example to resume. Default: all.
// Reply: UnencryptedReply.
value find_unencrypted(std::string_view prefix = {}, const options &with = {}) const {
  return run("find_unencrypted", options(with).set("prefix", prefix), oarlock::source(), oarlock::sink());
}

// Encrypts the objects under a prefix that lie in the clear. The ciphertext is read back and verified
// before it replaces the object. It skips encrypted objects; if interrupted, run it again to resume.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
//   prefix (str): The start of the keys. Default: any.
// Options:
//   start_after (str): Only keys after this one, for example to resume. Default: all.
// Reply: EncryptReply.
value encrypt_all(std::string_view prefix = {}, const options &with = {}) const {
  return run("encrypt_all", options(with).set("prefix", prefix), oarlock::source(), oarlock::sink());
}

// Lists objects whose keys begin with a prefix, in UTF-8 byte order, page by page.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
//   prefix (str): The start of the keys. Default: any.
// Options:
//   delimiter (str): Keys with the same text up to this delimiter are returned once, as a common prefix. Usually `"/"`. Default: none.
//   start_after (str): Only keys after this one, in UTF-8 byte order.
//   page_size (int): Entries in one page, 1 to 1000. Default: 1000, the server's.
//   continuation (str): Where to resume: the `next` of the page before. Default: the first page.
// Reply: Page; `continuation` is the page before's `next`.
pages list(std::string_view prefix = {}, const options &with = {}) const {
  return start_pages("list", options(with).set("prefix", prefix));
}

// Lists versions and delete markers, by key and then newest first, page by page.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>
//   prefix (str): The start of the keys. Default: any.
// Options:
//   delimiter (str): Keys with the same text up to this delimiter are returned once, as a common prefix. Default: none.
//   page_size (int): Entries in one page, 1 to 1000. Default: 1000, the server's.
//   continuation (str): Where to resume: the `next` of the page before. Default: the first page.
// Reply: Page; `continuation` is the page before's `next`.
pages list_versions(std::string_view prefix = {}, const options &with = {}) const {
  return start_pages("list_versions", options(with).set("prefix", prefix));
}

// Returns how many objects there are under a prefix, and their bytes. It costs what a listing costs.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
//   prefix (str): The start of the keys. Default: any.
// Reply: Usage.
value usage(std::string_view prefix = {}, const options &with = {}) const {
  return run("usage", options(with).set("prefix", prefix), oarlock::source(), oarlock::sink());
}

// Reads every object under a prefix as `get` does, without keeping it, and returns those that can't be
// read whole and right: checksums and encryption are verified.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>
//   prefix (str): The start of the keys. Default: any.
// Options:
//   max_concurrency (int): Objects read at a time, 1 to 1000. Default: 64.
//   start_after (str): Only keys after this one, for example to resume. Default: all.
// Reply: VerifyReply.
value verify(std::string_view prefix = {}, const options &with = {}) const {
  return run("verify", options(with).set("prefix", prefix), oarlock::source(), oarlock::sink());
}

// Returns a URL that lets anyone send one kind of request for one object until it expires. Treat it as a
// secret.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
//   key (str): The object's key.
// Options:
//   method (str): What the URL allows: `get`, `put`, `head` or `delete`. Default: `get`.
//   expires_in (seconds): Seconds until the URL expires, 1 to 604800. If the credentials expire earlier, so does the URL. Default: 3600.
//   version_id (str): The version it is for. Default: the newest.
//   content_type (str): For `put`: the media type that the request must carry.
//   content_length (int): For `put`: the number of bytes that the request must carry.
//   content_md5 (str): For `put`: the MD5 of the bytes that the request must carry, as base64 text.
//   response_content_type (str): For `get` and `head`: the media type of the response. Default: the object's.
//   response_content_disposition (str): For `get` and `head`: how a browser should present the response, for example `attachment`. Default: as the object names it.
// Reply: str.
value presign(std::string_view key, const options &with = {}) const {
  return run("presign", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Returns an object's access control list.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version. Default: the newest.
// Reply: Acl.
value get_acl(std::string_view key, const options &with = {}) const {
  return run("get_acl", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Replaces an object's access control list.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version. Default: the newest.
//   acl (str): A canned ACL, for example `private` or `public-read`.
//   grant_read (str): Grantees that may read the object.
//   grant_read_acp (str): Grantees that may read its ACL.
//   grant_write_acp (str): Grantees that may write its ACL.
//   grant_full_control (str): Grantees that may do all three.
// Reply: nothing.
value set_acl(std::string_view key, const options &with = {}) const {
  return run("set_acl", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Returns an object's tags.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version. Default: the newest.
// Reply: map.
value get_tags(std::string_view key, const options &with = {}) const {
  return run("get_tags", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Replaces an object's tags.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html>
//   key (str): The object's key.
//   tags (map): The tags, at most 10.
// Options:
//   version_id (str): The version. Default: the newest.
// Reply: nothing.
value set_tags(std::string_view key, const options &tags, const options &with = {}) const {
  return run("set_tags", options(with).set("key", key).set("tags", tags), oarlock::source(), oarlock::sink());
}

// Removes an object's tags.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version. Default: the newest.
// Reply: nothing.
value delete_tags(std::string_view key, const options &with = {}) const {
  return run("delete_tags", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Returns the region of the store's bucket.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>
// Reply: str.
value bucket_region(const options &with = {}) const {
  return run("bucket_region", options(with), oarlock::source(), oarlock::sink());
}

// Returns the credentials that sign the store's requests, for a host that passes them to another
// program. Treat them as a secret.
// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>
// Reply: Identity.
value credentials(const options &with = {}) const {
  return run("credentials", options(with), oarlock::source(), oarlock::sink());
}

// Explains the store's configuration: its identity, endpoint, proxy and other settings, each with its
// source, and the sources of credentials that had none. Each broken part is a row of its own. It fetches
// credentials, but sends nothing to the bucket unless `check` is true.
// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>
// Options:
//   check (bool): Whether to test the store too: put, head, get, list and delete an object of a random name, and abort an upload. Default: false.
//   identity (bool): Whether to fetch the credentials, to describe them. If false, nothing is sent. A directory needs none. Default: true.
// Reply: list of Explained.
value explain(const options &with = {}) const {
  return run("explain", options(with), oarlock::source(), oarlock::sink());
}

// Returns statistics of this store's calls so far, by verb: requests, retries, bytes, times. Sends no
// request.
// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>
// Reply: list of VerbStats.
value stats(const options &with = {}) const {
  return run("stats", options(with), oarlock::source(), oarlock::sink());
}

// Lists the buckets of the account.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>
// Reply: list of Bucket.
value list_buckets(const options &with = {}) const {
  return run("list_buckets", options(with), oarlock::source(), oarlock::sink());
}

// Creates the store's bucket, in the store's region.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
// Reply: nothing.
value create_bucket(const options &with = {}) const {
  return run("create_bucket", options(with), oarlock::source(), oarlock::sink());
}

// Deletes the store's bucket, which must be empty.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>
// Reply: nothing.
value delete_bucket(const options &with = {}) const {
  return run("delete_bucket", options(with), oarlock::source(), oarlock::sink());
}

// Returns whether the store's bucket keeps versions: `Enabled`, `Suspended` or `Unversioned`.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html>
// Reply: str.
value get_versioning(const options &with = {}) const {
  return run("get_versioning", options(with), oarlock::source(), oarlock::sink());
}

// Makes the store's bucket keep versions, or keep no new ones. Versions that exist stay.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html>
//   state (str): `Enabled` or `Suspended`.
// Reply: nothing.
value set_versioning(std::string_view state, const options &with = {}) const {
  return run("set_versioning", options(with).set("state", state), oarlock::source(), oarlock::sink());
}

// Replaces the access control list of the store's bucket by a canned one.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html>
//   acl (str): A canned ACL, for example `public-read`.
// Reply: nothing.
value set_bucket_acl(std::string_view acl, const options &with = {}) const {
  return run("set_bucket_acl", options(with).set("acl", acl), oarlock::source(), oarlock::sink());
}

// Lists unfinished multipart uploads, page by page.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
//   prefix (str): The start of the keys. Default: any.
// Options:
//   older_than (seconds): Only uploads that started so many seconds ago or earlier. A page may then be empty and still have a next one. Default: all.
//   page_size (int): Entries in one page, 1 to 1000. Default: 1000, the server's.
//   continuation (str): Where to resume: the `next` of the page before. Default: the first page.
// Reply: UploadPage; `continuation` is the page before's `next`.
pages list_uploads(std::string_view prefix = {}, const options &with = {}) const {
  return start_pages("list_uploads", options(with).set("prefix", prefix));
}

// Aborts an unfinished multipart upload and frees its parts.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>
//   key (str): The key of the upload.
//   upload_id (str): The upload's id, from `list_uploads`.
// Reply: nothing.
value abort_upload(std::string_view key, std::string_view upload_id, const options &with = {}) const {
  return run("abort_upload", options(with).set("key", key).set("upload_id", upload_id), oarlock::source(), oarlock::sink());
}

// Aborts old unfinished multipart uploads, frees their parts, and returns them. Source:
// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html>
//   prefix (str): The start of the keys. Default: any.
// Options:
//   older_than (seconds): Minimum age of an upload in seconds; 0 also aborts uploads that are still in progress. Default: 86400, one day.
// Reply: list of Upload.
value abort_uploads(std::string_view prefix = {}, const options &with = {}) const {
  return run("abort_uploads", options(with).set("prefix", prefix), oarlock::source(), oarlock::sink());
}
