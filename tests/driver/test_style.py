"""The rules of STYLE.md that a machine can check: line length, words, names of types, names of test files.

Invariant: reads tracked files as text; needs no build. Places that break a rule today are counted in
`style_allowances.toml`; a count may shrink and never grow. `python tests/driver/test_style.py` prints today's
counts, and the places of one rule with its name as an argument.
"""

import ast
import functools
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALLOWANCES = Path(__file__).with_name("style_allowances.toml")
COLUMNS = 110

# Written by programs from tables; their texts are judged where they are written.
GENERATED = {
    "bindings-c/include/oarlock.h",
    "bindings-c/include/oarlock/verbs.hpp",
    "bindings-python/python/oarlock/_examples.py",
    "tests/servers/MATRIX.md",
    *(f"docs/examples/verbs.{ending}" for ending in ("py", "rb", "c", "cpp", "rs")),
    *(f"docs/pages/reference/{page}.md" for page in ("verbs", "settings", "errors", "servers")),
}
# STYLE.md quotes what it forbids, and so does this file.
QUOTES = {"STYLE.md", "tests/driver/test_style.py"}

C_LIKE = (".rs", ".c", ".cc", ".cpp", ".h", ".hh", ".hpp")
SCRIPTS = (".py", ".rb")

# name: (where, pattern, what to write instead). `where` is "documents", or "all" for comments and messages of
# code too.
WORDS = {
    "tell": ("all", r"(?i)\b(?:tells|told)\b", "returns, reports, logs; or name the thing"),
    "say": ("all", r"(?i)\b(?:says|said)\b", "returns, names, describes, states"),
    "know": ("all", r"(?i)\bknows\b", "has, supports, contains, depends on"),
    "ask": ("all", r"\b(?:is|are|was|were|be|been) asked\b", "the client sends, requests, reads"),
    "answer": (
        "all",
        r"\b(?:it|that|which|who|and|server|service|verb|client|KMS|S3) answers\b|\bto answer\b",
        "returns, responds with, sends",
    ),
    "begin": ("all", r"(?i)\bbeg[iau]ns? (?:anew|again)\b|\b(?:is|are|was|were|has|have) begun\b", "starts"),
    "riddle": (
        "all",
        r"(?:^|[.:] )(?:Who|Whoever|Whatever) (?![^.]*\?)",
        "the thing that acts as the subject",
    ),
    "poem": (
        "all",
        r"\bhas (?:its|no) say\b|\bwhat comes of it\b|\bso to speak\b|\bhave words of their own\b",
        "plain words",
    ),
}

# A `struct`, `enum`, `trait` or `union` anywhere, a `type` where it is no associated type.
TYPE = re.compile(
    r"^(?: *(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait|union) (\w+)|(?:pub(?:\([^)]*\))? )?type (\w+))",
    flags=re.MULTILINE,
)
TEST_MODULE = re.compile(
    r"#\[cfg\(test\)\]\s*(?:#\[path = \"([^\"]+)\"\]\s*)?(?:pub(?:\([^)]*\))? )?mod (\w+);"
)


@functools.cache
def tracked(*endings):
    found = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = found.stdout.splitlines()
    return sorted(name for name in names if name.endswith(endings) and (ROOT / name).is_file())


def area(name):
    """What an allowance is counted by: the directory at the root, or `documents`."""
    if name.endswith(".md"):
        return "documents"
    return name.split("/")[0] if "/" in name else "root"


def is_test(name):
    """Whether a file is compiled or run for tests only."""
    parts = name.split("/")
    return "tests" in parts[:-1] or parts[-1] == "tests.rs" or parts[-1].endswith("_tests.rs")


# Line length


def skipped_by_fmt(text):
    """The lines of Python statements that end with `# fmt: skip`: rows of data in columns."""
    lines = text.splitlines()
    return {
        number
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.stmt) and lines[node.end_lineno - 1].rstrip().endswith("# fmt: skip")
        for number in range(node.lineno, node.end_lineno + 1)
    }


