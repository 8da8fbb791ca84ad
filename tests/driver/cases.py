"""Reads the cases: `tests/cases/*.toml`, checked for words that the driver does not know, so that no
expectation is lost to a slip of the pen."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

CASES = Path(__file__).resolve().parents[1] / "cases"

STEP_KINDS = ("verb", "open", "close", "reader", "writer", "fetch", "asked")
STEP_WORDS = {
    *STEP_KINDS, "on", "store", "args", "expect", "error", "keys", "count", "rows", "save", "wire", "wire_order", "fault", "holds", "files",
    "url", "settings", "bare", "key", "do", "chunks", "fail", "method", "headers", "body", "signed", "until",
}  # fmt: skip


@dataclass
class Case:
    """One case: see `tests/cases/README.md` for what each word means."""

    name: str
    doc: str
    on: list
    do: list
    seed: list = field(default_factory=list)
    fault: list = field(default_factory=list)
    settings: dict = field(default_factory=dict)
    prefix: str = ""
    bucket: str = "shared"
    versioned: bool = False
    # For fake-s3 only: `region`, `requester_pays`, `anonymous_read`, …
    bucket_settings: dict = field(default_factory=dict)
    skip: dict = field(default_factory=dict)

    def __post_init__(self):
        for step in self.do:
            kinds = [kind for kind in STEP_KINDS if kind in step]
            unknown = set(step) - STEP_WORDS
            if len(kinds) != 1 or unknown:
                raise ValueError(
                    f"{self.name}: a step has the kinds {kinds} and the unknown words {sorted(unknown)}: {step}"
                )
            step["kind"] = kinds[0]
        unknown = set(self.on) - {"fake", "seaweed", "servers", "local"}
        if unknown or not self.on:
            raise ValueError(f"{self.name}: runs on {self.on}")


def load():
    """Every case, by file name; one file may hold several under `[[case]]`."""
    cases = []
    for path in sorted(CASES.glob("**/*.toml")):
        table = tomllib.loads(path.read_text())
        for number, each in enumerate(table.get("case", [table])):
            name = each.pop("name", None) or (path.stem if "case" not in table else f"{path.stem}-{number}")
            cases.append(Case(name=f"{path.stem}/{name}" if "case" in table else name, **each))
    names = [case.name for case in cases]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two cases are called {', '.join(sorted(twice))}")
    return cases
