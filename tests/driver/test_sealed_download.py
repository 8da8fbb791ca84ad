"""Downloads of a store that encrypts, from a server that lies, breaks and is slow, and by processes that are
killed.

Invariant: whatever goes wrong, nobody sees a byte that was not verified: no file appears, under no name, and
no stream begins.
"""

import base64
import threading

import agents
import pytest
import values
from test_sealed_upload import sealed  # noqa: F401

SIZE = (20 << 20) + 3
MIDDLE = 9 << 20
LANGUAGES = agents.chosen()


def stored(sealed, content):
    reply = sealed.put(sealed.file(content))
    assert "ok" in reply, reply
    (sealed.directory / "out").mkdir(exist_ok=True)
    return sealed


def into(sealed, name="file"):
    return {"$sink": {"file": str(sealed.directory / "out" / name)}}


def left(sealed):
    return [path.name for path in (sealed.directory / "out").iterdir()]


def kinds(sealed, **options):
    """What becomes of a get to memory, to a file and as a stream: the error's kind, or the bytes."""
    found = []
    for sink in ("memory", into(sealed), "stream"):
        answer = sealed.call(
            "get", {"key": "a", "into": sink if isinstance(sink, dict) else {"$sink": sink}, **options}
        )
        found.append(answer["error"]["kind"] if "error" in answer else answer["ok"])
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("at", [0, MIDDLE, SIZE + 15])
def test_threat_11_a_flipped_bit_shows_nobody_anything(language, at, sealed):  # noqa: F811
    sealed = stored(sealed(language, response_checksum_validation="when_required"), values.pattern(SIZE))
    body, metadata = sealed.held()
    body = bytearray(body)
    body[at] ^= 1
    sealed.server.control(
        "POST",
        "plan",
        {
            "rules": [
                {
                    "match": {"op": "GetObject", "nth": 1, "times": 1},
                    "fault": {"change_object": {"body_b64": base64.b64encode(bytes(body)).decode()}},
                }
            ]
        },
    )
    assert kinds(sealed) == ["Decrypt"] * 3
    assert left(sealed) == []


def test_threat_11_killed_while_it_decrypts_it_leaves_no_name(sealed):  # noqa: F811
    sealed = stored(sealed(), values.pattern(SIZE))
    sealed.server.control(
        "POST", "plan", {"rules": [{"match": {"op": "GetObject"}, "fault": {"stall": {"after": MIDDLE}}}]}
    )
    seen = len(sealed.server.log())
    thread = threading.Thread(
        target=lambda: pytest.raises(agents.AgentDied, sealed.call, "get", {"key": "a", "into": into(sealed)})
    )
    thread.start()
    sealed.server.control("GET", f"log?wait={seen + 1}")
    sealed.agent.process.kill()
    thread.join()
    assert left(sealed) == []


@pytest.mark.parametrize(
    "fault",
    [{"truncate_body": MIDDLE}, {"reset": True}, {"status": 503, "code": "SlowDown"}],
    ids=lambda fault: next(iter(fault)),
)
def test_a_broken_line_is_mended_and_the_content_verified(fault, sealed):  # noqa: F811
    content = values.pattern(SIZE)
    sealed = stored(sealed(), content)
    for sink in ("memory", into(sealed), "stream"):
        sealed.server.control(
            "POST", "plan", {"rules": [{"match": {"op": "GetObject", "nth": 1, "times": 1}, "fault": fault}]}
        )
        answer = sealed.call("get", {"key": "a", "into": sink if isinstance(sink, dict) else {"$sink": sink}})
        assert "ok" in answer, answer
        if "body" in answer["ok"] and answer["ok"]["body"]:
            assert base64.b64decode(answer["ok"]["body"]["$bytes"]) == content
    assert (sealed.directory / "out" / "file").read_bytes() == content


def test_threat_10_another_object_between_two_parts_is_refused(sealed):  # noqa: F811
    sealed = stored(sealed(), values.pattern(SIZE))
    rules = [
        {"match": {"op": "GetObject", "nth": 1, "times": 1}, "fault": {"truncate_body": MIDDLE}},
        {"match": {"op": "GetObject", "nth": 2, "times": 1}, "fault": {"change_object": {}}},
    ]
    sealed.server.control("POST", "plan", {"rules": rules})
    answer = sealed.call("get", {"key": "a", "into": into(sealed)})
    assert answer["error"]["kind"] == "Changed"
    assert left(sealed) == []


def test_threat_10_a_range_instead_of_the_whole_is_refused(sealed):  # noqa: F811
    sealed = stored(sealed(), values.pattern(1000))
    headers = {"content-range": "bytes 0-1015/5000"}
    sealed.server.control(
        "POST", "plan", {"rules": [{"match": {"op": "GetObject"}, "fault": {"answer_headers": headers}}]}
    )
    assert kinds(sealed) == ["Service"] * 3
    assert left(sealed) == []


def test_threat_10_a_range_under_a_wrong_commitment_is_refused(sealed):  # noqa: F811
    sealed = stored(sealed(), values.pattern(1000))
    _, metadata = sealed.held()
    metadata["x-amz-d"] = base64.b64encode(bytes(28)).decode()
    reply = sealed.call("copy", {"source_key": "a", "key": "a", "metadata": metadata}, sealed.plain)
    assert "ok" in reply, reply
    assert kinds(sealed, range="0-9", unverified=True) == ["KeyCommitment"] * 3
    assert kinds(sealed) == ["KeyCommitment"] * 3
    assert left(sealed) == []


def test_threat_5_an_instruction_file_that_is_gone_or_another_s(sealed):  # noqa: F811
    sealed = stored(sealed(encryption_instruction_file=True), values.pattern(1000))
    assert "ok" in sealed.call("put", {"key": "b", "source": {"$source": {"bytes": ""}}})
    # Another object's: the commitment does not match.
    assert "ok" in sealed.call("copy", {"source_key": "b.instruction", "key": "a.instruction"}, sealed.plain)
    assert kinds(sealed) == ["KeyCommitment"] * 3
    assert "ok" in sealed.call("delete", {"key": "a.instruction"}, sealed.plain)
    assert kinds(sealed) == ["Decrypt"] * 3
    assert "ok" in sealed.call(
        "put",
        {"key": "a.instruction", "source": {"$source": {"bytes": base64.b64encode(bytes(70_000)).decode()}}},
        sealed.plain,
    )
    assert kinds(sealed) == ["Decrypt"] * 3
    assert left(sealed) == []
    # With the object its file goes.
    assert "ok" in sealed.call("delete", {"key": "b"})
    assert "ok" in sealed.call("delete_many", {"keys": ["a"]})
    assert sealed.call("list", {}, sealed.plain)["ok"]["entries"] == []


def test_a_spool_has_no_name_either(sealed):  # noqa: F811
    content = values.pattern(SIZE)
    sealed = stored(sealed(encryption_verify_buffer=1 << 20), content)
    answer = sealed.call("get", {"key": "a", "into": {"$sink": "stream"}})
    assert base64.b64decode(answer["ok"]["body"]["$bytes"]) == content
