"""Reading through a store: one fetch for many readers, and an upstream that misbehaves.

Invariant: what every language does alike is in `tests/cases/through.toml`; here are threads, and servers that
break off. Which test holds which law (cases by name, tests without `test_`; D, L: `test_through_disk.py`,
`test_through_lies.py`):

 1 a hit is a `get`        fetched-once
 2 one fetch for all       many_readers_share_one_fetch, a_slow_reader_and_one_that_leaves_hold_up_nobody
 3 each at its own pace    the same; a full disk: D
 4 nothing half-kept       a_failing_upstream_leaves_nothing, L killed_anywhere, the fault sweep
 5 the end is checked      the_last_byte_of_a_wrong_body_is_never_delivered
 6 storing is not serving  storing_is_not_serving, kept-by-name-or-not
 7 failures and breaks     failing-upstreams, a_break_is_mended, L the_etag_changed_when_a_fetch_resumes
 8 all readers gone        passing_through_ends_with_its_last_reader, an_exit_does_not_wait_for_a_fetch
 9 passing through         passed, passing_through_writes_nothing_and_shares
10 several processes       L processes_race, an_object_that_another_writer_stored_first_stays
11 encrypted at every size every_size_is_kept_as_the_store_keeps_it
12 `head_through`          looked-at
13 refresh                 refreshed
14 security                bad-input, other_credentials_do_not_share, L a_redirect_from_https_to_http
15 fork and interrupt      a_child_fetches_for_itself, an_interrupt_leaves_the_fetch_to_others
16 counting                counted
"""

import hashlib
import os
import signal
import subprocess
import sys
import threading

import oarlock
import pytest
from readers import MIB, Reader, in_threads, in_time, keys, uploads


def test_many_readers_share_one_fetch(place, upstream):
    body = os.urandom(3 * MIB + 7)
    gate = threading.Event()
    url = upstream.add("/p", body, gate=gate, before_gate=MIB)
    replies = in_time(64, place, url, gate)
    assert [reply.body == body for reply in replies] == [True] * 64
    assert {reply.source for reply in replies} <= {"fetched", "joined", "stored"}
    assert [reply.source for reply in replies].count("fetched") == 1
    assert upstream.count() == 1
    assert place.get("p").body == body
    assert place.fetch_through("p", url).source == "stored"
    [stats] = [row for row in place.stats() if row.verb == "fetch_through"]
    assert (stats.fetched, stats.upstream_bytes, stats.unkept) == (1, len(body), 0)
    assert stats.hits + stats.joined == 64


@pytest.mark.parametrize("size", [0, 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 17 * MIB])
def test_every_size_is_kept_as_the_store_keeps_it(place, upstream, fake, size):
    body = os.urandom(size)
    reply = place.fetch_through("p", upstream.add("/p", body))
    assert (reply.body, reply.kept, reply.source) == (body, True, "fetched")
    assert place.get("p").body == body
    if place.url.startswith("s3") and "encryption_aes_key" in place._native.to_pairs() and size > 16:
        with oarlock.open("s3://tests/", **fake.settings()) as raw:
            assert raw.get("p").body[:size] != body


def test_a_slow_reader_and_one_that_leaves_hold_up_nobody(place, upstream):
    body = os.urandom(12 * MIB)
    gate = threading.Event()
    url = upstream.add("/p", body, gate=gate, before_gate=2 * MIB)
    leader = Reader(place, url, leaves=True)
    slow = Reader(place, url)
    assert leader.has_bytes.wait(20) and slow.has_bytes.wait(20)
    leader.end()
    gate.set()
    quick = place.fetch_through("p", url)
    assert (quick.body == body, upstream.count(), type(leader.error)) == (True, 1, ConnectionResetError)
    assert len(slow.seen) < 2 * MIB
    assert slow.end() == body
    assert keys(place) == ["p"]


