"""Many threads that use one store with random time limits; prints what the process had open and what failed.

Run by `test_connections.py` in a process of its own, whose descriptors are limited: URL and settings come as
JSON on standard input.
"""

import collections
import contextlib
import json
import os
import random
import resource
import sys
import threading

import oarlock

LIMIT, THREADS, ROUNDS, OBJECTS = 1024, 40, 4, 60


def descriptors():
    """Sockets and descriptors that are open: all, if not even one is left to list them."""
    sockets = 0
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        return LIMIT, LIMIT
    for name in names:
        with contextlib.suppress(OSError):
            sockets += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
    return sockets, len(names)


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
    store = oarlock.open(sys.argv[1], **json.load(sys.stdin))
    keys = [f"k{number}" for number in range(OBJECTS)]
    failures, late, lock = collections.Counter(), [0], threading.Lock()

    def note(error):
        with lock:
            failures[f"{type(error).__name__}: {error}"] += 1

    def work(number):
        chance = random.Random(number)

        def limited(verb, *args):
            # Half of the calls have a limit, many of them one that passes in their middle.
            limit = chance.choice([None, None, chance.uniform(0.001, 0.3), 60])
            try:
                return getattr(store, verb)(*args, timeout=limit)
            except TimeoutError as error:
                if limit is None or limit == 60:
                    note(error)
                with lock:
                    late[0] += 1
            except Exception as error:
                note(error)

        for _ in range(ROUNDS):
            for fate in limited("put_many", [{"key": key, "body": key.encode()} for key in keys]) or ():
                if fate.error:
                    note(RuntimeError(f"{fate.error} {fate.message}"))
            for fate in limited("get_many", keys) or ():
                if fate.error:
                    note(RuntimeError(f"{fate.error} {fate.message}"))
            for key in chance.sample(keys, 3):
                limited("put", key, key.encode())
                limited("get", key)

    store.put_many([{"key": key, "body": key.encode()} for key in keys])
    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    sockets = opened = 0
    for thread in threads:
        while thread.is_alive():
            now = descriptors()
            sockets, opened = max(sockets, now[0]), max(opened, now[1])
            thread.join(0.02)
    found = {"sockets": sockets, "open": opened, "late": late[0], "failures": failures.most_common(5)}
    print(json.dumps(found))


main()
