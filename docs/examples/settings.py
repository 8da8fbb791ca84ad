"""Three ways to set a setting: by name, in the URL, by the environment; run by tests/driver/test_site.py."""

import os

import oarlock

# --8<-- [start:settings]
store = oarlock.open("s3://bucket/prefix", endpoint="http://127.0.0.1:9000", max_attempts=3)
store = oarlock.open("s3://bucket/prefix?endpoint=http://127.0.0.1:9000&max-attempts=3")
os.environ["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:9000"
# --8<-- [end:settings]

print(store.settings["max_attempts"])