@pytest.mark.parametrize(
    "how, kind",
    [
        ({"statuses": [404]}, "NotFound"),
        ({"statuses": [403]}, "PermissionDenied"),
        ({"statuses": [500] * 9}, "Service"),
        ({"statuses": [501]}, "Service"),
        ({"breaks": [MIB] * 9, "etag": None, "ranges": False}, "Network"),
        ({"length": 3 * MIB}, "Network"),
        ({"length": 2 * MIB - 5}, None),
        ({"redirect": "file:///etc/passwd"}, "Service"),
        ({"redirect": "/p"}, "Service"),
    ],
    ids=str,
)
def test_a_failing_upstream_leaves_nothing(place, upstream, how, kind, tmp_path):
    url = upstream.add("/p", bytes(2 * MIB), **how)
    with oarlock.open(place.url, **{**place._native.to_pairs(), "max_attempts": 3}) as store:
        if kind is None:
            # Shorter than it is: nobody can see that, unless the size was promised.
            with pytest.raises(oarlock.CorruptError):
                store.fetch_through("p", url, size=2 * MIB)
        else:
            with pytest.raises(oarlock.Error) as caught:
                store.fetch_through("p", url, tmp_path / "file")
            assert caught.value.kind == kind
        assert (keys(store), uploads(store)) == ([], [])
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("resumes", [True, False])
def test_a_break_is_mended(place, upstream, resumes):
    body = os.urandom(6 * MIB)
    url = upstream.add("/p", body, breaks=[2 * MIB, 2 * MIB], ranges=resumes)
    assert place.fetch_through("p", url).body == body
    assert place.get("p").body == body
    ranges = [headers.get("Range") for _, _, headers in upstream.requests]
    assert ranges[0] is None and ranges[1].startswith("bytes=") and len(ranges) == 3


def test_another_body_after_a_break_is_not_joined_to_the_first(place, upstream):
    gate = threading.Event()
    how = {"etag": None, "ranges": False}
    url = upstream.add("/p", bytes(3 * MIB), breaks=[2 * MIB], gate=gate, before_gate=MIB, **how)
    reader = Reader(place, url)
    assert reader.has_bytes.wait(20)
    upstream.add("/p", b"\1" * (3 * MIB), **how)
    gate.set()
    assert set(reader.end()) == {0}
    assert isinstance(reader.error, oarlock.ChangedError)
    assert keys(place) == []


def test_the_last_byte_of_a_wrong_body_is_never_delivered(place, upstream):
    body = os.urandom(MIB)
    url = upstream.add("/p", body)
    wrong = "sha256:" + "0" * 64
    reader = Reader(place, url, checksum=wrong)
    assert len(reader.end()) < len(body)
    assert isinstance(reader.error, oarlock.CorruptError)
    verified = Reader(place, url, checksum=wrong, verified=True)
    assert verified.end() == b""
    assert isinstance(verified.error, oarlock.CorruptError)
    assert keys(place) == []
    good = "sha256:" + hashlib.sha256(body).hexdigest()
    assert place.fetch_through("p", url, checksum=good).kept


def test_an_endless_body_ends_at_max_size(place, upstream):
    url = upstream.add("/p", bytes(4 * MIB), chunked=True)
    with pytest.raises(oarlock.ServiceError, match="max_size"):
        place.fetch_through("p", url, max_size=MIB)
    assert (keys(place), uploads(place)) == ([], [])


def test_storing_is_not_serving(fake, upstream):
    body = os.urandom(MIB)
    url = upstream.add("/p", body)
    denied = {"match": {"op": "PutObject"}, "fault": {"status": 403, "code": "AccessDenied"}}
    with oarlock.open("s3://tests/", **fake.settings()) as store:
        fake.plan([denied])
        reply = store.fetch_through("p", url)
        assert (reply.body == body, reply.kept) == (True, False)
        assert "refused" in reply.unkept
        with pytest.raises(oarlock.PermissionDeniedError):
            store.fetch_through("p", url, must_keep=True)


def test_passing_through_writes_nothing_and_shares(place, upstream):
    body = os.urandom(2 * MIB)
    gate = threading.Event()
    url = upstream.add("/p", body, gate=gate, before_gate=1024)
    threading.Timer(0.3, gate.set).start()
    replies = in_threads(8, lambda _: place.fetch_through("p", url, retain=False))
    assert [reply.body == body for reply in replies] == [True] * 8
    assert {reply.source for reply in replies} == {"passed", "joined"}
    assert (upstream.count(), keys(place)) == (1, [])


def test_passing_through_ends_with_its_last_reader(place, upstream):
    gate = threading.Event()
    url = upstream.add("/p", bytes(8 * MIB), gate=gate, before_gate=1024)
    reader = Reader(place, url, leaves=True, retain=False)
    assert reader.has_bytes.wait(20)
    reader.end()
    gate.set()
    assert place.fetch_through("p", url, retain=False).source == "passed"
    assert upstream.count() == 2


