"""Stores that encrypt under a key in KMS, in every language: how often KMS is called, what its failures are,
and whose answers count.

Invariant: what can be refused is refused before KMS is called; a response that names another key encrypts
nothing; retries follow the settings.
"""

import base64
import os

import agents
import places
import pytest
from cases import Case
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from kms import ARN, Kms, refusal


@pytest.fixture(scope="module")
def kms():
    kms = Kms()
    yield kms
    kms.stop()


class Place:
    def __init__(self, language, server, kms, directory):
        kms.asked[:], kms.planned[:] = [], []
        self.kms, self.server = kms, server
        self.agent = agents.Agent(language, AWS_ENDPOINT_URL_KMS=kms.url)
        self.place = places.Fake(server, Case(name="kms", doc="", on=["fake"], do=[], settings={}), directory)

    def open(self, **settings):
        settings = (
            {"encryption_kms_key_id": "alias/k", **settings} if settings.pop("encrypt", True) else settings
        )
        reply = self.agent.ask(
            {"op": "open", "url": self.place.url, "settings": {**self.place.settings(), **settings}}
        )
        assert "ok" in reply, reply
        return reply["ok"]

    def call(self, store, verb, **args):
        return self.agent.ask({"op": "call", "store": store, "verb": verb, "args": args})

    def put(self, store, key="a", body=b"hello", **options):
        return self.call(
            store, "put", key=key, source={"$source": {"bytes": base64.b64encode(body).decode()}}, **options
        )

    def get(self, store, key="a"):
        reply = self.call(store, "get", key=key, into={"$sink": "memory"})
        return base64.b64decode(reply["ok"]["body"]["$bytes"]) if "ok" in reply else reply["error"]

    def operations(self):
        return [entry["op"] for entry in self.server.log()]


@pytest.fixture(params=agents.chosen())
def at(request, servers, kms, tmp_path):
    place = Place(request.param, servers.get("fake"), kms, tmp_path)
    yield place
    place.agent.stop()


def test_retries_follow_the_settings(at):
    store = at.open(max_attempts=3)
    for trouble in [
        refusal("KMSInternalException", 500),
        refusal("DependencyTimeoutException", 503),
        refusal("KeyUnavailableException", 500),
    ]:
        at.kms.planned[:] = [trouble] * 2
        assert "ok" in at.put(store)
        assert at.kms.operations() == ["GenerateDataKey"] * 3
        at.kms.planned[:] = [trouble] * 3
        error = at.put(store)["error"]
        assert error["retryable"] is True and "3 attempts in" in error["message"], error
        assert at.kms.operations() == ["GenerateDataKey"] * 3
    store = at.open(max_attempts=1)
    for trouble in [refusal("KMSInternalException", 500), refusal("ThrottlingException")]:
        at.kms.planned[:] = [trouble]
        assert at.put(store)["error"]["retryable"] is True
        assert at.kms.operations() == ["GenerateDataKey"]


def test_a_key_in_no_state_to_be_used_is_one_kind_of_error(at):
    store = at.open(max_attempts=1)
    for code, words in [
        ("DisabledException", ["alias/k", "EnableKey"]),
        ("KMSInvalidStateException", ["alias/k", "CancelKeyDeletion"]),
    ]:
        for call in [
            lambda: at.put(store),
            lambda: at.call(store, "get", key="there", into={"$sink": "memory"}),
        ]:
            assert "ok" in at.put(store, key="there")
            at.kms.planned[:] = [refusal(code, message="no")]
            error = call()["error"]
            assert error["kind"] == "Config" and error["retryable"] is False and error["code"] == code, error
            assert all(word in error["message"] for word in words), error


def test_an_answer_that_names_another_key(at):
    stores = [
        at.open(encryption_kms_key_id=name)
        for name in (ARN + "k", "k", "alias/k", "arn:aws:kms:us-east-1:111122223333:alias/k")
    ]
    others = [
        ARN + "other",
        ARN + "other",
        ARN.replace("us-east-1", "eu-west-1") + "k",
        ARN.replace("1111", "4444") + "k",
    ]
    for store, other in zip(stores, others, strict=True):
        for named in (other, None):
            at.kms.planned[:] = [lambda told, named=named: {**told, "KeyId": named}]
            error = at.put(store)["error"]
            assert error["kind"] == "Service" and (named or "no key") in error["message"], error
            assert "PutObject" not in at.operations()
        assert "ok" in at.put(store, key="there") and at.get(store, "there") == b"hello"
        at.kms.planned[:] = [lambda told, other=other: {**told, "KeyId": other}]
        assert at.get(store, "there")["kind"] == "Service"
        at.server.reset()
        at.server.bucket(at.place.bucket)


