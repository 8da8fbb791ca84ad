"""Connections: how many a process opens, and what becomes of idle ones.

Invariant: servers here are real sockets; the crowd runs in a process of its own, whose descriptors are
limited.
"""

import json
import pathlib
import socketserver
import subprocess
import sys
import threading

import oarlock
import pytest


def test_a_crowd_stays_below_half_of_the_descriptors(fake):
    fake.control("POST", "latency", {"ms": 20})
    crowd = pathlib.Path(__file__).with_name("crowd.py")
    ran = subprocess.run(
        [sys.executable, crowd, "s3://tests/"],
        input=json.dumps(fake.settings()),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    print(found)
    assert found["failures"] == []
    # Half of 1,024, and a few pairs of sockets that wake threads.
    assert found["sockets"] <= 512 + 40 and found["open"] < 1000, found
    assert found["late"] > 0


class OneResponse(socketserver.StreamRequestHandler):
    """Responds to one request as if more might come, and closes the connection."""

    def handle(self):
        length = 0
        request = self.rfile.readline()
        while (line := self.rfile.readline().strip()) and request:
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        self.rfile.read(length)
        body = b"" if request.startswith((b"PUT", b"HEAD")) else b"body"
        self.wfile.write(b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: %d\r\n\r\n%s' % (len(body), body))


class Closing(socketserver.ThreadingTCPServer):
    """Counts the connections that it has closed."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), OneResponse)
        self.closed = threading.Semaphore(0)

    def shutdown_request(self, request):
        super().shutdown_request(request)
        self.closed.release()


@pytest.fixture
def closing():
    with Closing() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = {
            "endpoint": f"http://127.0.0.1:{server.server_address[1]}",
            "region": "us-east-1",
            "access_key_id": "a",
            "secret_access_key": "s",
            "max_attempts": 1,
        }
        with oarlock.open("s3://bucket/", **settings) as store:
            yield store, server.closed
        server.shutdown()


def test_a_connection_that_the_server_closed_without_a_word_is_not_used(closing):
    """With one attempt a request, a stale connection would be an error."""
    store, is_closed = closing
    for number in range(20):
        store.put("a", b"x" * 1000 * number)
        assert is_closed.acquire(timeout=5)
        assert bytes(store.get("a").body) == b"body"
        assert is_closed.acquire(timeout=5)
