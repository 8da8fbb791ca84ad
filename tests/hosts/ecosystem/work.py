"""One client does one piece of work in a fresh process, and prints what it took as JSON:
`work.py CLIENT WORK ENDPOINT COUNT`, with CLIENT one of oarlock, s3fs and obstore.

Invariant: connections are opened within the time that counts; the interpreter and its modules are not. Two
works begin earlier: `prepare` stores what the others read, and `import` counts the import.
"""

import json
import os
import resource
import sys
import time

CLIENT, WORK, ENDPOINT, COUNT = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
KEYS = {"key": os.environ["BENCH_KEY"], "secret": os.environ["BENCH_SECRET"]}
BUCKET = "bench"
TABLE = f"{BUCKET}/table.parquet"
ARRAY = f"{BUCKET}/array.zarr"
#: Bytes of a row of the table, and of a chunk of the array: 8 columns of 8 bytes, 1 MiB.
ROW, CHUNK = 64, 1 << 20


def open_system(asynchronous=False):
    """The client's file system, as its users make it."""
    if CLIENT == "obstore":
        from obstore.fsspec import FsspecStore

        return FsspecStore(
            "s3",
            access_key_id=KEYS["key"],
            secret_access_key=KEYS["secret"],
            region="us-east-1",
            endpoint=ENDPOINT,
            client_options={"allow_http": True},
            virtual_hosted_style_request=False,
            asynchronous=asynchronous,
        )
    place = {"endpoint_url": ENDPOINT, "region_name": "us-east-1"}
    if CLIENT == "s3fs":
        from s3fs import S3FileSystem as FileSystem
    else:
        from oarlock.fsspec import OarlockFileSystem as FileSystem
    return FileSystem(**KEYS, client_kwargs=place, asynchronous=asynchronous)


def prepare():
    """Stores small objects, a table and an array; COUNT is its MB."""
    import numpy
    import pyarrow
    import pyarrow.parquet
    import zarr
    from oarlock.errors import AlreadyExistsError

    fs = open_system()
    try:
        fs.mkdir(BUCKET)
    except AlreadyExistsError:
        pass
    fs.pipe({f"{BUCKET}/small/{number}": bytes(4096) for number in range(2000)})
    rows = COUNT * 1_000_000 // ROW
    columns = {f"c{n}": numpy.random.default_rng(n).random(rows) for n in range(8)}
    with fs.open(TABLE, "wb") as file:
        pyarrow.parquet.write_table(pyarrow.table(columns), file, row_group_size=max(1, rows // 10))
    chunks = COUNT * 1_000_000 // CHUNK
    data = numpy.random.default_rng(0).random((chunks, CHUNK // 8))
    store = zarr.storage.FsspecStore(open_system(asynchronous=True), path=ARRAY)
    array = zarr.create_array(
        store, shape=data.shape, chunks=(1, CHUNK // 8), dtype=data.dtype, compressors=None, overwrite=True
    )
    array[:] = data
    return lambda: None


def cat():
    fs = open_system()
    names = [f"{BUCKET}/small/{number}" for number in range(COUNT)]

    def run():
        assert len(fs.cat(names)) == COUNT

    return run


def parquet_pandas():
    import pandas
    import pyarrow.dataset  # noqa: F401

    return lambda: pandas.read_parquet(TABLE, filesystem=open_system())


def parquet_pyarrow():
    import pyarrow.dataset
    import pyarrow.parquet

    return lambda: pyarrow.parquet.read_table(TABLE, filesystem=open_system())


def parquet_polars():
    import polars

    def run():
        with open_system().open(TABLE) as file:
            polars.read_parquet(file)

    return run


def read_zarr():
    import zarr

    def run():
        store = zarr.storage.FsspecStore(open_system(asynchronous=True), path=ARRAY)
        zarr.open_array(store, mode="r")[:]

    return run


def import_only():
    import fsspec
    import fsspec.asyn  # noqa: F401

    def run():
        match CLIENT:
            case "oarlock":
                import oarlock.fsspec  # noqa: F401
            case "s3fs":
                import s3fs  # noqa: F401
            case "obstore":
                import obstore.fsspec  # noqa: F401

    return run


WORKS = {
    "prepare": prepare,
    "cat": cat,
    "parquet-pandas": parquet_pandas,
    "parquet-pyarrow": parquet_pyarrow,
    "parquet-polars": parquet_polars,
    "zarr": read_zarr,
    "import": import_only,
}


def main():
    run = WORKS[WORK]()
    if WORK not in ("import", "prepare"):
        # Modules count for nobody: what opens a file system imports its module too.
        open_system(asynchronous=True)
    usage, begun = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    run()
    ended = resource.getrusage(resource.RUSAGE_SELF)
    cpu = ended.ru_utime + ended.ru_stime - usage.ru_utime - usage.ru_stime
    print(json.dumps({"wall": time.monotonic() - begun, "cpu": cpu, "rss": ended.ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
