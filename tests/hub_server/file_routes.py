"""Endpoints that show files: listings, and their bytes."""

import re
from typing import Any
from urllib.parse import unquote

from hub_server.hub import Hub
from hub_server.messages import Headers, Refusal, Reply, Request, reply_json
from hub_server.repositories import Commit, File, Repository, hash_blob

SAFE = {"status": "safe", "avScan": None, "pickleImportScan": None}


def tree(hub: Hub, request: Request, name: str, revision: str, folder: str = "") -> Reply:
    repository = hub.repository(request, name)
    commit, folder = hub.commit(repository, revision), unquote(folder).strip("/")
    prefix = f"{folder}/" if folder else ""
    inside = [path for path in commit.tree if path.startswith(prefix)]
    if folder and not inside:
        raise Refusal(404, f"{folder} does not exist on {revision!r}", "EntryNotFound")
    names = _list_names(inside, prefix, request.is_set("recursive"))
    start = int(request.query.get("cursor", ["0"])[0])
    page = names[start : start + hub.page_size]
    expand = request.is_set("expand")
    entries = [_describe(repository, commit, path, expand) for path in page]
    return reply_json(entries, headers=_link_next(hub, request, start, len(names)))


def _list_names(paths: list[str], prefix: str, recursive: bool) -> list[str]:
    """Returns files, and the folders above them, below a prefix."""
    names: set[str] = set()
    for path in paths:
        parts = path.removeprefix(prefix).split("/")
        depths = range(1, len(parts) + 1) if recursive else [1]
        names.update(prefix + "/".join(parts[:depth]) for depth in depths)
    return sorted(names)


def _link_next(hub: Hub, request: Request, start: int, total: int) -> Headers:
    if start + hub.page_size >= total:
        return {}
    flags = "".join(f"&{n}={request.is_set(n)}" for n in ("recursive", "expand"))
    url = f"{hub.url}{request.path}?cursor={start + hub.page_size}{flags}"
    return {"Link": f'<{url}>; rel="next"'}


def paths_info(hub: Hub, request: Request, name: str, revision: str) -> Reply:
    repository = hub.repository(request, name)
    commit, asked = hub.commit(repository, revision), request.form()
    expand = asked.get("expand", ["false"])[-1].lower() == "true"
    paths = [path.strip("/") for path in asked.get("paths", [])]
    known = [
        p for p in paths if p in commit.tree or any(t.startswith(f"{p}/") for t in commit.tree)
    ]
    return reply_json([_describe(repository, commit, path, expand) for path in known])


def _describe(repository: Repository, commit: Commit, path: str, expand: bool) -> dict[str, Any]:
    file = commit.tree.get(path)
    entry: dict[str, Any]
    if file is None:
        inside = [f"{p} {f.blob_id}" for p, f in commit.tree.items() if p.startswith(f"{path}/")]
        entry = {"type": "directory", "oid": hash_blob("\n".join(inside).encode())}
        entry |= {"size": 0, "path": path}
    else:
        size = len(file.content)
        entry = {"type": "file", "oid": file.blob_id, "size": size, "path": path}
        pointer = {"oid": file.sha256, "size": size, "pointerSize": len(file.pointer)}
        entry |= {"lfs": pointer} if file.lfs else {}
    if not expand:
        return entry
    last = _find_last_change(repository, commit, path)
    entry["lastCommit"] = {"id": last.oid, "title": last.title, "date": last.date}
    return entry | ({"securityFileStatus": SAFE} if file else {})


def _find_last_change(repository: Repository, commit: Commit, path: str) -> Commit:
    """Returns the newest commit that left something else at a path than its parent had."""

    def cut(of: Commit) -> dict[str, str]:
        inside = (p for p in of.tree if p == path or p.startswith(f"{path}/"))
        return {p: of.tree[p].blob_id for p in inside}

    log = repository.log(commit.oid)
    for newer, older in zip(log, log[1:], strict=False):
        if cut(newer) != cut(older):
            return newer
    return log[-1]


def resolve(hub: Hub, request: Request, name: str, revision: str, path: str) -> Reply:
    repository = hub.repository(request, name)
    commit = hub.commit(repository, revision)
    file, headers = commit.tree.get(unquote(path)), {"X-Repo-Commit": commit.oid}
    if file is None:
        refusal = Refusal(404, "Entry not found", "EntryNotFound")
        refusal.reply.headers |= headers
        raise refusal
    if not file.lfs:
        return _send(request, file, headers | {"ETag": f'"{file.etag}"'})
    hub.storage.downloads[file.sha256] = file.content  # a test may have made the commit itself
    headers |= {
        "X-Linked-ETag": f'"{file.etag}"',
        "X-Linked-Size": str(len(file.content)),
        "Location": f"{hub.storage_url}/storage/{file.sha256}",
    }
    return Reply(302, headers)


def download(hub: Hub, request: Request, oid: str) -> Reply:
    """The redirect's end: needs no token, as a signed link does not."""
    content = hub.storage.downloads.get(oid)
    if content is None:
        raise Refusal(404, "NoSuchKey")
    return _send(request, File(content), {"ETag": f'"{oid}"'})


def _send(request: Request, file: File, headers: Headers) -> Reply:
    headers = headers | {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
    if not asked or not (asked[1] or asked[2]):
        return Reply(200, headers, file.content)
    size = len(file.content)
    start = int(asked[1]) if asked[1] else max(size - int(asked[2]), 0)
    end = min(int(asked[2]) + 1, size) if asked[1] and asked[2] else size
    if start >= size:
        return Reply(416, {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Reply(206, headers, file.content[start:end])
