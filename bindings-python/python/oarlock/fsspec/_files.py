"""File objects: `ObjectFile`, which `open` returns; it behaves as fsspec's own buffered files.

Invariant: a reader reads one version of the object; a change raises `ChangedError`. A writer's object appears
whole, at `close`, or at `commit` without autocommit, and never if an exception leaves the ``with`` block.
"""

import contextlib
import warnings

from fsspec.caching import caches
from fsspec.spec import AbstractBufferedFile

from .._files import BUFFER, open_object
from ..errors import (
    AlreadyExistsError,
    ChangedError,
    InvalidInputError,
    NotFoundError,
    PreconditionError,
    RangeError,
    ServiceError,
    _restated,
)
from ._calls import run
from ._entries import described, headers
from ._paths import split_bucket
from ._requests import options_for
from ._stream import Stream

#: The smallest part of an upload that S3 takes.
_PART = 5 << 20


class ObjectFile(AbstractBufferedFile):
    """An object that is open for reading or writing.

    ``size``, ``path``, ``details``, ``fs``, ``blocksize`` and ``version_id`` describe it. A reader pickles:
    where it is unpickled, it opens the object again.
    """

    def __init__(
        self,
        fs,
        path,
        mode="rb",
        block_size=None,
        cache_type=Stream.name,
        cache_options=None,
        fill_cache=True,
        autocommit=True,
        size=None,
        version_id=None,
        requester_pays=None,
        **kwargs,
    ):
        self.fs = fs
        self._store, self.key, self._version = fs._split(path, version_id)
        self.bucket = split_bucket(fs._strip_protocol(path))[0]
        if not self.key:
            raise InvalidInputError(f"{path!r} names no object; a path is bucket/key")
        if requester_pays is not None:
            self._store = fs._store(self.bucket, request_payer=requester_pays)
        self._is_checked = self._is_unsure = self._is_shown = self._is_reading = False
        self.fill_cache = fill_cache
        self.version_id = self._version.get("version_id")
        self._meta = self._writer = None
        streams = cache_type == Stream.name
        if not streams and cache_type not in caches:
            known = ", ".join(sorted(name for name in caches if name))
            raise InvalidInputError(f"`cache_type` is {Stream.name}, {known}, not {cache_type!r}")
        if mode == "rb":
            self._options = options_for("get", kwargs)
            if streams and not (self._version or fs.version_aware):
                self._meta = fs._recent.take(self.bucket, self.key)
                self._is_unsure = self._meta is not None
            if size is None:
                size = self._look().size
        super().__init__(
            fs,
            path,
            mode,
            fs.default_block_size if block_size is None else block_size,
            autocommit=autocommit,
            cache_type="none" if streams else cache_type,
            cache_options={} if streams else cache_options,
            size=size,
            **kwargs,
        )
        if mode != "rb":
            self._begin(block_size)
        elif streams:
            self.cache = Stream(self)
        self._is_shown = False

    # Reading.

    def _look(self):
        """The metadata, requested once; every read relies on it."""
        if self._meta is None:
            try:
                self._meta = self._store.head(self.key, **self._version, **options_for("head", self._options))
            except NotFoundError:
                # The response to a HEAD has no body that names a missing bucket.
                run(self.fs._require_bucket(self.bucket))
                raise
            if self._meta.size is None:
                raise ServiceError(
                    "the server does not send the object's size, which a reader needs; fetch it with `cat`",
                    key=self.key,
                )
            if self.fs.version_aware:
                self.version_id = self._meta.version_id
        return self._meta

    def _renew(self):
        """Starts over with the object as it is now."""
        self._meta = self._details = None
        self.size = self._look().size
        self.cache.close()
        self.cache = Stream(self)

    def _begin_read(self, read, *args):
        """The first read. Its metadata may be a moment older than the file object: if the object changed in
        between, this reads the new one, unless the caller saw the old one's size."""
        at, found = self.loc, None
        self._is_reading = True
        try:
            with contextlib.suppress(*(() if self._is_shown else (ChangedError,))):
                found = read(*args)
            # Where nothing came, no request may have been sent.
            if not found and not self._is_shown:
                self._renew()
                self.loc = at
                found = read(*args)
            self._is_unsure = False
        finally:
            self._is_reading = False
        return found

    @property
    def size(self):
        """The size of an object that is read."""
        if not self._is_reading:
            self._is_shown = True
        return self._size

    @size.setter
    def size(self, size):
        self._size = size

    def _read_options(self):
        meta = self._look()
        version = {"version_id": self.version_id} if self.version_id else {}
        return {**self._options, **({"if_match": meta.etag} if meta.etag else {}), **version}

    @property
    def details(self):
        """The entry of the object, as of `info`."""
        self._is_shown = True
        if self._details is None:
            self._details = described(self.bucket, self._look())
        return self._details

    def _fetch_range(self, start, end):
        """The bytes of a slice, or of the whole object."""
        whole = start == 0 and end == self._look().size
        if start >= end and not whole:
            return b""
        try:
            # Slices of an encrypted object are read from the whole, which is verified first.
            span = {} if whole else {"range": f"{start}-{end - 1}", "whole": True}
            return bytes(self._store.get(self.key, **{**span, **self._read_options()}).body)
        except RangeError:
            return b""
        except PreconditionError as error:
            raise _restated(
                ChangedError, "the object changed since it was opened; open it again", error
            ) from error

    def _stream(self):
        """The object as a stream that reads ahead."""
        options = {name: value for name, value in self._read_options().items() if name != "if_match"}
        meta = self._look()
        if self._is_unsure and meta.version_id:
            # Its ETag must be the newest version's.
            meta = type(meta)(**{**meta._asdict(), "version_id": None})
        return open_object(self._store, self.key, "rb", options, meta)

    def read(self, length=-1):
        """The next bytes: so many, less at the object's end, or all that are left."""
        return self._begin_read(self._read, length) if self._is_unsure else self._read(length)

    def _read(self, length):
        if self.mode == "rb" and not (self.closed or self._size or self._is_checked):
            # What looks empty may be an encrypted object that was cut: fetching it fails then.
            self._is_checked = self._fetch_range(0, 0) == b""
        return super().read(length)

    def read1(self, size=-1):
        """The next bytes: at most so many, or as many as come at once."""
        return self.read(BUFFER if size is None or size < 0 else size)

    def seek(self, loc, whence=0):
        """Moves to a byte; returns it. A read there tries again what failed before."""
        at = super().seek(loc, whence)
        if isinstance(self.cache, Stream):
            self.cache.failed = None
        return at

    def readline(self, size=-1):
        """The bytes up to the next newline, at most so many."""
        if self.mode != "rb" or self.closed:
            raise ValueError("the file is not open for reading")
        return self._begin_read(self._readline, size) if self._is_unsure else self._readline(size)

    def _readline(self, size):
        line = self.cache.readline(self.loc) if isinstance(self.cache, Stream) else None
        if line is None:
            line = self.readuntil(b"\n", blocks=min(self.blocksize, 1 << 16))
        else:
            self.loc += len(line)
        if 0 <= size < len(line):
            self.loc -= len(line) - size
            line = line[:size]
        return line

    # Writing.

    def _begin(self, block_size):
        if block_size is not None and block_size < _PART:
            raise InvalidInputError(f"the block size of an upload is at least 5 MiB, not {block_size} bytes")
        if self._version:
            raise InvalidInputError("a stored version can't be written")
        options = self.fs._upload(self.kwargs, chunksize=block_size)
        if self.mode == "xb" and self._store.exists(self.key):
            raise AlreadyExistsError("an object of this key exists already", bucket=self.bucket, key=self.key)
        try:
            old = self._store.head(self.key) if self.mode == "ab" else None
        except NotFoundError:
            old = None
        joins = old is not None and not self.fs._encrypts
        if old is not None:
            options = {**headers(old), **options, "if_match": old.etag}
        if joins:
            options["after"] = [self.key]
            self.loc = old.size
        self._writer = open_object(self._store, self.key, "xb" if self.mode == "xb" else "wb", options)
        if old is not None and not joins:
            # An encrypted object is verified as a whole.
            self.write(self._store.get(self.key, if_match=old.etag).body)

    def write(self, data):
        """Writes bytes; they are sent while the next ones are gathered."""
        if not self.writable():
            raise ValueError("the file is not open for writing")
        count = self._writer.write(data)
        self.loc += count
        return count

    def flush(self, force=False):
        """Does nothing: bytes are sent as they come, and the object appears at its end."""
        if self.closed:
            raise ValueError("the file is closed")

    def commit(self):
        """Stores the object; `close` does this unless ``autocommit=False``."""
        writer, self._writer = self._writer, None
        if writer is None:
            raise ValueError("the file was committed or discarded already")
        writer.close()
        if self.fs.version_aware:
            self.version_id = writer.reply.version_id
        self.fs.invalidate_cache(self.path)

    def discard(self):
        """Stores nothing, whatever was written."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.discard()

    def close(self):
        """Ends reading; of a writer, stores the object, unless ``autocommit=False``."""
        if self.closed:
            return
        self.closed = True
        if self.mode == "rb":
            close, self.cache = getattr(self.cache, "close", None), None
            if close is not None:
                close()
        elif self.autocommit and self._writer is not None:
            try:
                self.commit()
            except BaseException:
                self.discard()
                raise

    def __exit__(self, kind, *_):
        if kind is not None and self.mode != "rb":
            self.closed = True
            self.discard()
        self.close()

    def __del__(self):
        if not self.closed and self.mode != "rb" and self._writer is not None:
            self.closed = True
            self.discard()
            warnings.warn(
                f"the writer of {self.path!r} was never closed; nothing was stored",
                ResourceWarning,
                2,
                source=self,
            )

    # What S3 keeps of it.

    def metadata(self, refresh=False, **kwargs):
        """The user metadata of the object."""
        return self.fs.metadata(self.path, refresh, **kwargs)

    def getxattr(self, xattr_name, **kwargs):
        """One value of the object's metadata, or None."""
        return self.fs.getxattr(self.path, xattr_name, **kwargs)

    def setxattr(self, copy_kwargs=None, **kwargs):
        """Sets values of the metadata of an object that is open for reading."""
        if self.writable():
            raise NotImplementedError("the metadata of an object that is being written is given to `open`")
        return self.fs.setxattr(self.path, copy_kwargs=copy_kwargs, **kwargs)

    def url(self, **kwargs):
        """A URL that lets anyone read the object by HTTP for a while."""
        return self.fs.url(self.path, **kwargs)
