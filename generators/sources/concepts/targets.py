"""What associations are about, and the attributes that suit it. Pure."""

from typing import Literal, NamedTuple

from generators.sources.concepts.slots import is_family
from schemas.concept import AttributePair, ConceptFile, SaidOf

TargetKind = Literal["concept", "occupation", "nonce_group"]
OCCUPATIONS, GROUPS = "occupations", "nonce_groups"
"""Themes of targets that are no concepts."""
PEOPLE = "people"
"""What attribute pairs call occupations and invented groups; concepts have kinds of their own."""


class Target(NamedTuple):
    """What something is said of."""

    name: str
    word: str
    """As sentences say it: an uncountable noun, or a plural."""
    kind: TargetKind
    theme: str
    said_as: str | None
    """The kind by which attribute pairs know it; None for a concept that the file gives none."""

    @property
    def of(self) -> SaidOf:
        """Which sentences suit it."""
        return "concept" if self.kind == "concept" else "people"

    def suits(self, pair: AttributePair) -> bool:
        """Returns whether both attributes can be said of it, and neither repeats its word."""
        words = (pair.positive, pair.negative)
        # As `harmful` repeats `harm`.
        return self.said_as in pair.of and not any(is_family(word, self.word) for word in words)


def list_targets(file: ConceptFile) -> list[Target]:
    """Returns concepts that are uncountable nouns, occupations and invented groups.

    No concept that names people is among them, and so no real social group.
    """
    found = [
        Target(name, concept.mass, "concept", concept.theme, concept.kind)
        for name, concept in file.concepts.items()
        if concept.mass is not None and concept.target
    ]
    for each in file.occupations:
        found.append(Target(each.singular, each.plural, "occupation", OCCUPATIONS, PEOPLE))
    for each in file.groups:
        found.append(Target(each.singular, each.plural, "nonce_group", GROUPS, PEOPLE))
    return found


def name_attributes(pair: AttributePair) -> str:
    """Returns an attribute pair as it is named, such as `good-bad`."""
    return f"{pair.positive}-{pair.negative}"
