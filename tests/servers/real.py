"""What every real server has in common: a folder, free ports, a log, processes that die with their parent,
its version.

Invariant: a started server responds; a stopped one has left no process and no file. A server's own file holds
only what is its own. Must not depend on cases, agents or the matrix.
"""

import http.client
import os
import shutil
import ssl
import subprocess
import tempfile
import urllib.parse
from pathlib import Path

from .base import free_ports, kill, spawn, wait_until


class RealServer:
    """A running server: `endpoint`, `access_key`, `secret_key`, `region`, `version()`.

    A subclass sets `name`, `title` and `source`, and defines `fetch`, `start` and `version`.
    """

    name = title = source = None
    region = "us-east-1"
    scheme = "http"
    certificate = None
    # Seconds until the first response.
    patience = 60
    # The status of a response to `GET /` that shows that the server is ready; None: any.
    ready_status = None

    def __init_subclass__(cls):
        if cls.name is not None:
            cls.access_key = f"AKID{cls.name.upper()}TESTS"
            # Recognisable on purpose: no message, log or diagnostic may ever show it.
            cls.secret_key = f"canary-{cls.name}-secret-Zq7W"

    def __init__(self):
        self.programs = self.fetch()
        self.directory = Path(tempfile.mkdtemp(prefix=f"oarlock-{self.name}-"))
        self.data = self.directory / "data"
        self.data.mkdir()
        self.log = self.directory / "log"
        self.processes = []
        # Buckets made for many users; noted here since they are gone with the server.
        self.shared_buckets = set()
        (self.port,) = free_ports(1)
        self.endpoint = f"{self.scheme}://127.0.0.1:{self.port}"
        try:
            self.start()
            wait_until(self._answers, self.processes[-1], self.log, self.patience)
            self.prepare()
        except BaseException:
            self.stop()
            raise

    @classmethod
    def fetch(cls):
        """Gets the programs and returns their folder; raises `fetch.Unavailable` if they cannot be had."""
        raise NotImplementedError

    def start(self):
        """Starts the server's processes with `spawn`, the one that responds last."""
        raise NotImplementedError

    def prepare(self):
        """Sets up what takes a running server; default: nothing."""

    def version(self):
        """Returns the version that the server itself reports."""
        raise NotImplementedError

    def spawn(self, command, **environment):
        """Starts one process in the server's folder, with its output in the log."""
        options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": self.directory}
        with self.log.open("ab") as log:
            self.processes.append(spawn(command, stdout=log, env=os.environ | environment, **options))

    def output(self, command, **environment):
        """Runs a command of the server's to its end and returns its output."""
        options = {"env": os.environ | environment, "cwd": self.directory, "stdin": subprocess.DEVNULL}
        command = [str(word) for word in command]
        return subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=60, **options
        ).stdout

    def is_alive(self):
        """Whether all processes of the server still run."""
        return bool(self.processes) and all(process.poll() is None for process in self.processes)

    def _answers(self):
        host = urllib.parse.urlsplit(self.endpoint).netloc
        if self.certificate:
            trusted = ssl.create_default_context(cafile=self.certificate)
            connection = http.client.HTTPSConnection(host, timeout=5, context=trusted)
        else:
            connection = http.client.HTTPConnection(host, timeout=5)
        try:
            connection.request("GET", "/")
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return self.ready_status in (None, status)

    def settings(self):
        """The settings of a store that reaches this server."""
        keys = {"access_key_id": self.access_key, "secret_access_key": self.secret_key}
        trust = {"ca_bundle": str(self.certificate)} if self.certificate else {}
        return {"endpoint": self.endpoint, "region": self.region, **keys, **trust}

    def stop(self):
        """Ends the server and removes its data."""
        for process in reversed(self.processes):
            kill(process)
        shutil.rmtree(self.directory, ignore_errors=True)
