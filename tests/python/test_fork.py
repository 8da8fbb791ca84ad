"""A forked child works on at once with its parent's stores, while the parent is busy; the parent's calls are
not its own."""

import os
import threading

import oarlock
import pytest


def in_child(work):
    """Runs `work` in a forked child, which ends with its answer; 255 is an exception."""
    child = os.fork()
    if child == 0:
        status = 255
        try:
            status = work()
        finally:
            os._exit(status)
    return child


def ended(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("where", ["store", "remote"])
def test_children_and_grandchildren(where, request):
    store = request.getfixturevalue(where)
    store.put("k", b"x" * 1024)
    stop = threading.Event()

    def busy():
        while not stop.is_set():
            store.get("k")
            store.put("other", b"y" * 4096)

    def work():
        same = len(store.get("k")) == 1024

        def further():
            store.put("from a grandchild", b"z")
            return 7 if len(store.get("k")) == 1024 else 1

        return 7 if same and ended(in_child(further)) == 7 else 1

    threads = [threading.Thread(target=busy) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        # Each is waited for: fifty at a time would only test the scheduler.
        answers = [ended(in_child(work)) for _ in range(50)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert answers == [7] * 50


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_call_of_the_parent(fake, remote):
    fake.plan([{"match": {"op": "HeadObject"}, "fault": {"slow": 60_000}}])
    call = remote._native.start("head", {"key": "a"})

    def work():
        for use in (call.wait, call.fd, call.step, call.take):
            try:
                use()
                return 1
            except oarlock.ForkedError as error:
                if error.verb != "head":
                    return 2
        call.cancel()
        return 7

    assert ended(in_child(work)) == 7
    call.cancel()
    with pytest.raises(oarlock.CancelledError):
        call.wait()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_while_another_thread_waits(fake, remote):
    fake.plan([{"match": {"op": "HeadObject"}, "fault": {"slow": 60_000}}])
    remote.put("k", b"x")
    call = remote._native.start("head", {"key": "a"})
    cancelled = []

    def wait():
        try:
            call.wait()
        except oarlock.CancelledError:
            cancelled.append(True)

    thread = threading.Thread(target=wait)
    thread.start()
    fake.control("GET", "log?wait=2")

    def work():
        try:
            call.wait()
        except oarlock.ForkedError:
            return 7 if remote.get("k").body == b"x" else 1

    assert ended(in_child(work)) == 7
    call.cancel()
    thread.join()
    assert cancelled


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_an_open_reader(remote):
    """A reader goes on in both processes, each with a stream of its own."""
    data = os.urandom(4 << 20)
    remote.put("k", data)
    with remote.open("k") as file:
        first = file.read(1000)

        def work():
            return 7 if first + file.read() == data and file.seek(5) == 5 and file.read(3) == data[5:8] else 1

        assert ended(in_child(work)) == 7
        assert first + file.read() == data


def test_multiprocessing(store):
    import multiprocessing

    store.put("k", b"x")
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(store.exists, ["k", "none", "k"]) == [True, False, True]
