"""Real servers for the tests, each on free ports of the loopback interface, each gone with the test run.

Law: a server is ready when it answers, never after a pause; it dies with the process that started it, whatever happens.
Knows nothing of cases and agents.
"""

from .base import ServerFailed
from .fake import FakeS3
from .seaweed import SeaweedFS

__all__ = ["FakeS3", "SeaweedFS", "ServerFailed"]
