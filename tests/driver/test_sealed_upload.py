"""Uploads of a store that encrypts, opened again by another implementation from what the server holds;
failures and kills in the middle.

Invariant: under one key nothing else is ever encrypted in a part's place. So what is sent again is the same
ciphertext, a source that changed gets a new key, and no plaintext key leaves the process.
"""

import base64
import hashlib
import hmac
import json
import os
import random
import threading

import agents
import places
import pytest
import values
from cases import Case
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from test_crash import PART, Victim, victim  # noqa: F401

KEY = hashlib.sha256(b"oarlock raw aes wrapping key").digest()
SETTINGS = {
    "encryption_aes_key": base64.b64encode(KEY).decode(),
    "multipart_threshold": PART,
    "multipart_chunksize": PART,
    "max_concurrency": 2,
}
NAMES = {f"x-amz-{name}" for name in ("c", "d", "i", "3", "w", "m")}


def opened(body, metadata):
    """The plaintext of an object in format V3 under the AES key, by the format's document."""
    told = {name: base64.b64decode(metadata[f"x-amz-{name}"]) for name in ("3", "i", "d")}
    assert (metadata["x-amz-c"], metadata["x-amz-w"]) == ("115", "02")
    data_key = AESGCM(KEY).decrypt(told["3"][:12], told["3"][12:], b"115")
    prk = hmac.digest(told["i"], data_key, "sha512")
    content_key, commitment = (
        hmac.digest(prk, b"\0\x73" + label + b"\1", "sha512") for label in (b"DERIVEKEY", b"COMMITKEY")
    )
    assert commitment[:28] == told["d"]
    return AESGCM(content_key[:32]).decrypt(b"\1" * 12, body, b"\0\x73")


class Sealed:
    """An agent with a store that encrypts, and a look at what the server holds."""

    def __init__(self, language, server, directory, **settings):
        self.agent, self.server, self.directory = agents.Agent(language), server, directory
        case = Case(name="sealed", doc="", on=["fake"], do=[], settings={})
        self.place = places.Fake(server, case, directory)
        self.store = self.open(**SETTINGS, **settings)
        self.plain = self.open()

    def open(self, **settings):
        return self.agent.ask(
            {"op": "open", "url": self.place.url, "settings": {**self.place.settings(), **settings}}
        )["ok"]

    def call(self, verb, args, store=None):
        return self.agent.ask(
            {"op": "call", "store": self.store if store is None else store, "verb": verb, "args": args},
            seconds=120,
        )

    def put(self, source, key="a", **options):
        return self.call("put", {"key": key, "source": {"$source": source}, **options})

    def held(self, key="a"):
        """Ciphertext and metadata as a store without encryption sees them."""
        reply = self.call("get", {"key": key}, self.plain)["ok"]
        return base64.b64decode(reply["body"]["$bytes"]), reply["meta"]["metadata"]

    def file(self, content):
        path = self.directory / "source"
        path.write_bytes(content)
        return {"file": str(path)}

    def operations(self):
        return [entry["op"] for entry in self.server.log()]


@pytest.fixture
def sealed(request, servers, tmp_path):
    made = []

    def make(language="rust", **settings):
        made.append(Sealed(language, servers.get("fake"), tmp_path, **settings))
        return made[-1]

    yield make
    for each in made:
        each.agent.stop()


def text(content):
    return base64.b64encode(content).decode()


def encoded(content):
    return {"$bytes": text(content)}


@pytest.mark.parametrize("language", agents.chosen())
@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, PART + 3, 3 * PART])
def test_every_source_and_size_is_one_sound_object(language, size, sealed):
    sealed, content = sealed(language), values.pattern(size)
    pieces = [text(content[at : at + 700_001]) for at in range(0, size, 700_001)]
    for source in (sealed.file(content), {"bytes": text(content)}, {"reader": pieces}, {"iterator": pieces}):
        reply = sealed.put(source, metadata={"own": "value"})
        assert reply.get("ok", reply)["size"] == size, source.keys()
        body, metadata = sealed.held()
        assert len(body) == size + 16 and set(metadata) == NAMES | {"own"}
        assert opened(body, metadata) == content
        with pytest.raises(InvalidTag):
            opened(body[:-1] + bytes([body[-1] ^ 1]), metadata)
    parted = sealed.operations().count("CompleteMultipartUpload")
    assert parted == (4 if size > PART else 0)


