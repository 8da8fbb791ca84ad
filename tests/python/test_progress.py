"""Progress of verbs that work through many objects, and options that a verb does not take."""

import oarlock
import pytest


def heard(verb, *args, **named):
    """What the progress function receives during a call."""
    told = []
    verb(*args, progress=lambda *now: told.append(now), **named)
    assert told == sorted(told), told
    return told


def test_objects_are_counted_where_no_bytes_move(remote):
    keys = [f"k{number:04}" for number in range(1500)]
    remote.put_many([{"key": key, "body": b"x"} for key in keys[:20]])
    assert heard(remote.head_many, keys[:20])[-1] == (20, 20)
    told = heard(remote.delete_many, keys)
    assert told[-1] == (1500, 1500) and all(total == 1500 for _, total in told)
    seen = []
    assert heard(remote.delete_many, keys[:3], each=seen.extend)[-1] == (3, 3)
    assert [fate.key for fate in seen] == keys[:3]


def test_aborted_uploads_are_counted(remote, fake):
    denied = {"status": 403, "code": "AccessDenied"}
    fake.plan(
        [{"match": {"op": op}, "fault": denied} for op in ("CompleteMultipartUpload", "AbortMultipartUpload")]
    )
    for key in ("a", "b"):
        with pytest.raises(oarlock.PermissionDeniedError):
            remote.put(key, bytes(17 << 20))
    fake.plan([])
    assert len(list(remote.list_uploads())) == 2
    assert heard(remote.abort_uploads, older_than=0)[-1] == (2, 2)


def test_rekeyed_objects_are_counted(fake):
    old, new = {"encryption_aes_key": "A" * 43 + "="}, {"encryption_aes_key": "B" * 42 + "A="}
    with oarlock.open("s3://tests/", **fake.settings(), **old) as store:
        for number in range(5):
            store.put(f"k{number}", b"x")
    with oarlock.open("s3://tests/", **fake.settings(), **new) as store:
        told = heard(store.rekey_all, old=old)
        assert told[-1] == (5, 5)
        # Bytes that the server copies for it are not mixed in.
        assert all(done <= 5 for done, _ in told)


def test_a_directory_counts_too(store):
    store.put("a", b"x")
    assert heard(store.head_many, ["a", "b"])[-1] == (2, 2)
    assert heard(store.delete_many, ["a", "b"])[-1] == (2, 2)
    assert heard(store.copy, "a", "b")[-1] == (1, 1) if store.exists("a") else True


@pytest.mark.parametrize(
    "value", [print, object(), open, 1.5, {"a": object()}, [print], b"x", None.__class__]
)
def test_an_option_that_a_verb_does_not_take_is_named(store, value):
    for verb, args in (
        (store.head, ["a"]),
        (store.list, []),
        (store.delete_many, [["a"]]),
        (store.get, ["a"]),
    ):
        message = r'unknown option "metadatum"; (did you mean|known:)'
        with pytest.raises(oarlock.InvalidInputError, match=message):
            result = verb(*args, metadatum=value)
            list(result)
    with pytest.raises(oarlock.InvalidInputError, match='unknown option "progress"'):
        store.head("a", progress=value)
    with pytest.raises(oarlock.ConfigError, match='unknown setting "regoin"; did you mean "region"'):
        oarlock.open("s3://bucket", regoin=value)


def test_a_value_that_cannot_be_passed_names_its_option(store):
    with pytest.raises(
        oarlock.InvalidInputError, match="option `content_type`: a value of type object cannot be passed"
    ):
        store.put("a", b"x", content_type=object())
    with pytest.raises(
        oarlock.ConfigError, match="setting `region`: a value of type object cannot be passed"
    ):
        oarlock.open("s3://bucket", region=object())
