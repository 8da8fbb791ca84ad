"""`OarlockFileSystem`: buckets as an fsspec file system. Each method exists blocking and, with an underscore,
awaited."""

import datetime
import io
import os
from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from typing_extensions import Buffer

__all__ = ["OarlockFileSystem", "register", "split_version", "unregister"]

Path: TypeAlias = str
LocalPath: TypeAlias = str | os.PathLike[str]
Entry: TypeAlias = dict[str, Any]
OnError: TypeAlias = Literal["raise", "omit", "return"]
Mode: TypeAlias = Literal["overwrite", "create"]

class _Close(Protocol):
    async def close(self) -> None: ...

def split_version(path: str) -> tuple[str, str | None]: ...
def register() -> None: ...
def unregister() -> None: ...

class OarlockFileSystem:
    protocol: tuple[str, ...]
    asynchronous: bool
    version_aware: bool
    default_block_size: int
    default_cache_type: str
    default_fill_cache: bool
    dircache: Any
    transaction: Any

    def __init__(
        self,
        version_aware: bool = False,
        url_query: str = "",
        asynchronous: bool = False,
        loop: AbstractEventLoop | None = None,
        batch_size: int | None = None,
        use_listings_cache: bool = False,
        listings_expiry_time: float | None = None,
        max_paths: int | None = None,
        default_block_size: int | None = None,
        default_fill_cache: bool = True,
        default_cache_type: str = "stream",
        **settings: Any,
    ) -> None: ...
    @property
    def loop(self) -> AbstractEventLoop | None: ...
    def open(
        self,
        path: Path,
        mode: str = "rb",
        block_size: int | None = None,
        cache_options: Mapping[str, Any] | None = None,
        compression: str | None = None,
        **kwargs: Any,
    ) -> Any: ...
    async def open_async(self, path: Path, mode: str = "rb", **kwargs: Any) -> Any: ...
    async def set_session(self, refresh: bool = False, **kwargs: Any) -> _Close: ...
    @staticmethod
    def close_session(loop: Any = None, s3: Any = None) -> None: ...
    def invalidate_region_cache(self) -> None: ...
    def connect(self, refresh: bool = False, **kwargs: Any) -> _Close: ...
    def split_path(self, path: Path) -> tuple[str, str, str | None]: ...
    def invalidate_cache(self, path: Path | None = None) -> None: ...
    def info(
        self, path: Path, refresh: bool = False, version_id: str | None = None, **kwargs: Any
    ) -> Entry: ...
    async def _info(
        self, path: Path, refresh: bool = False, version_id: str | None = None, **kwargs: Any
    ) -> Entry: ...
    def exists(self, path: Path, version_id: str | None = None, **kwargs: Any) -> bool: ...
    async def _exists(self, path: Path, version_id: str | None = None, **kwargs: Any) -> bool: ...
    def isdir(self, path: Path) -> bool: ...
    async def _isdir(self, path: Path) -> bool: ...
    def isfile(self, path: Path) -> bool: ...
    async def _isfile(self, path: Path) -> bool: ...
    def ls(
        self, path: Path, detail: bool = False, refresh: bool = False, versions: bool = False, **kwargs: Any
    ) -> Any: ...
    async def _ls(
        self, path: Path, detail: bool = False, refresh: bool = False, versions: bool = False, **kwargs: Any
    ) -> Any: ...
    def find(
        self,
        path: Path,
        maxdepth: int | None = None,
        withdirs: bool = False,
        detail: bool = False,
        prefix: str = "",
        **kwargs: Any,
    ) -> Any: ...
    async def _find(
        self,
        path: Path,
        maxdepth: int | None = None,
        withdirs: bool = False,
        detail: bool = False,
        prefix: str = "",
        **kwargs: Any,
    ) -> Any: ...
    def glob(self, path: Path, **kwargs: Any) -> Any: ...
    async def _glob(self, path: Path, **kwargs: Any) -> Any: ...
    def du(self, path: Path, total: bool = True, maxdepth: int | None = None, **kwargs: Any) -> Any: ...
    async def _du(
        self, path: Path, total: bool = True, maxdepth: int | None = None, **kwargs: Any
    ) -> Any: ...
    def size(self, path: Path) -> int | None: ...
    async def _size(self, path: Path) -> int | None: ...
    def sizes(self, paths: Iterable[Path], **kwargs: Any) -> list[int | None]: ...
    async def _sizes(self, paths: Iterable[Path], **kwargs: Any) -> list[int | None]: ...
    def expand_path(
        self,
        path: Path | Iterable[Path],
        recursive: bool = False,
        maxdepth: int | None = None,
        assume_literal: bool = False,
        **kwargs: Any,
    ) -> list[str]: ...
    async def _expand_path(
        self,
        path: Path | Iterable[Path],
        recursive: bool = False,
        maxdepth: int | None = None,
        assume_literal: bool = False,
        **kwargs: Any,
    ) -> list[str]: ...
    def cat(
        self, path: Path | list[Path], recursive: bool = False, on_error: OnError = "raise", **kwargs: Any
    ) -> Any: ...
    async def _cat(
        self, path: Path | list[Path], recursive: bool = False, on_error: OnError = "raise", **kwargs: Any
    ) -> Any: ...
    def cat_file(
        self,
        path: Path,
        start: int | None = None,
        end: int | None = None,
        version_id: str | None = None,
        **kwargs: Any,
    ) -> bytes: ...
    async def _cat_file(
        self,
        path: Path,
        start: int | None = None,
        end: int | None = None,
        version_id: str | None = None,
        **kwargs: Any,
    ) -> bytes: ...
    def cat_ranges(
        self,
        paths: Iterable[Path],
        starts: int | Iterable[int | None] | None,
        ends: int | Iterable[int | None] | None,
        max_gap: int | None = None,
        on_error: OnError = "return",
        **kwargs: Any,
    ) -> list[Any]: ...
    async def _cat_ranges(
        self,
        paths: Iterable[Path],
        starts: int | Iterable[int | None] | None,
        ends: int | Iterable[int | None] | None,
        max_gap: int | None = None,
        on_error: OnError = "return",
        **kwargs: Any,
    ) -> list[Any]: ...
    def pipe(self, path: Path | Mapping[Path, Buffer], value: Buffer | None = None, **kwargs: Any) -> Any: ...
    async def _pipe(
        self, path: Path | Mapping[Path, Buffer], value: Buffer | None = None, **kwargs: Any
    ) -> Any: ...
    def pipe_file(
        self,
        path: Path,
        value: Any = None,
        mode: Mode = "overwrite",
        chunksize: int | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> Entry: ...
    async def _pipe_file(
        self,
        path: Path,
        value: Any = None,
        mode: Mode = "overwrite",
        chunksize: int | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> Entry: ...
    def put(
        self,
        lpath: LocalPath | list[LocalPath],
        rpath: Path | list[Path],
        recursive: bool = False,
        callback: Any = ...,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None: ...
    async def _put(
        self,
        lpath: LocalPath | list[LocalPath],
        rpath: Path | list[Path],
        recursive: bool = False,
        callback: Any = ...,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None: ...
    def put_file(
        self,
        lpath: LocalPath | io.IOBase,
        rpath: Path,
        callback: Any = ...,
        mode: Mode = "overwrite",
        chunksize: int | None = None,
        **kwargs: Any,
    ) -> Entry | None: ...
    async def _put_file(
        self,
        lpath: LocalPath | io.IOBase,
        rpath: Path,
        callback: Any = ...,
        mode: Mode = "overwrite",
        chunksize: int | None = None,
        **kwargs: Any,
    ) -> Entry | None: ...
    def get(
        self,
        rpath: Path | list[Path],
        lpath: LocalPath | list[LocalPath],
        recursive: bool = False,
        callback: Any = ...,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None: ...
    async def _get(
        self,
        rpath: Path | list[Path],
        lpath: LocalPath | list[LocalPath],
        recursive: bool = False,
        callback: Any = ...,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None: ...
    def get_file(
        self,
        rpath: Path,
        lpath: LocalPath | io.IOBase,
        callback: Any = ...,
        version_id: str | None = None,
        **kwargs: Any,
    ) -> None: ...
    async def _get_file(
        self,
        rpath: Path,
        lpath: LocalPath | io.IOBase,
        callback: Any = ...,
        version_id: str | None = None,
        **kwargs: Any,
    ) -> None: ...
    def copy(
        self,
        path1: Path | list[Path],
        path2: Path | list[Path],
        recursive: bool = False,
        on_error: Literal["raise", "ignore"] | None = None,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None: ...
    async def _copy(
        self,
        path1: Path | list[Path],
        path2: Path | list[Path],
        recursive: bool = False,
        on_error: Literal["raise", "ignore"] | None = None,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None: ...
    def cp_file(self, path1: Path, path2: Path, **kwargs: Any) -> None: ...
    async def _cp_file(self, path1: Path, path2: Path, **kwargs: Any) -> None: ...
    def mv_file(self, path1: Path, path2: Path, **kwargs: Any) -> None: ...
    async def _mv_file(self, path1: Path, path2: Path, **kwargs: Any) -> None: ...
    def rm(
        self, path: Path | list[Path], recursive: bool = False, maxdepth: int | None = None, **kwargs: Any
    ) -> list[str]: ...
    async def _rm(
        self, path: Path | list[Path], recursive: bool = False, maxdepth: int | None = None, **kwargs: Any
    ) -> list[str]: ...
    def bulk_delete(self, pathlist: Sequence[Path], **kwargs: Any) -> list[str]: ...
    async def _bulk_delete(self, pathlist: Sequence[Path], **kwargs: Any) -> list[str]: ...
    def rm_file(self, path: Path, version_id: str | None = None, **kwargs: Any) -> None: ...
    async def _rm_file(self, path: Path, version_id: str | None = None, **kwargs: Any) -> None: ...
    def mkdir(
        self,
        path: Path,
        acl: str | bool = False,
        create_parents: bool = True,
        region_name: str | None = None,
        **kwargs: Any,
    ) -> None: ...
    async def _mkdir(
        self,
        path: Path,
        acl: str | bool = False,
        create_parents: bool = True,
        region_name: str | None = None,
        **kwargs: Any,
    ) -> None: ...
    def makedirs(self, path: Path, exist_ok: bool = False) -> None: ...
    async def _makedirs(self, path: Path, exist_ok: bool = False) -> None: ...
    def rmdir(self, path: Path) -> None: ...
    async def _rmdir(self, path: Path) -> None: ...
    def metadata(
        self, path: Path, refresh: bool = False, version_id: str | None = None, **kwargs: Any
    ) -> dict[str, str]: ...
    async def _metadata(
        self, path: Path, refresh: bool = False, version_id: str | None = None, **kwargs: Any
    ) -> dict[str, str]: ...
    def getxattr(self, path: Path, attr_name: str, **kwargs: Any) -> str | None: ...
    async def _getxattr(self, path: Path, attr_name: str, **kwargs: Any) -> str | None: ...
    def setxattr(
        self, path: Path, copy_kwargs: Mapping[str, Any] | None = None, **kw_args: str | None
    ) -> None: ...
    async def _setxattr(
        self, path: Path, copy_kwargs: Mapping[str, Any] | None = None, **kw_args: str | None
    ) -> None: ...
    def get_tags(self, path: Path) -> dict[str, str]: ...
    async def _get_tags(self, path: Path) -> dict[str, str]: ...
    def put_tags(self, path: Path, tags: Mapping[str, str], mode: Literal["o", "m"] = "o") -> None: ...
    async def _put_tags(self, path: Path, tags: Mapping[str, str], mode: Literal["o", "m"] = "o") -> None: ...
    def chmod(self, path: Path, acl: str, recursive: bool = False, **kwargs: Any) -> None: ...
    async def _chmod(self, path: Path, acl: str, recursive: bool = False, **kwargs: Any) -> None: ...
    def url(
        self, path: Path, expires: int = 3600, client_method: str = "get_object", **kwargs: Any
    ) -> str: ...
    async def _url(
        self, path: Path, expires: int = 3600, client_method: str = "get_object", **kwargs: Any
    ) -> str: ...
    def sign(self, path: Path, expiration: int = 100, **kwargs: Any) -> str: ...
    async def _sign(self, path: Path, expiration: int = 100, **kwargs: Any) -> str: ...
    def checksum(self, path: Path, refresh: bool = False) -> int: ...
    async def _checksum(self, path: Path, refresh: bool = False) -> int: ...
    def modified(
        self, path: Path, version_id: str | None = None, refresh: bool = False
    ) -> datetime.datetime: ...
    async def _modified(
        self, path: Path, version_id: str | None = None, refresh: bool = False
    ) -> datetime.datetime: ...
    def created(self, path: Path) -> datetime.datetime: ...
    async def _created(self, path: Path) -> datetime.datetime: ...
    def touch(
        self, path: Path, truncate: bool = True, data: Buffer | None = None, **kwargs: Any
    ) -> Entry: ...
    async def _touch(
        self, path: Path, truncate: bool = True, data: Buffer | None = None, **kwargs: Any
    ) -> Entry: ...
    def is_bucket_versioned(self, bucket: str) -> bool: ...
    async def _is_bucket_versioned(self, bucket: str) -> bool: ...
    def make_bucket_versioned(self, bucket: str, versioned: bool = True) -> None: ...
    async def _make_bucket_versioned(self, bucket: str, versioned: bool = True) -> None: ...
    def merge(self, path: Path, filelist: list[Path], **kwargs: Any) -> None: ...
    async def _merge(self, path: Path, filelist: list[Path], **kwargs: Any) -> None: ...
    def object_version_info(self, path: Path, **kwargs: Any) -> list[Entry]: ...
    async def _object_version_info(self, path: Path, **kwargs: Any) -> list[Entry]: ...
    def list_multipart_uploads(self, bucket: str) -> list[Entry]: ...
    async def _list_multipart_uploads(self, bucket: str) -> list[Entry]: ...
    def abort_mpu(self, bucket: str, key: str, mpu: str) -> None: ...
    async def _abort_mpu(self, bucket: str, key: str, mpu: str) -> None: ...
    def clear_multipart_uploads(self, bucket: str) -> None: ...
    async def _clear_multipart_uploads(self, bucket: str) -> None: ...
    def get_delegated_s3pars(self, exp: int = 3600) -> dict[str, Any]: ...
    async def _get_delegated_s3pars(self, exp: int = 3600) -> dict[str, Any]: ...
    def walk(
        self,
        path: Path,
        maxdepth: int | None = None,
        topdown: bool = True,
        on_error: Any = "omit",
        detail: bool = False,
        **kwargs: Any,
    ) -> Iterator[tuple[str, Any, Any]]: ...
    def _walk(
        self,
        path: Path,
        maxdepth: int | None = None,
        topdown: bool = True,
        on_error: Any = "omit",
        detail: bool = False,
        **kwargs: Any,
    ) -> AsyncIterator[tuple[str, Any, Any]]: ...
    # What fsspec adds to these.
    def cp(self, path1: Path | list[Path], path2: Path | list[Path], **kwargs: Any) -> None: ...
    def mv(
        self, path1: Path, path2: Path, recursive: bool = False, maxdepth: int | None = None, **kwargs: Any
    ) -> None: ...
    def head(self, path: Path, size: int = 1024) -> bytes: ...
    def tail(self, path: Path, size: int = 1024) -> bytes: ...
    def read_block(
        self, fn: Path, offset: int, length: int | None, delimiter: bytes | None = None
    ) -> bytes: ...
    def read_text(
        self,
        path: Path,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        **kwargs: Any,
    ) -> str: ...
    def write_text(
        self,
        path: Path,
        value: str,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        **kwargs: Any,
    ) -> int: ...
    def read_bytes(
        self, path: Path, start: int | None = None, end: int | None = None, **kwargs: Any
    ) -> bytes: ...
    def write_bytes(self, path: Path, value: Buffer, **kwargs: Any) -> None: ...
    def get_mapper(
        self, root: str = "", check: bool = False, create: bool = False, missing_exceptions: Any = None
    ) -> Any: ...
