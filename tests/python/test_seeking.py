"""Seeking in encrypted objects: in the whole, which is fetched once and verified.

Invariant: no byte is returned that was not verified, and none of the plaintext is on disk.
"""

import asyncio
import io
import os
import threading

import oarlock
import pytest

MIB = 1 << 20
KEY = bytes(range(32))


@pytest.fixture(params=["memory", "disk"])
def sealed(request, fake):
    buffer = 0 if request.param == "disk" else 8 * MIB
    settings = {"encryption_aes_key": KEY, "encryption_verify_buffer": buffer, **fake.settings()}
    with oarlock.open("s3://tests/", **settings) as store:
        yield store


def fetches(fake):
    return [entry for entry in fake.log() if entry["op"] == "GetObject"]


def test_a_reader_seeks_after_one_fetch(sealed, fake):
    body = os.urandom(3 * MIB + 7)
    sealed.put("a", body)
    with sealed.open("a", "rb") as file:
        assert file.read(10) == body[:10]
        for at in (3 * MIB, 17, MIB + 1, len(body) - 1):
            assert file.seek(at) == at
            assert (file.read(1000), file.tell()) == (body[at : at + 1000], min(at + 1000, len(body)))
        assert file.seek(-5, io.SEEK_END) and file.read() == body[-5:]
        assert file.seek(0) == 0 and file.read() == body
    assert len(fetches(fake)) == 1


def test_many_readers_share_one_fetch(sealed, fake):
    body = os.urandom(2 * MIB)
    sealed.put("a", body)
    results = []

    def read(at):
        results.append(sealed.get("a", range=(at, 100), whole=True).body == body[at : at + 100])

    threads = [threading.Thread(target=read, args=(at * 1000,)) for at in range(16)]
    [thread.start() for thread in threads]
    [thread.join(30) for thread in threads]
    assert results == [True] * 16
    assert len(fetches(fake)) == 1


def test_awaited_readers_seek_too(sealed, fake):
    body = os.urandom(MIB)
    sealed.put("a", body)

    async def read():
        async with sealed.aio.open("a") as file:
            file.seek(-100, io.SEEK_END)
            tail = await file.read()
            file.seek(10)
            return tail, await file.read(20)

    assert asyncio.run(read()) == (body[-100:], body[10:30])
    assert len(fetches(fake)) == 1


def test_a_new_state_is_fetched_and_an_old_one_is_read_on(sealed, fake):
    sealed.put("a", b"one" * 1000)
    file = sealed.open("a", "rb")
    file.seek(3)
    assert file.read(3) == b"one"
    sealed.put("a", b"two" * 1000)
    assert sealed.get("a", range="0-2", whole=True).body == b"two"
    # The reader has its state of the object whole.
    file.seek(2997)
    assert file.read() == b"one"


def test_another_store_fetches_for_itself(sealed, fake):
    sealed.put("a", b"body")
    assert sealed.get("a", range="1-2", whole=True).body == b"od"
    other = {"encryption_aes_key": bytes(32), **fake.settings()}
    with oarlock.open("s3://tests/", **other) as store, pytest.raises(oarlock.DecryptError):
        store.get("a", range="1-2", whole=True)


def test_a_flipped_bit_is_never_read(sealed, fake):
    sealed.put("a", os.urandom(MIB))
    for how in ({"range": "0-9"}, {"range": "-1"}):
        fake.plan([{"match": {"op": "GetObject"}, "fault": {"flip_bit": 500_000}}])
        with pytest.raises((oarlock.CorruptError, oarlock.DecryptError)):
            sealed.get("a", whole=True, **how)
    fake.plan([])
    assert sealed.get("a", whole=True, range="0-9").length == 10


def test_only_ciphertext_is_on_disk(fake):
    body = b"plaintext of a kind" * 100_000
    settings = {"encryption_aes_key": KEY, "encryption_verify_buffer": 0, **fake.settings()}
    with oarlock.open("s3://tests/", **settings) as store:
        store.put("a", body)
        with store.open("a", "rb") as file:
            file.seek(1000)
            assert file.read(50) == body[1000:1050]
            spools = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd") if is_deleted(fd)]
            kept = [data for data in map(contents, spools) if len(data) == len(body)]
            assert len(kept) == 1
            assert b"plaintext" not in kept[0]


def is_deleted(fd):
    try:
        return os.readlink(f"/proc/self/fd/{fd}").endswith("(deleted)")
    except OSError:
        return False


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def test_what_is_kept_is_bounded(fake):
    settings = {
        "encryption_aes_key": KEY,
        "encryption_verify_buffer": 0,
        "encryption_spool_limit": "3MiB",
        **fake.settings(),
    }
    with oarlock.open("s3://tests/", **settings) as store:
        for key in "abc":
            store.put(key, bytes(MIB + 1))
        store.put("large", bytes(4 * MIB))
        for key in "abcb":
            assert store.get(key, range="0-0", whole=True).body == b"\0"
        # Three do not fit: "a" was dropped for "c".
        assert len(fetches(fake)) == 3
        store.get("a", range="0-0", whole=True)
        assert len(fetches(fake)) == 4
        with pytest.raises(oarlock.UnsupportedError, match="encryption_spool_limit"):
            store.get("large", range="0-0", whole=True)
        # In order it is read as ever.
        with store.open("large", "rb") as file:
            assert file.read() == bytes(4 * MIB)


def test_a_child_fetches_for_itself(sealed):
    sealed.put("a", b"x" * 1000 + b"y")
    file = sealed.open("a", "rb")
    file.seek(10)
    assert file.read(1) == b"x"
    child = os.fork()
    if child == 0:
        file.seek(1000)
        os._exit(0 if file.read() == b"y" else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_fsspec_slices_and_parquet(fake):
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    fs = fsspec.filesystem("oarlock", encryption_aes_key=KEY, **fake.settings())
    body = os.urandom(2 * MIB)
    fs.pipe_file("tests/a", body)
    assert fs.cat_file("tests/a", 5, 10) == body[5:10]
    assert fs.cat_file("tests/a", -10, None) == body[-10:]
    assert fs.cat_file("tests/a", MIB) == body[MIB:]
    assert fs.cat_ranges(["tests/a"] * 2, [0, MIB], [3, MIB + 3]) == [body[:3], body[MIB : MIB + 3]]
    with fs.open("tests/a") as file:
        file.seek(-9, 2)
        assert file.read() == body[-9:]
        assert file.seek(1) == 1 and file.read(2) == body[1:3]
    assert fs.tail("tests/a", 7) == body[-7:]
    assert len(fetches(fake)) == 1
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    import pyarrow

    table = pyarrow.table({"n": list(range(100_000)), "s": [str(n) for n in range(100_000)]})
    with fs.open("tests/t.parquet", "wb") as file:
        parquet.write_table(table, file)
    assert parquet.read_table("tests/t.parquet", filesystem=fs, columns=["s"]) == table.select(["s"])
    assert len(fetches(fake)) == 2
