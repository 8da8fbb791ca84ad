"""Verbs as methods, made from the core's table: name, signature, documentation, the call itself.

Invariant: names no verb and no option, and checks none: the core does. Only ``timeout`` and ``progress``,
which each language implements itself, are handled here.
"""

from ._pages import Pages
from .errors import InvalidInputError

_TIMEOUT = (
    "timeout",
    "float",
    False,
    "Seconds the whole call may take; after that it is cancelled and raises `TimeoutError`. "
    "Default: no limit.",
)
_PROGRESS = (
    "Called as {0} are done, on the waiting thread, with the {0} done and the total, "
    "or None while it is unknown."
)

#: The Python annotation of a declared type.
ANNOTATIONS = {
    "nothing": "None",
    "bool": "bool",
    "int": "int",
    "str": "str",
    "bytes": "Buffer | str",
    "time": "datetime.datetime",
    "seconds": "float | datetime.timedelta",
    "range": "str | tuple[int, int | None]",
    "map": "Mapping[str, str]",
    "list of str": "Iterable[str]",
    "list of ranges": "Iterable[str | tuple[int, int | None]]",
    "list of keys": "Iterable[str | Mapping[str, str] | Entry]",
    "list of objects": "Iterable[str | Mapping[str, Any]]",
    "directory": "str | os.PathLike[str]",
    "source": "Source",
    "sink": "Sink",
    "float": "float",
    "function": "Progress",
    "callback": "Callback",
    "str or callback": "str | Callback",
}


def reply_annotation(kind):
    """The Python annotation of a reply's declared type."""
    if kind.startswith("list of "):
        return f"list[{reply_annotation(kind[8:])}]"
    return {"bytes": "Bytes", "map": "dict[str, str]", "seconds": "float"}.get(kind) or ANNOTATIONS.get(
        kind, kind
    )


class Verb:
    # A verb as a method of the store: `Store.get` is one, and `store.get` is bound as functions are. It is
    # not a function, because a function's signature needs `inspect`, whose import takes longer than all of
    # oarlock's. The signature is made at first use.
    def __init__(self, name, doc, params, options, reply, pages, progress):
        self.__name__ = name
        self.__qualname__ = f"Store.{name}"
        self.__module__ = "oarlock"
        self.summary = "\n".join(line.strip() for line in doc.splitlines())
        self.params = params
        self.names = tuple(param[0] for param in params)
        self.progress = progress
        extra = [("progress", "function", False, _PROGRESS.format(progress))] if progress else []
        self.options = [*options, *extra, _TIMEOUT]
        self.reply = reply
        self.pages = pages

    def __get__(self, store, owner=None):
        return self if store is None else _method(self, store)

    def __repr__(self):
        return f"<verb {self.__qualname__}>"

    def bind(self, args, named):
        """The parameters and options by name, the time limit and the progress function."""
        if args:
            if len(args) > len(self.names):
                raise TypeError(
                    f"{self.__name__}() takes {len(self.names)} positional arguments, not {len(args)}"
                )
            for name, value in zip(self.names, args):
                if name in named:
                    raise TypeError(f"{self.__name__}() got {name!r} twice")
                named[name] = value
        return named, named.pop("timeout", None), named.pop("progress", None) if self.progress else None

    def __call__(self, store, /, *args, **named):
        values, timeout, progress = self.bind(args, named)
        if self.pages:
            return Pages(store._native, self.__name__, values, timeout)
        return store._native.run(self.__name__, values, progress, timeout)

    @property
    def __doc__(self):
        from ._examples import EXAMPLES

        lines = [self.summary, "", "Parameters:"]
        for name, kind, required, doc in (*self.params, *self.options):
            doc = " ".join(doc.split())
            lines.append(f"    {name} ({kind}{'' if required else ', optional'}): {doc}")
        lines += ["", f"Returns: {self.returns()}", "", "Raises:"]
        lines.append("    InvalidInputError: An argument is wrong; nothing was sent.")
        lines.append("    Error: One of its classes otherwise, with `kind`, `key`, `code` and `retryable`.")
        if self.__name__ in EXAMPLES:
            lines += ["", "Example:", *(f"    {line}" for line in EXAMPLES[self.__name__].splitlines())]
        return "\n".join(lines)

    def returns(self):
        """The text of the reply's type."""
        return (
            reply_annotation(self.reply)
            if not self.pages
            else f"an iterator over the entries; .pages() returns each {self.reply}"
        )

    @property
    def __signature__(self):
        from inspect import Parameter, Signature

        parameters = [Parameter("self", Parameter.POSITIONAL_ONLY)]
        for name, kind, required, _ in self.params:
            default = Parameter.empty if required else None
            parameters.append(
                Parameter(
                    name, Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=ANNOTATIONS[kind]
                )
            )
        for name, kind, _, _ in self.options:
            annotation = f"{ANNOTATIONS[kind]} | None"
            parameters.append(Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=annotation))
        return Signature(
            parameters, return_annotation="Pages" if self.pages else reply_annotation(self.reply)
        )


_method = type(Verb("", "", (), (), "", False, None).__repr__)


def missing(store, name):
    """The error for an attribute that is no verb, with the core's message, which names the nearest one."""
    try:
        store._native.start(name, {})
    except InvalidInputError as error:
        return AttributeError(error.message, name=name, obj=store)
    return AttributeError(f"{type(store).__name__} has no attribute {name!r}", name=name, obj=store)


def attach(cls, verb, rows):
    """Gives the class a method for every row of the table."""
    for row in rows:
        if hasattr(cls, row[0]):
            raise ImportError(f"the verb {row[0]} would hide {cls.__name__}.{row[0]}")
        setattr(cls, row[0], verb(*row))
