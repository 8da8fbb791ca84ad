"""What the hosts' demonstrations share: running a command in the open, timing it, summing up a tree of
files."""

import hashlib
import os
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The hosts shall find what the demonstration gives them and nothing of this machine's own.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("AWS_", "OARLOCK_", "GEM_", "RUBY"))
} | {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


def run(*command, cwd, quiet=False, **more):
    """Runs a command. Returns the seconds it took and its output."""
    command = [str(word) for word in command]
    if not quiet:
        print(f"$ {' '.join(command)}", flush=True)
    begun = time.monotonic()
    done = subprocess.run(
        command,
        cwd=cwd,
        env=ENVIRONMENT | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}")
    return time.monotonic() - begun, done.stdout


def sums(directory):
    """SHA-256 and size of every file below a directory, by its name there."""
    found = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                found[str(path.relative_to(directory))] = (
                    hashlib.file_digest(file, "sha256").hexdigest(),
                    path.stat().st_size,
                )
    return found


def total(found):
    """All the bytes of `sums`."""
    return sum(size for _, size in found.values())
