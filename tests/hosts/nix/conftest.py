"""Each module of these tests runs in a network of its own where that is allowed, with servers of its own."""

import contextlib
import re
import subprocess
import warnings

import pytest
from nixhost import PLUGIN, ROOT, Cache, FakeS3, Nix, SeaweedFS, TlsDoor, only_loopback, self_signed


@pytest.fixture(scope="module", autouse=True)
def offline():
    why = subprocess.run(
        [ROOT / "bindings-c" / "nix" / "headers", "--why-not"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if why:
        pytest.skip(f"no Nix plugin here: {why}")
    assert PLUGIN.exists(), f"{PLUGIN} is not built; run `make build`"
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(only_loopback())
        except OSError as error:
            # Every server is on loopback all the same. Only the proof that no other host gets a request is
            # missing then.
            warnings.warn(f"Nix is tried without being cut off from the network: {error}", stacklevel=1)
        yield


@pytest.fixture(scope="module")
def fake(offline):
    server = FakeS3()
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["fake", "seaweed"])
def server(request, offline):
    started = {"fake": FakeS3, "seaweed": SeaweedFS}[request.param]()
    yield started
    started.stop()


@pytest.fixture
def nix(tmp_path, request):
    """A machine that has the keys of the test's server."""
    names = {"server", "fake"} & set(request.fixturenames)
    return Nix(tmp_path, request.getfixturevalue(names.pop()) if names else None)


@pytest.fixture
def cache(request):
    """A bucket of the test's own."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:63].strip("-")
    return Cache(request.getfixturevalue("server" if "server" in request.fixturenames else "fake"), name)


@pytest.fixture
def tls(nix, fake):
    """Starts a door to the server over TLS: its port, and the certificate to trust. With `clients` it asks
    for one of theirs."""
    doors = []
    certificate, _, both = self_signed(
        nix.directory,
        "door",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "basicConstraints=critical,CA:FALSE",
    )

    def start(clients=None):
        doors.append(TlsDoor(fake.endpoint, both, clients))
        return doors[-1].port, certificate

    yield start
    for door in doors:
        door.stop()
