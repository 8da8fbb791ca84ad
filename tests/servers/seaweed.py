"""SeaweedFS: a real S3 server out of a PyPI wheel that verifies signatures.

Law: one server a test run, killed hard at its end (it survives SIGTERM). What it is known to do differently from S3
is written in the cases that meet it, not here.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from .base import free_ports, kill, spawn, wait_until

ACCESS_KEY = "AKIDSEAWEEDTESTS"
# Recognisable on purpose: no message, log or diagnostic may ever show it.
SECRET_KEY = "canary-seaweed-secret-Zq7W"
REGION = "us-east-1"


class SeaweedFS:
    """A running server: `endpoint`, `access_key`, `secret_key`, `region`."""

    access_key, secret_key, region = ACCESS_KEY, SECRET_KEY, REGION

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="oarlock-seaweed-"))
        master, master_grpc, volume, volume_grpc, filer, filer_grpc, s3, s3_grpc = free_ports(8)
        self.endpoint = f"http://127.0.0.1:{s3}"
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "ReadAcp", "List", "Tagging", "Write", "WriteAcp"],
        }
        (self.directory / "s3.json").write_text(json.dumps({"identities": [identity]}))
        (self.directory / "data").mkdir()
        log = self.directory / "log"
        weed = Path(sys.executable).parent / "weed"
        self.process = spawn(
            [
                weed, "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self.directory / 'data'}",
                f"-master.port={master}", f"-master.port.grpc={master_grpc}", "-master.telemetry=false", "-master.volumeSizeLimitMB=1024",
                # Every bucket takes volumes of its own; too few, and writes fail with "No more free space left".
                f"-volume.port={volume}", f"-volume.port.grpc={volume_grpc}", "-volume.max=400", "-volume.minFreeSpace=1",
                f"-filer.port={filer}", f"-filer.port.grpc={filer_grpc}", f"-filer.localSocket={self.directory / 'filer.sock'}",
                "-s3", "-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false", f"-s3.port={s3}", f"-s3.port.grpc={s3_grpc}", "-s3.port.iceberg=0", "-s3.port.lance=0",
                f"-s3.config={self.directory / 's3.json'}", "-s3.domainName=localhost", f"-s3.localSocket={self.directory / 's3.sock'}",
            ],
            cwd=self.directory,
            # Without a key for server-side encryption, a put that asks for it is answered with 500.
            env={**os.environ, "WEED_S3_SSE_KEY": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},
            stdin=subprocess.DEVNULL, stdout=log.open("wb"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            wait_until(self._answers, self.process, log)
        except Exception:
            self.stop()
            raise

    def _answers(self):
        try:
            urllib.request.urlopen(f"{self.endpoint}/", timeout=2).close()
        except urllib.error.HTTPError:
            return True  # a refusal is an answer
        except OSError:
            return False
        return True

    def settings(self):
        """What a store needs to reach this server."""
        return {"endpoint": self.endpoint, "region": REGION, "access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY}

    def stop(self):
        """Ends the server and removes its data."""
        kill(self.process)
        shutil.rmtree(self.directory, ignore_errors=True)
