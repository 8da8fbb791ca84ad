"""The page of errors: each kind with its number, its classes, and causes with what to do.

Invariant: a kind of the core without a table in `docs/tables/errors.toml` fails the check, and so do words
of a message that the core does not have.
"""

import re
import sys
import tomllib
from pathlib import Path

from oarlock import _native, errors

DOCS = Path(__file__).resolve().parents[1]
CORE = DOCS.parent / "core/src"
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in sorted(CORE.rglob("*.rs")))
TEXTS = tomllib.loads((DOCS / "tables/errors.toml").read_text(encoding="utf-8"))

HEAD = """\
# Errors and troubleshooting

<!-- written by docs/generate.py -->
A message has three parts: what failed, why, and what to do.

=== "Python"
    ```python
    --8<-- "docs/examples/errors.py:errors"
    ```

=== "Ruby"
    ```ruby
    --8<-- "docs/examples/errors.rb:errors"
    ```

Search this page for words of the message, for the error's class, or for S3's code.

| what an error holds | Python, Ruby | C |
| --- | --- | --- |
| the kind | the class, `kind` | `oarlock_error_kind` |
| the message | `message`; Ruby: `sentence` | `oarlock_error_message` |
| verb, bucket, key | `verb`, `bucket`, `key` | `oarlock_error_verb`, … |
| S3's code, status and request id | `code`, `status`, `request_id` | `oarlock_error_code`, … |
| whether the same call may succeed later | `retryable`; Ruby: `retryable?` | `oarlock_error_retryable` |
"""

KIND = """
## {name}
{doc} Number {number}, `OARLOCK_{shout}` in C. Python: `{python}`. Ruby: `Oarlock::{name}Error`.{codes}

| message | cause | what to do |
| --- | --- | --- |
{rows}
"""


def page():
    """The text of the page."""
    kinds = _native.kinds()
    if missing := [name for name, *_ in kinds if name not in TEXTS]:
        sys.exit(f"docs/tables/errors.toml: describe {', '.join(missing)}")
    codes = server_codes()
    return HEAD + "".join(section(*kind, codes.get(kind[0], [])) for kind in kinds)


def row(cause, fix, words=""):
    """A row of a kind: words of a message, what causes it, and what to do."""
    if words not in SOURCES:
        sys.exit(f"docs/tables/errors.toml: no message of the core has the words {words!r}")
    return f"| {f'… {words} …' if words else ''} | {cause} | {fix} |"


def server_codes():
    """The codes of S3 that mean each kind, from the core's tables."""
    table = (CORE / "s3/failure.rs").read_text(encoding="utf-8").split("BY_CODE")[1].split("];")[0]
    found = {}
    for codes, kind in re.findall(r"\(\s*&\[([^\]]*)\],\s*(\w+),", table):
        found.setdefault(kind, []).extend(re.findall(r'"(\w+)"', codes))
    throttled = (CORE / "http/codes.rs").read_text(encoding="utf-8").split("THROTTLED")[1].split("];")[0]
    return found | {"Throttled": re.findall(r'"(\w+)"', throttled)}


def section(name, number, doc, codes):
    shout = re.sub(r"(?<=.)(?=[A-Z])", "_", name).upper()
    bases = getattr(errors, f"{name}Error").__bases__
    built_in = [base.__name__ for base in bases if base is not errors.Error]
    python = f"{name}Error" + (f"`, also a `{built_in[0]}" if built_in else "")
    rows = "\n".join(row(*texts) for texts in TEXTS[name]["causes"])
    codes = f"\n\nS3's codes: {', '.join(f'`{code}`' for code in sorted(codes))}." if codes else ""
    facts = {"number": number, "shout": shout, "python": python, "rows": rows, "codes": codes}
    return KIND.format(name=name, doc=doc, **facts)
