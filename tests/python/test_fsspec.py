"""Slices of objects through fsspec, as columnar readers ask for them."""

import pytest
from oarlock.errors import NotFoundError
from oarlock.fsspec import OarlockFileSystem

DATA = bytes(range(256)) * 1000


@pytest.fixture
def files(fake, remote):
    remote.put("a", DATA)
    remote.put("b", b"0123456789")
    return OarlockFileSystem(skip_instance_cache=True, **fake.settings())


def slices(edges):
    return [DATA[slice(*each)] for each in edges]


def test_ranges_are_slices(files):
    edges = [
        (0, 10),
        (200_000, 200_010),
        (-5, None),
        (None, 4),
        (20, 30),
        (7, 7),
        (255_990, 300_000),
        (400_000, 400_001),
        (10, 2),
    ]
    starts, ends = zip(*edges)
    assert files.cat_ranges(["tests/a"] * len(edges), list(starts), list(ends)) == slices(edges)


def test_neighbours_share_a_request(fake, files):
    begun = len(fake.log())
    assert files.cat_ranges(["tests/a"] * 3, [0, 1000, 2000], [10, 1010, 2010]) == slices(
        [(0, 10), (1000, 1010), (2000, 2010)]
    )
    assert [entry["headers"]["range"] for entry in fake.log()[begun:]] == ["bytes=0-2009"]
    begun = len(fake.log())
    files.cat_ranges(["tests/a"] * 2, [0, 1000], [10, 1010], max_gap=0)
    assert len(fake.log()) - begun == 2


def test_several_files_and_what_fails(files):
    paths = ["tests/a", "tests/missing", "tests/b"]
    found = files.cat_ranges(paths, 1, 3)
    assert found[0] == DATA[1:3] and found[2] == b"12" and isinstance(found[1], NotFoundError)
    with pytest.raises(FileNotFoundError):
        files.cat_ranges(paths, 1, 3, on_error="raise")


@pytest.mark.parametrize(
    "edges", [(5, 9), (-3, None), (None, None), (250_000, 999_999), (999_999, None), (3, 3), (2, -2)]
)
def test_a_slice_of_one_file(files, edges):
    assert files.cat_file("tests/a", *edges) == DATA[slice(*edges)]
