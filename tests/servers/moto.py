"""moto: AWS's services as one Python process, of the tests' own virtual environment; it verifies no
signature.
"""

import importlib.metadata
import sys
from pathlib import Path

from .real import RealServer


class Moto(RealServer):
    """moto's standalone server."""

    name, title, source = "moto", "moto", "PyPI `moto`, pinned in tests/requirements.txt"

    @classmethod
    def fetch(cls):
        return Path(sys.executable).parent

    def start(self):
        self.spawn([self.programs / "moto_server", "-H", "127.0.0.1", "-p", self.port])

    def version(self):
        return importlib.metadata.version("moto")
