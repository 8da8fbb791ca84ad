"""Publishing gems to a bucket by `gem s3`: `publish.rb` does it all, here it gets a server and is believed
line by line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from servers import FakeS3, SeaweedFS  # noqa: E402


@pytest.mark.parametrize("kind, proofs", [(FakeS3, 18), (SeaweedFS, 13)], ids=["fake", "seaweed"])
def test_gem_publish(kind, proofs):
    server = kind()
    try:
        settings = server.settings()
        names = ["endpoint", "access_key_id", "secret_access_key"]
        place = {f"OARLOCK_{name.upper()}": settings[name] for name in names}
        script = Path(__file__).with_name("publish.rb")
        done = subprocess.run(
            ["ruby", script],
            env=os.environ | place | {"OARLOCK_FAKE": "1" if kind is FakeS3 else "0"},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(done.stdout.splitlines()) == proofs, done.stdout
    finally:
        server.stop()
