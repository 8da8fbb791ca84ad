"""Whom a store trusts, whom it shows a certificate, and what it goes through, in every language.

Invariant: seen on the wire; what is not asked for does not happen.
"""

import json
import re
import socket
import threading

import pytest
from agents import Agent, chosen
from net import Metadata, Servers, issued, self_signed

KEYS = {
    "access_key_id": "AKID",
    "secret_access_key": "canary-secret",
    "max_attempts": 1,
    "app_name": "tester",
}


@pytest.fixture
def serve():
    servers = Servers()
    yield servers.start
    servers.stop()


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server's certificate for 127.0.0.1: its file, its key's, both."""
    return self_signed(
        tmp_path_factory.mktemp("tls"),
        "own",
        "subjectAltName=IP:127.0.0.1",
        "basicConstraints=critical,CA:FALSE",
    )


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """A client's certificate."""
    return self_signed(
        tmp_path_factory.mktemp("tls"),
        "mine",
        "extendedKeyUsage=clientAuth",
        "basicConstraints=critical,CA:FALSE",
    )


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
    """An unknown certificate is refused, taken when it is named as the bundle, and taken unseen with `verify`
    false."""
    server = serve(own[2])
    failed(ask(agent, endpoint=https(server), max_attempts=5), "Network", "certificate")
    assert not server.seen
    for settings in ({"ca_bundle": str(own[0])}, {"verify": False}):
        assert "ok" in ask(agent, endpoint=https(server), **settings)
    assert len(server.seen) == 2
    agents = {headers["user-agent"] for _, headers in server.seen}
    assert all("oarlock/" in each and "app/tester" in each for each in agents), agents


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """Another certificate for 127.0.0.1, of the same subject, which nobody shows."""
    return self_signed(
        tmp_path_factory.mktemp("tls"),
        "own",
        "subjectAltName=IP:127.0.0.1",
        "basicConstraints=critical,CA:FALSE",
    )


@pytest.mark.parametrize(
    "form", ["self-signed", "self-signed CA", "issued", "issued under the subject of its issuer"]
)
def test_a_certificate_that_the_bundle_holds(agent, serve, tmp_path, stranger, form):
    """A server's own certificate in `ca_bundle` is trusted byte for byte, whatever it is; another one of the
    same making is not."""
    name = "subjectAltName=IP:127.0.0.1"
    if form.startswith("self-signed"):
        shown = self_signed(
            tmp_path, "own", name, *(["basicConstraints=critical,CA:FALSE"] if form == "self-signed" else [])
        )
    else:
        shown = issued(tmp_path, "own" if "subject" in form else "shown", name)
    server = serve(shown[2])
    refusal = ("certificate", "`ca_bundle`", "`verify`", f"127.0.0.1:{server.server_port}")
    failed(ask(agent, endpoint=https(server)), "Network", *refusal)
    failed(
        ask(agent, endpoint=https(server), ca_bundle=str(stranger[0])), "Network", *refusal, str(stranger[0])
    )
    assert not server.seen
    both = tmp_path / "both.pem"
    both.write_bytes(stranger[0].read_bytes() + shown[0].read_bytes())
    for bundle in (shown[0], both):
        assert "ok" in ask(agent, endpoint=https(server), ca_bundle=str(bundle)), bundle
    assert len(server.seen) == 2


@pytest.mark.parametrize("constraints", ["CA:TRUE", "CA:FALSE"])
def test_the_bundle_lifts_neither_name_nor_time(agent, serve, tmp_path, constraints):
    """A certificate of the bundle counts for its names and its time alone; the error names which those
    are."""
    constraints = f"basicConstraints=critical,{constraints}"
    for number, (extensions, days, words) in enumerate(
        (
            (
                ["subjectAltName=DNS:store.example,IP:10.9.8.7"],
                None,
                ["not for 127.0.0.1", "store.example", "10.9.8.7"],
            ),
            ([], None, ["not for 127.0.0.1", "subjectAltName"]),
            (
                ["subjectAltName=IP:127.0.0.1"],
                ("20200101000000Z", "20210101000000Z"),
                ["expired at 2021-01-01T00:00:00Z"],
            ),
            (
                ["subjectAltName=IP:127.0.0.1"],
                ("20990101000000Z", "21000101000000Z"),
                ["not valid before 2099-01-01T00:00:00Z"],
            ),
        )
    ):
        shown = issued(tmp_path, f"shown{number}", *extensions, constraints, own=True, days=days)
        server = serve(shown[2])
        words = [*words, f"127.0.0.1:{server.server_port}", "`ca_bundle`", "`verify`"]
        failed(
            ask(agent, endpoint=https(server), ca_bundle=str(shown[0]), max_attempts=5),
            "Network",
            *words,
            "1 attempt in",
        )
        assert not server.seen


