"""`StorageClasses`: a package server's storage classes as a mapping of names to stores.

Law: knows no class and no field; what there is, the file says.
"""

import os
from collections.abc import Mapping

from . import Store, _native

__all__ = ["StorageClasses"]


class StorageClasses(Mapping):
    """The storage classes that a package server's ``.gcfg`` file names, each the `Store` that it is kept in.

    Takes the file's path, or its text: a str with a line break is text. Names are told apart without regard
    to case.

    ``settings`` are for all classes that are kept in S3; ``overrides`` holds, under a class's name, settings
    for that class alone. They win over what the file says, those of a class over those of all. A key to
    encrypt with that the file names stays in force.

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
        """What the file says of a class, for the server itself: a `StorageClass`."""
        return self._native.about(name)

    def check(self):
        """Tries the classes that are kept in S3 as a package server does when it starts, those with
        ``SkipValidation`` left out.

        Answers by class what `Store.explain` tells with ``check=True``; a row whose ``error`` is set keeps
        the class from working.
        """
        tried = [
            name for name in self if (about := self.about(name)).kind == "s3" and not about.skip_validation
        ]
        return {name: self[name].explain(check=True) for name in tried}

    def __repr__(self):
        return f"<oarlock.StorageClasses: {', '.join(self)}>"
