"""oarlock: S3 storage, credential resolution and client-side encryption. Written by stubs.py; do not edit."""

import builtins
import datetime
import io
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping
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
    "AsyncPages",
    "AsyncStore",
    "Bar",
    "Bucket",
    "Bytes",
    "Cancelled",
    "CancelledError",
    "Changed",
    "ChangedError",
    "Config",
    "ConfigError",
    "Corrupt",
    "CorruptError",
    "Credentials",
    "CredentialsError",
    "Decrypt",
    "DecryptError",
    "DeleteReply",
    "Deleted",
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
    "Store",
    "Stored",
    "SyncReply",
    "SyncStep",
    "Throttled",
    "ThrottledError",
    "Timeout",
    "TimeoutError",
    "Unsupported",
    "UnsupportedError",
    "Upload",
    "UploadPage",
    "VerbStats",
    "Writer",
    "WrongRegion",
    "WrongRegionError",
    "open",
]
__version__: str

class _Read(Protocol):
    def read(self, size: int, /) -> Buffer: ...

class _Write(Protocol):
    def write(self, data: memoryview, /) -> object: ...

Source: TypeAlias = Buffer | os.PathLike[str] | _Read | Iterable[Buffer]
AsyncSource: TypeAlias = Source | AsyncIterable[Buffer]
Sink: TypeAlias = os.PathLike[str] | _Write | None
Progress: TypeAlias = Callable[[int, int | None], object]
Callback: TypeAlias = Callable[[Any], object]
_Entry = TypeVar("_Entry", covariant=True)
_Page = TypeVar("_Page", covariant=True)

