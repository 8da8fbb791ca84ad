"""The real `dvc` with a bucket that keeps versions: worktrees, imports of directories, and the number of
requests."""

import collections
import re
import shutil
import sys
from pathlib import Path

import oarlock
import pytest
from test_dvc import Repository
from test_dvc_options import write

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from servers import FakeS3

FILES = 40


@pytest.fixture(scope="module")
def fake():
    server = FakeS3()
    yield server
    server.stop()


@pytest.fixture
def store(fake):
    fake.reset()
    fake.bucket("dvc-remote", versioning=True)
    return oarlock.open("s3://dvc-remote/some/prefix", **fake.settings())


@pytest.fixture
def repository(fake, store, tmp_path):
    return Repository(tmp_path / "first", fake)


def requests(fake, done):
    """How many requests of each kind it took."""
    before = len(fake.log())
    done()
    return collections.Counter(entry["op"] for entry in fake.log()[before:])


@pytest.mark.parametrize(
    "layout", ["file {}", "directory {}/file"], ids=["one-directory", "many-directories"]
)
def test_versions_are_looked_up_together(fake, store, repository, layout):
    write(repository, {"version_aware": "true"})
    data = repository.directory / "data"
    for number in range(FILES):
        path = data / layout.format(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content {number}")
    repository.dvc("add", "--quiet", "data")
    pushed = requests(fake, lambda: repository.dvc("push", "--quiet"))
    assert pushed["PutObject"] == FILES and pushed.total() <= FILES + 10, pushed

    (data / layout.format(0)).write_text("changed")
    repository.dvc("add", "--quiet", "data")
    again = requests(fake, lambda: repository.dvc("push", "--quiet"))
    assert again["PutObject"] == 1 and again.total() <= 10, again

    # DVC itself reads each file twice: it verifies the version, then fetches it.
    shutil.rmtree(repository.directory / ".dvc" / "cache")
    shutil.rmtree(data)
    pulled = requests(fake, lambda: repository.dvc("pull", "--quiet"))
    assert pulled["GetObject"] <= 2 * FILES + 2 and pulled.total() <= 2 * FILES + 10, pulled
    assert (data / layout.format(0)).read_text() == "changed"
    assert {path.read_text() for path in data.rglob("*") if path.is_file()} == {
        "changed",
        *(f"content {number}" for number in range(1, FILES)),
    }


def test_what_is_pushed_is_recorded_with_its_own_version(fake, store, repository):
    """Another writer's version is not taken for the one that was pushed."""
    write(repository, {"version_aware": "true"})
    (repository.directory / "data").write_text("mine")
    repository.dvc("add", "--quiet", "data")
    # Between the upload and DVC's question about it somebody else writes.
    script = (
        "import dvc.repo, oarlock._remote as remote\n"
        "put = remote.RemoteFileSystem.put_file\n"
        "def put_file(self, *args, **named):\n"
        "    put(self, *args, **named)\n"
        "    self._split(args[1])[0].put('some/prefix/data', b'theirs')\n"
        "remote.RemoteFileSystem.put_file = put_file\n"
        "dvc.repo.Repo().push()\n"
    )
    repository.run(sys.executable, "-c", script)
    [recorded] = re.findall(r"version_id: (\S+)", (repository.directory / "data.dvc").read_text())
    assert bytes(store.get("data").body) == b"theirs"
    assert bytes(store.get("data", version_id=recorded).body) == b"mine"


def test_worktree(fake, store, repository):
    write(repository, {"worktree": "true"})
    data = repository.directory / "data"
    (data / "sub").mkdir(parents=True)
    for name in ("a", "b", "sub/c"):
        (data / name).write_text(f"first {name}")
    (repository.directory / "one").write_text("one")
    repository.dvc("add", "--quiet", "data", "one")
    assert "4 files pushed" in repository.dvc("push")

    # Others change, add and delete in the bucket.
    store.put("data/a", b"second a")
    store.put("data/new/d", b"second d")
    store.delete("data/b")
    store.put("one", b"two")
    repository.dvc("update", "data.dvc", "one.dvc")
    found = {str(path.relative_to(data)): path.read_text() for path in data.rglob("*") if path.is_file()}
    assert found == {"a": "second a", "new/d": "second d", "sub/c": "first sub/c"}
    assert (repository.directory / "one").read_text() == "two"
    shutil.rmtree(data)
    repository.dvc("pull", "--quiet")
    assert (data / "new" / "d").read_text() == "second d"

    # A directory of which only deleted objects are left is not there.
    for name in ("a", "new/d", "sub/c"):
        store.delete(f"data/{name}")
    assert "Could not update" in repository.dvc("update", "data.dvc")
    assert (data / "new" / "d").read_text() == "second d"


@pytest.mark.parametrize("flag", [[], ["--no-download"]], ids=["downloaded", "no-download"])
def test_import_of_a_directory_with_its_versions(fake, store, repository, flag):
    keys = {"AWS_ACCESS_KEY_ID": fake.access_key, "AWS_SECRET_ACCESS_KEY": fake.secret_key}
    url = "s3://dvc-remote/some/prefix/in"
    place = ["--version-aware", url, "in", "--fs-config", f"endpointurl={fake.endpoint}"]
    store.put("in/sub/a", b"one")
    store.put("in/gone", b"gone")
    store.delete("in/gone")
    repository.dvc("import-url", "--quiet", *flag, *place, **keys)
    repository.run("git", "add", "--all")
    repository.run("git", "commit", "--quiet", "--message", "one")
    store.put("in/sub/a", b"two")
    store.put("in/b", b"new")
    assert "modified" in repository.dvc("status", **keys)
    repository.dvc("update", "--quiet", *flag, "in.dvc", **keys)
    repository.dvc("pull", "--quiet", **keys)
    inside = repository.directory / "in"
    assert (inside / "sub" / "a").read_text() == "two" and (inside / "b").read_text() == "new"
    repository.run("git", "stash", "--quiet")
    shutil.rmtree(repository.directory / ".dvc" / "cache")
    repository.dvc("pull", "--quiet", "--force", **keys)
    assert [str(path.relative_to(inside)) for path in inside.rglob("*") if path.is_file()] == ["sub/a"]
    assert (inside / "sub" / "a").read_text() == "one"