def is_one_literal(line):
    """Whether a line is too long because of one string literal: without its content it is short."""
    literals = re.findall(r'r#".*"#|"(?:[^"\\]|\\.)*"' + r"|'(?:[^'\\]|\\.)*'", line)
    longest = max(map(len, literals), default=0)
    return longest > COLUMNS // 2 and len(line) - longest <= COLUMNS // 2


def long_lines(name):
    """Lines above the limit, by their numbers."""
    text = (ROOT / name).read_text()
    skipped = skipped_by_fmt(text) if name.endswith(".py") and is_test(name) else set()
    fenced = generated = False
    for number, line in enumerate(text.splitlines(), 1):
        if name.endswith(".md"):
            fenced ^= line.startswith("```")
            if line.startswith("<!--") and "--8<--" not in line:
                # Between two marks a program writes.
                generated = "end" not in line
            # Tables, code and lines that a link makes long.
            if fenced or generated or line.startswith(("|", "    ")) or re.search(r"https?://\S{60,}", line):
                continue
        if len(line) > COLUMNS and number not in skipped and not (is_test(name) and is_one_literal(line)):
            yield number, line.strip()[:80]


# Words


@functools.cache
def prose(name):
    """The comments, docstrings and messages of a file with the numbers of their lines."""
    text = (ROOT / name).read_text()
    if name.endswith(".md"):
        text = re.sub(
            r"`[^`\n]*`|^```.*?^```", lambda code: re.sub(r"[^\n]", "_", code[0]), text, flags=re.M | re.S
        )
        return list(enumerate(text.splitlines(), 1))
    if name.endswith(".py"):
        return python_prose(text)
    if name.endswith(".rb"):
        patterns = (r"^\s*# (.*)", r"\braise\b[^\"]*\"(.*)\"")
        return [
            (number, match[1])
            for number, line in enumerate(text.splitlines(), 1)
            for match in [re.search(pattern, line) for pattern in patterns]
            if match
        ]
    found = []
    for match in re.finditer(r"//[/!]?[^\n]*|/\*.*?\*/" + r'|"(?:[^"\\]|\\.)*"', text, flags=re.S):
        # A string of a test is data.
        if match[0].startswith('"') and (is_test(name) or not name.endswith(".rs")):
            continue
        first = text.count("\n", 0, match.start()) + 1
        lines = re.sub(r"`[^`\n]*`", "_", match[0]).split("\n")
        found += [(first + at, line.strip('/!* "')) for at, line in enumerate(lines)]
    return found


def python_prose(text):
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    found = [
        (token.start[0], token.string.lstrip("#: ")) for token in tokens if token.type == tokenize.COMMENT
    ]
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, kinds) and ast.get_docstring(node) is not None:
            first = node.body[0].lineno
            found += [(first + at, line) for at, line in enumerate(node.body[0].value.value.split("\n"))]
        if isinstance(node, ast.Raise):
            texts = [each for each in ast.walk(node) if isinstance(each, ast.Constant)]
            found += [(each.lineno, each.value) for each in texts if isinstance(each.value, str)]
    return found


def banned(word):
    where, pattern, _ = WORDS[word]
    endings = (".md",) if where == "documents" else (".md", *C_LIKE, *SCRIPTS)
    for name in tracked(*endings):
        if name not in GENERATED | QUOTES:
            for number, line in prose(name):
                for _ in re.finditer(pattern, line):
                    yield name, number, line.strip()[:80]


# Names


def code(name):
    """A Rust file without its comments and without its unit tests."""
    text = (ROOT / name).read_text().split("#[cfg(test)]\nmod tests {")[0]
    return re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)


def duplicate_types():
    places = {}
    for name in tracked(".rs"):
        if name.startswith("core/src/") and not is_test(name):
            for match in TYPE.finditer(code(name)):
                places.setdefault(match[1] or match[2], set()).add(name)
    return {kind: sorted(files) for kind, files in places.items() if len(files) > 1}


