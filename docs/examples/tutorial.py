"""The tutorial in Python; run by tests/driver/test_site.py."""

import sys
import tempfile

# --8<-- [start:open]
import oarlock

store = oarlock.open("file:///tmp/oarlock-first/python")
# --8<-- [end:open]

directory = tempfile.mkdtemp()
if len(sys.argv) > 1:
    store = oarlock.open(sys.argv[1])

# --8<-- [start:first]
store.create_bucket()
store.put("greeting", b"hello", content_type="text/plain")
print(bytes(store.get("greeting")).decode())
# --8<-- [end:first]

# --8<-- [start:range]
reply = store.get("greeting", range="0-3")
print(bytes(reply).decode(), reply.meta.size)
# --8<-- [end:range]

# --8<-- [start:files]
with store.open("big", "wb") as file:  # appears when it is closed
    file.write(b"x" * 1000)
store.get("big", f"{directory}/big")  # a file that is whole, or not there
# --8<-- [end:files]

# --8<-- [start:list]
for entry in store.list():
    print(entry.key, entry.size)
# --8<-- [end:list]

# --8<-- [start:errors]
try:
    store.get("no-such-key")
except oarlock.NotFoundError as error:
    print(error.kind)
# --8<-- [end:errors]
