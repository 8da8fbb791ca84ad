"""Answers `import dvc_s3` with oarlock's file system; `OARLOCK_DVC=0` leaves that to an installed dvc-s3.

Law: runs in every start of this Python, by `oarlock_dvc.pth`, so it imports nothing until somebody asks for
`dvc_s3`.
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
        from oarlock.dvc import S3FileSystem

        module.S3FileSystem = S3FileSystem


sys.meta_path.insert(0, Finder)
