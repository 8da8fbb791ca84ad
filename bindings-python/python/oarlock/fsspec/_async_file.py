"""`AsyncFile`: an object as an awaitable stream, which `open_async` returns.

Invariant: reads in order from one request, checked at its end; writes as one upload, whose object appears at
an orderly `close`.
"""

from fsspec.asyn import AbstractAsyncStreamedFile

from ..aio import _answer, _readable
from ..errors import InvalidInputError
from ._calls import exists_already
from ._requests import options_for


class AsyncFile(AbstractAsyncStreamedFile):
    """An object that is open for awaited reads or writes; ``async with`` closes it."""

    def __init__(self, fs, path, mode="rb", version_id=None, **kwargs):
        if mode not in ("rb", "wb", "xb"):
            raise InvalidInputError(f"the mode is rb, wb or xb, not {mode!r}")
        self.fs, self.path, self.mode = fs, path, mode
        self._store, self._key, self._version = fs._split(path, version_id)
        if mode == "rb":
            self._options = options_for("get", kwargs) | self._version
        else:
            self._options = fs._upload(kwargs, "create" if mode == "xb" else "overwrite")
        self._call, self._left = None, b""
        self.size, self.loc, self.version_id = None, 0, self._version.get("version_id")
        self.closed = False

    async def read(self, length=-1):
        """The next bytes: so many, less at the object's end, or all that are left."""
        if self.closed or self.mode != "rb":
            raise ValueError("the file is not open for reading")
        length = -1 if length is None else length
        if self._call is None and self.size is None:
            self.size = (await self.fs._info(self.path, refresh=True, **self._version))["size"]
            self._call = self._store._native.start("get", {**self._options, "key": self._key, "into": ...})
        data = bytearray(self._left)
        while self._call is not None and (length < 0 or len(data) < length):
            step, chunk = await self._step()
            if step == "done":
                call, self._call = self._call, None
                call.take()
            else:
                data += chunk
        cut = len(data) if length < 0 else min(length, len(data))
        found, self._left = bytes(data[:cut]), bytes(data[cut:])
        self.loc += cut
        return found

    async def write(self, data):
        """Writes bytes; waits until the upload takes them."""
        if self.closed or self.mode == "rb":
            raise ValueError("the file is not open for writing")
        await self._feed(bytes(data))
        self.loc += len(data)
        return len(data)

    async def _feed(self, data):
        if self._call is None:
            self._call = self._store._native.start("put", {**self._options, "key": self._key, "source": ...})
        step, _ = await self._step()
        if step != "want":
            call, self._call = self._call, None
            call.take()
            raise InvalidInputError("the upload ended before all bytes were written")
        if data:
            self._call.feed(data)

    async def _step(self):
        try:
            while True:
                step = self._call.step(0, True)
                if step is None:
                    await _readable(self._call.fd(), None)
                elif step[0] == "await":
                    await _answer(self._call, step[1], None)
                else:
                    return step
        except BaseException:
            self._cancel()
            raise

    def _cancel(self):
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    async def flush(self, force=False):
        """Does nothing: bytes are sent as they come."""

    async def close(self):
        """Ends reading; of a writer, stores the object."""
        if self.closed:
            return
        self.closed = True
        if self.mode == "rb":
            self._cancel()
            return
        try:
            await self._feed(b"")
            self._call.feed()
            await self._step()
            call, self._call = self._call, None
            reply = call.take()
        except Exception as error:
            raise exists_already(error) if self.mode == "xb" else error
        finally:
            self._cancel()
        self.version_id = reply.version_id
        self.fs.invalidate_cache(self.path)

    async def __aexit__(self, kind, *_):
        if kind is not None:
            self.closed = True
            self._cancel()
        await self.close()

    def __del__(self):
        if getattr(self, "_call", None) is not None:
            self._cancel()