@pytest.mark.parametrize("language", agents.chosen())
def test_a_writer_and_many_objects_are_encrypted_too(language, sealed):
    sealed, content = sealed(language), values.pattern(2 * PART + 77)
    chunks = [text(content[at : at + 3_000_000]) for at in range(0, len(content), 3_000_000)]
    answer = sealed.agent.ask(
        {"op": "writer", "store": sealed.store, "key": "w", "args": {}, "chunks": chunks, "fail": False},
        seconds=120,
    )
    assert "ok" in answer or "skip" in answer, answer
    if "ok" in answer:
        assert opened(*sealed.held("w")) == content
    items = [{"key": "m/1", "body": encoded(b"one")}, {"key": "m/2", "body": encoded(b"")}]
    assert all(
        "error" not in fate or fate["error"] is None
        for fate in sealed.call("put_many", {"items": items})["ok"]
    )
    tree = sealed.directory / "tree"
    tree.mkdir()
    (tree / "leaf").write_bytes(b"of a tree")
    assert "ok" in sealed.call("sync_up", {"directory": str(tree), "prefix": "t/"})
    assert [opened(*sealed.held(key)) for key in ("m/1", "m/2", "t/leaf")] == [b"one", b"", b"of a tree"]


def test_threat_1_no_two_objects_share_a_key_or_an_id(sealed):
    sealed = sealed()
    for number in range(40):
        assert "ok" in sealed.put({"bytes": text(b"the same")}, key=f"k{number}")
    objects = [sealed.held(f"k{number}") for number in range(40)]
    for told in ("x-amz-i", "x-amz-3", "x-amz-d"):
        assert len({metadata[told] for _, metadata in objects}) == 40
    assert len({body for body, _ in objects}) == 40


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503, "code": "SlowDown"}, {"reset": True}])
def test_threat_1_what_is_sent_again_is_the_same_ciphertext(fault, sealed):
    sealed, content = sealed(), values.pattern(3 * PART + 5)
    sealed.server.plan([{"match": {"op": "UploadPart", "nth": 2, "times": 2}, "fault": fault}])
    assert "ok" in sealed.put(sealed.file(content))
    sums = {}
    for entry in sealed.server.log():
        if entry["op"] == "UploadPart":
            sums.setdefault(entry["query"]["partNumber"], []).append(
                entry["headers"]["x-amz-checksum-crc64nvme"]
            )
    assert len(sums) == 4 and sum(map(len, sums.values())) > 4
    assert all(len(set(each)) == 1 for each in sums.values())
    assert opened(*sealed.held()) == content


def test_threat_1_a_source_that_changes_while_it_is_sent_fails(sealed):
    sealed = sealed(max_attempts=1, max_requests=1)
    source, content = sealed.directory / "source", values.pattern(6 * PART)
    source.write_bytes(content)
    sealed.server.plan([{"match": {"op": "UploadPart", "nth": 1}, "fault": {"slow": 2000}}])
    answers = []
    seen = len(sealed.server.log())
    thread = threading.Thread(target=lambda: answers.append(sealed.put({"file": str(source)})))
    thread.start()
    sealed.server.control("GET", f"log?wait={seen + 2}")
    source.write_bytes(content[::-1])
    thread.join()
    assert answers[0]["error"]["kind"] == "Changed", values.short(answers[0])
    assert sealed.server.state()["uploads"] == [] and sealed.server.state()["objects"] == 0


def test_threat_9_one_byte_too_many_is_refused_before_any_request(sealed):
    sealed = sealed()
    source = sealed.directory / "sparse"
    with open(source, "wb") as file:
        file.truncate((1 << 36) - 31)
    answer = sealed.put({"file": str(source)})
    assert answer["error"]["kind"] == "InvalidInput" and "68719476704" in answer["error"]["message"]
    assert sealed.operations() == []


@pytest.mark.parametrize("op", ["UploadPart", "CompleteMultipartUpload"])
@pytest.mark.parametrize("nth", [1, 3])
def test_an_upload_that_fails_leaves_nothing(op, nth, sealed):
    if op == "CompleteMultipartUpload" and nth > 1:
        pytest.skip("an upload has one completion")
    sealed = sealed()
    sealed.server.plan([{"match": {"op": op, "nth": nth}, "fault": {"status": 403, "code": "AccessDenied"}}])
    assert sealed.put(sealed.file(values.pattern(4 * PART)))["error"]["kind"] == "PermissionDenied"
    assert sealed.server.state()["uploads"] == [] and sealed.server.state()["objects"] == 0


def test_metadata_of_the_envelope_are_not_the_caller_s(sealed):
    answer = sealed().put({"bytes": text(b"x")}, metadata={"X-Amz-Key-V2": "AAAA"})
    assert answer["error"]["kind"] == "InvalidInput"


def test_part_sizes_that_are_no_blocks_become_some(sealed):
    sealed, content = sealed(), values.pattern(3 * PART)
    assert "ok" in sealed.put(sealed.file(content), part_size=PART + 1)
    assert opened(*sealed.held()) == content


# Kills: the store of `test_crash`, which sends one part at a time.

