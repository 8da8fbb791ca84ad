"""Keywords of one request: S3's parameters as s3fs takes them (``ContentType=``), and oarlock's options.

Invariant: a parameter of S3 has its meaning or is refused by name. Other words that fsspec's callers pass on
to every file system are ignored, as fsspec does.
"""

import urllib.parse

import oarlock

from ..errors import InvalidInputError

#: S3's parameters and oarlock's options. S3 writes the first letter large.
PARAMETERS = {
    "ACL": "acl",
    "CacheControl": "cache_control",
    "ContentDisposition": "content_disposition",
    "ContentEncoding": "content_encoding",
    "ContentLanguage": "content_language",
    "ContentType": "content_type",
    "Expires": "expires",
    "GrantFullControl": "grant_full_control",
    "GrantRead": "grant_read",
    "GrantReadACP": "grant_read_acp",
    "GrantWriteACP": "grant_write_acp",
    "IfMatch": "if_match",
    "IfModifiedSince": "if_modified_since",
    "IfNoneMatch": "if_none_match",
    "IfUnmodifiedSince": "if_unmodified_since",
    "Metadata": "metadata",
    "SSECustomerKey": "sse_customer_key",
    "SSEKMSKeyId": "sse_kms_key_id",
    "ServerSideEncryption": "sse",
    "StorageClass": "storage_class",
    "Tagging": "tags",
    "VersionId": "version_id",
}
#: Parameters whose only value states what oarlock does anyway.
_STATED = {
    "ChecksumAlgorithm": ("CRC64NVME",),
    "MetadataDirective": ("COPY", "REPLACE"),
    "RequestPayer": (None,),
    "SSECustomerAlgorithm": ("AES256",),
    "TaggingDirective": ("COPY", "REPLACE"),
}
_INSTEAD = {
    "ChecksumAlgorithm": "set `checksum_algorithm` in the constructor; CRC64NVME is sent without it",
    "RequestPayer": "set `requester_pays=True` in the constructor",
}


def options_for(verb, keywords):
    """The options of a verb that the keywords mean."""
    if not keywords:
        return {}
    known = {name for name, *_ in getattr(oarlock.Store, verb).options} - {"progress", "timeout"}
    options = {}
    for name, value in keywords.items():
        if name in _STATED and value in _STATED[name]:
            continue
        option = PARAMETERS.get(name, name)
        if value is None or (option == "acl" and value is False):
            continue
        if option in known:
            options[option] = _tags(value) if option == "tags" else value
        elif name[:1].isupper():
            instead = _INSTEAD.get(name) or f"oarlock's `{verb}` takes {', '.join(_taken(known))}"
            raise InvalidInputError(f"S3's parameter {name} can't be used here: {instead}")
    return options


def _taken(known):
    return sorted(name for name, option in PARAMETERS.items() if option in known)


def _tags(tags):
    """Tags as S3 writes them, `a=1&b=2`, or by name."""
    return dict(urllib.parse.parse_qsl(tags, keep_blank_values=True)) if isinstance(tags, str) else tags
