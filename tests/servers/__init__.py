"""Servers for the tests, each on free ports of the loopback interface, each gone with the test run.

Invariant: a server is ready when it responds, never after a pause; it dies with the process that started it,
whatever happens. Must not depend on cases and agents.
"""

from .base import ServerFailed
from .ceph import Ceph
from .fake import FakeS3
from .fetch import Unavailable
from .minio import MinIO
from .ministack import Ministack
from .moto import Moto
from .rclone import Rclone
from .s3rver import S3rver
from .seaweed import SeaweedFS
from .versitygw import Versitygw

# The real servers of `make servers`, in the order of its table.
REAL = {
    server.name: server for server in (Ceph, MinIO, SeaweedFS, Versitygw, Rclone, Moto, Ministack, S3rver)
}

__all__ = ["REAL", "FakeS3", "SeaweedFS", "ServerFailed", "Unavailable"]
