"""The schema ladder: ways to ask for JSON of a schema, from the strictest down. Pure.

Servers differ in what they accept; which form one accepts is found out once in a run.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from generators.engine.exchange import find_schema
from generators.jsonl import as_objects

Form = Literal["json_schema", "json_object", "prompt"]
FORMS: tuple[Form, ...] = get_args(Form)
OPTIONAL = {
    "max_completion_tokens": "max_tokens",
    "max_tokens": "max_completion_tokens",
    **dict.fromkeys(("temperature", "top_p", "top_k", "min_p", "seed", "repetition_penalty")),
    **dict.fromkeys(("frequency_penalty", "presence_penalty", "reasoning_effort", "verbosity")),
    **dict.fromkeys(("store", "metadata", "user", "service_tier", "parallel_tool_calls")),
}
"""Parameters that a server may not support -> its other name; None where it is left out then."""
ORDER = "Answer with one JSON object that fits this JSON schema, and nothing else:"
MOST_PROSE = 4
"""Answers without JSON, before any with it, until the next form is tried."""

_UNSUPPORTED = re.compile(
    r"unsupported|not supported|(?:not|n't) support|unknown|unrecogni[sz]ed|not permitted"
    r"|extra_forbidden|unexpected|properties are not allowed|cannot find field|deprecated",
    re.I,
)


@dataclass
class SchemaLadder:
    """The form that a model's server accepts."""

    place: int = 0
    proven: bool = False
    """Whether an answer in this form was JSON."""
    dropped: set[str] = field(default_factory=set[str])
    _prose: int = 0

    @property
    def form(self) -> Form:
        """The form in use."""
        return FORMS[self.place]

    def adapt(self, body: dict[str, Any], form: Form) -> dict[str, Any]:
        """Returns a body with its schema asked for in a form, and what the server supports only.

        Below the strict form the schema also stands in the prompt: few servers follow one that
        stands beside `json_object` only.
        """
        adapted, schema = dict(body), find_schema(body)
        messages = as_objects(body.get("messages"))
        if schema is not None and form != "json_schema" and messages:
            adapted.pop("response_format", None)
            text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
            adapted["messages"] = _add_order(messages, f"{ORDER}\n{text}")
            if form == "json_object":
                adapted["response_format"] = {"type": "json_object", "schema": schema}
        for name in sorted(self.dropped & adapted.keys()):
            value = adapted.pop(name)
            if (renamed := OPTIONAL[name]) and renamed not in adapted:
                adapted[renamed] = value
        return adapted

    def step_down(self, from_form: Form) -> bool:
        """Goes to the next form, unless another request did; returns whether there is one."""
        if self.form != from_form:
            return True
        if self.proven or self.place + 1 == len(FORMS):
            return False
        self.place, self._prose = self.place + 1, 0
        return True

    def drop(self, body: dict[str, Any], named: Iterable[str], message: str) -> bool:
        """Leaves out parameters that the server does not support; returns whether any was sent.

        A wrong value is no reason: the message must say that the parameter is not supported. Where
        the error names none apart, those that its message names are meant. The limit on the tokens
        of an answer is never left out, only given its other name.
        """
        if not _UNSUPPORTED.search(message):
            return False
        sent = [name for name in named if name in body]
        meant = sent or [name for name in OPTIONAL if name in body and _is_named(name, message)]
        droppable = [name for name in meant if name in OPTIONAL]
        new = [name for name in droppable if OPTIONAL[name] not in self.dropped]
        self.dropped.update(new)
        return bool(new)

    def note_content(self, form: Form, content: str | None) -> None:
        """Learns from an answer whether the server follows the form."""
        if form != self.form or self.proven:
            return
        if content is not None and "{" in content:
            self.proven = True
        else:
            self._prose += 1
            if self._prose >= MOST_PROSE:
                self.step_down(form)


def _is_named(name: str, message: str) -> bool:
    return re.search(rf"(?<![\w-]){name}(?![\w-])", message) is not None


def _add_order(messages: list[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    """Returns the messages with an order at the end of the system message, which may be new."""
    first, *others = messages
    if first.get("role") != "system":
        return [{"role": "system", "content": order}, *messages]
    return [{**first, "content": f"{first.get('content', '')}\n\n{order}"}, *others]


def is_about_form(status: int, message: str) -> bool:
    """Returns whether an error may mean that the server does not accept this form of request.

    A status of 500 may: llama-cpp-python answers so to `json_schema`.
    """
    if status in (400, 404, 415, 422, 501):
        named = ("response_format", "json_schema", "schema", "format")
        return any(word in message.lower() for word in named)
    return status == 500
