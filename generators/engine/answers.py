"""What a response in the API's wire form says, and what it cost. Pure; trusts no server."""

import json
import re
from dataclasses import dataclass
from typing import Any

from generators.engine.json_text import as_object, as_objects, read_json
from schemas.exchange import RejectionReason, Tokens

_THOUGHT = re.compile(r"^\s*<think>.*?</think>\s*", re.S)
_CODE_BLOCK = re.compile(r"```(?:json)?[ \t]*\n(.*?)```", re.S)
_REFUSAL = re.compile(
    r"^\W*(?:i['’]?m sorry|sorry,|i (?:can(?:no|['’])t|am unable|won['’]t|must decline)"
    r"|as an ai\b)",
    re.I,
)


@dataclass(frozen=True)
class NoContent:
    """A response that says nothing that could be read."""

    reason: RejectionReason
    detail: str
    content: str | None = None
    """What there is of it."""


def parse_body(body: bytes) -> Any:
    """Returns the JSON in a body, if only just, for it is paid and may be good; else None."""
    try:
        return read_json(body)
    except ValueError:
        pass
    try:
        return json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def is_answer(response: Any) -> bool:
    """Returns whether a JSON value is an answer at all, usable or not."""
    response = as_object(response)
    if "choices" in response:
        return bool(as_objects(response["choices"]))
    if response.get("error") or response.get("status") not in (None, "completed", "incomplete"):
        return False
    return bool({"output", "data", "results"} & response.keys())


def read_content(response: dict[str, Any]) -> str | NoContent:
    """Returns the text of an answer; in its place, why there is none."""
    choices = as_objects(response.get("choices"))
    if not choices:
        return _read_output(response)
    choice = choices[0]
    message = as_object(choice.get("message")) or {"content": choice.get("text")}
    content = message.get("content")
    content = content if isinstance(content, str) else None
    if refusal := message.get("refusal"):
        return NoContent("refused", f"the model refused: {str(refusal)[:200]}", str(refusal))
    if choice.get("finish_reason") == "content_filter":
        return NoContent("refused", "the provider's content filter stopped the answer", content)
    if choice.get("finish_reason") == "length":
        return NoContent("truncated", "the answer was cut off at the token limit", content)
    return _strip(content)


def _read_output(response: dict[str, Any]) -> str | NoContent:
    """Reads the form of `/responses`."""
    output = as_objects(response.get("output"))
    parts = [part for item in output for part in as_objects(item.get("content"))]
    text = "".join(part["text"] for part in parts if isinstance(part.get("text"), str))
    refusals = [str(part["refusal"]) for part in parts if part.get("refusal")]
    if refusals:
        return NoContent("refused", f"the model refused: {refusals[0][:200]}", refusals[0])
    if response.get("status") == "incomplete":
        return NoContent("truncated", "the answer is incomplete", text)
    return _strip(text)


def _strip(content: str | None) -> str | NoContent:
    text = _THOUGHT.sub("", content or "").strip()
    if not text:
        return NoContent("empty", "the answer is empty")
    if not text.startswith("{") and _REFUSAL.match(text):
        return NoContent("refused", f"the model refused: {text[:200]}", text)
    return text


def parse_json(content: str) -> Any:
    """Returns the JSON value in an answer, which may stand in a code block or among prose.

    Raises:
        ValueError: there is none.
    """
    try:
        return json.loads(content)
    except ValueError:
        block = _CODE_BLOCK.search(content)
        start, end = content.find("{"), content.rfind("}")
        inner = block[1] if block else content[start : end + 1]
        return json.loads(inner)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def count_tokens(response: Any) -> Tokens:
    """Returns the tokens a response says it took; zeros where it does not say."""
    usage = as_object(as_object(response).get("usage"))
    details = usage.get("prompt_tokens_details") or usage.get("input_tokens_details")
    cached = as_object(details).get("cached_tokens")
    return Tokens(
        prompt=_number(usage.get("prompt_tokens", usage.get("input_tokens"))),
        cached=_number(cached),
        completion=_number(usage.get("completion_tokens", usage.get("output_tokens"))),
    )


def _number(value: Any) -> int:
    is_count = isinstance(value, (int, float)) and not isinstance(value, bool)
    return int(value) if is_count and 0 <= value < 1e12 else 0
