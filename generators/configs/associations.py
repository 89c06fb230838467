"""Config `associations`: a target beside either of two opposite attributes, in both directions."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from generators.configs.from_concepts import (
    APART,
    ConceptSet,
    Part,
    Scope,
    make_tables,
    take_source,
)
from generators.sources.concepts.pool import Material, Sourced
from generators.splits import deal_split, hash_number
from generators.writing.concept_texts import is_family
from schemas.associations import AssociationRow
from schemas.base import Split
from schemas.concept import AssociationTemplate, AttributePair, SaidOf

PAIRS_A_SENTENCE = 2
"""Attribute pairs that a target gets in one sentence; chosen by hash, so that all are used."""

TargetKind = Literal["concept", "occupation", "nonce_group"]
OCCUPATIONS, GROUPS = "occupations", "nonce_groups"
"""Themes of targets that are no concepts."""


class Target(NamedTuple):
    """What something is said of."""

    name: str
    word: str
    """As sentences say it: an uncountable noun, or a plural."""
    kind: TargetKind
    theme: str
    group: str

    @property
    def of(self) -> SaidOf:
        """Which sentences and attributes suit it."""
        return "concept" if self.kind == "concept" else "people"

    @property
    def split(self) -> Split:
        """Where it is dealt to."""
        return deal_split(self.group)


def list_tables(scope: Scope) -> Iterator[Part]:
    """Yields the rows by theme, target, sentence and attribute; counterparts stand together."""
    yield from make_tables(_list_rows(scope))


def _list_rows(scope: Scope) -> Iterator[AssociationRow]:
    material = scope.material
    for target in list_targets(material):
        for template in material.associations:
            if template.value.of != target.of:
                continue
            pairs = choose_attributes(material, target, template)
            if template.split != target.split:
                scope.sieve.left_out[APART] += 2 * len(pairs)
                continue
            for pair in pairs:
                yield from make_rows(target, template, pair)


def list_targets(material: Material) -> list[Target]:
    """Returns concepts that are uncountable nouns, occupations and invented groups.

    No concept that names people is among them, and so no real social group.
    """
    file = material.file
    found = [
        (concept.theme, Target(name, concept.mass, "concept", concept.theme, material.groups[name]))
        for name, concept in file.concepts.items()
        if concept.mass is not None and concept.target
    ]
    found += [
        (OCCUPATIONS, Target(each.singular, each.plural, "occupation", OCCUPATIONS, each.singular))
        for each in file.occupations
    ]
    found += [
        (GROUPS, Target(each.singular, each.plural, "nonce_group", GROUPS, each.singular))
        for each in file.groups
    ]
    return material.cut(found)


def choose_attributes(
    material: Material, target: Target, template: Sourced[AssociationTemplate]
) -> list[Sourced[AttributePair]]:
    """Returns the attribute pairs of a target in a sentence, in the order of the file."""
    own = [pair for pair in material.attributes if pair.only == target.name]
    suited = [
        pair
        for pair in material.attributes
        if pair.only is None and target.of in pair.value.of and not _is_said(target, pair.value)
    ]
    ranked = sorted(
        range(len(suited)),
        key=lambda at: hash_number(f"{target.name}/{template.name}/{suited[at].name}"),
    )
    return [suited[at] for at in sorted(ranked[:PAIRS_A_SENTENCE])] + own


def _is_said(target: Target, pair: AttributePair) -> bool:
    """Returns whether an attribute says its target over again: `harm` and `harmful`."""
    return any(is_family(word, target.word) for word in (pair.positive, pair.negative))


def make_rows(
    target: Target, template: Sourced[AssociationTemplate], pair: Sourced[AttributePair]
) -> Iterator[AssociationRow]:
    """Yields the sentence with either attribute."""
    source = pair if pair.origin == "generated" else template
    item = f"{template.name}/{target.name}/{pair.name}"
    for valence, other in (("positive", "negative"), ("negative", "positive")):
        attribute = pair.value.positive if valence == "positive" else pair.value.negative
        text, span = say(template.value.text, target.word, attribute)
        yield AssociationRow(
            id=f"{item}/{valence}",
            theme=target.theme,
            group=target.group,
            split=target.split,
            target=target.name,
            target_kind=target.kind,
            attribute=attribute,
            valence="positive" if valence == "positive" else "negative",
            direction=template.value.direction,
            template=template.name,
            text=text,
            attribute_span=span,
            counterpart_id=f"{item}/{other}",
            **take_source(source),
        )


def say(template: str, target: str, attribute: str) -> tuple[str, tuple[int, int]]:
    """Returns a sentence with target and attribute, and the characters of the attribute."""
    for name, word in (("target", target), ("Target", target[:1].upper() + target[1:])):
        template = template.replace(f"{{{name}}}", word)
    slot = "{Attribute}" if "{Attribute}" in template else "{attribute}"
    before, _, after = template.partition(slot)
    word = attribute[:1].upper() + attribute[1:] if slot == "{Attribute}" else attribute
    return before + word + after, (len(before), len(before) + len(word))


SET = ConceptSet("associations", AssociationRow, list_tables)
