"""Oracles: oarlock answers each scenario as botocore and aws-config do; where those two differ, as the rules
say.

Invariant: the expectations are those that the two SDKs computed; nothing here is adapted to what oarlock
does. Each scenario runs in a process of its own with a clean environment, in a network namespace where the
metadata addresses are on loopback (needs root).
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROBE = f"oarlock={sys.executable} {HERE / 'probe.py'}"
CHAIN = ROOT.parent / "shared" / "oracles" / "aws-config-chain"
SCENARIOS = {path.stem: json.loads(path.read_text()) for path in sorted((HERE / "scenarios").glob("*.json"))}

BLANK = "a blank variable counts as one that is not there"
EXPIRED = "expired credentials are an error that says when they expired"
HALF = "half a key pair is an error that names the missing half"
FILES = "the shared files are read as aws-config reads them"
LISTED = "the chain asks what the rules list, and nothing else"
ORDER = "web identity from the environment comes before the shared files"
PATH = "a custom endpoint is addressed by path"
QUOTED = "a section's name may be quoted, as the AWS CLI writes it"
RETRY = "`legacy` means standard"
SECTION = "the `s3` section of a profile counts"
SHELL = "a credential_process runs through the shell"
TRUST = "the CA bundle: host, AWS_CA_BUNDLE, profile, REQUESTS_CA_BUNDLE, SSL_CERT_FILE"

# Where the two SDKs differ: who is right here, and by which rule.
DIFFERENCES = {
    "cfg-max-attempts-0": ("rust", "junk in AWS_MAX_ATTEMPTS is a Config error"),
    "cfg-retry-mode-legacy": ("botocore", RETRY),
    "ec2-credentials-file": ("rust", LISTED),
    "env-blank-falls-to-profile": ("rust", BLANK),
    "env-default-profile-var": (
        "botocore",
        "AWS_DEFAULT_PROFILE names the profile where AWS_PROFILE does not",
    ),
    "env-expired": ("botocore", EXPIRED),
    "env-secret-fallback": ("botocore", HALF),
    "env-security-token-legacy": ("botocore", "AWS_SECURITY_TOKEN is the session token's older name"),
    "ep-env-global": ("botocore", PATH),
    "ep-express": ("rust", "a signed URL for a directory bucket needs a session, which takes a request"),
    "ep-host-vs-env-s3": ("botocore", PATH),
    "ep-profile-global": ("botocore", PATH),
    "ep-s3-section-dualstack": ("botocore", SECTION),
    "ep-s3-section-path": ("botocore", SECTION),
    "files-inline-comment": ("rust", FILES),
    "files-mixed-halves": ("rust", FILES),
    "files-quoted-profile": ("botocore", QUOTED),
    "files-token-mix": ("rust", FILES),
    "imds-v1-only-404": ("rust", "the instance's metadata is asked in version 2 only"),
    "proc-expired": ("botocore", EXPIRED),
    "proc-shell-meta": ("rust", SHELL),
    "proc-tilde": ("rust", SHELL),
    "proc-vs-static-credentials-file": ("rust", "within a profile, static keys come last"),
    "region-aws-region": ("rust", "AWS_REGION comes before AWS_DEFAULT_REGION"),
    "region-both": ("rust", "AWS_REGION comes before AWS_DEFAULT_REGION"),
    "role-credential-source-env-host": ("botocore", "what the host says explicitly beats the environment"),
    "role-params": ("botocore", "duration_seconds reaches STS"),
    "role-self-process": ("rust", "a profile may be its own source"),
    "sso-expired": ("botocore", EXPIRED),
    "tls-aws-ca-bundle": ("botocore", TRUST),
    "tls-profile-ca-bundle": ("botocore", TRUST),
    "tls-requests-ca-bundle": ("botocore", TRUST),
    "tls-ssl-cert-file": ("rust", TRUST),
    "webid-env-vs-default-profile": ("botocore", ORDER),
    "webid-env-vs-named-profile": ("botocore", ORDER),
}

# What both SDKs overlook or fall over, and oarlock refuses: the variable that the Config error must name. The
# rule: a junk value of any setting is a Config error, never overlooked, above all not where it was to make
# things safer.
REFUSED = {
    "cfg-checksum-junk": "AWS_REQUEST_CHECKSUM_CALCULATION",
    "cfg-fips-junk": "AWS_USE_FIPS_ENDPOINT",
    "cfg-max-attempts-0": "AWS_MAX_ATTEMPTS",
}

# Of aws-config's own cases: those where the answer is another, with the rule.
CHAIN_DIFFERENCES = {
    "default/profile_overrides_web_identity": ORDER,
    "profile/credential_process": EXPIRED,
    "profile/credential_process_account_id_fallback": EXPIRED,
    "profile/e2e_assume_role": "it describes one provider and not the whole chain, whose environment keys win",
}


def ours(name):
    """What oarlock should answer in a scenario."""
    scenario = SCENARIOS[name]
    side = DIFFERENCES[name][0] if scenario["disagree"] else "botocore"
    expected = {
        key: value
        for key, value in scenario["expect"][side].items()
        if key not in ("error_kind", "error", "provider_name")
    }
    if expected.get("region") is None:
        expected["region"] = "us-east-1"  # without any region: us-east-1, never one from the metadata
    return expected


def expiry(seconds):
    if seconds is None:
        return None
    return "past" if seconds <= 0 else "le1h" if seconds <= 3700 else "le6h" if seconds <= 22000 else "far"


def told(answer):
    """A probe's answer in the words of the expectations."""
    said = {"ok": bool(answer.get("ok")), "region": answer.get("region")}
    if said["ok"]:
        said |= {key: answer.get(key) for key in ("access_key", "secret_key", "token", "account_id")}
        said["expiry"] = expiry(answer.get("expires_in_s"))
    if "s3_url" in answer:
        said["s3_url"] = "ERR" if answer["s3_url"].startswith("ERR") else answer["s3_url"]
    calls = answer["calls"]
    said["proxied"] = sorted({call["host"] for call in calls if call["svc"] == "proxy"})
    facts = ("op", "role", "signer", "scope_region", "external_id", "duration", "mfa_serial", "web_token")
    said["sts"] = [
        {key: call.get(key) for key in facts}
        | {
            "session_name": "<auto>"
            if "<n>" in (call.get("session_name") or "")
            else call.get("session_name")
        }
        for call in calls
        if call["svc"] == "sts"
    ]
    return said


