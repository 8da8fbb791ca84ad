"""DVC's S3 file system, by oarlock instead of dvc-s3: `import dvc_s3` returns it where this package is
installed.

Invariant: takes the settings of DVC's own schema as they are, and those of oarlock from the URL's query. Does
not change the process's environment, so remotes with different accounts work in one process.
"""

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from urllib.parse import urlsplit

from dvc_objects.fs.base import ObjectFileSystem
from dvc_objects.fs.errors import ConfigError

from ._native import BOTO3_NAMES, DVC_SETTINGS
from ._remote import RemoteFileSystem
from .errors import ConfigError as SettingError
from .fsspec import split_version

__all__ = ["S3FileSystem", "human_readable_to_bytes"]

#: s3fs' words for DVC's settings: the group, if any, and the name.
_S3FS_WORDS = {
    "access_key_id": (None, "key"),
    "secret_access_key": (None, "secret"),
    "session_token": (None, "token"),
    "allow_anonymous_login": (None, "anon"),
    "profile": (None, "profile"),
    "use_ssl": (None, "use_ssl"),
    "cache_regions": (None, "cache_regions"),
    "region": ("client_kwargs", "region_name"),
    "endpointurl": ("client_kwargs", "endpoint_url"),
    "ssl_verify": ("client_kwargs", "verify"),
    "read_timeout": ("config_kwargs", "read_timeout"),
    "connect_timeout": ("config_kwargs", "connect_timeout"),
    **{ours: ("s3_additional_kwargs", theirs) for theirs, ours in BOTO3_NAMES if theirs[0].isupper()},
}  # fmt: skip
_UNITS = {"": 0, "kb": 1, "mb": 2, "gb": 3, "tb": 4}


def human_readable_to_bytes(value):
    """A size such as ``24MiB`` in bytes."""
    found = re.fullmatch(r"\s*(\d+)\s*([kmgt]?)(i?)(b?)\s*", value.lower())
    unit = found and found[2] + found[4]
    if unit not in _UNITS or (found[3] and not unit):
        raise ValueError(f"not a size: {value!r}; it is a number and KB, MB, GB or TB, or KiB and so on")
    return int(found[1]) * 1024 ** _UNITS[unit]


def _other_than_version(query):
    """A URL's query without the version of the object."""
    return "&".join(pair for pair in query.split("&") if not pair.startswith("versionId="))


class S3FileSystem(ObjectFileSystem):
    """An S3 remote of DVC."""

    protocol = "s3"
    REQUIRES = {"oarlock": "oarlock"}
    PARAM_CHECKSUM = "etag"

    @classmethod
    def _strip_protocol(cls, path):
        return RemoteFileSystem._strip_protocol(path)

    def unstrip_protocol(self, path):
        return f"s3://{path.lstrip('/')}"

    @staticmethod
    def _get_kwargs_from_urls(urlpath):
        query = urlsplit(urlpath).query
        if not query:
            return {}
        return {
            "url_query": query,
            **({"version_aware": True} if _other_than_version(query) != query else {}),
        }

    @property
    def _settings(self):
        """The remote's configuration as settings of its stores."""
        return {name: self.config[name] for name in DVC_SETTINGS if self.config.get(name) is not None}

    def _prepare_credentials(self, **config):
        """The configuration in s3fs' words, as programs that look into `fs_args` expect."""
        self.fs  # noqa: B018  (fails if a setting is invalid)
        words = {"version_aware": self.version_aware}
        for name, value in self._settings.items():
            group, word = _S3FS_WORDS.get(name, (None, name))
            if name == "sse_customer_key":
                value = base64.b64decode(value)
            (words.setdefault(group, {}) if group else words)[word] = value
        return words

    @cached_property
    def fs(self):
        try:
            return RemoteFileSystem(
                version_aware=self.version_aware,
                url_query=_other_than_version(self.config.get("url_query") or ""),
                skip_instance_cache=True,
                # A repository's configuration does not come from the user: the files it names are read, not
                # trusted.
                trust_files=False,
                app_name="dvc",
                **self._settings,
            )
        except SettingError as error:
            raise ConfigError(str(error)) from None

    def find(self, path, prefix=False, batch_size=None, **kwargs):
        # DVC asks for the prefixes of a remote one after the other.
        paths = [path] if isinstance(path, str) else list(path)
        if len(paths) == 1:
            yield from super().find(paths, prefix=prefix, **kwargs)
            return
        with ThreadPoolExecutor(max_workers=batch_size or self.jobs) as threads:
            for found in threads.map(
                lambda one: list(super(S3FileSystem, self).find([one], prefix=prefix)), paths
            ):
                yield from found

    @classmethod
    def split_version(cls, path):
        """A path and the version that it names, if any."""
        return split_version(path)

    @classmethod
    def join_version(cls, path, version_id):
        """The path with a version, which it must not have yet."""
        if split_version(path)[1] is not None:
            raise ValueError(f"the path names a version already: {path}")
        return f"{path}?versionId={version_id}" if version_id else path

    @classmethod
    def version_path(cls, path, version_id):
        """The path with this version in the place of any other."""
        return cls.join_version(split_version(path)[0], version_id)

    @classmethod
    def coalesce_version(cls, path, version_id):
        """The path without its version, and the one version that path and argument agree on."""
        plain, named = split_version(path)
        if named and version_id and named != version_id:
            raise ValueError(f"the path names another version than {version_id}: {path}")
        return plain, named or version_id
