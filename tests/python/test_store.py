"""Stores: closed, pickled, shown, shared by threads."""

import pickle
import threading

import oarlock
import pytest


def test_closed(tmp_path):
    with oarlock.open(f"file://{tmp_path}") as store:
        store.put("a", b"1")
    assert store.closed
    with pytest.raises(oarlock.InvalidInputError, match="closed"):
        store.get("a")
    with pytest.raises(ValueError, match="closed"):
        store.list()
    with pytest.raises(oarlock.InvalidInputError, match="closed"):
        store.open("a", "wb")


def test_pickle_opens_again(store):
    store.put("a", b"1")
    other = pickle.loads(pickle.dumps(store))
    assert other.url == store.url and bytes(other.get("a")) == b"1"


def test_pickle_holds_what_was_given_and_no_more(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret")
    named = pickle.dumps(oarlock.open("s3://bucket/p", profile="work"))
    assert b"work" in named and b"canary" not in named
    given = oarlock.open(
        "s3://bucket/p", access_key_id="id", secret_access_key="given-secret", sse_customer_key=b"k" * 32
    )
    assert b"given-secret" in pickle.dumps(given)
    assert pickle.loads(pickle.dumps(given))._native.to_pairs() == given._native.to_pairs()


def test_repr_hides_secrets():
    store = oarlock.open(
        "s3://bucket/p",
        access_key_id="id",
        secret_access_key="canary",
        session_token="canary",
        region="eu-west-3",
    )
    assert repr(store) == "oarlock.open('s3://bucket/p', region='eu-west-3', access_key_id='id')"
    assert "canary" not in f"{store!s} {store.settings} {store.aio!r} {store._native!r}"


def test_threads_share_a_store(store):
    bodies = [f"{number}".encode() * 1000 for number in range(16)]

    def work(number):
        for _ in range(20):
            store.put(f"k{number}", bodies[number])
            assert store.get(f"k{number}").body == bodies[number]

    failures = []
    threads = [threading.Thread(target=lambda number=number: work(number)) for number in range(16)]
    threading.excepthook, before = (lambda args: failures.append(args.exc_value)), threading.excepthook
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        threading.excepthook = before
    assert not failures


def test_values_in(store):
    import datetime

    class Mapped(dict):
        pass

    store.put("a", b"1", metadata=Mapped(x="1"), part_size=10**7, tags=None, timeout=5)
    assert store.head("a").metadata == {"x": "1"}
    assert store.head("a").last_modified.tzinfo is datetime.timezone.utc
    assert (
        store.head(
            "a", if_unmodified_since=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
        ).size
        == 1
    )
    with pytest.raises(oarlock.InvalidInputError, match="time zone"):
        store.head("a", if_unmodified_since=datetime.datetime.now())
    with pytest.raises(oarlock.InvalidInputError, match="surrogates"):
        store.get("\ud800")
    with pytest.raises(oarlock.InvalidInputError, match="part_size"):
        store.put("a", b"", part_size=10**30)
    with pytest.raises(oarlock.InvalidInputError, match="object"):
        store.put("a", b"", metadata=object())
    with pytest.raises(oarlock.InvalidInputError, match="timeout"):
        store.get("a", timeout=-1)


def test_entries_are_keys(store):
    for number in range(3):
        store.put(f"d/{number}", b"")
    fates = store.delete_many(store.list("d/"))
    assert [fate.key for fate in fates] == ["d/0", "d/1", "d/2"] and all(fate.error is None for fate in fates)
    assert not list(store.list())


def test_pages(store):
    for number in range(7):
        store.put(f"k{number}", b"")
    rows = store.list(page_size=3)
    assert iter(rows) is rows and next(rows).key == "k0"
    assert [page.entries[0].key for page in rows.pages()] == ["k3", "k6"]
    assert [entry.key for entry in rows] == ["k1", "k2"]
    with pytest.raises(oarlock.InvalidInputError):
        store.list(page_size=0)._page()


def test_a_broken_listing_does_not_look_complete(fake):
    fake.plan(
        [
            {
                "match": {"op": "ListObjectsV2", "nth": 2, "times": 1},
                "fault": {"status": 403, "code": "AccessDenied"},
            }
        ]
    )
    with oarlock.open("s3://tests/", **fake.settings()) as store:
        for number in range(4):
            store.put(f"k{number}", b"")
        rows = store.list(page_size=2)
        assert [next(rows).key, next(rows).key] == ["k0", "k1"]
        with pytest.raises(PermissionError):
            next(rows)
        assert [row.key for row in rows] == ["k2", "k3"]
