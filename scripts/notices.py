#!/usr/bin/env python3
"""Writes `THIRD-PARTY.txt`, the licences of all crates that are linked into what we ship, and
`sbom.cdx.json`, the same crates as a CycloneDX bill of materials. `--check` only reports whether they are up
to date.

Invariant: both come from `Cargo.lock` and the crates' own sources. Neither holds a path, a time or a name of
the machine, so that two runs give the same bytes. A crate without a licence's text is named with its
expression.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ["oarlock-python", "oarlock_native", "oarlock-c", "oarlock-cxx", "oarlock-nix"]
TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "x86_64-unknown-linux-musl"]
TEXTS = re.compile(r"(?i)^(licen[cs]e|copying|notice|unlicense|copyright)([-._].*)?$")

HEAD = """\
oarlock contains the crates below. Each is used under one of its licences, whose texts follow.
Written by scripts/notices.py from Cargo.lock.
"""


def metadata(*more):
    command = ["cargo", "metadata", "--offline", "--locked", "--format-version", "1", *more]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def linked():
    """The packages of others that are linked into what we ship, on any target, by name and version."""
    found = {}
    for target in TARGETS:
        graph = metadata("--filter-platform", target)
        packages = {package["id"]: package for package in graph["packages"]}
        needs = {
            node["id"]: [
                dep["pkg"] for dep in node["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"])
            ]
            for node in graph["resolve"]["nodes"]
        }
        reached = set()
        waiting = [package["id"] for package in graph["packages"] if package["name"] in SHIPPED]
        while waiting:
            one = waiting.pop()
            # A procedural macro runs in the compiler; neither it nor what it needs is linked.
            is_macro = any("proc-macro" in each["kind"] for each in packages[one]["targets"])
            if one not in reached and not is_macro:
                reached.add(one)
                waiting += needs[one]
        found |= {
            (packages[one]["name"], packages[one]["version"]): packages[one]
            for one in reached
            if packages[one]["source"]
        }
    return [found[key] for key in sorted(found)]


def texts(package):
    """The texts of a crate's licences, without differences of white space at the ends of lines."""
    directory = Path(package["manifest_path"]).parent
    names = sorted(path for path in directory.iterdir() if path.is_file() and TEXTS.match(path.name))
    if package["license_file"]:
        names.append(directory / package["license_file"])
    read = (path.read_text(encoding="utf-8", errors="replace") for path in names)
    return list(dict.fromkeys("\n".join(map(str.rstrip, text.strip().splitlines())) for text in read))


def notices(packages):
    """The text of `THIRD-PARTY.txt`: the crates, then each text once with the crates that carry it."""
    carried = {}
    for package in packages:
        for text in texts(package):
            carried.setdefault(text, []).append(f"{package['name']} {package['version']}")
    lines = [f"{each['name']} {each['version']}: {each['license'] or 'see its text'}" for each in packages]
    parts = [HEAD, "\n".join(lines)]
    parts += [f"{'-' * 78}\n{', '.join(names)}\n\n{text}" for text, names in carried.items()]
    return "\n\n".join(parts) + "\n"


def bill(packages):
    """The text of the CycloneDX bill of materials."""
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    sums = {(each["name"], each["version"]): each.get("checksum") for each in locked}
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]
    own = workspace["package"]["version"]

    def component(package):
        name, number = package["name"], package["version"]
        entry = {"type": "library", "name": name, "version": number, "purl": f"pkg:cargo/{name}@{number}"}
        if sums.get((name, number)):
            entry["hashes"] = [{"alg": "SHA-256", "content": sums[name, number]}]
        if package["license"]:
            # The older way to write "or".
            entry["licenses"] = [{"expression": re.sub(r"\s*/\s*", " OR ", package["license"])}]
        return entry

    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "library", "name": "oarlock", "version": own}},
        "components": [component(package) for package in packages],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main(arguments):
    packages = linked()
    stale = []
    for name, text in {"THIRD-PARTY.txt": notices(packages), "sbom.cdx.json": bill(packages)}.items():
        path = ROOT / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if arguments != ["--check"]:
                path.write_text(text, encoding="utf-8")
    if stale and arguments == ["--check"]:
        sys.exit(f"{', '.join(stale)} is out of date: run scripts/notices.py")


if __name__ == "__main__":
    main(sys.argv[1:])
