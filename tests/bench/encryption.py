"""What encrypting an upload costs: processor seconds and peak memory of a put of 1 GiB, plain and encrypted,
into a server that forgets it.

Invariant: each figure is the median of several fresh processes; the file is sparse, so that no disk is
measured. Prints; judges nothing. Takes the Rust agent: `encryption.py [AGENT]`, by default that of a release
build (`cargo build --release -p agent-rust`).
"""

import base64
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "driver")]

from test_memory import SIZE, Sink  # noqa: E402

ROUNDS = 5
GOAL = "plain + 0.35 CPU-s, 96 MiB"


def put(agent, endpoint, source, **settings):
    """Processor seconds and peak MiB of one put in a process of its own."""
    reach = {
        "endpoint": endpoint,
        "region": "us-east-1",
        "access_key_id": "a",
        "secret_access_key": "s",
        "payload_signing_enabled": False,
    }
    environment = {
        **os.environ,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with subprocess.Popen([agent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:

        def ask(**request):
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())["ok"]

        store = ask(op="open", url="s3://bucket/", settings={**reach, **settings})
        assert (
            ask(
                op="call", store=store, verb="put", args={"key": "a", "source": {"$source": {"file": source}}}
            )["size"]
            == SIZE
        )
        peak = int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[1]) / 1024
        fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        process.kill()
    return seconds, peak


def main():
    agent = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "target" / "release" / "agent-rust")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    key = {"encryption_aes_key": base64.b64encode(bytes(range(32))).decode()}
    with tempfile.NamedTemporaryFile() as source:
        source.truncate(SIZE)
        print(f"put of {SIZE >> 20} MiB   CPU-s   peak MiB   (goal of encrypted: {GOAL})")
        for name, settings in (("plain", {}), ("encrypted", key)):
            seconds, peak = zip(*(put(agent, endpoint, source.name, **settings) for _ in range(ROUNDS)))
            print(f"{name:>14} {statistics.median(seconds):9.2f} {statistics.median(peak):10.0f}")
    server.shutdown()


if __name__ == "__main__":
    main()
