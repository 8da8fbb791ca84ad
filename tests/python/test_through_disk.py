"""Reading through a store where the temporary files find no place.

Invariant: a reader that can go on does so, from memory, and the object is stored if its store has room. A
call that comes too late for the first bytes fetches for itself. Nothing is read or stored with a gap.
"""

import os
import threading

import oarlock
import pytest
from readers import MIB, Reader, in_time, keys, uploads

#: More than a fetch keeps in memory.
SIZE = 24 * MIB + 5


@pytest.fixture(autouse=True)
def no_room(monkeypatch, tmp_path):
    """There is no directory for temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))


def test_a_reader_goes_on_and_the_object_is_kept(place, upstream):
    body = os.urandom(SIZE)
    url = upstream.add("/p", body)
    reply = place.fetch_through("p", url)
    assert (reply.body == body, reply.kept, reply.unkept, upstream.count()) == (True, True, None, 1)
    assert place.get("p").body == body
    assert uploads(place) == []


def test_those_who_come_in_time_share_the_fetch(place, upstream):
    body = os.urandom(SIZE)
    gate = threading.Event()
    url = upstream.add("/p", body, gate=gate, before_gate=MIB)
    replies = in_time(8, place, url, gate)
    assert [reply.body == body for reply in replies] == [True] * 8
    assert upstream.count() == 1


def test_who_comes_too_late_fetches_for_itself(place, upstream):
    body = os.urandom(SIZE)
    gate = threading.Event()
    url = upstream.add("/p", body, gate=gate, before_gate=16 * MIB)
    first = Reader(place, url)
    assert first.has_bytes.wait(20)
    first.go.set()
    while len(first.seen) < 12 * MIB:
        first.has_bytes.clear()
        assert first.has_bytes.wait(20)
    late = Reader(place, url)
    late.go.set()
    assert late.has_bytes.wait(20)
    gate.set()
    assert (first.end() == body, late.end() == body, upstream.count()) == (True, True, 2)
    assert (first.error, late.error, keys(place)) == (None, None, ["p"])
    assert place.get("p").body == body


def test_the_whole_is_not_there_to_be_verified_first(place, upstream):
    small, large = os.urandom(MIB), os.urandom(SIZE)
    assert place.fetch_through("s", upstream.add("/s", small), verified=True).body == small
    with pytest.raises(oarlock.Error, match="temporary file"):
        place.fetch_through("p", upstream.add("/p", large), verified=True)
    # The fetch is nobody's, and goes on.
    assert place.head("p", wait="20s").size == SIZE
    assert place.get("p").body == large


def test_an_upstream_that_restarts_can_t_be_compared(place, upstream):
    url = upstream.add("/p", os.urandom(SIZE), breaks=[20 * MIB], ranges=False)
    with pytest.raises(oarlock.Error, match="temporary file"):
        place.fetch_through("p", url)
    assert (keys(place), uploads(place)) == ([], [])


def test_a_failed_checksum_keeps_nothing(place, upstream):
    url = upstream.add("/p", os.urandom(SIZE))
    with pytest.raises(oarlock.CorruptError):
        place.fetch_through("p", url, checksum="sha256:" + "0" * 64)
    assert (keys(place), uploads(place)) == ([], [])
