"""Named pipes, in every language: read and written in order, waited for, and never replaced.

Invariant: a pipe is a pipe afterwards; a reader that leaves is an error, not the end of the host.
"""

import os
import stat
import threading

import agents
import pytest
from values import pattern

SIZE = 3_000_000


@pytest.fixture(params=agents.chosen())
def call(request, servers, languages, tmp_path):
    server = servers.get("fake")
    server.reset()
    server.bucket("pipes")
    server.control("POST", "seed", {"bucket": "pipes", "key": "seeded", "size": SIZE})
    agent = languages.get(request.param)
    store = agent.ask({"op": "open", "url": "s3://pipes", "settings": server.settings()})["ok"]
    os.mkfifo(tmp_path / "pipe")
    yield lambda verb, **args: agent.ask({"op": "call", "store": store, "verb": verb, "args": args})
    assert stat.S_ISFIFO(os.lstat(tmp_path / "pipe").st_mode)
    server.reset()


def aside(work):
    """Runs the other end of the pipe; its result is what `join` returns."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    return lambda: (thread.join(60), results[0])[1]


def test_through_a_pipe_and_back(call, tmp_path):
    pipe = tmp_path / "pipe"
    whole = aside(lambda: pipe.write_bytes(pattern(SIZE)))
    answer = call("put", key="a", source={"$source": {"file": str(pipe)}})
    whole()
    assert answer["ok"]["size"] == SIZE, answer
    read = aside(pipe.read_bytes)
    answer = call("get", key="a", into={"$sink": {"file": str(pipe)}})
    assert answer["ok"]["length"] == SIZE, answer
    assert read() == pattern(SIZE)


def test_a_reader_that_leaves_is_an_error(call, tmp_path):
    def leave():
        with open(tmp_path / "pipe", "rb", buffering=0) as pipe:
            return pipe.read(1)

    left = aside(leave)
    answer = call("get", key="seeded", into={"$sink": {"file": str(tmp_path / "pipe")}})
    left()
    assert answer["error"]["kind"] == "Io" and "roken pipe" in answer["error"]["message"], answer
    # The host lives.
    assert call("exists", key="seeded") == {"ok": True}
