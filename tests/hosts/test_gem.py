"""The real `gem` and `bundle` with a private gem server in a bucket: `gem.rb` does it all, here it gets a
server and is believed line by line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from servers import FakeS3, SeaweedFS  # noqa: E402


@pytest.mark.parametrize("kind", [FakeS3, SeaweedFS], ids=["fake", "seaweed"])
def test_gem(kind):
    server = kind()
    try:
        settings = server.settings()
        names = {
            "endpoint": "ENDPOINT",
            "access_key_id": "ACCESS_KEY_ID",
            "secret_access_key": "SECRET_ACCESS_KEY",
        }
        place = {f"OARLOCK_{name}": settings[setting] for setting, name in names.items()} | {
            "OARLOCK_BUCKET": "gem-server"
        }
        script = Path(__file__).with_name("gem.rb")
        done = subprocess.run(
            ["ruby", script], env=os.environ | place, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        proved = [line for line in done.stdout.splitlines() if line.startswith("ok ")]
        assert len(proved) == 15, done.stdout
    finally:
        server.stop()
