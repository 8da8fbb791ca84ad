"""The commands with their arguments: one table for running, help and completion."""

import argparse

from . import _completion, _objects, _transfer, _upkeep

_EPILOG = (
    "Settings are those of a store, such as endpoint=http://127.0.0.1:9000. What they leave open comes from "
    "the environment and the shared AWS files. Secrets belong there: others can read a command's arguments."
)


class _Setting(argparse.Action):
    """``name=value``; ``old.name=value`` is a setting of the old key."""

    def __call__(self, parser, namespace, values, option=None):
        settings, old = dict(namespace.settings or {}), dict(getattr(namespace, "old", {}))
        for text in values:
            name, equals, value = text.partition("=")
            if not equals:
                parser.error("a setting is written name=value")
            if name.startswith("old."):
                old[name.removeprefix("old.")] = value
            else:
                settings[name] = value
        namespace.settings, namespace.old = settings, old


def _command(commands, name, run, help, *urls, json=True):
    parser = commands.add_parser(name, help=help, description=run.__doc__, epilog=_EPILOG)
    for url, about in urls:
        parser.add_argument(url, help=about)
    if urls:
        about = "settings of the store"
        parser.add_argument(
            "settings", nargs="*", action=_Setting, default={}, metavar="name=value", help=about
        )
    if json:
        parser.add_argument("--json", action="store_true", help="print JSON, an object a line")
    parser.add_argument("--quiet", "-q", action="store_true", help="show no progress and no counts")
    parser.set_defaults(run=run, json=False, quiet=False, old={})
    return parser


def build():
    """The parser of all commands."""
    parser = argparse.ArgumentParser(prog="oarlock", description="Objects in buckets and directories.")
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="name", metavar="COMMAND", required=True)
    url = ("url", "s3://bucket/prefix or file:///directory")
    key = ("url", "s3://bucket/key or file:///directory/key")

    explain = _command(commands, "explain", _upkeep.explain, "show each setting and its source", url)
    explain.add_argument("--check", action="store_true", help="test the permissions with an object")
    check = _command(commands, "check", _upkeep.explain, "explain, and test the permissions", url)
    check.set_defaults(check=True)

    ls = _command(commands, "ls", _objects.ls, "list objects", url)
    ls.add_argument("--recursive", "-r", action="store_true", help="all below the prefix")
    cat = _command(commands, "cat", _objects.cat, "write an object to standard output", key, json=False)
    cat.add_argument("--range", help="first-last, first- or -suffix")
    rm = _command(commands, "rm", _objects.rm, "delete objects", key)
    rm.add_argument("--recursive", "-r", action="store_true", help="all below the prefix")
    rm.add_argument("--dry-run", action="store_true", help="delete nothing, print what would be deleted")
    presign = _command(commands, "presign", _objects.presign, "print a signed URL", key)
    presign.add_argument("--method", choices=["get", "put", "head", "delete"])
    presign.add_argument("--expires-in", type=int, metavar="SECONDS")

    ends = ("source", "a file, a URL, or - for a pipe"), ("target", "a file, a URL, or - for a pipe")
    cp = _command(commands, "cp", _transfer.cp, "copy an object, a file or a tree", *ends)
    cp.add_argument("--recursive", "-r", action="store_true", help="a whole tree: what differs is copied")
    cp.add_argument("--journal", metavar="PATH", help="a file or directory; the same command again resumes")
    both = ("source", "the URL of an object"), ("target", "the URL of another")
    mv = _command(commands, "mv", _transfer.mv, "move an object to another key or store", *both)
    mv.add_argument("--journal", metavar="PATH", help="a file or directory; the same command again resumes")
    trees = ("source", "a directory or a URL"), ("target", "a URL or a directory")
    sync = _command(commands, "sync", _transfer.sync, "make a tree equal to another", *trees)
    sync.add_argument("--delete", action="store_true", help="delete what the source does not have")
    sync.add_argument("--dry-run", action="store_true", help="move nothing, print what would be done")
    sync.add_argument("--include", action="append", metavar="PATTERN")
    sync.add_argument("--exclude", action="append", metavar="PATTERN")
    sync.add_argument("--compare", choices=["size_mtime", "size", "etag", "checksum"])

    _command(commands, "usage", _upkeep.usage, "count objects and their bytes", url)
    whole = {
        "verify": (_upkeep.verify, "read every object and name the bad ones"),
        "find-unencrypted": (_upkeep.find_unencrypted, "name the objects that lie in the clear"),
        "encrypt-all": (_upkeep.encrypt_all, "encrypt the objects that lie in the clear"),
    }
    for name, (run, about) in whole.items():
        command = _command(commands, name, run, about, url)
        command.add_argument("--start-after", metavar="KEY", help="only keys after this one")

    rekey = _command(commands, "rekey", _upkeep.rekey, "wrap keys of encrypted objects anew", url)
    rekey.add_argument("--recursive", "-r", action="store_true", help="all below the prefix")
    proof = "prove that the old key can't open them"
    rekey.add_argument("--enforce-rotation", action="store_true", help=proof)
    abort = _command(commands, "abort-uploads", _upkeep.abort_uploads, "free unfinished uploads", url)
    abort.add_argument("--older-than", type=int, metavar="SECONDS", help="default: one day")

    stats = _command(commands, "stats", _upkeep.stats, "run a command and count its requests", json=False)
    stats.add_argument("command", nargs=argparse.REMAINDER, help="another command with its arguments")
    completion = _command(
        commands, "completion", _completion.completion, "print the completion for a shell", json=False
    )
    completion.add_argument("shell", choices=sorted(_completion.SHELLS))
    return parser


def _version():
    from .. import VERSION

    return f"oarlock {VERSION}"


def parse(arguments):
    """The arguments of a command; a mistake ends the process with status 2 and a sentence."""
    parser = build()
    command = subcommands(parser).choices.get(arguments[0] if arguments else None)
    # Flags may stand among the settings, but those after `stats COMMAND` belong to that command.
    if command and arguments[0] != "stats":
        return command.parse_intermixed_args(arguments[1:])
    return parser.parse_args(arguments)


def subcommands(parser):
    """The parser's table of commands."""
    return next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
