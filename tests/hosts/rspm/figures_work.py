"""One piece of work that `figures.py` measures, in a process of its own; prints its result as JSON.

Invariant: what is compared goes to the same sink. Memory is the process's peak, the interpreter's included.
"""

import asyncio
import http.client
import json
import os
import resource
import statistics
import sys
import threading
import time
import urllib.parse

import oarlock

MIB = 1 << 20
NOWHERE = "/dev/null"


def hits(store, given):
    store.put("hit", bytes(1000))
    url, seconds = "http://127.0.0.1:9/never", {"get": [], "hit": []}
    works = {"get": lambda: store.get("hit"), "hit": lambda: store.fetch_through("hit", url)}
    for number in range(3000):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            if number >= 200:
                seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in seconds.items()}


class Timed:
    """A writer that keeps the time of its first bytes."""

    def __init__(self):
        self.first = None

    def write(self, _):
        self.first = self.first or time.perf_counter()


def fetched(url, first_only=False):
    """Fetches a URL without oarlock; returns the seconds to its first byte."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    began = time.perf_counter()
    connection.request("GET", parts.path)
    response, lot = connection.getresponse(), bytearray(MIB)
    response.readinto(memoryview(lot)[:1024])
    first = time.perf_counter() - began
    while not first_only and response.readinto(lot):
        pass
    connection.close()
    return first


def first(store, given):
    seconds = {"upstream": [], "through": []}
    for number in range(60):
        seconds["upstream"].append(fetched(given["upstream"], True))
        writer, began = Timed(), time.perf_counter()
        store.fetch_through(f"{number}", given["upstream"], writer)
        seconds["through"].append(writer.first - began)
    return {name: statistics.median(each[10:]) for name, each in seconds.items()}


def upstream(store, given):
    fetched(given["upstream"])


def put(store, given):
    ready(store)
    lot = os.urandom(MIB)
    began = time.perf_counter()
    store.put("put", (lot for _ in range(given["size"] // MIB)))
    seconds = time.perf_counter() - began
    store.delete("put")
    return {"seconds": seconds}


def fill(store, given):
    ready(store)
    began = time.perf_counter()
    reply = store.fetch_through("fill", given["upstream"], NOWHERE)
    seconds = time.perf_counter() - began
    assert reply.kept, reply.unkept
    store.delete("fill")
    return {"seconds": seconds}


def ready(store):
    """Makes the bucket if need be, and the first connection."""
    try:
        store.exists("none")
        if store.url.startswith("s3"):
            store.create_bucket()
    except oarlock.Error as error:
        if error.kind not in ("AlreadyExists", "AlreadyOwned"):
            raise


def joined(store, given):
    def read():
        reply = store.fetch_through("joined", given["upstream"], NOWHERE)
        assert reply.kept, reply.unkept

    threads = [threading.Thread(target=read) for _ in range(given["readers"])]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    [row] = [row for row in store.stats() if row.verb == "fetch_through"]
    return {"upstream_bytes": row.upstream_bytes, "joined": row.joined, "hits": row.hits}


def keys(store, given):
    async def all_at_once():
        names = [f"many/{number}" for number in range(given["count"])]
        aio = store.aio
        replies = await asyncio.gather(*(aio.fetch_through(name, given["upstream"]) for name in names))
        assert all(reply.kept for reply in replies)

    asyncio.run(all_at_once())


def large(store, given):
    writer, began = Timed(), time.perf_counter()
    reply = store.fetch_through("large", given["upstream"], writer)
    assert reply.kept, reply.unkept
    return {"first": writer.first - began}


def seed(store, given):
    ready(store)
    for number in range(given["count"]):
        store.put(f"{number}.tgz", os.urandom(given["size"]))
    return {"size": given["count"] * given["size"]}


def list_(store, given):
    return {"objects": sum(1 for _ in store.list(""))}


def usage(store, given):
    return {"objects": store.usage("").objects}


def get(store, given):
    found = []
    rows = store.get_many([entry.key for entry in store.list("")], each=found.extend)
    assert not rows and all(row.error is None for row in found)
    return {"size": sum(len(row.body) for row in found)}


def verify(store, given):
    reply = store.verify("")
    assert not reply.failed, reply.failed
    return {"size": reply.size}


def copy(store, given):
    source, settings = given["source"]
    return {"size": store.copy("large", "large", source_store=source, source_settings=settings).size}


def move(store, given):
    ready(store)
    source, settings = given["source"]
    return {"size": store.move("large", "large", source_store=source, source_settings=settings).size}


WORK = {
    work.__name__.rstrip("_"): work
    for work in (
        hits, first, upstream, put, fill, joined, keys, large, seed, list_, usage, get, verify, copy, move,
    )
}  # fmt: skip


def main():
    name, url, given = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    store = oarlock.open(url, **given["store"])
    began = time.perf_counter()
    result = WORK[name](store, given) or {}
    seconds = time.perf_counter() - began
    # In KiB, on Linux.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(json.dumps({"seconds": seconds, "peak": peak, **result}))


if __name__ == "__main__":
    main()
