"""Random sequences of operations, each against a model of what the bucket holds, while the server misbehaves
at random.

Invariant: what succeeds did exactly what its reply states. What fails is a typed error that changed nothing
or, where a response was lost, all of it. In the end the bucket holds what the model holds, no upload is left
that anybody knew of, and no file but the requested ones. `OARLOCK_SEQUENCES` sets how many (300),
`OARLOCK_SEED` from which number on (1000); a failure names the number that shows it again.
"""

import base64
import os
import random

import places
import pytest
import run
import values
from cases import Case

SEQUENCES = int(os.environ.get("OARLOCK_SEQUENCES", "300"))
SEED = int(os.environ.get("OARLOCK_SEED", "1000"))
BATCH = 50
STEPS = 12
KEYS = ["a", "b", "c/d", "c/e", "ü +"]
# Parts begin at 5 MiB: some uploads take two.
SIZES = [0, 1, 70, 3000, 70_000]
LARGE = [5_300_000, 10_500_001]
SETTINGS = {"multipart_threshold": 5 << 20, "multipart_chunksize": 5 << 20}
FAULTS = {
    "reset": {"reset": True},
    "500": {"status": 500, "code": "InternalError"},
    "403": {"status": 403, "code": "AccessDenied"},
    "cut": {"truncate_body": 10},
    "flipped": {"flip_bit": 11},
    "lost-answer": {"drop_after_store": True},
}
NEAR = {"ms": 0}
# A response of one request at a time would take 2 seconds.
SLOW = {"ms": 1, "rate": 5 << 20}
TYPED = {"Throttled", "Timeout", "Network", "Service", "Corrupt", "Changed", "PermissionDenied"}
# After these the server may have done work that the caller never learned of; a 403 is a response.
UNSURE = {"cut", "flipped", "lost-answer"}


