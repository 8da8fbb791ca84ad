"""`StorageClasses`: a package server's storage classes as a mapping of names to stores.

Invariant: names no class and no field; they come from the file.
"""

import os
from collections.abc import Mapping

from . import Store, _native

__all__ = ["StorageClasses"]


class StorageClasses(Mapping):
    """The storage classes that a package server's ``.gcfg`` file names, each the `Store` that it is kept in.

    Takes the file's path, or its text: a str with a line break is text. Names are case-insensitive.

    ``settings`` apply to all classes in S3; ``overrides`` maps a class's name to settings for that class
    alone. Overrides win over settings, and both win over the file. An encryption key that the file names
    stays in force.

        StorageClasses(path, overrides={"packages": {"encryption_legacy_wrapping": True,
        "encryption_legacy_content": True}})
    """

    def __init__(self, path_or_text, settings=None, overrides=None):
        own = {
            name: dict(each) if isinstance(each, Mapping) else each
            for name, each in (overrides or {}).items()
        }
        self._native = _native.StorageClasses(os.fspath(path_or_text), dict(settings or {}), own)
        self._stores = {}

    def __getitem__(self, name):
        name = name.lower()
        if name not in self._stores:
            self._stores[name] = Store._of(self._native.store(name))
        return self._stores[name]

    def __iter__(self):
        return iter(self._native.names())

    def __len__(self):
        return len(self._native.names())

    def __contains__(self, name):
        return isinstance(name, str) and name.lower() in self._native.names()

    def about(self, name):
        """The file's entries about a class for the server itself, as a `StorageClass`."""
        return self._native.about(name)

    def check(self):
        """Tests the classes in S3 as a package server does when it starts, except those with
        ``SkipValidation``.

        Returns, by class, the reply of `Store.explain` with ``check=True``. If a row has an ``error``, the
        class does not work.
        """
        tried = [
            name for name in self if (about := self.about(name)).kind == "s3" and not about.skip_validation
        ]
        return {name: self[name].explain(check=True) for name in tried}

    def __repr__(self):
        return f"<oarlock.StorageClasses: {', '.join(self)}>"
