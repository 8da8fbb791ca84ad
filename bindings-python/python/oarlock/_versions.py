"""Listings as DVC needs them: a tree out of one flat listing, and lookups of many versions by few requests.

Invariant: the newest versions of a listing count as the newest for `FRESH` seconds at most; a version never
changes.
"""

import os
import threading
import time

from .errors import PermissionDeniedError, UnsupportedError
from .fsspec._entries import listed

#: Seconds for which the newest version of a listing counts as the newest.
FRESH = 30
#: Bytes of an object that is read ahead at most, and how many of them at a time.
SMALL = 1 << 18
AHEAD = 64
#: Pages that may be listed before a question is answered.
PAGES = 10


class Tree:
    """Directories, out of the entries of all that is below one."""

    def __init__(self, root, entries):
        self._root = root
        self._directories = {root: ({}, {})}
        for entry in entries:
            if entry["name"] == root:
                continue
            parent, _, name = entry["name"].rpartition("/")
            is_file = entry["type"] == "file"
            self._directories.setdefault(parent, ({}, {}))[is_file][name] = entry
            if not is_file:
                self._directories.setdefault(entry["name"], ({}, {}))

    def walk(self, detail):
        """Each directory before those that it holds; the caller may remove some of these."""
        left = [self._root]
        while left:
            path = left.pop()
            directories, files = self._directories[path]
            if not detail:
                directories, files = list(directories), list(files)
            yield path, directories, files
            left += [f"{path}/{name}" for name in reversed(list(directories))]


class VersionListing:
    """The versions of the objects below a prefix, a page at a time, and the bytes of small ones."""

    def __init__(self, bucket, store, prefix):
        self.bucket, self.prefix = bucket, prefix
        self._store = store
        self._pages = None
        self._entries = {}
        # The newest version of each object in order, and the place of each.
        self._newest = []
        self._places = {}
        self._contents = {}
        self._place = self._ahead = 0
        self._last = ""
        self._is_over = False
        self._begun = time.monotonic()

    @property
    def is_fresh(self):
        """Whether its newest versions may still be the newest."""
        return time.monotonic() - self._begun < FRESH

    def find(self, key, version):
        """The entry of an object or of a version, or None."""
        return self._entries.get((key, version))

    def may_hold(self, key):
        """Whether the next page may have this key."""
        return not self._is_over and self._last <= key

    def read(self):
        """Reads the next page."""
        try:
            if self._pages is None:
                self._pages = self._store.list_versions(self.prefix).pages()
            page = next(self._pages, None)
        except (PermissionDeniedError, UnsupportedError):
            # Reading the objects themselves needs fewer rights.
            page = None
        self._is_over = page is None
        for row in page.entries if page else ():
            self._last = row.key
            if not row.is_delete_marker:
                entry = listed(self.bucket, row)
                self._entries[row.key, row.version_id] = entry
                if row.is_latest:
                    self._entries[row.key, None] = entry
                    self._places[row.key, row.version_id] = len(self._newest)
                    self._newest.append((row.key, row.version_id))

    def content(self, key, version):
        """The bytes of a small version, or None. Versions that are read one after the other, in either
        direction, are followed by more and more of the next ones in one batch."""
        if (key, version) not in self._contents:
            self._fetch(key, version)
        return self._contents.pop((key, version), None)

    def _fetch(self, key, version):
        place = self._places.get((key, version))
        following = []
        if place is not None:
            step = 1 if place >= self._place else -1
            self._ahead = 0 if self._contents else min(AHEAD, 2 * self._ahead + 1)
            stop = place + step * (self._ahead + 1)
            following = (
                self._newest[place + 1 : stop] if step == 1 else self._newest[max(stop, -1) + 1 : place]
            )
            self._place = place
        wanted = [each for each in ((key, version), *following) if self._is_small(each)]
        rows = self._store.get_many([{"key": key, "version_id": version} for key, version in wanted])
        self._contents = {each: bytes(row.body) for each, row in zip(wanted, rows) if row.error is None}

    def _is_small(self, each):
        entry = self._entries.get(each)
        return entry is not None and entry["size"] <= SMALL


class VersionLookups:
    """Questions about single objects, answered from listings once they come in a row.

    The second question in a row begins a listing of what it and the first have in common. Pages are read only
    as long as there are no more of them than `PAGES` and the questions that were answered.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._before = None
        self._listing = None
        self._credit = PAGES

    def find(self, bucket, store, key, version):
        """The entry of an object or of a version, or None if it needs a request of itself."""
        with self._lock:
            before, self._before = self._before, (bucket, key)
            if not self._is_below(bucket, key) or not (version or self._listing.is_fresh):
                self._listing = None
                if before is None or before[0] != bucket or before[1] == key:
                    return None
                prefix = os.path.commonprefix([before[1], key]).rpartition("/")
                self._listing = VersionListing(bucket, store, prefix[0] + prefix[1])
            while (found := self._listing.find(key, version)) is None:
                if not self._credit or not self._listing.may_hold(key):
                    return None
                self._credit -= 1
                self._listing.read()
            self._credit += 1
            return found

    def content(self, bucket, key, version):
        """The bytes of a small version that the listing has, or None."""
        if version is None or not self._lock.acquire(blocking=False):
            return None
        try:
            return self._listing.content(key, version) if self._is_below(bucket, key) else None
        finally:
            self._lock.release()

    def forget(self):
        """What was listed may no longer hold."""
        with self._lock:
            self._listing = None

    def _is_below(self, bucket, key):
        listing = self._listing
        return listing is not None and listing.bucket == bucket and key.startswith(listing.prefix)
