"""The official Python client, amazon-s3-encryption-client-python: each reads what the other wrote."""

import itertools

import oarlock
import pytest
from conftest import plaintext
from s3_encryption import S3EncryptionClient, S3EncryptionClientConfig
from s3_encryption.materials.kms_keyring import KmsKeyring
from s3_encryption.materials.materials import AlgorithmSuite, CommitmentPolicy

SIZES = [0, 1, 15, 16, 17, 5 * 2**20 + 3, 17 * 2**20]
FORMATS = {
    "V2": (AlgorithmSuite.ALG_AES_256_GCM_IV12_TAG16_NO_KDF, "FORBID_ENCRYPT_ALLOW_DECRYPT"),
    "V3": (AlgorithmSuite.ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY, "REQUIRE_ENCRYPT_REQUIRE_DECRYPT"),
}
CONTEXTS = [{}, {"team": "oarlock", "n": "17"}]


def official(cloud, version, key=None):
    algorithm, policy = FORMATS[version]
    keyring = KmsKeyring(kms_client=cloud.kms, kms_key_id=key or cloud.key)
    config = S3EncryptionClientConfig(keyring=keyring, encryption_algorithm=algorithm, commitment_policy=CommitmentPolicy[policy])
    return S3EncryptionClient(cloud.client("s3"), config)


def named(context):
    return {"EncryptionContext": context} if context else {}


@pytest.mark.parametrize("size,version", list(itertools.product(SIZES, FORMATS)))
def test_oarlock_reads_what_the_official_client_wrote(cloud, tmp_path, size, version):
    context = CONTEXTS[size % 2]
    official(cloud, version).put_object(Bucket="interop", Key="theirs", Body=plaintext(size), **named(context))
    with cloud.store(encryption_policy=FORMATS[version][1], encryption_context=context) as store:
        assert store.get("theirs").body == plaintext(size)
        store.get("theirs", tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == plaintext(size)
        assert store.head("theirs").size == size
        assert [entry.size for entry in store.list("theirs")] == [size]
    with cloud.store(encryption_kms_key_id="alias/interop", encryption_policy=FORMATS[version][1]) as store:
        assert store.get("theirs", encryption_context=context).body == plaintext(size)


@pytest.mark.parametrize("size,version,instruction", list(itertools.product(SIZES, FORMATS, [False, True])))
def test_the_official_client_reads_what_oarlock_wrote(cloud, size, version, instruction):
    context = CONTEXTS[size % 2]
    settings = {"encryption_policy": FORMATS[version][1], "encryption_context": context, "encryption_instruction_file": instruction}
    with cloud.store(**settings) as store:
        store.put("ours", plaintext(size))
        assert store.get("ours").body == plaintext(size)
    answer = official(cloud, version).get_object(Bucket="interop", Key="ours", **named(context))
    assert answer["Body"].read() == plaintext(size)


def test_their_multipart_uploads_are_read(cloud):
    body = plaintext(17 * 2**20)
    client = official(cloud, "V3")
    upload = client.create_multipart_upload(Bucket="interop", Key="parts")["UploadId"]
    cuts = [body[at : at + 6 * 2**20] for at in range(0, len(body), 6 * 2**20)]
    parts = []
    for number, part in enumerate(cuts, 1):
        last = {"IsLastPart": True} if number == len(cuts) else {}
        answer = client.upload_part(Bucket="interop", Key="parts", UploadId=upload, PartNumber=number, Body=part, **last)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    client.complete_multipart_upload(Bucket="interop", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    with cloud.store() as store:
        assert store.get("parts").body == body


def test_threat_15_keys_and_contexts_of_others(cloud):
    official(cloud, "V3").put_object(Bucket="interop", Key="theirs", Body=b"secret", EncryptionContext={"a": "b"})
    for settings in [{}, {"encryption_context": {"a": "c"}}, {"encryption_context": {"a": "b", "c": "d"}}]:
        with cloud.store(**settings) as store, pytest.raises(oarlock.Decrypt):
            store.get("theirs")
    with cloud.store(encryption_kms_key_id=cloud.other_key, encryption_context={"a": "b"}) as store, pytest.raises(oarlock.Error) as refused:
        store.get("theirs")
    assert "secret" not in str(refused.value)
    with cloud.store(encryption_kms_key_id=cloud.other_key, encryption_context={"a": "b"}, encryption_kms_any_key=True) as store:
        assert store.get("theirs").body == b"secret"
    unknown = cloud.key.rsplit("/", 1)[0] + "/00000000-0000-0000-0000-000000000000"
    with cloud.store(encryption_kms_key_id=unknown, encryption_context={"a": "b"}) as store, pytest.raises(oarlock.Error) as missing:
        store.get("theirs")
    # Not `NotFound`: the object is there, the key is not.
    assert not isinstance(missing.value, oarlock.NotFound)


def test_a_rotated_key_is_enough_for_the_official_client(cloud):
    official(cloud, "V3").put_object(Bucket="interop", Key="rotated/a", Body=plaintext(100))
    official(cloud, "V2").put_object(Bucket="interop", Key="rotated/b", Body=plaintext(200))
    old = {"encryption_kms_key_id": cloud.key, "encryption_policy": "REQUIRE_ENCRYPT_ALLOW_DECRYPT"}
    with cloud.store(encryption_kms_key_id=cloud.other_key, encryption_policy="REQUIRE_ENCRYPT_ALLOW_DECRYPT") as store:
        done = store.rekey_all("rotated/", old=old)
        assert (done.rekeyed, done.unchanged, done.failed) == (2, 0, [])
        done = store.rekey_all("rotated/", old=old)
        assert (done.rekeyed, done.unchanged) == (0, 2)
        assert store.get("rotated/a").body == plaintext(100)
    for key, version, size in [("rotated/a", "V3", 100), ("rotated/b", "V2", 200)]:
        answer = official(cloud, version, cloud.other_key).get_object(Bucket="interop", Key=key)
        assert answer["Body"].read() == plaintext(size)
