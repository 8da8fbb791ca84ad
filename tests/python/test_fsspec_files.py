"""Open files of the file system: transactions, exclusive writes, appending, reads in order, text,
compression, encryption."""

import gzip
import io
import os
import pickle

import fsspec
import oarlock
import pytest
from oarlock.fsspec import OarlockFileSystem


def operations(fake, since=0):
    return [entry["op"] for entry in fake.log()[since:]]


@pytest.mark.parametrize("compression", ["gzip", "infer"])
def test_compression(fs, compression):
    with fs.open("tests/a.gz", "wb", compression=compression) as file:
        file.write(b"hello")
    assert gzip.decompress(fs.cat("tests/a.gz")) == b"hello"
    with fs.open("tests/a.gz", "rt", compression=compression) as file:
        assert file.read() == "hello"
    with pytest.raises(ZeroDivisionError), fs.open("tests/b.gz", "wb", compression=compression):
        1 / 0
    assert not fs.exists("tests/b.gz")


def test_transactions(fs):
    with fs.transaction:
        with fs.open("tests/a", "wb") as file:
            file.write(b"a")
        assert not fs.exists("tests/a")
    assert fs.cat("tests/a") == b"a"
    with pytest.raises(ZeroDivisionError), fs.transaction:
        with fs.open("tests/a", "wb") as file:
            file.write(b"b")
        1 / 0
    assert fs.cat("tests/a") == b"a"
    with fs.open("tests/b", "wb", autocommit=False) as file:
        file.write(b"b")
    assert not fs.exists("tests/b")
    file.commit()
    assert fs.cat("tests/b") == b"b"
    with pytest.raises(ValueError):
        file.commit()


def test_an_exception_in_the_block_stores_nothing(fs):
    with pytest.raises(ZeroDivisionError), fs.open("tests/a", "wb") as file:
        file.write(b"half")
        1 / 0
    assert not fs.exists("tests/a")


def test_exclusive_writes(fs, tmp_path):
    fs.pipe("tests/a", b"a")
    (tmp_path / "f").write_bytes(b"b")
    for write in (
        lambda: fs.open("tests/a", "xb"),
        lambda: fs.pipe_file("tests/a", b"b", mode="create"),
        lambda: fs.put_file(str(tmp_path / "f"), "tests/a", mode="create"),
        lambda: fs.put(str(tmp_path / "f"), "tests/a", mode="create"),
    ):
        with pytest.raises(FileExistsError):
            write()
    assert fs.cat("tests/a") == b"a"


def test_appending(fs):
    for text in (b"one", b" two"):
        with fs.open("tests/a", "ab", ContentType="text/x") as file:
            file.write(text)
    assert file.tell() == 7 and fs.cat("tests/a") == b"one two"
    with fs.open("tests/a", "at") as file:
        file.write(" three")
    assert fs.cat("tests/a") == b"one two three" and fs.info("tests/a")["ContentType"] == "text/x"


def test_what_a_file_object_says(fs):
    data = os.urandom(300_000)
    fs.pipe("tests/a", data)
    with fs.open("tests/a") as file:
        assert (file.size, file.path, file.fs, file.mode) == (len(data), "tests/a", fs, "rb")
        assert file.details["name"] == "tests/a" and file.info()["ETag"].startswith('"')
        assert file.read(10) == data[:10] and file.seek(200_000) and file.read(10) == data[200_000:200_010]
        other = pickle.loads(pickle.dumps(file))
        assert other.tell() == file.tell() and other.read() == data[200_010:]
    with fs.open("tests/a", cache_type="readahead", block_size=1000) as file:
        assert isinstance(file.cache, fsspec.caching.caches["readahead"]) and file.read() == data
    with fs.open("tests/a", size=100) as file:
        assert file.read() == data[:100]
    assert fs.head("tests/a", 5) == data[:5] and fs.tail("tests/a", 5) == data[-5:]
    fs.pipe("tests/t", b"one\ntwo\nthree\n")
    assert fs.read_block("tests/t", 1, 5, b"\n") == b"two\n"
    with fs.open("tests/t") as file:
        assert list(file) == [b"one\n", b"two\n", b"three\n"] and file.seek(4) == 4
        assert file.readline(2) == b"tw" and file.readline() == b"o\n"


def test_a_reader_keeps_to_one_version(fs):
    fs.pipe("tests/a", b"x" * 200_000)
    for read in (lambda file: file.read(), lambda file: (file.seek(100_000), file.read(5))):
        with fs.open("tests/a") as file:
            fs.pipe("tests/a", os.urandom(200_000))
            with pytest.raises(oarlock.ChangedError):
                read(file)


def test_reads_in_order_share_one_request(fake, fs):
    data = os.urandom(3_000_000)
    fs.pipe("tests/a", data)
    begun = len(fake.log())
    with fs.open("tests/a") as file:
        found = b"".join(iter(lambda: file.read(100_000), b""))
    assert found == data and operations(fake, begun) == ["HeadObject", "GetObject"]
    begun = len(fake.log())
    with fs.open("tests/a") as file:
        assert file.read() == data
    assert operations(fake, begun) == ["HeadObject", "GetObject"]


def test_text(fs):
    with fs.open("tests/a", "w", encoding="latin-1") as file:
        file.write("ä\n")
    with fs.open("tests/a", "r", encoding="latin-1") as file:
        assert file.read() == "ä\n"
    with io.TextIOWrapper(fs.open("tests/a"), "latin-1") as file:
        assert list(file) == ["ä\n"]


def test_encrypted_objects_are_read_verified(fake, remote):
    key = os.urandom(32)
    fs = OarlockFileSystem(skip_instance_cache=True, encryption_aes_key=key, **fake.settings())
    data = os.urandom(300_000)
    fs.pipe("tests/a", data)
    assert (
        remote.get("a").body != data and fs.info("tests/a")["size"] == fs.ls("tests", detail=True)[0]["size"]
    )
    with fs.open("tests/a") as file:
        assert file.read(10) + file.read() == data == fs.cat("tests/a")
    meta = remote.head("a").metadata
    for cut in (b"", bytes(remote.get("a").body)[:-1]):
        remote.put("a", cut, metadata=meta)
        with fs.open("tests/a") as file, pytest.raises(OSError):
            file.read()
