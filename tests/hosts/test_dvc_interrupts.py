"""Ctrl-C during `dvc push` and `dvc pull` of the real dvc: it ends at once, also if the server hangs."""

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


@pytest.fixture
def fake():
    server = FakeS3()
    server.bucket("dvc-remote")
    yield server
    server.stop()


# One file is sent on the main thread, many on threads of DVC's.
@pytest.mark.parametrize("command, hangs, files", [("push", "PutObject", 1), ("pull", "GetObject", 40)])
def test_an_interrupt_ends_dvc(fake, tmp_path, command, hangs, files):
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
    known = len(fake.log())
    words = [sys.executable, "-m", "dvc", command]
    dvc = subprocess.Popen(
        words, cwd=repository.directory, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    while not any(entry["op"] == hangs for entry in fake.log()[known:]):
        assert dvc.poll() is None, dvc.stdout.read()
        time.sleep(0.02)
    begun = time.monotonic()
    os.kill(dvc.pid, signal.SIGINT)
    output, _ = dvc.communicate(timeout=50)
    took = time.monotonic() - begun
    print(f"dvc {command} of {files}: ended {took:.3f} s after the signal")
    assert b"interrupted by the user" in output and dvc.returncode != 0
    assert took < 10  # of a minute that the server hangs; most of it is DVC's own way out
