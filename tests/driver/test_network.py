"""Whom a store trusts, whom it shows a certificate, and what it goes through, in every language.

Law: seen on the wire; what is not asked for does not happen.
"""

import json

import pytest
from agents import Agent, chosen
from net import Metadata, Servers, self_signed

KEYS = {"access_key_id": "AKID", "secret_access_key": "canary-secret", "max_attempts": 1, "app_name": "tester"}


@pytest.fixture
def serve():
    servers = Servers()
    yield servers.start
    servers.stop()


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server's certificate for 127.0.0.1: its file, its key's, both."""
    return self_signed(tmp_path_factory.mktemp("tls"), "own", "subjectAltName=IP:127.0.0.1", "basicConstraints=critical,CA:FALSE")


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """A client's certificate."""
    return self_signed(tmp_path_factory.mktemp("tls"), "mine", "extendedKeyUsage=clientAuth", "basicConstraints=critical,CA:FALSE")


@pytest.fixture(scope="module", params=chosen())
def agent(request):
    agent = Agent(request.param)
    yield agent
    agent.stop()


@pytest.fixture(params=chosen())
def start(request):
    """Starts agents with variables of their own."""
    agents = []

    def start(**variables):
        agents.append(Agent(request.param, **variables))
        return agents[-1]

    yield start
    for agent in agents:
        agent.stop()


def ask(agent, verb="get", settings=None, **more):
    settings = {**(KEYS if settings is None else settings), **more}
    opened = agent.ask({"op": "open", "url": "s3://bucket", "settings": settings})
    if "error" in opened:
        return opened
    args = {"key": "a", "into": {"$sink": "memory"}} if verb == "get" else {}
    return agent.ask({"op": "call", "store": opened["ok"], "verb": verb, "args": args})


def failed(answer, kind, *words):
    """It failed so, with these words and without a secret."""
    assert answer.get("error", {}).get("kind") == kind, answer
    assert all(str(word) in answer["error"]["message"] for word in words), answer
    assert "canary" not in json.dumps(answer), answer


def https(server):
    return f"https://127.0.0.1:{server.server_port}"


def test_trust(agent, serve, own):
    """An unknown certificate is refused, taken when it is named as the bundle, and taken unseen with `verify` false."""
    server = serve(own[2])
    failed(ask(agent, endpoint=https(server), max_attempts=5), "Network", "certificate")
    assert not server.seen
    for settings in ({"ca_bundle": str(own[0])}, {"verify": False}):
        assert "ok" in ask(agent, endpoint=https(server), **settings)
    assert len(server.seen) == 2
    agents = {headers["user-agent"] for _, headers in server.seen}
    assert all("oarlock/" in each and "app/tester" in each for each in agents), agents


def test_client_certificate(agent, serve, own, mine):
    """A server that wants a certificate gets one: from one file or two, by name or unverified, directly or through a tunnel."""
    server = serve(own[2], clients=mine[0])
    failed(ask(agent, endpoint=https(server), ca_bundle=str(own[0])), "Network")
    assert not server.seen
    two = {"client_certificate": str(mine[0]), "client_key": str(mine[1])}
    one = {"client_certificate": str(mine[2])}
    proxy = serve()
    tunnel = {"proxy": f"http://127.0.0.1:{proxy.server_port}"}
    for settings in (two, one, {**one, "verify": False}, {**two, **tunnel}, {**one, **tunnel, "verify": False}):
        answer = ask(agent, endpoint=https(server), **{"ca_bundle": str(own[0]), **settings})
        assert "ok" in answer, (settings, answer)
    assert len(server.seen) == 5
    assert {path for path, _ in proxy.seen} == {f"CONNECT 127.0.0.1:{server.server_port}"}


def test_bad_files(agent, serve, own, mine, tmp_path):
    """A file that is not what a setting says is an error that names both, before anything is sent."""
    server = serve(own[2])
    bad = tmp_path / "bad.pem"
    bad.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for settings, words in (
        ({"ca_bundle": str(bad)}, ("ca_bundle", bad)),
        ({"client_certificate": str(bad), "client_key": str(mine[1])}, ("client_certificate", bad)),
        ({"client_certificate": str(mine[0])}, ("client_certificate", mine[0], "no private key")),
        ({"client_certificate": str(mine[0]), "client_key": str(own[1])}, ("client_key", own[1], "does not belong")),
        ({"client_certificate": "/no/such.pem"}, ("client_certificate", "/no/such.pem")),
        ({"client_key": str(mine[1])}, ("client_key", "client_certificate")),
    ):
        failed(ask(agent, endpoint=https(server), **settings), "Config", *words)
    assert not server.seen


