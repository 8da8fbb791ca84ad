"""Listings: a lazy iterator over the entries of all pages.

Invariant: one page is in memory at a time. After an error the same page is requested again, so that a broken
listing never looks complete.
"""


class Pages:
    """An iterator over the entries of a listing; `pages` returns whole pages instead."""

    def __init__(self, native, verb, values, timeout):
        self._native, self._verb, self._values, self._timeout = native, verb, values, timeout
        self._rows = iter(())
        self._over = False
        # The first page is requested at once: a wrong argument fails here, and the server works meanwhile.
        self._call = native.start(verb, values)

    def __iter__(self):
        return self

    def __next__(self):
        while True:
            for row in self._rows:
                return row
            page = self._page()
            if page is None:
                raise StopIteration
            self._rows = iter(page.entries)

    def pages(self):
        """The pages not yet started, one by one."""
        while (page := self._page()) is not None:
            yield page

    def _page(self):
        if self._over:
            return None
        call = self._call or self._native.start(self._verb, self._values)
        self._call = None
        return self._turn(call.wait(self._timeout))

    def _turn(self, page):
        if page.next is None:
            self._over = True
        else:
            self._values = {**self._values, "continuation": page.next}
        return page
