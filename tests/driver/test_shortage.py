"""Long transfers and scarce machines: keys that expire many times in one transfer, a disk that is full, 1,024
descriptors.

Invariant: the identical bytes, or a typed error that names what is short, and then nothing is left over.
`OARLOCK_LARGE` sets how many MiB the long transfer has (256).
"""

import base64
import contextlib
import hashlib
import os
import resource
import shutil
import subprocess

import agents
import pytest

MIB = 1 << 20
LARGE = int(os.environ.get("OARLOCK_LARGE", "256")) * MIB
KEYS = 4 + LARGE // (160 * MIB)


@pytest.fixture
def agent():
    agent = agents.Agent("rust")
    yield agent
    agent.stop()


@pytest.fixture
def server(servers):
    server = servers.get("fake")
    server.reset()
    server.bucket("big")
    yield server
    server.reset()


def opened(agent, server, **settings):
    settings = {name: value for name, value in {**server.settings(), **settings}.items() if value is not None}
    store = agent.ask({"op": "open", "url": "s3://big", "settings": settings})["ok"]
    return lambda verb, **args: agent.ask(
        {"op": "call", "store": store, "verb": verb, "args": args}, seconds=600
    )


def test_keys_expire_again_and_again_in_one_transfer(server, agent, tmp_path):
    keys = [
        {"access_key_id": f"ASIA{number}", "secret_access_key": f"s{number}", "session_token": f"t{number}"}
        for number in range(KEYS)
    ]
    for key in keys:
        server.credential(*key.values())
    call = opened(agent, server, access_key_id=None, secret_access_key=None, credentials={"$callback": keys})
    source, target = tmp_path / "source", tmp_path / "target"
    with source.open("wb") as file:
        for number in range(LARGE // MIB):
            file.write(hashlib.shake_128(number.to_bytes(4)).digest(MIB))
    with source.open("rb") as file:
        expected = hashlib.file_digest(file, "sha256").digest()

    # A part is 8 MiB: the keys end every 20 requests, in the middle of the transfer, while others are under
    # way.
    rules = [
        {"match": {"op": "UploadPart", "nth": nth}, "fault": {"expire_token": True}}
        for nth in range(3, LARGE // (8 * MIB), 20)
    ]
    server.plan(rules)
    answer = call("put", key="a", source={"$source": {"file": str(source)}})
    assert answer.get("ok", {}).get("size") == LARGE, answer
    expired = [entry for entry in server.log() if entry["code"] == "ExpiredToken"]
    assert len(expired) >= len(rules) >= 2

    server.plan(
        [{"match": {"op": "GetObject", "nth": nth}, "fault": {"expire_token": True}} for nth in (1, 20)]
        + [{"fault": {"slow": 20}}]
    )
    answer = call("get", key="a", into={"$sink": {"file": str(target)}})
    assert answer.get("ok", {}).get("length") == LARGE, answer
    with target.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").digest() == expected
    assert server.state()["uploads"] == []


@pytest.fixture
def full_disk(tmp_path):
    """A file system of 8 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    if (
        os.getuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True
        ).returncode
    ):
        pytest.skip("a file system of one's own takes root and the right to mount")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_disk_that_is_full(server, agent, full_disk):
    for name, size in (("large", 20 * MIB), ("small", 1000)):
        server.control("POST", "seed", {"bucket": "big", "key": name, "size": size})
    call = opened(agent, server)
    answer = call("get", key="large", into={"$sink": {"file": str(full_disk / "large")}})
    assert answer["error"]["kind"] == "StorageFull" and "space" in answer["error"]["message"], answer
    answer = call(
        "get_many",
        items=[
            {"key": "large", "path": str(full_disk / "large")},
            {"key": "small", "path": str(full_disk / "small")},
        ],
    )
    assert [fate["error"] for fate in answer["ok"]] == ["StorageFull", None], answer
    assert os.listdir(full_disk) == ["small"]
    # What fits but for a moment is written once there is room again.
    (full_disk / "ballast").write_bytes(bytes(7 * MIB))
    server.control("POST", "seed", {"bucket": "big", "key": "middle", "size": 3 * MIB})
    assert (
        call("get", key="middle", into={"$sink": {"file": str(full_disk / "middle")}})["error"]["kind"]
        == "StorageFull"
    )
    (full_disk / "ballast").unlink()
    assert "ok" in call("get", key="middle", into={"$sink": {"file": str(full_disk / "middle")}})
    assert shutil.disk_usage(full_disk).used < 4 * MIB


def test_a_disk_that_is_full_of_ciphertext(server, full_disk):
    """The file that is decrypted into, the spool of a stream that is verified, the journal of an upload."""
    agent = agents.Agent("rust", TMPDIR=str(full_disk))
    try:
        call = opened(
            agent,
            server,
            encryption_aes_key=base64.b64encode(bytes(32)).decode(),
            multipart_threshold=5 * MIB,
            multipart_chunksize=5 * MIB,
        )
        source = full_disk.parent / "source"
        source.write_bytes(bytes(20 * MIB))
        put = {"key": "large", "source": {"$source": {"file": str(source)}}}
        assert "ok" in call("put", **put)
        for sink in ({"file": str(full_disk / "large")}, "stream"):
            answer = call("get", key="large", into={"$sink": sink})
            assert answer["error"]["kind"] == "StorageFull" and "space" in answer["error"]["message"], answer
            assert os.listdir(full_disk) == [] and shutil.disk_usage(full_disk).used == 0
        with contextlib.suppress(OSError):
            (full_disk / "ballast").write_bytes(bytes(9 * MIB))
        answer = call("put", **put | {"key": "other"}, journal=str(full_disk))
        assert answer["error"]["kind"] == "StorageFull", answer
        assert os.listdir(full_disk) == ["ballast"]
        state = server.state()
        assert (state["uploads"], state["objects"]) == ([], 1)
        # With room again all goes well.
        (full_disk / "ballast").unlink()
        assert "ok" in call("put", **put | {"key": "other"}, journal=str(full_disk))
        assert os.listdir(full_disk) == []
    finally:
        agent.stop()


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("room", [0, 6])
def test_a_read_through_whose_disk_is_full_goes_on(server, full_disk, encrypted, room):
    """Its temporary file has no room, at once or after some MiB."""
    with contextlib.suppress(OSError):
        (full_disk / "ballast").write_bytes(bytes((9 - room) * MIB))
    server.bucket("up", anonymous_read=True)
    server.control("POST", "seed", {"bucket": "up", "key": "p", "size": 20 * MIB})
    agent = agents.Agent("rust", TMPDIR=str(full_disk))
    try:
        key = base64.b64encode(bytes(32)).decode() if encrypted else None
        call = opened(agent, server, encryption_aes_key=key)
        through = {"upstream": f"{server.endpoint}/up/p"}
        target = full_disk.parent / "target"
        reply = call("fetch_through", key="a", into={"$sink": {"file": str(target)}}, **through)
        assert (reply["ok"]["kept"], reply["ok"]["length"]) == (True, 20 * MIB), reply
        stored = full_disk.parent / "stored"
        assert "ok" in call("get", key="a", into={"$sink": {"file": str(stored)}})
        assert stored.read_bytes() == target.read_bytes()
        # A file on the full disk is this reader's own failure, and the object is kept.
        reply = call("fetch_through", key="b", into={"$sink": {"file": str(full_disk / "file")}}, **through)
        assert reply["error"]["kind"] == "StorageFull", reply
        assert call("head", key="b", wait=60)["ok"]["size"] == 20 * MIB
        assert os.listdir(full_disk) == ["ballast"] and server.state()["uploads"] == []
        # A directory on the full disk keeps nothing, and its readers go on.
        store = agent.ask({"op": "open", "url": f"file://{full_disk}", "settings": {}})["ok"]
        args = {"key": "a", "into": {"$sink": {"file": str(target)}}, **through}
        reply = agent.ask({"op": "call", "store": store, "verb": "fetch_through", "args": args})["ok"]
        assert (reply["kept"], reply["length"], "space" in reply["unkept"]) == (False, 20 * MIB, True), reply
        assert [file.name for file in full_disk.rglob("*") if file.is_file()] == ["ballast"]
    finally:
        agent.stop()


def test_a_thousand_files_with_1024_descriptors(server, agent, tmp_path):
    call = opened(agent, server)
    assert call("exists", key="a") == {"ok": False}
    resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE, (1024, 1024))
    count = 2000
    for first in range(0, count, 1000):
        items = [
            {"key": str(number), "body": {"$bytes": "aGVsbG8="}} for number in range(first, first + 1000)
        ]
        assert all(
            fate["error"] is None for fate in call("put_many", items=items, max_concurrency=1000)["ok"]
        )
    # Far away, so that all that may be under way at a time is.
    server.plan([{"fault": {"slow": 300}}])
    items = [{"key": str(number), "path": str(tmp_path / str(number))} for number in range(count)]
    answer = call("get_many", items=items, max_concurrency=1000)
    assert "ok" in answer, answer
    assert [fate for fate in answer["ok"] if fate["error"]] == []
    assert sum((tmp_path / str(number)).read_bytes() == b"hello" for number in range(count)) == count


def test_a_directory_store_that_is_full(agent, full_disk):
    store = agent.ask({"op": "open", "url": f"file://{full_disk}", "settings": {}})["ok"]

    def call(verb, **args):
        return agent.ask({"op": "call", "store": store, "verb": verb, "args": args})

    large = {"bytes": base64.b64encode(bytes(10 * MIB)).decode()}
    answer = call("put", key="a", source={"$source": large})
    assert answer["error"]["kind"] == "StorageFull" and "space" in answer["error"]["message"], answer
    assert call("usage")["ok"]["objects"] == 0 and call("usage")["ok"]["free"] > 7 * MIB
    small = {"bytes": base64.b64encode(bytes(MIB)).decode()}
    assert call("put", key="a", source={"$source": small})["ok"]["size"] == MIB
