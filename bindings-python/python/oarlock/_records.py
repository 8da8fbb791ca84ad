"""The records that verbs return, made from the core's table: plain values, frozen, slotted, comparable,
picklable.

Invariant: names no record and no field. A record with raw bytes is also a bytes-like object.
"""

from . import _native


class Record:
    """A frozen set of named values."""

    __slots__ = ()
    _fields: "tuple[str, ...]" = ()
    _setters: tuple = ()
    _required: "frozenset[str]" = frozenset()

    def __init__(self, *values, **named):
        if named or len(values) != len(self._setters):
            values = self._complete(values, named)
        for put, value in zip(self._setters, values):
            put(self, value)

    def _complete(self, values, named):
        if len(values) > len(self._fields):
            raise TypeError(f"{type(self).__name__} has {len(self._fields)} fields, not {len(values)}")
        given = dict(zip(self._fields, values))
        for name, value in named.items():
            if name not in self._fields or name in given:
                raise TypeError(f"{type(self).__name__} has no field {name!r} to set, or it is set twice")
            given[name] = value
        missing = [name for name in self._fields if name in self._required and name not in given]
        if missing:
            raise TypeError(f"{type(self).__name__} needs {', '.join(missing)}")
        return [given.get(name) for name in self._fields]

    def _values(self):
        return tuple(getattr(self, name) for name in self._fields)

    def _asdict(self):
        """The fields by name."""
        return dict(zip(self._fields, self._values()))

    def __eq__(self, other):
        return self._values() == other._values() if type(other) is type(self) else NotImplemented

    def __hash__(self):
        return hash(self._values())

    def __repr__(self):
        shown = (f"{name}={value!r}" for name, value in self._asdict().items() if value is not None)
        return f"{type(self).__name__}({', '.join(shown)})"

    def __reduce__(self):
        return type(self), self._values()

    def __setattr__(self, name, value):
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __delattr__(self, name):
        raise AttributeError(f"{type(self).__name__} is frozen")


class BodyRecord(Record, _native.Body):
    """A record that holds bytes, and is bytes-like itself."""

    __slots__ = ()
    _buffer = ""

    @property
    def _bytes(self):
        return getattr(self, self._buffer)

    def __len__(self):
        return len(self._bytes or b"")

    def __bytes__(self):
        return bytes(memoryview(self))

    def __bool__(self):
        return True


def _make(name, doc, fields, buffer):
    names = tuple(field[0] for field in fields)
    body = {
        "__slots__": names,
        "__doc__": doc,
        "__module__": "oarlock",
        "__match_args__": names,
        "_fields": names,
    }
    body["_required"] = frozenset(field[0] for field in fields if field[2])
    if buffer is not None:
        body["_buffer"] = buffer
    cls = type(name, (Record if buffer is None else BodyRecord,), body)
    cls._setters = tuple(cls.__dict__[name].__set__ for name in names)
    return cls


_ROWS = _native.records()
__all__ = [row[0] for row in _ROWS]
globals().update((row[0], _make(*row)) for row in _ROWS)
