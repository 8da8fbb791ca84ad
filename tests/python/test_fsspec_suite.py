"""fsspec's own suite for file systems, from the installed fsspec, on a server that checks conditions."""

import fsspec.tests.abstract as suite
import pytest
from oarlock.fsspec import OarlockFileSystem
from servers import FakeS3


class Fixtures(suite.AbstractFixtures):
    @pytest.fixture(scope="class")
    def fs(self):
        server = FakeS3()
        server.bucket("tests")
        yield OarlockFileSystem(skip_instance_cache=True, **server.settings())
        server.stop()

    @pytest.fixture
    def fs_path(self):
        return "tests"

    @pytest.fixture
    def supports_empty_directories(self):
        return False


class TestCopy(suite.AbstractCopyTests, Fixtures):
    pass


class TestGet(suite.AbstractGetTests, Fixtures):
    pass


class TestPut(suite.AbstractPutTests, Fixtures):
    pass


class TestOpen(suite.AbstractOpenTests, Fixtures):
    pass


class TestPipe(suite.AbstractPipeTests, Fixtures):
    pass
