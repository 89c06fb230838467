"""One thing asked of a model, up to its end: what is asked next, given the answers there are. Pure.

Every lane goes by `advance`: live and batch send what it misses, a replay takes what it finds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from generators.engine.answers import read_content
from generators.engine.exchange import Request
from generators.templates import render
from schemas.exchange import RejectionReason, Tokens

Value = TypeVar("Value")
REPAIR = "repair/v1"
QUOTED = 4000
"""Characters of a bad answer that are sent back with the error."""


class Unfit(Exception):
    """An answer that cannot be used."""

    def __init__(self, reason: RejectionReason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason: RejectionReason = reason
        self.detail = detail


@dataclass(frozen=True)
class Ask(Generic[Value]):
    """One thing to ask."""

    request: Request
    read: Callable[[str], Value]
    """Content of an answer -> its value; raises Unfit."""
    read_whole: Callable[[dict[str, Any]], Value] | None = None
    """In place of `read`: whole response -> its value."""


@dataclass(frozen=True)
class Found:
    """What a log holds for one request."""

    response: dict[str, Any]
    """The answer in the API's wire form."""
    tokens: Tokens
    """Of the answer, and of failed tries at it."""
    failed: int = 0
    """Failed tries."""
    lane: str = "live"


Find = Callable[[Request], Found | None]


@dataclass(frozen=True)
class Missing:
    """The next request has no answer yet."""

    request: Request
    found: tuple[Found, ...] = ()
    """The answers before it, all unfit."""


@dataclass(frozen=True)
class Accepted(Generic[Value]):
    """An answer that can be used."""

    value: Value
    request: Request
    """The request it answers: the first, or a repair of it."""
    found: tuple[Found, ...]
    """All answers about it, unfit ones first."""


@dataclass(frozen=True)
class Rejected:
    """No answer can be used, and no repair is left."""

    reason: RejectionReason
    detail: str
    request: Request
    """The last request."""
    answer: str | None
    """The last answer."""
    found: tuple[Found, ...] = ()


Step = Missing | Accepted[Value] | Rejected


def advance(ask: Ask[Value], find: Find, repairs: int) -> Step[Value]:
    """Returns the request to send next, or what has come of it in the end."""
    request = ask.request
    found: list[Found] = []
    while True:
        answer = find(request)
        if answer is None:
            return Missing(request, tuple(found))
        found.append(answer)
        try:
            return Accepted(_read(ask, answer.response), request, tuple(found))
        except Unfit as fault:
            content = quote_answer(answer.response)
            again = ask_again(request, content, fault) if len(found) <= repairs else None
            if again is None:
                return Rejected(fault.reason, fault.detail, request, content, tuple(found))
            request = again


def _read(ask: Ask[Value], response: dict[str, Any]) -> Value:
    if ask.read_whole:
        return ask.read_whole(response)
    content = read_content(response)
    if isinstance(content, str):
        return ask.read(content)
    raise Unfit(content.reason, content.detail)


def quote_answer(response: dict[str, Any]) -> str | None:
    """Returns what a response says, usable or not; None where it says nothing."""
    content = read_content(response)
    return content if isinstance(content, str) else content.content


def ask_again(request: Request, answer: str | None, fault: Unfit) -> Request | None:
    """Returns the request that follows an unfit answer: the answer, and what is wrong with it.

    None for a request that is no conversation.
    """
    said = [{"role": "assistant", "content": answer[:QUOTED]}] if answer else []
    complaint = render(f"{REPAIR}/user", reason=fault.reason, detail=fault.detail)
    return request.add_messages(*said, {"role": "user", "content": complaint})
