"""A package server's storage classes; run by tests/driver/test_site.py. Opening sends no request."""

import pathlib
import sys

import oarlock

path = pathlib.Path(sys.argv[1])

# --8<-- [start:classes]
classes = oarlock.StorageClasses(path)
print(list(classes))
store = classes["packages"]
print(store.url)
# --8<-- [end:classes]

# --8<-- [start:overrides]
classes = oarlock.StorageClasses(
    path,
    settings={"max_attempts": 3},
    overrides={"packages": {"encryption_legacy_wrapping": True, "encryption_kms_key_id": "alias/packages"}},
)
# --8<-- [end:overrides]
