"""Objects read and written by awaiting: the chunks of a `get`, readers and writers, on each loop."""

import asyncio
import io
import re

import oarlock
import pytest
from test_async import run  # noqa: F401  (a fixture)

DATA = bytes(range(256)) * 40_000


def test_the_chunks_of_a_get(run, remote):  # noqa: F811
    remote.put("a", DATA)
    remote.put("empty", b"")

    async def work():
        assert b"".join([bytes(chunk) async for chunk in remote.aio.get("a")]) == DATA
        assert b"".join([bytes(chunk) async for chunk in remote.aio.get("a", range="10-19")]) == DATA[10:20]
        assert [chunk async for chunk in remote.aio.get("empty")] == []
        with pytest.raises(FileNotFoundError):
            async for _ in remote.aio.get("none"):
                pass
        with pytest.raises(oarlock.InvalidInputError, match="takes no `into`"):
            async for _ in remote.aio.get("a", io.BytesIO()):
                pass
        async for chunk in remote.aio.get("a"):
            assert DATA.startswith(bytes(chunk))
            break
        assert bytes(await remote.aio.get("a")) == DATA

    run(work)


def test_a_get_is_a_coroutine(remote):
    remote.put("a", b"hello")

    async def work():
        task = asyncio.create_task(remote.aio.get("a"))
        assert bytes(await task) == b"hello"
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(remote.aio.get("a")) for _ in range(3)]
        assert [bytes(task.result()) for task in tasks] == [b"hello"] * 3
        one, two = await asyncio.gather(remote.aio.get("a"), remote.aio.head("a"))
        assert len(one) == two.size
        # One that nobody awaits is no error.
        remote.aio.get("a")

    asyncio.run(work())


def test_wrong_bytes_end_no_stream(fake, run, remote):  # noqa: F811
    remote.put("a", DATA)
    rule = {"match": {"op": "GetObject"}, "fault": {"flip_bit": 100}}

    async def work():
        fake.plan([rule])
        got = b""
        with pytest.raises(oarlock.CorruptError):
            async for chunk in remote.aio.get("a"):
                got += bytes(chunk)
        assert len(got) < len(DATA)
        async with remote.aio.open("a") as file:
            with pytest.raises(oarlock.CorruptError):
                await file.read()

    run(work)


def test_reader(run, remote):  # noqa: F811
    remote.put("a", DATA, content_type="text/x")

    async def work():
        async with remote.aio.open("a") as file:
            assert file.size == len(DATA) and file.meta.content_type == "text/x"
            assert await file.read(10) == DATA[:10] and file.tell() == 10
            assert file.seek(-5, io.SEEK_END) == len(DATA) - 5
            assert await file.read(100) == DATA[-5:] and await file.read() == b""
            file.seek(1000)
            buffer = bytearray(300)
            assert await file.readinto(buffer) == 300 and buffer == DATA[1000:1300]
            file.seek(0)
            assert b"".join([chunk async for chunk in file]) == DATA
            file.seek(len(DATA) + 10)
            assert await file.read() == b""
        with pytest.raises(ValueError, match="closed"):
            await file.read()
        file = await remote.aio.open("a")
        assert await file.read(3) == DATA[:3]
        await file.close()
        with pytest.raises(FileNotFoundError):
            await remote.aio.open("none")

    run(work)


def test_reader_of_what_changes(run, remote):  # noqa: F811
    remote.put("a", DATA)

    async def work():
        async with remote.aio.open("a") as file:
            await file.read(10)
            await remote.aio.put("a", b"other")
            file.seek(5000)
            with pytest.raises(oarlock.ChangedError):
                await file.read(10)

    run(work)


def test_writer(run, remote):  # noqa: F811
    async def work():
        async with remote.aio.open("w", "wb", metadata={"k": "v"}) as file:
            for start in range(0, len(DATA), 1 << 20):
                await file.write(DATA[start : start + (1 << 20)])
            assert file.tell() == len(DATA)
        assert file.reply.size == len(DATA)
        reply = await remote.aio.get("w")
        assert bytes(reply) == DATA and reply.meta.metadata == {"k": "v"}
        async with remote.aio.open("nothing", "wb"):
            pass
        assert (await remote.aio.head("nothing")).size == 0
        with pytest.raises(KeyError):
            async with remote.aio.open("left", "wb") as file:
                await file.write(b"bytes")
                raise KeyError
        assert not await remote.aio.exists("left")
        with pytest.raises(FileExistsError):
            async with remote.aio.open("w", "xb") as file:
                await file.write(b"bytes")
        assert bytes(await remote.aio.get("w")) == DATA
        with pytest.raises(oarlock.InvalidInputError, match=re.escape("rb, wb or xb, not 'r'")):
            remote.aio.open("w", "r")

    run(work)


def test_a_cancelled_reader_ends_its_request(fake, remote):
    remote.put("a", DATA)
    fake.plan([{"match": {"op": "GetObject"}, "fault": {"stall": {"after": 1000}}}])

    async def work():
        async with remote.aio.open("a") as file:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(file.read(), 0.3)
        with pytest.raises(oarlock.TimeoutError):
            async for _ in remote.aio.get("a", timeout=0.3):
                pass

    asyncio.run(work())


def test_a_str_is_a_path_for_a_sink(remote, tmp_path):
    remote.put("a", DATA)
    remote.get("a", str(tmp_path / "blocking"))
    asyncio.run(_into(remote, str(tmp_path / "awaited")))
    assert (tmp_path / "blocking").read_bytes() == (tmp_path / "awaited").read_bytes() == DATA


async def _into(store, path):
    await store.aio.get("a", path)
