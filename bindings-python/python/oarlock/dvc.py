"""DVC's S3 file system, with oarlock in the place of dvc-s3: what `import dvc_s3` gives where this package is installed.

Law: takes the settings of DVC's own schema as they are, and those of oarlock in the URL's query; leaves the process's environment alone.
"""

from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from dvc_objects.fs.base import ObjectFileSystem

from .fsspec import OarlockFileSystem, split_version

__all__ = ["S3FileSystem"]

#: What DVC's schema calls the settings that are oarlock's business.
SETTINGS = (
    "region", "profile", "credentialpath", "configpath", "endpointurl", "access_key_id", "secret_access_key", "session_token", "listobjects",
    "use_ssl", "allow_anonymous_login", "ssl_verify", "sse", "sse_kms_key_id", "sse_customer_algorithm", "sse_customer_key", "acl", "grant_read",
    "grant_read_acp", "grant_write_acp", "grant_full_control", "read_timeout", "connect_timeout",
)  # fmt: skip


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
        return {"url_query": query, **({"version_aware": True} if "versionId" in dict(parse_qsl(query)) else {})}

    def _prepare_credentials(self, **config):
        settings = {name: config[name] for name in SETTINGS if config.get(name) is not None}
        settings |= {name: value for name, value in parse_qsl(config.get("url_query") or "") if name != "versionId"}
        # A repository's configuration is no word of the user's: the files it names are read, not trusted.
        return {**settings, "trust_files": False, "app_name": "dvc", "version_aware": bool(config.get("version_aware"))}

    @cached_property
    def fs(self):
        return OarlockFileSystem(**self.fs_args)

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
