"""The constructor's keywords: oarlock's settings in any spelling, and those of s3fs with its groups.

Invariant: each keyword of s3fs has its meaning here or is refused by name. Any other name is a setting, which
the core checks.
"""

from .._native import BOTO3_NAMES
from ..errors import ConfigError
from ._requests import PARAMETERS

#: s3fs' groups: keywords of its client, of that client's configuration, and of S3's requests.
_GROUPS = ("client_kwargs", "config_kwargs", "s3_additional_kwargs", "s3", "retries")
#: Their names of settings within such a group.
_WORDS = dict(BOTO3_NAMES)
#: s3fs' other words for settings.
_ALIASES = {"username": "key", "password": "secret", "fixed_upload_size": "fixed_part_size"}
#: Keywords that oarlock has no use for: a read always checks that the object is the same, and the other ones
#: describe how botocore works inside.
_NEEDLESS = (
    "local_expiry_check",
    "parameter_validation",
    "tcp_keepalive",
    "inject_host_prefix",
    "api_version",
)
_SESSION = (
    "a botocore session holds what oarlock resolves itself; pass `profile`, or `credentials` with a function "
    "that returns the session's keys"
)
_REFUSED = {
    "session": _SESSION,
    "aio_session": _SESSION,
    "user_agent": "oarlock names itself; `app_name` adds your program's name",
    "user_agent_extra": "oarlock names itself; `app_name` adds your program's name",
}


def settings_of(keywords):
    """The settings, and the options of every upload, that the constructor's keywords mean."""
    settings, uploads = {}, {}
    _sort(keywords, None, settings, uploads)
    return settings, uploads


def _sort(keywords, group, settings, uploads):
    for name, value in keywords.items():
        if name in _GROUPS:
            _sort(dict(value or {}), name, settings, uploads)
        elif value is None or name in _NEEDLESS:
            continue
        elif name in _REFUSED:
            raise ConfigError(f"`{name}` can't be used: {_REFUSED[name]}")
        elif name == "signature_version":
            _signature(value, settings)
        elif name == "proxies":
            proxies = set(dict(value).values())
            if len(proxies) > 1:
                raise ConfigError("`proxies` names several proxies; a store uses one, the setting `proxy`")
            settings |= {"proxy": proxy for proxy in proxies}
        elif group == "s3_additional_kwargs" and name not in _WORDS and name in PARAMETERS:
            uploads[name] = value
        else:
            name = _WORDS.get(name, name) if group else _ALIASES.get(name, name)
            _set(settings, name, value)


def _set(settings, name, value):
    if settings.get(name, value) != value:
        raise ConfigError(f"setting `{name}` is given twice, with different values")
    settings[name] = value


def _signature(version, settings):
    # botocore's constant is an object without a value.
    if "UNSIGNED" in repr(version):
        settings["anonymous"] = True
    elif version not in ("s3v4", "v4", "s3v4a", "v4a"):
        raise ConfigError(f"`signature_version` is s3v4 or UNSIGNED; oarlock does not sign by {version!r}")
