"""An object that an upstream has; run by tests/driver/test_site.py with a store's URL and the upstream's."""

import sys

import oarlock

store, upstream = oarlock.open(sys.argv[1]), sys.argv[2]

# --8<-- [start:through]
key = "src/contrib/oar_1.0.tar.gz"
reply = store.fetch_through(key, f"{upstream}/{key}")
print(reply.source, reply.kept, len(reply.body))  # fetched, and kept
reply = store.fetch_through(key, f"{upstream}/{key}")
print(reply.source)  # stored: the upstream is not contacted
# --8<-- [end:through]
