"""What boto3's users write instead; run by tests/driver/test_site.py with a store's URL."""

import sys

import oarlock

url = sys.argv[1]

# --8<-- [start:boto3]
store = oarlock.open(url)
store.put("report.csv", b"a,b\n", content_type="text/csv", metadata={"team": "data"})
print(store.head("report.csv").metadata["team"])
for entry in store.list(delimiter="/"):
    print(entry.key, entry.size, entry.last_modified)
try:
    store.put("report.csv", b"", if_none_match="*")
except oarlock.PreconditionError as error:
    print(error.code)
# --8<-- [end:boto3]
