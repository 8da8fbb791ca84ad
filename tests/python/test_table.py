"""Verbs, records and stubs come from the core's table and match it."""

import inspect
import pathlib
import pickle
import pydoc
import re
import subprocess
import sys

import oarlock
import pytest
from oarlock import _native

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = {row[0]: row for row in _native.verbs()}


@pytest.mark.parametrize("owner", [oarlock.Store, oarlock.AsyncStore])
@pytest.mark.parametrize("name", ROWS)
def test_signature_and_doc(owner, name):
    _, doc, params, options, _, _, progress = ROWS[name]
    verb = getattr(owner, name)
    parameters = inspect.signature(verb).parameters
    given = [each for each in parameters if each not in ("self", "timeout", "progress")]
    assert given == [field[0] for field in (*params, *options)]
    assert all(parameters[field[0]].kind is inspect.Parameter.KEYWORD_ONLY for field in options)
    assert ("progress" in parameters) == (progress in ("bytes", "objects"))
    assert "timeout" in parameters
    for field in (*params, *options):
        assert " ".join(field[3].split()) in inspect.getdoc(verb)
    assert doc.split("\n")[0].strip() in pydoc.render_doc(verb)
    assert "Raises:" in inspect.getdoc(verb) and f"store.{verb.__name__}(" in inspect.getdoc(verb)


@pytest.mark.parametrize("unit", ["bytes", "objects"])
def test_the_verbs_with_progress_are_documented(unit):
    text = (ROOT / "SEMANTICS.md").read_text()
    (row,) = re.findall(rf"^\| {unit} \| (`get`.*|`delete_many`.*) \|$", text, re.M)
    assert set(re.findall(r"`(\w+)`", row)) == {name for name, verb in ROWS.items() if verb[6] == unit}


def test_a_verb_is_a_method(store):
    assert inspect.ismethod(store.get) and store.get.__self__ is store
    assert store.get.__name__ == "get" and repr(oarlock.Store.get) == "<verb Store.get>"
    assert "self" not in inspect.signature(store.get).parameters


def test_wrong_arguments(store):
    with pytest.raises(TypeError, match="positional"):
        store.head("a", "b")
    with pytest.raises(TypeError, match="twice"):
        store.head("a", key="b")
    with pytest.raises(oarlock.InvalidInputError, match="missing"):
        store.head()
    with pytest.raises(oarlock.InvalidInputError, match='"range"'):
        store.get("a", rnage="0-1")
    with pytest.raises(AttributeError, match='"get"'):
        store.gett
    assert not hasattr(store, "_nothing")


@pytest.mark.parametrize("row", _native.records(), ids=lambda row: row[0])
def test_records(row):
    name, doc, fields, _ = row
    cls = getattr(oarlock, name)
    assert cls.__doc__ == doc and cls._fields == tuple(field[0] for field in fields)
    values = list(range(len(fields)))
    record = cls(*values)
    assert record == cls(**dict(zip(cls._fields, values))) == pickle.loads(pickle.dumps(record))
    assert record != cls(*values[:-1], "other") and hash(record) == hash(cls(*values))
    assert record._asdict() == dict(zip(cls._fields, values))
    assert not hasattr(record, "__dict__")
    with pytest.raises(AttributeError):
        setattr(record, fields[0][0], 1)
    with pytest.raises(AttributeError):
        record.other = 1
    with pytest.raises(TypeError):
        cls(no_such_field=1)


def test_stubs_are_up_to_date():
    done = subprocess.run(
        [sys.executable, ROOT / "bindings-python/stubs.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command",
    [["mypy", "--strict", "--no-incremental"], ["pyright", "--pythonpath", sys.executable]],
    ids=lambda command: command[0],
)
def test_type_checkers_accept_a_program(command):
    pytest.importorskip(command[0], reason=f"{command[0]} is not installed")
    sample = ROOT / "tests/python/typed_sample.py"
    done = subprocess.run(
        [sys.executable, "-m", *command, sample], capture_output=True, text=True, cwd=ROOT / "bindings-python"
    )
    assert done.returncode == 0, done.stdout
