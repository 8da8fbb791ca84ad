"""File systems and open files travel to the workers of dask.distributed, Ray, Spark and PyTorch: by their
settings, without a secret where they were built from a profile."""

import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys

import cloudpickle
import dask.bag
import dask.dataframe
import pandas
import pytest
import ray
from distributed import Client, LocalCluster
from oarlock.fsspec import OarlockFileSystem
from servers import FakeS3

FILES = {f"tests/parts/{n}.txt": b"line\n" * (n + 1) for n in range(8)}


@pytest.fixture(scope="module")
def fake():
    server = FakeS3()
    server.bucket("tests")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def profile(fake, tmp_path_factory):
    """A profile of the shared files, which the workers read for themselves."""
    directory = tmp_path_factory.mktemp("aws")
    (directory / "credentials").write_text(
        f"[work]\naws_access_key_id = {fake.access_key}\naws_secret_access_key = {fake.secret_key}\n"
    )
    (directory / "config").write_text(
        f"[profile work]\nregion = {fake.region}\nendpoint_url = {fake.endpoint}\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(directory / "credentials"))
        patch.setenv("AWS_CONFIG_FILE", str(directory / "config"))
        fs = OarlockFileSystem(profile="work")
        fs.pipe(FILES)
        yield fs


def length(fs, path):
    return len(fs.cat(path)), os.getpid()


def rest(file):
    return file.read(), os.getpid()


def test_a_pickle_holds_no_secret(fake, profile):
    with profile.open("tests/parts/3.txt") as file:
        file.read(5)
        for thing in (profile, file):
            pickled = pickle.dumps(thing)
            assert fake.secret_key.encode() not in pickled and fake.access_key.encode() not in pickled
        again = pickle.loads(pickled)
    assert again.tell() == 5 and again.read() == b"line\n" * 3
    assert pickle.loads(pickle.dumps(profile)) == profile


def test_dask(profile):
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        found = client.gather([client.submit(length, profile, path, pure=False) for path in FILES])
        assert [size for size, _ in found] == [len(body) for body in FILES.values()]
        assert os.getpid() not in {pid for _, pid in found}
        with profile.open("tests/parts/2.txt") as file:
            file.read(5)
            body, pid = client.submit(rest, file).result()
        assert body == b"line\n" * 2 and pid != os.getpid()
        lines = dask.bag.read_text("s3://tests/parts/*.txt", storage_options={"profile": "work"})
        assert lines.count().compute() == sum(range(1, 9))
        frame = dask.dataframe.from_pandas(pandas.DataFrame({"n": range(1000)}), npartitions=4)
        url = "s3://tests/dask.parquet"
        frame.to_parquet(url, storage_options={"profile": "work"})
        again = dask.dataframe.read_parquet(url, storage_options={"profile": "work"})
        assert again.n.sum().compute() == 499_500


def test_ray(profile):
    ray.init(num_cpus=2, include_dashboard=False, configure_logging=False, log_to_driver=False)
    try:
        remote = ray.remote(length)
        found = ray.get([remote.remote(profile, path) for path in FILES])
        assert [size for size, _ in found] == [len(body) for body in FILES.values()]
        assert os.getpid() not in {pid for _, pid in found}
        texts = ray.data.read_text("tests/parts", filesystem=profile)
        assert texts.count() == sum(range(1, 9))
        ray.data.range(100).write_parquet("tests/ray", filesystem=profile)
        assert ray.data.read_parquet("tests/ray", filesystem=profile).sum("id") == 4950
    finally:
        ray.shutdown()


def counted(fs, path):
    """A job of Spark's, as its driver sends it: a closure over the file system."""
    return lambda: (len(fs.cat(path)), os.getpid())


def test_cloudpickle(profile):
    """What PySpark does for its Python workers: cloudpickle in the driver, pickle in a fresh process."""
    path = "tests/parts/3.txt"
    code = "import pickle, sys; print(*pickle.load(sys.stdin.buffer)())"
    job = cloudpickle.dumps(counted(profile, path))
    done = subprocess.run([sys.executable, "-c", code], input=job, capture_output=True, check=True)
    size, pid = map(int, done.stdout.split())
    assert size == len(FILES[path]) and pid != os.getpid()


def test_spark(profile, monkeypatch):
    pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed: it takes 450 MB")
    if shutil.which("java") is None:
        pytest.skip("pyspark needs Java, which is not installed")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    context = pyspark.SparkContext(
        "local[2]", conf=pyspark.SparkConf().setAll([("spark.ui.enabled", "false")])
    )
    try:
        found = context.parallelize(list(FILES), 4).map(lambda path: length(profile, path)).collect()
    finally:
        context.stop()
    assert [size for size, _ in found] == [len(body) for body in FILES.values()]
    assert os.getpid() not in {pid for _, pid in found}


class Rows:
    """A data set as PyTorch's loader takes it: rows by number, from a file that each process opens itself."""

    def __init__(self, fs, path):
        self.fs, self.path, self.file = fs, path, None

    def __len__(self):
        return len(FILES[self.path]) // 5

    def __getitem__(self, number):
        if self.file is None:
            self.file = self.fs.open(self.path)
        self.file.seek(5 * number)
        return self.file.read(5)


def load(rows, numbers, batches):
    """A loader's worker: rows for the numbers that it gets, until it gets None."""
    while (number := numbers.get()) is not None:
        batches.put((number, rows[number], os.getpid()))


@pytest.mark.parametrize("opened", [False, True], ids=["", "opened-before"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_loader(profile, method, opened):
    """What PyTorch's `DataLoader` does with two workers."""
    rows = Rows(profile, "tests/parts/7.txt")
    if opened:
        assert rows[0] == b"line\n"
    context = multiprocessing.get_context(method)
    numbers, batches = context.Queue(), context.Queue()
    workers = [context.Process(target=load, args=(rows, numbers, batches)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for number in (*range(len(rows)), None, None):
        numbers.put(number)
    found = sorted(batches.get(timeout=60) for _ in range(len(rows)))
    for worker in workers:
        worker.join(60)
    assert [row for _, row, _ in found] == [b"line\n"] * 8 and os.getpid() not in {pid for *_, pid in found}


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_torch(profile, method):
    data = pytest.importorskip("torch.utils.data", reason="torch is not installed: it takes 700 MB")
    loader = data.DataLoader(
        Rows(profile, "tests/parts/7.txt"), num_workers=2, multiprocessing_context=method, collate_fn=list
    )
    assert list(loader) == [[b"line\n"]] * 8


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes(profile, method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.starmap(length, [(profile, path) for path in FILES])
    assert [size for size, _ in found] == [len(body) for body in FILES.values()]
