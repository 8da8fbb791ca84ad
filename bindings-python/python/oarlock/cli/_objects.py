"""Commands on objects: ls, cat, rm, presign."""

import itertools
import sys

from ._output import note, print_json, print_row
from ._places import OR_RECURSIVE, Place, tree

# Keys that one request deletes.
_BATCH = 1000


def ls(given):
    """Lists objects and, unless recursive, the directories between them."""
    place = Place(given.url, given.settings)
    entry = None
    for entry in place.store.list(place.key, **({} if given.recursive else {"delimiter": "/"})):
        if entry.is_prefix:
            print_row(given, entry, f"{'':20}{'-':>14}  {entry.key}")
        else:
            time = f"{entry.last_modified:%Y-%m-%d %H:%M:%S}" if entry.last_modified else ""
            print_row(given, entry, f"{time:20}{entry.size:>14}  {entry.key}")
    if place.key and entry is None:
        note(given, f"oarlock: there is nothing at {place.url}")
        return 1
    return 0


def cat(given):
    """Writes an object to standard output."""
    place = Place(given.url, given.settings)
    options = {"range": given.range} if given.range else {}
    place.store.get(place.needed_key(), sys.stdout.buffer, **options)
    return 0


def rm(given):
    """Deletes an object or, recursive, all below a prefix."""
    if not given.recursive:
        place = Place(given.url, given.settings)
        reply = place.store.delete(place.needed_key(OR_RECURSIVE))
        if given.json:
            print_row(given, reply, "")
        return 0
    store, prefix = tree(given.url, given.settings)
    failed = 0
    keys = (entry.key for entry in store.list(prefix))
    while batch := list(itertools.islice(keys, _BATCH)):
        if given.dry_run:
            for key in batch:
                print_json({"key": key}) if given.json else print(f"would delete {key}")
            continue
        for row in store.delete_many(batch):
            failed += row.error is not None
            print_row(given, row, f"{row.key}: {row.error}" if row.error else f"deleted {row.key}")
    if failed:
        note(given, f"oarlock: {failed} objects could not be deleted")
    return 1 if failed else 0


def presign(given):
    """Prints a URL that lets anyone send one kind of request until it expires."""
    place = Place(given.url, given.settings)
    options = {"method": given.method, "expires_in": given.expires_in}
    url = place.store.presign(
        place.needed_key(), **{name: value for name, value in options.items() if value is not None}
    )
    print_row(given, {"url": url}, url)
    return 0
