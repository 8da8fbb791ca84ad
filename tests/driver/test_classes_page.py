"""The page "AWS Simple Cloud Storage Service (S3)" of a package server: its four examples, line by line.

Invariant: each example is the page's own; what a line sets is seen on the server, and changes without the
line. Credentials come from the shared files, as the page advises.
"""

import base64

import pytest
from agents import Agent, chosen
from kms import Kms

SIMPLE = """
; Sets all storage classes to use S3 instead of the `DataDir`
[Storage]
Default = s3

; Default S3 settings. This is the minimum-required setting for using S3.
[S3Storage]
Bucket = my-s3-bucket
Region = us-east-1
EnableSharedConfig = true
"""
SOME = """
[Storage]
Packages = s3
CRAN = s3

[S3Storage]
Bucket = my-s3-bucket
Region = us-east-1
EnableSharedConfig = true

; Override default S3 settings for the "packages" class. This demonstrates
; all the available S3 configuration settings.
[S3Storage "packages"]
Bucket = another-s3-bucket
Prefix = rspm-packages
Profile = dev-rspm
Region = us-west-1
EnableSharedConfig = true
"""
RETAIN = """
[CRAN]
RetainFetchedPackages = true

[Bioconductor]
RetainFetchedPackages = true

[PyPI]
RetainFetchedPackages = true
"""
KMS = """
[S3Storage]
Bucket = my-s3-bucket
Region = us-east-1
EnableSharedConfig = true
KeyID = arn:aws:kms:us-east-1:111122223333:key/page
"""
CONFIG = """
[default]
region = eu-central-1
aws_access_key_id = {access}
aws_secret_access_key = {secret}
[profile dev-rspm]
aws_access_key_id = AKIADEV
aws_secret_access_key = dev-secret
"""
HELLO = {"$source": {"bytes": base64.b64encode(b"hello").decode()}}


@pytest.fixture(scope="module")
def kms():
    server = Kms()
    yield server
    server.stop()


@pytest.fixture(params=chosen())
def page(request, servers, tmp_path, kms):
    server = servers.get("fake")
    server.reset()
    server.bucket("my-s3-bucket", region="us-east-1")
    server.bucket("another-s3-bucket", region="us-west-1")
    server.control("POST", "credential", {"access_key": "AKIADEV", "secret_key": "dev-secret"})
    config = tmp_path / "config"
    config.write_text(CONFIG.format(access=server.access_key, secret=server.secret_key))
    made = Page(request.param, server, tmp_path, kms, config)
    yield made
    made.agent.stop()


class Page:
    """A package server's storage: what becomes of an object that is put into a class."""

    def __init__(self, language, server, directory, kms, config):
        self.server, self.directory, self.kms = server, directory, kms
        self.agent = Agent(
            language,
            AWS_CONFIG_FILE=str(config),
            AWS_ENDPOINT_URL_S3=server.endpoint,
            AWS_ENDPOINT_URL_KMS=kms.url,
        )

    def file(self, text):
        return f"[Server]\nDataDir = {self.directory}/data\n{text}"

    def call(self, text, name, verb, **args):
        answer = self.agent.ask({"op": "open", "classes": self.file(text), "class": name})
        if "error" in answer:
            return answer["error"]["kind"]
        answer = self.agent.ask({"op": "call", "store": answer["ok"], "verb": verb, "args": args})
        return answer["ok"] if "ok" in answer else answer["error"]["kind"]

    def put(self, text, name):
        """Bucket and key of the request, its identity and region; the place of a file; or the kind of error."""
        (self.directory / "data" / name).mkdir(parents=True, exist_ok=True)
        before = len(self.server.log())
        reply = self.call(text, name, "put", key="a/b", source=HELLO)
        if isinstance(reply, str):
            return reply
        sent = self.server.log()[before:]
        if not sent:
            assert (self.directory / "data" / name / "a/b").read_bytes() == b"hello"
            return f"file {name}"
        scope = sent[0]["headers"]["authorization"].split("Credential=")[1].split("/")
        return sent[0]["bucket"], sent[0]["key"], scope[0], scope[2]


