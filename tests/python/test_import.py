"""`import oarlock` is cheap: hosts import it at their own start."""

import json
import statistics
import subprocess
import sys

#: Modules that cost more than oarlock itself and that an import of it must not bring.
HEAVY = {
    "asyncio",
    "typing",
    "dataclasses",
    "logging",
    "inspect",
    "datetime",
    "socket",
    "ssl",
    "urllib.parse",
    "json",
    "fsspec",
}


def probe(line):
    code = f"import sys\n{line}\nloaded = set(sys.modules)\nimport json, resource\nused = resource.getrusage(resource.RUSAGE_SELF)\n"
    code += "print(json.dumps([used.ru_utime + used.ru_stime, sorted(loaded)]))"
    seconds, modules = json.loads(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    )
    return seconds, set(modules)


def test_no_heavy_module():
    extra = probe("import oarlock")[1] - probe("pass")[1]
    assert not extra & HEAVY


def test_cpu_time():
    bare = statistics.median(probe("pass")[0] for _ in range(7))
    ours = statistics.median(probe("import oarlock")[0] for _ in range(7))
    print(f"import oarlock: {ours - bare:.4f} CPU-s over {bare:.4f}")
    assert ours - bare <= 0.03
