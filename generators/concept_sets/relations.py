"""Config `relations`: premises from a path in the network, and a conclusion to judge."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from generators.concept_sets.base import ConceptSet, Part, Scope, make_tables, take_source
from generators.concept_sets.material import Material, Sourced, name_edge
from generators.network import Fact, Path, derive, list_facts, list_paths
from generators.slots import name_kind, name_noun
from generators.splits import deal_split, hash_number
from schemas.base import Split
from schemas.concept import Concept, Edge, NonceWord
from schemas.relations import RelationRow

NonceScope = Literal["none", "subject", "all"]
SCOPES: tuple[NonceScope, ...] = ("none", "subject", "all")
NO_TWIN = "no concept of another theme that it does not follow for"
NO_WORDS = "no nonce words left that no other row has"


class Twins(NamedTuple):
    """A path, the target of its invalid twin, and a premise that names that target."""

    path: Path
    source: Sourced[Edge]
    """The edge whose origin the rows take: one that a model wrote, where one is."""
    wrong: str
    distraction: Edge


@dataclass(frozen=True)
class Words:
    """How concepts are said in one row: nonce words for some of them."""

    concepts: Mapping[str, Concept]
    nonce: Mapping[str, NonceWord]

    def name(self, concept: str, *, bare: bool) -> str:
        """Returns a concept as a noun phrase; bare as it stands after "a kind of"."""
        known, word = self.concepts[concept], self.nonce.get(concept)
        if word is not None:
            with_article = known.singular is not None and not bare
            return f"{word.article} {word.singular}" if with_article else word.singular
        text = name_kind(known) if bare else name_noun(known)
        assert text is not None  # the file was checked: no adjective has an edge
        return text


def list_tables(scope: Scope) -> Iterator[Part]:
    """Yields the items by theme of the premises and path; twins stand together."""
    yield from make_tables(_list_rows(scope))


def _list_rows(scope: Scope) -> Iterator[RelationRow]:
    found = list(find_twins(scope))
    words_of = _deal_words(scope.material, found)
    for twins in found:
        for nonce_scope in SCOPES:
            words = words_of[twins.path, nonce_scope]
            if words is None:
                scope.sieve.left_out[NO_WORDS] += 4
                continue
            for distracted in (False, True):
                for valid in (True, False):
                    yield make_row(scope, twins, words, nonce_scope, distracted, valid)


def _deal_words(
    material: Material, found: Sequence[Twins]
) -> dict[tuple[Path, NonceScope], Words | None]:
    """Returns the words of each path; those of the concept file choose before a model's."""
    used: set[tuple[str, ...]] = set()
    own_first = sorted(found, key=lambda twins: twins.source.origin == "generated")
    return {
        (twins.path, nonce_scope): choose_words(material, twins, nonce_scope, used)
        for twins in own_first
        for nonce_scope in SCOPES
    }


def find_twins(scope: Scope) -> Iterator[Twins]:
    """Yields the paths that have an invalid twin."""
    material = scope.material
    edges = [each.value for each in material.edges]
    sourced = {name_edge(each.value): each for each in material.edges}
    own = [each.value for each in material.edges if each.origin == "template"]
    everything = derive(list_facts(edges))
    themes = list(material.file.themes)
    paths = sorted(
        list_paths(edges, material.file.concepts),
        key=lambda path: (themes.index(_theme(material, path.source)), name_path(path)),
    )
    for path in paths:
        distraction = _find_distraction(material, path, own, everything)
        if distraction is None:
            scope.sieve.left_out[NO_TWIN] += 12
            continue
        parts = [sourced[name_edge(edge)] for edge in path.edges]
        source = next((part for part in parts if part.origin == "generated"), parts[0])
        yield Twins(path, source, distraction.target, distraction)


