"""One client in Python moves bytes over a network: `transfer.py CLIENT WORK ENDPOINT SIZE PATH COUNT [N]`,
with CLIENT one of oarlock, boto3, aws-crt and obstore, and N oarlock's `max_concurrency`.

Prints the seconds from opening the store to the last byte: connections are opened in this time, the
interpreter and its modules are not.
"""

import asyncio
import io
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import stores

CLIENT, WORK, ENDPOINT, SIZE, PATH, COUNT, *REST = sys.argv[1:]
COUNT, FIXED = int(COUNT), {"max_concurrency": int(REST[0])} if REST else {}
STORED = f"{SIZE}-put"
PIECE = 1 << 20
BODY = bytes(4096)
KEYS = [f"4096-{number}" for number in range(COUNT)]
# obstore has no call for many objects and sets no limit: tasks at a time.
TASKS = 64


class Reader(io.RawIOBase):
    """Bytes from elsewhere: no length, no way back."""

    def __init__(self):
        self.left, self.zeros = int(SIZE), bytes(8 << 20)

    def readable(self):
        return True

    def read(self, size=-1):
        size = min(self.left, len(self.zeros)) if size < 0 else min(size, self.left, len(self.zeros))
        self.left -= size
        return self.zeros[:size]

    def readinto(self, buffer):
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def drain(stream):
    while stream.read(PIECE):
        pass


def oarlock():
    # As over TLS, where no client's bytes go into its signature.
    store = stores.oarlock(ENDPOINT, payload_signing_enabled=False, **FIXED)
    return {
        "get-file": lambda: store.get(SIZE, Path(PATH)),
        "get-memory": lambda: store.get(SIZE),
        "get-stream": lambda: drain(store.open(SIZE)),
        "put-file": lambda: store.put(STORED, Path(PATH)),
        "put-reader": lambda: store.put(STORED, Reader()),
        "get-small": lambda: store.get_many(KEYS, **FIXED),
        "put-small": lambda: store.put_many([{"key": key, "body": BODY} for key in KEYS], **FIXED),
        "sync-down": lambda: store.sync_down(PATH, "tree", **FIXED),
        "sync-up": lambda: store.sync_up(PATH, "new", **FIXED),
    }


def boto3():
    client = stores.boto3(ENDPOINT)

    def threads(request):
        # As many as its pool has connections.
        with ThreadPoolExecutor(client.meta.config.max_pool_connections) as pool:
            for _ in pool.map(request, KEYS):
                pass

    return {
        "get-file": lambda: client.download_file("bench", SIZE, PATH),
        "get-memory": lambda: client.download_fileobj("bench", SIZE, io.BytesIO()),
        "get-stream": lambda: drain(client.get_object(Bucket="bench", Key=SIZE)["Body"]),
        "put-file": lambda: client.upload_file(PATH, "bench", STORED),
        "put-reader": lambda: client.upload_fileobj(Reader(), "bench", STORED),
        "get-small": lambda: threads(lambda key: client.get_object(Bucket="bench", Key=key)["Body"].read()),
        "put-small": lambda: threads(lambda key: client.put_object(Bucket="bench", Key=key, Body=BODY)),
    }


def aws_crt():
    client = stores.aws_crt(ENDPOINT)

    def whole(transfer, *arguments):
        # Its end renames the file.
        with client:
            transfer(*arguments).result()

    return {
        "get-file": lambda: whole(client.download, "bench", SIZE, PATH),
        "get-memory": lambda: whole(client.download, "bench", SIZE, io.BytesIO()),
        "put-file": lambda: whole(client.upload, PATH, "bench", STORED),
        "put-reader": lambda: whole(client.upload, Reader(), "bench", STORED),
    }


def obstore():
    import obstore

    store = stores.obstore(ENDPOINT)

    def to_file():
        with open(PATH, "wb") as file:
            for chunk in obstore.get(store, SIZE).stream():
                file.write(chunk)

    async def tasks(request):
        keys = iter(KEYS)

        async def task():
            for key in keys:
                await request(key)

        await asyncio.gather(*(task() for _ in range(TASKS)))

    async def get(key):
        await (await obstore.get_async(store, key)).bytes_async()

    return {
        "get-file": to_file,
        "get-memory": lambda: obstore.get(store, SIZE).bytes(),
        "get-stream": lambda: [None for _ in obstore.get(store, SIZE).stream()],
        "put-file": lambda: obstore.put(store, STORED, Path(PATH)),
        "put-reader": lambda: obstore.put(
            store, STORED, iter(lambda reader=Reader(): reader.read(PIECE), b"")
        ),
        "get-small": lambda: asyncio.run(tasks(get)),
        "put-small": lambda: asyncio.run(tasks(lambda key: obstore.put_async(store, key, BODY))),
    }


def main():
    name = CLIENT.replace("-", "_")
    # Modules are imported before time counts, and no connection is opened.
    getattr(stores, name)("http://127.0.0.1:1")
    begun = time.perf_counter()
    globals()[name]()[WORK]()
    print(json.dumps({"wall": time.perf_counter() - begun}), flush=True)
    # Without the end of the interpreter, in which a client's threads may abort.
    os._exit(0)


main()
