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
        # Without `AUTH` it verifies the signatures of URLs only.
        keys = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        self.spawn([self.programs / "ministack"], **here, **keys, AUTH="true")

    def version(self):
        lines = self.output([self.programs / "pip", "show", "ministack"]).splitlines()
        return next(line.split()[1] for line in lines if line.startswith("Version:"))
