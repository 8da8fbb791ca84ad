"""Buckets, and the deletion of what is in them."""

from glob import has_magic

from fsspec.asyn import AsyncFileSystem

from ..errors import (
    AlreadyExistsError,
    InvalidInputError,
    NoSuchBucketError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
)
from ._calls import begin, call, failure, rows
from ._paths import split_bucket

#: Keys that are deleted at a time: ten requests.
_BATCH = 10_000


class Buckets(AsyncFileSystem):
    """The part of the file system that makes and deletes."""

    async def _mkdir(self, path, acl=False, create_parents=True, region_name=None, **kwargs):
        """Creates the bucket of a path, in ``region_name`` or the file system's region, with the canned ACL
        ``acl`` if it is given. Below a bucket there is nothing to make: a directory is there as soon as an
        object is."""
        path = self._strip_protocol(path)
        if not path:
            raise InvalidInputError("a bucket needs a name")
        bucket, key = split_bucket(path)
        try:
            await self._holds(bucket)
        except PermissionDeniedError:
            # It is there, and who may not list it may still write to it.
            if key:
                return
            raise
        except NoSuchBucketError:
            if key and not create_parents:
                raise
        else:
            if not key:
                raise AlreadyExistsError("the bucket exists already", bucket=bucket)
            return
        region = {"region": region_name} if region_name else {}
        await call(self._store(bucket, **region), "create_bucket")
        if acl:
            await call(self._store(bucket, **region), "set_bucket_acl", acl)
        self.invalidate_cache(bucket)

    async def _makedirs(self, path, exist_ok=False):
        """Creates the bucket of a path if it does not exist. A path that is a bucket must not exist, unless
        ``exist_ok``."""
        try:
            await self._mkdir(path, create_parents=True)
        except FileExistsError:
            if not exist_ok:
                raise

    async def _rmdir(self, path):
        """Deletes an empty bucket. A directory can't be deleted without its files: `FileExistsError`."""
        bucket, key = split_bucket(self._strip_protocol(path))
        if key:
            if await self._exists(path):
                raise AlreadyExistsError("the directory holds files; use rm with recursive=True", key=key)
            raise NotFoundError("there is no such directory", bucket=bucket, key=key)
        await call(self._store(bucket), "delete_bucket")
        self.invalidate_cache(bucket)

    async def _is_bucket_versioned(self, bucket):
        """Whether a bucket keeps versions of what is stored from now on."""
        return await call(self._store(self.split_path(bucket)[0]), "get_versioning") == "Enabled"

    async def _make_bucket_versioned(self, bucket, versioned=True):
        """Makes a bucket keep versions; with ``versioned=False`` no new ones."""
        status = "Enabled" if versioned else "Suspended"
        await call(self._store(self.split_path(bucket)[0]), "set_versioning", status)

    async def _mv_file(self, path1, path2, **kwargs):
        """Copies an object on the server, then deletes it."""
        await self._cp_file(path1, path2)
        await self._rm_file(path1)

    async def _rm(self, path, recursive=False, maxdepth=None, **kwargs):
        """Deletes files: one, those of a pattern or a list, or with ``recursive`` all below a directory, or
        a bucket with all that it holds, older versions too. Returns the paths of what was deleted."""
        paths = [path] if isinstance(path, str) else list(path)
        deleted, buckets, plain = [], [], []
        for one in paths:
            if (recursive or maxdepth) and not (has_magic(one) or maxdepth):
                deleted += await self._rm_tree(one)
            else:
                plain.append(one)
        if plain:
            if recursive or any(map(has_magic, plain)):
                plain = list(await self._expand(plain, recursive, maxdepth))
            buckets = [one for one in plain if not split_bucket(self._strip_protocol(one))[1]]
            deleted += await self._delete([one for one in plain if one not in buckets])
        for bucket in buckets:
            await self._rmdir(bucket)
        return deleted

    async def _bulk_delete(self, pathlist, **kwargs):
        """Deletes objects by their paths, however many; returns the paths."""
        return await self._delete(list(pathlist))

    async def _rm_tree(self, path):
        """Deletes a file, a directory with all below it, or a bucket."""
        stripped = self._strip_protocol(path)
        if not stripped:
            raise InvalidInputError("a deletion of all buckets is refused; name a bucket")
        store, key, _ = self._split(stripped)
        bucket = split_bucket(stripped)[0]
        below = f"{key}/" if key else ""
        deleted = await self._delete_listed(store, bucket, begin(store, "list", below))
        # The key itself may be an object too.
        if key and (not deleted or await self._isfile(stripped)):
            if not deleted and not await self._isfile(stripped):
                raise NotFoundError("there is no such file or directory", bucket=bucket, key=key)
            deleted += await self._delete([stripped])
        if not key:
            await self._rm_bucket(store, bucket)
        self.invalidate_cache(stripped)
        return deleted

    async def _rm_bucket(self, store, bucket):
        """Deletes a bucket whose newest objects are gone; what is left are older versions."""
        try:
            await call(store, "delete_bucket")
        except PreconditionError:
            await self._delete_listed(store, bucket, begin(store, "list_versions", ""))
            await call(store, "delete_bucket")

    async def _delete_listed(self, store, bucket, listing):
        """Deletes the entries of a listing while it goes on; returns their paths."""
        deleted, batch = [], []

        async def flush():
            await self._delete_keys(store, bucket, batch)
            deleted.extend(f"{bucket}/{item['key']}" for item in batch)
            batch.clear()

        async for entry in rows(listing):
            version = {} if entry.version_id is None else {"version_id": entry.version_id}
            batch.append({"key": entry.key, **version})
            if len(batch) >= _BATCH:
                await flush()
        if batch:
            await flush()
        return deleted

    async def _delete(self, paths):
        """Deletes objects by path; returns the paths."""
        for store, bucket, items in self._by_bucket(paths):
            await self._delete_keys(store, bucket, [{"key": key, **version} for _, key, version in items])
        for path in paths:
            self.invalidate_cache(path)
        return [self._strip_protocol(path) for path in paths]

    async def _delete_keys(self, store, bucket, items):
        """Deletes objects of a bucket. If some could not be deleted, the error names them."""
        failed = [row for row in await call(store, "delete_many", items) if row.error is not None]
        if not failed:
            return
        names = ", ".join(repr(row.key) for row in failed[:10]) + (", …" if len(failed) > 10 else "")
        error = failure(bucket, failed[0], "delete_many")
        raise type(error)(
            f"{len(failed)} of {len(items)} objects were not deleted: {names}; "
            f"the first because of: {error.message}",
            verb=error.verb,
            bucket=bucket,
            key=error.key,
        )
