"""Compressed files: the codec's file and the object's close together."""

from fsspec.compression import compr
from fsspec.core import get_compression


def compressed(file, path, mode, compression):
    """The file through a codec, by its name, or by the path's suffix for `infer`."""
    codec = get_compression(path, compression)
    return file if codec is None else Compressed(compr[codec](file, mode=mode[0]), file)


class Compressed:
    """A codec's file over an object's. Everything is the codec's, but that `close` closes both, and that an
    exception in the ``with`` block stores nothing."""

    def __init__(self, codec, file):
        self._codec, self._file = codec, file

    def __getattr__(self, name):
        if name in ("_codec", "_file"):
            raise AttributeError(name)
        return getattr(self._codec, name)

    def __iter__(self):
        return iter(self._codec)

    def __next__(self):
        return next(self._codec)

    def __enter__(self):
        return self

    def __exit__(self, kind, *error):
        if kind is None:
            self.close()
            return
        self._file.__exit__(kind, *error)

    def close(self):
        """Ends the codec's stream, and stores the object."""
        try:
            self._codec.close()
        except BaseException as error:
            self._file.__exit__(type(error), error, None)
            raise
        self._file.close()
