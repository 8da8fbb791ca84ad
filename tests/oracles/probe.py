"""Prints in one line of JSON which credentials, region and URL oarlock finds here.

Invariant: only the public interface of the Python package; what a host would pass comes in variables that
begin with OAR_HOST_.
"""

import datetime
import json
import os
import time

import oarlock

begun = time.perf_counter()
given = {"profile": "OAR_HOST_PROFILE", "region": "OAR_HOST_REGION", "endpoint": "OAR_HOST_ENDPOINT"}
settings = {name: os.environ[variable] for name, variable in given.items() if variable in os.environ}
bucket = os.environ.get("PROBE_BUCKET", "bucket")
said = {"impl": "oarlock", "version": oarlock.__version__}
try:
    store = oarlock.open(f"s3://{bucket}", **settings)
    found = store.credentials()
    left = found.expires and int((found.expires - datetime.datetime.now(datetime.UTC)).total_seconds())
    said |= {
        "ok": True,
        "access_key": found.access_key_id,
        "secret_key": found.secret_access_key,
        "token": found.session_token,
        "account_id": found.account_id,
        "expires_in_s": left,
        "region": found.region,
        "provider_name": found.provider,
        # Asks nobody anew: the keys are there.
        "explained": {row.what: row.value for row in store.explain() if row.what in ("provider", "region")},
    }
except oarlock.Error as error:
    said |= {"ok": False, "error_kind": error.kind, "error": str(error)[:600]}
said["ms_total"] = (time.perf_counter() - begun) * 1e3
try:
    # Signed with keys of its own: the region and the URL do not depend on whose they are.
    settings.pop("profile", None) if "region" in settings else None
    store = oarlock.open(f"s3://{bucket}", access_key_id="AKIDPROBE", secret_access_key="x", **settings)
    said.setdefault("region", store.credentials().region)
    if "PROBE_S3" in os.environ:
        said["s3_url"] = store.presign("a/k").split("?")[0]
except oarlock.Error as error:
    said["s3_url"] = f"ERR {error.kind}: {error}"[:200]
print(json.dumps(said))