def _find_distraction(
    material: Material, path: Path, edges: Sequence[Edge], everything: set[Fact]
) -> Edge | None:
    """Returns an edge of the path's last relation, of another theme: the twin takes its target.

    One of a theme in the same split is preferred, so that no concept of it stands in two. Only
    edges of the concept file are taken, so that a model's change no rows but their own.
    """
    theme = _theme(material, path.source)
    last = path.edges[-1]
    found = [
        edge
        for edge in edges
        if edge.relation == last.relation
        and theme not in (_theme(material, edge.source), _theme(material, edge.target))
        and (path.source, path.relation, edge.target) not in everything
    ]

    split = deal_split(theme)
    near = [edge for edge in found if deal_split(_theme(material, edge.target)) == split]
    among = near or found
    return among[hash_number(name_path(path)) % len(among)] if among else None


def choose_words(
    material: Material, twins: Twins, nonce_scope: NonceScope, used: set[tuple[str, ...]]
) -> Words | None:
    """Returns the words of a row, with nonce words that no row before has in the same sentences.

    None where there are too few of them.
    """
    concepts, pool = material.file.concepts, material.file.nonce
    if nonce_scope == "none":
        return Words(concepts, {})
    steps = twins.path.steps
    every = list(dict.fromkeys([*steps[::2], twins.distraction.source, twins.wrong]))
    names = every if nonce_scope == "all" else [twins.path.source]
    if len(pool) < len(names):
        return None
    start = hash_number(f"{name_path(twins.path)}/{nonce_scope}")
    for turn in range(len(pool) * len(pool)):
        order = sorted(range(len(pool)), key=lambda at: hash_number(f"{start + turn}/{at}"))
        words = dict(zip(names, (pool[at] for at in order), strict=False))
        said = (words[name].singular if name in words else name for name in every)
        key = (nonce_scope, *steps[1::2], *said)
        if key not in used:
            used.add(key)
            return Words(concepts, words)
    return None


def make_row(
    scope: Scope,
    twins: Twins,
    words: Words,
    nonce_scope: NonceScope,
    distracted: bool,
    valid: bool,
) -> RelationRow:
    """Returns one item. Whether its conclusion follows is computed from its premises."""
    path, material = twins.path, scope.material
    premises = [*path.edges]
    item = f"{name_path(path)}/{nonce_scope}/{'distractor' if distracted else 'plain'}"
    if distracted:
        place = hash_number(f"{scope.seed}/{item}") % (len(premises) + 1)
        premises.insert(place, twins.distraction)
    target = path.target if valid else twins.wrong
    follows = (path.source, path.relation, target) in derive(list_facts(premises))
    assert follows == valid
    theme = _theme(material, path.source)
    split: Split = deal_split(theme)

    def say(fact: Fact) -> str:
        return _say(material, words, fact)

    return RelationRow(
        id=f"{item}/{'valid' if follows else 'invalid'}",
        theme=theme,
        group=theme,
        split=split,
        premises=tuple(map(say, list_facts(premises))),
        conclusion=say((path.source, path.relation, target)),
        relation=path.relation,
        valid=follows,
        hops=len(path.edges),
        nonce=nonce_scope != "none",
        nonce_scope=nonce_scope,
        distractor=say(list_facts([twins.distraction])[0]) if distracted else "",
        edge_path=path.steps,
        counterpart_id=f"{item}/{'invalid' if follows else 'valid'}",
        **take_source(twins.source),
    )


def name_path(path: Path) -> str:
    """Returns a path as it is named, such as `bribe-kind_of-payment-related_to-debt`."""
    return "-".join(path.steps)


def _say(material: Material, words: Words, fact: Fact) -> str:
    source, relation, target = fact
    phrase = material.file.relations[relation]  # pyright: ignore[reportArgumentType]
    subject = words.name(source, bare=False)
    said = phrase.replace("{target}", words.name(target, bare=relation == "kind_of"))
    return said.replace("{source}", subject[:1].upper() + subject[1:])


def _theme(material: Material, concept: str) -> str:
    return material.file.concepts[concept].theme


SET = ConceptSet("relations", RelationRow, list_tables)
