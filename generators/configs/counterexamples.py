"""Paths in the network, and for each a conclusion that does not follow from it. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from generators.sources.concepts.network import Fact, Path, derive, list_facts, list_paths
from generators.sources.concepts.pool import Material, Sourced, name_edge
from generators.splits import deal_split, hash_number
from schemas.concept import Edge

NO_TWIN = "no concept of another theme that it does not follow for"
ROWS_A_PATH = 12
"""Real words, nonce subject, nonce words; without a distractor and with one; either validity."""


class Twins(NamedTuple):
    """A path, the target of its invalid twin, and a premise that names that target."""

    path: Path
    source: Sourced[Edge]
    """The edge whose origin the rows take: one that a model wrote, where one is."""
    distraction: Edge

    @property
    def wrong(self) -> str:
        """The target of the invalid twin."""
        return self.distraction.target


def find_twins(material: Material, left_out: Counter[str]) -> list[Twins]:
    """Returns the paths that have an invalid twin, by theme and name.

    All edges are looked at, whatever the limit: so it changes no row that is there. Those of the
    concept file are looked at alone for its own paths: so a model changes no row but its own.
    """
    sourced = {name_edge(each.value): each for each in material.every_edge}
    own = [each.value for each in sourced.values() if each.origin == "template"]
    every = [each.value for each in sourced.values()]
    known = derive(list_facts(own))
    known_all = known if len(own) == len(every) else derive(list_facts(every))
    by_relation: defaultdict[str, list[Edge]] = defaultdict(list)
    for edge in own:
        by_relation[edge.relation].append(edge)
    found: list[Twins] = []
    for path in _sort(material, list_paths(every, material.file.concepts)):
        parts = [sourced[name_edge(edge)] for edge in path.edges]
        written = next((part for part in parts if part.origin == "generated"), None)
        facts = known if written is None else known_all
        distraction = _find_distraction(material, path, by_relation, facts)
        if distraction is not None:
            found.append(Twins(path, written or parts[0], distraction))
        elif is_within(material, path):
            left_out[NO_TWIN] += ROWS_A_PATH
    return found


def name_path(path: Path) -> str:
    """Returns a path as it is named, such as `bribe-kind_of-payment-related_to-debt`."""
    return "-".join(path.steps)


def _sort(material: Material, paths: Iterator[Path]) -> list[Path]:
    themes = list(material.file.themes)
    concepts = material.file.concepts
    return sorted(
        paths, key=lambda path: (themes.index(concepts[path.source].theme), name_path(path))
    )


def is_within(material: Material, path: Path) -> bool:
    """Returns whether the limit leaves all edges of a path."""
    return all(name_edge(edge) in material.edge_names for edge in path.edges)


def _find_distraction(
    material: Material, path: Path, by_relation: Mapping[str, Sequence[Edge]], known: set[Fact]
) -> Edge | None:
    """Returns an edge of the path's last relation, of another theme: the twin takes its target.

    One of a theme in the same split is preferred, so that no concept of it stands in two.
    """
    concepts = material.file.concepts
    theme = concepts[path.source].theme
    found = [
        edge
        for edge in by_relation[path.edges[-1].relation]
        if theme not in (concepts[edge.source].theme, concepts[edge.target].theme)
        and (path.source, path.relation, edge.target) not in known
    ]
    split = deal_split(theme)
    near = [edge for edge in found if deal_split(concepts[edge.target].theme) == split]
    among = near or found
    return among[hash_number(name_path(path)) % len(among)] if among else None
