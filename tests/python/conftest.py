"""What is special to Python; what is the same in every language is tested by the cases of `tests/driver`."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import oarlock  # noqa: E402
import pytest  # noqa: E402
from oarlock.fsspec import OarlockFileSystem  # noqa: E402
from servers import FakeS3  # noqa: E402
from upstream import Upstream  # noqa: E402


@pytest.fixture(scope="session")
def server():
    fake = FakeS3()
    yield fake
    fake.stop()


@pytest.fixture
def fake(server):
    """The misbehaving server, empty but for the bucket `tests`."""
    server.reset()
    server.bucket("tests")
    yield server
    server.reset()


@pytest.fixture
def store(tmp_path):
    """A store in a directory."""
    (tmp_path / "store").mkdir()
    with oarlock.open(f"file://{tmp_path}/store") as store:
        yield store


@pytest.fixture
def remote(fake):
    """A store on the misbehaving server."""
    with oarlock.open("s3://tests/", **fake.settings()) as store:
        yield store


@pytest.fixture
def fs(fake):
    """A file system of fsspec on the misbehaving server."""
    return OarlockFileSystem(skip_instance_cache=True, **fake.settings())


@pytest.fixture
def upstream():
    server = Upstream()
    yield server
    server.stop()


@pytest.fixture(params=["directory", "bucket", "encrypted"])
def place(request, tmp_path, fake):
    """A store of each kind."""
    if request.param == "directory":
        (tmp_path / "store").mkdir()
        url, settings = f"file://{tmp_path}/store", {}
    else:
        url, settings = "s3://tests/", fake.settings()
        if request.param == "encrypted":
            settings["encryption_aes_key"] = bytes(32)
    with oarlock.open(url, **settings) as store:
        yield store
