"""oarlock: S3 storage, credential resolution and client-side encryption.

`open` returns a `Store`, whose methods are the verbs. ``store.aio`` has them as awaitables;
``store.open(key)`` returns file objects. A failed call raises an `Error`; most of its classes are also the
built-in exception with the same meaning.
"""

from . import _native, errors
from ._native import VERSION, Bytes
from ._pages import Pages
from ._records import *
from ._records import __all__ as _records
from ._verbs import Verb, attach, missing
from .errors import *

__version__ = VERSION
__all__ = [
    "VERSION",
    "AsyncGet",
    "AsyncPages",
    "AsyncReader",
    "AsyncStore",
    "AsyncWriter",
    "Bar",
    "Bytes",
    "Pages",
    "StorageClasses",
    "Store",
    "Writer",
    "open",
    *_records,
    *errors.__all__,
]

# Most programs need none of these, so they are imported at first use.
_LATER = {
    "AsyncGet": "_aio_files",
    "AsyncPages": "aio",
    "AsyncReader": "_aio_files",
    "AsyncStore": "aio",
    "AsyncWriter": "_aio_files",
    "Bar": "_bar",
    "StorageClasses": "_classes",
    "Writer": "_files",
}


def __getattr__(name):
    if name not in _LATER:
        raise AttributeError(f"module 'oarlock' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_LATER[name]}", __name__), name)


def open(url, **settings):
    """Opens the store that a URL names: ``s3://bucket/prefix`` or ``file:///directory``. Sends no request.

    Settings win over those in the URL's query; an unknown one raises `ConfigError`, which names the nearest
    one. If a setting is a function, it is called on the thread that waits, or on the loop's thread; there it
    may be a coroutine function.
    """
    return Store(url, **settings)


class Store:
    """A store of objects: a bucket with a prefix, or a directory.

    It is thread-safe, works after a fork, and pickles. The pickle holds the URL and the settings as given:
    secrets only if they were among them, functions by reference. Where it is unpickled, profiles and the
    environment are read again.

    `get` writes into a path (a str or a `pathlib.Path`), an object with ``write``, or memory. `put` reads
    bytes, a `pathlib.Path`, an object with ``read`` or an iterable; a str is no source, because it might mean
    text or a path.

    Every verb takes ``timeout=``: seconds for the whole call. Verbs that transfer bytes or process many
    objects take ``progress=``: a function that is called on the waiting thread with the bytes or objects done
    and the total (or None).
    """

    __slots__ = ("_aio", "_native", "__weakref__")

    def __init__(self, url, **settings):
        self._native = _native.Store(url, settings)
        self._aio = None

    @classmethod
    def _of(cls, native):
        """A store that the core opened."""
        store = cls.__new__(cls)
        store._native, store._aio = native, None
        return store

    @property
    def url(self):
        """The URL, without settings and secrets."""
        return self._native.url

    @property
    def settings(self):
        """The settings that were given, without secrets."""
        return self._native.settings()

    @property
    def aio(self):
        """The same verbs, to be awaited on any asyncio loop or under trio."""
        if self._aio is None:
            from .aio import AsyncStore

            self._aio = AsyncStore(self._native)
        return self._aio

    def open(self, key, mode="rb", **options):
        """A binary file object: ``rb`` reads (seekable, buffered), ``wb`` writes, ``xb`` writes unless the
        object exists.

        Options are those of `get` or `put`. A writer's object appears, whole, when the writer is closed. If
        an exception leaves the ``with`` block, or the writer is dropped, nothing is stored. If the object
        changes while it is read, reading raises `ChangedError`.
        """
        from ._files import open_object

        return open_object(self, key, mode, options)

    def close(self):
        """Closes the store: later calls raise `InvalidInputError`."""
        self._native.close()

    @property
    def closed(self):
        """Whether the store was closed."""
        return self._native.closed

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __getattr__(self, name):
        raise AttributeError(name) if name.startswith("_") else missing(self, name)

    def __repr__(self):
        settings = "".join(f", {name}={value!r}" for name, value in self.settings.items())
        return f"oarlock.open({self.url!r}{settings})"

    def __reduce__(self):
        pairs = self._native.to_pairs()
        return _reopen, (
            self.url,
            {name: bytes(value) if isinstance(value, Bytes) else value for name, value in pairs.items()},
        )


def _reopen(url, settings):
    return Store(url, **settings)


attach(Store, Verb, _native.verbs())
