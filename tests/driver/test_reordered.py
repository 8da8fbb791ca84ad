"""Bytes that arrive out of order, within one stream or from another one: the checksums see it, both ways.

Invariant: as in the sweep, the right bytes or a typed error, with nothing left behind. No server does this,
so a TCP proxy stands before one.
"""

import base64
import urllib.parse

import net
import pytest
import values

SIZE = 12_000_001
STORE = {"multipart_threshold": 5 << 20, "multipart_chunksize": 5 << 20, "max_attempts": 3}
TYPED = {"Corrupt", "Network", "Timeout", "Service", "Changed"}


@pytest.fixture
def server(servers):
    server = servers.get("fake")
    server.reset()
    server.bucket("order")
    yield server
    server.reset()


def opened(agent, settings):
    store = agent.ask({"op": "open", "url": "s3://order", "settings": settings})["ok"]
    return lambda verb, **args: agent.ask(
        {"op": "call", "store": store, "verb": verb, "args": args}, seconds=120
    )


@pytest.mark.parametrize("kind", ["within", "between"])
@pytest.mark.parametrize("what", ["get", "get-to-file", "stream", "put", "put-in-parts"])
def test_out_of_order(what, kind, agent, server, tmp_path):
    size = 3_000_001 if what == "put" else SIZE
    pattern = values.pattern(size)
    (tmp_path / "source").write_bytes(pattern)
    settings = {**server.settings(), **STORE}
    straight = opened(agent, settings)
    far = urllib.parse.urlsplit(settings["endpoint"])
    proxy = net.Reordering((far.hostname, far.port), kind, "up" if what.startswith("put") else "down")
    askew = opened(agent, {**settings, "endpoint": "http://{}:{}".format(*proxy.address)})
    source = {"$source": {"file": str(tmp_path / "source")}}
    target = tmp_path / "out" / "target"
    target.parent.mkdir()
    try:
        if what.startswith("put"):
            answer = askew("put", key="a", source=source)
        else:
            assert "ok" in straight("put", key="a", source=source)
            into = {"get": "memory", "get-to-file": {"file": str(target)}, "stream": "stream"}[what]
            answer = askew("get", key="a", into={"$sink": into})
    finally:
        proxy.stop()
    assert proxy.struck, "nothing came out of order"
    assert "ok" in answer or answer["error"]["kind"] in TYPED, answer
    if what.startswith("put"):
        kept = straight("get", key="a")
        assert (
            base64.b64decode(kept["ok"]["body"]["$bytes"]) == pattern
            if "ok" in answer
            else kept["error"]["kind"] == "NotFound"
        )
        assert server.state()["uploads"] == []
    elif what == "get-to-file":
        assert target.read_bytes() == pattern if "ok" in answer else list(target.parent.iterdir()) == []
    elif "ok" in answer:
        assert base64.b64decode(answer["ok"]["body"]["$bytes"]) == pattern
