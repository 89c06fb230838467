"""What the tasks about concepts have in common: checks of a text that concepts stand in. Pure."""

import re
from collections.abc import Iterable

from generators.engine.dialogue import Unfit
from generators.slots import name_noun
from generators.tasks import wording
from schemas.concept import PARTS_OF_SPEECH, Concept

_ASCII = re.compile(r"[^\x20-\x7e]")
SHORTEST_FAMILY = 4
"""Letters that two words of one family share at least, at their beginning."""


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
    """Raises Unfit where a text names a concept, or a word that begins as one does."""
    words = wording.list_words(text)
    for concept in concepts:
        for form in list_words(concept):
            for part in wording.list_words(form):
                stem = part[: max(len(part) - 2, SHORTEST_FAMILY)]
                alike = [word for word in words if word == part or _is_family(word, stem)]
                if alike:
                    raise Unfit("names_concept", f"{where} names the concept ('{alike[0]}')")


def _is_family(word: str, stem: str) -> bool:
    return len(stem) > SHORTEST_FAMILY and word.startswith(stem)
