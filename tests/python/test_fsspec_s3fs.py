"""The file system as users of s3fs know it: its keywords, S3's parameters, versions, metadata, tags, access,
URLs, uploads and buckets."""

import ast
import inspect
import os
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

import fsspec
import oarlock
import pytest
from oarlock.fsspec import OarlockFileSystem, register, unregister


def keys_of(fake):
    """The settings under s3fs' names."""
    return {
        "key": fake.access_key,
        "secret": fake.secret_key,
        "client_kwargs": {"endpoint_url": fake.endpoint, "region_name": "us-east-1"},
    }


def operations(fake, since):
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


def test_a_call_replaces_what_the_constructor_set(fake):
    settings = {name: value for name, value in fake.settings().items() if name != "region"}
    fs = OarlockFileSystem(
        skip_instance_cache=True, requester_pays=False, client_kwargs={"region_name": "eu-west-1"}, **settings
    )
    fs.mkdir("replaced-region", region_name="us-east-1")
    fs.pipe_file("replaced-region/a", b"a")
    with fs.open("replaced-region/a", "rb", requester_pays=True) as file:
        assert file.read() == b"a"
    assert fake.log()[-1]["headers"]["x-amz-request-payer"] == "requester"


@pytest.mark.parametrize(
    "ours, file_s, sent", [(False, True, True), (True, False, False), (True, None, True)]
)
def test_who_pays_for_an_open_file(fake, ours, file_s, sent):
    fs = OarlockFileSystem(skip_instance_cache=True, requester_pays=ours, **fake.settings())
    begun = len(fake.log())
    with fs.open("tests/a", "wb", requester_pays=file_s) as file:
        file.write(b"a")
    with fs.open("tests/a", "rb", requester_pays=file_s) as file:
        assert file.read() == b"a"
    assert {entry["op"] for entry in fake.log()[begun:]} >= {"PutObject", "HeadObject", "GetObject"}
    assert {"x-amz-request-payer" in entry["headers"] for entry in fake.log()[begun:]} == {sent}


def test_the_acl_of_a_written_file(fake, fs):
    for name, acl in (("public", "public-read"), ("private", "private")):
        with fs.open(f"tests/{name}", "wb", acl=acl) as file:
            file.write(b"hello")
    assert urllib.request.urlopen(f"{fake.endpoint}/tests/public").read() == b"hello"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{fake.endpoint}/tests/private")


def test_the_metadata_of_an_open_file(fs):
    fs.pipe_file("tests/a", b"aaaa", Metadata={"testxattr": "1"})
    etag = fs.info("tests/a")["ETag"]
    with fs.open("tests/a") as file:
        assert file.getxattr("testxattr") == "1" and file.metadata() == {"testxattr": "1"}
        file.setxattr(testxattr="2")
        assert file.getxattr("testxattr") == "2" == fs.getxattr("tests/a", "testxattr")
        file.setxattr(testxattr=None)
        assert file.metadata() == {} and fs.cat("tests/a") == b"aaaa"
    assert fs.info("tests/a")["ETag"] == etag
    with fs.open("tests/b", "wb") as file, pytest.raises(NotImplementedError):
        file.setxattr(testxattr="1")


def test_what_s3fs_has_of_botocore_is_named(fs):
    fs.pipe({"tests/a": b"a", "tests/b": b"b"})
    assert fs.bulk_delete(["tests/a", "tests/b"]) == ["tests/a", "tests/b"] and fs.ls("tests") == []
    fs.invalidate_region_cache(), fs.close_session()
    for name in ("s3", "call_s3"):
        with pytest.raises(AttributeError, match="oarlock.open"):
            getattr(fs, name)
    assert not hasattr(fs, "nothing")


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
    assert fs.cat(f"old/d/a?versionId={first}") == b"first"
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


def test_urls(fs):
    fs.pipe("tests/a", b"a" * 10)
    for url in (fs.url("tests/a", expires=60), fs.sign("tests/a")):
        assert urllib.request.urlopen(url).read() == b"a" * 10


def test_the_server_joins_and_appends(fake, fs):
    data = os.urandom(6_000_000)
    fs.pipe({"tests/a": data, "tests/b": b"b" * 10})
    fake.bucket("other")
    fs.pipe("other/c", b"c")
    begun = len(fake.log())
    fs.merge("tests/joined", ["tests/a", "tests/b"], ContentType="text/x")
    assert "UploadPartCopy" in operations(fake, begun)
    assert fs.cat("tests/joined") == data + b"b" * 10
    assert fs.info("tests/joined")["ContentType"] == "text/x"
    begun = len(fake.log())
    with fs.open("tests/joined", "ab") as file:
        assert file.tell() == 6_000_010
        file.write(b"more")
    assert "UploadPartCopy" in operations(fake, begun) and "GetObject" not in operations(fake, begun)
    assert fs.tail("tests/joined", 14) == b"b" * 10 + b"more"
    assert fs.info("tests/joined")["ContentType"] == "text/x"
    fs.merge("tests/mixed", ["tests/b", "other/c"])
    assert fs.cat("tests/mixed") == b"b" * 10 + b"c"
    secret = OarlockFileSystem(skip_instance_cache=True, encryption_aes_key=bytes(32), **fake.settings())
    secret.pipe({"tests/e": b"e", "tests/f": b"f"})
    secret.merge("tests/ef", ["tests/e", "tests/f"])
    with secret.open("tests/ef", "ab") as file:
        file.write(b"g")
    assert secret.cat("tests/ef") == b"efg"


def test_copies_keep_the_etag_of_parts(fake):
    fs = OarlockFileSystem(skip_instance_cache=True, multipart_threshold=5 << 20, **fake.settings())
    fs.pipe_file("tests/a", bytes(12_000_000), chunksize=5 << 20)
    etag = fs.info("tests/a")["ETag"]
    fs.cp("tests/a", "tests/b", preserve_etag=True)
    assert fs.info("tests/b")["ETag"] == etag and etag.endswith('-3"')


def test_the_versioning_and_the_acl_of_a_bucket(fake, fs):
    fs.mkdir("kept-here", acl="public-read")
    assert not fs.is_bucket_versioned("kept-here")
    fs.make_bucket_versioned("kept-here")
    assert fs.is_bucket_versioned("s3://kept-here/")
    fs.make_bucket_versioned("kept-here", False)
    assert not fs.is_bucket_versioned("kept-here")
    begun = len(fake.log())
    fs.chmod("kept-here", "private")
    assert operations(fake, begun) == ["PutBucketAcl"]
    with pytest.raises(ValueError, match="authenticated-read"):
        fs.chmod("kept-here", "bucket-owner-read")


def test_a_missing_bucket_is_named(fs):
    fs.pipe("tests/a", b"a")
    for look in (
        lambda path: fs.info(path),
        lambda path: fs.open(path),
        lambda path: fs.cat(path),
        lambda path: fs.ls(path),
    ):
        with pytest.raises(FileNotFoundError, match="specified bucket does not exist") as caught:
            look("not-here/a")
        assert type(caught.value) is oarlock.NoSuchBucketError and caught.value.bucket == "not-here"
        with pytest.raises(oarlock.NotFoundError) as caught:
            look("tests/not-here")
        assert type(caught.value) is oarlock.NotFoundError
    assert not fs.exists("not-here/a") and not fs.isdir("not-here/a") and not fs.isfile("not-here/a")


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