def test_forwarding_proxy(agent, serve):
    """A proxy on the way to plain http is asked for the whole URL, and knows who asks; no error shows its password."""
    proxy = serve()
    answer = ask(agent, endpoint="http://store.example:9000", proxy=f"http://me:canary-word@127.0.0.1:{proxy.server_port}")
    assert "ok" in answer, answer
    [(path, headers)] = proxy.seen
    assert path.startswith("http://store.example:9000/bucket/a"), path
    assert headers["proxy-authorization"].startswith("Basic ")
    answer = ask(agent, endpoint="http://store.example:9000", proxy="http://me:canary-word@127.0.0.1:1")
    failed(answer, "Network", "127.0.0.1:1")


def test_tunnel(agent, serve, own):
    """A proxy on the way to https opens a tunnel for those it knows, and sees nothing of what passes."""
    server, proxy = serve(own[2]), serve(user="me:canary word")
    through = {"endpoint": https(server), "proxy": f"http://me:canary%20word@127.0.0.1:{proxy.server_port}"}
    failed(ask(agent, **through), "Network", "certificate")
    for settings in ({"ca_bundle": str(own[0])}, {"verify": False}):
        assert "ok" in ask(agent, **through, **settings)
    assert {path for path, _ in proxy.seen} == {f"CONNECT 127.0.0.1:{server.server_port}"}
    assert len(server.seen) == 2
    for _, headers in server.seen:
        assert "proxy-authorization" not in {name.lower() for name in headers}
    for _, headers in proxy.seen:
        assert "authorization" not in {name.lower() for name in headers}
    answer = ask(agent, endpoint=https(server), verify=False, proxy=f"http://me:canary-wrong@127.0.0.1:{proxy.server_port}")
    failed(answer, "Network", f"127.0.0.1:{proxy.server_port}", "authorization")
    assert len(server.seen) == 2


def test_proxies_of_the_environment(start, serve, own):
    """The environment's proxies, each for its scheme, and NO_PROXY by host, address, bits and port."""
    plain, secure, proxy, tunnel = serve(), serve(own[2]), serve(), serve()
    proxies = {"HTTP_PROXY": f"127.0.0.1:{proxy.server_port}", "https_proxy": f"http://127.0.0.1:{tunnel.server_port}"}
    endpoint = f"http://127.0.0.1:{plain.server_port}"
    for entry, direct in (
        (f"127.0.0.1:{plain.server_port}", True),
        ("10.0.0.1, 127.0.0.0/8", True),
        (f"127.0.0.1:{secure.server_port},.example,10.0.0.0/8", False),
    ):
        agent = start(**proxies, NO_PROXY=entry)
        before = len(plain.seen), len(proxy.seen)
        assert "ok" in ask(agent, endpoint=endpoint)
        assert (len(plain.seen), len(proxy.seen)) == (before[0] + direct, before[1] + (not direct)), entry
        assert "ok" in ask(agent, endpoint=https(secure), verify=False)
    assert len(secure.seen) == 3 and len(tunnel.seen) == 1


def test_no_proxy_for_metadata(start, serve):
    """Whoever sits between would get the keys: a machine's and a container's services are asked directly."""
    proxy, service = serve(), serve(handler=Metadata)
    there = f"http://127.0.0.1:{service.server_port}"
    agent = start(
        HTTP_PROXY=f"http://127.0.0.1:{proxy.server_port}",
        ALL_PROXY=f"http://127.0.0.1:{proxy.server_port}",
        AWS_EC2_METADATA_DISABLED="false",
        AWS_EC2_METADATA_SERVICE_ENDPOINT=there,
        AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{there}/container",
    )
    for provider in ("instance_profile", "container"):
        answer = ask(agent, "credentials", {"provider": provider, "endpoint": there})
        assert answer["ok"]["access_key_id"] == "ASIAMETA", answer
    assert {"/container", "/latest/api/token"} <= {path for path, _ in service.seen}
    assert not proxy.seen
