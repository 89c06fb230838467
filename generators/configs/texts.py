"""The fields of a row that hold story text: taken, hashed, measured, changed. Pure."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from typing import Any, get_args

from pydantic import BaseModel

from schemas.base import StoryText

Fields = dict[str, Any]
"""Names of text fields; a field that holds records has a mapping of theirs, else None."""

WITHHELD = "choice-of-games"
"""Licence of text that is not ours to republish."""


@cache
def list_story_fields(row: type[BaseModel]) -> Fields:
    """Returns the fields that are marked as `StoryText`, in their order, inner records too."""
    found: Fields = {}
    for name, field in row.model_fields.items():
        if any(isinstance(mark, StoryText) for mark in field.metadata):
            found[name] = None
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                if inner := list_story_fields(kind):
                    found[name] = inner
    return found


def take_text(value: Any, fields: Fields | None) -> Any:
    """Returns the text in a row, with records and lists as they are."""
    if isinstance(value, list | tuple):
        return [take_text(each, fields) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if fields is None or value is None:
        return value
    return {name: take_text(value[name], inner) for name, inner in fields.items()}


def measure_text(text: Any) -> Any:
    """Returns a row's text with its length, in characters, in the place of each string."""
    if isinstance(text, list):
        return [measure_text(each) for each in text]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(text, Mapping):
        return {name: measure_text(each) for name, each in text.items()}  # pyright: ignore[reportUnknownVariableType]
    return None if text is None else len(text)


def change_text(value: Any, fields: Fields | None, change: Callable[[str | None], Any]) -> Any:
    """Returns a value with each of its strings of text changed, and all else as it is.

    Args:
        value: a row, or what is in its fields.
        fields: its text fields, of which some may be missing; None where it is text itself.
        change: makes of a string, or of null, what is to stand in its place.
    """
    if isinstance(value, list | tuple):
        return [change_text(each, fields, change) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if fields is None:
        return change(value)
    if value is None:
        return None
    changed = {
        name: change_text(value[name], inner, change)
        for name, inner in fields.items()
        if name in value
    }
    return {**value, **changed}


def hash_text(text: Any) -> str:
    """Returns the sha256 of a row's text as canonical JSON: UTF-8, keys sorted, no spaces."""
    canonical = json.dumps(text, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
