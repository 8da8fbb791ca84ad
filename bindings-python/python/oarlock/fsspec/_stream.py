"""`Stream`: how a file object reads by default.

Reads in order share one request, which reads ahead and is checked to its end. Large reads near each other
share it too: what lies between them is kept until it is read. A read elsewhere fetches its range. A read of
everything is one `get`, over many connections.
"""

from fsspec.caching import BaseCache

from .._files import BUFFER, SKIP
from ..errors import Error

#: The least that a read elsewhere fetches: most formats go on reading near by.
_NEAR = 64 << 10
#: The least that starts the stream at the object's beginning: a reader of columns goes on after it.
_LARGE = 4 << 20
#: Bytes between large reads that are kept at most.
_KEPT = 32 << 20


class Stream(BaseCache):
    """The reads of one file object, in the place of one of fsspec's caches."""

    name = "stream"

    def __init__(self, file):
        super().__init__(file.blocksize, file._fetch_range, file._size)
        self._open = file._stream
        self._reader = None
        self._next = 0
        self._near = (0, b"")
        #: Bytes that the stream passed over, by their offsets.
        self._kept = {}
        #: So many times a read's length is passed over.
        self._patience = 3
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
        elif (data := self._take(start, stop)) is not None:
            return data
        elif self._follows(start, stop - start):
            data = self._reader.read(stop - start)
        else:
            data = self._fetch_near(start, stop)
        self._next = start + len(data)
        return data

    def _all(self):
        try:
            return self.fetcher(0, self.size)
        except Error as error:
            self.failed = error
            raise

    def _fetch_near(self, start, stop):
        """The bytes of a read elsewhere, with those behind it; at the object's end, with those before it,
        where many formats have their index."""
        begin = min(start, max(self.size - _NEAR, 0))
        data = self.fetcher(begin, min(max(stop, begin + _NEAR), self.size))
        self._near = (begin, data) if len(data) <= _NEAR else (0, b"")
        return data[start - begin : stop - begin]

    def _is_near(self, start, stop):
        begin, near = self._near
        return begin <= start and stop <= begin + len(near)

    def _follows(self, start, length=0):
        """Puts the stream to this byte, if reads go on in order; it skips a little, and keeps what large
        reads leave out."""
        begins = self._reader is None and start <= SKIP and length >= _LARGE
        if start != self._next and not begins:
            ahead = None if self._reader is None else self._reader.raw.tell() - start
            if ahead is None or not -SKIP <= ahead <= BUFFER:
                return length >= SKIP and self._passes(start, length)
        if self._reader is None:
            self._reader = self._open()
        if self._reader.tell() != start:
            self._reader.seek(start)
        return True

    def _passes(self, start, length):
        """Reads the stream up to this byte and keeps the bytes, if they are few beside what is read there.
        Readers of tables request neighbouring columns from several threads, in about their order."""
        if self._reader is None or not 0 < start - self._reader.tell() <= min(self._patience * length, _KEPT):
            return False
        at = self._reader.tell()
        self._kept[at] = self._reader.read(start - at)
        while sum(map(len, self._kept.values())) > _KEPT:
            # Nobody read it, so this reader leaves out what it passes over.
            del self._kept[next(iter(self._kept))]
            self._patience = 0
        return self._reader.tell() == start

    def _take(self, start, stop):
        """Bytes that were kept, which are not kept any longer; None if they are not there."""
        for at, kept in self._kept.items():
            if at <= start and stop <= at + len(kept):
                del self._kept[at]
                if at < start:
                    self._kept[at] = kept[: start - at]
                if stop < at + len(kept):
                    self._kept[stop] = kept[stop - at :]
                return kept[start - at : stop - at]
        return None

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
        self._reader, self._near, self._kept = None, (0, b""), {}
