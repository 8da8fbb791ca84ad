"""How often credentials are requested: by many threads, by many stores, by several processes, during a long
transfer, off EC2.

Invariant: calls are counted by the server, never guessed from times; a time is only ever bounded from above,
generously.
"""

import hashlib
import json
import os
import socket
import stat
import subprocess
import sys
import time

import pytest
from cloud import Cloud

READ = "import oarlock; print(oarlock.open('s3://bucket', **SETTINGS).credentials().access_key_id)"


def start(code, environment, **settings):
    """Runs Python in a process of its own with this environment alone."""
    return subprocess.Popen(
        [sys.executable, "-c", f"SETTINGS = {settings!r}\n{code}"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.strip()


@pytest.fixture
def cloud():
    cloud = Cloud()
    yield cloud
    cloud.shutdown()
    cloud.server_close()


THREADS = """
import oarlock, threading
stores = [oarlock.open("s3://bucket", app_name=f"store{number}") for number in range(200)]
together, said = threading.Barrier(1000), []
def ask(number):
    together.wait()
    said.append(stores[number % 200].credentials().access_key_id)
threads = [threading.Thread(target=ask, args=(number,)) for number in range(1000)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(said), len(set(said)))
"""


def test_a_thousand_threads_on_two_hundred_stores_cause_one_call(cloud, tmp_path):
    assert finish(start(THREADS, cloud.profile(tmp_path))) == "1000 1"
    assert len(cloud.issued) == 1


REFRESH = """
import oarlock, threading
store = oarlock.open("s3://bucket")
together = threading.Barrier(50)
def ask():
    together.wait()
    for _ in range(20):
        store.credentials()
threads = [threading.Thread(target=ask) for _ in range(50)]
for thread in threads: thread.start()
for thread in threads: thread.join()
while store.credentials().access_key_id == "ASIA1": pass
print(store.credentials().access_key_id)
"""


def test_a_renewal_under_load_causes_one_call(cloud, tmp_path):
    # They expire within the five minutes, so that they are due at once; those that come then are no better,
    # and are left alone a while.
    cloud.lifetime = 200
    assert finish(start(REFRESH, cloud.profile(tmp_path))) == "ASIA2"
    assert len(cloud.issued) == 2


@pytest.mark.parametrize("lifetime, calls", [(290, 2), (900, 1)])
def test_the_five_minutes(cloud, tmp_path, lifetime, calls):
    cloud.lifetime = lifetime
    code = "import oarlock\nstore = oarlock.open('s3://bucket')\nfor _ in range(3): store.credentials()\n"
    wait = "while store.credentials().access_key_id == 'ASIA1': pass\n" if calls == 2 else ""
    finish(start(code + wait, cloud.profile(tmp_path)))
    assert len(cloud.issued) == calls


def test_expired_token_is_met_by_one_fetch_and_one_retry(cloud, tmp_path):
    cloud.expired.add("ASIA1")
    finish(start("import oarlock\noarlock.open('s3://bucket').put('k', b'x')", cloud.profile(tmp_path)))
    assert (len(cloud.issued), cloud.signed) == (2, ["ASIA1", "ASIA2"])
    # Once, not for ever.
    cloud.expired |= {"ASIA3", "ASIA4", "ASIA5"}
    with pytest.raises(AssertionError, match="ExpiredToken|expired"):
        finish(start("import oarlock\noarlock.open('s3://bucket').put('k', b'x')", cloud.profile(tmp_path)))
    assert (len(cloud.issued), cloud.signed[2:]) == (4, ["ASIA3", "ASIA4"])


def test_a_head_refused_without_a_reason_is_met_by_one_fetch(cloud, tmp_path):
    head = "import oarlock\nstore = oarlock.open('s3://bucket')\n"
    cloud.expired.add("ASIA1")
    finish(start(f"{head}store.head('k')\n", cloud.profile(tmp_path)))
    assert (len(cloud.issued), cloud.signed) == (2, ["ASIA1", "ASIA2"])
    # Keys that are refused although they are new are not what is wrong: the calls that follow ask for no
    # others.
    cloud.expired |= {"ASIA3", "ASIA4", "ASIA5"}
    code = f"{head}for _ in range(3):\n    try: store.head('k')\n    except oarlock.Error as error: print(error.status)"
    assert finish(start(code, cloud.profile(tmp_path))).split() == ["400"] * 3
    assert (len(cloud.issued), cloud.signed[2:]) == (4, ["ASIA3", "ASIA4", "ASIA4", "ASIA4"])


def test_a_transfer_outlives_its_credentials(cloud, tmp_path):
    # After the third request the first keys are refused; whatever is under way goes on with the next.
    cloud.on_request = lambda: cloud.expired.add("ASIA1") if len(cloud.signed) > 3 else None
    code = "import oarlock\noarlock.open('s3://bucket', multipart_chunksize=5 << 20, max_concurrency=2).put('k', bytes(60 << 20))"
    finish(start(code, cloud.profile(tmp_path)))
    assert len(cloud.issued) == 2 and set(cloud.signed) == {"ASIA1", "ASIA2"}


def test_two_processes_share_a_role_by_the_cache(cloud, tmp_path):
    cloud.pause = 0.3
    environment, cache = cloud.profile(tmp_path), tmp_path / "cache"
    both = [start(READ, environment, credentials_cache=str(cache)) for _ in range(2)]
    assert [finish(process) for process in both] == ["ASIA1", "ASIA1"]
    assert len(cloud.issued) == 1
    files = list(cache.iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600} and stat.S_IMODE(
        cache.stat().st_mode
    ) == 0o700
    assert not any("role" in path.name or "ASIA" in path.name for path in files)
    # Another role session is another source.
    environment = cloud.profile(tmp_path, "role_session_name = other")
    assert finish(start(READ, environment, credentials_cache=str(cache))) == "ASIA2"
    # Without the setting nothing is read or written.
    assert finish(start(READ, environment)) == "ASIA3"
    # What the server refuses is not taken from the file again.
    cloud.expired |= {"ASIA2"}
    finish(
        start(
            "import oarlock\noarlock.open('s3://bucket', **SETTINGS).put('k', b'')",
            environment,
            credentials_cache=str(cache),
        )
    )
    assert finish(start(READ, environment, credentials_cache=str(cache))) == "ASIA4"


def test_keys_that_are_no_roles_are_never_written(cloud, tmp_path):
    environment, cache = cloud.profile(tmp_path), tmp_path / "cache"
    assert (
        finish(start(READ, environment | {"AWS_PROFILE": "keys"}, credentials_cache=str(cache)))
        == "AKIASOURCE"
    )
    keys = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}
    del environment["AWS_PROFILE"]
    assert finish(start(READ, environment | keys, credentials_cache=str(cache))) == "AKIAENV"
    assert not cache.exists()


def test_the_mfa_code_reaches_sts(cloud, tmp_path):
    environment = cloud.profile(tmp_path, "mfa_serial = arn:aws:iam::1:mfa/me")
    assert finish(start(READ, environment, mfa_token="123456")) == "ASIA1"
    assert (cloud.issued[0]["SerialNumber"], cloud.issued[0]["TokenCode"]) == (
        "arn:aws:iam::1:mfa/me",
        "123456",
    )
    process = start(READ, environment)
    assert "mfa_token" in process.communicate(timeout=60)[1] and len(cloud.issued) == 1


LOGGED = """
import logging, oarlock
logging.basicConfig(format="%(message)s")
for number in range(2):
    oarlock.open("s3://bucket", app_name=f"n{number}").credentials()
"""


def test_loose_permissions_are_warned_of_once(tmp_path):
    (tmp_path / ".aws").mkdir()
    file = tmp_path / ".aws" / "credentials"
    file.write_text("[default]\naws_access_key_id = A\naws_secret_access_key = canary\n")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    for mode, warnings in (0o644, 1), (0o640, 1), (0o600, 0):
        file.chmod(mode)
        process = start(LOGGED, environment)
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 0 and said.count("can be read by others") == warnings, said
        assert "canary" not in said and (warnings == 0 or (str(file) in said and "chmod 600" in said))


@pytest.fixture(params=["no answer to a connection", "no answer to a request"])
def silent(request):
    """An address that swallows packets: its queue of connections is full. Or one that takes a request and
    never answers."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0 if request.param == "no answer to a connection" else 100)
    waiting = []
    for _ in range(4 if request.param == "no answer to a connection" else 0):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(listener.getsockname())
        waiting.append(client)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    for each in (listener, *waiting):
        each.close()


SILENT = """
import json, oarlock, time
took = []
for number in range(3):
    begun = time.monotonic()
    try:
        oarlock.open("s3://bucket", app_name=f"n{number}", **SETTINGS).credentials()
    except oarlock.CredentialsError as error:
        assert "does not answer" in str(error), error
    took.append(time.monotonic() - begun)
print(json.dumps(took))
"""


def test_silent_metadata_costs_a_second_once_and_nothing_with_keys(silent, tmp_path):
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": silent,
    }
    first, *others = json.loads(finish(start(SILENT, environment)))
    # A second, and as much again for a busy machine; then it is known.
    assert 0.9 < first < 2.2 and max(others) < 0.5
    keys = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}
    assert max(json.loads(finish(start(SILENT, environment | keys)))) < 0.5


def test_an_sso_token_is_renewed_and_its_file_stays_whole(tmp_path):
    import fake_aws

    log = []
    servers = fake_aws.start({})
    servers[0].log = log
    url = f"http://127.0.0.1:{servers[0].server_address[1]}"
    (tmp_path / ".aws/sso/cache").mkdir(parents=True)
    (tmp_path / ".aws/config").write_text(
        "[profile a]\nsso_session = corp\nsso_account_id = 333333333333\nsso_role_name = Dev\n"
        "[sso-session corp]\nsso_start_url = https://d-1.awsapps.com/start\nsso_region = us-east-2\n"
    )
    file = tmp_path / ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
    held = {
        "startUrl": "https://d-1.awsapps.com/start", "region": "us-east-2", "accessToken": "sso-token-good", "clientId": "c",
        "clientSecret": "cs", "refreshToken": "refresh-1", "registrationExpiresAt": "2099-01-01T00:00:00Z", "somethingElse": {"kept": [1]},
    }  # fmt: skip
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "AWS_PROFILE": "a",
        "AWS_ENDPOINT_URL": url,
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def ask(expires, oidc=None, code=READ):
        servers[0].conf = {"oidc": oidc or {}}
        log.clear()
        file.write_text(
            json.dumps(
                held | {"expiresAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + expires))}
            )
        )
        file.chmod(0o644)
        process = start("import logging; logging.basicConfig()\n" + code, environment)
        out, err = process.communicate(timeout=60)
        return out.strip(), err, [call["op"] for call in log], json.loads(file.read_text())

    out, err, calls, kept = ask(3600)
    assert (out, calls, kept["accessToken"]) == ("ASIASSO", ["GetRoleCredentials"], "sso-token-good")
    assert err.count("can be read by others") == 1
    for expires in (100, -100):
        out, err, calls, kept = ask(expires)
        assert (out, calls) == ("ASIASSO", ["CreateToken", "GetRoleCredentials"]), err
        assert (kept["accessToken"], kept["refreshToken"], kept["somethingElse"]) == (
            "sso-token-new",
            "refresh-2",
            {"kept": [1]},
        )
        assert (
            kept["clientSecret"] == "cs"
            and kept["expiresAt"].endswith("Z")
            and stat.S_IMODE(file.stat().st_mode) == 0o600
        )
        assert os.listdir(file.parent) == [file.name]
    # Not renewed, but still good; then not good any more.
    out, err, calls, kept = ask(100, {"fail": True})
    assert (out, kept["accessToken"]) == ("ASIASSO", "sso-token-good") and "could not be renewed yet" in err
    out, err, calls, kept = ask(-100, {"fail": True})
    assert calls == ["CreateToken"] and "expired at" in err and "aws sso login --profile a" in err
    assert not any(secret in err for secret in ("sso-token", "refresh-", 'cs"'))
    servers[0].shutdown()


def test_a_sign_in_is_renewed_and_its_file_stays_whole(tmp_path):
    import fake_aws

    log = []
    servers = fake_aws.start({})
    servers[0].log = log
    url = f"http://127.0.0.1:{servers[0].server_address[1]}"
    (tmp_path / ".aws/login/cache").mkdir(parents=True)
    (tmp_path / ".aws/config").write_text("[profile a]\nlogin_session = arn\nregion = us-east-2\n")
    file = tmp_path / ".aws/login/cache" / f"{hashlib.sha256(b'arn').hexdigest()}.json"
    key = subprocess.run(
        ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    keys = {
        "accessKeyId": "ASIALOGIN",
        "secretAccessKey": "secret-login",
        "sessionToken": "tok-login",
        "accountId": "333333333333",
    }
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "AWS_PROFILE": "a",
        "AWS_ENDPOINT_URL": url,
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def ask(expires, **held):
        log.clear()
        expiry = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + expires))
        held = {"clientId": "c", "refreshToken": "secret-refresh", "dpopKey": key, "idToken": "kept", **held}
        file.write_text(json.dumps(held | {"accessToken": keys | {"expiresAt": expiry}}))
        file.chmod(0o600)
        process = start("import logging; logging.basicConfig()\n" + READ, environment)
        out, err = process.communicate(timeout=60)
        return out.strip(), err, log[:], json.loads(file.read_text())

    assert ask(3600)[::2] == ("ASIALOGIN", [])
    for expires in (100, -100):
        out, err, [call], kept = ask(expires)
        assert (out, call["op"], call["grant"], call["dpop"]) == (
            "ASIALOGIN2",
            "CreateOAuth2Token",
            "refresh_token",
            True,
        ), err
        assert (kept["accessToken"]["accessKeyId"], kept["accessToken"]["accountId"]) == (
            "ASIALOGIN2",
            "333333333333",
        )
        assert (kept["refreshToken"], kept["idToken"], kept["dpopKey"]) == ("r2", "kept", key)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600 and os.listdir(file.parent) == [file.name]
    # Not renewed, but still good; then not good any more.
    out, err, calls, kept = ask(100, dpopKey="secret-key")
    assert (out, calls, kept["refreshToken"]) == (
        "ASIALOGIN",
        [],
        "secret-refresh",
    ) and "could not be renewed yet" in err
    out, err, calls, kept = ask(-100, refreshToken="")
    assert calls == [] and "expired at" in err and "aws login --profile a" in err
    assert "secret-" not in err and "tok-login" not in err
    servers[0].shutdown()
