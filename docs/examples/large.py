"""Streams, progress, resuming, many objects, trees; run by tests/driver/test_site.py with a URL."""

import asyncio
import os
import pathlib
import sys
import tempfile

import oarlock

store = oarlock.open(sys.argv[1])
directory = tempfile.TemporaryDirectory()
os.chdir(directory.name)
pathlib.Path("big.iso").write_bytes(b"x" * 20_000_000)
pathlib.Path("site").mkdir()
pathlib.Path("site/index.html").write_text("<p>hello")
pathlib.Path("journals").mkdir()

# --8<-- [start:progress]
with oarlock.Bar("big.iso") as bar:
    store.put("big.iso", pathlib.Path("big.iso"), progress=bar)
# --8<-- [end:progress]

# --8<-- [start:stream]
with store.open("big.iso") as file:  # seekable, buffered
    first = file.read(1000)
with store.open("copy.iso", "wb") as file:  # appears when it is closed
    file.write(first)
# --8<-- [end:stream]


# --8<-- [start:await]
async def copy():
    reply = await store.aio.head("big.iso")
    async for chunk in store.aio.get("big.iso"):  # the bytes as they arrive
        print(len(chunk), "of", reply.size)


asyncio.run(copy())
# --8<-- [end:await]

# --8<-- [start:journal]
store.put("big.iso", pathlib.Path("big.iso"), journal="journals")
store.get("big.iso", "again.iso", journal="journals")
# --8<-- [end:journal]

# --8<-- [start:many]
store.put_many([{"key": "a.csv", "body": b"1,2"}, {"key": "b.csv", "path": "site/index.html"}])
for fetched in store.get_many(["a.csv", "b.csv"]):
    print(fetched.key, fetched.error)
store.delete_many(["a.csv", "b.csv"])
# --8<-- [end:many]

# --8<-- [start:sync]
reply = store.sync_up("site", "site/", delete=True, dry_run=True)
print(reply.steps)
store.sync_up("site", "site/", delete=True)
# --8<-- [end:sync]
