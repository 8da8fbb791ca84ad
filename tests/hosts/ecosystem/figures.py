"""Measures oarlock in Python's data tools beside dvc-s3, s3fs and obstore, and writes
`tests/hosts/FIGURES.md`: `make ecosystem-figures`, or `make ecosystem-figures SCALE=0.1` for a look.

Invariant: what is compared ran in turns in the same minutes, each in a fresh process; the median of three
counts. It judges and never fails: the table names the goals that were missed. The server is SeaweedFS; the
rows at 20 ms reach it through the bench's network.
"""

import argparse
import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import run as suites
from servers import SeaweedFS

HERE = Path(__file__).resolve().parent
ROOT = suites.ROOT
REPORT = HERE.parent / "FIGURES.md"
ROUNDS = 3


@dataclass
class Row:
    """Some work, who does it, and oarlock's goals: (figure, client, times the client's)."""

    work: str
    title: str
    clients: tuple
    goals: tuple
    count: int = 0
    delay: int = 0
    figures: dict = field(default_factory=dict)


CLIENTS = ("oarlock", "s3fs", "obstore")
FAR = (("wall", "s3fs", 0.5), ("wall", "obstore", 1.0))


def rows(scale):
    """The rows, each of so many objects or MB."""
    files, size, megabytes = max(50, int(5000 * scale)), max(1, int(1024 * scale)), max(4, int(100 * scale))
    small = (("cpu", "dvc-s3", 0.5), ("cpu", "local", 1.15))
    large = (("rss", None, 90), ("wall", "dvc-s3", 1.0))
    dvc = ("oarlock", "dvc-s3", "local")
    return [
        Row("dvc-push", f"dvc push, {files:,} × 4 KiB", dvc, small, files),
        Row("dvc-pull", f"dvc pull, {files:,} × 4 KiB", dvc, small, files),
        Row("dvc-push-large", f"dvc push, {size:,} MiB", dvc[:2], large, size),
        Row("dvc-pull-large", f"dvc pull, {size:,} MiB", dvc[:2], large, size),
        Row(
            "cat",
            "fs.cat, 2,000 × 4 KiB",
            CLIENTS,
            tuple((kind, *than) for kind in ("cpu", "wall") for than in (("s3fs", 0.1), ("obstore", 0.25))),
            2000,
        ),
        Row("parquet-pandas", f"pandas, parquet of {megabytes} MB, 20 ms", CLIENTS, FAR, megabytes, 20),
        Row("parquet-pyarrow", f"pyarrow, parquet of {megabytes} MB, 20 ms", CLIENTS, FAR, megabytes, 20),
        Row("parquet-polars", f"polars, parquet of {megabytes} MB, 20 ms", CLIENTS, FAR, megabytes, 20),
        Row("zarr", f"zarr, array of {megabytes} MB, 20 ms", CLIENTS, FAR, megabytes, 20),
        Row("import", "import, over that of fsspec", CLIENTS, (("cpu", None, 0.01),)),
    ]


class Bench:
    """The programs, and the servers that they work with."""

    def __init__(self, built, work, server):
        self.built, self.work, self.server = built, work, server
        # The library as users get it, before the one that the environment has.
        package = work / "python" / "oarlock"
        besides = shutil.ignore_patterns("*.so", "__pycache__")
        shutil.copytree(ROOT / "bindings-python/python/oarlock", package, ignore=besides)
        shutil.copy2(built / "release/lib_native.so", package / "_native.abi3.so")
        # As pip does.
        subprocess.run([suites.PYTHON, "-m", "compileall", "-q", work / "python"], check=True)
        ours = ("AWS_", "OARLOCK_", "PYTHON")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.environment = clean | {
            "PYTHONPATH": str(work / "python"),
            "PATH": f"{suites.HOME / 'bin'}:{os.environ['PATH']}",
            "HOME": str(work),
            "AWS_EC2_METADATA_DISABLED": "true",
            "BENCH_KEY": server.access_key,
            "BENCH_SECRET": server.secret_key,
            "DVC_NO_ANALYTICS": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }

    @contextlib.contextmanager
    def far(self, port, delay):
        """The port of the same server behind a network of this round trip."""
        if not delay:
            yield port
            return
        command = [self.built / "network/release/network", str(port), f"delay={delay}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as network:
            try:
                yield int(network.stdout.readline())
            finally:
                network.kill()

    def client(self, client, work, endpoint, count):
        """What a client took, in its own words."""
        command = [suites.PYTHON, HERE / "work.py", client, work, endpoint, str(count)]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )
        # A peer may crash on its way out, after its figures.
        found = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if not found:
            raise RuntimeError(f"{client} could not do {work}:\n{done.stderr[-2000:]}")
        return json.loads(found[-1])


