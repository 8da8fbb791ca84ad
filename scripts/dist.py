#!/usr/bin/env python3
"""Writes what can be published into a directory: the Python source distribution, the source gem, the C and
C++ library as an archive, and their checksums: dist.py DIRECTORY [--profile dev].

Invariant: the same commit gives the same bytes in any directory. No archive holds a path, a user or a time of
the machine; times are the commit's. With the profile `dev` the C archive holds the development library, for
tests of this recipe.
"""

import argparse
import gzip
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
NAMES = {"homepage": "Homepage", "source": "Source", "documentation": "Documentation"}
NAMES |= {"changelog": "Changelog", "issues": "Issues"}


def run(*command, where=ROOT, **environment):
    subprocess.run(command, cwd=where, env=os.environ | environment, check=True, stdout=subprocess.DEVNULL)


def output(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def copy_of_sources(directory):
    """The tracked files, with the project's addresses in the package's metadata."""
    for name in output("git", "ls-files", "-z").split("\0")[:-1]:
        to = directory / name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, to, follow_symlinks=False)
    addresses = tomllib.loads((ROOT / "addresses.toml").read_text(encoding="utf-8"))
    project = directory / "bindings-python/pyproject.toml"
    urls = "".join(f'{NAMES[name]} = "{address}"\n' for name, address in addresses.items())
    project.write_text(f"{project.read_text(encoding='utf-8')}\n[project.urls]\n{urls}", encoding="utf-8")
    return addresses


def archive(tree, path, time):
    """A tree as a tar file: names in order, one owner, one time."""
    top = path.name.removesuffix(".tar.gz")

    def plain(member):
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mtime = time
        member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        return member

    with open(path, "wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=time) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as made:
            for each in sorted(tree.rglob("*")):
                made.add(each, Path(top, each.relative_to(tree)), recursive=False, filter=plain)


def without_paths(profile):
    """The environment of a release build that puts no directory of this machine into the library."""
    if profile == "dev":
        return {}
    cargo = os.environ.get("CARGO_HOME", Path.home() / ".cargo")
    flags = [f"--remap-path-prefix={ROOT}=oarlock", f"--remap-path-prefix={cargo}=cargo"]
    return {"RUSTFLAGS": " ".join(flags), "CARGO_TARGET_DIR": str(ROOT / "target/dist")}


def c_library(out, profile, version, time):
    """The archive of the C and C++ library."""
    name = f"oarlock-c-{version}-{platform.machine()}-linux.tar.gz"
    with tempfile.TemporaryDirectory() as directory:
        options = ["PREFIX=/usr", f"DESTDIR={directory}", f"PROFILE={profile}", "BRIDGE=no"]
        run("make", "-s", "-C", "bindings-c", "install", *options, **without_paths(profile))
        tree = Path(directory, "usr")
        for library in ("lib/liboarlock.a", f"lib/liboarlock.so.{version}"):
            run("strip", "--strip-debug", "--enable-deterministic-archives", tree / library)
        shutil.rmtree(tree / "lib/nix", ignore_errors=True)
        archive(tree, out / name, time)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--profile", choices=["release", "dev"], default="release")
    given = parser.parse_args()
    out = given.directory.resolve()
    out.mkdir(parents=True, exist_ok=True)
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]
    version = workspace["package"]["version"]
    time = int(output("git", "log", "-1", "--format=%ct"))
    with tempfile.TemporaryDirectory() as directory:
        addresses = copy_of_sources(Path(directory))
        run(BIN / "maturin", "sdist", "-o", out, where=Path(directory, "bindings-python"))
        gem = {"SOURCE_DATE_EPOCH": str(time)}
        run("ruby", "bindings-ruby/script/gem.rb", out, where=directory, **gem)
    c_library(out, given.profile, version, time)
    shutil.copy(ROOT / "sbom.cdx.json", out)
    files = sorted(path for path in out.iterdir() if path.name != "SHA256SUMS")
    sums = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    (out / "SHA256SUMS").write_text("".join(sums))
    print(*(f"{path.stat().st_size:>12}  {path.name}" for path in files), sep="\n")


if __name__ == "__main__":
    main()
