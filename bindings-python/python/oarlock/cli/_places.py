"""What a command is aimed at: a place in a store, a local path, or a pipe.

Invariant: a key is the one that the URL shows, whatever slashes are in it; the store is that of the whole
bucket, so that no prefix changes it.
"""

import os
import urllib.parse

import oarlock

PIPE = "-"
#: What a command with this flag offers if the URL names no object.
OR_RECURSIVE = ", or --recursive for all below it"
#: The stores that this command has opened, for `stats`.
OPENED = []


def open_store(url, settings):
    """Opens a store for the time of the command."""
    OPENED.append(oarlock.open(url, **settings))
    return OPENED[-1]


def is_url(text):
    """Whether a text names a place in a store; anything else is a local path."""
    return text.partition("://")[0].lower() in ("s3", "file") and "://" in text


def split(url):
    """The URL of a store, and the key or prefix in it."""
    if not is_url(url):
        # It is not shown: it may be a badly written URL with a secret in it.
        raise oarlock.InvalidInputError("a URL is written s3://bucket/key or file:///directory/key")
    scheme, rest = url.split("://", 1)
    rest, mark, query = rest.partition("?")
    if scheme.lower() == "file":
        directory, _, key = rest.rpartition("/")
        return f"{scheme}://{directory or '/'}{mark}{query}", urllib.parse.unquote(key)
    bucket, _, key = rest.partition("/")
    if ":" in bucket.rpartition("@")[2]:
        # An access point's ARN may hold slashes; its keys are those below the last directory.
        bucket, _, key = rest.rpartition("/")
    return f"{scheme}://{bucket}{mark}{query}", key


class Place:
    """A store and the key or prefix that a URL names."""

    def __init__(self, url, settings):
        root, self.key = split(url)
        self.store = open_store(root, settings)

    @property
    def is_tree(self):
        """Whether the URL names a bucket or ends with a slash."""
        return self.key == "" or self.key.endswith("/")

    @property
    def url(self):
        """The URL of the key or prefix, without settings."""
        return f"{self.store.url.rstrip('/')}/{self.key}"

    def needed_key(self, otherwise=""):
        """The key of one object; `otherwise` is what else the command offers."""
        if self.is_tree:
            raise oarlock.InvalidInputError(f"{self.url} names no object; add a key{otherwise}")
        return self.key

    def beside(self, name):
        """The key for a thing of this name: below a directory, or the key itself."""
        return self.key + name if self.is_tree else self.key


def tree(url, settings):
    """The store and the prefix of a tree: all keys below a slash, never those of a neighbour."""
    # A directory that exists is a store itself, which may hold files of its own.
    place, mark, query = url.partition("?")
    if place.lower().startswith("file://") and os.path.isdir(urllib.parse.unquote(place[7:])):
        place = place.rstrip("/") + "/"
    place = Place(place + mark + query, settings)
    return place.store, place.key if place.is_tree else f"{place.key}/"


def file_name(text):
    """The last part of a path or key."""
    return os.path.basename(text.rstrip("/")) or text
