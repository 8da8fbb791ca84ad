"""The local files of transfers: permissions and links kept, special files written through, nothing left
behind.

Invariant: each way that writes a file (`WAYS`) keeps the same promises.
"""

import asyncio
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

import oarlock
import pytest

MIB = 1 << 20
CONTENT = b"the new bytes"
KEY = {"encryption_aes_key": bytes(32)}


def get(store, path):
    store.get("a", path)


def get_many(store, path):
    [fate] = store.get_many([{"key": "a", "path": path}])
    assert fate.error is None, fate.message


def journaled(store, path):
    store.get("a", path, journal=str(path.parent / "journal"))
    assert not (path.parent / "journal").exists()


def sync_down(store, path):
    store.copy("a", f"tree/{path.name}")
    store.sync_down(path.parent, "tree")


WAYS = [get, get_many, journaled, sync_down]


@pytest.fixture(params=["plain", "encrypted", "directory"])
def filled(request, fake, tmp_path):
    """A store of each kind that holds the object `a`."""
    if request.param == "directory":
        (tmp_path / "store").mkdir()
        store = oarlock.open(f"file://{tmp_path}/store")
    else:
        store = oarlock.open(
            "s3://tests/", **fake.settings(), **(KEY if request.param == "encrypted" else {})
        )
    with store:
        store.put("a", CONTENT)
        yield store


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def way(request, filled):
    if request.param is journaled and "plain" not in request.node.callspec.id:
        pytest.skip("a journal is for plain objects of a bucket")
    return lambda path: request.param(filled, path)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


@pytest.mark.parametrize("before", [0o640, 0o600, 0o444, 0o400, 0o755], ids=oct)
def test_a_file_keeps_its_mode(way, place, before):
    (place / "a").write_bytes(b"old")
    (place / "a").chmod(before)
    way(place / "a")
    assert (place / "a").read_bytes() == CONTENT and mode(place / "a") == before
    assert os.listdir(place) == ["a"]


def test_a_new_file_has_what_the_umask_leaves(way, place):
    before = os.umask(0o027)
    try:
        way(place / "a")
    finally:
        os.umask(before)
    assert mode(place / "a") == 0o640


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_a_file_keeps_its_owner(way, place):
    (place / "a").write_bytes(b"old")
    os.chown(place / "a", 12345, 23456)
    (place / "a").chmod(0o4750)
    way(place / "a")
    facts = os.stat(place / "a")
    assert (facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode)) == (12345, 23456, 0o4750)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may make files of others")
def test_a_stranger_s_file_in_a_public_directory_decides_nothing(way, place):
    place.chmod(0o1777)
    (place / "a").write_bytes(b"old")
    os.chown(place / "a", 12345, 12345)
    (place / "a").chmod(0o666)
    way(place / "a")
    facts = os.stat(place / "a")
    assert (facts.st_uid, stat.S_IMODE(facts.st_mode) & 0o022) == (os.getuid(), 0)


