"""What `scripts/dist.py` writes: the same bytes twice, complete metadata, and a C library that works where it
is unpacked. `make dist-check` runs it.

Invariant: the library is the development build's, unless PROFILE is `release`.
"""

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROFILE = os.environ.get("PROFILE", "dev")


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """The same commit, written into two directories."""
    directories = [tmp_path_factory.mktemp("dist") / name for name in ("one", "another-name")]
    for directory in directories:
        run(sys.executable, ROOT / "scripts/dist.py", directory, "--profile", PROFILE)
    return directories


def members(path):
    with tarfile.open(path) as archive:
        return {member.name.partition("/")[2]: member for member in archive.getmembers()}


def test_the_same_bytes_twice(twice):
    one, other = ({path.name: path.read_bytes() for path in each.iterdir()} for each in twice)
    assert sorted(one) == sorted(other) and len(one) == 5
    assert [name for name in one if one[name] != other[name]] == []
    for line in one["SHA256SUMS"].decode().splitlines():
        digest, name = line.split()
        assert hashlib.sha256(one[name]).hexdigest() == digest


def test_the_source_distribution(twice):
    (path,) = twice[0].glob("oarlock-[0-9]*.tar.gz")
    wanted = {"PKG-INFO", "LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.txt", "Cargo.lock"}
    assert wanted <= set(members(path))
    with tarfile.open(path) as archive:
        facts = archive.extractfile(f"{path.name.removesuffix('.tar.gz')}/PKG-INFO").read().decode()
    addresses = tomllib.loads((ROOT / "addresses.toml").read_text())
    assert all(address in facts for address in addresses.values()), facts[:2000]


def test_the_c_archive_works_where_it_is_unpacked(twice, tmp_path):
    (path,) = twice[0].glob("oarlock-c-*.tar.gz")
    found = members(path)
    committed = int(run("git", "log", "-1", "--format=%ct", cwd=ROOT))
    assert {member.mtime for member in found.values()} == {committed}
    assert {(member.uid, member.gid, member.uname) for member in found.values()} == {(0, 0, "")}
    documents = {"LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.txt", "sbom.cdx.json", "README.md"}
    assert {f"share/doc/oarlock/{name}" for name in documents} <= set(found)
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    place = os.environ | {"PKG_CONFIG_PATH": str(tree / "lib/pkgconfig")}
    place["LD_LIBRARY_PATH"] = str(tree / "lib")
    flags = run("pkg-config", "--cflags", "--libs", "oarlock", env=place).split()
    assert f"-I{tree}" in " ".join(flags).replace("/lib/pkgconfig/../..", "")
    page = (tree / "share/doc/oarlock/README.md").read_text()
    files = re.findall(r"`((?:include|lib|share)/[^`]+)`", page)
    assert files and all((tree / name).exists() for name in files)
    run("cc", tree / "share/doc/oarlock/examples/get.c", *flags, "-o", tmp_path / "get", env=place)
    (tmp_path / "store").mkdir()
    (tmp_path / "store/greeting").write_text("hello")
    assert run(tmp_path / "get", f"file://{tmp_path}/store", "greeting", env=place) == "hello"


def test_no_text_holds_a_path_of_the_builder(twice):
    for path in twice[0].glob("*.tar.gz"):
        with tarfile.open(path) as archive:
            for member in archive.getmembers():
                if member.isfile() and not member.name.endswith((".a", ".so", ".so.0.1.0")):
                    text = archive.extractfile(member).read()
                    assert str(ROOT).encode() not in text, member.name


def test_the_shared_library_is_hardened_and_asks_for_no_newer_glibc_than_its_builder(twice, tmp_path):
    (path,) = twice[0].glob("oarlock-c-*.tar.gz")
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path, filter="data")
    (library,) = tmp_path.glob("*/lib/liboarlock.so.*.*.*")
    headers, dynamic = run("readelf", "-lW", library), run("readelf", "-dW", library)
    assert "GNU_RELRO" in headers and "NOW" in dynamic
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic
    needed = set(re.findall(r"Shared library: \[(.*?)\]", dynamic))
    assert all(name.startswith(("libc.", "libm.", "libgcc_s.", "ld-linux")) for name in needed), needed
    symbols = run("readelf", "--dyn-syms", "-W", library)
    versions = {tuple(map(int, found.split("."))) for found in re.findall(r"@GLIBC_([\d.]+)", symbols)}
    here = tuple(map(int, os.confstr("CS_GNU_LIBC_VERSION").split()[1].split(".")))
    print(f"glibc needed: {'.'.join(map(str, max(versions)))}")
    assert max(versions) <= here
