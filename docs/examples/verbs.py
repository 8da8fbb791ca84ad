"""An example of each verb. Written by docs/generate.py from the core's tables; do not edit.

Reads lines of ``VERB URL`` and prints, for each, ``ok`` or the kind of the error.
"""

import sys

import oarlock


def get(store):
    # --8<-- [start:get]
    reply = store.get("greeting")
    # --8<-- [end:get]
    return reply


def fetch_through(store):
    # --8<-- [start:fetch_through]
    reply = store.fetch_through("greeting", "https://example.com/greeting")
    # --8<-- [end:fetch_through]
    return reply


def head_through(store):
    # --8<-- [start:head_through]
    reply = store.head_through("greeting", "https://example.com/greeting")
    # --8<-- [end:head_through]
    return reply


def get_ranges(store):
    # --8<-- [start:get_ranges]
    reply = store.get_ranges("greeting", ["0-1", "3-4"])
    # --8<-- [end:get_ranges]
    return reply


def put(store):
    # --8<-- [start:put]
    reply = store.put("greeting", b"hello")
    # --8<-- [end:put]
    return reply


def put_by_content(store):
    # --8<-- [start:put_by_content]
    reply = store.put_by_content(b"hello")
    # --8<-- [end:put_by_content]
    return reply


def head(store):
    # --8<-- [start:head]
    reply = store.head("greeting")
    # --8<-- [end:head]
    return reply


def exists(store):
    # --8<-- [start:exists]
    reply = store.exists("greeting")
    # --8<-- [end:exists]
    return reply


def delete(store):
    # --8<-- [start:delete]
    reply = store.delete("greeting")
    # --8<-- [end:delete]
    return reply


def delete_many(store):
    # --8<-- [start:delete_many]
    reply = store.delete_many(["reports/2025.csv", "reports/2026.csv"])
    # --8<-- [end:delete_many]
    return reply


def get_many(store):
    # --8<-- [start:get_many]
    reply = store.get_many(["reports/2025.csv", "reports/2026.csv"])
    # --8<-- [end:get_many]
    return reply


def put_many(store):
    # --8<-- [start:put_many]
    reply = store.put_many([{"key": "a.csv", "body": b"1,2"}, {"key": "b.csv", "body": b"3,4"}])
    # --8<-- [end:put_many]
    return reply


def head_many(store):
    # --8<-- [start:head_many]
    reply = store.head_many(["reports/2025.csv", "reports/2026.csv"])
    # --8<-- [end:head_many]
    return reply


def sync_up(store):
    # --8<-- [start:sync_up]
    reply = store.sync_up("site", "site/")
    # --8<-- [end:sync_up]
    return reply


def sync_down(store):
    # --8<-- [start:sync_down]
    reply = store.sync_down("site", "site/")
    # --8<-- [end:sync_down]
    return reply


def copy(store):
    # --8<-- [start:copy]
    reply = store.copy("greeting", "greeting-2")
    # --8<-- [end:copy]
    return reply


def move(store):
    # --8<-- [start:move]
    reply = store.move("greeting", "greeting-2")
    # --8<-- [end:move]
    return reply


def rekey(store):
    # --8<-- [start:rekey]
    reply = store.rekey("greeting")
    # --8<-- [end:rekey]
    return reply


def rekey_all(store):
    # --8<-- [start:rekey_all]
    reply = store.rekey_all("reports/")
    # --8<-- [end:rekey_all]
    return reply


def find_unencrypted(store):
    # --8<-- [start:find_unencrypted]
    reply = store.find_unencrypted("reports/")
    # --8<-- [end:find_unencrypted]
    return reply


def encrypt_all(store):
    # --8<-- [start:encrypt_all]
    reply = store.encrypt_all("reports/")
    # --8<-- [end:encrypt_all]
    return reply


def list(store):
    # --8<-- [start:list]
    for entry in store.list("reports/"):
        print(entry.key)
    # --8<-- [end:list]


def list_versions(store):
    # --8<-- [start:list_versions]
    for entry in store.list_versions("reports/"):
        print(entry.key)
    # --8<-- [end:list_versions]


def usage(store):
    # --8<-- [start:usage]
    reply = store.usage("reports/")
    # --8<-- [end:usage]
    return reply


def verify(store):
    # --8<-- [start:verify]
    reply = store.verify("reports/")
    # --8<-- [end:verify]
    return reply


def presign(store):
    # --8<-- [start:presign]
    reply = store.presign("greeting", expires_in=600)
    # --8<-- [end:presign]
    return reply


