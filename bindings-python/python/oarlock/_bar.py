"""A progress bar for ``progress=``: tqdm's where tqdm is installed, else a line of text.

Invariant: it runs on the thread that waits. It writes to the file it is given, else to standard error; if
that is not a terminal, it writes nothing.
"""

import sys

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_EVERY = 0.1


class Bar:
    """Shows the progress of a call.

    >>> with oarlock.Bar("archive") as bar:  # doctest: +SKIP
    ...     store.get("archive", pathlib.Path("archive"), progress=bar)
    """

    def __init__(self, title="", file=None):
        self._title, self._file = title, sys.stderr if file is None else file
        self._shows = file is not None or self._file.isatty()
        self._bar, self._width, self._next = None, 0, 0.0

    def __call__(self, done, total):
        if not self._shows:
            return
        tqdm = _tqdm()
        if tqdm is None:
            return self._write(done, total)
        if self._bar is None:
            self._bar = tqdm(desc=self._title, unit="B", unit_scale=True, unit_divisor=1024, file=self._file)
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def _write(self, done, total):
        from time import monotonic

        if done != total and monotonic() < self._next:
            return
        self._next = monotonic() + _EVERY
        far = f"{_size(done)} of {_size(total)}, {100 * done // total} %" if total else _size(done)
        line = f"{self._title}: {far}" if self._title else far
        self._file.write("\r" + line.ljust(self._width))
        self._file.flush()
        self._width = len(line)

    def close(self):
        """Ends the line."""
        if self._bar is not None:
            self._bar.close()
        elif self._width:
            self._file.write("\n")
        self._shows = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _tqdm():
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm


def _size(size):
    size = float(size)
    for unit in _UNITS:
        if size < 1024 or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
