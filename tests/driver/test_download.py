"""Large downloads in parts: every request of one meets every fault, and the machine runs short of everything.

Invariant: the identical bytes or a typed error; then no file, no temporary file, no descriptor is left.
Memory stays bounded. The engine is the core's, which all languages share, so one agent is enough.
"""

import base64
import hashlib
import itertools
import os
import resource
import shutil
import threading
import time

import agents
import pytest

SIZE = 20_000_003
MIB = 1 << 20
# The server seems far away, so that parts are requested in parallel.
FAR = {"slow": 10}
FAULTS = {
    "reset": {"reset": True},
    "500": {"status": 500, "code": "InternalError"},
    "503": {"status": 503, "code": "SlowDown"},
    "403": {"status": 403, "code": "AccessDenied"},
    "cut": {"truncate_body": 1_000_000},
    "cut-at-once": {"truncate_body": 0},
    "flipped": {"flip_bit": 1_234_567},
    "stalled": {"stall": {"after": 500_000}},
    "slow": {"slow": 300},
    "changed": {"change_object": {}},
    "wrong-range": {"answer_headers": {"content-range": f"bytes 5-9/{SIZE}"}},
    "no-range": {"ignore_range": True},
    "no-etag": {"answer_headers": {"etag": ""}},
    "other-etag": {"answer_headers": {"etag": '"other"'}},
}
SINKS = ("file", "stream", "memory")
TYPED = {"Throttled", "Timeout", "Network", "Service", "Corrupt", "Changed", "PermissionDenied"}


