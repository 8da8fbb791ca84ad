"""One client in Python does one piece of work: `client.py CLIENT WORK ENDPOINT COUNT [FILE]`, with CLIENT one
of oarlock, oarlock-many, obstore (each also with `-async` behind its name) and boto3. Prints CPU and wall
seconds of the work after a first request."""

import asyncio
import json
import sys
import time
from pathlib import Path

import stores

CLIENT, WORK, ENDPOINT, COUNT, *REST = sys.argv[1:]
COUNT, FILE = int(COUNT), REST[0] if REST else None
AT_A_TIME = 32
BODY, LARGE = bytes(4096), "1073741824"
KEYS = [f"4096-{number}" for number in range(COUNT)]


def oarlock():
    # As over TLS, where a peer's bytes do not go into its signature either.
    signing = {"payload_signing_enabled": False} if WORK == "put-file" else {}
    store = stores.oarlock(ENDPOINT, **signing)
    one = {
        "get": lambda key: store.get(key),
        "put": lambda key: store.put(key, BODY),
        "head": lambda key: store.head(key),
    }
    awaited = {
        "get": lambda key: store.aio.get(key),
        "put": lambda key: store.aio.put(key, BODY),
        "head": lambda key: store.aio.head(key),
    }
    whole = {
        "get-file": lambda: store.get(LARGE, Path(FILE)),
        "get-memory": lambda: store.get(LARGE),
        "put-file": lambda: store.put("large", Path(FILE)),
        "list": lambda: sum(1 for _ in store.list()),
    }
    if CLIENT == "oarlock-many":
        whole = {
            "get": lambda: store.get_many(KEYS, max_concurrency=AT_A_TIME),
            "put": lambda: store.put_many(
                [{"key": key, "body": BODY} for key in KEYS], max_concurrency=AT_A_TIME
            ),
            "head": lambda: store.head_many(KEYS, max_concurrency=AT_A_TIME),
        }
        one = {}
    return one, awaited, whole


def obstore():
    import obstore

    store = stores.obstore(ENDPOINT)
    one = {
        "get": lambda key: obstore.get(store, key).bytes(),
        "put": lambda key: obstore.put(store, key, BODY),
        "head": lambda key: obstore.head(store, key),
    }

    async def get(key):
        return await (await obstore.get_async(store, key)).bytes_async()

    awaited = {
        "get": get,
        "put": lambda key: obstore.put_async(store, key, BODY),
        "head": lambda key: obstore.head_async(store, key),
    }

    def to_file():
        with open(FILE, "wb") as file:
            for chunk in obstore.get(store, LARGE).stream():
                file.write(chunk)

    whole = {
        "get-file": to_file,
        "get-memory": lambda: obstore.get(store, LARGE).bytes(),
        "put-file": lambda: obstore.put(
            store, "large", open(FILE, "rb"), chunk_size=8 << 20, max_concurrency=8
        ),
        "list": lambda: sum(len(page) for page in obstore.list(store, chunk_size=1000)),
    }
    return one, awaited, whole


def boto3():
    client = stores.boto3(ENDPOINT)
    one = {
        "get": lambda key: client.get_object(Bucket="bench", Key=key)["Body"].read(),
        "put": lambda key: client.put_object(Bucket="bench", Key=key, Body=BODY),
        "head": lambda key: client.head_object(Bucket="bench", Key=key),
    }

    def pages():
        return sum(
            len(page["Contents"]) for page in client.get_paginator("list_objects_v2").paginate(Bucket="bench")
        )

    whole = {
        "get-file": lambda: client.download_file("bench", LARGE, FILE),
        "get-memory": lambda: client.get_object(Bucket="bench", Key=LARGE)["Body"].read(),
        "put-file": lambda: client.upload_file(FILE, "bench", "large"),
        "list": pages,
    }
    return one, {}, whole


async def together(request):
    await request("4096-first")
    keys, begun = iter(KEYS), now()

    async def worker():
        for key in keys:
            await request(key)

    await asyncio.gather(*(worker() for _ in range(AT_A_TIME)))
    return begun


def now():
    return time.process_time(), time.perf_counter()


def main():
    one, awaited, whole = {"oarlock": oarlock, "obstore": obstore, "boto3": boto3}[CLIENT.split("-")[0]]()
    if CLIENT.endswith("-async"):
        begun = asyncio.run(together(awaited[WORK]))
    elif WORK in one:
        one[WORK]("4096-first")
        begun = now()
        for key in KEYS:
            one[WORK](key)
    else:
        begun = now()
        found = whole[WORK]()
        assert WORK != "list" or found == COUNT, found
    print(json.dumps({"cpu": time.process_time() - begun[0], "wall": time.perf_counter() - begun[1]}))


main()
