"""Commands that move bytes: cp, mv and sync.

Invariant: a whole tree moves by `sync_up` and `sync_down`, which check every path; this file joins none.
"""

import itertools
import os
import pathlib
import sys

import oarlock

from ._output import bar, note, print_json, print_row
from ._places import OR_RECURSIVE, PIPE, Place, file_name, is_url, split, tree

# Objects that a copy of a tree between stores copies at a time.
_AT_ONCE = 32


def cp(given):
    """Copies between a local file, a pipe and stores."""
    source, target = given.source, given.target
    if not (is_url(source) or is_url(target)):
        raise oarlock.InvalidInputError("one of the two must be a URL, such as s3://bucket/key")
    if given.recursive:
        return _copy_tree(given)
    if not is_url(source):
        reply = _upload(given)
    elif not is_url(target):
        reply = _download(given)
    else:
        reply = _between(given)
    if given.json:
        print_row(given, reply, "")
    return 0


def _upload(given):
    place = Place(given.target, given.settings)
    if given.source == PIPE:
        with bar(given, place.key) as progress:
            return place.store.put(place.needed_key(), sys.stdin.buffer, progress=progress)
    if os.path.isdir(given.source):
        raise oarlock.InvalidInputError(f"{given.source} is a directory; add --recursive")
    key = place.beside(file_name(given.source))
    with bar(given, key) as progress:
        options = {"journal": given.journal} if given.journal else {}
        return place.store.put(key, pathlib.Path(given.source), progress=progress, **options)


def _download(given):
    place = Place(given.source, given.settings)
    key = place.needed_key(OR_RECURSIVE)
    if given.target == PIPE:
        # The bytes are the result, so that nothing else goes to standard output.
        given.json = False
        return place.store.get(key, sys.stdout.buffer)
    path = pathlib.Path(given.target)
    if given.target.endswith("/"):
        path.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        path /= file_name(key)
    with bar(given, key) as progress:
        options = {"journal": given.journal} if given.journal else {}
        return place.store.get(key, path, progress=progress, **options)


def mv(given):
    """Moves an object to another key or store; the source goes after its copy is there."""
    if not (is_url(given.source) and is_url(given.target)):
        raise oarlock.InvalidInputError("both must be URLs, such as s3://bucket/key")
    reply = _between(given, "move")
    if given.json:
        print_row(given, reply, "")
    return 0


def _between(given, verb="copy"):
    source, target = Place(given.source, given.settings), Place(given.target, given.settings)
    key = source.needed_key(OR_RECURSIVE if verb == "copy" else "")
    with bar(given, key) as progress:
        to = target.beside(file_name(key))
        options = {"journal": given.journal} if given.journal else {}
        return getattr(target.store, verb)(key, to, progress=progress, **_from(given), **options)


def _from(given):
    """The options that name the store to copy from; the server copies if it can."""
    root, _ = split(given.source)
    return {"source_store": root, "source_settings": given.settings or None}


def _copy_tree(given):
    if PIPE in (given.source, given.target):
        raise oarlock.InvalidInputError("a pipe holds one object; leave --recursive out")
    if is_url(given.source) and is_url(given.target):
        # As late as that: it takes longer to load than most commands do.
        import asyncio

        return asyncio.run(_copy_between(given))
    given.delete, given.dry_run, given.include, given.exclude, given.compare = False, False, [], [], None
    return sync(given)


async def _copy_between(given):
    """Copies a tree between stores, some objects at a time; the first failure ends it."""
    import asyncio

    (source, below), (target, at) = tree(given.source, given.settings), tree(given.target, given.settings)
    entries = iter(source.list(below))
    while lot := list(itertools.islice(entries, _AT_ONCE)):
        copies = (
            target.aio.copy(entry.key, at + entry.key.removeprefix(below), **_from(given)) for entry in lot
        )
        await asyncio.gather(*copies)
        for entry in lot:
            print_row(given, entry, f"copied {entry.key}")
    return 0


def sync(given):
    """Makes a tree of a store equal to a directory, or a directory equal to it."""
    up = not is_url(given.source)
    if up == (not is_url(given.target)):
        raise oarlock.InvalidInputError("one of the two must be a directory, the other a URL")
    directory, url = (given.source, given.target) if up else (given.target, given.source)
    store, prefix = tree(url, given.settings)
    options = {name: getattr(given, name) for name in ("delete", "dry_run", "include", "exclude", "compare")}
    options = {name: value for name, value in options.items() if value}
    with bar(given, store.url) as progress:
        reply = (store.sync_up if up else store.sync_down)(directory, prefix, progress=progress, **options)
    if given.json:
        print_json(reply)
    elif given.dry_run:
        for step in reply.steps or []:
            print(" ".join(f"{value}" for value in step._asdict().values() if value is not None))
    else:
        done = (f"{value} {name}" for name, value in reply._asdict().items() if isinstance(value, int))
        note(given, ", ".join(done))
    return 0
