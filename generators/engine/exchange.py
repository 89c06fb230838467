"""A request to a model and its key. Pure."""

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any

from generators.engine.json_text import as_object, as_objects, write_canonical

CHAT = "/chat/completions"
RESPONSES = "/responses"
OPENAI = "https://api.openai.com/v1"
"""Base URL where none is named."""


@dataclass(frozen=True)
class Request:
    """One request in the API's wire form, asking for a strict JSON schema where it has one."""

    task: str
    """Template version that asks, such as `dilemma/v1`."""
    item: str
    """What is asked about; a changed request about the same item can so be explained."""
    body: dict[str, Any]
    """Model, messages, response format and parameters."""
    template: str = ""
    """sha256 of the template's source."""
    endpoint: str = CHAT
    """Path below the base URL."""
    occurrence: int = 1
    """The n-th identical request of a file: each is answered by itself."""

    @cached_property
    def key(self) -> str:
        """sha256 of the canonical request: one that differs in anything sent has another.

        Keys are sorted, but `required` keeps a schema's order, in which a model writes.
        """
        return sha256(self._canonical).hexdigest()

    @property
    def size(self) -> int:
        """Bytes of the request as JSON: what its tokens are guessed from."""
        return len(self._canonical)

    @cached_property
    def _canonical(self) -> bytes:
        other = {} if self.endpoint == CHAT else {"endpoint": self.endpoint}
        return write_canonical({**self.body, **other})

    @property
    def place(self) -> tuple[str, int]:
        """Key and occurrence: what an answer is looked up by."""
        return self.key, self.occurrence

    @property
    def model(self) -> str:
        """Name of the model asked."""
        return str(self.body.get("model", ""))

    @cached_property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema that the answer must fit; None where none is asked for."""
        return find_schema(self.body)

    @cached_property
    def marks(self) -> dict[str, str]:
        """What the key is made of, part by part, so that a miss can be explained."""
        known = ("model", "messages", "response_format")
        parameters = {name: value for name, value in self.body.items() if name not in known}
        return {
            "template": self.template,
            "model": self.model,
            "schema": hash_json(self.body.get("response_format")),
            "parameters": hash_json(parameters),
        }

    def add_messages(self, *messages: dict[str, str]) -> "Request | None":
        """Returns the request with more messages at its end; None where it has none at all.

        In the form of `/responses` they stand in `input`, which may be a text alone.
        """
        name = "messages" if "messages" in self.body else "input"
        said = self.body.get(name)
        if name == "input" and self.endpoint != RESPONSES:
            return None
        earlier = [{"role": "user", "content": said}] if isinstance(said, str) else as_objects(said)
        return replace(self, body={**self.body, name: [*earlier, *messages]}) if earlier else None


def hash_json(value: Any) -> str:
    """Returns the sha256 of a value as compact JSON with sorted keys, UTF-8."""
    return sha256(write_canonical(value)).hexdigest()


def find_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    """Returns the JSON schema a body asks for, in chat's form or in that of `responses`."""
    form = as_object(body.get("response_format"))
    inner = as_object(form.get("json_schema"))
    if form.get("type") != "json_schema":
        form = inner = as_object(as_object(body.get("text")).get("format"))
    if form.get("type") != "json_schema":
        return None
    return as_object(inner.get("schema")) or None


def write_body(
    model: str, messages: list[dict[str, str]], name: str, schema: dict[str, Any], most_tokens: int
) -> dict[str, Any]:
    """Returns a chat request that asks for a strict JSON schema.

    Args:
        model: name of the model.
        messages: system message first, so that providers can cache the prefix all items share.
        name: of the schema.
        schema: in the strict subset (https://platform.openai.com/docs/guides/structured-outputs).
        most_tokens: at which the answer is cut off; bounds what it can cost.
    """
    form = {"name": name, "strict": True, "schema": schema}
    return {
        "model": model,
        "messages": messages,
        "response_format": {"type": "json_schema", "json_schema": form},
        "max_completion_tokens": most_tokens,
    }
