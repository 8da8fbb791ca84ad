#!/usr/bin/env python3
"""Writes the examples of verbs and the reference pages of the site from the core's tables; `--check` only
reports which files are out of date.

Invariant: verbs, options, replies, settings and errors come from the core; texts around them from `tables`.
Needs the built Python package and nothing of the site's own.
"""

import sys
from pathlib import Path

from generator import calls, compiled, errors, scripting, servers, settings, verbs

DOCS = Path(__file__).resolve().parent


def files():
    """Every generated file with its text."""
    examples = calls.calls()
    return {
        "examples/verbs.py": scripting.python(examples),
        "../bindings-python/python/oarlock/_examples.py": scripting.docstrings(examples),
        "examples/verbs.rb": scripting.ruby(examples),
        "examples/verbs.c": compiled.c(examples),
        "examples/verbs.cpp": compiled.cpp(examples),
        "examples/verbs.rs": compiled.rust(examples),
        "pages/reference/verbs.md": verbs.page(),
        "pages/reference/settings.md": settings.page(),
        "pages/reference/errors.md": errors.page(),
        "pages/reference/servers.md": servers.page(),
    }


def main(arguments):
    stale = []
    for name, text in files().items():
        path = DOCS / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if arguments != ["--check"]:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    if stale and arguments == ["--check"]:
        sys.exit(f"docs: {', '.join(stale)} is out of date: run `make generate`")


if __name__ == "__main__":
    main(sys.argv[1:])
