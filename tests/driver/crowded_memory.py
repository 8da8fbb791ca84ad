"""Uploads side by side that each could fill the budget alone; prints the process's peak before and after them
in KiB.

Run by `test_memory.py` in a process of its own: `files` puts four files, `writers` writes to eight file
objects at a time. The endpoint and the size in MiB follow.
"""

import re
import sys
import tempfile
import threading
from pathlib import Path

import oarlock

MIB = 1 << 20


def peak():
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


def main(what, endpoint, size):
    store = oarlock.open(
        "s3://bucket/",
        endpoint=endpoint,
        region="us-east-1",
        access_key_id="a",
        secret_access_key="s",
        payload_signing_enabled=False,
    )
    store.put("small", b"x")
    before = peak()

    def write(number):
        chunk = bytes(MIB)
        with store.open(f"k{number}", "wb") as file:
            for _ in range(size):
                file.write(chunk)

    with tempfile.NamedTemporaryFile() as source:
        source.truncate(size * MIB)
        if what == "files":
            works = [lambda number=number: store.put(f"k{number}", Path(source.name)) for number in range(4)]
        else:
            works = [lambda number=number: write(number) for number in range(8)]
        threads = [threading.Thread(target=work) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(before, peak())


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
