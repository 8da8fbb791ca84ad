"""Runs one case: seeds the place, plans the faults, does the steps, compares.

Invariant: a step without `error` must succeed, a step with `error` must fail so; no message of any error
shows a secret.
"""

import base64
import datetime
import http.client
import json
import time
import urllib.parse
from pathlib import Path

import pytest
import sigv4
import values
import wire

# Known secrets, all of them canaries: a case may use them, no error and no diagnostic may show them.
SSE_KEY = base64.b64encode(b"canary-customer-key-32-bytes-Jx9").decode()
OTHER_SSE_KEY = base64.b64encode(b"canary-another-key--32-bytes-Kv3").decode()
WRONG_SECRET = "canary-wrong-secret-Hn4T"
SESSION_TOKEN = "canary-session-token-Wd8P"
# Encrypted objects of official clients, and the keys to them.
VECTORS = Path(__file__).resolve().parents[1] / "vectors"
# A second identity, temporary, that fake-s3 accepts.
OTHER_ID, OTHER_SECRET = "AKIDOTHERTESTS", "canary-other-secret-Zu5L"
CANARIES = [SSE_KEY, OTHER_SSE_KEY, WRONG_SECRET, SESSION_TOKEN, "canary-", "X-Amz-Signature="]


def soon():
    """A time within the minutes in which keys are renewed before they expire."""
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=200)
    return then.isoformat(timespec="seconds")