@pytest.mark.parametrize("instruction", [False, True])
def test_a_condition_that_does_not_hold_asks_nothing_of_kms(at, instruction):
    store = at.open(encryption_instruction_file=instruction)
    assert at.put(store, if_match="aaaa")["error"]["kind"] in ("NotFound", "Precondition")
    assert at.kms.operations() == []
    first = at.put(store, if_none_match="*")["ok"]
    assert at.kms.operations() == ["GenerateDataKey"]
    for condition in ({"if_none_match": "*"}, {"if_match": "aaaa"}):
        error = at.put(store, body=b"other", **condition)["error"]
        assert error["kind"] == "Precondition", error
    assert at.kms.operations() == [] and at.get(store) == b"hello"
    assert "ok" in at.put(store, body=b"second", if_match=first["etag"])
    assert at.get(store) == b"second"
    # One who may not look is left to the server; the server decides races as well.
    for fault in ({"status": 403, "code": "AccessDenied"}, {"status": 404, "code": "NoSuchKey"}):
        at.kms.operations()
        at.server.plan([{"match": {"op": "HeadObject"}, "fault": fault}])
        assert at.put(store, body=b"third", if_none_match="*")["error"]["kind"] == "Precondition"
        assert at.kms.operations() == ["GenerateDataKey"]
        at.server.plan([])
    assert at.get(store) == b"second"


@pytest.mark.parametrize("policy", ["REQUIRE_ENCRYPT_REQUIRE_DECRYPT", "FORBID_ENCRYPT_ALLOW_DECRYPT"])
def test_metadata_beside_the_envelope(at, policy):
    """Names and values of an object's metadata are 2048 bytes together, the envelope's among them."""
    store, beside = (
        at.open(encryption_policy=policy),
        at.open(encryption_policy=policy, encryption_instruction_file=True),
    )
    plain = at.open(encrypt=False)
    for size, store_for, fine in [
        (2048, plain, True),
        (2049, plain, False),
        (2048, store, False),
        (2000, store, False),
        (1200, store, True),
        (1850, beside, True),
    ]:
        at.kms.operations()
        reply = at.put(store_for, metadata={"m": "x" * (size - 1)})
        assert ("ok" in reply) is fine, reply
        if not fine:
            error = reply["error"]
            assert error["kind"] == "InvalidInput" and "2048" in error["message"], error
            assert at.kms.operations() == [], "what is too much whatever KMS answers is refused first"
            if store_for is store:
                assert "encryption_instruction_file" in error["message"]
    # What only the wrapped key's length decides is refused before anything is sent to the bucket.
    at.server.reset()
    at.server.bucket(at.place.bucket)
    fates = [at.put(store, key=str(size), metadata={"m": "x" * size}) for size in range(1500, 1900, 10)]
    refused = [fate["error"] for fate in fates if "error" in fate]
    assert refused and len(refused) < len(fates) and {error["kind"] for error in refused} == {"InvalidInput"}
    assert len([op for op in at.operations() if op == "PutObject"]) == len(fates) - len(refused)


def test_data_keys_are_used_again_on_reads(at):
    cached, plain = at.open(encryption_reuse_objects=4), at.open()
    for key in "ab":
        assert "ok" in at.put(plain, key=key)
    at.kms.operations()
    for _ in range(4):
        assert [at.get(cached, key) for key in "ab"] == [b"hello", b"hello"]
    assert at.kms.operations() == ["Decrypt"] * 2
    assert at.get(cached, "a") == b"hello"
    assert at.kms.operations() == ["Decrypt"], "four reads by one answer"
    # Each store has its own; a store that did not ask for it has none; one that is too old is no use.
    aged = at.open(encryption_reuse_objects=4, encryption_reuse_age="0.000001")
    for store in (at.open(encryption_reuse_objects=4), plain, plain, aged, aged):
        assert at.get(store, "b") == b"hello"
    assert at.kms.operations() == ["Decrypt"] * 5
    # A refusal is not kept.
    fresh = at.open(encryption_reuse_objects=4)
    at.kms.planned[:] = [refusal("AccessDeniedException")]
    assert at.get(fresh, "a")["kind"] == "PermissionDenied" and at.get(fresh, "a") == b"hello"


