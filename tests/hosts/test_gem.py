"""The real `gem` and `bundle` with a private gem server in a bucket: `gem.rb`, `gem_reading.rb` and
`bundler.rb` do it all, here they get a server and their lines are counted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from servers import FakeS3, SeaweedFS  # noqa: E402

NAMES = {
    "endpoint": "ENDPOINT",
    "access_key_id": "ACCESS_KEY_ID",
    "secret_access_key": "SECRET_ACCESS_KEY",
}


def proved(script, kind):
    """What a script proves on a server of its own."""
    server = kind()
    try:
        settings = server.settings()
        place = {f"OARLOCK_{name}": settings[setting] for setting, name in NAMES.items()} | {
            "OARLOCK_BUCKET": "gem-server"
        }
        path = Path(__file__).with_name(script)
        done = subprocess.run(
            ["ruby", path], env=os.environ | place, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return [line for line in done.stdout.splitlines() if line.startswith("ok ")]
    finally:
        server.stop()


@pytest.mark.parametrize("kind", [FakeS3, SeaweedFS], ids=["fake", "seaweed"])
def test_gem(kind):
    assert len(proved("gem.rb", kind)) == 15


def test_gem_reading():
    assert len(proved("gem_reading.rb", FakeS3)) == 10


def test_bundler():
    assert len(proved("bundler.rb", FakeS3)) == 12
