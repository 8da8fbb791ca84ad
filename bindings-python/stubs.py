#!/usr/bin/env python3
"""Writes `python/oarlock/__init__.pyi` from the core's table; `--check` only reports whether the file is up
to date.

Invariant: verbs, options, records and settings come from the table; only the shape around them is written
here.
"""

import sys
from pathlib import Path

import oarlock
from oarlock import _native, errors
from oarlock._verbs import ANNOTATIONS, reply_annotation

HEAD = '''\
"""oarlock: S3 storage, credential resolution and client-side encryption. Written by stubs.py; do not edit."""

import builtins
import datetime
import io
import os
from collections.abc import (
    AsyncIterable, AsyncIterator, Callable, Coroutine, Generator, Iterable, Iterator, Mapping,
)
from types import TracebackType
from typing import Any, Generic, Literal, Protocol, Self, SupportsIndex, TypeAlias, TypeVar, final, overload

from typing_extensions import Buffer

from .errors import (
{errors}
)

__all__ = [
{names}
]
VERSION: str
__version__: str

class _Read(Protocol):
    def read(self, size: int, /) -> Buffer: ...

class _Write(Protocol):
    def write(self, data: memoryview, /) -> object: ...

Source: TypeAlias = Buffer | os.PathLike[str] | _Read | Iterable[Buffer]
AsyncSource: TypeAlias = Source | AsyncIterable[Buffer]
Sink: TypeAlias = str | os.PathLike[str] | _Write | None
Progress: TypeAlias = Callable[[int, int | None], object]
Callback: TypeAlias = Callable[[Any], object]
_Entry = TypeVar("_Entry", covariant=True)
_Page = TypeVar("_Page", covariant=True)

@final
class Bytes(Buffer):
    """Bytes that oarlock owns: read-only, shared, not copied. A bytes-like object."""

    def __new__(cls, data: Buffer, /) -> Self: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __bytes__(self) -> bytes: ...
    def __len__(self) -> int: ...
    def __hash__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...
    def __contains__(self, item: int | Buffer, /) -> bool: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> int: ...
    @overload
    def __getitem__(self, index: slice, /) -> memoryview: ...
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str: ...

class Pages(Generic[_Entry, _Page]):
    """An iterator over the entries of a listing; `pages` returns whole pages instead."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> _Entry: ...
    def pages(self) -> Iterator[_Page]: ...

class AsyncPages(Generic[_Entry, _Page]):
    """An asynchronous iterator over the entries of a listing; `pages` returns whole pages instead."""

    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> _Entry: ...
    def pages(self) -> AsyncIterator[_Page]: ...

class Bar:
    """Shows the progress of a call, for `progress`: by tqdm if it is installed, else as a line on standard
    error."""

    def __init__(self, title: str = "", file: Any = None) -> None: ...
    def __call__(self, done: int, total: int | None) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

class Writer(io.BufferedIOBase):
    """Writes an object, which appears at an orderly `close`."""

    name: str
    reply: {put} | None
    def discard(self) -> None: ...
'''

FILES = '''
class AsyncGet(Coroutine[Any, Any, {get}], AsyncIterable[Bytes]):
    """A `get`: await it for the reply, or iterate over it for the bytes as they arrive."""

    def send(self, value: Any, /) -> Any: ...
    def throw(self, *error: Any) -> Any: ...
    def close(self) -> None: ...
    def __await__(self) -> Generator[Any, Any, {get}]: ...
    def __aiter__(self) -> AsyncIterator[Bytes]: ...

class _AsyncFile:
    name: str
    mode: str
    closed: bool
    def __await__(self) -> Generator[Any, Any, Self]: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...
    def tell(self) -> int: ...
    async def close(self) -> None: ...

class AsyncReader(_AsyncFile):
    """Reads an object by awaiting: its bytes, or the chunks as they arrive."""

    meta: {head}
    size: int
    def seek(self, offset: int, whence: int = 0) -> int: ...
    async def read(self, size: int | None = -1) -> bytes: ...
    async def readinto(self, buffer: Buffer) -> int: ...
    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> bytes: ...

class AsyncWriter(_AsyncFile):
    """Writes an object by awaiting; it appears at an orderly `close`."""

    reply: {put} | None
    async def write(self, data: Buffer) -> int: ...
    async def discard(self) -> None: ...
'''

STORE = '''
class Store:
    """A store of objects: a bucket with a prefix, or a directory."""

    def __init__(self, url: str, **settings: Any) -> None: ...
    @property
    def url(self) -> str: ...
    @property
    def settings(self) -> dict[str, Any]: ...
    @property
    def aio(self) -> AsyncStore: ...
    @property
    def closed(self) -> bool: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...
    @overload
    def open(self, key: str, mode: Literal["rb"] = "rb", **options: Any) -> io.BufferedReader: ...
    @overload
    def open(self, key: str, mode: Literal["wb", "xb"], **options: Any) -> Writer: ...
'''

ASYNC_STORE = '''\
class AsyncStore:
    """The verbs of a store as awaitables."""

    @overload
    def open(self, key: str, mode: Literal["rb"] = "rb", **options: Any) -> AsyncReader: ...
    @overload
    def open(self, key: str, mode: Literal["wb", "xb"], **options: Any) -> AsyncWriter: ...
'''

