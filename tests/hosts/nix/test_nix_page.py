"""What Nix's own page on this store promises, line by line: places, policies, identities, endpoints; as its
reader would try it."""

import json
import os

import boto3
import pytest
from nixhost import KEYLESS, local, self_signed

# The page's two policies.
READERS = ["s3:GetObject", "s3:GetBucketLocation"]
WRITERS = [
    "s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts",
    "s3:PutObject",
]  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "/", "/some/deep/prefix"], ids=["bare", "slash", "deep"])
def test_a_bucket_is_a_cache_with_or_without_a_prefix(nix, server, cache, prefix):
    boat = nix.closure(leaves=1)
    url = cache.url().replace("/cache?", f"{prefix}?")
    nix.nix("copy", "--to", url, boat)
    nix.forget()
    assert nix.requisites(boat).keys() == nix.requisites(boat, "--store", url).keys()
    assert len(nix.nix("path-info", "--all", "--store", url).splitlines()) == 2


@pytest.mark.parametrize("url", ["s3://", "s3:///key", "s3://bucket with spaces"])
def test_what_is_no_bucket_is_said(nix, url):
    assert "bucket" in nix.nix("store", "ping", "--store", url, fails=True) or "is not a valid" in nix.said


def test_anyone_reads_a_public_bucket(nix, fake, cache):
    """By the page's policy for direct reads, which has no s3:ListBucket: what is missing is denied."""
    secret, public = nix.key("here-1")
    boat, more = nix.closure(leaves=2), nix.closure(leaves=1, salt="more")
    nix.nix("copy", "--to", cache.url(secret_key=secret), boat)
    fake.bucket(cache.name, anonymous_read=True, allow=READERS)
    nix.forget()
    nix.wipe()
    substitute = (
        "nix-store",
        "-r",
        boat,
        "--option",
        "trusted-public-keys",
        public,
        "--option",
        "substituters",
    )
    nix.run(*substitute, cache.url(), **KEYLESS)
    assert "is read without any, as a public bucket" in nix.said
    nix.forget()
    nix.wipe()
    nix.run(*substitute, cache.url(oarlock_anonymous="true"), **KEYLESS)
    assert "credentials" not in nix.said
    # What the cache does not have is built.
    assert nix.closure(leaves=1, salt="more", substituters=cache.url(), **KEYLESS) == more
    # Nobody writes: that needs keys.
    assert "no credentials were found" in nix.nix("copy", "--to", cache.url(), more, fails=True, **KEYLESS)
    assert "s3:PutObject" in nix.nix(
        "copy", "--to", cache.url(oarlock_anonymous="true"), more, fails=True, **KEYLESS
    )


@pytest.mark.parametrize("server", ["seaweed"], indirect=True)
def test_the_policy_of_the_page_for_direct_reads(nix, server, cache):
    """Word for word, given to a real server."""
    policy = {"Id": "DirectReads", "Version": "2012-10-17", "Statement": [{
        "Sid": "AllowDirectReads", "Action": READERS, "Effect": "Allow", "Resource": [f"arn:aws:s3:::{cache.name}", f"arn:aws:s3:::{cache.name}/*"], "Principal": "*",
    }]}  # fmt: skip
    boat = nix.closure(leaves=2)
    nix.nix("copy", "--to", cache.url(), boat)
    nix.forget()
    said = nix.nix("path-info", "--store", cache.url(), boat, fails=True, **KEYLESS)
    assert "no credentials were found" in said and "s3:GetObject" in said
    keys = {"aws_access_key_id": server.access_key, "aws_secret_access_key": server.secret_key}
    boto3.client("s3", endpoint_url=server.endpoint, region_name=server.region, **keys).put_bucket_policy(
        Bucket=cache.name, Policy=json.dumps(policy)
    )
    nix.wipe()
    nix.nix("copy", "--from", cache.url(), "--no-check-sigs", boat, **KEYLESS)
    assert "s3:ListBucket" in nix.nix("path-info", "--all", "--store", cache.url(), fails=True, **KEYLESS)


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_nix_itself_reads_a_public_bucket_over_http(nix, fake, cache, compression):
    """The page's advice for public caches: Nix's own store for HTTP, which does not use oarlock, reads
    what oarlock wrote."""
    secret, public = nix.key("here-1")
    boat = nix.closure(leaves=2)
    nix.nix(
        "copy", "--to", cache.url(secret_key=secret, narinfo_compression=compression, compression="xz"), boat
    )
    fake.bucket(cache.name, anonymous_read=True, allow=READERS)
    nix.wipe()
    nix.configure(plugin_files="")
    nix.run(
        "nix-store",
        "-r",
        boat,
        "--option",
        "substituters",
        f"{fake.endpoint}/{cache.name}/cache",
        "--option",
        "trusted-public-keys",
        public,
        **KEYLESS,
    )
    nix.nix("store", "verify", "--no-trust", "-r", boat)


