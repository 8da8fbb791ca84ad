"""Measures what a package server does with its storage, and writes `tests/hosts/STORAGE_FIGURES.md`:
`make storage-figures`; a look with `SCALE=0.01`.

Invariant: each piece of work runs in a fresh process, the compared ones in turns; the median counts. The
table names missed goals and fails nothing. The servers are fake-s3 and SeaweedFS on loopback.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
REPORT = ROOT / "tests/hosts/STORAGE_FIGURES.md"
sys.path.insert(0, str(ROOT / "tests"))
ROUNDS = 5
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
MIB = 1 << 20


class Bench:
    """The servers, the library that is measured, and how much of everything there is."""

    def __init__(self, python, scale, directory):
        from servers import FakeS3, SeaweedFS

        self.python, self.scale, self.directory = python, scale, directory
        self.fake, self.weed = FakeS3(), SeaweedFS()
        self.fake.bucket("up", anonymous_read=True)

    def stop(self):
        self.weed.stop()
        self.fake.stop()

    def upstream(self, key, size):
        """The URL of an object of this size."""
        self.fake.control("POST", "seed", {"bucket": "up", "key": key, "size": size})
        return f"{self.fake.endpoint}/up/{key}"

    def run(self, name, url, store=None, **more):
        """The work in a process of its own: its result, in which `seconds` and `peak` are."""
        given = json.dumps({"store": store or {}, **more})
        command = [sys.executable, ROOT / "tests/hosts/rspm/figures_work.py", name, url, given]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment |= {
            "PYTHONPATH": str(self.python),
            "AWS_EC2_METADATA_DISABLED": "true",
            "TMPDIR": str(self.directory),
        }
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout)

    def compared(self, works):
        """Median seconds of these kinds of work by name, run in turns."""
        seconds = {name: [] for name in works}
        for _ in range(ROUNDS):
            for name, work in works.items():
                seconds[name].append(work()["seconds"])
        return {name: statistics.median(each) for name, each in seconds.items()}


def row(work, measured, result, goal, is_kept):
    return f"| {work} | {measured} | {result} | {goal} | {'kept' if is_kept else '**missed**'} |"


def hits(bench):
    """A stored object by `fetch_through` and by `get`."""
    directory = bench.directory / "hits"
    directory.mkdir()
    places = [("a directory", f"file://{directory}", {}), ("fake-s3", "s3://hits", bench.fake.settings())]
    bench.fake.bucket("hits")
    for where, url, store in places:
        done = [bench.run("hits", url, store) for _ in range(ROUNDS)]
        got, hit = (statistics.median(each[name] for each in done) * 1e6 for name in ("get", "hit"))
        more = statistics.median(each["hit"] - each["get"] for each in done) * 1e6
        yield row(
            f"a hit of 1 KB beside `get`, {where}", f"{hit:.0f} µs, {got:.0f} µs", f"+ {more:.1f} µs", "≤ 5 µs",
            more <= 5,
        )  # fmt: skip


def first_bytes(bench):
    """The time to the first byte, beside the upstream's own."""
    url = bench.upstream("first", 8 * MIB)
    bench.fake.bucket("first")
    done = bench.run("first", "s3://first", bench.fake.settings(), upstream=url)
    more = (done["through"] - done["upstream"]) * 1000
    yield row(
        "first byte of a missing object of 8 MiB in a bucket, beside the upstream's",
        f"{done['through'] * 1000:.2f} ms, {done['upstream'] * 1000:.2f} ms", f"+ {more:.2f} ms", "≤ 2 ms",
        more <= 2,
    )  # fmt: skip


def fills(bench):
    """A fetch that stores, beside its upstream alone and the `put` alone."""
    size = max(64 * MIB, int(512 * MIB * bench.scale))
    url = bench.upstream("fill", size)
    directory = bench.directory / "fills"
    directory.mkdir()
    weed = bench.weed.settings()
    places = [
        ("a directory", f"file://{directory}", {}),
        ("SeaweedFS", "s3://fills", weed),
        ("SeaweedFS, encrypted", "s3://fills", weed | {"encryption_aes_key": KEY}),
    ]
    for where, place, store in places:
        median = bench.compared(
            {
                "upstream": lambda: bench.run("upstream", place, store, upstream=url),
                "put": lambda place=place, store=store: bench.run("put", place, store, size=size),
                "fill": lambda place=place, store=store: bench.run("fill", place, store, upstream=url),
            }
        )
        slower = max(median["upstream"], median["put"])
        yield row(
            f"a fill of {size // MIB} MiB into {where}, beside the slower of upstream and `put`",
            f"{median['fill']:.2f} s; upstream {median['upstream']:.2f} s, `put` {median['put']:.2f} s",
            f"{median['fill'] / slower:.2f} × the slower", "≤ 1.1 ×", median["fill"] <= 1.1 * slower,
        )  # fmt: skip