CLASSES = '''
class StorageClasses(Mapping[str, Store]):
    """The storage classes that a package server's ``.gcfg`` file names, each with its `Store`."""

    def __init__(
        self,
        path_or_text: str | os.PathLike[str],
        settings: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None: ...
    def __getitem__(self, name: str, /) -> Store: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def about(self, name: str) -> StorageClass:
        """The file's entries about a class for the server itself."""
    def check(self) -> dict[str, list[Explained]]:
        """The reply of `Store.explain` with ``check=True`` for the classes in S3, as a package server tests
        them when it starts."""
'''


def value(kind):
    """The annotation of a record's field."""
    if kind == "map":
        return "dict[str, str]"
    return reply_annotation(kind)


def record(name, doc, fields, buffer):
    base = "" if buffer is None else "(Buffer)"
    yield f"\n@final\nclass {name}{base}:"
    doc = "\n".join(f"    {line.strip()}".rstrip() for line in doc.strip().splitlines())
    yield f'    """{doc.strip()}"""\n'
    arguments = []
    for field, kind, required, doc in fields:
        annotation = value(kind) + ("" if required else " | None")
        yield f"    @property\n    def {field}(self) -> {annotation}:"
        yield f'        """{" ".join(doc.split())}"""'
        arguments.append(f"{field}: {annotation}" + ("" if required else " = None"))
    # A required field may follow an optional one: from there on fields are given by name.
    split = next((at for at, field in enumerate(fields) if not field[2]), len(fields))
    if any(field[2] for field in fields[split:]):
        arguments.insert(split, "*")
    yield f"    def __init__(self, {', '.join(arguments)}) -> None: ..."
    yield "    def _asdict(self) -> dict[str, Any]: ..."
    yield "    def __hash__(self) -> int: ..."
    if buffer is not None:
        yield "    def __buffer__(self, flags: int, /) -> memoryview: ..."
        yield "    def __bytes__(self) -> bytes: ..."
        yield "    def __len__(self) -> int: ..."


def verb(row, entries, asynchronous):
    method = getattr(oarlock.Store, row[0])
    parts = ["self"]
    for name, kind, required, _ in method.params:
        annotation = ANNOTATIONS[kind]
        if asynchronous and kind == "source":
            annotation = "AsyncSource"
        parts.append(f"{name}: {annotation}" + ("" if required else f" = {default(kind)}"))
    parts.append("*")
    parts += [f"{name}: {ANNOTATIONS[kind]} | None = None" for name, kind, _, _ in method.options]
    if method.pages:
        reply = f"{'AsyncPages' if asynchronous else 'Pages'}[{entries[method.reply]}, {method.reply}]"
        start = "def"
    else:
        reply = reply_annotation(method.reply)
        start = "async def" if asynchronous else "def"
        if asynchronous and any(kind == "sink" for _, kind, *_ in method.params):
            start, reply = "def", "AsyncGet"
    reply = reply.replace("list[", "builtins.list[")  # in the class, `list` is a verb
    yield f"    {start} {row[0]}({', '.join(parts)}) -> {reply}:"
    doc = "\n".join(f"        {line}".rstrip() for line in method.__doc__.splitlines()).strip()
    yield f'        """{doc}\n        """\n'


def default(kind):
    return '""' if kind == "str" else "None"


def stubs():
    """The whole file."""
    records = _native.records()
    entries = {
        name: kind.removeprefix("list of ")
        for name, _, fields, _ in records
        for field, kind, _, _ in fields
        if field == "entries"
    }
    put = oarlock.Store.put.reply
    head = HEAD.replace("{put}", put)
    head = head.replace("{errors}", "\n".join(f"    {name} as {name}," for name in errors.__all__))
    lines = [head.replace("{names}", "\n".join(f'    "{name}",' for name in sorted(oarlock.__all__)))]
    for row in records:
        lines += record(*row)
    files = FILES.replace("{put}", put).replace("{head}", oarlock.Store.head.reply)
    lines.append(files.replace("{get}", oarlock.Store.get.reply))
    lines.append(STORE)
    for row in _native.verbs():
        lines += verb(row, entries, asynchronous=False)
    lines.append(ASYNC_STORE)
    for row in _native.verbs():
        lines += verb(row, entries, asynchronous=True)
    lines.append(CLASSES)
    lines.append("def open(\n    url: str,\n    *,")
    for name, kind, _, doc in _native.settings():
        lines.append(f"    {name}: {ANNOTATIONS[kind]} | None = None,")
    lines.append(") -> Store:")
    lines.append('    """Opens the store that a URL names. Sends no request.\n\n    Settings:')
    lines += [f"        {name}: {' '.join(doc.split())}" for name, _, _, doc in _native.settings()]
    lines.append('    """\n')
    return "\n".join(lines)


def main():
    path = Path(__file__).parent / "python/oarlock/__init__.pyi"
    text = stubs()
    if sys.argv[1:] == ["--check"]:
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path} is out of date: run {Path(__file__).name}")
    else:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
