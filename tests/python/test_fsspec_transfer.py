"""Many objects through fsspec: few requests, what fails among them, directories, callbacks, listings."""

import asyncio
import os

import fsspec
import pytest
from oarlock.fsspec import OarlockFileSystem


def operations(fake, since=0):
    return [entry["op"] for entry in fake.log()[since:]]


def test_many_paths_take_few_requests(fake, fs):
    values = {f"tests/d/{number}": bytes([number]) for number in range(40)}
    fs.pipe(values)
    begun = len(fake.log())
    assert fs.cat("tests/d", recursive=True) == values
    assert fs.du("tests/d") == 40 and len(fs.find("tests/d")) == 40
    assert sorted(operations(fake, begun)) == ["GetObject"] * 40 + ["ListObjectsV2"] * 3
    begun = len(fake.log())
    assert sorted(fs.rm("tests/d", recursive=True)) == sorted(values)
    assert operations(fake, begun).count("DeleteObjects") == 1 and not fs.exists("tests/d")


def test_walks(fake, fs):
    fs.pipe({f"tests/{path}": b"x" for path in ("a", "d/b", "d/e/c", "f/g", "h/i/j/k")})
    base = fsspec.asyn.AsyncFileSystem._walk

    async def plain(**options):
        return [step async for step in base(fs, "tests", **options)]

    for options in ({}, {"maxdepth": 2}, {"detail": True}, {"topdown": False}):
        assert list(fs.walk("tests", **options)) == asyncio.run(plain(**options)), options
    assert list(fs.walk("tests/a")) == [("tests/a", [], [""])]
    assert list(fs.walk("tests/none")) == [("tests/none", [], [])]
    with pytest.raises(FileNotFoundError):
        list(fs.walk("tests/none", on_error="raise"))
    begun = len(fake.log())
    for _, directories, _ in fs.walk("tests"):
        directories[:] = [name for name in directories if name == "d"]
    assert len(fake.log()) - begun == 2


def test_what_fails_among_many(fake, fs):
    fs.pipe({"tests/a": b"a", "tests/b": b"b"})
    paths = ["tests/a", "tests/missing", "tests/b"]
    with pytest.raises(FileNotFoundError) as caught:
        fs.cat(paths)
    assert (caught.value.bucket, caught.value.key) == ("tests", "missing")
    assert fs.cat(paths, on_error="omit") == {"tests/a": b"a", "tests/b": b"b"}
    assert isinstance(fs.cat(paths, on_error="return")["tests/missing"], FileNotFoundError)
    with pytest.raises(FileExistsError):
        fs.pipe({"tests/a": b"x", "tests/new": b"x"}, mode="create")
    assert fs.cat("tests/a") == b"a" and fs.cat("tests/new") == b"x"


def test_get_makes_directories(fs, tmp_path):
    fs.pipe({"tests/d/a": b"a", "tests/d/e/b": b"b", "tests/d/f/": b""})
    fs.get("tests/d/a", str(tmp_path / "new/er/a"))
    fs.get_file("tests/d/a", str(tmp_path / "other/a"))
    fs.get("tests/d/", str(tmp_path / "tree"), recursive=True)
    assert (tmp_path / "new/er/a").read_bytes() == (tmp_path / "other/a").read_bytes() == b"a"
    assert (tmp_path / "tree/e/b").read_bytes() == b"b" and (tmp_path / "tree/f").is_dir()


def test_a_name_that_leads_out_is_refused(fs, tmp_path):
    fs.pipe("tests/d/../../out", b"x")
    with pytest.raises(ValueError, match="leads out"):
        fs.get("tests/d/", str(tmp_path / "in/"), recursive=True)
    assert not (tmp_path / "out").exists() and not (tmp_path.parent / "out").exists()


def test_a_batch_delete_names_the_keys(fake, fs):
    fs.pipe({"tests/a": b"", "tests/b": b""})
    refused = "<Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error>"
    body = f"<DeleteResult><Deleted><Key>a</Key></Deleted>{refused}</DeleteResult>"
    fake.plan([{"match": {"op": "DeleteObjects"}, "fault": {"status": 200, "body": body}}])
    with pytest.raises(PermissionError, match="1 of 2 objects were not deleted: 'b'") as caught:
        fs.rm(["tests/a", "tests/b"])
    assert (caught.value.bucket, caught.value.key) == ("tests", "b")


def test_the_listings_cache_is_for_who_wants_it(fake, fs):
    fs.pipe("tests/d/a", b"a")
    cached = OarlockFileSystem(
        skip_instance_cache=True, use_listings_cache=True, listings_expiry_time=60, **fake.settings()
    )
    assert cached.ls("tests/d") == fs.ls("tests/d") == ["tests/d/a"]
    fs.pipe("tests/d/b", b"b")
    assert cached.ls("tests/d") == ["tests/d/a"] and fs.ls("tests/d") == ["tests/d/a", "tests/d/b"]
    assert cached.ls("tests/d", refresh=True) == fs.ls("tests/d")
    cached.pipe("tests/d/c", b"c")
    assert "tests/d/c" in cached.ls("tests/d")
    begun = len(fake.log())
    assert cached.info("tests/d/c")["size"] == 1 and cached.isdir("tests/d")
    assert operations(fake, begun) == []
    cached.invalidate_cache()
    assert not cached.dircache


class Watching(fsspec.Callback):
    """Counts files, and the bytes of each by a callback below."""

    def __init__(self):
        super().__init__()
        self.below = []

    def branched(self, path_1, path_2, **kwargs):
        self.below.append(fsspec.Callback())
        return self.below[-1]


@pytest.mark.parametrize("callback", [fsspec.Callback, Watching])
def test_callbacks_count_files_and_bytes(fs, tmp_path, callback):
    for number in range(5):
        (tmp_path / f"f{number}").write_bytes(b"x" * 100)
    up, down = callback(), callback()
    fs.put(f"{tmp_path}/", "tests/d/", recursive=True, callback=up)
    fs.get("tests/d/", f"{tmp_path}/got/", recursive=True, callback=down)
    assert (up.size, up.value, down.size, down.value) == (5, 5, 5, 5)
    for child in (*up.below, *down.below) if callback is Watching else ():
        assert (child.size, child.value) == (100, 100)
    assert sorted(os.listdir(tmp_path / "got")) == [f"f{number}" for number in range(5)]
