"""DVC's S3 file system, by oarlock instead of dvc-s3: `import dvc_s3` returns it where this package is
installed.

Invariant: takes the settings of DVC's own schema as they are, and those of oarlock from the URL's query. Does
not change the process's environment.
"""

from functools import cached_property
from urllib.parse import urlsplit

from dvc_objects.fs.base import ObjectFileSystem
from dvc_objects.fs.errors import ConfigError

from ._native import DVC_SETTINGS
from .errors import ConfigError as SettingError
from .fsspec import OarlockFileSystem, split_version

__all__ = ["S3FileSystem"]


class _Blocking(OarlockFileSystem):
    """The file system for DVC's threads: blocking methods cost less there than DVC's loop."""

    async_impl = False


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
        return OarlockFileSystem._strip_protocol(path)

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

    def _prepare_credentials(self, **config):
        settings = {name: config[name] for name in DVC_SETTINGS if config.get(name) is not None}
        query = _other_than_version(config.get("url_query") or "")
        # A repository's configuration does not come from the user: the files it names are read, not trusted.
        own = {
            "url_query": query,
            "trust_files": False,
            "app_name": "dvc",
            "version_aware": bool(config.get("version_aware")),
        }
        return {**settings, **own}

    @cached_property
    def fs(self):
        try:
            return _Blocking(**self.fs_args)
        except SettingError as error:
            raise ConfigError(str(error)) from error

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
