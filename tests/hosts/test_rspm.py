"""A package server of a hundred lines over `StorageClasses`, in Python and Ruby, with real clients and a fake
upstream.

Invariant: the server fetches each package once from the upstream, and the class in S3 keeps it encrypted.
"""

import hashlib
import http.client
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import threading
import urllib.error
import urllib.request
import zipfile

import oarlock
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from servers import FakeS3  # noqa: E402
from upstream import Upstream  # noqa: E402

HERE = pathlib.Path(__file__).with_name("rspm")
GCFG = """
[Storage]
Default = s3
CRAN = file
[S3Storage]
Bucket = packages
Prefix = rspm
[FileStorage "cran"]
Location = {files}
[PyPI]
RetainFetchedPackages = true
"""


@pytest.fixture
def upstream():
    server = Upstream()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def fake():
    server = FakeS3()
    yield server
    server.stop()


@pytest.fixture(params=["python", "ruby"])
def url(request, fake, upstream, tmp_path):
    fake.reset()
    fake.bucket("packages")
    (tmp_path / "cran").mkdir()
    gcfg = tmp_path / "rstudio-pm.gcfg"
    gcfg.write_text(GCFG.format(files=tmp_path / "cran"))
    settings = {
        "settings": fake.settings(),
        "overrides": {"pypi": {"encryption_aes_key": "A" * 43 + "="}},
    }
    command = {
        "python": [sys.executable, HERE / "server.py"],
        "ruby": ["ruby", f"-I{ROOT}/bindings-ruby/lib", HERE / "server.rb"],
    }[request.param]
    run = subprocess.Popen(
        [*command, gcfg, upstream.url, json.dumps(settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}/bindings-python/python"},
    )
    yield run.stdout.readline().strip()
    run.stdin.close()
    run.wait(20)


def get(url):
    with urllib.request.urlopen(url, timeout=30) as response:
        return response.read()


def wheel(path):
    """A wheel of one module."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_demo.py", "VALUE = 42\n")
        about = "tiny_demo-1.0.dist-info"
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny-demo\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return path.read_bytes()


def offer_wheel(upstream, directory, sum=None):
    body = wheel(directory / "tiny_demo-1.0-py3-none-any.whl")
    upstream.add("/pypi/packages/tiny_demo-1.0-py3-none-any.whl", body)
    sum = sum or hashlib.sha256(body).hexdigest()
    page = f'<a href="../../packages/tiny_demo-1.0-py3-none-any.whl#sha256={sum}">tiny_demo</a>'
    upstream.add("/pypi/simple/tiny-demo/", page.encode(), headers={"Content-Type": "text/html"})
    return body


def test_pip_installs_from_it(url, upstream, fake, tmp_path):
    body = offer_wheel(upstream, tmp_path)
    for target in ("one", "two"):
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--no-deps"]
        where = ["--index-url", f"{url}/pypi/simple/", "--target", tmp_path / target]
        quiet = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_CONFIG_FILE": os.devnull}
        subprocess.run([*pip, *where, "tiny-demo"], check=True, timeout=100, env=quiet)
        assert (tmp_path / target / "tiny_demo.py").read_text() == "VALUE = 42\n"
    assert upstream.count(path="/pypi/packages/tiny_demo-1.0-py3-none-any.whl") == 1
    with oarlock.open("s3://packages/rspm", **fake.settings()) as raw:
        stored = raw.get("packages/tiny_demo-1.0-py3-none-any.whl").body
    assert len(stored) == len(body) + 16 and b"VALUE" not in stored


def source_package(name, version):
    """A source package of R with one function."""
    files = {
        "DESCRIPTION": f"Package: {name}\nVersion: {version}\nTitle: T\nDescription: D.\nLicense: MIT\n"
        "Author: A\nMaintainer: A <a@example.com>\n",
        "NAMESPACE": "export(answer)\n",
        "R/answer.R": "answer <- function() 42L\n",
    }
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return archive.getvalue()


@pytest.mark.skipif(not shutil.which("Rscript"), reason="R is not installed (Debian's r-base-core)")
def test_r_installs_from_it(url, upstream, tmp_path):
    upstream.add("/cran/src/contrib/PACKAGES", b"Package: tinydemo\nVersion: 1.0\nLicense: MIT\n")
    upstream.add("/cran/src/contrib/tinydemo_1.0.tar.gz", source_package("tinydemo", "1.0"))
    for target in ("one", "two"):
        library = tmp_path / target
        library.mkdir()
        program = f"""
            install.packages(
              "tinydemo", lib = "{library}", repos = "{url}/cran", type = "source", quiet = TRUE
            )
            library(tinydemo, lib.loc = "{library}")
            cat(answer())
        """
        run = subprocess.run(
            ["Rscript", "--vanilla", "-e", program], capture_output=True, text=True, timeout=100
        )
        assert run.stdout == "42", run.stderr
    assert upstream.count(path="/cran/src/contrib/tinydemo_1.0.tar.gz") == 1


def test_sixteen_clients_one_fetch(url, upstream):
    body = os.urandom(3 << 20)
    gate = threading.Event()
    upstream.add("/cran/src/contrib/big_1.0.tar.gz", body, gate=gate, before_gate=1 << 20)
    results = []
    clients = [
        threading.Thread(target=lambda: results.append(get(f"{url}/cran/src/contrib/big_1.0.tar.gz")))
        for _ in range(16)
    ]
    [client.start() for client in clients]
    threading.Timer(0.5, gate.set).start()
    [client.join(60) for client in clients]
    assert [result == body for result in results] == [True] * 16
    assert upstream.count(path="/cran/src/contrib/big_1.0.tar.gz") == 1
    stats = json.loads(get(f"{url}/stats"))
    assert (stats["fetched"], stats["upstream_bytes"]) == (1, len(body))


def test_an_index_changes_and_a_package_does_not(url, upstream):
    upstream.add("/cran/src/contrib/PACKAGES", b"Package: a\n", etag='"1"')
    assert get(f"{url}/cran/src/contrib/PACKAGES") == b"Package: a\n"
    upstream.add("/cran/src/contrib/PACKAGES", b"Package: b\n", etag='"2"')
    assert get(f"{url}/cran/src/contrib/PACKAGES") == b"Package: b\n"
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(f"{url}/cran/src/contrib/none_1.0.tar.gz")
    assert caught.value.code == 404


def test_a_wheel_that_its_index_does_not_promise_is_not_kept(url, upstream, fake, tmp_path):
    offer_wheel(upstream, tmp_path, sum="0" * 64)
    get(f"{url}/pypi/simple/tiny-demo/")
    # The last byte never comes, or nothing does.
    with pytest.raises((urllib.error.HTTPError, http.client.IncompleteRead)):
        get(f"{url}/pypi/packages/tiny_demo-1.0-py3-none-any.whl")
    with oarlock.open("s3://packages/rspm", **fake.settings()) as raw:
        assert [entry.key for entry in raw.list("packages/")] == []
