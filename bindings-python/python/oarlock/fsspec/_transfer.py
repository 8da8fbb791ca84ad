"""Bytes in and out: `cat`, `get`, `put`, `pipe`, `cp`, `rm`, each for one path and for many.

Invariant: many objects travel together, by oarlock's verbs for many or `WINDOW` calls at a time. A file
appears whole or not at all, on either side.
"""

import mimetypes
import os
from pathlib import Path

from fsspec.asyn import AsyncFileSystem
from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.implementations.local import LocalFileSystem

from .._files import exists_already
from ..errors import InvalidInputError, NotFoundError, PreconditionError, RangeError
from ._callbacks import Children, report, watches
from ._calls import call, each, failure
from ._entries import quoted
from ._pairs import pairs, within
from ._paths import split_bucket
from ._requests import options_for

#: What `put_many` takes for all its objects; `content_type` it takes for each.
_FOR_MANY = {"metadata", "storage_class", "if_none_match"}


def _media_type(path):
    name = os.path.basename(path)
    return mimetypes.guess_type(name)[0] if "." in name else None


class Transfer(AsyncFileSystem):
    """The part of the file system that moves bytes."""

    def _upload(self, keywords, mode="overwrite", chunksize=None):
        """The options of an upload."""
        options = options_for("put", {**self._uploads, **keywords})
        if mode == "create":
            options["if_none_match"] = "*"
        elif mode != "overwrite":
            raise InvalidInputError(f"the mode of an upload is overwrite or create, not {mode!r}")
        if chunksize is not None:
            options["part_size"] = chunksize
        return options

    async def _stored(self, path, store, verb, *args, **options):
        """Runs a verb that stores an object; returns what S3 returns of it."""
        try:
            reply = await call(store, verb, *args, **options)
        except PreconditionError as error:
            if "if_none_match" in options:
                raise exists_already(error) from error
            raise
        self.invalidate_cache(path)
        return {"ETag": quoted(reply.etag), "VersionId": reply.version_id, "size": reply.size}

    # One path.

    async def _cat_file(self, path, start=None, end=None, version_id=None, **kwargs):
        """The bytes of a file, or of a slice of it; negative edges count from its end."""
        store, key, version = self._split(path, version_id)
        options = {**options_for("get", kwargs), **version}
        if start is None and end is None:
            return bytes((await call(store, "get", key, **options)).body)
        if end is None:
            # The server counts: the size need not be known.
            rest = f"{start}-" if start >= 0 else f"{start}"
            try:
                return bytes((await call(store, "get", key, range=rest, **{"whole": True, **options})).body)
            except RangeError:
                return b""
        return (await self._slices([(path, start, end)], version_id=version_id, raises=True, **kwargs))[0]

    async def _pipe_file(self, path, value=None, mode="overwrite", chunksize=None, data=None, **kwargs):
        """Stores bytes. ``mode="create"`` raises `FileExistsError` if an object is there. S3's parameters,
        such as ``ContentType=`` or ``Metadata=``, describe it. Returns its ETag and VersionId."""
        store, key, _ = self._split(path)
        value = data if value is None else value
        options = self._upload(kwargs, mode, chunksize)
        return await self._stored(path, store, "put", key, value, **options)

    async def _put_file(
        self, lpath, rpath, callback=DEFAULT_CALLBACK, mode="overwrite", chunksize=None, **kwargs
    ):
        """Stores a file, or what an open one holds. The keywords are those of `pipe_file`; without
        ``ContentType=`` the file's name decides. A directory is left out."""
        store, key, _ = self._split(rpath)
        options = self._upload(kwargs, mode, chunksize)
        source = lpath
        if not hasattr(lpath, "read"):
            if os.path.isdir(lpath):
                return None
            source = Path(lpath)
            callback.set_size(os.path.getsize(lpath))
            if "content_type" not in options and (media := _media_type(lpath)):
                options["content_type"] = media
        if progress := report(callback):
            options["progress"] = progress
        return await self._stored(rpath, store, "put", key, source, **options)

    async def _get_file(self, rpath, lpath, callback=DEFAULT_CALLBACK, version_id=None, **kwargs):
        """Fetches a file, whole or not at all, into a path whose directories are made, or into an open file.
        Of a directory, makes the directory."""
        store, key, version = self._split(rpath, version_id)
        into = lpath
        if not hasattr(lpath, "write"):
            if key.endswith("/"):
                return os.makedirs(lpath, exist_ok=True)
            into = Path(lpath)
            if into.is_dir():
                return None
            into.parent.mkdir(parents=True, exist_ok=True)
        options = {**options_for("get", kwargs), **version}
        if progress := report(callback):
            options["progress"] = progress
        try:
            await call(store, "get", key, into=into, **options)
        except NotFoundError:
            if version or not await self._isdir(rpath):
                raise
            os.makedirs(lpath, exist_ok=True)

    async def _cp_file(self, path1, path2, **kwargs):
        """Copies an object on the server. A directory is left out."""
        for outcome in await self._copies([(path1, path2)], kwargs):
            if isinstance(outcome, NotFoundError) and await self._isdir(path1):
                continue
            if isinstance(outcome, Exception):
                raise outcome

    async def _rm_file(self, path, version_id=None, **kwargs):
        """Deletes an object, or one of its versions."""
        store, key, version = self._split(path, version_id)
        await call(store, "delete", key, **version)
        self.invalidate_cache(path)

    # Many paths.

    async def _cat(self, path, recursive=False, on_error="raise", **kwargs):
        """The bytes of a file, or of many by name: a list, a pattern, or a directory with ``recursive``.
        ``on_error`` is `raise`, `omit` or `return`."""
        found = await self._expand(path, recursive)
        one = isinstance(path, str) and list(found) == [self._strip_protocol(path)]
        paths = [name for name, kind in found.items() if kind != "directory"]
        if one and on_error == "raise":
            return await self._cat_file(paths[0], **kwargs)
        options = options_for("get", kwargs)
        outcomes = await (self._cat_each(paths, options) if options else self._cat_all(paths))
        failed = [name for name, outcome in outcomes.items() if isinstance(outcome, Exception)]
        if failed and on_error == "raise":
            raise outcomes[failed[0]]
        if on_error == "omit":
            for name in failed:
                del outcomes[name]
        return outcomes[paths[0]] if one and outcomes else outcomes

    async def _cat_all(self, paths):
        """The bytes of each object, or its exception."""
        outcomes = {}
        groups = self._by_bucket(paths)
        for store, bucket, items in groups:
            asked = [{"key": key, **version} if version else key for _, key, version in items]
            for (name, *_), row in zip(items, await call(store, "get_many", asked)):
                outcomes[name] = bytes(row.body) if row.error is None else failure(bucket, row, "get_many")
        return outcomes if len(groups) == 1 else {name: outcomes[name] for name in paths}

    async def _cat_each(self, paths, options):
        """As `_cat_all`, for options that `get_many` does not take."""

        def starts():
            for path in paths:
                store, key, version = self._split(path)
                yield store, "get", {**options, "key": key, **version}, None

        outcomes = await each(starts())
        return {
            path: outcome if isinstance(outcome, Exception) else bytes(outcome.body)
            for path, outcome in zip(paths, outcomes)
        }

    async def _pipe(self, path, value=None, **kwargs):
        """Stores bytes under a path, or each value of a dictionary under its path."""
        if isinstance(path, str):
            return await self._pipe_file(path, value, **kwargs)
        bodies = {name: {"body": body} for name, body in path.items()}
        return await self._put_all(bodies, self._upload(*_taken(kwargs)))

    async def _put(self, lpath, rpath, recursive=False, callback=DEFAULT_CALLBACK, maxdepth=None, **kwargs):
        """Stores files: one, those of a pattern or a list, or a tree with ``recursive``. If the target is a
        directory or ends in a slash, they go below it."""
        local = LocalFileSystem()

        async def expand(paths):
            names = local.expand_path(paths, recursive=recursive, maxdepth=maxdepth)
            return {name: "directory" if local.isdir(name) else "file" for name in names}

        shallow = not recursive or maxdepth is not None
        moves = await pairs(lpath, rpath, expand, self._isdir, shallow)
        files = {}
        for source, target, kind in moves:
            if kind == "directory" or os.path.isdir(source):
                await self._makedirs(target, exist_ok=True)
            else:
                files[target] = source
        callback.set_size(len(files))
        options = self._upload(*_taken(kwargs))
        sources = {}
        for target, source in files.items():
            media = options.get("content_type") or _media_type(source)
            sources[target] = {"path": os.fspath(source), "content_type": media}
        return await self._put_all(sources, options, callback)

    async def _put_all(self, items, options, callback=DEFAULT_CALLBACK):
        """Stores many objects; the first that failed raises when all are done."""
        failed = []
        for store, bucket, entries in self._by_bucket(items):
            if watches(callback) or options.keys() - _FOR_MANY - {"content_type"}:
                failed += await self._put_each(store, entries, items, options, callback)
            else:
                shared = {name: value for name, value in options.items() if name in _FOR_MANY}
                given = {"content_type": options["content_type"]} if "content_type" in options else {}
                objects = [{"key": key, **given, **items[path]} for path, key, _ in entries]
                replies = await _many(store, "put_many", objects, callback, **shared)
                failed += [failure(bucket, row, "put_many") for row in replies if row.error is not None]
        for path in items:
            self.invalidate_cache(path)
        if failed:
            taken = "if_none_match" in options and isinstance(failed[0], PreconditionError)
            raise exists_already(failed[0]) if taken else failed[0]

    async def _put_each(self, store, entries, items, options, callback):
        """Stores many objects by single calls, for options that `put_many` does not take, and for callbacks
        that watch each."""
        children = Children(callback)

        def starts():
            for path, key, _ in entries:
                item = dict(items[path])
                source, file = item.pop("body", None), item.pop("path", None)
                item = {name: value for name, value in item.items() if value is not None} | options
                progress = children.begin(file or "", path)
                values = {**item, "key": key, "source": Path(file) if file else source}
                yield store, "put", values, progress

        outcomes = await each(starts(), children.end)
        return [outcome for outcome in outcomes if isinstance(outcome, Exception)]

    async def _get(self, rpath, lpath, recursive=False, callback=DEFAULT_CALLBACK, maxdepth=None, **kwargs):
        """Fetches files: one, those of a pattern or a list, or a tree with ``recursive``. If the target is a
        directory or ends in a slash, they go below it. Directories are made."""

        async def expand(paths):
            return await self._expand(paths, recursive, maxdepth)

        async def is_directory(path):
            return os.path.isdir(path)

        shallow = not recursive or maxdepth is not None
        moves = await pairs(rpath, lpath, expand, is_directory, shallow)
        if isinstance(lpath, (str, os.PathLike)):
            within(os.fspath(lpath), [target for _, target, _ in moves])
        files = {}
        for source, target, kind in moves:
            if kind == "directory":
                os.makedirs(target, exist_ok=True)
            else:
                files[source] = target
        files = {source: target for source, target in files.items() if not os.path.isdir(target)}
        for above in {os.path.dirname(target) for target in files.values()} - {""}:
            os.makedirs(above, exist_ok=True)
        callback.set_size(len(files))
        options = options_for("get", kwargs)
        if options or watches(callback):
            failed = await self._get_each(files, callback, options)
        else:
            failed = await self._get_all(files, callback)
        for path, error in failed:
            if not (isinstance(error, NotFoundError) and await self._isdir(path)):
                raise error
            if not isinstance(rpath, str):
                os.makedirs(files[path], exist_ok=True)

    async def _get_all(self, files, callback):
        """Fetches many objects, each into its file: the paths that failed, and their exceptions."""
        failed = []
        for store, bucket, items in self._by_bucket(files):
            asked = [{"key": key, "path": os.fspath(files[path]), **version} for path, key, version in items]
            paths = {key: path for path, key, _ in items}
            for row in await _many(store, "get_many", asked, callback):
                if row.error is not None:
                    failed.append((paths[row.key], failure(bucket, row, "get_many")))
        return failed

    async def _get_each(self, files, callback, options):
        """As `_get_all`, for a callback that watches the bytes of each file, and for further options."""
        children = Children(callback)

        def starts():
            for path, target in files.items():
                store, key, version = self._split(path)
                progress = children.begin(path, target)
                yield store, "get", {**options, "key": key, "into": Path(target), **version}, progress

        outcomes = await each(starts(), children.end)
        return [(path, outcome) for path, outcome in zip(files, outcomes) if isinstance(outcome, Exception)]

    async def _copy(self, path1, path2, recursive=False, on_error=None, maxdepth=None, **kwargs):
        """Copies files on the server: one, those of a pattern or a list, or a tree with ``recursive``.
        ``on_error="ignore"``, the default with ``recursive``, passes over what is gone meanwhile."""
        on_error = on_error or ("ignore" if recursive else "raise")

        async def expand(paths):
            return await self._expand(paths, recursive, maxdepth)

        shallow = not recursive or maxdepth is not None
        moves = await pairs(path1, path2, expand, self._isdir, shallow)
        moves = [(source, target) for source, target, kind in moves if kind != "directory"]
        for (source, _), outcome in zip(moves, await self._copies(moves, kwargs)):
            if isinstance(outcome, NotFoundError) and (on_error == "ignore" or await self._isdir(source)):
                continue
            if isinstance(outcome, Exception):
                raise outcome

    async def _copies(self, moves, keywords):
        """Copies objects, many at a time: a reply or an exception for each."""
        options = options_for("copy", keywords)

        def starts():
            for source, target in moves:
                _, key, version = self._split(source)
                store, to, named = self._split(target)
                if named:
                    raise InvalidInputError(f"a copy can't name its version: {target}")
                values = {"source_bucket": split_bucket(self._strip_protocol(source))[0], **options}
                if version:
                    values["source_version_id"] = version["version_id"]
                yield store, "copy", {"source_key": key, "key": to, **values}, None

        outcomes = await each(starts())
        for _, target in moves:
            self.invalidate_cache(target)
        return outcomes


async def _many(store, verb, objects, callback, **options):
    """Runs a verb for many objects; a callback counts them as they are done."""
    if callback is DEFAULT_CALLBACK:
        return await call(store, verb, objects, **options)
    replies = []

    def arrived(some):
        replies.extend(some)
        callback.relative_update(len(some))

    await call(store, verb, objects, each=arrived, **options)
    return replies


def _taken(keywords):
    """Keywords of an upload, its mode, and its part size, as `_upload` takes them."""
    keywords = dict(keywords)
    return keywords, keywords.pop("mode", "overwrite"), keywords.pop("chunksize", None)
