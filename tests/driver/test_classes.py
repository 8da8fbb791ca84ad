"""The storage classes of a package server, in every language: the file's own words, seen on the server.

Invariant: credentials come from where the host has them, the shared files; the file names none.
"""

import pytest
from agents import Agent, chosen

FILE = """
[Server]
DataDir = {directory}/data
[CRAN]
RetainFetchedPackages = true
[Storage]
Default = s3
Cache = file
CacheTimeout = 10m
[S3Storage]
Bucket = all-classes
Region = us-east-1
Endpoint = {host}
DisableSSL = true
S3ForcePathStyle = true
EnableSharedConfig = false
Profile = package-server
[S3Storage "packages"]
Bucket = own-class
Prefix = some/packages
SkipValidation = yes
"""


@pytest.fixture(params=["fake", "seaweed"])
def server(request, servers):
    server = servers.get(request.param)
    if request.param == "fake":
        server.reset()
    return server


@pytest.fixture(params=chosen())
def agent(request, server, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(
        f"[package-server]\naws_access_key_id = {server.access_key}\naws_secret_access_key = {server.secret_key}\n"
    )
    agent = Agent(request.param, AWS_SHARED_CREDENTIALS_FILE=str(credentials))
    yield agent
    assert server.secret_key not in agent.written()
    agent.stop()


def ok(agent, **request):
    reply = agent.ask(request)
    assert "ok" in reply, reply
    return reply["ok"]


def test_classes(agent, server, tmp_path):
    text = FILE.format(directory=tmp_path, host=server.endpoint.removeprefix("http://"))
    file = tmp_path / "rstudio-pm.gcfg"
    file.write_text(text)
    (tmp_path / "data" / "cache").mkdir(parents=True)
    told = {each["name"]: each for each in ok(agent, op="classes", classes=str(file))}
    assert list(told) == ["bioconductor", "cache", "cran", "metrics", "packages", "persistent", "pypi"]
    assert (
        told["packages"]["url"] == "s3://own-class/some/packages"
        and told["packages"]["skip_validation"] is True
    )
    assert (
        told["cran"] | {"kind": "s3", "cache_timeout": "10m", "retain_fetched_packages": True} == told["cran"]
    )
    assert told["pypi"]["retain_fetched_packages"] is False and told["cache"]["kind"] == "file"

    for name, bucket, prefix in [
        ("packages", "own-class", "some/packages/"),
        ("CRAN", "all-classes", ""),
        ("cache", None, ""),
    ]:
        store = ok(agent, op="open", classes=text, **{"class": name})
        if bucket:
            made = agent.ask({"op": "call", "store": store, "verb": "create_bucket", "args": {}})
            assert "ok" in made or made["error"]["kind"] == "AlreadyExists", made
        ok(
            agent,
            op="call",
            store=store,
            verb="put",
            args={"key": "a/b", "source": {"$source": {"bytes": "aGVsbG8="}}},
        )
        assert ok(
            agent, op="call", store=store, verb="get", args={"key": "a/b", "into": {"$sink": "memory"}}
        )["body"] == {"$bytes": "aGVsbG8="}
        if bucket:
            settings = server.settings() | {"addressing_style": "path"}
            whole = ok(agent, op="open", url=f"s3://{bucket}", settings=settings)
            assert ok(agent, op="call", store=whole, verb="exists", args={"key": f"{prefix}a/b"}) is True
        else:
            assert (tmp_path / "data" / "cache" / "a" / "b").read_bytes() == b"hello"


def test_check(agent, server, tmp_path):
    """As a package server starts: the classes in S3 are tried, one without its bucket is reported, one that
    is excluded is not tried."""
    host = server.endpoint.removeprefix("http://")
    text = FILE.format(directory=tmp_path, host=host) + '[S3Storage "cran"]\nBucket = not-there\n'
    store = ok(agent, op="open", classes=text, **{"class": "pypi"})
    agent.ask({"op": "call", "store": store, "verb": "create_bucket", "args": {}})
    answer = agent.ask({"op": "check", "classes": text})
    if "skip" in answer:
        pytest.skip(answer["skip"])
    told = answer["ok"]
    assert sorted(told) == ["bioconductor", "cran", "metrics", "persistent", "pypi"]
    broken = {name: [row["what"] for row in rows if row["error"]] for name, rows in told.items()}
    assert broken["cran"] and broken["pypi"] == [], told["pypi"]
    if hasattr(server, "state"):
        assert server.state()["objects"] == 0


def test_what_is_refused(agent, server):
    for text, name, words in [
        ("[Storage]\nDefault = s3\n[S3Storage]\nBuckt = b\n", "cran", ["line 4", "bucket"]),
        (
            "[Storage]\nDefault = s3\n[S3Storage]\nBucket = bucket\nKeyID = k=\n",
            "cran",
            ["line 5", "encryption"],
        ),
        ("[Storage]\nDefault = s3\n[S3Storage]\nBucket = bucket\n", "cron", ["cran"]),
        ("/no/such/file.gcfg", "cran", ["/no/such/file.gcfg"]),
    ]:
        error = agent.ask({"op": "open", "classes": text, "class": name})["error"]
        assert error["kind"] in ("Config", "Unsupported") and all(
            word in error["message"] for word in words
        ), error
