"""Readers of a read-through on threads of their own, and what a store holds after them."""

import threading

MIB = 1 << 20


def keys(store):
    return [entry.key for entry in store.list()]


def uploads(store):
    return list(store.list_uploads())


class Reader(threading.Thread):
    """Reads a stream on its own thread. After its first bytes it waits for `go`, then goes on or leaves."""

    def __init__(self, store, url, leaves=False, **options):
        super().__init__(daemon=True)
        self.store, self.url, self.leaves, self.options = store, url, leaves, options
        self.seen, self.error, self.reply = bytearray(), None, None
        self.has_bytes, self.go = threading.Event(), threading.Event()
        self.start()

    def write(self, chunk):
        self.seen += chunk
        self.has_bytes.set()
        self.go.wait(30)
        if self.leaves:
            raise ConnectionResetError("the client left")

    def run(self):
        try:
            self.reply = self.store.fetch_through("p", self.url, self, **self.options)
        except Exception as error:  # noqa: BLE001
            self.error = error

    def end(self):
        """Lets it go on, and returns what it has read."""
        self.go.set()
        self.join(60)
        assert not self.is_alive()
        return bytes(self.seen)


def in_threads(count, work):
    """Runs the work so many times at once; returns results or exceptions."""
    results = [None] * count

    def run(number):
        try:
            results[number] = work(number)
        except Exception as error:  # noqa: BLE001
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    return results


def in_time(count, place, url, gate):
    """The replies to so many callers who start at once, half a second before the upstream's gate opens."""
    started = threading.Barrier(count)

    def read(_):
        started.wait(20)
        return place.fetch_through("p", url)

    threading.Timer(0.5, gate.set).start()
    return in_threads(count, read)
