"""The ways to ask for JSON of a schema, from the strictest down, and what a server takes. Pure."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from generators.engine.exchange import find_schema
from generators.engine.json_text import as_objects

Rung = Literal["json_schema", "json_object", "prompt"]
RUNGS: tuple[Rung, ...] = get_args(Rung)
OPTIONAL = {
    "temperature": None,
    "top_p": None,
    "seed": None,
    "max_completion_tokens": "max_tokens",
}
"""Parameters that a server may not know: left out then, or given another name."""

_UNKNOWN = re.compile(r"unsupported|not supported|unknown|unrecogni[sz]ed|not permitted", re.I)
PROSE_BEFORE_STEPPING = 4
"""Answers that are no JSON at all, none before them that was, until the next rung is tried."""


@dataclass
class Ladder:
    """The rung that a server takes; found out once in a run."""

    place: int = 0
    proven: bool = False
    """Whether an answer on this rung was JSON."""
    dropped: set[str] = field(default_factory=set[str])
    _prose: int = 0

    @property
    def rung(self) -> Rung:
        """The rung in use."""
        return RUNGS[self.place]

    def adapt(self, body: dict[str, Any], rung: Rung) -> dict[str, Any]:
        """Returns a body as this server takes it."""
        adapted = change_rung(body, rung)
        for name in self.dropped & adapted.keys():
            value = adapted.pop(name)
            if renamed := OPTIONAL[name]:
                adapted[renamed] = value
        return adapted

    def step_down(self, from_rung: Rung) -> bool:
        """Goes to the next rung, unless another request has; returns whether there is one."""
        if RUNGS[self.place] != from_rung:
            return True
        if self.proven or self.place + 1 == len(RUNGS):
            return False
        self.place, self._prose = self.place + 1, 0
        return True

    def drop(self, body: dict[str, Any], named: str | None, said: str) -> bool:
        """Leaves a parameter out that the server does not know; returns whether it was sent.

        A value that is merely wrong is no reason: it must say that the parameter is unsupported.
        """
        if named not in OPTIONAL or named not in body or not _UNKNOWN.search(said):
            return False
        self.dropped.add(named)
        return True

    def note_content(self, rung: Rung, content: str | None) -> None:
        """Learns whether the server heeds the rung: an answer that is JSON proves it."""
        if rung != self.rung or self.proven:
            return
        if content is not None and "{" in content:
            self.proven = True
        else:
            self._prose += 1
            if self._prose >= PROSE_BEFORE_STEPPING:
                self.step_down(rung)


def change_rung(body: dict[str, Any], rung: Rung) -> dict[str, Any]:
    """Returns the body with its schema asked for in another way; without a schema, as it is.

    Below the strict form the schema also stands in the prompt, since few servers heed one beside
    `json_object`.
    """
    schema = find_schema(body)
    messages = as_objects(body.get("messages"))
    if schema is None or rung == "json_schema" or not messages:
        return dict(body)
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    order = f"Answer with one JSON object that fits this JSON schema, and nothing else:\n{text}"
    changed = {name: value for name, value in body.items() if name != "response_format"}
    first, *others = messages
    if first.get("role") == "system":
        changed["messages"] = [
            {**first, "content": f"{first.get('content', '')}\n\n{order}"},
            *others,
        ]
    else:
        changed["messages"] = [{"role": "system", "content": order}, first, *others]
    if rung == "json_object":
        changed["response_format"] = {"type": "json_object", "schema": schema}
    return changed


def is_about_format(status: int, message: str) -> bool:
    """Returns whether an error may mean that the server does not take this form of request.

    A status of 500 may: llama-cpp-python answers so to `json_schema`.
    """
    if status in (400, 404, 415, 422, 501):
        said = message.lower()
        return any(word in said for word in ("response_format", "json_schema", "schema", "format"))
    return status == 500
