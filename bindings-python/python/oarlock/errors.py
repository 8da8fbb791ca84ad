"""The exceptions: one class for each of the core's error kinds, each also the built-in that Python users
catch.

Law: a class here for every kind there, by its name; a missing one fails the import. Where no built-in says
the same thing honestly (``NotModified``, ``Cancelled``) a class is an `Error` alone.
"""

import errno as _errno

__all__ = [
    "AlreadyExists",
    "Cancelled",
    "Changed",
    "Config",
    "Corrupt",
    "Credentials",
    "Decrypt",
    "Error",
    "Forked",
    "Internal",
    "InvalidInput",
    "Io",
    "KeyCommitment",
    "Network",
    "NoSuchBucket",
    "NotFound",
    "NotModified",
    "PermissionDenied",
    "Precondition",
    "Range",
    "Service",
    "Throttled",
    "Timeout",
    "Unsupported",
    "WrongRegion",
]


class Error(Exception):
    """A failed call: its kind, the sentence to show, and where it happened.

    ``str()`` of it is a sentence for people and never holds a secret; the attributes are for programs.
    """

    kind: str = "Error"
    message: str
    verb: "str | None"
    bucket: "str | None"
    key: "str | None"
    status: "int | None"
    code: "str | None"
    request_id: "str | None"
    retryable: bool

    _number: "int | None" = None

    def __init__(
        self,
        message: str = "",
        *,
        verb: "str | None" = None,
        bucket: "str | None" = None,
        key: "str | None" = None,
        status: "int | None" = None,
        code: "str | None" = None,
        request_id: "str | None" = None,
        retryable: bool = False,
        text: "str | None" = None,
    ) -> None:
        if isinstance(self, OSError):
            super().__init__(self._number, message)
            if key is not None:
                self.filename = key
        else:
            super().__init__(message)
        self.message = message
        self.verb = verb
        self.bucket = bucket
        self.key = key
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retryable = retryable
        self._text = message if text is None else text

    def __init_subclass__(cls) -> None:
        if "kind" not in cls.__dict__:
            cls.kind = cls.__name__ if cls.__module__ == __name__ else cls.kind
        if cls.__module__ == __name__:
            cls.__module__ = "oarlock"

    def __str__(self) -> str:
        return self._text

    def __reduce__(self) -> "tuple[object, ...]":
        facts = {
            "verb": self.verb,
            "bucket": self.bucket,
            "key": self.key,
            "status": self.status,
            "code": self.code,
            "request_id": self.request_id,
            "retryable": self.retryable,
            "text": self._text,
        }
        return _remake, (type(self), self.message, facts)


Error.__module__ = "oarlock"


def _remake(cls: "type[Error]", message: str, facts: "dict[str, object]") -> Error:
    return cls(message, **facts)  # type: ignore[arg-type]


class InvalidInput(Error, ValueError):
    """An argument or option is wrong; nothing was sent."""


class Config(Error, ValueError):
    """A setting is unknown, malformed or contradicts another."""


class Credentials(Error, PermissionError):
    """No usable credentials were found, or they have expired."""

    _number = _errno.EACCES


class PermissionDenied(Error, PermissionError):
    """The server knows who asks and refuses."""

    _number = _errno.EACCES


class NotFound(Error, FileNotFoundError):
    """The object, version or upload does not exist."""

    _number = _errno.ENOENT


class NoSuchBucket(Error, FileNotFoundError):
    """The bucket, or the store's directory, does not exist."""

    _number = _errno.ENOENT


class AlreadyExists(Error, FileExistsError):
    """What was to be created exists already."""

    _number = _errno.EEXIST


class Precondition(Error, OSError):
    """A condition (if_match, if_none_match, …) did not hold."""

    _number = _errno.ESTALE


class NotModified(Error):
    """The object is as the caller already has it."""


class Range(Error, ValueError):
    """The range asked for lies outside the object."""


class Throttled(Error, OSError):
    """The server asks for fewer requests, and retries did not help."""

    _number = _errno.EBUSY


class Timeout(Error, TimeoutError):
    """A time limit passed."""

    _number = _errno.ETIMEDOUT


class Network(Error, ConnectionError):
    """The server could not be reached, or the connection broke."""

    _number = _errno.ECONNABORTED


class Service(Error, OSError):
    """The server failed or answered something unexpected."""

    _number = _errno.EIO


class WrongRegion(Error, OSError):
    """The bucket lives in another region."""

    _number = _errno.EIO


class Changed(Error, OSError):
    """The object or the source changed during the transfer."""

    _number = _errno.ESTALE


class Corrupt(Error, OSError):
    """The bytes do not match their checksum or length."""

    _number = _errno.EIO


class Decrypt(Error, OSError):
    """The object could not be decrypted."""

    _number = _errno.EIO


class KeyCommitment(Error, OSError):
    """The object's key commitment is missing, wrong or forbidden by the policy."""

    _number = _errno.EIO


class Cancelled(Error):
    """The call was cancelled."""


class Forked(Error, RuntimeError):
    """The call was begun in the parent of this process."""


class Io(Error, OSError):
    """The local file system or a host's stream failed."""

    _number = _errno.EIO


class Unsupported(Error, NotImplementedError):
    """This store, server or build cannot do that."""


class Internal(Error, RuntimeError):
    """A defect in oarlock itself."""
