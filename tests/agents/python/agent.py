#!/usr/bin/env python3
"""The Python agent: a JSON request a line in, a JSON answer a line out, see `tests/agents/README.md`.

Invariant: only the public interface of `oarlock` is used, as a Python program would use it.
"""

import base64
import datetime
import inspect
import io
import json
import logging
import pathlib
import sys

import oarlock


class HostFailed(Exception):
    """What the agent's own failing readers, streams and blocks raise."""


class Failing:
    """A reader that raises after its chunks, and a stream that raises at once."""

    def __init__(self, chunks=()):
        self.chunks = iter(chunks)

    def read(self, size):
        for chunk in self.chunks:
            return chunk
        raise HostFailed("the reader failed")

    def write(self, data):
        raise HostFailed("the stream failed")


class Chunked:
    """A reader that gives a chunk each time it is read, whatever the size asked for."""

    def __init__(self, chunks):
        self.chunks = iter(chunks)

    def read(self, size):
        return next(self.chunks, b"")


def source(spec):
    (kind, value), *_ = spec.items()
    if kind == "file":
        return pathlib.Path(value)
    if kind == "bytes":
        return base64.b64decode(value)
    chunks = [base64.b64decode(chunk) for chunk in value]
    return {"reader": Chunked, "reader_fails": Failing, "iterator": iter}[kind](chunks)


def sink(spec):
    if isinstance(spec, dict):
        return pathlib.Path(spec["file"])
    return {"memory": None, "stream": io.BytesIO(), "stream_fails": Failing()}[spec]


class Function:
    """A function for a setting: gives its answers in turn, the last one for good, and keeps what it was
    asked."""

    asked = []

    def __init__(self, answers):
        self.answers = list(answers)

    def __call__(self, question):
        Function.asked.append(question)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, dict) and "$raise" in answer:
            raise HostFailed(answer["$raise"])
        return native(answer)


def native(value):
    """The Python value of one in the protocol."""
    if isinstance(value, list):
        return [native(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (name, inner), *_ = value.items()
        if name == "$bytes":
            return base64.b64decode(inner)
        if name == "$time":
            return datetime.datetime.fromisoformat(inner)
        if name == "$source":
            return source(inner)
        if name == "$sink":
            return sink(inner)
        if name == "$callback":
            return Function(inner)
    return {name: native(item) for name, item in value.items()}


def wire(value):
    """The protocol's value for a Python one."""
    if isinstance(value, (bytes, oarlock.Bytes)):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime.datetime):
        since = value - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return {"$time": [since.days * 86400 + since.seconds, since.microseconds * 1000]}
    if isinstance(value, (list, tuple)):
        return [wire(item) for item in value]
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {name: wire(item) for name, item in value.items()}
    return value


class Events(logging.Handler):
    """Counts log events."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.count = 0

    def emit(self, record):
        self.count += 1


def reported(store, verb, args):
    """Runs a verb with every function that it can report to."""
    log, events, moved = logging.getLogger("oarlock"), Events(), []
    log.addHandler(events)
    log.setLevel(logging.DEBUG)
    try:
        reply = wire(getattr(store, verb)(**native(args), progress=lambda *now: moved.append(now)))
    finally:
        log.setLevel(logging.NOTSET)
        log.removeHandler(events)
    done, total = moved[-1]
    return {"reply": reply, "done": done, "total": total, "events": events.count}


def call(store, verb, args):
    args = dict(args)
    pages = args.pop("$pages", None)
    given = {name: native(value) for name, value in args.items()}
    try:
        method = getattr(store, verb)
    except AttributeError as error:
        # Python's word for a verb that does not exist; the protocol has only kinds.
        raise oarlock.InvalidInputError(str(error), verb=verb) from None
    reply = method(**given)
    if isinstance(reply, oarlock.Pages):
        if pages is None:
            return {"entries": wire(list(reply))}
        return {
            "entries": [wire(entry) for page, _ in zip(reply.pages(), range(pages)) for entry in page.entries]
        }
    answer = wire(reply)
    if isinstance(given.get("into"), io.BytesIO):
        answer["body"] = wire(given["into"].getvalue())
    return answer


def verbs():
    table = {}
    for name, member in inspect.getmembers(oarlock.Store, inspect.isroutine):
        if name.startswith("_") or name in ("open", "close"):
            continue
        params = [each for each in inspect.signature(member).parameters.values() if each.name != "self"]
        table[name] = {
            "params": [each.name for each in params if each.kind is each.POSITIONAL_OR_KEYWORD],
            "options": [
                each.name
                for each in params
                if each.kind is each.KEYWORD_ONLY and each.name not in ("timeout", "progress")
            ],
        }
    return table


def read(store, key, args, steps):
    with store.open(key, "rb", **native(args)) as file:
        return [wire(getattr(file, step)(*arguments)) for step, *arguments in steps]


def write(store, key, args, chunks, fail):
    try:
        with store.open(key, "wb", **native(args)) as file:
            for chunk in chunks:
                file.write(native(chunk) if isinstance(chunk, dict) else base64.b64decode(chunk))
            if fail:
                raise HostFailed("leaving by an error")
    except HostFailed:
        return None
    return wire(file.reply)


def answer(stores, request):
    op = request["op"]
    if op == "classes":
        classes = oarlock.StorageClasses(request["classes"])
        return [wire(classes.about(name)) for name in classes]
    if op == "check":
        return {name: wire(rows) for name, rows in oarlock.StorageClasses(request["classes"]).check().items()}
    if op == "open" and "classes" in request:
        classes = oarlock.StorageClasses(
            request["classes"], native(request.get("settings")), native(request.get("overrides"))
        )
        stores.append(classes[request["class"]])
        return len(stores)
    if op == "open":
        stores.append(oarlock.open(request["url"], **native(request.get("settings") or {})))
        return len(stores)
    if op == "verbs":
        return verbs()
    if op == "asked":
        questions, Function.asked = Function.asked, []
        return wire(questions)
    store = stores[request["store"] - 1]
    if op == "call" and request.get("reports"):
        return reported(store, request["verb"], request["args"])
    if op == "call":
        return call(store, request["verb"], request.get("args") or {})
    if op == "close":
        return store.close()
    if op == "reader":
        return read(store, request["key"], request.get("args") or {}, request["do"])
    if op == "writer":
        return write(store, request["key"], request.get("args") or {}, request["chunks"], request.get("fail"))
    raise ValueError(f"unknown request {op}")


def failure(error, request):
    if isinstance(error, oarlock.Error):
        names = ("kind", "message", "verb", "bucket", "key", "status", "code", "request_id", "retryable")
        return {name: getattr(error, name) for name in names}
    if isinstance(error, HostFailed):
        # Python raises the host's own error as it was; the protocol has only kinds, and `Io` is that of a
        # stream.
        facts = dict.fromkeys(("bucket", "status", "code", "request_id"))
        return {
            "kind": "Io",
            "message": str(error),
            "verb": request.get("verb"),
            "key": request["args"]["key"],
            "retryable": False,
        } | facts
    raise error


def main():
    stores = []
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"ok": answer(stores, request)}
        except (oarlock.Error, HostFailed) as error:
            reply = {"error": failure(error, request)}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
