"""Endpoints that take files: announced, sent to the large store, committed."""

import json
from base64 import b64decode
from typing import Any
from urllib.parse import unquote

from hub_server.card_rules import check_card
from hub_server.hub import Hub
from hub_server.messages import Refusal, Reply, Request, reply_json
from hub_server.repositories import File, Repository
from hub_server.storage import flip_byte


def validate_yaml(hub: Hub, request: Request) -> Reply:
    errors, warnings = check_card(request.json()["content"])
    body = {
        "errors": [{"message": message} for message in errors],
        "warnings": [{"message": message} for message in warnings],
    }
    return reply_json(body, 400 if errors else 200)


def preupload(hub: Hub, request: Request, name: str, revision: str) -> Reply:
    repository = hub.repository(request, name, write=True)
    commit = hub.commit(repository, revision)

    def describe(asked: dict[str, Any]) -> dict[str, Any]:
        path, sample = asked["path"], b64decode(asked["sample"])
        lfs = repository.keeps_as_lfs(path, asked["size"], sample, commit.oid)
        known = commit.tree.get(path)
        mode = {"path": path, "uploadMode": "lfs" if lfs else "regular", "shouldIgnore": False}
        return mode | ({"oid": known.upload_id} if known else {})

    files = [describe(asked) for asked in request.json()["files"]]
    return reply_json({"files": files, "commitOid": commit.oid})


def commit(hub: Hub, request: Request, name: str, revision: str) -> Reply:
    hub.uploaded_bytes["regular"] += len(request.body)
    repository = hub.repository(request, name, write=True)
    branch = unquote(revision)
    if branch not in repository.branches:
        raise Refusal(404, f"Invalid rev id: {branch}", "RevisionNotFound")
    lines = [json.loads(line) for line in request.body.splitlines() if line]
    head = repository.find(branch)
    header = lines[0]["value"]
    if header.get("parentCommit", head.oid) != head.oid:
        raise Refusal(412, "A commit has happened since. Please refresh and try again.")
    changed, deleted = _read_operations(hub, head.tree, lines[1:])
    if request.corrupt and changed:
        path = min(changed)
        changed[path] = _spoil(hub, changed[path])
    if "README.md" in changed:
        errors, _ = check_card(changed["README.md"].content.decode(errors="replace"))
        if errors:
            raise Refusal(400, "YAML metadata verification failed: " + "; ".join(errors))
    made = repository.commit(
        changed, deleted, header["summary"], header.get("description", ""),
        request.account.user if request.account else "", branch,
    )  # fmt: skip
    url = f"{hub.url}/datasets/{repository.name}/commit/{made.oid}"
    body = {"success": True, "commitOid": made.oid, "commitUrl": url, "hookOutput": ""}
    return reply_json(body)


def _read_operations(
    hub: Hub, tree: Any, lines: list[dict[str, Any]]
) -> tuple[dict[str, File], list[str]]:
    changed: dict[str, File] = {}
    deleted: list[str] = []
    for line in lines:
        kind, value = line["key"], line["value"]
        path = value["path"].rstrip("/")
        if kind == "file":
            changed[path] = File(b64decode(value["content"]))
        elif kind == "lfsFile":
            content = hub.storage.objects.get(value["oid"])
            if content is None or len(content) != value.get("size", len(content)):
                raise Refusal(400, f"LFS pointer pointed to a file that does not exist: {path}")
            changed[path] = File(content, lfs=True)
        else:
            inside = f"{path}/" if kind == "deletedFolder" else ""
            found = [p for p in tree if p == path or (inside and p.startswith(inside))]
            if not found:
                raise Refusal(404, "A file with this name doesn't exist", "EntryNotFound")
            deleted += found
    return changed, deleted


def _spoil(hub: Hub, file: File) -> File:
    spoiled = File(flip_byte(file.content), file.lfs)
    if file.lfs:
        hub.storage.put(file.sha256, file.content, corrupt=True)
    return spoiled


def lfs_batch(hub: Hub, request: Request, name: str) -> Reply:
    repository = hub.repository(request, name, write=True)
    asked = request.json()
    parts = "multipart" in asked["transfers"]
    objects = [_describe_upload(hub, repository, o, parts) for o in asked["objects"]]
    transfer = "multipart" if any("chunk_size" in json.dumps(o) for o in objects) else "basic"
    return reply_json({"transfer": transfer, "objects": objects})


def _describe_upload(
    hub: Hub, repository: Repository, asked: dict[str, Any], parts: bool
) -> dict[str, Any]:
    oid, size = asked["oid"], asked["size"]
    answer = {"oid": oid, "size": size, "authenticated": True}
    if hub.storage.holds(oid):
        return answer
    base = f"{hub.storage_url}/storage/{oid}"
    verify = {"href": f"{hub.url}/datasets/{repository.name}.git/info/lfs/objects/verify"}
    if parts and size > hub.part_size:
        count = -(-size // hub.part_size)
        header = {str(n): f"{base}/part/{n}" for n in range(1, count + 1)}
        header["chunk_size"] = str(hub.part_size)
        upload = {"href": f"{hub.url}/storage/{oid}/complete", "header": header}
    else:
        upload = {"href": base, "header": {}}
    return answer | {"actions": {"upload": upload, "verify": verify}}


def lfs_put(hub: Hub, request: Request, oid: str) -> Reply:
    hub.uploaded_bytes["lfs"] += len(request.body)
    if not hub.storage.put(oid, request.body, request.corrupt):
        raise Refusal(400, "The content does not match its sha256")
    return Reply(200, {"ETag": f'"{oid}"'})


def lfs_part(hub: Hub, request: Request, oid: str, number: str) -> Reply:
    hub.uploaded_bytes["lfs"] += len(request.body)
    return Reply(200, {"ETag": hub.storage.put_part(oid, int(number), request.body)})


def lfs_complete(hub: Hub, request: Request, oid: str) -> Reply:
    etags = [part["etag"] for part in request.json()["parts"]]
    if not hub.storage.join_parts(oid, etags, request.corrupt):
        raise Refusal(400, "The parts do not make the object")
    return reply_json({})


def lfs_verify(hub: Hub, request: Request, name: str) -> Reply:
    hub.repository(request, name, write=True)
    asked = request.json()
    if len(hub.storage.objects.get(asked["oid"], b"")) != asked["size"]:
        raise Refusal(404, "Object not found")
    return reply_json({})
