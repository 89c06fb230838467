"""What the tasks about concepts share: checks of a text that names concepts. Pure."""

import re
from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from generators.engine.dialogue import Unfit
from generators.sources.concepts.slots import is_family, name_noun
from generators.writing import wording
from generators.writing.task import describe_mismatch
from schemas.concept import PARTS_OF_SPEECH, Concept

Record = TypeVar("Record", bound=BaseModel)
STOPS = (".", "?", "!", '."', '?"', '!"')
"""How a sentence may end."""
_ASCII = re.compile(r"[^\x20-\x7e]")


def make(record: type[Record], **fields: object) -> Record:
    """Returns a part of a concept file.

    Raises:
        Unfit: a field has no form that a concept file takes.
    """
    try:
        return record.model_validate(fields)
    except ValidationError as error:
        raise Unfit("schema", describe_mismatch(error)) from error


def list_words(concept: Concept) -> list[str]:
    """Returns all forms of a concept."""
    forms = PARTS_OF_SPEECH[concept.part_of_speech]
    return [getattr(concept, form) for form in forms if form != "article"]


def describe(concept: Concept) -> str:
    """Returns the name of a concept in a prompt: a noun phrase, else an adjective."""
    return name_noun(concept) or list_words(concept)[0]


def check_line(text: str, where: str) -> None:
    """Raises Unfit where a text is no plain line of prose."""
    if text != text.strip() or "\n" in text:
        raise Unfit("template_text", f"{where} has spaces or line breaks around or in it")
    if match := _ASCII.search(text):
        raise Unfit("template_text", f"{where} holds '{match[0]}'; only plain ASCII is taken")
    wording.check_prose(text, where)


def check_unnamed(text: str, concepts: Iterable[Concept], where: str) -> None:
    """Raises Unfit where a text names a concept, or holds a word of its family."""
    words = wording.list_words(text)
    for form in (form for concept in concepts for form in list_words(concept)):
        named = wording.list_words(form)
        if len(named) > 1 and f" {' '.join(named)} " in f" {' '.join(words)} ":
            raise Unfit("names_concept", f"{where} names the concept ('{form}')")
        if found := [word for word in words if len(named) == 1 and is_family(word, named[0])]:
            raise Unfit("names_concept", f"{where} names the concept ('{found[0]}')")
