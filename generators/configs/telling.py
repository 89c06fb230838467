"""A scenario, told with a word in its clause or without the clause. Pure."""

import re
from typing import NamedTuple

from schemas.concept import Concept, Scenario

_WORD = re.compile(r"[\w'-]+")


class Telling(NamedTuple):
    """A scenario with a clause in it."""

    text: str
    read: tuple[int, int]
    """Characters whose tokens are the clause's: with the space before it, which a tokenizer reads
    with the word that follows."""
    span: tuple[int, int]
    """Characters of the clause with a space: without them the text is the scenario's base."""


def tell(scenario: Scenario, word: str) -> Telling:
    """Returns a scenario with a word in its clause, and the clause in the scenario."""
    before, _, rest = scenario.text.partition("[")
    clause, _, after = rest.partition("]")
    clause = clause.replace("{}", word)
    if clause.startswith(word):
        clause = clause[:1].upper() + clause[1:]
    if not before:
        return Telling(clause + after, (0, len(clause)), (0, len(clause) + 1))
    span = (len(before) - 1, len(before) + len(clause))
    return Telling(before + clause + after, span, span)


def find_words(scenario: Scenario) -> str:
    """Returns the words of a scenario without its clause, with spaces around each."""
    before, _, rest = scenario.text.partition("[")
    after = rest.partition("]")[2]
    return f" {' '.join(_WORD.findall(f'{before} {after}'.lower()))} "


def is_named(concept: Concept, words: str) -> bool:
    """Returns whether a noun stands among some words."""
    forms = (concept.singular, concept.plural, concept.mass)
    return any(f" {form.lower()} " in words for form in forms if form)
