"""Writes `MATRIX.md` from the results of trials; the site's page of servers is made of it.

Invariant: the same results make the same text; nothing in it was typed by hand but the sentences of
`differences.toml`. Must not start servers or agents.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MATRIX = Path(__file__).with_name("MATRIX.md")
# Headers that differ from run to run or show nothing.
NOISE = {
    "accept", "accept-encoding", "accept-ranges", "amz-sdk-invocation-id", "amz-sdk-request",
    "authorization", "connection", "date", "host", "keep-alive", "server", "strict-transport-security",
    "user-agent", "vary", "x-amz-content-sha256", "x-amz-date", "x-amz-id-2", "x-amz-request-id",
    "x-amz-user-agent", "x-content-type-options", "x-ratelimit-limit", "x-ratelimit-remaining",
    "x-xss-protection", "access-control-allow-origin", "access-control-allow-methods",
    "access-control-allow-headers", "access-control-expose-headers", "content-security-policy",
    "last-modified", "referrer-policy", "x-amzn-requestid", "x-powered-by",
}  # fmt: skip
VARIES = [
    (r"<(RequestId|HostId|Resource)>[^<]*</\1>", ""),
    (r"oarlock-(tests|keys)-\d+", "BUCKET"),
    (r"127\.0\.0\.1:\d+", "SERVER"),
]
LONGEST = 700


def matrix(results, judgements, verbs):
    """The text of MATRIX.md."""
    parts = [
        "# Real servers",
        "",
        "`make servers` wrote this page from its own run; do not edit it. It starts each server on "
        "loopback, runs every case of `tests/cases` that is for real servers, sweeps odd keys, moves "
        "1 GiB both ways, and stops it. [README.md](README.md) describes how to add a server.",
        "",
        "## Servers",
        "",
        *summary(results, judgements),
        "",
        "Memory is the peak of the client's process (Python) over both directions. "
        "Nothing stands between it and the server.",
        "",
        "## Verbs",
        "",
        "*ok*: every step of the cases went as with S3. A status and code: the server refused a step. "
        "*differs*: another result. Numbers point to [the differences](#differences). *–*: no step ran.",
        "",
        *verb_table(results, judgements, verbs),
        "",
        "## Odd keys",
        "",
        "Each key goes through put, get, head, list, copy, delete and delete_many. "
        "The cell names the verbs that did not succeed.",
        "",
        *key_table(results, judgements),
        "",
        *unexplained(judgements),
        "## Differences",
        "",
        "Each is the server's. What S3 does is in its API reference, at the operation that is named. "
        "The exchange is the recorded wire, without headers that say nothing here.",
        "",
        *[line for judgement in judgements for line in difference_list(judgement)],
    ]
    return "\n".join(parts).rstrip() + "\n"


def summary(results, judgements):
    """The table of servers."""
    heads = ["server", "version", "cases as with S3", "odd keys as with S3"]
    heads += ["1 GiB up", "1 GiB down", "memory", "how it is had", "languages", "tried on"]
    lines = [row(heads), row(["---"] * len(heads))]
    for result, judgement in zip(results, judgements):
        if "unavailable" in result:
            cells = [result["title"], f"not to be had: {result['unavailable']}", "–", "–"]
            lines.append(row(cells + ["–", "–", "–", result["source"], "–", result["date"]]))
            continue
        cases = [each for each in result["cases"] if each["outcome"] != "skipped"]
        fine = sum(each["outcome"] == "ok" for each in cases)
        swept = sum(set(each["steps"].values()) == {"ok"} for each in result["keys"])
        cells = [
            result["title"],
            result["version"],
            f"{fine} of {len(cases)}",
            f"{swept} of {len(result['keys'])}",
        ]
        cells += large_cells(result["large"], judgement)
        cells += [result["source"], ", ".join(result["languages"]), result["date"]]
        lines.append(row(cells))
    return lines


def large_cells(large, judgement):
    if not large:
        return ["–"] * 3
    times = [
        f"{large[name]} s" if name in large else "failed" + notes(judgement.numbers("large"))
        for name in ("up", "down")
    ]
    same = "" if large.get("same") else ", other bytes" if "same" in large else ""
    return [*times, f"{large['peak_mib']} MiB{same}" if "peak_mib" in large else "–"]


def verb_table(results, judgements, verbs):
    """Verbs down, servers across."""
    had = [(result, judgement) for result, judgement in zip(results, judgements) if "cases" in result]
    lines = [row(["verb", *(result["title"] for result, _ in had)]), row(["---"] * (len(had) + 1))]
    for verb in verbs:
        lines.append(row([f"`{verb}`", *(verb_cell(result, judgement, verb) for result, judgement in had)]))
    return lines


def verb_cell(result, judgement, verb):
    good = any(verb in each["verbs"] for each in result["cases"])
    found = {}
    for each in result["cases"]:
        if each["outcome"] == "differs" and each["verb"] == verb:
            word = each.get("refused") or "differs"
            found.setdefault(word, set()).update(judgement.numbers("case", each["case"]))
    words = [word + notes(numbers) for word, numbers in sorted(found.items())]
    return "; ".join((["ok"] if good else []) + words) or "–"


def key_table(results, judgements):
    """Keys down, servers across."""
    had = [(result, judgement) for result, judgement in zip(results, judgements) if result.get("keys")]
    lines = [row(["key", *(result["title"] for result, _ in had)]), row(["---"] * (len(had) + 1))]
    for at, name in enumerate(each["name"] for each in (had[0][0]["keys"] if had else [])):
        lines.append(row([name, *(key_cell(result["keys"][at], judgement) for result, judgement in had)]))
    return lines


def key_cell(swept, judgement):
    grouped = {}
    for verb, outcome in swept["steps"].items():
        if outcome != "ok":
            verbs, numbers = grouped.setdefault(outcome, ([], set()))
            verbs.append(verb)
            numbers.update(judgement.numbers("key", swept["name"], verb))
    return (
        "; ".join(
            f"{', '.join(verbs)}: {outcome}{notes(numbers)}" for outcome, (verbs, numbers) in grouped.items()
        )
        or "ok"
    )


def notes(numbers):
    return " " + " ".join(f"[{number}](#d{number})" for number in sorted(numbers)) if numbers else ""


def unexplained(judgements):
    lines = [f"- {each.result['title']}: {problem}" for each in judgements for problem in each.problems]
    return ["## Unexplained", "", *lines, ""] if lines else []


def difference_list(judgement):
    """The entries of one server that occurred, each with its evidence."""
    shown = [each for each in judgement.known if each.number in judgement.evidence]
    lines = [f"### {judgement.result['title']} {judgement.result['version']}", ""] if shown else []
    for entry in shown:
        where = (
            [f"`{case}`" for case in entry.cases]
            + [f"key *{name}*" for name in entry.keys]
            + ["1 GiB"] * entry.large
        )
        lines += [
            f'<a id="d{entry.number}"></a>**{entry.number}.** {entry.what}',
            f"S3: {entry.api}",
            f"Seen in {', '.join(where)}.",
            "",
        ]
        evidence = judgement.evidence[entry.number]
        if evidence:
            lines += ["```text", excerpt(evidence["request"]), "", excerpt(evidence["response"]), "```", ""]
    return lines


def excerpt(message):
    """A message without the headers that say nothing, its body shortened."""
    head, _, body = message.partition("\n\n")
    first, *headers = head.split("\n")
    kept = [line for line in headers if line.partition(":")[0].lower() not in NOISE]
    # The size of a chunked body's first chunk; other bodies are the objects' bytes.
    body = re.sub(r"^[0-9a-fA-F]+\n", "", body)
    shown = ["", body.strip()] if body.lstrip().startswith(("<", "{")) else []
    text = "\n".join([first, *kept, *shown])
    for pattern, instead in VARIES:
        text = re.sub(pattern, instead, text)
    text = "".join(
        letter if letter.isprintable() or letter == "\n" else f"\\x{ord(letter):02x}" for letter in text
    )
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def row(cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
