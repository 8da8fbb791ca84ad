"""The official Python client, amazon-s3-encryption-client-python, beyond reading and writing: sizes,
multipart uploads, contexts, keys."""

import os

import oarlock
import pytest
from conftest import plaintext
from moto.core.exceptions import JsonRESTError
from moto.kms.exceptions import AccessDeniedException
from moto.kms.models import KmsBackend
from peers import FORMATS, official


@pytest.mark.parametrize(
    "version,policy", [("V2", "FORBID_ENCRYPT_ALLOW_DECRYPT"), ("V3", "REQUIRE_ENCRYPT_REQUIRE_DECRYPT")]
)
@pytest.mark.parametrize("size", [0, 17, 100_000])
def test_sizes_and_aliases_of_what_they_wrote(cloud, version, policy, size):
    official(cloud, version).put_object(
        Bucket="interop", Key="theirs", Body=plaintext(size), EncryptionContext={"n": "1"}
    )
    with cloud.store(encryption_kms_key_id="alias/interop", encryption_policy=policy) as store:
        assert store.get("theirs", encryption_context={"n": "1"}).body == plaintext(size)
        assert store.head("theirs").size == size
        assert [entry.size for entry in store.list("theirs")] == [size]


def test_their_multipart_uploads_are_read(cloud):
    body = plaintext(17 * 2**20)
    client = official(cloud, "V3")
    upload = client.create_multipart_upload(Bucket="interop", Key="parts")["UploadId"]
    cuts = [body[at : at + 6 * 2**20] for at in range(0, len(body), 6 * 2**20)]
    parts = []
    for number, part in enumerate(cuts, 1):
        last = {"IsLastPart": True} if number == len(cuts) else {}
        answer = client.upload_part(
            Bucket="interop", Key="parts", UploadId=upload, PartNumber=number, Body=part, **last
        )
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    client.complete_multipart_upload(
        Bucket="interop", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    with cloud.store() as store:
        assert store.get("parts").body == body


def test_threat_15_keys_and_contexts_of_others(cloud):
    official(cloud, "V3").put_object(
        Bucket="interop", Key="theirs", Body=b"secret", EncryptionContext={"a": "b"}
    )
    for settings in [{}, {"encryption_context": {"a": "c"}}, {"encryption_context": {"a": "b", "c": "d"}}]:
        with cloud.store(**settings) as store, pytest.raises(oarlock.DecryptError):
            store.get("theirs")
    with (
        cloud.store(encryption_kms_key_id=cloud.other_key, encryption_context={"a": "b"}) as store,
        pytest.raises(oarlock.Error) as refused,
    ):
        store.get("theirs")
    assert "secret" not in str(refused.value)
    with cloud.store(
        encryption_kms_key_id=cloud.other_key, encryption_context={"a": "b"}, encryption_kms_any_key=True
    ) as store:
        assert store.get("theirs").body == b"secret"
    unknown = cloud.key.rsplit("/", 1)[0] + "/00000000-0000-0000-0000-000000000000"
    with (
        cloud.store(encryption_kms_key_id=unknown, encryption_context={"a": "b"}) as store,
        pytest.raises(oarlock.Error) as missing,
    ):
        store.get("theirs")
    # Not `NotFound`: the object is there, the key is not.
    assert not isinstance(missing.value, oarlock.NotFoundError)


def test_a_rotated_key_is_enough_for_the_official_client(cloud):
    official(cloud, "V3").put_object(Bucket="interop", Key="rotated/a", Body=plaintext(100))
    official(cloud, "V2").put_object(Bucket="interop", Key="rotated/b", Body=plaintext(200))
    old = {"encryption_kms_key_id": cloud.key, "encryption_policy": "REQUIRE_ENCRYPT_ALLOW_DECRYPT"}
    with cloud.store(
        encryption_kms_key_id=cloud.other_key, encryption_policy="REQUIRE_ENCRYPT_ALLOW_DECRYPT"
    ) as store:
        done = store.rekey_all("rotated/", old=old)
        assert (done.rekeyed, done.unchanged, done.failed) == (2, 0, [])
        done = store.rekey_all("rotated/", old=old)
        assert (done.rekeyed, done.unchanged) == (0, 2)
        assert store.get("rotated/a").body == plaintext(100)
    for key, version, size in [("rotated/a", "V3", 100), ("rotated/b", "V2", 200)]:
        answer = official(cloud, version, cloud.other_key).get_object(Bucket="interop", Key=key)
        assert answer["Body"].read() == plaintext(size)


def test_threat_15_many_small_puts_take_few_calls_of_kms(cloud, monkeypatch):
    calls = []
    generate = KmsBackend.generate_data_key
    monkeypatch.setattr(
        KmsBackend, "generate_data_key", lambda *args, **named: calls.append(1) or generate(*args, **named)
    )
    count = int(os.environ.get("OARLOCK_PUTS", "1000"))
    with cloud.store(encryption_reuse_objects=100, encryption_reuse_age=3600) as store:
        for first in range(0, count, 1000):
            items = [
                {"key": f"many/{number}", "body": b"%d" % number}
                for number in range(first, min(first + 1000, count))
            ]
            assert [fate for fate in store.put_many(items) if fate.error] == []
    assert 1 <= len(calls) <= count // 100
    for number in range(0, count, count // 20):
        assert (
            official(cloud, "V3").get_object(Bucket="interop", Key=f"many/{number}")["Body"].read()
            == b"%d" % number
        )


class IncorrectKey(JsonRESTError):
    def __init__(self, message):
        super().__init__("IncorrectKeyException", message)


def test_a_rotation_is_enforced_between_keys_of_kms(cloud, monkeypatch):
    # By its reference, KMS fails so if another key wrapped the data key. moto refuses access, which proves
    # nothing.
    monkeypatch.setattr("moto.kms.models.AccessDeniedException", IncorrectKey)
    for version, instruction in [("V3", False), ("V3", True), ("V2", False)]:
        settings = {
            "encryption_policy": FORMATS[version][1],
            "encryption_instruction_file": str(instruction).lower(),
        }
        with cloud.store(**settings) as store:
            store.put("turned", plaintext(50))
        old = {"encryption_kms_key_id": cloud.key, **settings}
        with cloud.store(encryption_kms_key_id=cloud.other_key, **settings) as store:
            with monkeypatch.context() as undone:
                undone.setattr("moto.kms.models.AccessDeniedException", AccessDeniedException)
                with pytest.raises(oarlock.PermissionDeniedError, match="could not be proven"):
                    store.rekey("turned", old=old, enforce_rotation=True)
            store.rekey("turned", old=old, enforce_rotation=True)
            assert store.get("turned").body == plaintext(50)
        with cloud.store(**settings) as store, pytest.raises(oarlock.DecryptError):
            store.get("turned")
        answer = official(cloud, version, cloud.other_key).get_object(Bucket="interop", Key="turned")
        assert answer["Body"].read() == plaintext(50)
