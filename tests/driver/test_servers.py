"""What `make servers` leans on: its entries, its judgement and its recorder, without any real server."""

import re
import socket
import threading

import cases
import pytest
from servers import REAL, differences, keys, report
from servers.recorder import Recorder

SERVER = {"access_key": "A", "secret_key": "S", "region": "us-east-1", "certificate": None}


def test_entries_name_what_exists():
    on_servers = {case.name for case in cases.load() if {"seaweed", "servers"} & set(case.on)}
    for entry in differences.load():
        assert entry.server in REAL
        assert set(entry.cases) <= on_servers, f"{entry.number}: no such case on real servers"
        assert set(entry.keys) <= set(keys.ODD) and set(entry.verbs) <= set(keys.VERBS), (
            f"{entry.number}: no such key or verb"
        )
        assert entry.cases or entry.keys or entry.large
        assert entry.large or (entry.request and entry.response), f"{entry.number} has no evidence"
        assert entry.what.endswith(".") and entry.api.endswith("."), f"{entry.number}: a sentence"


def test_odd_keys_are_keys():
    assert all(0 < len(key.encode()) <= 1024 for key in keys.ODD.values())


def test_the_page_has_every_server_and_the_site_quotes_it():
    page = report.MATRIX.read_text()
    quoted = (report.ROOT / "docs/pages/reference/servers.md").read_text()
    summary = page.partition("## Servers")[2].partition("##")[0]
    for server in REAL.values():
        rows = [line for line in summary.splitlines() if line.startswith(f"| {server.title} |")]
        assert len(rows) == 1, server.title
        cells = rows[0].split(" | ")[:4]
        assert " | ".join(cells) in quoted, f"the site does not quote: {rows[0]}; run `make generate`"
    assert "## Unexplained" not in page


RESULT = {
    "name": "minio",
    "cases": [
        {
            "case": "a/b",
            "language": "python",
            "outcome": "differs",
            "failure": "step 1: 400",
            "exchanges": [{"request": "PUT /b", "response": "HTTP/1.1 400"}],
        }
    ],
    "keys": [
        {
            "name": "space",
            "steps": {"put": "ok", "get": "404 NoSuchKey"},
            "exchanges": [{"request": "GET /b", "response": "HTTP/1.1 404"}],
        }
    ],
}
CASE = {
    "server": "minio",
    "what": "W.",
    "api": "A.",
    "cases": ["a/b"],
    "says": "400",
    "request": "^PUT",
    "response": "400",
    "number": 1,
}
KEY = {
    "server": "minio",
    "what": "W.",
    "api": "A.",
    "keys": ["space"],
    "verbs": ["get"],
    "outcome": "404 .*",
    "request": "^GET",
    "response": "404",
    "number": 2,
}


@pytest.mark.parametrize(
    ("case", "key", "problems"),
    [
        ({}, {}, []),
        ({"says": "500"}, {}, ["not listed", "stale"]),
        ({"response": "500"}, {}, ["evidence", "stale"]),
        ({"server": "ceph"}, {}, ["not listed"]),
        ({}, {"outcome": "404"}, ["not listed", "stale"]),
        ({}, {"verbs": ["put"]}, ["not listed", "stale"]),
        ({}, {"request": "^HEAD"}, ["evidence", "stale"]),
    ],
)
def test_a_difference_needs_an_entry_and_an_entry_a_difference(case, key, problems):
    known = [differences.Difference(**CASE | case), differences.Difference(**KEY | key)]
    found = differences.Judgement(RESULT, known).problems
    assert len(found) == len(problems) and all(word in line for word, line in zip(problems, found)), found


def test_the_recorder_forwards_all_bytes_and_keeps_no_secret():
    body = bytes(range(256)) * 1000
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 256000\r\n\r\n" + body
    listener = socket.create_server(("127.0.0.1", 0))
    received = bytearray()

    def serve():
        near = listener.accept()[0]
        for _ in range(2):
            size = len(received) + len(request)
            while len(received) < size:
                received.extend(near.recv(65536))
            near.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" + response)
        near.close()

    secrets = b"Authorization: AWS4-HMAC-SHA256 Credential=AKID/x, Signature=abcdef01\r\n"
    secrets += b"x-amz-server-side-encryption-customer-key: c2VjcmV0\r\n"
    request = (
        b"PUT /bucket/key?X-Amz-Signature=abcdef01 HTTP/1.1\r\n"
        + secrets
        + b"Content-Length: 256000\r\n\r\n"
        + body
    )
    threading.Thread(target=serve, daemon=True).start()
    endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    recorder = Recorder(type("Server", (), SERVER | {"endpoint": endpoint})())
    try:
        with socket.create_connection(recorder.listener.getsockname()) as client:
            for _ in range(2):
                client.sendall(request)
                answer, expected = bytearray(), b"HTTP/1.1 100 Continue\r\n\r\n" + response
                while len(answer) < len(expected):
                    answer.extend(client.recv(65536))
                assert answer == expected
    finally:
        recorder.stop()
        listener.close()
    assert received == request * 2
    assert len(recorder.exchanges) == 2
    for each in recorder.exchanges:
        assert each.request.startswith("PUT /bucket/key?X-Amz-Signature=REDACTED HTTP/1.1\n")
        assert each.response.startswith("HTTP/1.1 200 OK\n")
        assert not re.search("abcdef01|c2VjcmV0|AKID", each.request)
