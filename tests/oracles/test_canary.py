"""One secret, given through every channel there is, and searched for in everything that oarlock prints.

Invariant: each channel runs in a process of its own, with every log on; what it prints is searched for the
secret and for the forms it takes on the way (percent escapes, base64). Only a pickle of a store that was
given its keys may hold them, and is not made here.
"""

import base64
import json
import subprocess
import sys
from urllib.parse import quote

import pytest
from cloud import Cloud

SECRET = "CaNaRy7/Secret+Xq9LmZ2vB4"
KEY = b"CaNaRy7-customer-key-of-32-bytes"
FORMS = [
    SECRET,
    quote(SECRET, safe=""),
    base64.b64encode(SECRET.encode()).decode()[:16],
    "CaNaRy7",
    base64.b64encode(KEY).decode(),
]

TELL = """
import logging, json, pickle, sys, traceback, oarlock
logging.basicConfig(level=1, stream=sys.stdout, format="%(levelname)s %(message)s")
def tell():
    try:
        store = oarlock.open(URL, **SETTINGS)
    except oarlock.Error as error:
        print("refused", error, repr(error), vars(error)); return
    print(repr(store), str(store), store.settings, repr(store._native), repr(store.aio))
    if not GIVEN:
        print(pickle.dumps(store))
    verbs = (lambda: store.put("k", b"x"), lambda: store.head("k"), lambda: repr(store.credentials())[:0])
    for verb in verbs:
        try:
            print(verb())
        except oarlock.Error as error:
            print("failed", error, repr(error), vars(error))
            traceback.print_exc(file=sys.stdout)
tell()
"""

NO_SERVER = "http://127.0.0.1:1"
FAST = {"max_attempts": 1, "connect_timeout": 2}
PROCESS = "[default]\ncredential_process = {home}/keys\n"
ROLE = "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = s\n[profile s]\naws_access_key_id = A\naws_secret_access_key = {secret}\n"
SSO = "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = Dev\n[sso-session corp]\nsso_start_url = u\nsso_region = us-east-2\n"
SIGN_IN = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
TOKEN = {
    "accessToken": SECRET,
    "refreshToken": SECRET,
    "clientId": "c",
    "clientSecret": SECRET,
    "registrationExpiresAt": "2099-01-01T00:00:00Z",
}
KEYS = {"access_key_id": "A", "secret_access_key": "s"}


def channel(url="s3://bucket", env=None, files=None, given=False, word="failed", **settings):
    return url, settings, env or {}, files or {}, given, word


