"""Results for people and programs: columns, or a JSON object a line.

Invariant: JSON holds what the verb returned, under its names; bytes and secrets are not among it.
"""

import datetime
import json
import sys

from .._bar import Bar


def record(row):
    """A reply's record as plain data."""
    return {name: value for name, value in row._asdict().items() if value is not None}


def _plain(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if hasattr(value, "_asdict"):
        return record(value)
    return str(value)


def print_json(value):
    """One line of JSON."""
    print(json.dumps(value, default=_plain, ensure_ascii=False))


def print_row(given, row, text):
    """A row: its record as JSON with ``--json``, else the text."""
    if given.json:
        print_json(record(row) if hasattr(row, "_asdict") else row)
    else:
        print(text)


def table(rows):
    """The rows of `explain` below each other, in columns."""
    cells = [
        (row.what, f"{row.error}: {row.value}" if row.error else row.value, row.source or "") for row in rows
    ]
    widths = [min(max(len(cell[column]) for cell in cells), limit) for column, limit in enumerate((30, 60))]
    return "\n".join("  ".join([*map(str.ljust, cell, widths), cell[2]]).rstrip() for cell in cells)


def bar(given, title):
    """A progress bar on standard error, silent with ``--quiet`` and ``--json`` and if that is no terminal."""
    return Bar(title, _Nowhere() if given.quiet or given.json else None)


class _Nowhere:
    """A file that shows nothing."""

    def write(self, text):
        return len(text)

    def flush(self):
        pass


def note(given, text):
    """A sentence on standard error, unless ``--quiet`` or ``--json``."""
    if not (given.quiet or given.json):
        print(text, file=sys.stderr)
