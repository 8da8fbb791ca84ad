"""`AsyncFile`: an object as an awaitable stream of fsspec, which `open_async` returns."""

from fsspec.asyn import AbstractAsyncStreamedFile

from ..errors import InvalidInputError
from ._requests import options_for


class AsyncFile(AbstractAsyncStreamedFile):
    """A file object of ``store.aio``, with fsspec's attributes. A written object appears, whole, at an
    orderly `close`; ``async with`` closes, or stores nothing after an exception."""

    def __init__(self, fs, path, mode="rb", version_id=None, **kwargs):
        self.fs, self.path, self.mode = fs, path, mode
        store, key, version = fs._split(path, version_id)
        if mode == "rb":
            options = options_for("get", kwargs) | version
        elif version:
            raise InvalidInputError("a stored version can't be written")
        else:
            options = fs._upload(kwargs)
        self._file = store.aio.open(key, mode, **options)
        self.size, self.loc, self.version_id = None, 0, version.get("version_id")
        self.closed = False

    async def read(self, length=-1):
        """The next bytes: so many, less at the object's end, or all that are left."""
        if self.mode != "rb":
            raise ValueError("the file is not open for reading")
        data = await self._file.read(length)
        self.size, self.loc = self._file.size, self._file.tell()
        return data

    async def write(self, data):
        """Writes bytes; waits until the upload takes them."""
        if self.mode == "rb":
            raise ValueError("the file is not open for writing")
        count = await self._file.write(data)
        self.loc = self._file.tell()
        return count

    async def flush(self, force=False):
        """Does nothing: bytes are sent as they come."""

    async def close(self):
        """Ends reading; of a writer, stores the object."""
        if self.closed:
            return
        self.closed = True
        await self._file.close()
        if self.mode != "rb":
            self.version_id = self._file.reply.version_id
            self.fs.invalidate_cache(self.path)

    async def __aexit__(self, kind, *_):
        if kind is not None and self.mode != "rb":
            self.closed = True
            await self._file.discard()
        await self.close()

    def __del__(self):
        # The file below ends its request itself.
        self.closed = True
