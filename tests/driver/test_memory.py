"""A large upload costs the memory of its parts in flight, not that of the object; it and many together cost
the budget.

The server takes everything and keeps nothing, so that what is measured is the client's.
"""

import http.server
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import agents
import pytest

SIZE = 1 << 30
MIB = 1 << 20
# Beside the budget.
ROOM = 64


class Sink(http.server.BaseHTTPRequestHandler):
    """Reads bodies and forgets them; answers as S3 does."""

    protocol_version = "HTTP/1.1"
    received = 0
    # Bytes a second of each connection, if they are limited.
    rate = None
    lock = threading.Lock()

    def body(self):
        left, buffer = int(self.headers.get("Content-Length", 0)), bytearray(1 << 20)
        while left:
            read = self.rfile.readinto(memoryview(buffer)[: min(left, len(buffer))])
            assert read, "the body broke off"
            left -= read
            if Sink.rate:
                time.sleep(read / Sink.rate)
        return int(self.headers.get("Content-Length", 0))

    def answer(self, text="", **headers):
        self.send_response(200)
        for name, value in {"Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self):
        length = self.body()
        # Parts come side by side.
        with Sink.lock:
            Sink.received += length
        self.answer(ETag='"0123456789abcdef0123456789abcdef"')

    def do_POST(self):
        self.body()
        if "uploadId" in self.path:
            self.answer('<CompleteMultipartUploadResult><ETag>"x-128"</ETag></CompleteMultipartUploadResult>')
        else:
            self.answer(
                "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
            )

    def log_message(self, *_):
        pass


@pytest.fixture
def sink():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    Sink.received, Sink.rate = 0, None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "encryption", [{}, {"encryption_aes_key": "A" * 43 + "="}], ids=["plain", "encrypted"]
)
def test_a_gibibyte_is_sent_in_bounded_memory(encryption, sink, tmp_path):
    source = tmp_path / "source"
    with open(source, "wb") as file:
        file.truncate(SIZE)
    # However many parts the server's latency asks for.
    budget = 96
    agent = agents.Agent("rust", OARLOCK_MEMORY_BUDGET=f"{budget}MiB")
    try:
        settings = {
            "endpoint": sink,
            "region": "us-east-1",
            "access_key_id": "a",
            "secret_access_key": "s",
            "payload_signing_enabled": False,
            **encryption,
        }
        store = agent.ask({"op": "open", "url": "s3://bucket/", "settings": settings})["ok"]
        args = {"key": "a", "source": {"$source": {"file": str(source)}}}
        answer = agent.ask({"op": "call", "store": store, "verb": "put", "args": args}, seconds=300)
        status = open(f"/proc/{agent.process.pid}/status").read()
    finally:
        agent.stop()
    assert answer["ok"]["size"] == SIZE and Sink.received == SIZE + (16 if encryption else 0)
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) >> 10
    print(f"peak {peak} MiB for {SIZE >> 20} MiB")
    assert peak <= budget + ROOM


@pytest.mark.parametrize(("what", "size", "sent"), [("files", 128, 4 * 128), ("writers", 64, 8 * 64)])
def test_uploads_side_by_side_share_the_budget(what, size, sent, sink):
    """Each of them alone would have as many parts on their way to a slow server as the budget holds."""
    budget = 256
    Sink.rate = 20 * MIB
    ran = subprocess.run(
        [sys.executable, Path(__file__).with_name("crowded_memory.py"), what, sink, str(size)],
        env={**os.environ, "OARLOCK_MEMORY_BUDGET": f"{budget}MiB"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    before, peak = (int(number) >> 10 for number in ran.stdout.split())
    print(f"{what}: peak {peak} MiB, {before} MiB before")
    assert Sink.received == sent * MIB + 1
    # The interpreter and a library for development have their own 30 MiB before.
    assert peak - before <= budget + ROOM, ran.stdout
