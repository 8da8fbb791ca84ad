"""Compares what a trial found with `differences.toml`: each known difference must occur, and nothing else
may.

Invariant: a difference is explained only by an entry whose sentence fits the failure and whose evidence is on
the recorded wire. Pure functions of their arguments.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path(__file__).with_name("differences.toml")


@dataclass
class Difference:
    """One entry of `differences.toml`; `tests/servers/README.md` describes the words."""

    server: str
    what: str
    api: str
    request: str = ""
    response: str = ""
    cases: list = field(default_factory=list)
    says: str = ""
    keys: list = field(default_factory=list)
    verbs: list = field(default_factory=list)
    outcome: str = ""
    large: bool = False
    sometimes: bool = False
    number: int = 0

    def evidence(self, exchanges):
        """The first recorded exchange that fits both expressions."""
        for each in exchanges:
            if re.search(self.request, each["request"], re.DOTALL) and re.search(
                self.response, each["response"], re.DOTALL
            ):
                return each
        return None


def load(path=FILE):
    """Every entry, numbered in the order of the file."""
    entries = tomllib.loads(path.read_text()).get("difference", [])
    return [Difference(**entry, number=number) for number, entry in enumerate(entries, 1)]


class Judgement:
    """What the entries explain of one server's result: `problems`, and evidence by the entry's number."""

    def __init__(self, result, differences):
        self.result = result
        self.known = [each for each in differences if each.server == result["name"]]
        self.problems, self.evidence, self.explained = [], {}, {}
        for row in result.get("cases", []):
            if row["outcome"] == "differs":
                self._case(row)
        for row in result.get("keys", []):
            self._key(row)
        self._large(result.get("large"))
        self._stale()

    def numbers(self, *found):
        """The numbers of the entries that explain a case (`"case", name`) or a key's verb (`"key", name,
        verb`).
        """
        return sorted(self.explained.get(found, set()))

    def _explain(self, entry, found, exchanges):
        """Whether the entry's evidence is there; a large transfer is not recorded."""
        seen = {} if entry.large else entry.evidence(exchanges)
        if seen is None:
            return False
        self.evidence.setdefault(entry.number, seen)
        self.explained.setdefault(found, set()).add(entry.number)
        return True

    def _case(self, row):
        fits = [
            each
            for each in self.known
            if row["case"] in each.cases and re.search(each.says, row["failure"], re.DOTALL)
        ]
        if not any([self._explain(each, ("case", row["case"]), row["exchanges"]) for each in fits]):
            why = "the evidence of its entry is not on the wire" if fits else "not listed"
            self.problems.append(f"{row['case']} ({row['language']}), {why}: {row['failure']}")

    def _key(self, row):
        for verb, outcome in row["steps"].items():
            if outcome == "ok":
                continue
            fits = [
                each
                for each in self.known
                if row["name"] in each.keys and verb in each.verbs and re.fullmatch(each.outcome, outcome)
            ]
            if not any([self._explain(each, ("key", row["name"], verb), row["exchanges"]) for each in fits]):
                why = "the evidence of its entry is not on the wire" if fits else "not listed"
                self.problems.append(f"key `{row['name']}`, {verb}, {why}: {outcome}")

    def _large(self, row):
        if not row or (row.get("same") and "failure" not in row):
            return
        failure = row.get("failure", "other bytes came back")
        fits = [each for each in self.known if each.large and re.search(each.says, failure)]
        if not any([self._explain(each, ("large",), []) for each in fits]):
            self.problems.append(f"1 GiB, not listed: {failure}")

    def _stale(self):
        """Entries that should have explained something of what was run, and did not."""
        ran = {row["case"] for row in self.result.get("cases", []) if row["outcome"] != "skipped"}
        swept = {row["name"] for row in self.result.get("keys", [])}
        for entry in self.known:
            # Seen in some runs and not in others; the cause is not known.
            if entry.sometimes:
                continue
            for case in entry.cases:
                if case in ran and entry.number not in self.explained.get(("case", case), set()):
                    self.problems.append(
                        f"{case}, stale: the difference {entry.number} did not occur: {entry.what}"
                    )
            for name in entry.keys:
                happened = [
                    verb
                    for verb in entry.verbs
                    if entry.number in self.explained.get(("key", name, verb), set())
                ]
                if name in swept and not happened:
                    self.problems.append(
                        f"key `{name}`, stale: the difference {entry.number} did not occur: {entry.what}"
                    )
            if entry.large and self.result.get("large") and not self.explained.get(("large",)):
                self.problems.append(
                    f"1 GiB, stale: the difference {entry.number} did not occur: {entry.what}"
                )
