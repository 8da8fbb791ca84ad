"""Where a case runs: an empty bucket of fake-s3, an empty prefix (or bucket) of a real server, an empty
directory.

Invariant: a place is empty when a case gets it and shared with nobody. Each has its URL, the settings to
reach it and the variables of a case.
"""

import itertools

import sigv4

VERSIONING = b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'
_numbers = itertools.count(1)


class Fake:
    """A bucket of fake-s3, which forgets everything between cases."""

    def __init__(self, server, case, directory):
        server.reset()
        self.server = server
        # A name in each region: agents remember where a bucket lives.
        self.bucket = "-".join(["oarlock-tests", *filter(None, [case.bucket_settings.get("region")])])
        self.prefix = case.prefix
        if case.bucket != "none":
            server.bucket(self.bucket, versioning=case.versioned, **case.bucket_settings)

    @property
    def url(self):
        return f"s3://{self.bucket}/{self.prefix}"

    def settings(self):
        return self.server.settings()

    def plan(self, faults):
        """Sets how the server misbehaves from now on."""
        self.server.plan(faults)

    def log(self):
        """The requests so far."""
        return self.server.log()


class RealServer:
    """A prefix of one bucket that all cases share, or a bucket of its own for a case that needs one.

    SeaweedFS gives whole volumes to each bucket and has few, so that buckets are shared on every real server.
    """

    def __init__(self, server, case, directory=None):
        self.server = server
        number = next(_numbers)
        own = case.versioned or case.bucket != "shared"
        self.bucket = f"oarlock-tests-{number}" if own else "oarlock-tests"
        self.prefix = case.prefix if own else f"{number}/{case.prefix}"
        if case.bucket == "none" or self.bucket in server.shared_buckets:
            return
        self._set_up("PUT", f"/{self.bucket}")
        if case.versioned:
            self._set_up("PUT", f"/{self.bucket}", {"versioning": ""}, VERSIONING)
        if not own:
            server.shared_buckets.add(self.bucket)

    def _set_up(self, *request):
        status, body = sigv4.request(self.server, *request)
        assert status == 200, f"setting up the bucket failed with {status}: {body!r}"

    @property
    def url(self):
        return f"s3://{self.bucket}/{self.prefix}"

    def settings(self):
        return self.server.settings()


class Local:
    """A directory, which has no server and so no HTTP status and no S3 code."""

    bucket = None

    def __init__(self, server, case, directory):
        self.directory = directory / "store"
        self.directory.mkdir()
        self.prefix = case.prefix
        self.bucket = str(self.directory / self.prefix.rstrip("/"))
        (self.directory / self.prefix).mkdir(parents=True, exist_ok=True)

    @property
    def url(self):
        return f"file://{self.bucket}"

    def settings(self):
        return {}


PLACES = {"fake": Fake, "seaweed": RealServer, "local": Local}
