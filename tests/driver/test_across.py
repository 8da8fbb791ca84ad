"""Copies, moves and encryption in place that are killed, and the next one that goes on.

Invariant: after each kill every object is whole, in the clear or encrypted; a source is gone only after its
copy is there; what is left over goes with the next call. Kills strike when a request arrives, never after a
time.
"""

import base64
import random
import threading

import agents
import pytest
import values
from test_crash import LANGUAGES, PART, PARTS, SIZE, Victim

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def victim(servers, tmp_path):
    made = []

    def make(language="rust", **settings):
        made.append(Victim(language, servers.get("fake"), tmp_path, **settings))
        return made[-1]

    yield make
    for each in made:
        each.agent.stop()


def copy(victim, verb="copy"):
    """From a directory to the bucket: the bytes go through the process."""
    source = f"file://{victim.source.parent}"
    options = {"source_store": source, "journal": str(victim.journals)}
    return victim.call(verb, {"source_key": "source", "key": "a", **options})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("settings", [{}, {"encryption_aes_key": KEY}], ids=["clear", "encrypted"])
def test_a_streamed_copy_goes_on_where_it_was_killed(language, settings, victim):
    # One part at a time: the first request creates the upload; when the sixth arrives, four parts are there.
    # The kill may come after the fifth is, too.
    victim = victim(language, max_concurrency=1, **settings)
    victim.killed(lambda: copy(victim), 6)
    before = len(victim.server.log())
    assert copy(victim)["ok"]["size"] == SIZE
    sent = victim.operations(before)
    assert PARTS - 5 <= sent.count("UploadPart") <= PARTS - 4 and "CreateMultipartUpload" not in sent, sent
    assert victim.stored() == values.pattern(SIZE)
    assert victim.server.state()["uploads"] == [] and list(victim.journals.iterdir()) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_move_killed_again_and_again(seed, victim):
    victim, chance = victim(max_concurrency=3), random.Random(seed)
    for _ in range(3):
        victim.killed(lambda: copy(victim, "move"), chance.randint(1, 3))
        assert victim.source.read_bytes() == values.pattern(SIZE)
    assert copy(victim, "move")["ok"]["size"] == SIZE
    assert not victim.source.exists() and victim.stored() == values.pattern(SIZE)
    victim.call("abort_uploads", {"older_than": 0})
    assert list(victim.journals.iterdir()) == []


@pytest.mark.parametrize("strikes", [[1, 4, 9], [6, 13, 2], [17, 8, 11]])
def test_encrypt_all_killed_again_and_again(strikes, victim):
    victim = victim(encryption_aes_key=KEY)
    bodies = {f"o/{number}": size for number, size in enumerate([9, PART * 2 + 7, 0, 70000])}
    for key, size in bodies.items():
        body = base64.b64encode(values.pattern(size)).decode()
        seed = {"bucket": victim.place.bucket, "key": key, "body_b64": body}
        victim.server.control("POST", "seed", seed)

    def encrypt():
        return victim.call("encrypt_all", {"prefix": "o/"})

    def whole(policy):
        """Each object, read by a store that takes what is in the clear as it is."""
        for key, size in bodies.items():
            answer = victim.call("get", {"key": key})
            if "error" in answer:
                clear = agents.Agent("rust")
                settings = {**victim.place.settings()}
                store = clear.ask({"op": "open", "url": victim.place.url, "settings": settings})["ok"]
                answer = clear.ask({"op": "call", "store": store, "verb": "get", "args": {"key": key}})
                clear.stop()
                assert policy == "either", (key, answer)
            assert base64.b64decode(answer["ok"]["body"]["$bytes"]) == values.pattern(size), key

    for requests in strikes:
        victim.killed(encrypt, requests)
        whole("either")
    reply = encrypt()["ok"]
    assert reply["encrypted"] + reply["unchanged"] == len(bodies) and reply["failed"] == [], reply
    whole("encrypted")
    assert victim.server.state()["uploads"] == []
    assert victim.server.state()["objects"] == len(bodies)


def test_an_object_written_anew_while_it_is_encrypted_stays(victim):
    victim = victim(encryption_aes_key=KEY)
    victim.server.control("POST", "seed", {"bucket": victim.place.bucket, "key": "o", "body_b64": "b2xk"})
    # Another client writes the object between the verification and the replacement.
    rule = {"match": {"op": "CopyObject", "nth": 1}, "fault": {"change_object": {"body_b64": "bmV3"}}}
    victim.server.plan([rule])
    reply = victim.call("encrypt_all", {"prefix": "o"})["ok"]
    assert [row["error"] for row in reply["failed"]] == ["Changed"], reply
    assert victim.server.state()["objects"] == 1


def test_a_file_that_another_machine_writes_is_waited_for(tmp_path):
    agent = agents.Agent("rust")
    store = agent.ask({"op": "open", "url": f"file://{tmp_path}", "settings": {}})["ok"]
    threading.Timer(0.2, (tmp_path / "a").write_bytes, [b"hello"]).start()
    call = {"op": "call", "store": store, "verb": "head", "args": {"key": "a", "wait": "1m"}}
    assert agent.ask(call)["ok"]["size"] == 5
    agent.stop()


def test_an_object_that_another_client_puts_is_waited_for(victim):
    victim, answers = victim(), []
    looking = threading.Thread(
        target=lambda: answers.append(victim.call("head", {"key": "later", "wait": 60}))
    )
    looking.start()
    victim.server.control("GET", "log?wait=3")
    seed = {"bucket": victim.place.bucket, "key": "later", "body_b64": "aGVsbG8="}
    victim.server.control("POST", "seed", seed)
    looking.join()
    assert answers[0]["ok"]["size"] == 5
    assert set(victim.operations(0)) == {"HeadObject"}
