"""The corners of the rules that the oracles' own scenarios leave out: what oarlock answers, and which rule
requires it.

Invariant: each row is a scenario like theirs, run in the same way; `key` is the access key id that must come
out, `words` what the error must say, `sts` how often a role may be requested.
"""

import hashlib
import json

import pytest
from test_oracles import in_namespace

OFF = {"AWS_EC2_METADATA_DISABLED": "true"}
A, B = (
    "aws_access_key_id = AKIAA\naws_secret_access_key = secret-a\n",
    "aws_access_key_id = AKIAB\naws_secret_access_key = secret-b\n",
)
ROLE = "role_arn = arn:aws:iam::1:role/r\n"
STS = {**OFF, "AWS_ENDPOINT_URL_STS": "${SRV}", "AWS_REGION": "us-east-1"}
SSO = {**OFF, "AWS_PROFILE": "a", "AWS_ENDPOINT_URL_SSO": "${SRV}", "AWS_ENDPOINT_URL_SSO_OIDC": "${SRV}"}
EXPIRED = {
    "AWS_ACCESS_KEY_ID": "AKIAENV",
    "AWS_SECRET_ACCESS_KEY": "secret-e",
    "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z",
}
WEB = {"AWS_WEB_IDENTITY_TOKEN_FILE": "${HOME}/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/w"}
PORT80 = {"link_local": True}


def row(
    env=None,
    config=None,
    credentials=None,
    server=None,
    host=None,
    files=None,
    key=None,
    words=(),
    sts=0,
    said=(),
):
    files = dict(files or {})
    if config is not None:
        files["~/.aws/config"] = config
    if credentials is not None:
        files["~/.aws/credentials"] = credentials
    scenario = {
        "env": {**OFF, **(env or {})},
        "files": files,
        "server": server or {},
        "host": host or {},
        "tags": [],
        "s3": None,
    }
    scenario["env"] = {name: value for name, value in scenario["env"].items() if value is not None}
    return scenario, key, words, sts, said


def process(document, code=0):
    text = document if isinstance(document, str) else json.dumps(document)
    return {
        "~/bin/keys!x": f"#!/bin/sh\necho 'refused Stderr1234567890ABCDEFG' >&2\necho '{text}'\nexit {code}\n"
    }


LOGIN = f"~/.aws/login/cache/{hashlib.sha256(b'arn').hexdigest()}.json"


def login(expires):
    token = {
        "accessKeyId": "ASIALOGIN",
        "secretAccessKey": "secret-login",
        "sessionToken": "tok-login",
        "accountId": "1",
        "expiresAt": expires,
    }
    return json.dumps(
        {"accessToken": token, "refreshToken": "secret-refresh", "clientId": "c", "dpopKey": "secret-key"}
    )


CORP = "[profile a]\nregion = us-west-2\nsso_session = My Corp\nsso_account_id = 333333333333\nsso_role_name = Dev\n"
CORP_SESSION = "sso_start_url = https://d-1.awsapps.com/start\nsso_region = us-east-2\n"
CORP_FILE = {
    f"~/.aws/sso/cache/{hashlib.sha1(b'My Corp').hexdigest()}.json": json.dumps(
        {
            "startUrl": "https://d-1.awsapps.com/start",
            "region": "us-east-2",
            "accessToken": "sso-token-good",
            "expiresAt": "2099-01-01T00:00:00Z",
        }
    )
}

GOOD = {"Version": 1, "AccessKeyId": "AKIAPROC", "SecretAccessKey": "secret-p"}
RUN = "[default]\ncredential_process = ${HOME}/bin/keys\n"

