"""Signs one plain S3 request, for what the driver must set up on a real server and no verb of oarlock does
(versioning of a bucket).

Invariant: written from AWS's description alone and independent of the core, so that it can disagree with it.
"""

import datetime
import hashlib
import hmac
import http.client
import urllib.parse


def request(server, method, path, query=None, body=b"", headers=None):
    """Sends a signed request and returns (status, body)."""
    host = urllib.parse.urlsplit(server.endpoint).netloc
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    payload = hashlib.sha256(body).hexdigest()
    signed = {"host": host, "x-amz-content-sha256": payload, "x-amz-date": now, **(headers or {})}
    quoted = urllib.parse.quote(path, safe="/-_.~")
    pairs = "&".join(
        f"{urllib.parse.quote(name, safe='')}={urllib.parse.quote(value, safe='')}"
        for name, value in sorted((query or {}).items())
    )
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        [method, quoted, pairs, *(f"{name}:{signed[name]}" for name in sorted(signed)), "", names, payload]
    )
    scope = f"{now[:8]}/{server.region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{server.secret_key}".encode()
    for word in scope.split("/"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    signed["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={server.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    connection = http.client.HTTPConnection(host, timeout=30)
    try:
        connection.request(method, quoted + (f"?{pairs}" if pairs else ""), body=body, headers=signed)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
