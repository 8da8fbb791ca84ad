"""Functions of the host's that give keys and codes: on which thread they run, and what becomes of what they
raise."""

import asyncio
import datetime
import gc
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import threading
import weakref

import oarlock
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEYS = {"access_key_id": "AKID", "secret_access_key": "secret"}


def open_store(function, **settings):
    return oarlock.open("s3://bucket", credentials=function, **settings)


def constant(question):
    return KEYS


def test_asked_on_the_thread_that_waits():
    seen = []

    def function(question):
        seen.append((question, threading.current_thread()))
        expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        return {**KEYS, "session_token": "t", "expires": expires, "account_id": None}

    store = open_store(function, region="eu-x-1")
    keys = [store.credentials() for _ in range(3)][-1]
    assert (keys.provider, keys.access_key_id, keys.session_token, keys.account_id) == (
        "callback",
        "AKID",
        "t",
        None,
    )
    assert seen == [({"setting": "credentials", "region": "eu-x-1"}, threading.current_thread())]
    assert "credentials='callback'" in repr(store) and store.settings["credentials"] == "callback"


def test_fifty_threads_ask_once():
    asked, barrier = [], threading.Barrier(50)
    store = open_store(lambda question: asked.append(threading.current_thread()) or KEYS)

    def wait():
        barrier.wait()
        store.credentials()

    threads = [threading.Thread(target=wait) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1 and asked[0] in threads


def test_what_it_raises_is_the_cause():
    failure = ValueError("the vault is closed")

    def function(question):
        raise failure

    with pytest.raises(
        oarlock.errors.CredentialsError, match="`credentials` failed: ValueError: the vault is closed"
    ) as caught:
        open_store(function).credentials()
    assert caught.value.__cause__ is failure and caught.value.verb == "credentials"
    naive = {**KEYS, "expires": datetime.datetime(2100, 1, 1)}
    with pytest.raises(oarlock.errors.CredentialsError, match="no time zone"):
        open_store(lambda question: naive).credentials()
    with pytest.raises(oarlock.errors.CredentialsError, match="asynchronous"):
        open_store(AsyncKeys()).credentials()


class AsyncKeys:
    """An asynchronous function that keeps where it ran."""

    loops = ()

    async def __call__(self, question):
        await asyncio.sleep(0)
        self.loops = (*self.loops, asyncio.get_running_loop())
        return KEYS


def test_asynchronous():
    function = AsyncKeys()

    async def work():
        store = open_store(function)
        replies = await asyncio.gather(*(store.aio.credentials() for _ in range(20)))
        assert {reply.access_key_id for reply in replies} == {"AKID"}
        # A plain function runs on the loop's thread.
        threads = []
        await open_store(
            lambda question: threads.append(threading.current_thread()) or KEYS
        ).aio.credentials()
        assert threads == [threading.current_thread()]
        assert function.loops == (asyncio.get_running_loop(),)

    asyncio.run(work())


def test_asynchronous_failures():
    failure = ValueError("closed")

    async def fails(question):
        raise failure

    async def hangs(question):
        await asyncio.get_running_loop().create_future()

    async def work():
        with pytest.raises(oarlock.errors.CredentialsError) as caught:
            await open_store(fails).aio.credentials()
        assert caught.value.__cause__ is failure
        with pytest.raises(oarlock.TimeoutError):
            await open_store(hangs).aio.credentials(timeout=0.01)
        # A cancelled task hands the question on.
        begun, calls = asyncio.Event(), []

        async def once(question):
            calls.append(question)
            if len(calls) == 1:
                begun.set()
                await hangs(question)
            return KEYS

        store = open_store(once)
        first = asyncio.ensure_future(store.aio.credentials())
        await begun.wait()
        second = asyncio.ensure_future(store.aio.credentials())
        first.cancel()
        assert (await second).access_key_id == "AKID" and len(calls) == 2
        with pytest.raises(asyncio.CancelledError):
            await first

    asyncio.run(work())


def test_calls_of_a_loop_that_stopped_hold_up_nobody():
    store = open_store(constant)
    loop = asyncio.new_event_loop()
    task = loop.create_task(store.aio.credentials())
    # One turn begins the call; nobody serves it.
    loop.run_until_complete(asyncio.sleep(0))
    assert store.credentials().access_key_id == "AKID"
    assert loop.run_until_complete(task).access_key_id == "AKID"
    loop.close()


CHILD = """
import os, signal, threading, time
import oarlock
begun = threading.Event()
asked = []
def keys(question):
    asked.append(question)
    if len(asked) == 1:
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            time.sleep(60)
    return {"access_key_id": "AKID", "secret_access_key": "secret"}
store = oarlock.open("s3://bucket", credentials=keys)
try:
    store.credentials()
except KeyboardInterrupt:
    print(store.credentials().access_key_id, len(asked))
"""


def test_interrupted_at_the_question():
    child = subprocess.run([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True, timeout=20)
    assert child.stdout.split() == ["AKID", "2"]


def test_in_a_forked_child():
    asked = []
    store = open_store(lambda question: asked.append(os.getpid()) or KEYS)
    store.credentials()
    child = os.fork()
    if child == 0:
        try:
            # The child's source is its own: it asks its own copy of the function.
            os._exit(0 if store.credentials().access_key_id == "AKID" and asked[1:] == [os.getpid()] else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0 and len(asked) == 1


def test_pickled_by_reference():
    again = pickle.loads(pickle.dumps(open_store(constant)))
    assert again.credentials().access_key_id == "AKID"
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(open_store(lambda question: KEYS))


def test_a_function_that_knows_the_store_is_collected():
    class Owner:
        def __init__(self):
            self.store = open_store(self.keys)

        def keys(self, question):
            return KEYS

    owner = Owner()
    owner.store.credentials()
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None


def test_only_a_setting_that_takes_one():
    with pytest.raises(oarlock.errors.ConfigError, match="`region` takes str, not callback"):
        oarlock.open("s3://bucket", region=constant)
    with pytest.raises(oarlock.errors.ConfigError, match="`credentials` takes a function, not str"):
        oarlock.open("s3://bucket", credentials="constant")


def test_results_as_they_come(store):
    """The function gets the records that the reply would hold, on this thread; what it raises is the cause of
    the call's error."""
    keys = [f"k{number}" for number in range(30)]
    told = []

    def each(rows):
        assert threading.current_thread() is threading.main_thread()
        told.extend(rows)

    assert store.put_many([{"key": key, "body": key.encode()} for key in keys], each=each) == []
    assert sorted(row.key for row in told) == sorted(keys) and all(
        isinstance(row, oarlock.Stored) for row in told
    )
    told.clear()
    assert store.get_many(keys, each=each, max_concurrency=4) == []
    assert {row.key: bytes(row.body) for row in told} == {key: key.encode() for key in keys}

    def full(rows):
        raise ValueError("no room")

    with pytest.raises(oarlock.errors.IoError, match="no room") as caught:
        store.head_many(keys, each=full)
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(oarlock.errors.InvalidInputError, match="function"):
        store.head_many(keys, each=7)
