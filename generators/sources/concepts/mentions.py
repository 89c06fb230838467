"""Which scenarios mention which concepts, and the words that stand in the clause. Pure."""

import re
from collections.abc import Mapping

from generators.sources.concepts.slots import mention
from schemas.concept import Concept, ConceptFile, Scenario

_WORD = re.compile(r"[\w'-]+")


def find_neighbours(file: ConceptFile) -> dict[str, set[str]]:
    """Returns theme -> the concepts of it, and those that an edge connects with one of it."""
    concepts = file.concepts
    found = {theme: set[str]() for theme in file.themes}
    for name, concept in concepts.items():
        found[concept.theme].add(name)
    for edge in file.edges:
        found[concepts[edge.source].theme].add(edge.target)
        found[concepts[edge.target].theme].add(edge.source)
    return found


def list_mentioned(
    file: ConceptFile, scenario: Scenario, neighbours: Mapping[str, set[str]]
) -> list[str]:
    """Returns the concepts that the clause of a scenario can mention.

    They are nouns of its theme and its neighbours that nothing else in it names already.
    """
    near = neighbours[scenario.theme]
    said = join_words(scenario)
    return [
        name
        for name, concept in file.concepts.items()
        if name in near and mention(concept) and not is_named(concept, said)
    ]


def join_words(scenario: Scenario) -> str:
    """Returns the words of a scenario without its clause, each between two spaces."""
    before, _, rest = scenario.text.partition("[")
    after = rest.partition("]")[2]
    return f" {' '.join(_WORD.findall(f'{before} {after}'.lower()))} "


def is_named(concept: Concept, said: str) -> bool:
    """Returns whether some words, as `join_words` gives them, name a noun."""
    forms = (concept.singular, concept.plural, concept.mass)
    return any(has_words(said, form) for form in forms if form)


def has_words(said: str, form: str) -> bool:
    """Returns whether a form stands whole among some words, as `join_words` gives them."""
    return f" {form.lower()} " in said
