"""oarlock: S3 storage, credential resolution and client-side encryption. Written by stubs.py; do not edit."""

import builtins
import datetime
import io
import os
from collections.abc import (
    AsyncIterable, AsyncIterator, Callable, Coroutine, Generator, Iterable, Iterator, Mapping,
)
from types import TracebackType
from typing import Any, Generic, Literal, Protocol, Self, SupportsIndex, TypeAlias, TypeVar, final, overload

from typing_extensions import Buffer

from .errors import (
    AlreadyExists as AlreadyExists,
    AlreadyExistsError as AlreadyExistsError,
    Cancelled as Cancelled,
    CancelledError as CancelledError,
    Changed as Changed,
    ChangedError as ChangedError,
    Config as Config,
    ConfigError as ConfigError,
    Corrupt as Corrupt,
    CorruptError as CorruptError,
    Credentials as Credentials,
    CredentialsError as CredentialsError,
    Decrypt as Decrypt,
    DecryptError as DecryptError,
    Error as Error,
    Forked as Forked,
    ForkedError as ForkedError,
    Internal as Internal,
    InternalError as InternalError,
    InvalidInput as InvalidInput,
    InvalidInputError as InvalidInputError,
    Io as Io,
    IoError as IoError,
    KeyCommitment as KeyCommitment,
    KeyCommitmentError as KeyCommitmentError,
    Network as Network,
    NetworkError as NetworkError,
    NoSuchBucket as NoSuchBucket,
    NoSuchBucketError as NoSuchBucketError,
    NotFound as NotFound,
    NotFoundError as NotFoundError,
    NotModified as NotModified,
    NotModifiedError as NotModifiedError,
    PermissionDenied as PermissionDenied,
    PermissionDeniedError as PermissionDeniedError,
    Precondition as Precondition,
    PreconditionError as PreconditionError,
    Range as Range,
    RangeError as RangeError,
    Service as Service,
    ServiceError as ServiceError,
    StorageFull as StorageFull,
    StorageFullError as StorageFullError,
    Throttled as Throttled,
    ThrottledError as ThrottledError,
    Timeout as Timeout,
    TimeoutError as TimeoutError,
    Unsupported as Unsupported,
    UnsupportedError as UnsupportedError,
    WrongRegion as WrongRegion,
    WrongRegionError as WrongRegionError,
)

__all__ = [
    "Acl",
    "AlreadyExists",
    "AlreadyExistsError",
    "AsyncGet",
    "AsyncPages",
    "AsyncReader",
    "AsyncStore",
    "AsyncWriter",
    "BadObject",
    "Bar",
    "Bucket",
    "Bytes",
    "Cancelled",
    "CancelledError",
    "Changed",
    "ChangedError",
    "Config",
    "ConfigError",
    "ContentReply",
    "Corrupt",
    "CorruptError",
    "Credentials",
    "CredentialsError",
    "Decrypt",
    "DecryptError",
    "DeleteReply",
    "Deleted",
    "EncryptReply",
    "Entry",
    "Error",
    "Explained",
    "Fetched",
    "Forked",
    "ForkedError",
    "GetReply",
    "Grant",
    "Headed",
    "Identity",
    "Internal",
    "InternalError",
    "InvalidInput",
    "InvalidInputError",
    "Io",
    "IoError",
    "KeyCommitment",
    "KeyCommitmentError",
    "Network",
    "NetworkError",
    "NoSuchBucket",
    "NoSuchBucketError",
    "NotFound",
    "NotFoundError",
    "NotModified",
    "NotModifiedError",
    "ObjectMeta",
    "Page",
    "Pages",
    "PermissionDenied",
    "PermissionDeniedError",
    "Precondition",
    "PreconditionError",
    "PutReply",
    "Range",
    "RangeError",
    "RekeyReply",
    "Rekeyed",
    "Service",
    "ServiceError",
    "StorageClass",
    "StorageClasses",
    "StorageFull",
    "StorageFullError",
    "Store",
    "Stored",
    "SyncReply",
    "SyncStep",
    "Throttled",
    "ThrottledError",
    "ThroughReply",
    "Timeout",
    "TimeoutError",
    "Unencrypted",
    "UnencryptedReply",
    "Unsupported",
    "UnsupportedError",
    "Upload",
    "UploadPage",
    "Usage",
    "VERSION",
    "VerbStats",
    "VerifyReply",
    "Writer",
    "WrongRegion",
    "WrongRegionError",
    "open",
]
VERSION: str
__version__: str

class _Read(Protocol):
    def read(self, size: int, /) -> Buffer: ...

class _Write(Protocol):
    def write(self, data: memoryview, /) -> object: ...

Source: TypeAlias = Buffer | os.PathLike[str] | _Read | Iterable[Buffer]
AsyncSource: TypeAlias = Source | AsyncIterable[Buffer]
Sink: TypeAlias = str | os.PathLike[str] | _Write | None
Progress: TypeAlias = Callable[[int, int | None], object]
Callback: TypeAlias = Callable[[Any], object]
_Entry = TypeVar("_Entry", covariant=True)
_Page = TypeVar("_Page", covariant=True)

@final
class Bytes(Buffer):
    """Bytes that oarlock owns: read-only, shared, not copied. A bytes-like object."""

    def __new__(cls, data: Buffer, /) -> Self: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __bytes__(self) -> bytes: ...
    def __len__(self) -> int: ...
    def __hash__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...
    def __contains__(self, item: int | Buffer, /) -> bool: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> int: ...
    @overload
    def __getitem__(self, index: slice, /) -> memoryview: ...
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str: ...

