"""The file system as users of s3fs know it: what they call, with the keywords that they give."""

import ast
import asyncio
import gzip
import inspect
import io
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import threading
import time

import fsspec
import oarlock
import pytest
from oarlock.fsspec import OarlockFileSystem, register, unregister


@pytest.fixture
def fs(fake):
    return OarlockFileSystem(skip_instance_cache=True, **fake.settings())


def keys_of(fake):
    """The settings under s3fs' names."""
    return {
        "key": fake.access_key,
        "secret": fake.secret_key,
        "client_kwargs": {"endpoint_url": fake.endpoint, "region_name": "us-east-1"},
    }


def operations(fake, since=0):
    return [entry["op"] for entry in fake.log()[since:]]


def test_the_keywords_of_s3fs(fake, remote):
    remote.put("a", b"x")
    fs = OarlockFileSystem(
        skip_instance_cache=True,
        anon=False,
        use_ssl=False,
        cache_regions=True,
        config_kwargs={"signature_version": "s3v4", "connect_timeout": 5, "s3": {"addressing_style": "path"}},
        fixed_upload_size=True,
        local_expiry_check=True,
        max_concurrency=4,
        default_fill_cache=False,
        **keys_of(fake),
    )
    assert fs.cat("s3://tests/a") == b"x"
    assert fs.ls("tests") == ["tests/a"]
    for refused in ({"session": object()}, {"config_kwargs": {"signature_version": "s3"}}, {"sesion": 1}):
        with pytest.raises(
            oarlock.ConfigError,
            match=next(iter(refused["config_kwargs"] if "config_kwargs" in refused else refused)),
        ):
            OarlockFileSystem(skip_instance_cache=True, **refused)


def test_every_upload_takes_the_parameters_of_s3(fake, fs, tmp_path):
    described = {"ContentType": "text/x", "Metadata": {"a": "b"}, "StorageClass": "STANDARD_IA"}
    (tmp_path / "f").write_bytes(b"data")
    fs.pipe_file("tests/pipe", b"data", CacheControl="no-store", **described)
    fs.put_file(tmp_path / "f", "tests/put", **described)
    fs.put([str(tmp_path / "f")], ["tests/many"], **described)
    fs.pipe({"tests/pipes": b"data"}, ACL="public-read", **described)
    with fs.open("tests/open", "wb", **described) as file:
        file.write(b"data")
    for name in ("pipe", "put", "many", "pipes", "open"):
        info = fs.info(f"tests/{name}")
        assert (info["ContentType"], info["Metadata"], info["StorageClass"]) == (
            "text/x",
            {"a": "b"},
            "STANDARD_IA",
        )
    assert fs.info("tests/pipe")["CacheControl"] == "no-store"
    with pytest.raises(ValueError, match="WebsiteRedirectLocation"):
        fs.pipe_file("tests/x", b"", WebsiteRedirectLocation="/")
    every = OarlockFileSystem(
        skip_instance_cache=True,
        s3_additional_kwargs={"ContentType": "text/y", "ServerSideEncryption": "AES256"},
        **fake.settings(),
    )
    with every.open("tests/every", "wb") as file:
        file.write(b"data")
    assert (every.info("tests/every")["ContentType"], every.info("tests/every")["ServerSideEncryption"]) == (
        "text/y",
        "AES256",
    )


def test_the_checksum_of_uploads(fake):
    def system(algorithm):
        return OarlockFileSystem(
            skip_instance_cache=True, s3_additional_kwargs={"ChecksumAlgorithm": algorithm}, **fake.settings()
        )

    system("CRC32").pipe_file("tests/a", b"a")
    assert "x-amz-checksum-crc32" in fake.log()[-1]["headers"]
    with pytest.raises(oarlock.ConfigError, match="checksum_algorithm"):
        system("SHA256")


def test_a_file_s_name_decides_its_media_type(fs, tmp_path):
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.csv").write_text("1")
    fs.put(str(tmp_path) + "/", "tests/d/", recursive=True)
    assert fs.info("tests/d/a.json")["ContentType"] == "application/json"
    assert fs.info("tests/d/b.csv")["ContentType"] == "text/csv"


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


