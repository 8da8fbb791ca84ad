"""Processes that are killed in the middle of a transfer, and the next one that goes on by the journal.

Invariant: the object that comes of it is the right one, what was sent before the kill is not sent again, and
nothing is left over. Kills strike when a request arrives at the server, never after a time.
"""

import base64
import contextlib
import json
import os
import random
import threading

import agents
import places
import pytest
import values
from cases import Case

PART = 5 << 20
SIZE = 7 * PART + 1000
PARTS = 8
STORE = {"multipart_threshold": PART, "multipart_chunksize": PART, "max_concurrency": 1}
LANGUAGES = [language for language in agents.chosen() if language in ("rust", "python")]


class Victim:
    """An agent with a store, to be killed and started anew."""

    def __init__(self, language, server, directory, **settings):
        self.agent, self.server = agents.Agent(language), server
        self.case = Case(name="crash", doc="", on=["fake"], do=[], settings={**STORE, **settings})
        self.place = places.Fake(server, self.case, directory)
        self.journals = directory / "journals"
        self.journals.mkdir()
        self.source = directory / "source"
        self.source.write_bytes(values.pattern(SIZE))

    def call(self, verb, args):
        """One call in a process that is started if there is none."""
        open_store = {
            "op": "open",
            "url": self.place.url,
            "settings": {**self.place.settings(), **self.case.settings},
        }
        store = self.agent.ask(open_store)["ok"]
        return self.agent.ask({"op": "call", "store": store, "verb": verb, "args": args})

    def put(self, **options):
        return self.call(
            "put",
            {
                "key": "a",
                "source": {"$source": {"file": str(self.source)}},
                "journal": str(self.journals),
                **options,
            },
        )

    def killed(self, call, requests):
        """Makes the call and kills the process when so many of its requests have arrived."""
        seen, answers = len(self.server.log()), []

        def die():
            with contextlib.suppress(agents.AgentDied):
                answers.append(call())

        thread = threading.Thread(target=die)
        thread.start()
        self.server.control("GET", f"log?wait={seen + requests}")
        self.agent.process.kill()
        thread.join()
        assert not answers, f"it ended before its request {requests}: {values.short(answers[0])}"

    def operations(self, since):
        return [entry["op"] for entry in self.server.log()[since:]]

    def stored(self):
        return base64.b64decode(self.call("get", {"key": "a"})["ok"]["body"]["$bytes"])


@pytest.fixture
def victim(request, servers, tmp_path):
    made = []

    def make(language="rust", **settings):
        made.append(Victim(language, servers.get("fake"), tmp_path, **settings))
        return made[-1]

    yield make
    for each in made:
        each.agent.stop()


