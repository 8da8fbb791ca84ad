"""`make servers`: tries each real server and writes MATRIX.md from what happened.

Each server's result is kept in `.tools/servers/results`, so that one server can be tried again alone; the
page is written when there is a result for each. Fails if a difference is not listed in `differences.toml`, or
a listed one did not occur.
"""

import argparse
import datetime
import json
import signal
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "driver")]

import agents  # noqa: E402
import cases  # noqa: E402
from servers import REAL, ServerFailed, Unavailable, differences, fetch, report, trial  # noqa: E402

RESULTS = fetch.TOOLS / "results"
PARTS = ("cases", "keys", "large")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("servers", nargs="*", help=f"of {', '.join(REAL)}; default: all")
    parser.add_argument("--agents", default="python", help="languages, or `all`; default: python")
    parser.add_argument("--parts", default=" ".join(PARTS), help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument(
        "--only", default="", help="run only cases whose name contains this text; keeps no result"
    )
    parser.add_argument(
        "--report", action="store_true", help="try nothing, write the page from the kept results"
    )
    words = parser.parse_args()
    names = words.servers or list(REAL)
    if unknown := [name for name in names if name not in REAL]:
        sys.exit(f"unknown server {', '.join(unknown)}; known: {', '.join(REAL)}")
    languages = list(agents.COMMANDS) if words.agents == "all" else words.agents.replace(",", " ").split()
    if unknown := [language for language in languages if language not in agents.COMMANDS]:
        sys.exit(f"unknown agent {', '.join(unknown)}; known: {', '.join(agents.COMMANDS)}, all")
    chosen = [
        case for case in cases.load() if {"seaweed", "servers"} & set(case.on) and words.only in case.name
    ]
    known, problems, parts = differences.load(), 0, words.parts.split()
    for name in names if not words.report else []:
        result = tried(REAL[name], languages, parts, chosen)
        problems += shown(result, differences.Judgement(result, known))
        if parts == list(PARTS) and not words.only:
            RESULTS.mkdir(parents=True, exist_ok=True)
            (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1))
    if words.report or (parts == list(PARTS) and not words.only):
        problems = write(known) or problems
    return problems


def tried(kind, languages, parts, chosen):
    """Tries one server; a server that can't be fetched is a result with the reason."""
    result = {"name": kind.name, "title": kind.title, "source": kind.source, "languages": languages}
    result["date"] = datetime.date.today().isoformat()
    print(f"\n== {kind.title}", flush=True)
    begun = time.monotonic()
    try:
        one = trial.Trial(kind, languages)
    except (Unavailable, ServerFailed) as why:
        return result | {"unavailable": str(why).replace("\n", " ")[:300]}
    try:
        result["version"] = one.server.version()
        result["cases"] = one.cases(chosen) if "cases" in parts else []
        result["keys"] = one.keys() if "keys" in parts else []
        result["large"] = one.large() if "large" in parts else None
    finally:
        one.stop()
    return result | {"seconds": round(time.monotonic() - begun)}


def shown(result, judgement):
    """Prints what one server's trial came to; returns the number of problems."""
    if "unavailable" in result:
        print(f"{result['title']} cannot be had: {result['unavailable']}")
        return 0
    for problem in judgement.problems:
        print(f"{result['name']}: {problem}")
    counted = [row["outcome"] for row in result["cases"]]
    fine, skipped = counted.count("ok"), counted.count("skipped")
    print(
        f"{result['title']} {result['version']}: {fine} of {len(counted) - skipped} cases as with S3; "
        f"1 GiB: {result['large']}; ",
        end="",
    )
    print(f"{len(judgement.problems)} unexplained; {result['seconds']} s")
    return len(judgement.problems)


def write(known):
    """Writes the page from the kept results if no server's is missing; returns the number of problems."""
    kept = {name: RESULTS / f"{name}.json" for name in REAL}
    if missing := [name for name, path in kept.items() if not path.exists()]:
        print(f"MATRIX.md is not written: {', '.join(missing)} were never tried here")
        return 0
    results = [json.loads(path.read_text()) for path in kept.values()]
    judgements = [differences.Judgement(result, known) for result in results]
    agent = agents.Agent("python")
    verbs = list(agent.ask({"op": "verbs"})["ok"])
    agent.stop()
    report.MATRIX.write_text(report.matrix(results, judgements, verbs))
    print(f"wrote {report.MATRIX.relative_to(report.ROOT)}; `make generate` takes it into the site")
    return sum(len(each.problems) for each in judgements)


if __name__ == "__main__":
    # Ended from outside, it still stops its server and removes the data.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    sys.exit(main() != 0)
