"""What `AsyncStore` opens: an object that is read or written by awaiting, and the chunks of a `get`.

Invariant: a reader reads one version of the object, as the blocking one does. A writer stores its object at
an orderly `close` and never otherwise. Closing or leaving early cancels the call.
"""

import io
import time
from collections.abc import Coroutine

from ._files import exists_already, refuse_range
from ._steps import next_step
from .errors import ChangedError, InvalidInputError, PreconditionError, ServiceError


class AsyncGet(Coroutine):
    """A `get`: await it for the reply, or iterate over it for the bytes as they arrive."""

    def __init__(self, verb, store, args, named):
        self._begin = lambda: verb.run(store, args, named)
        self._chunks = lambda: chunks(verb, store, args, named)
        self._coroutine = None

    def _run(self):
        if self._coroutine is None:
            self._coroutine = self._begin()
        return self._coroutine

    def send(self, value):
        return self._run().send(value)

    def throw(self, *error):
        return self._run().throw(*error)

    def close(self):
        if self._coroutine is not None:
            self._coroutine.close()

    def __await__(self):
        return self._run().__await__()

    def __aiter__(self):
        return self._chunks()


async def chunks(verb, store, args, named):
    """The bytes of an object as they arrive; the last ones only after the object was checked."""
    values, timeout, progress = verb.bind(args, named)
    if values.get("into") is not None:
        raise InvalidInputError("iterating over a `get` takes no `into`")
    call = store._native.start(verb.__name__, {**values, "into": ...}, progress)
    end = None if timeout is None else time.monotonic() + timeout
    try:
        before = None
        while (step := await next_step(call, end))[0] == "chunk":
            if before is not None:
                yield before
            before = step[1]
        call.take()
        call = None
        if before is not None:
            yield before
    finally:
        if call is not None:
            call.cancel()


class AsyncFile:
    """What readers and writers share: ``async with store.aio.open(key) as file``, or ``file = await …``."""

    def __init__(self, store, key, options):
        self._store, self.name, self._options = store, key, dict(options)
        self._call = None
        self._at = 0
        self.closed = False

    def __await__(self):
        return self._open().__await__()

    async def __aenter__(self):
        return await self._open()

    async def _open(self):
        return self

    def tell(self):
        """The position in bytes."""
        return self._at

    def _check(self):
        if self.closed:
            raise ValueError("I/O operation on a closed file")

    def _cancel(self):
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    async def _step(self):
        try:
            return await next_step(self._call)
        except BaseException:
            self._cancel()
            raise

    def __del__(self):
        if getattr(self, "_call", None) is not None:
            self._cancel()


class AsyncReader(AsyncFile):
    """Reads an object. Sequential reads share one request; a seek starts another.

    `meta` and `size` are those of the object when it was opened.
    """

    mode = "rb"
    meta = None
    size = None

    async def _open(self):
        if self.meta is None:
            refuse_range(self._options)
            known = {name for name, *_ in type(self._store).head.options}
            options = {name: value for name, value in self._options.items() if name in known}
            self.meta = await self._store.head(self.name, **options)
            self.size = self.meta.size
            if self.size is None:
                raise ServiceError(
                    "the server does not send the object's size, which a reader needs; fetch it with `get`",
                    key=self.name,
                )
            self._left, self._is_over = memoryview(b""), False
        return self

    def seek(self, offset, whence=io.SEEK_SET):
        """Sets the position; sends no request."""
        self._check()
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}.get(whence)
        if base is None or base + offset < 0:
            raise InvalidInputError(f"cannot seek to {offset} from {whence}")
        if base + offset != self._at:
            self._cancel()
            self._at, self._left, self._is_over = base + offset, memoryview(b""), False
        return self._at

    async def read(self, size=-1):
        """So many bytes, fewer at the object's end, or all that are left."""
        self._check()
        await self._open()
        found = bytearray()
        while (size is None or size < 0 or len(found) < size) and (chunk := await self._chunk()):
            cut = len(chunk) if size is None or size < 0 else min(len(chunk), size - len(found))
            found += chunk[:cut]
            self._left = chunk[cut:]
        self._at += len(found)
        return bytes(found)

    async def readinto(self, buffer):
        """Fills a buffer as far as the object goes; returns the number of bytes."""
        with memoryview(buffer).cast("B") as into:
            data = await self.read(len(into))
            into[: len(data)] = data
        return len(data)

    def __aiter__(self):
        return self

    async def __anext__(self):
        await self._open()
        chunk = await self._chunk()
        if not chunk:
            raise StopAsyncIteration
        self._left = memoryview(b"")
        self._at += len(chunk)
        return bytes(chunk)

    async def _chunk(self):
        """What is there of the stream, or else its next bytes; empty at the end."""
        if self._left or self._is_over or (self._at >= self.size and self._at > 0):
            return self._left
        if self._call is None:
            options = {"whole": True, **self._options, "key": self.name, "into": ...}
            if self.meta.etag is not None:
                options["if_match"] = self.meta.etag
            if self.meta.version_id is not None:
                options["version_id"] = self.meta.version_id
            if self._at:
                options["range"] = f"{self._at}-"
            self._call = self._store._native.start("get", options)
        step = await self._step()
        if step[0] == "chunk":
            return memoryview(step[1])
        call, self._call, self._is_over = self._call, None, True
        try:
            call.take()
        except PreconditionError as error:
            raise ChangedError(
                "the object changed while it was read; open it again", key=self.name
            ) from error
        return memoryview(b"")

    async def close(self):
        """Ends the request."""
        self.closed = True
        self._cancel()

    async def __aexit__(self, *_):
        await self.close()


class AsyncWriter(AsyncFile):
    """Writes an object, which appears, whole, at an orderly `close`. `reply` is then the reply of `put`."""

    def __init__(self, store, key, options, exclusive):
        super().__init__(store, key, options)
        self.mode = "xb" if exclusive else "wb"
        self.reply = None
        if exclusive:
            self._options["if_none_match"] = "*"

    async def write(self, data):
        """Writes bytes; waits until the upload takes them. Returns their number."""
        self._check()
        data = bytes(data)
        if data:
            await self._feed(data)
        self._at += len(data)
        return len(data)

    async def _feed(self, *data):
        if self._call is None:
            options = {**self._options, "key": self.name, "source": ...}
            self._call = self._store._native.start("put", options)
        if (await self._step())[0] != "want":
            self._take()
            raise InvalidInputError("the upload ended before all bytes were written")
        self._call.feed(*data)

    def _take(self):
        call, self._call = self._call, None
        try:
            return call.take()
        except PreconditionError as error:
            if self.mode != "xb":
                raise
            raise exists_already(error) from error

    async def discard(self):
        """Closes without storing anything."""
        self.closed = True
        self._cancel()

    async def close(self):
        """Stores the object."""
        if self.closed:
            return
        self.closed = True
        try:
            await self._feed()
            await self._step()
            self.reply = self._take()
        finally:
            self._cancel()

    async def __aexit__(self, kind, *_):
        await (self.close() if kind is None else self.discard())


def open_object(store, key, mode, options):
    """The file object for one of the modes."""
    if mode == "rb":
        return AsyncReader(store, key, options)
    if mode in ("wb", "xb"):
        return AsyncWriter(store, key, options, exclusive=mode == "xb")
    raise InvalidInputError(f"the mode is rb, wb or xb, not {mode!r}")
