"""How the clients in Python open the bench's bucket, each at its defaults."""

import os

KEY, SECRET = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
REGION = "us-east-1"


def oarlock(endpoint, **settings):
    import oarlock

    return oarlock.open(
        "s3://bench",
        endpoint=endpoint,
        region=REGION,
        access_key_id=KEY,
        secret_access_key=SECRET,
        **settings,
    )


def obstore(endpoint):
    from obstore.store import S3Store

    return S3Store(
        "bench",
        endpoint=endpoint,
        region=REGION,
        access_key_id=KEY,
        secret_access_key=SECRET,
        client_options={"allow_http": True},
    )


def boto3(endpoint):
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    )


def aws_crt(endpoint):
    """AWS's common runtime, as the AWS CLI uses it: boto3's own way to it supports no endpoint."""
    import botocore.config
    import botocore.session
    from s3transfer import crt

    session = botocore.session.Session()
    wrapper = crt.BotocoreCRTCredentialsWrapper(session.get_credentials())
    config = botocore.config.Config(s3={"addressing_style": "path"})
    serializer = crt.BotocoreCRTRequestSerializer(
        session, {"region_name": REGION, "endpoint_url": endpoint, "config": config}
    )
    client = crt.create_s3_crt_client(
        REGION, wrapper.to_crt_credentials_provider(), use_ssl=endpoint.startswith("https")
    )
    return crt.CRTTransferManager(client, serializer)
