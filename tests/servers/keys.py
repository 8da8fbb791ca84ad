"""Odd keys, each through put, get, head, list, copy, delete and delete_many.

Invariant: S3 allows every key (at most 1024 bytes of UTF-8, and no `..` that leads out of the bucket; the
user guide's "Naming Amazon S3 objects"), so that a server that refuses one differs from S3.
"""

import base64

import agents
import sigv4

ODD = {
    "space": "a b  c",
    "outer spaces": " a ",
    "plus": "a+b",
    "percent": "a%20b%2Fc%",
    "unicode NFC": "caf\u00e9",
    "unicode NFD": "cafe\u0301",
    "CJK and emoji": "日本語/😀",
    "double slash": "a//b",
    "leading slash": "/a",
    "dot segment": "a/./b",
    "dot-dot segment": "a/../b",
    "dots at the end": "a/..",
    "trailing slash": "a/",
    "key below a key": "a/b/c",
    "quotes": "a'b\"c`d",
    "markup": "a&b<c>d&amp;",
    "question and hash": "a?b#c",
    "backslash": "a\\b",
    "other punctuation": "a!*()[]{}|^,:;=@$~d",
    "newline": "a\nb",
    "carriage return": "a\rb",
    "tab": "a\tb",
    "control characters": "a\u0001b\u001fc",
    "delete character": "a\u007fb",
    "noncharacter": "a\ufffeb",
    "1024 bytes": "k" * 1024,
    "1024 bytes in segments": "/".join(["s" * 127] * 8) + "t",
}
BODY, VERBS = b"odd", ("put", "get", "head", "list", "copy", "delete", "delete_many")


def sweep(server, agent, key, number):
    """One key in a bucket of its own; returns each verb's outcome: `ok`, `STATUS CODE` of a refusal, or what
    differs.
    """
    bucket, steps = f"oarlock-keys-{number}", {}
    # A refused key of `delete_many` is a row with an error, not a failure of the call.
    deleted = lambda reply: not any(each["error"] for each in reply)  # noqa: E731
    status, body = sigv4.request(server, "PUT", f"/{bucket}")
    if status != 200:
        return {"steps": dict.fromkeys(VERBS, f"no bucket: {status}"), "exchanges": []}
    put = {"key": key, "source": source()}
    try:
        opened = agent.ask({"op": "open", "url": f"s3://{bucket}/", "settings": server.settings()})["ok"]

        def call(verb, **args):
            return agent.ask({"op": "call", "store": opened, "verb": verb, "args": args})

        steps["put"] = outcome(call("put", **put))
        if steps["put"] == "ok":
            steps["get"] = outcome(
                call("get", key=key), lambda reply: base64.b64decode(reply["body"]["$bytes"]) == BODY
            )
            steps["head"] = outcome(
                call("head", key=key), lambda reply: reply["key"] == key and reply["size"] == len(BODY)
            )
            steps["list"] = outcome(
                call("list"), lambda reply: [entry["key"] for entry in reply["entries"]] == [key]
            )
            steps["copy"] = outcome(call("copy", source_key=key, key="copied"))
            if steps["copy"] == "ok":
                steps["copy"] = outcome(
                    call("get", key="copied"), lambda reply: base64.b64decode(reply["body"]["$bytes"]) == BODY
                )
            steps["delete"] = outcome(call("delete", key=key))
            if (
                steps["delete"] == "ok"
                and outcome(call("exists", key=key), lambda reply: reply is False) != "ok"
            ):
                steps["delete"] = "still there"
            call("put", **put)
            steps["delete_many"] = outcome(call("delete_many", keys=[key, "copied"]), deleted)
            if (
                steps["delete_many"] == "ok"
                and outcome(call("exists", key=key), lambda reply: reply is False) != "ok"
            ):
                steps["delete_many"] = "still there"
        agent.ask({"op": "close", "store": opened})
    except agents.AgentDied as why:
        at = next(verb for verb in VERBS if verb not in steps)
        steps[at] = f"no end within the time limit: {str(why).splitlines()[0][:120]}"
    exchanges = [{"request": each.request, "response": each.response} for each in server.exchanges]
    return {"steps": steps, "exchanges": exchanges if set(steps.values()) != {"ok"} else []}


def source():
    return {"$source": {"bytes": base64.b64encode(BODY).decode()}}


def outcome(answer, right=lambda reply: True):
    """`ok`, a refusal as `STATUS CODE`, an error of the client's own, or that the reply is another one."""
    if "ok" in answer:
        return "ok" if right(answer["ok"]) else "another reply"
    error = answer["error"]
    return f"{error['status'] or 'client'} {error['code'] or error['kind']}"
