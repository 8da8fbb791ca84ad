"""`OarlockFileSystem`: buckets as an fsspec file system, for programs that use fsspec, such as DVC.

Invariant: paths are ``bucket/key``. Nothing is cached, so every method returns the present state. A refusal
is an error, never "does not exist". A directory is a common prefix of keys that ends in a slash.
"""

import os
from pathlib import Path

from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.spec import AbstractFileSystem

from . import open as open_store
from ._native import BOTO3_NAMES
from .errors import Error, InvalidInputError, NotFoundError, RangeError, ServiceError

__all__ = ["OarlockFileSystem", "split_version"]

_VERSION = "?versionId="
#: s3fs' groups: keywords of its client, of that client's configuration, and of S3's requests.
_GROUPS = ("client_kwargs", "config_kwargs", "s3_additional_kwargs", "s3", "retries")
#: Their names of settings within such a group.
_WORDS = dict(BOTO3_NAMES)
#: Keywords of fsspec itself, and of s3fs about its buffers, which oarlock ignores.
_OTHERS = (
    "skip_instance_cache", "use_listings_cache", "listings_expiry_time", "max_paths", "asynchronous", "loop",
    "batch_size", "default_block_size", "default_fill_cache", "default_cache_type", "fixed_upload_size",
)  # fmt: skip


def _flat(keywords, group=None):
    """s3fs' keywords, with those in groups, as settings."""
    settings = {}
    for name, value in keywords.items():
        if name in _GROUPS:
            settings |= _flat(value or {}, name)
        elif value is not None:
            settings[_WORDS.get(name, name) if group else name] = value
    return settings


def split_version(path):
    """A path, and the version that it names, if any."""
    path, found, version = path.rpartition(_VERSION)
    return (path, version or None) if found else (version, None)


