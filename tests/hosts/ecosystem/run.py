"""Runs the tests of fsspec, s3fs, dvc-s3, zarr, dask and pandas with oarlock in place of s3fs, and writes
`tests/hosts/ECOSYSTEM.md`: `make ecosystem`, or `make ecosystem SUITES="s3fs dask"`.

Invariant: the peers' tests come from their distributions at run time, and nothing of them is kept. All
that changes in them is how their server is started, and the package that they are imported from.
"""

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import xml.etree.ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from servers.base import free_ports  # noqa: E402, RUF100

HOME = ROOT / ".tools" / "ecosystem"
PYTHON = HOME / "bin" / "python"
REPORT = HERE.parent / "ECOSYSTEM.md"
LIMIT = 30 * 60
#: Ports that the peers' tests listen at.
PORTS = ("5555", "5556")


@dataclass
class Suite:
    """Tests of one project: where they are, and which of them concern S3."""

    name: str
    project: str = ""
    inside: str = ""
    paths: tuple = ()
    options: tuple = ()
    fetch: Callable | None = None


def prepare():
    """The peers' environment, with oarlock as it is in the working tree."""
    wanted = HERE / "requirements.txt"
    stamp = HOME / "stamp"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        pip = [PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        subprocess.run([*pip, "-r", wanted], check=True)
        stamp.write_text(wanted.read_text())
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    develop = ROOT / "bindings-python" / "develop.py"
    subprocess.run([PYTHON, develop, target / "debug" / "lib_native.so"], check=True)


def version(project):
    """The version of a project that the environment has, or None."""
    found = re.search(
        rf"^{project}(?:\[.*\])?==(\S+)$", (HERE / "requirements.txt").read_text(), re.MULTILINE
    )
    return found and found[1]


def fetch(suite, directory):
    """Unpacks the tests of a source distribution, and gives their server a free port."""
    name = f"{suite.project}=={version(suite.project)}" if version(suite.project) else suite.project
    pip = [PYTHON, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", suite.project]
    subprocess.run([*pip, "--dest", directory, name], check=True, timeout=LIMIT)
    [archive] = directory.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(directory / "source", filter="data")
    archive.unlink()
    [source] = (directory / "source").iterdir()
    # A name that hides no package.
    tests = directory / f"tests_of_{suite.name.replace('-', '_')}"
    shutil.move(source / suite.inside, tests)
    ports = dict(zip(PORTS, map(str, free_ports(len(PORTS)))))
    package = suite.inside.replace("/", ".")
    for path in tests.rglob("*.py"):
        text = re.sub("|".join(PORTS), lambda found: ports[found[0]], path.read_text())
        # dask's start the server by the command line of an older moto.
        text = text.replace("moto_server s3 -p", "moto_server -p")
        path.write_text(re.sub(rf"\bfrom {re.escape(package)}\b", f"from {tests.name}", text))
    return tests, source.name.rpartition("-")[2]


def from_wheel(suite, directory):
    """The tests of pandas: its wheel has them. pip would compile all of pandas to unpack the source."""
    [installed] = HOME.glob("lib/python3*/site-packages/pandas")
    tests = directory / "tests_of_pandas"
    shutil.copytree(installed / "tests" / "io", tests / "tests" / "io")
    shutil.copy2(installed / "conftest.py", tests)
    for package in (tests, tests / "tests"):
        (package / "__init__.py").touch()
    # The wheel lacks their data, so here are other tables under the same names.
    subprocess.run([PYTHON, HERE / "tables.py", tests / "tests" / "io"], check=True)
    return tests, version("pandas")


def run(suite, directory):
    """Runs one suite: its version, the outcome of each test, and the seconds that it took."""
    tests, found = suite.fetch(suite, directory) if suite.fetch else (ROOT, None)
    report = directory / "report.xml"
    command = [
        PYTHON, "-m", "pytest", "-q", "-ra", "--tb=short", "-p", "no:cacheprovider", "--timeout=120",
        f"--junitxml={report}", *suite.options, *(tests / path for path in suite.paths),
    ]  # fmt: skip
    if suite.fetch:
        command += ["-p", "s3fs_conftest"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "OARLOCK_"))}
    environment = clean | {
        "PYTHONPATH": f"{HERE}:{HERE.parent}:{ROOT / 'tests'}",
        "PATH": f"{HOME / 'bin'}:{os.environ['PATH']}",
        "HOME": str(directory),
        "AWS_EC2_METADATA_DISABLED": "true",
        # Our own tests send s3:// to oarlock as its users do.
        **({} if suite.fetch else {"OARLOCK_FSSPEC": "1"}),
        "DVC_NO_ANALYTICS": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    begun = time.monotonic()
    subprocess.run(["timeout", str(LIMIT), *command], cwd=tests, env=environment, check=False)
    outcomes = dict(read(report)) if report.exists() else {"the suite itself": "failed"}
    return found or version(suite.name), outcomes, time.monotonic() - begun


PANDAS = tuple(
    f"tests/io/{name}.py"
    for name in (
        "test_s3",
        "test_fsspec",
        "test_parquet",
        "parser/test_network",
        "json/test_compression",
        "json/test_pandas",
        "xml/test_xml",
        "xml/test_to_xml",
    )
)
SUITES = [
    Suite("fsspec", paths=(ROOT / "tests/python/test_fsspec_suite.py",)),
    Suite("s3fs", "s3fs", "s3fs/tests", ("test_s3fs.py", "test_mapping.py"), fetch=fetch),
    Suite("dvc-s3", "dvc-s3", "dvc_s3/tests", ("test_dvc.py", "test_s3.py", "test_utils.py"), fetch=fetch),
    Suite(
        "zarr",
        "zarr",
        "tests",
        ("test_store/test_fsspec.py",),
        ("-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"),
        fetch=fetch,
    ),
    Suite("dask", "dask", "dask/bytes/tests", ("test_s3.py",), fetch=fetch),
    # Its tests of Excel files need workbooks that its wheel lacks.
    Suite("pandas", paths=PANDAS, options=("-k", "s3 or S3"), fetch=from_wheel),
    Suite("readers", paths=(HERE / "readers.py",)),
    Suite("workers", paths=(HERE / "workers.py",)),
]


def read(report):
    """The tests of a report and their outcomes."""
    for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
        kinds = {child.tag: child for child in case}
        outcome = "passed"
        if "failure" in kinds or "error" in kinds:
            outcome = "failed"
        elif "skipped" in kinds:
            outcome = "expected" if kinds["skipped"].get("type") == "pytest.xfail" else "skipped"
        yield f"{case.get('classname').rpartition('.')[2]}::{case.get('name')}", outcome


def fnmatch_literal(text):
    """A pattern that matches this text alone."""
    return text.replace("[", "[[]")


def table(*rows):
    """Rows of a table in Markdown; the first is the heading."""
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join([lines[0], f"|{' --- |' * len(rows[0])}", *lines[1:]])


def written():
    """The rows of the last report: its suites, and what differs."""
    lines = REPORT.read_text().splitlines() if REPORT.exists() else []
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ") and "---" not in line]
    rows = [row for row in rows if row[0] != "suite"]
    return [row for row in rows if len(row) > 4], [row for row in rows if len(row) == 4]


def reason(suite, test, known):
    """The verdict about a test that fails, and its reason."""
    for each in known:
        if each["suite"] == suite and any(fnmatch.fnmatchcase(test, pattern) for pattern in each["tests"]):
            return each["right"], each["why"]
    return "not known", "-"


def write(results):
    """Writes the report; suites that were not run keep their rows. Returns whether all is explained."""
    known = tomllib.loads((HERE / "differences.toml").read_text())["difference"]
    for group in tomllib.loads((HERE.parent / "s3fs_tests.toml").read_text())["group"]:
        tests = [f"*::{fnmatch_literal(test)}" for test in group["tests"]]
        known.append(
            {"suite": "s3fs", "tests": tests, "right": group.get("right", "either"), "why": group["reason"]}
        )
    suites, differing = ([row for row in rows if row[0] not in results] for rows in written())
    differing = [[suite, test, *reason(suite, test.strip("`"), known)] for suite, test, *_ in differing]
    for suite, (found, outcomes, seconds) in results.items():
        counts = [list(outcomes.values()).count(kind) for kind in ("passed", "failed", "expected", "skipped")]
        suites.append([suite, found or "-", *counts, f"{seconds:.0f}"])
        failed = [test for test, outcome in outcomes.items() if outcome == "failed"]
        differing += [[suite, f"`{test}`", *reason(suite, test, known)] for test in failed]
    order = [suite.name for suite in SUITES]
    suites, differing = (sorted(rows, key=lambda row: order.index(row[0])) for rows in (suites, differing))
    text = f"""# How do the tests of Python's data tools fare with oarlock?

`make ecosystem` fetches the distributions, runs their tests with oarlock in place of s3fs, and writes this
page. It keeps nothing of them. `readers` and `workers` are tests of our own with pandas, pyarrow, polars,
DuckDB, xarray, zarr, datasets, dask.distributed and Ray, and with PySpark and PyTorch where they are
installed.

{table(["suite", "version", "passed", "failed", "fail as expected", "skipped", "seconds"], *suites)}

## What differs, and who is right?
{table(["suite", "test", "right", "why"], *differing) if differing else "Nothing."}
"""
    REPORT.write_text(text)
    return all(row[2] != "not known" for row in differing)


def main(names):
    chosen = [suite for suite in SUITES if not names or suite.name in names]
    if unknown := set(names) - {suite.name for suite in chosen}:
        sys.exit(
            f"no such suite: {', '.join(sorted(unknown))}; known: {', '.join(each.name for each in SUITES)}"
        )
    prepare()
    results = {}
    for suite in chosen:
        print(f"== {suite.name}", flush=True)
        with tempfile.TemporaryDirectory() as directory:
            results[suite.name] = run(suite, Path(directory))
    for suite, (_, outcomes, _) in results.items():
        print(suite, {kind: list(outcomes.values()).count(kind) for kind in sorted(set(outcomes.values()))})
    return write(results)


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