def test_versions(fake):
    fake.bucket("old", versioning=True)
    fs = OarlockFileSystem(skip_instance_cache=True, version_aware=True, **fake.settings())
    with fs.open("old/d/a", "wb") as file:
        file.write(b"first")
    first = file.version_id
    second = fs.pipe_file("old/d/a", b"second")["VersionId"]
    assert first != second
    for read in (
        lambda path, **named: fs.cat_file(path, **named),
        lambda path, **named: fs.open(path, **named).read(),
        lambda path, **named: fs.cat_file(path, 0, 100, **named),
    ):
        assert read("old/d/a") == b"second"
        assert read("old/d/a", version_id=first) == read(f"old/d/a?versionId={first}") == b"first"
    assert fs.info("old/d/a")["VersionId"] == second
    assert fs.find("old", detail=True)["old/d/a"]["VersionId"] == second
    assert set(fs.ls("old/d", versions=True)) == {f"old/d/a?versionId={one}" for one in (first, second)}
    assert [row["VersionId"] for row in fs.object_version_info("old/d/a")] == [second, first]
    fs.rm("old/d/a")
    assert not fs.isdir("old/d") and not fs.exists("old/d")
    assert not fs.exists("old/d/a") and fs.exists(f"old/d/a?versionId={first}") and fs.find("old") == []
    fs.rm("old", recursive=True)
    assert not fs.exists("old")
    plain = OarlockFileSystem(skip_instance_cache=True, **fake.settings())
    for call in (
        lambda: plain.open("tests/a", version_id="x"),
        lambda: plain.ls("tests", versions=True),
        lambda: plain.find("tests", versions=True),
        lambda: plain.object_version_info("tests/a"),
    ):
        with pytest.raises(ValueError, match="version_aware"):
            call()


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


def test_metadata_and_tags(fs):
    fs.pipe_file("tests/a", b"a", Metadata={"one": "1"}, ContentType="text/x")
    fs.setxattr("tests/a", two_x="2")
    assert fs.metadata("tests/a") == {"one": "1", "two-x": "2"} and fs.getxattr("tests/a", "two_x") == "2"
    fs.setxattr("tests/a", one=None)
    assert fs.metadata("tests/a") == {"two-x": "2"} and fs.info("tests/a")["ContentType"] == "text/x"
    fs.put_tags("tests/a", {"x": "1"})
    fs.put_tags("tests/a", {"y": "2"}, mode="m")
    assert fs.get_tags("tests/a") == {"x": "1", "y": "2"}
    fs.put_tags("tests/a", {"z": "3"})
    assert fs.get_tags("tests/a") == {"z": "3"}
    fs.chmod("tests/a", "public-read")
    with pytest.raises(ValueError, match="public-read"):
        fs.chmod("tests/a", "public")


def test_urls_and_merge(fs):
    import urllib.request

    fs.pipe({"tests/a": b"a" * 10, "tests/b": b"b" * 10})
    for url in (fs.url("tests/a", expires=60), fs.sign("tests/a")):
        assert urllib.request.urlopen(url).read() == b"a" * 10
    fs.merge("tests/c", ["tests/a", "tests/b"])
    assert fs.cat("tests/c") == b"a" * 10 + b"b" * 10


def test_unfinished_uploads(fake, fs):
    file = fs.open("tests/big", "wb")
    uploads = []
    for _ in range(40):
        file.write(bytes(1 << 20))
        uploads = uploads or fs.list_multipart_uploads("tests")
    assert [upload["Key"] for upload in uploads] == ["big"]
    fs.clear_multipart_uploads("tests")
    assert fs.list_multipart_uploads("tests") == []
    file.discard()


def test_buckets(fs):
    fs.mkdir("made-here")
    with pytest.raises(FileExistsError):
        fs.mkdir("made-here")
    fs.makedirs("made-here/a/b")
    fs.pipe("made-here/a/b", b"")
    with pytest.raises(FileExistsError):
        fs.rmdir("made-here/a")
    with pytest.raises(FileNotFoundError):
        fs.rmdir("made-here/none")
    with pytest.raises(OSError):
        fs.rmdir("made-here")
    fs.rm("made-here", recursive=True)
    assert "made-here" not in fs.ls("") and not fs.exists("made-here")
    with pytest.raises(FileNotFoundError):
        fs.ls("made-here")
    for everything in (lambda: fs.find(""), lambda: fs.glob("*"), lambda: list(fs.walk(""))):
        with pytest.raises(ValueError):
            everything()


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


@pytest.mark.parametrize(
    "act", [lambda fs: fs.cat(["tests/a"] * 1 + ["tests/b"]), lambda fs: fs.cp("tests/*", "tests/d/")]
)
def test_an_interrupt_ends_a_call(fake, fs, act):
    fs.pipe({"tests/a": b"a", "tests/b": b"b"})
    fake.plan([{"match": {"op": op}, "fault": {"slow": 20_000}} for op in ("GetObject", "CopyObject")])
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        act(fs)
    assert time.monotonic() - begun < 0.3 + 0.2 + 0.3


