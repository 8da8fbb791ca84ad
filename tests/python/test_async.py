"""The same verbs, awaited on the loop that runs: asyncio, uvloop, trio."""

import asyncio
import io
import os
import time

import oarlock
import pytest


def run_asyncio(work):
    asyncio.run(work())


def run_uvloop(work):
    uvloop = pytest.importorskip("uvloop", reason="uvloop is not installed")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())


def run_trio(work):
    trio = pytest.importorskip("trio", reason="trio is not installed")
    trio.run(work)


@pytest.fixture(params=[run_asyncio, run_uvloop, run_trio], ids=["asyncio", "uvloop", "trio"])
def run(request):
    return request.param


def test_verbs(run, remote):
    async def work():
        aio = remote.aio
        assert (await aio.put("a", b"hello")).size == 5
        reply = await aio.get("a", range="1-3")
        assert bytes(reply) == b"ell" and reply.meta.size == 5
        with pytest.raises(FileNotFoundError):
            await aio.head("none")
        with pytest.raises(oarlock.InvalidInputError, match='"range"'):
            await aio.get("a", rnage="1-3")
        sink = io.BytesIO()
        await aio.get("a", sink)
        assert sink.getvalue() == b"hello"

    run(work)


def test_pages(run, store):
    for number in range(5):
        store.put(f"k{number}", b"")

    async def work():
        assert [entry.key async for entry in store.aio.list(page_size=2)] == [
            f"k{number}" for number in range(5)
        ]
        assert [len(page.entries) async for page in store.aio.list(page_size=2).pages()] == [2, 2, 1]

    run(work)


def test_sources(run, remote):
    async def chunks():
        yield b"a"
        yield b""
        yield bytearray(b"b" * (20 << 20))

    async def text():
        yield "text"

    async def work():
        assert (await remote.aio.put("k", chunks())).size == (20 << 20) + 1
        assert (await remote.aio.put("k", io.BytesIO(b"abc"))).size == 3
        with pytest.raises(oarlock.InvalidInputError, match="encode"):
            await remote.aio.put("new", text())
        with pytest.raises(TypeError):
            await remote.aio.put("new", ...)
        assert not await remote.aio.exists("new")

    run(work)


def test_timeout(run, fake, remote):
    fake.plan([{"match": {"op": "GetObject"}, "fault": {"slow": 60_000}}])

    async def work():
        begun = time.monotonic()
        with pytest.raises(oarlock.TimeoutError):
            await remote.aio.get("a", timeout=0.2)
        assert 0.2 <= time.monotonic() - begun < 2

    run(work)


def test_many_at_once_without_threads(remote):
    remote.put("k", b"x" * 1000)

    async def work():
        before = set(os.listdir("/proc/self/task"))
        replies = await asyncio.gather(*(remote.aio.get("k") for _ in range(200)))
        assert all(len(reply) == 1000 for reply in replies)
        # The runtime's own threads, of which blocking ones come and go, are all there are.
        names = {
            open(f"/proc/self/task/{task}/comm").read().strip()
            for task in set(os.listdir("/proc/self/task")) - before
        }
        assert names <= {"oarlock"}

    asyncio.run(work())


def test_cancelling_the_task_cancels_the_call(fake, remote):
    fake.plan([{"match": {"op": "GetObject"}, "fault": {"slow": 60_000}}])

    async def work():
        task = asyncio.create_task(remote.aio.get("a"))
        await asyncio.to_thread(fake.control, "GET", "log?wait=1")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
    assert oarlock._native.drain(5)


def test_cancelling_an_upload_aborts_it(fake):
    store = oarlock.open(
        "s3://tests/", **fake.settings(), multipart_threshold=5 << 20, multipart_chunksize=5 << 20
    )
    fake.plan([{"match": {"op": "UploadPart"}, "fault": {"slow": 60_000}}])

    async def work():
        task = asyncio.create_task(store.aio.put("big", b"x" * (20 << 20)))
        await asyncio.to_thread(fake.control, "GET", "log?wait=2")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
    assert oarlock._native.drain(10) and fake.state()["uploads"] == []


def test_trio_cancels(fake, remote):
    trio = pytest.importorskip("trio", reason="trio is not installed")
    fake.plan([{"match": {"op": "GetObject"}, "fault": {"slow": 60_000}}])

    async def work():
        with trio.move_on_after(0.2) as scope:
            await remote.aio.get("a")
        assert scope.cancelled_caught

    trio.run(work)
    assert oarlock._native.drain(5)
