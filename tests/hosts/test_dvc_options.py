"""The options of a remote that the real `dvc` accepts, one by one: what reaches the server, and what is
refused before it.

Invariant: the options are DVC's own documentation's, as `dvc remote modify` writes them; the wire is what
fake-s3 saw.
"""

import base64
import re
import shutil
import sys

import pytest
from test_dvc import Repository

from servers import FakeS3

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(scope="module")
def fake():
    server = FakeS3()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def template(fake, tmp_path_factory):
    repository = Repository(tmp_path_factory.mktemp("template") / "first", fake)
    (repository.directory / "data").write_text("content")
    repository.dvc("add", "--quiet", "data")
    return repository.directory


@pytest.fixture
def repository(fake, template, tmp_path):
    fake.reset()
    fake.bucket("dvc-remote")
    shutil.copytree(template, tmp_path / "first")
    return Repository(tmp_path / "first", fake)


def write(repository, options, file="config", remote="store"):
    """Writes options of a remote as `dvc remote modify` would, without a process for each; None takes one
    away."""
    path = repository.directory / ".dvc" / file
    sections = re.split(r"^(?=\[)", path.read_text(), flags=re.MULTILINE)
    title = f"['remote \"{remote}\"']\n"
    section = next((each for each in sections if each.startswith(title)), title)
    for name, value in options.items():
        section = re.sub(rf"^ *{name} = .*\n", "", section, flags=re.MULTILINE)
        section += "" if value is None else f"    {name} = '{value}'\n"
    path.write_text("".join([*(each for each in sections if not each.startswith(title)), section]))


def set_options(repository, options):
    # What is in the URL's query stands for itself.
    write(
        repository,
        {
            "url" if name == "query" else name: f"s3://dvc-remote/some/prefix?{value}"
            if name == "query"
            else value
            for name, value in options.items()
        },
    )


NO_KEYS = {"access_key_id": None, "secret_access_key": None}


def pushed(fake, repository, options):
    """Pushes, pulls into an empty cache, and returns the requests by their operation."""
    set_options(repository, options)
    assert "1 file pushed" in repository.dvc("push")
    repository.run("rm", "-r", ".dvc/cache", "data")
    repository.dvc("pull", "--quiet")
    assert (repository.directory / "data").read_text() == "content"
    seen = {}
    for entry in fake.log():
        seen.setdefault(entry["op"], []).append(entry)
    return seen


@pytest.mark.parametrize(
    "options, put",
    [
        ({"sse": "AES256"}, {"x-amz-server-side-encryption": "AES256"}),
        (
            {"sse": "aws:kms", "sse_kms_key_id": "a-key"},
            {
                "x-amz-server-side-encryption": "aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id": "a-key",
            },
        ),
        ({"acl": "bucket-owner-full-control"}, {"x-amz-acl": "bucket-owner-full-control"}),
        (
            {
                "grant_read": 'id="a"',
                "grant_read_acp": 'id="b"',
                "grant_write_acp": 'id="c"',
                "grant_full_control": 'id="d"',
            },
            {
                "x-amz-grant-read": 'id="a"',
                "x-amz-grant-read-acp": 'id="b"',
                "x-amz-grant-write-acp": 'id="c"',
                "x-amz-grant-full-control": 'id="d"',
            },
        ),
        (
            {"query": "storage-class=STANDARD_IA&multipart_chunksize=16MB"},
            {"x-amz-storage-class": "STANDARD_IA"},
        ),
        # The remote's own options win over its URL.
        (
            {"query": "acl=public-read&aws-region=eu-west-1", "acl": "private", "region": "us-east-1"},
            {"x-amz-acl": "private"},
        ),
    ],
    ids=lambda each: next(iter(each)),
)
def test_what_a_put_carries(fake, repository, options, put):
    seen = pushed(fake, repository, options)
    [request] = seen["PutObject"]
    assert request["headers"] | put == request["headers"], request["headers"]
    assert not any(name in entry["headers"] for entry in seen["GetObject"] for name in put)


def test_customer_key(fake, repository):
    """The key goes with each request that needs it, and the object can't be had without."""
    seen = pushed(fake, repository, {"sse_customer_key": KEY, "sse_customer_algorithm": "AES256"})
    name = "x-amz-server-side-encryption-customer-key"
    assert all(entry["headers"][name] == KEY for op in ("PutObject", "GetObject") for entry in seen[op])
    # A HEAD of what is there has it too; only what is not there needs none.
    assert all(name in entry["headers"] for entry in seen.get("HeadObject", []) if entry["status"] == 200)
    write(repository, {"sse_customer_key": None, "sse_customer_algorithm": None})
    repository.run("rm", "-r", ".dvc/cache", "data")
    repository.dvc("pull", ok=False)


