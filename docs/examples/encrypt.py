"""Encryption and rotation; run by tests/driver/test_site.py with the URLs of two stores' settings."""

import base64
import sys

import oarlock

url, kms = sys.argv[1], sys.argv[2]

if kms == "kms":
    # --8<-- [start:open]
    store = oarlock.open("s3://bucket/prefix", encryption_kms_key_id="alias/data")
    # --8<-- [end:open]

old_key, new_key = (base64.b64encode(bytes([byte] * 32)).decode() for byte in (1, 2))
oarlock.open(url, encryption_aes_key=old_key).put("letters/a", b"hello")

# --8<-- [start:rotate]
store = oarlock.open(url, encryption_aes_key=new_key)
reply = store.rekey_all("letters/", old={"encryption_aes_key": old_key})
# --8<-- [end:rotate]

print(reply, bytes(store.get("letters/a")))
