"""`make bench NETWORK=all`, or one profile's name: oarlock and its peers at their defaults, over networks.

Invariant: what is compared ran in turns in the same minutes, each client in a fresh process; the median of
three counts. A client that takes much longer than the best runs once, and is stopped in time. Judges, and
never fails: the table names the goals that were missed.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib import metadata
from pathlib import Path

import network_plot
from bench import Places, over_tls, versions
from networks import FIXED, OURS, PROFILES, SMALL, TREE, WORKS, bytes_of, is_peer, judge
from rows import TLS

HERE = Path(__file__).resolve().parent
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDBENCH", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
ROUNDS = 3
# A client that took this many times as long as the best runs no more; the second figure stops it. Until one
# has run, the best took so many seconds.
SLOW, TOO_SLOW, FIRST = 1.3, 2, 30
RCLONE = {"PROVIDER": "Other", "ENV_AUTH": "true", "FORCE_PATH_STYLE": "true", "REGION": "us-east-1"}


class Bench:
    """Files to move, and the command of each client."""

    def __init__(self, built, work):
        self.built, self.work, self.programs = built, work, Path(sys.executable).parent
        self.upload, self.tree, self.small = work / "upload", work / "tree", work / "small"
        self.target = work / "target"
        self.tree.mkdir()
        self.small.mkdir()
        for size, count in TREE:
            for number in range(count):
                (self.tree / f"{size}-{number}").write_bytes(
                    os.urandom(min(size, 1 << 20)) * max(1, size >> 20)
                )
        for number in range(SMALL):
            (self.small / f"4096-{number}").write_bytes(bytes(4096))
        (work / "keys").write_text("".join(f"4096-{number}\n" for number in range(SMALL)))
        (work / "commands").write_text(
            "".join(f"cp s3://bench/4096-{number} {self.target}/{number}\n" for number in range(SMALL))
        )

    def prepare(self, size):
        """Writes the file to upload."""
        with self.upload.open("wb") as file:
            piece = os.urandom(1 << 20)
            for _ in range(size >> 20):
                file.write(piece)

    def clear(self, work):
        """Removes what the last client wrote, and makes the directory that the next one writes to."""
        if self.target.is_dir():
            shutil.rmtree(self.target)
        self.target.unlink(missing_ok=True)
        if work in ("get-small", "sync-down"):
            self.target.mkdir()

    def command(self, client, work, endpoint, size):
        """The command, and the file that it reads from its standard input."""
        client, _, fixed = client.partition("@")
        language, _, name = client.partition(":")
        path = {"put-file": self.upload, "sync-up": self.tree}.get(work, self.target)
        stdin = self.upload if work == "put-reader" else None
        match language:
            case "python":
                count = [str(SMALL), *filter(None, [fixed])]
                return [
                    sys.executable,
                    HERE / "clients/transfer.py",
                    name,
                    work,
                    endpoint,
                    str(size),
                    path,
                    *count,
                ], None
            case "rust":
                what, count = (work.removesuffix("-small"), SMALL) if work.endswith("-small") else (work, 1)
                name += "-defaults" if count > 1 else ""
                return [self.built / "release/peer", name, what, endpoint, str(count), path, str(size)], None
            case "transfer-manager":
                return [self.built / "transfer-manager/release/transfer-manager", work, str(size), path], None
            case "s5cmd":
                tool = [self.programs / "s5cmd", "--log", "error", "--endpoint-url", endpoint]
                return tool + self.s5cmd(work, size), stdin
            case "rclone":
                config = [
                    "--config",
                    self.work / "rclone.conf",
                    "--log-level",
                    "ERROR",
                    "--s3-endpoint",
                    endpoint,
                ]
                return [self.programs / "rclone", *config, *self.rclone(work, size)], stdin
        raise ValueError(client)

    def s5cmd(self, work, size):
        return {
            "get-file": ["cp", f"s3://bench/{size}", self.target],
            "get-stream": ["cat", f"s3://bench/{size}"],
            "put-file": ["cp", self.upload, f"s3://bench/{size}-put"],
            "put-reader": ["pipe", f"s3://bench/{size}-put"],
            "get-small": ["run", self.work / "commands"],
            "put-small": ["cp", f"{self.small}/*", "s3://bench/new/"],
            "sync-down": ["sync", "s3://bench/tree/*", f"{self.target}/"],
            "sync-up": ["sync", f"{self.tree}/", "s3://bench/new/"],
        }[work]

    def rclone(self, work, size):
        return {
            "get-file": ["copyto", f":s3:bench/{size}", self.target],
            "get-stream": ["cat", f":s3:bench/{size}"],
            "put-file": ["copyto", self.upload, f":s3:bench/{size}-put"],
            "put-reader": ["rcat", f":s3:bench/{size}-put"],
            "get-small": [
                "copy",
                "--no-traverse",
                "--files-from",
                self.work / "keys",
                ":s3:bench",
                self.target,
            ],
            "put-small": ["copy", self.small, ":s3:bench/new"],
            "sync-down": ["sync", ":s3:bench/tree", self.target],
            "sync-up": ["sync", self.tree, ":s3:bench/new"],
        }[work]

    def environment(self, endpoint):
        rclone = {f"RCLONE_S3_{name}": value for name, value in RCLONE.items()}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.work),
            "PYTHONPATH": str(self.built / "python"),
            # Where the transfer manager looks for it.
            "AWS_ENDPOINT_URL": endpoint,
            **KEYS,
            **rclone,
        }

    def run(self, client, work, endpoint, size, limit):
        """Seconds of the work in one process, and whether it was stopped at the limit. A program without a
        figure of its own counts from start to end."""
        self.clear(work)
        command, stdin = self.command(client, work, endpoint, size)
        begun = time.perf_counter()
        with contextlib.ExitStack() as stack:
            source = stack.enter_context(open(stdin, "rb")) if stdin else subprocess.DEVNULL
            has_figure = client.startswith(("python", "rust", "transfer-manager"))
            process = subprocess.Popen(
                command,
                stdin=source,
                stdout=subprocess.PIPE if has_figure else subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=self.environment(endpoint),
            )
            try:
                output, complaint = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                return limit, True
        wall = time.perf_counter() - begun
        if process.returncode:
            lines = complaint.decode(errors="replace").strip().splitlines() or [
                f"status {process.returncode}"
            ]
            raise OSError(lines[-1 if has_figure else 0][:200])
        self.check(work, size)
        return json.loads(output)["wall"] if has_figure else wall, False

    def check(self, work, size):
        """A client that moved less than it should has no figure."""
        if work == "get-file" and self.target.stat().st_size != size:
            raise OSError(f"wrote {self.target.stat().st_size} bytes of {size}")
        if work == "sync-down":
            moved = sum(file.stat().st_size for file in self.target.iterdir())
            if moved != sum(size * count for size, count in TREE):
                raise OSError(f"wrote {moved} bytes of the tree")


@contextlib.contextmanager
def program(*command):
    """Starts a server that prints its port, and yields that."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def measure(bench, profile, work, endpoint):
    """Seconds of each client in each round, which clients were stopped, and which are absent."""
    _, clients = WORKS[work]
    # Peers first: they bound the time of what comes after them.
    clients = sorted(
        [*clients, *(f"python:oarlock@{number}" for number in FIXED)], key=lambda name: not is_peer(name)
    )
    seconds, stopped, absent = {}, Counter(), {}
    for number in range(ROUNDS):
        for client in clients:
            best = min((min(found) for found in seconds.values()), default=FIRST)
            if client in absent:
                continue
            if number and client not in OURS and seconds[client][0] > max(SLOW * best, best + 0.1):
                continue
            try:
                took, is_stopped = bench.run(client, work, endpoint, profile.size, TOO_SLOW * best + 1)
            except OSError as error:
                absent[client] = str(error)
                continue
            seconds.setdefault(client, []).append(took)
            stopped[client] += is_stopped
    # Those whose median is a moment at which they were stopped.
    unfinished = [client for client, rounds in seconds.items() if 2 * stopped[client] > len(rounds)]
    return seconds, unfinished, absent