def get_acl(store):
    # --8<-- [start:get_acl]
    reply = store.get_acl("greeting")
    # --8<-- [end:get_acl]
    return reply


def set_acl(store):
    # --8<-- [start:set_acl]
    store.set_acl("greeting", acl="private")
    # --8<-- [end:set_acl]


def get_tags(store):
    # --8<-- [start:get_tags]
    reply = store.get_tags("greeting")
    # --8<-- [end:get_tags]
    return reply


def set_tags(store):
    # --8<-- [start:set_tags]
    store.set_tags("greeting", {"team": "data"})
    # --8<-- [end:set_tags]


def delete_tags(store):
    # --8<-- [start:delete_tags]
    store.delete_tags("greeting")
    # --8<-- [end:delete_tags]


def bucket_region(store):
    # --8<-- [start:bucket_region]
    reply = store.bucket_region()
    # --8<-- [end:bucket_region]
    return reply


def credentials(store):
    # --8<-- [start:credentials]
    reply = store.credentials()
    # --8<-- [end:credentials]
    return reply


def explain(store):
    # --8<-- [start:explain]
    reply = store.explain(check=True)
    # --8<-- [end:explain]
    return reply


def stats(store):
    # --8<-- [start:stats]
    reply = store.stats()
    # --8<-- [end:stats]
    return reply


def list_buckets(store):
    # --8<-- [start:list_buckets]
    reply = store.list_buckets()
    # --8<-- [end:list_buckets]
    return reply


def create_bucket(store):
    # --8<-- [start:create_bucket]
    store.create_bucket()
    # --8<-- [end:create_bucket]


def delete_bucket(store):
    # --8<-- [start:delete_bucket]
    store.delete_bucket()
    # --8<-- [end:delete_bucket]


def get_versioning(store):
    # --8<-- [start:get_versioning]
    reply = store.get_versioning()
    # --8<-- [end:get_versioning]
    return reply


def set_versioning(store):
    # --8<-- [start:set_versioning]
    store.set_versioning("Enabled")
    # --8<-- [end:set_versioning]


def set_bucket_acl(store):
    # --8<-- [start:set_bucket_acl]
    store.set_bucket_acl("private")
    # --8<-- [end:set_bucket_acl]


def list_uploads(store):
    # --8<-- [start:list_uploads]
    for entry in store.list_uploads("reports/"):
        print(entry.key)
    # --8<-- [end:list_uploads]


def abort_upload(store):
    # --8<-- [start:abort_upload]
    store.abort_upload("greeting", "upload-7")
    # --8<-- [end:abort_upload]


def abort_uploads(store):
    # --8<-- [start:abort_uploads]
    reply = store.abort_uploads("reports/")
    # --8<-- [end:abort_uploads]
    return reply

EXAMPLES = {
    "get": get,
    "fetch_through": fetch_through,
    "head_through": head_through,
    "get_ranges": get_ranges,
    "put": put,
    "put_by_content": put_by_content,
    "head": head,
    "exists": exists,
    "delete": delete,
    "delete_many": delete_many,
    "get_many": get_many,
    "put_many": put_many,
    "head_many": head_many,
    "sync_up": sync_up,
    "sync_down": sync_down,
    "copy": copy,
    "move": move,
    "rekey": rekey,
    "rekey_all": rekey_all,
    "find_unencrypted": find_unencrypted,
    "encrypt_all": encrypt_all,
    "list": list,
    "list_versions": list_versions,
    "usage": usage,
    "verify": verify,
    "presign": presign,
    "get_acl": get_acl,
    "set_acl": set_acl,
    "get_tags": get_tags,
    "set_tags": set_tags,
    "delete_tags": delete_tags,
    "bucket_region": bucket_region,
    "credentials": credentials,
    "explain": explain,
    "stats": stats,
    "list_buckets": list_buckets,
    "create_bucket": create_bucket,
    "delete_bucket": delete_bucket,
    "get_versioning": get_versioning,
    "set_versioning": set_versioning,
    "set_bucket_acl": set_bucket_acl,
    "list_uploads": list_uploads,
    "abort_upload": abort_upload,
    "abort_uploads": abort_uploads,
}


def main():
    for line in sys.stdin:
        verb, url = line.split()
        try:
            with oarlock.open(url) as store:
                EXAMPLES[verb](store)
            print("= ok", flush=True)
        except oarlock.Error as error:
            print(f"= {error.kind}", flush=True)


if __name__ == "__main__":
    main()
