"""Compares the wire that a case expects with what fake-s3 saw.

Invariant: every request must be accounted for: one more than the case lists is as wrong as one less.
"""

import values


def mismatch(expected, requests, ordered):
    """The first difference as a sentence, or None. A row with `count` stands for so many requests, with
    `count = "any"` for any number."""
    left = list(requests)
    for row in expected:
        count = row.get("count", 1)
        found = 0
        while count == "any" or found < count:
            at = next(
                (
                    at
                    for at, request in enumerate(left[:1] if ordered else left)
                    if fits(row, request) is None
                ),
                None,
            )
            if at is None:
                break
            left.pop(at)
            found += 1
        if count not in ("any", found):
            return (
                f"{found} of {count} requests are {describe(row)}; the wire shows {summary(requests)}"
                + why_not(row, left, ordered)
            )
    return f"more requests than expected: {summary(left)} of {summary(requests)}" if left else None


def fits(row, request):
    """Why a request does not match the row, or None."""
    if request["op"] != row["op"]:
        return f"the operation is {request['op']}"
    for part in ("status", "key", "method", "fault"):
        if part in row and request.get(part) != row[part]:
            return f"{part} is {request.get(part)!r}"
    for name, value in row.get("headers", {}).items():
        if why := values.mismatch(value, request["headers"].get(name.lower()), f"header {name}"):
            return why
    for name, value in row.get("query", {}).items():
        if why := values.mismatch(value, request["query"].get(name), f"query {name}"):
            return why
    for name in row.get("absent", []):
        if name.lower() in request["headers"] or name in request["query"]:
            return f"{name} is there"
    return None


def why_not(row, left, ordered):
    near = left[:1] if ordered else [request for request in left if request["op"] == row["op"]][:1]
    return f"; the next one: {fits(row, near[0])}" if near else ""


def describe(row):
    return ", ".join(f"{name} {value}" for name, value in row.items() if name != "count")


def summary(requests):
    return [f"{request['op']} {request.get('status')}" for request in requests]
