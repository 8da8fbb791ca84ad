"""Slices of files: `cat_ranges`, and `cat_file` with edges.

Invariant: as of a `bytes`, what lies outside is empty and negative edges count from the end. The size is
requested only where edges need it.
"""

from fsspec.asyn import AsyncFileSystem

from ..errors import Error, InvalidInputError, RangeError, ServiceError
from ._calls import call, each
from ._requests import options_for


class Ranges(AsyncFileSystem):
    """The part of the file system that reads slices."""

    async def _cat_ranges(self, paths, starts, ends, max_gap=None, on_error="return", **kwargs):
        """Slices of many files, in the order asked for. Slices of one file that lie at most ``max_gap`` bytes
        apart share a request; all files are read at the same time. ``on_error`` is `return` or `raise`."""
        paths = list(paths)
        starts = [starts] * len(paths) if starts is None or isinstance(starts, int) else list(starts)
        ends = [ends] * len(paths) if ends is None or isinstance(ends, int) else list(ends)
        if not len(paths) == len(starts) == len(ends):
            raise InvalidInputError("cat_ranges takes as many starts and ends as paths")
        asked = [(path, *map(_whole, edges)) for path, *edges in zip(paths, starts, ends)]
        found = await self._slices(asked, gap=max_gap, raises=on_error == "raise", **kwargs)
        return [None if on_error == "omit" and isinstance(one, Exception) else one for one in found]

    async def _slices(self, asked, gap=None, version_id=None, raises=False, **keywords):
        """The bytes of slices, each of a path and its edges; an exception for each that failed."""
        found = [b""] * len(asked)
        objects = {}
        for place, (path, *edges) in enumerate(asked):
            objects.setdefault(path, []).append((place, *edges))
        counted = {path: _counted(slices) for path, slices in objects.items()}
        sure = {path: None for path in objects if counted[path]}
        unsure = [path for path in objects if not counted[path]]
        options = options_for("get_ranges", {"whole": True, **keywords, "version_id": version_id, "gap": gap})
        failed = await self._fetch(sure, objects, found, options)
        # What lies beyond the end is not known before the size is.
        unsure += [path for path, error in failed.items() if isinstance(error, RangeError)]
        failed = {path: error for path, error in failed.items() if not isinstance(error, RangeError)}
        sizes, missing = await self._lengths(unsure, version_id, keywords)
        failed |= missing | await self._fetch(sizes, objects, found, options)
        for path, error in failed.items():
            if raises:
                raise error
            for place, *_ in objects[path]:
                found[place] = error
        return found

    async def _fetch(self, sizes, objects, found, options):
        """Fetches the slices of objects, all at a time; returns the exceptions by path."""
        wanted = {}
        for path, size in sizes.items():
            slices = [
                (place, *(edges if size is None else slice(*edges).indices(size)[:2]))
                for place, *edges in objects[path]
            ]
            if slices := [(place, first, end) for place, first, end in slices if first < end]:
                wanted[path] = slices

        def starts():
            for path, slices in wanted.items():
                store, key, version = self._split(path)
                values = {**version, **options, "key": key}
                ranges = [f"{first}-{end - 1}" for _, first, end in slices]
                if len(ranges) == 1:
                    # A single range: a `get`, which uses several requests for a large one.
                    values.pop("gap", None)
                    yield store, "get", {**values, "range": ranges[0]}, None
                else:
                    yield store, "get_ranges", {**values, "ranges": ranges}, None

        if len(wanted) == 1:
            [(store, verb, values, _)] = starts()
            outcomes = [await _outcome(store, verb, values)]
        else:
            outcomes = await each(starts())
        failed = {}
        for (path, slices), outcome in zip(wanted.items(), outcomes):
            if isinstance(outcome, Exception):
                failed[path] = outcome
                continue
            for (place, *_), data in zip(slices, [outcome.body] if len(slices) == 1 else outcome):
                found[place] = bytes(data)
        return failed

    async def _lengths(self, paths, version_id, keywords):
        """The sizes of objects by path, and the exceptions of those that have none."""

        options = options_for("head", keywords)

        def starts():
            for path in paths:
                store, key, version = self._split(path, version_id)
                yield store, "head", {**options, "key": key, **version}, None

        sizes, failed = {}, {}
        for path, outcome in zip(paths, await each(starts())):
            if isinstance(outcome, Exception):
                failed[path] = outcome
            elif outcome.size is None:
                failed[path] = ServiceError(
                    "the server does not send the object's size, which these ranges need; "
                    "fetch the whole object",
                    key=outcome.key,
                )
            else:
                sizes[path] = outcome.size
        return sizes, failed


async def _outcome(store, verb, values):
    """The reply of one call, which the calling thread does itself, or its exception."""
    try:
        return await call(store, verb, **values)
    except Error as error:
        return error


def _whole(edge):
    """An edge as an int, also if it is numpy's."""
    return edge if edge is None else int(edge)


def _counted(slices):
    """Whether all edges count from the beginning."""
    return all(edge is not None and edge >= 0 for _, *edges in slices for edge in edges)
