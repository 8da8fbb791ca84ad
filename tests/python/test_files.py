"""File objects: reading with seeks, writing all or nothing."""

import asyncio
import base64
import gc
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys

import oarlock
import pytest
from oarlock.fsspec import OarlockFileSystem

CONTENT = bytes(range(256)) * 40000


def test_reads_like_a_file(remote):
    remote.put("k", CONTENT)
    with remote.open("k") as file:
        assert (
            file.readable()
            and file.seekable()
            and not file.writable()
            and file.raw.name == "k"
            and file.raw.meta.size == len(CONTENT)
        )
        assert file.read(10) == CONTENT[:10] and file.tell() == 10
        assert (
            file.seek(-5, io.SEEK_END) == len(CONTENT) - 5
            and file.read() == CONTENT[-5:]
            and file.read() == b""
        )
        assert (
            file.seek(1000) == 1000
            and file.seek(24, io.SEEK_CUR) == 1024
            and file.read(3) == CONTENT[1024:1027]
        )
        buffer = bytearray(5 << 20)
        file.seek(7)
        assert file.readinto(buffer) == len(buffer) and buffer == CONTENT[7 : 7 + len(buffer)]
        assert file.seek(10**9) == 10**9 and file.read() == b""
        with pytest.raises(ValueError):
            file.seek(-1)
    assert file.closed
    with pytest.raises(ValueError):
        file.read()


def test_reads_in_one_request(fake):
    # Where it may have more, a slow machine reads ahead with more.
    with oarlock.open("s3://tests/", max_concurrency=1, **fake.settings()) as remote:
        remote.put("k", CONTENT)
        before = len(fake.log())
        with remote.open("k") as file, io.BytesIO() as out:
            shutil.copyfileobj(file, out, 10_000)
            assert out.getvalue() == CONTENT
    log = fake.log()[before:]
    assert [row["op"] for row in log].count("GetObject") == 1


def test_hands_itself_to_libraries(store):
    import gzip
    import zipfile

    with store.open("z.zip", "wb") as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.json", json.dumps([1, 2]))
    with store.open("z.zip") as file, zipfile.ZipFile(file) as archive:
        assert json.loads(archive.read("a.json")) == [1, 2]
    with store.open("t.gz", "wb") as file, gzip.open(file, "wt") as text:
        text.write("text")
    with store.open("t.gz") as file, gzip.open(file, "rt") as text:
        assert text.read() == "text"


def test_paths_are_taken_as_objects_too(store, tmp_path):
    """A `pathlib.Path` where text is expected, as a parameter and as a setting."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a").write_bytes(b"one")
    assert store.sync_up(tmp_path / "tree").transferred == 1
    assert (
        store.sync_down(tmp_path / "back").transferred == 1
        and (tmp_path / "back" / "a").read_bytes() == b"one"
    )
    oarlock.open("s3://bucket", credentials_file=tmp_path / "keys").close()
    with pytest.raises(oarlock.InvalidInputError, match="UTF-8"):
        store.sync_up(pathlib.Path(os.fsdecode(b"/\xff")))


def test_empty(remote):
    with remote.open("k", "wb"):
        pass
    with remote.open("k") as file:
        assert file.read() == b"" and file.seek(0, io.SEEK_END) == 0


def test_missing(remote):
    with pytest.raises(FileNotFoundError):
        remote.open("none")


def test_a_changed_object_is_told(remote):
    remote.put("k", CONTENT)
    with remote.open("k") as file:
        assert file.read(10) == CONTENT[:10]
        remote.put("k", CONTENT[::-1])
        file.seek(8 << 20)
        with pytest.raises(oarlock.ChangedError):
            file.read(10)


def test_writes(remote):
    with remote.open("k", "wb", content_type="text/plain") as file:
        assert file.writable() and file.write(b"abc") == 3 and file.tell() == 3
        assert file.write(memoryview(CONTENT)) == len(CONTENT)
        assert not remote.exists("k")
    assert file.closed and file.reply.size == len(CONTENT) + 3 and file.reply.etag
    assert remote.get("k").body == b"abc" + CONTENT and remote.head("k").content_type == "text/plain"
    file.close()
    with pytest.raises(ValueError):
        file.write(b"x")


@pytest.mark.parametrize("size", [10, 12 << 20])
def test_leaving_by_an_error_stores_nothing(fake, size):
    store = oarlock.open(
        "s3://tests/", **fake.settings(), multipart_threshold=5 << 20, multipart_chunksize=5 << 20
    )
    with pytest.raises(KeyError):
        with store.open("k", "wb") as file:
            file.write(b"x" * size)
            raise KeyError
    assert file.closed and file.reply is None and not store.exists("k") and fake.state()["uploads"] == []


def test_dropping_a_writer_stores_nothing(remote):
    file = remote.open("k", "wb")
    file.write(b"x")
    with pytest.warns(ResourceWarning, match="never closed"):
        del file
        gc.collect()
    assert oarlock._native.drain(5) and not remote.exists("k")


def test_exclusive(remote):
    with remote.open("k", "xb") as file:
        file.write(b"first")
    with pytest.raises(FileExistsError) as caught:
        with remote.open("k", "xb") as file:
            file.write(b"second")
    assert type(caught.value) is oarlock.AlreadyExistsError and file.closed
    assert remote.get("k").body == b"first"


def test_a_refused_write_is_told(fake, remote):
    fake.plan([{"match": {"op": "PutObject"}, "fault": {"status": 403, "code": "AccessDenied"}}])
    with pytest.raises(PermissionError):
        with remote.open("k", "wb") as file:
            file.write(b"x")
    assert file.closed


@pytest.mark.parametrize("mode", ["r", "w", "a", "r+b", ""])
def test_modes(remote, mode):
    with pytest.raises(oarlock.InvalidInputError, match="mode"):
        remote.open("k", mode)


MANY = """
import oarlock, sys
place = dict(zip(("endpoint", "access_key_id", "secret_access_key"), sys.argv[1:]))
store = oarlock.open("s3://tests/", region="us-east-1", **place)
writers = [store.open(f"w{number}", "wb") for number in range(4)]
for step in range(20):
    for writer in writers:
        writer.write(bytes([step]) * (1 << 20))
