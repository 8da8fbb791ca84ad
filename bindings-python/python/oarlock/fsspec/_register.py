"""Sends fsspec's ``s3://`` and ``s3a://`` here, and back."""

from fsspec.registry import _registry, known_implementations, register_implementation

from ._system import OarlockFileSystem

_PROTOCOLS = ("s3", "s3a")
#: Where they went before: to a class that was imported, and to a class by its name.
_before = {}


def register():
    """Sends ``s3://`` and ``s3a://`` to oarlock in this process, also if s3fs is installed.

    For other processes, such as dask's workers, set ``OARLOCK_FSSPEC=1`` in their environment. A file system
    or file that is pickled to them needs neither.
    """
    for protocol in _PROTOCOLS:
        if protocol not in _before:
            _before[protocol] = _registry.get(protocol), known_implementations.get(protocol)
        register_implementation(protocol, OarlockFileSystem, clobber=True)


def unregister():
    """Undoes `register`: ``s3://`` goes where it went before."""
    for protocol, (imported, named) in _before.items():
        _registry.pop(protocol, None)
        if imported is not None:
            register_implementation(protocol, imported, clobber=True)
        if named is not None:
            known_implementations[protocol] = named
    _before.clear()
