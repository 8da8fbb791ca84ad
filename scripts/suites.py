"""Runs every suite, goes on after a failure, and ends with a table and one line of sums.

Invariant: a suite that could not run counts as failed; nothing is left out in silence.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from watch import Watch  # noqa: E402

BIN = ROOT / ".tools" / "venv" / "bin"
LIMIT = 30 * 60
# A suite that uses no CPU and moves no byte for this long (seconds) hangs; a slow one does not.
STILL = 240
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("AWS_") or name == "AWS_CA_BUNDLE"
}


def run(command, **more):
    """Runs a command in the open. Returns its exit status and its output."""
    print(f"$ {' '.join(map(str, command))}", flush=True)
    # A suite that hangs is a suite that fails.
    command = ["timeout", "--kill-after=10", str(LIMIT), *command]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=CLEAN | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    threading.Thread(target=stop_if_still, args=(process,), daemon=True).start()
    lines = []
    for line in process.stdout:
        sys.stdout.write(line)
        lines.append(line)
    sys.stdout.flush()
    return process.wait(), "".join(lines)


def stop_if_still(process):
    """Ends a suite that hangs, and prints what each of its threads waits for."""
    watch = Watch(process.pid)
    while process.poll() is None:
        if watch.idle_seconds() > STILL:
            print(f"the suite stood still for {STILL} s; its threads:\n{watch.threads()}", flush=True)
            process.terminate()
            return
        time.sleep(2)  # between two looks


def whole(*commands):
    """A suite without counts of its own: each command is one test."""

    def suite():
        failed = sum(run(command)[0] != 0 for command in commands)
        return len(commands) - failed, failed, 0

    return suite


def cargo_tests():
    """Unit and documentation tests of the workspace and of the bench's network, summed over the crates."""
    status, text = run(["cargo", "test", "--workspace", "--no-fail-fast", "--quiet"])
    network = ["--manifest-path", "tests/bench/network/Cargo.toml", "--target-dir", "target/network"]
    network_status, network_text = run(["cargo", "test", "--no-fail-fast", "--quiet", *network])
    status, text = status or network_status, text + network_text
    found = [
        tuple(map(int, counts))
        for counts in re.findall(r"test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored", text)
    ]
    passed, failed, skipped = (sum(column) for column in zip(*found)) if found else (0, 0, 0)
    return passed, failed or int(status != 0), skipped


def pytest(*paths):
    """A pytest run, counted from its report."""

    def suite():
        with tempfile.TemporaryDirectory() as directory:
            report = Path(directory) / "report.xml"
            status, _ = run(
                [
                    BIN / "python",
                    "-m",
                    "pytest",
                    "-q",
                    "-ra",
                    "--tb=short",
                    "-p",
                    "no:cacheprovider",
                    f"--junitxml={report}",
                    *paths,
                ]
            )
            if not report.exists():
                return 0, 1, 0
            suites = xml.etree.ElementTree.parse(report).getroot().iter("testsuite")
            totals = [
                [int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")]
                for suite in suites
            ]
        tests, failures, errors, skipped = (sum(column) for column in zip(*totals))
        failed = failures + errors or int(status != 0)
        return max(tests - failures - errors - skipped, 0), failed, skipped

    return suite


def minitest(command):
    """A minitest run, counted from its last line."""

    def suite():
        status, text = run(command)
        found = re.findall(
            r"(\d+) (?:runs|tests), \d+ assertions, (\d+) failures, (\d+) errors, (\d+) skips", text
        )
        runs, failures, errors, skipped = (
            map(sum, zip(*(map(int, counts) for counts in found))) if found else (0, 0, 0, 0)
        )
        failed = failures + errors or int(status != 0)
        return max(runs - failures - errors - skipped, 0), failed, skipped

    return suite


def lines(command):
    """A suite that prints `N passed, N failed` itself, and `, N skipped` if some were."""

    def suite():
        status, text = run(command)
        found = re.findall(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", text, re.MULTILINE)
        passed, failed, skipped = (int(count or 0) for count in found[-1]) if found else (0, 0, 0)
        return passed, failed or int(status != 0), skipped

    return suite


FUZZERS = sorted(path.stem for path in (ROOT / "fuzz" / "targets").glob("*.rs"))


def fuzz():
    """The laws of what strangers may write: half a minute of inputs made up by rule, and half a minute of
    each fuzzer if it can be built here."""
    passed = failed = 0
    # Four laws share the time.
    status, text = run(
        ["cargo", "test", "--workspace", "--lib", "--quiet", "--", "law_"], OARLOCK_FUZZ_SECONDS="8"
    )
    for good, bad in re.findall(r"test result: \w+\. (\d+) passed; (\d+) failed", text):
        passed, failed = passed + int(good), failed + int(bad)
    failed = failed or int(status != 0)
    if run(["cargo", "+nightly", "fuzz", "--version"])[0]:
        print(
            f"skipped: {', '.join(FUZZERS)}: fuzzers need nightly Rust and cargo-fuzz "
            "(rustup toolchain install nightly; cargo install cargo-fuzz)"
        )
        return passed, failed, len(FUZZERS)
    for name in FUZZERS:
        kept = ROOT / "target" / "fuzz" / "corpus" / name
        kept.mkdir(parents=True, exist_ok=True)
        seeds = [path for path in [ROOT / "fuzz" / "seeds" / name] if path.exists()]
        command = ["cargo", "+nightly", "fuzz", "run", "--target-dir", "target/fuzz", name, kept, *seeds]
        status, _ = run(
            [
                *command,
                "--",
                "-max_total_time=30",
                "-dict=fuzz/dictionary",
                "-print_final_stats=1",
                "-verbosity=0",
            ]
        )
        passed, failed = passed + (status == 0), failed + (status != 0)
    return passed, failed, 0


SUITES = {
    "format": whole(["cargo", "fmt", "--all", "--check"]),
    "lint": whole(["cargo", "clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]),
    "build": whole(["make", "build"]),
    "rust": cargo_tests,
    "cases": pytest("tests/driver"),
    "python": pytest("tests/python"),
    "ruby": minitest(["make", "-s", "-C", "bindings-ruby", "test"]),
    "c": lines(["sh", "tests/c/run.sh"]),
    "generated": whole(["make", "-s", "generated"]),
    "oracles": pytest("tests/oracles"),
    "hosts": pytest("tests/hosts"),
    "interop": pytest("tests/interop"),
    "fuzz": fuzz,
}


def main(names):
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        sys.exit(f"unknown suite {', '.join(unknown)}; known: {', '.join(SUITES)}")
    rows = []
    for name in names or SUITES:
        free = shutil.disk_usage(ROOT).free / 2**30
        print(f"\n\033[1m== {name}\033[0m ({free:.1f} GiB of disk free)", flush=True)
        begun = time.monotonic()
        # What a suite leaves here, or a program that it killed, goes with it.
        with tempfile.TemporaryDirectory(prefix="oar-", ignore_cleanup_errors=True) as CLEAN["TMPDIR"]:
            counts = SUITES[name]()
        rows.append((name, *counts, time.monotonic() - begun))
    print(f"\n{'suite':<12}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for name, passed, failed, skipped, seconds in rows:
        print(f"{name:<12}{passed:>8}{failed:>8}{skipped:>9}{seconds:>9.1f}")
    passed, failed, skipped = (sum(row[at] for row in rows) for at in (1, 2, 3))
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) != 0)
