"""The object that a thread asked for last, so that `open` right after `info` or `isfile` sends no request.

Invariant: no answer to a question comes from here. A reader that begins with it carries its ETag, and looks
again if the object changed meanwhile. It holds for a second, for one `open`, and until this file system
stores or deletes something.
"""

import threading
import time

_SECONDS = 1


class Recent(threading.local):
    """The metadata of one object, for each thread."""

    def __init__(self):
        self._found = (None, 0, None)

    def put(self, bucket, meta):
        """Keeps what `head` returned."""
        self._found = ((bucket, meta.key), time.monotonic() + _SECONDS, meta)

    def take(self, bucket, key):
        """The metadata of the object, once; None if it is not known, or empty."""
        (named, until, meta), self._found = self._found, (None, 0, None)
        is_known = named == (bucket, key) and time.monotonic() < until and meta.etag and meta.size
        return meta if is_known else None

    def clear(self):
        """Forgets it."""
        self._found = (None, 0, None)
