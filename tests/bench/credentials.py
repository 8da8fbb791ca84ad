"""What credentials cost: opening a store and the first credentials by environment, profile and role; memory
of further stores of one source.

Invariant: each figure comes from fresh processes, the median of several; servers are on loopback. Prints a
table with the goals; judges nothing. Measure a release build: `PYTHONPATH` may name another place that holds
the package `oarlock`.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))

from cloud import Cloud  # noqa: E402

FIRST = """
import oarlock, time
begun = time.perf_counter()
oarlock.open("s3://bucket", endpoint="http://127.0.0.1:1").credentials()
print((time.perf_counter() - begun) * 1e3)
"""
MORE = """
import oarlock
def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
def used(number):
    store = oarlock.open(f"s3://bucket{number}", endpoint="http://127.0.0.1:1")
    store.presign("k")
    return store
kept = [used(number) for number in range(20)]
before = resident()
kept += [used(number) for number in range(20, 520)]
print((resident() - before) / 5 / 1024)
"""


def measure(code, environment, times):
    return statistics.median(
        float(
            subprocess.run(
                [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(times)
    )


def main():
    home = Path(tempfile.mkdtemp())
    cloud = Cloud()
    path = {"PYTHONPATH": os.environ.get("PYTHONPATH", ""), "PATH": "/usr/bin:/bin", "HOME": str(home)}
    keys = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}
    role = cloud.profile(home)
    rows = [
        ("environment, ms", 5, FIRST, path | keys),
        ("profile, ms", 5, FIRST, path | {"AWS_PROFILE": "keys"}),
        ("role, ms", 8, FIRST, path | role),
        ("100 more stores, environment, MiB", 2, MORE, path | keys),
        ("100 more stores, role, MiB", 2, MORE, path | role),
    ]
    print(f"{'':<36}{'measured':>10}{'goal':>6}")
    for name, goal, code, environment in rows:
        print(
            f"{name:<36}{measure(code, environment, 9 if code is FIRST else 3):>10.2f}{goal:>6}", flush=True
        )


if __name__ == "__main__":
    main()
