"""File systems and open files travel to the workers of dask.distributed and Ray: by their settings, without a
secret where they were built from a profile."""

import multiprocessing
import os
import pickle

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


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes(profile, method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.starmap(length, [(profile, path) for path in FILES])
    assert [size for size, _ in found] == [len(body) for body in FILES.values()]
