"""The fault sweep: every request of a few scenarios meets every fault.

Invariant: the identical result, or a typed error with nothing changed. Never wrong bytes, never half an
object or file, never an upload left behind. The faults hit the core, which all languages share, so one agent
is enough.
"""

import base64
import hashlib
import itertools

import places
import pytest
import run
import values
from cases import Case

OLD, NEW = 3000, 6000001
STORE = {"multipart_threshold": 5 << 20, "multipart_chunksize": 5 << 20}

FAULTS = {
    "reset": {"reset": True},
    "500": {"status": 500, "code": "InternalError"},
    "503": {"status": 503, "code": "SlowDown"},
    "error-in-200": {"status": 200, "code": "InternalError"},
    "cut": {"truncate_body": 10},
    "flipped": {"flip_bit": 11},
    "lost-answer": {"drop_after_store": True},
    "slow": {"slow": 50},
}

# What is done, and what "nothing changed" and "done" mean for the object `a`, which is there before, and `b`,
# which is not.
SCENARIOS = {
    "get": {"verb": "get", "args": {"key": "a"}},
    "get-to-file": {"verb": "get", "args": {"key": "a", "into": {"file": "a"}}},
    "get-range": {"verb": "get", "args": {"key": "a", "range": "100-2099", "into": "stream"}},
    "head": {"verb": "head", "args": {"key": "a"}},
    "list": {"verb": "list", "args": {"page_size": 1}},
    "put": {"verb": "put", "args": {"key": "b", "source": OLD}, "makes": OLD},
    "put-in-parts": {"verb": "put", "args": {"key": "b", "source": {"reader": [NEW]}}, "makes": NEW},
    "put-if-absent": {"verb": "put", "args": {"key": "b", "source": OLD, "if_none_match": "*"}, "makes": OLD},
    "put-a-file-in-parts-if-absent": {
        "verb": "put",
        "args": {"key": "b", "source": {"file": NEW}, "if_none_match": "*"},
        "makes": NEW,
    },
    "copy": {"verb": "copy", "args": {"source_key": "a", "key": "b"}, "makes": OLD},
    "move": {"verb": "move", "args": {"source_key": "a", "key": "b"}, "makes": OLD, "takes": "a"},
    "encrypt-all": {
        "verb": "encrypt_all",
        "args": {"prefix": "a"},
        "settings": {"encryption_aes_key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
    },
    "fetch-through": {
        "verb": "fetch_through",
        "args": {"key": "b", "upstream": "a", "must_keep": True},
        "promises": OLD,
        "makes": OLD,
    },
    "fetch-through-in-parts": {
        "verb": "fetch_through",
        "args": {"key": "b", "upstream": "up", "into": {"file": "b"}, "must_keep": True},
        "promises": NEW,
        "makes": NEW,
    },
    "fetch-through-encrypted": {
        "verb": "fetch_through",
        "args": {"key": "b", "upstream": "up", "into": "stream", "must_keep": True},
        "settings": {"encryption_aes_key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
        "promises": OLD,
        "makes": OLD,
    },
    "delete": {"verb": "delete", "args": {"key": "a"}, "takes": "a"},
    "delete-many": {"verb": "delete_many", "args": {"keys": ["a", "a2"]}, "takes": "a"},
    "set-tags": {"verb": "set_tags", "args": {"key": "a", "tags": {"t": "1"}}},
}

# S3 puts an error into a 200 only where the work may outlast the answer's beginning.
LATE_ERRORS = {"CopyObject", "UploadPartCopy", "CompleteMultipartUpload"}
# No checksum covers a piece of an object, so nobody can see a bit that turned in it.
BLIND = {("get-range", "flipped")}
# What a `put` in parts meets already.
COVERED = {("fetch-through-in-parts", fault) for fault in ("500", "503", "error-in-200", "flipped", "slow")}

TYPED = {"Throttled", "Timeout", "Network", "Service", "Corrupt", "Changed"}


class Attempt:
    """One run of a scenario against a fresh bucket."""

    def __init__(self, scenario, server, agent, directory, rules):
        case = Case(
            name="sweep", doc="", on=["fake"], do=[], settings=STORE, bucket_settings={"anonymous_read": True}
        )
        directory.mkdir()
        self.run = run.Run(case, agent, places.Fake(server, case, directory), "fake", directory)
        self.run.stores["main"] = self.run.succeed(self.run.open({}))
        for key in ("a", "a2"):
            self.run.succeed(self.run.call("main", "put", {"key": key, "source": OLD}))
        self.server, self.scenario = server, scenario
        args = dict(scenario["args"])
        if promised := scenario.get("promises"):
            # No checksum of the server's covers what comes over plain HTTP.
            self.run.succeed(self.run.call("main", "put", {"key": "up", "source": promised}))
            args["upstream"] = f"{server.endpoint}/{self.run.place.bucket}/{args['upstream']}"
            args["checksum"] = "sha256:" + hashlib.sha256(values.pattern(promised)).hexdigest()
        self.store = "main"
        if "settings" in scenario:
            self.store = "own"
            self.run.stores["own"] = self.run.succeed(self.run.open({"settings": scenario["settings"]}))
        begun = len(server.log())
        server.plan(rules)
        self.answer = self.run.call(self.store, scenario["verb"], args)
        server.plan([])
        self.requests = [entry["op"] for entry in server.log()[begun:]]

    def content(self, key):
        """An object's bytes as they are now, or None."""
        for store in dict.fromkeys([self.store, "main"]):
            answer = self.run.call(store, "get", {"key": key})
            if answer.get("error", {}).get("kind") not in ("Decrypt", "KeyCommitment"):
                break
        return base64.b64decode(answer["ok"]["body"]["$bytes"]) if "ok" in answer else None

    def check(self, clean, fault, struck):
        """Compares with the run without a fault."""
        done = "ok" in self.answer
        if self.scenario["verb"] == "encrypt_all":
            done = self.encrypted()
        elif done:
            assert steady(self.answer["ok"]) == steady(clean.answer["ok"])
        else:
            assert self.answer["error"]["kind"] in TYPED, self.answer
        # Only a fault that strikes after the deed can leave it done behind an error.
        may_be_done = done or fault in ("cut", "flipped", "lost-answer")
        old, made, taken = values.pattern(OLD), self.scenario.get("makes"), self.scenario.get("takes")
        assert self.content("a") in (
            [None] if taken and done else [None, old] if taken and may_be_done else [old]
        )
        expected = (
            [values.pattern(made)]
            if made and done
            else [values.pattern(made), None]
            if made and may_be_done
            else [None]
        )
        assert self.content("b") in expected
        # An id that came with another letter is one that nobody here can tell from the right one.
        if not (struck == "CreateMultipartUpload" and fault == "flipped"):
            assert self.server.state()["uploads"] == []
        files = list(self.run.outputs.iterdir())
        assert all(path.read_bytes() == (values.pattern(made) if made else old) for path in files)
        assert len(files) == (done and isinstance(self.scenario["args"].get("into"), dict))


    def encrypted(self):
        """Whether all was encrypted at once. The next call completes the work, and nothing is left over."""
        reply = self.answer.get("ok", {"failed": [self.answer.get("error")]})
        failed = [row.get("kind", row.get("error")) for row in reply["failed"]]
        assert set(failed) <= TYPED, self.answer
        again = self.run.succeed(self.run.call("own", "encrypt_all", self.scenario["args"]))
        assert again["encrypted"] + again["unchanged"] == 2 and again["failed"] == [], again
        self.run.succeed(self.run.call("own", "abort_uploads", {"older_than": 0}))
        assert self.server.state()["objects"] == 2
        return not failed


def steady(reply):
    """A reply without what differs from run to run."""
    if isinstance(reply, dict):
        return {name: steady(each) for name, each in reply.items() if name not in ("last_modified", "$time")}
    return [steady(each) for each in reply] if isinstance(reply, list) else reply


@pytest.mark.parametrize(
    ("scenario", "fault"),
    [pair for pair in itertools.product(SCENARIOS, FAULTS) if pair not in BLIND | COVERED],
)
def test_sweep(scenario, fault, servers, agent, tmp_path):
    server = servers.get("fake")
    clean = Attempt(SCENARIOS[scenario], server, agent, tmp_path / "clean", [])
    assert "ok" in clean.answer, clean.answer
    for number, struck in enumerate(clean.requests, 1):
        if fault == "error-in-200" and struck not in LATE_ERRORS:
            continue
        rules = [{"match": {"nth": number}, "fault": FAULTS[fault]}]
        attempt = Attempt(SCENARIOS[scenario], server, agent, tmp_path / f"nth-{number}", rules)
        try:
            attempt.check(clean, fault, struck)
        except AssertionError as why:
            log = [(entry["op"], entry["status"], entry["fault"]) for entry in server.log()]
            raise AssertionError(
                f"{fault} at {struck}, request {number}: {why}\nanswer: {values.short(attempt.answer)}\nwire: {log}"
            ) from None
