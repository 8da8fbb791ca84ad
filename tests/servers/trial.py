"""Tries one real server: every case that runs on real servers, the odd keys, 1 GiB both ways; a result is
plain data.

Invariant: a step that does not end in time is a failure that names the step, and the rest goes on with a
fresh agent, and a fresh server if it died. Must not depend on what is known about any server: it reports what
happened and judges nothing.
"""

import itertools
import re
import tempfile
import time
from pathlib import Path

import agents
import pytest
import run
from places import RealServer

from . import keys, large
from .recorder import Recorder

# Seconds that the cases of one language may take on one server; what is left then is reported as not run.
LIMIT = 20 * 60
# Kinds of steps that are a verb in another dress.
VERB_OF = {"reader": "get", "writer": "put", "fetch": "presign"}
_numbers = itertools.count(1)


class Recorded(run.Run):
    """A run that notes each step's verb and outcome, and where its requests begin."""

    def __init__(self, *words):
        super().__init__(*words)
        self.verbs, self.at, self.begun, self.answer = [], "set-up", 0, None

    def ask(self, request):
        self.answer = super().ask(request)
        if request.get("op") == "call" and self.at == "seed" and "ok" in self.answer:
            self.verbs.append("put")
        return self.answer

    def all(self):
        self.at = "seed"
        super().all()

    def step(self, step):
        kind = step["kind"]
        self.at = (
            "set-up" if "signed" in step else step["verb"] if kind == "verb" else VERB_OF.get(kind, kind)
        )
        self.begun, self.answer = len(self.place.server.exchanges), None
        super().step(step)
        self.verbs.append(self.at)

    def failed_verb(self):
        return "put" if self.at == "seed" else self.at

    def refusal(self):
        """The status and code with which the server refused the failed step; None if it did not refuse it."""
        error = (self.answer or {}).get("error") or {}
        return f"{error['status']} {error['code']}" if error.get("status") and error.get("code") else None


class Trial:
    """One server under trial, started again when it died."""

    def __init__(self, kind, languages):
        self.kind, self.languages = kind, languages
        self.server = self.recorder = None
        self.agents = {language: agents.Agent(language) for language in languages}
        self.start()

    def start(self):
        self.stop_server()
        self.server = self.kind()
        self.recorder = Recorder(self.server)

    def stop_server(self):
        if self.server is not None:
            self.recorder.stop()
            self.server.stop()
            self.server = None

    def stop(self):
        for agent in self.agents.values():
            agent.stop()
        self.stop_server()

    def cases(self, cases):
        """Every case through every language; returns a row for each."""
        rows = []
        for language in self.languages:
            deadline = time.monotonic() + LIMIT
            for case in cases:
                row = {"case": case.name, "language": language, "verbs": [], "exchanges": []}
                if time.monotonic() > deadline:
                    row |= {
                        "outcome": "differs",
                        "failure": f"not run: the cases took more than {LIMIT} s",
                        "verb": "-",
                    }
                else:
                    row |= self.case(case, language)
                rows.append(row)
                print("." if row["outcome"] == "ok" else row["outcome"][0], end="", flush=True)
            print(flush=True)
        return rows

    def case(self, case, language):
        if language in case.skip:
            return {"outcome": "skipped", "failure": case.skip[language]}
        if not self.server.is_alive():
            self.start()
        self.recorder.clear()
        recorded = None
        with tempfile.TemporaryDirectory(prefix="oarlock-case-") as directory:
            try:
                place = RealServer(self.recorder, case)
                # The cases call any real server by the name of the one of `make test`.
                recorded = Recorded(case, self.agents[language], place, "seaweed", Path(directory))
                recorded.all()
                return {"outcome": "ok", "verbs": recorded.verbs}
            except pytest.skip.Exception as why:
                return {"outcome": "skipped", "failure": str(why)}
            except (AssertionError, agents.AgentDied, OSError) as why:
                failure = str(why)
        begun = recorded.begun if recorded else 0
        if not self.server.is_alive():
            failure = f"the server died: {failure}"
        shown = [{"request": each.request, "response": each.response} for each in self.recorder.exchanges]
        failed = {
            "outcome": "differs",
            "failure": without_secrets(failure, self.server),
            "begun": begun,
            "exchanges": shown,
        }
        if recorded is None:
            return failed | {"verb": "create_bucket", "refused": None}
        # A refusal counts as one only if the step should have succeeded.
        refused = recorded.refusal() if "failed: " in failure else None
        return failed | {"verb": recorded.failed_verb(), "verbs": recorded.verbs, "refused": refused}

    def keys(self):
        """The sweep of odd keys through Python's agent; returns a row for each key."""
        rows = []
        for name, key in keys.ODD.items():
            if not self.server.is_alive():
                self.start()
            self.recorder.clear()
            rows.append(
                {"name": name}
                | keys.sweep(self.recorder, self.agents[self.languages[0]], key, next(_numbers))
            )
        return rows

    def large(self):
        """1 GiB there and back, past the recorder; returns seconds, memory and whether the bytes are the
        same.
        """
        if not self.server.is_alive():
            self.start()
        return large.there_and_back(self.server)


def without_secrets(text, server):
    """A failure as it may be shown: no secret of the tests, no signature, no folder of this machine."""
    for secret in [*run.CANARIES[:4], server.secret_key]:
        text = text.replace(secret, "REDACTED")
    text = re.sub(r"/tmp/[^\s'\"/]*/", "…/", text)
    return text if len(text) <= 600 else f"{text[:600]}…"
