"""Ctrl-C during `dvc push` and `dvc pull` of the real dvc: it ends at once, also if the server hangs.

DVC's own way out is the floor: the same dvc, interrupted in a copy to a local remote that hangs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_dvc import ENVIRONMENT, Repository

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from servers import FakeS3  # noqa: E402

#: Seconds that an interrupt may take beyond DVC's own, in the best of so many rounds.
BEYOND, ROUNDS = 0.2, 4

#: `dvc push` whose copies hang, and that names this state by a file.
HANGING = """
import pathlib, sys, time
import dvc_objects.fs.generic as generic

def hang(*_, **__):
    pathlib.Path(sys.argv[1]).touch()
    time.sleep(60)

generic._put = generic._get = generic._try_links = hang
from dvc.cli import main
sys.exit(main(["push"]))
"""


@pytest.fixture
def fake():
    server = FakeS3()
    server.bucket("dvc-remote")
    yield server
    server.stop()


def interrupted(repository, words, hangs):
    """The seconds that a dvc takes to end after an interrupt, which comes when it hangs."""
    dvc = subprocess.Popen(
        words, cwd=repository.directory, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    while not hangs():
        assert dvc.poll() is None, dvc.stdout.read()
        time.sleep(0.02)
    begun = time.monotonic()
    os.kill(dvc.pid, signal.SIGINT)
    output, _ = dvc.communicate(timeout=50)
    took = time.monotonic() - begun
    assert b"interrupted by the user" in output and dvc.returncode != 0
    return took


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A repository with a local remote."""
    repository = Repository.__new__(Repository)
    repository.directory, repository.secret = tmp_path_factory.mktemp("alone"), "no secret"
    repository.run("git", "init", "--quiet")
    repository.dvc("init", "--quiet")
    repository.dvc("remote", "add", "--default", "store", str(repository.directory / "remote"))
    (repository.directory / "data").write_text("content")
    repository.dvc("add", "--quiet", "data")
    return repository


# One file is sent on the main thread, many on threads of DVC's.
@pytest.mark.parametrize("command, hangs, files", [("push", "PutObject", 1), ("pull", "GetObject", 40)])
def test_an_interrupt_ends_dvc(fake, tmp_path, alone, command, hangs, files):
    repository = Repository(tmp_path / "first", fake)
    data = repository.directory / "data"
    data.mkdir()
    for number in range(files):
        (data / str(number)).write_text(f"content {number}")
    repository.dvc("add", "--quiet", "data")
    if command == "pull":
        repository.dvc("push", "--quiet")
        repository.run("rm", "-r", ".dvc/cache", "data")
    fake.plan([{"match": {"op": hangs}, "fault": {"slow": 60_000}}])
    for turn in range(ROUNDS):
        known = len(fake.log())
        took = interrupted(
            repository,
            [sys.executable, "-m", "dvc", command],
            lambda: any(entry["op"] == hangs for entry in fake.log()[known:]),
        )
        mark = tmp_path / f"hangs-{turn}"
        least = interrupted(alone, [sys.executable, "-c", HANGING, str(mark)], mark.exists)
        print(f"dvc {command} of {files}: ended {took:.3f} s after the signal, dvc alone {least:.3f} s")
        if took <= least + BEYOND:
            return
    pytest.fail(f"an interrupt took more than dvc's own time and {BEYOND} s in each of {ROUNDS} rounds")
