"""versitygw: an S3 gateway over a folder, built from its Go module."""

from . import fetch
from .real import RealServer

PIN = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"


class Versitygw(RealServer):
    """versitygw over a folder of a file system."""

    name, title, source = "versitygw", "versitygw", f"Go `{PIN}`"

    @classmethod
    def fetch(cls):
        return fetch.go(cls.name, PIN)

    def start(self):
        versions = self.directory / "versions"
        versions.mkdir()
        keys = ["--access", self.access_key, "--secret", self.secret_key]
        back = ["posix", "--versioning-dir", versions, self.data]
        self.spawn([self.programs / "versitygw", *keys, "--port", f"127.0.0.1:{self.port}", "--quiet", *back])

    def version(self):
        lines = self.output(["go", "version", "-m", self.programs / "versitygw"]).splitlines()
        module = next(
            line.split()[2] for line in lines if line.split()[:2] == ["mod", "github.com/versity/versitygw"]
        )
        return module.removeprefix("v")
