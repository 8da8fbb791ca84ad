"""Whom a store trusts and what it goes through: a server with a certificate of its own, and a proxy.

Law: seen on the wire; what is not asked for does not happen.
"""

import http.server
import json
import ssl
import subprocess
import threading

import pytest
from agents import Agent, chosen

BODY = b"hello"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every GET with one object, and keeps what was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        self.send_response(200)
        self.send_header("content-length", str(len(BODY)))
        self.send_header("etag", '"e"')
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    """Starts a server; with a certificate, over TLS."""
    servers = []

    def start(certificate=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.seen = []
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody vouches for, with its key."""
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    extensions = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=own", *extensions]
    subprocess.run([*made, "-keyout", path.with_suffix(".key"), "-out", path], check=True, capture_output=True)
    both = path.with_name("both.pem")
    both.write_bytes(path.with_suffix(".key").read_bytes() + path.read_bytes())
    return path, both


@pytest.fixture(scope="module", params=chosen())
def agent(request):
    agent = Agent(request.param)
    yield agent
    agent.stop()


def get(agent, **settings):
    settings = {"access_key_id": "AKID", "secret_access_key": "canary-secret", "max_attempts": 1, "app_name": "tester", **settings}
    opened = agent.ask({"op": "open", "url": "s3://bucket", "settings": settings})
    if "error" in opened:
        return opened
    return agent.ask({"op": "call", "store": opened["ok"], "verb": "get", "args": {"key": "a", "into": {"$sink": "memory"}}})


def test_trust(agent, serve, certificate):
    """An unknown certificate is refused, taken when it is named as the bundle, and taken unseen with `verify` false."""
    path, both = certificate
    server = serve(both)
    endpoint = f"https://127.0.0.1:{server.server_port}"
    refused = get(agent, endpoint=endpoint)
    assert refused["error"]["kind"] == "Network", refused
    assert not server.seen
    for settings in ({"ca_bundle": str(path)}, {"verify": False}):
        assert "ok" in get(agent, endpoint=endpoint, **settings)
    assert len(server.seen) == 2
    agents = {headers["user-agent"] for _, headers in server.seen}
    assert all("oarlock/" in each and "app/tester" in each for each in agents), agents


def test_bad_bundle(agent, tmp_path):
    """A bundle that is no bundle is an error that names it."""
    bad = tmp_path / "bad.pem"
    bad.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    answer = get(agent, endpoint="https://127.0.0.1:1", ca_bundle=str(bad))
    assert answer["error"]["kind"] == "Config" and "bad.pem" in json.dumps(answer), answer


def test_proxy(agent, serve):
    """The setting's proxy is asked for the whole URL, and knows who asks; no error shows its password."""
    proxy = serve()
    answer = get(agent, endpoint="http://store.example:9000", proxy=f"http://me:canary-word@127.0.0.1:{proxy.server_port}")
    assert "ok" in answer, answer
    [(path, headers)] = proxy.seen
    assert path.startswith("http://store.example:9000/bucket/a"), path
    assert headers["proxy-authorization"].startswith("Basic ")
    answer = get(agent, endpoint="http://store.example:9000", proxy="http://me:canary-word@127.0.0.1:1")
    assert answer["error"]["kind"] == "Network" and "canary" not in json.dumps(answer), answer
