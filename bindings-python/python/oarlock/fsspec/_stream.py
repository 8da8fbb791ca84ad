"""`Stream`: how a file object reads by default.

Reads in order share one request, which reads ahead and is checked to its end. A read elsewhere fetches its
range. A read of everything is one `get`, over many connections.
"""

from fsspec.caching import BaseCache

from .._files import BUFFER, SKIP
from ..errors import Error

#: The least that a read elsewhere fetches: most formats go on reading near by.
_NEAR = 64 << 10


class Stream(BaseCache):
    """The reads of one file object, in the place of one of fsspec's caches."""

    name = "stream"

    def __init__(self, file):
        super().__init__(file.blocksize, file._fetch_range, file.size)
        self._open = file._stream
        self._reader = None
        self._next = 0
        self._near = (0, b"")
        #: Why the whole was not read; a later read must not pass it for a part, until the next seek.
        self.failed = None

    def _fetch(self, start, stop):
        start, stop = start or 0, self.size if stop is None else min(stop, self.size)
        if start >= stop:
            return b""
        if self.failed is not None:
            raise self.failed
        if self._reader is None and (start, stop) == (0, self.size):
            data = self._all()
        elif self._is_near(start, stop):
            begin, near = self._near
            data = near[start - begin : stop - begin]
        elif self._follows(start):
            data = self._reader.read(stop - start)
        else:
            data = self.fetcher(start, min(max(stop, start + _NEAR), self.size))
            self._near = (start, data) if len(data) <= _NEAR else (0, b"")
            data = data[: stop - start]
        self._next = start + len(data)
        return data

    def _all(self):
        try:
            return self.fetcher(0, self.size)
        except Error as error:
            self.failed = error
            raise

    def _is_near(self, start, stop):
        begin, near = self._near
        return begin <= start and stop <= begin + len(near)

    def _follows(self, start):
        """Puts the stream to this byte, if reads go on in order; it skips a little."""
        if start != self._next:
            ahead = None if self._reader is None else self._reader.raw.tell() - start
            if ahead is None or not -SKIP <= ahead <= BUFFER:
                return False
        if self._reader is None:
            self._reader = self._open()
        if self._reader.tell() != start:
            self._reader.seek(start)
        return True

    def readline(self, start):
        """The line that begins at this byte; None if reads do not go on there."""
        if start >= self.size:
            return b""
        if not self._follows(start):
            return None
        line = self._reader.readline(self.size - start)
        self._next = start + len(line)
        return line

    def close(self):
        """Ends the stream."""
        if self._reader is not None:
            self._reader.close()
        self._reader, self._near = None, (0, b"")
