"""Upstreams that lie, and readers and processes that die, while a store reads through.

Invariant: an object is whole and right, or it is not there, and nothing else is left. A reader gets the whole
or an error, and never an orderly end of less.
"""

import contextlib
import json
import os
import random
import signal
import ssl
import subprocess
import sys
import threading

import oarlock
import pytest
from readers import MIB, Reader, keys, uploads
from upstream import Upstream


def nothing_is_left(place):
    return (keys(place), uploads(place)) == ([], [])


def test_a_body_that_nobody_compressed_for_us_is_kept_as_it_is(place, upstream):
    body = os.urandom(MIB)
    url = upstream.add("/p", body, headers={"Content-Encoding": "gzip"})
    assert place.fetch_through("p", url).body == body
    assert upstream.requests[0][2]["Accept-Encoding"] == "identity"
    assert place.get("p").body == body
    assert place.head("p").content_encoding == "gzip"


def test_a_body_without_an_end(place, upstream):
    url = upstream.add("/p", os.urandom(MIB), endless=True)
    with pytest.raises(oarlock.ServiceError, match="max_size"):
        place.fetch_through("p", url, os.devnull, max_size=20 * MIB)
    assert nothing_is_left(place)


def test_a_part_for_the_whole(place, upstream):
    url = upstream.add("/p", bytes(MIB), code=206)
    with pytest.raises(oarlock.ServiceError, match="206"):
        place.fetch_through("p", url)
    assert nothing_is_left(place)


@pytest.mark.parametrize("is_same", [True, False])
def test_the_etag_changed_when_a_fetch_resumes(place, upstream, is_same):
    """The upstream ignores If-Range and sends the rest of another state."""
    body = os.urandom(6 * MIB)
    gate = threading.Event()
    url = upstream.add("/p", body, breaks=[4 * MIB], gate=gate, before_gate=MIB, range_etag='"v2"')
    reader = Reader(place, url)
    assert reader.has_bytes.wait(20)
    other = body if is_same else os.urandom(6 * MIB)
    upstream.resources["/p"].body = other
    gate.set()
    seen = reader.end()
    if is_same:
        assert (seen == body, place.get("p").body == body) == (True, True)
    else:
        assert isinstance(reader.error, oarlock.ChangedError) and body.startswith(seen)
        assert nothing_is_left(place)


def test_an_empty_body(place, upstream):
    url = upstream.add("/p", b"")
    with pytest.raises(oarlock.CorruptError):
        place.fetch_through("p", url, size=5)
    with pytest.raises(oarlock.CorruptError):
        place.fetch_through("p", url, checksum="md5:" + "0" * 32)
    assert nothing_is_left(place)
    assert place.fetch_through("p", url, size=0).kept


def test_a_body_that_drips(place, upstream):
    body = os.urandom(4000)
    slow = upstream.add("/slow", body, drip=(0.02, 100))
    url = upstream.add("/p", body)
    reader = Reader(place, slow)
    assert reader.has_bytes.wait(20)
    # It holds up no other fetch, and no reader's time limit.
    assert place.fetch_through("q", url).kept
    with pytest.raises(oarlock.TimeoutError):
        place.fetch_through("p", slow, timeout=0.1)
    assert reader.end() == body and place.get("p").body == body


def test_a_server_that_falls_silent(place, upstream):
    url = upstream.add("/p", bytes(4 * MIB), gate=threading.Event(), before_gate=MIB)
    settings = {**place._native.to_pairs(), "max_attempts": 1, "read_timeout": 1}
    with oarlock.open(place.url, **settings) as store:
        with pytest.raises(oarlock.Error) as caught:
            store.fetch_through("p", url)
        assert caught.value.kind in ("Timeout", "Network") and "upstream http://" in str(caught.value)
        assert nothing_is_left(store)


def test_a_redirect_from_https_to_http(place, upstream, tmp_path):
    files = ["-keyout", tmp_path / "key", "-out", tmp_path / "cert"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    secure = Upstream(context)
    try:
        plain = upstream.add("/p", b"hello")
        settings = {**place._native.to_pairs(), "ca_bundle": str(tmp_path / "cert")}
        with oarlock.open(place.url, **settings) as store:
            with pytest.raises(oarlock.ServiceError, match="https to http"):
                store.fetch_through("p", secure.add("/p", b"", redirect=plain))
            assert nothing_is_left(store) and upstream.count() == 0
            assert store.fetch_through("p", secure.add("/q", b"hello")).body == b"hello"
    finally:
        secure.stop()


#: A process that reads a stream, and counts its MiB; then waits.
READS = """
import json, sys, oarlock
class Writer:
    seen = 0
    def write(self, chunk):
        self.seen += len(chunk)
        print(self.seen, flush=True)
url, settings, upstream = json.loads(sys.argv[1])
store = oarlock.open(url, **settings)
reply = store.fetch_through("p", upstream, Writer())
print("done", reply.length, reply.kept, flush=True)
"""


def a_process(place, url):
    settings = {name: str(value) for name, value in place._native.to_pairs().items()}
    if "encryption_aes_key" in settings:
        settings["encryption_aes_key"] = "A" * 43 + "="
    command = [sys.executable, "-c", READS, json.dumps([place.url, settings, url])]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("seed", range(3))
def test_killed_anywhere(place, upstream, seed):
    body, chance = os.urandom(24 * MIB), random.Random(seed)
    url = upstream.add("/p", body)
    for _ in range(2):
        kill_at = chance.randint(1, len(body))
        line = ""
        with a_process(place, url) as process:
            for line in process.stdout:
                if line.startswith("done") or int(line) >= kill_at:
                    break
            assert line
            process.send_signal(signal.SIGKILL)
        if keys(place):
            # It was stored before the kill.
            assert place.get("p").body == body
            place.delete("p")
        assert keys(place) == []
    with contextlib.suppress(oarlock.UnsupportedError):
        place.abort_uploads(older_than=0)
    assert place.fetch_through("p", url).kept
    assert (keys(place), uploads(place), place.get("p").body == body) == (["p"], [], True)


def test_processes_race(place, upstream):
    body = os.urandom(9 * MIB)
    url = upstream.add("/p", body)
    processes = [a_process(place, url) for _ in range(3)]
    ends = [process.communicate(timeout=60)[0].splitlines()[-1] for process in processes]
    assert ends == [f"done {len(body)} True"] * 3
    assert (keys(place), uploads(place), place.get("p").body == body) == (["p"], [], True)
