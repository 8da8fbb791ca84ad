"""The exceptions: one class for each of the core's error kinds.

Each class is also the built-in exception that Python users catch, where one has the same meaning;
`NotModifiedError` and `CancelledError` have none. Invariant: every kind has a class of its name and `Error`;
if one is missing, the import fails. The names without `Error` are aliases that older programs use.
"""

import builtins as _builtins
import errno as _errno

__all__ = [
    "AlreadyExists",
    "AlreadyExistsError",
    "Cancelled",
    "CancelledError",
    "Changed",
    "ChangedError",
    "Config",
    "ConfigError",
    "Corrupt",
    "CorruptError",
    "Credentials",
    "CredentialsError",
    "Decrypt",
    "DecryptError",
    "Error",
    "Forked",
    "ForkedError",
    "Internal",
    "InternalError",
    "InvalidInput",
    "InvalidInputError",
    "Io",
    "IoError",
    "KeyCommitment",
    "KeyCommitmentError",
    "Network",
    "NetworkError",
    "NoSuchBucket",
    "NoSuchBucketError",
    "NotFound",
    "NotFoundError",
    "NotModified",
    "NotModifiedError",
    "PermissionDenied",
    "PermissionDeniedError",
    "Precondition",
    "PreconditionError",
    "Range",
    "RangeError",
    "Service",
    "ServiceError",
    "StorageFull",
    "StorageFullError",
    "Throttled",
    "ThrottledError",
    "Timeout",
    "TimeoutError",
    "Unsupported",
    "UnsupportedError",
    "WrongRegion",
    "WrongRegionError",
]


class Error(Exception):
    """A failed call: its kind, its message, and where it failed.

    ``str()`` returns a sentence for people, which never holds a secret. The attributes are for programs.
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
            cls.kind = cls.__name__.removesuffix("Error") if cls.__module__ == __name__ else cls.kind
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


def _restated(cls: "type[Error]", message: str, error: Error) -> Error:
    """The error of another class and message, with the facts of `error`."""
    return cls(
        message,
        verb=error.verb,
        bucket=error.bucket,
        key=error.key,
        status=error.status,
        code=error.code,
        request_id=error.request_id,
    )


def _remake(cls: "type[Error]", message: str, facts: "dict[str, object]") -> Error:
    return cls(message, **facts)  # type: ignore[arg-type]


class InvalidInputError(Error, ValueError):
    """An argument or option is wrong; nothing was sent."""


class ConfigError(Error, ValueError):
    """A setting is unknown, malformed or contradicts another."""


class CredentialsError(Error, PermissionError):
    """No usable credentials were found, or they have expired."""

    _number = _errno.EACCES


class PermissionDeniedError(Error, PermissionError):
    """The server refuses the request: these credentials lack the permission."""

    _number = _errno.EACCES


class NotFoundError(Error, FileNotFoundError):
    """The object, version or upload does not exist."""

    _number = _errno.ENOENT


class NoSuchBucketError(Error, FileNotFoundError):
    """The bucket, or the store's directory, does not exist."""

    _number = _errno.ENOENT


class AlreadyExistsError(Error, FileExistsError):
    """The object, bucket, file or directory to create exists already."""

    _number = _errno.EEXIST


class PreconditionError(Error, OSError):
    """A condition (if_match, if_none_match, …) did not hold."""

    _number = _errno.ESTALE


class NotModifiedError(Error):
    """The object has not changed since the caller's copy."""


class RangeError(Error, ValueError):
    """The requested range lies outside the object."""


class ThrottledError(Error, OSError):
    """The server throttles requests, and retries did not help."""

    _number = _errno.EBUSY


class TimeoutError(Error, _builtins.TimeoutError):
    """A time limit passed."""

    _number = _errno.ETIMEDOUT


class NetworkError(Error, ConnectionError):
    """The server could not be reached, or the connection broke."""

    _number = _errno.ECONNABORTED


class ServiceError(Error, OSError):
    """The server failed or sent an unexpected response."""

    _number = _errno.EIO


class WrongRegionError(Error, OSError):
    """The bucket lives in another region."""

    _number = _errno.EIO


class ChangedError(Error, OSError):
    """The object or the source changed during the transfer."""

    _number = _errno.ESTALE


class CorruptError(Error, OSError):
    """The bytes do not match their checksum or length."""

    _number = _errno.EIO


class DecryptError(Error, OSError):
    """The object could not be decrypted."""

    _number = _errno.EIO


class KeyCommitmentError(Error, OSError):
    """The object's key commitment is missing, wrong or forbidden by the policy."""

    _number = _errno.EIO


class CancelledError(Error):
    """The call was cancelled."""


class ForkedError(Error, RuntimeError):
    """The call was started in the parent of this process."""


class IoError(Error, OSError):
    """The local file system or a host's stream failed."""

    _number = _errno.EIO


class UnsupportedError(Error, NotImplementedError):
    """This store, server or build cannot do that."""


class InternalError(Error, RuntimeError):
    """A defect in oarlock itself."""


class StorageFullError(Error, OSError):
    """The disk, the quota or the server has no room for the bytes."""

    _number = _errno.ENOSPC


# The names up to 0.1; they stay for programs that catch them.
AlreadyExists = AlreadyExistsError
Cancelled = CancelledError
Changed = ChangedError
Config = ConfigError
Corrupt = CorruptError
Credentials = CredentialsError
Decrypt = DecryptError
Forked = ForkedError
Internal = InternalError
InvalidInput = InvalidInputError
Io = IoError
KeyCommitment = KeyCommitmentError
Network = NetworkError
NoSuchBucket = NoSuchBucketError
NotFound = NotFoundError
NotModified = NotModifiedError
PermissionDenied = PermissionDeniedError
Precondition = PreconditionError
Range = RangeError
Service = ServiceError
StorageFull = StorageFullError
Throttled = ThrottledError
Timeout = TimeoutError
Unsupported = UnsupportedError
WrongRegion = WrongRegionError
