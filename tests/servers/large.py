"""1 GiB there and back: seconds, the client's peak of memory, and whether the same bytes came back.

Invariant: a fresh Python agent, nothing between it and the server, and files on both ends, so that the peak
is the client's alone.
"""

import hashlib
import random
import re
import shutil
import tempfile
import time
from pathlib import Path

import agents

SIZE, PIECE = 1 << 30, 16 << 20
# The object here, and up to twice at the server, which joins parts.
NEEDED = 4 * SIZE
# Seconds for one direction.
LIMIT = 600


def there_and_back(server):
    """Sends 1 GiB, fetches it, compares; returns a row, with `failure` if it did not succeed."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < NEEDED:
        why = f"{free >> 30} GiB are free for temporary files, {NEEDED >> 30} GiB are needed"
        return {"failure": why}
    agent = agents.Agent("python")
    with tempfile.TemporaryDirectory(prefix="oarlock-large-") as directory:
        sent, fetched = Path(directory) / "sent", Path(directory) / "fetched"
        made = make(sent)
        try:
            settings = server.settings()
            bucket = agent.ask({"op": "open", "url": "s3://oarlock-large/", "settings": settings})
            answer = agent.ask({"op": "call", "store": bucket["ok"], "verb": "create_bucket", "args": {}})
            if "error" in answer:
                return {"failure": short(answer)}
            row = {}
            for name, verb, more in [
                ("up", "put", {"source": {"$source": {"file": str(sent)}}}),
                ("down", "get", {"into": {"$sink": {"file": str(fetched)}}}),
            ]:
                begun = time.monotonic()
                call = {
                    "op": "call",
                    "store": bucket["ok"],
                    "verb": verb,
                    "args": {"key": "gibibyte", **more},
                }
                answer = agent.ask(call, seconds=LIMIT)
                if "error" in answer:
                    return row | {"failure": f"{verb}: {short(answer)}"}
                row[name] = round(time.monotonic() - begun, 1)
                # Servers keep up to twice the object's size; leave them the room.
                sent.unlink(missing_ok=True)
            status = Path(f"/proc/{agent.process.pid}/status").read_text()
            row["peak_mib"] = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) >> 10
            row["same"] = digest(fetched) == made
            return row
        except agents.AgentDied as why:
            return {"failure": f"no end within {LIMIT} s: {str(why).splitlines()[0][:200]}"}
        finally:
            agent.stop()


def short(answer):
    error = answer["error"]
    return f"{error['status'] or 'client'} {error['code'] or error['kind']}: {error['message'][:200]}"


def make(path):
    """Writes bytes that no part repeats; returns their SHA-256."""
    hashed, numbers = hashlib.sha256(), random.Random(SIZE)
    with path.open("wb") as file:
        for _ in range(SIZE // PIECE):
            piece = numbers.randbytes(PIECE)
            hashed.update(piece)
            file.write(piece)
    return hashed.hexdigest()


def digest(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
