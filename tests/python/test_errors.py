"""One exception for each kind, each also the built-in that users catch."""

import copy
import errno
import pickle

import oarlock
import pytest
from oarlock import _native, errors

BUILTINS = {
    "InvalidInput": ValueError,
    "Config": ValueError,
    "Credentials": PermissionError,
    "PermissionDenied": PermissionError,
    "NotFound": FileNotFoundError,
    "NoSuchBucket": FileNotFoundError,
    "AlreadyExists": FileExistsError,
    "Precondition": OSError,
    "NotModified": Exception,
    "Range": ValueError,
    "Throttled": OSError,
    "Timeout": TimeoutError,
    "Network": ConnectionError,
    "Service": OSError,
    "WrongRegion": OSError,
    "Changed": OSError,
    "Corrupt": OSError,
    "Decrypt": OSError,
    "KeyCommitment": OSError,
    "Cancelled": Exception,
    "Forked": RuntimeError,
    "Io": OSError,
    "Unsupported": NotImplementedError,
    "Internal": RuntimeError,
    "StorageFull": OSError,
}
FACTS = {
    "verb": "get",
    "bucket": "b",
    "key": "k",
    "status": 404,
    "code": "NoSuchKey",
    "request_id": "r",
    "retryable": True,
}


def test_every_kind_has_a_class_and_no_class_lacks_a_kind():
    kinds = [name for name, _, _ in _native.kinds()]
    assert sorted(kinds) == sorted(BUILTINS)
    assert set(errors.__all__) == {"Error", *kinds, *(f"{name}Error" for name in kinds)}


@pytest.mark.parametrize("name, number, doc", _native.kinds())
def test_class(name, number, doc):
    cls = getattr(oarlock, f"{name}Error")
    assert cls.kind == name and cls.__module__ == "oarlock" and cls.__doc__ == doc
    assert getattr(oarlock, name) is cls is getattr(errors, name)
    assert issubclass(cls, oarlock.Error) and issubclass(cls, BUILTINS[name])
    error = cls("what to do", **FACTS)
    assert repr(error).startswith(f"{name}Error(")
    for other in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is cls and str(other) == "what to do" and other.message == "what to do"
        assert {name: getattr(other, name) for name in FACTS} == FACTS
    if isinstance(error, OSError):
        assert errno.errorcode[error.errno] and error.strerror == "what to do" and error.filename == "k"


def test_a_pickle_of_an_earlier_version_names_the_alias():
    error = oarlock.NotFoundError("no such object", **FACTS)
    pickled = pickle.dumps(error, protocol=0).replace(b"NotFoundError", b"NotFound")
    assert b"NotFoundError" not in pickled and type(pickle.loads(pickled)) is oarlock.NotFoundError


def test_raised_with_the_facts(store):
    with pytest.raises(FileNotFoundError) as caught:
        store.head("no/such")
    error = caught.value
    assert type(error) is oarlock.NotFoundError and error.errno == errno.ENOENT
    assert (error.verb, error.key, error.status) == ("head", "no/such", None)
    assert "no/such" in str(error) and not str(error).startswith("NotFound")


def test_from_the_server(remote):
    with pytest.raises(oarlock.NotFoundError) as caught:
        remote.get("no/such")
    error = caught.value
    assert (error.bucket, error.key, error.status, error.code) == ("tests", "no/such", 404, "NoSuchKey")
    assert error.request_id and not error.retryable


def test_nothing_secret_is_told(fake):
    with oarlock.open("s3://tests/", **{**fake.settings(), "secret_access_key": "canary-secret"}) as store:
        with pytest.raises(oarlock.Error) as caught:
            store.get("a")
    assert "canary" not in f"{caught.value} {caught.value!r} {vars(caught.value)} {store!r} {store.settings}"


def test_a_missing_class_fails_the_import():
    import subprocess
    import sys

    code = "import sys, types\nfake = types.ModuleType('oarlock.errors'); fake.__all__ = []\nsys.modules['oarlock.errors'] = fake\nimport oarlock"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and "oarlock.errors has no class" in done.stderr