def test_the_bundle_of_the_environment(start, serve, tmp_path):
    """The same holds for the bundle of the environment, and for a proxy that speaks TLS."""
    shown = self_signed(tmp_path, "own", "subjectAltName=IP:127.0.0.1")
    server, proxy = serve(shown[2]), serve(shown[2])
    agent = start(AWS_CA_BUNDLE=str(shown[0]))
    assert "ok" in ask(agent, endpoint=https(server))
    assert "ok" in ask(agent, endpoint=https(server), proxy=https(proxy))
    assert "ok" in ask(agent, endpoint="http://store.example:9000", proxy=https(proxy))
    assert len(server.seen) == 2 and len(proxy.seen) == 2
    agent = start()
    failed(
        ask(agent, endpoint=https(server), proxy=https(proxy)),
        "Network",
        f"proxy 127.0.0.1:{proxy.server_port}",
        "`ca_bundle`",
    )


def unused():
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Raw:
    """A server that responds to every request with the same bytes, or with none, and hangs up; or that never
    responds."""

    def __init__(self, answer):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.answer, self.kept, self.came = answer, [], 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.came += 1
            if self.answer is None:
                self.kept.append(connection)
                continue
            connection.recv(65536)
            connection.sendall(self.answer)
            connection.close()


@pytest.fixture
def raw():
    servers = []

    def start(answer):
        servers.append(Raw(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.listener.close()
        for connection in server.kept:
            connection.close()


def test_nobody_there(agent):
    """A connection error names host and port, the attempts and their time, and nothing of the request."""
    port = unused()
    for scheme in ("http", "https"):
        for attempts, words in ((1, "1 attempt in"), (3, "3 attempts in")):
            answer = ask(
                agent,
                endpoint=f"{scheme}://127.0.0.1:{port}",
                max_attempts=attempts,
                session_token="canary-token",
            )
            failed(answer, "Network", f"127.0.0.1:{port} could not be reached", "refused", words)
            assert not re.search("X-Amz|bucket/a|[?]", answer["error"]["message"]), answer
    failed(
        ask(agent, endpoint="http://nowhere.invalid:9000"),
        "Network",
        "nowhere.invalid:9000 could not be reached",
        "no address",
    )
    failed(
        ask(agent, endpoint=f"http://127.0.0.1:{port}", proxy=f"http://me:canary-word@127.0.0.1:{port}"),
        "Network",
        f"127.0.0.1:{port}",
    )


def test_limits_that_pass(agent, raw):
    """A time limit that passes is named with its setting, and with the server."""
    silent = raw(None)
    for scheme, limit in (
        ("http", "read_timeout"),
        ("https", "connect_timeout"),
        ("http", "attempt_timeout"),
        ("http", "operation_timeout"),
    ):
        answer = ask(agent, endpoint=f"{scheme}://{silent.address}", **{limit: "0.2"})
        failed(answer, "Timeout", silent.address, "0.2 s", f"`{limit}`", "1 attempt in")
        assert answer["error"]["retryable"] is True


def test_tls_and_plain_http_mixed_up(agent, serve, raw, own):
    """https at a port of http, and http at a port of https, are recognised and tried once; the error names
    what to write."""
    plain, secure = serve(), serve(own[2])
    garbage, mute = raw(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"), raw(b"")
    for server, words in (
        (f"127.0.0.1:{plain.server_port}", ["plain HTTP", "1 attempt in"]),
        (garbage.address, ["plain HTTP", "1 attempt in"]),
    ):
        failed(
            ask(agent, endpoint=f"https://{server}", max_attempts=4),
            "Network",
            *words,
            f"`endpoint` to http://{server}",
        )
    failed(
        ask(agent, endpoint=f"https://{mute.address}"), "Network", "TLS handshake", f"http://{mute.address}"
    )
    alert = raw(bytes([21, 3, 1, 0, 2, 2, 10]))
    failed(
        ask(agent, endpoint=f"http://{alert.address}", max_attempts=4),
        "Network",
        "answered with TLS",
        "1 attempt in",
        f"https://{alert.address}",
    )
    assert alert.came == 1
    for server in (f"127.0.0.1:{secure.server_port}", mute.address):
        failed(ask(agent, endpoint=f"http://{server}"), "Network", f"https://{server}")
    junk = raw(b"220 mail.example ESMTP\r\n")
    failed(ask(agent, endpoint=f"http://{junk.address}"), "Network", junk.address, "did not answer in HTTP")


def test_a_clock_that_can_not_be_set_right(agent, raw):
    """A server that refuses the time even of a request in its own time: the error names by how much this
    machine's clock is off."""
    document = (
        b"<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>"
    )
    head = b"HTTP/1.1 403 Forbidden\r\ndate: Mon, 01 Jan 2001 00:00:00 GMT\r\ncontent-type: application/xml\r\nconnection: close\r\n"
    server = raw(head + b"content-length: %d\r\n\r\n" % len(document) + document)
    answer = ask(agent, endpoint=f"http://{server.address}", max_attempts=3)
    failed(answer, "PermissionDenied", "clock is", "days", "ahead of the server's")
    assert server.came == 2


def test_the_bucket_in_the_host_of_the_endpoint(agent, raw):
    """An endpoint whose host begins with the bucket's name is in the error if the bucket does not exist."""
    document = b"<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>"
    server = raw(
        b"HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(document)
        + document
    )
    proxy = f"http://{server.address}"
    answer = ask(agent, endpoint="http://bucket.store.example:9000", proxy=proxy)
    failed(answer, "NoSuchBucket", "`endpoint` names the bucket already", "http://store.example:9000")


def test_nothing_is_left_where_nothing_was_sent(agent, raw):
    """A check that never had a connection does not warn of an object that may be left; one that had
    does."""
    port, silent = unused(), raw(None)
    for settings in (
        {"endpoint": f"http://127.0.0.1:{port}"},
        {"endpoint": f"https://{silent.address}", "connect_timeout": "0.2"},
        {"endpoint": f"https://{silent.address}", "operation_timeout": "0.2"},
    ):
        rows = checked(agent, **settings)
        assert "left behind" not in json.dumps(rows), rows
        assert rows["check delete"]["value"] == "not tried: there is no object"
    rows = checked(agent, endpoint=f"http://{silent.address}", operation_timeout="0.2")
    assert "may be left behind" in rows["check delete"]["value"], rows


def checked(agent, **settings):
    opened = agent.ask({"op": "open", "url": "s3://bucket", "settings": {**KEYS, **settings}})
    answer = agent.ask({"op": "call", "store": opened["ok"], "verb": "explain", "args": {"check": True}})
    return {row["what"]: row for row in answer["ok"]}


def test_client_certificate(agent, serve, own, mine):
    """A server that wants a certificate gets one: from one file or two, by name or unverified, directly or
    through a tunnel."""
    server = serve(own[2], clients=mine[0])
    failed(
        ask(agent, endpoint=https(server), ca_bundle=str(own[0])),
        "Network",
        "see the setting `client_certificate`",
    )
    assert not server.seen
    two = {"client_certificate": str(mine[0]), "client_key": str(mine[1])}
    one = {"client_certificate": str(mine[2])}
    proxy = serve()
    tunnel = {"proxy": f"http://127.0.0.1:{proxy.server_port}"}
    for settings in (
        two,
        one,
        {**one, "verify": False},
        {**two, **tunnel},
        {**one, **tunnel, "verify": False},
    ):
        answer = ask(agent, endpoint=https(server), **{"ca_bundle": str(own[0]), **settings})
        assert "ok" in answer, (settings, answer)
    assert len(server.seen) == 5
    assert {path for path, _ in proxy.seen} == {f"CONNECT 127.0.0.1:{server.server_port}"}


def test_bad_files(agent, serve, own, mine, tmp_path):
    """A file that does not fit its setting is an error that names both, before anything is sent."""
    server = serve(own[2])
    bad = tmp_path / "bad.pem"
    bad.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for settings, words in (
        ({"ca_bundle": str(bad)}, ("ca_bundle", bad)),
        ({"client_certificate": str(bad), "client_key": str(mine[1])}, ("client_certificate", bad)),
        ({"client_certificate": str(mine[0])}, ("client_certificate", mine[0], "no private key")),
        (
            {"client_certificate": str(mine[0]), "client_key": str(own[1])},
            ("client_key", own[1], "does not belong"),
        ),
        ({"client_certificate": "/no/such.pem"}, ("client_certificate", "/no/such.pem")),
        ({"client_key": str(mine[1])}, ("client_key", "client_certificate")),
    ):
        failed(ask(agent, endpoint=https(server), **settings), "Config", *words)
    assert not server.seen


def test_forwarding_proxy(agent, serve):
    """A proxy on the way to plain http gets the whole URL and the user; no error shows its
    password."""
    proxy = serve()
    answer = ask(
        agent,
        endpoint="http://store.example:9000",
        proxy=f"http://me:canary-word@127.0.0.1:{proxy.server_port}",
    )
    assert "ok" in answer, answer
    [(path, headers)] = proxy.seen
    assert path.startswith("http://store.example:9000/bucket/a"), path
    assert headers["proxy-authorization"].startswith("Basic ")
    answer = ask(agent, endpoint="http://store.example:9000", proxy="http://me:canary-word@127.0.0.1:1")
    failed(answer, "Network", "127.0.0.1:1")


def test_tunnel(agent, serve, own):
    """A proxy on the way to https opens a tunnel for its users, and sees nothing of what passes."""
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
    answer = ask(
        agent,
        endpoint=https(server),
        verify=False,
        proxy=f"http://me:canary-wrong@127.0.0.1:{proxy.server_port}",
    )
    failed(answer, "Network", f"127.0.0.1:{proxy.server_port}", "authorization")
    assert len(server.seen) == 2


def test_proxies_of_the_environment(start, serve, own):
    """The environment's proxies, each for its scheme, and NO_PROXY by host, address, bits and port."""
    plain, secure, proxy, tunnel = serve(), serve(own[2]), serve(), serve()
    proxies = {
        "HTTP_PROXY": f"127.0.0.1:{proxy.server_port}",
        "https_proxy": f"http://127.0.0.1:{tunnel.server_port}",
    }
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
    """A proxy would get the keys: requests to a machine's and a container's services go directly."""
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
