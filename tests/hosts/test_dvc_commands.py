"""Commands and uses of the real `dvc` beside push and pull: gc, data status, doctor, its Python interface,
odd names, two accounts in one process, `OARLOCK_DVC=0`, and its errors."""

import json
import shutil
import sys
import tomllib
from pathlib import Path

import oarlock
import pytest
from test_dvc import Repository
from test_dvc_options import NO_KEYS, write

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from servers import FakeS3, SeaweedFS

ODD = ["a b", "ü", "plus+and%25", "a=b&c", "a#b", "question?mark", "[x]", "日本", "'quote'", "trailing."]


@pytest.fixture(scope="module")
def fake():
    server = FakeS3()
    yield server
    server.stop()


@pytest.fixture
def repository(fake, tmp_path):
    fake.reset()
    fake.bucket("dvc-remote")
    fake.bucket("dvc-versions", versioning=True)
    return Repository(tmp_path / "first", fake)


def add(repository, files):
    data = repository.directory / "data"
    for name, content in files.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(content)
    repository.dvc("add", "--quiet", "data")
    return data


def test_data_status_gc_and_doctor(fake, repository):
    data = add(repository, {"a": "one", "b": "two"})
    repository.run("git", "add", "--all")
    repository.run("git", "commit", "--quiet", "--message", "one")
    said = json.loads(repository.dvc("data", "status", "--not-in-remote", "--json"))
    assert said["not_in_remote"] == ["data/"] or "data/" in said["not_in_remote"], said
    repository.dvc("push", "--quiet", "--jobs", "3")
    assert "not_in_remote" not in json.loads(repository.dvc("data", "status", "--not-in-remote", "--json"))
    (data / "b").unlink()
    repository.dvc("add", "--quiet", "data")
    repository.dvc("push", "--quiet")
    with oarlock.open("s3://dvc-remote/some/prefix", **fake.settings()) as store:
        assert len(list(store.list())) == 4
        repository.dvc("gc", "--workspace", "--cloud", "--force", "--quiet", "--jobs", "2")
        assert len(list(store.list())) == 2
    said = repository.dvc("doctor")
    assert f"s3 (oarlock = {oarlock.__version__})" in said and "s3fs" not in said, said


def test_documented_permissions_suffice(fake, repository):
    table = Path(__file__).resolve().parents[2] / "docs/tables/permissions.toml"
    hosts = {host["name"]: dict(host["tasks"]) for host in tomllib.loads(table.read_text())["host"]}
    read, write, collect = (
        hosts["DVC"][task] for task in ("`dvc pull`, `fetch`, `status -c`", "`dvc push`", "`dvc gc -c`")
    )
    data = add(repository, {"a": "one", "sub/b": "two"})
    fake.bucket("dvc-remote", allow=write)
    repository.dvc("push", "--quiet")
    fake.bucket("dvc-remote", allow=read)
    for path in (data, repository.directory / ".dvc/cache"):
        shutil.rmtree(path)
    repository.dvc("pull", "--quiet")
    assert (data / "sub/b").read_text() == "two"
    assert "in sync" in repository.dvc("status", "--cloud")
    (data / "a").write_text("changed")
    repository.dvc("add", "--quiet", "data")
    fake.bucket("dvc-remote", allow=collect)
    repository.dvc("gc", "--workspace", "--cloud", "--force", "--quiet")
    fake.bucket("dvc-remote", allow=read)
    with oarlock.open("s3://dvc-remote/some/prefix", **fake.settings()) as store:
        # The first state's list and `a` are gone.
        assert len(list(store.list())) == 1


def test_python_interface(fake, repository):
    add(repository, {"a": "one", "sub/b": "two"})
    repository.dvc("push", "--quiet")
    shutil.rmtree(repository.directory / ".dvc" / "cache")
    shutil.rmtree(repository.directory / "data")
    script = (
        "import dvc.api\n"
        "assert dvc.api.read('data/a') == 'one'\n"
        "with dvc.api.open('data/sub/b', mode='rb') as file: assert file.read() == b'two'\n"
        "url = dvc.api.get_url('data/a'); assert url.startswith('s3://dvc-remote/some/prefix/files/md5/'), url\n"
        "fs = dvc.api.DVCFileSystem()\n"
        "assert sorted(fs.find('/data', detail=False)) == ['/data/a', '/data/sub/b']\n"
        "fs.get('/data', 'copy', recursive=True)\n"
        "assert open('copy/sub/b').read() == 'two'\n"
    )
    repository.run(sys.executable, "-c", script)


