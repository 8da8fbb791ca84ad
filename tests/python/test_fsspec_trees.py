"""Random trees, seen and copied through the file system, with and without its listings cache, and through
fsspec's own file system in memory: both must do the same."""

import os
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


SOURCES = ("s", "s/", "s/a", "s/a/", "s/*", "s/**", "s/a*", "s/?", "s/c.txt", "s/*/*", "s/none")


def files_below(directory):
    return sorted(
        os.path.relpath(os.path.join(above, name), directory)
        for above, _, names in os.walk(directory)
        for name in names
    )


def attempt(method, *paths, **options):
    try:
        method(*paths, **options)
    except FileNotFoundError:
        return FileNotFoundError


@pytest.mark.parametrize("seed", range(12))
def test_a_copy_goes_where_it_does_in_memory(fake, tmp_path, seed):
    rnd = random.Random(seed)
    memory = fsspec.filesystem("memory", skip_instance_cache=True)
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]
    fs = OarlockFileSystem(skip_instance_cache=True, **fake.settings())
    keys = tree(rnd)
    fs.pipe({f"tests/s/{key}": key.encode() for key in keys})
    for key in keys:
        memory.pipe(f"/tests/s/{key}", key.encode())
    for number, source in enumerate(SOURCES):
        target = f"{number}{rnd.choice(('', '/', '/new', '/new/'))}"
        options = {"recursive": True} if rnd.random() < 0.6 else {}
        options |= {"maxdepth": rnd.randint(1, 2)} if rnd.random() < 0.3 else {}
        said = source, target, options, sorted(keys)
        expected = attempt(memory.cp, f"/tests/{source}", f"/tests/{target}", **options)
        assert attempt(fs.cp, f"tests/{source}", f"tests/{target}", **options) == expected, said
        there = sorted(name.lstrip("/") for name in memory.find(f"/tests/{number}"))
        assert fs.find(f"tests/{number}") == there, said
        for name in there:
            assert fs.cat_file(name) == memory.cat_file(f"/{name}"), said
        places = [tmp_path / which / str(number) for which in ("memory", "ours")]
        for place in places:
            place.mkdir(parents=True)
        expected = attempt(memory.get, f"/tests/{source}", f"{places[0]}/{target}", **options)
        assert attempt(fs.get, f"tests/{source}", f"{places[1]}/{target}", **options) == expected, said
        assert files_below(places[0]) == files_below(places[1]), said


def test_a_literal_path_is_no_pattern(fs):
    fs.pipe({"tests/a[1]": b"literal", "tests/a1": b"matched"})
    assert fs.expand_path("tests/a[1]") == ["tests/a1"]
    assert fs.expand_path("tests/a[1]", assume_literal=True) == ["tests/a[1]"]
