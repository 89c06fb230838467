"""What a task is: a template, a draft, and how one becomes a request and an answer a value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from generators.engine.dialogue import Ask, Unfit
from generators.engine.exchange import Request, parse_json, write_body
from generators.jsonl import as_object
from generators.templates import hash_template, render

Draft = TypeVar("Draft", bound=BaseModel)


@dataclass(frozen=True)
class Task:
    """One kind of request."""

    name: str
    """Name, such as `dilemma`."""
    template: str
    """Version that asks, such as `dilemma/v1`: a folder with `system` and `user`."""
    draft: type[BaseModel]
    """What must come back."""
    variables: frozenset[str]
    """What the user template is given."""
    most_tokens: int
    """At which an answer is cut off, hidden reasoning included."""
    usual_tokens: int
    """Of an answer, about: as the hand-written ones have, at 3.3 characters a token of JSON."""


def make_request(task: Task, model: str, item: str, variables: Mapping[str, object]) -> Request:
    """Returns the request of a task about one item.

    The system message and the schema are the same for all items, and come first, so that providers
    cache them.
    """
    messages = [
        {"role": "system", "content": _render_system(task.template)},
        {"role": "user", "content": render(f"{task.template}/user", **variables)},
    ]
    body = write_body(model, messages, task.name, strict_schema(task.draft), task.most_tokens)
    return Request(task.template, item, body, _hash_templates(task.template))


def make_ask(request: Request, draft: type[Draft], check: Callable[[Draft], None]) -> Ask[Draft]:
    """Returns the ask whose answer is a draft that passes a check; the check raises Unfit."""

    def read(content: str) -> Draft:
        found = read_draft(content, draft)
        check(found)
        return found

    return Ask(request, read)


def read_draft(content: str, draft: type[Draft]) -> Draft:
    """Returns the draft in the text of an answer.

    Raises:
        Unfit: it is no JSON, or of another form.
    """
    try:
        value = parse_json(content)
    except ValueError as error:
        raise Unfit("invalid_json", "it is no JSON object") from error
    try:
        return draft.model_validate(value, strict=False)
    except ValidationError as error:
        raise Unfit("schema", describe_mismatch(error)) from error


def describe_mismatch(error: ValidationError) -> str:
    """Returns the first thing that does not fit a schema, in words of our own."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the answer"
    wanted = {
        "missing": "it is missing",
        "extra_forbidden": "there is no such field",
        "literal_error": "it is none of the values allowed",
        "too_short": "there are too few",
        "too_long": "there are too many",
    }
    return f"{place}: {wanted.get(first['type'], 'it is of the wrong type or size')}"


@cache
def strict_schema(draft: type[BaseModel]) -> dict[str, Any]:
    """Returns the JSON schema of a draft in the strict subset: closed, with no titles.

    https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
    """
    return _without_titles(draft.model_json_schema())


def _without_titles(value: dict[str, Any]) -> dict[str, Any]:
    """Returns a schema without the titles, which only repeat the names."""
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        if name == "title" and isinstance(inner, str):
            continue
        kept[name] = _without_titles(as_object(inner)) if isinstance(inner, dict) else inner
    return kept


@cache
def _render_system(template: str) -> str:
    return render(f"{template}/system")


@cache
def _hash_templates(template: str) -> str:
    return hash_template(f"{template}/system", f"{template}/user")