def misnamed_tests():
    """Files that only tests compile, and whose names do not show it."""
    for name in tracked(".rs"):
        path = ROOT / name
        for where, module in TEST_MODULE.findall(path.read_text()):
            here = path.parent if path.name in ("mod.rs", "lib.rs", "main.rs") else path.with_suffix("")
            files = [path.parent / where] if where else [here / f"{module}.rs", here / module / "mod.rs"]
            for file in files:
                if file.exists() and not is_test(str(file.relative_to(ROOT))):
                    yield str(file.relative_to(ROOT))


# The rules


def found(rule):
    """Where a rule is broken today: (area, place)."""
    if rule == "width":
        names = tracked(*C_LIKE, *SCRIPTS, ".md")
        return [
            (area(name), f"{name}:{number}: {line}")
            for name in names
            if name not in GENERATED
            for number, line in long_lines(name)
        ]
    if rule == "types":
        return [("core", f"{kind}: {', '.join(files)}") for kind, files in duplicate_types().items()]
    if rule == "tests":
        return [(area(name), name) for name in misnamed_tests()]
    return [(area(name), f"{name}:{number}: {line}") for name, number, line in banned(rule)]


HOW = {
    "width": f"end lines at column {COLUMNS}; a literal of data in a test may be longer, see `is_one_literal`",
    "types": "two types of the core share a name: rename one after the field's word",
    "tests": "name the file `tests.rs`, `*_tests.rs`, or put it under `tests/`",
} | {
    word: f"do not use “{word}” for programs (STYLE.md); write: {instead}"
    for word, (_, _, instead) in WORDS.items()
}


@pytest.mark.parametrize("rule", HOW)
def test_style(rule):
    allowed = tomllib.loads(ALLOWANCES.read_text()).get(rule, {})
    places = found(rule)
    counts = Counter(where for where, _ in places)
    for where, count in counts.items():
        listed = "\n".join(place for there, place in places if there == where)
        assert count <= allowed.get(where, 0), (
            f"{HOW[rule]}\n{where}: {count} places, {allowed.get(where, 0)} allowed:\n{listed}"
        )


def test_allowances_name_rules_and_directories():
    areas = {area(name) for name in tracked(*C_LIKE, *SCRIPTS, ".md")}
    for rule, counts in tomllib.loads(ALLOWANCES.read_text()).items():
        assert rule in HOW and set(counts) <= areas, f"[{rule}] names what does not exist"
        assert all(count > 0 for count in counts.values()), f"[{rule}]: leave out what is 0"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("What is told without asking a place.", "tell"),
        ("the error says why", "say"),
        ("the core knows no AWS type", "know"),
        ("the server is asked once", "ask"),
        ("the server answers with a page", "answer"),
        ("Begun again after a break it goes on.", "begin"),
        ("it is begun anew", "begin"),
        ("Who still waits for a slot has nothing to do.", "riddle"),
        ("what comes of it", "poem"),
        ("If the response is lost, a HEAD request decides.", None),
        ("The answers to three questions; who may write?", None),
    ],
)
def test_the_words_are_found(text, rule):
    found = [word for word, (_, pattern, _) in WORDS.items() if re.search(pattern, text)]
    assert found == ([rule] if rule else [])


def test_data_of_tests_may_be_long_and_code_may_not():
    data = "x" * COLUMNS
    assert is_one_literal(f'    assert body == "{data}"') and is_one_literal(f'let body = r#"{data}"#;')
    assert not is_one_literal(f"    {data}") and not is_one_literal(f'call({data[:60]}, "{data[:60]}")')
    row = "ROWS = (\n    1, 2,\n)  # fmt: skip\nother = 3\n"
    assert skipped_by_fmt(row) == {1, 2, 3}


def test_type_names_are_found():
    text = "pub(crate) struct One;\nenum Two {}\n    trait Three {}\ntype Four = u8;\n    type Five = u8;\n"
    assert [first or second for first, second in TYPE.findall(text)] == ["One", "Two", "Three", "Four"]


def main(rules):
    for rule in rules or HOW:
        places = found(rule)
        if rules:
            print(*(place for _, place in places), sep="\n")
        counts = Counter(where for where, _ in places)
        if counts:
            print(
                f"[{rule}]", *(f"{where} = {count}" for where, count in sorted(counts.items())), "", sep="\n"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
