"""The requests of open files: which of them `info` spares, and how the reads of columns share one."""

import os
import random
import threading

import oarlock
import pytest
from fsspec.caching import caches

DATA = os.urandom(24 << 20)


def sent(fake, since):
    """The operations and ranges of requests."""
    return [(entry["op"], entry["headers"].get("range")) for entry in fake.log()[since:]]


@pytest.mark.parametrize("ask", ["info", "isfile"])
def test_open_sends_no_request_for_what_was_just_asked(fake, fs, ask):
    fs.pipe("tests/a", b"a" * 1000)
    begun = len(fake.log())
    getattr(fs, ask)("tests/a")
    with fs.open("tests/a") as file:
        assert file.size == 1000 and file.read(10) == b"a" * 10
    assert [op for op, _ in sent(fake, begun)] == ["HeadObject", "GetObject"]
    assert fake.log()[-1]["headers"]["if-match"]
    # It holds for one `open`, and not in another thread.
    begun = len(fake.log())
    fs.open("tests/a").close()
    getattr(fs, ask)("tests/a")
    thread = threading.Thread(target=lambda: fs.open("tests/a").close())
    thread.start()
    thread.join()
    assert [op for op, _ in sent(fake, begun)] == ["HeadObject"] * 3


@pytest.mark.parametrize("read", ["read", "readline", "read-some"])
def test_a_change_between_info_and_open_is_seen(fs, remote, read):
    def first(file):
        return {"read": file.read, "readline": file.readline, "read-some": lambda: file.read(5)}[read]()

    for old, new in ((b"old", b"newer"), (b"older", b"new"), (b"", b"new"), (b"old", b"")):
        fs.pipe("tests/a", old)
        fs.info("tests/a")
        remote.put("a", new)
        with fs.open("tests/a") as file:
            assert first(file) == new and file.size == len(new)
    # Also where the old one ended.
    remote.put("a", b"old")
    fs.info("tests/a")
    remote.put("a", b"newest")
    with fs.open("tests/a") as file:
        assert file.seek(3) == 3 and first(file)[:2] == b"es"
    # A caller who saw the old size gets an error in place of other bytes.
    fs.info("tests/a")
    with fs.open("tests/a") as file:
        remote.put("a", b"another")
        assert file.seek(0, 2) == 6 and file.seek(0) == 0
        with pytest.raises(oarlock.ChangedError):
            first(file)
    # What this file system stores is known at once.
    fs.info("tests/a")
    fs.pipe("tests/a", b"stored")
    with fs.open("tests/a") as file:
        assert file.size == 6


def test_the_version_that_was_just_asked_is_not_read(fake, fs):
    fake.bucket("old", versioning=True)
    fs.pipe("old/a", b"old")
    fs.info("old/a")
    oarlock.open("s3://old", **fake.settings()).put("a", b"newer")
    with fs.open("old/a") as file:
        assert file.read(10) == b"newer"


def test_columns_share_one_stream(fake, fs):
    """As pyarrow reads: the footer, then large pieces in about their order."""
    fs.pipe("tests/a", DATA)
    size, step = len(DATA), 4 << 20
    begun = len(fake.log())
    with fs.open("tests/a") as file:
        file.seek(size - 100)
        assert file.read(100) == DATA[-100:]
        for place in (0, 2, 1, 4, 3, 5):
            start = 4 + place * step
            file.seek(start)
            assert file.read(step) == DATA[start : start + step], place
    ranges = [span for op, span in sent(fake, begun) if op == "GetObject"]
    assert ranges[:2] == [f"bytes={size - (64 << 10)}-{size - 1}", "bytes=4-"]
    # The stream itself may use several connections; no byte is requested twice.
    edges = sorted(tuple(map(int, span[6:].split("-"))) for span in ranges[2:])
    assert all(end < start for (_, end), (start, _) in zip(edges, edges[1:]))


def test_columns_far_apart_are_fetched_alone(fake, fs):
    fs.pipe("tests/a", DATA)
    begun = len(fake.log())
    with fs.open("tests/a") as file:
        for start in (1 << 10, 8 << 20, 16 << 20):
            file.seek(start)
            assert file.read(1 << 20) == DATA[start : start + (1 << 20)]
    ranges = [span for op, span in sent(fake, begun) if op == "GetObject"]
    assert ranges == [f"bytes={start}-{start + (1 << 20) - 1}" for start in (1 << 10, 8 << 20, 16 << 20)]


def test_random_reads_are_slices(fs):
    """Any order of reads returns the bytes of the object."""
    fs.pipe("tests/a", DATA)
    chosen = random.Random(14)
    for _ in range(4):
        with fs.open("tests/a") as file:
            at = 0
            for _ in range(40):
                length = chosen.choice((10, 70_000, 1 << 20, 5 << 20))
                move = chosen.choice((0, 0, 0, -length, 10, length, 2 * length, None))
                at = chosen.randrange(len(DATA)) if move is None else min(max(at + move, 0), len(DATA))
                file.seek(at)
                found = file.read(length)
                assert found == DATA[at : at + length]
                at += len(found)


@pytest.mark.parametrize("name", sorted(name for name in caches if name))
def test_every_cache_of_fsspec(fs, name):
    data = os.urandom(100_000)
    fs.pipe("tests/a", data)
    options = {"data": {(0, 100_000): data}} if name == "parts" else {}
    with fs.open("tests/a", cache_type=name, cache_options=options, block_size=10_000) as file:
        assert file.read(100) == data[:100] and file.seek(50_000) and file.read(20_000) == data[50_000:70_000]


def test_an_unknown_cache_is_named(fs):
    fs.pipe("tests/a", b"a")
    with pytest.raises(ValueError, match="blockcache.*not 'block'"):
        fs.open("tests/a", cache_type="block")