@final
class Bytes(Buffer):
    """Bytes that oarlock holds: read-only, shared, not copied. Works wherever a bytes-like object does."""

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
    """An iterator over the entries of a listing; `pages` gives whole pages instead."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> _Entry: ...
    def pages(self) -> Iterator[_Page]: ...

class AsyncPages(Generic[_Entry, _Page]):
    """An asynchronous iterator over the entries of a listing; `pages` gives whole pages instead."""

    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> _Entry: ...
    def pages(self) -> AsyncIterator[_Page]: ...

class Bar:
    """Shows how far a call is, for `progress`: by tqdm where that is installed, else in a line on standard error."""

    def __init__(self, title: str = "", file: Any = None) -> None: ...
    def __call__(self, done: int, total: int | None) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None: ...

class Writer(io.BufferedIOBase):
    """Writes an object, which appears when this is closed in order."""

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
        """The whole object's size in bytes; absent where the server does not say (an answer without Content-Length)."""
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
        """Whether `size` may be off by up to 16 bytes: `head` cannot know the size of client-side encrypted content that is, or may be, padded (AES/CBC). A whole `get` tells the exact size."""
    def __init__(self, key: str, *, size: int | None = None, etag: str | None = None, last_modified: datetime.datetime | None = None, version_id: str | None = None, content_type: str | None = None, content_encoding: str | None = None, content_language: str | None = None, content_disposition: str | None = None, cache_control: str | None = None, expires: datetime.datetime | None = None, metadata: dict[str, str], storage_class: str | None = None, sse: str | None = None, sse_kms_key_id: str | None = None, sse_customer_algorithm: str | None = None, size_estimated: bool) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class GetReply(Buffer):
    """What `get` answers."""

    @property
    def meta(self) -> ObjectMeta:
        """The object's metadata."""
    @property
    def offset(self) -> int:
        """The first byte that was delivered."""
    @property
    def length(self) -> int:
        """How many bytes were delivered."""
    @property
    def body(self) -> Bytes | None:
        """The bytes, when they went to memory."""
    def __init__(self, meta: ObjectMeta, offset: int, length: int, body: Bytes | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __bytes__(self) -> bytes: ...
    def __len__(self) -> int: ...

@final
class Identity:
    """What `credentials` answers: the keys that requests are signed with now. Treat it as a secret."""

    @property
    def provider(self) -> str:
        """What gave them: `static`, `env`, `profile`, `process`, `sso`, `web_identity`, `assume_role`, `container` or `instance_profile`."""
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
        """When they expire; absent if they don't."""
    @property
    def account_id(self) -> str | None:
        """The account that they belong to, if their source tells."""
    @property
    def region(self) -> str:
        """The region that requests are signed for."""
    def __init__(self, provider: str, access_key_id: str, secret_access_key: str, *, session_token: str | None = None, expires: datetime.datetime | None = None, account_id: str | None = None, region: str) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class PutReply:
    """What `put` and `copy` answer."""

    @property
    def etag(self) -> str | None:
        """The entity tag of the new object, without quotes."""
    @property
    def version_id(self) -> str | None:
        """Its version, in a versioned bucket."""
    @property
    def size(self) -> int:
        """How many bytes were stored."""
    def __init__(self, *, etag: str | None = None, version_id: str | None = None, size: int) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class DeleteReply:
    """What `delete` answers."""

    @property
    def version_id(self) -> str | None:
        """The version that was deleted, or that of the new delete marker."""
    @property
    def delete_marker(self) -> bool:
        """Whether a delete marker was made or deleted."""
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
        """The version that was named."""
    @property
    def error(self) -> str | None:
        """Why it was not deleted: the error kind's name; absent if it was."""
    @property
    def message(self) -> str | None:
        """The sentence that goes with `error`."""
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
        """The bytes, when they went to memory."""
    @property
    def error(self) -> str | None:
        """Why it was not fetched: the error kind's name; absent if it was."""
    @property
    def message(self) -> str | None:
        """The sentence that goes with `error`."""
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
        """How many bytes were stored."""
    @property
    def error(self) -> str | None:
        """Why it was not stored: the error kind's name; absent if it was."""
    @property
    def message(self) -> str | None:
        """The sentence that goes with `error`."""
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
        """Why nothing is known: the error kind's name, `NotFound` for an object that is not there."""
    @property
    def message(self) -> str | None:
        """The sentence that goes with `error`."""
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
        """The size in bytes of what moves; 0 for a deletion."""
    @property
    def reason(self) -> str:
        """Why: `new`, `size`, `newer`, `etag`, or `gone` for a deletion."""
    def __init__(self, action: str, key: str, path: str, size: int, reason: str) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class SyncReply:
    """What `sync_up` and `sync_down` answer."""

    @property
    def transferred(self) -> int:
        """Objects or files that were moved; in a dry run, that would be."""
    @property
    def size(self) -> int:
        """Their bytes."""
    @property
    def unchanged(self) -> int:
        """Those that were alike already."""
    @property
    def deleted(self) -> int:
        """Those that were deleted; in a dry run, that would be."""
    @property
    def steps(self) -> list[SyncStep]:
        """In a dry run, what would be done, in the order of the keys; else empty."""
    def __init__(self, transferred: int, size: int, unchanged: int, deleted: int, steps: list[SyncStep]) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Rekeyed:
    """An object that `rekey_all` gave no new envelope."""

    @property
    def key(self) -> str:
        """The key."""
    @property
    def error(self) -> str:
        """Why: the error kind's name."""
    @property
    def message(self) -> str:
        """The sentence that goes with `error`."""
    def __init__(self, key: str, error: str, message: str) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class RekeyReply:
    """What `rekey_all` did."""

    @property
    def rekeyed(self) -> int:
        """Objects that got a new envelope."""
    @property
    def unchanged(self) -> int:
        """Those that had one under the store's key already."""
    @property
    def failed(self) -> list[Rekeyed]:
        """Those that got none, in the order of their keys."""
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
        """The version; only `list_versions` tells it."""
    @property
    def is_latest(self) -> bool | None:
        """Whether it is the newest version; only `list_versions` tells it."""
    @property
    def is_delete_marker(self) -> bool | None:
        """Whether it is a delete marker; only `list_versions` tells it."""
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
    """One right that an ACL grants."""

    @property
    def grantee(self) -> str:
        """To whom: `id=…`, `uri=…` or `emailAddress=…`."""
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
        """The rights granted."""
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
        """When it was made."""
    def __init__(self, name: str, created: datetime.datetime | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Upload:
    """An unfinished multipart upload."""

    @property
    def key(self) -> str:
        """The key it would make."""
    @property
    def upload_id(self) -> str:
        """Its id, for `abort_upload`."""
    @property
    def initiated(self) -> datetime.datetime | None:
        """When it was begun."""
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
    """What a package server's file says of a storage class."""

    @property
    def name(self) -> str:
        """Its name, in lower case."""
    @property
    def kind(self) -> str:
        """Where it is kept: `s3` or `file`."""
    @property
    def url(self) -> str:
        """The URL of its store, without settings."""
    @property
    def skip_validation(self) -> bool:
        """Whether the server starts without having tried to write, look at and delete an object there."""
    @property
    def cache_timeout(self) -> str | None:
        """How long the server may keep what it looked up, as written."""
    @property
    def retain_fetched_packages(self) -> bool | None:
        """For `bioconductor`, `cran` and `pypi`: whether packages that were fetched from the source are kept; unless written, those in S3 are not."""
    def __init__(self, name: str, kind: str, url: str, skip_validation: bool, cache_timeout: str | None = None, retain_fetched_packages: bool | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class Explained:
    """One row of what `explain` answers."""

    @property
    def what(self) -> str:
        """What it tells of: a setting by its name, or for example `provider`, `tried`, `check put`."""
    @property
    def value(self) -> str:
        """What holds, as text; never a secret. Of a broken part the sentence that says why."""
    @property
    def source(self) -> str | None:
        """Where that comes from, for example `setting`, `URL`, `environment variable AWS_REGION`, `default`; absent where there is nothing to say."""
    @property
    def error(self) -> str | None:
        """The kind of the error, if this part keeps the store from working."""
    def __init__(self, what: str, value: str, source: str | None = None, error: str | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

@final
class VerbStats:
    """What a store's calls of one verb have done so far, those under way included. A store counts for
    itself, in each process anew."""

    @property
    def verb(self) -> str:
        """The verb."""
    @property
    def calls(self) -> int:
        """Calls that ended."""
    @property
    def failures(self) -> int:
        """Those of them that failed or were cancelled."""
    @property
    def microseconds(self) -> int:
        """Microseconds that the ended calls took, in all."""
    @property
    def requests(self) -> int:
        """Requests sent, retries included."""
    @property
    def retries(self) -> int:
        """Requests sent once more, because the one before failed."""
    @property
    def throttled(self) -> int:
        """Answers that asked for fewer requests."""
    @property
    def bytes(self) -> int:
        """Bytes of objects that moved, in or out."""
    @property
    def first_byte(self) -> int | None:
        """Microseconds from a request to the beginning of its answer, on average; absent without an answer."""
    @property
    def slowest_first_byte(self) -> int | None:
        """The same of the answer that took longest to begin."""
    def __init__(self, verb: str, calls: int, failures: int, microseconds: int, requests: int, retries: int, throttled: int, bytes: int, first_byte: int | None = None, slowest_first_byte: int | None = None) -> None: ...
    def _asdict(self) -> dict[str, Any]: ...
    def __hash__(self) -> int: ...

class Store:
    """One place that holds objects: a bucket with a prefix, or a directory."""

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
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None: ...
    @overload
    def open(self, key: str, mode: Literal["rb"] = "rb", **options: Any) -> io.BufferedReader: ...
    @overload
    def open(self, key: str, mode: Literal["wb", "xb"], **options: Any) -> Writer: ...

    def get(self, key: str, into: Sink = None, *, range: str | tuple[int, int | None] | None = None, version_id: str | None = None, if_match: str | None = None, if_none_match: str | None = None, if_modified_since: datetime.datetime | None = None, if_unmodified_since: datetime.datetime | None = None, sse_customer_key: Buffer | str | None = None, encryption_context: Mapping[str, str] | None = None, unverified: bool | None = None, journal: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> GetReply:
        """Fetches an object: whole or a range, to memory, to a file, or as a stream.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

        Parameters:
            key (str): The object's key.
            into (sink, optional): Where the bytes go; default: memory.
            range (range, optional): Bytes to fetch: `"first-last"`, `"first-"`, `"-suffix"`, or `[first, length]`; default: all.
            version_id (str, optional): The version to fetch; default: the newest.
            if_match (str, optional): Only if the object's ETag is this one, else `Precondition`.
            if_none_match (str, optional): Only if the object's ETag is not this one, else `NotModified`.
            if_modified_since (time, optional): Only if changed after this time, else `NotModified`.
            if_unmodified_since (time, optional): Only if not changed after this time, else `Precondition`.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with; default: the store's setting.
            encryption_context (map, optional): The encryption context that the object was stored with; default: the store's setting.
            unverified (bool, optional): Whether an encrypted object's bytes are handed out before they are verified: a stream's as they come, with an error at its end if they were not sound, and a range's at all; default false.
            journal (str, optional): For a get into a file: a file, or a directory, in which the call keeps a journal from which the same call goes on after a crash or a failure that may pass; what was fetched stays then beside the target. Default: none, and what fails leaves nothing.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: GetReply
        """

    def get_ranges(self, key: str, ranges: Iterable[str | tuple[int, int | None]], *, gap: int | None = None, version_id: str | None = None, if_match: str | None = None, sse_customer_key: Buffer | str | None = None, encryption_context: Mapping[str, str] | None = None, unverified: bool | None = None, timeout: float | None = None) -> builtins.list[Bytes]:
        """Fetches many ranges of one object, those that lie close together by one request, and answers their
        bytes in the order asked for.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

        Parameters:
            key (str): The object's key.
            ranges (list of ranges): The ranges, each as `get` takes one.
            gap (int, optional): Bytes that may lie between two ranges for one request to fetch both; default 65536: about what a line carries in the time that a request costs.
            version_id (str, optional): The version to fetch; default: the newest.
            if_match (str, optional): Only if the object's ETag is this one, else `Precondition`.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with; default: the store's setting.
            encryption_context (map, optional): The encryption context that the object was stored with; default: the store's setting.
            unverified (bool, optional): Whether ranges of an encrypted object, which can't be verified, are handed out; default false.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Bytes]
        """

    def put(self, key: str, source: Source, *, content_type: str | None = None, content_encoding: str | None = None, content_language: str | None = None, content_disposition: str | None = None, cache_control: str | None = None, expires: datetime.datetime | None = None, metadata: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None, storage_class: str | None = None, acl: str | None = None, grant_read: str | None = None, grant_read_acp: str | None = None, grant_write_acp: str | None = None, grant_full_control: str | None = None, sse: str | None = None, sse_kms_key_id: str | None = None, sse_customer_key: Buffer | str | None = None, encryption_context: Mapping[str, str] | None = None, if_match: str | None = None, if_none_match: str | None = None, part_size: int | None = None, journal: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> PutReply:
        """Stores an object from bytes, a file, a reader or an iterator; it appears whole or not at all. Large
        and endless sources go as multipart uploads.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

        Parameters:
            key (str): The object's key.
            source (source): The bytes to store.
            content_type (str, optional): The media type; default: none is sent and the server chooses.
            content_encoding (str, optional): How the body is compressed, for example `gzip`; oarlock sends the bytes as they are.
            content_language (str, optional): The language of the content.
            content_disposition (str, optional): How a browser should present it, for example `attachment`.
            cache_control (str, optional): How caches may keep it.
            expires (time, optional): When caches should drop it.
            metadata (map, optional): User metadata: ASCII names and values, at most 2 KB together.
            tags (map, optional): Tags: at most 10.
            storage_class (str, optional): The storage class, for example `STANDARD_IA`; default: the store's setting.
            acl (str, optional): A canned ACL, for example `public-read`; not together with `grant_*`; default: the store's setting.
            grant_read (str, optional): Who may read the object, for example `id="…", uri="…"`; default: the store's setting.
            grant_read_acp (str, optional): Who may read its ACL; default: the store's setting.
            grant_write_acp (str, optional): Who may write its ACL; default: the store's setting.
            grant_full_control (str, optional): Who may do all three; default: the store's setting.
            sse (str, optional): Server-side encryption: `AES256`, `aws:kms` or `aws:kms:dsse`; default: the store's setting.
            sse_kms_key_id (str, optional): The KMS key for `aws:kms`: id, alias or ARN; default: the store's setting.
            sse_customer_key (bytes, optional): A customer key (SSE-C), 32 bytes; not together with `sse`; default: the store's setting.
            encryption_context (map, optional): The encryption context of the object's key, for a store that encrypts under KMS; default: the store's setting.
            if_match (str, optional): Only if the object there now has this ETag, else `Precondition`.
            if_none_match (str, optional): `"*"`: only if no object is there, else `Precondition`.
            part_size (int, optional): Bytes in a part of a multipart upload; default: the store's `multipart_chunksize`.
            journal (str, optional): A file, or a directory, in which the call keeps a journal from which the same call goes on after a crash or a failure that may pass; the parts that are there then stay until it does, or until `abort_uploads`. Default: none, and what fails leaves nothing.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: PutReply
        """

    def head(self, key: str, *, version_id: str | None = None, if_match: str | None = None, if_none_match: str | None = None, if_modified_since: datetime.datetime | None = None, if_unmodified_since: datetime.datetime | None = None, sse_customer_key: Buffer | str | None = None, timeout: float | None = None) -> ObjectMeta:
        """Tells an object's metadata.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version to look at; default: the newest.
            if_match (str, optional): Only if the object's ETag is this one, else `Precondition`.
            if_none_match (str, optional): Only if the object's ETag is not this one, else `NotModified`.
            if_modified_since (time, optional): Only if changed after this time, else `NotModified`.
            if_unmodified_since (time, optional): Only if not changed after this time, else `Precondition`.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with; default: the store's setting.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: ObjectMeta
        """

    def exists(self, key: str, *, version_id: str | None = None, sse_customer_key: Buffer | str | None = None, timeout: float | None = None) -> bool:
        """Tells whether an object exists; a refusal (403) is an error, not a no.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version to look for; default: the newest.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with; default: the store's setting.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: bool
        """

    def delete(self, key: str, *, version_id: str | None = None, if_match: str | None = None, timeout: float | None = None) -> DeleteReply:
        """Deletes an object; one that is not there counts as deleted.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version to delete for good; default: the newest, which a versioned bucket keeps behind a delete marker.
            if_match (str, optional): Only if the object has this ETag, else `Precondition`.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: DeleteReply
        """

    def delete_many(self, keys: Iterable[str | Mapping[str, str] | Entry], *, each: Callback | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Deleted]:
        """Deletes any number of objects, 1000 a request, and tells each one's fate, in the order given or as it
        comes.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>

        Parameters:
            keys (list of keys): The keys, as text or as `{key, version_id}`.
            each (callback, optional): A function that is given the results in lists, as they come, on the thread that waits; the reply is then empty. If it fails, so does the call.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Deleted]
        """

    def get_many(self, items: Iterable[str | Mapping[str, Any]], *, max_concurrency: int | None = None, each: Callback | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Fetched]:
        """Fetches many objects at a time, each to a file or to memory, and tells each one's fate, in the order
        given or as it comes. A file appears whole or not at all.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

        Parameters:
            items (list of objects): The objects: keys, or `{key, path, version_id}` with the file to write; without `path` the bytes are answered, and are in memory all together unless `each` is given.
            max_concurrency (int, optional): Objects that move at a time, 1 to 1000; default 64.
            each (callback, optional): A function that is given the results in lists, as they come, on the thread that waits; the reply is then empty. If it fails, so does the call.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Fetched]
        """

    def put_many(self, items: Iterable[str | Mapping[str, Any]], *, max_concurrency: int | None = None, each: Callback | None = None, metadata: Mapping[str, str] | None = None, storage_class: str | None = None, if_none_match: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Stored]:
        """Stores many objects at a time and tells each one's fate, in the order given or as it comes.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

        Parameters:
            items (list of objects): The objects: `{key, path}` for a file, `{key, body}` for bytes, each with a `content_type` if need be.
            max_concurrency (int, optional): Objects that move at a time, 1 to 1000; default 64.
            each (callback, optional): A function that is given the results in lists, as they come, on the thread that waits; the reply is then empty. If it fails, so does the call.
            metadata (map, optional): User metadata: ASCII names and values, at most 2 KB together.
            storage_class (str, optional): The storage class, for example `STANDARD_IA`; default: the store's setting.
            if_none_match (str, optional): `"*"`: only where no object is yet, else that one's fate is `Precondition`.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Stored]
        """

    def head_many(self, items: Iterable[str | Mapping[str, Any]], *, max_concurrency: int | None = None, each: Callback | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Headed]:
        """Tells the metadata of many objects, in the order given or as it comes; one that is not there has the
        error `NotFound`.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            items (list of objects): The objects: keys, or `{key, version_id}`.
            max_concurrency (int, optional): Objects that are asked for at a time, 1 to 1000; default 64.
            each (callback, optional): A function that is given the results in lists, as they come, on the thread that waits; the reply is then empty. If it fails, so does the call.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Headed]
        """

    def sync_up(self, directory: str | os.PathLike[str], prefix: str = "", *, compare: str | None = None, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, delete: bool | None = None, dry_run: bool | None = None, max_concurrency: int | None = None, progress: Progress | None = None, timeout: float | None = None) -> SyncReply:
        """Brings the objects under a prefix to the state of a directory: moves what is new or changed and, if
        asked, deletes what is gone. Begun again after a break it goes on where it was.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            directory (directory): The directory to read. Links to files are followed, links to directories are not.
            prefix (str, optional): How the keys begin, a slash added; default: none.
            compare (str, optional): What counts as alike: `size_mtime` (same size, and the target not older than its origin), `size`, `etag` (the ETag that the file's bytes come to), or `checksum` (one request for each object of its file's size); default `size_mtime`.
            include (list of str, optional): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
            exclude (list of str, optional): Not those that match one of these; they are neither moved nor deleted.
            delete (bool, optional): Whether to delete at the target what the origin does not have, once everything else has gone well; default false.
            dry_run (bool, optional): Whether only to tell, in `steps`, what would be done; default false.
            max_concurrency (int, optional): Objects that move at a time, 1 to 1000; default 64.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: SyncReply
        """

    def sync_down(self, directory: str | os.PathLike[str], prefix: str = "", *, compare: str | None = None, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, delete: bool | None = None, dry_run: bool | None = None, max_concurrency: int | None = None, progress: Progress | None = None, timeout: float | None = None) -> SyncReply:
        """Brings a directory to the state of the objects under a prefix, as `sync_up` the other way; files get
        the objects' times.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            directory (directory): The directory to write; made if it is not there.
            prefix (str, optional): How the keys begin, a slash added; default: none.
            compare (str, optional): What counts as alike: `size_mtime` (same size, and the target not older than its origin), `size`, `etag` (the ETag that the file's bytes come to), or `checksum` (one request for each object of its file's size); default `size_mtime`.
            include (list of str, optional): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
            exclude (list of str, optional): Not those that match one of these; they are neither moved nor deleted.
            delete (bool, optional): Whether to delete at the target what the origin does not have, once everything else has gone well; default false.
            dry_run (bool, optional): Whether only to tell, in `steps`, what would be done; default false.
            max_concurrency (int, optional): Objects that move at a time, 1 to 1000; default 64.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: SyncReply
        """

    def copy(self, source_key: str, key: str, *, source_bucket: str | None = None, source_version_id: str | None = None, source_if_match: str | None = None, source_if_none_match: str | None = None, source_sse_customer_key: Buffer | str | None = None, content_type: str | None = None, content_encoding: str | None = None, content_language: str | None = None, content_disposition: str | None = None, cache_control: str | None = None, expires: datetime.datetime | None = None, metadata: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None, storage_class: str | None = None, acl: str | None = None, grant_read: str | None = None, grant_read_acp: str | None = None, grant_write_acp: str | None = None, grant_full_control: str | None = None, sse: str | None = None, sse_kms_key_id: str | None = None, sse_customer_key: Buffer | str | None = None, if_match: str | None = None, if_none_match: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> PutReply:
        """Copies an object on the server, in parts above 5 GiB.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            source_key (str): The key to copy from.
            key (str): The key to copy to.
            source_bucket (str, optional): The bucket to copy from; default: the store's own. The source key is then taken without the store's prefix.
            source_version_id (str, optional): The version to copy; default: the newest.
            source_if_match (str, optional): Only if the source has this ETag, else `Precondition`.
            source_if_none_match (str, optional): Only if the source does not have this ETag, else `Precondition`.
            source_sse_customer_key (bytes, optional): The SSE-C key of the source; default: the store's `sse_customer_key`.
            content_type (str, optional): The media type; giving it or any other header or `metadata` replaces all of the source's.
            content_encoding (str, optional): How the body is compressed.
            content_language (str, optional): The language of the content.
            content_disposition (str, optional): How a browser should present it.
            cache_control (str, optional): How caches may keep it.
            expires (time, optional): When caches should drop it.
            metadata (map, optional): User metadata in place of the source's.
            tags (map, optional): Tags in place of the source's.
            storage_class (str, optional): The storage class; default: the store's setting.
            acl (str, optional): A canned ACL; default: the store's setting.
            grant_read (str, optional): Who may read the object; default: the store's setting.
            grant_read_acp (str, optional): Who may read its ACL; default: the store's setting.
            grant_write_acp (str, optional): Who may write its ACL; default: the store's setting.
            grant_full_control (str, optional): Who may do all three; default: the store's setting.
            sse (str, optional): Server-side encryption of the copy: `AES256`, `aws:kms` or `aws:kms:dsse`; default: the store's setting.
            sse_kms_key_id (str, optional): The KMS key of the copy; default: the store's setting.
            sse_customer_key (bytes, optional): The customer key of the copy, 32 bytes; default: the store's setting.
            if_match (str, optional): Only if the object there now has this ETag, else `Precondition`.
            if_none_match (str, optional): `"*"`: only if no object is there, else `Precondition`.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: PutReply
        """

    def rekey(self, key: str, *, old: Mapping[str, str] | None = None, enforce_rotation: bool | None = None, timeout: float | None = None) -> bool:
        """Gives an encrypted object a new envelope, under the store's key in place of the one in `old`; its
        content stays where it is. Tells whether it was needed.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            key (str): The object's key.
            old (map, optional): What the object's key is wrapped by now: the settings `encryption_*` that read it, by name, an AES key as base64 text. Default: the store's own.
            enforce_rotation (bool, optional): Whether to prove, before anything is written, that what is in `old` can't open the new envelope; default false.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: bool
        """

    def rekey_all(self, prefix: str = "", *, old: Mapping[str, str] | None = None, enforce_rotation: bool | None = None, start_after: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> RekeyReply:
        """Gives all encrypted objects under a prefix new envelopes, as `rekey`; those that have one under the
        store's key are left alone, so that it can be begun again after a break.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            prefix (str, optional): How the keys begin; default: any.
            old (map, optional): What the objects' keys are wrapped by now: the settings `encryption_*` that read them, by name, an AES key as base64 text. Default: the store's own.
            enforce_rotation (bool, optional): Whether to prove of each object, before anything is written, that what is in `old` can't open the new envelope; default false.
            start_after (str, optional): Only keys after this one, in UTF-8 byte order.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: RekeyReply
        """

    def list(self, prefix: str = "", *, delimiter: str | None = None, start_after: str | None = None, page_size: int | None = None, continuation: str | None = None, timeout: float | None = None) -> Pages[Entry, Page]:
        """Lists objects whose keys begin with a prefix, in UTF-8 byte order, page by page.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            prefix (str, optional): How the keys begin; default: any.
            delimiter (str, optional): Keys that share a beginning up to this text are told once, as a prefix; usually `"/"`; default: none.
            start_after (str, optional): Only keys after this one, in UTF-8 byte order.
            page_size (int, optional): Entries in one page, 1 to 1000; default: the server's, 1000.
            continuation (str, optional): Where to go on: the `next` of the page before.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: an iterator over the entries; .pages() gives each Page
        """

    def list_versions(self, prefix: str = "", *, delimiter: str | None = None, page_size: int | None = None, continuation: str | None = None, timeout: float | None = None) -> Pages[Entry, Page]:
        """Lists versions and delete markers, by key and then newest first, page by page.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>

        Parameters:
            prefix (str, optional): How the keys begin; default: any.
            delimiter (str, optional): Keys that share a beginning up to this text are told once, as a prefix; default: none.
            page_size (int, optional): Entries in one page, 1 to 1000; default: the server's, 1000.
            continuation (str, optional): Where to go on: the `next` of the page before.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: an iterator over the entries; .pages() gives each Page
        """

    def presign(self, key: str, *, method: str | None = None, expires_in: float | datetime.timedelta | None = None, version_id: str | None = None, content_type: str | None = None, timeout: float | None = None) -> str:
        """Makes a URL that lets anyone do one thing with one object for a while. Treat it as a secret.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

        Parameters:
            key (str): The object's key.
            method (str, optional): What the URL is for: `get`, `put`, `head` or `delete`; default `get`.
            expires_in (seconds, optional): How long it works, in seconds, 1 to 604800; default 3600. It ends earlier if the credentials do.
            version_id (str, optional): The version it is for; default: the newest.
            content_type (str, optional): For `put`: the media type that the request must carry.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: str
        """

    def get_acl(self, key: str, *, version_id: str | None = None, timeout: float | None = None) -> Acl:
        """Tells an object's access control list.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version; default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: Acl
        """

    def set_acl(self, key: str, *, version_id: str | None = None, acl: str | None = None, grant_read: str | None = None, grant_read_acp: str | None = None, grant_write_acp: str | None = None, grant_full_control: str | None = None, timeout: float | None = None) -> None:
        """Replaces an object's access control list.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version; default: the newest.
            acl (str, optional): A canned ACL, for example `private` or `public-read`.
            grant_read (str, optional): Who may read the object.
            grant_read_acp (str, optional): Who may read its ACL.
            grant_write_acp (str, optional): Who may write its ACL.
            grant_full_control (str, optional): Who may do all three.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None
        """

    def get_tags(self, key: str, *, version_id: str | None = None, timeout: float | None = None) -> dict[str, str]:
        """Tells an object's tags.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version; default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: dict[str, str]
        """

    def set_tags(self, key: str, tags: Mapping[str, str], *, version_id: str | None = None, timeout: float | None = None) -> None:
        """Replaces an object's tags.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html>

        Parameters:
            key (str): The object's key.
            tags (map): The tags, at most 10.
            version_id (str, optional): The version; default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None
        """

    def delete_tags(self, key: str, *, version_id: str | None = None, timeout: float | None = None) -> None:
        """Removes an object's tags.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version; default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None
        """

    def bucket_region(self, *, timeout: float | None = None) -> str:
        """Tells the region that the store's bucket lives in.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: str
        """

    def credentials(self, *, timeout: float | None = None) -> Identity:
        """Tells the credentials that the store's requests are signed with: for a host that hands them to another
        program. Treat them as a secret.
        Source: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: Identity
        """

    def explain(self, *, check: bool | None = None, timeout: float | None = None) -> builtins.list[Explained]:
        """Tells why the store acts as it does: who it acts as, where its requests go and how, each with where
        that comes from, and who was asked in vain. What is broken is a row of its own. Asks for credentials,
        but sends nothing to the bucket unless `check` is true.
        Source: <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>

        Parameters:
            check (bool, optional): Whether to try as well what a store is for: put, head, get and list an object of a random name, and delete it; default false.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Explained]
        """

    def stats(self, *, timeout: float | None = None) -> builtins.list[VerbStats]:
        """Tells what this store's calls have done so far, verb by verb: requests, retries, bytes, times. Asks
        nobody.
        Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[VerbStats]
        """

    def list_buckets(self, *, timeout: float | None = None) -> builtins.list[Bucket]:
        """Lists the buckets of the account.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Bucket]
        """

    def create_bucket(self, *, timeout: float | None = None) -> None:
        """Makes the store's bucket, in the store's region.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None
        """

    def delete_bucket(self, *, timeout: float | None = None) -> None:
        """Deletes the store's bucket, which must be empty.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None
        """

    def list_uploads(self, prefix: str = "", *, older_than: float | datetime.timedelta | None = None, page_size: int | None = None, continuation: str | None = None, timeout: float | None = None) -> Pages[Upload, UploadPage]:
        """Lists unfinished multipart uploads, page by page.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>

        Parameters:
            prefix (str, optional): How the keys begin; default: any.
            older_than (seconds, optional): Only uploads that were begun so many seconds ago or more; a page may then be empty and have a next one.
            page_size (int, optional): Entries in one page, 1 to 1000; default: the server's, 1000.
            continuation (str, optional): Where to go on: the `next` of the page before.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: an iterator over the entries; .pages() gives each UploadPage
        """

    def abort_upload(self, key: str, upload_id: str, *, timeout: float | None = None) -> None:
        """Aborts an unfinished multipart upload and frees its parts.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>

        Parameters:
            key (str): The key it would make.
            upload_id (str): The upload's id, as `list_uploads` tells it.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None
        """

    def abort_uploads(self, prefix: str = "", *, older_than: float | datetime.timedelta | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Upload]:
        """Aborts the unfinished multipart uploads that were begun long ago, frees their parts, and tells which
        they were.
        Source:
        <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html>

        Parameters:
            prefix (str, optional): How the keys begin; default: any.
            older_than (seconds, optional): Seconds that an upload must have been under way; default 86400, a day. 0 aborts those too that are being sent now.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Upload]
        """

class AsyncStore:
    """The verbs of a store, to be awaited."""

    async def get(self, key: str, into: Sink = None, *, range: str | tuple[int, int | None] | None = None, version_id: str | None = None, if_match: str | None = None, if_none_match: str | None = None, if_modified_since: datetime.datetime | None = None, if_unmodified_since: datetime.datetime | None = None, sse_customer_key: Buffer | str | None = None, encryption_context: Mapping[str, str] | None = None, unverified: bool | None = None, journal: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> GetReply:
        """Fetches an object: whole or a range, to memory, to a file, or as a stream.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

        Parameters:
            key (str): The object's key.
            into (sink, optional): Where the bytes go; default: memory.
            range (range, optional): Bytes to fetch: `"first-last"`, `"first-"`, `"-suffix"`, or `[first, length]`; default: all.
            version_id (str, optional): The version to fetch; default: the newest.
            if_match (str, optional): Only if the object's ETag is this one, else `Precondition`.
            if_none_match (str, optional): Only if the object's ETag is not this one, else `NotModified`.
            if_modified_since (time, optional): Only if changed after this time, else `NotModified`.
            if_unmodified_since (time, optional): Only if not changed after this time, else `Precondition`.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with; default: the store's setting.
            encryption_context (map, optional): The encryption context that the object was stored with; default: the store's setting.
            unverified (bool, optional): Whether an encrypted object's bytes are handed out before they are verified: a stream's as they come, with an error at its end if they were not sound, and a range's at all; default false.
            journal (str, optional): For a get into a file: a file, or a directory, in which the call keeps a journal from which the same call goes on after a crash or a failure that may pass; what was fetched stays then beside the target. Default: none, and what fails leaves nothing.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: GetReply
        """

    async def get_ranges(self, key: str, ranges: Iterable[str | tuple[int, int | None]], *, gap: int | None = None, version_id: str | None = None, if_match: str | None = None, sse_customer_key: Buffer | str | None = None, encryption_context: Mapping[str, str] | None = None, unverified: bool | None = None, timeout: float | None = None) -> builtins.list[Bytes]:
        """Fetches many ranges of one object, those that lie close together by one request, and answers their
        bytes in the order asked for.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

        Parameters:
            key (str): The object's key.
            ranges (list of ranges): The ranges, each as `get` takes one.
            gap (int, optional): Bytes that may lie between two ranges for one request to fetch both; default 65536: about what a line carries in the time that a request costs.
            version_id (str, optional): The version to fetch; default: the newest.
            if_match (str, optional): Only if the object's ETag is this one, else `Precondition`.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with; default: the store's setting.
            encryption_context (map, optional): The encryption context that the object was stored with; default: the store's setting.
            unverified (bool, optional): Whether ranges of an encrypted object, which can't be verified, are handed out; default false.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Bytes]
        """

    async def put(self, key: str, source: AsyncSource, *, content_type: str | None = None, content_encoding: str | None = None, content_language: str | None = None, content_disposition: str | None = None, cache_control: str | None = None, expires: datetime.datetime | None = None, metadata: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None, storage_class: str | None = None, acl: str | None = None, grant_read: str | None = None, grant_read_acp: str | None = None, grant_write_acp: str | None = None, grant_full_control: str | None = None, sse: str | None = None, sse_kms_key_id: str | None = None, sse_customer_key: Buffer | str | None = None, encryption_context: Mapping[str, str] | None = None, if_match: str | None = None, if_none_match: str | None = None, part_size: int | None = None, journal: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> PutReply:
        """Stores an object from bytes, a file, a reader or an iterator; it appears whole or not at all. Large
        and endless sources go as multipart uploads.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

        Parameters:
            key (str): The object's key.
            source (source): The bytes to store.
            content_type (str, optional): The media type; default: none is sent and the server chooses.
            content_encoding (str, optional): How the body is compressed, for example `gzip`; oarlock sends the bytes as they are.
            content_language (str, optional): The language of the content.
            content_disposition (str, optional): How a browser should present it, for example `attachment`.
            cache_control (str, optional): How caches may keep it.
            expires (time, optional): When caches should drop it.
            metadata (map, optional): User metadata: ASCII names and values, at most 2 KB together.
            tags (map, optional): Tags: at most 10.
            storage_class (str, optional): The storage class, for example `STANDARD_IA`; default: the store's setting.
            acl (str, optional): A canned ACL, for example `public-read`; not together with `grant_*`; default: the store's setting.
            grant_read (str, optional): Who may read the object, for example `id="…", uri="…"`; default: the store's setting.
            grant_read_acp (str, optional): Who may read its ACL; default: the store's setting.
            grant_write_acp (str, optional): Who may write its ACL; default: the store's setting.
            grant_full_control (str, optional): Who may do all three; default: the store's setting.
            sse (str, optional): Server-side encryption: `AES256`, `aws:kms` or `aws:kms:dsse`; default: the store's setting.
            sse_kms_key_id (str, optional): The KMS key for `aws:kms`: id, alias or ARN; default: the store's setting.
            sse_customer_key (bytes, optional): A customer key (SSE-C), 32 bytes; not together with `sse`; default: the store's setting.
            encryption_context (map, optional): The encryption context of the object's key, for a store that encrypts under KMS; default: the store's setting.
            if_match (str, optional): Only if the object there now has this ETag, else `Precondition`.
            if_none_match (str, optional): `"*"`: only if no object is there, else `Precondition`.
            part_size (int, optional): Bytes in a part of a multipart upload; default: the store's `multipart_chunksize`.
            journal (str, optional): A file, or a directory, in which the call keeps a journal from which the same call goes on after a crash or a failure that may pass; the parts that are there then stay until it does, or until `abort_uploads`. Default: none, and what fails leaves nothing.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: PutReply
        """

    async def head(self, key: str, *, version_id: str | None = None, if_match: str | None = None, if_none_match: str | None = None, if_modified_since: datetime.datetime | None = None, if_unmodified_since: datetime.datetime | None = None, sse_customer_key: Buffer | str | None = None, timeout: float | None = None) -> ObjectMeta:
        """Tells an object's metadata.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version to look at; default: the newest.
            if_match (str, optional): Only if the object's ETag is this one, else `Precondition`.
            if_none_match (str, optional): Only if the object's ETag is not this one, else `NotModified`.
            if_modified_since (time, optional): Only if changed after this time, else `NotModified`.
            if_unmodified_since (time, optional): Only if not changed after this time, else `Precondition`.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with; default: the store's setting.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: ObjectMeta
        """

    async def exists(self, key: str, *, version_id: str | None = None, sse_customer_key: Buffer | str | None = None, timeout: float | None = None) -> bool:
        """Tells whether an object exists; a refusal (403) is an error, not a no.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version to look for; default: the newest.
            sse_customer_key (bytes, optional): The SSE-C key that the object was stored with; default: the store's setting.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: bool
        """

    async def delete(self, key: str, *, version_id: str | None = None, if_match: str | None = None, timeout: float | None = None) -> DeleteReply:
        """Deletes an object; one that is not there counts as deleted.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version to delete for good; default: the newest, which a versioned bucket keeps behind a delete marker.
            if_match (str, optional): Only if the object has this ETag, else `Precondition`.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: DeleteReply
        """

    async def delete_many(self, keys: Iterable[str | Mapping[str, str] | Entry], *, each: Callback | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Deleted]:
        """Deletes any number of objects, 1000 a request, and tells each one's fate, in the order given or as it
        comes.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>

        Parameters:
            keys (list of keys): The keys, as text or as `{key, version_id}`.
            each (callback, optional): A function that is given the results in lists, as they come, on the thread that waits; the reply is then empty. If it fails, so does the call.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Deleted]
        """

    async def get_many(self, items: Iterable[str | Mapping[str, Any]], *, max_concurrency: int | None = None, each: Callback | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Fetched]:
        """Fetches many objects at a time, each to a file or to memory, and tells each one's fate, in the order
        given or as it comes. A file appears whole or not at all.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

        Parameters:
            items (list of objects): The objects: keys, or `{key, path, version_id}` with the file to write; without `path` the bytes are answered, and are in memory all together unless `each` is given.
            max_concurrency (int, optional): Objects that move at a time, 1 to 1000; default 64.
            each (callback, optional): A function that is given the results in lists, as they come, on the thread that waits; the reply is then empty. If it fails, so does the call.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Fetched]
        """

    async def put_many(self, items: Iterable[str | Mapping[str, Any]], *, max_concurrency: int | None = None, each: Callback | None = None, metadata: Mapping[str, str] | None = None, storage_class: str | None = None, if_none_match: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Stored]:
        """Stores many objects at a time and tells each one's fate, in the order given or as it comes.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

        Parameters:
            items (list of objects): The objects: `{key, path}` for a file, `{key, body}` for bytes, each with a `content_type` if need be.
            max_concurrency (int, optional): Objects that move at a time, 1 to 1000; default 64.
            each (callback, optional): A function that is given the results in lists, as they come, on the thread that waits; the reply is then empty. If it fails, so does the call.
            metadata (map, optional): User metadata: ASCII names and values, at most 2 KB together.
            storage_class (str, optional): The storage class, for example `STANDARD_IA`; default: the store's setting.
            if_none_match (str, optional): `"*"`: only where no object is yet, else that one's fate is `Precondition`.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Stored]
        """

    async def head_many(self, items: Iterable[str | Mapping[str, Any]], *, max_concurrency: int | None = None, each: Callback | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Headed]:
        """Tells the metadata of many objects, in the order given or as it comes; one that is not there has the
        error `NotFound`.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

        Parameters:
            items (list of objects): The objects: keys, or `{key, version_id}`.
            max_concurrency (int, optional): Objects that are asked for at a time, 1 to 1000; default 64.
            each (callback, optional): A function that is given the results in lists, as they come, on the thread that waits; the reply is then empty. If it fails, so does the call.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Headed]
        """

    async def sync_up(self, directory: str | os.PathLike[str], prefix: str = "", *, compare: str | None = None, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, delete: bool | None = None, dry_run: bool | None = None, max_concurrency: int | None = None, progress: Progress | None = None, timeout: float | None = None) -> SyncReply:
        """Brings the objects under a prefix to the state of a directory: moves what is new or changed and, if
        asked, deletes what is gone. Begun again after a break it goes on where it was.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            directory (directory): The directory to read. Links to files are followed, links to directories are not.
            prefix (str, optional): How the keys begin, a slash added; default: none.
            compare (str, optional): What counts as alike: `size_mtime` (same size, and the target not older than its origin), `size`, `etag` (the ETag that the file's bytes come to), or `checksum` (one request for each object of its file's size); default `size_mtime`.
            include (list of str, optional): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
            exclude (list of str, optional): Not those that match one of these; they are neither moved nor deleted.
            delete (bool, optional): Whether to delete at the target what the origin does not have, once everything else has gone well; default false.
            dry_run (bool, optional): Whether only to tell, in `steps`, what would be done; default false.
            max_concurrency (int, optional): Objects that move at a time, 1 to 1000; default 64.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: SyncReply
        """

    async def sync_down(self, directory: str | os.PathLike[str], prefix: str = "", *, compare: str | None = None, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None, delete: bool | None = None, dry_run: bool | None = None, max_concurrency: int | None = None, progress: Progress | None = None, timeout: float | None = None) -> SyncReply:
        """Brings a directory to the state of the objects under a prefix, as `sync_up` the other way; files get
        the objects' times.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            directory (directory): The directory to write; made if it is not there.
            prefix (str, optional): How the keys begin, a slash added; default: none.
            compare (str, optional): What counts as alike: `size_mtime` (same size, and the target not older than its origin), `size`, `etag` (the ETag that the file's bytes come to), or `checksum` (one request for each object of its file's size); default `size_mtime`.
            include (list of str, optional): Only files whose path below the directory matches one of these patterns; one without a slash is matched against the name alone; `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories. Default: all.
            exclude (list of str, optional): Not those that match one of these; they are neither moved nor deleted.
            delete (bool, optional): Whether to delete at the target what the origin does not have, once everything else has gone well; default false.
            dry_run (bool, optional): Whether only to tell, in `steps`, what would be done; default false.
            max_concurrency (int, optional): Objects that move at a time, 1 to 1000; default 64.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: SyncReply
        """

    async def copy(self, source_key: str, key: str, *, source_bucket: str | None = None, source_version_id: str | None = None, source_if_match: str | None = None, source_if_none_match: str | None = None, source_sse_customer_key: Buffer | str | None = None, content_type: str | None = None, content_encoding: str | None = None, content_language: str | None = None, content_disposition: str | None = None, cache_control: str | None = None, expires: datetime.datetime | None = None, metadata: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None, storage_class: str | None = None, acl: str | None = None, grant_read: str | None = None, grant_read_acp: str | None = None, grant_write_acp: str | None = None, grant_full_control: str | None = None, sse: str | None = None, sse_kms_key_id: str | None = None, sse_customer_key: Buffer | str | None = None, if_match: str | None = None, if_none_match: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> PutReply:
        """Copies an object on the server, in parts above 5 GiB.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            source_key (str): The key to copy from.
            key (str): The key to copy to.
            source_bucket (str, optional): The bucket to copy from; default: the store's own. The source key is then taken without the store's prefix.
            source_version_id (str, optional): The version to copy; default: the newest.
            source_if_match (str, optional): Only if the source has this ETag, else `Precondition`.
            source_if_none_match (str, optional): Only if the source does not have this ETag, else `Precondition`.
            source_sse_customer_key (bytes, optional): The SSE-C key of the source; default: the store's `sse_customer_key`.
            content_type (str, optional): The media type; giving it or any other header or `metadata` replaces all of the source's.
            content_encoding (str, optional): How the body is compressed.
            content_language (str, optional): The language of the content.
            content_disposition (str, optional): How a browser should present it.
            cache_control (str, optional): How caches may keep it.
            expires (time, optional): When caches should drop it.
            metadata (map, optional): User metadata in place of the source's.
            tags (map, optional): Tags in place of the source's.
            storage_class (str, optional): The storage class; default: the store's setting.
            acl (str, optional): A canned ACL; default: the store's setting.
            grant_read (str, optional): Who may read the object; default: the store's setting.
            grant_read_acp (str, optional): Who may read its ACL; default: the store's setting.
            grant_write_acp (str, optional): Who may write its ACL; default: the store's setting.
            grant_full_control (str, optional): Who may do all three; default: the store's setting.
            sse (str, optional): Server-side encryption of the copy: `AES256`, `aws:kms` or `aws:kms:dsse`; default: the store's setting.
            sse_kms_key_id (str, optional): The KMS key of the copy; default: the store's setting.
            sse_customer_key (bytes, optional): The customer key of the copy, 32 bytes; default: the store's setting.
            if_match (str, optional): Only if the object there now has this ETag, else `Precondition`.
            if_none_match (str, optional): `"*"`: only if no object is there, else `Precondition`.
            progress (function, optional): Called as bytes are done, on the waiting thread, with the bytes done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: PutReply
        """

    async def rekey(self, key: str, *, old: Mapping[str, str] | None = None, enforce_rotation: bool | None = None, timeout: float | None = None) -> bool:
        """Gives an encrypted object a new envelope, under the store's key in place of the one in `old`; its
        content stays where it is. Tells whether it was needed.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            key (str): The object's key.
            old (map, optional): What the object's key is wrapped by now: the settings `encryption_*` that read it, by name, an AES key as base64 text. Default: the store's own.
            enforce_rotation (bool, optional): Whether to prove, before anything is written, that what is in `old` can't open the new envelope; default false.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: bool
        """

    async def rekey_all(self, prefix: str = "", *, old: Mapping[str, str] | None = None, enforce_rotation: bool | None = None, start_after: str | None = None, progress: Progress | None = None, timeout: float | None = None) -> RekeyReply:
        """Gives all encrypted objects under a prefix new envelopes, as `rekey`; those that have one under the
        store's key are left alone, so that it can be begun again after a break.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

        Parameters:
            prefix (str, optional): How the keys begin; default: any.
            old (map, optional): What the objects' keys are wrapped by now: the settings `encryption_*` that read them, by name, an AES key as base64 text. Default: the store's own.
            enforce_rotation (bool, optional): Whether to prove of each object, before anything is written, that what is in `old` can't open the new envelope; default false.
            start_after (str, optional): Only keys after this one, in UTF-8 byte order.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: RekeyReply
        """

    def list(self, prefix: str = "", *, delimiter: str | None = None, start_after: str | None = None, page_size: int | None = None, continuation: str | None = None, timeout: float | None = None) -> AsyncPages[Entry, Page]:
        """Lists objects whose keys begin with a prefix, in UTF-8 byte order, page by page.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

        Parameters:
            prefix (str, optional): How the keys begin; default: any.
            delimiter (str, optional): Keys that share a beginning up to this text are told once, as a prefix; usually `"/"`; default: none.
            start_after (str, optional): Only keys after this one, in UTF-8 byte order.
            page_size (int, optional): Entries in one page, 1 to 1000; default: the server's, 1000.
            continuation (str, optional): Where to go on: the `next` of the page before.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: an iterator over the entries; .pages() gives each Page
        """

    def list_versions(self, prefix: str = "", *, delimiter: str | None = None, page_size: int | None = None, continuation: str | None = None, timeout: float | None = None) -> AsyncPages[Entry, Page]:
        """Lists versions and delete markers, by key and then newest first, page by page.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>

        Parameters:
            prefix (str, optional): How the keys begin; default: any.
            delimiter (str, optional): Keys that share a beginning up to this text are told once, as a prefix; default: none.
            page_size (int, optional): Entries in one page, 1 to 1000; default: the server's, 1000.
            continuation (str, optional): Where to go on: the `next` of the page before.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: an iterator over the entries; .pages() gives each Page
        """

    async def presign(self, key: str, *, method: str | None = None, expires_in: float | datetime.timedelta | None = None, version_id: str | None = None, content_type: str | None = None, timeout: float | None = None) -> str:
        """Makes a URL that lets anyone do one thing with one object for a while. Treat it as a secret.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

        Parameters:
            key (str): The object's key.
            method (str, optional): What the URL is for: `get`, `put`, `head` or `delete`; default `get`.
            expires_in (seconds, optional): How long it works, in seconds, 1 to 604800; default 3600. It ends earlier if the credentials do.
            version_id (str, optional): The version it is for; default: the newest.
            content_type (str, optional): For `put`: the media type that the request must carry.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: str
        """

    async def get_acl(self, key: str, *, version_id: str | None = None, timeout: float | None = None) -> Acl:
        """Tells an object's access control list.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version; default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: Acl
        """

    async def set_acl(self, key: str, *, version_id: str | None = None, acl: str | None = None, grant_read: str | None = None, grant_read_acp: str | None = None, grant_write_acp: str | None = None, grant_full_control: str | None = None, timeout: float | None = None) -> None:
        """Replaces an object's access control list.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version; default: the newest.
            acl (str, optional): A canned ACL, for example `private` or `public-read`.
            grant_read (str, optional): Who may read the object.
            grant_read_acp (str, optional): Who may read its ACL.
            grant_write_acp (str, optional): Who may write its ACL.
            grant_full_control (str, optional): Who may do all three.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None
        """

    async def get_tags(self, key: str, *, version_id: str | None = None, timeout: float | None = None) -> dict[str, str]:
        """Tells an object's tags.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version; default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: dict[str, str]
        """

    async def set_tags(self, key: str, tags: Mapping[str, str], *, version_id: str | None = None, timeout: float | None = None) -> None:
        """Replaces an object's tags.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html>

        Parameters:
            key (str): The object's key.
            tags (map): The tags, at most 10.
            version_id (str, optional): The version; default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None
        """

    async def delete_tags(self, key: str, *, version_id: str | None = None, timeout: float | None = None) -> None:
        """Removes an object's tags.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html>

        Parameters:
            key (str): The object's key.
            version_id (str, optional): The version; default: the newest.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None
        """

    async def bucket_region(self, *, timeout: float | None = None) -> str:
        """Tells the region that the store's bucket lives in.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: str
        """

    async def credentials(self, *, timeout: float | None = None) -> Identity:
        """Tells the credentials that the store's requests are signed with: for a host that hands them to another
        program. Treat them as a secret.
        Source: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: Identity
        """

    async def explain(self, *, check: bool | None = None, timeout: float | None = None) -> builtins.list[Explained]:
        """Tells why the store acts as it does: who it acts as, where its requests go and how, each with where
        that comes from, and who was asked in vain. What is broken is a row of its own. Asks for credentials,
        but sends nothing to the bucket unless `check` is true.
        Source: <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>

        Parameters:
            check (bool, optional): Whether to try as well what a store is for: put, head, get and list an object of a random name, and delete it; default false.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Explained]
        """

    async def stats(self, *, timeout: float | None = None) -> builtins.list[VerbStats]:
        """Tells what this store's calls have done so far, verb by verb: requests, retries, bytes, times. Asks
        nobody.
        Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[VerbStats]
        """

    async def list_buckets(self, *, timeout: float | None = None) -> builtins.list[Bucket]:
        """Lists the buckets of the account.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Bucket]
        """

    async def create_bucket(self, *, timeout: float | None = None) -> None:
        """Makes the store's bucket, in the store's region.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None
        """

    async def delete_bucket(self, *, timeout: float | None = None) -> None:
        """Deletes the store's bucket, which must be empty.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>

        Parameters:
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None
        """

    def list_uploads(self, prefix: str = "", *, older_than: float | datetime.timedelta | None = None, page_size: int | None = None, continuation: str | None = None, timeout: float | None = None) -> AsyncPages[Upload, UploadPage]:
        """Lists unfinished multipart uploads, page by page.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>

        Parameters:
            prefix (str, optional): How the keys begin; default: any.
            older_than (seconds, optional): Only uploads that were begun so many seconds ago or more; a page may then be empty and have a next one.
            page_size (int, optional): Entries in one page, 1 to 1000; default: the server's, 1000.
            continuation (str, optional): Where to go on: the `next` of the page before.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: an iterator over the entries; .pages() gives each UploadPage
        """

    async def abort_upload(self, key: str, upload_id: str, *, timeout: float | None = None) -> None:
        """Aborts an unfinished multipart upload and frees its parts.
        Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>

        Parameters:
            key (str): The key it would make.
            upload_id (str): The upload's id, as `list_uploads` tells it.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: None
        """

    async def abort_uploads(self, prefix: str = "", *, older_than: float | datetime.timedelta | None = None, progress: Progress | None = None, timeout: float | None = None) -> builtins.list[Upload]:
        """Aborts the unfinished multipart uploads that were begun long ago, frees their parts, and tells which
        they were.
        Source:
        <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html>

        Parameters:
            prefix (str, optional): How the keys begin; default: any.
            older_than (seconds, optional): Seconds that an upload must have been under way; default 86400, a day. 0 aborts those too that are being sent now.
            progress (function, optional): Called as objects are done, on the waiting thread, with the objects done and the total, or None while it is unknown.
            timeout (float, optional): Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. Default: no limit.

        Returns: list[Upload]
        """


class StorageClasses(Mapping[str, Store]):
    """The storage classes that a package server's ``.gcfg`` file names, each the `Store` that it is kept in."""

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
        """What the file says of a class, for the server itself."""
    def check(self) -> dict[str, list[Explained]]:
        """What `Store.explain` tells with ``check=True`` of the classes in S3, as a package server tries them when it starts."""

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
    encryption_verified_only: bool | None = None,
    encryption_reuse_objects: int | None = None,
    encryption_reuse_age: float | datetime.timedelta | None = None,
    multipart_upload: bool | None = None,
    version_id: str | None = None,
    narinfo_compression: str | None = None,
    ls_compression: str | None = None,
    log_compression: str | None = None,
    app_name: str | None = None,
) -> Store:
    """Opens the place that a URL names. Touches no network.

    Settings:
        endpoint: Where the server is: `https://host:port`, or a bare `host:port` or `host` together with `use_ssl`; default: AWS in the region.
        use_ssl: Whether a bare endpoint is reached over TLS; default true.
        use_fips_endpoint: Whether to use the endpoints that keep FIPS 140; default: AWS_USE_FIPS_ENDPOINT, the profile's, false.
        use_dualstack_endpoint: Whether to use the endpoints that answer on IPv6 too; default: AWS_USE_DUALSTACK_ENDPOINT, the profile's, false.
        use_accelerate_endpoint: Whether to use S3 Transfer Acceleration; default: the profile's, false.
        use_arn_region: Whether the ARN of an access point chooses the region; if false, an ARN of another region than `region` is an error. Default: AWS_S3_USE_ARN_REGION, the profile's, true.
        us_east_1_regional_endpoint: The endpoint of us-east-1: `regional`, or `legacy` for the old global one, s3.amazonaws.com; default: AWS_S3_US_EAST_1_REGIONAL_ENDPOINT, the profile's, `regional`.
        disable_express_session_auth: Whether requests to a directory bucket (S3 Express One Zone) are signed with the store's own keys by SigV4, rather than with those of a session; default: AWS_S3_DISABLE_EXPRESS_SESSION_AUTH, the profile's, false.
        disable_multiregion_access_points: Whether multi-region access points are refused; default: AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS, the profile's, false.
        region: The region; `EU`, the old name of eu-west-1, is read too. Default: AWS_REGION, AWS_DEFAULT_REGION, the profile's, us-east-1.
        addressing_style: How a bucket is addressed: `path`, `virtual` or `auto` (path for a custom endpoint or a dotted bucket); default auto.
        provider: Where credentials come from: `static`, `anonymous`, `env`, `profile`, `web_identity`, `container`, `instance_profile`, `callback` (the setting `credentials`) or `default`, which asks those after `anonymous` in turn; default: what the other settings say, else `default`.
        access_key_id: The access key id of a key pair.
        secret_access_key: The secret of the key pair.
        session_token: The session token of temporary keys.
        anonymous: Whether requests go unsigned; default false.
        credentials: The host's own function that gives keys (selects the provider `callback`). Asked with a map, `setting` ("credentials") and `region`, it answers one: `access_key_id`, `secret_access_key` and, if there are any, `session_token`, `expires` (a time) and `account_id`. It runs on a thread that waits for a call of the store, is asked again five minutes before the keys expire or when a server calls them expired, and must not use the store itself.
        profile: The profile in the shared files; default: AWS_PROFILE, AWS_DEFAULT_PROFILE, `default`.
        config_file: The shared config file; default: AWS_CONFIG_FILE, `~/.aws/config`.
        credentials_file: The shared credentials file; default: AWS_SHARED_CREDENTIALS_FILE, `~/.aws/credentials`.
        trust_files: Whether `config_file` and `credentials_file` may run programs, choose endpoints and have token files read; default: true, but false where a URL names them. OARLOCK_TRUST_FILES=true in the environment overrules a false; a URL can't say it.
        credentials_cache: A directory in which this user's processes share the credentials of roles, made with mode 0700 if it is not there; a URL can't say it. Default: none.
        mfa_token: The code of the MFA device that a profile's role asks for: text, or a function that is asked for it each time, with a map of `setting` ("mfa_token"), `device`, `role` and `profile`, and answers text.
        ca_bundle: A file of PEM certificates to trust; default: AWS_CA_BUNDLE, the profile's, REQUESTS_CA_BUNDLE, SSL_CERT_FILE, the system's.
        client_certificate: A file of PEM certificates that show the server who asks; its key may stand in the same file.
        client_key: The PEM file with the key of `client_certificate`; default: that file itself.
        verify: Whether the server must prove who it is; false trusts anyone who answers, with a warning; default true.
        proxy: The proxy that all requests go through, as `http://host:port`; default: HTTPS_PROXY, HTTP_PROXY and ALL_PROXY. Hosts in NO_PROXY are reached directly.
        connect_timeout: Seconds to wait for a connection; default 5.
        read_timeout: Seconds to wait for an answer to begin, or for more of it; default 60.
        attempt_timeout: Seconds one attempt of a request may take; default: no limit.
        operation_timeout: Seconds one request may take with its retries; default: no limit.
        retry_mode: How failed requests are tried again: `standard`, or `adaptive`, which also slows down for a server that asks to; default: AWS_RETRY_MODE, the profile's, `standard`.
        max_attempts: How often a request is tried, 1 to 20; default: AWS_MAX_ATTEMPTS, the profile's, 5.
        max_concurrency: Parts of one transfer that move at a time, 1 to 1000; default 8.
        max_requests: Requests of this store that wait for an answer at a time, 1 to 10000; default: as many as the process has connections for.
        max_bandwidth: Bytes of objects that this store moves in a second, both ways together, also as text such as `10MB/s`, or `80Mb/s` in bits; default: no limit.
        multipart_threshold: Bytes from which on an upload goes in parts, also as text such as `64MB` (a MB is 1024² bytes, as for the AWS CLI); default 16 MiB.
        multipart_chunksize: Bytes in a part, 5 MiB to 5 GiB, also as text such as `16MiB`; grows when an upload would need more than `max_parts`; default 8 MiB.
        fixed_part_size: Whether all parts of an upload but the last have one size, as Cloudflare R2 demands: parts of a source whose length nobody knows don't grow then; default false.
        max_parts: Parts an upload may have, 1 to 10000: 1000 for Scaleway; default 10000.
        payload_signing_enabled: Whether an upload's bytes go into the signature: that costs a SHA-256 of all of them. Default: the profile's, else only where no TLS keeps them.
        request_checksum_calculation: When uploads carry a checksum: `when_supported`, or `when_required` for servers that know none; default: AWS_REQUEST_CHECKSUM_CALCULATION, the profile's, `when_supported`.
        checksum_algorithm: The checksum of uploads: `CRC64NVME`, `CRC32` or `CRC32C`; default: the first of CRC64NVME, CRC32 and Content-MD5 that the server takes.
        response_checksum_validation: When a download is held against its checksum: `when_supported`, or `when_required`, which is never; default: AWS_RESPONSE_CHECKSUM_VALIDATION, the profile's, `when_supported`.
        request_payer: Whether the account that asks pays for requests; default: whether AWS_REQUEST_PAYER is `requester`.
        list_version: Which list request the server understands: 2, or 1 for old servers; default 2.
        storage_class: The storage class of new objects.
        acl: A canned ACL for new objects; not together with `grant_*`.
        grant_read: Who may read new objects.
        grant_read_acp: Who may read the ACL of new objects.
        grant_write_acp: Who may write the ACL of new objects.
        grant_full_control: Who may do all three.
        sse: Server-side encryption of new objects: `AES256`, `aws:kms` or `aws:kms:dsse`; default: the bucket's own.
        sse_kms_key_id: The KMS key for `aws:kms`: id, alias or ARN.
        sse_required: Whether a write fails if the server's answer does not name the encryption that `sse` or `sse_kms_key_id` asked for: such servers ignore it; a customer key must be named in any case. Default true.
        sse_customer_key: A customer key (SSE-C), 32 bytes raw or as base64 text, for every request that needs one.
        encryption_kms_key_id: Encrypts objects before they leave, as the Amazon S3 Encryption Clients do, under this key in KMS: its id, its alias (`alias/…`) or its ARN, whose region is asked then.
        encryption_kms_any_key: Whether objects are read whichever KMS key wrapped theirs; default false: the store's own key alone.
        encryption_aes_key: Encrypts objects before they leave, under this AES key: 32 bytes raw or as base64 text.
        encryption_rsa_key: Encrypts objects before they leave, under the RSA key in this file, PEM or DER. A public key is enough to write.
        encryption_context: What KMS binds each object's key to, and must be told again to read it: a map of texts, or its JSON text. For other keys, words that describe the key. Default: none.
        encryption_policy: What is written and read: `REQUIRE_ENCRYPT_REQUIRE_DECRYPT` writes and reads only objects with a key commitment, `REQUIRE_ENCRYPT_ALLOW_DECRYPT` reads those without as well, `FORBID_ENCRYPT_ALLOW_DECRYPT` writes them without, for readers that are older; default REQUIRE_ENCRYPT_REQUIRE_DECRYPT.
        encryption_instruction_file: Whether an object's wrapped key is written to a file beside it, its key and `.instruction`, rather than into its metadata; default false.
        encryption_instruction_suffix: What ends the names of the instruction files that are read; default `.instruction`.
        encryption_metadata_only: Whether an object's wrapped key is taken from its own metadata alone, so that who may write `.instruction` files but not the objects has no say; default false.
        encryption_legacy_wrapping: Whether keys are read that old clients wrapped in ways no longer thought safe; default false.
        encryption_legacy_content: Whether content is read that old clients encrypted without authenticating it (AES/CBC); default false.
        encryption_verify_buffer: Bytes of an encrypted object that are kept in memory while they are verified, before a stream hands out the first; what is larger is kept, encrypted, in an unnamed temporary file. At most 64 MiB; also as text such as `8MiB`; default 8 MiB.
        encryption_verified_only: Whether calls that ask for bytes before they are verified (`unverified`) are refused; default false.
        encryption_reuse_objects: Objects that may be written with one data key of KMS's, each under a key of its own derived from it, and reads that one answer of KMS's may serve; not for objects without a key commitment; default 1.
        encryption_reuse_age: Seconds that a data key may be used again; default 300.
        multipart_upload: Whether an upload may go in parts; default true. If not, an object must fit into one request, 5 GiB, and into memory.
        version_id: Carried for the host: the version of the object that a URL names.
        narinfo_compression: Carried for the host: how it compresses `.narinfo` files.
        ls_compression: Carried for the host: how it compresses `.ls` files.
        log_compression: Carried for the host: how it compresses build logs.
        app_name: The name of the host program, for the user agent.
    """
