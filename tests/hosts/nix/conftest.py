"""Each module of these tests runs in a network of its own, with servers of its own."""

import re
import subprocess

import pytest
from nixhost import PLUGIN, ROOT, Cache, FakeS3, Nix, SeaweedFS, only_loopback


@pytest.fixture(scope="module", autouse=True)
def offline():
    why = subprocess.run([ROOT / "bindings-c" / "nix" / "headers", "--why-not"], capture_output=True, text=True, check=True).stdout.strip()
    if why:
        pytest.skip(f"no Nix plugin here: {why}")
    assert PLUGIN.exists(), f"{PLUGIN} is not built; run `make build`"
    try:
        with only_loopback():
            yield
    except OSError as why:
        pytest.skip(f"Nix is only tried where it can be cut off from the network: {why}")


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
