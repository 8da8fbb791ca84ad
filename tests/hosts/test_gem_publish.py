"""Publishing gems to a bucket by `gem s3`: `publish.rb` and `publish_races.rb` do it all, here they get a
server and their lines are counted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from servers import FakeS3, SeaweedFS  # noqa: E402


def proved(script, kind):
    """How much a script proves on a server of its own."""
    server = kind()
    try:
        settings = server.settings()
        names = ["endpoint", "access_key_id", "secret_access_key"]
        place = {f"OARLOCK_{name.upper()}": settings[name] for name in names}
        done = subprocess.run(
            ["ruby", Path(__file__).with_name(script)],
            env=os.environ | place | {"OARLOCK_FAKE": "1" if kind is FakeS3 else "0"},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return len(done.stdout.splitlines())
    finally:
        server.stop()


@pytest.mark.parametrize("kind, proofs", [(FakeS3, 16), (SeaweedFS, 12)], ids=["fake", "seaweed"])
def test_gem_publish(kind, proofs):
    assert proved("publish.rb", kind) == proofs


@pytest.mark.parametrize("kind, proofs", [(FakeS3, 5), (SeaweedFS, 4)], ids=["fake", "seaweed"])
def test_gem_publish_races(kind, proofs):
    assert proved("publish_races.rb", kind) == proofs