class Pages(Generic[_Entry, _Page]):
    """An iterator over the entries of a listing; `pages` returns whole pages instead."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> _Entry: ...
    def pages(self) -> Iterator[_Page]: ...

class AsyncPages(Generic[_Entry, _Page]):
    """An asynchronous iterator over the entries of a listing; `pages` returns whole pages instead."""

    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> _Entry: ...
    def pages(self) -> AsyncIterator[_Page]: ...

class Bar:
    """Shows the progress of a call, for `progress`: by tqdm if it is installed, else as a line on standard
    error."""

    def __init__(self, title: str = "", file: Any = None) -> None: ...
    def __call__(self, done: int, total: int | None) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

class Writer(io.BufferedIOBase):
    """Writes an object, which appears at an orderly `close`."""

    name: str
    reply: PutReply | None
    def discard(self) -> None: ...


@final
class ObjectMeta:
    """An object's metadata."""

    @property
    def key(self) -> str:
        """The key, without the store's prefix."""
    @property
    def size(self) -> int | None:
        """The whole object's size in bytes; absent if the response has no Content-Length."""
    @property
    def etag(self) -> str | None:
        """The entity tag, without quotes."""
    @property
    def last_modified(self) -> datetime.datetime | None:
        """When it was stored."""
    @property
    def version_id(self) -> str | None:
        """Its version, in a versioned bucket."""
    @property
    def content_type(self) -> str | None:
        """The media type."""
    @property
    def content_encoding(self) -> str | None:
        """How the body is compressed."""
    @property
    def content_language(self) -> str | None:
        """The language of the content."""
    @property
    def content_disposition(self) -> str | None:
        """How a browser should present it."""
    @property
    def cache_control(self) -> str | None:
        """How caches may keep it."""
    @property
    def expires(self) -> datetime.datetime | None:
        """When caches should drop it."""
    @property
    def metadata(self) -> dict[str, str]:
        """User metadata, names in lower case."""
    @property
    def storage_class(self) -> str | None:
        """The storage class; absent means STANDARD."""
    @property
    def sse(self) -> str | None:
        """Server-side encryption: `AES256`, `aws:kms`, `aws:kms:dsse`."""
    @property
    def sse_kms_key_id(self) -> str | None:
        """The KMS key it is encrypted with."""
    @property
    def sse_customer_algorithm(self) -> str | None:
        """`AES256` if a customer key encrypts it."""
    @property
    def size_estimated(self) -> bool:
        """Whether `size` may be up to 16 bytes too large: `head` can't compute the size of client-side encrypted content that is, or may be, padded (AES/CBC). A whole `get` returns the exact size."""
    def __init__(self, key: str, *, size: int | None = None, etag: str | None = None, last_modified: datetime.datetime | None = None, version_id: str | None = None, content_type: str | None = None, content_encoding: str | None = None, content_language: str | None = None, content_disposition: str | None = None, cache_control: str | None = None, expires: datetime.datetime | None = None, metadata: dict[str, str], storage_class: str | None = None, sse: str | None = None, sse_kms_key_id: str | None = None, sse_customer_algorithm: str | None = None, size_estimated: bool) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class GetReply(Buffer):
    """The reply of `get`."""

    @property
    def meta(self) -> ObjectMeta:
        """The object's metadata."""
    @property
    def offset(self) -> int:
        """The offset of the first byte delivered."""
    @property
    def length(self) -> int:
        """The number of bytes delivered."""
    @property
    def body(self) -> Bytes | None:
        """The bytes, if they went to memory."""
    def __init__(self, meta: ObjectMeta, offset: int, length: int, body: Bytes | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __bytes__(self) -> bytes: ...
    def __len__(self) -> int: ...

@final
class ThroughReply(Buffer):
    """The reply of `fetch_through`."""

    @property
    def meta(self) -> ObjectMeta:
        """The object's metadata: the stored object's, or what the upstream reported."""
    @property
    def length(self) -> int:
        """The number of bytes delivered."""
    @property
    def body(self) -> Bytes | None:
        """The bytes, if they went to memory."""
    @property
    def source(self) -> str:
        """Where the object came from: `stored`, `fetched` from the upstream and stored, `joined` (another call was fetching it), or `passed` through."""
    @property
    def kept(self) -> bool:
        """Whether the object is stored now."""
    @property
    def unkept(self) -> str | None:
        """Why it could not be stored; absent if it was, or was not to be."""
    def __init__(self, meta: ObjectMeta, length: int, *, body: Bytes | None = None, source: str, kept: bool, unkept: str | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __bytes__(self) -> bytes: ...
    def __len__(self) -> int: ...

@final
class Identity:
    """The reply of `credentials`: the keys that sign requests now. Treat it as a secret."""

    @property
    def provider(self) -> str:
        """Their source: `static`, `env`, `profile`, `process`, `sso`, `web_identity`, `assume_role`, `container` or `instance_profile`."""
    @property
    def access_key_id(self) -> str:
        """The access key id."""
    @property
    def secret_access_key(self) -> str:
        """The secret access key."""
    @property
    def session_token(self) -> str | None:
        """The session token of temporary keys."""
    @property
    def expires(self) -> datetime.datetime | None:
        """When they expire; absent if they do not expire."""
    @property
    def account_id(self) -> str | None:
        """The account that they belong to, if their source reports it."""
    @property
    def region(self) -> str:
        """The region in the signature of requests."""
    def __init__(self, provider: str, access_key_id: str, secret_access_key: str, *, session_token: str | None = None, expires: datetime.datetime | None = None, account_id: str | None = None, region: str) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class PutReply:
    """The reply of `put` and `copy`."""

    @property
    def etag(self) -> str | None:
        """The entity tag of the new object, without quotes."""
    @property
    def version_id(self) -> str | None:
        """Its version, in a versioned bucket."""
    @property
    def size(self) -> int:
        """The number of bytes stored."""
    def __init__(self, *, etag: str | None = None, version_id: str | None = None, size: int) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class ContentReply:
    """The reply of `put_by_content`."""

    @property
    def key(self) -> str:
        """The key: prefix, SHA-256 in hexadecimal digits, suffix."""
    @property
    def size(self) -> int:
        """The number of bytes."""
    @property
    def etag(self) -> str | None:
        """The entity tag of the new object, without quotes; absent if it was there already."""
    @property
    def existed(self) -> bool:
        """Whether the object was there already."""
    def __init__(self, key: str, size: int, *, etag: str | None = None, existed: bool) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class DeleteReply:
    """The reply of `delete`."""

    @property
    def version_id(self) -> str | None:
        """The version that was deleted, or the new delete marker's."""
    @property
    def delete_marker(self) -> bool:
        """Whether a delete marker was created or deleted."""
    def __init__(self, *, version_id: str | None = None, delete_marker: bool) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Deleted:
    """One key of `delete_many`."""

    @property
    def key(self) -> str:
        """The key."""
    @property
    def version_id(self) -> str | None:
        """The version that the caller named."""
    @property
    def error(self) -> str | None:
        """The name of the error kind; absent if the object was deleted."""
    @property
    def message(self) -> str | None:
        """The error's message."""
    def __init__(self, key: str, version_id: str | None = None, error: str | None = None, message: str | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Fetched(Buffer):
    """One object of `get_many`."""

    @property
    def key(self) -> str:
        """The key."""
    @property
    def meta(self) -> ObjectMeta | None:
        """The object's metadata; absent if it failed."""
    @property
    def body(self) -> Bytes | None:
        """The bytes, if they went to memory."""
    @property
    def error(self) -> str | None:
        """The name of the error kind; absent if the object was fetched."""
    @property
    def message(self) -> str | None:
        """The error's message."""
    def __init__(self, key: str, meta: ObjectMeta | None = None, body: Bytes | None = None, error: str | None = None, message: str | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __bytes__(self) -> bytes: ...
    def __len__(self) -> int: ...

@final
class Stored:
    """One object of `put_many`."""

    @property
    def key(self) -> str:
        """The key."""
    @property
    def etag(self) -> str | None:
        """The entity tag of the new object, without quotes."""
    @property
    def version_id(self) -> str | None:
        """Its version, in a versioned bucket."""
    @property
    def size(self) -> int:
        """The number of bytes stored."""
    @property
    def error(self) -> str | None:
        """The name of the error kind; absent if the object was stored."""
    @property
    def message(self) -> str | None:
        """The error's message."""
    def __init__(self, key: str, *, etag: str | None = None, version_id: str | None = None, size: int, error: str | None = None, message: str | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Headed:
    """One object of `head_many`."""

    @property
    def key(self) -> str:
        """The key."""
    @property
    def meta(self) -> ObjectMeta | None:
        """The object's metadata; absent if it failed."""
    @property
    def error(self) -> str | None:
        """The name of the error kind, `NotFound` for a missing object; absent if the request succeeded."""
    @property
    def message(self) -> str | None:
        """The error's message."""
    def __init__(self, key: str, meta: ObjectMeta | None = None, error: str | None = None, message: str | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class SyncStep:
    """One step of a `sync_up` or `sync_down`."""

    @property
    def action(self) -> str:
        """`upload`, `download` or `delete`."""
    @property
    def key(self) -> str:
        """The object's key."""
    @property
    def path(self) -> str:
        """The file."""
    @property
    def size(self) -> int:
        """The bytes to transfer; 0 for a deletion."""
    @property
    def reason(self) -> str:
        """The reason: `new`, `size`, `newer`, `etag`, or `gone` for a deletion."""
    def __init__(self, action: str, key: str, path: str, size: int, reason: str) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class SyncReply:
    """The reply of `sync_up` and `sync_down`."""

    @property
    def transferred(self) -> int:
        """Objects or files that were transferred; in a dry run, that would be."""
    @property
    def size(self) -> int:
        """Their bytes."""
    @property
    def unchanged(self) -> int:
        """Objects or files that were equal already."""
    @property
    def deleted(self) -> int:
        """Objects or files that were deleted; in a dry run, that would be."""
    @property
    def steps(self) -> list[SyncStep]:
        """The steps of a dry run, in the order of the keys; else empty."""
    def __init__(self, transferred: int, size: int, unchanged: int, deleted: int, steps: list[SyncStep]) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Usage:
    """The reply of `usage`."""

    @property
    def objects(self) -> int:
        """The number of objects."""
    @property
    def size(self) -> int:
        """Their bytes."""
    @property
    def free(self) -> int | None:
        """Bytes that may still be written to the file system of a directory store; absent for a bucket."""
    def __init__(self, objects: int, size: int, free: int | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class BadObject:
    """An object that can't be read whole and right."""

    @property
    def key(self) -> str:
        """The key."""
    @property
    def error(self) -> str:
        """The name of the error kind."""
    @property
    def message(self) -> str:
        """The error's message."""
    def __init__(self, key: str, error: str, message: str) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class VerifyReply:
    """The reply of `verify`."""

    @property
    def verified(self) -> int:
        """Objects that were read whole and are as they were stored."""
    @property
    def size(self) -> int:
        """Their bytes."""
    @property
    def failed(self) -> list[BadObject]:
        """The other objects, in the order of their keys."""
    def __init__(self, verified: int, size: int, failed: list[BadObject]) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Unencrypted:
    """An object that lies in the clear."""

    @property
    def key(self) -> str:
        """The key."""
    @property
    def size(self) -> int:
        """Its bytes."""
    def __init__(self, key: str, size: int) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class UnencryptedReply:
    """The reply of `find_unencrypted`."""

    @property
    def checked(self) -> int:
        """Objects that were looked at."""
    @property
    def objects(self) -> list[Unencrypted]:
        """Those in the clear, in the order of their keys."""
    def __init__(self, checked: int, objects: list[Unencrypted]) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class EncryptReply:
    """The reply of `encrypt_all`."""

    @property
    def encrypted(self) -> int:
        """Objects that were in the clear and are encrypted now."""
    @property
    def unchanged(self) -> int:
        """Objects that were encrypted already."""
    @property
    def failed(self) -> list[BadObject]:
        """Objects that are still in the clear, in the order of their keys."""
    def __init__(self, encrypted: int, unchanged: int, failed: list[BadObject]) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Rekeyed:
    """An object that `rekey_all` could not give a new envelope."""

    @property
    def key(self) -> str:
        """The key."""
    @property
    def error(self) -> str:
        """The name of the error kind."""
    @property
    def message(self) -> str:
        """The error's message."""
    def __init__(self, key: str, error: str, message: str) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class RekeyReply:
    """The reply of `rekey_all`."""

    @property
    def rekeyed(self) -> int:
        """Objects that got a new envelope."""
    @property
    def unchanged(self) -> int:
        """Objects whose envelope was under the store's key already."""
    @property
    def failed(self) -> list[Rekeyed]:
        """Objects that failed, in the order of their keys."""
    def __init__(self, rekeyed: int, unchanged: int, failed: list[Rekeyed]) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Entry:
    """One row of a listing: an object, a version, a delete marker or a common prefix."""

    @property
    def key(self) -> str:
        """The key, or the common prefix."""
    @property
    def is_prefix(self) -> bool:
        """Whether this is a common prefix."""
    @property
    def size(self) -> int:
        """The size in bytes; 0 for prefixes and delete markers."""
    @property
    def etag(self) -> str | None:
        """The entity tag, without quotes."""
    @property
    def last_modified(self) -> datetime.datetime | None:
        """When it was stored."""
    @property
    def storage_class(self) -> str | None:
        """The storage class."""
    @property
    def version_id(self) -> str | None:
        """The version; only from `list_versions`."""
    @property
    def is_latest(self) -> bool | None:
        """Whether it is the newest version; only from `list_versions`."""
    @property
    def is_delete_marker(self) -> bool | None:
        """Whether it is a delete marker; only from `list_versions`."""
    def __init__(self, key: str, is_prefix: bool, size: int, etag: str | None = None, last_modified: datetime.datetime | None = None, storage_class: str | None = None, version_id: str | None = None, is_latest: bool | None = None, is_delete_marker: bool | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Page:
    """A page of a listing, in UTF-8 byte order of the keys."""

    @property
    def entries(self) -> list[Entry]:
        """The rows."""
    @property
    def next(self) -> str | None:
        """The `continuation` of the next page; absent on the last."""
    def __init__(self, entries: list[Entry], next: str | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Grant:
    """One permission that an ACL grants."""

    @property
    def grantee(self) -> str:
        """The grantee: `id=…`, `uri=…` or `emailAddress=…`."""
    @property
    def permission(self) -> str:
        """`READ`, `READ_ACP`, `WRITE_ACP`, `WRITE` or `FULL_CONTROL`."""
    def __init__(self, grantee: str, permission: str) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Acl:
    """An object's access control list."""

    @property
    def owner(self) -> str | None:
        """The owner's canonical id."""
    @property
    def grants(self) -> list[Grant]:
        """The permissions granted."""
    def __init__(self, *, owner: str | None = None, grants: list[Grant]) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Bucket:
    """A bucket."""

    @property
    def name(self) -> str:
        """Its name."""
    @property
    def created(self) -> datetime.datetime | None:
        """When it was created."""
    def __init__(self, name: str, created: datetime.datetime | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Upload:
    """An unfinished multipart upload."""

    @property
    def key(self) -> str:
        """The key of the object that it would create."""
    @property
    def upload_id(self) -> str:
        """Its id, for `abort_upload`."""
    @property
    def initiated(self) -> datetime.datetime | None:
        """When it started."""
    def __init__(self, key: str, upload_id: str, initiated: datetime.datetime | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class UploadPage:
    """A page of unfinished uploads."""

    @property
    def entries(self) -> list[Upload]:
        """The uploads."""
    @property
    def next(self) -> str | None:
        """The `continuation` of the next page; absent on the last."""
    def __init__(self, entries: list[Upload], next: str | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class StorageClass:
    """A storage class of a package server's file."""

    @property
    def name(self) -> str:
        """Its name, in lower case."""
    @property
    def kind(self) -> str:
        """The kind of its store: `s3` or `file`."""
    @property
    def url(self) -> str:
        """The URL of its store, without settings."""
    @property
    def skip_validation(self) -> bool:
        """Whether the server starts without a test that writes, reads and deletes an object there."""
    @property
    def cache_timeout(self) -> str | None:
        """How long the server may cache results, as written in the file."""
    @property
    def retain_fetched_packages(self) -> bool | None:
        """For `bioconductor`, `cran` and `pypi`: whether to keep packages that were fetched from the source. If the file does not set it, those in S3 are not kept."""
    def __init__(self, name: str, kind: str, url: str, skip_validation: bool, cache_timeout: str | None = None, retain_fetched_packages: bool | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Explained:
    """One row of the reply of `explain`."""

    @property
    def what(self) -> str:
        """The subject: a setting by its name, or for example `provider`, `tried`, `check put`."""
    @property
    def value(self) -> str:
        """The value as text, never a secret; for a broken part, the error's message."""
    @property
    def source(self) -> str | None:
        """Where the value comes from, for example `setting`, `URL`, `environment variable AWS_REGION`, `default`; absent if it has no source."""
    @property
    def error(self) -> str | None:
        """The name of the error kind, if this part prevents the store from working."""
    def __init__(self, what: str, value: str, source: str | None = None, error: str | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class VerbStats:
    """Statistics of a store's calls of one verb, including those in progress. Each store in each process
    counts separately."""

    @property
    def verb(self) -> str:
        """The verb."""
    @property
    def calls(self) -> int:
        """Calls that finished."""
    @property
    def failures(self) -> int:
        """Finished calls that failed or were cancelled."""
    @property
    def microseconds(self) -> int:
        """Total microseconds of the finished calls."""
    @property
    def requests(self) -> int:
        """Requests sent, retries included."""
    @property
    def retries(self) -> int:
        """Requests that were retries of a failed one."""
    @property
    def throttled(self) -> int:
        """Responses that throttled the client."""
    @property
    def bytes(self) -> int:
        """Bytes of objects sent and received."""
    @property
    def first_byte(self) -> int | None:
        """Average microseconds from a request to the first byte of its response; absent without a response."""
    @property
    def slowest_first_byte(self) -> int | None:
        """Longest such time, in microseconds."""
    @property
    def streams(self) -> int | None:
        """Requests that the last transfer of a large object kept going at a time when it was last measured; absent without one."""
    @property
    def rate(self) -> int | None:
        """Bytes per second of that transfer, then."""
    @property
    def limit(self) -> str | None:
        """Why it had no more requests: `measuring`, `growing`, `busy` (this machine is), `no gain`, `most` (the setting or the process allows no more) or `throttled`."""
    @property
    def hits(self) -> int | None:
        """For `fetch_through`: objects that were stored already."""
    @property
    def fetched(self) -> int | None:
        """Objects that this store's calls fetched from an upstream to store them."""
    @property
    def joined(self) -> int | None:
        """Objects whose fetch another call had started."""
    @property
    def passed(self) -> int | None:
        """Objects that were passed through."""
    @property
    def unkept(self) -> int | None:
        """Objects that were fetched and could not be stored."""
    @property
    def upstream_errors(self) -> int | None:
        """Calls that failed because the upstream did."""
    @property
    def upstream_bytes(self) -> int | None:
        """Bytes that came from upstreams."""
    def __init__(self, verb: str, calls: int, failures: int, microseconds: int, requests: int, retries: int, throttled: int, bytes: int, first_byte: int | None = None, slowest_first_byte: int | None = None, streams: int | None = None, rate: int | None = None, limit: str | None = None, hits: int | None = None, fetched: int | None = None, joined: int | None = None, passed: int | None = None, unkept: int | None = None, upstream_errors: int | None = None, upstream_bytes: int | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

class AsyncGet(Coroutine[Any, Any, GetReply], AsyncIterable[Bytes]):
    """A `get`: await it for the reply, or iterate over it for the bytes as they arrive."""

    def send(self, value: Any, /) -> Any: ...
    def throw(self, *error: Any) -> Any: ...
    def close(self) -> None: ...
    def __await__(self) -> Generator[Any, Any, GetReply]: ...
    def __aiter__(self) -> AsyncIterator[Bytes]: ...

class _AsyncFile:
    name: str
    mode: str
    closed: bool
    def __await__(self) -> Generator[Any, Any, Self]: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...
    def tell(self) -> int: ...
    async def close(self) -> None: ...

class AsyncReader(_AsyncFile):
    """Reads an object by awaiting: its bytes, or the chunks as they arrive."""

    meta: ObjectMeta
    size: int
    def seek(self, offset: int, whence: int = 0) -> int: ...
    async def read(self, size: int | None = -1) -> bytes: ...
    async def readinto(self, buffer: Buffer) -> int: ...
    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> bytes: ...

class AsyncWriter(_AsyncFile):
    """Writes an object by awaiting; it appears at an orderly `close`."""

    reply: PutReply | None
    async def write(self, data: Buffer) -> int: ...
    async def discard(self) -> None: ...


class Store:
    """A store of objects: a bucket with a prefix, or a directory."""

    def __init__(self, url: str, **settings: Any) -> None: ...
    @property
    def url(self) -> str: ...
    @property
    def settings(self) -> dict[str, Any]: ...
    @property
    def aio(self) -> AsyncStore: ...
    @property
    def closed(self) -> bool: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...
    @overload
    def open(self, key: str, mode: Literal["rb"] = "rb", **options: Any) -> io.BufferedReader: ...
    @overload
    def open(self, key: str, mode: Literal["wb", "xb"], **options: Any) -> Writer: ...

    def get(self, key: str, into: Sink = None, *, range: str | tuple[int, int | None] | None = None, version_id: str | None = None, if_match: str | None = None, if_none_match: str | None = None, if_modified_since: datetime.datetime | None = None, if_unmodified_since: datetime.datetime | None = None, sse_customer_key: Buffer | str | None = None, encryption_context: Mapping[str, str] | None = None, unverified: bool | None = None, whole: bool | None = None, journal: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> GetReply:
        """Fetches an object: whole or a range, to memory, to a file, or as a stream.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

        Parameters:
            key (str): The object's key.
            into (sink, optional): Where the bytes go. Default: memory.
            range (range, optional): Bytes to fetch: `"first-last"`, `"first-"`, `"-suffix"`, or `[first, length]`. Default: all.
            version_id (str, optional): The version to fetch. Default: the newest.
            if_match (str, optional): Only if the object's ETag is this one, else `Precondition`.
            if_none_match (str, optional): Only if the object's ETag is not this one, else `NotModified`.
            if_modified_since (time, optional): Only if changed after this time, else `NotModified`.
            if_unmodified_since (time, optional): Only if not changed after this time, else `Precondition`.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with. Default: the store's setting.
            encryption_context (map, optional): The encryption context that the object was stored with. Default: the store's setting.
            unverified (bool, optional): Whether to return bytes of an encrypted object before they are verified. A stream returns them as they arrive and fails at its end if they are corrupt. A range can't be verified by itself: it needs this option, or `whole`. Default: false.
            whole (bool, optional): Whether an encrypted object is fetched whole and verified, and kept for a while, so that this and further ranges are read from there. Other objects' ranges are fetched alone in any case, and so are those of a call with `unverified`. Default: false.
            journal (str, optional): For a get into a file: a journal file, or a directory for one. After a crash or a retryable failure the same call resumes from it; until then the fetched bytes stay beside the target. Default: none; a failed call leaves nothing.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: GetReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.get("greeting")
        """

    def fetch_through(self, key: str, upstream: str = "", into: Sink = None, *, resolve: Callback | None = None, upstream_headers: Mapping[str, str] | None = None, upstream_settings: Mapping[str, str] | None = None, retain: bool | None = None, must_keep: bool | None = None, verified: bool | None = None, refresh: bool | None = None, stale_if_error: bool | None = None, size: int | None = None, checksum: str | None = None, max_size: int | None = None, content_type: str | None = None, metadata: Mapping[str, str] | None = None, progress: Progress | None = None, timeout: float | None = None) -> ThroughReply:
        """Fetches an object through the store: from it if it is there, else from an upstream. One fetch serves
        all calls of the process that want the object meanwhile. The bytes are returned as they come, and
        stored once they are whole and checked.
        Source: <https://www.rfc-editor.org/rfc/rfc9111>

        Parameters:
            key (str): The object's key.
            upstream (str, optional): The URL of the object, if it must be fetched: `https://`, `http://`, `s3://` or `file://`. Or give `resolve`.
            into (sink, optional): Where the bytes go. Default: memory.
            resolve (callback, optional): A function that returns where the object comes from, in place of `upstream`. It is called with a map of `key`, only if the object is missing and no other call is fetching it. It returns a URL, or a map of `url` and optionally `headers`, `size`, `checksum` and `content_type`; null means `NotFound`.
            upstream_headers (map, optional): Headers for the upstream's server, for example `Authorization`. A redirect to another host does not get them. Default: none.
            upstream_settings (map, optional): Settings for an upstream `s3://…`, as for a store. Default: those of its URL and the environment.
            retain (bool, optional): Whether to store what is fetched. If false, it is passed through; calls that come while it is fetched still share the fetch. Default: the store's `retain_fetched`, true.
            must_keep (bool, optional): Whether a failure to store the object fails the call; otherwise the reply has `kept` = false. Default: false.
            verified (bool, optional): Whether a stream returns its first byte only after the whole was fetched and checked. Default: false; it then fails at its end if the bytes are wrong.
            refresh (bool, optional): Whether to ask the upstream if a stored object changed, and to fetch it again then: for indexes. Default: false.
            stale_if_error (bool, optional): With `refresh`: whether the stored object is returned while the upstream fails. Default: true.
            size (int, optional): The size in bytes that the object must have; another one is not kept. Default: any.
            checksum (str, optional): The checksum that the object must have, as `sha256:HEX` (also `sha512`, `sha1`, `md5`); another one is not kept. Default: none.
            max_size (int, optional): The most bytes to take from the upstream. Default: no limit.
            content_type (str, optional): The media type to store. Default: the upstream's.
            metadata (map, optional): User metadata to store.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: ThroughReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.fetch_through("greeting", "https://example.com/greeting")
        """

    def head_through(self, key: str, upstream: str = "", *, resolve: Callback | None = None, upstream_headers: Mapping[str, str] | None = None, upstream_settings: Mapping[str, str] | None = None, timeout: float | None = None) -> ObjectMeta:
        """Returns the metadata of a stored object, or else what the upstream reports. Fetches and stores
        nothing.
        Source: <https://www.rfc-editor.org/rfc/rfc9111>

        Parameters:
            key (str): The object's key.
            upstream (str, optional): The URL of the object, as for `fetch_through`.
            resolve (callback, optional): A function that returns where the object comes from, as for `fetch_through`.
            upstream_headers (map, optional): Headers for the upstream's server. Default: none.
            upstream_settings (map, optional): Settings for an upstream `s3://…`, as for a store. Default: those of its URL and the environment.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: ObjectMeta

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.head_through("greeting", "https://example.com/greeting")
        """

    def get_ranges(self, key: str, ranges: Iterable[str | tuple[int, int | None]], *, gap: int | None = None, version_id: str | None = None, if_match: str | None = None, sse_customer_key: Buffer | str | None = None, encryption_context: Mapping[str, str] | None = None, unverified: bool | None = None, whole: bool | None = None, timeout: float | None = None) -> builtins.list[Bytes]:
        """Fetches many ranges of one object and returns their bytes in the given order. One request fetches
        ranges that lie close together.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

        Parameters:
            key (str): The object's key.
            ranges (list of ranges): The ranges, in the forms that `get` accepts.
            gap (int, optional): If at most so many bytes lie between two ranges, one request fetches both. Default: 65536, about what a connection carries in the time that a request costs.
            version_id (str, optional): The version to fetch. Default: the newest.
            if_match (str, optional): Only if the object's ETag is this one, else `Precondition`.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with. Default: the store's setting.
            encryption_context (map, optional): The encryption context that the object was stored with. Default: the store's setting.
            unverified (bool, optional): Whether to return ranges of an encrypted object, which can't be verified. Default: false.
            whole (bool, optional): Whether ranges of an encrypted object are read from the whole, which is fetched, verified and kept for a while. Default: false.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Bytes]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.get_ranges("greeting", ["0-1", "3-4"])
        """

    def put(self, key: str, source: Source, *, content_type: str | None = None, content_encoding: str | None = None, content_language: str | None = None, content_disposition: str | None = None, cache_control: str | None = None, expires: datetime.datetime | None = None, metadata: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None, storage_class: str | None = None, acl: str | None = None, grant_read: str | None = None, grant_read_acp: str | None = None, grant_write_acp: str | None = None, grant_full_control: str | None = None, sse: str | None = None, sse_kms_key_id: str | None = None, sse_customer_key: Buffer | str | None = None, encryption_context: Mapping[str, str] | None = None, if_match: str | None = None, if_none_match: str | None = None, after: Iterable[str | Mapping[str, str] | Entry] | None = None, part_size: int | None = None, journal: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> PutReply:
        """Stores an object from bytes, a file, a reader or an iterator. It appears whole or not at all. Large
        and endless sources are sent as multipart uploads.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

        Parameters:
            key (str): The object's key.
            source (source): The bytes to store.
            content_type (str, optional): The media type. Default: none; the server chooses.
            content_encoding (str, optional): How the body is compressed, for example `gzip`; oarlock sends the bytes as they are.
            content_language (str, optional): The language of the content.
            content_disposition (str, optional): How a browser should present it, for example `attachment`.
            cache_control (str, optional): How caches may keep it.
            expires (time, optional): When caches should drop it.
            metadata (map, optional): User metadata: ASCII names and values, at most 2 KB together.
            tags (map, optional): Tags: at most 10.
            storage_class (str, optional): The storage class, for example `STANDARD_IA`. Default: the store's setting.
            acl (str, optional): A canned ACL, for example `public-read`; not together with `grant_*`. Default: the store's setting.
            grant_read (str, optional): Grantees that may read the object, for example `id="…", uri="…"`. Default: the store's setting.
            grant_read_acp (str, optional): Grantees that may read its ACL. Default: the store's setting.
            grant_write_acp (str, optional): Grantees that may write its ACL. Default: the store's setting.
            grant_full_control (str, optional): Grantees that may do all three. Default: the store's setting.
            sse (str, optional): Server-side encryption: `AES256`, `aws:kms` or `aws:kms:dsse`. Default: the store's setting.
            sse_kms_key_id (str, optional): The KMS key for `aws:kms`: id, alias or ARN. Default: the store's setting.
            sse_customer_key (bytes, optional): A customer key (SSE-C), 32 bytes; not together with `sse`. Default: the store's setting.
            encryption_context (map, optional): The encryption context of the object's key, for a store that encrypts under KMS. Default: the store's setting.
            if_match (str, optional): Only if the object there now has this ETag, else `Precondition`.
            if_none_match (str, optional): `"*"`: only if no object is there, else `Precondition`.
            after (list of keys, optional): Objects whose bytes go before the source's, in order; with the object's own key, the source is appended to it. The server copies them, except for pieces below 5 MiB, which are fetched. Default: none.
            part_size (int, optional): Bytes in a part of a multipart upload. Default: the setting `multipart_chunksize`.
            journal (str, optional): A journal file, or a directory for one. After a crash or a retryable failure the same call resumes from it; until then, or until `abort_uploads`, the uploaded parts stay. Default: none; a failed call leaves nothing.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: PutReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.put("greeting", b"hello")
        """

    def put_by_content(self, source: Source, *, prefix: str | None = None, suffix: str | None = None, content_type: str | None = None, metadata: Mapping[str, str] | None = None, progress: Progress | None = None, timeout: float | None = None) -> ContentReply:
        """Stores an object whose key is the SHA-256 of its bytes. Nothing is visible before the whole source was
        read. If the object is there already, it stays.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

        Parameters:
            source (source): The bytes to store.
            prefix (str, optional): The start of the key, before the checksum. Default: none.
            suffix (str, optional): The end of the key, behind the checksum, for example `.tar.gz`. Default: none.
            content_type (str, optional): The media type. Default: none; the server chooses.
            metadata (map, optional): User metadata: ASCII names and values, at most 2 KB together.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: ContentReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.put_by_content(b"hello")
        """

    def head(self, key: str, *, version_id: str | None = None, if_match: str | None = None, if_none_match: str | None = None, if_modified_since: datetime.datetime | None = None, if_unmodified_since: datetime.datetime | None = None, sse_customer_key: Buffer | str | None = None, wait: float | datetime.timedelta | None = None, timeout: float | None = None) -> ObjectMeta:
        """Returns an object's metadata.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version to look at. Default: the newest.
            if_match (str, optional): Only if the object's ETag is this one, else `Precondition`.
            if_none_match (str, optional): Only if the object's ETag is not this one, else `NotModified`.
            if_modified_since (time, optional): Only if changed after this time, else `NotModified`.
            if_unmodified_since (time, optional): Only if not changed after this time, else `Precondition`.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with. Default: the store's setting.
            wait (seconds, optional): Seconds to look again for an object that is missing, such as one that another machine has just written to a directory on NFS. Also as text: `10m`, a package server's `CacheTimeout`. Default: 0.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: ObjectMeta

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.head("greeting")
        """

    def exists(self, key: str, *, version_id: str | None = None, sse_customer_key: Buffer | str | None = None, timeout: float | None = None) -> bool:
        """Returns whether an object exists. A refusal (403) is an error, not false.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version to look for. Default: the newest.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with. Default: the store's setting.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: bool

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.exists("greeting")
        """

    def delete(self, key: str, *, version_id: str | None = None, if_match: str | None = None, timeout: float | None = None) -> DeleteReply:
        """Deletes an object. A missing object counts as deleted.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version to delete for good. Default: none; a versioned bucket then keeps the newest version behind a delete marker.
            if_match (str, optional): Only if the object has this ETag, else `Precondition`.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: DeleteReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.delete("greeting")
        """

    def delete_many(self, keys: Iterable[str | Mapping[str, str] | Entry], *, each: Callback | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Deleted]:
        """Deletes any number of objects, 1000 per request. Returns one result for each, in the given order, or
        passes results to `each` as they arrive.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>

        Parameters:
            keys (list of keys): The keys, as text or as `{key, version_id}`.
            each (callback, optional): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Deleted]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.delete_many(["reports/2025.csv", "reports/2026.csv"])
        """

    def get_many(self, items: Iterable[str | Mapping[str, Any]], *, max_concurrency: int | None = None, each: Callback | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Fetched]:
        """Fetches many objects at a time, each to a file or to memory. A file appears whole or not at all.
        Returns one result for each, in the given order, or passes results to `each` as they arrive.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

        Parameters:
            items (list of objects): The objects: keys, or `{key, path, version_id}` with the file to write. Without `path` the reply holds the bytes. Without `each`, all of them are in memory at once.
            max_concurrency (int, optional): Objects transferred at a time, 1 to 1000. Default: 64.
            each (callback, optional): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Fetched]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.get_many(["reports/2025.csv", "reports/2026.csv"])
        """

    def put_many(self, items: Iterable[str | Mapping[str, Any]], *, max_concurrency: int | None = None, each: Callback | None = None, metadata: Mapping[str, str] | None = None, storage_class: str | None = None, if_none_match: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Stored]:
        """Stores many objects at a time. Returns one result for each, in the given order, or passes results to
        `each` as they arrive.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

        Parameters:
            items (list of objects): The objects: `{key, path}` for a file, `{key, body}` for bytes, each with an optional `content_type`.
            max_concurrency (int, optional): Objects transferred at a time, 1 to 1000. Default: 64.
            each (callback, optional): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
            metadata (map, optional): User metadata: ASCII names and values, at most 2 KB together.
            storage_class (str, optional): The storage class, for example `STANDARD_IA`. Default: the store's setting.
            if_none_match (str, optional): `"*"`: only where no object exists yet; others fail with `Precondition`.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Stored]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.put_many([{"key": "a.csv", "body": b"1,2"}, {"key": "b.csv", "body": b"3,4"}])
        """

    def head_many(self, items: Iterable[str | Mapping[str, Any]], *, max_concurrency: int | None = None, each: Callback | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Headed]:
        """Returns the metadata of many objects, in the given order, or passes it to `each` as it arrives. A
        missing object has the error `NotFound`.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            items (list of objects): The objects: keys, or `{key, version_id}`.
            max_concurrency (int, optional): Objects requested at a time, 1 to 1000. Default: 64.
            each (callback, optional): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Headed]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.head_many(["reports/2025.csv", "reports/2026.csv"])
        """

    def sync_up(self, directory: str | os.PathLike[str], prefix: str = "", *, compare: str | None = None, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, delete: bool | None = None, dry_run: bool | None = None, max_concurrency: int | None = None, progress: Progress | None = None, timeout: float | None = None) -> SyncReply:
        """Makes the objects under a prefix equal to a directory: uploads new and changed files and, with
        `delete`, deletes objects without a file. If interrupted, run it again to resume.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            directory (directory): The directory to read. Links to files are followed, links to directories are not.
            prefix (str, optional): The start of the keys; a slash is added. Default: none.
            compare (str, optional): How files and objects are compared: `size_mtime` (same size, and the target is not older than the source), `size`, `etag` (computed from the file's bytes), or `checksum` (one request for each object of its file's size). Default: `size_mtime`.
            include (list of str, optional): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
            exclude (list of str, optional): Patterns of files to leave out: they are neither transferred nor deleted. Default: none.
            delete (bool, optional): Whether to delete at the target what the source does not have, after everything else succeeded. Default: false.
            dry_run (bool, optional): Whether to transfer nothing and only return, in `steps`, what would be done. Default: false.
            max_concurrency (int, optional): Objects transferred at a time, 1 to 1000. Default: 64.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: SyncReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.sync_up("site", "site/")
        """

    def sync_down(self, directory: str | os.PathLike[str], prefix: str = "", *, compare: str | None = None, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, delete: bool | None = None, dry_run: bool | None = None, max_concurrency: int | None = None, progress: Progress | None = None, timeout: float | None = None) -> SyncReply:
        """Makes a directory equal to the objects under a prefix: `sync_up` in the other direction. Files get the
        objects' times.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            directory (directory): The directory to write; created if it is missing.
            prefix (str, optional): The start of the keys; a slash is added. Default: none.
            compare (str, optional): How files and objects are compared: `size_mtime` (same size, and the target is not older than the source), `size`, `etag` (computed from the file's bytes), or `checksum` (one request for each object of its file's size). Default: `size_mtime`.
            include (list of str, optional): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
            exclude (list of str, optional): Patterns of files to leave out: they are neither transferred nor deleted. Default: none.
            delete (bool, optional): Whether to delete at the target what the source does not have, after everything else succeeded. Default: false.
            dry_run (bool, optional): Whether to transfer nothing and only return, in `steps`, what would be done. Default: false.
            max_concurrency (int, optional): Objects transferred at a time, 1 to 1000. Default: 64.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: SyncReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.sync_down("site", "site/")
        """

    def copy(self, source_key: str, key: str, *, source_bucket: str | None = None, source_store: str | None = None, source_settings: Mapping[str, str] | None = None, source_version_id: str | None = None, source_if_match: str | None = None, source_if_none_match: str | None = None, source_sse_customer_key: Buffer | str | None = None, content_type: str | None = None, content_encoding: str | None = None, content_language: str | None = None, content_disposition: str | None = None, cache_control: str | None = None, expires: datetime.datetime | None = None, metadata: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None, storage_class: str | None = None, acl: str | None = None, grant_read: str | None = None, grant_read_acp: str | None = None, grant_write_acp: str | None = None, grant_full_control: str | None = None, sse: str | None = None, sse_kms_key_id: str | None = None, sse_customer_key: Buffer | str | None = None, if_match: str | None = None, if_none_match: str | None = None, preserve_etag: bool | None = None, journal: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> PutReply:
        """Copies an object on the server, in parts above 5 GiB.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            source_key (str): The key to copy from.
            key (str): The key to copy to.
            source_bucket (str, optional): The bucket to copy from. With this option the source key does not get the store's prefix. Default: the store's own bucket.
            source_store (str, optional): The URL of another store to copy from, a bucket or a directory. If it has this store's server, identity and encryption, the server copies; else the bytes come here and are encrypted anew. Default: this store.
            source_settings (map, optional): Settings of `source_store`. Default: those of its URL and the environment.
            source_version_id (str, optional): The version to copy. Default: the newest.
            source_if_match (str, optional): Only if the source has this ETag, else `Precondition`.
            source_if_none_match (str, optional): Only if the source does not have this ETag, else `Precondition`.
            source_sse_customer_key (bytes, optional): The SSE-C key of the source. Default: the store's `sse_customer_key`.
            content_type (str, optional): The media type. If this option, another header or `metadata` is given, all of the source's are replaced.
            content_encoding (str, optional): How the body is compressed.
            content_language (str, optional): The language of the content.
            content_disposition (str, optional): How a browser should present it.
            cache_control (str, optional): How caches may keep it.
            expires (time, optional): When caches should drop it.
            metadata (map, optional): User metadata in place of the source's.
            tags (map, optional): Tags in place of the source's.
            storage_class (str, optional): The storage class. Default: the store's setting.
            acl (str, optional): A canned ACL. Default: the store's setting.
            grant_read (str, optional): Grantees that may read the object. Default: the store's setting.
            grant_read_acp (str, optional): Grantees that may read its ACL. Default: the store's setting.
            grant_write_acp (str, optional): Grantees that may write its ACL. Default: the store's setting.
            grant_full_control (str, optional): Grantees that may do all three. Default: the store's setting.
            sse (str, optional): Server-side encryption of the copy: `AES256`, `aws:kms` or `aws:kms:dsse`. Default: the store's setting.
            sse_kms_key_id (str, optional): The KMS key of the copy. Default: the store's setting.
            sse_customer_key (bytes, optional): The customer key of the copy, 32 bytes. Default: the store's setting.
            if_match (str, optional): Only if the object there now has this ETag, else `Precondition`.
            if_none_match (str, optional): `"*"`: only if no object is there, else `Precondition`.
            preserve_etag (bool, optional): Whether the copy must have the source's ETag: an object that was stored in parts is then copied in the same parts. If the ETag differs all the same, the call fails with `Unsupported`, and the copy stays. Default: false.
            journal (str, optional): A journal file, or a directory for one, for a copy into a bucket whose bytes come here. After a crash or a retryable failure the same call resumes: it reads the source again and sends the parts that are missing. Default: none; a failed call leaves nothing.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: PutReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.copy("greeting", "greeting-2")
        """

    def move(self, source_key: str, key: str, *, source_store: str | None = None, source_settings: Mapping[str, str] | None = None, source_if_match: str | None = None, if_match: str | None = None, if_none_match: str | None = None, journal: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> PutReply:
        """Moves an object to another key, or here from another store: copies it and deletes the source, if that
        is still what was copied. If interrupted, the source is there; run it again.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html>

        Parameters:
            source_key (str): The key to move from.
            key (str): The key to move to.
            source_store (str, optional): The URL of another store to move from, a bucket or a directory. Default: this store.
            source_settings (map, optional): Settings of `source_store`. Default: those of its URL and the environment.
            source_if_match (str, optional): Only if the source has this ETag, else `Precondition`.
            if_match (str, optional): Only if the object there now has this ETag, else `Precondition`.
            if_none_match (str, optional): `"*"`: only if no object is there, else `Precondition`.
            journal (str, optional): A journal file, or a directory for one, for a copy into a bucket whose bytes come here. After a crash or a retryable failure the same call resumes: it reads the source again and sends the parts that are missing. Default: none; a failed call leaves nothing.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: PutReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.move("greeting", "greeting-2")
        """

    def rekey(self, key: str, *, old: Mapping[str, str] | None = None, enforce_rotation: bool | None = None, timeout: float | None = None) -> bool:
        """Gives an encrypted object a new envelope: its data key is wrapped by the store's key instead of the
        one in `old`. The content is not transferred. Returns whether it was needed.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            key (str): The object's key.
            old (map, optional): The settings `encryption_*` that unwrap the object's key now, by name; an AES key as base64 text. Default: the store's own.
            enforce_rotation (bool, optional): Whether to prove, before anything is written, that the settings in `old` can't open the new envelope. Default: false.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: bool

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.rekey("greeting")
        """

    def rekey_all(self, prefix: str = "", *, old: Mapping[str, str] | None = None, enforce_rotation: bool | None = None, start_after: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> RekeyReply:
        """Gives all encrypted objects under a prefix new envelopes, as `rekey` does. It skips objects whose
        envelope is under the store's key already; if interrupted, run it again to resume.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            old (map, optional): The settings `encryption_*` that unwrap the objects' keys now, by name; an AES key as base64 text. Default: the store's own.
            enforce_rotation (bool, optional): Whether to prove for each object, before anything is written, that the settings in `old` can't open the new envelope. Default: false.
            start_after (str, optional): Only keys after this one, in UTF-8 byte order.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: RekeyReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.rekey_all("reports/")
        """

    def find_unencrypted(self, prefix: str = "", *, start_after: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> UnencryptedReply:
        """Finds the objects under a prefix that lie in the clear in a store that encrypts: such as those that an
        old client sent in parts. Two requests an object.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            start_after (str, optional): Only keys after this one, for example to resume. Default: all.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: UnencryptedReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.find_unencrypted("reports/")
        """

    def encrypt_all(self, prefix: str = "", *, start_after: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> EncryptReply:
        """Encrypts the objects under a prefix that lie in the clear. The ciphertext is read back and verified
        before it replaces the object. It skips encrypted objects; if interrupted, run it again to resume.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            start_after (str, optional): Only keys after this one, for example to resume. Default: all.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: EncryptReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.encrypt_all("reports/")
        """

    def list(self, prefix: str = "", *, delimiter: str | None = None, start_after: str | None = None, page_size: int | None = None, continuation: str | None = None, timeout: float | None = None) -> Pages[Entry, Page]:
        """Lists objects whose keys begin with a prefix, in UTF-8 byte order, page by page.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            delimiter (str, optional): Keys with the same text up to this delimiter are returned once, as a common prefix. Usually `"/"`. Default: none.
            start_after (str, optional): Only keys after this one, in UTF-8 byte order.
            page_size (int, optional): Entries in one page, 1 to 1000. Default: 1000, the server's.
            continuation (str, optional): Where to resume: the `next` of the page before. Default: the first page.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: an iterator over the entries; .pages() returns each Page

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            for entry in store.list("reports/"):
                print(entry.key)
        """

    def list_versions(self, prefix: str = "", *, delimiter: str | None = None, page_size: int | None = None, continuation: str | None = None, timeout: float | None = None) -> Pages[Entry, Page]:
        """Lists versions and delete markers, by key and then newest first, page by page.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            delimiter (str, optional): Keys with the same text up to this delimiter are returned once, as a common prefix. Default: none.
            page_size (int, optional): Entries in one page, 1 to 1000. Default: 1000, the server's.
            continuation (str, optional): Where to resume: the `next` of the page before. Default: the first page.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: an iterator over the entries; .pages() returns each Page

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            for entry in store.list_versions("reports/"):
                print(entry.key)
        """

    def usage(self, prefix: str = "", *, progress: Progress | None = None, timeout: float | None = None) -> Usage:
        """Returns how many objects there are under a prefix, and their bytes. It costs what a listing costs.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: Usage

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.usage("reports/")
        """

    def verify(self, prefix: str = "", *, max_concurrency: int | None = None, start_after: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> VerifyReply:
        """Reads every object under a prefix as `get` does, without keeping it, and returns those that can't be
        read whole and right: checksums and encryption are verified.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            max_concurrency (int, optional): Objects read at a time, 1 to 1000. Default: 64.
            start_after (str, optional): Only keys after this one, for example to resume. Default: all.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: VerifyReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.verify("reports/")
        """

    def presign(self, key: str, *, method: str | None = None, expires_in: float | datetime.timedelta | None = None, version_id: str | None = None, content_type: str | None = None, content_length: int | None = None, content_md5: str | None = None, response_content_type: str | None = None, response_content_disposition: str | None = None, timeout: float | None = None) -> str:
        """Returns a URL that lets anyone send one kind of request for one object until it expires. Treat it as a
        secret.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

        Parameters:
            key (str): The object's key.
            method (str, optional): What the URL allows: `get`, `put`, `head` or `delete`. Default: `get`.
            expires_in (seconds, optional): Seconds until the URL expires, 1 to 604800. If the credentials expire earlier, so does the URL. Default: 3600.
            version_id (str, optional): The version it is for. Default: the newest.
            content_type (str, optional): For `put`: the media type that the request must carry.
            content_length (int, optional): For `put`: the number of bytes that the request must carry.
            content_md5 (str, optional): For `put`: the MD5 of the bytes that the request must carry, as base64 text.
            response_content_type (str, optional): For `get` and `head`: the media type of the response. Default: the object's.
            response_content_disposition (str, optional): For `get` and `head`: how a browser should present the response, for example `attachment`. Default: as the object names it.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: str

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.presign("greeting", expires_in=600)
        """

    def get_acl(self, key: str, *, version_id: str | None = None, timeout: float | None = None) -> Acl:
        """Returns an object's access control list.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version. Default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: Acl

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.get_acl("greeting")
        """

    def set_acl(self, key: str, *, version_id: str | None = None, acl: str | None = None, grant_read: str | None = None, grant_read_acp: str | None = None, grant_write_acp: str | None = None, grant_full_control: str | None = None, timeout: float | None = None) -> None:
        """Replaces an object's access control list.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version. Default: the newest.
            acl (str, optional): A canned ACL, for example `private` or `public-read`.
            grant_read (str, optional): Grantees that may read the object.
            grant_read_acp (str, optional): Grantees that may read its ACL.
            grant_write_acp (str, optional): Grantees that may write its ACL.
            grant_full_control (str, optional): Grantees that may do all three.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.set_acl("greeting", acl="private")
        """

    def get_tags(self, key: str, *, version_id: str | None = None, timeout: float | None = None) -> dict[str, str]:
        """Returns an object's tags.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version. Default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: dict[str, str]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.get_tags("greeting")
        """

    def set_tags(self, key: str, tags: Mapping[str, str], *, version_id: str | None = None, timeout: float | None = None) -> None:
        """Replaces an object's tags.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html>

        Parameters:
            key (str): The object's key.
            tags (map): The tags, at most 10.
            version_id (str, optional): The version. Default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.set_tags("greeting", {"team": "data"})
        """

    def delete_tags(self, key: str, *, version_id: str | None = None, timeout: float | None = None) -> None:
        """Removes an object's tags.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version. Default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.delete_tags("greeting")
        """

    def bucket_region(self, *, timeout: float | None = None) -> str:
        """Returns the region of the store's bucket.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: str

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.bucket_region()
        """

    def credentials(self, *, timeout: float | None = None) -> Identity:
        """Returns the credentials that sign the store's requests, for a host that passes them to another
        program. Treat them as a secret.
        Source: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: Identity

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.credentials()
        """

    def explain(self, *, check: bool | None = None, identity: bool | None = None, timeout: float | None = None) -> builtins.list[Explained]:
        """Explains the store's configuration: its identity, endpoint, proxy and other settings, each with its
        source, and the sources of credentials that had none. Each broken part is a row of its own. It fetches
        credentials, but sends nothing to the bucket unless `check` is true.
        Source: <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>

        Parameters:
            check (bool, optional): Whether to test the store too: put, head, get, list and delete an object of a random name, and abort an upload. Default: false.
            identity (bool, optional): Whether to fetch the credentials, to describe them. If false, nothing is sent. A directory needs none. Default: true.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Explained]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.explain(check=True)
        """

    def stats(self, *, timeout: float | None = None) -> builtins.list[VerbStats]:
        """Returns statistics of this store's calls so far, by verb: requests, retries, bytes, times. Sends no
        request.
        Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[VerbStats]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.stats()
        """

    def list_buckets(self, *, timeout: float | None = None) -> builtins.list[Bucket]:
        """Lists the buckets of the account.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Bucket]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.list_buckets()
        """

    def create_bucket(self, *, timeout: float | None = None) -> None:
        """Creates the store's bucket, in the store's region.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.create_bucket()
        """

    def delete_bucket(self, *, timeout: float | None = None) -> None:
        """Deletes the store's bucket, which must be empty.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.delete_bucket()
        """

    def get_versioning(self, *, timeout: float | None = None) -> str:
        """Returns whether the store's bucket keeps versions: `Enabled`, `Suspended` or `Unversioned`.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: str

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.get_versioning()
        """

    def set_versioning(self, state: str, *, timeout: float | None = None) -> None:
        """Makes the store's bucket keep versions, or keep no new ones. Versions that exist stay.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html>

        Parameters:
            state (str): `Enabled` or `Suspended`.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.set_versioning("Enabled")
        """

    def set_bucket_acl(self, acl: str, *, timeout: float | None = None) -> None:
        """Replaces the access control list of the store's bucket by a canned one.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html>

        Parameters:
            acl (str): A canned ACL, for example `public-read`.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.set_bucket_acl("private")
        """

    def list_uploads(self, prefix: str = "", *, older_than: float | datetime.timedelta | None = None, page_size: int | None = None, continuation: str | None = None, timeout: float | None = None) -> Pages[Upload, UploadPage]:
        """Lists unfinished multipart uploads, page by page.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            older_than (seconds, optional): Only uploads that started so many seconds ago or earlier. A page may then be empty and still have a next one. Default: all.
            page_size (int, optional): Entries in one page, 1 to 1000. Default: 1000, the server's.
            continuation (str, optional): Where to resume: the `next` of the page before. Default: the first page.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: an iterator over the entries; .pages() returns each UploadPage

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            for entry in store.list_uploads("reports/"):
                print(entry.key)
        """

    def abort_upload(self, key: str, upload_id: str, *, timeout: float | None = None) -> None:
        """Aborts an unfinished multipart upload and frees its parts.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>

        Parameters:
            key (str): The key of the upload.
            upload_id (str): The upload's id, from `list_uploads`.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.abort_upload("greeting", "upload-7")
        """

    def abort_uploads(self, prefix: str = "", *, older_than: float | datetime.timedelta | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Upload]:
        """Aborts old unfinished multipart uploads, frees their parts, and returns them. Source:
        <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            older_than (seconds, optional): Minimum age of an upload in seconds; 0 also aborts uploads that are still in progress. Default: 86400, one day.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Upload]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.abort_uploads("reports/")
        """

class AsyncStore:
    """The verbs of a store as awaitables."""

    @overload
    def open(self, key: str, mode: Literal["rb"] = "rb", **options: Any) -> AsyncReader: ...
    @overload
    def open(self, key: str, mode: Literal["wb", "xb"], **options: Any) -> AsyncWriter: ...

    def get(self, key: str, into: Sink = None, *, range: str | tuple[int, int | None] | None = None, version_id: str | None = None, if_match: str | None = None, if_none_match: str | None = None, if_modified_since: datetime.datetime | None = None, if_unmodified_since: datetime.datetime | None = None, sse_customer_key: Buffer | str | None = None, encryption_context: Mapping[str, str] | None = None, unverified: bool | None = None, whole: bool | None = None, journal: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> AsyncGet:
        """Fetches an object: whole or a range, to memory, to a file, or as a stream.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

        Parameters:
            key (str): The object's key.
            into (sink, optional): Where the bytes go. Default: memory.
            range (range, optional): Bytes to fetch: `"first-last"`, `"first-"`, `"-suffix"`, or `[first, length]`. Default: all.
            version_id (str, optional): The version to fetch. Default: the newest.
            if_match (str, optional): Only if the object's ETag is this one, else `Precondition`.
            if_none_match (str, optional): Only if the object's ETag is not this one, else `NotModified`.
            if_modified_since (time, optional): Only if changed after this time, else `NotModified`.
            if_unmodified_since (time, optional): Only if not changed after this time, else `Precondition`.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with. Default: the store's setting.
            encryption_context (map, optional): The encryption context that the object was stored with. Default: the store's setting.
            unverified (bool, optional): Whether to return bytes of an encrypted object before they are verified. A stream returns them as they arrive and fails at its end if they are corrupt. A range can't be verified by itself: it needs this option, or `whole`. Default: false.
            whole (bool, optional): Whether an encrypted object is fetched whole and verified, and kept for a while, so that this and further ranges are read from there. Other objects' ranges are fetched alone in any case, and so are those of a call with `unverified`. Default: false.
            journal (str, optional): For a get into a file: a journal file, or a directory for one. After a crash or a retryable failure the same call resumes from it; until then the fetched bytes stay beside the target. Default: none; a failed call leaves nothing.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: GetReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.get("greeting")
        """

    def fetch_through(self, key: str, upstream: str = "", into: Sink = None, *, resolve: Callback | None = None, upstream_headers: Mapping[str, str] | None = None, upstream_settings: Mapping[str, str] | None = None, retain: bool | None = None, must_keep: bool | None = None, verified: bool | None = None, refresh: bool | None = None, stale_if_error: bool | None = None, size: int | None = None, checksum: str | None = None, max_size: int | None = None, content_type: str | None = None, metadata: Mapping[str, str] | None = None, progress: Progress | None = None, timeout: float | None = None) -> AsyncGet:
        """Fetches an object through the store: from it if it is there, else from an upstream. One fetch serves
        all calls of the process that want the object meanwhile. The bytes are returned as they come, and
        stored once they are whole and checked.
        Source: <https://www.rfc-editor.org/rfc/rfc9111>

        Parameters:
            key (str): The object's key.
            upstream (str, optional): The URL of the object, if it must be fetched: `https://`, `http://`, `s3://` or `file://`. Or give `resolve`.
            into (sink, optional): Where the bytes go. Default: memory.
            resolve (callback, optional): A function that returns where the object comes from, in place of `upstream`. It is called with a map of `key`, only if the object is missing and no other call is fetching it. It returns a URL, or a map of `url` and optionally `headers`, `size`, `checksum` and `content_type`; null means `NotFound`.
            upstream_headers (map, optional): Headers for the upstream's server, for example `Authorization`. A redirect to another host does not get them. Default: none.
            upstream_settings (map, optional): Settings for an upstream `s3://…`, as for a store. Default: those of its URL and the environment.
            retain (bool, optional): Whether to store what is fetched. If false, it is passed through; calls that come while it is fetched still share the fetch. Default: the store's `retain_fetched`, true.
            must_keep (bool, optional): Whether a failure to store the object fails the call; otherwise the reply has `kept` = false. Default: false.
            verified (bool, optional): Whether a stream returns its first byte only after the whole was fetched and checked. Default: false; it then fails at its end if the bytes are wrong.
            refresh (bool, optional): Whether to ask the upstream if a stored object changed, and to fetch it again then: for indexes. Default: false.
            stale_if_error (bool, optional): With `refresh`: whether the stored object is returned while the upstream fails. Default: true.
            size (int, optional): The size in bytes that the object must have; another one is not kept. Default: any.
            checksum (str, optional): The checksum that the object must have, as `sha256:HEX` (also `sha512`, `sha1`, `md5`); another one is not kept. Default: none.
            max_size (int, optional): The most bytes to take from the upstream. Default: no limit.
            content_type (str, optional): The media type to store. Default: the upstream's.
            metadata (map, optional): User metadata to store.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: ThroughReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.fetch_through("greeting", "https://example.com/greeting")
        """

    async def head_through(self, key: str, upstream: str = "", *, resolve: Callback | None = None, upstream_headers: Mapping[str, str] | None = None, upstream_settings: Mapping[str, str] | None = None, timeout: float | None = None) -> ObjectMeta:
        """Returns the metadata of a stored object, or else what the upstream reports. Fetches and stores
        nothing.
        Source: <https://www.rfc-editor.org/rfc/rfc9111>

        Parameters:
            key (str): The object's key.
            upstream (str, optional): The URL of the object, as for `fetch_through`.
            resolve (callback, optional): A function that returns where the object comes from, as for `fetch_through`.
            upstream_headers (map, optional): Headers for the upstream's server. Default: none.
            upstream_settings (map, optional): Settings for an upstream `s3://…`, as for a store. Default: those of its URL and the environment.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: ObjectMeta

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.head_through("greeting", "https://example.com/greeting")
        """

    async def get_ranges(self, key: str, ranges: Iterable[str | tuple[int, int | None]], *, gap: int | None = None, version_id: str | None = None, if_match: str | None = None, sse_customer_key: Buffer | str | None = None, encryption_context: Mapping[str, str] | None = None, unverified: bool | None = None, whole: bool | None = None, timeout: float | None = None) -> builtins.list[Bytes]:
        """Fetches many ranges of one object and returns their bytes in the given order. One request fetches
        ranges that lie close together.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

        Parameters:
            key (str): The object's key.
            ranges (list of ranges): The ranges, in the forms that `get` accepts.
            gap (int, optional): If at most so many bytes lie between two ranges, one request fetches both. Default: 65536, about what a connection carries in the time that a request costs.
            version_id (str, optional): The version to fetch. Default: the newest.
            if_match (str, optional): Only if the object's ETag is this one, else `Precondition`.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with. Default: the store's setting.
            encryption_context (map, optional): The encryption context that the object was stored with. Default: the store's setting.
            unverified (bool, optional): Whether to return ranges of an encrypted object, which can't be verified. Default: false.
            whole (bool, optional): Whether ranges of an encrypted object are read from the whole, which is fetched, verified and kept for a while. Default: false.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Bytes]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.get_ranges("greeting", ["0-1", "3-4"])
        """

    async def put(self, key: str, source: AsyncSource, *, content_type: str | None = None, content_encoding: str | None = None, content_language: str | None = None, content_disposition: str | None = None, cache_control: str | None = None, expires: datetime.datetime | None = None, metadata: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None, storage_class: str | None = None, acl: str | None = None, grant_read: str | None = None, grant_read_acp: str | None = None, grant_write_acp: str | None = None, grant_full_control: str | None = None, sse: str | None = None, sse_kms_key_id: str | None = None, sse_customer_key: Buffer | str | None = None, encryption_context: Mapping[str, str] | None = None, if_match: str | None = None, if_none_match: str | None = None, after: Iterable[str | Mapping[str, str] | Entry] | None = None, part_size: int | None = None, journal: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> PutReply:
        """Stores an object from bytes, a file, a reader or an iterator. It appears whole or not at all. Large
        and endless sources are sent as multipart uploads.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

        Parameters:
            key (str): The object's key.
            source (source): The bytes to store.
            content_type (str, optional): The media type. Default: none; the server chooses.
            content_encoding (str, optional): How the body is compressed, for example `gzip`; oarlock sends the bytes as they are.
            content_language (str, optional): The language of the content.
            content_disposition (str, optional): How a browser should present it, for example `attachment`.
            cache_control (str, optional): How caches may keep it.
            expires (time, optional): When caches should drop it.
            metadata (map, optional): User metadata: ASCII names and values, at most 2 KB together.
            tags (map, optional): Tags: at most 10.
            storage_class (str, optional): The storage class, for example `STANDARD_IA`. Default: the store's setting.
            acl (str, optional): A canned ACL, for example `public-read`; not together with `grant_*`. Default: the store's setting.
            grant_read (str, optional): Grantees that may read the object, for example `id="…", uri="…"`. Default: the store's setting.
            grant_read_acp (str, optional): Grantees that may read its ACL. Default: the store's setting.
            grant_write_acp (str, optional): Grantees that may write its ACL. Default: the store's setting.
            grant_full_control (str, optional): Grantees that may do all three. Default: the store's setting.
            sse (str, optional): Server-side encryption: `AES256`, `aws:kms` or `aws:kms:dsse`. Default: the store's setting.
            sse_kms_key_id (str, optional): The KMS key for `aws:kms`: id, alias or ARN. Default: the store's setting.
            sse_customer_key (bytes, optional): A customer key (SSE-C), 32 bytes; not together with `sse`. Default: the store's setting.
            encryption_context (map, optional): The encryption context of the object's key, for a store that encrypts under KMS. Default: the store's setting.
            if_match (str, optional): Only if the object there now has this ETag, else `Precondition`.
            if_none_match (str, optional): `"*"`: only if no object is there, else `Precondition`.
            after (list of keys, optional): Objects whose bytes go before the source's, in order; with the object's own key, the source is appended to it. The server copies them, except for pieces below 5 MiB, which are fetched. Default: none.
            part_size (int, optional): Bytes in a part of a multipart upload. Default: the setting `multipart_chunksize`.
            journal (str, optional): A journal file, or a directory for one. After a crash or a retryable failure the same call resumes from it; until then, or until `abort_uploads`, the uploaded parts stay. Default: none; a failed call leaves nothing.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: PutReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.put("greeting", b"hello")
        """

    async def put_by_content(self, source: AsyncSource, *, prefix: str | None = None, suffix: str | None = None, content_type: str | None = None, metadata: Mapping[str, str] | None = None, progress: Progress | None = None, timeout: float | None = None) -> ContentReply:
        """Stores an object whose key is the SHA-256 of its bytes. Nothing is visible before the whole source was
        read. If the object is there already, it stays.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

        Parameters:
            source (source): The bytes to store.
            prefix (str, optional): The start of the key, before the checksum. Default: none.
            suffix (str, optional): The end of the key, behind the checksum, for example `.tar.gz`. Default: none.
            content_type (str, optional): The media type. Default: none; the server chooses.
            metadata (map, optional): User metadata: ASCII names and values, at most 2 KB together.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: ContentReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.put_by_content(b"hello")
        """

    async def head(self, key: str, *, version_id: str | None = None, if_match: str | None = None, if_none_match: str | None = None, if_modified_since: datetime.datetime | None = None, if_unmodified_since: datetime.datetime | None = None, sse_customer_key: Buffer | str | None = None, wait: float | datetime.timedelta | None = None, timeout: float | None = None) -> ObjectMeta:
        """Returns an object's metadata.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version to look at. Default: the newest.
            if_match (str, optional): Only if the object's ETag is this one, else `Precondition`.
            if_none_match (str, optional): Only if the object's ETag is not this one, else `NotModified`.
            if_modified_since (time, optional): Only if changed after this time, else `NotModified`.
            if_unmodified_since (time, optional): Only if not changed after this time, else `Precondition`.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with. Default: the store's setting.
            wait (seconds, optional): Seconds to look again for an object that is missing, such as one that another machine has just written to a directory on NFS. Also as text: `10m`, a package server's `CacheTimeout`. Default: 0.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: ObjectMeta

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.head("greeting")
        """

    async def exists(self, key: str, *, version_id: str | None = None, sse_customer_key: Buffer | str | None = None, timeout: float | None = None) -> bool:
        """Returns whether an object exists. A refusal (403) is an error, not false.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version to look for. Default: the newest.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with. Default: the store's setting.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: bool

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.exists("greeting")
        """

    async def delete(self, key: str, *, version_id: str | None = None, if_match: str | None = None, timeout: float | None = None) -> DeleteReply:
        """Deletes an object. A missing object counts as deleted.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version to delete for good. Default: none; a versioned bucket then keeps the newest version behind a delete marker.
            if_match (str, optional): Only if the object has this ETag, else `Precondition`.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: DeleteReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.delete("greeting")
        """

    async def delete_many(self, keys: Iterable[str | Mapping[str, str] | Entry], *, each: Callback | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Deleted]:
        """Deletes any number of objects, 1000 per request. Returns one result for each, in the given order, or
        passes results to `each` as they arrive.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>

        Parameters:
            keys (list of keys): The keys, as text or as `{key, version_id}`.
            each (callback, optional): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Deleted]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.delete_many(["reports/2025.csv", "reports/2026.csv"])
        """

    async def get_many(self, items: Iterable[str | Mapping[str, Any]], *, max_concurrency: int | None = None, each: Callback | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Fetched]:
        """Fetches many objects at a time, each to a file or to memory. A file appears whole or not at all.
        Returns one result for each, in the given order, or passes results to `each` as they arrive.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

        Parameters:
            items (list of objects): The objects: keys, or `{key, path, version_id}` with the file to write. Without `path` the reply holds the bytes. Without `each`, all of them are in memory at once.
            max_concurrency (int, optional): Objects transferred at a time, 1 to 1000. Default: 64.
            each (callback, optional): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Fetched]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.get_many(["reports/2025.csv", "reports/2026.csv"])
        """

    async def put_many(self, items: Iterable[str | Mapping[str, Any]], *, max_concurrency: int | None = None, each: Callback | None = None, metadata: Mapping[str, str] | None = None, storage_class: str | None = None, if_none_match: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Stored]:
        """Stores many objects at a time. Returns one result for each, in the given order, or passes results to
        `each` as they arrive.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

        Parameters:
            items (list of objects): The objects: `{key, path}` for a file, `{key, body}` for bytes, each with an optional `content_type`.
            max_concurrency (int, optional): Objects transferred at a time, 1 to 1000. Default: 64.
            each (callback, optional): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
            metadata (map, optional): User metadata: ASCII names and values, at most 2 KB together.
            storage_class (str, optional): The storage class, for example `STANDARD_IA`. Default: the store's setting.
            if_none_match (str, optional): `"*"`: only where no object exists yet; others fail with `Precondition`.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Stored]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.put_many([{"key": "a.csv", "body": b"1,2"}, {"key": "b.csv", "body": b"3,4"}])
        """

    async def head_many(self, items: Iterable[str | Mapping[str, Any]], *, max_concurrency: int | None = None, each: Callback | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Headed]:
        """Returns the metadata of many objects, in the given order, or passes it to `each` as it arrives. A
        missing object has the error `NotFound`.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            items (list of objects): The objects: keys, or `{key, version_id}`.
            max_concurrency (int, optional): Objects requested at a time, 1 to 1000. Default: 64.
            each (callback, optional): A function that receives the results in lists, as they arrive, on the thread that waits. The reply is then empty. If the function fails, the call fails.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Headed]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.head_many(["reports/2025.csv", "reports/2026.csv"])
        """

    async def sync_up(self, directory: str | os.PathLike[str], prefix: str = "", *, compare: str | None = None, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, delete: bool | None = None, dry_run: bool | None = None, max_concurrency: int | None = None, progress: Progress | None = None, timeout: float | None = None) -> SyncReply:
        """Makes the objects under a prefix equal to a directory: uploads new and changed files and, with
        `delete`, deletes objects without a file. If interrupted, run it again to resume.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            directory (directory): The directory to read. Links to files are followed, links to directories are not.
            prefix (str, optional): The start of the keys; a slash is added. Default: none.
            compare (str, optional): How files and objects are compared: `size_mtime` (same size, and the target is not older than the source), `size`, `etag` (computed from the file's bytes), or `checksum` (one request for each object of its file's size). Default: `size_mtime`.
            include (list of str, optional): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
            exclude (list of str, optional): Patterns of files to leave out: they are neither transferred nor deleted. Default: none.
            delete (bool, optional): Whether to delete at the target what the source does not have, after everything else succeeded. Default: false.
            dry_run (bool, optional): Whether to transfer nothing and only return, in `steps`, what would be done. Default: false.
            max_concurrency (int, optional): Objects transferred at a time, 1 to 1000. Default: 64.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: SyncReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.sync_up("site", "site/")
        """

    async def sync_down(self, directory: str | os.PathLike[str], prefix: str = "", *, compare: str | None = None, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, delete: bool | None = None, dry_run: bool | None = None, max_concurrency: int | None = None, progress: Progress | None = None, timeout: float | None = None) -> SyncReply:
        """Makes a directory equal to the objects under a prefix: `sync_up` in the other direction. Files get the
        objects' times.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            directory (directory): The directory to write; created if it is missing.
            prefix (str, optional): The start of the keys; a slash is added. Default: none.
            compare (str, optional): How files and objects are compared: `size_mtime` (same size, and the target is not older than the source), `size`, `etag` (computed from the file's bytes), or `checksum` (one request for each object of its file's size). Default: `size_mtime`.
            include (list of str, optional): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
            exclude (list of str, optional): Patterns of files to leave out: they are neither transferred nor deleted. Default: none.
            delete (bool, optional): Whether to delete at the target what the source does not have, after everything else succeeded. Default: false.
            dry_run (bool, optional): Whether to transfer nothing and only return, in `steps`, what would be done. Default: false.
            max_concurrency (int, optional): Objects transferred at a time, 1 to 1000. Default: 64.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: SyncReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.sync_down("site", "site/")
        """

    async def copy(self, source_key: str, key: str, *, source_bucket: str | None = None, source_store: str | None = None, source_settings: Mapping[str, str] | None = None, source_version_id: str | None = None, source_if_match: str | None = None, source_if_none_match: str | None = None, source_sse_customer_key: Buffer | str | None = None, content_type: str | None = None, content_encoding: str | None = None, content_language: str | None = None, content_disposition: str | None = None, cache_control: str | None = None, expires: datetime.datetime | None = None, metadata: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None, storage_class: str | None = None, acl: str | None = None, grant_read: str | None = None, grant_read_acp: str | None = None, grant_write_acp: str | None = None, grant_full_control: str | None = None, sse: str | None = None, sse_kms_key_id: str | None = None, sse_customer_key: Buffer | str | None = None, if_match: str | None = None, if_none_match: str | None = None, preserve_etag: bool | None = None, journal: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> PutReply:
        """Copies an object on the server, in parts above 5 GiB.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            source_key (str): The key to copy from.
            key (str): The key to copy to.
            source_bucket (str, optional): The bucket to copy from. With this option the source key does not get the store's prefix. Default: the store's own bucket.
            source_store (str, optional): The URL of another store to copy from, a bucket or a directory. If it has this store's server, identity and encryption, the server copies; else the bytes come here and are encrypted anew. Default: this store.
            source_settings (map, optional): Settings of `source_store`. Default: those of its URL and the environment.
            source_version_id (str, optional): The version to copy. Default: the newest.
            source_if_match (str, optional): Only if the source has this ETag, else `Precondition`.
            source_if_none_match (str, optional): Only if the source does not have this ETag, else `Precondition`.
            source_sse_customer_key (bytes, optional): The SSE-C key of the source. Default: the store's `sse_customer_key`.
            content_type (str, optional): The media type. If this option, another header or `metadata` is given, all of the source's are replaced.
            content_encoding (str, optional): How the body is compressed.
            content_language (str, optional): The language of the content.
            content_disposition (str, optional): How a browser should present it.
            cache_control (str, optional): How caches may keep it.
            expires (time, optional): When caches should drop it.
            metadata (map, optional): User metadata in place of the source's.
            tags (map, optional): Tags in place of the source's.
            storage_class (str, optional): The storage class. Default: the store's setting.
            acl (str, optional): A canned ACL. Default: the store's setting.
            grant_read (str, optional): Grantees that may read the object. Default: the store's setting.
            grant_read_acp (str, optional): Grantees that may read its ACL. Default: the store's setting.
            grant_write_acp (str, optional): Grantees that may write its ACL. Default: the store's setting.
            grant_full_control (str, optional): Grantees that may do all three. Default: the store's setting.
            sse (str, optional): Server-side encryption of the copy: `AES256`, `aws:kms` or `aws:kms:dsse`. Default: the store's setting.
            sse_kms_key_id (str, optional): The KMS key of the copy. Default: the store's setting.
            sse_customer_key (bytes, optional): The customer key of the copy, 32 bytes. Default: the store's setting.
            if_match (str, optional): Only if the object there now has this ETag, else `Precondition`.
            if_none_match (str, optional): `"*"`: only if no object is there, else `Precondition`.
            preserve_etag (bool, optional): Whether the copy must have the source's ETag: an object that was stored in parts is then copied in the same parts. If the ETag differs all the same, the call fails with `Unsupported`, and the copy stays. Default: false.
            journal (str, optional): A journal file, or a directory for one, for a copy into a bucket whose bytes come here. After a crash or a retryable failure the same call resumes: it reads the source again and sends the parts that are missing. Default: none; a failed call leaves nothing.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: PutReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.copy("greeting", "greeting-2")
        """

    async def move(self, source_key: str, key: str, *, source_store: str | None = None, source_settings: Mapping[str, str] | None = None, source_if_match: str | None = None, if_match: str | None = None, if_none_match: str | None = None, journal: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> PutReply:
        """Moves an object to another key, or here from another store: copies it and deletes the source, if that
        is still what was copied. If interrupted, the source is there; run it again.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html>

        Parameters:
            source_key (str): The key to move from.
            key (str): The key to move to.
            source_store (str, optional): The URL of another store to move from, a bucket or a directory. Default: this store.
            source_settings (map, optional): Settings of `source_store`. Default: those of its URL and the environment.
            source_if_match (str, optional): Only if the source has this ETag, else `Precondition`.
            if_match (str, optional): Only if the object there now has this ETag, else `Precondition`.
            if_none_match (str, optional): `"*"`: only if no object is there, else `Precondition`.
            journal (str, optional): A journal file, or a directory for one, for a copy into a bucket whose bytes come here. After a crash or a retryable failure the same call resumes: it reads the source again and sends the parts that are missing. Default: none; a failed call leaves nothing.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: PutReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.move("greeting", "greeting-2")
        """

    async def rekey(self, key: str, *, old: Mapping[str, str] | None = None, enforce_rotation: bool | None = None, timeout: float | None = None) -> bool:
        """Gives an encrypted object a new envelope: its data key is wrapped by the store's key instead of the
        one in `old`. The content is not transferred. Returns whether it was needed.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            key (str): The object's key.
            old (map, optional): The settings `encryption_*` that unwrap the object's key now, by name; an AES key as base64 text. Default: the store's own.
            enforce_rotation (bool, optional): Whether to prove, before anything is written, that the settings in `old` can't open the new envelope. Default: false.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: bool

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.rekey("greeting")
        """

    async def rekey_all(self, prefix: str = "", *, old: Mapping[str, str] | None = None, enforce_rotation: bool | None = None, start_after: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> RekeyReply:
        """Gives all encrypted objects under a prefix new envelopes, as `rekey` does. It skips objects whose
        envelope is under the store's key already; if interrupted, run it again to resume.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            old (map, optional): The settings `encryption_*` that unwrap the objects' keys now, by name; an AES key as base64 text. Default: the store's own.
            enforce_rotation (bool, optional): Whether to prove for each object, before anything is written, that the settings in `old` can't open the new envelope. Default: false.
            start_after (str, optional): Only keys after this one, in UTF-8 byte order.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: RekeyReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.rekey_all("reports/")
        """

    async def find_unencrypted(self, prefix: str = "", *, start_after: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> UnencryptedReply:
        """Finds the objects under a prefix that lie in the clear in a store that encrypts: such as those that an
        old client sent in parts. Two requests an object.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            start_after (str, optional): Only keys after this one, for example to resume. Default: all.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: UnencryptedReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.find_unencrypted("reports/")
        """

    async def encrypt_all(self, prefix: str = "", *, start_after: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> EncryptReply:
        """Encrypts the objects under a prefix that lie in the clear. The ciphertext is read back and verified
        before it replaces the object. It skips encrypted objects; if interrupted, run it again to resume.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            start_after (str, optional): Only keys after this one, for example to resume. Default: all.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: EncryptReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.encrypt_all("reports/")
        """

    def list(self, prefix: str = "", *, delimiter: str | None = None, start_after: str | None = None, page_size: int | None = None, continuation: str | None = None, timeout: float | None = None) -> AsyncPages[Entry, Page]:
        """Lists objects whose keys begin with a prefix, in UTF-8 byte order, page by page.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            delimiter (str, optional): Keys with the same text up to this delimiter are returned once, as a common prefix. Usually `"/"`. Default: none.
            start_after (str, optional): Only keys after this one, in UTF-8 byte order.
            page_size (int, optional): Entries in one page, 1 to 1000. Default: 1000, the server's.
            continuation (str, optional): Where to resume: the `next` of the page before. Default: the first page.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: an iterator over the entries; .pages() returns each Page

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            for entry in store.list("reports/"):
                print(entry.key)
        """

    def list_versions(self, prefix: str = "", *, delimiter: str | None = None, page_size: int | None = None, continuation: str | None = None, timeout: float | None = None) -> AsyncPages[Entry, Page]:
        """Lists versions and delete markers, by key and then newest first, page by page.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            delimiter (str, optional): Keys with the same text up to this delimiter are returned once, as a common prefix. Default: none.
            page_size (int, optional): Entries in one page, 1 to 1000. Default: 1000, the server's.
            continuation (str, optional): Where to resume: the `next` of the page before. Default: the first page.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: an iterator over the entries; .pages() returns each Page

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            for entry in store.list_versions("reports/"):
                print(entry.key)
        """

    async def usage(self, prefix: str = "", *, progress: Progress | None = None, timeout: float | None = None) -> Usage:
        """Returns how many objects there are under a prefix, and their bytes. It costs what a listing costs.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: Usage

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.usage("reports/")
        """

    async def verify(self, prefix: str = "", *, max_concurrency: int | None = None, start_after: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> VerifyReply:
        """Reads every object under a prefix as `get` does, without keeping it, and returns those that can't be
        read whole and right: checksums and encryption are verified.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            max_concurrency (int, optional): Objects read at a time, 1 to 1000. Default: 64.
            start_after (str, optional): Only keys after this one, for example to resume. Default: all.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: VerifyReply

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.verify("reports/")
        """

    async def presign(self, key: str, *, method: str | None = None, expires_in: float | datetime.timedelta | None = None, version_id: str | None = None, content_type: str | None = None, content_length: int | None = None, content_md5: str | None = None, response_content_type: str | None = None, response_content_disposition: str | None = None, timeout: float | None = None) -> str:
        """Returns a URL that lets anyone send one kind of request for one object until it expires. Treat it as a
        secret.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

        Parameters:
            key (str): The object's key.
            method (str, optional): What the URL allows: `get`, `put`, `head` or `delete`. Default: `get`.
            expires_in (seconds, optional): Seconds until the URL expires, 1 to 604800. If the credentials expire earlier, so does the URL. Default: 3600.
            version_id (str, optional): The version it is for. Default: the newest.
            content_type (str, optional): For `put`: the media type that the request must carry.
            content_length (int, optional): For `put`: the number of bytes that the request must carry.
            content_md5 (str, optional): For `put`: the MD5 of the bytes that the request must carry, as base64 text.
            response_content_type (str, optional): For `get` and `head`: the media type of the response. Default: the object's.
            response_content_disposition (str, optional): For `get` and `head`: how a browser should present the response, for example `attachment`. Default: as the object names it.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: str

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.presign("greeting", expires_in=600)
        """

    async def get_acl(self, key: str, *, version_id: str | None = None, timeout: float | None = None) -> Acl:
        """Returns an object's access control list.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version. Default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: Acl

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.get_acl("greeting")
        """

    async def set_acl(self, key: str, *, version_id: str | None = None, acl: str | None = None, grant_read: str | None = None, grant_read_acp: str | None = None, grant_write_acp: str | None = None, grant_full_control: str | None = None, timeout: float | None = None) -> None:
        """Replaces an object's access control list.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version. Default: the newest.
            acl (str, optional): A canned ACL, for example `private` or `public-read`.
            grant_read (str, optional): Grantees that may read the object.
            grant_read_acp (str, optional): Grantees that may read its ACL.
            grant_write_acp (str, optional): Grantees that may write its ACL.
            grant_full_control (str, optional): Grantees that may do all three.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.set_acl("greeting", acl="private")
        """

    async def get_tags(self, key: str, *, version_id: str | None = None, timeout: float | None = None) -> dict[str, str]:
        """Returns an object's tags.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version. Default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: dict[str, str]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.get_tags("greeting")
        """

    async def set_tags(self, key: str, tags: Mapping[str, str], *, version_id: str | None = None, timeout: float | None = None) -> None:
        """Replaces an object's tags.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html>

        Parameters:
            key (str): The object's key.
            tags (map): The tags, at most 10.
            version_id (str, optional): The version. Default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.set_tags("greeting", {"team": "data"})
        """

    async def delete_tags(self, key: str, *, version_id: str | None = None, timeout: float | None = None) -> None:
        """Removes an object's tags.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version. Default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.delete_tags("greeting")
        """

    async def bucket_region(self, *, timeout: float | None = None) -> str:
        """Returns the region of the store's bucket.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: str

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.bucket_region()
        """

    async def credentials(self, *, timeout: float | None = None) -> Identity:
        """Returns the credentials that sign the store's requests, for a host that passes them to another
        program. Treat them as a secret.
        Source: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: Identity

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.credentials()
        """

    async def explain(self, *, check: bool | None = None, identity: bool | None = None, timeout: float | None = None) -> builtins.list[Explained]:
        """Explains the store's configuration: its identity, endpoint, proxy and other settings, each with its
        source, and the sources of credentials that had none. Each broken part is a row of its own. It fetches
        credentials, but sends nothing to the bucket unless `check` is true.
        Source: <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>

        Parameters:
            check (bool, optional): Whether to test the store too: put, head, get, list and delete an object of a random name, and abort an upload. Default: false.
            identity (bool, optional): Whether to fetch the credentials, to describe them. If false, nothing is sent. A directory needs none. Default: true.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Explained]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.explain(check=True)
        """

    async def stats(self, *, timeout: float | None = None) -> builtins.list[VerbStats]:
        """Returns statistics of this store's calls so far, by verb: requests, retries, bytes, times. Sends no
        request.
        Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[VerbStats]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.stats()
        """

    async def list_buckets(self, *, timeout: float | None = None) -> builtins.list[Bucket]:
        """Lists the buckets of the account.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Bucket]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.list_buckets()
        """

    async def create_bucket(self, *, timeout: float | None = None) -> None:
        """Creates the store's bucket, in the store's region.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.create_bucket()
        """

    async def delete_bucket(self, *, timeout: float | None = None) -> None:
        """Deletes the store's bucket, which must be empty.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.delete_bucket()
        """

    async def get_versioning(self, *, timeout: float | None = None) -> str:
        """Returns whether the store's bucket keeps versions: `Enabled`, `Suspended` or `Unversioned`.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: str

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.get_versioning()
        """

    async def set_versioning(self, state: str, *, timeout: float | None = None) -> None:
        """Makes the store's bucket keep versions, or keep no new ones. Versions that exist stay.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html>

        Parameters:
            state (str): `Enabled` or `Suspended`.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.set_versioning("Enabled")
        """

    async def set_bucket_acl(self, acl: str, *, timeout: float | None = None) -> None:
        """Replaces the access control list of the store's bucket by a canned one.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html>

        Parameters:
            acl (str): A canned ACL, for example `public-read`.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.set_bucket_acl("private")
        """

    def list_uploads(self, prefix: str = "", *, older_than: float | datetime.timedelta | None = None, page_size: int | None = None, continuation: str | None = None, timeout: float | None = None) -> AsyncPages[Upload, UploadPage]:
        """Lists unfinished multipart uploads, page by page.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            older_than (seconds, optional): Only uploads that started so many seconds ago or earlier. A page may then be empty and still have a next one. Default: all.
            page_size (int, optional): Entries in one page, 1 to 1000. Default: 1000, the server's.
            continuation (str, optional): Where to resume: the `next` of the page before. Default: the first page.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: an iterator over the entries; .pages() returns each UploadPage

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            for entry in store.list_uploads("reports/"):
                print(entry.key)
        """

    async def abort_upload(self, key: str, upload_id: str, *, timeout: float | None = None) -> None:
        """Aborts an unfinished multipart upload and frees its parts.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>

        Parameters:
            key (str): The key of the upload.
            upload_id (str): The upload's id, from `list_uploads`.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            store.abort_upload("greeting", "upload-7")
        """

    async def abort_uploads(self, prefix: str = "", *, older_than: float | datetime.timedelta | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Upload]:
        """Aborts old unfinished multipart uploads, frees their parts, and returns them. Source:
        <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html>

        Parameters:
            prefix (str, optional): The start of the keys. Default: any.
            older_than (seconds, optional): Minimum age of an upload in seconds; 0 also aborts uploads that are still in progress. Default: 86400, one day.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Upload]

        Raises:
            InvalidInputError: An argument is wrong; nothing was sent.
            Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.

        Example:
            reply = store.abort_uploads("reports/")
        """


class StorageClasses(Mapping[str, Store]):
    """The storage classes that a package server's ``.gcfg`` file names, each with its `Store`."""

    def __init__(
        self,
        path_or_text: str | os.PathLike[str],
        settings: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None: ...
    def __getitem__(self, name: str, /) -> Store: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def about(self, name: str) -> StorageClass:
        """The file's entries about a class for the server itself."""
    def check(self) -> dict[str, list[Explained]]:
        """The reply of `Store.explain` with ``check=True`` for the classes in S3, as a package server tests
        them when it starts."""

def open(
    url: str,
    *,
    endpoint: str | None = None,
    use_ssl: bool | None = None,
    use_fips_endpoint: bool | None = None,
    use_dualstack_endpoint: bool | None = None,
    use_accelerate_endpoint: bool | None = None,
    use_arn_region: bool | None = None,
    us_east_1_regional_endpoint: str | None = None,
    disable_express_session_auth: bool | None = None,
    disable_multiregion_access_points: bool | None = None,
    region: str | None = None,
    addressing_style: str | None = None,
    provider: str | None = None,
    access_key_id: str | None = None,
    secret_access_key: str | None = None,
    session_token: str | None = None,
    anonymous: bool | None = None,
    credentials: Callback | None = None,
    profile: str | None = None,
    config_file: str | None = None,
    credentials_file: str | None = None,
    trust_files: bool | None = None,
    credentials_cache: str | None = None,
    mfa_token: str | Callback | None = None,
    ca_bundle: str | None = None,
    client_certificate: str | None = None,
    client_key: str | None = None,
    verify: bool | None = None,
    proxy: str | None = None,
    connect_timeout: float | datetime.timedelta | None = None,
    read_timeout: float | datetime.timedelta | None = None,
    attempt_timeout: float | datetime.timedelta | None = None,
    operation_timeout: float | datetime.timedelta | None = None,
    retry_mode: str | None = None,
    max_attempts: int | None = None,
    max_concurrency: int | None = None,
    max_requests: int | None = None,
    max_bandwidth: int | None = None,
    multipart_threshold: int | None = None,
    multipart_chunksize: int | None = None,
    fixed_part_size: bool | None = None,
    max_parts: int | None = None,
    payload_signing_enabled: bool | None = None,
    request_checksum_calculation: str | None = None,
    checksum_algorithm: str | None = None,
    response_checksum_validation: str | None = None,
    request_payer: bool | None = None,
    list_version: int | None = None,
    storage_class: str | None = None,
    acl: str | None = None,
    grant_read: str | None = None,
    grant_read_acp: str | None = None,
    grant_write_acp: str | None = None,
    grant_full_control: str | None = None,
    sse: str | None = None,
    sse_kms_key_id: str | None = None,
    sse_required: bool | None = None,
    sse_customer_key: Buffer | str | None = None,
    encryption_kms_key_id: str | None = None,
    encryption_kms_any_key: bool | None = None,
    encryption_aes_key: Buffer | str | None = None,
    encryption_rsa_key: str | None = None,
    encryption_context: Mapping[str, str] | None = None,
    encryption_policy: str | None = None,
    encryption_instruction_file: bool | None = None,
    encryption_instruction_suffix: str | None = None,
    encryption_metadata_only: bool | None = None,
    encryption_legacy_wrapping: bool | None = None,
    encryption_legacy_content: bool | None = None,
    encryption_verify_buffer: int | None = None,
    encryption_spool_limit: int | None = None,
    encryption_verified_only: bool | None = None,
    encryption_reuse_objects: int | None = None,
    encryption_reuse_age: float | datetime.timedelta | None = None,
    multipart_upload: bool | None = None,
    retain_fetched: bool | None = None,
    chunked_assets: bool | None = None,
    version_id: str | None = None,
    narinfo_compression: str | None = None,
    ls_compression: str | None = None,
    log_compression: str | None = None,
    app_name: str | None = None,
) -> Store:
    """Opens the store that a URL names. Sends no request.

    Settings:
        endpoint: The server: `https://host:port`, or a bare `host:port` or `host` together with `use_ssl`. Default: AWS in the region.
        use_ssl: Whether to use TLS for a bare endpoint. Default: true.
        use_fips_endpoint: Whether to use endpoints that comply with FIPS 140. Default: AWS_USE_FIPS_ENDPOINT, the profile's, false.
        use_dualstack_endpoint: Whether to use dual-stack endpoints, which support IPv6 and IPv4. Default: AWS_USE_DUALSTACK_ENDPOINT, the profile's, false.
        use_accelerate_endpoint: Whether to use S3 Transfer Acceleration. Default: the profile's, false.
        use_arn_region: Whether the ARN of an access point chooses the region; if false, an ARN of another region than `region` is an error. Default: AWS_S3_USE_ARN_REGION, the profile's, true.
        us_east_1_regional_endpoint: The endpoint of us-east-1: `regional`, or `legacy` for the old global one, s3.amazonaws.com. Default: AWS_S3_US_EAST_1_REGIONAL_ENDPOINT, the profile's, `regional`.
        disable_express_session_auth: Whether to sign requests to a directory bucket (S3 Express One Zone) with the store's own keys instead of a session's. Default: AWS_S3_DISABLE_EXPRESS_SESSION_AUTH, the profile's, false.
        disable_multiregion_access_points: Whether to refuse multi-region access points. Default: AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS, the profile's, false.
        region: The region. `EU`, the old name of eu-west-1, is accepted too. Default: AWS_REGION, AWS_DEFAULT_REGION, the profile's, us-east-1.
        addressing_style: How URLs name the bucket: `path`, `virtual`, or `auto` (path for a custom endpoint or a dotted bucket). Default: `auto`.
        provider: Where credentials come from: `static`, `anonymous`, `env`, `profile`, `web_identity`, `container`, `instance_profile`, `callback` (the setting `credentials`) or `default`, which tries those after `anonymous` in turn. Default: chosen by the other settings, else `default`.
        access_key_id: The access key id of a key pair.
        secret_access_key: The secret of the key pair.
        session_token: The session token of temporary keys.
        anonymous: Whether to send requests unsigned. Default: false.
        credentials: A function of the host that returns keys; it selects the provider `callback`. Its argument is a map with `setting` ("credentials") and `region`. It returns a map with `access_key_id`, `secret_access_key` and optionally `session_token`, `expires` (a time) and `account_id`. It runs on a thread that waits for a call of the store, and must not use the store itself. It is called again five minutes before the keys expire, or if a server rejects them as expired. Default: none.
        profile: The profile in the shared files. Default: AWS_PROFILE, AWS_DEFAULT_PROFILE, `default`.
        config_file: The shared config file. Default: AWS_CONFIG_FILE, `~/.aws/config`.
        credentials_file: The shared credentials file. Default: AWS_SHARED_CREDENTIALS_FILE, `~/.aws/credentials`.
        trust_files: Whether `config_file` and `credentials_file` may run programs, choose endpoints and name token files to read. OARLOCK_TRUST_FILES=true in the environment overrides false. A URL can't set it. Default: true, but false where a URL names the files.
        credentials_cache: A directory in which this user's processes share the credentials of roles and those that a `credential_process` prints with a token and an `Expiration`. It is created with mode 0700 if it is missing. A URL can't set it. Default: none.
        mfa_token: The code of the MFA device that a profile's role requires: text, or a function that returns it. The function is called each time with a map of `setting` ("mfa_token"), `device`, `role` and `profile`.
        ca_bundle: A file of PEM certificates to trust. Default: AWS_CA_BUNDLE, the profile's, REQUESTS_CA_BUNDLE, SSL_CERT_FILE, the system's.
        client_certificate: A file of PEM certificates that identify the client to the server. It may contain the key too. Default: none.
        client_key: The PEM file with the key of `client_certificate`. Default: that file itself.
        verify: Whether to verify the server's certificate. If false, any server is trusted, with a warning. Default: true.
        proxy: The proxy for all requests, as `http://host:port`. Requests to hosts in NO_PROXY go directly. Default: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY.
        connect_timeout: Seconds to wait for a connection. Default: 5.
        read_timeout: Seconds to wait for the first byte of a response, or for the next one. Default: 60.
        attempt_timeout: Seconds one attempt of a request may take. Default: no limit.
        operation_timeout: Seconds one request may take with its retries. Default: no limit.
        retry_mode: How failed requests are retried: `standard`, or `adaptive`, which also slows down when the server throttles. Default: AWS_RETRY_MODE, the profile's, `standard`.
        max_attempts: Attempts of a request, 1 to 20. Default: AWS_MAX_ATTEMPTS, the profile's, 5.
        max_concurrency: Parts of one transfer that are sent or fetched at a time at most, 1 to 1000. Default: as many as help, up to OARLOCK_MAX_STREAMS, which is 64 for all transfers of the process.
        max_requests: Requests of this store in flight at a time, 1 to 10000. Default: as many as the process may have connections.
        max_bandwidth: Bytes of objects that this store sends and receives in a second, together. Also text such as `10MB/s`, or `80Mb/s` in bits. Default: no limit.
        multipart_threshold: Size in bytes from which an upload is sent in parts. Also text such as `64MB` (a MB is 1024² bytes, as for the AWS CLI). Default: 16 MiB.
        multipart_chunksize: Bytes in a part, 5 MiB to 5 GiB. Also text such as `16MiB`. If an upload would need more than `max_parts`, the parts grow. Default: 8 MiB.
        fixed_part_size: Whether all parts of an upload but the last have one size, as Cloudflare R2 requires. Parts of a source of unknown length then don't grow. Default: false.
        max_parts: Maximum number of parts of an upload, 1 to 10000; Scaleway allows 1000. Default: 10000.
        payload_signing_enabled: Whether the signature covers an upload's bytes, which costs their SHA-256. Default: the profile's, else only without TLS.
        request_checksum_calculation: When uploads carry a checksum: `when_supported`, or `when_required` for servers that support none. Default: AWS_REQUEST_CHECKSUM_CALCULATION, the profile's, `when_supported`.
        checksum_algorithm: The checksum of uploads: `CRC64NVME`, `CRC32` or `CRC32C`. Default: the first of CRC64NVME, CRC32 and Content-MD5 that the server accepts.
        response_checksum_validation: When a download is compared with its checksum: `when_supported`, or `when_required`, which means never. Default: AWS_RESPONSE_CHECKSUM_VALIDATION, the profile's, `when_supported`.
        request_payer: Whether the requester pays for requests. Default: true if AWS_REQUEST_PAYER is `requester`, else false.
        list_version: The version of ListObjects to use: 2, or 1 for old servers. Default: 2.
        storage_class: The storage class of new objects.
        acl: A canned ACL for new objects; not together with `grant_*`.
        grant_read: Grantees that may read new objects.
        grant_read_acp: Grantees that may read the ACL of new objects.
        grant_write_acp: Grantees that may write the ACL of new objects.
        grant_full_control: Grantees that may do all three.
        sse: Server-side encryption of new objects: `AES256`, `aws:kms` or `aws:kms:dsse`. Default: the bucket's own.
        sse_kms_key_id: The KMS key for `aws:kms`: id, alias or ARN.
        sse_required: Whether a write fails if the server's response does not name the encryption that `sse` or `sse_kms_key_id` requires; some servers ignore them. The response must name a customer key in any case. Default: true.
        sse_customer_key: A customer key (SSE-C), 32 bytes raw or as base64 text, for every request that needs one.
        encryption_kms_key_id: Encrypts objects before they are sent, as the Amazon S3 Encryption Clients do, under this KMS key: its id, its alias (`alias/…`), or its ARN, which also names the region of KMS.
        encryption_kms_any_key: Whether to read objects whose keys were wrapped by any KMS key. Default: false, only by the store's own key.
        encryption_aes_key: Encrypts objects before they are sent, under this AES key: 32 bytes, raw or as base64 text.
        encryption_rsa_key: Encrypts objects before they are sent, under the RSA key in this file, PEM or DER. A public key is enough to write.
        encryption_context: The encryption context: a map of texts, or its JSON text. KMS binds each object's key to it, and requires it again to read the object. For other keys it describes the key. Default: none.
        encryption_policy: The commitment policy. `REQUIRE_ENCRYPT_REQUIRE_DECRYPT` writes and reads only objects with a key commitment. `REQUIRE_ENCRYPT_ALLOW_DECRYPT` also reads objects without one. `FORBID_ENCRYPT_ALLOW_DECRYPT` writes objects without one, for older readers. Default: `REQUIRE_ENCRYPT_REQUIRE_DECRYPT`.
        encryption_instruction_file: Whether to write an object's wrapped key to an instruction file beside it (its key and `.instruction`) instead of its metadata. Default: false.
        encryption_instruction_suffix: The suffix of the instruction files to read. Default: `.instruction`.
        encryption_metadata_only: Whether to read an object's wrapped key only from its metadata. A writer of `.instruction` files then can't replace keys of objects that it may not write. Default: false.
        encryption_legacy_wrapping: Whether to read keys that old clients wrapped in ways no longer considered safe. Default: false.
        encryption_legacy_content: Whether to read content that old clients encrypted without authentication (AES/CBC). Default: false.
        encryption_verify_buffer: Bytes of an encrypted object that are kept in memory until they are verified, before a stream returns the first. A larger object is kept, encrypted, in an unnamed temporary file. At most 64 MiB; also text such as `8MiB`. Default: 8 MiB.
        encryption_spool_limit: Bytes of temporary files in which encrypted objects are kept after they were fetched whole for their ranges, and the largest object whose ranges can be read that way. At least 1 MiB; also text such as `4GiB`. Default: 16 GiB.
        encryption_verified_only: Whether to refuse calls with the option `unverified`. Default: false.
        encryption_reuse_objects: Objects that one data key of KMS may encrypt, each under its own derived key, and reads that one response of KMS may serve. Only for objects with a key commitment. Default: 1.
        encryption_reuse_age: Seconds for which a data key may be reused. Default: 300.
        multipart_upload: Whether an upload may be sent in parts. If false, an object must fit into one request (5 GiB) and into memory. Default: true.
        retain_fetched: Whether `fetch_through` stores what it fetched from an upstream; its option `retain` overrides this. Default: true. The stores of `StorageClasses` have the value of `RetainFetchedPackages`.
        chunked_assets: Whether to read what `rstudio/platform-lib` stored in chunks (`KEY/info.json` and `KEY/00000001` onwards) as the object `KEY`. A missing object then costs one more request. Default: false, but true for the stores of `StorageClasses`.
        version_id: Stored for the host, unused here: the version of the object that a URL names.
        narinfo_compression: Stored for the host, unused here: how it compresses `.narinfo` files.
        ls_compression: Stored for the host, unused here: how it compresses `.ls` files.
        log_compression: Stored for the host, unused here: how it compresses build logs.
        app_name: The name of the host program, for the user agent.
    """
