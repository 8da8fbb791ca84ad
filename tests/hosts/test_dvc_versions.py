"""The real `dvc` with a bucket that keeps versions, and with objects that no remote holds: version_aware,
import-url, update, get-url, list-url."""

import re
import sys
from pathlib import Path

import oarlock
import pytest
from test_dvc import Repository, server  # noqa: F401  (a fixture)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "driver"))

import places  # noqa: E402
import sigv4  # noqa: E402


@pytest.fixture
def store(server):  # noqa: F811
    store = oarlock.open("s3://dvc-versions", **server.settings())
    store.create_bucket()
    status, body = sigv4.request(server, "PUT", "/dvc-versions", {"versioning": ""}, places.VERSIONING)
    assert status == 200, body
    return store


def versions(store, key):
    # DVC deletes what it is about to replace: a marker is no version.
    return [
        entry.version_id
        for entry in store.list_versions(key)
        if entry.key == key and not entry.is_delete_marker
    ]


def test_version_aware_remote(server, store, tmp_path):  # noqa: F811
    first = Repository(tmp_path / "first", server)
    first.dvc("remote", "modify", "store", "url", "s3://dvc-versions/tree")
    first.dvc("remote", "modify", "store", "version_aware", "true")
    data = first.directory / "data"
    (data / "sub").mkdir(parents=True)
    for number in range(5):
        (data / f"file {number}").write_text(f"content {number}")
    (data / "sub" / "ü+%").write_text("deep")
    first.dvc("add", "--quiet", "data")
    assert "6 files pushed" in first.dvc("push")
    # The bucket shows the same structure as the directory.
    assert {entry.key for entry in store.list("tree/data/")} == {
        f"tree/data/{path.relative_to(data)}" for path in data.rglob("*") if path.is_file()
    }
    first.run("git", "add", "--all")
    first.run("git", "commit", "--quiet", "--message", "one")

    (data / "file 0").write_text("changed")
    first.dvc("add", "--quiet", "data")
    assert "1 file pushed" in first.dvc("push")
    assert "Everything is up to date" in first.dvc("push")
    assert len(versions(store, "tree/data/file 0")) == 2 and len(versions(store, "tree/data/file 1")) == 1
    first.run("git", "add", "--all")
    first.run("git", "commit", "--quiet", "--message", "two")

    first.run("git", "clone", "--quiet", str(first.directory), str(tmp_path / "second"))
    second = Repository(tmp_path / "second", server)
    second.dvc("pull", "--quiet")
    assert (second.directory / "data" / "file 0").read_text() == "changed"
    assert (second.directory / "data" / "sub" / "ü+%").read_text() == "deep"
    second.run("git", "checkout", "--quiet", "HEAD~1")
    second.dvc("pull", "--quiet")
    assert (second.directory / "data" / "file 0").read_text() == "content 0"


def test_urls(server, store, tmp_path):  # noqa: F811
    repository = Repository(tmp_path / "first", server)
    keys = {"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key}
    where = ["--fs-config", f"endpointurl={server.endpoint}"]
    store.put("in/a", b"one")
    store.put("in/deep/b c", b"two")

    listed = repository.dvc("list-url", "s3://dvc-versions/in", "--recursive", *where, **keys)
    assert set(listed.split("\n")) >= {"a", "deep/b c"}, listed
    assert re.search(
        r"^deep/?$", repository.dvc("list-url", "s3://dvc-versions/in", *where, **keys), re.MULTILINE
    )

    repository.dvc("get-url", "s3://dvc-versions/in/a", "got", *where, **keys)
    repository.dvc("get-url", "s3://dvc-versions/in", "all", *where, **keys)
    assert (repository.directory / "got").read_text() == "one" and (
        repository.directory / "all" / "deep" / "b c"
    ).read_text() == "two"
    [old] = versions(store, "in/a")
    store.put("in/a", b"three")
    repository.dvc("get-url", f"s3://dvc-versions/in/a?versionId={old}", "old", *where, **keys)
    assert (repository.directory / "old").read_text() == "one"

    repository.dvc("import-url", "--quiet", "s3://dvc-versions/in/a", "plain", *where, **keys)
    repository.dvc(
        "import-url", "--quiet", "--version-aware", "s3://dvc-versions/in/a", "aware", *where, **keys
    )
    repository.dvc(
        "import-url", "--quiet", "--version-aware", "s3://dvc-versions/in/deep", "deep", *where, **keys
    )
    assert "version_id" in (repository.directory / "aware.dvc").read_text()
    assert "3 files" not in repository.dvc("status", **keys)
    store.put("in/a", b"four")
    store.put("in/deep/new", b"five")
    assert "update available" in repository.dvc("status", **keys)
    repository.dvc("update", "--quiet", "plain.dvc", "aware.dvc", "deep.dvc", **keys)
    assert [(repository.directory / name).read_text() for name in ("plain", "aware", "deep/new")] == [
        "four",
        "four",
        "five",
    ]
    # What is imported with its version is pulled from where it came, and never pushed.
    repository.run("rm", "-r", ".dvc/cache", "aware")
    repository.dvc("pull", "--quiet", "aware", **keys)
    assert (repository.directory / "aware").read_text() == "four"
    # On the way to a remote DVC forgets --fs-config, so the environment has to say it.
    keys["AWS_ENDPOINT_URL_S3"] = server.endpoint
    repository.dvc("import-url", "--quiet", "--to-remote", "s3://dvc-versions/in/a", "sent", **keys)
    assert not (repository.directory / "sent").exists()
    repository.dvc("pull", "--quiet", "sent", **keys)
    assert (repository.directory / "sent").read_text() == "four"
    said = repository.dvc("get-url", "s3://dvc-versions/nowhere", *where, ok=False, **keys)
    assert "does not exist" in said or "No such" in said, said