class Run:
    """A case under way with one agent at one place."""

    def __init__(self, case, agent, place, place_name, directory):
        self.case, self.agent, self.place, self.place_name = case, agent, place, place_name
        self.inputs, self.outputs = directory / "in", directory / "out"
        self.inputs.mkdir()
        self.outputs.mkdir()
        self.stores = {}
        settings = place.settings()
        self.variables = {
            "bucket": place.bucket,
            "prefix": place.prefix,
            "url": place.url,
            "in": str(self.inputs),
            "out": str(self.outputs),
            "endpoint": settings.get("endpoint", ""),
            "host": settings.get("endpoint", "").removeprefix("http://"),
            "port": settings.get("endpoint", "").rpartition(":")[2],
            "access_key_id": settings.get("access_key_id", ""),
            "secret_access_key": settings.get("secret_access_key", ""),
            "sse_key": SSE_KEY,
            "other_sse_key": OTHER_SSE_KEY,
            "sse_key_bytes": {"$bytes": SSE_KEY},
            "wrong_secret": WRONG_SECRET,
            "session_token": SESSION_TOKEN,
            "other_access_key_id": OTHER_ID,
            "other_secret_access_key": OTHER_SECRET,
            "soon": {"$time": soon()},
            "vectors": str(VECTORS),
        }

    def all(self):
        """The whole case."""
        if any(step["kind"] == "asked" for step in self.case.do):
            self.ask({"op": "asked"})
            self.place.server.credential(OTHER_ID, OTHER_SECRET, SESSION_TOKEN)
        if (
            any(
                step.get("store", "main") == "main" and step["kind"] not in ("open", "fetch", "asked")
                for step in self.case.do
            )
            or self.case.seed
        ):
            self.stores["main"] = self.succeed(self.open({}))
        for seed in self.case.seed:
            seed = values.substitute(dict(seed), self.variables)
            name = seed.pop("save", None)
            args = {"source": seed.pop("body", ""), **seed}
            reply = self.succeed(self.call("main", "put", args))
            if name:
                self.variables[name] = reply
        if self.case.fault:
            self.place.plan(values.substitute(self.case.fault, self.variables))
        for number, step in enumerate(self.case.do):
            if self.place_name not in step.get("on", [self.place_name]):
                continue
            try:
                self.step(values.substitute(step, self.variables))
            except AssertionError as why:
                raise AssertionError(
                    f"step {number + 1} ({step['kind']} {step[step['kind']]!r}): {why}"
                ) from None

    def step(self, step):
        """One step and what it must come to."""
        if "fault" in step:
            self.place.plan(step["fault"])
        before = len(self.place.log()) if "wire" in step else 0
        answer = getattr(self, f"do_{step['kind']}")(step)
        if "skip" in answer:
            pytest.skip(f"{self.agent.language}: {answer['skip']}")
        assert "broken" not in answer, f"the agent did not understand: {answer['broken']}"
        if "error" in step:
            self.failed_as(step["error"], answer, step.get("verb"))
        else:
            reply = self.succeed(answer)
            self.answered(step, reply)
            if "save" in step:
                self.variables[step["save"]] = reply
        if "holds" in step:
            found = sorted(path.name for path in self.outputs.iterdir())
            assert found == sorted(step["holds"]), (
                f"the directory of downloads holds {found}, expected {step['holds']}"
            )
        for name, expected in step.get("files", {}).items():
            path = self.outputs / name
            assert path.exists(), f"no file {name} was written"
            assert path.read_bytes() == values.content(expected), (
                f"the file {name} holds {path.stat().st_size} other bytes"
            )
        if "wire" in step:
            why = wire.mismatch(step["wire"], self.place.log()[before:], step.get("wire_order", True))
            assert why is None, why

    def do_verb(self, step):
        return self.call(step.get("store", "main"), step["verb"], step.get("args", {}))

    def do_open(self, step):
        answer = self.open(step)
        if "ok" in answer:
            self.stores[step["open"]] = answer["ok"]
        return answer

    def do_close(self, step):
        return self.ask({"op": "close", "store": self.stores[step["close"]]})

    def do_reader(self, step):
        args = values.arguments(step.get("args", {}), self.inputs, self.outputs)
        return self.ask(
            {
                "op": "reader",
                "store": self.stores[step.get("store", "main")],
                "key": step["reader"],
                "args": args,
                "do": step["do"],
            }
        )

    def do_writer(self, step):
        args = values.arguments(step.get("args", {}), self.inputs, self.outputs)
        chunks = [values.base64_text(chunk) for chunk in step["chunks"]]
        store = self.stores[step.get("store", "main")]
        return self.ask(
            {
                "op": "writer",
                "store": store,
                "key": step["writer"],
                "args": args,
                "chunks": chunks,
                "fail": step.get("fail", False),
            }
        )

    def do_fetch(self, step):
        """A plain HTTP request by the driver itself, as any holder of a URL would make it; with `until`,
        again until it has this status."""
        deadline = time.monotonic() + 20
        while True:
            reply = self.fetch(step)
            if (
                reply["ok"]["status"] == step.get("until", reply["ok"]["status"])
                or time.monotonic() > deadline
            ):
                return reply

    def do_asked(self, step):
        answer = self.ask({"op": "asked"})
        assert len(answer["ok"]) == step["asked"], (
            f"functions were asked {len(answer['ok'])} times, expected {step['asked']}: {answer['ok']}"
        )
        return answer

    def fetch(self, step):
        parts = urllib.parse.urlsplit(step["fetch"])
        if step.get("signed"):
            query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
            body = values.content(step.get("body", ""))
            status, body = sigv4.request(
                self.place.server, step.get("method", "GET"), parts.path, query, body
            )
            return {"ok": {"status": status, "body": {"$bytes": base64.b64encode(body).decode()}}}
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            target = urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
            body = values.content(step["body"]) if "body" in step else None
            connection.request(step.get("method", "GET"), target, body=body, headers=step.get("headers", {}))
            answer = connection.getresponse()
            text = base64.b64encode(answer.read()).decode()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return {"ok": {"status": answer.status, "body": {"$bytes": text}, "headers": headers}}
        finally:
            connection.close()

    def open(self, step):
        settings = {} if step.get("bare") else {**self.place.settings(), **self.case.settings}
        settings.update(step.get("settings", {}))
        settings = {
            name: value
            for name, value in values.substitute(settings, self.variables).items()
            if value != "$unset"
        }
        return self.ask(
            {"op": "open", "url": step.get("url", self.place.url), "settings": values.plain(settings)}
        )

    def call(self, store, verb, args):
        return self.ask(
            {
                "op": "call",
                "store": self.stores[store],
                "verb": verb,
                "args": values.arguments(args, self.inputs, self.outputs),
            }
        )

    def ask(self, request):
        answer = self.agent.ask(request)
        # People see errors and explanations: they must hold no secret.
        if "error" in answer or request.get("verb") == "explain":
            shown = json.dumps(answer)
            leaked = [
                canary
                for canary in [*CANARIES, self.variables["secret_access_key"]]
                if canary and canary in shown
            ]
            assert not leaked, f"a secret is shown ({leaked[0]}): {shown}"
        return answer

    @staticmethod
    def succeed(answer):
        assert "ok" in answer, f"failed: {values.short(answer)}"
        return answer["ok"]

    def answered(self, step, reply):
        if "expect" in step:
            why = values.mismatch(step["expect"], reply)
            assert why is None, why
        if "keys" in step:
            found = [entry["key"] for entry in reply["entries"]]
            expected = values.plain(step["keys"])
            assert found == expected, f"listed {values.short(found)}, expected {values.short(expected)}"
        if "count" in step:
            rows = reply["entries"] if isinstance(reply, dict) else reply
            assert len(rows) == step["count"], f"{len(rows)} rows, expected {step['count']}"
        left = iter(reply if "rows" in step else [])
        for row in step.get("rows", []):
            expected = values.plain(row)
            assert any(values.mismatch(expected, found) is None for found in left), (
                f"no row (after the one before) is {expected}: {reply}"
            )

    def failed_as(self, expected, answer, verb):
        assert "error" in answer, f"succeeded with {values.short(answer)}, expected {expected}"
        error, shown = answer["error"], values.short(answer["error"])
        kinds = expected["kind"] if isinstance(expected["kind"], list) else [expected["kind"]]
        assert error["kind"] in kinds, f"expected {' or '.join(kinds)}, got {shown}"
        texts = expected.get("contains", [])
        for text in [texts] if isinstance(texts, str) else texts:
            assert text in error["message"], f"the message lacks {text!r}: {shown}"
        assert error["message"], f"the error has no message: {shown}"
        for fact in ("code", "status"):
            # A directory has neither: nobody answered.
            wanted = None if self.place_name == "local" else expected.get(fact, error[fact])
            assert error[fact] == wanted, f"expected the {fact} {wanted}, got {shown}"
        for fact in ("bucket", "key", "retryable", "request_id"):
            if fact in expected:
                why = values.mismatch(expected[fact], error[fact], fact)
                assert why is None, f"{why}: {shown}"
        # An error in the caller's own code, outside of oarlock, has no verb.
        if verb is not None and (error["verb"] is not None or error["status"] is not None):
            assert error["verb"] == verb, f"expected the verb {verb}, got {shown}"
