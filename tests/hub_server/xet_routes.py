"""Endpoints of the Xet store, as hf_xet 1.8 calls them: uploads only, downloads are plain HTTP.

Sources: https://huggingface.co/docs/xet/api and https://huggingface.co/docs/xet/auth. A chunk is
never found and no grant is given, both of which the client takes as "send it yourself"; so only
its own cache (below `HF_HOME`) tells it what it need not send again. The hash of a xorb is BLAKE3,
which the standard library lacks: it is not checked, but the sha256 of every file that is made is.
"""

import json

from hub_server.hub import Hub
from hub_server.messages import Refusal, Reply, Request, reply_json
from hub_server.xet_store import XetError

EXPIRES = 4_000_000_000
"""Unix time, far off."""


def token(hub: Hub, request: Request, name: str, scope: str, revision: str) -> Reply:
    repository = hub.repository(request, name, write=scope == "write")
    if revision != "None":
        hub.commit(repository, revision)
    token = f"xet_{scope}"
    headers = {
        "X-Xet-Cas-Url": hub.url,
        "X-Xet-Access-Token": token,
        "X-Xet-Token-Expiration": str(EXPIRES),
    }
    body = {"casUrl": hub.url, "accessToken": token, "exp": EXPIRES}
    return reply_json(body, headers=headers)


def find_chunk(hub: Hub, request: Request) -> Reply:
    raise Refusal(404, "Not tracked")


def grant(hub: Hub, request: Request) -> Reply:
    raise Refusal(404, "No grants here")


def put_xorb(hub: Hub, request: Request, xorb: str) -> Reply:
    _check_scope(request)
    hub.uploaded_bytes["xet"] += len(request.body)
    return reply_json({"was_inserted": hub.xet.put_xorb(xorb, request.body)})


def put_shard(hub: Hub, request: Request, version: str) -> Reply:
    _check_scope(request)
    hub.uploaded_bytes["xet"] += len(request.body)
    try:
        files = hub.xet.put_shard(request.body)
    except XetError as error:
        raise Refusal(400, f"Bad shard: {error}") from error
    for number, (oid, content) in enumerate(files):
        hub.storage.put(oid, content, request.corrupt and number == 0)
    if version == "1":
        return reply_json({"result": 1})
    body = json.dumps({"type": "result"}).encode() + b"\n"
    return Reply(200, {"Content-Type": "application/x-ndjson"}, body)


def _check_scope(request: Request) -> None:
    if request.headers.get("authorization") != "Bearer xet_write":
        raise Refusal(403, "A write token is needed")
