"""Makes `import dvc_s3` return oarlock's file system. With `OARLOCK_DVC=0` it returns an installed dvc-s3.

Invariant: `oarlock_dvc.pth` runs this at every start of Python, so it imports nothing until `dvc_s3` is
imported.
"""

import os
import sys


class Finder:
    """Finds one module."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "dvc_s3" or os.environ.get("OARLOCK_DVC") == "0":
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, Loader)


class Loader:
    """Fills it."""

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        from oarlock.dvc import S3FileSystem, human_readable_to_bytes

        module.S3FileSystem = S3FileSystem
        module.human_readable_to_bytes = human_readable_to_bytes


sys.meta_path.insert(0, Finder)
