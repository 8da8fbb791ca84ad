"""Commands that look after a store: explain, check, usage, verify, find-unencrypted, encrypt-all, rekey,
abort-uploads, stats."""

import json
import sys

from ._output import bar, note, print_json, print_row, table
from ._places import OPENED, Place, open_store, tree


def explain(given):
    """Prints a store's configuration and where it comes from; with ``--check`` tests it too."""
    rows = open_store(given.url, given.settings).explain(check=given.check)
    if given.json:
        print(json.dumps([_named(row) for row in rows], indent=1))
    else:
        print(table(rows))
    return 1 if any(row.error for row in rows) else 0


def _named(row):
    return {"what": row.what, "value": row.value, "source": row.source, "error": row.error}


def usage(given):
    """Counts the objects below a prefix and their bytes."""
    store, prefix = tree(given.url, given.settings)
    with bar(given, store.url) as progress:
        reply = store.usage(prefix, progress=progress)
    free = "" if reply.free is None else f", {reply.free} bytes free"
    print_row(given, reply, f"{reply.objects} objects, {reply.size} bytes{free}")
    return 0


def verify(given):
    """Reads every object below a prefix and prints those that are not whole and right."""
    store, prefix = tree(given.url, given.settings)
    with bar(given, store.url) as progress:
        reply = store.verify(prefix, progress=progress, **_after(given))
    return _failed(given, reply, f"{reply.verified} objects verified, {reply.size} bytes")


def find_unencrypted(given):
    """Prints the objects below a prefix that lie in the clear in a store that encrypts."""
    store, prefix = tree(given.url, given.settings)
    with bar(given, store.url) as progress:
        reply = store.find_unencrypted(prefix, progress=progress, **_after(given))
    if given.json:
        print_json(reply)
    else:
        for row in reply.objects:
            print(f"{row.size:>14}  {row.key}")
        note(given, f"{len(reply.objects)} of {reply.checked} objects lie in the clear")
    return 1 if reply.objects else 0


def encrypt_all(given):
    """Encrypts the objects below a prefix that lie in the clear; the same command again resumes."""
    store, prefix = tree(given.url, given.settings)
    with bar(given, store.url) as progress:
        reply = store.encrypt_all(prefix, progress=progress, **_after(given))
    return _failed(given, reply, f"{reply.encrypted} encrypted, {reply.unchanged} unchanged")


def _after(given):
    return {"start_after": given.start_after} if given.start_after else {}


def _failed(given, reply, counts):
    """Prints a reply that names the objects that failed."""
    if given.json:
        print_json(reply)
    else:
        for row in reply.failed:
            print(f"{row.key}: {row.message}")
        note(given, f"{counts}, {len(reply.failed)} failed")
    return 1 if reply.failed else 0


def rekey(given):
    """Gives encrypted objects new envelopes under the store's key."""
    options = {"old": given.old} if given.old else {}
    if given.enforce_rotation:
        options["enforce_rotation"] = True
    place = Place(given.url, given.settings)
    if place.is_tree or given.recursive:
        store, prefix = tree(given.url, given.settings)
        with bar(given, store.url) as progress:
            reply = store.rekey_all(prefix, progress=progress, **options)
        if given.json:
            print_json(reply)
        else:
            for row in reply.failed:
                print(f"{row.key}: {row.message}")
            print(f"{reply.rekeyed} rekeyed, {reply.unchanged} unchanged, {len(reply.failed)} failed")
        return 1 if reply.failed else 0
    needed = place.store.rekey(place.key, **options)
    text = "rekeyed" if needed else "is under the key already"
    print_row(given, {"key": place.key, "rekeyed": needed}, f"{place.key}: {text}")
    return 0


def abort_uploads(given):
    """Aborts old unfinished uploads and prints them."""
    store, prefix = tree(given.url, given.settings)
    options = {} if given.older_than is None else {"older_than": given.older_than}
    aborted = store.abort_uploads(prefix, **options)
    for upload in aborted:
        print_row(given, upload, f"aborted {upload.key}")
    note(given, f"{len(aborted)} uploads aborted")
    return 0


def stats(given):
    """Runs another command, then prints what its stores did, on standard error."""
    from ._parser import parse

    inner = parse(given.command)
    try:
        return inner.run(inner)
    finally:
        for store in OPENED:
            for row in store.stats():
                facts = (f"{name}={value}" for name, value in row._asdict().items() if value)
                print(*facts, file=sys.stderr)
