"""Which source goes to which target when many files are copied, by fsspec's rules."""

import os
from glob import has_magic

from fsspec.implementations.local import make_path_posix, trailing_sep
from fsspec.utils import other_paths, stringify_path

from ..errors import InvalidInputError


async def pairs(source, target, expand, is_directory, shallow):
    """Sources, targets and the sources' types: `file`, `directory`, or None if nobody looked.

    `expand` finds the sources with their types, `is_directory` looks at a target. A `shallow` copy of one
    path or pattern leaves directories out.
    """
    source, target = stringify_path(source), stringify_path(target)
    if isinstance(source, (list, tuple)) and isinstance(target, (list, tuple)):
        if len(source) != len(target):
            raise InvalidInputError(f"{len(source)} sources do not go to {len(target)} targets")
        return [(one, stringify_path(other), None) for one, other in zip(map(stringify_path, source), target)]
    single = isinstance(source, str)
    found = await expand(source)
    if single and shallow:
        found = {name: kind for name, kind in found.items() if kind != "directory"}
    if not found:
        return []
    names = list(found)
    into = isinstance(target, str) and (trailing_sep(target) or await is_directory(target))
    if single and has_magic(source):
        exists = len(names) == 1
    else:
        exists = single and into and not trailing_sep(source)
    targets = other_paths(names, target, exists=exists, flatten=not single)
    return list(zip(names, targets, found.values()))


def within(root, targets):
    """Raises if a name in a listing leads out of the directory that it is fetched to, by `..` in it."""
    root = os.path.normpath(make_path_posix(root))
    for target in targets:
        path = os.path.normpath(target)
        if path != root and not path.startswith(root.rstrip("/") + "/"):
            raise InvalidInputError(f"the object's name leads out of {root}: {target}")