class OarlockFileSystem(AbstractFileSystem):
    """S3 through oarlock. Keywords are oarlock's settings, in any of their spellings, and those of s3fs with
    their groups.

    With ``version_aware`` a path may end in ``?versionId=…``, and `info` returns each object's version.
    ``url_query`` is the query of the stores' URLs; keywords win over its settings.
    """

    protocol = ("oarlock", "s3", "s3a")
    root_marker = ""

    def __init__(self, version_aware=False, url_query="", **settings):
        super().__init__(**{name: settings.pop(name) for name in _OTHERS if name in settings})
        self.version_aware = version_aware
        self._query = f"?{url_query}" if url_query else ""
        self._settings = _flat(settings)
        self._stores = {}
        # Sends no request; an invalid setting fails now.
        self._store("none")

    def _store(self, bucket):
        return open_store(f"s3://{bucket}{self._query}", **self._settings)

    def _split(self, path):
        """The bucket's store, the key and the version."""
        path = self._strip_protocol(path)
        version = None
        if self.version_aware:
            path, version = split_version(path)
        bucket, _, key = path.partition("/")
        if bucket not in self._stores:
            self._stores[bucket] = self._store(bucket)
        return self._stores[bucket], key, {"version_id": version} if version else {}

    def _entry(self, bucket, entry):
        """An entry as fsspec's `info`."""
        name = f"{bucket}/{entry.key}".rstrip("/")
        if getattr(entry, "is_prefix", False):
            return {"name": name, "size": 0, "type": "directory"}
        info = {
            "name": f"{bucket}/{entry.key}",
            "size": entry.size,
            "type": "file",
            "ETag": entry.etag,
            "LastModified": entry.last_modified,
        }
        if entry.version_id is not None:
            info["VersionId"] = entry.version_id
        return info

    def info(self, path, **kwargs):
        path = self._strip_protocol(path)
        store, key, version = self._split(path)
        bucket = path.partition("/")[0]
        if key:
            try:
                return self._entry(bucket, store.head(key, **version))
            except NotFoundError:
                if version:
                    raise
        # No object of that name: it may be a directory.
        below = f"{key}/" if key else ""
        if next(store.list(below, page_size=1), None) is None and key:
            raise FileNotFoundError(path)
        return {"name": path, "size": 0, "type": "directory"}

    def exists(self, path, **kwargs):
        try:
            self.info(path, **kwargs)
        except FileNotFoundError:
            return False
        return True

    def ls(self, path, detail=True, **kwargs):
        path = self._strip_protocol(path)
        if not path:
            buckets = self._store("none").list_buckets()
            found = [{"name": bucket.name, "size": 0, "type": "directory"} for bucket in buckets]
        else:
            store, key, _ = self._split(path)
            bucket = path.partition("/")[0]
            below = f"{key}/" if key else ""
            # A key that ends in a slash marks the directory itself.
            found = [
                self._entry(bucket, entry) for entry in store.list(below, delimiter="/") if entry.key != below
            ]
            if not found:
                one = self.info(path)
                found = [one] if one["type"] == "file" else []
        return found if detail else [entry["name"] for entry in found]

    def find(self, path, maxdepth=None, withdirs=False, detail=False, prefix="", **kwargs):
        path = self._strip_protocol(path)
        if maxdepth is not None or withdirs:
            if prefix:
                raise InvalidInputError("find takes a prefix, or maxdepth and withdirs, not both")
            return super().find(path, maxdepth=maxdepth, withdirs=withdirs, detail=detail, **kwargs)
        store, key, _ = self._split(path)
        bucket = path.partition("/")[0]
        begin = f"{key}/{prefix}" if key else prefix
        found = [self._entry(bucket, entry) for entry in store.list(begin) if not entry.key.endswith("/")]
        if not found and not prefix and key:
            try:
                found = [self._entry(bucket, store.head(key))]
            except NotFoundError:
                found = []
        return {entry["name"]: entry for entry in found} if detail else [entry["name"] for entry in found]

    def put_file(self, lpath, rpath, callback=DEFAULT_CALLBACK, **kwargs):
        if os.path.isdir(lpath):
            return
        callback.set_size(os.path.getsize(lpath))
        store, key, _ = self._split(rpath)
        store.put(key, Path(lpath), progress=lambda done, total: callback.absolute_update(done))

    def get_file(self, rpath, lpath, callback=DEFAULT_CALLBACK, **kwargs):
        store, key, version = self._split(rpath)

        def progress(done, total):
            if total is not None:
                callback.set_size(total)
            callback.absolute_update(done)

        try:
            store.get(key, Path(lpath), progress=progress, **version)
        except NotFoundError:
            if version or not self.isdir(rpath):
                raise
            os.makedirs(lpath, exist_ok=True)

    def cat_file(self, path, start=None, end=None, **kwargs):
        store, key, version = self._split(path)
        if start is None and end is None:
            return bytes(store.get(key, **version).body)
        return dict(self._ranges(path, [(0, start or 0, end)])).get(0, b"")

    def cat_ranges(self, paths, starts, ends, max_gap=None, on_error="return", **kwargs):
        paths = list(paths)
        starts = [starts] * len(paths) if starts is None or isinstance(starts, int) else list(starts)
        ends = [ends] * len(paths) if ends is None or isinstance(ends, int) else list(ends)
        if not len(paths) == len(starts) == len(ends):
            raise InvalidInputError("cat_ranges takes as many starts and ends as paths")
        found = [b""] * len(paths)
        wanted = {}
        for place, asked in enumerate(zip(paths, starts, ends)):
            wanted.setdefault(asked[0], []).append((place, *asked[1:]))
        for path, asked in wanted.items():
            try:
                for place, data in self._ranges(path, asked, max_gap):
                    found[place] = data
            except Exception as error:
                if on_error == "raise":
                    raise
                for place, *_ in asked:
                    found[place] = error if on_error == "return" else None
        return found

    def _ranges(self, path, asked, gap=None):
        """The bytes of slices of one object, each with its place: as of a `bytes`, what lies outside is
        empty."""
        store, key, version = self._split(path)

        def fetch(size):
            wanted = [
                (place, *(slice(*edges).indices(size)[:2] if size is not None else edges))
                for place, *edges in asked
            ]
            wanted = [(place, first, end) for place, first, end in wanted if first < end]
            found = (
                store.get_ranges(key, [f"{first}-{end - 1}" for _, first, end in wanted], gap=gap, **version)
                if wanted
                else []
            )
            return [(place, bytes(data)) for (place, *_), data in zip(wanted, found)]

        counted = all(edge is not None and edge >= 0 for _, *edges in asked for edge in edges)

        def size():
            total = store.head(key, **version).size
            if total is None:
                raise ServiceError(
                    "the server does not send the object's size, which these ranges need; "
                    "fetch the whole object",
                    key=key,
                )
            return total

        try:
            return fetch(None if counted else size())
        except RangeError:
            return fetch(size())

    def pipe_file(self, path, value, mode="overwrite", **kwargs):
        store, key, _ = self._split(path)
        store.put(key, value, **({"if_none_match": "*"} if mode == "create" else {}))

    def cp_file(self, path1, path2, **kwargs):
        source, key, version = self._split(path1)
        target, to, _ = self._split(path2)
        bucket = self._strip_protocol(path1).partition("/")[0]
        if not key or (not source.exists(key, **version) and self.isdir(path1)):
            return
        target.copy(
            key, to, source_bucket=bucket, **({"source_version_id": version["version_id"]} if version else {})
        )

    def rm(self, path, recursive=False, maxdepth=None):
        paths = (
            self.expand_path(path, recursive=recursive, maxdepth=maxdepth)
            if recursive
            else [path]
            if isinstance(path, str)
            else path
        )
        buckets = {}
        for each in paths:
            store, key, version = self._split(each)
            if key:
                buckets.setdefault(store, []).append({"key": key, **version})
        for store, keys in buckets.items():
            failed = [one for one in store.delete_many(keys) if one.error is not None]
            if failed:
                raise Error(
                    f"{len(failed)} objects were not deleted, the first because of: {failed[0].message}",
                    key=failed[0].key,
                )

    def rm_file(self, path):
        store, key, version = self._split(path)
        store.delete(key, **version)

    def mkdir(self, path, create_parents=True, **kwargs):
        path = self._strip_protocol(path)
        if "/" not in path:
            self._split(path)[0].create_bucket()

    def makedirs(self, path, exist_ok=False):
        """Directories need no making."""

    def created(self, path):
        return self.info(path)["LastModified"]

    modified = created

    def sign(self, path, expiration=100, **kwargs):
        store, key, version = self._split(path)
        return store.presign(key, expires_in=expiration, **version)

    def _open(self, path, mode="rb", **kwargs):
        store, key, version = self._split(path)
        return store.open(key, mode, **version)
