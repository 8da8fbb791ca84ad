"""AWS's own endpoint cases, from botocore's source distribution: `explain` must find the same endpoint.

Invariant: every case is counted: equal, different by a rule of ours that RULES names, or not applicable by a
reason. The cases are downloaded once into `.tools` (Apache-2.0, not copied here). If that fails, the tests
print why and are skipped.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
from collections import Counter

import pytest

import oarlock

ROOT = pathlib.Path(__file__).resolve().parents[2]
INSIDE = "tests/functional/endpoint-rules/s3/endpoint-tests-1.json"

# The rules by which oarlock differs from the cases, and why. The first that holds for a case is its reason.
RULES = {
    "characters": (
        lambda case: re.search(r"[^A-Za-z0-9._:/-]", case.get("Bucket", "")),
        "a bucket's name holds letters, digits, dots, underscores and hyphens; other characters are slips",
    ),
    "prefix": (
        lambda case: "/" in case.get("Bucket", "") and not case["Bucket"].startswith("arn:"),
        "what follows a slash in the URL is the prefix",
    ),
    "length": (lambda case: len(case.get("Bucket", "")) < 3, "a bucket's name has three characters or more"),
    "region": (lambda case: "Region" not in case, "without a region a store is in us-east-1"),
}

# What no store supports.
INAPPLICABLE = {
    "no bucket": (lambda case: "Bucket" not in case, "a store is a bucket"),
}

# The settings that say a case's parameters.
PLAIN = {
    "UseFIPS": "use_fips_endpoint",
    "UseDualStack": "use_dualstack_endpoint",
    "Accelerate": "use_accelerate_endpoint",
}
# A setting, a variable or the profile sets these; the tests try each.
SPELLED = {
    "UseArnRegion": ("use_arn_region", {True: "true", False: "false"}),
    "DisableMultiRegionAccessPoints": ("disable_multiregion_access_points", {True: "true", False: "false"}),
    "DisableS3ExpressSessionAuth": ("disable_express_session_auth", {True: "true", False: "false"}),
    "UseGlobalEndpoint": ("us_east_1_regional_endpoint", {True: "legacy", False: "regional"}),
}
# Which operation an endpoint is for: `explain` reports both, and refuses nothing that an operation refuses.
OPERATION = {"UseS3ExpressControlEndpoint", "DisableAccessPoints", "UseObjectLambdaEndpoint"}
# These change nothing.
IDLE = {"Key", "Prefix", "CopySource"}


def version():
    pinned = (ROOT / "tests/requirements.txt").read_text()
    return re.search(r"(?m)^botocore==(\S+)$", pinned)[1]


@pytest.fixture(scope="module")
def cases():
    directory = ROOT / ".tools/botocore"
    name = f"botocore-{version()}"
    archive, kept = directory / f"{name}.tar.gz", directory / f"{name}-endpoints.json"
    if not kept.exists():
        directory.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        command += ["-d", directory, f"botocore=={version()}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if not archive.exists():
            why = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            print(f"skipped: the source distribution of botocore {version()} can't be had: {why}")
            pytest.skip(f"the source distribution of botocore can't be had: {why}")
        with tarfile.open(archive) as tar:
            text = tar.extractfile(f"{name}/{INSIDE}").read()
        kept.with_suffix(".part").write_bytes(text)
        os.replace(kept.with_suffix(".part"), kept)
        archive.unlink()
    return json.loads(kept.read_text())["testCases"]


@pytest.fixture(params=["setting", "variable", "profile", "s3 section"])
def channel(request):
    return request.param


def opened(case, channel, monkeypatch, tmp_path):
    """The store that a case describes, its special words set through one of the channels."""
    known = {"Region", "Bucket", "Endpoint", "ForcePathStyle", *PLAIN, *SPELLED, *OPERATION, *IDLE}
    assert set(case) <= known, "an unknown parameter"
    settings = {"access_key_id": "AKIDTEST", "secret_access_key": "secret"}
    settings |= {ours: case[theirs] for theirs, ours in PLAIN.items() if theirs in case}
    if "Region" in case:
        settings["region"] = case["Region"]
    if "Endpoint" in case:
        # At a custom endpoint `auto` means path with us, and virtual with AWS.
        settings |= {"endpoint": case["Endpoint"], "addressing_style": "virtual"}
    if case.get("ForcePathStyle"):
        settings["addressing_style"] = "path"
    lines = []
    for theirs, (ours, words) in SPELLED.items():
        monkeypatch.delenv(f"AWS_S3_{ours.upper()}", raising=False)
        if theirs not in case:
            continue
        word = words[case[theirs]]
        if channel == "setting":
            settings[ours] = word
        elif channel == "variable":
            monkeypatch.setenv(f"AWS_S3_{ours.upper()}", word)
        else:
            lines.append(f"s3_{ours} = {word}" if channel == "profile" else f"  {ours} = {word}")
    config = tmp_path / "config"
    config.write_text("[default]\n" + ("s3 =\n" if channel == "s3 section" else "") + "\n".join(lines) + "\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    return oarlock.open(f"s3://{case['Bucket']}", **settings)


def ours(case, *args):
    """What oarlock comes to: an endpoint and how it is signed for, or an error."""
    try:
        store = opened(case, *args)
        if case.get("DisableAccessPoints"):
            store.create_bucket()
            return {"error": None}
        rows = {row.what: row for row in store.explain()}
    except oarlock.Error as error:
        return {"error": str(error)}
    broken = [row.value for row in rows.values() if row.error]
    if broken:
        return {"error": broken[0]}
    if case.get("UseS3ExpressControlEndpoint"):
        return {"url": rows["control_endpoint"].value, "signed": None}
    signed = tuple(rows[what].value for what in ("signing_scheme", "signing_name", "signing_region"))
    return {"url": rows["endpoint"].value, "signed": signed}


def is_equal(found, expected):
    if "error" in expected or "error" in found:
        return bool(expected.get("error")) and bool(found.get("error"))
    endpoint = expected["endpoint"]
    first = endpoint["properties"]["authSchemes"][0]
    region = first.get("signingRegion") or ",".join(first.get("signingRegionSet", []))
    signed = found["signed"] in (None, (first["name"], first["signingName"], region))
    return signed and found["url"].rstrip("/") == endpoint["url"].rstrip("/")


def test_aws_own_cases(cases, channel, monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    counts, wrong, used = Counter(), [], Counter()
    for case in cases:
        given, expected = case.get("params", {}), case["expect"]
        unfit = next((name for name, (holds, _) in INAPPLICABLE.items() if holds(given)), None)
        if unfit:
            counts[f"not applicable: {unfit}"] += 1
            continue
        found = ours(given, channel, monkeypatch, tmp_path)
        if is_equal(found, expected):
            counts["equal"] += 1
            continue
        rule = next((name for name, (holds, _) in RULES.items() if holds(given)), None)
        used[rule] += 1
        if rule:
            counts[f"different by the rule {rule!r}"] += 1
        else:
            wrong.append(f"{case['documentation']}: {given}\n  expected {expected}\n  found {found}")
    named = sum("Bucket" in case.get("params", {}) for case in cases)
    print(
        f"{len(cases)} cases of botocore {version()}, of which {named} name a bucket; by {channel}: {dict(counts)}"
    )
    assert not wrong, f"{len(wrong)} cases differ by no rule:\n" + "\n".join(wrong)
    assert all(used[rule] for rule in RULES), "a rule that makes no difference is to be taken out"
    assert counts["equal"] > 300
