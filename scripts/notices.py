#!/usr/bin/env python3
"""Writes `THIRD-PARTY.txt`, the licences of all crates that are linked into what we ship, and
`sbom.cdx.json`, the same crates as a CycloneDX bill of materials. `--check` only reports whether they are up
to date. Fails if a door links more crates than `DOORS` allows.

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
# What we ship, and how many crates each may link, our own included. Lower a number when crates go.
DOORS = {
    "oarlock-c": 138,
    "oarlock-cxx": 141,
    "oarlock-python": 140,
    "oarlock_native": 140,
    "oarlock-nix": 143,
}
TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "x86_64-unknown-linux-musl"]
TEXTS = re.compile(r"(?i)^(licen[cs]e|copying|notice|unlicense|copyright)([-._].*)?$")

HEAD = """\
oarlock contains the crates below. Each is used under one of its licences, whose texts follow.
Written by scripts/notices.py from Cargo.lock.
"""


def metadata():
    command = ["cargo", "metadata", "--offline", "--locked", "--format-version", "1"]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def reached(door, target):
    """The names and versions of the crates that are linked into a door for a target, our own included."""
    # Neither what only tests or builds need, nor procedural macros, which run in the compiler.
    command = ["cargo", "tree", "--offline", "--locked", "-e", "normal,no-proc-macro", "--prefix", "none"]
    command += ["--target", target, "-p", door, "-f", "{p}"]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    words = (line.split() for line in lines if line)
    return {(each[0], each[1].removeprefix("v")) for each in words}


def linked():
    """The packages of others that are linked into what we ship, on any target, by name and version; and the
    largest number of crates in one door, our own included."""
    found, counts = set(), dict.fromkeys(DOORS, 0)
    packages = {(each["name"], each["version"]): each for each in metadata()["packages"]}
    for target in TARGETS:
        for door in DOORS:
            crates = reached(door, target)
            counts[door] = max(counts[door], len(crates))
            found |= crates
    return [packages[key] for key in sorted(found) if packages[key]["source"]], counts


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
    packages, counts = linked()
    grown = [
        f"{door} links {count} crates, {DOORS[door]} at most"
        for door, count in counts.items()
        if count > DOORS[door]
    ]
    if grown:
        sys.exit("; ".join(grown))
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
