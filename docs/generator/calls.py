"""One call of each verb, as data: the arguments that its example has in every language.

Invariant: verbs and parameters come from the core's table; `docs/tables/calls.toml` has their values.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from oarlock import _native

DOCS = Path(__file__).resolve().parents[1]
TABLE = tomllib.loads((DOCS / "tables/calls.toml").read_text(encoding="utf-8"))

BY_KIND = {"int": 1, "seconds": 60, "bool": True, "map": {"name": "value"}, "list of str": ["name"]}


@dataclass(frozen=True)
class Argument:
    """A parameter or option with its value in the example."""

    name: str
    kind: str
    value: object


@dataclass(frozen=True)
class ExampleCall:
    """A verb, its arguments in order, and the options that are given: all there are, or some."""

    verb: str
    arguments: list
    options: list
    has_other_options: bool
    reply: str
    pages: bool

    @property
    def returns(self):
        """Whether there is a reply to look at."""
        return self.reply != "nothing"


def calls():
    """The example of each verb, in the order of the core's table."""
    return [example(row) for row in _native.verbs()]


def example(row):
    name, _, parameters, options, reply, pages, _ = row
    given = TABLE.get(name, {}).get("options", {})
    chosen = [Argument(option, kind, given[option]) for option, kind, *_ in options if option in given]
    arguments = [argument(name, parameter) for parameter in parameters]
    return ExampleCall(name, arguments, chosen, len(chosen) < len(options), reply, pages)


def argument(verb, parameter):
    name, kind, _, _ = parameter
    # A new parameter has a value at once, so that a new verb needs no row.
    plain = BY_KIND.get(kind, name)
    return Argument(name, kind, TABLE.get(verb, {}).get(name, TABLE["default"].get(name, plain)))