# The word proves that the channel was really used: oarlock's reaction to it.
CHANNELS = {
    "settings": channel(access_key_id="A", secret_access_key=SECRET, session_token=SECRET, given=True),
    "half a pair": channel(secret_access_key=SECRET, given=True, word="refused"),
    "userinfo": channel(f"s3://A:{quote(SECRET, safe='')}@bucket", given=True),
    "userinfo, unescaped": channel(f"s3://A:{SECRET}@bucket", given=True, word="refused"),
    "userinfo, cut": channel(f"s3://:{quote(SECRET, safe='')}@bucket", word="refused"),
    "userinfo in the endpoint": channel(endpoint=f"http://u:{SECRET}@127.0.0.1:1", word="refused", **KEYS),
    "query": channel(f"s3://bucket?access_key_id=A&secret_access_key={quote(SECRET, safe='')}", given=True),
    "query, junk beside it": channel(f"s3://bucket?secret_access_key={quote(SECRET, safe='')}&no_such=1", word="refused"),
    "a line break in it": channel(access_key_id="A", secret_access_key=SECRET + "\n", word="refused"),
    "another type": channel(access_key_id="A", secret_access_key=[SECRET], word="refused"),
    "environment": channel(env={"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": SECRET}),
    "environment, half": channel(env={"AWS_SECRET_ACCESS_KEY": SECRET}),
    "environment's endpoint": channel(env={"AWS_ENDPOINT_URL": f"http://u:{SECRET}@127.0.0.1:1"}, **KEYS),
    "environment's endpoint of STS": channel(env={"AWS_ENDPOINT_URL_STS": f"http://u:{SECRET}@127.0.0.1:1"}, files={".aws/config": ROLE}),
    "profile": channel(files={".aws/credentials": "[default]\naws_access_key_id = A\naws_secret_access_key = {secret}\n"}),
    "profile, malformed": channel(files={".aws/credentials": "[default]\naws_access_key_id = A\n{secret}\n"}),
    "profile, no section": channel(files={".aws/credentials": "{secret}\n"}),
    "process": channel(files={".aws/config": PROCESS, "keys": f"echo '{SECRET}'; echo '{SECRET}' >&2"}),
    "process, cut": channel(files={".aws/config": PROCESS, "keys": f"echo '{{\"Version\": 1, \"SecretAccessKey\": \"{SECRET}'"}),
    "process, failing": channel(files={".aws/config": PROCESS, "keys": f"echo 'bad key {SECRET}' >&2; exit 1"}),
    "process, good": channel(files={".aws/config": PROCESS, "keys": f"echo '{json.dumps({'Version': 1, 'AccessKeyId': 'A', 'SecretAccessKey': SECRET})}'"}),
    "role": channel(files={".aws/config": ROLE}, env={"AWS_ENDPOINT_URL_STS": "{cloud}"}),
    "mfa": channel(files={".aws/config": ROLE.replace("source", "mfa_serial = m\nsource")}, env={"AWS_ENDPOINT_URL_STS": "{cloud}"}, mfa_token=SECRET, given=True),
    "web identity": channel(
        env={"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token", "AWS_ROLE_ARN": "r", "AWS_ENDPOINT_URL_STS": NO_SERVER}, files={"token": "{secret}"}
    ),
    "sso": channel(files={".aws/config": SSO, SIGN_IN: json.dumps(TOKEN | {"expiresAt": "2020-01-01T00:00:00Z"})}, env={"AWS_ENDPOINT_URL": NO_SERVER}),
    "sso, spoilt": channel(files={".aws/config": SSO, SIGN_IN: json.dumps(TOKEN)[:-3]}),
    "container": channel(env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": SECRET}),
    "proxy": channel(proxy=f"http://u:{quote(SECRET, safe='')}@127.0.0.1:1", given=True, **KEYS),
    "proxy, junk": channel(proxy=f"u:{SECRET}@127.0.0.1:1", word="refused", **KEYS),
    "proxy of the environment": channel(env={"HTTP_PROXY": f"http://u:{quote(SECRET, safe='')}@127.0.0.1:1"}, **KEYS),
    "customer key": channel(sse_customer_key=KEY, given=True, **KEYS),
    "customer key, cut": channel(sse_customer_key=base64.b64encode(KEY[:-1]).decode(), word="refused", **KEYS),
}  # fmt: skip


@pytest.fixture(scope="module")
def cloud():
    cloud = Cloud()
    yield cloud
    cloud.shutdown()


@pytest.mark.parametrize("name", CHANNELS)
def test_nothing_tells_the_secret(name, cloud, tmp_path):
    url, settings, variables, files, given, word = CHANNELS[name]
    fill = {"home": str(tmp_path), "cloud": cloud.url, "secret": SECRET}

    def filled(text):
        for key, value in fill.items():
            text = text.replace("{" + key + "}", value)
        return text

    for path, text in files.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(("#!/bin/sh\n" if path == "keys" else "") + filled(text))
        file.chmod(0o700)
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "AWS_EC2_METADATA_DISABLED": "true",
        "RUST_LOG": "trace",
        "RUST_BACKTRACE": "1",
    }
    environment |= {name: filled(value) for name, value in variables.items()}
    environment |= (
        {}
        if "AWS_ENDPOINT_URL" in environment or "endpoint" in settings
        else {"AWS_ENDPOINT_URL_S3": NO_SERVER}
    )
    code = f"URL, SETTINGS, GIVEN = {url!r}, {FAST | settings!r}, {given!r}\n{TELL}"
    done = subprocess.run(
        [sys.executable, "-"], input=code, env=environment, capture_output=True, text=True, timeout=120
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0 and word in said, said
    assert not [form for form in FORMS if form in said], said
