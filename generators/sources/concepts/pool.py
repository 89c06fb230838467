"""What the concept sets are made of: the concept file, and what a model adds to it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

from generators.sources.concepts.assignment import (
    Assigned,
    deal_associations,
    deal_insertions,
    deal_minimal_pairs,
    deal_relations,
)
from generators.sources.concepts.targets import name_attributes
from schemas.base import Origin, Provenance, Split, TextLicence
from schemas.concept import (
    AssociationTemplate,
    AttributePair,
    ConceptFile,
    Edge,
    Scenario,
    SlotTemplate,
)

Thing = TypeVar("Thing", covariant=True)
Pair = tuple[str, str]
Kept = TypeVar("Kept")
Themed = TypeVar("Themed", SlotTemplate, Scenario)


@dataclass(frozen=True)
class Sourced(Generic[Thing]):
    """A part of the pool, and where it comes from."""

    name: str
    """Unique among its kind."""
    value: Thing
    split: Split
    """Its split: as it was assigned, or that of what it was written for."""
    origin: Origin
    text_licence: TextLicence
    provenance: Provenance
    only: Pair | str | None = None
    """The contrast, or concept, that it was written for; None for all that fit."""


@dataclass
class Additions:
    """What a model adds."""

    templates: list[Sourced[SlotTemplate]] = field(default_factory=list[Sourced[SlotTemplate]])
    scenarios: list[Sourced[Scenario]] = field(default_factory=list[Sourced[Scenario]])
    edges: list[Sourced[Edge]] = field(default_factory=list[Sourced[Edge]])
    attributes: list[Sourced[AttributePair]] = field(default_factory=list[Sourced[AttributePair]])


@dataclass
class ConceptPool:
    """The concept file, cut to a limit, with the additions."""

    file: ConceptFile
    limit: int | None = None
    """Most contrasts, scenarios, edges and targets; taken from the themes in turn."""
    additions: Additions = field(default_factory=Additions)

    @cached_property
    def minimal_pairs(self) -> Assigned:
        """Splits of contrasts and slot templates; the limit and additions change none of them."""
        return deal_minimal_pairs(self.file)

    @cached_property
    def insertions(self) -> Assigned:
        """Splits of concepts that are mentioned, and of scenarios."""
        return deal_insertions(self.file)

    @cached_property
    def relations(self) -> Assigned:
        """Splits of themes and nonce words."""
        return deal_relations(self.file)

    @cached_property
    def associations(self) -> Assigned:
        """Splits of targets, sentences and attribute pairs."""
        return deal_associations(self.file)

    @cached_property
    def contrasts(self) -> list[Pair]:
        """Positive and negative concept, by theme."""
        contrasts = self.file.contrasts
        return self.cut((self.file.concepts[pair[0]].theme, pair) for pair in contrasts)

    @cached_property
    def templates(self) -> list[Sourced[SlotTemplate]]:
        """Slot templates, by theme and name."""
        splits = self.minimal_pairs.templates
        found = [self._source(name, each, splits) for name, each in self.file.templates.items()]
        return self._sort([*found, *self.additions.templates])

    @cached_property
    def scenarios(self) -> list[Sourced[Scenario]]:
        """Scenarios, by theme and name."""
        named = self.cut((each.theme, (name, each)) for name, each in self.file.scenarios.items())
        found = [self._source(name, each, self.insertions.templates) for name, each in named]
        return self._sort([*found, *self.additions.scenarios])

    @cached_property
    def every_edge(self) -> list[Sourced[Edge]]:
        """The network whole, whatever the limit."""
        concepts = self.file.concepts
        splits: dict[str, Split] = {
            name_edge(edge): self.relations.split_of(concepts[edge.source].theme)
            for edge in self.file.edges
        }
        found = [self._source(name_edge(edge), edge, splits) for edge in self.file.edges]
        return [*found, *self.additions.edges]

    @cached_property
    def edge_names(self) -> frozenset[str]:
        """The edges that the limit leaves; a model's are not cut."""
        themes = {name: concept.theme for name, concept in self.file.concepts.items()}
        left = self.cut((themes[edge.source], name_edge(edge)) for edge in self.file.edges)
        return frozenset((*left, *(each.name for each in self.additions.edges)))

    @cached_property
    def edges(self) -> list[Sourced[Edge]]:
        """The network, as far as the limit leaves it."""
        return [each for each in self.every_edge if each.name in self.edge_names]

    @cached_property
    def attributes(self) -> list[Sourced[AttributePair]]:
        """Attributes, as the file lists them."""
        named = ((name_attributes(each), each) for each in self.file.attributes)
        found = [self._source(*each, self.associations.words) for each in named]
        return [*found, *self.additions.attributes]

    @cached_property
    def sentences(self) -> list[Sourced[AssociationTemplate]]:
        """Sentences for associations, by name."""
        splits = self.associations.templates
        named = sorted(self.file.associations.items())
        return [self._source(name, each, splits) for name, each in named]

    def cut(self, items: Iterable[tuple[str, Kept]]) -> list[Kept]:
        """Returns (theme, item) by theme; where there is a limit, taken from the themes in turn."""
        by_theme: dict[str, list[Kept]] = {theme: [] for theme in self.file.themes}
        for theme, item in items:
            by_theme.setdefault(theme, []).append(item)
        heaps = list(by_theme.values())
        if self.limit is None:
            return [item for heap in heaps for item in heap]
        taken, left = [0] * len(heaps), self.limit
        while left and any(taken[at] < len(heap) for at, heap in enumerate(heaps)):
            for at, heap in enumerate(heaps):
                if left and taken[at] < len(heap):
                    taken[at] += 1
                    left -= 1
        return [item for at, heap in enumerate(heaps) for item in heap[: taken[at]]]

    def _source(self, name: str, value: Thing, splits: Mapping[str, Split]) -> Sourced[Thing]:
        licence, provenance = self.file.text_licence, Provenance(template=name)
        return Sourced(name, value, splits[name], "template", licence, provenance)

    def _sort(self, found: list[Sourced[Themed]]) -> list[Sourced[Themed]]:
        themes = list(self.file.themes)
        return sorted(found, key=lambda each: (themes.index(each.value.theme), each.name))


def name_edge(edge: Edge) -> str:
    """Returns an edge as it is named, such as `bribe-kind_of-payment`."""
    return f"{edge.source}-{edge.relation}-{edge.target}"
