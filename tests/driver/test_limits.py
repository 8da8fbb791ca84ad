"""What a store may take at a time: requests, and bytes a second, in every language.

Invariant: a limit is seen from the server's side; without one nothing waits.
"""

import base64
import threading
import time

import pytest
from agents import Agent, chosen
from net import Handler, Servers


class Counting(Handler):
    """Answers when two requests are there, so that a third would be seen."""

    protocol_version = "HTTP/1.1"

    def handle_one(self):
        server = self.server
        with server.guard:
            server.now += 1
            server.most = max(server.most, server.now)
        self.rfile.read(int(self.headers.get("content-length") or 0))
        server.pair.wait(30)
        with server.guard:
            server.now -= 1
        self.answer(200, b"", etag='"e"')

    do_PUT = do_GET = handle_one


class Storing(Handler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        self.server.body = self.rfile.read(int(self.headers["content-length"]))
        self.answer(200, b"", etag='"e"')

    def do_GET(self):
        self.answer(200, self.server.body, etag='"e"')


@pytest.fixture
def serve():
    servers = Servers()
    yield servers.start
    servers.stop()


@pytest.fixture(scope="module", params=chosen())
def agent(request):
    agent = Agent(request.param)
    yield agent
    agent.stop()


def opened(agent, server, **more):
    settings = {
        "access_key_id": "AKID",
        "secret_access_key": "s",
        "endpoint": f"http://127.0.0.1:{server.server_port}",
        **more,
    }
    return agent.ask({"op": "open", "url": "s3://bucket", "settings": settings})["ok"]


def call(agent, store, verb, **args):
    answer = agent.ask({"op": "call", "store": store, "verb": verb, "args": args})
    assert "ok" in answer, answer
    return answer["ok"]


def test_requests_at_a_time(agent, serve):
    server = serve(handler=Counting)
    server.guard, server.pair, server.now, server.most = threading.Lock(), threading.Barrier(2), 0, 0
    store = opened(agent, server, max_requests=2)
    call(agent, store, "put_many", items=[{"key": f"{number}", "body": "x"} for number in range(12)])
    assert server.most == 2


def test_bytes_a_second(agent, serve):
    server = serve(handler=Storing)
    store = opened(agent, server, max_bandwidth="256KB/s", payload_signing_enabled=False)
    body = "x" * (160 << 10)
    begin = time.monotonic()
    call(
        agent, store, "put", key="a", source={"$source": {"bytes": base64.b64encode(body.encode()).decode()}}
    )
    assert call(agent, store, "get", key="a", into={"$sink": "memory"})["meta"]["size"] == len(body)
    # The last piece of each way has no one to wait for it.
    assert time.monotonic() - begin > 0.7 and server.body == body.encode()
