"""A package server: sixteen clients want one package at a time; it comes once from the upstream, and is kept
encrypted."""

import json
import random
import subprocess
import sys
import threading
import time
import urllib.request

import oarlock
from steps import ENVIRONMENT, ROOT
from upstream import Upstream

SIZE = 50_000_000
CLIENTS = 16
KEY = "src/contrib/cargo_1.0.tar.gz"
GCFG = """
[Storage]
Default = s3
[S3Storage]
Bucket = {bucket}
Prefix = rspm
[CRAN]
RetainFetchedPackages = true
"""


def demonstrate(server, bucket, directory):
    body = random.Random(16).randbytes(SIZE)
    upstream = Upstream()
    upstream.add(f"/cran/{KEY}", body)
    (directory / "server.gcfg").write_text(GCFG.format(bucket=bucket))
    given = {"settings": server.settings(), "overrides": {"cran": {"encryption_aes_key": "A" * 43 + "="}}}
    command = [sys.executable, ROOT / "tests/hosts/rspm/server.py", directory / "server.gcfg", upstream.url]
    packages = subprocess.Popen(
        [*command, json.dumps(given)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | {"PYTHONPATH": str(ROOT / "bindings-python/python")},
    )
    try:
        url = f"{packages.stdout.readline().strip()}/cran/{KEY}"
        rows = []
        for what in ("fetched once by 16 clients at a time, kept encrypted", "served again from the store"):
            begun = time.monotonic()
            same = wanted_by_all(url, body)
            rows.append((what, SIZE * CLIENTS, time.monotonic() - begun, same and upstream.count() == 1))
        with oarlock.open(f"s3://{bucket}/rspm", **server.settings()) as raw:
            is_encrypted = raw.get(KEY).body[:SIZE] != body
        return [(*row[:3], row[3] and is_encrypted) for row in rows]
    finally:
        packages.stdin.close()
        packages.wait(20)
        upstream.stop()


def wanted_by_all(url, body):
    """Whether every client gets the body."""
    same = []

    def fetch():
        with urllib.request.urlopen(url, timeout=120) as response:
            same.append(response.read() == body)

    clients = [threading.Thread(target=fetch) for _ in range(CLIENTS)]
    [client.start() for client in clients]
    [client.join() for client in clients]
    return same == [True] * CLIENTS
