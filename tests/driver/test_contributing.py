"""The documents name files, tables, suites and `make` targets that exist.

Invariant: reads the sources as text; needs no build. A document names files as paths from the root, or links
them from its own directory.
"""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    "README.md",
    "POLICY.md",
    "bindings-python/README.md",
    "bindings-ruby/README.md",
    "bindings-ruby/PUBLISHING.md",
    "bindings-c/README.md",
    "bindings-c/nix/README.md",
    "bindings-c/nix/cache/README.md",
    "SEMANTICS.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "tests/README.md",
]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
sys.path.insert(0, str(ROOT / "scripts"))

import suites  # noqa: E402

# A numbered step or a bullet, with the lines that continue it.
STEPS = re.findall(r"^(?:\d+\.|-) (.*(?:\n {2,}.*)*)", PAGE, flags=re.MULTILINE)
ROOTS = tuple(f"{path.name}/" for path in ROOT.iterdir() if path.is_dir())


def quoted(text):
    return re.findall(r"`([^`]+)`", text)


def paths(text):
    """The paths from the root that a text names."""
    return [word for word in quoted(text) if word.startswith(ROOTS) and " " not in word]


def unfenced(text):
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def links(text):
    """Where a text links to: files, and headings as `#heading`."""
    return [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]


def anchors(text):
    """The headings of a page as GitHub links them: a repeated one gets a number."""
    found = {}
    for heading in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE):
        name = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        found[name] = found.get(name, -1) + 1
    return set(found) | {f"{name}-{at}" for name, last in found.items() for at in range(1, last + 1)}


def test_the_page_has_its_steps():
    assert len(STEPS) > 20 and len(paths(unfenced(PAGE))) > 20


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_and_link_exists(document):
    text = unfenced((ROOT / document).read_text())
    wrong = [path for path in paths(text) if not list(ROOT.glob(path))]
    here = (ROOT / document).parent
    for link in links(text):
        file, _, anchor = link.partition("#")
        target = here / file if file else ROOT / document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            wrong.append(link)
    assert not wrong, f"{document} names what does not exist: {', '.join(wrong)}; correct the document"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[:40])
def test_every_name_of_a_step_is_in_its_files(step):
    """Tables (`ORDER`), macros (`verbs!`) and functions (`check_values`) of a step stand in its files."""
    files = [found for path in paths(step) for found in ROOT.glob(path) if found.is_file()]
    text = "\n".join(found.read_text() for found in files)
    names = [
        name for name in quoted(step) if re.fullmatch(r"[A-Z_]{3,}|[a-z_]+!|test_[a-z_]+|check_[a-z_]+", name)
    ]
    missing = [name for name in names if files and not re.search(rf"\b{re.escape(name)}", text)]
    assert not missing, f"{', '.join(missing)} is in none of {', '.join(paths(step))}: correct the step"


def test_every_make_target_and_suite_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", PAGE, flags=re.MULTILINE))
    assert named and not named - targets, f"no such target: {', '.join(sorted(named - targets))}"
    lists = [words.strip('"').split() for words in re.findall(r'SUITES=("[^"]*"|\w+)', PAGE)]
    assert lists and not {name for words in lists for name in words} - set(suites.SUITES)