def test_a_link_is_followed(way, place, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_bytes(b"old")
    (tmp_path / "elsewhere" / "file").chmod(0o640)
    (tmp_path / "elsewhere" / "link").symlink_to("file")
    (place / "a").symlink_to(tmp_path / "elsewhere" / "link")
    way(place / "a")
    assert (place / "a").is_symlink() and (tmp_path / "elsewhere" / "link").is_symlink()
    assert (tmp_path / "elsewhere" / "file").read_bytes() == CONTENT and mode(
        tmp_path / "elsewhere" / "file"
    ) == 0o640
    assert sorted(os.listdir(tmp_path / "elsewhere")) == ["file", "link"] and os.listdir(place) == ["a"]


def test_a_link_that_dangles_makes_its_target(way, place, tmp_path):
    (place / "a").symlink_to("../made")
    way(place / "a")
    assert (place / "a").is_symlink() and (tmp_path / "made").read_bytes() == CONTENT


def test_a_link_to_a_directory_is_refused(filled, place, tmp_path):
    (place / "a").symlink_to(tmp_path)
    with pytest.raises(oarlock.InvalidInputError, match="is a directory"):
        filled.get("a", place / "a")
    assert (place / "a").is_symlink()


def test_a_draft_of_a_private_file_is_private(fake, remote, place):
    """While the bytes are on their way, nobody else can read them under the temporary name."""
    remote.put("a", bytes(3 * MIB))
    (place / "a").write_bytes(b"old")
    (place / "a").chmod(0o640)
    fake.plan([{"match": {"op": "GetObject"}, "fault": {"stall": {"after": 2 * MIB, "ms": 60_000}}}])
    begun = len(fake.log())

    async def work():
        task = asyncio.create_task(remote.aio.get("a", place / "a"))
        await asyncio.to_thread(fake.control, "GET", f"log?wait={begun + 1}")
        drafts = [name for name in os.listdir(place) if name.startswith(".oarlock-")]
        modes = [mode(place / name) for name in drafts]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return modes

    assert asyncio.run(work()) == [0o600]
    assert oarlock._native.drain(10) and os.listdir(place) == ["a"] and mode(place / "a") == 0o640


def test_a_directory_store_keeps_an_object_s_mode(store, tmp_path):
    store.put("a", b"old")
    (tmp_path / "store" / "a").chmod(0o640)
    store.put("a", CONTENT)
    store.put("b", b"other")
    store.copy("b", "a")
    assert mode(tmp_path / "store" / "a") == 0o640


def test_fsspec_keeps_mode_and_link(fake, remote, place):
    pytest.importorskip("fsspec")
    import fsspec as library

    remote.put("a", CONTENT)
    (place / "file").write_bytes(b"old")
    (place / "file").chmod(0o640)
    (place / "a").symlink_to("file")
    library.filesystem("oarlock", **fake.settings()).get_file("tests/a", str(place / "a"))
    assert (
        (place / "a").is_symlink()
        and (place / "file").read_bytes() == CONTENT
        and mode(place / "file") == 0o640
    )


def test_a_sync_moves_files_only(filled, place):
    filled.copy("a", "tree/pipe")
    filled.copy("a", "tree/file")
    os.mkfifo(place / "pipe")
    with pytest.raises(oarlock.InvalidInputError, match="pipe"):
        filled.sync_down(place, "tree")
    assert stat.S_ISFIFO(os.lstat(place / "pipe").st_mode) and (place / "file").read_bytes() == CONTENT


def test_a_socket_is_refused(filled, place, monkeypatch):
    monkeypatch.chdir(place)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        with pytest.raises(oarlock.InvalidInputError, match="socket"):
            filled.get("a", place / "socket")
        with pytest.raises(oarlock.InvalidInputError, match="socket"):
            filled.put("b", place / "socket")


def test_waiting_for_the_other_end_of_a_pipe_can_be_cancelled(filled, place):
    os.mkfifo(place / "pipe")

    async def work():
        for call in (
            lambda: filled.aio.get("a", place / "pipe"),
            lambda: filled.aio.put("b", place / "pipe"),
        ):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(call(), 0.2)

    begun = time.monotonic()
    asyncio.run(work())
    # The reader that the cancelled `put` was has left.
    assert oarlock._native.drain(5)
    with pytest.raises(oarlock.TimeoutError):
        filled.get("a", place / "pipe", timeout=0.2)
    assert oarlock._native.drain(5) and time.monotonic() - begun < 5
    assert not filled.exists("b") and os.listdir(place) == ["pipe"]


def test_many_pipes_wait_without_threads(filled, place):
    for number in range(30):
        os.mkfifo(place / f"{number}")

    async def work():
        waiting = [
            asyncio.create_task(filled.aio.put(f"k{number}", place / f"{number}")) for number in range(30)
        ]
        await asyncio.wait_for(filled.aio.put("other", CONTENT), 30)
        await asyncio.wait_for(filled.aio.get("other", place / "file"), 30)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(work())
    assert oarlock._native.drain(10)


def test_an_encrypted_object_reaches_a_pipe_only_when_verified(fake, place):
    os.mkfifo(place / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((place / "pipe").read_bytes()))
    with oarlock.open("s3://tests/", **fake.settings(), **KEY) as store:
        store.put("a", bytes(3 * MIB))
        with oarlock.open("s3://tests/", **fake.settings()) as plain:
            object = plain.get("a")
            damaged = bytearray(object.body)
            damaged[-20] ^= 1
            plain.put("a", bytes(damaged), metadata=object.meta.metadata)
        reader.start()
        with pytest.raises(oarlock.DecryptError):
            store.get("a", place / "pipe")
    reader.join()
    assert read == [b""]


STANDARD_OUTPUT = """
import oarlock, pathlib, sys
store = oarlock.open(f"file://{sys.argv[1]}")
print("before", flush=True)
store.get("a", pathlib.Path("/dev/stdout"))
print("after", flush=True)
"""


@pytest.mark.parametrize("to", ["file", "pipe", "append"])
def test_standard_output_by_its_name(store, tmp_path, to):
    store.put("a", CONTENT + b"\n")
    command = [sys.executable, "-c", STANDARD_OUTPUT, str(tmp_path / "store")]
    if to == "pipe":
        written = subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=True).stdout
    else:
        with open(tmp_path / "written", "ab" if to == "append" else "wb") as file:
            subprocess.run(command, stdout=file, timeout=60, check=True)
        written = (tmp_path / "written").read_bytes()
    assert written == b"before\n" + CONTENT + b"\nafter\n"


