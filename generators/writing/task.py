"""What a task is: a template that asks, and a draft that the answer must be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from generators.engine.content import parse_json
from generators.engine.dialogue import Ask, Unfit
from generators.engine.exchange import Request, write_body
from generators.jsonl import as_object
from generators.templates import hash_template, render

Draft = TypeVar("Draft", bound=BaseModel)
Record = TypeVar("Record", bound=BaseModel)


@dataclass(frozen=True)
class Task(Generic[Draft]):
    """One kind of request."""

    template: str
    """Version that asks, such as `dilemma/v1`: a folder with `system` and `user`."""
    draft: type[Draft]
    """What must come back."""
    most_tokens: int
    """Where an answer is cut off, hidden reasoning included."""
    usual_tokens: int
    """Of an answer, about: as the hand-written ones have, at 3.3 characters a token of JSON."""

    @property
    def name(self) -> str:
        """Name, such as `dilemma`."""
        return self.template.partition("/")[0]

    def ask(
        self,
        model: str,
        item: str,
        variables: Mapping[str, object],
        check: Callable[[Draft], None] = lambda draft: None,
    ) -> Ask[Draft]:
        """Returns what to ask about one item.

        The system message and the schema are the same for all items and come first, so that
        providers cache them.

        Args:
            model: name of the model.
            item: what is asked about, such as the id of a menu.
            variables: of the user template.
            check: raises Unfit for a draft that cannot be used.
        """
        messages = [
            {"role": "system", "content": _render_system(self.template)},
            {"role": "user", "content": render(f"{self.template}/user", **variables)},
        ]
        schema = strict_schema(self.draft)
        body = write_body(model, messages, self.name, schema, self.most_tokens)

        def read(content: str) -> Draft:
            draft = read_draft(content, self.draft)
            check(draft)
            return draft

        return Ask(Request(self.template, item, body, _hash_templates(self.template)), read)


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


def make(record: type[Record], **fields: object) -> Record:
    """Returns a part of a concept file that a draft becomes.

    Raises:
        Unfit: a field has no form that a concept file takes.
    """
    try:
        return record.model_validate(fields)
    except ValidationError as error:
        raise Unfit("schema", describe_mismatch(error)) from error


def describe_mismatch(error: ValidationError) -> str:
    """Returns the first mismatch with a schema, without the value, which may be story text."""
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