def test_pickles(fake):
    fs = OarlockFileSystem(**fake.settings())
    fs.pipe("tests/a", b"a")
    assert pickle.loads(pickle.dumps(fs)).cat("tests/a") == b"a"
    profile = OarlockFileSystem(skip_instance_cache=True, profile="some")
    assert b"secret" not in pickle.dumps(profile)


def test_s3_goes_here_when_the_user_says_so(fake):
    register()
    try:
        with fsspec.open("s3://tests/a", "wb", **keys_of(fake)) as file:
            file.write(b"a")
        fs, path = fsspec.url_to_fs("s3://tests/a?versionId=x", **keys_of(fake))
        assert type(fs) is OarlockFileSystem and fs.version_aware and path == "tests/a?versionId=x"
        assert fs.unstrip_protocol("tests/a") == "s3://tests/a"
    finally:
        unregister()
    assert fsspec.registry.get("s3") is not OarlockFileSystem
    assert fs.unstrip_protocol("s3://tests/a") == "oarlock://tests/a"
    code = "import fsspec; print(fsspec.get_filesystem_class('s3').__module__)"
    for value, printed in (("1", "oarlock.fsspec\n"), ("0", "")):
        environment = {**os.environ, "OARLOCK_FSSPEC": value}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert done.stdout == printed


def test_access_points_in_paths():
    fs = OarlockFileSystem()
    for bucket in (
        "arn:aws:s3:eu-west-1:123456789012:accesspoint/mine",
        "arn:aws:s3-outposts:eu-west-1:123456789012:outpost/op-1/accesspoint/mine",
        "arn:aws:s3-object-lambda:eu-west-1:123456789012:accesspoint/mine",
        "bucket",
    ):
        assert fs.split_path(f"s3://{bucket}/a/b") == (bucket, "a/b", None)
        assert fs._parent(f"{bucket}/a/b") == f"{bucket}/a" and fs._parent(f"{bucket}/a") == bucket


def test_every_method_has_help():
    for name in dir(OarlockFileSystem):
        if not name.startswith("_") and callable(getattr(OarlockFileSystem, name)):
            assert getattr(OarlockFileSystem, name).__doc__, name


def test_text(fs):
    with fs.open("tests/a", "w", encoding="latin-1") as file:
        file.write("ä\n")
    with fs.open("tests/a", "r", encoding="latin-1") as file:
        assert file.read() == "ä\n"
    with io.TextIOWrapper(fs.open("tests/a"), "latin-1") as file:
        assert list(file) == ["ä\n"]


def test_the_stubs_name_what_there_is():
    """Every stub has a method of the same parameters, and every blocking and awaited method a stub."""
    file = pathlib.Path(oarlock.__file__).parent / "fsspec/__init__.pyi"
    tree = ast.parse(file.read_text())
    (cls,) = (
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "OarlockFileSystem"
    )
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    stubs = {node.name: node.args for node in cls.body if isinstance(node, functions)}
    for name, arguments in stubs.items():
        if isinstance(inspect.getattr_static(OarlockFileSystem, name), property):
            continue
        there = inspect.signature(getattr(OarlockFileSystem, name)).parameters.values()
        positional = [one.name for one in there if one.kind is one.POSITIONAL_OR_KEYWORD]
        assert [one.arg for one in arguments.args] == positional, name
    for name, method in inspect.getmembers(OarlockFileSystem, inspect.isfunction):
        if hasattr(method, "__wrapped__") and not name.startswith("_"):
            assert name in stubs and f"_{name}" in stubs, name


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


def test_every_read_takes_the_parameters_of_s3(fs, tmp_path):
    fs.pipe({"tests/a": b"hello", "tests/b": b"hello"})
    etag = fs.info("tests/a")["ETag"].strip('"')
    reads = (
        lambda **given: fs.cat_file("tests/a", **given),
        lambda **given: fs.cat_file("tests/a", 1, 3, **given),
        lambda **given: fs.cat(["tests/a", "tests/b"], **given),
        lambda **given: fs.get_file("tests/a", str(tmp_path / "a"), **given),
        lambda **given: fs.get(["tests/a", "tests/b"], [str(tmp_path / "a"), str(tmp_path / "b")], **given),
        lambda **given: fs.info("tests/a", **given),
        lambda **given: fs.cat_ranges(["tests/a", "tests/b"], 1, [3, -1], on_error="raise", **given),
    )
    for read in reads:
        assert read(IfMatch=etag) == read()
        with pytest.raises(oarlock.PreconditionError):
            read(IfMatch="other")
        with pytest.raises(ValueError, match="PartNumber"):
            read(PartNumber=1)


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
