"""The agents: one process a language, started once, fed a JSON line at a time.

Invariant: an agent that stands still or dies fails the test at hand and is started anew for the next one. A
slow one is waited for. Starts each language's agent; must not depend on the requests.
"""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from servers.base import kill, spawn
from watch import Watch

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
AGENTS = ROOT / "tests" / "agents"

COMMANDS = {
    "rust": [TARGET / "debug" / "agent-rust"],
    "python": [sys.executable, AGENTS / "python" / "agent.py"],
    "ruby": ["ruby", AGENTS / "ruby" / "agent.rb"],
    "c": [AGENTS / "c" / "build" / "agent"],
    "cpp": [AGENTS / "cpp" / "build" / "agent"],
}

# No agent may find credentials or settings of the machine it runs on, nor wait for its metadata service.
FOREIGN = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("AWS_") and not name.upper().endswith("_PROXY") and name not in FOREIGN
} | {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


# However busy the machine, a request that moves for this long (seconds) has no end.
ENDLESS = 900


class AgentDied(Exception):
    """The agent ended or fell silent; the message ends with what it wrote to standard error."""


def chosen():
    """The languages to run, all of them unless OARLOCK_AGENTS names some."""
    names = os.environ.get("OARLOCK_AGENTS", "").replace(",", " ").split()
    unknown = [name for name in names if name not in COMMANDS]
    if unknown:
        raise SystemExit(f"OARLOCK_AGENTS names {', '.join(unknown)}; known: {', '.join(COMMANDS)}")
    return names or list(COMMANDS)


class Agent:
    """One language's agent; `ask` is all it does."""

    def __init__(self, language, **environment):
        self.language, self.environment = language, ENVIRONMENT | environment
        # All that the agent ever wrote to standard error, restarts included: searched for secrets at the end.
        self.stderr = tempfile.NamedTemporaryFile(prefix=f"oarlock-agent-{language}-", suffix=".stderr")
        self.process = None

    def ask(self, request, seconds=60):
        """Sends one request and returns its reply; `AgentDied` if the agent stands still for `seconds` or
        dies."""
        if self.process is None or self.process.poll() is not None:
            self._start()
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
            line, state = self._line(seconds)
        except OSError:
            line, state = b"", "closed its input"
        if not line:
            if self.process.poll() is not None:
                state = f"ended with {self.process.poll()}"
            self.stop()
            raise AgentDied(
                f"the {self.language} agent {state} after {json.dumps(request)[:400]}\n{self.written()[-3000:]}"
            )
        return json.loads(line)

    def _line(self, seconds):
        """The next line, or an empty one and why none came."""
        watch, begun = Watch(self.process.pid), time.monotonic()
        while True:
            try:
                return self.lines.get(timeout=1), ""
            except queue.Empty:
                if watch.idle_seconds() > seconds:
                    return b"", f"stood still for {seconds} s:\n{watch.threads()}\n"
                if time.monotonic() - begun > ENDLESS:
                    return b"", f"did not come to an end in {ENDLESS} s"

    def _start(self):
        command = COMMANDS[self.language]
        program = next((word for word in command if isinstance(word, Path)), None)
        if program is not None and not program.exists():
            raise AgentDied(f"the {self.language} agent is not built: {program} is missing; run `make build`")
        options = {
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": self.stderr,
            "env": self.environment,
        }
        self.process = spawn(command, **options)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, args=(self.process.stdout, self.lines), daemon=True).start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line)
        lines.put(b"")

    def written(self):
        """What the agent wrote to standard error so far."""
        return Path(self.stderr.name).read_text(errors="replace")

    def stop(self):
        """Ends the agent."""
        if self.process is not None:
            kill(self.process)
            self.process.stdin.close()
            self.process = None
