"""The file system under a DVC remote: DVC's questions about single objects, answered by few requests.

Invariant: with ``version_aware`` every entry carries its version. `info` is answered without a request only
from the response to an upload of this process, or from a listing of the last seconds (`_versions.py`).
"""

import io
import threading
from pathlib import Path

from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.utils import tokenize

from . import open as open_store
from ._versions import Tree, VersionLookups, describe
from .fsspec import OarlockFileSystem, split_version

__all__ = ["RemoteFileSystem"]

#: Uploads that are remembered at most.
UPLOADS = 100_000

#: What uploads returned, by settings and path: who stored it, and its entry.
_uploads = {}
_uploads_lock = threading.Lock()


class RemoteFileSystem(OarlockFileSystem):
    """The files of one remote; the keywords are settings of its stores."""

    # DVC calls the methods that block, from threads of its own.
    async_impl = False

    def __init__(self, version_aware=False, url_query="", **settings):
        super().__init__(version_aware=version_aware, url_query=url_query, **settings)
        self._remote_query = f"?{url_query}" if url_query else ""
        self._remote_settings = {
            name: value for name, value in settings.items() if name != "skip_instance_cache"
        }
        self._identity = tokenize(url_query, self._remote_settings)
        self._buckets = {}
        self._lookups = VersionLookups()

    def _place(self, path):
        """The bucket's name, its store, the key and the version."""
        path = self._strip_protocol(path)
        path, version = split_version(path) if self.version_aware else (path, None)
        bucket, _, key = path.partition("/")
        if bucket and bucket not in self._buckets:
            self._buckets[bucket] = open_store(f"s3://{bucket}{self._remote_query}", **self._remote_settings)
        return bucket, self._buckets.get(bucket), key, version

    def put_file(self, lpath, rpath, callback=DEFAULT_CALLBACK, **kwargs):
        bucket, store, key, _ = self._place(rpath)
        callback.set_size(Path(lpath).stat().st_size)
        reply = store.put(key, Path(lpath), progress=lambda done, total: callback.absolute_update(done))
        self._forget(rpath)
        if self.version_aware:
            entry = {"name": f"{bucket}/{key}", "size": reply.size, "type": "file", "ETag": reply.etag}
            if reply.version_id is not None:
                entry["VersionId"] = reply.version_id
            with _uploads_lock:
                _uploads[self._identity, entry["name"]] = (id(self), entry)
                if len(_uploads) > UPLOADS:
                    del _uploads[next(iter(_uploads))]

    def info(self, path, **kwargs):
        if self.version_aware:
            bucket, store, key, version = self._place(path)
            version = version or kwargs.get("version_id")
            found = self._uploaded(f"{bucket}/{key}", version) if key else None
            if key and found is None:
                found = self._lookups.find(bucket, store, key, version)
            if found is not None:
                return dict(found)
        return super().info(path, **kwargs)

    def _uploaded(self, path, version):
        """The entry of an object that this process stored. After a push DVC asks for it twice: first the file
        system that stored it, then another one, and that is the last time."""
        with _uploads_lock:
            who, entry = _uploads.get((self._identity, path), (None, None))
            if entry is None or version not in (None, entry.get("VersionId")):
                return None
            if who != id(self):
                del _uploads[self._identity, path]
            return entry

    def _forget(self, *paths, all=False):
        """What is known of these objects no longer holds."""
        self._lookups.forget()
        with _uploads_lock:
            if all:
                for known in [known for known in _uploads if known[0] == self._identity]:
                    del _uploads[known]
            for path in paths:
                bucket, _, key, _ = self._place(path)
                _uploads.pop((self._identity, f"{bucket}/{key}"), None)

    def rm(self, path, recursive=False, maxdepth=None):
        self._forget(*([path] if isinstance(path, str) else path), all=recursive)
        super().rm(path, recursive=recursive, maxdepth=maxdepth)

    def rm_file(self, path):
        self._forget(path)
        super().rm_file(path)

    def pipe_file(self, path, value, **kwargs):
        self._forget(path)
        super().pipe_file(path, value, **kwargs)

    def cp_file(self, path1, path2, **kwargs):
        self._forget(path2)
        super().cp_file(path1, path2, **kwargs)

    def open(self, path, mode="rb", **kwargs):
        if "r" not in mode:
            self._forget(path)
        elif mode == "rb" and self.version_aware:
            bucket, _, key, version = self._place(path)
            # DVC opens one version after the other to verify them.
            if (content := self._lookups.content(bucket, key, version)) is not None:
                return io.BytesIO(content)
        return super().open(path, mode, **kwargs)

    def ls(self, path, detail=True, versions=False, **kwargs):
        bucket, store, key, version = self._place(path)
        if not self.version_aware or not bucket or version:
            return super().ls(path, detail=detail, **kwargs)
        below = f"{key}/" if key else ""
        rows = list(store.list_versions(below, delimiter="/"))
        found = [describe(bucket, row, versions) for row in rows if row.key != below and _is_object(row, versions)]
        if any(row.is_prefix for row in rows):
            # Under a prefix there may be deleted objects alone; the plain listing has those with a present one.
            found += [
                {"name": f"{bucket}/{row.key}".rstrip("/"), "size": 0, "type": "directory"}
                for row in store.list(below, delimiter="/")
                if row.is_prefix
            ]
        if not found:
            return super().ls(path, detail=detail, **kwargs)
        return found if detail else [entry["name"] for entry in found]

    def walk(self, path, maxdepth=None, topdown=True, on_error="omit", **kwargs):
        # One listing of all that is below, instead of one for each directory.
        bucket, store, key, version = self._place(path)
        if maxdepth is None and topdown and bucket and not version:
            below = f"{key}/" if key else ""
            rows = store.list_versions(below) if self.version_aware else store.list(below)
            tree = Tree(f"{bucket}/{key}".rstrip("/"), (describe(bucket, row) for row in rows if _is_object(row)))
            if not tree.is_empty:
                yield from tree.walk(kwargs.get("detail", False))
                return
        yield from super().walk(path, maxdepth=maxdepth, topdown=topdown, on_error=on_error, **kwargs)


def _is_object(row, versions=False):
    """Whether a row of a listing is a present object, or one of its versions."""
    return not row.is_prefix and not row.is_delete_marker and (versions or row.is_latest is not False)