def crowds(bench):
    """Many readers of one object, and many objects at a time."""
    size = max(32 * MIB, int(256 * MIB * bench.scale))
    url = bench.upstream("crowd", size)
    directory = bench.directory / "crowds"
    directory.mkdir()
    done = bench.run("joined", f"file://{directory}", upstream=url, readers=64)
    times = done["upstream_bytes"] / size
    yield row(
        f"64 readers of one missing object of {size // MIB} MiB into a directory, {done['seconds']:.1f} s",
        f"{times:.2f} × its bytes from upstream", f"{done['peak']} MiB of memory", "1 ×, ≤ 96 MiB",
        times == 1 and done["peak"] <= 96,
    )  # fmt: skip
    count = max(500, int(10_000 * bench.scale))
    done = bench.run("keys", f"file://{directory}", upstream=bench.upstream("many", 20_000), count=count)
    yield row(
        f"{count:,} missing objects of 20 KB at once, asynchronous", f"{done['seconds']:.1f} s",
        f"{done['peak']} MiB of memory", "≤ 256 MiB", done["peak"] <= 256,
    )  # fmt: skip


def large_package(bench):
    size = max(64 * MIB, int((5 << 30) * bench.scale)) + 1
    url = bench.upstream("large", size)
    directory = bench.directory / "large"
    directory.mkdir()
    done = bench.run("large", f"file://{directory}", upstream=url)
    assert (directory / "large").stat().st_size == size
    yield row(
        f"a missing package of {size:,} bytes into a directory, as a stream",
        f"{done['seconds']:.1f} s, first byte after {done['first'] * 1000:.1f} ms",
        f"{done['peak']} MiB of memory", "≤ 96 MiB, first byte at once", done["peak"] <= 96 and done["first"] < 0.1,
    )  # fmt: skip


def whole_classes(bench):
    """`usage` and `verify`, beside `list` and `get`."""
    objects = max(1000, int(100_000 * bench.scale))
    for number in range(objects):
        seed = {"bucket": "many", "key": f"src/{number:06}.tgz", "size": 1000}
        bench.fake.control("POST", "seed", seed)
    store = bench.fake.settings()
    works = {name: lambda name=name: bench.run(name, "s3://many", store) for name in ("list", "usage")}
    median = bench.compared(works)
    times = median["usage"] / median["list"]
    yield row(
        f"`usage` of {objects:,} objects beside `list`, fake-s3",
        f"{median['usage']:.2f} s, {median['list']:.2f} s", f"{times:.2f} × list", "≤ 1.1 × list", times <= 1.1,
    )  # fmt: skip
    count = max(8, int(128 * bench.scale))
    for kind, encryption in (("clear", {}), ("encrypted", {"encryption_aes_key": KEY})):
        store = bench.weed.settings() | encryption
        made = bench.run("seed", f"s3://{kind}", store, count=count, size=4 * MIB)
        median = bench.compared(
            {
                name: lambda name=name, kind=kind, store=store: bench.run(name, f"s3://{kind}", store)
                for name in ("get", "verify")
            }
        )
        rates = {name: made["size"] / seconds / MIB for name, seconds in median.items()}
        share = rates["verify"] / rates["get"]
        yield row(
            f"`verify` of {count} × 4 MiB, {kind}, beside `get_many` into memory, SeaweedFS",
            f"{rates['verify']:,.0f} MiB/s, {rates['get']:,.0f} MiB/s", f"{share:.2f} × get", "≥ 0.8 × get",
            share >= 0.8,
        )  # fmt: skip


def moves(bench):
    """Large objects between stores."""
    size = max(64 * MIB, int((5 << 30) * bench.scale)) + 1
    bench.fake.control("POST", "seed", {"bucket": "source", "key": "large", "size": size})
    files = bench.directory / "files"
    files.mkdir()
    store, place = bench.weed.settings() | {"encryption_aes_key": KEY}, f"file://{files}"
    origin = ("s3://source", bench.fake.settings())
    for title, verb, url, own, source in (
        ("`copy` from fake-s3 to a directory", "copy", place, {}, origin),
        ("`move` from there to SeaweedFS, encrypted", "move", "s3://encrypted", store, (place, None)),
    ):
        done = bench.run(verb, url, own, source=source)
        assert done["size"] == size
        rate = size / done["seconds"] / MIB
        yield row(
            f"{title}, {size:,} bytes", f"{done['seconds']:.1f} s, {rate:,.0f} MiB/s",
            f"{done['peak']} MiB of memory", "≤ 320 MiB", done["peak"] <= 320,
        )  # fmt: skip


PARTS = (hits, first_bytes, fills, crowds, large_package, whole_classes, moves)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", type=Path, required=True, help="the directory of the package to measure")
    parser.add_argument("--kind", default="Development build")
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--only", choices=[part.__name__ for part in PARTS])
    given = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="oarlock-figures-"))
    bench = Bench(given.python, given.scale, directory)
    lines = []
    try:
        for part in PARTS:
            if given.only in (None, part.__name__):
                for line in part(bench):
                    lines.append(line)
                    print(line, flush=True)
    finally:
        bench.stop()
        shutil.rmtree(directory, ignore_errors=True)
    if given.scale != 1 or given.only:
        return
    load = os.getloadavg()[2]
    REPORT.write_text(
        "# What does a package server's storage cost?\n"
        "`make storage-figures` writes this page; `tests/hosts/rspm/figures.py` says how.\n\n"
        f"{given.kind}, {os.cpu_count()} cores, {platform.machine()}, load {load:.1f} (above the number of cores: "
        f"others worked too), {time.strftime('%d %B %Y')}. Medians of {ROUNDS} where two are compared.\n\n"
        "| work | measured | result | goal | |\n|---|---|---|---|---|\n" + "\n".join(lines) + "\n"
    )


if __name__ == "__main__":
    main()
