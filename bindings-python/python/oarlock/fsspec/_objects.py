"""An object besides its bytes: metadata, tags, access, versions, signed URLs, unfinished uploads."""

from fsspec.asyn import AsyncFileSystem
from fsspec.utils import tokenize

from ..errors import InvalidInputError, UnsupportedError
from ._calls import begin, call, each, rows, source
from ._entries import headers, listed
from ._paths import split_bucket
from ._requests import options_for

_ACLS = {
    "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
    "bucket-owner-full-control",
}  # fmt: skip
_BUCKET_ACLS = {"private", "public-read", "public-read-write", "authenticated-read"}
_METHODS = {"get_object": "get", "put_object": "put", "head_object": "head", "delete_object": "delete"}
_PIECE = 8 << 20


class Objects(AsyncFileSystem):
    """The part of the file system that describes objects."""

    async def _metadata(self, path, refresh=False, version_id=None, **kwargs):
        """The user metadata of an object, with hyphens in their names, as s3fs returns it."""
        store, key, version = self._split(path, version_id)
        found = (await call(store, "head", key, **version)).metadata
        return {name.replace("_", "-"): value for name, value in found.items()}

    async def _getxattr(self, path, attr_name, **kwargs):
        """One value of an object's metadata, or None."""
        return (await self._metadata(path, **kwargs)).get(attr_name.replace("_", "-"))

    async def _setxattr(self, path, copy_kwargs=None, **kw_args):
        """Sets values of an object's metadata; None removes one. The others, and its headers, stay.

        The object is copied onto itself, unless it changed meanwhile; ``copy_kwargs`` are further parameters
        of that copy.
        """
        store, key, version = self._split(path)
        meta = await call(store, "head", key, **version)
        metadata = {name.replace("_", "-"): value for name, value in meta.metadata.items()}
        metadata |= {name.replace("_", "-"): value for name, value in kw_args.items()}
        metadata = {name: value for name, value in metadata.items() if value is not None}
        options = {**headers(meta), "metadata": metadata, **options_for("copy", copy_kwargs or {})}
        if version:
            options["source_version_id"] = version["version_id"]
        await call(store, "copy", key, key, source_if_match=meta.etag, **options)
        self.invalidate_cache(path)

    async def _get_tags(self, path):
        """The tags of an object."""
        store, key, version = self._split(path)
        return await call(store, "get_tags", key, **version)

    async def _put_tags(self, path, tags, mode="o"):
        """Sets the tags of an object: ``mode="o"`` replaces all, ``mode="m"`` keeps the others."""
        if mode not in ("o", "m"):
            raise InvalidInputError(f"the mode is o, to replace all tags, or m, to merge; not {mode!r}")
        store, key, version = self._split(path)
        known = await call(store, "get_tags", key, **version) if mode == "m" else {}
        await call(store, "set_tags", key, {**known, **tags}, **version)

    async def _chmod(self, path, acl, recursive=False, **kwargs):
        """Sets a canned ACL, such as `public-read`, on an object or a bucket, or with ``recursive`` on all
        below a path too."""
        bucket, key, _ = self.split_path(path)
        known = _ACLS if key else _BUCKET_ACLS
        if acl not in known:
            raise InvalidInputError(f"the ACL is one of {', '.join(sorted(known))}, not {acl!r}")
        if not key:
            await call(self._store(bucket), "set_bucket_acl", acl)
        paths = await self._find(path) if recursive else [path] if key else []

        def starts():
            for one in paths:
                store, key, version = self._split(one)
                yield store, "set_acl", {"key": key, "acl": acl, **version}, None

        for outcome in await each(starts()):
            if isinstance(outcome, Exception):
                raise outcome

    async def _url(self, path, expires=3600, client_method="get_object", **kwargs):
        """A URL that lets anyone read the object by HTTP for so many seconds. ``client_method`` may be
        `put_object`, `head_object` or `delete_object` too."""
        store, key, version = self._split(path)
        if client_method not in _METHODS:
            raise InvalidInputError(f"`client_method` is one of {', '.join(_METHODS)}, not {client_method!r}")
        options = {**version, **options_for("presign", kwargs)}
        return await call(
            store, "presign", key, method=_METHODS[client_method], expires_in=expires, **options
        )

    async def _sign(self, path, expiration=100, **kwargs):
        """A URL that lets anyone read the object by HTTP for so many seconds."""
        return await self._url(path, expires=expiration, **kwargs)

    async def _checksum(self, path, refresh=False):
        """A number that changes when the file does."""
        info = await self._info(path, refresh=refresh)
        if info["type"] == "directory":
            return int(tokenize(info), 16)
        return int(info["ETag"].strip('"').split("-")[0], 16)

    async def _modified(self, path, version_id=None, refresh=False):
        """When an object was stored. A directory has no such time: `IsADirectoryError`."""
        info = await self._info(path, version_id=version_id, refresh=refresh)
        if "LastModified" not in info:
            raise IsADirectoryError(f"{path} is a directory, for which S3 keeps no time")
        return info["LastModified"]

    async def _created(self, path):
        """When an object was stored: S3 keeps no other time."""
        return await self._modified(path)

    async def _touch(self, path, truncate=True, data=None, **kwargs):
        """Stores an empty object. With ``truncate=False`` one that exists raises `ValueError`."""
        _, _, version = self._split(path)
        if version:
            raise InvalidInputError("a stored version can't be touched")
        if not truncate and await self._exists(path):
            raise InvalidInputError("S3 can't set the time of an object that exists")
        return await self._pipe_file(path, data or b"", **kwargs)

    async def _merge(self, path, filelist, **kwargs):
        """Makes one object of the bytes of others, in order; the sources stay. The server joins objects of
        its bucket; only pieces below 5 MiB are fetched. Those of other buckets, and encrypted ones, come
        through this machine, piece by piece."""
        _, _, version = self._split(path)
        if version:
            raise InvalidInputError("a stored version can't be replaced")
        groups = self._by_bucket(filelist)
        if [bucket for _, bucket, _ in groups] == [self.split_path(path)[0]] and not self._encrypts:
            after = [{"key": key, **named} for _, key, named in groups[0][2]]
            await self._pipe_file(path, b"", after=after, **kwargs)
            return
        sizes = await self._sizes(filelist)

        async def pieces():
            for one, size in zip(filelist, sizes):
                # An encrypted object is verified as a whole.
                step = max(size, 1) if self._encrypts else _PIECE
                for at in range(0, size, step):
                    span = () if step >= size else (at, min(at + step, size))
                    yield await self._cat_file(one, *span)

        await self._pipe_file(path, source(pieces()), **kwargs)

    # Versions and uploads.

    async def _object_version_info(self, path, **kwargs):
        """All versions of an object, the newest first."""
        if not self.version_aware:
            raise InvalidInputError("the versions of an object need a file system with version_aware=True")
        store, key, _ = self._split(path)
        bucket = split_bucket(self._strip_protocol(path))[0]
        found = []
        async for entry in rows(begin(store, "list_versions", key)):
            if entry.key == key and not entry.is_delete_marker:
                found.append(listed(bucket, entry) | {"Key": key})
        return found

    async def _list_multipart_uploads(self, bucket):
        """The unfinished uploads of a bucket."""
        store, prefix, _ = self._split(bucket)
        return [
            {"Key": upload.key, "UploadId": upload.upload_id, "Initiated": upload.initiated}
            async for upload in rows(begin(store, "list_uploads", prefix))
        ]

    async def _abort_mpu(self, bucket, key, mpu):
        """Ends an unfinished upload and frees its parts."""
        await call(self._store(bucket), "abort_upload", key, mpu)

    async def _clear_multipart_uploads(self, bucket):
        """Ends all unfinished uploads of a bucket, also those that are still in progress."""
        store, prefix, _ = self._split(bucket)
        await call(store, "abort_uploads", prefix, older_than=0)

    async def _get_delegated_s3pars(self, exp=3600):
        """The keywords that give another process the same identity, without a long-lived secret."""
        given = self.storage_options
        if given.get("anon"):
            return {"anon": True}
        store = self._store(None)
        if not {"key", "secret", "access_key_id", "secret_access_key"} & store.settings.keys():
            return {"anon": False}
        keys = await call(store, "credentials")
        if keys.session_token is None:
            raise UnsupportedError(
                "these keys are long-lived, and oarlock requests no temporary ones for them; use a profile "
                "with a role, or pass the keys on yourself"
            )
        return {
            "key": keys.access_key_id,
            "secret": keys.secret_access_key,
            "token": keys.session_token,
            "anon": False,
        }
