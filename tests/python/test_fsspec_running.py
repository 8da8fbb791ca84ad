"""How calls of the file system run: awaited, blocking without a thread, in a forked child, interrupted,
cancelled, unpickled."""

import asyncio
import os
import pickle
import signal
import threading
import time

import fsspec
import pytest
from oarlock.fsspec import OarlockFileSystem


def test_awaited(fake):
    async def main():
        fs = OarlockFileSystem(skip_instance_cache=True, asynchronous=True, **fake.settings())
        session = await fs.set_session()
        await fs._pipe({f"tests/d/{number}": b"x" * 100 for number in range(20)})
        assert len(await fs._cat("tests/d", recursive=True)) == 20
        assert await fs._cat_file("tests/d/1", 10, 20) == b"x" * 10
        assert await fs._cat_ranges(["tests/d/1", "tests/d/2"], 0, [3, -98]) == [b"xxx", b"xx"]
        assert (await fs._info("tests/d/1"))["size"] == 100 and len(await fs._find("tests")) == 20
        assert [step async for step in fs._walk("tests")][0][1] == ["d"]
        await fs._copy("tests/d", "tests/e", recursive=True)
        await fs._rm("tests/d", recursive=True)
        assert await fs._ls("tests") == ["tests/e"]
        async with await fs.open_async("tests/f", "wb") as file:
            for _ in range(3):
                await file.write(b"y" * 1000)
        file = await fs.open_async("tests/f")
        assert await file.read(10) == b"y" * 10 and file.size == 3000 and len(await file.read()) == 2990
        assert await file.read() == b""
        # The blocking form works beside a loop too.
        assert fs.cat("tests/f") == b"y" * 3000
        with pytest.raises(ZeroDivisionError):
            async with await fs.open_async("tests/g", "wb") as file:
                await file.write(b"half")
                1 / 0
        with pytest.raises(FileExistsError):
            async with await fs.open_async("tests/f", "xb") as file:
                await file.write(b"z")
        assert not await fs._exists("tests/g") and await fs._cat_file("tests/f") == b"y" * 3000
        await session.close()

    asyncio.run(main())


def test_blocking_calls_start_no_thread(fs):
    before = set(threading.enumerate())
    fs.pipe({"tests/a": b"a", "tests/b": b"b"})
    fs.cat(["tests/a", "tests/b"]), fs.glob("tests/*"), fs.cp("tests/a", "tests/c")
    assert set(threading.enumerate()) == before


def test_a_forked_child_goes_on(fs):
    fs.pipe("tests/a", b"a")
    child = os.fork()
    if child == 0:
        os._exit(0 if fs.cat("tests/a") == b"a" and fs.cat(["tests/a"]) == {"tests/a": b"a"} else 1)
    assert os.waitpid(child, 0)[1] == 0 and fs.cat("tests/a") == b"a"


def operations(fake, since):
    return [entry["op"] for entry in fake.log()[since:]]


#: Calls that wait for a server that hangs, by name.
WAITING = {
    "cat": lambda fs, _: fs.cat("tests/a"),
    "cat-many": lambda fs, _: fs.cat(["tests/a", "tests/b"]),
    "get": lambda fs, path: fs.get("tests/a", path),
    "put": lambda fs, path: fs.put(__file__, "tests/new"),
    "read": lambda fs, _: fs.open("tests/a").read(),
    "read-some": lambda fs, _: fs.open("tests/a").read(1),
    "copy": lambda fs, _: fs.cp("tests/*", "tests/d/"),
    "find": lambda fs, _: fs.find("tests"),
}


@pytest.mark.parametrize("name", WAITING)
def test_an_interrupt_ends_a_call(fake, fs, tmp_path, name):
    fs.pipe({"tests/a": b"a", "tests/b": b"b"})
    begun = len(fake.log())
    hangs = ["GetObject", "PutObject", "CopyObject"] + ["ListObjectsV2"] * (name == "find")
    fake.plan([{"match": {"op": op}, "fault": {"slow": 20_000}} for op in hangs])
    sent = []

    def interrupt():
        while not any(op in hangs for op in operations(fake, begun)):
            time.sleep(0.01)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        WAITING[name](fs, str(tmp_path / "a"))
    took = time.monotonic() - sent[0]
    print(f"{name}: {took:.3f} s after the signal")
    assert took < 1  # of twenty seconds that the server hangs; 0.2 on a quiet machine


def test_pickles(fake):
    fs = OarlockFileSystem(**fake.settings())
    fs.pipe("tests/a", b"a")
    assert pickle.loads(pickle.dumps(fs)).cat("tests/a") == b"a"
    profile = OarlockFileSystem(skip_instance_cache=True, profile="some")
    assert b"secret" not in pickle.dumps(profile)


def test_cancelling_a_task_cancels_its_calls(fake):
    async def main():
        fs = OarlockFileSystem(skip_instance_cache=True, asynchronous=True, **fake.settings())
        await fs._pipe({f"tests/{number}": b"x" for number in range(10)})
        fake.plan([{"match": {"op": op}, "fault": {"slow": 20_000}} for op in ("GetObject", "CopyObject")])
        for awaited in (fs._cat("tests/*"), fs._copy("tests/*", "tests/d/"), fs._cat_file("tests/1")):
            begun = time.monotonic()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(awaited, 0.2)
            assert time.monotonic() - begun < 2

    asyncio.run(main())


def test_a_program_s_loop_thread_runs_it_too(fs):
    """Programs that know fsspec's `sync` use the file system's loop."""
    fs.pipe("tests/a", b"a")
    assert fsspec.asyn.sync(fs.loop, fs._cat_file, "tests/a") == b"a"


def test_trio(fake):
    trio = pytest.importorskip("trio", reason="trio is not installed")

    async def main():
        fs = OarlockFileSystem(skip_instance_cache=True, asynchronous=True, **fake.settings())
        await fs._pipe({f"tests/{number}": b"x" for number in range(10)})
        await fs._copy("tests/*", "tests/d/")
        assert len(await fs._cat("tests/d", recursive=True)) == 10
        file = await fs.open_async("tests/1")
        assert await file.read() == b"x"

    trio.run(main)
