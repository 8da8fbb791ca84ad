"""Measures `oarlock-nix` on a cache of 10,000 synthetic paths at 5 ms, and `serve` under 64 clients; writes
CACHE_FIGURES.md.

Invariant: each figure in the table is of this run. A goal that is missed makes the run fail, and stands in
the table.
"""

import concurrent.futures
import datetime
import hashlib
import http.client
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from servers import FakeS3

HERE = Path(__file__).resolve().parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parents[2] / "target"))
PROFILE = "release" if (TARGET / "release" / "oarlock-nix").exists() else "debug"
PROGRAM = TARGET / PROFILE / "oarlock-nix"
PATHS, LATENCY, CLIENTS, ROUNDS = 10_000, 5, 64, 4
DIGITS = "0123456789abcdfghijklmnpqrsvwxyz"
NOTHING = "sha256:" + hashlib.sha256(b"").hexdigest()


def name(number):
    digest = int.from_bytes(hashlib.sha256(str(number).encode()).digest())
    return "".join(DIGITS[digest >> 5 * at & 31] for at in range(32)) + f"-package-{number}"


def narinfo(number):
    """Each path refers to some before it, as a real closure does."""
    references = sorted({name(number * other // 7) for other in range(7)}) if number else []
    return (
        f"StorePath: /nix/store/{name(number)}\nURL: nar/{number}.nar\nCompression: none\n"
        f"FileHash: {NOTHING}\nFileSize: 100\nNarHash: {NOTHING}\nNarSize: 100\n"
        f"References: {' '.join(references)}\nSig: here-1:{'A' * 86}==\n"
    )


def fill(store):
    """By the library: 20,000 objects."""
    for start in range(0, PATHS, 1000):
        rows = range(start, start + 1000)
        store.put_many([{"key": f"nar/{at}.nar", "body": b"x" * 100} for at in rows])
        store.put_many([{"key": f"{name(at)[:32]}.narinfo", "body": narinfo(at).encode()} for at in rows])


def measured(*words, environment):
    """Seconds, MiB and the JSON of a command."""
    start = time.monotonic()
    process = subprocess.Popen([PROGRAM, *words, "--json"], env=environment, stdout=subprocess.PIPE)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    assert status == 0, (words, status)
    return seconds, usage.ru_maxrss / 1024, json.loads(text)


def fetch(host, key, size):
    connection = http.client.HTTPConnection(host, timeout=120)
    connection.request("GET", key)
    response, got = connection.getresponse(), 0
    while piece := response.read(1 << 20):
        got += len(piece)
    assert response.status == 200 and got == size, (response.status, got)


def peak(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def served(server, url, environment):
    """MiB after each round of 64 clients that each fetch 16 MiB."""
    size = 16 << 20
    server.control("POST", "seed", {"bucket": "figures", "key": "cache/nar/large.nar", "size": size})
    process = subprocess.Popen(
        [PROGRAM, "serve", url, "--listen", "127.0.0.1:0"], env=environment, stdout=subprocess.PIPE, text=True
    )
    host = process.stdout.readline().strip().removeprefix("http://")
    rounds = []
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        for _ in range(ROUNDS):
            list(pool.map(lambda _: fetch(host, "/nar/large.nar", size), range(CLIENTS)))
            rounds.append(peak(process.pid))
    process.terminate()
    process.wait()
    return rounds


def main():
    import oarlock

    server = FakeS3()
    try:
        settings = server.settings()
        server.bucket("figures")
        fill(oarlock.open("s3://figures/cache", **settings))
        environment = os.environ | {
            "AWS_ACCESS_KEY_ID": server.access_key,
            "AWS_SECRET_ACCESS_KEY": server.secret_key,
        }
        url = f"s3://figures/cache?endpoint={server.endpoint}&region=us-east-1"
        server.control("POST", "latency", {"ms": LATENCY})
        rows = []
        seconds, memory, reply = measured("verify", url, environment=environment)
        assert reply["narinfos"] == PATHS and reply["findings"] == [], reply
        rows += [("`verify`, seconds", seconds, 10), ("`verify`, MiB", memory, 200)]
        root = name(PATHS - 1)
        seconds, memory, reply = measured("gc", url, "--keep", root, "--grace", "0s", environment=environment)
        assert reply["kept"] + len(reply["paths"]) == PATHS, reply
        rows += [("`gc` without `--delete`, seconds", seconds, 5), ("`gc`, MiB", memory, 200)]
        server.control("POST", "latency", {"ms": 0})
        rounds = served(server, url, environment)
        for at, memory in enumerate(rounds, 1):
            rows.append((f"`serve`, MiB after round {at} of {CLIENTS} clients", memory, None))
        rows += [("`serve`, growth from round 2 to the last", rounds[-1] / rounds[1], 1.1)]
    finally:
        server.stop()
    write(rows)
    missed = [what for what, value, goal in rows if goal and value > goal]
    assert not missed, missed


def write(rows):
    load = os.getloadavg()[0]
    lines = [
        "# oarlock-nix, measured",
        "",
        f"Written by `make nix-cache-figures` on {datetime.date.today()}: {PATHS:,} paths in `fake-s3` at",
        f"{LATENCY} ms, a {PROFILE} build, {os.cpu_count()} cores, load {load:.1f} at the end. {CLIENTS} clients",
        f"fetch 16 MiB each, in {ROUNDS} rounds, without latency.",
        "",
        "| figure | value | at most |",
        "|---|---|---|",
        *(f"| {what} | {value:.2f} | {goal or ''} |" for what, value, goal in rows),
        "",
    ]
    (HERE / "CACHE_FIGURES.md").write_text("\n".join(lines))
    print(*lines, sep="\n")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    main()