def pattern(size):
    """The bytes of a seeded object."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


class Place:
    """A bucket with one large object, an agent with a store, and a directory for downloads."""

    def __init__(self, server, agent, directory, size=SIZE, **settings):
        self.server, self.agent, self.directory = server, agent, directory
        directory.mkdir(exist_ok=True)
        server.reset()
        server.bucket("big")
        server.control("POST", "seed", {"bucket": "big", "key": "a", "size": size})
        settings = {**server.settings(), "max_concurrency": 4, "read_timeout": "1", **settings}
        settings = {name: value for name, value in settings.items() if value is not None}
        self.store = agent.ask({"op": "open", "url": "s3://big", "settings": settings})["ok"]

    def call(self, verb, **args):
        return self.agent.ask({"op": "call", "store": self.store, "verb": verb, "args": args})

    def get(self, sink, name="a", **args):
        into = {"file": str(self.directory / name)} if sink == "file" else sink
        return self.call("get", key="a", into={"$sink": into}, **args)

    @staticmethod
    def body(answer):
        """What a `get` to memory or as a stream returned."""
        return base64.b64decode(answer["ok"]["body"]["$bytes"])

    def held(self):
        """What the agent has open besides sockets, which a pool may keep."""
        links = []
        for descriptor in os.listdir(f"/proc/{self.agent.process.pid}/fd"):
            try:
                links.append(os.readlink(f"/proc/{self.agent.process.pid}/fd/{descriptor}"))
            except FileNotFoundError:
                pass
        return sorted(link for link in links if not link.startswith("socket:"))

    def status(self, name):
        """A number of /proc/…/status."""
        with open(f"/proc/{self.agent.process.pid}/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@pytest.fixture
def agent():
    agent = agents.Agent("rust")
    yield agent
    agent.stop()


def until(true, seconds=10):
    """Waits for what another process does."""
    end = time.monotonic() + seconds
    while not (last := true()) and time.monotonic() < end:
        threading.Event().wait(0.01)
    return last


# Memory is filled as a file is; what differs is how the pieces are cut off and joined.
@pytest.mark.parametrize(
    ("sink", "fault"),
    [
        *itertools.product(("file", "stream"), FAULTS),
        *itertools.product(("memory",), ("cut", "flipped", "changed")),
    ],
)
def test_every_request_meets_every_fault(sink, fault, servers, agent, tmp_path):
    place = Place(servers.get("fake"), agent, tmp_path / "out")
    whole, expected = pattern(SIZE), hashlib.md5(pattern(SIZE)).digest()
    place.server.plan([{"fault": FAR}])
    assert "ok" in place.get(sink, "clean")
    requests = len(place.server.log())
    assert requests >= 2, "the download was not done in parts"
    (place.directory / "clean").unlink(missing_ok=True)
    held = place.held()
    for number in range(1, requests + 1):
        place.server.reset()
        place.server.bucket("big")
        place.server.control("POST", "seed", {"bucket": "big", "key": "a", "size": SIZE})
        place.server.plan([{"match": {"nth": number}, "fault": {**FAR, **FAULTS[fault]}}, {"fault": FAR}])
        answer = place.get(sink)
        where = f"{fault} at request {number}: {str(answer)[:300]}"
        files = sorted(os.listdir(place.directory))
        if "ok" in answer:
            # At the first request the object may be another one already, which is then the one.
            new = bytes(byte ^ 255 for byte in whole) if fault == "changed" and number == 1 else whole
            body = (
                (place.directory / "a").read_bytes()
                if sink == "file"
                else place.body(answer)
            )
            assert body == new or hashlib.md5(body).digest() == expected, where
            assert files == (["a"] if sink == "file" else []), where
            assert answer["ok"]["length"] == SIZE, where
        else:
            assert answer["error"]["kind"] in TYPED, where
            assert files == [], where
        (place.directory / "a").unlink(missing_ok=True)
        assert until(lambda: place.held() == held), f"{where}\nheld now: {place.held()}\nbefore: {held}"


def test_memory_stays_bounded(servers, agent, tmp_path):
    place = Place(servers.get("fake"), agent, tmp_path / "out", size=256 * MIB, max_concurrency=8)
    place.server.plan([{"fault": FAR}])
    assert "ok" in place.get("file", range="0-99")
    before = place.status("VmHWM")
    assert "ok" in place.get("file")
    assert (place.directory / "a").stat().st_size == 256 * MIB
    grown = place.status("VmHWM") - before
    assert grown <= 64 * 1024, f"{grown} KiB more than before"


@pytest.mark.parametrize("size", [500_000, SIZE])
def test_a_file_that_may_not_grow(size, servers, agent, tmp_path):
    place = Place(servers.get("fake"), agent, tmp_path / "out", size=size)
    assert "ok" in place.call("head", key="a")
    resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
    answer = place.get("file")
    assert answer["error"]["kind"] == "Io" and str(place.directory) in answer["error"]["message"], answer
    assert os.listdir(place.directory) == []
    # The agent lives, and small files still fit.
    assert "ok" in place.get("file", range="0-999")


def test_a_target_that_cannot_be_written(servers, agent, tmp_path):
    place = Place(servers.get("fake"), agent, tmp_path / "out")
    begun = len(place.server.log())
    for target in ("/proc/oarlock", str(tmp_path / "missing" / "a"), str(tmp_path)):
        answer = place.call("get", key="a", into={"$sink": {"file": target}})
        assert answer["error"]["kind"] in ("Io", "PermissionDenied", "InvalidInput"), answer
    assert len(place.server.log()) == begun, "something was asked for that could not be kept"


def test_a_directory_that_goes_away(servers, agent, tmp_path):
    place = Place(servers.get("fake"), agent, tmp_path / "out")
    place.server.plan([{"match": {"nth": 1}, "fault": {"stall": {"after": 100_000, "ms": 500}}}])
    remove = threading.Thread(
        target=lambda: (place.server.control("GET", "log?wait=1"), shutil.rmtree(place.directory))
    )
    remove.start()
    answer = place.get("file")
    remove.join()
    assert answer["error"]["kind"] == "Io", answer
    assert not place.directory.exists()


def test_few_descriptors(servers, agent, tmp_path):
    """More requests than the process may have connections: they wait for each other."""
    place = Place(servers.get("fake"), agent, tmp_path / "out", max_concurrency=1000)
    assert "ok" in place.call("head", key="a")
    resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE, (64, 64))
    place.server.plan([{"fault": FAR}])
    ranges = [f"{first}-{first + 9}" for first in range(0, 200 * 70_000, 70_000)]
    # A store learns how much it may have when it is first used.
    answer = Place.call(place, "get_ranges", key="a", ranges=ranges)
    assert "ok" in answer, answer
    whole = pattern(SIZE)
    assert [base64.b64decode(each["$bytes"]) for each in answer["ok"]] == [
        whole[first : first + 10] for first in range(0, 200 * 70_000, 70_000)
    ]


def test_the_budget_is_checked(servers, tmp_path):
    small = agents.Agent("rust", OARLOCK_MEMORY_BUDGET="8MiB")
    wrong = agents.Agent("rust", OARLOCK_MEMORY_BUDGET="lots")
    try:
        place = Place(servers.get("fake"), small, tmp_path / "out")
        place.server.plan([{"fault": FAR}])
        for sink in SINKS:
            assert place.get(sink)["ok"]["length"] == SIZE
        place = Place(servers.get("fake"), wrong, tmp_path / "out")
        answer = place.get("memory")
        assert (
            answer["error"]["kind"] == "Config" and "OARLOCK_MEMORY_BUDGET" in answer["error"]["message"]
        ), answer
    finally:
        small.stop()
        wrong.stop()