FILE = """[Storage]\r
Default = s3\r
[S3Storage]\r
Bucket = {bucket}\r
Prefix =\r
KeyID = alias/k\r
Endpoint = {host}\r
DisableSSL\r
S3ForcePathStyle = true\r
"""


def test_the_check_names_each_permission(at):
    names = ["kms:GenerateDataKey", "kms:Decrypt", "kms:Encrypt"]

    def checked(refused):
        denied = refusal("AccessDeniedException")
        at.kms.planned[:] = [denied if name == refused else None for name in names]
        if refused == "kms:GenerateDataKey":
            # There is nothing to unwrap then.
            at.kms.planned[:] = [denied, None]
        rows = at.call(at.open(max_attempts=1), "explain", check=True)["ok"]
        return {row["what"]: (row["error"], row["value"]) for row in rows if row["what"].startswith("check")}

    assert all(error is None and value == "ok" for error, value in checked(None).values())
    for name in names[:2]:
        error, value = checked(name)[f"check {name}"]
        assert error == "PermissionDenied" and f"missing permission: {name} on the key" in value
    # No verb for single objects needs it.
    error, value = checked("kms:Encrypt")["check kms:Encrypt"]
    assert error is None and "missing permission: kms:Encrypt" in value
    assert at.server.state()["objects"] == 0


def test_old_packages_of_a_class(at):
    """A package server's classes: written under the file's key, line ends of Windows and all; old ones read
    by two switches for one class."""
    text = FILE.format(bucket=at.place.bucket, host=at.server.endpoint.removeprefix("http://"))
    keys = {
        "access_key_id": at.server.access_key,
        "secret_access_key": at.server.secret_key,
        "region": "us-east-1",
    }

    def opened(name, **given):
        reply = at.agent.ask({"op": "open", "classes": text, "class": name, "settings": keys} | given)
        assert "ok" in reply, reply
        return reply["ok"]

    store = opened("cran")
    assert "ok" in at.put(store, key="new")
    whole = at.open(encrypt=False)
    meta = at.call(whole, "head", key="new")["ok"]["metadata"]
    assert meta["x-amz-wrap-alg"] == "kms+context", (
        "the file's key is in force, whatever line stands before it"
    )
    data_key, iv = os.urandom(32), os.urandom(16)
    matdesc = '{"kms_cmk_id":"alias/k"}'
    wrapped = at.kms.wrap(data_key, ARN + "k", {"kms_cmk_id": "alias/k"})
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(data_key), modes.CBC(iv)).encryptor()
    body = encryptor.update(padder.update(b"an old package") + padder.finalize()) + encryptor.finalize()
    envelope = {
        "x-amz-key-v2": base64.b64encode(wrapped).decode(),
        "x-amz-iv": base64.b64encode(iv).decode(),
        "x-amz-matdesc": matdesc,
        "x-amz-wrap-alg": "kms",
        "x-amz-cek-alg": "AES/CBC/PKCS5Padding",
    }
    assert "ok" in at.put(whole, key="old", body=body, metadata=envelope)
    switches = {"encryption_legacy_wrapping": True, "encryption_legacy_content": True}
    assert at.get(opened("packages"), "old")["kind"] == "Decrypt"
    given = {"overrides": {"Packages": switches}}
    assert at.get(opened("packages", **given), "old") == b"an old package"
    assert at.get(opened("cran", **given), "old")["kind"] == "Decrypt"
    assert at.get(opened("cran", settings=keys | switches), "old") == b"an old package"
    # A class's own settings win over those for all; nothing takes the file's key away.
    both = opened(
        "packages", settings=keys | switches, overrides={"packages": {"encryption_legacy_content": False}}
    )
    assert at.get(both, "old")["kind"] == "Decrypt"
    without = opened(
        "packages",
        settings=keys | {"encryption_kms_key_id": None},
        overrides={"packages": {"encryption_kms_key_id": None}},
    )
    assert "ok" in at.put(without, key="still")
    assert "x-amz-key-v2" in at.call(whole, "head", key="still")["ok"]["metadata"]
    for given, words in [
        ({"overrides": {"pakages": switches}}, ["pakages", "packages"]),
        ({"overrides": {"packages": {"encryption_legacy": True}}}, ["packages", "encryption_legacy"]),
        ({"settings": keys | {"encryption_legacy": True}}, ["encryption_legacy"]),
    ]:
        error = at.agent.ask({"op": "open", "classes": text, "class": "packages", "settings": keys} | given)[
            "error"
        ]
        assert error["kind"] == "Config" and all(word in error["message"] for word in words), error
