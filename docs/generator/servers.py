"""The page of servers and permissions: what `make servers` found, and what each task and host needs.

Invariant: results come from `tests/servers/MATRIX.md`, and nothing here judges them.
"""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXTS = tomllib.loads((ROOT / "docs/tables/permissions.toml").read_text(encoding="utf-8"))
COLUMNS = ("server", "version", "cases as with S3", "odd keys as with S3", "tried on")

HEAD = """\
# Servers tried and IAM permissions

<!-- written by docs/generate.py -->
## Which servers were tried?
`make servers` runs the tests' cases on real servers. AWS itself is not among them: its rules of endpoints,
signatures and requests are compared with its own SDKs.

{servers}

A case that goes otherwise is a difference of the server. The source tree has each one with the exchange on
the wire, in `tests/servers/MATRIX.md`.

## Which verbs does each server have?
*ok*: every step went as with S3. Anything else is the server's first other response.

{verbs}

## Which permissions does a task need?
On the bucket and on its objects. A test runs the verbs with these permissions alone.

{tasks}

Without `s3:ListBucket`, S3 reports a missing object as a forbidden one. A store that encrypts with KMS also
needs `kms:GenerateDataKey` and `kms:Decrypt` on the key.

## Which permissions does a host need?
{hosts}

## How do I write the policy?
For every task above but tags, versions and unfinished uploads:
```json
--8<-- "docs/examples/policy.json"
```

`oarlock check s3://bucket/prefix` puts, reads, lists and deletes an object of a random name, and names the
permission that is missing.
"""


def page():
    """The text of the page."""
    tasks = [(task["name"], verbs(task["verbs"]), codes(task["permissions"])) for task in TEXTS["task"]]
    hosts = [
        (host["name"] if number == 0 else "", what, codes(permissions))
        for host in TEXTS["host"]
        for number, (what, permissions) in enumerate(host["tasks"])
    ]
    return HEAD.format(
        servers=rows("## Servers", COLUMNS),
        verbs=rows("## Verbs", None),
        tasks=table(("task", "verbs", "permissions"), tasks),
        hosts=table(("host", "task", "permissions"), hosts),
    )


def rows(heading, columns):
    """The columns of the first table below a heading of MATRIX.md."""
    text = (ROOT / "tests/servers/MATRIX.md").read_text(encoding="utf-8").split(heading, 1)[1]
    found = text[text.index("\n|") :].split("\n\n")[0].strip().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in found]
    kept = [cells[0].index(name) for name in columns] if columns else range(len(cells[0]))
    first = (lambda cell: cell) if columns else shorten
    return table([cells[0][at] for at in kept], [[first(row[at]) for at in kept] for row in cells[2:]])


def shorten(cell):
    """A cell's first outcome that is not `ok`, without links."""
    outcomes = [one.split("[")[0].strip() for one in cell.split(";")]
    return next((one for one in outcomes if one not in ("ok", "–")), cell.split(";")[0])


def table(head, lines):
    text = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    return "\n".join(text + [f"| {' | '.join(line)} |" for line in lines])


def codes(names):
    return ", ".join(f"`{name}`" for name in names)


def verbs(names):
    return ", ".join(f"[`{name}`](verbs.md#{name})" for name in names)
