"""Access points and directory buckets over TLS: where requests go, how they are signed, and what is not sent.

Invariant: AWS is `aws_tls` on loopback, reached through a proxy. It checks each signature and may refuse
none.
"""

import http.client
import ssl
import urllib.parse

import pytest
from aws_tls import SESSION, Aws
from signatures import ASYMMETRIC, SYMMETRIC

import oarlock

KEYS = {"AKIDPOINT": "wJalrXUtnFEMI/K7MDENG"}
ACCOUNT = "123456789012"
MRAP = f"arn:aws:s3::{ACCOUNT}:accesspoint/mfzwi23gnjvgw.mrap"
LAMBDA = f"arn:aws:s3-object-lambda:us-west-2:{ACCOUNT}:accesspoint/banner"
OUTPOSTS = f"arn:aws:s3-outposts:us-west-2:{ACCOUNT}:outpost/op-01234567890123456/accesspoint/reports"
POINT = f"arn:aws:s3:us-west-2:{ACCOUNT}:accesspoint/mine"
FAST = "fast--usw2-az1--x-s3"
HOSTS = {
    MRAP: "mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com",
    LAMBDA: f"banner-{ACCOUNT}.s3-object-lambda.us-west-2.amazonaws.com",
    OUTPOSTS: f"reports-{ACCOUNT}.op-01234567890123456.s3-outposts.us-west-2.amazonaws.com",
    POINT: f"mine-{ACCOUNT}.s3-accesspoint.us-west-2.amazonaws.com",
    FAST: f"{FAST}.s3express-usw2-az1.us-west-2.amazonaws.com",
    "plain": "plain.s3.us-west-2.amazonaws.com",
    "global": "global.s3.amazonaws.com",
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    server = Aws(tmp_path_factory.mktemp("aws"), HOSTS.values(), KEYS)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def opened(aws, monkeypatch):
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    aws.seen.clear()
    aws.objects.clear()

    def opened(bucket, **settings):
        given = {
            "access_key_id": "AKIDPOINT",
            "secret_access_key": KEYS["AKIDPOINT"],
            "region": "us-west-2",
            "proxy": aws.proxy,
            "ca_bundle": aws.bundle,
            "max_attempts": 1,
        }
        return oarlock.open(f"s3://{bucket}", **given | settings)

    return opened


def signed_as(aws, bucket, *signed):
    """Every request went to the bucket's host, under this signature."""
    assert aws.seen, "nothing was sent"
    for note in aws.seen:
        assert "refused" not in note, note
        found = tuple(note[name] for name in ("host", "algorithm", "service", "region"))
        assert found == (HOSTS[bucket], *signed), note


def use(store):
    """Requests of both ways: our own, and the SDK's."""
    store.put("a b+c/ü", b"hello")
    assert bytes(store.get("a b+c/ü").body) == b"hello"
    assert store.head("a b+c/ü").size == 5
    store.put("large", bytes(20 << 20))
    assert len(store.get("large").body) == 20 << 20
    store.set_tags("a b+c/ü", {"k": "v"})
    assert {entry.key for entry in store.list()} == {"a b+c/ü", "large"}
    store.delete("a b+c/ü")


@pytest.mark.parametrize("token", [None, "a-token"])
def test_multi_region(aws, opened, token):
    store = opened(MRAP, session_token=token)
    use(store)
    signed_as(aws, MRAP, ASYMMETRIC, "s3", "*")
    assert {note["token"] for note in aws.seen} == {token}


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("delete_many", (["a"],)),
        ("bucket_region", ()),
        ("create_bucket", ()),
        ("delete_bucket", ()),
        ("list_versions", ()),
        ("copy", ("a", "b")),
    ],
)
def test_what_a_multi_region_point_lacks(aws, opened, verb, args):
    store = opened(MRAP)
    with pytest.raises(oarlock.UnsupportedError) as caught:
        result = getattr(store, verb)(*args)
        list(result)
    assert "multi-region access point" in str(caught.value)
    assert aws.seen == []


def test_multi_region_and_an_endpoint_of_ones_own(opened):
    with pytest.raises(oarlock.ConfigError, match="endpoint https://h.test"):
        opened(MRAP, endpoint="https://h.test").get("a")


def fetch(aws, url, method="GET"):
    address = urllib.parse.urlsplit(url)
    proxy = urllib.parse.urlsplit(aws.proxy)
    trust = ssl.create_default_context(cafile=aws.bundle)
    connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, context=trust)
    connection.set_tunnel(address.hostname, 443)
    connection.request(method, f"{address.path}?{address.query}")
    response = connection.getresponse()
    return response.status, response.read()


@pytest.mark.parametrize("token", [None, "a-token"])
def test_presigned_for_many_regions(aws, opened, token):
    store = opened(MRAP, session_token=token)
    store.put("a b", b"hello")
    assert fetch(aws, store.presign("a b")) == (200, b"hello")
    signed_as(aws, MRAP, ASYMMETRIC, "s3", "*")
    assert aws.seen[-1]["token"] == token
    assert fetch(aws, store.presign("a b") + "&x=y")[0] == 403


def test_object_lambda(aws, opened):
    use(opened(LAMBDA))
    signed_as(aws, LAMBDA, SYMMETRIC, "s3-object-lambda", "us-west-2")


def test_outposts(aws, opened):
    use(opened(OUTPOSTS))
    signed_as(aws, OUTPOSTS, ASYMMETRIC, "s3-outposts", "*")


def test_the_region_of_an_arn(aws, opened):
    store = opened(POINT, region="eu-central-1")
    use(store)
    signed_as(aws, POINT, SYMMETRIC, "s3", "us-west-2")
    assert store.credentials().region == "us-west-2"


def test_a_copy_from_an_access_point(aws, opened):
    store = opened(POINT)
    store.put("a b", b"hello")
    opened("plain").copy("a b", "c", source_bucket=POINT.replace("accesspoint/", "accesspoint:"))
    assert aws.objects["/c"] == b"hello"
    assert aws.seen[-1]["headers"]["x-amz-copy-source"] == f"{POINT}/object/a%20b"


def test_a_session_or_none(aws, opened):
    store = opened(FAST)
    store.put("a", b"hello")
    assert ["session" in note["target"] for note in aws.seen] == [True, False]
    signed_as(aws, FAST, SYMMETRIC, "s3express", "us-west-2")
    assert aws.seen[1]["headers"]["x-amz-s3session-token"] == SESSION[2]
    aws.seen.clear()
    aws.objects.clear()
    use(opened(FAST, disable_express_session_auth=True))
    signed_as(aws, FAST, SYMMETRIC, "s3express", "us-west-2")
    assert not any("session" in note["target"] for note in aws.seen)
    assert not any("x-amz-s3session-token" in note["headers"] for note in aws.seen)


def test_the_global_endpoint(aws, opened):
    use(opened("global", region="us-east-1", us_east_1_regional_endpoint="legacy"))
    signed_as(aws, "global", SYMMETRIC, "s3", "us-east-1")


@pytest.mark.parametrize(
    ("location", "region"), [("EU", "eu-west-1"), ("", "us-east-1"), ("eu-central-1", "eu-central-1")]
)
def test_regions_of_old(aws, opened, location, region):
    aws.location = location
    assert opened("plain").bucket_region() == region
