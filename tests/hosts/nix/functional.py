"""Runs Nix's own functional tests of binary caches with the `file://` cache replaced: by `s3://` through the
plugin, and by `http://` through `oarlock-nix serve`; writes FUNCTIONAL.md.

Invariant: a test's text is Nix's own, but for the address of its caches. A failure that `differences` does
not name makes the run fail, and so does a named one that passes. Only loopback is reached, nothing is kept.
"""

import datetime
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from functional_differences import DIFFERENCES
from nixhost import PLUGIN, ROOT, TARGET, only_loopback
from servers import Versitygw
from servers.versitygw import PIN

HERE = Path(__file__).resolve().parent
HEADERS = ROOT / "bindings-c" / "nix" / "headers"
SOURCE = ROOT / ".tools" / "nix" / "headers" / "tests"
SERVE = TARGET / "debug" / "oarlock-nix"
BUCKET = "nix-test"
# Seconds for one test.
LIMIT = 300
LOG_LINES = int(os.environ.get("LOG_LINES", "40"))

TESTS = [
    "binary-cache",
    "binary-cache-build-remote",
    "brotli",
    "zstd",
    "compression-levels",
    "signing",
    "substitute-with-invalid-ca",
    "repair",
    "fetchClosure",
    "post-hook",
    "nix-copy-ssh",
    "ca/build",
    "ca/nix-copy",
    "ca/substitute",
    "ca/signatures",
    "ca/post-hook",
    "ca/duplicate-realisation-in-closure",
]

DOORS = {
    "file": "`file://`, Nix's own",
    "s3": "`s3://`, the plugin",
    "http": "`http://`, `oarlock-nix serve`",
}

# Stands for a cache's address in the tests: each directory below the bucket's is one.
FUNCTIONS = """
cacheAt() {
    local directory=$(realpath -m "$1")
    local below=${directory#$BUCKET_ROOT/}
    case $CACHE_DOOR in
        file) echo "file://$1" ;;
        s3) echo "s3://$CACHE_BUCKET/$below" ;;
        http)
            local note=$GATEWAYS/${below//\\//_}
            if ! [ -s "$note" ]; then
                "$GATEWAY" serve "s3://$CACHE_BUCKET/$below" --allow-put $SERVE_WORDS \\
                    --listen 127.0.0.1:0 > "$note" 2>> "$note.log" < /dev/null &
                echo $! >> "$GATEWAYS/pids"
                for _ in {1..100}; do [ -s "$note" ] && break; sleep 0.1; done
            fi
            cat "$note" ;;
    esac
}
"""
ADDRESS = re.compile(r"file:(?://)?(\$\{?(?:cacheDir2?|REMOTE_STORE_DIR|TEST_ROOT/remote_store)\}?)")

# Root may write what others may not, which some tests look for.
AS_OTHERS = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
]


class Gateway(Versitygw):
    """versitygw over a directory whose files others change: it keeps nothing beside them."""

    def __init__(self, top):
        self.top = top
        super().__init__()

    def start(self):
        keys = ["--access", self.access_key, "--secret", self.secret_key]
        address = ["--port", f"127.0.0.1:{self.port}", "--quiet"]
        self.spawn([self.programs / "versitygw", *keys, *address, "posix", "--nometa", self.top])


def prepare(directory):
    """Nix's tests as its build lays them, in a directory of ours; Nix's version."""
    tests = directory / "tests"
    shutil.copytree(SOURCE, tests, symlinks=True)
    version = subprocess.run(["nix", "--version"], capture_output=True, text=True, check=True).stdout
    words = {
        "bindir": Path(shutil.which("nix")).parent,
        "coreutils": Path(shutil.which("cat")).parent,
        "bash": shutil.which("bash"),
        "dot": "",
        "sandbox_shell": "",
        "PACKAGE_VERSION": version.split()[-1],
        "system": f"{os.uname().machine}-linux",
    }
    for template in tests.rglob("*.in"):
        text = re.sub(r"@(\w+)@", lambda word: str(words[word[1]]), template.read_text())
        more = FUNCTIONS if template.name == "common.sh.in" else ""
        template.with_suffix("").write_text(text + more)
    for script in tests.rglob("*.sh"):
        if not script.is_symlink():
            script.write_text(ADDRESS.sub(r"$(cacheAt \1)", script.read_text()))
    start = tests / "init.sh"
    settings = f"show-trace = true\nplugin-files = {PLUGIN}\n$NIX_SETTINGS"
    start.write_text(start.read_text().replace("show-trace = true", settings))
    return tests, version.split()[-1]


