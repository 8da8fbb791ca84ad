"""Bytes move without copies, come from everything that holds them, and go to everything that takes them."""

import array
import gc
import io
import pathlib
import pickle
import sys
import tracemalloc

import oarlock
import pytest


def test_reply_is_bytes_like(store):
    store.put("a", b"hello world")
    reply = store.get("a")
    assert bytes(reply) == b"hello world" and len(reply) == 11 and memoryview(reply)[1:4] == b"ell"
    assert reply.meta.size == 11 and reply.body == b"hello world" and reply
    assert io.BytesIO(reply).read() == b"hello world"
    assert pickle.loads(pickle.dumps(reply)) == reply


def test_body_is_shared_not_copied(store):
    numpy = pytest.importorskip("numpy")
    store.put("a", bytes(range(256)) * 4096)
    reply = store.get("a")
    first, second = numpy.frombuffer(reply, "u1"), numpy.frombuffer(reply.body, "u1")
    assert first.ctypes.data == second.ctypes.data and not first.flags.writeable
    del reply, second
    gc.collect()
    assert first[255] == 255


def test_reply_without_bytes(store, tmp_path):
    store.put("a", b"x")
    reply = store.get("a", tmp_path / "out")
    assert reply.body is None and len(reply) == 0 and reply
    with pytest.raises(BufferError):
        memoryview(reply)


def test_bytes_type():
    ours = oarlock.Bytes(b"abc")
    assert ours == b"abc" and ours == bytearray(b"abc") and ours != b"abd" and ours != 3 and b"abc" == ours
    assert hash(ours) == hash(b"abc") and {ours: 1}[b"abc"] == 1
    assert ours[0] == 97 and ours[-1] == 99 and list(ours) == [97, 98, 99] and 97 in ours and b"bc" in ours
    assert isinstance(ours[1:], memoryview) and ours[1:] == b"bc" and ours[::-1] == b"cba"
    assert ours.decode() == "abc" and pickle.loads(pickle.dumps(ours)) == ours
    assert repr(oarlock.Bytes(b"canary")) == "<oarlock.Bytes, 6 bytes>"
    with pytest.raises(IndexError):
        ours[3]
    with pytest.raises(TypeError):
        memoryview(ours)[0] = 1
    with pytest.raises(ValueError, match="encode"):
        oarlock.Bytes("text")


def test_sources(store, tmp_path):
    numpy = pytest.importorskip("numpy")
    (tmp_path / "file").write_bytes(b"from a file")
    large = bytes(range(256)) * (12 << 12)
    for source, content in [
        (b"bytes", b"bytes"),
        (oarlock.Bytes(b"ours"), b"ours"),
        (bytearray(b"array"), b"array"),
        (memoryview(b"a view")[2:], b"view"),
        (array.array("H", [1, 2]), array.array("H", [1, 2]).tobytes()),
        (numpy.arange(3, dtype="<f8"), numpy.arange(3, dtype="<f8").tobytes()),
        (tmp_path / "file", b"from a file"),
        ((tmp_path / "file").open("rb"), b"from a file"),
        (io.BytesIO(large), large),
        ((chunk for chunk in [b"a", b"", bytearray(b"b"), memoryview(b"c")]), b"abc"),
        ([b"a", b"b"], b"ab"),
        (iter([]), b""),
        (bytearray(large), large),
    ]:
        assert store.put("k", source).size == len(content)
        assert store.get("k").body == content


@pytest.mark.parametrize(
    "source",
    ["text", 3, None, object(), ["text"], io.StringIO("text"), [3], memoryview(b"abcdef")[::2]],
    ids=lambda each: type(each).__name__,
)
def test_what_is_no_source(store, source):
    with pytest.raises(oarlock.InvalidInputError):
        store.put("k", source)
    assert not store.exists("k")


def test_sinks(store, tmp_path):
    content = bytes(range(256)) * 40000
    store.put("k", content)
    buffer = io.BytesIO()
    assert store.get("k", buffer).body is None and buffer.getvalue() == content
    with open(tmp_path / "plain", "wb", buffering=0) as file:
        store.get("k", file)
    assert (tmp_path / "plain").read_bytes() == content
    store.get("k", pathlib.Path(tmp_path / "path"))
    assert (tmp_path / "path").read_bytes() == content

    class Slow:
        taken = b""

        def write(self, data):
            self.taken += data[: 1 << 20]
            return min(len(data), 1 << 20)

    slow = Slow()
    store.get("k", slow)
    assert slow.taken == content
    store.get("k", str(tmp_path / "text"))
    assert (tmp_path / "text").read_bytes() == content
    with pytest.raises(oarlock.InvalidInputError, match="a sink is"):
        store.get("k", 5)


def test_what_the_host_raises_comes_back(store, remote):
    class Mine(Exception):
        pass

    class Broken:
        def read(self, size):
            raise Mine("read")

        def write(self, data):
            raise Mine("write")

    def progress(done, total):
        raise Mine("progress")

    for place in (store, remote):
        place.put("k", b"x" * 100)
        with pytest.raises(Mine, match="read"):
            place.put("new", Broken())
        with pytest.raises(Mine, match="write"):
            place.get("k", Broken())
        with pytest.raises(Mine, match="progress"):
            place.get("k", progress=progress)
        assert not place.exists("new")


def test_progress(remote):
    seen = []
    content = b"x" * (20 << 20)
    remote.put("k", content, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(content), len(content)) and seen == sorted(seen)
    seen.clear()
    remote.get("k", io.BytesIO(), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(content), len(content)) and seen == sorted(seen)


def test_a_lent_object_is_let_go(store):
    content = b"x" * (1 << 20)
    before = sys.getrefcount(content)
    for _ in range(50):
        store.put("k", content)
    store.exists("k")
    assert sys.getrefcount(content) == before


def test_no_leaks(store):
    import os
    import resource

    content = b"x" * (1 << 20)

    def work(rounds):
        for _ in range(rounds):
            store.put("k", content)
            bytes(store.get("k"))
            store.get("k", io.BytesIO(), progress=lambda done, total: None)
            list(store.list())
            with pytest.raises(oarlock.NotFoundError):
                store.head("none")

    work(50)
    gc.collect()
    descriptors, objects = len(os.listdir("/proc/self/fd")), len(gc.get_objects())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work(200)
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= descriptors
    assert len(gc.get_objects()) - objects < 200
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 32 << 10


def test_a_long_source_is_let_go_while_it_is_read(fake, remote):
    class Reader:
        left = 100 << 20

        def read(self, size):
            size = min(size, self.left)
            self.left -= size
            return bytes(size)

    store = oarlock.open(
        remote.url,
        **fake.settings(),
        multipart_threshold=5 << 20,
        multipart_chunksize=5 << 20,
        max_concurrency=1,
    )
    tracemalloc.start()
    try:
        assert store.put("long", Reader()).size == 100 << 20
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50 << 20, f"{peak >> 20} MiB of 100 were held"