def finished(victim, content):
    """The object is the right one, and nothing is left over."""
    assert victim.stored() == content
    assert victim.server.state()["uploads"] == []
    assert list(victim.journals.iterdir()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_upload_goes_on_where_it_was_killed(language, victim):
    victim = victim(language)
    # The first request creates the upload; when the sixth arrives, four parts are there.
    victim.killed(victim.put, 6)
    (journal,) = victim.journals.iterdir()
    assert journal.stat().st_mode & 0o777 == 0o600
    assert victim.place.settings()["secret_access_key"] not in journal.read_text()
    before = len(victim.server.log())
    answer = victim.put()
    assert answer["ok"]["size"] == SIZE
    sent = victim.operations(before)
    assert sent == ["ListParts"] + ["UploadPart"] * (PARTS - 4) + ["CompleteMultipartUpload"]
    finished(victim, values.pattern(SIZE))


@pytest.mark.parametrize("seed", range(6))
def test_an_upload_killed_again_and_again(seed, victim):
    victim, chance = victim(max_concurrency=3), random.Random(seed)
    for _ in range(4):
        # Three requests are sure to come: a look at what is there, or the beginning, a part or the
        # completion, and more.
        victim.killed(victim.put, chance.randint(1, 3))
    assert victim.put()["ok"]["size"] == SIZE
    assert victim.stored() == values.pattern(SIZE)
    # An upload whose beginning was killed before its id came is one whose id no process has.
    aborted = victim.call("abort_uploads", {"older_than": 0})["ok"]
    assert len(aborted) <= 4
    finished(victim, values.pattern(SIZE))


def test_a_source_that_changed_begins_anew(victim):
    victim = victim()
    victim.killed(victim.put, 6)
    content = values.pattern(SIZE)[::-1]
    victim.source.write_bytes(content)
    before = len(victim.server.log())
    assert victim.put()["ok"]["size"] == SIZE
    sent = victim.operations(before)
    assert sent == ["AbortMultipartUpload", "CreateMultipartUpload"] + ["UploadPart"] * PARTS + [
        "CompleteMultipartUpload"
    ]
    finished(victim, content)


def test_other_bytes_under_the_same_time_are_sent_again(victim):
    victim = victim()
    victim.killed(victim.put, 6)
    stamp = victim.source.stat()
    content = bytearray(values.pattern(SIZE))
    content[PART + 5] ^= 1
    victim.source.write_bytes(content)
    os.utime(victim.source, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    before = len(victim.server.log())
    assert victim.put()["ok"]["size"] == SIZE
    assert victim.operations(before).count("UploadPart") == PARTS - 4 + 1
    finished(victim, bytes(content))


def test_other_options_begin_anew(victim):
    victim = victim()
    victim.killed(victim.put, 6)
    assert victim.put(content_type="text/plain")["ok"]["size"] == SIZE
    assert victim.call("head", {"key": "a"})["ok"]["content_type"] == "text/plain"
    finished(victim, values.pattern(SIZE))


def test_an_upload_that_is_gone_begins_anew(victim):
    victim = victim()
    victim.killed(victim.put, 6)
    assert len(victim.call("abort_uploads", {"older_than": 0})["ok"]) == 1
    assert victim.put()["ok"]["size"] == SIZE
    finished(victim, values.pattern(SIZE))


def test_a_part_that_the_server_holds_otherwise_is_sent_again(victim):
    victim = victim()
    victim.killed(victim.put, 6)
    (path,) = victim.journals.iterdir()
    journal = json.loads(path.read_text())
    assert [row[0] for row in journal["parts"]] == [1, 2, 3, 4]
    # As if part 2 had been another one when it was written down.
    journal["parts"][1][4] = "AAAAAAAAAAA="
    path.write_text(json.dumps(journal))
    before = len(victim.server.log())
    assert victim.put()["ok"]["size"] == SIZE
    assert victim.operations(before).count("UploadPart") == PARTS - 4 + 1
    finished(victim, values.pattern(SIZE))


def test_a_failure_that_may_pass_keeps_what_was_sent_and_others_do_not(victim):
    victim = victim(max_attempts=1)
    victim.server.plan(
        [{"match": {"op": "UploadPart", "nth": 6}, "fault": {"status": 503, "code": "SlowDown"}}]
    )
    assert victim.put()["error"]["kind"] == "Throttled"
    assert len(victim.server.state()["uploads"]) == 1
    before = len(victim.server.log())
    victim.server.plan(
        [{"match": {"op": "CompleteMultipartUpload"}, "fault": {"status": 403, "code": "AccessDenied"}}]
    )
    assert victim.put()["error"]["kind"] == "PermissionDenied"
    assert victim.operations(before) == ["ListParts"] + ["UploadPart"] * 3 + [
        "CompleteMultipartUpload",
        "AbortMultipartUpload",
    ]
    victim.server.plan([])
    assert victim.server.state()["uploads"] == [] and list(victim.journals.iterdir()) == []


# Four stretches of 16 MiB and a bit.
LARGE = (64 << 20) + 1000


def fetched(victim, target):
    """The file is the right one, and nothing is left beside it."""
    with open(target, "rb") as file:
        content = file.read()
    assert content == (bytes(range(251)) * (LARGE // 251 + 1))[:LARGE]
    assert list(target.parent.iterdir()) == [target] and list(victim.journals.iterdir()) == []


def seed(victim, **more):
    victim.server.control("POST", "seed", {"bucket": victim.place.bucket, "key": "b", "size": LARGE, **more})


def get(victim, target):
    return victim.call(
        "get", {"key": "b", "into": {"$sink": {"file": str(target)}}, "journal": str(victim.journals)}
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_download_goes_on_where_it_was_killed(language, victim, tmp_path):
    victim, target = victim(language), tmp_path / "fetched" / "b"
    target.parent.mkdir()
    seed(victim)
    # When the fourth request arrives, three stretches are there.
    victim.killed(lambda: get(victim, target), 4)
    assert not target.exists()
    before = len(victim.server.log())
    assert get(victim, target)["ok"]["length"] == LARGE
    assert victim.operations(before) == ["HeadObject", "GetObject", "GetObject"]
    fetched(victim, target)


def test_a_download_killed_again_and_again(victim, tmp_path):
    victim, target, chance = victim(max_concurrency=3), tmp_path / "fetched" / "b", random.Random(7)
    target.parent.mkdir()
    seed(victim)
    for _ in range(2):
        victim.killed(lambda: get(victim, target), chance.randint(1, 2))
    assert get(victim, target)["ok"]["length"] == LARGE
    assert target.stat().st_size == LARGE and list(victim.journals.iterdir()) == []


def test_bytes_that_changed_in_the_file_are_fetched_again(victim, tmp_path):
    victim, target = victim(), tmp_path / "fetched" / "b"
    target.parent.mkdir()
    seed(victim)
    victim.killed(lambda: get(victim, target), 4)
    (left,) = target.parent.iterdir()
    with open(left, "r+b") as file:
        file.seek(17 << 20)
        file.write(b"other bytes")
    before = len(victim.server.log())
    assert get(victim, target)["ok"]["length"] == LARGE
    assert victim.operations(before) == ["HeadObject"] + ["GetObject"] * 3
    fetched(victim, target)


def test_another_object_is_fetched_from_its_beginning(victim, tmp_path):
    victim, target = victim(), tmp_path / "fetched" / "b"
    target.parent.mkdir()
    seed(victim)
    victim.killed(lambda: get(victim, target), 4)
    victim.server.control(
        "POST",
        "seed",
        {"bucket": victim.place.bucket, "key": "b", "body_b64": base64.b64encode(b"small").decode()},
    )
    assert get(victim, target)["ok"]["length"] == 5
    assert target.read_bytes() == b"small"
    assert list(target.parent.iterdir()) == [target] and list(victim.journals.iterdir()) == []
