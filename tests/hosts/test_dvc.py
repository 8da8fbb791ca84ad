"""The real `dvc`, unmodified and without dvc-s3, with a remote in a bucket: what people do with it, through
oarlock."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import oarlock  # noqa: E402
from servers import FakeS3, SeaweedFS  # noqa: E402

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "DVC_NO_ANALYTICS": "1",
    "GIT_AUTHOR_NAME": "tests", "GIT_AUTHOR_EMAIL": "tests@example.com", "GIT_COMMITTER_NAME": "tests", "GIT_COMMITTER_EMAIL": "tests@example.com",
}  # fmt: skip


@pytest.fixture(params=[FakeS3, SeaweedFS], ids=["fake", "seaweed"])
def server(request):
    server = request.param()
    oarlock.open("s3://dvc-remote", **server.settings()).create_bucket()
    yield server
    server.stop()


class Repository:
    """A repository whose remote is a bucket; the keys are local to it."""

    def __init__(self, directory, server, secret=None):
        self.directory, self.secret = directory, secret or server.secret_key
        if not (directory / ".dvc").exists():
            directory.mkdir(exist_ok=True)
            self.run("git", "init", "--quiet")
            self.dvc("init", "--quiet")
            self.dvc("remote", "add", "--default", "store", "s3://dvc-remote/some/prefix")
            self.dvc("remote", "modify", "store", "endpointurl", server.endpoint)
        if not (directory / ".dvc" / "config.local").exists():
            self.dvc("remote", "modify", "--local", "store", "access_key_id", server.access_key)
            self.dvc("remote", "modify", "--local", "store", "secret_access_key", self.secret)

    def run(self, *command, ok=True, **variables):
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=ENVIRONMENT | variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        text = done.stdout + done.stderr
        assert (done.returncode == 0) == ok, f"{' '.join(command)} ended with {done.returncode}:\n{text}"
        assert self.secret not in text
        return text

    def dvc(self, *words, ok=True, **variables):
        return self.run(sys.executable, "-m", "dvc", *words, ok=ok, **variables)


def test_dvc(server, tmp_path):
    first = Repository(tmp_path / "first", server)
    data = first.directory / "data"
    (data / "sub dir").mkdir(parents=True)
    for number in range(30):
        (data / f"file {number}").write_text(f"content {number}")
    (data / "sub dir" / "ü+%").write_bytes(bytes(range(256)) * 1000)
    first.dvc("add", "--quiet", "data")
    first.run("git", "add", "--all")
    first.run("git", "commit", "--quiet", "--message", "data")
    assert "32 files pushed" in first.dvc("push")
    assert "Everything is up to date" in first.dvc("push")
    assert "in sync" in first.dvc("status", "--cloud")

    first.run("git", "clone", "--quiet", str(first.directory), str(tmp_path / "second"))
    second = Repository(tmp_path / "second", server)
    second.dvc("pull", "--quiet")
    for path in data.rglob("*"):
        copied = second.directory / path.relative_to(first.directory)
        assert path.is_dir() or copied.read_bytes() == path.read_bytes(), path

    (data / "file 0").unlink()
    first.dvc("add", "--quiet", "data")
    first.dvc("push", "--quiet")
    first.dvc("gc", "--workspace", "--cloud", "--force", "--quiet")
    left = [entry.key for entry in oarlock.open("s3://dvc-remote/some/prefix", **server.settings()).list()]
    assert len(left) == 31, left


def test_dvc_encrypts_what_it_pushes(server, tmp_path):
    key = Path(__file__).resolve().parents[1] / "vectors" / "rsa2048.pem"
    first = Repository(tmp_path / "first", server)
    first.dvc(
        "remote", "modify", "store", "url", f"s3://dvc-remote/some/prefix?oarlock_encryption_rsa_key={key}"
    )
    data = first.directory / "data"
    data.mkdir()
    for number in range(5):
        (data / f"file {number}").write_text(f"content {number}" * 1000)
    first.dvc("add", "--quiet", "data")
    first.run("git", "add", "--all")
    first.run("git", "commit", "--quiet", "--message", "data")
    assert "6 files pushed" in first.dvc("push")
    assert "in sync" in first.dvc("status", "--cloud")
    with oarlock.open("s3://dvc-remote/some/prefix", **server.settings()) as plain:
        for entry in plain.list():
            found = plain.get(entry.key)
            assert b"content" not in bytes(found.body) and found.meta.metadata["x-amz-w"] == "22"
    first.run("git", "clone", "--quiet", str(first.directory), str(tmp_path / "second"))
    second = Repository(tmp_path / "second", server)
    second.dvc("pull", "--quiet")
    for path in data.iterdir():
        assert (second.directory / "data" / path.name).read_bytes() == path.read_bytes()


def test_dvc_with_a_wrong_secret(server, tmp_path):
    repository = Repository(tmp_path / "first", server, secret="canary-wrong-secret-Lq2Z")
    (repository.directory / "data").write_text("content")
    repository.dvc("add", "--quiet", "data")
    # DVC begins with a HEAD, whose response has no body: a GET of a byte finds out why it was refused.
    assert "refused the signature" in repository.dvc("push", ok=False).lower()


def test_dvc_does_not_trust_the_files_that_a_repository_names(server, tmp_path):
    repository = Repository(tmp_path / "first", server)
    for name in ("access_key_id", "secret_access_key"):
        repository.dvc("remote", "modify", "--local", "--unset", "store", name)
    ran = tmp_path / "ran"
    keys = {"Version": 1, "AccessKeyId": server.access_key, "SecretAccessKey": server.secret_key}
    config = repository.directory / "aws-config"
    config.write_text(f"[default]\ncredential_process = touch {ran}; echo '{json.dumps(keys)}'\n")
    repository.dvc("remote", "modify", "store", "configpath", str(config))
    (repository.directory / "data").write_text("content")
    repository.dvc("add", "--quiet", "data")
    said = " ".join(repository.dvc("push", ok=False).split())
    for word in ("credential_process", "profile `default`", str(config), "OARLOCK_TRUST_FILES=true"):
        assert word in said, said
    # Nor does a URL, which the repository names too, make it trusted.
    repository.dvc("remote", "modify", "store", "url", "s3://dvc-remote/some/prefix?trust-files=true")
    assert "trust" in repository.dvc("push", ok=False)
    repository.dvc("remote", "modify", "store", "url", "s3://dvc-remote/some/prefix")
    assert not ran.exists()
    assert "1 file pushed" in repository.dvc("push", OARLOCK_TRUST_FILES="true")
    assert ran.exists()
