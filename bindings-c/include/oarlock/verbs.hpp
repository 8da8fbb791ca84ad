// The verbs as methods of oarlock::store, whose body includes this file.
// Generated from the verb table in core: change nothing here.

// Fetches an object: whole or a range, to memory, to a file, or as a stream.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
//   key (str): The object's key.
//   into (sink): Where the bytes go; default: memory.
// Options:
//   range (range): Bytes to fetch: `"first-last"`, `"first-"`, `"-suffix"`, or `[first, length]`; default: all.
//   version_id (str): The version to fetch; default: the newest.
//   if_match (str): Only if the object's ETag is this one, else `Precondition`.
//   if_none_match (str): Only if the object's ETag is not this one, else `NotModified`.
//   if_modified_since (time): Only if changed after this time, else `NotModified`.
//   if_unmodified_since (time): Only if not changed after this time, else `Precondition`.
//   sse_customer_key (bytes): The SSE-C key that the object was stored with; default: the store's setting.
//   encryption_context (map): The encryption context that the object was stored with; default: the store's setting.
//   unverified (bool): Whether an encrypted object's bytes are handed out before they are verified: a stream's as they come, with an error at its end if they were not sound, and a range's at all; default false.
//   journal (str): For a get into a file: a file, or a directory, in which the call keeps a journal from which the same call goes on after a crash or a failure that may pass; what was fetched stays then beside the target. Default: none, and what fails leaves nothing.
// Reply: GetReply.
value get(std::string_view key, const options &with = {}, oarlock::sink into = {}) const {
  return run("get", options(with).set("key", key), oarlock::source(), std::move(into));
}

// Fetches many ranges of one object, those that lie close together by one request, and answers their
// bytes in the order asked for.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
//   key (str): The object's key.
//   ranges (list of ranges): The ranges, each as `get` takes one.
// Options:
//   gap (int): Bytes that may lie between two ranges for one request to fetch both; default 65536: about what a line carries in the time that a request costs.
//   version_id (str): The version to fetch; default: the newest.
//   if_match (str): Only if the object's ETag is this one, else `Precondition`.
//   sse_customer_key (bytes): The SSE-C key that the object was stored with; default: the store's setting.
//   encryption_context (map): The encryption context that the object was stored with; default: the store's setting.
//   unverified (bool): Whether ranges of an encrypted object, which can't be verified, are handed out; default false.
// Reply: list of bytes.
value get_ranges(std::string_view key, const list &ranges, const options &with = {}) const {
  return run("get_ranges", options(with).set("key", key).set("ranges", ranges), oarlock::source(), oarlock::sink());
}

// Stores an object from bytes, a file, a reader or an iterator; it appears whole or not at all. Large
// and endless sources go as multipart uploads.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
//   key (str): The object's key.
//   source (source): The bytes to store.
// Options:
//   content_type (str): The media type; default: none is sent and the server chooses.
//   content_encoding (str): How the body is compressed, for example `gzip`; oarlock sends the bytes as they are.
//   content_language (str): The language of the content.
//   content_disposition (str): How a browser should present it, for example `attachment`.
//   cache_control (str): How caches may keep it.
//   expires (time): When caches should drop it.
//   metadata (map): User metadata: ASCII names and values, at most 2 KB together.
//   tags (map): Tags: at most 10.
//   storage_class (str): The storage class, for example `STANDARD_IA`; default: the store's setting.
//   acl (str): A canned ACL, for example `public-read`; not together with `grant_*`; default: the store's setting.
//   grant_read (str): Who may read the object, for example `id="…", uri="…"`; default: the store's setting.
//   grant_read_acp (str): Who may read its ACL; default: the store's setting.
//   grant_write_acp (str): Who may write its ACL; default: the store's setting.
//   grant_full_control (str): Who may do all three; default: the store's setting.
//   sse (str): Server-side encryption: `AES256`, `aws:kms` or `aws:kms:dsse`; default: the store's setting.
//   sse_kms_key_id (str): The KMS key for `aws:kms`: id, alias or ARN; default: the store's setting.
//   sse_customer_key (bytes): A customer key (SSE-C), 32 bytes; not together with `sse`; default: the store's setting.
//   encryption_context (map): The encryption context of the object's key, for a store that encrypts under KMS; default: the store's setting.
//   if_match (str): Only if the object there now has this ETag, else `Precondition`.
//   if_none_match (str): `"*"`: only if no object is there, else `Precondition`.
//   part_size (int): Bytes in a part of a multipart upload; default: the store's `multipart_chunksize`.
//   journal (str): A file, or a directory, in which the call keeps a journal from which the same call goes on after a crash or a failure that may pass; the parts that are there then stay until it does, or until `abort_uploads`. Default: none, and what fails leaves nothing.
// Reply: PutReply.
value put(std::string_view key, oarlock::source source, const options &with = {}) const {
  return run("put", options(with).set("key", key), std::move(source), oarlock::sink());
}

