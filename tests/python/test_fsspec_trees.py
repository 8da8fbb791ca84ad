"""Random trees, seen through the file system, with and without its listings cache, and through fsspec's own
file system in memory: both must say the same."""

import random

import fsspec
import pytest
from oarlock.fsspec import OarlockFileSystem

NAMES = ("a", "b", "ab", "c.txt", "d1")
PATHS = ("", "/", "/a", "/a/", "/a/b", "/c.txt", "/none")
PATTERNS = (
    "*", "**", "*/*", "a*", "a/**", "**/c.txt", "[ab]", "?", "a/*/", "*.txt", "**/a", "a/b*", "b/**/*", "*/",
)  # fmt: skip
LOOKS = (
    ("find", {}),
    ("find", {"withdirs": True}),
    ("find", {"maxdepth": 1}),
    ("find", {"maxdepth": 2, "withdirs": True}),
    ("exists", {}),
    ("isdir", {}),
    ("isfile", {}),
    ("du", {}),
    ("du", {"total": False}),
    ("ls", {"detail": False}),
    ("walk", {}),
    ("walk", {"maxdepth": 2}),
)


def tree(rnd):
    """Keys, none of which is a directory of another."""
    keys = {"/".join(rnd.choices(NAMES, k=rnd.randint(1, 4))) for _ in range(rnd.randint(1, 15))}
    return {key for key in keys if not any(other.startswith(f"{key}/") for other in keys)}


def plain(found):
    if isinstance(found, dict):
        return {
            name.lstrip("/"): info["type"] if isinstance(info, dict) else info for name, info in found.items()
        }
    return sorted(name.lstrip("/") for name in found) if isinstance(found, list) else found


def look(fs, method, path, **options):
    try:
        found = getattr(fs, method)(path, **options)
        if method == "walk":
            return sorted((above.strip("/"), sorted(below), sorted(files)) for above, below, files in found)
        return plain(found)
    except FileNotFoundError:
        return FileNotFoundError


@pytest.mark.parametrize("seed", range(4))
def test_a_tree_looks_as_in_memory(fake, seed):
    memory = fsspec.filesystem("memory", skip_instance_cache=True)
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]
    keys = tree(random.Random(seed))
    systems = [
        OarlockFileSystem(skip_instance_cache=True, use_listings_cache=cache, **fake.settings())
        for cache in (False, True)
    ]
    systems[0].pipe({f"tests/r/{key}": bytes(len(key)) for key in keys})
    for key in keys:
        memory.pipe(f"/tests/r/{key}", bytes(len(key)))
    asked = [(method, f"tests/r{path}", options) for path in PATHS for method, options in LOOKS]
    for pattern in PATTERNS:
        asked.append(("glob", f"tests/r/{pattern}", {"detail": True}))
        asked.append(("expand_path", f"tests/r/{pattern}", {"recursive": True}))
        if "**" in pattern:
            asked.append(("glob", f"tests/r/{pattern}", {"maxdepth": 2}))
    for method, path, options in asked:
        expected = look(memory, method, f"/{path}", **options)
        if method == "walk" and not expected:
            # An asynchronous file system of fsspec names what it found nothing in.
            expected = [(path.rstrip("/"), [], [])]
        for fs in systems:
            assert look(fs, method, path, **options) == expected, (method, path, options, sorted(keys))