def measure_profile(bench, profile, works):
    print(f"{profile.name}: {profile.title}", flush=True)
    bench.prepare(profile.size)
    found = {}
    with program(bench.built / "release/server", 0) as port, contextlib.ExitStack() as stack:
        if profile.limits:
            port = stack.enter_context(
                program(bench.built / "network/release/network", port, *profile.limits)
            )
        for work in works:
            seconds, stopped, absent = measure(bench, profile, work, f"http://127.0.0.1:{port}")
            medians = {client: statistics.median(rounds) for client, rounds in seconds.items()}
            found[work] = {
                "medians": medians,
                "rounds": seconds,
                "stopped": stopped,
                "absent": absent,
            }
            rate = bytes_of(profile, work) / 1e6
            for client, median in sorted(medians.items(), key=lambda pair: pair[1]):
                mark = ">" if client in stopped else " "
                rounds = " ".join(f"{each:.2f}" for each in seconds[client])
                print(
                    f"  {work:<12}{client:<24}{mark}{median:6.2f} s {rate / median:7.0f} MB/s  [{rounds}]",
                    flush=True,
                )
            for client, why in absent.items():
                print(f"  {work:<12}{client:<24} absent: {why}", flush=True)
            for client, other, ratio, bound in judge(medians, stopped):
                verdict = "kept" if ratio <= bound else "MISSED"
                print(f"  {work:<12}{client} {ratio:.2f} × {other}: {verdict}", flush=True)
    return found


def tools(bench):
    """The versions of the programs and libraries that only this bench has."""
    manager = (HERE / "transfer-manager/Cargo.toml").read_text()
    first = lambda *command: subprocess.check_output(command, text=True).split("\n")[0]
    return [
        "s5cmd " + first(bench.programs / "s5cmd", "version").split("-")[0],
        first(bench.programs / "rclone", "version"),
        "awscrt " + metadata.version("awscrt"),
        " ".join(re.search(r'(aws-sdk-s3-transfer-manager) = "=(.*)"', manager).groups()),
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("built", type=Path)
    parser.add_argument("--network", default="all", choices=["all", *(profile.name for profile in PROFILES)])
    parser.add_argument("--only", default="", help="works whose names hold this; then nothing is written")
    options = parser.parse_args()
    fast = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    work = Path(tempfile.mkdtemp(prefix="oarlock-bench-", dir=fast))
    load, tls = os.getloadavg()[0], []
    works = [name for name in WORKS if options.only in name]
    try:
        bench = Bench(options.built.resolve(), work)
        chosen = [profile for profile in PROFILES if options.network in ("all", profile.name)]
        results = {profile.name: measure_profile(bench, profile, works) for profile in chosen}
        if options.network == "all" and not options.only:
            tls = over_tls(Places(bench.built, work), TLS, ROUNDS)
    finally:
        shutil.rmtree(work)
    if tls:
        loads = f"{load:.1f} before, {os.getloadavg()[0]:.1f} after"
        network_plot.write(
            HERE / "NETWORKS.md", HERE / "networks.svg", results, tls, [*versions(), *tools(bench)], loads
        )


if __name__ == "__main__":
    main()
