"""The little language of the cases' values: contents, variables, and what counts as a match.

Invariant: pure functions of their arguments; no server, no agent, no clock.
"""

import base64
import datetime
import functools
import random
import re
from pathlib import Path

VARIABLE = re.compile(r"\$([a-z][a-z0-9_]*)((?:\.[a-z0-9_]+)*)")


@functools.lru_cache(maxsize=16)
def pattern(size):
    """So many bytes that repeat nowhere: a part in the wrong place is seen."""
    return random.Random(size).randbytes(size)


def content(spec):
    """Bytes: text as UTF-8, a number as so many pattern bytes, a table `{pattern, from, to}` as a piece of
    those, `{base64}` as what that stands for."""
    if isinstance(spec, str):
        return spec.encode()
    if isinstance(spec, int):
        return pattern(spec)
    if "base64" in spec:
        return base64.b64decode(spec["base64"], validate=True)
    return pattern(spec["pattern"])[spec.get("from", 0) : spec.get("to")]


def base64_text(spec):
    return base64.b64encode(content(spec)).decode()


def substitute(value, variables):
    """Puts in what `$name` and `$name.field` stand for; a text that is nothing but one variable keeps its
    type."""
    if isinstance(value, dict):
        return {name: substitute(each, variables) for name, each in value.items()}
    if isinstance(value, list):
        return [substitute(each, variables) for each in value]
    if not isinstance(value, str):
        return value

    def look_up(match):
        if match[1] not in variables:
            return match[0]
        found = variables[match[1]]
        for field in match[2].split(".")[1:]:
            found = found[int(field)] if isinstance(found, list) else found[field]
        return found

    whole = VARIABLE.fullmatch(value)
    return look_up(whole) if whole else VARIABLE.sub(lambda match: str(look_up(match)), value)


def plain(value):
    """A case's value in the agents' protocol: `{"$keys": n}`, `{"$repeat": [text, n]}` and times."""
    if isinstance(value, datetime.datetime):
        return {"$time": value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "$keys" in value:
        return [f"k{number:05}" for number in range(value["$keys"])]
    if "$repeat" in value:
        return value["$repeat"][0] * value["$repeat"][1]
    return {name: plain(each) for name, each in value.items()}


def arguments(args, inputs: Path, outputs: Path):
    """A verb's arguments in the agents' protocol; files to send are written to `inputs`, files to fetch go to
    `outputs`."""
    ready = plain({name: value for name, value in args.items() if name not in ("source", "into")})
    if "source" in args:
        ready["source"] = {"$source": _source(args["source"], inputs)}
    if "into" in args:
        sink = args["into"]
        ready["into"] = {"$sink": {"file": str(outputs / sink["file"])} if isinstance(sink, dict) else sink}
    return ready


def _source(spec, inputs):
    kinds = ("bytes", "file", "path", "reader", "iterator", "reader_fails")
    kind = next((kind for kind in kinds if isinstance(spec, dict) and kind in spec), None)
    if kind is None:
        return {"bytes": base64_text(spec)}
    value = spec[kind]
    if kind == "bytes":
        return {"bytes": base64_text(value)}
    if kind == "path":
        return {"file": value}
    if kind == "file":
        path = inputs / f"source-{len(list(inputs.iterdir()))}"
        path.write_bytes(content(value))
        return {"file": str(path)}
    return {kind: [base64_text(chunk) for chunk in value]}


def mismatch(expected, actual, where="reply"):
    """The first difference as a sentence, or None: tables need only hold what is expected, lists all of it in
    order."""
    if expected == "$any":
        return f"{where} is absent" if actual is None else None
    if expected == "$null":
        return None if actual is None else f"{where} is {short(actual)}, expected absent"
    if isinstance(expected, dict) and "$matches" in expected:
        found = isinstance(actual, str) and re.search(expected["$matches"], actual)
        return None if found else f"{where} is {short(actual)}, expected to match {expected['$matches']!r}"
    if where.endswith(".body") or (isinstance(actual, dict) and "$bytes" in actual):
        return _bytes_mismatch(content(expected), actual, where)
    if isinstance(expected, datetime.datetime):
        seconds = actual.get("$time", [None])[0] if isinstance(actual, dict) else None
        return None if seconds == expected.timestamp() else f"{where} is {short(actual)}, expected {expected}"
    if isinstance(expected, dict) and isinstance(actual, dict):
        return next(
            (
                why
                for name, each in expected.items()
                if (why := mismatch(each, actual.get(name), f"{where}.{name}"))
            ),
            None,
        )
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return f"{where} has {len(actual)} entries, expected {len(expected)}: {short(actual)}"
        return next(
            (
                why
                for at, each in enumerate(expected)
                if (why := mismatch(each, actual[at], f"{where}[{at}]"))
            ),
            None,
        )
    return (
        None
        if expected == actual and type(expected) is type(actual)
        else f"{where} is {short(actual)}, expected {short(expected)}"
    )


def _bytes_mismatch(expected, actual, where):
    if not isinstance(actual, dict) or "$bytes" not in actual:
        return f"{where} is {short(actual)}, expected {len(expected)} bytes"
    found = base64.b64decode(actual["$bytes"])
    if found == expected:
        return None
    at = next(
        (at for at, pair in enumerate(zip(found, expected)) if pair[0] != pair[1]),
        min(len(found), len(expected)),
    )
    return f"{where} has {len(found)} bytes, expected {len(expected)}; they differ from byte {at} on"


def short(value):
    """A value as a message shows it."""
    text = repr(value)
    return text if len(text) <= 600 else f"{text[:600]}…"
