"""ministack: AWS's services as one Python process, in a virtual environment of its own since it pins
botocore.
"""

from . import fetch
from .real import RealServer

PIN = "ministack==1.5.33"


class Ministack(RealServer):
    """ministack's gateway."""

    name, title, source = "ministack", "ministack", f"PyPI `{PIN}`"

    @classmethod
    def fetch(cls):
        return fetch.wheel(cls.name, PIN)

    def start(self):
        here = {"GATEWAY_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.port)}
        self.spawn([self.programs / "ministack"], **here)

    def version(self):
        lines = self.output([self.programs / "pip", "show", "ministack"]).splitlines()
        return next(line.split()[1] for line in lines if line.startswith("Version:"))
