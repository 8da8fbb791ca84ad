"""A plugin of pytest that puts oarlock where other projects' tests expect s3fs.

Invariant: replaces the class before a test module imports it, and nothing else of s3fs.
"""

import fsspec
import s3fs
import s3fs.core
from oarlock.fsspec import OarlockFileSystem, register

s3fs.S3FileSystem = s3fs.core.S3FileSystem = OarlockFileSystem
register()
assert fsspec.get_filesystem_class("s3") is OarlockFileSystem
