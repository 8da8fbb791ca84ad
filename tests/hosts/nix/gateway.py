"""`oarlock-nix` for the tests of hosts: started servers and finished commands.

Invariant: a server is ready once it has printed its address. No secret is in a command line.
"""

import http.client
import json
import os
import signal
import subprocess
import urllib.parse

from nixhost import CANARIES, TARGET

PROGRAM = TARGET / "debug" / "oarlock-nix"


def url_of(cache, **settings):
    """The cache's URL for oarlock."""
    query = urllib.parse.urlencode({"endpoint": cache.server.endpoint, "region": "us-east-1"} | settings)
    return f"s3://{cache.name}/cache?{query}"


def run(nix, *words, code=0, stdin=None, **environment):
    """Runs a command to its end and returns its standard output."""
    done = subprocess.run(
        [PROGRAM, *map(str, words)],
        env=nix.environment(**environment),
        cwd=nix.directory,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert not any(canary in text for canary in CANARIES for text in (done.stdout, done.stderr))
    assert done.returncode == code, f"{words} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    nix.said = done.stderr
    return done.stdout.strip()


def run_json(nix, *words, **more):
    return json.loads(run(nix, *words, "--json", **more))


class Gateway:
    """A running `serve` on a free port."""

    def __init__(self, nix, cache, *words, **settings):
        command = [PROGRAM, "serve", url_of(cache, **settings), "--listen", "127.0.0.1:0", *map(str, words)]
        self.log = open(nix.directory / "serve.log", "w+")  # noqa: SIM115 - closed by `stop`
        self.process = subprocess.Popen(
            command, env=nix.environment(), stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:"), self.log.read()
        self.host = self.url.removeprefix("http://")

    def ask(self, path, method="GET", body=None, **headers):
        """One request: status, headers, body."""
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers=names)
            response = connection.getresponse()
            return response.status, dict(response.headers), response.read()
        finally:
            connection.close()

    def memory(self):
        """The most memory that it has used so far, in KiB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

    def stop(self):
        """Ends it as systemd does; returns its exit status."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
        status = self.process.wait(timeout=30)
        self.log.close()
        return status