def test_the_leader_alone_asks_the_function(place, upstream):
    gate = threading.Event()
    url = upstream.add("/p", b"x" * 1000, gate=gate, before_gate=10)
    asked = []

    def resolve(question):
        asked.append(question)
        gate.set()
        return {"url": url, "size": 1000, "content_type": "text/x-r"}

    replies = in_threads(8, lambda _: place.fetch_through("p", resolve=resolve))
    assert {reply.length for reply in replies} == {1000}
    assert asked == [{"key": "p"}]
    assert place.head("p").content_type == "text/x-r"


@pytest.mark.parametrize("is_same", [True, False])
def test_an_object_that_another_writer_stored_first_stays(place, upstream, is_same):
    body = os.urandom(3 * MIB)
    gate = threading.Event()
    reader = Reader(place, upstream.add("/p", body, gate=gate, before_gate=MIB))
    assert reader.has_bytes.wait(20)
    other = body if is_same else b"other"
    place.put("p", other)
    gate.set()
    assert reader.end() == body
    assert (reader.reply.kept, place.get("p").body == other) == (is_same, True)


def test_two_processes_race(tmp_path, upstream):
    (tmp_path / "store").mkdir()
    url = upstream.add("/p", os.urandom(3 * MIB))
    program = (
        "import sys, oarlock\n"
        f"store = oarlock.open('file://{tmp_path}/store')\n"
        f"reply = store.fetch_through('p', '{url}')\n"
        "print(reply.length, reply.kept)\n"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [run.communicate(timeout=60)[0].split() for run in runs] == [[str(3 * MIB), "True"]] * 3


#: A process that reads a stream, reports its first byte, and waits in its writer.
READS = """
import sys, time, oarlock
class Writer:
    def write(self, chunk):
        print("reads", flush=True)
        {then}
store = oarlock.open("file://{store}")
store.fetch_through("p", "{url}", Writer())
"""


def test_killed_in_the_middle_nothing_is_there(tmp_path, upstream):
    (tmp_path / "store").mkdir()
    gate = threading.Event()
    url = upstream.add("/p", bytes(4 * MIB), gate=gate, before_gate=3 * MIB)
    program = READS.format(store=tmp_path / "store", url=url, then="time.sleep(60)")
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout.readline() == "reads\n"
        run.send_signal(signal.SIGKILL)
    gate.set()
    with oarlock.open(f"file://{tmp_path}/store") as store:
        assert keys(store) == []
        assert store.fetch_through("p", url).kept


def test_a_child_fetches_for_itself(place, upstream):
    gate = threading.Event()
    url = upstream.add("/p", bytes(MIB), gate=gate, before_gate=10)
    reader = Reader(place, url)
    assert reader.has_bytes.wait(20)
    upstream.add("/p", bytes(MIB))
    child = os.fork()
    if child == 0:
        reply = place.fetch_through("p", url)
        os._exit(0 if (reply.length, reply.source) == (MIB, "fetched") else 1)
    assert os.waitpid(child, 0)[1] == 0
    gate.set()
    assert len(reader.end()) == MIB


def test_an_exit_does_not_wait_for_a_fetch(tmp_path, upstream):
    (tmp_path / "store").mkdir()
    url = upstream.add("/p", bytes(4 * MIB), gate=threading.Event(), before_gate=MIB)
    program = READS.format(store=tmp_path / "store", url=url, then="raise SystemExit(0)")
    subprocess.run([sys.executable, "-c", program], check=True, timeout=10)


def test_other_credentials_do_not_share(place, upstream):
    gate = threading.Event()
    url = upstream.add("/p", bytes(MIB), gate=gate, before_gate=10)
    words = ("one", "other", "one")
    readers = [Reader(place, url, upstream_headers={"Authorization": word}) for word in words]
    assert all(reader.has_bytes.wait(20) for reader in readers)
    gate.set()
    assert [len(reader.end()) for reader in readers] == [MIB] * 3
    assert sorted(headers["Authorization"] for _, _, headers in upstream.requests) == ["one", "other"]


def test_an_interrupt_leaves_the_fetch_to_others(place, upstream):
    gate = threading.Event()
    url = upstream.add("/p", bytes(MIB), gate=gate, before_gate=10)
    other = Reader(place, url)
    assert other.has_bytes.wait(20)
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        place.fetch_through("p", url)
    assert not gate.is_set() and other.is_alive()
    gate.set()
    assert len(other.end()) == MIB
    assert (other.error, keys(place), upstream.count()) == (None, ["p"], 1)