def environment(test, door, server, top, gateways, settings, serve):
    """The variables of one test; none of this machine's keys or files."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    of_test = {"TMPDIR": str(top), "TEST_NAME": test.replace("/", "-"), "NIX_REMOTE": ""}
    of_cache = {"CACHE_DOOR": door, "CACHE_BUCKET": BUCKET, "BUCKET_ROOT": str(top / BUCKET)}
    of_gateway = {"GATEWAY": str(SERVE), "GATEWAYS": str(gateways), "SERVE_WORDS": serve}
    return (
        kept
        | of_test
        | of_cache
        | of_gateway
        | {
            "NIX_SETTINGS": settings,
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_REGION": server.region,
            "AWS_ACCESS_KEY_ID": server.access_key,
            "AWS_SECRET_ACCESS_KEY": server.secret_key,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    )


def run_script(script, variables):
    """Its status and what it printed."""
    process = subprocess.Popen(
        [*AS_OTHERS, "bash", "-e", script.name],
        cwd=script.parent,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        log = process.communicate(timeout=LIMIT)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        log = f"{process.communicate()[0]}\nended after {LIMIT} s"
    return process.returncode, log


def run(tests, test, door, server, top, settings="", serve="", without=None):
    """One test with one kind of cache: its result and its log."""
    gateways = top.parent / "gateways"
    shutil.rmtree(gateways, ignore_errors=True)
    gateways.mkdir()
    path = tests / f"{test}.sh"
    if without:
        lines = path.read_text().splitlines(keepends=True)
        path = path.with_stem(f"{path.stem}-altered")
        path.write_text("".join(line for line in lines if not line.startswith(without)))
    variables = environment(test, door, server, top, gateways, settings, serve)
    for script in (tests / "init.sh", path):
        status, log = run_script(script, variables)
        if status != 0:
            break
    pids = gateways / "pids"
    for pid in pids.read_text().split() if pids.exists() else []:
        os.kill(int(pid), signal.SIGTERM)
    log += "".join(each.read_text() for each in gateways.glob("*.log"))
    assert server.secret_key not in log, f"{test} shows a secret"
    return {0: "passes", 99: "skips"}.get(status, "fails"), log


def attempt(tests, test, door, server, top):
    """Runs a test, and once more with what its known difference takes: both results, and whether they are as
    expected."""
    difference = DIFFERENCES.get((door, test))
    before = time.monotonic()
    result, log = run(tests, test, door, server, top)
    remedied, is_expected = "", result == ("fails" if difference else "passes")
    if difference and difference.proof:
        is_expected &= difference.proof in log
    elif difference:
        remedied, log = run(tests, test, door, server, top, **difference.remedy)
        is_expected &= remedied == "passes"
    print(f"{test:36} {door:5} {result:7} {remedied:7} {time.monotonic() - before:4.0f} s", flush=True)
    if not is_expected:
        print("\n".join(log.splitlines()[-LOG_LINES:]))
    return result, remedied, is_expected


def page(version, rows):
    """The table and the reasons below it."""
    notes, table = [], []
    for test, results in rows.items():
        cells = []
        for door, (result, remedied) in zip(DOORS, results, strict=True):
            cells.append(result)
            if difference := DIFFERENCES.get((door, test)):
                if difference.why not in notes:
                    notes.append(difference.why)
                cells[-1] += f" ({notes.index(difference.why) + 1})"
                cells[-1] += f", then {remedied}" if remedied else ""
        table.append(f"| `{test}` | {' | '.join(cells)} |")
    lines = [
        "# Nix's own functional tests",
        "",
        f"Written by `make nix-functional` on {datetime.date.today()}: the tests of Nix {version}'s source",
        "package, run by the real Nix with the plugin loaded. Only the addresses of caches are replaced. The",
        f"caches are in {PIN.split('/')[-1]}, whose objects are files that the tests may change.",
        "",
        f"| test | {' | '.join(DOORS.values())} |",
        "|---|" + "---|" * len(DOORS),
        *table,
        "",
        *(textwrap.fill(f"{at}. {why}", 110, subsequent_indent="   ") for at, why in enumerate(notes, 1)),
    ]
    return "\n".join(lines) + "\n"


def main(chosen):
    why = subprocess.run([HEADERS, "--why-not"], capture_output=True, text=True, check=True).stdout.strip()
    if why:
        print(f"nix-functional is left out: {why}")
        return 0
    directory = Path(tempfile.mkdtemp(prefix="oarlock-nix-"))
    unexpected, rows, server = [], {}, None
    try:
        top = directory / "top"
        (top / BUCKET).mkdir(parents=True)
        tests, version = prepare(directory)
        Gateway.fetch()
        with only_loopback():
            server = Gateway(top)
            for test in chosen or TESTS:
                rows[test] = []
                for door in DOORS:
                    result, remedied, is_expected = attempt(tests, test, door, server, top)
                    rows[test].append((result, remedied))
                    if not is_expected:
                        unexpected.append(f"{test} {door}")
    finally:
        if server:
            server.stop()
        subprocess.run(["chmod", "-R", "u+w", directory], check=False)
        shutil.rmtree(directory, ignore_errors=True)
    if not chosen:
        (HERE / "FUNCTIONAL.md").write_text(page(version, rows))
    passed = sum("passes" in pair for results in rows.values() for pair in results)
    print(f"unexpected: {', '.join(unexpected) or 'nothing'}\n{passed} passed, {len(unexpected)} failed")
    return bool(unexpected)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