// Tells an object's metadata.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version to look at; default: the newest.
//   if_match (str): Only if the object's ETag is this one, else `Precondition`.
//   if_none_match (str): Only if the object's ETag is not this one, else `NotModified`.
//   if_modified_since (time): Only if changed after this time, else `NotModified`.
//   if_unmodified_since (time): Only if not changed after this time, else `Precondition`.
//   sse_customer_key (bytes): The SSE-C key that the object was stored with; default: the store's setting.
// Reply: ObjectMeta.
value head(std::string_view key, const options &with = {}) const {
  return run("head", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Tells whether an object exists; a refusal (403) is an error, not a no.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version to look for; default: the newest.
//   sse_customer_key (bytes): The SSE-C key that the object was stored with; default: the store's setting.
// Reply: bool.
value exists(std::string_view key, const options &with = {}) const {
  return run("exists", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Deletes an object; one that is not there counts as deleted.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version to delete for good; default: the newest, which a versioned bucket keeps behind a delete marker.
//   if_match (str): Only if the object has this ETag, else `Precondition`.
// Reply: DeleteReply.
value delete_(std::string_view key, const options &with = {}) const {
  return run("delete", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Deletes any number of objects, 1000 a request, and tells each one's fate, in the order given or as it
// comes.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
//   keys (list of keys): The keys, as text or as `{key, version_id}`.
// Options:
//   each (callback): A function that is given the results in lists, as they come, on the thread that waits; the reply is then empty. If it fails, so does the call.
// Reply: list of Deleted.
value delete_many(const list &keys, const options &with = {}) const {
  return run("delete_many", options(with).set("keys", keys), oarlock::source(), oarlock::sink());
}

// Fetches many objects at a time, each to a file or to memory, and tells each one's fate, in the order
// given or as it comes. A file appears whole or not at all.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
//   items (list of objects): The objects: keys, or `{key, path, version_id}` with the file to write; without `path` the bytes are answered, and are in memory all together unless `each` is given.
// Options:
//   max_concurrency (int): Objects that move at a time, 1 to 1000; default 64.
//   each (callback): A function that is given the results in lists, as they come, on the thread that waits; the reply is then empty. If it fails, so does the call.
// Reply: list of Fetched.
value get_many(const list &items, const options &with = {}) const {
  return run("get_many", options(with).set("items", items), oarlock::source(), oarlock::sink());
}

// Stores many objects at a time and tells each one's fate, in the order given or as it comes.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
//   items (list of objects): The objects: `{key, path}` for a file, `{key, body}` for bytes, each with a `content_type` if need be.
// Options:
//   max_concurrency (int): Objects that move at a time, 1 to 1000; default 64.
//   each (callback): A function that is given the results in lists, as they come, on the thread that waits; the reply is then empty. If it fails, so does the call.
//   metadata (map): User metadata: ASCII names and values, at most 2 KB together.
//   storage_class (str): The storage class, for example `STANDARD_IA`; default: the store's setting.
//   if_none_match (str): `"*"`: only where no object is yet, else that one's fate is `Precondition`.
// Reply: list of Stored.
value put_many(const list &items, const options &with = {}) const {
  return run("put_many", options(with).set("items", items), oarlock::source(), oarlock::sink());
}

// Tells the metadata of many objects, in the order given or as it comes; one that is not there has the
// error `NotFound`.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
//   items (list of objects): The objects: keys, or `{key, version_id}`.
// Options:
//   max_concurrency (int): Objects that are asked for at a time, 1 to 1000; default 64.
//   each (callback): A function that is given the results in lists, as they come, on the thread that waits; the reply is then empty. If it fails, so does the call.
// Reply: list of Headed.
value head_many(const list &items, const options &with = {}) const {
  return run("head_many", options(with).set("items", items), oarlock::source(), oarlock::sink());
}

// Brings the objects under a prefix to the state of a directory: moves what is new or changed and, if
// asked, deletes what is gone. Begun again after a break it goes on where it was.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
//   directory (directory): The directory to read. Links to files are followed, links to directories are not.
//   prefix (str): How the keys begin, a slash added; default: none.
// Options:
//   compare (str): What counts as alike: `size_mtime` (same size, and the target not older than its origin), `size`, `etag` (the ETag that the file's bytes come to), or `checksum` (one request for each object of its file's size); default `size_mtime`.
//   include (list of str): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
//   exclude (list of str): Not those that match one of these; they are neither moved nor deleted.
//   delete (bool): Whether to delete at the target what the origin does not have, once everything else has gone well; default false.
//   dry_run (bool): Whether only to tell, in `steps`, what would be done; default false.
//   max_concurrency (int): Objects that move at a time, 1 to 1000; default 64.
// Reply: SyncReply.
value sync_up(std::string_view directory, std::string_view prefix = {}, const options &with = {}) const {
  return run("sync_up", options(with).set("directory", directory).set("prefix", prefix), oarlock::source(), oarlock::sink());
}

// Brings a directory to the state of the objects under a prefix, as `sync_up` the other way; files get
// the objects' times.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
//   directory (directory): The directory to write; made if it is not there.
//   prefix (str): How the keys begin, a slash added; default: none.
// Options:
//   compare (str): What counts as alike: `size_mtime` (same size, and the target not older than its origin), `size`, `etag` (the ETag that the file's bytes come to), or `checksum` (one request for each object of its file's size); default `size_mtime`.
//   include (list of str): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
//   exclude (list of str): Not those that match one of these; they are neither moved nor deleted.
//   delete (bool): Whether to delete at the target what the origin does not have, once everything else has gone well; default false.
//   dry_run (bool): Whether only to tell, in `steps`, what would be done; default false.
//   max_concurrency (int): Objects that move at a time, 1 to 1000; default 64.
// Reply: SyncReply.
value sync_down(std::string_view directory, std::string_view prefix = {}, const options &with = {}) const {
  return run("sync_down", options(with).set("directory", directory).set("prefix", prefix), oarlock::source(), oarlock::sink());
}

// Copies an object on the server, in parts above 5 GiB.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
//   source_key (str): The key to copy from.
//   key (str): The key to copy to.
// Options:
//   source_bucket (str): The bucket to copy from; default: the store's own. The source key is then taken without the store's prefix.
//   source_version_id (str): The version to copy; default: the newest.
//   source_if_match (str): Only if the source has this ETag, else `Precondition`.
//   source_if_none_match (str): Only if the source does not have this ETag, else `Precondition`.
//   source_sse_customer_key (bytes): The SSE-C key of the source; default: the store's `sse_customer_key`.
//   content_type (str): The media type; giving it or any other header or `metadata` replaces all of the source's.
//   content_encoding (str): How the body is compressed.
//   content_language (str): The language of the content.
//   content_disposition (str): How a browser should present it.
//   cache_control (str): How caches may keep it.
//   expires (time): When caches should drop it.
//   metadata (map): User metadata in place of the source's.
//   tags (map): Tags in place of the source's.
//   storage_class (str): The storage class; default: the store's setting.
//   acl (str): A canned ACL; default: the store's setting.
//   grant_read (str): Who may read the object; default: the store's setting.
//   grant_read_acp (str): Who may read its ACL; default: the store's setting.
//   grant_write_acp (str): Who may write its ACL; default: the store's setting.
//   grant_full_control (str): Who may do all three; default: the store's setting.
//   sse (str): Server-side encryption of the copy: `AES256`, `aws:kms` or `aws:kms:dsse`; default: the store's setting.
//   sse_kms_key_id (str): The KMS key of the copy; default: the store's setting.
//   sse_customer_key (bytes): The customer key of the copy, 32 bytes; default: the store's setting.
//   if_match (str): Only if the object there now has this ETag, else `Precondition`.
//   if_none_match (str): `"*"`: only if no object is there, else `Precondition`.
// Reply: PutReply.
value copy(std::string_view source_key, std::string_view key, const options &with = {}) const {
  return run("copy", options(with).set("source_key", source_key).set("key", key), oarlock::source(), oarlock::sink());
}

// Gives an encrypted object a new envelope, under the store's key in place of the one in `old`; its
// content stays where it is. Tells whether it was needed.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
//   key (str): The object's key.
// Options:
//   old (map): What the object's key is wrapped by now: the settings `encryption_*` that read it, by name, an AES key as base64 text. Default: the store's own.
//   enforce_rotation (bool): Whether to prove, before anything is written, that what is in `old` can't open the new envelope; default false.
// Reply: bool.
value rekey(std::string_view key, const options &with = {}) const {
  return run("rekey", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Gives all encrypted objects under a prefix new envelopes, as `rekey`; those that have one under the
// store's key are left alone, so that it can be begun again after a break.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
//   prefix (str): How the keys begin; default: any.
// Options:
//   old (map): What the objects' keys are wrapped by now: the settings `encryption_*` that read them, by name, an AES key as base64 text. Default: the store's own.
//   enforce_rotation (bool): Whether to prove of each object, before anything is written, that what is in `old` can't open the new envelope; default false.
//   start_after (str): Only keys after this one, in UTF-8 byte order.
// Reply: RekeyReply.
value rekey_all(std::string_view prefix = {}, const options &with = {}) const {
  return run("rekey_all", options(with).set("prefix", prefix), oarlock::source(), oarlock::sink());
}

// Lists objects whose keys begin with a prefix, in UTF-8 byte order, page by page.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
//   prefix (str): How the keys begin; default: any.
// Options:
//   delimiter (str): Keys that share a beginning up to this text are told once, as a prefix; usually `"/"`; default: none.
//   start_after (str): Only keys after this one, in UTF-8 byte order.
//   page_size (int): Entries in one page, 1 to 1000; default: the server's, 1000.
//   continuation (str): Where to go on: the `next` of the page before.
// Reply: Page; `continuation` is the page before's `next`.
pages list(std::string_view prefix = {}, const options &with = {}) const {
  return start_pages("list", options(with).set("prefix", prefix));
}

// Lists versions and delete markers, by key and then newest first, page by page.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>
//   prefix (str): How the keys begin; default: any.
// Options:
//   delimiter (str): Keys that share a beginning up to this text are told once, as a prefix; default: none.
//   page_size (int): Entries in one page, 1 to 1000; default: the server's, 1000.
//   continuation (str): Where to go on: the `next` of the page before.
// Reply: Page; `continuation` is the page before's `next`.
pages list_versions(std::string_view prefix = {}, const options &with = {}) const {
  return start_pages("list_versions", options(with).set("prefix", prefix));
}

// Makes a URL that lets anyone do one thing with one object for a while. Treat it as a secret.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
//   key (str): The object's key.
// Options:
//   method (str): What the URL is for: `get`, `put`, `head` or `delete`; default `get`.
//   expires_in (seconds): How long it works, in seconds, 1 to 604800; default 3600. It ends earlier if the credentials do.
//   version_id (str): The version it is for; default: the newest.
//   content_type (str): For `put`: the media type that the request must carry.
// Reply: str.
value presign(std::string_view key, const options &with = {}) const {
  return run("presign", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Tells an object's access control list.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version; default: the newest.
// Reply: Acl.
value get_acl(std::string_view key, const options &with = {}) const {
  return run("get_acl", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Replaces an object's access control list.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version; default: the newest.
//   acl (str): A canned ACL, for example `private` or `public-read`.
//   grant_read (str): Who may read the object.
//   grant_read_acp (str): Who may read its ACL.
//   grant_write_acp (str): Who may write its ACL.
//   grant_full_control (str): Who may do all three.
// Reply: nothing.
value set_acl(std::string_view key, const options &with = {}) const {
  return run("set_acl", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Tells an object's tags.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version; default: the newest.
// Reply: map.
value get_tags(std::string_view key, const options &with = {}) const {
  return run("get_tags", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Replaces an object's tags.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html>
//   key (str): The object's key.
//   tags (map): The tags, at most 10.
// Options:
//   version_id (str): The version; default: the newest.
// Reply: nothing.
value set_tags(std::string_view key, const options &tags, const options &with = {}) const {
  return run("set_tags", options(with).set("key", key).set("tags", tags), oarlock::source(), oarlock::sink());
}

// Removes an object's tags.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html>
//   key (str): The object's key.
// Options:
//   version_id (str): The version; default: the newest.
// Reply: nothing.
value delete_tags(std::string_view key, const options &with = {}) const {
  return run("delete_tags", options(with).set("key", key), oarlock::source(), oarlock::sink());
}

// Tells the region that the store's bucket lives in.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>
// Reply: str.
value bucket_region(const options &with = {}) const {
  return run("bucket_region", options(with), oarlock::source(), oarlock::sink());
}

// Tells the credentials that the store's requests are signed with: for a host that hands them to another
// program. Treat them as a secret.
// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>
// Reply: Identity.
value credentials(const options &with = {}) const {
  return run("credentials", options(with), oarlock::source(), oarlock::sink());
}

// Tells why the store acts as it does: who it acts as, where its requests go and how, each with where
// that comes from, and who was asked in vain. What is broken is a row of its own. Asks for credentials,
// but sends nothing to the bucket unless `check` is true.
// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>
// Options:
//   check (bool): Whether to try as well what a store is for: put, head, get and list an object of a random name, and delete it; default false.
// Reply: list of Explained.
value explain(const options &with = {}) const {
  return run("explain", options(with), oarlock::source(), oarlock::sink());
}

// Tells what this store's calls have done so far, verb by verb: requests, retries, bytes, times. Asks
// nobody.
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

// Makes the store's bucket, in the store's region.
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

// Lists unfinished multipart uploads, page by page.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
//   prefix (str): How the keys begin; default: any.
// Options:
//   older_than (seconds): Only uploads that were begun so many seconds ago or more; a page may then be empty and have a next one.
//   page_size (int): Entries in one page, 1 to 1000; default: the server's, 1000.
//   continuation (str): Where to go on: the `next` of the page before.
// Reply: UploadPage; `continuation` is the page before's `next`.
pages list_uploads(std::string_view prefix = {}, const options &with = {}) const {
  return start_pages("list_uploads", options(with).set("prefix", prefix));
}

// Aborts an unfinished multipart upload and frees its parts.
// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>
//   key (str): The key it would make.
//   upload_id (str): The upload's id, as `list_uploads` tells it.
// Reply: nothing.
value abort_upload(std::string_view key, std::string_view upload_id, const options &with = {}) const {
  return run("abort_upload", options(with).set("key", key).set("upload_id", upload_id), oarlock::source(), oarlock::sink());
}

// Aborts the unfinished multipart uploads that were begun long ago, frees their parts, and tells which
// they were.
// Source:
// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html>
//   prefix (str): How the keys begin; default: any.
// Options:
//   older_than (seconds): Seconds that an upload must have been under way; default 86400, a day. 0 aborts those too that are being sent now.
// Reply: list of Upload.
value abort_uploads(std::string_view prefix = {}, const options &with = {}) const {
  return run("abort_uploads", options(with).set("prefix", prefix), oarlock::source(), oarlock::sink());
}