def without(text, line, instead=""):
    """The example without the line, in the last section that has it."""
    before, found, after = text.rpartition(f"{line}\n")
    assert found, line
    return before + instead + after


def test_all_classes_in_s3(page):
    own = page.server.access_key
    for name in ("packages", "cran", "pypi", "bioconductor", "metrics", "cache", "persistent"):
        assert page.put(SIMPLE, name) == ("my-s3-bucket", "a/b", own, "us-east-1")
    assert page.put(without(SIMPLE, "Default = s3"), "cran") == "file cran"
    assert page.put(without(SIMPLE, "Bucket = my-s3-bucket"), "cran") == "Config"
    elsewhere = page.put(without(SIMPLE, "Region = us-east-1"), "cran")
    assert elsewhere == ("my-s3-bucket", "a/b", own, "eu-central-1")
    shared = "EnableSharedConfig = true"
    assert page.put(without(SIMPLE, shared, "EnableSharedConfig = false\n"), "cran") == "Credentials"


def test_some_classes_in_s3(page):
    own = page.server.access_key
    packages = ("another-s3-bucket", "rspm-packages/a/b", "AKIADEV", "us-west-1")
    assert page.put(SOME, "packages") == packages
    assert page.put(SOME, "cran") == ("my-s3-bucket", "a/b", own, "us-east-1")
    assert page.put(SOME, "pypi") == "file pypi"
    assert page.put(without(SOME, "Packages = s3"), "packages") == "file packages"
    assert page.put(without(SOME, "CRAN = s3"), "cran") == "file cran"
    for line, changed in [
        ("Bucket = another-s3-bucket", ("my-s3-bucket", *packages[1:])),
        ("Prefix = rspm-packages", (packages[0], "a/b", *packages[2:])),
        ("Profile = dev-rspm", (*packages[:2], own, packages[3])),
        ("Region = us-west-1", (*packages[:3], "us-east-1")),
    ]:
        assert page.put(without(SOME, line), "packages") == changed, line
    off = without(SOME, "EnableSharedConfig = true", "EnableSharedConfig = false\n")
    assert page.put(off, "packages") == "Credentials"
    assert page.put(off, "cran") == ("my-s3-bucket", "a/b", own, "us-east-1")


def test_packages_are_stored_or_passed(page):
    upstream = page.directory / "upstream.tgz"
    upstream.write_bytes(b"package")
    fetch = {"key": "x.tgz", "upstream": f"file://{upstream}"}
    for section, name in [("CRAN", "cran"), ("Bioconductor", "bioconductor"), ("PyPI", "pypi")]:
        text = SIMPLE + RETAIN
        kept = page.call(text.replace("Default S3", "The"), name, "fetch_through", **fetch)
        assert (kept["source"], kept["kept"]) == ("fetched", True), kept
        assert page.call(text, name, "delete", key="x.tgz") is not None
        passed = page.call(
            text.replace(f"[{section}]\nRetainFetchedPackages = true\n", ""), name, "fetch_through", **fetch
        )
        assert (passed["source"], passed["kept"]) == ("passed", False), passed
        assert page.call(text, name, "exists", key="x.tgz") is False


def test_client_side_encryption(page):
    page.kms.operations()
    text = "[Storage]\nDefault = s3\n" + KMS
    assert page.put(text, "packages")[0] == "my-s3-bucket"
    assert page.kms.operations() == ["GenerateDataKey"]
    assert page.call(text, "packages", "get", key="a/b", into={"$sink": "memory"})["length"] == 5
    assert page.kms.operations() == ["Decrypt"]
    clear = without(text, "KeyID = arn:aws:kms:us-east-1:111122223333:key/page")
    assert page.call(clear, "packages", "head", key="a/b")["size"] == 5 + 16
    page.put(clear, "packages")
    assert page.kms.operations() == []
    assert page.call(clear, "packages", "head", key="a/b")["size"] == 5
