"""`OarlockFileSystem` itself: its keywords, its stores, its files, and the blocking form of every method."""

import functools
import inspect

import fsspec.asyn
from fsspec.registry import registry
from fsspec.spec import AbstractFileSystem

from .. import open as open_store
from ..errors import InvalidInputError
from ._buckets import Buckets
from ._calls import iterate, run
from ._compressed import compressed
from ._files import ObjectFile
from ._listing import Listing
from ._objects import Objects
from ._paths import parent, split_bucket, split_version
from ._ranges import Ranges
from ._recent import Recent
from ._settings import settings_of
from ._stream import Stream
from ._transfer import Transfer

#: A name for stores that need no bucket.
_NO_BUCKET = "none"

#: The other spellings of the settings that a single call may replace.
_OTHER_NAMES = {"region": ("region_name",), "request_payer": ("requester_pays",)}


class OarlockFileSystem(Listing, Transfer, Ranges, Objects, Buckets):
    """S3 as a file system of fsspec, through oarlock.

    >>> fs = OarlockFileSystem(profile="work")                            # doctest: +SKIP
    >>> fs.ls("bucket/directory")                                         # doctest: +SKIP
    >>> with fs.open("bucket/table.csv", "rt") as table: ...              # doctest: +SKIP
    >>> pandas.read_parquet("oarlock://bucket/table.parquet")             # doctest: +SKIP

    Keywords are oarlock's settings in any of their spellings, and those of s3fs with their groups
    ``client_kwargs``, ``config_kwargs`` and ``s3_additional_kwargs``. Besides:

    - ``version_aware``: paths may end in ``?versionId=…``, and entries have their version.
    - ``asynchronous``: the caller awaits the methods with an underscore. Both forms work in any case.
    - ``use_listings_cache``, ``listings_expiry_time``, ``max_paths``: keep listings. Default: none are kept.
    - ``default_block_size``, ``default_cache_type``, ``default_fill_cache``: for `open`. The cache type is
      `stream`, or one of fsspec's; the block size matters to those.
    - ``url_query``: the query of the stores' URLs. Keywords win over its settings.
    """

    protocol = ("oarlock", "s3", "s3a")
    root_marker = ""
    # The blocking methods are made below; fsspec's own need a thread with a loop.
    mirror_sync_methods = False
    default_block_size = 50 << 20
    _extra_tokenize_attributes = ("default_block_size",)

    def __init__(
        self,
        version_aware=False,
        url_query="",
        asynchronous=False,
        loop=None,
        batch_size=None,
        use_listings_cache=False,
        listings_expiry_time=None,
        max_paths=None,
        default_block_size=None,
        default_fill_cache=True,
        default_cache_type=Stream.name,
        **settings,
    ):
        # An asynchronous one of fsspec starts no thread.
        super().__init__(
            asynchronous=True,
            batch_size=batch_size,
            use_listings_cache=use_listings_cache,
            listings_expiry_time=listings_expiry_time,
            max_paths=max_paths,
        )
        self.asynchronous = asynchronous
        self._loop = loop
        self.version_aware = version_aware
        self.default_block_size = default_block_size or self.default_block_size
        self.default_fill_cache = default_fill_cache
        self.default_cache_type = default_cache_type
        self._query = f"?{url_query}" if url_query else ""
        self._settings, self._uploads = settings_of(settings)
        self._stores = {}
        self._recent = Recent()
        self._session = Session()
        # Sends no request; an invalid setting fails now.
        self._store(None)

    @property
    def loop(self):
        """The loop for programs that run coroutines by `fsspec.asyn.sync`; it starts at first use."""
        if self._loop is None and not self.asynchronous:
            return fsspec.asyn.get_loop()
        return self._loop

    @property
    def endpoint_url(self):
        """The endpoint that was given, or None, as in s3fs."""
        return self._store(None).settings.get("endpoint")

    @property
    def anon(self):
        """Whether requests are not signed, as in s3fs."""
        return bool(self._store(None).settings.get("anonymous"))

    @property
    def _encrypts(self):
        """Whether the objects are encrypted here: the server can't join those."""
        return any("encryption_" in name.replace("-", "_") for name in (*self._settings, self._query))

    def _store(self, bucket, **settings):
        """The store of a bucket, with settings that stand in for the file system's own."""
        if settings:
            replaced = {other for name in settings for other in _OTHER_NAMES[name]}
            kept = {name: value for name, value in self._settings.items() if name not in replaced}
            return open_store(f"s3://{bucket}{self._query}", **{**kept, **settings})
        if bucket not in self._stores:
            self._stores[bucket] = open_store(f"s3://{bucket or _NO_BUCKET}{self._query}", **self._settings)
        return self._stores[bucket]

    def split_path(self, path):
        """The bucket, the key with the slash that it may end in, and the version that a path names; None
        for no version."""
        plain, version = self._strip_protocol(path), None
        if self.version_aware:
            plain, version = split_version(plain)
        bucket, key = split_bucket(plain)
        return bucket, f"{key}/" if key and path.endswith("/") else key, version

    def _split(self, path, version_id=None):
        """The bucket's store, the key, and the version as an option."""
        bucket, key, version = self.split_path(path)
        if version_id and version and version_id != version:
            raise InvalidInputError(f"the path names another version than {version_id}: {path}")
        version = version_id or version
        return self._store(bucket), key, {"version_id": version} if version else {}

    def _by_bucket(self, paths):
        """Paths, their keys and versions, by the store and the bucket that they are in."""
        groups = {}
        for path in paths:
            bucket, key, version = self.split_path(path)
            if not key:
                raise InvalidInputError(f"{path!r} names no object; a path is bucket/key")
            if bucket not in groups:
                groups[bucket] = (self._store(bucket), bucket, [])
            groups[bucket][2].append((path, key, {"version_id": version} if version else {}))
        return list(groups.values())

    @classmethod
    def _strip_protocol(cls, path):
        if type(path) is str and ":" not in path and path[:1] != "/" != path[-1:]:
            # Most paths, thousands of them: nothing to take off.
            return path
        plain = super()._strip_protocol(path)
        return plain.lstrip("/") if isinstance(plain, str) else [one.lstrip("/") for one in plain]

    def unstrip_protocol(self, name):
        """The path as a URL: with ``s3://`` where that goes to oarlock, else with ``oarlock://``."""
        protocol = "s3" if registry.get("s3") is OarlockFileSystem else "oarlock"
        return f"{protocol}://{self._strip_protocol(name)}"

    @classmethod
    def _parent(cls, path):
        return parent(cls._strip_protocol(path))

    @staticmethod
    def _get_kwargs_from_urls(urlpath):
        return {"version_aware": True} if split_version(urlpath)[1] else {}

    def _open(
        self,
        path,
        mode="rb",
        block_size=None,
        autocommit=True,
        cache_type=None,
        cache_options=None,
        fill_cache=None,
        version_id=None,
        **kwargs,
    ):
        if version_id and not self.version_aware:
            raise InvalidInputError("`version_id` needs a file system with version_aware=True")
        return ObjectFile(
            self,
            path,
            mode,
            block_size=block_size,
            autocommit=autocommit,
            cache_type=cache_type or self.default_cache_type,
            cache_options=cache_options,
            fill_cache=self.default_fill_cache if fill_cache is None else fill_cache,
            version_id=version_id,
            **kwargs,
        )

    def open(self, path, mode="rb", block_size=None, cache_options=None, compression=None, **kwargs):
        """Opens an object: ``rb`` reads, ``wb`` writes, ``xb`` writes unless it exists, ``ab`` appends, and
        ``rt`` and the like do so with text.

        A written object appears, whole, when the file is closed; within a transaction, when that ends. If an
        exception leaves the ``with`` block, nothing is stored. S3's parameters, such as ``ContentType=``,
        ``Metadata=`` or ``StorageClass=``, describe it. Appending makes a new object; the server copies the
        old bytes if they are 5 MiB or more. ``compression`` names a codec, or is `infer`; ``version_id`` an
        older version to read.
        """
        if compression is None or "b" not in mode:
            options = {"block_size": block_size, "cache_options": cache_options, "compression": compression}
            return super().open(path, mode, **options, **kwargs)
        file = super().open(path, mode, block_size=block_size, cache_options=cache_options, **kwargs)
        return compressed(file, path, mode, compression)

    async def open_async(self, path, mode="rb", **kwargs):
        """Opens an object for awaited reads or writes: ``rb``, ``wb`` or ``xb``."""
        from ._async_file import AsyncFile

        if "b" not in mode or kwargs.pop("compression", None):
            raise InvalidInputError("an awaited file is binary and not compressed")
        kwargs.pop("block_size", None)
        return AsyncFile(self, path, mode, **kwargs)

    # What s3fs calls its connection.

    async def set_session(self, refresh=False, **kwargs):
        """As in s3fs: ``session = await fs.set_session(); …; await session.close()``."""
        return self._session

    _connect = set_session

    @staticmethod
    def close_session(loop=None, s3=None):
        """Nothing to close: oarlock's connections close by themselves."""

    def invalidate_region_cache(self):
        """Forgets nothing: an error that names another region of a bucket corrects it."""

    def __getattr__(self, name):
        if name in ("s3", "get_s3", "call_s3", "_call_s3"):
            raise AttributeError(
                f"`{name}` is botocore's client, which oarlock does not have; call S3's operations by "
                '`oarlock.open("s3://bucket")`',
                name=name,
                obj=self,
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def connect(self, refresh=False, **kwargs):
        """Nothing to connect: stores connect at first use."""
        return self._session


class Session:
    """Stands where s3fs returns a client: oarlock's connections close by themselves."""

    async def close(self):
        """Nothing is left open."""


def _blocking(name, coroutine):
    """The blocking form of a coroutine method. It calls the method by name, so that subclasses count."""
    loops = iterate if inspect.isasyncgenfunction(coroutine) else run

    @functools.wraps(coroutine)
    def method(self, *args, **kwargs):
        return loops(getattr(self, name)(*args, **kwargs))

    method.__name__ = name[1:]
    method.__qualname__ = f"{OarlockFileSystem.__name__}.{name[1:]}"
    if not method.__doc__:
        method.__doc__ = getattr(AbstractFileSystem, name[1:], coroutine).__doc__
    return method


#: Coroutine methods that fsspec does not know.
_OWN = (
    "abort_mpu", "bulk_delete", "checksum", "chmod", "clear_multipart_uploads", "created",
    "get_delegated_s3pars", "get_tags", "getxattr", "is_bucket_versioned", "list_multipart_uploads",
    "make_bucket_versioned", "merge", "metadata", "modified", "mv_file", "object_version_info",
    "put_tags", "rmdir", "setxattr", "sign", "touch", "url",
)  # fmt: skip


def _mirror(cls):
    """Gives the class the blocking form of every coroutine method that callers know."""
    for name in (*map("_{}".format, _OWN), *dir(fsspec.asyn.AsyncFileSystem)):
        if name[:1] != "_" or not (name[1:] in _OWN or hasattr(AbstractFileSystem, name[1:])):
            continue
        method = getattr(cls, name)
        if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
            setattr(cls, name[1:], _blocking(name, method))


_mirror(OarlockFileSystem)
OarlockFileSystem.__module__ = "oarlock.fsspec"
