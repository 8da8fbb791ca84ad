"""``python -m oarlock explain URL``: prints a store's configuration and where it comes from, as a table or
JSON.

Invariant: prints the reply of the verb `explain` and nothing else. The exit status is 0 if nothing prevents
the store from working.
"""

import argparse
import json
import sys

import oarlock


def setting(text):
    """``name=value``, as on the command line."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("a setting is written name=value")
    return name, value


def table(rows):
    """The rows below each other, in columns."""
    cells = [
        (row.what, f"{row.error}: {row.value}" if row.error else row.value, row.source or "") for row in rows
    ]
    widths = [min(max(len(cell[column]) for cell in cells), limit) for column, limit in enumerate((30, 60))]
    return "\n".join("  ".join([*map(str.ljust, cell, widths), cell[2]]).rstrip() for cell in cells)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m oarlock",
        description="explain: prints a store's configuration and where it comes from.",
    )
    parser.add_argument("command", choices=["explain"])
    parser.add_argument("url", help="s3://bucket/prefix or file:///directory")
    parser.add_argument(
        "settings", nargs="*", type=setting, metavar="name=value", help="settings of the store"
    )
    parser.add_argument(
        "--check", action="store_true", help="put, head, get, list and delete an object of a random name"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    # Flags may stand among the settings.
    given = parser.parse_intermixed_args(arguments)
    try:
        with oarlock.open(given.url, **dict(given.settings)) as store:
            rows = store.explain(check=given.check)
    except oarlock.Error as error:
        print(error, file=sys.stderr)
        return 1
    if given.json:
        print(
            json.dumps(
                [
                    {"what": row.what, "value": row.value, "source": row.source, "error": row.error}
                    for row in rows
                ],
                indent=1,
            )
        )
    else:
        print(table(rows))
    return 1 if any(row.error for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
