"""`python -m oarlock explain`: the table, its exit status, and no secret in it, whichever way the secret
came."""

import json
import os
import subprocess
import sys

import pytest

CANARY = "canary-Zq7-of-explain"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXPLAINED0001", "AWS_SECRET_ACCESS_KEY": CANARY}


def explain(home, *arguments, **variables):
    """The exit status and the output, in a home of its own."""
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "AWS_EC2_METADATA_DISABLED": "true",
        **variables,
    }
    command = [sys.executable, "-m", "oarlock", "explain", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert CANARY not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def rows(home, *arguments, **variables):
    status, said, _ = explain(home, "--json", *arguments, **variables)
    return status, {row["what"]: row for row in json.loads(said)}


def profile(home, text):
    (home / ".aws").mkdir()
    (home / ".aws/config").write_text(text)


def test_table(tmp_path):
    status, said, _ = explain(
        tmp_path, "s3://my-bucket/data", "max_attempts=3", AWS_REGION="eu-west-3", **KEYS
    )
    lines = [line.split("  ") for line in said.splitlines()]
    table = {line[0]: [cell.strip() for cell in line[1:] if cell.strip()] for line in lines}
    assert status == 0
    assert table["provider"] == ["env", "environment variables"]
    assert table["region"] == ["eu-west-3", "environment variable AWS_REGION"]
    assert table["endpoint"] == ["https://my-bucket.s3.eu-west-3.amazonaws.com", "default"]
    assert table["max_attempts"] == ["3", "setting"]


def test_exit_status(tmp_path, fake):
    assert explain(tmp_path, "s3://my-bucket")[0] == 1
    status, _, wrong = explain(tmp_path, "s3://my-bucket", "reigon=x")
    assert status == 1 and "region" in wrong
    settings = [f"{name}={value}" for name, value in fake.settings().items()]
    assert rows(tmp_path, "s3://tests", "--check", *settings)[0] == 0
    fake.plan([{"match": {"op": "PutObject"}, "fault": {"status": 403, "code": "AccessDenied"}}])
    status, found = rows(tmp_path, "s3://tests/a", "--check", *settings)
    assert status == 1 and "s3:PutObject on arn:aws:s3:::tests/a/*" in found["check put"]["value"]


def test_junk_is_a_row(tmp_path):
    status, found = rows(tmp_path, "s3://my-bucket", AWS_MAX_ATTEMPTS="0", AWS_RETRY_MODE="adaptive", **KEYS)
    assert status == 1
    assert found["max_attempts"]["error"] == "Config" and "AWS_MAX_ATTEMPTS" in found["max_attempts"]["value"]
    assert (found["provider"]["value"], found["retry_mode"]["value"]) == ("env", "adaptive")


def test_profile(tmp_path):
    profile(
        tmp_path,
        "[profile ci]\nregion = eu-north-1\naws_access_key_id = AKIDOFTHEPROFILE1\naws_secret_access_key = "
        + CANARY,
    )
    status, found = rows(tmp_path, "s3://my.bucket", AWS_PROFILE="ci")
    assert status == 0
    assert (found["provider"]["value"], found["provider"]["source"]) == ("profile", "profile ci")
    assert (found["profile"]["value"], found["profile"]["source"]) == (
        "ci",
        "environment variable AWS_PROFILE",
    )
    assert (found["region"]["value"], found["region"]["source"]) == ("eu-north-1", "region of the profile ci")
    assert (found["addressing_style"]["value"], found["addressing_style"]["source"]) == (
        "path",
        "auto: the bucket's name holds a dot",
    )


def test_proxy(tmp_path):
    proxy = {"HTTPS_PROXY": f"http://me:{CANARY}@proxy.test:3128"}
    _, found = rows(tmp_path, "s3://my-bucket", **KEYS, **proxy)
    assert (found["proxy"]["value"], found["proxy"]["source"]) == (
        "http://proxy.test:3128",
        "environment variable HTTPS_PROXY",
    )
    _, found = rows(tmp_path, "s3://my-bucket", **KEYS, **proxy, NO_PROXY="amazonaws.com")
    assert (
        found["proxy"]["value"].startswith("none")
        and found["proxy"]["source"] == "environment variable NO_PROXY"
    )


PROCESS = f"""[default]
credential_process = echo '{{"Version": 1, "AccessKeyId": "AKIDOFTHEPROCESS1", "SecretAccessKey": "{CANARY}", "SessionToken": "{CANARY}"}}'
"""


@pytest.mark.parametrize(
    ("url", "settings", "variables", "config"),
    [
        (f"s3://AKIDOFTHEURL00001:{CANARY}@my-bucket", [], {}, ""),
        (
            "s3://my-bucket",
            ["access_key_id=AKIDOFSETTING0001", f"secret_access_key={CANARY}", f"session_token={CANARY}"],
            {},
            "",
        ),
        ("s3://my-bucket", [f"proxy=http://me:{CANARY}@proxy.test:3128"], KEYS, ""),
        ("s3://my-bucket", [f"sse_customer_key={CANARY.ljust(32, 'x')}"], KEYS, ""),
        ("s3://my-bucket", [], {**KEYS, "AWS_SESSION_TOKEN": CANARY}, ""),
        ("s3://my-bucket", [], {}, PROCESS),
        ("s3://my-bucket", [], {**KEYS, "AWS_ENDPOINT_URL": f"https://me:{CANARY}@host.test"}, ""),
        ("file:///nowhere", [f"secret_access_key={CANARY}", "access_key_id=x"], {}, ""),
    ],
    ids=["url", "settings", "proxy", "customer-key", "environment", "process", "endpoint", "directory"],
)
def test_no_secret(tmp_path, url, settings, variables, config):
    profile(tmp_path, config)
    # `explain` looks for the canary in everything that is printed.
    explain(tmp_path, url, *settings, **variables)
    explain(tmp_path, "--json", url, *settings, **variables)
