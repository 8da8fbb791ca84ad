"""Faults while a transfer takes as many requests as it can: each response is slow, so more requests help.

Invariant: the identical bytes or a typed error; then no object, no upload and no file is left. The server
holds each response to a rate, and no setting limits the requests.
"""

import base64
import os
import threading

import agents
import pytest
from test_download import FAULTS, MIB, TYPED, Place, pattern

SIZE = 24 * MIB + 1
PARTS = 5 * MIB
# One request would take 3 seconds.
SLOW = {"ms": 2, "rate": 8 * MIB}
# Struck at once, in the middle of growing, and near the end.
STRUCK = (1, 4, 9, 20)
# Of downloads: what a single request meets is `test_download.py`'s.
READ = ("reset", "503", "cut", "cut-at-once", "flipped", "slow", "changed", "wrong-range")
# Of uploads; a response that is lost or bent may leave what is not known.
SENT = {
    "reset": {"reset": True},
    "500": {"status": 500, "code": "InternalError"},
    "503": {"status": 503, "code": "SlowDown"},
    "403": {"status": 403, "code": "AccessDenied"},
    "slow": {"slow": 300},
}


@pytest.fixture(scope="module")
def agent():
    agent = agents.Agent("rust")
    yield agent
    agent.stop()


def most_at_a_time(server, call):
    """The most connections that the agent has to the server while `call` runs, and its answer."""
    answer = []
    thread = threading.Thread(target=lambda: answer.append(call()))
    thread.start()
    most = 0
    while thread.is_alive():
        most = max(most, connections(server))
        thread.join(0.02)
    return most, answer[0]


def connections(server):
    """Connections to the server, by the kernel's table."""
    port = f":{int(server.endpoint.rpartition(':')[2]):04X}"
    with open("/proc/net/tcp") as table:
        return sum(fields[2].endswith(port) and fields[3] == "01" for fields in map(str.split, table))


def slowed(place, fault=None):
    """The server as a slow one, with a fault at some of the requests to come."""
    place.server.control("POST", "latency", SLOW)
    rules = [{"match": {"nth": nth}, "fault": fault} for nth in STRUCK] if fault else []
    place.server.plan(rules)


def test_a_slow_server_makes_transfers_grow(servers, agent, tmp_path):
    """Without this the tests below would prove nothing."""
    place = Place(servers.get("fake"), agent, tmp_path / "out", size=SIZE, max_concurrency=None)
    slowed(place)
    most, answer = most_at_a_time(place.server, lambda: place.get("file"))
    assert "ok" in answer and most >= 8, (most, answer)


@pytest.mark.parametrize("fault", READ)
@pytest.mark.parametrize("sink", ["file", "stream"])
def test_downloads(sink, fault, servers, agent, tmp_path):
    place = Place(servers.get("fake"), agent, tmp_path / "out", size=SIZE, max_concurrency=None)
    slowed(place, FAULTS[fault])
    answer = place.get(sink)
    files = os.listdir(place.directory)
    if "ok" not in answer:
        assert answer["error"]["kind"] in TYPED and files == [], answer
        return
    whole = pattern(SIZE)
    new = bytes(byte ^ 255 for byte in whole) if fault == "changed" else whole
    body = (place.directory / "a").read_bytes() if sink == "file" else place.body(answer)
    assert body in (whole, new) and files == (["a"] if sink == "file" else [])


@pytest.mark.parametrize("fault", SENT)
def test_uploads(fault, servers, agent, tmp_path):
    place = Place(
        servers.get("fake"),
        agent,
        tmp_path / "out",
        max_concurrency=None,
        multipart_threshold=PARTS,
        multipart_chunksize=PARTS,
    )
    slowed(place, SENT[fault])
    source = tmp_path / "source"
    source.write_bytes(pattern(SIZE))
    answer = place.call("put", key="b", source={"$source": {"file": str(source)}})
    place.server.control("POST", "latency", {"ms": 0})
    place.server.plan([])
    got = place.call("get", key="b", into={"$sink": "memory"})
    if "ok" in answer:
        assert place.body(got) == pattern(SIZE)
    else:
        assert answer["error"]["kind"] in TYPED, answer
        assert got["error"]["kind"] == "NotFound", str(got)[:200]
    assert place.server.state()["uploads"] == []


def test_ranges_of_an_encrypted_object_meet_at_blocks(servers, agent, tmp_path):
    """Far from the server the measured rate decides how many bytes the first request reads at a time."""
    key = base64.b64encode(bytes(32)).decode()
    place = Place(servers.get("fake"), agent, tmp_path / "out", max_concurrency=None, encryption_aes_key=key)
    source = tmp_path / "source"
    source.write_bytes(pattern(SIZE))
    assert "ok" in place.call("put", key="a", source={"$source": {"file": str(source)}})
    for latency, rate in ((10, 40), (7, 50), (13, 30)):
        place.server.control("POST", "latency", {"ms": latency, "rate": rate * 1_000_003})
        answer = place.get("file")
        assert "ok" in answer, answer
        assert (place.directory / "a").read_bytes() == pattern(SIZE)
        assert place.body(place.get("memory")) == pattern(SIZE)
