"""fsspec; run by tests/driver/test_site.py with the bucket and a server's settings."""

import sys

bucket, endpoint, key, secret = sys.argv[1:]

# --8<-- [start:fsspec]
import fsspec

options = {"endpoint": endpoint, "key": key, "secret": secret}
with fsspec.open(f"oarlock://{bucket}/table.csv", "w", **options) as file:
    file.write("a,b\n1,2\n")

fs = fsspec.filesystem("oarlock", **options)
print(fs.ls(bucket), fs.cat(f"{bucket}/table.csv"))
# pandas.read_csv(f"oarlock://{bucket}/table.csv", storage_options=options)
# --8<-- [end:fsspec]
