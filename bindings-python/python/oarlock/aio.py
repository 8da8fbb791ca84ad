"""The verbs as awaitables: ``await store.aio.get(key)``, ``async for entry in store.aio.list()``, and
``async for chunk in store.aio.get(key)``.

Invariant: starts no thread and no loop. The running loop watches a call's descriptor: asyncio, uvloop or
another with ``add_reader``, or trio. Cancelling the task cancels the call. Sources may be asynchronous
iterables too.
"""

import sys
import time

from . import _native
from ._aio_files import AsyncGet
from ._pages import Pages
from ._verbs import Verb, attach, missing


async def _readable(fd, limit):
    """Waits until the descriptor is readable, at most so many seconds."""
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        with trio.move_on_after(float("inf") if limit is None else limit):
            await trio.lowlevel.wait_readable(fd)
        return
    import asyncio

    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def wake():
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(fd, wake)
    timer = None if limit is None else loop.call_later(limit, wake)
    try:
        await ready
    finally:
        loop.remove_reader(fd)
        if timer is not None:
            timer.cancel()


async def finish(call, timeout=None, chunks=None):
    """Awaits the call's end and takes its result; `chunks` is an asynchronous iterator that feeds it."""
    end = None if timeout is None else time.monotonic() + timeout
    try:
        while True:
            step = call.step(0, True)
            if step is None:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    raise call.expire()
                await _readable(call.fd(), left)
            elif step[0] == "done":
                return call.take()
            elif step[0] == "await":
                await _answer(call, step[1], end)
            elif step[0] == "want" and chunks is not None:
                call.feed(await _next_chunk(chunks))
            else:
                raise TypeError(
                    "here the source must be bytes, a path, a reader, an iterable or an asynchronous iterable"
                )
    except BaseException:
        call.cancel()
        raise


async def _answer(call, awaitable, end):
    """Awaits the coroutine of a host's function, and passes its result or exception to the call."""
    left = None if end is None else max(0.0, end - time.monotonic())
    try:
        answer = await _limited(awaitable, left)
    except Exception as error:
        if end is not None and time.monotonic() >= end:
            raise call.expire() from None
        call.answer_error(error)
    else:
        call.answer(answer)


async def _limited(awaitable, limit):
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        with trio.fail_after(float("inf") if limit is None else limit):
            return await awaitable
    if limit is None:
        return await awaitable
    import asyncio

    return await asyncio.wait_for(awaitable, limit)


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
