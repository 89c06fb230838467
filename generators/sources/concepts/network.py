"""The network of concepts: groups, paths and what follows; the only importer of networkx.

It is imported where it is used: sets that are made from games need none of it.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# The types of `networkx` leave out those of nodes.

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from schemas.concept import Concept, ConceptFile, Edge
from schemas.relations import InheritedRelation

INHERITED: tuple[InheritedRelation, ...] = ("related_to", "causes", "associated_with")
"""Relations that pass from a kind to its sub-kinds."""

MOST_HOPS = 3

Fact = tuple[str, str, str]
"""Source, relation, target."""


class Path(NamedTuple):
    """Edges one after the other, and what follows from all of them together."""

    edges: tuple[Edge, ...]
    relation: InheritedRelation

    @property
    def source(self) -> str:
        """The concept that the conclusion is about."""
        return self.edges[0].source

    @property
    def target(self) -> str:
        """The concept that the conclusion ends at."""
        return self.edges[-1].target

    @property
    def steps(self) -> tuple[str, ...]:
        """Concept, relation, concept, and so on."""
        further = (part for edge in self.edges for part in (edge.relation, edge.target))
        return (self.source, *further)


def find_cycle(edges: Sequence[Edge]) -> list[Edge]:
    """Returns edges by which `kind_of` goes in a circle; none where it does not."""
    import networkx as nx

    kinds = {(edge.source, edge.target): edge for edge in edges if edge.relation == "kind_of"}
    try:
        return [kinds[source, target] for source, target in nx.find_cycle(nx.DiGraph([*kinds]))]
    except nx.NetworkXNoCycle:
        return []


def find_groups(file: ConceptFile) -> dict[str, str]:
    """Returns concept -> the group that it shares a split with: all that contrasts connect.

    A group is named for its first concept in alphabetical order.
    """
    return connect(file.concepts, file.contrasts)


def connect(names: Iterable[str], edges: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Returns name -> the first, in alphabetical order, of the names that edges connect it with.

    Edges may lead over nodes that are no names.
    """
    import networkx as nx

    known = frozenset(names)
    graph: Any = nx.Graph()
    graph.add_nodes_from(known)
    graph.add_edges_from(edges)
    found = (known & group for group in nx.connected_components(graph))
    return {name: min(group) for group in found for name in group}


def list_paths(edges: Iterable[Edge], concepts: Mapping[str, Concept]) -> Iterator[Path]:
    """Yields the paths of one to three edges that something follows from, within one theme.

    A path is `kind_of` throughout, or ends in one edge of an inherited relation.
    """
    inside = [edge for edge in edges if concepts[edge.source].theme == concepts[edge.target].theme]
    kinds: dict[str, list[Edge]] = {}
    for edge in inside:
        if edge.relation == "kind_of":
            kinds.setdefault(edge.target, []).append(edge)

    def extend(path: Path) -> Iterator[Path]:
        yield path
        if len(path.edges) < MOST_HOPS:
            for edge in kinds.get(path.source, ()):
                yield from extend(Path((edge, *path.edges), path.relation))

    for last in inside:
        if last.relation == "kind_of" or last.relation in INHERITED:
            yield from extend(Path((last,), last.relation))


def derive(facts: Iterable[Fact]) -> set[Fact]:
    """Returns all that follows from some facts by the rules, the facts themselves included.

    The rules, and no others: `kind_of` is transitive; `related_to`, `causes` and `associated_with`
    pass from a kind to its sub-kinds.
    """
    import networkx as nx

    known = set(facts)
    kinds: Any = nx.DiGraph()
    kinds.add_edges_from((source, target) for source, how, target in known if how == "kind_of")
    for kind in kinds:
        for other in nx.descendants(kinds, kind):
            known.add((kind, "kind_of", other))
    inherited = [fact for fact in known if fact[1] in INHERITED and fact[0] in kinds]
    for source, how, target in inherited:
        known |= {(sub, how, target) for sub in nx.ancestors(kinds, source)}
    return known


def list_facts(edges: Iterable[Edge]) -> list[Fact]:
    """Returns edges without their reasons."""
    return [(edge.source, edge.relation, edge.target) for edge in edges]


def describe_network(
    file: ConceptFile, edges: Iterable[tuple[Edge, Mapping[str, str | None]]]
) -> dict[str, Any]:
    """Returns the network in the node-link form that networkx and D3 read.

    https://networkx.org/documentation/stable/reference/readwrite/json_graph.html

    Args:
        file: the concepts.
        edges: each with what is said of where it comes from.
    """
    import networkx as nx

    graph: Any = nx.MultiDiGraph()
    groups = find_groups(file)
    for name, concept in file.concepts.items():
        forms = concept.model_dump(exclude_none=True, exclude={"theme", "slot", "target"})
        graph.add_node(
            name, theme=concept.theme, slot=concept.slot, group=groups[name], forms=forms
        )
    for edge, source in edges:
        graph.add_edge(edge.source, edge.target, key=edge.relation, reason=edge.reason, **source)
    graph.graph["themes"] = file.themes
    graph.graph["contrasts"] = [list(pair) for pair in file.contrasts]
    return nx.node_link_data(graph, edges="edges")
