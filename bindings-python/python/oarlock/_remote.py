"""The file system under a DVC remote: DVC's questions about single objects, answered by few requests; and
errors that DVC shows as they are.

Invariant: `info` is answered without a request only from the response to an upload of this process, or from a
listing of the last seconds (`_versions.py`).
"""

import functools
import inspect
import io
import threading

from dvc_objects.fs.errors import AuthError
from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.utils import tokenize

from ._versions import Tree, VersionLookups
from .errors import ConfigError, CredentialsError, PermissionDeniedError, WrongRegionError
from .fsspec import OarlockFileSystem

__all__ = ["RemoteFileSystem"]

#: Uploads that are remembered at most.
UPLOADS = 100_000

#: What uploads returned, by settings and path: who stored it, and its entry.
_uploads = {}
_uploads_lock = threading.Lock()


class RemoteFileSystem(OarlockFileSystem):
    """The files of one remote. DVC calls the methods that block, from threads of its own."""

    async_impl = False

    def __init__(self, version_aware=False, url_query="", **settings):
        super().__init__(version_aware=version_aware, url_query=url_query, **settings)
        self._identity = tokenize(url_query, settings)
        self._lookups = VersionLookups()

    def put_file(self, lpath, rpath, callback=DEFAULT_CALLBACK, **kwargs):
        reply = super().put_file(lpath, rpath, callback=callback, **kwargs)
        self._forget(rpath)
        if self.version_aware and reply is not None:
            path = self._strip_protocol(rpath)
            with _uploads_lock:
                _uploads[self._identity, path] = (id(self), {"name": path, "type": "file", **reply})
                if len(_uploads) > UPLOADS:
                    del _uploads[next(iter(_uploads))]
        return reply

    def info(self, path, **kwargs):
        bucket, key, version = self.split_path(path)
        if not self.version_aware or not key:
            return super().info(path, **kwargs)
        version = version or kwargs.get("version_id")
        found = self._uploaded(f"{bucket}/{key}", version)
        if found is None:
            found = self._lookups.find(bucket, self._store(bucket), key, version)
        return super().info(path, **kwargs) if found is None else dict(found)

    def _uploaded(self, path, version):
        """The entry of an object that this process stored. After a push DVC reads it twice: first the file
        system that stored it, then another one, and that is the last time."""
        with _uploads_lock:
            who, entry = _uploads.get((self._identity, path), (None, None))
            if entry is None or version not in (None, entry["VersionId"]):
                return None
            if who != id(self):
                del _uploads[self._identity, path]
            return entry

    def _forget(self, *paths, trees=False):
        """What is known of these objects, or of any with `trees`, no longer holds."""
        self._lookups.forget()
        with _uploads_lock:
            if trees:
                for known in [known for known in _uploads if known[0] == self._identity]:
                    del _uploads[known]
            for path in paths:
                bucket, key, _ = self.split_path(path)
                _uploads.pop((self._identity, f"{bucket}/{key}"), None)

    def rm(self, path, recursive=False, **kwargs):
        self._forget(*([path] if isinstance(path, str) else path), trees=recursive)
        super().rm(path, recursive=recursive, **kwargs)

    def rm_file(self, path, **kwargs):
        self._forget(path)
        super().rm_file(path, **kwargs)

    def pipe_file(self, path, value, **kwargs):
        self._forget(path)
        return super().pipe_file(path, value, **kwargs)

    def cp_file(self, path1, path2, **kwargs):
        self._forget(path2)
        super().cp_file(path1, path2, **kwargs)

    def open(self, path, mode="rb", **kwargs):
        if "r" not in mode:
            self._forget(path)
        # DVC opens one version after the other to verify them.
        verifies = mode == "rb" and self.version_aware
        if verifies and (content := self._lookups.content(*self.split_path(path))) is not None:
            return io.BytesIO(content)
        return super().open(path, mode, **kwargs)

    def walk(self, path, maxdepth=None, topdown=True, detail=False, **kwargs):
        # One listing of all that is below, instead of one for each directory.
        root = self._strip_protocol(path)
        if maxdepth is None and topdown and root and not self.split_path(path)[2]:
            found = self.find(root, withdirs=True, detail=True)
            if found and root not in (name for name, info in found.items() if info["type"] == "file"):
                yield from Tree(root, found.values()).walk(detail)
                return
        yield from super().walk(path, maxdepth=maxdepth, topdown=topdown, detail=detail, **kwargs)


def _said_plainly(method):
    """The method with errors that name what the user has to change as DVC's own, which it shows as they are;
    any other it calls unexpected."""

    @functools.wraps(method)
    def call(self, *args, **kwargs):
        try:
            return method(self, *args, **kwargs)
        except (ConfigError, CredentialsError, PermissionDeniedError, WrongRegionError) as error:
            raise AuthError(str(error)) from None

    @functools.wraps(method)
    def iterate(self, *args, **kwargs):
        try:
            yield from method(self, *args, **kwargs)
        except (ConfigError, CredentialsError, PermissionDeniedError, WrongRegionError) as error:
            raise AuthError(str(error)) from None

    return iterate if inspect.isgeneratorfunction(method) else call


for _name in (
    "cat_file", "cp_file", "exists", "find", "get_file", "info", "isdir", "isfile", "ls", "mv", "open",
    "pipe_file", "put_file", "rm", "rm_file", "size", "walk",
):  # fmt: skip
    setattr(RemoteFileSystem, _name, _said_plainly(getattr(RemoteFileSystem, _name)))
