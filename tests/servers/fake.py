"""fake-s3: our own loopback server that checks every request and misbehaves by plan;
`tests/fake-s3/README.md` lists its words."""

import http.client
import json
import os
import subprocess
from pathlib import Path

from .base import ServerFailed, kill, spawn

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).resolve().parents[2] / "target"))
ACCESS_KEY = "AKIDFAKETESTS"
# Recognisable on purpose: no message, log or diagnostic may ever show it.
SECRET_KEY = "canary-fake-secret-Mt3R"


class FakeS3:
    """A running server: `endpoint`, `access_key`, `secret_key`, `region`, and its control door as methods."""

    access_key, secret_key, region = ACCESS_KEY, SECRET_KEY, "us-east-1"

    def __init__(self):
        program = TARGET / "debug" / "fake-s3"
        if not program.exists():
            raise ServerFailed(f"{program} is not built; run `make build`")
        command = [program, "--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY]
        # Standard input is its leash; it announces its endpoint in one line.
        self.process = spawn(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            raise ServerFailed(f"fake-s3 ended with {self.process.wait()}")
        self.endpoint = json.loads(line)["endpoint"]

    def control(self, method, path, body=None):
        """One request at the control door."""
        connection = http.client.HTTPConnection(self.endpoint.removeprefix("http://"), timeout=30)
        try:
            connection.request(method, f"/_fake/{path}", body=None if body is None else json.dumps(body))
            answer = connection.getresponse()
            reply = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ServerFailed(f"{method} /_fake/{path}: {reply}")
        return reply

    def reset(self):
        """Forgets objects, uploads, plans and the log."""
        self.control("POST", "reset", {})

    def bucket(self, name, **settings):
        """Makes or changes a bucket."""
        self.control("POST", "bucket", {"name": name, **settings})

    def credential(self, access_key, secret_key, session_token):
        """Makes another identity known until the next reset."""
        self.control(
            "POST",
            "credential",
            {"access_key": access_key, "secret_key": secret_key, "session_token": session_token},
        )

    def plan(self, rules):
        """Sets how to misbehave from now on."""
        self.control("POST", "plan", {"rules": rules})

    def log(self):
        """The requests so far."""
        return self.control("GET", "log")

    def state(self):
        """How many objects, versions and unfinished uploads there are."""
        return self.control("GET", "state")

    def settings(self):
        """What a store needs to reach this server."""
        return {
            "endpoint": self.endpoint,
            "region": self.region,
            "access_key_id": ACCESS_KEY,
            "secret_access_key": SECRET_KEY,
        }

    def stop(self):
        """Ends the server."""
        kill(self.process)
        self.process.stdin.close()
        self.process.stdout.close()
