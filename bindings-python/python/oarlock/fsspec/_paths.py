"""Paths: ``bucket/key``, where the bucket may be an access point's ARN and the key may name a version."""

import re

_VERSION = "?versionId="

#: The bucket of a path that begins with an ARN, whose resource holds slashes of its own.
_ARN = re.compile(
    r"(arn:[^:/]+:s3[a-z-]*:[^:/]*:[^:/]*:"
    r"(?:outpost[:/][^:/]+[:/](?:bucket|accesspoint)|accesspoint)[:/][^:/]+)"
    r"(?:[:/](.*))?$",
    re.DOTALL,
)


def split_version(path):
    """A path, and the version that it names, if any."""
    path, found, version = path.rpartition(_VERSION)
    return (path, version or None) if found else (version, None)


def join_version(path, version):
    """The path with a version; a bucket that never had versions calls its only one `null`."""
    return f"{path}{_VERSION}{version}" if version and version != "null" else path


def split_bucket(path):
    """The bucket and the key of a path without a protocol."""
    found = _ARN.match(path) if path.startswith("arn:") else None
    if found:
        return found[1], found[2] or ""
    bucket, _, key = path.partition("/")
    return bucket, key


def parent(path):
    """The directory of a path without a protocol."""
    bucket, key = split_bucket(path.rstrip("/"))
    if not key:
        return ""
    return f"{bucket}/{key.rpartition('/')[0]}".rstrip("/")
