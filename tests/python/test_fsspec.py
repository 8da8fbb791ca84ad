"""The keywords of `OarlockFileSystem`: oarlock's own, s3fs', and which of them wins."""

import oarlock
import pytest

fsspec = pytest.importorskip("oarlock.fsspec")


def settings(**keywords):
    filesystem = fsspec.OarlockFileSystem(skip_instance_cache=True, **keywords)
    return filesystem._split("bucket/key")[0].settings


def test_keywords_of_s3fs():
    told = settings(
        key="id",
        secret="canary",
        token="canary",
        client_kwargs={"endpoint_url": "http://host:1", "region_name": "eu-west-1", "verify": False},
        config_kwargs={"connect_timeout": 3, "read_timeout": 4, "s3": {"addressing_style": "path"}, "retries": {"max_attempts": 2, "mode": "adaptive"}},
        s3_additional_kwargs={"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k", "StorageClass": "STANDARD_IA"},
        requester_pays=True,
        default_block_size=1 << 20,
        use_listings_cache=False,
    )
    expected = {
        "access_key_id": "id", "endpoint": "http://host:1", "region": "eu-west-1", "verify": False, "addressing_style": "path",
        "max_attempts": 2, "retry_mode": "adaptive", "sse": "aws:kms", "sse_kms_key_id": "k", "storage_class": "STANDARD_IA", "request_payer": True,
    }  # fmt: skip
    assert {name: told[name] for name in expected} == expected
    assert "canary" not in repr(told)
    assert settings(anon=True) == {"anonymous": True}


def test_who_wins_and_what_is_refused():
    assert settings(region="a", url_query="region=b&acl=private")["region"] == "a"
    assert settings(url_query="region=b")["region"] == "b"
    with pytest.raises(oarlock.Config, match="endpoint_url"):
        settings(client_kwargs={"endpoint_ur": "http://host"})
    with pytest.raises(oarlock.Config, match="twice"):
        settings(region="a", client_kwargs={"region_name": "b"})
