"""With `OARLOCK_FSSPEC=1` in the environment, fsspec's `s3://` and `s3a://` go to oarlock.

Invariant: `oarlock_fsspec.pth` runs this at every start of Python, so it imports nothing until fsspec is
imported, and does nothing without that variable. Worker processes inherit the variable.
"""

import os
import sys


class Finder:
    """Finds fsspec's registry as everyone else does, and loads it with other classes for S3."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "fsspec.registry":
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Loader(spec.loader)
        return spec


class Loader:
    """Loads the registry, then names oarlock's class in it, which is imported at first use."""

    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        self._loader.exec_module(module)
        for protocol in ("s3", "s3a"):
            module.register_implementation(protocol, "oarlock.fsspec.OarlockFileSystem", clobber=True)


if os.environ.get("OARLOCK_FSSPEC") == "1":
    sys.meta_path.insert(0, Finder)