CONTENT = values.pattern(7 * PART + 1000)
PARTS = 8


def raw(victim):
    """What the server holds at the key, and its metadata."""
    open_store = {"op": "open", "url": victim.place.url, "settings": victim.place.settings()}
    store = victim.agent.ask(open_store)["ok"]
    reply = victim.agent.ask(
        {"op": "call", "store": store, "verb": "get", "args": {"key": "a"}}, seconds=120
    )["ok"]
    return base64.b64decode(reply["body"]["$bytes"]), reply["meta"]["metadata"]


def ended(victim, content):
    assert opened(*raw(victim)) == content
    assert victim.server.state()["uploads"] == [] and list(victim.journals.iterdir()) == []


def journal(victim):
    (path,) = victim.journals.iterdir()
    head, *rows = path.read_text().splitlines()
    return path, json.loads(head), [json.loads(row) for row in rows]


@pytest.fixture
def killed(victim):  # noqa: F811
    """An upload that was killed when its sixth request arrived: four parts are there, and one may be."""
    made = victim(encryption_aes_key=SETTINGS["encryption_aes_key"])
    made.killed(made.put, 6)
    return made


def test_a_killed_upload_goes_on_under_its_key(killed):
    path, head, rows = journal(killed)
    metadata = head["envelope"][0]
    before = len(killed.server.log())
    assert killed.put()["ok"]["size"] == len(CONTENT)
    sent = killed.operations(before)
    # The part that was on its way may have arrived: its row was there before it was sent.
    assert sent[0] == "ListParts" and sent[-1] == "CompleteMultipartUpload"
    assert sent[1:-1] in (["UploadPart"] * (PARTS - 4), ["UploadPart"] * (PARTS - 5))
    assert raw(killed)[1] == metadata
    ended(killed, CONTENT)


def test_threat_13_the_journal_holds_no_key(killed):
    path, head, rows = journal(killed)
    assert path.stat().st_mode & 0o777 == 0o600
    wrapped = base64.b64decode(head["envelope"][0]["x-amz-3"])
    data_key = AESGCM(KEY).decrypt(wrapped[:12], wrapped[12:], b"115")
    text = path.read_bytes()
    for secret in (data_key, KEY):
        for form in (secret, secret.hex().encode(), base64.b64encode(secret).rstrip(b"=")):
            assert form not in text
    # Each part that may have been sent has its row: its size, and the SHA-256 of the source's bytes.
    sums = [hashlib.sha256(CONTENT[at : at + PART]).hexdigest() for at in range(0, 5 * PART, PART)]
    assert rows == [[number, PART, digest] for number, digest in enumerate(sums, 1)]


def test_threat_1_a_killed_upload_of_a_source_that_changed_gets_a_new_key(killed):
    _, head, _ = journal(killed)
    content = bytearray(CONTENT)
    content[PART + 5] ^= 1
    stamp = killed.source.stat()
    killed.source.write_bytes(content)
    os.utime(killed.source, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    before = len(killed.server.log())
    assert killed.put()["ok"]["size"] == len(content)
    sent = killed.operations(before)
    assert sent == ["ListParts", "AbortMultipartUpload", "CreateMultipartUpload"] + ["UploadPart"] * PARTS + [
        "CompleteMultipartUpload"
    ]
    metadata = raw(killed)[1]
    assert all(metadata[name] != head["envelope"][0][name] for name in ("x-amz-3", "x-amz-i"))
    ended(killed, bytes(content))


def test_another_key_begins_anew(killed):
    other = base64.b64encode(bytes(32)).decode()
    killed.case.settings["encryption_aes_key"] = other
    before = len(killed.server.log())
    assert killed.put()["ok"]["size"] == len(CONTENT)
    assert killed.operations(before)[:3] == ["ListParts", "AbortMultipartUpload", "CreateMultipartUpload"]
    assert killed.server.state()["uploads"] == [] and list(killed.journals.iterdir()) == []


def test_a_torn_row_was_never_sent(killed):
    path, _, rows = journal(killed)
    with open(path, "a") as file:
        file.write('\n[6, 5242880, "ab')
    assert killed.put()["ok"]["size"] == len(CONTENT)
    ended(killed, CONTENT)


@pytest.mark.parametrize("seed", range(3))
def test_an_encrypted_upload_killed_again_and_again(seed, victim):  # noqa: F811
    chance = random.Random(seed)
    victim = victim(encryption_aes_key=SETTINGS["encryption_aes_key"], max_concurrency=3)
    for _ in range(4):
        victim.killed(victim.put, chance.randint(1, 3))
    assert victim.put()["ok"]["size"] == len(CONTENT)
    assert opened(*raw(victim)) == CONTENT
    victim.call("abort_uploads", {"older_than": 0})
    ended(victim, CONTENT)
