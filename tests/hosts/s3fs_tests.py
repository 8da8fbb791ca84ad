#!/usr/bin/env python3
"""Runs s3fs' own tests with oarlock in the place of s3fs, and prints how many pass.

Invariant: the tests come from s3fs' source distribution at run time and nothing of them is kept. A test that
fails must be listed in `s3fs_tests.toml` with the reason, and a listed one must fail; else the run fails.
"""

import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import xml.etree.ElementTree as xml
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
S3FS = "s3fs==2026.9.0"
TESTS = ("test_s3fs.py", "test_mapping.py")
NEEDS = ("moto[server]", "pytest", "pytest-asyncio", "requests", "python-dateutil", "packaging")


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def prepare(place):
    """The tests, and a Python with s3fs, moto and the working tree's oarlock."""
    quiet = ("--quiet", "--disable-pip-version-check")
    run(
        sys.executable, "-m", "pip", "download", *quiet, "--no-deps", "--no-binary", "s3fs", "-d", place, S3FS
    )
    (archive,) = place.glob("s3fs-*.tar.gz")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tarfile.open(archive) as files:
        for name in TESTS:
            (member,) = (found for found in files.getnames() if found.endswith(f"/s3fs/tests/{name}"))
            text = files.extractfile(member).read().decode()
            text = text.replace("port = 5555", f"port = {port}")
            (place / name).write_text(text.replace("from s3fs.tests.test_s3fs", "from test_s3fs"))
    (place / "conftest.py").write_text((HERE / "s3fs_conftest.py").read_text())
    venv.create(place / "venv", with_pip=True)
    python = place / "venv/bin/python"
    run(python, "-m", "pip", "install", *quiet, S3FS, *NEEDS)
    (site,) = (place / "venv/lib").glob("python*/site-packages")
    (site / "oarlock.pth").write_text(f"{ROOT / 'bindings-python/python'}\n")
    return python


def outcomes(report):
    """The end of each test, by its file and name: `passed`, `failed` or `skipped`."""
    found = {}
    for case in xml.parse(report).getroot().iter("testcase"):
        kinds = {child.tag for child in case}
        state = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        found[f"{case.get('classname')}.{case.get('name')}"] = state
    return found


def main():
    groups = tomllib.loads((HERE / "s3fs_tests.toml").read_text())["group"]
    listed = {f"test_s3fs.{test}" for group in groups for test in group["tests"]}
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        python = prepare(place)
        report = place / "report.xml"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        subprocess.run(
            [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "--no-header", "-W", "ignore"]
            + [f"--junitxml={report}", *TESTS],
            cwd=place,
            env={**clean, "AWS_EC2_METADATA_DISABLED": "true"},
            check=False,
        )
        found = outcomes(report)
    failed = {name for name, state in found.items() if state == "failed"}
    passed = sum(state == "passed" for state in found.values())
    print(f"s3fs' own tests: {passed} of {len(found)} pass, {len(failed)} differ, the others are skipped")
    for name in sorted(failed - listed):
        print(f"fails and is not listed: {name}")
    for name in sorted(listed - failed):
        print(f"is listed and does not fail: {name}")
    return 1 if failed ^ listed else 0


if __name__ == "__main__":
    sys.exit(main())
