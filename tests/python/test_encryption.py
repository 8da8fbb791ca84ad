"""Encrypted transfers that are cancelled, or whose process forks, in the middle.

Invariant: what was started and not ended leaves nothing, neither at the server nor on the disk. A child
continues with keys of its own.
"""

import asyncio
import os
import threading

import oarlock
import pytest
from test_fork import ended, in_child

MIB = 1 << 20
PARTS = {"multipart_threshold": 5 * MIB, "multipart_chunksize": 5 * MIB}
CONTENT = bytes(range(251)) * (20 * MIB // 251)


@pytest.fixture
def sealed(fake, tmp_path, monkeypatch):
    """A store that encrypts; what it spools goes to a directory that is looked into."""
    (tmp_path / "spool").mkdir()
    (tmp_path / "out").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "spool"))
    with oarlock.open("s3://tests/", **fake.settings(), **PARTS, encryption_aes_key=bytes(32)) as store:
        yield store


def nothing_is_left(fake, tmp_path, keys):
    assert oarlock._native.drain(10)
    assert fake.state()["uploads"] == [] and fake.state()["objects"] == keys
    assert os.listdir(tmp_path / "out") == [] and os.listdir(tmp_path / "spool") == []


def cancelled(fake, make, requests):
    seen = len(fake.log())

    async def work():
        task = asyncio.create_task(make())
        await asyncio.to_thread(fake.control, "GET", f"log?wait={seen + requests}")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())


@pytest.mark.parametrize("instruction", [False, True])
@pytest.mark.usefixtures("sealed")
def test_threat_11_a_cancelled_upload_leaves_nothing(fake, tmp_path, instruction):
    fake.plan([{"match": {"op": "UploadPart"}, "fault": {"slow": 60_000}}])
    settings = {"encryption_aes_key": bytes(32), "encryption_instruction_file": instruction}
    with oarlock.open("s3://tests/", **fake.settings(), **settings, **PARTS) as store:
        cancelled(fake, lambda: store.aio.put("a", CONTENT), 2)
    nothing_is_left(fake, tmp_path, 0)


@pytest.mark.parametrize("into", ["file", "memory"])
def test_threat_11_a_cancelled_download_leaves_nothing(fake, tmp_path, sealed, into):
    sealed.put("a", CONTENT)
    fake.plan([{"match": {"op": "GetObject"}, "fault": {"stall": {"after": 9 * MIB}}}])
    target = {"file": [tmp_path / "out" / "a"], "memory": []}[into]
    cancelled(fake, lambda: sealed.aio.get("a", *target), 1)
    nothing_is_left(fake, tmp_path, 1)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("direction", ["put", "get"])
def test_threat_1_a_child_of_the_middle_of_a_transfer_has_keys_of_its_own(fake, tmp_path, sealed, direction):
    sealed.put("a", CONTENT)
    op = {"put": "UploadPart", "get": "GetObject"}[direction]
    fake.plan([{"match": {"op": op, "nth": 1, "times": 1}, "fault": {"slow": 3000}}])
    seen, outcome = len(fake.log()), []
    begin = {"put": lambda: sealed.put("b", CONTENT), "get": lambda: sealed.get("a", tmp_path / "out" / "a")}[
        direction
    ]
    thread = threading.Thread(target=lambda: outcome.append(begin()))
    thread.start()
    fake.control("GET", f"log?wait={seen + 2 - (direction == 'get')}")

    def work():
        sealed.put("child", CONTENT[: 6 * MIB])
        return 7 if sealed.get("child").body == CONTENT[: 6 * MIB] else 1

    assert ended(in_child(work)) == 7
    thread.join()
    assert len(outcome) == 1
    if direction == "put":
        assert sealed.get("b").body == CONTENT
    else:
        assert (tmp_path / "out" / "a").read_bytes() == CONTENT
        os.unlink(tmp_path / "out" / "a")
    with oarlock.open("s3://tests/", **fake.settings()) as plain:
        ids = [plain.head(entry.key).metadata["x-amz-i"] for entry in plain.list()]
    assert len(set(ids)) == len(ids) == (3 if direction == "put" else 2)
    nothing_is_left(fake, tmp_path, len(ids))
