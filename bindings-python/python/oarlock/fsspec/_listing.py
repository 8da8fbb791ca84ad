"""What exists: `info`, `ls`, `find`, `glob` and what follows from them.

Invariant: without `use_listings_cache` every answer is the present state. A refusal is an error, never "does
not exist". A directory is a common prefix of keys that ends in a slash; an object whose key ends in a slash
only marks one.
"""

from collections import deque
from glob import has_magic

from fsspec.asyn import AsyncFileSystem

from ..errors import InvalidInputError, NoSuchBucketError, NotFoundError, PermissionDeniedError
from ._calls import WINDOW, begin, call, failure, rows
from ._entries import described, directory, listed
from ._paths import join_version, parent, split_bucket, split_version
from ._requests import options_for

#: Listings that run at a time, where each holds a page in memory.
_LISTINGS = WINDOW // 4


def order(info):
    """The order of a listing: a file goes before the directory of its name."""
    return info["name"], info["type"] == "directory"


class Listing(AsyncFileSystem):
    """The part of the file system that looks."""

    def _begin(self, path, prefix="", delimiter="/"):
        """Starts the listing of what lies below a directory."""
        store, key, _ = self._split(path)
        below = f"{key.rstrip('/')}/" if key else ""
        verb = "list_versions" if self.version_aware else "list"
        options = {"delimiter": delimiter} if delimiter else {}
        return begin(store, verb, f"{below}{prefix}", **options)

    async def _holds(self, path):
        """Whether anything lies below a directory; raises if there is no such bucket."""
        store, key, _ = self._split(path)
        async for _ in rows(begin(store, "list", f"{key.rstrip('/')}/" if key else "", page_size=1)):
            return True
        return False

    async def _entries(self, path, listing, versions=False):
        """The files and directories of a listing, without the marker of the directory itself."""
        bucket, key = split_bucket(path)
        own = f"{key.rstrip('/')}/" if key else ""
        found = []
        async for entry in rows(listing):
            if entry.is_prefix:
                found.append(directory(f"{bucket}/{entry.key}".rstrip("/")))
            elif entry.key == own or entry.is_delete_marker or not (versions or entry.is_latest is not False):
                continue
            else:
                info = listed(bucket, entry)
                if versions:
                    info["name"] = join_version(info["name"], entry.version_id)
                found.append(info)
        return found

    async def _info(self, path, refresh=False, version_id=None, **kwargs):
        """What is known of a file or a directory: name, type, size, ETag, LastModified, StorageClass,
        ContentType, VersionId, and the headers and metadata that were set.

        ``version_id``, or a path that ends in ``?versionId=…``, names an older version; both need
        ``version_aware=True``. With ``refresh`` the listings cache is not asked.
        """
        path = self._strip_protocol(path)
        if not path:
            return {"name": path, "size": 0, "type": "directory"}
        store, key, version = self._split(path, version_id)
        bucket = split_bucket(path)[0]
        if not refresh and (known := self._remembered(f"{bucket}/{key}" if key else bucket, version)):
            return known
        if not key:
            await self._holds(bucket)
            return directory(bucket) | {"VersionId": None}
        try:
            meta = await call(store, "head", key, **options_for("head", kwargs), **version)
            if not version:
                self._recent.put(bucket, meta)
            return described(bucket, meta)
        except NotFoundError:
            # The response to a HEAD has no body that names a missing bucket; that of a listing has.
            if version or not await self._is_directory(path):
                raise
        return directory(f"{bucket}/{key}")

    def _remembered(self, path, version):
        """The entry of the listings cache for a path, if it has one."""
        known = self.dircache.get(parent(path)) if self.dircache.use_listings_cache else None
        if known is None:
            return None
        wanted = version.get("version_id")
        named = (info for info in known if info["name"] == path)
        return next((info for info in named if wanted in (None, info.get("VersionId"))), None)

    async def _exists(self, path, version_id=None, **kwargs):
        """Whether a file, a directory or a bucket exists."""
        try:
            await self._info(path, version_id=version_id, **kwargs)
        except FileNotFoundError:
            return False
        except PermissionDeniedError:
            # Of a bucket that nobody may list, only its existence is known.
            if split_bucket(self._strip_protocol(path))[1]:
                raise
        return True

    async def _isdir(self, path):
        """Whether anything lies below the path."""
        try:
            return await self._is_directory(path)
        except NoSuchBucketError:
            return False

    async def _is_directory(self, path):
        """As `_isdir`; a missing bucket raises."""
        path = self._strip_protocol(path)
        if not path:
            return True
        known = self.dircache.get(path) if self.dircache.use_listings_cache else None
        if known is not None:
            return any(info["name"] != path for info in known)
        return await self._holds(path) or not split_bucket(path)[1]

    async def _require_bucket(self, bucket):
        """Raises if there is no such bucket; one that may not be listed is there."""
        try:
            await self._holds(bucket)
        except PermissionDeniedError:
            return

    async def _isfile(self, path):
        """Whether an object has exactly this key."""
        store, key, version = self._split(self._strip_protocol(path))
        if not key:
            return False
        if version or self._encrypts:
            return await call(store, "exists", key, **version)
        try:
            self._recent.put(split_bucket(self._strip_protocol(path))[0], await call(store, "head", key))
        except NotFoundError:
            return False
        return True

    async def _ls(self, path, detail=False, refresh=False, versions=False, **kwargs):
        """What a directory holds: names, or entries as of `info` with ``detail=True``. Of a file, itself;
        of the root, the buckets. With ``versions`` every version of each object."""
        self._check_versions(versions)
        path = self._strip_protocol(path)
        found = None if refresh or versions else self.dircache.get(path)
        if found is None:
            found = await (self._entries_of(path, versions) if path else self._buckets())
            if found and not versions and found[0]["name"] != path:
                self.dircache[path] = found
        return found if detail else sorted(info["name"] for info in found)

    def _check_versions(self, versions):
        if versions and not self.version_aware:
            raise InvalidInputError("`versions` needs a file system with version_aware=True")

    async def _buckets(self):
        return [directory(bucket.name) for bucket in await call(self._store(None), "list_buckets")]

    async def _entries_of(self, path, versions):
        found = await self._entries(path, self._begin(path), versions)
        if not found and split_bucket(path)[1]:
            info = await self._info(path, refresh=True)
            if info["type"] == "file":
                found = [{"Key": info["name"], **info, "Size": info["size"]}]
                del found[0]["ContentType"], found[0]["VersionId"]
        return sorted(found, key=order)

    async def _find(self, path, maxdepth=None, withdirs=False, detail=False, prefix="", **kwargs):
        """All files below a directory, in one listing; of a file, itself. ``prefix`` is the start of their
        names below it. With ``maxdepth`` one listing for each directory, many at a time."""
        path = self._strip_protocol(path)
        if not path:
            raise InvalidInputError("a search over all buckets is refused; name a bucket")
        if maxdepth is not None and maxdepth < 1:
            raise ValueError("maxdepth must be at least 1")
        versions = bool(kwargs.get("versions"))
        self._check_versions(versions)
        if maxdepth:
            files, directories = await self._levels(path, maxdepth, prefix or "", withdirs)
        else:
            files = await self._entries(path, self._begin(path, prefix or "", ""), versions)
            directories = _directories(path, files, prefix)
            if not prefix and not versions:
                self._remember(path, files, directories)
            files = [info for info in files if not info["name"].endswith("/")]
        if not files and not directories and not prefix and split_bucket(path)[1]:
            files = [await self._info(path)] if await self._isfile(path) else []
        found = {info["name"]: info for info in files}
        if withdirs:
            found |= {info["name"]: info for info in directories}
        found = dict(sorted(found.items()))
        return found if detail else list(found)

    async def _levels(self, path, depth, prefix, withdirs):
        """Files and directories of so many levels, a level after the other."""
        files, directories, level, stem = [], [], [path], prefix
        while level and depth > 0:
            depth -= 1
            below = []
            async for info in self._level(level, stem):
                (below if info["type"] == "directory" else files).append(info)
            directories += below
            level, stem = [info["name"] for info in below], ""
        if withdirs and not prefix and (files or directories or await self._isdir(path)):
            directories.append(directory(path))
        return [info for info in files if not info["name"].endswith("/")], directories

    async def _level(self, paths, prefix):
        """The entries of many directories, whose listings run at the same time."""
        running, waiting = deque(), iter(paths)
        while True:
            for path in waiting:
                running.append((path, self._begin(path, prefix)))
                if len(running) >= _LISTINGS:
                    break
            if not running:
                return
            for info in await self._entries(*running.popleft()):
                yield info

    def _remember(self, path, files, directories):
        """Keeps a complete listing of a tree in the listings cache, directory by directory."""
        if not self.dircache.use_listings_cache or not (files or directories):
            return
        tree = {info["name"]: [] for info in directories} | {path: []}
        for info in (*files, *directories):
            above = tree.get(parent(info["name"]))
            if above is not None and not info["name"].endswith("/"):
                above.append(info)
        for name, entries in tree.items():
            self.dircache[name] = sorted(entries, key=order)

    def invalidate_cache(self, path=None):
        """Forgets the listings of a path and of the directories above it, or all."""
        self._recent.clear()
        if path is None or not self.dircache:
            self.dircache.clear()
            return
        path = self._strip_protocol(path)
        while path:
            self.dircache.pop(path, None)
            path = parent(path)
        self.dircache.pop("", None)

    async def _glob(self, path, **kwargs):
        """The paths that match a pattern: ``*`` and ``?`` within a name, ``**`` across directories, ``[…]``
        for a set. ``maxdepth`` bounds ``**``; ``detail=True`` returns entries by name."""
        if self._strip_protocol(path).startswith("*"):
            raise InvalidInputError("a search over all buckets is refused; name a bucket")
        return await super()._glob(path, **kwargs)

    async def _walk(self, path, maxdepth=None, topdown=True, on_error="omit", detail=False, **kwargs):
        """Directory by directory: the path, the names of its directories, and of its files; with ``detail``
        their entries by name. A name that the caller takes out of the directories is not visited. The
        listings of the next directories run meanwhile."""
        path = self._strip_protocol(path)
        if path in ("", "*"):
            raise InvalidInputError("a walk over all buckets is refused; name a bucket")
        if maxdepth is not None and maxdepth < 1:
            raise ValueError("maxdepth must be at least 1")
        if not topdown or self.dircache.use_listings_cache:
            options = {"topdown": topdown, "on_error": on_error, "detail": detail, **kwargs}
            async for step in super()._walk(path, maxdepth=maxdepth, **options):
                yield step
            return
        waiting = [[path, 1, None]]
        while waiting:
            here, depth, listing = waiting.pop()
            try:
                entries = await (
                    self._entries_of(here, False) if listing is None else self._entries(here, listing)
                )
            except OSError as error:
                if on_error == "raise":
                    raise
                if callable(on_error):
                    on_error(error)
                entries = []
            directories, files = _by_name(here, entries)
            shown = (directories, files) if detail else (list(directories), list(files))
            yield here, *shown
            if maxdepth is None or depth < maxdepth:
                below = [directories[name]["name"] for name in shown[0]]
                waiting += [[name, depth + 1, None] for name in reversed(below)]
                for item in waiting[-_LISTINGS:]:
                    item[2] = item[2] or self._begin(item[0])

    async def _du(self, path, total=True, maxdepth=None, **kwargs):
        """The size of all files below a path together, or of each with ``total=False``; from listings."""
        found = await self._find(path, maxdepth=maxdepth, detail=True, **kwargs)
        sizes = {name: info["size"] for name, info in found.items()}
        return sum(sizes.values()) if total else sizes

    async def _sizes(self, paths, **kwargs):
        """The sizes of many files, requested at the same time."""
        return [meta.size for meta in await self._heads(paths)]

    async def _heads(self, paths):
        """The metadata of many objects; the first that fails raises."""
        paths, found = list(paths), {}
        for store, bucket, items in self._by_bucket(paths):
            asked = [{"key": key, **version} for _, key, version in items]
            for (path, *_), row in zip(items, await call(store, "head_many", asked)):
                if row.error is not None:
                    raise failure(bucket, row, "head_many")
                found[path] = row.meta
        return [found[path] for path in paths]

    async def _expand(self, path, recursive=False, maxdepth=None, assume_literal=False):
        """The paths that a path, a pattern or a list of them means, each with its type: `file`, `directory`,
        or None for a name that was not looked up."""
        if maxdepth is not None and maxdepth < 1:
            raise ValueError("maxdepth must be at least 1")
        found = {}
        for each in [path] if isinstance(path, str) else path:
            each = self._strip_protocol(each)
            names_version = self.version_aware and split_version(each)[1]
            if not (names_version or assume_literal) and has_magic(each):
                depth = maxdepth
                matched = await self._glob(each, maxdepth=depth, detail=True)
                found |= {name: info["type"] for name, info in matched.items()}
                if recursive and (depth is None or depth > 1):
                    below = [name for name, info in matched.items() if info["type"] == "directory"]
                    for name in below:
                        found |= await self._tree(name, depth and depth - 1)
            elif recursive:
                found |= await self._tree(each, maxdepth)
                if each not in found and await self._exists(each):
                    found[each] = "directory"
            else:
                found.setdefault(each, None)
        if not found:
            raise NotFoundError(f"nothing matches {path!r}")
        return dict(sorted(found.items()))

    async def _tree(self, path, maxdepth):
        found = await self._find(path, maxdepth=maxdepth, withdirs=True, detail=True)
        return {name: info["type"] for name, info in found.items()}

    async def _expand_path(self, path, recursive=False, maxdepth=None, assume_literal=False, **kwargs):
        """The paths that a path, a pattern or a list of them means; with ``assume_literal`` none is a
        pattern."""
        return list(await self._expand(path, recursive, maxdepth, assume_literal))


def _by_name(path, entries):
    """The directories and the files of a listing by their last names; a file that is the path itself has
    none."""
    directories, files = {}, {}
    for info in sorted(entries, key=order):
        name = "" if info["name"] == path else info["name"].rstrip("/").rpartition("/")[2]
        (directories if info["type"] == "directory" else files)[name] = info
    return directories, files


def _directories(path, files, prefix):
    """The directories that the names of files imply, from the path on."""
    names = set()
    for info in files:
        above = info["name"].rpartition("/")[0]
        while len(above) >= len(path) and above not in names and "/" in above:
            names.add(above)
            above = above.rpartition("/")[0]
    if prefix:
        names.discard(path)
    return [directory(name) for name in sorted(names)]
