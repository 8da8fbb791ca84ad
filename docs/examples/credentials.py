"""Profiles, functions and no keys; run by tests/driver/test_site.py. Opening a store sends no request."""

import oarlock


# --8<-- [start:profile]
store = oarlock.open("s3://bucket/prefix", profile="work")
# --8<-- [end:profile]


# --8<-- [start:function]
def keys(question):
    return {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "…", "session_token": None}


store = oarlock.open("s3://bucket/prefix", credentials=keys)
# --8<-- [end:function]

# --8<-- [start:anonymous]
store = oarlock.open("s3://bucket/prefix", anonymous=True)
# --8<-- [end:anonymous]