@pytest.fixture
def real(tmp_path):
    """A repository whose remote is a real server."""
    server = SeaweedFS()
    for bucket in ("dvc-remote", "dvc-versions"):
        oarlock.open(f"s3://{bucket}", **server.settings()).create_bucket()
    oarlock.open("s3://dvc-versions", **server.settings()).set_versioning("Enabled")
    yield Repository(tmp_path / "first", server)
    server.stop()


@pytest.mark.parametrize("where, versions", [("repository", False), ("repository", True), ("real", True)])
def test_odd_names(request, where, versions):
    repository = request.getfixturevalue(where)
    if versions:
        write(repository, {"url": "s3://dvc-versions/some/prefix", "version_aware": "true"})
    files = {f"{name}/{name}": name for name in ODD} | {name + " file": name for name in ODD}
    data = add(repository, files)
    repository.dvc("push", "--quiet")
    shutil.rmtree(repository.directory / ".dvc" / "cache")
    shutil.rmtree(data)
    repository.dvc("pull", "--quiet")
    assert {
        str(path.relative_to(data)): path.read_text() for path in data.rglob("*") if path.is_file()
    } == files


def test_two_accounts_in_one_process(fake, repository, tmp_path):
    write(repository, NO_KEYS, "config.local")
    for account in ("one", "two"):
        fake.control("POST", "credential", {"access_key": account, "secret_key": f"secret-{account}"})
        credentials = tmp_path / account
        credentials.write_text(
            f"[default]\naws_access_key_id = {account}\naws_secret_access_key = secret-{account}\n"
        )
        options = {
            "url": f"s3://dvc-remote/{account}",
            "endpointurl": fake.endpoint,
            "credentialpath": str(credentials),
        }
        write(repository, options, remote=account)
    add(repository, {"a": "one"})
    script = (
        "import dvc.repo, os\n"
        "before = dict(os.environ)\n"
        "repo = dvc.repo.Repo()\n"
        "for remote in ('one', 'two', 'one'): repo.push(remote=remote); repo.status(cloud=True, remote=remote)\n"
        "assert not {name for name in set(os.environ) ^ set(before) if name.startswith('AWS_')}\n"
    )
    repository.run(sys.executable, "-c", script)
    used = {
        (entry["path"].split("/")[2] if entry["op"] == "PutObject" else None): entry["headers"][
            "authorization"
        ]
        for entry in fake.log()
        if entry["op"] == "PutObject"
    }
    assert "Credential=one/" in used["one"] and "Credential=two/" in used["two"], used


def test_it_can_be_turned_off(repository):
    add(repository, {"a": "one"})
    said = repository.dvc("push", ok=False, OARLOCK_DVC="0")
    # dvc-s3 is not installed in this environment.
    assert "dvc_s3" in said or "dvc-s3" in said, said
    repository.dvc("push", "--quiet", OARLOCK_DVC="1")


@pytest.mark.parametrize(
    "options, fault, words",
    [
        ({"profile": "nowhere"}, None, ["there is no profile `nowhere`"]),
        ({"region": "not a region"}, None, ["setting `region`", "not a region"]),
        (
            {},
            {"status": 403, "code": "AccessDenied"},
            ["AccessDenied", "check the identity and its permissions"],
        ),
        ({}, {"expire_token": True}, ["ExpiredToken", "renew them"]),
    ],
    ids=["profile", "region", "permission", "expiry"],
)
def test_errors_name_what_to_change(fake, repository, options, fault, words):
    add(repository, {"a": "one", "b": "two"})
    if "profile" in options:
        write(repository, NO_KEYS, "config.local")
    write(repository, options)
    if fault:
        fake.plan([{"match": {}, "fault": fault}])
    said = " ".join(repository.dvc("push", ok=False).split())
    assert "unexpected error" not in said and all(word in said for word in words), said
