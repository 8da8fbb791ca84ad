"""Runs verbs for coroutines: blocking, if `run` drives the coroutine, else awaited on the caller's loop.

Invariant: a coroutine that `run` drives never suspends, so it needs no loop and no thread. A blocking wait is
interruptible, as every wait of oarlock is. No call is left running when an error or interrupt leaves here.
"""

from collections import deque
from contextvars import ContextVar

from .. import errors

#: Calls that run at a time where no verb takes many objects.
WINDOW = 64

_blocking = ContextVar("oarlock_fsspec_blocking", default=False)


def run(coroutine):
    """Runs a coroutine of the file system to its end on the calling thread."""
    token = _blocking.set(True)
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    finally:
        _blocking.reset(token)
    coroutine.close()
    raise RuntimeError(
        f"{coroutine.__qualname__} awaits something other than oarlock, so it can't run blocking; await it"
    )


def iterate(generator):
    """The items of an asynchronous generator of the file system, on the calling thread."""
    while True:
        try:
            item = run(generator.__anext__())
        except StopAsyncIteration:
            return
        yield item


async def call(store, verb, /, *args, **options):
    """Runs one verb and returns its reply."""
    if _blocking.get():
        return getattr(store, verb)(*args, **options)
    return await getattr(store.aio, verb)(*args, **options)


def begin(store, verb, /, *args, **options):
    """Starts a listing: the first page is on its way before it is read."""
    return getattr(store if _blocking.get() else store.aio, verb)(*args, **options)


async def rows(listing):
    """The entries of a listing that `begin` started."""
    if hasattr(listing, "__aiter__"):
        async for entry in listing:
            yield entry
    else:
        for entry in listing:
            yield entry


def source(generator):
    """The source of an upload that an asynchronous generator of the file system feeds."""
    return iterate(generator) if _blocking.get() else generator


async def each(starts, ended=None):
    """Runs verbs, `WINDOW` at a time: the replies in order, an exception for each that failed.

    `starts` yields a store, a verb, the arguments by name, and a progress function or None. `ended` is called
    after each, in order.
    """
    outcomes, running = [], deque()

    async def end():
        outcomes.append(await _end(running.popleft()))
        if ended is not None:
            ended()

    try:
        for store, verb, values, progress in starts:
            running.append(store._native.start(verb, values, progress))
            if len(running) >= WINDOW:
                await end()
        while running:
            await end()
    except BaseException:
        for other in running:
            other.cancel()
        raise
    return outcomes


async def _end(started):
    try:
        if _blocking.get():
            return started.wait()
        from ..aio import finish

        return await finish(started)
    except errors.Error as error:
        return error


def failure(bucket, row, verb):
    """The exception for a row of `get_many` and its like that failed."""
    kind = getattr(errors, f"{row.error}Error", errors.Error)
    return kind(row.message, verb=verb, bucket=bucket, key=row.key)
