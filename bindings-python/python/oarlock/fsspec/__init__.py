"""`OarlockFileSystem`: buckets as an fsspec file system, for programs that use fsspec, such as pandas, dask,
zarr, pyarrow and DVC. It replaces s3fs: `register` sends ``s3://`` here.

Every method exists twice: blocking, such as ``fs.cat(paths)``, and as a coroutine with an underscore, such as
``await fs._cat(paths)``, for any loop. Blocking calls run on the calling thread, without a loop.
"""

from ._paths import split_version
from ._register import register, unregister
from ._system import OarlockFileSystem

__all__ = ["OarlockFileSystem", "register", "split_version", "unregister"]
