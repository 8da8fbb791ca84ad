"""Waiting lets other threads run and listens to the keyboard."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import oarlock
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_waiting_releases_the_gil(fake, remote):
    fake.plan([{"match": {"op": "HeadObject"}, "fault": {"stall": {"after": 0}, "slow": 5000}}])
    canceller = []

    def wait():
        canceller.append(remote._native.start("head", {"key": "a"}))
        with pytest.raises(oarlock.CancelledError):
            canceller[0].wait()

    thread = threading.Thread(target=wait)
    thread.start()
    # This very line would not run before the call ends, if the GIL were held.
    fake.control("GET", "log?wait=1")
    begun = time.monotonic()
    assert sum(range(10**6)) and thread.is_alive()
    canceller[0].cancel()
    thread.join()
    assert time.monotonic() - begun < 2


def test_a_call_waits_on_one_thread_only(fake, remote):
    fake.plan([{"match": {"op": "HeadObject"}, "fault": {"slow": 5000}}])
    call = remote._native.start("head", {"key": "a"})
    failures = []

    def wait():
        try:
            call.wait()
        except oarlock.CancelledError as error:
            failures.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    with pytest.raises(oarlock.InvalidInputError, match="elsewhere"):
        while True:
            call.step(0.001)
    call.cancel()
    thread.join()
    assert len(failures) == 1


CHILD = """
import sys, time, signal, threading
sys.path.insert(0, {tests!r})
import oarlock
store = oarlock.open("s3://tests/", **{settings!r})
try:
    {work}
except KeyboardInterrupt:
    print(time.monotonic(), flush=True)
"""

WORK = {
    "get": "store.get('a')",
    "put": "store.put('b', b'x' * (1 << 20))",
    "list": "list(store.list())",
    "reader": "store.open('a').read()",
    # The first piece is taken at once; the second waits for the upload to begin.
    "writer": "file = store.open('b', 'wb'); file.write(b'x' * (64 << 20)); file.write(b'x' * (64 << 20))",
    "stream": "store.get('a', open('/dev/null', 'wb'))",
    "while another thread has the signal": "threading.Thread(target=threading.Event().wait, daemon=True).start(); store.get('a')",
}


@pytest.mark.parametrize("work", WORK)
def test_keyboard_interrupt(fake, work):
    fake.control("POST", "seed", {"bucket": "tests", "key": "a", "size": 100 << 20})
    # A HEAD of the object may come first; what comes then is what hangs.
    hang = {"slow": 60_000}
    fake.plan(
        [
            {"match": {"op": op}, "fault": hang}
            for op in ("GetObject", "PutObject", "CreateMultipartUpload", "ListObjectsV2")
        ]
    )
    code = CHILD.format(tests=str(ROOT / "tests"), settings=fake.settings(), work=WORK[work])
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    fake.control("GET", f"log?wait={2 if work == 'reader' else 1}")
    begun = time.monotonic()
    os.kill(child.pid, signal.SIGINT)
    raised = float(child.communicate(timeout=20)[0])
    print(f"{work}: {raised - begun:.3f} s")
    assert raised - begun < 1  # of a minute that the server hangs


def test_timeout(fake, remote):
    fake.plan([{"match": {"op": "GetObject"}, "fault": {"slow": 60_000}}])
    begun = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        remote.get("a", timeout=0.3)
    assert type(caught.value) is oarlock.TimeoutError and caught.value.verb == "get"
    assert 0.3 <= time.monotonic() - begun < 2


def test_an_interrupted_upload_is_aborted(fake):
    with oarlock.open(
        "s3://tests/", **fake.settings(), multipart_threshold=5 << 20, multipart_chunksize=5 << 20
    ) as store:

        def chunks():
            yield b"x" * (12 << 20)
            # Two parts are under way or done; the upload exists.
            fake.control("GET", "log?wait=2")
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            store.put("big", chunks())
        assert oarlock._native.drain(10)
        assert fake.state()["uploads"] == []


def test_signals_are_for_the_hosts_threads(remote, tmp_path):
    """A signal that one of ours took would not wake the thread that waits."""
    (tmp_path / "a").write_bytes(b"a" * (1 << 20))
    remote.put("a", tmp_path / "a")
    remote.get("a", tmp_path / "b")
    ours = []
    for task in pathlib.Path("/proc/self/task").iterdir():
        status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines())
        if status["Name"] == "oarlock":
            ours.append(int(status["SigBlk"], 16) >> (signal.SIGINT - 1) & 1)
    assert ours and all(ours)
