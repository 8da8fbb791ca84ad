"""pyarrow, polars, DuckDB, xarray and zarr read and write through oarlock's file system."""

import datasets
import duckdb
import numpy
import oarlock
import pandas
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet
import pytest
import xarray
import zarr
from oarlock.fsspec import OarlockFileSystem
from servers import FakeS3


@pytest.fixture(scope="module")
def fake():
    server = FakeS3()
    server.bucket("tests")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def options(fake):
    """As people write them for s3fs."""
    return {
        "key": fake.access_key,
        "secret": fake.secret_key,
        "client_kwargs": {"endpoint_url": fake.endpoint, "region_name": fake.region},
    }


@pytest.fixture
def fs(options):
    return OarlockFileSystem(**options)


FRAME = pandas.DataFrame({"n": range(1000), "s": [f"row {n}" for n in range(1000)]})


def test_pandas(options):
    for kind in ("parquet", "csv", "json", "pickle"):
        url = f"s3://tests/pandas/frame.{kind}"
        index = {} if kind in ("json", "pickle") else {"index": False}
        getattr(FRAME, f"to_{kind}")(url, storage_options=options, **index)
        found = getattr(pandas, f"read_{kind}")(url, storage_options=options)
        pandas.testing.assert_frame_equal(found, FRAME, check_dtype=False)


def test_pyarrow(fs):
    arrow = pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(fs))
    table = pyarrow.table({"n": list(range(100)), "part": [n % 3 for n in range(100)]})
    pyarrow.dataset.write_dataset(
        table, "tests/arrow", filesystem=arrow, format="parquet", partitioning=["part"]
    )
    found = pyarrow.dataset.dataset("tests/arrow", filesystem=arrow, format="parquet", partitioning=["part"])
    assert found.to_table().sort_by("n")["n"].to_pylist() == list(range(100))
    assert found.count_rows(filter=pyarrow.dataset.field("part") == 1) == 33
    info = arrow.get_file_info(pyarrow.fs.FileSelector("tests/arrow", recursive=True))
    assert {each.type for each in info} == {pyarrow.fs.FileType.File, pyarrow.fs.FileType.Directory}
    assert arrow.get_file_info("tests/arrow/nowhere").type == pyarrow.fs.FileType.NotFound
    arrow.create_dir("tests/arrow/new")
    arrow.copy_file("tests/arrow/0/part-0.parquet", "tests/arrow/copy.parquet")
    arrow.move("tests/arrow/copy.parquet", "tests/arrow/moved.parquet")
    with arrow.open_input_file("tests/arrow/moved.parquet") as file:
        assert pyarrow.parquet.read_table(file).num_rows == 34
    with arrow.open_output_stream("tests/arrow/stream") as file:
        file.write(b"bytes")
    with arrow.open_input_stream("tests/arrow/stream") as file:
        assert file.read() == b"bytes"
    arrow.delete_file("tests/arrow/stream")
    arrow.delete_dir("tests/arrow/0")
    assert (
        found.files
        != pyarrow.dataset.dataset("tests/arrow", filesystem=arrow, exclude_invalid_files=True).files
    )


def test_polars(fs):
    frame = polars.DataFrame({"n": range(1000)})
    with fs.open("tests/polars.parquet", "wb") as file:
        frame.write_parquet(file)
    with fs.open("tests/polars.parquet") as file:
        assert polars.read_parquet(file).equals(frame)
    with fs.open("tests/polars.csv", "wb") as file:
        frame.write_csv(file)
    with fs.open("tests/polars.csv") as file:
        assert polars.read_csv(file).equals(frame)
    dataset = pyarrow.dataset.dataset("tests/polars.parquet", filesystem=fs)
    assert polars.scan_pyarrow_dataset(dataset).filter(polars.col("n") > 990).collect().height == 9


def test_duckdb(fs):
    with fs.open("tests/duck.parquet", "wb") as file:
        FRAME.to_parquet(file)
    with duckdb.connect() as connection:
        connection.register_filesystem(fs)
        query = "select count(*), max(n) from read_parquet('oarlock://tests/duck.parquet') where n >= 10"
        assert connection.execute(query).fetchall() == [(990, 999)]
        connection.execute("copy (select 1 as one) to 'oarlock://tests/duck.csv'")
    assert fs.cat("tests/duck.csv").split() == [b"one", b"1"]


@pytest.mark.parametrize("asynchronous", [False, True], ids=["blocking", "asynchronous"])
def test_zarr_and_xarray(options, asynchronous):
    url = f"s3://tests/zarr-{asynchronous}"
    data = numpy.arange(10_000).reshape(100, 100)
    if asynchronous:
        store = zarr.storage.FsspecStore(OarlockFileSystem(asynchronous=True, **options), path=url[5:])
    else:
        store = zarr.storage.FsspecStore.from_url(url, storage_options=options)
    array = zarr.create_array(store, shape=data.shape, chunks=(30, 30), dtype=data.dtype, name="a")
    array[:] = data
    assert (zarr.open_array(store, path="a", mode="r")[:] == data).all()
    url = f"s3://tests/xarray-{asynchronous}"
    given = xarray.Dataset({"t": (("x", "y"), data)})
    given.to_zarr(url, storage_options=options, consolidated=False)
    found = xarray.open_zarr(url, storage_options=options, consolidated=False)
    assert found.equals(given)


def test_datasets(options, fs, tmp_path):
    with fs.open("tests/hub/frame.parquet", "wb") as file:
        FRAME.to_parquet(file)
    url = "s3://tests/hub/frame.parquet"
    # The library adds settings of its own hub to the dictionary that it gets.
    cache = str(tmp_path / "cache")
    loaded = datasets.load_dataset("parquet", data_files=url, storage_options=dict(options), cache_dir=cache)
    assert loaded["train"].num_rows == 1000
    streamed = datasets.load_dataset("parquet", data_files=url, storage_options=dict(options), streaming=True)
    assert [row["n"] for row in streamed["train"].take(3)] == [0, 1, 2]
    loaded["train"].save_to_disk("s3://tests/hub/saved", storage_options=dict(options))
    again = datasets.load_from_disk("s3://tests/hub/saved", storage_options=dict(options))
    assert again["n"][:] == list(range(1000))


def test_version():
    assert oarlock.VERSION == oarlock.__version__
