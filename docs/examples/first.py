# Run by tests/driver/test_site.py.

# --8<-- [start:first]
import oarlock

with oarlock.open("file:///tmp/oarlock-first/python") as store:
    store.create_bucket()
    store.put("greeting", b"hello", content_type="text/plain", metadata={"lang": "en"})
    reply = store.get("greeting", range="0-3")
    print(bytes(reply), reply.meta.size)
    with store.open("big", "wb") as file:      # an exception in here uploads nothing
        file.write(b"x" * 1000)
    print([entry.key for entry in store.list()])
# --8<-- [end:first]