class Repository:
    """A DVC repository with data, and a remote of each client."""

    def __init__(self, bench, directory, write):
        self.bench, self.directory = bench, directory
        directory.mkdir()
        self.run("git", "init", "--quiet")
        self.dvc("init", "--quiet")
        write(directory / "data")
        self.dvc("add", "--quiet", "data")

    def run(self, *command, **variables):
        environment = self.bench.environment | variables
        subprocess.run(command, cwd=self.directory, env=environment, check=True, capture_output=True)

    def dvc(self, *words, **variables):
        self.run(suites.PYTHON, "-m", "dvc", *words, **variables)

    def remote(self, client, name):
        """A new remote: a prefix of the bucket, or a directory."""
        server = self.bench.server
        settings = {"url": self.directory / name}
        if client != "local":
            settings = {
                "url": f"s3://bench/dvc/{name}",
                "endpointurl": server.endpoint,
                "access_key_id": server.access_key,
                "secret_access_key": server.secret_key,
            }
        rows = "".join(f"    {setting} = {value}\n" for setting, value in settings.items())
        config = f"[core]\n    remote = there\n['remote \"there\"']\n{rows}"
        (self.directory / ".dvc" / "config").write_text(config)

    def measured(self, client, *words):
        """Wall, CPU and peak memory of a dvc command."""
        environment = self.bench.environment | {"OARLOCK_DVC": "0" if client == "dvc-s3" else "1"}
        begun = time.monotonic()
        command = [suites.PYTHON, "-m", "dvc", *words, "--quiet"]
        process = subprocess.Popen(command, cwd=self.directory, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"dvc {' '.join(words)} failed through {client}")
        cpu = usage.ru_utime + usage.ru_stime
        return {"wall": time.monotonic() - begun, "cpu": cpu, "rss": usage.ru_maxrss / 1024}

    def forget(self):
        """Only the remote has the data from now on."""
        shutil.rmtree(self.directory / ".dvc" / "cache", ignore_errors=True)
        shutil.rmtree(self.directory / "data", ignore_errors=True)
        (self.directory / "data").unlink(missing_ok=True)
        shutil.rmtree(self.directory / ".dvc" / "tmp", ignore_errors=True)


def many(count):
    def write(path):
        path.mkdir()
        for number in range(count):
            (path / str(number)).write_bytes(number.to_bytes(4096))

    return write


def one(size):
    def write(path):
        with path.open("wb") as file:
            for _ in range(size):
                file.write(os.urandom(1 << 20))

    return write


def measure_dvc(bench, push, pull, write):
    """Pushes and pulls in turns; each round of each client has a new place."""
    repository = Repository(bench, bench.work / push.work, write)
    found = {row.work: {client: [] for client in row.clients} for row in (push, pull)}
    for turn in range(ROUNDS):
        for client in push.clients:
            repository.remote(client, f"{client}-{turn}-{push.work}")
            found[push.work][client].append(repository.measured(client, "push"))
            repository.forget()
            found[pull.work][client].append(repository.measured(client, "pull"))
    shutil.rmtree(repository.directory)
    for row in (push, pull):
        row.figures = {client: middle(each) for client, each in found[row.work].items()}
        told(row)


def measure(bench, row, endpoint):
    found = {client: [] for client in row.clients}
    for _ in range(ROUNDS):
        for client in row.clients:
            found[client].append(bench.client(client, row.work, endpoint, row.count))
    row.figures = {client: middle(each) for client, each in found.items()}
    told(row)


def middle(rounds):
    return {kind: statistics.median(each[kind] for each in rounds) for kind in rounds[0]}


def told(row):
    print(row.title, flush=True)
    for client, figures in row.figures.items():
        numbers = "".join(f" {kind} {value:9.3f}" for kind, value in figures.items())
        print(f"  {client:<8}{numbers}", flush=True)
    for verdict in verdicts(row):
        print(f"  {verdict}", flush=True)


def verdicts(row):
    """The goals of a row, what was measured, and which of them were missed."""
    ours = row.figures["oarlock"]
    for kind, client, bound in row.goals:
        if client is None:
            unit = {"rss": "MiB", "cpu": "CPU-s", "wall": "s"}[kind]
            value, text = ours[kind], f"{kind} {ours[kind]:.3g} {unit}, goal ≤ {bound} {unit}"
        else:
            value = ours[kind] / row.figures[client][kind]
            text = f"{kind} {value:.2f} × {client}, goal ≤ {bound}"
        yield text if value <= bound else f"**{text}: missed**"


def write(measured, scale, version):
    """The page with the table."""
    table = [["work", "client", "wall s", "CPU s", "peak MiB", "oarlock"]]
    for row in measured:
        for client, figures in row.figures.items():
            goals = "; ".join(verdicts(row)) if client == "oarlock" else ""
            numbers = (f"{figures['wall']:.2f}", f"{figures['cpu']:.3f}", f"{figures['rss']:.0f}")
            table.append([row.title if client == "oarlock" else "", client, *numbers, goals])
    size = "" if scale == 1 else f" This was a look at {scale} of the full size: its figures prove nothing."
    text = f"""# What does oarlock cost in Python's data tools?

`make ecosystem-figures` measures and writes this page: the median of {ROUNDS} rounds, oarlock and its peers
in turns, each in a fresh process. CPU and peak memory are the client's own.{size}

SeaweedFS {version}, Python {platform.python_version()}, {os.cpu_count()} processors.

{suites.table(*table)}
"""
    REPORT.write_text(text)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("built", type=Path)
    arguments.add_argument("--scale", type=float, default=1)
    arguments.add_argument("--only", default="", help="the first letters of the works to measure")
    given = arguments.parse_args()
    suites.prepare()

    chosen = [row for row in rows(given.scale) if row.work.startswith(given.only)]
    server = SeaweedFS()
    try:
        with tempfile.TemporaryDirectory(prefix="oarlock-figures-") as directory:
            bench = Bench(given.built, Path(directory), server)
            bench.client("oarlock", "prepare", server.endpoint, max(4, int(100 * given.scale)))
            for row in chosen:
                if row.work.startswith("dvc-push"):
                    pull = next(each for each in chosen if each.work == row.work.replace("push", "pull"))
                    data = one(row.count) if row.work.endswith("large") else many(row.count)
                    measure_dvc(bench, row, pull, data)
                elif not row.work.startswith("dvc"):
                    with bench.far(server.port, row.delay) as port:
                        measure(bench, row, f"http://127.0.0.1:{port}")
            version = server.version()
    finally:
        server.stop()
    if not given.only:
        write(chosen, given.scale, version)


if __name__ == "__main__":
    sys.exit(main())