def test_a_reader_needs_the_permissions_of_the_page(nix, fake, cache):
    secret, public = nix.key("here-1")
    boat = nix.closure(leaves=2)
    nix.nix("copy", "--to", cache.url(secret_key=secret), boat)
    fake.bucket(cache.name, allow=READERS)
    nix.forget()
    nix.wipe()
    nix.run(
        "nix-store",
        "-r",
        boat,
        "--option",
        "substituters",
        cache.url(),
        "--option",
        "trusted-public-keys",
        public,
    )
    nix.nix("store", "verify", "--store", cache.url(), "--trusted-public-keys", public, "-r", boat)
    assert "s3:ListBucket" in nix.nix("path-info", "--all", "--store", cache.url(), fails=True)
    said = nix.nix("copy", "--to", cache.url(), nix.closure(leaves=1, salt="more"), fails=True)
    assert "s3:PutObject" in said and "asked as AKI" in said
    # A user who may not even read gets an error that names the identity.
    fake.bucket(cache.name, allow=["s3:GetBucketLocation"])
    nix.forget()
    said = nix.nix("path-info", "--store", cache.url(), boat, fails=True)
    assert "s3:GetObject" in said and "asked as AKI" in said


@pytest.mark.parametrize(
    "without",
    [
        None,
        "s3:ListBucket",
        "s3:GetBucketLocation",
        "s3:ListMultipartUploadParts",
        "s3:ListBucketMultipartUploads",
    ],
)
def test_a_writer_needs_no_more_than_the_page_gives(nix, fake, cache, without):
    """Nor even all of it, but s3:AbortMultipartUpload, s3:GetObject and s3:PutObject."""
    fake.bucket(cache.name, allow=[action for action in WRITERS if action != without])
    boat = nix.closure(leaves=2)
    (nix.directory / "large").write_bytes(os.urandom(12 << 20))
    large = nix.nix("store", "add-file", nix.directory / "large", "--name", "large")
    url = cache.url(multipart_threshold="6MB", multipart_chunk_size="5MB", write_nar_listing="true")
    nix.nix("copy", "--to", url, boat, large)
    nix.forget()
    assert len(nix.requisites(boat, "--store", url)) == 3
    if without != "s3:ListBucket":
        assert len(nix.nix("path-info", "--all", "--store", url).splitlines()) == 4
    # An upload that is given up is taken back.
    fake.plan(
        [
            {
                "match": {"bucket": cache.name, "op": "UploadPart", "nth": 2},
                "fault": {"status": 403, "code": "AccessDenied"},
            }
        ]
    )
    (nix.directory / "large").write_bytes(os.urandom(12 << 20))
    assert "s3:PutObject" in nix.nix(
        "copy",
        "--to",
        url,
        nix.nix("store", "add-file", nix.directory / "large", "--name", "larger"),
        fails=True,
    )
    fake.plan([])
    assert fake.state()["uploads"] == []