def test_standard_input_by_its_name(store, tmp_path):
    program = 'import oarlock, pathlib, sys; oarlock.open(f"file://{sys.argv[1]}").put("a", pathlib.Path("/dev/stdin"))'
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "store")], input=CONTENT, timeout=60, check=True
    )
    assert store.get("a").body == CONTENT


def test_a_call_on_a_pipe_hears_a_signal(store, place):
    os.mkfifo(place / "pipe")

    def late(*_):
        raise KeyError

    before = signal.signal(signal.SIGALRM, late)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyError):
            store.put("a", place / "pipe")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert oarlock._native.drain(5) and not store.exists("a")


def cancelled_at_random(call, tasks=600, width=40):
    """Runs calls, so many at a time, each under a time limit of 1 to 500 ms; returns how many were cut
    short."""
    choice = random.Random(11)
    cut = 0

    async def one(number, slots):
        nonlocal cut
        async with slots:
            try:
                await asyncio.wait_for(call(number), choice.uniform(0.001, 0.5))
            except (asyncio.TimeoutError, oarlock.CancelledError):
                cut += 1

    async def work():
        slots = asyncio.Semaphore(width)
        await asyncio.gather(*(one(number, slots) for number in range(tasks)))

    asyncio.run(work())
    assert oarlock._native.drain(30)
    return cut


def left(directory):
    """Temporary files, and directories without a file below."""
    found = []
    for above, directories, names in os.walk(directory):
        found += [os.path.join(above, name) for name in names if ".oarlock-" in name or name.endswith(".new")]
        found += [] if names or directories else [above]
    return found


def test_gets_that_are_cancelled_leave_nothing(fake, remote, place):
    remote.put("a", bytes(2 * MIB))
    (place / "kept").write_bytes(b"")
    fake.plan([{"match": {"op": "GetObject"}, "fault": {"slow": 30}}])
    assert cancelled_at_random(lambda number: remote.aio.get("a", place / str(number))) > 50
    assert left(place) == []


def test_encrypted_gets_that_are_cancelled_leave_nothing(fake, place):
    with oarlock.open("s3://tests/", **fake.settings(), **KEY) as store:
        store.put("a", bytes(2 * MIB))
        (place / "kept").write_bytes(b"")
        cancelled_at_random(lambda number: store.aio.get("a", place / str(number)), 200)
    assert left(place) == []


def test_syncs_that_are_cancelled_leave_nothing(fake, remote, place):
    for name in ("tree/a", "tree/one/two/b", "tree/c/d"):
        remote.put(name, bytes(200_000))
    (place / "kept").write_bytes(b"")
    fake.plan([{"match": {"op": "GetObject"}, "fault": {"slow": 30}}])
    cancelled_at_random(lambda number: remote.aio.sync_down(place / str(number // 4) / "deep", "tree"), 300)
    assert [path for path in left(place) if path != str(place)] == []


def test_calls_on_a_directory_that_are_cancelled_leave_nothing(store, place, tmp_path):
    (place / "kept").write_bytes(b"")
    source = tmp_path / "source"
    source.write_bytes(bytes(4 * MIB))

    async def both(number):
        await store.aio.put(f"d{number}/a", source)
        await store.aio.get(f"d{number}/a", place / str(number))

    cancelled_at_random(both, 200)
    assert left(place) == []
    assert os.listdir(tmp_path / "store" / ".oarlock" / "tmp") == []
    assert [path for path in left(tmp_path / "store") if ".oarlock" not in path] == []


def test_journaled_gets_that_are_cancelled_leave_what_their_journals_tell_of(remote, place, tmp_path):
    remote.put("a", bytes(20 * MIB))
    (tmp_path / "journals").mkdir()
    (place / "kept").write_bytes(b"")
    cancelled_at_random(
        lambda number: remote.aio.get("a", place / str(number), journal=str(tmp_path / "journals")), 100, 10
    )
    told = "".join(path.read_text() for path in (tmp_path / "journals").iterdir())
    assert [path for path in left(place) if os.path.basename(path) not in told] == []
    assert left(tmp_path / "journals") in ([], [str(tmp_path / "journals")])
