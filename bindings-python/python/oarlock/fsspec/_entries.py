"""Entries, as `info` and `ls` return them: dictionaries with the keys of fsspec and of s3fs."""


def directory(name):
    """A common prefix or a bucket."""
    return {"Key": name, "name": name, "type": "directory", "size": 0, "Size": 0, "StorageClass": "DIRECTORY"}


def quoted(etag):
    """An ETag as S3 writes it."""
    return etag if etag is None or etag.startswith("W/") else f'"{etag}"'


def listed(bucket, entry):
    """An object of a listing."""
    name = f"{bucket}/{entry.key}"
    info = {
        "Key": name,
        "name": name,
        "type": "file",
        "size": entry.size,
        "Size": entry.size,
        "ETag": quoted(entry.etag),
        "LastModified": entry.last_modified,
        "StorageClass": entry.storage_class or "STANDARD",
    }
    if entry.version_id is not None:
        info["VersionId"] = entry.version_id
        info["IsLatest"] = entry.is_latest
    return info


#: What only `head` returns of an object, where it was set.
_HEADERS = {
    "CacheControl": "cache_control",
    "ContentDisposition": "content_disposition",
    "ContentEncoding": "content_encoding",
    "ContentLanguage": "content_language",
    "Expires": "expires",
    "Metadata": "metadata",
    "ServerSideEncryption": "sse",
    "SSEKMSKeyId": "sse_kms_key_id",
    "SSECustomerAlgorithm": "sse_customer_algorithm",
}


def described(bucket, meta):
    """An object by its metadata."""
    info = {
        "name": f"{bucket}/{meta.key}",
        "type": "file",
        "size": meta.size,
        "ETag": quoted(meta.etag),
        "LastModified": meta.last_modified,
        "StorageClass": meta.storage_class or "STANDARD",
        "VersionId": meta.version_id,
        "ContentType": meta.content_type,
    }
    return info | {name: value for name, field in _HEADERS.items() if (value := getattr(meta, field))}


def headers(meta):
    """The options of `put` and `copy` that give a new object the headers of this one."""
    fields = ("content_type", *_HEADERS.values(), "storage_class")
    kept = {field: getattr(meta, field) for field in fields if field != "sse_customer_algorithm"}
    return {field: value for field, value in kept.items() if value}
