"""What a handler is given and what it gives back."""

import json
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from hub_server.accounts import Account

Headers: TypeAlias = dict[str, str]


@dataclass
class Request:
    """One request, read in full."""

    method: str
    path: str
    """Without the query, still quoted."""
    query: dict[str, list[str]]
    headers: Headers
    """Names in lower case."""
    body: bytes
    account: Account | None = None
    corrupt: bool = False
    """Whether the first file that this request stores gets a flipped byte."""

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode())

    def is_set(self, name: str) -> bool:
        return self.query.get(name, ["false"])[-1].lower() in {"1", "true"}


@dataclass
class Reply:
    status: int = 200
    headers: Headers = field(default_factory=dict[str, str])
    body: bytes = b""


class Refusal(Exception):
    """An answer of 4xx, in the Hub's form: headers that the client turns into its own errors."""

    def __init__(self, status: int, message: str, code: str = "", **more: Any) -> None:
        super().__init__(message)
        headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
        self.reply = reply_json({"error": message} | more, status, headers)


def reply_json(value: Any, status: int = 200, headers: Headers | None = None) -> Reply:
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Reply(status, kind | (headers or {}), json.dumps(value).encode())