class Sequence:
    """One sequence; `model` holds each key's possible sizes, `None` for an object that is not there: more
    than one while nobody looked."""

    def __init__(self, number, server, agent, directory, latency):
        self.chance = random.Random(number)
        case = Case(name="random", doc="", on=["fake"], do=[], settings=SETTINGS)
        directory.mkdir()
        self.server = server
        self.run = run.Run(case, agent, places.Fake(server, case, directory), "fake", directory)
        self.run.stores["main"] = self.run.succeed(self.run.open({}))
        server.control("POST", "latency", latency)
        self.model = dict.fromkeys(KEYS, frozenset([None]))
        self.done = []

    def play(self):
        for _ in range(STEPS):
            operation = self.chance.choice(
                [
                    self.put,
                    self.put,
                    self.put_new,
                    self.get,
                    self.get_file,
                    self.get_range,
                    self.head,
                    self.list,
                ]
            )
            operation = self.chance.choice(
                [
                    operation,
                    operation,
                    operation,
                    self.delete,
                    self.delete_many,
                    self.copy,
                    self.put_many,
                    self.get_many,
                ]
            )
            operation()
        self.look_at_all()

    def size(self):
        return self.chance.choice(LARGE if self.chance.random() < 0.06 else SIZES)

    def ask(self, verb, args, blind=False):
        """One call, maybe with a fault at one of its requests; whether it succeeded, its reply or error, and
        whether it may have been done anyway."""
        fault = self.chance.choice([*FAULTS]) if self.chance.random() < 0.4 else None
        if blind and fault == "flipped":
            fault = None
        if fault:
            nth = self.chance.choice([1, 1, 1, 2, 3])
            self.server.plan(
                [{"match": {"nth": nth, "times": self.chance.choice([1, 1, 2, 9])}, "fault": FAULTS[fault]}]
            )
        answer = self.run.call("main", verb, args)
        if fault:
            self.server.plan([])
        self.done.append((verb, args, fault, values.short(answer)))
        return answer.get("ok"), answer.get("error"), fault in UNSURE

    @staticmethod
    def expect_error(error, possible=frozenset()):
        """An error is one of a fault, or one that the model foresees."""
        assert error["kind"] in TYPED | possible, error

    def set(self, key, sizes):
        self.model[key] = frozenset(sizes)

    def put(self, new=False):
        key, size = self.chance.choice(KEYS), self.size()
        source = self.chance.choice([size, {"file": size}, {"reader": [size]}])
        reply, error, unsure = self.ask(
            "put", {"key": key, "source": source} | ({"if_none_match": "*"} if new else {})
        )
        if error is None:
            assert reply["size"] == size
            # The same bytes, put there before, are as good where an answer was lost.
            assert not new or self.model[key] & {None, size}, "it was there"
            return self.set(key, [size])
        refused = {"Precondition"} if new and self.model[key] != {None} else set()
        # Of a conditional put whose answer was lost the retry finds an object there, which may be its own.
        self.expect_error(error, refused | ({"Precondition"} if new and unsure else set()))
        if unsure:
            self.set(key, self.model[key] | {size})

    def put_new(self):
        self.put(new=True)

    def put_many(self):
        items = [(key, self.chance.choice(SIZES)) for key in self.chance.sample(KEYS, 3)]
        asked = [{"key": key, "body": {"$bytes": values.base64_text(size)}} for key, size in items]
        reply, error, unsure = self.ask("put_many", {"items": asked})
        for number, (key, size) in enumerate(items):
            fate = error["kind"] if error else reply[number].get("error")
            if fate is None:
                self.set(key, [size])
                continue
            assert fate in TYPED, fate
            if unsure:
                self.set(key, self.model[key] | {size})

    def read(self, key, reply, error, size_of):
        """What a reading call returns for a key narrows what it may hold."""
        if error is not None:
            if error["kind"] == "NotFound":
                assert None in self.model[key], "it is there"
                return self.set(key, [None])
            return self.expect_error(error)
        size = size_of(reply)
        assert size in self.model[key], (size, self.model[key])
        return self.set(key, [size])

    @staticmethod
    def whole(body):
        data = base64.b64decode(body["$bytes"])
        assert data == values.pattern(len(data)), "other bytes"
        return len(data)

    def get(self):
        key = self.chance.choice(KEYS)
        reply, error, _ = self.ask("get", {"key": key})
        self.read(key, reply, error, lambda reply: self.whole(reply["body"]))

    def get_file(self):
        key, path = self.chance.choice(KEYS), self.run.outputs / "file"
        reply, error, _ = self.ask("get", {"key": key, "into": {"file": "file"}})
        assert os.listdir(path.parent) == ([] if error else ["file"])

        def size_of(reply):
            assert path.read_bytes() == values.pattern(reply["length"])
            return reply["length"]

        self.read(key, reply, error, size_of)
        path.unlink(missing_ok=True)

    def get_range(self):
        key = self.chance.choice(KEYS)
        reply, error, _ = self.ask("get", {"key": key, "range": "1-40"}, blind=True)
        if error and error["kind"] == "Range":
            return self.set(key, self.model[key] & {0, 1})

        def size_of(reply):
            size = reply["meta"]["size"]
            assert base64.b64decode(reply["body"]["$bytes"]) == values.pattern(size)[1:41]
            return size

        return self.read(key, reply, error, size_of)

    def head(self):
        key = self.chance.choice(KEYS)
        reply, error, _ = self.ask("head", {"key": key})
        self.read(key, reply, error, lambda reply: reply["size"])

    def get_many(self):
        keys = self.chance.sample(KEYS, 3)
        reply, error, _ = self.ask("get_many", {"items": keys})
        if error:
            return self.expect_error(error)
        for key, fate in zip(keys, reply):
            failed = {"kind": fate["error"]} if fate.get("error") else None
            self.read(key, fate, failed, lambda fate: self.whole(fate["body"]))

    def list(self):
        reply, error, _ = self.ask("list", {}, blind=True)
        if error:
            return self.expect_error(error)
        found = {entry["key"]: entry["size"] for entry in reply["entries"]}
        assert list(found) == sorted(found, key=str.encode)
        for key in KEYS:
            assert found.get(key) in self.model[key], (key, found.get(key), self.model[key])
            self.set(key, [found.get(key)])

    def delete(self):
        key = self.chance.choice(KEYS)
        _, error, unsure = self.ask("delete", {"key": key})
        if error is None:
            return self.set(key, [None])
        self.expect_error(error)
        if unsure:
            self.set(key, self.model[key] | {None})

    def delete_many(self):
        keys = self.chance.sample(KEYS, 2)
        reply, error, unsure = self.ask("delete_many", {"keys": keys}, blind=True)
        for number, key in enumerate(keys):
            fate = error["kind"] if error else reply[number].get("error")
            if fate is None:
                self.set(key, [None])
            elif unsure:
                self.set(key, self.model[key] | {None})

    def copy(self):
        source, key = self.chance.sample(KEYS, 2)
        reply, error, unsure = self.ask("copy", {"source_key": source, "key": key})
        if error is None:
            assert reply["size"] in self.model[source], "there was nothing to copy"
            self.set(source, [reply["size"]])
            return self.set(key, [reply["size"]])
        if error["kind"] == "NotFound":
            assert None in self.model[source]
            return self.set(source, [None])
        self.expect_error(error)
        if unsure:
            self.set(key, self.model[key] | self.model[source] - {None})

    def look_at_all(self):
        """The server is well again: bucket and model agree."""
        for key in KEYS:
            answer = self.run.call("main", "get", {"key": key})
            self.read(key, answer.get("ok"), answer.get("error"), lambda reply: self.whole(reply["body"]))
            assert "ok" in answer or answer["error"]["kind"] == "NotFound", answer
        # An upload whose response was lost stays, and so does one whose abort the server refuses.
        ends = ("CreateMultipartUpload", "AbortMultipartUpload")
        unheard = [entry for entry in self.server.log() if entry["op"] in ends and entry["fault"]]
        assert len(self.server.state()["uploads"]) <= len(unheard), "an upload was left behind"
        assert os.listdir(self.run.outputs) == []


def play(batch, latency, server, agent, directory):
    begin = SEED + batch * BATCH
    print(f"seeds {begin} to {begin + BATCH - 1}")
    for number in range(begin, min(begin + BATCH, SEED + SEQUENCES)):
        sequence = Sequence(number, server, agent, directory / str(number), latency)
        try:
            sequence.play()
        except AssertionError as why:
            steps = "\n".join(map(str, sequence.done))
            raise AssertionError(f"OARLOCK_SEED={number} OARLOCK_SEQUENCES=1: {why}\n{steps}") from None
        finally:
            server.control("POST", "latency", NEAR)


@pytest.mark.parametrize("batch", range(-(-SEQUENCES // BATCH)))
def test_sequences(batch, servers, agent, tmp_path, record_property):
    record_property("seed", SEED + batch * BATCH)
    play(batch, NEAR, servers.get("fake"), agent, tmp_path)


def test_sequences_with_many_requests_at_a_time(servers, agent, tmp_path):
    """A slow server makes large transfers take as many requests as they can."""
    play(0, SLOW, servers.get("fake"), agent, tmp_path)
