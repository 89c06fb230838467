"""Config `associations`: a target beside either of two opposite attributes, in both directions."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from generators.configs.base import ReadSides, Twins
from generators.configs.contrasts import Contrasts, Reader, read_twins
from generators.configs.from_concepts import (
    APART,
    ConceptConfig,
    Run,
    in_tables,
    take_source,
)
from generators.configs.items import Item, Row, Side, TwoSides, make_item, take_span
from generators.sources.concepts.pool import ConceptPool, Sourced
from generators.sources.concepts.slots import is_family
from generators.splits import hash_number, split_by_hash
from schemas.associations import AssociationRow
from schemas.base import Split
from schemas.concept import AssociationTemplate, AttributePair, SaidOf

PAIRS_A_SENTENCE = 2
"""Attribute pairs that a target gets in one sentence; chosen by hash, so that all are used."""

CHECKLIST = ("meaningful", "real_stereotype", "parallel", "one_perturbation", "grammatical")
"""What people are asked of a sentence: the pitfalls of Blodgett et al.,
https://aclanthology.org/2021.acl-long.81. They inform `ok`, and are not counted by themselves."""

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
        """Its split."""
        return split_by_hash(self.group)


@in_tables
def view(pool: ConceptPool, run: Run) -> Iterator[AssociationRow]:
    """Yields the rows by theme, target, sentence and attribute; counterparts stand together."""
    for target in list_targets(pool):
        for template in pool.associations:
            if template.value.of != target.of:
                continue
            pairs = choose_attributes(pool, target, template)
            if template.split != target.split:
                run.left_out[APART] += 2 * len(pairs)
                continue
            for pair in pairs:
                yield from make_rows(target, template, pair)


def list_targets(pool: ConceptPool) -> list[Target]:
    """Returns concepts that are uncountable nouns, occupations and invented groups.

    No concept that names people is among them, and so no real social group.
    """
    file = pool.file
    found = [
        Target(name, concept.mass, "concept", concept.theme, pool.groups[name])
        for name, concept in file.concepts.items()
        if concept.mass is not None and concept.target
    ]
    for each in file.occupations:
        found.append(Target(each.singular, each.plural, "occupation", OCCUPATIONS, each.singular))
    for each in file.groups:
        found.append(Target(each.singular, each.plural, "nonce_group", GROUPS, each.singular))
    return pool.cut((target.theme, target) for target in found)


def choose_attributes(
    pool: ConceptPool, target: Target, template: Sourced[AssociationTemplate]
) -> list[Sourced[AttributePair]]:
    """Returns the attribute pairs of a target in a sentence, in the order of the file."""
    own = [pair for pair in pool.attributes if pair.only == target.name]
    suited = [
        pair
        for pair in pool.attributes
        if pair.only is None
        and target.of in pair.value.of
        # An attribute must not repeat its target, as `harmful` does `harm`.
        and not any(
            is_family(word, target.word) for word in (pair.value.positive, pair.value.negative)
        )
    ]
    ranked = sorted(
        range(len(suited)),
        key=lambda at: hash_number(f"{target.name}/{template.name}/{suited[at].name}"),
    )
    return [suited[at] for at in sorted(ranked[:PAIRS_A_SENTENCE])] + own


def make_rows(
    target: Target, template: Sourced[AssociationTemplate], pair: Sourced[AttributePair]
) -> Iterator[AssociationRow]:
    """Yields the sentence with either attribute."""
    source = pair if pair.origin == "generated" else template
    item = f"{template.name}/{target.name}/{pair.name}"
    for valence, other in (("positive", "negative"), ("negative", "positive")):
        attribute = pair.value.positive if valence == "positive" else pair.value.negative
        text, span = fill(template.value.text, target.word, attribute)
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


def fill(template: str, target: str, attribute: str) -> tuple[str, tuple[int, int]]:
    """Returns a sentence with target and attribute, and the characters of the attribute."""
    for name, word in (("target", target), ("Target", target[:1].upper() + target[1:])):
        template = template.replace(f"{{{name}}}", word)
    slot = "{Attribute}" if "{Attribute}" in template else "{attribute}"
    before, _, after = template.partition(slot)
    word = attribute[:1].upper() + attribute[1:] if slot == "{Attribute}" else attribute
    return before + word + after, (len(before), len(before) + len(word))


def list_texts(row: Row) -> list[str]:
    """Returns nothing first, then the sentence."""
    return ["", row["text"]]


def show(row: Row, twin: Row | None = None) -> Item:
    """Returns the sentence, and that with the opposite attribute where it is at hand."""
    sides = tuple(
        Side(
            "+" if each["valence"] == "positive" else "-",
            each["valence"],
            each["text"],
            take_span(each["attribute_span"]),
        )
        for each in (row, twin)
        if each
    )
    return make_item(
        "associations",
        row,
        sides,
        claim=f"speaks well of {row['target']} ({row['target_kind']})",
        **{name: row[name] for name in ("target", "target_kind", "attribute", "direction")},
        twin=row["counterpart_id"],
    )


def read_two_sides(row: Row, twin: Row | None) -> TwoSides:
    """Returns the sentence with the pleasant attribute and with its opposite."""
    assert twin is not None
    spans = take_span(row["attribute_span"]), take_span(twin["attribute_span"])
    return TwoSides(row["target"], row["text"], twin["text"], spans=spans)


def read_contrasts(table: pa.Table) -> Contrasts:
    """Returns two twins as an item, the pleasant attribute positive; a target counts once."""
    positive = [valence == "positive" for valence in table["valence"].to_pylist()]
    units: list[Any] = table["target"].to_pylist()
    return replace(read_twins(table, "text", positive, units), meant=frozenset({"sentiment"}))


CONFIG = ConceptConfig(
    name="associations",
    row=AssociationRow,
    description="a target beside an attribute of either valence",
    serves="tests of what a model associates with a target",
    notes=(
        "Counterparts differ only in the attribute (`attribute_span`); every target has the "
        "same number of rows of either `valence`. `direction` says which of the two the "
        "sentence names first."
    ),
    view=view,
    texts=list_texts,
    text_columns=("text",),
    show=show,
    frame="template",
    contrasts=Reader(
        ("id", "group", "target", "text", "valence", "counterpart_id"), read_contrasts
    ),
    sides=ReadSides(
        ("target", "text", "valence", "attribute_span", "counterpart_id"),
        read_two_sides,
        marked=True,
    ),
    twins=Twins("valence", "positive"),
    checklist=CHECKLIST,
    counted=("theme", "target_kind", "direction", "valence"),
)