def test_session_token_region_and_timeouts(fake, repository):
    fake.control(
        "POST",
        "credential",
        {"access_key": "temporary", "secret_key": "secret-of-temporary", "session_token": "the-token"},
    )
    fake.bucket("dvc-remote", region="eu-west-3")
    keys = {
        "access_key_id": "temporary",
        "secret_access_key": "secret-of-temporary",
        "session_token": "the-token",
    }
    write(repository, keys, "config.local")
    seen = pushed(
        fake,
        repository,
        {
            "region": "eu-west-3",
            "read_timeout": 7,
            "connect_timeout": 3,
            "use_ssl": "false",
            "ssl_verify": "false",
        },
    )
    for entry in (entry for entries in seen.values() for entry in entries):
        assert entry["headers"]["x-amz-security-token"] == "the-token" and entry["status"] in (200, 404), (
            entry
        )


def test_region_is_found(fake, repository):
    fake.bucket("dvc-remote", region="eu-west-3")
    pushed(fake, repository, {})


def test_list_objects_of_old(fake, repository):
    set_options(repository, {"listobjects": "true"})
    repository.dvc("push", "--quiet")
    repository.dvc("gc", "--workspace", "--cloud", "--force", "--quiet")
    operations = {entry["op"] for entry in fake.log()}
    assert "ListObjects" in operations and "ListObjectsV2" not in operations, operations


def test_anonymous(fake, repository):
    repository.dvc("push", "--quiet")
    fake.bucket("dvc-remote", anonymous_read=True)
    write(repository, NO_KEYS, "config.local")
    set_options(repository, {"allow_anonymous_login": "true"})
    repository.run("rm", "-r", ".dvc/cache", "data")
    before = len(fake.log())
    repository.dvc("pull", "--quiet", AWS_ACCESS_KEY_ID="not-asked", AWS_SECRET_ACCESS_KEY="not-asked")
    assert (repository.directory / "data").read_text() == "content"
    signed = [
        entry
        for entry in fake.log()[before:]
        if "authorization" in entry["headers"] or "x-amz-date" in entry["headers"]
    ]
    assert not signed, signed


def test_profiles_files_and_environment(fake, repository, tmp_path):
    """Two remotes with a credentials file each, in one command; and keys of the environment."""
    write(repository, NO_KEYS, "config.local")
    for remote, key in (("store", "one"), ("other", "two")):
        fake.control("POST", "credential", {"access_key": key, "secret_key": f"secret-{key}"})
        file = tmp_path / f"credentials-{key}"
        file.write_text(f"[mine]\naws_access_key_id = {key}\naws_secret_access_key = secret-{key}\n")
        place = {"url": f"s3://dvc-remote/{remote}", "endpointurl": fake.endpoint, "profile": "mine"}
        write(repository, place, remote=remote)
        write(repository, {"credentialpath": file}, "config.local", remote)
    before = fake.state()["objects"]
    assert before == 0
    # One process, both remotes.
    script = (
        "import dvc.repo; repo = dvc.repo.Repo(); [repo.push(remote=remote) for remote in ('store', 'other')]"
    )
    repository.run(sys.executable, "-c", script)
    assert fake.state()["objects"] == 2
    write(repository, {"credentialpath": None}, "config.local")
    write(repository, {"profile": None, "url": "s3://dvc-remote/store"})
    repository.run("rm", "-r", ".dvc/cache", "data")
    repository.dvc(
        "pull", "--quiet", AWS_ACCESS_KEY_ID=fake.access_key, AWS_SECRET_ACCESS_KEY=fake.secret_key
    )
    assert (repository.directory / "data").read_text() == "content"


@pytest.mark.parametrize(
    "options, words",
    [
        ({"acl": "private", "grant_read": 'id="a"'}, ["configuration error", "acl", "grant_read", "exclude"]),
        (
            {"sse_customer_key": KEY, "sse_kms_key_id": "k"},
            ["configuration error", "sse_customer_key", "sse_kms_key_id"],
        ),
        ({"sse_customer_key": "AAAA"}, ["configuration error", "sse_customer_key"]),
        ({"sse_customer_algorithm": "AES128"}, ["configuration error", "sse_customer_algorithm", "AES256"]),
        ({"query": "multipart_chunksiz=8MB"}, ["configuration error", "multipart_chunksize"]),
    ],
    ids=lambda each: "-".join(each) if isinstance(each, dict) else None,
)
def test_what_is_refused(fake, repository, options, words):
    set_options(repository, options)
    said = " ".join(repository.dvc("push", ok=False).split())
    assert all(word in said for word in words), said
    assert not fake.log()
