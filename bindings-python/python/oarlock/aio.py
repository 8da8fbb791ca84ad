"""The verbs as awaitables: ``await store.aio.get(key)``, ``async for entry in store.aio.list()``, and
``async for chunk in store.aio.get(key)``.

Invariant: starts no thread and no loop. The running loop watches a call's descriptor: asyncio, uvloop or
another with ``add_reader``, or trio. Cancelling the task cancels the call. Sources may be asynchronous
iterables too.
"""

import time

from . import _native
from ._aio_files import AsyncGet
from ._pages import Pages
from ._steps import next_step
from ._verbs import Verb, attach, missing


async def finish(call, timeout=None, chunks=None):
    """Awaits the call's end and takes its result; `chunks` is an asynchronous iterator that feeds it."""
    end = None if timeout is None else time.monotonic() + timeout
    try:
        while (step := await next_step(call, end))[0] != "done":
            if step[0] != "want" or chunks is None:
                raise TypeError(
                    "here the source must be bytes, a path, a reader, an iterable or an asynchronous iterable"
                )
            call.feed(await _next_chunk(chunks))
        return call.take()
    except BaseException:
        call.cancel()
        raise


async def _next_chunk(chunks):
    async for chunk in chunks:
        if len(chunk):
            return chunk
    return b""


class AsyncPages(Pages):
    """An asynchronous iterator over the entries of a listing; `pages` gives whole pages instead."""

    __iter__ = None

    def __aiter__(self):
        return self

    async def __anext__(self):
        while True:
            for row in self._rows:
                return row
            page = await self._page()
            if page is None:
                raise StopAsyncIteration
            self._rows = iter(page.entries)

    async def pages(self):
        """The pages not yet begun, one by one."""
        while (page := await self._page()) is not None:
            yield page

    async def _page(self):
        if self._over:
            return None
        call = self._call or self._native.start(self._verb, self._values)
        self._call = None
        return self._turn(await finish(call, self._timeout))


class AsyncVerb(Verb):
    # A class has a __doc__ of its own, which would hide the inherited one.
    __doc__ = Verb.__dict__["__doc__"]

    def __init__(self, *row):
        super().__init__(*row)
        self.__qualname__ = f"AsyncStore.{self.__name__}"
        self._streams = any(kind == "sink" for _, kind, *_ in self.params)

    def __call__(self, store, /, *args, **named):
        if self._streams:
            return AsyncGet(self, store, args, named)
        return self.run(store, args, named)

    def run(self, store, args, named):
        """The pages of a listing, or the coroutine of any other verb."""
        values, timeout, progress = self.bind(args, named)
        if self.pages:
            return AsyncPages(store._native, self.__name__, values, timeout)
        return self._run(store._native, values, timeout, progress)

    async def _run(self, native, values, timeout, progress):
        chunks = None
        for name, kind, *_ in self.params:
            if kind == "source" and hasattr(values.get(name), "__aiter__"):
                chunks = values[name].__aiter__()
                values[name] = ...
        return await finish(native.start(self.__name__, values, progress), timeout, chunks)


class AsyncStore:
    """The verbs of a store, to be awaited."""

    __slots__ = ("_native",)

    def __init__(self, native):
        self._native = native

    def open(self, key, mode="rb", **options):
        """An object to read or write by awaiting: ``async with store.aio.open(key) as file``.

        ``rb`` reads: ``await file.read(size)``, ``file.seek(…)``, ``async for chunk in file``. ``wb`` writes,
        ``xb`` writes unless the object exists: ``await file.write(data)``. Options are those of `get` or
        `put`. A written object appears, whole, when the file is closed. If an exception leaves the block,
        nothing is stored.
        """
        from ._aio_files import open_object

        return open_object(self, key, mode, options)

    def __getattr__(self, name):
        raise AttributeError(name) if name.startswith("_") else missing(self, name)

    def __repr__(self):
        return f"<oarlock.aio of {self._native.url}>"


attach(AsyncStore, AsyncVerb, _native.verbs())