store.put("whole", bytes(20 << 20))
for writer in writers:
    writer.close()
readers = [store.open(f"w{number}") for number in range(4)]
for step in range(20):
    for reader in readers:
        assert reader.read(1 << 20) == bytes([step]) * (1 << 20)
    store.get("whole")
print("done")
"""


def test_many_open_files_share_a_small_budget(fake):
    """One thread holds them all: none may wait for room that another one keeps."""
    arguments = [sys.executable, "-c", MANY, fake.endpoint, fake.access_key, fake.secret_key]
    environment = {**os.environ, "OARLOCK_MEMORY_BUDGET": "8MiB"}
    assert (
        subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=120).stdout
        == "done\n"
    )


def wrong(fake):
    """Every response to a get has a checksum that does not match its bytes."""
    checksum = {"x-amz-checksum-crc64nvme": "AAAAAAAAAAA="}
    fake.plan([{"match": {"op": "GetObject"}, "fault": {"answer_headers": checksum}}])


def repeat(read):
    """Calls until nothing more comes."""
    while read():
        pass


#: Each way to read a file to its end.
TO_THE_END = {
    "read": lambda file, size: file.read(),
    "read of the size": lambda file, size: file.read(size),
    "reads that end with the last byte": lambda file, size: (file.read(size - 1), file.read(1)),
    "small reads": lambda file, size: repeat(lambda: file.read(7)),
    "readinto": lambda file, size: file.readinto(bytearray(size)),
    "readinto of more": lambda file, size: file.readinto(bytearray(size + 1)),
    "read1": lambda file, size: repeat(file.read1),
    "read1 of much": lambda file, size: repeat(lambda: file.read1(1 << 21)),
    "readinto1": lambda file, size: repeat(lambda: file.readinto1(bytearray(1 << 16))),
    "readline": lambda file, size: repeat(file.readline),
    "readlines": lambda file, size: file.readlines(),
    "iteration": lambda file, size: list(file),
    "raw readall": lambda file, size: file.raw.readall(),
    "raw reads": lambda file, size: repeat(lambda: file.raw.read(1 << 20)),
    "raw readinto": lambda file, size: repeat(lambda: file.raw.readinto(bytearray(1 << 20))),
    "another buffer": lambda file, size: io.BufferedReader(file, 100).read(),
    "text": lambda file, size: io.TextIOWrapper(file, "latin-1").read(),
    "lines of text": lambda file, size: list(io.TextIOWrapper(file, "latin-1")),
    "copyfileobj": lambda file, size: shutil.copyfileobj(file, io.BytesIO(), 1000),
    "a short seek forward": lambda file, size: (file.read(1), file.seek(size // 7), file.read()),
    "a seek back": lambda file, size: (file.read(size - 1), file.seek(0), file.read()),
    "a range first": lambda file, size: (file.seek(size - 1), file.read(), file.seek(0), file.read()),
    "a second try": lambda file, size: (pytest.raises(oarlock.CorruptError, file.read), file.read(1)),
}


@pytest.mark.parametrize("how", TO_THE_END)
@pytest.mark.parametrize(
    "content", [b"x", b"one\ntwo\n", b"line\n" * 700_000], ids=["byte", "small", "large"]
)
def test_the_read_that_reaches_the_end_tells_a_wrong_checksum(fake, remote, content, how):
    remote.put("k", content)
    with remote.open("k") as file:
        if how != "a second try":
            TO_THE_END[how](file, len(content))
    wrong(fake)
    with remote.open("k") as file, pytest.raises(oarlock.CorruptError):
        TO_THE_END[how](file, len(content))
    if how.startswith("raw"):
        return
    files = OarlockFileSystem(skip_instance_cache=True, **fake.settings())
    with files.open("tests/k") as file, pytest.raises(oarlock.CorruptError):
        TO_THE_END[how](file, len(content))


@pytest.mark.parametrize("content", [b"one\ntwo\n", b"line\n" * 700_000], ids=["small", "large"])
def test_a_reader_that_does_not_reach_the_end_says_nothing(fake, remote, content):
    remote.put("k", content)
    wrong(fake)
    size = len(content)
    for early in (
        lambda file: file.read(5),
        lambda file: file.read(size - 1),
        lambda file: file.readline(),
        lambda file: file.peek(),
        lambda file: (file.read(3), file.seek(0, io.SEEK_END), file.read()),
        lambda file: (file.seek(size - 3), file.read()),
        lambda file: (file.seek(1), file.read(), file.read()),
    ):
        with remote.open("k") as file:
            early(file)
    with remote.open("k") as file:
        assert file.seek(size - 3) and file.read() == content[-3:]


def test_after_a_failed_check_no_read_goes_on(fake, remote):
    remote.put("k", b"hello world")
    wrong(fake)
    with remote.open("k") as file:
        reads = (
            lambda: file.read(11),
            lambda: file.read(1),
            file.read,
            lambda: file.raw.read(1),
            file.raw.readall,
        )
        for read in reads:
            with pytest.raises(oarlock.CorruptError):
                read()
        fake.plan([])
        file.seek(0)
        assert file.read() == b"hello world"


def test_single_raw_reads_are_as_long_as_before(remote):
    remote.put("k", b"hello world")
    with remote.open("k") as file:
        assert file.read1() == b"hello world" and file.read1() == b""
    with remote.open("k") as file:
        assert file.read1(100) == b"hello world"
    with remote.open("k") as file:
        assert file.read1(10) == b"hello worl" and file.tell() == 10 and file.read1(5) == b"d"
    with remote.open("k") as file:
        buffer = bytearray(20)
        assert file.readinto1(buffer) == 11 and buffer[:11] == b"hello world"


def test_an_empty_object_is_asked_for_once(fake, remote):
    remote.put("k", b"")
    with remote.open("k") as file:
        before = len(fake.log())
        assert file.read() == b"" and file.read(1) == b"" and file.seek(0) == 0 and list(file) == []
        assert [row["op"] for row in fake.log()[before:]] == ["GetObject"]
    wrong_checksum = {"x-amz-checksum-crc64nvme": "AAAAAAAAAAE="}
    fake.plan([{"match": {"op": "GetObject"}, "fault": {"answer_headers": wrong_checksum}}])
    with remote.open("k") as file, pytest.raises(oarlock.CorruptError):
        file.read()


def test_an_object_of_another_length_than_told_is_changed(fake, remote):
    """Without an ETag nothing shows that it was replaced."""
    text = b"hello world"
    for before, after in (
        (text, text[:5]),
        (text, text + b"s"),
        (b"one", b""),
        (b"", b"one"),
        (CONTENT[1:], CONTENT),
    ):
        remote.put("k", before)
        replaced = {"change_object": {"body_b64": base64.b64encode(after).decode()}}
        no_etag = {"answer_headers": {"etag": ""}}
        rules = [{"match": {"op": "HeadObject"}, "fault": no_etag}]
        fake.plan([*rules, {"match": {"op": "GetObject"}, "fault": {**replaced, **no_etag}}])
        with remote.open("k") as file, pytest.raises(oarlock.ChangedError):
            file.read()
        fake.plan([])


def test_a_reader_takes_no_range(remote):
    with pytest.raises(oarlock.InvalidInputError, match="seek"):
        remote.open("k", range="1-2")


def test_streams_get_all_bytes_or_an_error(fake, remote):
    remote.put("k", b"hello world")
    whole = io.BytesIO()
    whole, cut, awaited = io.BytesIO(), io.BytesIO(), io.BytesIO()
    remote.get("k", whole)
    wrong(fake)
    with pytest.raises(oarlock.CorruptError):
        remote.get("k", cut)
    with pytest.raises(oarlock.CorruptError):
        asyncio.run(remote.aio.get("k", awaited))
    assert whole.getvalue() == b"hello world" and cut.getvalue() == awaited.getvalue() == b"hello worl"
