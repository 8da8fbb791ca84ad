"""Awaits the events of a call.

Invariant: starts no thread and no loop. The running loop watches the call's descriptor.
"""

import sys
import time


async def next_step(call, end=None):
    """Waits for the next event of a call that concerns its caller."""
    while True:
        step = call.step(0, True)
        if step is None:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise call.expire()
            await _readable(call.fd(), left)
        elif step[0] == "await":
            await _answer(call, step[1], end)
        else:
            return step


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
