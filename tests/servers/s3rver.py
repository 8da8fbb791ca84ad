"""s3rver: a small S3 server for tests, from npm; started by its interface, because its command supports only
one pair of keys.
"""

import json

from . import fetch
from .real import RealServer

PIN = "s3rver@3.7.1"
START = """
const S3rver = require("s3rver");
const [directory, port, id, secret] = process.argv.slice(1);
require("s3rver/lib/models/account").DUMMY_ACCOUNT.createKeyPair(id, secret);
new S3rver({ directory, port: Number(port), address: "127.0.0.1", vhostBuckets: false }).run();
"""


class S3rver(RealServer):
    """s3rver over a folder."""

    name, title, source = "s3rver", "s3rver", f"npm `{PIN}`"

    @classmethod
    def fetch(cls):
        return fetch.npm(cls.name, PIN)

    def start(self):
        words = [self.data, self.port, self.access_key, self.secret_key]
        self.spawn(["node", "-e", START, "--", *words], NODE_PATH=str(self.programs.parent))

    def version(self):
        return json.loads((self.programs.parent / "s3rver" / "package.json").read_text())["version"]