ROWS = {
    # Which profile.
    "profile-before-default-profile": row({"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"}, credentials=f"[a]\n{A}[b]\n{B}", key="AKIAA"),
    "default-profile-ghost": row({"AWS_DEFAULT_PROFILE": "ghost"}, credentials=f"[default]\n{A}", words=("ghost", "AWS_DEFAULT_PROFILE")),
    "host-profile-ghost": row({"AWS_PROFILE": "a"}, credentials=f"[a]\n{A}", host={"profile": "ghost"}, words=("ghost", "setting")),
    "profile-in-both-files": row({"AWS_PROFILE": "a"}, f"[profile a]\n{A}region = eu-west-3\n", f"[a]\n{B}", key="AKIAB", said=("eu-west-3",)),
    "prefixed-name-in-credentials-file": row({"AWS_PROFILE": "a"}, credentials=f"[profile a]\n{A}", words=("profile `a`",)),
    "prefixed-default-wins": row({}, f"[default]\n{A}[profile default]\n{B}", key="AKIAB"),
    "half-in-profile": row({}, credentials="[default]\naws_secret_access_key = secret-a\n", words=("aws_access_key_id is missing", "default")),
    "no-files-at-all": row({}, words=("no credentials were found", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "default", "AWS_CONTAINER", "metadata")),
    "files-unreadable-name": row({"AWS_CONFIG_FILE": "${HOME}", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}, words=("no credentials were found",)),
    # Names with blanks, quoted as `aws configure` writes them. Each answer is botocore's (1.44.5, by
    # probe_botocore.py).
    "sso-session-in-single-quotes": row(SSO, f"{CORP}[sso-session 'My Corp']\n{CORP_SESSION}", files=CORP_FILE, key="ASIASSO"),
    "sso-session-in-double-quotes": row(SSO, f'{CORP}[sso-session "My Corp"]\n{CORP_SESSION}', files=CORP_FILE, key="ASIASSO"),
    "sso-session-with-a-backslash": row(SSO, f"{CORP}[sso-session My\\ Corp]\n{CORP_SESSION}", files=CORP_FILE, key="ASIASSO"),
    "sso-session-without-quotes": row(SSO, f"{CORP}[sso-session My Corp]\n{CORP_SESSION}", files=CORP_FILE, words=("My Corp", "sso-session")),
    "profile-in-single-quotes": row({"AWS_PROFILE": "my prof"}, f"[profile 'my prof']\nregion = eu-west-3\n{A}", key="AKIAA", said=("eu-west-3",)),
    "profile-in-quotes-without-need": row({"AWS_PROFILE": "p"}, f'[profile "p"]\n{A}', key="AKIAA"),
    "profile-with-a-blank-in-both-files": row({"AWS_PROFILE": "my prof"}, "[profile 'my prof']\nregion = eu-west-3\n", f"[my prof]\n{A}", key="AKIAA", said=("eu-west-3",)),
    "profile-in-quotes-in-the-credentials-file": row({"AWS_PROFILE": "my prof"}, credentials=f"['my prof']\n{A}", words=("my prof",)),
    "profile-with-a-percent-sign": row({"AWS_PROFILE": "50%"}, f"[profile 50%]\n{A}", key="AKIAA"),
    "profile-beyond-ascii": row({"AWS_PROFILE": "Ü b"}, f"[profile 'Ü b']\n{A}", key="AKIAA"),
    "source-in-quotes": row(
        {**STS, "AWS_DEFAULT_REGION": "us-east-1", "AWS_PROFILE": "a"}, f'[profile a]\n{ROLE}source_profile = my prof\n[profile "my prof"]\n{A}', key="ASIAR", sts=1
    ),
    # The session token's older name; botocore reads it first.
    "token-by-its-older-name": row({}, credentials=f"[default]\n{A}aws_security_token = tok-old\n", key="AKIAA", said=('"token": "tok-old"',)),
    "token-by-both-names": row({}, credentials=f"[default]\n{A}aws_session_token = tok-new\naws_security_token = tok-old\n", key="AKIAA", said=('"token": "tok-old"',)),
    # Roles.
    "source-is-itself": row({**STS, "AWS_PROFILE": "a"}, f"[profile a]\n{ROLE}source_profile = a\n{A}", key="ASIAR", sts=1),
    "source-is-itself-without-keys": row({**STS, "AWS_PROFILE": "a"}, f"[profile a]\n{ROLE}source_profile = a\n", words=("profile `a`",)),
    "circle": row(
        {**STS, "AWS_PROFILE": "a"}, f"[profile a]\n{ROLE}source_profile = b\n[profile b]\n{ROLE}source_profile = a\n", words=("circle", "a → b → a")
    ),
    "source-ghost": row({**STS, "AWS_PROFILE": "a"}, f"[profile a]\n{ROLE}source_profile = ghost\n", words=("`ghost`", "source_profile")),
    "mfa-without-code": row(
        {**STS, "AWS_PROFILE": "a"}, f"[profile a]\n{ROLE}source_profile = b\nmfa_serial = arn:mfa\n[profile b]\n{A}", words=("mfa_token", "arn:mfa")
    ),
    "source-environment-without-keys": row(
        {**STS, "AWS_PROFILE": "a"}, f"[profile a]\n{ROLE}credential_source = Environment\n", words=("environment", "AWS_ACCESS_KEY_ID")
    ),
    "source-container": row(
        {**STS, "AWS_PROFILE": "a", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "${SRV}/ecs"},
        f"[profile a]\n{ROLE}credential_source = EcsContainer\n", key="ASIAR", sts=1,
    ),
    "source-instance": row(
        {**STS, "AWS_PROFILE": "a", "AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": "${SRV}"},
        f"[profile a]\n{ROLE}credential_source = Ec2InstanceMetadata\n", server={"imds": {}}, key="ASIAR", sts=1,
    ),
    "source-is-web-identity": row(
        {**STS, "AWS_PROFILE": "a"}, f"[profile a]\n{ROLE}source_profile = w\n[profile w]\nrole_arn = arn:aws:iam::1:role/w\nweb_identity_token_file = ${{HOME}}/token\n",
        files={"~/token": "JWT-1"}, key="ASIAR", sts=2,
    ),
    "duration-junk": row({**STS, "AWS_PROFILE": "a"}, f"[profile a]\n{ROLE}source_profile = b\nduration_seconds = 1h\n[profile b]\n{A}", words=("duration_seconds", "1h")),
    # Web identity.
    "web-identity-and-env-keys": row({**STS, **WEB, "AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"}, key="AKIAENV"),
    "web-identity-denied-does-not-fall-through": row(
        {**STS, **WEB}, credentials=f"[default]\n{A}", files={"~/token": "JWT-1"}, server={"sts": {"status": 403}}, words=("AccessDenied", "role/w"), sts=1
    ),
    "web-identity-and-host-profile": row({**STS, **WEB}, credentials=f"[a]\n{A}", host={"profile": "a"}, key="AKIAA"),
    # The environment's keys.
    "expired-env-does-not-fall-through": row(EXPIRED, credentials=f"[default]\n{A}", words=("environment", "expired", "2020-01-01")),
    "expiration-junk": row({**EXPIRED, "AWS_CREDENTIAL_EXPIRATION": "tomorrow"}, words=("AWS_CREDENTIAL_EXPIRATION", "tomorrow")),
    "env-half-with-profile": row({"AWS_ACCESS_KEY_ID": "AKIAENV"}, credentials=f"[default]\n{A}", words=("AWS_SECRET_ACCESS_KEY is missing",)),
    # Containers.
    "container-foreign-host": row({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.7/ecs"}, words=("container",)),
    "container-junk-uri": row({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "::nonsense::"}, words=("container",)),
    "container-relative-before-full": row(
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.7/ecs"}, server=PORT80, key="ASIAECS"
    ),
    "container-eks": row(
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v2/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "${HOME}/token"},
        files={"~/token": "pod-token"}, server={**PORT80, "ecs": {"auth": "pod-token"}}, key="ASIAECS",
    ),
    "container-token-file-missing": row(
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "${SRV}/ecs", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "${HOME}/absent"}, words=("container", "absent")
    ),
    "container-token-before-file": row(
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "${SRV}/ecs", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "plain", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "${HOME}/token"},
        files={"~/token": "from-file"}, server={"ecs": {"auth": "from-file"}}, key="ASIAECS",
    ),
    "container-fails-and-instance-is-there": row(
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "${SRV}/ecs", "AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": "${SRV}"},
        server={"ecs": {"status": 404}, "imds": {}}, words=("container",),
    ),
    # The instance.
    "instance-without-a-role": row(
        {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": "${SRV}"}, server={"imds": {"role": None}}, words=("metadata",)
    ),
    "instance-token-refused": row(
        {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": "${SRV}"}, server={"imds": {"token_status": 403}}, words=("metadata",)
    ),
    "instance-by-ipv6": row(
        {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}, server={**PORT80, "imds": {}}, key="ASIAIMDS"
    ),
    "instance-mode-junk": row({"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv5"}, words=("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ipv5")),
    "instance-timeout-junk": row({"AWS_EC2_METADATA_DISABLED": None, "AWS_METADATA_SERVICE_TIMEOUT": "soon"}, words=("AWS_METADATA_SERVICE_TIMEOUT", "soon")),
    "instance-region-is-not-taken": row(
        {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": "${SRV}"}, server={"imds": {}}, key="ASIAIMDS", said=("us-east-1",)
    ),
    # A process.
    "process-version": row({}, RUN, files=process({**GOOD, "Version": 2}), words=("Version", "default")),
    "process-no-json": row({}, RUN, files=process("no json"), words=("JSON", "default")),
    "process-half": row({}, RUN, files=process({"Version": 1, "AccessKeyId": "AKIAPROC"}), words=("SecretAccessKey",)),
    "process-past": row({}, RUN, files=process({**GOOD, "Expiration": "2020-01-01T00:00:00Z"}), words=("expired", "2020-01-01")),
    "process-expiration-junk": row({}, RUN, files=process({**GOOD, "Expiration": "never"}), words=("Expiration",)),
    "process-fails": row({}, RUN, credentials=f"[other]\n{A}", files=process(GOOD, 3), words=("credential_process", "default", "3")),
    "process-is-a-source": row({**STS, "AWS_PROFILE": "a"}, f"[profile a]\n{ROLE}source_profile = default\n{RUN}", files=process(GOOD), key="ASIAR", sts=1),
    # A console sign-in; its file is named by the SHA-256 of "arn".
    "login": row({}, "[default]\nlogin_session = arn\n", files={LOGIN: login("2099-01-01T00:00:00Z")}, key="ASIALOGIN"),
    "login-past": row({}, "[default]\nlogin_session = arn\n", files={LOGIN: login("2020-01-01T00:00:00Z")}, words=("expired at 2020-01-01", "aws login --profile default")),
    "login-absent": row({}, "[default]\nlogin_session = arn\n", words=("aws login --profile default",)),
    "login-is-a-source": row(
        {**STS, "AWS_PROFILE": "a"}, f"[profile a]\n{ROLE}source_profile = b\n[profile b]\nlogin_session = arn\n",
        files={LOGIN: login("2099-01-01T00:00:00Z")}, key="ASIAR", sts=1,
    ),
    # SSO.
    "sso-section-missing": row(SSO, "[profile a]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = Dev\n", words=("[sso-session corp]", "profile `a`")),
    "sso-not-signed-in": row(
        SSO, "[profile a]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = Dev\n[sso-session corp]\nsso_start_url = u\nsso_region = us-east-2\n",
        words=("aws sso login --profile a",),
    ),
    "sso-token-junk": row(
        SSO, "[profile a]\nsso_start_url = u\nsso_region = us-east-2\nsso_account_id = 1\nsso_role_name = Dev\n",
        files={"~/.aws/sso/cache/51e69892ab49df85c6230ccc57f8e1d1606caccc.json": "{\"accessToken\": \"secret-sso"}, words=("aws sso login",),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    place = tmp_path_factory.mktemp("corners")
    for name, (scenario, *_) in ROWS.items():
        (place / f"{name}.json").write_text(json.dumps({**scenario, "id": name}))
    return in_namespace("run.py", tmp_path_factory.mktemp("answers") / "answers.json", "--dir", str(place))


@pytest.mark.parametrize("name", ROWS)
def test_corner(name, answers):
    (_, key, words, sts, said), answer = ROWS[name], answers[name]["oarlock"]
    assert answer.get("access_key") == key, answer
    error = answer.get("error") or ""
    assert all(word in error for word in words), answer
    assert key or answer["error_kind"] in ("Credentials", "Config"), answer
    assert all(word in json.dumps(answer) for word in said), answer
    assert sum(call["svc"] == "sts" for call in answer["calls"]) == sts, answer["calls"]
    for secret in ("secret-", "Stderr123", "tok-", "JWT-1", "pod-token", "from-file"):
        assert secret not in error
