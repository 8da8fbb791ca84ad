"""DVC: a data set of real files is pushed from one repository and pulled in a clone, through oarlock in the
place of dvc-s3."""

import importlib.metadata
import random
import shutil
import sys
from pathlib import Path

from steps import run, sums, total

FILES = 400
LARGE = 200_000_000
DOCUMENTATION = Path("/usr/share/doc")
DVC = [sys.executable, "-m", "dvc"]


def data_set(directory):
    """Some hundred files of the machine's documentation and a large one, made here."""
    directory.mkdir(parents=True)
    found = (path for path in sorted(DOCUMENTATION.rglob("*")) if path.is_file())
    for _, path in zip(range(FILES), found):
        target = directory / path.relative_to(DOCUMENTATION)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (directory / "large.bin").write_bytes(random.Random(7).randbytes(LARGE))


def run_dvc(*words, cwd):
    return run(*DVC, *words, cwd=cwd, DVC_NO_ANALYTICS="1")


def connect(repository, server):
    """Keys stay out of the repository: each clone has its own."""
    settings = server.settings()
    for name, setting in (("access_key_id", "access_key_id"), ("secret_access_key", "secret_access_key")):
        run(*DVC, "remote", "modify", "--local", "store", name, settings[setting], cwd=repository, quiet=True)


def run_git(*words, cwd):
    return run(
        "git", "-c", "user.name=demo", "-c", "user.email=demo@example.com", *words, cwd=cwd, quiet=True
    )


def demonstrate(server, bucket, directory):
    for name in ("dvc-s3", "s3fs"):
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        raise RuntimeError(f"{name} is installed beside oarlock: the demonstration would prove nothing")
    first, second = directory / "first", directory / "second"
    first.mkdir()
    data_set(first / "data")
    before = sums(first / "data")
    run_git("init", "--quiet", cwd=first)
    run_dvc("init", "--quiet", cwd=first)
    run_dvc("remote", "add", "--default", "store", f"s3://{bucket}/dvc", cwd=first)
    run_dvc("remote", "modify", "store", "endpointurl", server.endpoint, cwd=first)
    run_dvc("remote", "modify", "store", "region", server.region, cwd=first)
    connect(first, server)
    run_dvc("add", "--quiet", "data", cwd=first)
    run_git("add", "--all", cwd=first)
    run_git("commit", "--quiet", "--message", "data", cwd=first)
    pushing, _ = run_dvc("push", "--quiet", cwd=first)
    run_git("clone", "--quiet", first, second, cwd=directory)
    connect(second, server)
    pulling, _ = run_dvc("pull", "--quiet", cwd=second)
    after = sums(second / "data")
    what = f"{len(before)} files, one of {LARGE // 10**6} MB"
    pushed = run_dvc("status", "--cloud", "--quiet", cwd=first)[1] == ""
    return [
        (f"push: {what}", total(before), pushing, pushed),
        (f"pull in a clone: {what}", total(after), pulling, after == before),
    ]
