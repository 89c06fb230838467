"""What the tasks about concepts have in common: checks of a text that concepts stand in. Pure."""

import re
from collections.abc import Iterable
from math import ceil
from os.path import commonprefix

from generators.engine.dialogue import Unfit
from generators.slots import name_noun
from generators.tasks import wording
from schemas.concept import PARTS_OF_SPEECH, Concept

_ASCII = re.compile(r"[^\x20-\x7e]")
SHORTEST_STEM = 4
"""Letters below which a word has no family: `ox` is not in `oxygen`."""
LONGEST_WHOLE = 5
"""Letters up to which a word must stand whole at the beginning of another."""


def list_words(concept: Concept) -> list[str]:
    """Returns all forms of a concept."""
    forms = PARTS_OF_SPEECH[concept.part_of_speech]
    return [getattr(concept, form) for form in forms if form != "article"]


def say(concept: Concept) -> str:
    """Returns a concept as it is named to a model: as a noun phrase, else as an adjective."""
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
    forms = [form for concept in concepts for form in list_words(concept)]
    named = [part for form in forms for part in wording.list_words(form)]
    for word in wording.list_words(text):
        if any(is_family(word, part) for part in named):
            raise Unfit("names_concept", f"{where} names the concept ('{word}')")


def is_family(word: str, other: str) -> bool:
    """Returns whether a word is another one, or seems to come from it.

    A short one must stand at its beginning whole (`greed`, `greedy`); of a long one three fifths
    must (`generosity`, `generous`).
    """
    if word == other or len(other) < SHORTEST_STEM:
        return word == other
    if len(other) <= LONGEST_WHOLE:
        return word.startswith(other)
    return len(commonprefix([word, other])) >= ceil(0.6 * len(other))
