"""Puts oarlock in the place of s3fs for s3fs' own tests.

Invariant: the listings cache is on, as s3fs' users have it by default; nothing else differs from
`OarlockFileSystem`.
"""

import s3fs
import s3fs.core
import s3fs.utils
from oarlock.errors import ChangedError
from oarlock.fsspec import OarlockFileSystem


class S3FileSystem(OarlockFileSystem):
    protocol = ("s3", "s3a")

    def __init__(self, *args, use_listings_cache=True, **keywords):
        super().__init__(*args, use_listings_cache=use_listings_cache, **keywords)


S3FileSystem.__module__ = "s3fs.core"
s3fs.S3FileSystem = s3fs.core.S3FileSystem = S3FileSystem
s3fs.utils.FileExpired = ChangedError
