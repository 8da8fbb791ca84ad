"""How a failed call looks; run by tests/driver/test_site.py with the URL of a store."""

import sys

import oarlock

store = oarlock.open(sys.argv[1])

# --8<-- [start:errors]
try:
    store.get("no-such-key")
except oarlock.NotFoundError as error:  # also a FileNotFoundError
    print(error.message, error.code, error.status, error.retryable)
except oarlock.Error as error:
    print(error.kind, error)
# --8<-- [end:errors]