def test_the_examples_of_the_page(nix, fake, cache, tls):
    """A profile and a region; a profile, a scheme and an endpoint that is a host alone. The profile counts,
    whatever keys the environment has."""
    boat = nix.closure(leaves=1)
    fake.bucket(f"{cache.name}-eu", region="eu-west-2")
    (nix.directory / "credentials").write_text(
        f"[cache-upload]\naws_access_key_id = {fake.access_key}\naws_secret_access_key = {fake.secret_key}\n"
    )
    profile = {
        "AWS_SHARED_CREDENTIALS_FILE": nix.directory / "credentials",
        "AWS_ACCESS_KEY_ID": "AKIDSOMEONEELSE",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    port, certificate = tls()
    at = {"AWS_ENDPOINT_URL_S3": fake.endpoint}
    nix.nix(
        "copy", "--to", f"s3://{cache.name}-eu?profile=cache-upload&region=eu-west-2", boat, **profile, **at
    )
    nix.forget()
    url = f"s3://{cache.name}?profile=cache-upload&scheme=https&endpoint=localhost:{port}"
    nix.nix("copy", "--to", url, boat, NIX_SSL_CERT_FILE=certificate, **profile)
    assert {
        row["headers"]["host"]
        for row in fake.log()
        if row["bucket"] == cache.name and row["op"] == "PutObject"
    } >= {f"localhost:{port}"}
    # A server that nobody vouches for is not spoken to.
    nix.forget()
    assert "certificate" in nix.nix("store", "ping", "--store", url, fails=True, **profile)


def test_a_server_that_wants_a_certificate(nix, fake, cache, tls):
    boat = nix.closure(leaves=1)
    mine, key, _ = self_signed(
        nix.directory, "mine", "extendedKeyUsage=clientAuth", "basicConstraints=critical,CA:FALSE"
    )
    port, certificate = tls(clients=mine)
    url = cache.url(endpoint=f"https://localhost:{port}", tls_certificate=mine, tls_private_key=key)
    nix.nix("copy", "--to", url, boat, NIX_SSL_CERT_FILE=certificate)
    nix.forget()
    # The server's alert or the end of the connection, whichever is seen first.
    refused = nix.nix(
        "store",
        "ping",
        "--store",
        cache.url(endpoint=f"https://localhost:{port}"),
        fails=True,
        NIX_SSL_CERT_FILE=certificate,
    )
    assert "see the setting `client_certificate`" in refused


def test_every_form_of_an_address(nix, fake, cache):
    boat = nix.closure(leaves=1)
    host = fake.endpoint.removeprefix("http://")
    port = host.rpartition(":")[2]
    for given, seen in [
        ({"endpoint": fake.endpoint}, host),
        ({"endpoint": host, "scheme": "http"}, host),
        ({"endpoint": fake.endpoint, "scheme": "https"}, host),
        ({"endpoint": f"localhost:{port}", "scheme": "http"}, f"localhost:{port}"),
        ({"endpoint": f"{fake.endpoint}/"}, host),
        ({"endpoint": fake.endpoint, "addressing_style": "path"}, host),
        ({"endpoint": fake.endpoint, "addressing_style": "auto"}, host),
    ]:  # fmt: skip
        count = len(fake.log())
        nix.forget()
        scheme = f"&scheme={given.pop('scheme')}" if "scheme" in given else ""
        nix.nix("copy", "--to", cache.url(**given) + scheme, boat)
        assert {row["headers"]["host"] for row in fake.log()[count:]} == {seen}, given
        assert {row["bucket"] for row in fake.log()[count:]} == {cache.name}


def test_the_bucket_may_be_in_the_hosts_name(nix, fake, cache):
    endpoint = fake.endpoint.replace("127.0.0.1", "localhost")
    boat, url = nix.closure(leaves=1), cache.url(endpoint=endpoint, addressing_style="virtual")
    (nix.directory / "hosts").write_text(f"127.0.0.1 localhost {cache.name}.localhost\n")
    nix.run(
        "unshare",
        "--mount",
        "sh",
        "-c",
        f"mount --bind '{nix.directory}/hosts' /etc/hosts && exec nix copy --to '{url}' {boat}",
    )
    assert {
        row["headers"]["host"]
        for row in fake.log()
        if row["op"] == "PutObject" and row["bucket"] == cache.name
    } == {f"{cache.name}.{endpoint.removeprefix('http://')}"}
    assert len(cache.keys()) == 5


def test_a_region_goes_into_the_signature(nix, fake, cache):
    """As `region` or `aws-region`, or from the environment; us-east-1 by default."""
    fake.bucket(f"{cache.name}-eu", region="eu-west-2")
    there = cache.url().replace(cache.name, f"{cache.name}-eu")
    for url, environment in [
        (f"{there}&region=eu-west-2", {}),
        (f"{there}&aws-region=eu-west-2", {}),
        (there, {"AWS_REGION": "eu-west-2"}),
    ]:
        count = len(fake.log())
        nix.forget()
        nix.nix("store", "ping", "--store", url, **environment)
        # Not by way of a refusal.
        assert {row["status"] for row in fake.log()[count:]} <= {200, 404}, url


def test_one_request_for_a_file_that_may_not_be_in_parts(nix, fake, cache):
    (nix.directory / "large").write_bytes(os.urandom(20 << 20))
    path = nix.nix("store", "add-file", nix.directory / "large", "--name", "large")
    nix.nix("copy", "--to", cache.url(multipart_upload="false"), path)
    assert {
        row["op"] for row in fake.log() if row["bucket"] == cache.name and row["body_length"] > 1 << 20
    } == {"PutObject"}
    nix.forget()
    nix.nix("copy", "--store", local(nix, "second"), "--from", cache.url(), "--no-check-sigs", path)


def test_settings_of_nix_count(nix, fake, cache):
    """How often it is tried again is `download-attempts`, as for every store of Nix."""
    fake.plan([{"match": {"bucket": cache.name}, "fault": {"status": 503, "code": "ServiceUnavailable"}}])
    for attempts in (1, 3):
        count = len(fake.log())
        nix.nix(
            "store", "ping", "--store", cache.url(), "--option", "download-attempts", attempts, fails=True
        )
        assert len(fake.log()) - count == attempts
    fake.plan([])


def test_an_upload_after_every_build(nix, server, cache):
    """The usual way to fill a cache: Nix runs a hook after each build, which copies what was built."""
    secret, public = nix.key("here-1")
    hook = nix.directory / "hook"
    # This Nix leaves OUT_PATHS empty, a mistake of its own.
    hook.write_text(
        f"#!/bin/sh\nexec nix copy --to '{cache.url(secret_key=secret)}' $(nix-store -q --outputs $DRV_PATH)\n"
    )
    hook.chmod(0o755)
    boat = nix.closure(leaves=2, salt="hook", post_build_hook=hook)
    assert len([key for key in cache.keys() if key.endswith(".narinfo")]) == 3
    nix.wipe()
    nix.run(
        "nix-store",
        "-r",
        boat,
        "--option",
        "substituters",
        cache.url(),
        "--option",
        "trusted-public-keys",
        public,
    )


def test_what_else_nix_does_with_a_store(nix, server, cache):
    """Files are listed and shown in place, paths added and signed there; a trusted cache needs no
    signatures."""
    boat = nix.closure(leaves=2)
    url = cache.url(write_nar_listing="true")
    nix.nix("copy", "--to", url, boat)
    nix.forget()
    with open(boat) as file:
        assert nix.nix("store", "cat", "--store", url, boat) == file.read().strip()
    assert "regular" in nix.nix("store", "ls", "--json", "--store", url, boat)
    (nix.directory / "note").write_text("added\n")
    added = nix.nix("store", "add-file", "--store", url, nix.directory / "note")
    assert nix.nix("store", "cat", "--store", url, added) == "added"
    secret, public = nix.key("late-1")
    nix.nix("store", "sign", "--store", url, "--key-file", secret, "-r", boat)
    nix.forget()
    nix.nix("store", "verify", "--store", url, "--trusted-public-keys", public, "-r", boat)
    nix.wipe()
    nix.run("nix-store", "-r", boat, "--option", "substituters", cache.url(trusted="true"))


def test_realisations_of_content_addressed_derivations(nix, server, cache):
    derivation = 'derivation { name = "made"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo made > $out" ]; __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; }'
    features = ("--extra-experimental-features", "ca-derivations")
    expression = ("--impure", *features, "--expr", derivation)
    nix.nix("build", "--no-link", *expression)
    nix.nix("copy", "--to", cache.url(), *expression)
    assert any(key.startswith("realisations/") and key.endswith(".doi") for key in cache.keys())
    nix.wipe()
    nix.forget()
    nix.nix("copy", "--from", cache.url(), "--no-check-sigs", *expression)


def test_a_cache_that_fails_is_done_without(nix, fake, cache):
    """With `fallback`, what a cache cannot give is built."""
    boat = nix.closure(leaves=1)
    nix.nix("copy", "--to", cache.url(), boat)
    nix.wipe()
    nix.forget()
    fake.plan([{"match": {"bucket": cache.name}, "fault": {"status": 500, "code": "InternalError"}}])
    assert nix.closure(leaves=1, substituters=cache.url(oarlock_max_attempts=1), fallback="true") == boat
    fake.plan([])
