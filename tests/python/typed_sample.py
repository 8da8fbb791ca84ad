"""A program that uses the whole interface; the type checkers read it, nobody runs it."""

import io
import pathlib
import oarlock


def sync() -> None:
    with oarlock.open("s3://bucket/prefix", region="eu-west-3", max_attempts=3) as store:
        reply = store.put("a", b"x", metadata={"a": "b"}, timeout=3, progress=lambda done, total: None)
        tag: str | None = reply.etag
        got = store.get("a", range="0-3")
        n: int = len(bytes(got)) + len(memoryview(got)) + (got.meta.size or 0)
        if got.body is not None:
            n += got.body[0]
        for entry in store.list("p", delimiter="/"):
            print(entry.key, entry.size, n, tag)
        for page in store.list("p").pages():
            print(page.next)
        store.put("a", pathlib.Path("x"))
        store.put("a", io.BytesIO(b"x"))
        store.put("a", iter([b"x"]))
        store.get("a", pathlib.Path("x"))
        store.get("a", "x")
        store.get("a", io.BytesIO())
        with open("x", "wb") as file:
            store.get("a", file)
        with store.open("a") as reader:
            reader.read(3)
        with store.open("a", "wb") as writer:
            writer.write(b"x")
        try:
            store.head("x")
        except oarlock.NotFoundError as error:
            print(error.key, error.errno, error.status)
        except FileNotFoundError:
            pass
        store.delete_many(["a", {"key": "b", "version_id": "1"}, *store.list("x")])


async def asynchronous(store: oarlock.Store) -> None:
    reply = await store.aio.get("a", timeout=2.5)
    print(len(reply), oarlock.VERSION)
    async for chunk in store.aio.get("a"):
        print(len(chunk), chunk.decode())
    async with store.aio.open("a") as reader:
        data: bytes = await reader.read(3)
        print(data, reader.size, reader.meta.etag, reader.seek(0))
        async for piece in reader:
            print(piece[0])
    async with store.aio.open("a", "wb") as writer:
        await writer.write(b"x")
    if writer.reply is not None:
        print(writer.reply.etag)
    async for entry in store.aio.list():
        print(entry.key)
    async for page in store.aio.list().pages():
        print(page.entries[0].key)


def file_system() -> None:
    from oarlock.fsspec import OarlockFileSystem, register

    register()
    fs = OarlockFileSystem(key="a", secret="b", client_kwargs={"endpoint_url": "http://127.0.0.1"})
    size: int = fs.info("bucket/a")["size"] + len(fs.cat_file("bucket/a", 0, 10))
    deleted: list[str] = fs.rm(["bucket/a", "bucket/b"], recursive=True)
    with fs.open("bucket/a", "wb", ContentType="text/plain") as file:
        file.write(b"x")
    for path, directories, files in fs.walk("bucket"):
        print(path, directories, files, size, deleted, fs.url(path, expires=60))