def in_namespace(script, report, *arguments):
    """Runs a program of this folder in the namespace and returns its report."""
    probe = (
        subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True, text=True)
        if shutil.which("unshare")
        else None
    )
    if os.geteuid() != 0 or probe is None or probe.returncode != 0:
        pytest.skip("needs root and network namespaces: the metadata addresses are put on loopback there")
    command = [HERE / "ns.sh", sys.executable, HERE / script, "--probe", PROBE, "--out", report, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(report.read_text())


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    return in_namespace("run.py", tmp_path_factory.mktemp("oracles") / "answers.json")


def test_every_difference_has_its_rule():
    assert set(DIFFERENCES) == {name for name, scenario in SCENARIOS.items() if scenario["disagree"]}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name, answers):
    answer = answers[name]["oarlock"]
    assert answer.get("error_kind") not in ("NoOutput", "ProbeTimeout", "Internal"), answer
    if name in REFUSED:
        assert answer["error_kind"] == "Config" and REFUSED[name] in answer["error"]
        return
    assert told(answer) == ours(name), (DIFFERENCES.get(name), answer.get("error"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_explain_agrees(name, answers):
    answer = answers[name]["oarlock"]
    if answer.get("ok"):
        assert answer["explained"] == {"provider": answer["provider_name"], "region": answer["region"]}


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_error_tells_a_secret(name, answers):
    said = answers[name]["oarlock"].get("error") or ""
    for secret in ("secret-", "tok-", "sso-token-", "JWT-1", '"scp"'):
        assert secret not in said


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    if not CHAIN.is_dir():
        pytest.skip(
            "the cases of aws-config are not here: they are looked for in ../shared/oracles/aws-config-chain"
        )
    return in_namespace(
        "replay_smithy.py", tmp_path_factory.mktemp("chain") / "answers.json", "--root", str(CHAIN)
    )


def test_chain_of_aws_config(chain):
    wrong = {name: row["oarlock"] for name, row in chain.items() if row["oarlock"]["verdict"] is False}
    assert wrong.keys() <= CHAIN_DIFFERENCES.keys(), wrong
    assert len(chain) == 47
