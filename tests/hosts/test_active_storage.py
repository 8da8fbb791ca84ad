"""Rails' Active Storage on a store, in the Rails that Debian packs, or in the one that `OARLOCK_RAILS` names:
`active_storage.rb` does it all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from test_gem import FakeS3, proved  # noqa: E402


def test_active_storage():
    has_rails = subprocess.run(["ruby", "-e", 'gem "activestorage"'], capture_output=True).returncode == 0
    if not has_rails and "OARLOCK_RAILS" not in os.environ:
        pytest.skip("Active Storage is not installed: apt-get install ruby-activestorage")
    assert len(proved("active_storage.rb", FakeS3)) == 13
